/* The Verilog of random circuits, all in one simulation: combinational and pipelined, with stalls of the clock enable, every element in its own width or all in
 * the widest. Copies with a fault planted in their text must be caught by the same bench. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "random_circuits.h"
#include "base/file.h"
#include "base/run.h"
#include "vlog/vlog_model.h"

enum { CIRCUITS = 40, VECTORS = 48, TRIES = 6, MOST = 128 };

/* The first `find` of a module's text, behind the first `after`, becomes `put`; then faults[k] must be seen in one of TRIES modules at least. */
static const struct {
    const char *what, *find, *put, *after;
} faults[] = {
    {"a bit of a truth table flipped", ".TABLE(64'h", ".TABLE(64'h1 ^ 64'h", ""},
    {"the sign lost in a comparison", ") < $signed(", ") < $unsigned(", ""},
    {"a tie taken for less", " < ", " <= ", ""},
    {"a register left out", "_d1;\n", ";\n", "always"},
    {"plus for minus", " - ", " + ", ""},
    {"minus for plus", " + ", " - ", ""},
    {"a choice turned around", " ? ", " == 1'b0 ? ", ""},
    {"an extension by zeros", "= {{", "= {{1'b0} & {", ""},
    {"a constant table shifted", "_0[", "_0[1'b1 ^ ", ""},
};

typedef struct tested {
    lf_circuit *c;
    const char *module;
    const int *in_bits, *out_bits;
    int fault; /* -1: none */
    int in_at, in_width, out_at, out_width;
} tested;

typedef struct rig {
    lf_ctx *ctx;
    lf_arena *arena;
    lf_vlog *v;
    char *dir;
    tested t[MOST];
    int count, in_width, out_width, deepest;
} rig;

/* All elements as wide as the widest. */
static const int *widest(rig *r, const lf_circuit *c, const lf_word *w, size_t n) {
    int *bits = LF_NEW_ARRAY(r->arena, int, n), most = 1;
    for (size_t i = 0; i < n; i++)
        most = lf_word_bits(c, w[i]) > most ? lf_word_bits(c, w[i]) : most;
    for (size_t i = 0; i < n; i++)
        bits[i] = most;
    return bits;
}

static const int *own(rig *r, const lf_circuit *c, const lf_word *w, size_t n) {
    int *bits = LF_NEW_ARRAY(r->arena, int, n);
    for (size_t i = 0; i < n; i++)
        bits[i] = lf_word_bits(c, w[i]);
    return bits;
}

static int total(const int *bits, size_t n) {
    int sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += bits[i];
    return sum;
}

static tested *add_tested(rig *r, lf_circuit *c, const int *in_bits, const int *out_bits, int fault) {
    assert_true(r->count < MOST);
    tested *t = &r->t[r->count];
    *t = (tested){.c = c, .in_bits = in_bits, .out_bits = out_bits, .fault = fault};
    t->module = lf_format(r->arena, "c%d", r->count++);
    t->in_at = r->in_width;
    t->out_at = r->out_width;
    t->in_width = total(in_bits, c->inputs.count);
    t->out_width = total(out_bits, c->outputs.count);
    r->in_width += t->in_width;
    r->out_width += t->out_width;
    if (c->latency > r->deepest)
        r->deepest = c->latency;
    assert_int_equal(lf_vlog_circuit(r->v, t->module, c, in_bits, out_bits), LF_OK);
    return t;
}

static void add_circuit(rig *r, uint64_t seed, size_t *corners) {
    lf_circuit *raw = make_random_circuit(r->ctx, seed, corners), *c = lf_circuit_clean(raw);
    bool wide = seed & 1;
    if (seed % 4 < 3) {
        int depth = 1 + (int)(seed % 3);
        while (lf_circuit_pipeline(c, depth) != LF_OK)
            depth++;
    }
    lf_circuit_free(raw);
    if (c->too_wide)
        lf_circuit_free(c);
    else
        (void)add_tested(r, c, (wide ? widest : own)(r, c, c->inputs.at, c->inputs.count),
                         (wide ? widest : own)(r, c, c->outputs.at, c->outputs.count), -1);
}

/* The name that ends at `end` is a wire of its own in this module: "wire w7 = ", "wire [3:0] w7 = " or "wire w7;". */
static bool is_wire(const char *text, const char *end) {
    const char *start = end;
    char with_value[80], without[80];
    while (start[-1] != ' ')
        start--;
    (void)snprintf(with_value, sizeof with_value, " %.*s = ", (int)(end - start), start);
    (void)snprintf(without, sizeof without, " wire %.*s;", (int)(end - start), start);
    return strstr(text, with_value) || strstr(text, without);
}

/* A copy of tested module k with fault f in its text; false where there is nothing to spoil. */
static bool spoil(rig *r, int k, int f) {
    const tested *from = &r->t[k];
    const char *text = r->v->modules.at[k]->text.at, *place = strstr(text, faults[f].after);
    place = place ? strstr(place, faults[f].find) : NULL;
    if (!place || (place[0] == '_' && place[1] == 'd' && !is_wire(text, place)))
        return false;
    tested *t = add_tested(r, from->c, from->in_bits, from->out_bits, f);
    lf_text *out = &r->v->modules.at[r->count - 1]->text;
    text = r->v->modules.at[k]->text.at;
    lf_text_free(out);
    *out = (lf_text){0};
    lf_text_addf(out, "module %s", t->module);
    const char *rest = strstr(text, " (\n");
    lf_text_addn(out, rest, (size_t)(place - rest));
    lf_text_add(out, faults[f].put);
    lf_text_add(out, place + strlen(faults[f].find));
    return true;
}

/* -- vectors and the bench ---------------------------------------------------------------------------------------- */

static void put_code(uint8_t *bits, int at, int width, int64_t v) {
    for (int k = 0; k < width; k++)
        bits[at + k] = (uint8_t)(v >> (k < 63 ? k : 63) & 1);
}

static void add_hex(lf_text *t, const uint8_t *bits, int width) {
    for (int digit = (width + 3) / 4 - 1; digit >= 0; digit--) {
        unsigned v = 0;
        for (int k = 0; k < 4 && digit * 4 + k < width; k++)
            v |= (unsigned)bits[digit * 4 + k] << k;
        lf_text_addf(t, "%x", v);
    }
    lf_text_add(t, "\n");
}

static void write_text(rig *r, const char *name, lf_text *t) {
    assert_int_equal(lf_file_write(r->ctx, lf_path_join(r->arena, r->dir, name), t->at, t->len), LF_OK);
    lf_text_free(t);
}

static void run_tested(const tested *t, lf_rng *rng, uint8_t *in_bits, uint8_t *out_bits) {
    lf_arena *a = lf_arena_new();
    int64_t *in = LF_NEW_ARRAY(a, int64_t, t->c->inputs.count), *out = LF_NEW_ARRAY(a, int64_t, t->c->outputs.count);
    int at = t->in_at;
    for (size_t i = 0; i < t->c->inputs.count; at += t->in_bits[i++]) {
        in[i] = random_value(rng, lf_word_range(t->c, t->c->inputs.at[i]));
        put_code(in_bits, at, t->in_bits[i], in[i]);
    }
    lf_circuit_run(t->c, in, out, LF_NEW_ARRAY(a, int64_t, t->c->words.count));
    at = t->out_at;
    for (size_t i = 0; i < t->c->outputs.count; at += t->out_bits[i++])
        put_code(out_bits, at, t->out_bits[i], out[i]);
    lf_arena_free(a);
}

static void write_vectors(rig *r) {
    lf_rng rng = lf_rng_make(5, 79);
    lf_text stimulus = {0}, wanted = {0};
    uint8_t *in = LF_NEW_ARRAY(r->arena, uint8_t, r->in_width), *out = LF_NEW_ARRAY(r->arena, uint8_t, r->out_width);
    for (int n = 0; n < VECTORS; n++) {
        for (int k = 0; k < r->count; k++)
            run_tested(&r->t[k], &rng, in, out);
        add_hex(&stimulus, in, r->in_width);
        add_hex(&wanted, out, r->out_width);
    }
    write_text(r, "in.mem", &stimulus);
    write_text(r, "want.mem", &wanted);
}

static void write_bench(rig *r) {
    lf_text t = {0};
    lf_text_addf(&t,
                 "module bench (input wire aclk, input wire ce, output reg [%d:0] bad, output wire done);\n"
                 "    reg [%d:0] in [0:255]; reg [%d:0] want [0:255];\n    reg [7:0] n;\n"
                 "    wire [%d:0] x = in[n]; wire [%d:0] y;\n    assign done = n == 8'd%d;\n"
                 "    initial begin n = 0; bad = 0; $readmemh(\"in.mem\", in, 0, %d);"
                 " $readmemh(\"want.mem\", want, 0, %d); end\n",
                 r->count - 1, r->in_width - 1, r->out_width - 1, r->in_width - 1, r->out_width - 1, VECTORS,
                 VECTORS - 1, VECTORS - 1);
    for (int k = 0; k < r->count; k++) {
        const tested *c = &r->t[k];
        lf_text_addf(&t, "    %s u%d (.aclk(aclk), .ce(ce), .in_data(x[%d:%d]), .out_data(y[%d:%d]));\n", c->module, k,
                     c->in_at + c->in_width - 1, c->in_at, c->out_at + c->out_width - 1, c->out_at);
        lf_text_addf(&t,
                     "    wire [%d:0] want%d = want[n - 8'd%d][%d:%d];\n"
                     "    always @(posedge aclk) if (ce && !done && n >= 8'd%d && y[%d:%d] !== want%d) bad[%d] <= 1;\n",
                     c->out_width - 1, k, c->c->latency, c->out_at + c->out_width - 1, c->out_at, c->c->latency,
                     c->out_at + c->out_width - 1, c->out_at, k, k);
    }
    lf_text_add(&t, "    always @(posedge aclk) if (ce && !done) n <= n + 1;\nendmodule\n");
    write_text(r, "bench.v", &t);
}

static const char harness[] =
    "#include \"Vbench.h\"\n#include \"verilated.h\"\n#include <cstdio>\n#include <cstdlib>\n"
    "int main() {\n    Vbench b; unsigned dice = 1;\n"
    "    for (int i = 0; i < 4000 && !b.done; i++) {\n"
    "        dice = dice * 1103515245u + 12345u; b.ce = (dice >> 16) % 4 != 0;\n"
    "        b.aclk = 0; b.eval(); b.aclk = 1; b.eval(); }\n"
    "    for (int k = 0; k < COUNT; k++) putchar('0' + ((((unsigned *)&b.bad)[k / 32] >> k % 32) & 1));\n"
    "    return !b.done;\n}\n";

static const char *simulate(rig *r) {
    lf_text cpp = {0}, files = {0};
    lf_text_addf(&cpp, "enum { COUNT = %d };\n%s", r->count, harness);
    write_text(r, "harness.cpp", &cpp);
    for (int k = 0; k < r->count; k++) {
        lf_text one = {0};
        lf_text_addf(&one, "`default_nettype none\n%s`default_nettype wire\n", r->v->modules.at[k]->text.at);
        lf_text_addf(&files, "%s.v\n", r->t[k].module);
        write_text(r, lf_format(r->arena, "%s.v", r->t[k].module), &one);
    }
    lf_text unit = {0};
    lf_text_add(&unit, lf_vlog_unit_text("lf_lut"));
    write_text(r, "lf_lut.v", &unit);
    lf_text_add(&files, "lf_lut.v\nbench.v\n");
    write_text(r, "files.f", &files);
    const char *build[] = {
        "verilator",    "--cc",        "--exe",      "--build",    "-O3",
        "-Wno-fatal",   "-Wno-lint",   "-Wno-style", "-MAKEFLAGS", "OPT_FAST=-O0 OPT_SLOW=-O0 OPT_GLOBAL=-O0 -s",
        "--top-module", "bench",       "-Mdir",      "obj",        "-f",
        "files.f",      "harness.cpp", NULL};
    const char *run[] = {lf_path_join(r->arena, r->dir, "obj/Vbench"), NULL};
    lf_run_result result;
    assert_int_equal(lf_tool_run(r->ctx, r->arena, build, r->dir, &result), LF_OK);
    if (result.exit_code)
        fail_msg("%s", result.out);
    assert_int_equal(lf_tool_run(r->ctx, r->arena, run, r->dir, &result), LF_OK);
    assert_int_equal(result.exit_code, 0);
    assert_int_equal(strlen(result.out), r->count);
    return result.out;
}

static void lint(rig *r, int sound) {
    for (int k = 0; k < sound; k += 10) {
        const char *argv[20] = {"verilator", "--lint-only", "-Wall", "-Wno-MULTITOP"};
        lf_run_result result;
        int n = 4;
        for (int i = k; i < k + 10 && i < sound; i++)
            argv[n++] = lf_format(r->arena, "%s.v", r->t[i].module);
        argv[n++] = "lf_lut.v";
        assert_int_equal(lf_tool_run(r->ctx, r->arena, argv, r->dir, &result), LF_OK);
        if (result.exit_code || strstr(result.out, "%Warning"))
            fail_msg("%s", result.out);
    }
}

static void check(rig *r, const char *bad) {
    int planted[LF_COUNT(faults)] = {0}, caught[LF_COUNT(faults)] = {0};
    for (int k = 0; k < r->count; k++) {
        int f = r->t[k].fault;
        if (f < 0 && bad[k] != '0')
            fail_msg("circuit %s in %s is wrong:\n%s", r->t[k].module, r->dir, r->v->modules.at[k]->text.at);
        if (f >= 0) {
            planted[f]++;
            caught[f] += bad[k] == '1';
        }
    }
    for (size_t f = 0; f < LF_COUNT(faults); f++) {
        print_message("%s: %d of %d caught\n", faults[f].what, caught[f], planted[f]);
        assert_true(caught[f] > 0);
    }
}

static void test_verilog(void **state) {
    (void)state;
    if (!lf_tool_found("verilator"))
        skip();
    rig r = {.ctx = lf_ctx_new(1), .arena = lf_arena_new()};
    size_t corners[CORNERS] = {0};
    assert_int_equal(lf_temp_dir(r.ctx, r.arena, NULL, &r.dir), LF_OK);
    r.v = lf_vlog_new(r.ctx, r.arena, "top");
    for (uint64_t seed = 1; r.count < CIRCUITS; seed++)
        add_circuit(&r, seed, corners);
    int sound = r.count;
    for (int f = 0; f < (int)LF_COUNT(faults); f++)
        for (int k = 0, tries = 0; k < sound && tries < TRIES; k++)
            tries += spoil(&r, k, f);
    write_vectors(&r);
    write_bench(&r);
    const char *bad = simulate(&r);
    check(&r, bad);
    lint(&r, sound);
    for (int k = 0; k < sound; k++)
        lf_circuit_free(r.t[k].c);
    lf_remove_tree(r.dir);
    lf_vlog_free(r.v);
    lf_arena_free(r.arena);
    lf_ctx_free(r.ctx);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_verilog)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
