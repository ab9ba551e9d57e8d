/* Whole integer graphs as one circuit: the circuit computes what the graph computes. Small networks, and published ones where
 * they are found. */
#include "../context.h"
#include "../import/table_nets.h"
#include "../op/op_bench.h"

#include "base/file.h"
#include "base/rng.h"
#include "circuit/circuit.h"
#include "exec/exec.h"
#include "import/import.h"
#include "ir/lftext.h"
#include "ops/circuit_region.h"
#include "pass/passes.h"

enum { ROWS = 400 };

static lf_graph *program(lf_ctx *ctx, lf_graph *g, const char *input) {
    assert_non_null(g);
    assert_int_equal(lf_declare_input(g, input), LF_OK);
    assert_int_equal(lf_infer(g), LF_OK);
    lf_status status = lf_pipeline_run(g, "integerize", NULL);
    for (size_t i = 0; status != LF_OK && i < lf_diag_count(ctx); i++)
        print_message("%s\n", lf_diag_at(ctx, i)->text);
    assert_int_equal(status, LF_OK);
    return g;
}

static void compare_rows(lf_ctx *ctx, const lf_graph *g, const lf_circuit_region *r, const lf_circuit *c, lf_arena *a) {
    size_t ins = c->inputs.count, outs = c->outputs.count;
    int64_t *x = LF_NEW_ARRAY(a, int64_t, ROWS * ins), *y = LF_NEW_ARRAY(a, int64_t, ROWS * outs),
            *got = LF_NEW_ARRAY(a, int64_t, outs + 1);
    int64_t *scratch = LF_NEW_ARRAY(a, int64_t, c->words.count);
    lf_rng rng = lf_rng_make(5, 0);
    for (size_t i = 0; i < ROWS * ins; i++) {
        lf_range w = lf_word_range(c, c->inputs.at[i % ins]);
        /* Half of the rows near the middle, where thresholds lie. */
        int64_t near = (w.hi - w.lo) / 16 + 1, lo = i / ins % 2 ? w.lo : w.lo + (w.hi - w.lo) / 2 - near,
                hi = i / ins % 2 ? w.hi : w.lo + (w.hi - w.lo) / 2 + near;
        x[i] = i < ins ? w.lo : i < 2 * ins ? w.hi : lf_rng_between(&rng, lo < w.lo ? w.lo : lo, hi > w.hi ? w.hi : hi);
    }
    assert_int_equal(r->inputs.count, 1);
    assert_int_equal(r->outputs.count, 1);
    lf_row_in in = {r->inputs.at[0], LF_ROW_CODE, x};
    lf_row_out out = {.tensor = r->outputs.at[0], .code = y};
    lf_exec *e = lf_exec_new(ctx, g);
    assert_int_equal(lf_exec_rows(e, &(lf_row_io){&in, 1, &out, 1}, ROWS), LF_OK);
    lf_exec_free(e);
    for (size_t row = 0; row < ROWS; row++) {
        lf_circuit_run(c, x + row * ins, got, scratch);
        for (size_t o = 0; o < outs; o++)
            assert_int_equal(got[o], y[row * outs + o]);
    }
}

static void check_graph(lf_ctx *ctx, lf_graph *g, bool told) {
    lf_arena *a = lf_arena_new();
    lf_circuit_region r;
    lf_circuit *c;
    lf_circuit_stats s;
    lf_circuit_region_all(g, a, &r);
    assert_int_equal(lf_circuit_of_graph(g, &c), LF_OK);
    lf_circuit_count(c, &s);
    if (told)
        print_message("%s: %zu words; LUTs and carry bits: core %zu, encoder %zu, head %zu; %zu tables\n", g->name,
                      c->words.count, s.luts[LF_PART_CORE], s.luts[LF_PART_ENCODER], s.luts[LF_PART_HEAD],
                      s.ops[LF_WORD_TABLE]);
    compare_rows(ctx, g, &r, c, a);
    const lf_tensor *y = lf_tensor_at(g, r.outputs.at[0]);
    for (size_t o = 0; o < c->outputs.count; o++)
        assert_true(lf_word_range(c, c->outputs.at[o]).lo >= y->range.lo &&
                    lf_word_range(c, c->outputs.at[o]).hi <= y->range.hi);
    lf_circuit_free(c);
    lf_graph_free(g);
    lf_arena_free(a);
}

static void small_networks(void **state) {
    (void)state;
    static const char *const net[] = {dwn, kanele, hgq}, *const input[] = {"FIXED<8,4>!", "INT6,0.3,0.125",
                                                                           "UINT8,1/255"};
    for (size_t i = 0; i < LF_COUNT(net); i++)
        for (size_t k = 0; k < LF_COUNT(input); k++) {
            lf_ctx *ctx = lf_ctx_new(1);
            lf_graph *g = lf_import_json_bytes(ctx, "net.json", (const uint8_t *)net[i], strlen(net[i]));
            check_graph(ctx, program(ctx, g, input[k]), false);
            lf_ctx_free(ctx);
        }
}

/* Beside the data sets: $LUTFISK_DATA/../models or ../shared/models. */
static void published_networks(void **state) {
    (void)state;
    static const char *const nets[][2] = {{"jsc_dwn/dwn_jsc_t200_distributive_50_l_b100.json", "FIXED<18,4>!"},
                                          {"jsc_dwn/dwn_jsc_t8_distributive_300-100_lr_b32.json", "FIXED<18,4>!"},
                                          {"kanele/kanele_openml.json", "FIXED<22,4>!"},
                                          {"hgq_lut/hgq_lut_openml_598_tables.json", "FIXED<10,4>!"},
                                          {"hgq_lut/hgq_lut_openml_1439_tables.json", "FIXED<10,4>!"}};
    const char *data = getenv("LUTFISK_DATA");
    lf_arena *a = lf_arena_new();
    for (size_t i = 0; i < LF_COUNT(nets); i++) {
        const char *path =
            data ? lf_format(a, "%s/../models/%s", data, nets[i][0]) : lf_format(a, "../shared/models/%s", nets[i][0]);
        if (!lf_path_exists(path)) {
            print_message("skipped: no %s\n", nets[i][0]);
            continue;
        }
        lf_ctx *ctx = lf_ctx_new(1);
        check_graph(ctx, program(ctx, lf_import(ctx, path), nets[i][1]), true);
        lf_ctx_free(ctx);
    }
    lf_arena_free(a);
}

/* Quantizers between layers of tables, votes and argmax: what training makes. */
static void layers_with_quantizers(void **state) {
    static const char text[] =
        "lutfisk 1\ngraph \"net\"\ninput \"x\" = %x : FLOAT32[1,3]\n"
        "const %T : FLOAT32[3,2] = [-0.5, 0.25, 0, 0, 1, -1]\n"
        "const %i0 : UINT3[4,2] range {0,5,1} = [0, 1, 2, 3, 4, 5, 5, 0]\n"
        "const %t0 : INT3[4,4] range {-4,3,1} scale 0.5 = [-4, 3, 2, 1, 0, 1, 2, 3, -1, -2, 1, 1, 3, 3, -3, 2]\n"
        "const %i1 : UINT2[6,2] range {0,3,1} = [0, 1, 1, 2, 2, 3, 3, 0, 0, 2, 1, 3]\n"
        "const %t1 : UINT1[6,64] = [%s]\n"
        "%%h : FLOAT32[1,6] = thermometer(%%x, %%T) \"enc\"\n"
        "%%a : INT3[1,4] scale 0.5 = table_neurons(%%h, %%i0, %%t0) \"l0\"\n"
        "%%b : UINT1[1,6] = table_neurons(%%a, %%i1, %%t1) \"l1\" {bits=3, lo=-4}\n"
        "%%c : UINT1[1,3,2] = reshape(%%b) \"groups\" {shape=[1, 3, 2]}\n"
        "%%d : UINT2[1,3] = reduce(%%c) \"votes\" {axes=[-1], keepdims=false}\n"
        "%%y : UINT2[1,1] = argmax(%%d) \"class\" {axis=-1}\n"
        "output \"y\" = %%y\n";
    lf_ctx *ctx = *state;
    lf_text net = {0};
    for (const char *at = text; *at; at++) { /* the one %s is a table, %% is a percent sign */
        if (at[0] == '%' && at[1] == 's' && at++)
            for (int i = 0; i < 6 * 64; i++)
                lf_text_addf(&net, "%s%d", i ? ", " : "", i * i % 7 < 3);
        else if (at[0] != '%' || at[1] != '%')
            lf_text_addn(&net, at, 1);
    }
    lf_graph *g = lf_graph_parse(ctx, "net.lf", net.at, net.len, NULL, 0, lf_op_find);
    for (size_t i = 0; !g && i < lf_diag_count(ctx); i++)
        print_message("%s\n", lf_diag_at(ctx, i)->text);
    assert_non_null(g);
    assert_int_equal(lf_infer(g), LF_OK);
    g = program(ctx, g, "FIXED<6,3>!");
    for (size_t i = 0; i < g->order.count; i++) {
        const lf_node *n = lf_node_at(g, g->order.at[i]);
        assert_true((n->place == LF_PLACE_HOST) == !strcmp(n->op->name, "dequantize"));
    }
    check_graph(ctx, g, false);
    lf_text_free(&net);
}

/* What is before, in and behind the layers; thresholds that nobody reads are gone. */
static void parts_are_told(void **state) {
    lf_ctx *ctx = *state;
    lf_graph *g = program(ctx, lf_import_json_bytes(ctx, "net.json", (const uint8_t *)dwn, strlen(dwn)), "FIXED<8,4>!");
    lf_circuit *c;
    assert_int_equal(lf_circuit_of_graph(g, &c), LF_OK);
    size_t less = 0;
    for (size_t w = 1; w < c->words.count; w++) {
        const lf_word_def *d = &c->words.at[w];
        less += d->op == LF_WORD_LESS;
        if (d->op == LF_WORD_LESS)
            assert_int_equal(d->part, LF_PART_ENCODER);
        if (d->op == LF_WORD_ADD)
            assert_int_equal(d->part, LF_PART_HEAD);
    }
    assert_int_equal(less, 5); /* of six thresholds two are equal */
    lf_circuit_free(c);
    lf_graph_free(g);
}

/* Ops without the face are all named. */
static void others_are_refused(void **state) {
    (void)state;
    op_bench b;
    op_begin(&b);
    lf_tensor *x = op_codes(&b, "1,4", (lf_range){0, 3, 1}, 1);
    op_node(&b, "mul", 2, OP_IN(x, x), NULL);
    assert_int_equal(op_infer(&b), LF_OK);
    b.n->place = LF_PLACE_FPGA;
    lf_circuit *c;
    assert_int_equal(lf_circuit_of_graph(b.g, &c), LF_BAD_INPUT);
    assert_null(c);
    assert_non_null(strstr(lf_diag_at(b.ctx, 0)->text, "mul cannot be a circuit"));
    op_end(&b);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(small_networks), cmocka_unit_test(published_networks), WITH_CONTEXT(layers_with_quantizers),
        WITH_CONTEXT(parts_are_told),     cmocka_unit_test(others_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
