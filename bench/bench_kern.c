/* How fast the integer kernels and whole one-bit networks run: one core (thread CPU time) for kernels, all cores (wall) for
 * networks. Each figure is measured in turns with the processor's own peak, so that both see the same machine.
 *
 *   bench_kern [SECONDS per row, default 0.5]
 *
 * Columns: name, rows (samples) per second, operations per second (a product and a sum are two), share of the peak: median of the
 * pairs; and the best pair. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/pool.h"
#include "base/rng.h"
#include "exec/fast.h"
#include "ir/attr_access.h"
#include "kern/kern.h"
#include "kern/peak.h"
#include "ops/ops.h"

static double seconds_per_row = 0.5;
static lf_rng rng;

static double now(clockid_t clock) {
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

typedef void work_fn(void *arg);

typedef struct row {
    const char *name;
    double samples, operations; /* of one call of work */
    work_fn *work;
    void *arg;
    double (*peak)(uint64_t rounds, uint64_t *sink);
    double cores;
    clockid_t clock;
} row;

static int by_size(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

enum { PAIRS = 400 };

static double peak_rate(const row *r, uint64_t rounds) {
    static uint64_t sink = 1;
    double start = now(r->clock), operations = r->peak(rounds, &sink);
    return operations / (now(r->clock) - start);
}

static void measure(const row *r) {
    double rate[PAIRS], share[PAIRS], until = now(CLOCK_MONOTONIC) + seconds_per_row;
    int n = 0;
    uint64_t rounds = 20000;
    r->work(r->arg);
    for (; n < PAIRS && (n < 5 || now(CLOCK_MONOTONIC) < until); n++) {
        int calls = 0;
        double peak = r->peak ? peak_rate(r, rounds) : 0, start = now(r->clock), took;
        do {
            r->work(r->arg);
            calls++;
        } while ((took = now(r->clock) - start) < 1e-3);
        if (r->peak)
            peak = (peak + peak_rate(r, rounds)) / 2;
        rate[n] = calls / took;
        share[n] = r->peak ? rate[n] * r->operations / (peak * r->cores) : 0;
    }
    qsort(rate, (size_t)n, sizeof *rate, by_size);
    qsort(share, (size_t)n, sizeof *share, by_size);
    printf("%-46s %12.0f/s %9.1f Gop/s", r->name, rate[n / 2] * r->samples, rate[n / 2] * r->operations * 1e-9);
    if (r->peak)
        printf("  share %5.1f %%  best %5.1f %%", 100 * share[n / 2], 100 * share[n - 1]);
    printf("  best %12.0f/s\n", rate[n - 1] * r->samples);
    fflush(stdout);
}

/* -- kernels ------------------------------------------------------------------------------------------------------------------------ */

enum { ROWS = 240 };

typedef struct xnor_case {
    lf_xnor_layer layer;
    const lf_xnor_kernel *kernel;
    uint64_t *x, *y;
    size_t rows;
} xnor_case;

static void run_xnor(void *arg) {
    xnor_case *c = arg;
    c->kernel->bits(&c->layer, c->x, c->layer.words, c->rows, c->y, lf_bit_words(c->layer.outputs));
}

static void bench_xnor(lf_isa isa, size_t inputs, size_t outputs, size_t rows) {
    lf_arena *a = lf_arena_new();
    size_t words = lf_bit_words(inputs);
    uint64_t *w = LF_NEW_ARRAY(a, uint64_t, outputs * words);
    xnor_case c = {.kernel = lf_xnor_kernel_for(isa), .x = LF_NEW_ARRAY(a, uint64_t, ROWS * words), .rows = rows};
    c.y = LF_NEW_ARRAY(a, uint64_t, ROWS * lf_bit_words(outputs));
    for (size_t i = 0; i < outputs * words; i++)
        w[i] = lf_rng_u64(&rng);
    for (size_t i = 0; i < ROWS * words; i++)
        c.x[i] = lf_rng_u64(&rng);
    lf_xnor_layer_new(a, inputs, outputs, w, &c.layer);
    const char *name = lf_format(a, "xnor_dense_%s %zux%zu, %zu rows", lf_isa_name(isa), inputs, outputs, rows);
    measure(&(row){name, (double)rows, 2.0 * (double)(inputs * outputs * rows), run_xnor, &c,
                   lf_peak_kernel_for(isa)->xnor, 1, CLOCK_THREAD_CPUTIME_ID});
    lf_arena_free(a);
}

typedef struct int_case {
    lf_int_layer layer;
    const lf_int_kernel *kernel;
    uint8_t *x;
    int32_t *y;
} int_case;

static void run_int(void *arg) {
    int_case *c = arg;
    c->kernel->dots(&c->layer, c->x, 4 * c->layer.steps, ROWS, c->y, 16 * c->layer.groups);
}

static void bench_int(lf_isa isa, lf_int_kind kind, size_t inputs, size_t outputs) {
    lf_arena *a = lf_arena_new();
    int64_t *w = LF_NEW_ARRAY(a, int64_t, inputs * outputs), *zero = LF_NEW_ARRAY(a, int64_t, outputs);
    for (size_t i = 0; i < inputs * outputs; i++)
        w[i] = lf_rng_between(&rng, -8, 7);
    int_case c = {.kernel = lf_int_kernel_for(isa)};
    lf_int_layer_new(a, kind, inputs, outputs, w, zero, &c.layer);
    c.x = lf_alloc_array(a, ROWS, 4 * c.layer.steps);
    c.y = LF_NEW_ARRAY(a, int32_t, ROWS * 16 * c.layer.groups);
    const char *name = lf_format(a, "int_dense_%s %s %zux%zu", lf_isa_name(isa), kind == LF_INT_U8 ? "bytes" : "words",
                                 inputs, outputs);
    measure(&(row){name, ROWS, 2.0 * (double)(inputs * outputs * ROWS), run_int, &c,
                   isa == LF_ISA_SCALAR ? NULL : lf_peak_kernel_for(isa)->bytes, 1, CLOCK_THREAD_CPUTIME_ID});
    lf_arena_free(a);
}

typedef struct levels_case {
    lf_levels levels;
    lf_levels_fn *run;
    float *x;
    uint8_t *y;
    size_t bytes;
} levels_case;

static void run_levels(void *arg) {
    levels_case *c = arg;
    c->run(&c->levels, c->x, c->levels.channels * 4, ROWS, c->y, c->bytes);
}

static void bench_levels(lf_isa isa, size_t channels, size_t count, lf_level_out out) {
    lf_arena *a = lf_arena_new();
    int32_t *T = LF_NEW_ARRAY(a, int32_t, channels * count), *base = LF_NEW_ARRAY(a, int32_t, channels),
            *step = LF_NEW_ARRAY(a, int32_t, channels);
    for (size_t i = 0; i < channels; i++)
        step[i] = 1;
    levels_case c = {.run = lf_levels_kernel_for(isa)->run[LF_LEVEL_F32][out]};
    lf_levels_new(a, channels, count, T, base, step, &c.levels);
    c.bytes = lf_level_row_bytes(&c.levels, out);
    c.x = LF_NEW_ARRAY(a, float, ROWS *channels);
    c.y = lf_alloc_array(a, ROWS, c.bytes);
    const char *name = lf_format(a, "levels_%s float32 to %s, %zu x %zu", lf_isa_name(isa),
                                 out == LF_LEVEL_BITS ? "bits" : "bytes", channels, count);
    measure(&(row){name, ROWS, (double)(channels * count * ROWS), run_levels, &c, NULL, 1, CLOCK_THREAD_CPUTIME_ID});
    lf_arena_free(a);
}

/* -- whole networks -------------------------------------------------------------------------------------------------------------------- */

static lf_id add_node(lf_graph *g, const char *op, const lf_id *in, int count, lf_node **made) {
    lf_id out = lf_tensor_new(g, "", (lf_shape){0}, LF_FLOAT32)->id;
    lf_node *n = lf_node_new(g, lf_op_find(op), op, in, count, &out, 1, NULL);
    if (made)
        *made = n;
    return out;
}

static lf_id random_signs(lf_graph *g, int64_t rows, int64_t columns) {
    int64_t *w = LF_NEW_ARRAY(g->arena, int64_t, rows * columns);
    for (int64_t i = 0; i < rows * columns; i++)
        w[i] = (int64_t)lf_rng_below(&rng, 2) * 2 - 1;
    return lf_const_codes(g, "W", lf_shape_make(2, (int64_t[]){rows, columns}), w)->id;
}

static void add_input(lf_graph *g, lf_shape shape) {
    lf_id x = lf_tensor_new(g, "x", shape, LF_FLOAT32)->id;
    LF_PUSH(g->arena, &g->inputs, (lf_port){.name = "x", .tensor = x});
}

static lf_id add_signs(lf_graph *g, lf_id at, int64_t channels) {
    int64_t *T = LF_NEW_ARRAY(g->arena, int64_t, channels);
    for (int64_t i = 0; i < channels; i++)
        T[i] = lf_rng_between(&rng, -10, 10);
    lf_node *threshold;
    lf_id table = lf_const_codes(g, "T", lf_shape_make(2, (int64_t[]){channels, 1}), T)->id;
    at = add_node(g, "threshold", (lf_id[]){at, table}, 2, &threshold);
    lf_attr_set_int(threshold, "out_base", -1);
    lf_attr_set_int(threshold, "out_step", 2);
    return at;
}

static lf_id add_window(lf_graph *g, lf_id at, int64_t size, int64_t stride, int64_t interleave) {
    lf_node *window;
    at = add_node(g, "window", (lf_id[]){at}, 1, &window);
    lf_attr_set_ints(g, window, "kernel", (int64_t[]){size, size}, 2);
    lf_attr_set_ints(g, window, "strides", (int64_t[]){stride, stride}, 2);
    lf_attr_set_int(window, "interleave", interleave);
    return at;
}

static lf_id add_product(lf_graph *g, lf_id at, int64_t rows, int64_t columns) {
    return add_node(g, "mvu", (lf_id[]){at, random_signs(g, rows, columns)}, 2, NULL);
}

/* Float pixels -> x * 2 - 1 -> bipolar -> three hidden layers of `width` -> 10 sums with a scale, as SFC and LFC. */
static lf_graph *one_bit_net(lf_ctx *ctx, int64_t width) {
    lf_graph *g = lf_graph_new(ctx, "net");
    add_input(g, lf_shape_make(2, (int64_t[]){1, 784}));
    lf_id x = g->inputs.at[0].tensor;
    lf_id two = lf_const_reals(g, "two", (lf_shape){0}, (double[]){2})->id,
          one = lf_const_reals(g, "one", (lf_shape){0}, (double[]){1})->id;
    lf_id at = add_node(g, "sub", (lf_id[]){add_node(g, "mul", (lf_id[]){x, two}, 2, NULL), one}, 2, NULL);
    at = add_node(g, "quantize", (lf_id[]){add_node(g, "bipolar_quant", (lf_id[]){at, one}, 2, NULL)}, 1, NULL);
    for (int layer = 0; layer < 4; layer++) {
        int64_t K = layer ? width : 784, N = layer < 3 ? width : 10;
        at = add_product(g, at, N, K);
        if (layer == 3)
            break;
        at = add_signs(g, at, N);
    }
    at = add_node(g, "dequantize", (lf_id[]){at, one}, 2, NULL);
    LF_PUSH(g->arena, &g->outputs, (lf_port){.name = "y", .tensor = at});
    return g;
}

/* CNV of 1-bit weights and activations (Umuroglu et al., FINN, 2017): float pictures [3, 32, 32] -> x * 2 - 1 -> 8 bits -> six
 * convolutions 3x3, two pools, three dense layers. */
static lf_graph *cnv_net(lf_ctx *ctx, double *macs) {
    static const int64_t outs[] = {64, 64, 128, 128, 256, 256};
    lf_graph *g = lf_graph_new(ctx, "cnv");
    add_input(g, lf_shape_make(4, (int64_t[]){1, 3, 32, 32}));
    lf_id two = lf_const_reals(g, "two", (lf_shape){0}, (double[]){2})->id,
          one = lf_const_reals(g, "one", (lf_shape){0}, (double[]){1})->id,
          step = lf_const_reals(g, "step", (lf_shape){0}, (double[]){1.0 / 128})->id,
          zero = lf_const_reals(g, "zero", (lf_shape){0}, (double[]){0})->id,
          bits = lf_const_reals(g, "bits", (lf_shape){0}, (double[]){8})->id;
    lf_node *made;
    lf_id at = add_node(g, "transpose", (lf_id[]){g->inputs.at[0].tensor}, 1, &made);
    lf_attr_set_ints(g, made, "perm", (int64_t[]){0, 2, 3, 1}, 4);
    at = add_node(g, "sub", (lf_id[]){add_node(g, "mul", (lf_id[]){at, two}, 2, NULL), one}, 2, NULL);
    at = add_node(g, "quantize", (lf_id[]){add_node(g, "quant", (lf_id[]){at, step, zero, bits}, 4, NULL)}, 1, NULL);
    int64_t channels = 3, size = 32;
    *macs = 0;
    for (int i = 0; i < 6; i++) {
        size -= 2;
        *macs += (double)(size * size * channels * 9 * outs[i]);
        at = add_signs(g, add_product(g, add_window(g, at, 3, 1, 0), outs[i], 9 * channels), outs[i]);
        channels = outs[i];
        if (i != 1 && i != 3)
            continue;
        at = add_node(g, "pool", (lf_id[]){add_window(g, at, 2, 2, 1)}, 1, &made);
        lf_attr_set_int(made, "K", 4);
        size /= 2;
    }
    at = add_node(g, "reshape", (lf_id[]){at}, 1, &made);
    lf_attr_set_ints(g, made, "shape", (int64_t[]){1, 256}, 2);
    at = add_signs(g, add_product(g, at, 512, 256), 512);
    at = add_signs(g, add_product(g, at, 512, 512), 512);
    *macs += 256 * 512 + 512 * 512 + 10 * 512;
    at = add_node(g, "dequantize", (lf_id[]){add_product(g, at, 10, 512), one}, 2, NULL);
    LF_PUSH(g->arena, &g->outputs, (lf_port){.name = "y", .tensor = at});
    return g;
}

typedef struct net_case {
    lf_plan *plan;
    lf_row_io io;
    size_t rows;
} net_case;

static void run_net(void *arg) {
    net_case *c = arg;
    if (lf_plan_rows(c->plan, &c->io, c->rows) != LF_OK)
        abort();
}

/* Takes g; macs: of a row. */
static void bench_graph(lf_graph *g, const char *name, double macs, lf_isa isa, size_t rows, int cores) {
    if (lf_infer(g) != LF_OK)
        abort();
    size_t ins = (size_t)lf_shape_count(lf_tensor_at(g, g->inputs.at[0].tensor)->shape);
    float *x = malloc(rows * ins * sizeof *x), *y = malloc(rows * 10 * sizeof *y);
    for (size_t i = 0; i < rows * ins; i++)
        x[i] = (float)lf_rng_double(&rng);
    lf_row_in in = {g->inputs.at[0].tensor, LF_ROW_F32, x};
    lf_row_out out = {.tensor = g->outputs.at[0].tensor, .single = y};
    net_case c = {lf_plan_new_for(g->ctx, g, isa), {&in, 1, &out, 1}, rows};
    const char *label = lf_format(g->arena, "%s %s, %zu float rows, %d threads", name, lf_isa_name(isa), rows, cores);
    measure(&(row){label, (double)rows, 2 * macs * (double)rows, run_net, &c, lf_peak_kernel_for(isa)->xnor, cores,
                   cores > 1 ? CLOCK_MONOTONIC : CLOCK_THREAD_CPUTIME_ID});
    lf_plan_free(c.plan);
    lf_graph_free(g);
    free(x);
    free(y);
}

static void bench_net(const char *name, lf_isa isa, int64_t width, size_t rows, int threads) {
    lf_ctx *ctx = lf_ctx_new(threads);
    double macs = 784.0 * (double)width + 2.0 * (double)(width * width) + 10.0 * (double)width;
    bench_graph(one_bit_net(ctx, width), name, macs, isa, rows, lf_pool_size(lf_ctx_pool(ctx)));
    lf_ctx_free(ctx);
}

static void bench_cnv(lf_isa isa, size_t rows, int threads) {
    lf_ctx *ctx = lf_ctx_new(threads);
    double macs;
    lf_graph *g = cnv_net(ctx, &macs);
    bench_graph(g, "CNV w1a1", macs, isa, rows, lf_pool_size(lf_ctx_pool(ctx)));
    lf_ctx_free(ctx);
}

int main(int argc, char **argv) {
    if (argc > 1)
        seconds_per_row = atof(argv[1]);
    rng = lf_rng_make(1, 1);
    printf("%s\n", lf_cpu_name());
    for (int isa = 0; isa < LF_ISA_COUNT; isa++) {
        if (!lf_cpu_has((lf_isa)isa))
            continue;
        bench_xnor((lf_isa)isa, 784, 256, ROWS);
        bench_xnor((lf_isa)isa, 256, 256, ROWS);
        bench_xnor((lf_isa)isa, 1024, 1024, ROWS);
        bench_xnor((lf_isa)isa, 1024, 1024, 1);
        bench_int((lf_isa)isa, lf_int_kind_for((lf_isa)isa, 15, -8, 7), 784, 64);
        bench_int((lf_isa)isa, lf_int_kind_for((lf_isa)isa, 15, -8, 7), 1024, 1024);
        bench_int((lf_isa)isa, LF_INT_S16, 256, 256);
        bench_levels((lf_isa)isa, 784, 1, LF_LEVEL_BITS);
        bench_levels((lf_isa)isa, 784, 3, LF_LEVEL_U8);
        bench_levels((lf_isa)isa, 64, 63, LF_LEVEL_U8);
        bench_net("SFC w1a1", (lf_isa)isa, 256, 2000, 1);
        bench_net("SFC w1a1", (lf_isa)isa, 256, 20000, 1);
        bench_net("LFC w1a1", (lf_isa)isa, 1024, 2000, 1);
        bench_net("SFC w1a1", (lf_isa)isa, 256, 1, 1);
        bench_cnv((lf_isa)isa, isa == LF_ISA_SCALAR ? 6 : 120, 1);
        bench_cnv((lf_isa)isa, 1, 1);
    }
    bench_net("SFC w1a1", lf_cpu_best(), 256, 20000, 0);
    bench_net("LFC w1a1", lf_cpu_best(), 1024, 10000, 0);
    bench_cnv(lf_cpu_best(), 480, 0);
    return 0;
}
