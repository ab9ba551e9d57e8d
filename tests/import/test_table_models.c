/* Table networks in JSON: what small ones compute, with and without a declared input grid; wrong files are refused with the place. */
#include "../context.h"
#include "onnx_make.h"

#include <math.h>
#include <stdio.h>

#include "api/same_program.h"
#include "base/rng.h"
#include "exec/exec.h"
#include "exec/fast.h"
#include "ir/lftext.h"
#include "ops/ops.h"
#include "pass/passes.h"
#include "table_nets.h"

static lf_graph *read_text(lf_ctx *ctx, const char *text) {
    lf_graph *g = lf_import_json_bytes(ctx, "some/net.json", (const uint8_t *)text, strlen(text));
    for (size_t i = 0; !g && i < lf_diag_count(ctx); i++)
        print_message("%s\n", lf_diag_at(ctx, i)->text);
    assert_non_null(g);
    assert_string_equal(g->name, "net");
    return g;
}

/* One row through an engine. */
static void run_row(lf_ctx *ctx, const lf_graph *g, const double *x, double *y, bool fast) {
    lf_row_in in = {g->inputs.at[0].tensor, LF_ROW_F64, x};
    lf_row_out out = {.tensor = g->outputs.at[0].tensor, .real = y};
    lf_row_io io = {&in, 1, &out, 1};
    if (fast) {
        lf_plan *p = lf_plan_new(ctx, g);
        assert_int_equal(lf_plan_rows(p, &io, 1), LF_OK);
        lf_plan_free(p);
    } else {
        lf_exec *e = lf_exec_new(ctx, g);
        assert_int_equal(lf_exec_rows(e, &io, 1), LF_OK);
        lf_exec_free(e);
    }
}

static void expect_row(const char *text, const double *x, const double *want, size_t count) {
    for (int fast = 0; fast < 2; fast++) {
        lf_ctx *ctx = lf_ctx_new(1);
        lf_graph *g = read_text(ctx, text);
        double y[8];
        run_row(ctx, g, x, y, fast);
        for (size_t i = 0; i < count; i++)
            assert_true(y[i] == want[i]);
        lf_graph_free(g);
        lf_ctx_free(ctx);
    }
}

/* -- what they compute --------------------------------------------------------------------------------------------------- */

static void dwn_counts(void **state) {
    (void)state;
    /* x = (0.5, 0.25): bits 1 1 0, 1 1 0; first layer: 1 and 1 = 1; 0 xor 1 = 1; 1 or 0 = 1; neither 0 nor 1 = 0 */
    /* second: 1 xor 1 = 0; 1 or 1 = 1; 1 and 0 = 0; equal = 1 */
    expect_row(dwn, (double[]){0.5, 0.25}, (double[]){1, 1}, 2);
    /* 0.1 as float32 is above 0.1 as double: the threshold is the float, which the float is not above. 0 0 0 | 0 0 0 and 1 0 0 ... */
    expect_row(dwn, (double[]){(double)0.1f, 0}, (double[]){0, 1}, 2);
}

static void kanele_sums(void **state) {
    (void)state;
    /* codes: round(2 * 0.5 + 0.1) = 1 -> entry 3: 9; round(0.3 * 5 - 0.5) = round(1.0000000596) = 1 -> entry 3: 4; 13 is clamped to 3 */
    expect_row(kanele, (double[]){0.5, 5}, (double[]){3}, 1);
    /* -1.9 -> -2: -3; clamped -2 -> 1 */
    expect_row(kanele, (double[]){-1, -100}, (double[]){-2}, 1);
}

static void hgq_wraps(void **state) {
    (void)state;
    /* v = 1.25 * 2 = 2.5 -> 3 -> wraps to -1: entry 1: 2 << 1, with bias 5, value 10; second: 10 / 4 = 2.5 -> 3: 1000 / 8 */
    expect_row(hgq, (double[]){1.25, 0}, (double[]){125}, 1);
    /* v = -0.5 * 2 -> -1: the same */
    expect_row(hgq, (double[]){-0.5, 0}, (double[]){125}, 1);
    /* v = 0 -> entry 2: 3 << 1, 7, value 14; 3.5 -> 4 -> 0 */
    expect_row(hgq, (double[]){0, 0}, (double[]){0.125}, 1);
}

/* -- integer programs ---------------------------------------------------------------------------------------------------- */

/* The fast engine on the program's codes. */
static void expect_fast(lf_ctx *ctx, const lf_graph *g) {
    enum { ROWS = 40 };
    lf_rng r = lf_rng_make(3, 0);
    const lf_tensor *t = lf_tensor_at(g, g->inputs.at[0].tensor);
    int64_t x[ROWS * 16];
    double y[2][ROWS * 8];
    for (size_t i = 0; i < LF_COUNT(x); i++)
        x[i] = lf_rng_between(&r, t->range.lo, t->range.hi);
    lf_row_in in = {t->id, LF_ROW_CODE, x};
    lf_exec *e = lf_exec_new(ctx, g);
    lf_plan *p = lf_plan_new(ctx, g);
    for (int fast = 0; fast < 2; fast++) {
        lf_row_out out = {.tensor = g->outputs.at[0].tensor, .real = y[fast]};
        lf_row_io io = {&in, 1, &out, 1};
        assert_int_equal(fast ? lf_plan_rows(p, &io, ROWS) : lf_exec_rows(e, &io, ROWS), LF_OK);
    }
    assert_memory_equal(
        y[0], y[1], ROWS * (size_t)lf_shape_count(lf_tensor_at(g, g->outputs.at[0].tensor)->shape) * sizeof(double));
    lf_exec_free(e);
    lf_plan_free(p);
}

/* The network with this input becomes a program on codes alone, and the same one. */
static void expect_program(const char *text, const char *input) {
    lf_ctx *ctx = lf_ctx_new(1);
    lf_graph *g = read_text(ctx, text);
    assert_int_equal(lf_declare_input(g, input), LF_OK);
    assert_int_equal(lf_infer(g), LF_OK);
    lf_graph *network = lf_graph_clone(g);
    assert_int_equal(lf_pipeline_run(g, "integerize", NULL), LF_OK);
    for (size_t i = 0; i < g->order.count; i++) {
        const lf_node *n = lf_node_at(g, g->order.at[i]);
        assert_true((n->place == LF_PLACE_HOST) == !strcmp(n->op->name, "dequantize"));
    }
    assert_int_equal(lf_same_program(network, g, 300), LF_OK);
    expect_fast(ctx, g);
    lf_graph_free(network);
    lf_graph_free(g);
    lf_ctx_free(ctx);
}

static void programs_equal_networks(void **state) {
    (void)state;
    static const char *const inputs[] = {"FIXED<8,4>!", "FIXED<5,3,RND,SAT>!", "UINT4",
                                         "UINT8,1/255", "INT6,0.3,0.125",      "FIXED<20,6>"};
    for (size_t i = 0; i < LF_COUNT(inputs); i++) {
        expect_program(dwn, inputs[i]);
        expect_program(kanele, inputs[i]);
        expect_program(hgq, inputs[i]);
    }
}

/* -- random networks ----------------------------------------------------------------------------------------------------- */

static lf_rng rng = {21, 0, 0};

static void add_list(lf_text *t, int count, int64_t lo, int64_t hi) {
    for (int i = 0; i < count; i++)
        lf_text_addf(t, "%s%lld", i ? ", " : "[", (long long)lf_rng_between(&rng, lo, hi));
    lf_text_add(t, "]");
}

static void add_layer_of_luts(lf_text *t, int luts, int width, int fan_in) {
    lf_text_add(t, "{\"inputs\": [");
    for (int i = 0; i < luts; i++) {
        lf_text_add(t, i ? ", " : "");
        add_list(t, fan_in, 0, width - 1);
    }
    lf_text_add(t, "], \"init\": [");
    for (int i = 0; i < luts; i++) {
        char digits[32];
        (void)snprintf(digits, sizeof digits, "%016llx", (unsigned long long)lf_rng_u64(&rng));
        lf_text_addf(t, "%s\"%.*s\"", i ? ", " : "", (1 << fan_in) / 4, digits);
    }
    lf_text_add(t, "]}");
}

static void random_dwn(lf_text *t) {
    int fan_in = (int)lf_rng_between(&rng, 2, 6), features = (int)lf_rng_between(&rng, 1, 9),
        levels = (int)lf_rng_between(&rng, 1, 12);
    int luts = 5 * (int)lf_rng_between(&rng, 1, 8);
    lf_text_addf(t, "{\"n_lut_inputs\": %d, \"n_classes\": 5, \"thresholds\": [", fan_in);
    for (int f = 0; f < features; f++)
        for (int k = 0; k < levels; k++)
            lf_text_addf(t, "%s%s%lld.%03u",
                         k   ? ", "
                         : f ? "], ["
                             : "[",
                         k % 3 ? "" : "-", (long long)lf_rng_between(&rng, 0, 3), lf_rng_below(&rng, 1000));
    lf_text_add(t, "]], \"layers\": [");
    add_layer_of_luts(t, luts, features * levels, fan_in);
    lf_text_add(t, ", ");
    add_layer_of_luts(t, luts, luts, fan_in);
    lf_text_add(t, "]}");
}

static void random_edges(lf_text *t, int inputs, int outputs) {
    int edges = (int)lf_rng_between(&rng, 0, 20);
    lf_text_addf(t, "{\"inputs\": %d, \"outputs\": %d, \"fraction_bits\": %lld, \"bias\": ", inputs, outputs,
                 (long long)lf_rng_between(&rng, -3, 4));
    add_list(t, outputs, -20, 20);
    lf_text_add(t, ", \"edges\": [");
    for (int e = 0; e < edges; e++) {
        int bits = (int)lf_rng_between(&rng, 1, 8);
        lf_text_addf(t,
                     "%s{\"i\": %u, \"o\": %u, \"f\": %lld, \"bits\": %d, \"signed\": %u, \"shift\": %u, \"table\": ",
                     e ? ", " : "", lf_rng_below(&rng, (uint32_t)inputs), lf_rng_below(&rng, (uint32_t)outputs),
                     (long long)lf_rng_between(&rng, -3, 5), bits, lf_rng_below(&rng, 2), lf_rng_below(&rng, 4));
        add_list(t, 1 << bits, -40, 40);
        lf_text_add(t, "}");
    }
    lf_text_add(t, "]}");
}

static void random_hgq(lf_text *t) {
    int inputs = (int)lf_rng_between(&rng, 1, 8), hidden = (int)lf_rng_between(&rng, 1, 8);
    lf_text_add(t, "{\"layers\": [");
    random_edges(t, inputs, hidden);
    lf_text_add(t, ", ");
    random_edges(t, hidden, 3);
    lf_text_add(t, "]}");
}

/* Both engines on reals, far ones among them. */
static void expect_same_engines(const char *text) {
    enum { ROWS = 60 };
    lf_ctx *ctx = lf_ctx_new(1);
    lf_graph *g = read_text(ctx, text);
    double x[ROWS * 16], y[2][ROWS * 8];
    for (size_t i = 0; i < LF_COUNT(x); i++)
        x[i] = i % 50 == 0 ? ldexp(lf_rng_double(&rng) - 0.5, (int)lf_rng_between(&rng, 0, 200))
                           : ldexp((double)lf_rng_between(&rng, -300, 300), -5);
    lf_row_in in = {g->inputs.at[0].tensor, LF_ROW_F64, x};
    for (int fast = 0; fast < 2; fast++) {
        lf_row_out out = {.tensor = g->outputs.at[0].tensor, .real = y[fast]};
        lf_row_io io = {&in, 1, &out, 1};
        lf_exec *e = lf_exec_new(ctx, g);
        lf_plan *p = lf_plan_new(ctx, g);
        assert_int_equal(fast ? lf_plan_rows(p, &io, ROWS) : lf_exec_rows(e, &io, ROWS), LF_OK);
        lf_exec_free(e);
        lf_plan_free(p);
    }
    assert_memory_equal(
        y[0], y[1], ROWS * (size_t)lf_shape_count(lf_tensor_at(g, g->outputs.at[0].tensor)->shape) * sizeof(double));
    lf_graph_free(g);
    lf_ctx_free(ctx);
}

static void random_networks(void **state) {
    (void)state;
    static const char *const inputs[] = {"FIXED<8,4>!", "UINT5,1/31", "FIXED<12,5,RND,SAT>!"};
    for (int i = 0; i < 90; i++) {
        lf_text text = {0};
        (i % 2 ? random_dwn : random_hgq)(&text);
        expect_same_engines(text.at);
        expect_program(text.at, inputs[i % 3]);
        lf_text_free(&text);
    }
}

static void complain(lf_ctx *ctx, const char *want) {
    lf_arena *a = lf_arena_new();
    make_expect_text(make_complaints(a, ctx), want);
    lf_arena_free(a);
}

/* Without a grid the encoder is on the host, and `map` does not take that. */
static void encoders_need_a_grid(void **state) {
    (void)state;
    static const char *const net[] = {dwn, kanele, hgq};
    static const char *const want[] = {"a thermometer", "the quantizers of a table network", "FIXED<4,2>!"};
    for (size_t i = 0; i < LF_COUNT(net); i++) {
        lf_ctx *ctx = lf_ctx_new(1);
        lf_graph *g = read_text(ctx, net[i]);
        assert_int_equal(lf_pipeline_run(g, "integerize, map", NULL), LF_BAD_INPUT);
        complain(ctx, want[i]);
        complain(ctx, "declare it, for example --input 'FIXED<");
        lf_graph_free(g);
        lf_ctx_free(ctx);
    }
}

/* The grid that map proposes for this network. */
static const char *proposed(lf_arena *a, const char *text) {
    lf_ctx *ctx = lf_ctx_new(1);
    lf_graph *g = read_text(ctx, text);
    assert_int_equal(lf_pipeline_run(g, "integerize, map", NULL), LF_BAD_INPUT);
    const char *hint = lf_diag_at(ctx, lf_diag_count(ctx) - 1)->hint, *from = strchr(hint, '\'') + 1;
    const char *grid = lf_strndup(a, from, (size_t)(strchr(from, '\'') - from));
    lf_graph_free(g);
    lf_ctx_free(ctx);
    return grid;
}

/* For edges it changes nothing, wherever the value lies. */
static void proposed_grids_are_exact(void **state) {
    (void)state;
    lf_arena *a = lf_arena_new();
    for (int i = 0; i < 40; i++) {
        lf_text text = {0};
        random_hgq(&text);
        lf_ctx *ctx = lf_ctx_new(1);
        lf_graph *plain = read_text(ctx, text.at), *cast = read_text(ctx, text.at);
        assert_int_equal(lf_declare_input(cast, proposed(a, text.at)), LF_OK);
        assert_int_equal(lf_infer(cast), LF_OK);
        for (int row = 0; row < 30; row++) {
            double x[16], y[2][8];
            for (size_t k = 0; k < LF_COUNT(x); k++)
                x[k] = ldexp((double)lf_rng_between(&rng, -4000000, 4000000), (int)lf_rng_between(&rng, -24, -6));
            run_row(ctx, plain, x, y[0], false);
            run_row(ctx, cast, x, y[1], false);
            assert_memory_equal(y[0], y[1],
                                (size_t)lf_shape_count(lf_tensor_at(plain, plain->outputs.at[0].tensor)->shape) *
                                    sizeof(double));
        }
        lf_graph_free(plain);
        lf_graph_free(cast);
        lf_ctx_free(ctx);
        lf_text_free(&text);
    }
    lf_arena_free(a);
}

/* Wide codes times an awkward scale: no table is that large. */
static void awkward_grids_are_refused(void **state) {
    lf_ctx *ctx = *state;
    lf_graph *g = read_text(ctx, hgq);
    assert_int_equal(lf_declare_input(g, "INT16,0.3"), LF_OK);
    assert_int_equal(lf_infer(g), LF_OK);
    assert_int_equal(lf_pipeline_run(g, "integerize", NULL), LF_BAD_INPUT);
    complain(ctx, "no power of two times codes");
    lf_graph_free(g);
}

static void text_form_round_trips(void **state) {
    (void)state;
    static const char *const net[] = {dwn, kanele, hgq};
    for (size_t i = 0; i < LF_COUNT(net); i++) {
        lf_ctx *ctx = lf_ctx_new(1);
        lf_graph *g = read_text(ctx, net[i]);
        lf_text text = {0}, weights = {0}, again = {0}, weights2 = {0};
        assert_int_equal(lf_graph_print(g, false, &text, &weights), LF_OK);
        lf_graph *back =
            lf_graph_parse(ctx, "back", text.at, text.len, (const uint8_t *)weights.at, weights.len, lf_op_find);
        assert_non_null(back);
        assert_int_equal(lf_infer(back), LF_OK);
        assert_int_equal(lf_graph_print(back, false, &again, &weights2), LF_OK);
        assert_string_equal(text.at, again.at);
        assert_int_equal(lf_same_program(g, back, 20), LF_OK);
        lf_text_free(&text), lf_text_free(&weights), lf_text_free(&again), lf_text_free(&weights2);
        lf_graph_free(g);
        lf_graph_free(back);
        lf_ctx_free(ctx);
    }
}

/* -- wrong files --------------------------------------------------------------------------------------------------------- */

static void expect_refused(const char *text, const char *why) {
    lf_ctx *ctx = lf_ctx_new(1);
    assert_null(lf_import_json_bytes(ctx, "net.json", (const uint8_t *)text, strlen(text)));
    complain(ctx, why);
    lf_ctx_free(ctx);
}

/* The text with the first occurrence of `old` replaced. */
static char *changed(lf_arena *a, const char *text, const char *old, const char *now) {
    const char *at = strstr(text, old);
    assert_non_null(at);
    return lf_format(a, "%.*s%s%s", (int)(at - text), text, now, at + strlen(old));
}

static void wrong_values(void **state) {
    (void)state;
    static const struct {
        const char *net, *old, *now, *why;
    } cases[] = {
        {dwn, "[4, 5]", "[4, 6]", "layers[0].inputs[2][1]: is 6, not one of 0..5"},
        {dwn, "[4, 5]", "[4, -1]", "layers[0].inputs[2][1]: is -1"},
        {dwn, "[4, 5]", "[4]", "layers[0].inputs[2]: has 1 elements, not 2"},
        {dwn, "[4, 5]", "[4, 5.0]", "is a number with a point, not an integer"},
        {dwn, "\"6\", \"e\"", "\"6\", \"g\"", "layers[0].init[2]: has a character"},
        {dwn, "\"6\", \"e\"", "\"6\", \"0e\"", "layers[0].init[2]: is not a string of 1 hexadecimal digits"},
        {dwn, "\"6\", \"e\"", "\"6\", 7", "layers[0].init[2]: is not a string"},
        {dwn, "\"6\", \"e\"", "\"6\"", "layers[0].init: has 3 elements, not 4"},
        {dwn, "[0, 0, 0.5]", "[0, 0.5]", "thresholds[1]: has 2 elements, not 3"},
        {dwn, "[0, 0, 0.5]", "[0, 0, null]", "thresholds[1][2]: is null, not a number"},
        {dwn, "[0, 0, 0.5]", "[0, 0, 1e39]", "thresholds[1][2]: does not fit"},
        {dwn, "[0, 0, 0.5]", "[0, 0, 1e999]", "net.json:1:"},
        {dwn, "[0, 0, 0.5]", "[0, 0, NaN]", "net.json:1:"},
        {dwn, "\"n_classes\": 2", "\"n_classes\": 3", "does not divide the 4 bits"},
        {dwn, "\"n_classes\": 2", "\"n_classes\": 0", "n_classes: is 0"},
        {dwn, "\"n_classes\": 2", "\"n_class\": 2", "the key \"n_classes\" is missing"},
        {dwn, "\"n_lut_inputs\": 2", "\"n_lut_inputs\": 7", "n_lut_inputs: is 7"},
        {dwn, "\"inputs\": [[0, 1], [1", "\"wires\": [[0, 1], [1", "layers[1]: the key \"inputs\" is missing"},
        {kanele, "\"0_1_0\"", "\"0_1_1\"", "truth_tables: the key \"0_1_0\" is missing"},
        {kanele, "[1, -1, 0, 4]", "[1, -1, 0]", "truth_tables.0_1_0.values_int: has 3 elements, not 4"},
        {kanele, "[2, 0.3]", "[2]", "input_quantizer.gain: has 1 elements, not 2"},
        {kanele, "\"bits\": 2", "\"bits\": 3", "input_quantizer.bits: is 3, not one of 2..2"},
        {kanele, "[2, 3]", "[2, 99]", "config.layers_bitwidth[1]: is 99"},
        {kanele, "\"layers\": [2, 1]", "\"layers\": [2]", "config.layers: has 1 elements"},
        {kanele, "\"layers\": [2, 1]", "\"layers\": [70000, 1]", "config.layers[0]: is 70000"},
        {kanele, "\"layers\": [2, 1]", "\"layers\": {}", "config.layers: is an object, not an array"},
        {kanele, "[-3, 0, 2, 9]", "[-3, 0, 2, 99999999999999999999]", "net.json:1:"},
        {kanele, "[-3, 0, 2, 9]", "[-3, 0, 2, 9999999999]", "values_int[3]: is 9999999999"},
        {hgq, "\"i\": 1", "\"i\": 2", "layers[0].edges[1].i: is 2, not one of 0..1"},
        {hgq, "\"o\": 1", "\"o\": -1", "layers[0].edges[1].o: is -1"},
        {hgq, "\"bits\": 2", "\"bits\": 40", "layers[0].edges[0].bits: is 40"},
        {hgq, "\"bits\": 2", "\"bits\": 3", "layers[0].edges[0].table: has 4 elements, not 8"},
        {hgq, "\"shift\": 1", "\"shift\": -1", "layers[0].edges[0].shift: is -1"},
        {hgq, "\"f\": 1", "\"f\": \"1\"", "layers[0].edges[0].f: is a string, not an integer"},
        {hgq, "\"bias\": [1, -3]", "\"bias\": [1]", "layers[0].bias: has 1 elements, not 2"},
        {hgq, "{\"inputs\": 2, \"outputs\": 1", "{\"inputs\": 3, \"outputs\": 1",
         "layers[1].inputs: is 3, not one of 2..2"},
        {hgq, "\"edges\": [", "\"edges\": [7, ", "layers[0].edges[0]: is an integer, not an object"},
        {hgq, "\"table\": [1, 2", "\"table\": [1, 2, \"table\": [", "net.json:1:"},
    };
    lf_arena *a = lf_arena_new();
    for (size_t i = 0; i < LF_COUNT(cases); i++)
        expect_refused(changed(a, cases[i].net, cases[i].old, cases[i].now), cases[i].why);
    lf_arena_free(a);
}

static void wrong_files(void **state) {
    (void)state;
    expect_refused("", "the file is empty");
    expect_refused("[1, 2]", "JSON without the keys of a network format");
    expect_refused("{\"a\": 1}", "JSON without the keys of a network format");
    expect_refused("{\"class_name\": \"Sequential\", \"config\": {}}", "JSON (Keras): not in this version");
    expect_refused("{\"layers\": 3}", "layers: is an integer, not an array");
    expect_refused("{\"layers\": []}", "layers: has 0 elements");
    expect_refused("{\"layers\": [], \"layers\": []}", "duplicate");
    expect_refused("{\"layers\": [{}]}", "layers[0]: the key \"inputs\" is missing");
    lf_text deep = {0};
    for (int i = 0; i < 100000; i++)
        lf_text_add(&deep, "[");
    expect_refused(deep.at, "net.json:1:");
    lf_text_free(&deep);
}

/* Every prefix of a file is refused: none of them crashes or passes. */
static void cut_files(void **state) {
    (void)state;
    static const char *const net[] = {dwn, kanele, hgq};
    for (size_t k = 0; k < LF_COUNT(net); k++)
        for (size_t size = 0; size < strlen(net[k]); size++) {
            lf_ctx *ctx = lf_ctx_new(1);
            assert_null(lf_import_json_bytes(ctx, "net.json", (const uint8_t *)net[k], size));
            assert_true(lf_diag_errors(ctx) > 0);
            lf_ctx_free(ctx);
        }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dwn_counts),
        cmocka_unit_test(kanele_sums),
        cmocka_unit_test(hgq_wraps),
        cmocka_unit_test(programs_equal_networks),
        cmocka_unit_test(random_networks),
        cmocka_unit_test(encoders_need_a_grid),
        cmocka_unit_test(proposed_grids_are_exact),
        WITH_CONTEXT(awkward_grids_are_refused),
        cmocka_unit_test(text_form_round_trips),
        cmocka_unit_test(wrong_values),
        cmocka_unit_test(wrong_files),
        cmocka_unit_test(cut_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
