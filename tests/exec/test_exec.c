/* The reference engine: rows in and out, declared grids and casts, refusals that name the row, the same results for any number of
 * threads. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <string.h>

#include "base/rng.h"
#include "exec/exec.h"
#include "ops/ops.h"
#include "pass/passes.h"

typedef struct net {
    lf_ctx *ctx;
    lf_graph *g;
    lf_id x, hidden, y;
} net;

static lf_id add_node(net *n, const char *op, const lf_id *in, int count, const char *name) {
    lf_id out = lf_tensor_new(n->g, name, (lf_shape){0}, LF_FLOAT32)->id;
    lf_node_new(n->g, lf_op_find(op), name, in, count, &out, 1, NULL);
    return out;
}

/* y = relu(x W) + sqrt(c), x [1, 4]; the second summand depends on constants only. */
static net make_net(int threads) {
    net n = {.ctx = lf_ctx_new(threads)};
    n.g = lf_graph_new(n.ctx, "net");
    n.x = lf_tensor_new(n.g, "x", lf_shape_make(2, (int64_t[]){1, 4}), LF_FLOAT32)->id;
    static const double w[] = {1, -2, 0.5, 3, -1, 0.25, 2, 2, -0.1, 0, 1, 1};
    lf_id wid = lf_const_reals(n.g, "w", lf_shape_make(2, (int64_t[]){4, 3}), w)->id;
    lf_id c = lf_const_reals(n.g, "c", lf_shape_make(1, (int64_t[]){3}), (double[]){4, 9, 2})->id;
    lf_id root = add_node(&n, "sqrt", &c, 1, "root");
    n.hidden = add_node(&n, "matmul", (lf_id[]){n.x, wid}, 2, "hidden");
    lf_id positive = add_node(&n, "relu", &n.hidden, 1, "positive");
    n.y = add_node(&n, "add", (lf_id[]){positive, root}, 2, "y");
    LF_PUSH(n.g->arena, &n.g->inputs, (lf_port){.name = "x", .tensor = n.x});
    LF_PUSH(n.g->arena, &n.g->outputs, (lf_port){.name = "y", .tensor = n.y});
    return n;
}

static void infer_net(net *n) {
    assert_int_equal(lf_infer(n->g), LF_OK);
    assert_int_equal(lf_verify_graph(n->g), LF_OK);
}

static void end_net(net *n) {
    lf_graph_free(n->g);
    lf_ctx_free(n->ctx);
}

static const char *last_message(const net *n) {
    assert_true(lf_diag_count(n->ctx) > 0);
    return lf_diag_at(n->ctx, lf_diag_count(n->ctx) - 1)->text;
}

static void values_and_types(void **state) {
    (void)state;
    net n = make_net(1);
    infer_net(&n);
    lf_exec *e = lf_exec_new(n.ctx, n.g);
    assert_non_null(e);
    float x[] = {1, 2, 3, 4, -1, 0.5f, 0, 1};
    double y[6], hidden[6];
    float single[6];
    lf_row_in in = {n.x, LF_ROW_F32, x};
    lf_row_out out[] = {{.tensor = n.y, .real = y, .single = single}, {.tensor = n.hidden, .real = hidden}};
    assert_int_equal(lf_exec_rows(e, &(lf_row_io){&in, 1, out, 2}, 2), LF_OK);
    static const double w[4][3] = {{1, -2, 0.5}, {3, -1, 0.25}, {2, 2, -0.1}, {0, 1, 1}};
    for (int r = 0; r < 2; r++)
        for (int j = 0; j < 3; j++) {
            double sum = 0;
            for (int k = 0; k < 4; k++)
                sum += (double)x[r * 4 + k] * w[k][j];
            double want = (sum > 0 ? sum : 0) + sqrt(j == 0 ? 4 : j == 1 ? 9 : 2);
            assert_true(hidden[r * 3 + j] == sum && y[r * 3 + j] == want && single[r * 3 + j] == (float)want);
        }
    /* rows given in the middle: what makes them is not run, x is not needed */
    double given[] = {5, -5, 0};
    lf_row_in middle = {n.hidden, LF_ROW_F64, given};
    assert_int_equal(lf_exec_rows(e, &(lf_row_io){&middle, 1, out, 1}, 1), LF_OK);
    assert_true(y[0] == 7 && y[1] == 3 && y[2] == sqrt(2));
    lf_row_out constant = {.tensor = lf_find_tensor(n.g, "root")->id, .real = y};
    assert_int_equal(lf_exec_rows(e, &(lf_row_io){NULL, 0, &constant, 1}, 1), LF_OK);
    assert_true(y[0] == 2 && y[1] == 3);
    lf_exec_free(e);
    end_net(&n);
}

static void refusals(void **state) {
    (void)state;
    net n = make_net(2);
    infer_net(&n);
    lf_exec *e = lf_exec_new(n.ctx, n.g);
    double x[300 * 4] = {0}, y[300 * 3];
    int64_t code[300 * 3];
    lf_row_in in = {n.x, LF_ROW_F64, x};
    lf_row_out out = {.tensor = n.y, .real = y};
    x[200 * 4 + 1] = INFINITY;
    x[170 * 4 + 3] = NAN;
    assert_int_equal(lf_exec_rows(e, &(lf_row_io){&in, 1, &out, 1}, 300), LF_BAD_INPUT);
    assert_string_equal(last_message(&n), "x: row 170, element 3 is NaN"); /* the first, whichever thread met it */
    x[170 * 4 + 3] = 0;
    assert_int_equal(lf_exec_rows(e, &(lf_row_io){&in, 1, &out, 1}, 300), LF_BAD_INPUT);
    assert_string_equal(last_message(&n), "x: row 200, element 1 is infinite");
    x[200 * 4 + 1] = 1e308;
    x[200 * 4 + 2] = 1e308;
    assert_int_equal(lf_exec_rows(e, &(lf_row_io){&in, 1, &out, 1}, 300), LF_BAD_INPUT);
    assert_non_null(strstr(last_message(&n), "outside the op's domain"));
    assert_non_null(strstr(lf_diag_at(n.ctx, lf_diag_count(n.ctx) - 1)->hint, "row 200"));
    assert_int_equal(lf_exec_rows(e, &(lf_row_io){NULL, 0, &out, 1}, 1), LF_BAD_INPUT);
    assert_non_null(strstr(last_message(&n), "no rows are given for input x"));
    lf_row_out codes = {.tensor = n.y, .code = code};
    assert_int_equal(lf_exec_rows(e, &(lf_row_io){&in, 1, &codes, 1}, 1), LF_BAD_INPUT);
    lf_exec_free(e);
    end_net(&n);
}

static void same_for_any_threads(void **state) {
    (void)state;
    enum { ROWS = 700 };
    static double x[ROWS * 4], y[3][ROWS * 3];
    lf_rng rng = lf_rng_make(3, 3);
    for (int i = 0; i < ROWS * 4; i++)
        x[i] = lf_rng_normal(&rng);
    static const int threads[] = {1, 2, 5};
    for (int t = 0; t < 3; t++) {
        net n = make_net(threads[t]);
        infer_net(&n);
        lf_exec *e = lf_exec_new(n.ctx, n.g);
        lf_row_in in = {n.x, LF_ROW_F64, x};
        lf_row_out out = {.tensor = n.y, .real = y[t]};
        assert_int_equal(lf_exec_rows(e, &(lf_row_io){&in, 1, &out, 1}, ROWS), LF_OK);
        lf_exec_free(e);
        end_net(&n);
    }
    assert_memory_equal(y[0], y[1], sizeof y[0]);
    assert_memory_equal(y[0], y[2], sizeof y[0]);
}

/* One row through a declared grid: the value that the network then sees. */
static lf_status through_grid(const char *spec, lf_row_type type, const void *row, double *seen, int64_t *codes) {
    net n = make_net(1);
    assert_int_equal(lf_declare_input(n.g, spec), LF_OK);
    infer_net(&n);
    lf_exec *e = lf_exec_new(n.ctx, n.g);
    lf_id port = n.g->inputs.at[0].tensor;
    lf_row_in in = {port, type, row};
    lf_row_out out[] = {{.tensor = n.x, .real = seen}, {.tensor = port, .code = codes}};
    lf_status status = lf_exec_rows(e, &(lf_row_io){&in, 1, out, 2}, 1);
    if (status != LF_OK)
        assert_non_null(strstr(last_message(&n), "row 0, element"));
    lf_exec_free(e);
    end_net(&n);
    return status;
}

static void pixels(void **state) {
    (void)state;
    float x[4];
    double seen[4];
    int64_t codes[4];
    static const int p[4] = {0, 7, 100, 255};
    for (int i = 0; i < 4; i++)
        x[i] = (float)p[i] / 255.0f;
    assert_int_equal(through_grid("x=UINT8,1/255", LF_ROW_F32, x, seen, codes), LF_OK);
    for (int i = 0; i < 4; i++) {
        assert_int_equal(codes[i], p[i]);
        assert_true(seen[i] == p[i] / 255.0);
    }
    x[2] = 0.3f;
    assert_int_equal(through_grid("UINT8,1/255", LF_ROW_F32, x, seen, codes), LF_BAD_INPUT);
    double d[] = {0, 7.0 / 255, (double)(100.0f / 255.0f), 1}; /* doubles, or floats written as doubles */
    assert_int_equal(through_grid("UINT8,1/255", LF_ROW_F64, d, seen, codes), LF_OK);
    assert_int_equal(codes[2], 100);
    d[3] = 256.0 / 255;
    assert_int_equal(through_grid("UINT8,1/255", LF_ROW_F64, d, seen, codes), LF_BAD_INPUT);
}

static void grid_with_offset(void **state) {
    (void)state;
    double x[] = {-1, -1 + 0.1, -1 + 3 * 0.1, -1 + 15 * 0.1}, seen[4];
    int64_t codes[4];
    assert_int_equal(through_grid("UINT4,0.1,-1", LF_ROW_F64, x, seen, codes), LF_OK);
    static const int64_t want[] = {0, 1, 3, 15};
    assert_memory_equal(codes, want, sizeof want);
    assert_true(seen[3] == 15 * 0.1 + -1);
    x[0] = -1.1;
    assert_int_equal(through_grid("UINT4,0.1,-1", LF_ROW_F64, x, seen, codes), LF_BAD_INPUT);
}

static void casts(void **state) {
    (void)state;
    double x[] = {0.3, -0.3, 100.03125, -8.015625}, seen[4];
    int64_t codes[4];
    assert_int_equal(through_grid("FIXED<8,4>!", LF_ROW_F64, x, seen, codes),
                     LF_OK); /* TRN, WRAP: 16 codes a unit, -8 .. 8 */
    static const int64_t fixed[] = {4, -5, (1600 & 255), 127};
    assert_memory_equal(codes, fixed, sizeof fixed);
    assert_true(seen[1] == -5.0 / 16);
    assert_int_equal(through_grid("FIXED<8,4,RND,SAT>!", LF_ROW_F64, x, seen, codes), LF_OK);
    static const int64_t saturated[] = {5, -5, 127, -128};
    assert_memory_equal(codes, saturated, sizeof saturated);
    assert_int_equal(through_grid("INT4!,0.5", LF_ROW_F64, x, seen, codes),
                     LF_OK);                       /* toward minus infinity, and wrap */
    static const int64_t ints[] = {0, -1, -8, -1}; /* 0, -1, 200 and -17 modulo 16 */
    assert_memory_equal(codes, ints, sizeof ints);
    x[0] = NAN;
    assert_int_equal(through_grid("INT4!", LF_ROW_F64, x, seen, codes), LF_BAD_INPUT);
}

/* Tensors on the grid by themselves take values and codes, within their range only. */
static void integer_inputs(void **state) {
    (void)state;
    net n = {.ctx = lf_ctx_new(1)};
    n.g = lf_graph_new(n.ctx, "codes");
    lf_tensor *x = lf_tensor_new(n.g, "x", lf_shape_make(1, (int64_t[]){2}), lf_int(4));
    lf_set_codes(n.g, x, (lf_range){-6, 6, 2});
    lf_id y = add_node(&n, "relu", &x->id, 1, "y");
    LF_PUSH(n.g->arena, &n.g->inputs, (lf_port){.name = "x", .tensor = x->id});
    LF_PUSH(n.g->arena, &n.g->outputs, (lf_port){.name = "y", .tensor = y});
    assert_int_equal(lf_infer(n.g), LF_OK);
    lf_exec *e = lf_exec_new(n.ctx, n.g);
    int64_t codes[] = {-4, 6}, got[2];
    double reals[] = {2, -2};
    lf_row_in in = {x->id, LF_ROW_CODE, codes};
    lf_row_out out = {.tensor = y, .code = got};
    lf_row_io io = {&in, 1, &out, 1};
    assert_int_equal(lf_exec_rows(e, &io, 1), LF_OK);
    assert_true(got[0] == 0 && got[1] == 6);
    in = (lf_row_in){x->id, LF_ROW_F64, reals};
    assert_int_equal(lf_exec_rows(e, &io, 1), LF_OK);
    assert_true(got[0] == 2 && got[1] == 0);
    reals[1] = 3;
    assert_int_equal(lf_exec_rows(e, &io, 1), LF_BAD_INPUT);
    codes[0] = 8;
    in = (lf_row_in){x->id, LF_ROW_CODE, codes};
    assert_int_equal(lf_exec_rows(e, &io, 1), LF_BAD_INPUT);
    lf_exec_free(e);
    end_net(&n);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_and_types), cmocka_unit_test(refusals),         cmocka_unit_test(same_for_any_threads),
        cmocka_unit_test(pixels),           cmocka_unit_test(grid_with_offset), cmocka_unit_test(casts),
        cmocka_unit_test(integer_inputs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
