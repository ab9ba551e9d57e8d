/* Layers that are logic, run bit-sliced by the fast engine: every row as the reference engine's, for every instruction set, type and number of rows; and
 * rows that are refused are refused in the same words. */
#include "../context.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../import/table_nets.h"
#include "base/file.h"
#include "base/rng.h"
#include "base/text.h"
#include "exec/exec.h"
#include "exec/fast.h"
#include "import/import.h"
#include "ir/lftext.h"
#include "ops/ops.h"
#include "pass/passes.h"

enum { ROWS = 1100 };

static void tell(lf_ctx *ctx, bool fine) {
    for (size_t i = 0; !fine && i < lf_diag_count(ctx); i++)
        print_message("%s\n", lf_diag_at(ctx, i)->text);
    assert_true(fine);
}

/* On a grid where there is one, as an integer program. */
static lf_graph *program(lf_ctx *ctx, lf_graph *g, const char *input, const char *passes) {
    tell(ctx, g != NULL);
    if (input)
        tell(ctx, lf_declare_input(g, input) == LF_OK && lf_infer(g) == LF_OK);
    tell(ctx, lf_pipeline_run(g, passes, NULL) == LF_OK);
    return g;
}

/* -- rows ----------------------------------------------------------------------------------------------------------------- */

typedef struct rows {
    float *single;
    double *real;
    int64_t *code; /* NULL: the input is real */
} rows;

/* Reals in steps of 1/16 and anything else; on a grid without a cast, its values. */
static rows make_rows(lf_arena *a, const lf_graph *g, lf_rng *rng) {
    const lf_port *port = &g->inputs.at[0];
    const lf_tensor *t = lf_tensor_at(g, port->tensor);
    size_t count = ROWS * (size_t)lf_shape_count(t->shape);
    rows r = {LF_NEW_ARRAY(a, float, count), LF_NEW_ARRAY(a, double, count), NULL};
    bool grid = lf_on_grid(t) && !(port->grid && port->grid->cast);
    if (lf_on_grid(t))
        r.code = LF_NEW_ARRAY(a, int64_t, count);
    for (size_t i = 0; i < count; i++) {
        int64_t code = lf_on_grid(t) ? lf_rng_between(rng, t->range.lo, t->range.hi) : 0;
        double v = (double)lf_rng_between(rng, -40, 40) / 16;
        if (lf_rng_below(rng, 4) == 0)
            v = ((double)lf_rng_below(rng, 1 << 20) - (1 << 19)) * 0x1.3p-17;
        if (grid && port->grid)
            v = port->grid->divisor != 0 ? (double)code / port->grid->divisor + port->grid->offset
                                         : (double)code * port->grid->scale + port->grid->offset;
        else if (grid)
            v = (double)code * t->grid.scale[0];
        r.single[i] = (float)v;
        r.real[i] = grid ? v : (double)(float)v;
        if (r.code)
            r.code[i] = code;
    }
    return r;
}

/* -- comparison ------------------------------------------------------------------------------------------------------------- */

typedef struct checked {
    lf_ctx *ctx;
    const lf_graph *g;
    double *want, *got; /* [ROWS][outputs] */
    size_t width;
} checked;

static void check_counts(const checked *k, const lf_row_in *in, lf_isa isa) {
    static const size_t counts[] = {1, 47, 48, 511, 512, 513, ROWS};
    lf_row_out out = {.tensor = k->g->outputs.at[0].tensor, .real = k->got};
    lf_plan *p = lf_plan_new_for(k->ctx, k->g, isa);
    lf_arena *a = lf_arena_new();
    for (size_t c = 0; c < LF_COUNT(counts); c++) {
        lf_plan_set_block(p, c == 5 ? 100 : c == 6 ? 700 : 0); /* rows of a plan that was asked once keep their room */
        lf_plan *fresh = c >= 5 ? lf_plan_new_for(k->ctx, k->g, isa) : NULL;
        if (fresh)
            lf_plan_set_block(fresh, c == 5 ? 100 : 700);
        memset(k->got, 0x77, ROWS * k->width * sizeof *k->got);
        tell(k->ctx, lf_plan_rows(fresh ? fresh : p, &(lf_row_io){in, 1, &out, 1}, counts[c]) == LF_OK);
        assert_memory_equal(k->got, k->want, counts[c] * k->width * sizeof *k->got);
        if (counts[c] >= 48)
            assert_non_null(strstr(lf_plan_text(fresh ? fresh : p, a), "as logic"));
        lf_plan_free(fresh);
    }
    lf_plan_free(p);
    lf_arena_free(a);
}

static void check(lf_ctx *ctx, lf_graph *g, lf_rng *rng) {
    lf_arena *a = lf_arena_new();
    rows r = make_rows(a, g, rng);
    checked k = {ctx, g, NULL, NULL, (size_t)lf_shape_count(lf_tensor_at(g, g->outputs.at[0].tensor)->shape)};
    k.want = LF_NEW_ARRAY(a, double, ROWS *k.width);
    k.got = LF_NEW_ARRAY(a, double, ROWS *k.width);
    lf_row_in in[] = {{g->inputs.at[0].tensor, LF_ROW_F32, r.single},
                      {g->inputs.at[0].tensor, LF_ROW_F64, r.real},
                      {g->inputs.at[0].tensor, LF_ROW_CODE, r.code}};
    for (size_t type = 0; type < LF_COUNT(in); type++) {
        if (!in[type].data)
            continue;
        lf_row_out out = {.tensor = g->outputs.at[0].tensor, .real = k.want};
        lf_exec *e = lf_exec_new(ctx, g);
        tell(ctx, lf_exec_rows(e, &(lf_row_io){&in[type], 1, &out, 1}, ROWS) == LF_OK);
        lf_exec_free(e);
        for (int isa = 0; isa < LF_ISA_COUNT; isa++)
            if (lf_cpu_has((lf_isa)isa))
                check_counts(&k, &in[type], (lf_isa)isa);
    }
    lf_arena_free(a);
}

/* -- networks --------------------------------------------------------------------------------------------------------------- */

static void imported_networks(void **state) {
    (void)state;
    static const char *const net[] = {dwn, kanele, hgq};
    static const char *const input[] = {NULL,           "FIXED<8,4>!",         "FIXED<6,3,TRN,SAT>!",
                                        "UFIXED<5,2>!", "FIXED<6,3,RND,SAT>!", "INT6,0.3,0.125",
                                        "UINT8,1/255",  "INT6,0.25",           "UINT4,0.5,1"};
    lf_rng rng = lf_rng_make(31, 0);
    for (size_t i = 0; i < LF_COUNT(net); i++)
        for (size_t k = 0; k < LF_COUNT(input); k++) {
            lf_ctx *ctx = lf_ctx_new(2);
            lf_graph *g = lf_import_json_bytes(ctx, "net.json", (const uint8_t *)net[i], strlen(net[i]));
            g = program(ctx, g, input[k], "integerize");
            check(ctx, g, &rng);
            lf_graph_free(g);
            lf_ctx_free(ctx);
        }
}

/* The same as hardware nodes `circuit`, minimized. */
static void minimized_networks(void **state) {
    (void)state;
    static const char *const net[] = {dwn, kanele, hgq};
    lf_rng rng = lf_rng_make(32, 0);
    for (size_t i = 0; i < LF_COUNT(net); i++) {
        lf_ctx *ctx = lf_ctx_new(2);
        lf_graph *g = lf_import_json_bytes(ctx, "net.json", (const uint8_t *)net[i], strlen(net[i]));
        g = program(ctx, g, "FIXED<8,4>!", "integerize, circuits");
        check(ctx, g, &rng);
        lf_graph_free(g);
        lf_ctx_free(ctx);
    }
}

/* Three layers of gates, counted, and the class with the most ones. */
static void random_gates(void **state) {
    (void)state;
    lf_rng rng = lf_rng_make(33, 0);
    for (int round = 0; round < 12; round++) {
        int inputs = (int)lf_rng_between(&rng, 2, 40), classes = (int)lf_rng_between(&rng, 2, 5);
        int each = (int)lf_rng_between(&rng, 1, 9), fan_in = (int)lf_rng_between(&rng, 1, 6), wide = 30;
        lf_text t = {0};
        lf_text_addf(&t, "lutfisk 1\ngraph \"gates\"\ninput \"x\" = %%h0 : UINT1[1,%d]\n", inputs);
        for (int k = 0; k < 3; k++) {
            int from = k ? wide : inputs, to = k == 2 ? classes * each : wide;
            lf_text_addf(&t, "const %%i%d : UINT8[%d,%d] range {0,%d,1} = [", k, to, fan_in, from - 1);
            for (int i = 0; i < to * fan_in; i++)
                lf_text_addf(&t, "%s%d", i ? ", " : "", (int)lf_rng_below(&rng, (uint32_t)from));
            lf_text_addf(&t, "]\nconst %%t%d : UINT1[%d,%d] = [", k, to, 1 << fan_in);
            for (int i = 0; i < to << fan_in; i++)
                lf_text_addf(&t, "%s%d", i ? ", " : "", (int)lf_rng_below(&rng, 2));
            lf_text_addf(&t, "]\n%%h%d : UINT1[1,%d] = table_neurons(%%h%d, %%i%d, %%t%d) \"l%d\"\n", k + 1, to, k, k,
                         k, k);
        }
        lf_text_addf(&t, "%%g : UINT1[1,%d,%d] = reshape(%%h3) \"groups\" {shape=[1, %d, %d]}\n", classes, each,
                     classes, each);
        lf_text_addf(&t, "%%c : UINT4[1,%d] = reduce(%%g) \"votes\" {axes=[-1], keepdims=false}\n", classes);
        lf_text_add(&t, "%y : UINT4[1,1] = argmax(%c) \"class\" {axis=-1}\noutput \"y\" = %y\n");
        lf_ctx *ctx = lf_ctx_new(1);
        lf_graph *g = lf_graph_parse(ctx, "gates.lf", t.at, t.len, NULL, 0, lf_op_find);
        tell(ctx, g && lf_infer(g) == LF_OK);
        check(ctx, g, &rng);
        lf_graph_free(g);
        lf_ctx_free(ctx);
        lf_text_free(&t);
    }
}

static void netlists_from_blif(void **state) {
    static const char blif[] =
        ".model m\n.inputs a b c\n.outputs y z w\n.names a b y\n11 1\n.names a b c t\n1-0 1\n01- 1\n"
        ".names t c z\n0- 1\n-0 1\n.names w\n1\n.end\n";
    lf_rng rng = lf_rng_make(34, 0);
    lf_ctx *ctx = *state;
    lf_graph *g =
        program(ctx, lf_import_blif_bytes(ctx, "m.blif", (const uint8_t *)blif, strlen(blif)), NULL, "integerize");
    check(ctx, g, &rng);
    lf_graph_free(g);
}

/* Beside the data sets: $LUTFISK_DATA/../models or ../shared/models. */
static void published_networks(void **state) {
    (void)state;
    static const char *const nets[][2] = {{"jsc_dwn/dwn_jsc_t200_distributive_50_l_b100.json", NULL},
                                          {"jsc_dwn/dwn_jsc_t200_distributive_50_l_b100.json", "FIXED<8,4>!"},
                                          {"jsc_dwn/dwn_jsc_t8_distributive_300-100_lr_b32.json", NULL},
                                          {"kanele/kanele_openml.json", NULL},
                                          {"hgq_lut/hgq_lut_openml_598_tables.json", NULL},
                                          {"hgq_lut/hgq_lut_openml_1439_tables.json", "FIXED<10,4>!"}};
    const char *data = getenv("LUTFISK_DATA");
    lf_arena *a = lf_arena_new();
    lf_rng rng = lf_rng_make(35, 0);
    for (size_t i = 0; i < LF_COUNT(nets); i++) {
        const char *path = lf_format(a, "%s/../models/%s", data ? data : "../shared/data", nets[i][0]);
        if (!lf_path_exists(path)) {
            print_message("skipped: no %s\n", nets[i][0]);
            continue;
        }
        lf_ctx *ctx = lf_ctx_new(2);
        lf_graph *g = program(ctx, lf_import(ctx, path), nets[i][1], "integerize");
        check(ctx, g, &rng);
        lf_graph_free(g);
        lf_ctx_free(ctx);
    }
    lf_arena_free(a);
}

/* -- numbers that the kernels do not take ------------------------------------------------------------------------------------- */

/* Row 600 of 700 holds v: results, or messages, are the reference engine's. */
static void check_odd(const char *net, const char *input, double v, lf_row_type type) {
    lf_ctx *ctx = lf_ctx_new(1), *other = lf_ctx_new(1);
    lf_graph *g =
        program(ctx, lf_import_json_bytes(ctx, "net.json", (const uint8_t *)net, strlen(net)), input, "integerize");
    lf_graph *same =
        program(other, lf_import_json_bytes(other, "net.json", (const uint8_t *)net, strlen(net)), input, "integerize");
    enum { N = 700, WIDTH = 2 };
    static float single[N * WIDTH];
    static double real[N * WIDTH], want[N * 4], got[N * 4];
    for (size_t i = 0; i < N * WIDTH; i++)
        real[i] = single[i] = (float)(i % 3);
    real[600 * WIDTH + 1] = v;
    single[600 * WIDTH + 1] = (float)v;
    lf_row_in in = {g->inputs.at[0].tensor, type, type == LF_ROW_F32 ? (void *)single : (void *)real}, too = in;
    lf_row_out out = {.tensor = g->outputs.at[0].tensor, .real = got}, expected = {.real = want};
    too.tensor = same->inputs.at[0].tensor;
    expected.tensor = same->outputs.at[0].tensor;
    size_t width = (size_t)lf_shape_count(lf_tensor_at(g, out.tensor)->shape);
    lf_plan *p = lf_plan_new(ctx, g);
    lf_exec *e = lf_exec_new(other, same);
    lf_status fast = lf_plan_rows(p, &(lf_row_io){&in, 1, &out, 1}, N);
    assert_int_equal(fast, lf_exec_rows(e, &(lf_row_io){&too, 1, &expected, 1}, N));
    assert_int_equal(lf_diag_count(ctx), lf_diag_count(other));
    if (fast == LF_OK)
        assert_memory_equal(got, want, N * width * sizeof *got);
    else
        assert_string_equal(lf_diag_at(ctx, 0)->text, lf_diag_at(other, 0)->text);
    lf_plan_free(p);
    lf_exec_free(e);
    lf_graph_free(g);
    lf_graph_free(same);
    lf_ctx_free(ctx);
    lf_ctx_free(other);
}

static void odd_numbers(void **state) {
    (void)state;
    static const char *const net[] = {dwn, kanele, hgq}, *const input[] = {NULL, "FIXED<8,4>!", "UINT8"};
    static const double odd[] = {(double)NAN, (double)INFINITY, -1e30, 1e300, 0.1, -0.0, 1e-310, -1e-310, 256, 3e9};
    for (size_t n = 0; n < LF_COUNT(net); n++)
        for (size_t i = 0; i < LF_COUNT(input); i++)
            for (size_t k = 0; k < LF_COUNT(odd); k++) {
                check_odd(net[n], input[i], odd[k], LF_ROW_F32);
                check_odd(net[n], input[i], odd[k], LF_ROW_F64);
            }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(imported_networks), cmocka_unit_test(minimized_networks), cmocka_unit_test(random_gates),
        WITH_CONTEXT(netlists_from_blif),    cmocka_unit_test(published_networks), cmocka_unit_test(odd_numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
