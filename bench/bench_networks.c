/* How fast whole networks run in the fast engine: samples per second of one core, from rows of floats (or codes) as the caller has them to the outputs.
 *
 *   bench_networks MODEL [--input GRID] [--rows FILE.npy] [--seconds S, default 1] [--count N, default 16384] [--codes]
 *
 * Without rows they are random, normal with a standard deviation of 1 (on a grid: its values at random). One line for the plan for few rows, which
 * takes rows one by one, one for that for many, and one per row of both; what the reference engine gives for the first rows is compared with both. --codes gives rows as
 * the integers of the input's grid. */
#include <stdio.h>
#include <string.h>

#include "api/engine.h"
#include "base/rng.h"
#include "bench_time.h"
#include "data/npy.h"
#include "exec/exec.h"
#include "exec/fast.h"

enum { COMPARED = 2000, SMALL = 40 /* rows for which the plan for few is taken */ };

typedef struct options {
    const char *model, *input, *rows;
    double seconds;
    size_t count;
    bool codes;
} options;

static options read_options(int argc, char **argv) {
    options o = {.seconds = 1, .count = 16384};
    for (int i = 1; i < argc; i++) {
        if (!strcmp(argv[i], "--input") && i + 1 < argc)
            o.input = argv[++i];
        else if (!strcmp(argv[i], "--rows") && i + 1 < argc)
            o.rows = argv[++i];
        else if (!strcmp(argv[i], "--seconds") && i + 1 < argc)
            o.seconds = atof(argv[++i]);
        else if (!strcmp(argv[i], "--count") && i + 1 < argc)
            o.count = (size_t)atol(argv[++i]);
        else if (!strcmp(argv[i], "--codes"))
            o.codes = true;
        else
            o.model = argv[i];
    }
    return o;
}

/* Rows of a file again and again, or random ones. */
static float *rows_of(lf_ctx *ctx, lf_arena *a, const lf_graph *g, const options *o, size_t width) {
    float *x = LF_NEW_ARRAY(a, float, o->count *width);
    const lf_port *port = &g->inputs.at[0];
    const lf_tensor *t = lf_tensor_at(g, port->tensor);
    lf_rng rng = lf_rng_make(1, 0);
    if (o->rows) {
        lf_array file, single;
        if (lf_npy_read(ctx, a, o->rows, &file) != LF_OK ||
            lf_array_convert(ctx, a, &file, LF_ARRAY_F32, o->rows, &single) != LF_OK || single.count < width)
            exit((fprintf(stderr, "%s: no rows\n", o->rows), 1));
        size_t rows = single.count / width;
        for (size_t r = 0; r < o->count; r++)
            memcpy(x + r * width, (const float *)single.data + r % rows * width, width * sizeof *x);
        return x;
    }
    bool grid = lf_on_grid(t) && !(port->grid && port->grid->cast);
    double scale = port->grid ? port->grid->scale : lf_on_grid(t) ? t->grid.scale[0] : 1;
    for (size_t i = 0; i < o->count * width; i++)
        x[i] =
            grid ? (float)((double)lf_rng_between(&rng, t->range.lo, t->range.hi) * scale) : (float)lf_rng_normal(&rng);
    return x;
}

typedef struct job {
    lf_plan *plan;
    lf_row_io io;
    size_t rows;
} job;

static void work(void *with) {
    job *j = with;
    if (lf_plan_rows(j->plan, &j->io, j->rows) != LF_OK)
        exit((fprintf(stderr, "the network does not run on these rows\n"), 1));
}

/* In the same type as `like`: the result of the reference engine on the first rows. */
static bool equal(lf_ctx *ctx, const lf_graph *g, const lf_row_io *io, size_t rows, size_t width) {
    lf_row_out want = io->out[0];
    size_t bytes = rows * width * (want.code ? sizeof *want.code : sizeof *want.single);
    void *mine = malloc(bytes + 1), *got = want.code ? (void *)want.code : (void *)want.single;
    want.code = want.code ? mine : NULL;
    want.single = want.single ? mine : NULL;
    lf_exec *e = lf_exec_new(ctx, g);
    lf_row_io ask = {io->in, io->in_count, &want, 1};
    bool same = e && lf_exec_rows(e, &ask, rows) == LF_OK && !memcmp(mine, got, bytes);
    lf_exec_free(e);
    free(mine);
    return same;
}

static void measure(lf_ctx *ctx, const lf_graph *g, const options *o, const lf_row_io *io, size_t width, bool many) {
    lf_arena *a = lf_arena_new();
    job j = {lf_plan_new(ctx, g), *io, many ? o->count : SMALL};
    double start = bench_now(CLOCK_THREAD_CPUTIME_ID);
    work(&j);
    double ready = bench_now(CLOCK_THREAD_CPUTIME_ID) - start;
    size_t compared = j.rows < COMPARED ? j.rows : COMPARED;
    bool same = equal(ctx, g, io, compared, width);
    bench_rate r = bench_measure(work, &j, (double)j.rows, o->seconds);
    printf("%s: %s %8.3f M/s  best %8.3f M/s  first call %6.2f ms  %s\n", g->name, many ? "many rows" : "few rows ",
           r.median * 1e-6, r.best * 1e-6, ready * 1e3, same ? "equal" : "DIFFERENT");
    if (many)
        printf("%s", lf_plan_text(j.plan, a));
    lf_plan_free(j.plan);
    lf_arena_free(a);
}

int main(int argc, char **argv) {
    options o = read_options(argc, argv);
    if (!o.model)
        return fprintf(stderr, "usage: bench_networks MODEL [--input GRID] [--rows FILE.npy] [--seconds S] [--count N] "
                               "[--codes]\n"),
               2;
    lf_ctx *ctx = lf_ctx_new(1);
    const char *grids[] = {o.input, NULL};
    lf_model_options model = {.model = o.model, .input = grids};
    lf_engine *e = lf_engine_open(ctx, &model, "fast");
    if (!e)
        return fprintf(stderr, "%s\n", lf_diag_count(ctx) ? lf_diag_at(ctx, 0)->text : "cannot be opened"), 1;
    const lf_graph *g = lf_engine_graph(e);
    lf_arena *a = lf_arena_new();
    const lf_tensor *x = lf_tensor_at(g, g->inputs.at[0].tensor), *y = lf_tensor_at(g, g->outputs.at[0].tensor);
    size_t in = (size_t)lf_shape_count(x->shape), out = (size_t)lf_shape_count(y->shape);
    float *rows = rows_of(ctx, a, g, &o, in);
    int64_t *codes = o.codes ? LF_NEW_ARRAY(a, int64_t, o.count * in) : NULL;
    lf_rng rng = lf_rng_make(2, 0);
    for (size_t i = 0; codes && i < o.count * in; i++)
        codes[i] = lf_rng_between(&rng, x->range.lo, x->range.hi);
    lf_row_in ri = {x->id, o.codes ? LF_ROW_CODE : LF_ROW_F32, o.codes ? (void *)codes : (void *)rows};
    lf_row_out ro = {.tensor = y->id};
    if (lf_on_grid(y))
        ro.code = LF_NEW_ARRAY(a, int64_t, o.count * out);
    else
        ro.single = LF_NEW_ARRAY(a, float, o.count *out);
    lf_row_io io = {&ri, 1, &ro, 1};
    measure(ctx, g, &o, &io, out, false);
    measure(ctx, g, &o, &io, out, true);
    lf_arena_free(a);
    lf_engine_free(e);
    lf_ctx_free(ctx);
    return 0;
}
