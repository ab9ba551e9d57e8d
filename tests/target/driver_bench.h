/* A design and a program around its driver: built, compiled as strict C99 and run; its bytes on the inputs are those that verify's testbench
 * sends, its values of the outputs those of the network itself. Included behind cmocka's headers. */
#ifndef LF_TESTS_DRIVER_BENCH_H
#define LF_TESTS_DRIVER_BENCH_H

#include <stdlib.h>
#include <string.h>

#include <lutfisk/lutfisk.h>

#include "../property/random_nets.h"
#include "api/answer.h"
#include "base/file.h"
#include "base/run.h"
#include "exec/exec.h"
#include "ir/lftext.h"
#include "pass/passes.h"
#include "pass/stream_model.h"
#include "verify/beats.h"
#include "vlog/vlog.h"

enum { ROWS = 12 };

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

static inline void fail_with(const design *d, const char *what) {
    for (size_t i = 0; i < lf_diag_count(d->ctx); i++)
        print_error("%s\n", lf_diag_text(d->a, lf_diag_at(d->ctx, i)));
    fail_msg("%s in %s", what, d->dir);
}

static inline const char *path(const design *d, const char *name) {
    return lf_path_join(d->a, d->dir, name);
}

static inline size_t elements(const lf_graph *g, lf_id tensor) {
    return (size_t)lf_shape_count(lf_tensor_at(g, tensor)->shape);
}

/* -- what is right ---------------------------------------------------------------------------------------------------------- */

/* Values of the grid where there is one that does not cast; else multiples of 1/16 and a few far out. */
static inline float random_value(lf_rng *r, const lf_port *p, const lf_tensor *t) {
    const lf_input_grid own = {.scale = lf_on_grid(t) ? t->grid.scale[0] : 1, .divisor = t->grid.divisor};
    const lf_input_grid *g = p->grid ? p->grid : &own;
    if (!lf_on_grid(t) || g->cast)
        return (float)lf_rng_between(r, -40, 40) / 16 * (lf_rng_below(r, 16) ? 1 : 1000);
    int64_t code = t->range.lo + t->range.step * lf_rng_between(r, 0, (int64_t)lf_range_count(t->range) - 1);
    double v = g->divisor != 0 ? (double)code / g->divisor : (double)code * g->scale;
    return (float)(v + g->offset);
}

static inline float *random_input(const design *d, size_t i) {
    const lf_port *p = &d->network->inputs.at[i];
    size_t count = ROWS * elements(d->network, p->tensor);
    float *x = LF_NEW_ARRAY(d->a, float, count);
    lf_rng r = lf_rng_make(11, i);
    for (size_t k = 0; k < count; k++)
        x[k] = random_value(&r, p, lf_tensor_at(d->network, p->tensor));
    return x;
}

static inline void run(design *d, const lf_graph *g, const lf_row_out *out, size_t count) {
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

static inline void compute(design *d) {
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

static inline void build(design *d, int64_t ii) {
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

static inline const char *port_name(const design *d, const lf_stream_port *p) {
    size_t n = strlen(p->suffix);
    return n ? lf_strndup(d->a, p->suffix, n - 1) : lf_vlog_name(d->a, p->name);
}

static inline bool has_function(const design *d, const char *fmt, const char *name) {
    return strstr(d->header, lf_format(d->a, fmt, name)) != NULL;
}

/* -- the program that uses the driver ------------------------------------------------------------------------------------------------- */

static inline void print_in(const design *d, lf_text *t, size_t port, const char *type, const char *function,
                            const char *kind) {
    const char *n = lf_format(d->a, "net_in_%s", port_name(d, &d->in.at[port]));
    lf_text_addf(t,
                 "{static %s x[%s_ELEMENTS]; static uint8_t beats[%s_BYTES]; FILE *f = fopen(\"%s%zu\", \"rb\"), *o = "
                 "fopen(\"%s%zu.beats\", \"wb\");\n"
                 "while (fread(x, sizeof x[0], %s_ELEMENTS, f) == %s_ELEMENTS) { if (%s(x, beats)) return 3; "
                 "fwrite(beats, 1, %s_BYTES, o); } fclose(f); fclose(o);}\n",
                 type, n, n, kind, port, kind, port, n, n, function, n);
}

static inline void print_out(const design *d, lf_text *t, size_t port, size_t number, const char *type,
                             const char *function, const char *kind) {
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
static inline size_t stream_of(const design *d, const lf_port *output) {
    for (size_t i = 0; i < d->out.count; i++)
        if (!strcmp(d->out.at[i].name, output->name))
            return i;
    return 0;
}

static inline void print_program(const design *d, lf_text *t) {
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

static inline void tool(const design *d, const char *const *argv, const char *what) {
    lf_run_result r;
    if (lf_tool_run(d->ctx, d->a, argv, d->dir, &r) != LF_OK || r.exit_code != 0)
        fail_msg("%s in %s: status %d\n%s", what, d->dir, r.exit_code, r.out);
}

static inline void compile_and_run(const design *d) {
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

static inline void write_codes(const design *d, const lf_stream_port *p, size_t i, bool bytes) {
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

static inline void give(const design *d) {
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

static inline void same_bytes(const design *d, const char *name, const void *want, size_t size) {
    lf_file f;
    assert_int_equal(lf_file_open(d->ctx, path(d, name), 0, &f), LF_OK);
    if (f.size != size)
        fail_msg("%s in %s has %zu bytes, not %zu", name, d->dir, f.size, size);
    for (size_t i = 0; i < size; i++)
        if (f.data[i] != ((const uint8_t *)want)[i])
            fail_msg("%s in %s differs at byte %zu of %zu", name, d->dir, i, size);
    lf_file_close(&f);
}

static inline void same_file(const design *d, const char *name, const char *want) {
    lf_file f;
    assert_int_equal(lf_file_open(d->ctx, path(d, want), 0, &f), LF_OK);
    same_bytes(d, name, f.data, f.size);
    lf_file_close(&f);
}

static inline void take(const design *d) {
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
static inline void check_packaging(const design *d) {
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
static inline design open_design(lf_ctx *ctx, const lf_graph *network, int64_t ii) {
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

static inline void close_design(design *d) {
    lf_remove_tree(d->dir);
    lf_graph_free(d->hardware);
    lf_arena_free(d->a);
}

static inline void need_compiler(void) {
    if (!lf_tool_found("gcc")) {
        print_message("skipped: gcc was not found\n");
        skip();
    }
}

#endif
