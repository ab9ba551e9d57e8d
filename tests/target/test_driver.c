/* What a build gives to the outside. The driver: compiled as strict C99, its bytes on the inputs are those that verify's testbench sends, its values of the
 * outputs those of the network itself. Random networks, pictures, several ports, and what it leaves to the caller. pack.tcl: names files and ports that are there. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <lutfisk/lutfisk.h>
#include <stdlib.h>
#include <string.h>

#include "../property/random_nets.h"
#include "api/answer.h"
#include "base/file.h"
#include "base/run.h"
#include "exec/exec.h"
#include "ir/lftext.h"
#include "ops/const_grid.h"
#include "pass/passes.h"
#include "pass/stream_model.h"
#include "verify/beats.h"
#include "vlog/vlog.h"
#include "zoo/zoo.h"

enum { ROWS = 12, RANDOM_NETWORKS = 12 };

/* One design: the network as it is, and its hardware graph. */
typedef struct design {
    lf_ctx *ctx;
    lf_arena *a;
    const char *dir, *driver;
    const lf_graph *network;
    lf_graph *hardware;
    lf_stream_ports in, out;
    float **x;      /* [input]: rows */
    int64_t **code; /* [stream input, then stream output]: rows */
    float **y;      /* [output]: rows */
    const char *header;
} design;

static void fail_with(const design *d, const char *what) {
    for (size_t i = 0; i < lf_diag_count(d->ctx); i++)
        print_error("%s\n", lf_diag_text(d->a, lf_diag_at(d->ctx, i)));
    fail_msg("%s in %s", what, d->dir);
}

static const char *path(const design *d, const char *name) {
    return lf_path_join(d->a, d->dir, name);
}

static size_t elements(const lf_graph *g, lf_id tensor) {
    return (size_t)lf_shape_count(lf_tensor_at(g, tensor)->shape);
}

/* -- what is right ---------------------------------------------------------------------------------------------------------- */

/* Values of the grid where there is one that does not cast; else multiples of 1/16 and a few far out. */
static float random_value(lf_rng *r, const lf_port *p, const lf_tensor *t) {
    const lf_input_grid own = {.scale = lf_on_grid(t) ? t->grid.scale[0] : 1, .divisor = t->grid.divisor};
    const lf_input_grid *g = p->grid ? p->grid : &own;
    if (!lf_on_grid(t) || g->cast)
        return (float)lf_rng_between(r, -40, 40) / 16 * (lf_rng_below(r, 16) ? 1 : 1000);
    int64_t code = t->range.lo + t->range.step * lf_rng_between(r, 0, (int64_t)lf_range_count(t->range) - 1);
    double v = g->divisor != 0 ? (double)code / g->divisor : (double)code * g->scale;
    return (float)(v + g->offset);
}

static float *random_input(const design *d, size_t i) {
    const lf_port *p = &d->network->inputs.at[i];
    size_t count = ROWS * elements(d->network, p->tensor);
    float *x = LF_NEW_ARRAY(d->a, float, count);
    lf_rng r = lf_rng_make(11, i);
    for (size_t k = 0; k < count; k++)
        x[k] = random_value(&r, p, lf_tensor_at(d->network, p->tensor));
    return x;
}

static void run(design *d, const lf_graph *g, const lf_row_out *out, size_t count) {
    size_t inputs = g->inputs.count;
    lf_row_in *in = LF_NEW_ARRAY(d->a, lf_row_in, inputs);
    for (size_t i = 0; i < inputs; i++)
        in[i] = (lf_row_in){g->inputs.at[i].tensor, LF_ROW_F32, d->x[i]};
    lf_exec *e = lf_exec_new(d->ctx, g);
    lf_row_io io = {in, inputs, out, count};
    if (!e || lf_exec_rows(e, &io, ROWS) != LF_OK)
        fail_with(d, "the rows do not run");
    lf_exec_free(e);
}

static void compute(design *d) {
    size_t outs = d->network->outputs.count, ports = d->in.count + d->out.count;
    lf_row_out *values = LF_NEW_ARRAY(d->a, lf_row_out, outs), *codes = LF_NEW_ARRAY(d->a, lf_row_out, ports);
    d->x = LF_NEW_ARRAY(d->a, float *, d->network->inputs.count);
    d->y = LF_NEW_ARRAY(d->a, float *, outs);
    d->code = LF_NEW_ARRAY(d->a, int64_t *, ports);
    for (size_t i = 0; i < d->network->inputs.count; i++)
        d->x[i] = random_input(d, i);
    for (size_t i = 0; i < outs; i++) {
        lf_id t = d->network->outputs.at[i].tensor;
        d->y[i] = LF_NEW_ARRAY(d->a, float, ROWS *elements(d->network, t));
        values[i] = (lf_row_out){.tensor = t, .single = d->y[i]};
    }
    for (size_t i = 0; i < ports; i++) {
        const lf_stream_port *p = i < d->in.count ? &d->in.at[i] : &d->out.at[i - d->in.count];
        d->code[i] = LF_NEW_ARRAY(d->a, int64_t, (int64_t)ROWS * p->elements);
        codes[i] = (lf_row_out){.tensor = p->tensor, .code = d->code[i]};
    }
    run(d, d->network, values, outs);
    run(d, d->hardware, codes, ports);
}

/* -- the design ------------------------------------------------------------------------------------------------------------------ */

static void build(design *d, int64_t ii) {
    const char *model = path(d, "net.lf");
    lf_answer answer = {0};
    lf_build_options o = {.model = {.model = model}, .out = path(d, "hw"), .ii = ii};
    if (lf_graph_save(d->network, model, false) != LF_OK || lf_build(d->ctx, &o, &answer) != LF_OK)
        fail_with(d, "build");
    lf_answer_free(&answer);
    lf_model_options m = {.model = path(d, "hw/model.lf")};
    d->hardware = lf_model_open(d->ctx, &m);
    if (!d->hardware || lf_circuit_ports(d->hardware, d->a, &d->in, &d->out) != LF_OK)
        fail_with(d, "the hardware graph");
    lf_file f;
    d->driver = path(d, "hw/driver");
    assert_int_equal(lf_file_open(d->ctx, lf_path_join(d->a, d->driver, "net_driver.h"), 0, &f), LF_OK);
    d->header = lf_strndup(d->a, (const char *)f.data, f.size);
    lf_file_close(&f);
}

static const char *port_name(const design *d, const lf_stream_port *p) {
    size_t n = strlen(p->suffix);
    return n ? lf_strndup(d->a, p->suffix, n - 1) : lf_vlog_name(d->a, p->name);
}

static bool has_function(const design *d, const char *fmt, const char *name) {
    return strstr(d->header, lf_format(d->a, fmt, name)) != NULL;
}

/* -- the program that uses the driver ------------------------------------------------------------------------------------------------- */

static void print_in(const design *d, lf_text *t, size_t port, const char *type, const char *function,
                     const char *kind) {
    const char *n = lf_format(d->a, "net_in_%s", port_name(d, &d->in.at[port]));
    lf_text_addf(t,
                 "{static %s x[%s_ELEMENTS]; static uint8_t beats[%s_BYTES]; FILE *f = fopen(\"%s%zu\", \"rb\"), *o = "
                 "fopen(\"%s%zu.beats\", \"wb\");\n"
                 "while (fread(x, sizeof x[0], %s_ELEMENTS, f) == %s_ELEMENTS) { if (%s(x, beats)) return 3; "
                 "fwrite(beats, 1, %s_BYTES, o); } fclose(f); fclose(o);}\n",
                 type, n, n, kind, port, kind, port, n, n, function, n);
}

static void print_out(const design *d, lf_text *t, size_t port, size_t number, const char *type, const char *function,
                      const char *kind) {
    const char *n = lf_format(d->a, "net_out_%s", port_name(d, &d->out.at[port]));
    lf_text_addf(
        t,
        "{static %s y[%s_ELEMENTS]; static uint8_t beats[%s_BYTES]; FILE *f = fopen(\"out%zu.beats\", \"rb\"), "
        "*o = fopen(\"%s%zu\", \"wb\");\n"
        "while (fread(beats, 1, %s_BYTES, f) == %s_BYTES) { %s(beats, y); fwrite(y, sizeof y[0], %s_ELEMENTS, "
        "o); } fclose(f); fclose(o);}\n",
        type, n, n, port, kind, number, n, n, function, n);
}

/* Which stream an output of the model is made from, for the tests' own networks: the only one, or the one of its name. */
static size_t stream_of(const design *d, const lf_port *output) {
    for (size_t i = 0; i < d->out.count; i++)
        if (!strcmp(d->out.at[i].name, output->name))
            return i;
    return 0;
}

static void print_program(const design *d, lf_text *t) {
    lf_text_add(t, "#include <stdio.h>\n#include \"net_driver.h\"\nint main(void) {\n");
    for (size_t i = 0; i < d->in.count; i++) {
        const char *n = lf_format(d->a, "net_pack_%s", port_name(d, &d->in.at[i]));
        if (has_function(d, "int %s(const float", n))
            print_in(d, t, i, "float", n, "x");
        print_in(d, t, i, "int32_t", lf_format(d->a, "%s_codes", n), "c");
        if (has_function(d, "int %s_bytes(", n))
            print_in(d, t, i, "uint8_t", lf_format(d->a, "%s_bytes", n), "b");
    }
    for (size_t i = 0; i < d->out.count; i++)
        print_out(d, t, i, i, "int32_t", lf_format(d->a, "net_unpack_%s_codes", port_name(d, &d->out.at[i])), "k");
    for (size_t i = 0; i < d->network->outputs.count; i++) {
        const char *n = lf_format(d->a, "net_unpack_%s", lf_vlog_name(d->a, d->network->outputs.at[i].name));
        if (has_function(d, "void %s(", n))
            print_out(d, t, stream_of(d, &d->network->outputs.at[i]), i, "float", n, "y");
    }
    lf_text_add(t, "return 0; }\n");
}

static void tool(const design *d, const char *const *argv, const char *what) {
    lf_run_result r;
    if (lf_tool_run(d->ctx, d->a, argv, d->dir, &r) != LF_OK || r.exit_code != 0)
        fail_msg("%s in %s: status %d\n%s", what, d->dir, r.exit_code, r.out);
}

static void compile_and_run(const design *d) {
    const char *source = lf_path_join(d->a, d->driver, "net_driver.c"), *include = lf_format(d->a, "-I%s", d->driver);
    const char *const driver[] = {"gcc",          "-std=c99", "-pedantic", "-Wall", "-Wextra",
                                  "-Wconversion", "-Werror",  "-O2",       "-c",    source,
                                  "-o",           "driver.o", NULL};
    const char *const main[] = {"gcc", "-std=c99", include, "main.c", "driver.o", "-o", "program", NULL};
    const char *const program[] = {path(d, "program"), NULL};
    lf_text t = {0};
    print_program(d, &t);
    assert_int_equal(lf_file_write(d->ctx, path(d, "main.c"), t.at, t.len), LF_OK);
    lf_text_free(&t);
    tool(d, driver, "the driver does not compile cleanly");
    tool(d, main, "the program does not compile");
    tool(d, program, "the program");
}

/* -- comparison ------------------------------------------------------------------------------------------------------------------- */

static void write_codes(const design *d, const lf_stream_port *p, size_t i, bool bytes) {
    size_t count = (size_t)(ROWS * p->elements);
    int32_t *words = LF_NEW_ARRAY(d->a, int32_t, count);
    uint8_t *small = LF_NEW_ARRAY(d->a, uint8_t, count);
    for (size_t e = 0; e < count; e++) {
        words[e] = (int32_t)d->code[i][e];
        small[e] = (uint8_t)d->code[i][e];
    }
    assert_int_equal(lf_file_write(d->ctx, path(d, lf_format(d->a, "%s%zu", bytes ? "b" : "c", i)),
                                   bytes ? (void *)small : (void *)words, bytes ? count : count * sizeof *words),
                     LF_OK);
}

static void give(const design *d) {
    for (size_t i = 0; i < d->in.count; i++) {
        const lf_stream_port *p = &d->in.at[i];
        size_t input = 0;
        for (size_t k = 0; k < d->network->inputs.count; k++)
            input = strcmp(d->network->inputs.at[k].name, p->name) ? input : k;
        size_t size = ROWS * elements(d->network, d->network->inputs.at[input].tensor) * sizeof(float);
        assert_int_equal(lf_file_write(d->ctx, path(d, lf_format(d->a, "x%zu", i)), d->x[input], size), LF_OK);
        write_codes(d, p, i, false);
        write_codes(d, p, i, true);
        assert_int_equal(lf_beats_write(d->ctx, path(d, lf_format(d->a, "in%zu.beats", i)), p, d->code[i], ROWS, false),
                         LF_OK);
    }
    for (size_t i = 0; i < d->out.count; i++)
        assert_int_equal(lf_beats_write(d->ctx, path(d, lf_format(d->a, "out%zu.beats", i)), &d->out.at[i],
                                        d->code[d->in.count + i], ROWS, false),
                         LF_OK);
}

static void same_bytes(const design *d, const char *name, const void *want, size_t size) {
    lf_file f;
    assert_int_equal(lf_file_open(d->ctx, path(d, name), 0, &f), LF_OK);
    if (f.size != size)
        fail_msg("%s in %s has %zu bytes, not %zu", name, d->dir, f.size, size);
    for (size_t i = 0; i < size; i++)
        if (f.data[i] != ((const uint8_t *)want)[i])
            fail_msg("%s in %s differs at byte %zu of %zu", name, d->dir, i, size);
    lf_file_close(&f);
}

static void same_file(const design *d, const char *name, const char *want) {
    lf_file f;
    assert_int_equal(lf_file_open(d->ctx, path(d, want), 0, &f), LF_OK);
    same_bytes(d, name, f.data, f.size);
    lf_file_close(&f);
}

static void take(const design *d) {
    for (size_t i = 0; i < d->in.count; i++) {
        const char *want = lf_format(d->a, "in%zu.beats", i),
                   *n = lf_format(d->a, "net_pack_%s", port_name(d, &d->in.at[i]));
        if (has_function(d, "int %s(const float", n))
            same_file(d, lf_format(d->a, "x%zu.beats", i), want);
        same_file(d, lf_format(d->a, "c%zu.beats", i), want);
        if (has_function(d, "int %s_bytes(", n))
            same_file(d, lf_format(d->a, "b%zu.beats", i), want);
    }
    for (size_t i = 0; i < d->out.count; i++) {
        size_t count = (size_t)(ROWS * d->out.at[i].elements);
        int32_t *codes = LF_NEW_ARRAY(d->a, int32_t, count);
        for (size_t e = 0; e < count; e++)
            codes[e] = (int32_t)d->code[d->in.count + i][e];
        same_bytes(d, lf_format(d->a, "k%zu", i), codes, count * sizeof *codes);
    }
    for (size_t i = 0; i < d->network->outputs.count; i++) {
        const lf_port *p = &d->network->outputs.at[i];
        const char *n = lf_format(d->a, "net_unpack_%s", lf_vlog_name(d->a, p->name));
        if (has_function(d, "void %s(", n) && !has_function(d, "%s gives the tensor before", n))
            same_bytes(d, lf_format(d->a, "y%zu", i), d->y[i], ROWS * elements(d->network, p->tensor) * sizeof(float));
    }
}

/* pack.tcl and constraints.xdc, run with stand-ins for Vivado's commands. */
static void check_packaging(const design *d) {
    const char *const argv[] = {"tclsh", "tests/target/pack_recorder.tcl", path(d, "hw"), "net", NULL};
    lf_run_result r;
    if (!lf_tool_found("tclsh"))
        return;
    if (lf_tool_run(d->ctx, d->a, argv, NULL, &r) != LF_OK || r.exit_code != 0)
        fail_msg("pack.tcl in %s: status %d\n%s", d->dir, r.exit_code, r.out);
    if (!strstr(r.out, "xc7z020clg400-1") || !strstr(r.out, "period 5"))
        fail_msg("%s", r.out);
}

/* Builds, compiles, runs, compares. The header stays for more questions until close_design. */
static design open_design(lf_ctx *ctx, const lf_graph *network, int64_t ii) {
    design d = {.ctx = ctx, .a = lf_arena_new(), .network = network};
    char *dir;
    assert_int_equal(lf_temp_dir(ctx, d.a, "/tmp", &dir), LF_OK);
    d.dir = dir;
    build(&d, ii);
    compute(&d);
    give(&d);
    compile_and_run(&d);
    take(&d);
    check_packaging(&d);
    return d;
}

static void close_design(design *d) {
    lf_remove_tree(d->dir);
    lf_graph_free(d->hardware);
    lf_arena_free(d->a);
}

static void need_compiler(void) {
    if (!lf_tool_found("gcc")) {
        print_message("skipped: gcc was not found\n");
        skip();
    }
}

/* -- networks --------------------------------------------------------------------------------------------------------------------- */

static void random_networks(void **state) {
    (void)state;
    need_compiler();
    uint64_t hits[NET_CORNERS] = {0};
    int on_values = 0, from_bytes = 0;
    for (uint64_t seed = 0; seed < RANDOM_NETWORKS; seed++) {
        lf_ctx *ctx = lf_ctx_new(1);
        lf_graph *g = random_net_make(ctx, 4000 + seed, hits);
        assert_non_null(g);
        design d = open_design(ctx, g, seed % 3 == 0 ? 24 : seed % 3 == 1 ? 100 : 1000000);
        on_values += strstr(d.header, "int net_pack_x(const float") && strstr(d.header, "void net_unpack_y(");
        from_bytes += strstr(d.header, "_bytes(") != NULL;
        close_design(&d);
        lf_graph_free(g);
        lf_ctx_free(ctx);
    }
    assert_true(on_values >= RANDOM_NETWORKS * 3 / 4 && from_bytes > 0);
}

/* A network that is put together by hand: nodes are named after their outputs. */
typedef struct maker {
    lf_graph *g;
    lf_id one, zero;
} maker;

static maker start(lf_ctx *ctx) {
    maker m = {.g = lf_graph_new(ctx, "test")};
    double v[2] = {1, 0};
    m.one = lf_const_reals(m.g, "one", (lf_shape){0}, &v[0])->id;
    m.zero = lf_const_reals(m.g, "zero", (lf_shape){0}, &v[1])->id;
    return m;
}

static lf_id real(maker *m, int rank, const int64_t *dim, const double *v) {
    lf_tensor *t = lf_const_reals(m->g, "c", lf_shape_make(rank, dim), v);
    lf_const_grid_detect(m->g, t);
    return t->id;
}

static lf_id input(maker *m, const char *name, int rank, const int64_t *dim) {
    lf_tensor *t = lf_tensor_new(m->g, name, lf_shape_make(rank, dim), LF_FLOAT32);
    LF_PUSH(m->g->arena, &m->g->inputs, (lf_port){.name = name, .tensor = t->id});
    return t->id;
}

static lf_node *node(maker *m, const char *op, const char *name, const lf_id *in, int count) {
    lf_id out = lf_tensor_new(m->g, name, (lf_shape){0}, LF_FLOAT32)->id;
    return lf_node_new(m->g, lf_op_find(op), name, in, count, &out, 1, NULL);
}

static lf_node *quant(maker *m, const char *name, lf_id x, double scale, double zero, double bits) {
    lf_id in[4] = {x, real(m, 0, NULL, &scale), real(m, 0, NULL, &zero), real(m, 0, NULL, &bits)};
    return node(m, "quant", name, in, 4);
}

static lf_id matmul(maker *m, const char *name, lf_id x, int64_t rows, int64_t columns) {
    double w[64];
    int64_t dim[2] = {rows, columns};
    for (int64_t i = 0; i < rows * columns; i++)
        w[i] = (double)(i * 5 % 7 - 3);
    lf_id in[2] = {x, real(m, 2, dim, w)};
    return node(m, "matmul", name, in, 2)->out[0];
}

static void output(maker *m, const char *name, lf_id tensor) {
    LF_PUSH(m->g->arena, &m->g->outputs, (lf_port){.name = name, .tensor = tensor});
}

static void expect_header(maker *m, const char *grid, const char *const *want, int64_t ii) {
    lf_ctx *ctx = m->g->ctx;
    if (lf_infer(m->g) != LF_OK || (grid && (lf_declare_input(m->g, grid) != LF_OK || lf_infer(m->g) != LF_OK)))
        fail_msg("%s", lf_diag_at(ctx, 0)->text);
    design d = open_design(ctx, m->g, ii);
    for (; want && *want; want++)
        if (!strstr(d.header, *want))
            fail_msg("the header does not say: %s\n%s", *want, d.header);
    close_design(&d);
    lf_graph_free(m->g);
    lf_ctx_free(ctx);
}

/* NCHW rows, channels fastest on the stream, elements of six bits, numbers of their own per channel on both sides. */
static void pictures(void **state) {
    (void)state;
    static const double norm[4][3] = {{0.5, -1.5, 2}, {0.1, 0, -0.3}, {0.01, 0.2, -0.1}, {1, 0.3, 2}},
                        add[3] = {0.7, 0.2, 1.1};
    static const char *const want[] = {"int net_pack_x(const float", "net_in_x_BITS 6u", "void net_unpack_y(", NULL};
    static const int64_t ii[] = {10, 1000};
    const int64_t three = 3, column[3] = {3, 1, 1};
    need_compiler();
    for (size_t i = 0; i < LF_COUNT(ii); i++) {
        maker m = start(lf_ctx_new(1));
        lf_id x = input(&m, "x", 4, (const int64_t[]){1, 3, 2, 5});
        lf_node *f = node(&m, "transpose", "f", &x, 1);
        lf_attr_set_ints(m.g, f, "perm", (const int64_t[]){0, 2, 3, 1}, 4);
        lf_id in[5] = {f->out[0]}, sum[2] = {0, real(&m, 1, &three, add)};
        for (int k = 0; k < 4; k++)
            in[k + 1] = real(&m, 1, &three, norm[k]);
        lf_node *n = node(&m, "batch_norm", "n", in, 5);
        lf_attr_set_int(n, "axis", -1);
        sum[0] = n->out[0];
        lf_node *q = quant(&m, "q", node(&m, "add", "p", sum, 2)->out[0], 0.3, 2, 5);
        lf_attr_set_enum(q, "rounding_mode", "HALF_UP");
        in[0] = q->out[0];
        lf_node *h = node(&m, "batch_norm", "h", in, 5);
        lf_attr_set_int(h, "axis", -1);
        lf_node *r = quant(&m, "r", h->out[0], 0.21, 0, 3);
        lf_attr_set_bool(r, "signed", false);
        lf_node *e = node(&m, "transpose", "e", &r->out[0], 1);
        lf_attr_set_ints(m.g, e, "perm", (const int64_t[]){0, 3, 1, 2}, 4);
        lf_id product[2] = {e->out[0], real(&m, 3, column, add)};
        output(&m, "y", node(&m, "mul", "o", product, 2)->out[0]);
        expect_header(&m, NULL, want, ii[i]);
    }
}

/* The softmax of the second output, and which of its values is the largest, is the caller's. */
static void several_ports(void **state) {
    (void)state;
    static const char *const want[] = {
        "to s_axis_a.", "to s_axis_b.", "from m_axis_ya.",
        "net_unpack_yb gives the tensor before the host nodes s (softmax), best (argmax)", NULL};
    need_compiler();
    maker m = start(lf_ctx_new(1));
    lf_id a = input(&m, "a", 2, (const int64_t[]){1, 6}), b = input(&m, "b", 2, (const int64_t[]){1, 6});
    lf_node *floor = quant(&m, "qb", b, 0.25, 0, 4);
    lf_attr_set_enum(floor, "rounding_mode", "FLOOR");
    output(&m, "ya", matmul(&m, "ya_sums", quant(&m, "qa", a, 0.25, 0, 4)->out[0], 6, 5));
    lf_id scores = matmul(&m, "yb_sums", floor->out[0], 6, 5);
    lf_node *soft = node(&m, "softmax", "s", &scores, 1);
    lf_node *best = node(&m, "argmax", "best", &soft->out[0], 1);
    lf_attr_set_int(best, "axis", -1);
    output(&m, "yb", best->out[0]);
    expect_header(&m, NULL, want, 6);
}

/* No function on values for what C statements do not say; codes always. */
static void what_is_left_to_the_caller(void **state) {
    (void)state;
    static const char *const want[] = {"There is no net_pack_x on values of the model", "squash (tanh), q (quant)",
                                       "int net_pack_x_codes(", NULL};
    need_compiler();
    maker m = start(lf_ctx_new(1));
    lf_id x = input(&m, "x", 2, (const int64_t[]){1, 4});
    lf_id q = quant(&m, "q", node(&m, "tanh", "squash", &x, 1)->out[0], 0.25, 0, 4)->out[0];
    output(&m, "y", matmul(&m, "sums", q, 4, 3));
    expect_header(&m, NULL, want, 6);
}

/* Values are cast into the declared grid: fixed point, cut and wrapped; integers; one bit. */
static void casts(void **state) {
    (void)state;
    static const char *const grids[] = {"FIXED<6,3>!", "UINT4!,0.5", "INT5!,0.25,1", "FIXED<5,2,RND_CONV,WRAP>!",
                                        "BIPOLAR!"};
    static const char *const want[] = {"int net_pack_x(const float", NULL};
    need_compiler();
    for (size_t i = 0; i < LF_COUNT(grids); i++) {
        maker m = start(lf_ctx_new(1));
        lf_id x = input(&m, "x", 2, (const int64_t[]){1, 7});
        lf_id q = quant(&m, "q", x, 0.5, 0, 3)->out[0];
        output(&m, "y", matmul(&m, "sums", q, 7, 3));
        expect_header(&m, grids[i], want, 7);
    }
}

/* Convolutions: rows of the model are NCHW, the stream has the channels of a pixel beside each other. */
static void convolutions(void **state) {
    (void)state;
    need_compiler();
    lf_ctx *ctx = lf_ctx_new(1);
    lf_zoo_options small = {.size = 32, .width = 0.05, .blocks = 1, .classes = 5};
    lf_graph *g = lf_zoo_make(ctx, lf_zoo_find("mobilenet-v1"), &small);
    assert_non_null(g);
    design d = open_design(ctx, g, 0);
    assert_non_null(strstr(d.header, "int net_pack_x(const float"));
    assert_non_null(strstr(d.header, "void net_unpack_logits("));
    close_design(&d);
    lf_graph_free(g);
    lf_ctx_free(ctx);
}

/* Networks that others published. */
static void published_networks(void **state) {
    (void)state;
    static const struct {
        const char *file, *grid;
    } nets[] = {{"qonnx_mnist_tfc/TFC_1W2A.onnx", NULL},
                {"finn_tfc/model.onnx", NULL},
                {"jsc_mlp/qkeras_jettagging.onnx", "FIXED<16,6>!"},
                {"jsc_mlp/qkeras_jettagging.onnx", "FIXED<16,6>"},
                {"onnx_examples/bnn_model_fc_1layer.onnx", NULL}};
    const char *data = getenv("LUTFISK_DATA");
    int found = 0;
    need_compiler();
    for (size_t i = 0; i < LF_COUNT(nets); i++) {
        lf_ctx *ctx = lf_ctx_new(1);
        lf_arena *a = lf_arena_new();
        const char *file = lf_format(a, "%s/models/%s", data ? lf_format(a, "%s/..", data) : "../shared", nets[i].file);
        const char *grid[] = {nets[i].grid, NULL};
        lf_model_options o = {.model = file, .input = grid};
        if (lf_path_exists(file)) {
            lf_graph *g = lf_model_open(ctx, &o);
            assert_non_null(g);
            design d = open_design(ctx, g, 0);
            assert_non_null(strstr(d.header, "(const float *x, uint8_t *beats)"));
            close_design(&d);
            lf_graph_free(g);
            found++;
        }
        lf_arena_free(a);
        lf_ctx_free(ctx);
    }
    if (!found) {
        print_message("skipped: no networks in ../shared/models\n");
        skip();
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_networks),
        cmocka_unit_test(pictures),
        cmocka_unit_test(several_ports),
        cmocka_unit_test(what_is_left_to_the_caller),
        cmocka_unit_test(casts),
        cmocka_unit_test(convolutions),
        cmocka_unit_test(published_networks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
