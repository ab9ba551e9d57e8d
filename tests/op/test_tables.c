/* The ops of table networks: thermometers, neurons and edges that are tables. */
#include "op_bench.h"

#include "base/rng.h"
#include "ops/table_edges.h"

/* -- thermometer ------------------------------------------------------------------------------------------------------- */

static void thermometer_compares(void **state) {
    (void)state;
    const double T[] = {-1, 0.25, 0.5, 0, 0, 7};
    const double x[] = {0.25, 0.5, 0.2500001, -0.0};
    const int want[] = {1, 0, 0, 1, 1, 0, 1, 1, 0, 0, 0, 0}; /* above, never at, a threshold */
    op_bench b;
    op_begin(&b);
    op_node(&b, "thermometer", 2, OP_IN(op_real(&b, "2,2"), op_const(&b, "2,3", T)), NULL);
    assert_int_equal(op_infer(&b), LF_OK);
    assert_int_equal(op_y(&b)->shape.dim[1], 6);
    memcpy(b.in[0].real, x, sizeof x);
    assert_int_equal(op_run(&b), LF_OK);
    for (size_t i = 0; i < 12; i++)
        assert_int_equal(b.out[0].code[i], want[i]);
    op_end(&b);
}

static void thermometer_of_codes(void **state) {
    (void)state;
    const int64_t T[] = {-9, -8, 0, 7};
    op_bench b;
    op_begin(&b);
    op_node(&b, "thermometer", 2, OP_IN(op_codes(&b, "1,1", (lf_range){-8, 7, 1}, 1), op_const_codes(&b, "1,4", T)),
            NULL);
    assert_int_equal(op_infer(&b), LF_OK);
    assert_range(op_range(&b.out[0], 0), 1, 1, 1); /* always, sometimes, sometimes, never */
    assert_range(op_range(&b.out[0], 1), 0, 1, 1);
    assert_range(op_range(&b.out[0], 3), 0, 0, 1);
    b.in[0].code[0] = -8;
    assert_int_equal(op_run(&b), LF_OK);
    assert_int_equal(b.out[0].code[0], 1);
    assert_int_equal(b.out[0].code[1], 0);
    op_end(&b);
}

static void thermometer_refuses(void **state) {
    (void)state;
    const double T[] = {0, 1, NAN, 2};
    op_bench b;
    op_begin(&b);
    op_node(&b, "thermometer", 2, OP_IN(op_real(&b, "1,3"), op_const(&b, "2,2", T)), NULL);
    assert_int_equal(op_infer(&b), LF_BAD_INPUT);
    op_node(&b, "thermometer", 2, OP_IN(op_real(&b, "1,2"), op_const(&b, "2,2", T)), NULL);
    assert_int_equal(op_infer(&b), LF_BAD_INPUT);
    op_end(&b);
}

/* -- neurons ----------------------------------------------------------------------------------------------------------- */

static void neurons_address_first_input_lowest(void **state) {
    (void)state;
    int64_t inputs[] = {2, 0, 1, 1}, tables[2 * 16];
    for (int64_t i = 0; i < 32; i++)
        tables[i] = i % 16 * 3 - i / 16;
    op_bench b;
    op_begin(&b);
    lf_tensor *x = op_codes(&b, "2,3", (lf_range){-2, 1, 1}, 0.5);
    op_node(&b, "table_neurons", 3, OP_IN(x, op_const_codes(&b, "2,2", inputs), op_const_codes(&b, "2,16", tables)),
            "bits", "2", "lo", "-2", NULL);
    assert_int_equal(op_infer(&b), LF_OK);
    assert_range(op_range(&b.out[0], 0), 0, 45, 3);
    assert_range(op_range(&b.out[0], 1), -1, 44, 3);
    const int64_t in[] = {-2, -1, 0, 1, 0, -2};
    memcpy(b.in[0].code, in, sizeof in);
    assert_int_equal(op_run(&b), LF_OK);
    const int64_t want[] = {(2 + 4 * 0) * 3, (1 + 4 * 1) * 3 - 1, (0 + 4 * 3) * 3, (2 + 4 * 2) * 3 - 1};
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(b.out[0].code[i], want[i]);
    op_end(&b);
}

static void neurons_refuse(void **state) {
    (void)state;
    const int64_t inputs[] = {0, 3}, tables[16] = {1};
    op_bench b;
    op_begin(&b);
    lf_tensor *x = op_codes(&b, "1,3", (lf_range){0, 3, 1}, 1);
    lf_tensor *in = op_const_codes(&b, "1,2", inputs), *T = op_const_codes(&b, "1,16", tables),
              *T4 = op_const_codes(&b, "1,4", tables);
    lf_tensor *wide = op_const_codes(&b, "1,2", (int64_t[]){0, 2});
    wide->range = (lf_range){0, 3, 1}; /* of a type of two bits: the values count */
    op_node(&b, "table_neurons", 3, OP_IN(x, wide, T), "bits", "2", NULL);
    assert_int_equal(op_infer(&b), LF_OK);
    lf_tensor *first = op_const_codes(&b, "1,1", inputs), *care = op_const_codes(&b, "1,2", (int64_t[]){255, 256});
    op_node(&b, "table_neurons", 3, OP_IN(x, in, T), "bits", "2", NULL); /* element 3 of 3 */
    assert_int_equal(op_infer(&b), LF_BAD_INPUT);
    op_node(&b, "table_neurons", 3, OP_IN(x, first, T), "bits", "2", NULL); /* 16 entries instead of 4 */
    assert_int_equal(op_infer(&b), LF_BAD_INPUT);
    op_node(&b, "table_neurons", 3, OP_IN(x, first, T4), "bits", "1", NULL); /* codes up to 3 in one bit */
    assert_int_equal(op_infer(&b), LF_BAD_INPUT);
    op_node(&b, "table_neurons", 3, OP_IN(x, first, T4), "bits", "2", "lo", "1", NULL);
    assert_int_equal(op_infer(&b), LF_BAD_INPUT);
    op_node(&b, "table_neurons", 4, OP_IN(x, first, T4, care), "bits", "2", NULL);
    assert_int_equal(op_infer(&b), LF_BAD_INPUT);
    op_node(&b, "table_neurons", 3, OP_IN(op_real(&b, "1,3"), first, T4), "bits", "2", NULL);
    assert_int_equal(op_infer(&b), LF_BAD_INPUT);
    op_end(&b);
}

/* -- edges ------------------------------------------------------------------------------------------------------------- */

/* floor(v * 2^shift + 1/2) and the index, by the definition in double, which is exact for small numbers. */
static size_t plain_index(const int64_t *edge, double v) {
    double n = ldexp(1, (int)edge[LF_EDGE_BITS]), lo = edge[LF_EDGE_SIGNED] ? -n / 2 : 0;
    double r = floor(ldexp(v, (int)edge[LF_EDGE_FRACTION]) + 0.5) - lo;
    return (size_t)(r - floor(r / n) * n);
}

static void indices_wrap(void **state) {
    (void)state;
    lf_rng r = lf_rng_make(7, 0);
    for (int i = 0; i < 20000; i++) {
        int64_t exponent = lf_rng_between(&r, -8, 8), code = lf_rng_between(&r, -70000, 70000);
        int64_t edge[LF_EDGE_COLUMNS] = {0, 0, lf_rng_between(&r, -9, 9), lf_rng_between(&r, 1, 10), i & 1, 0};
        double v = ldexp((double)code, -(int)exponent);
        assert_int_equal(lf_edge_index_code(edge, code, exponent), plain_index(edge, v));
        assert_int_equal(lf_edge_index_real(edge, v), plain_index(edge, v));
    }
}

static void indices_far_out(void **state) {
    (void)state;
    const int64_t top = (int64_t)1 << 62;
    int64_t edge[LF_EDGE_COLUMNS] = {0, 0, 0, 4, 1, 0};
    assert_int_equal(lf_edge_index_code(edge, top, -200), 8); /* a multiple of everything */
    assert_int_equal(lf_edge_index_code(edge, top, 63), 9);   /* one half: up */
    assert_int_equal(lf_edge_index_code(edge, -top, 63), 8);  /* minus one half: up */
    assert_int_equal(lf_edge_index_code(edge, -top, 300), 8);
    assert_int_equal(lf_edge_index_code(edge, -1, 0), 7);
    assert_int_equal(lf_edge_index_real(edge, 0.49999999999999994), 8);
    assert_int_equal(lf_edge_index_real(edge, -0.5), 8);
    assert_int_equal(lf_edge_index_real(edge, -1e-300), 8);
    assert_int_equal(lf_edge_index_real(edge, 1e300), 8);
    assert_int_equal(lf_edge_index_real(edge, -9007199254740991.0), 9); /* -(2^53 - 1) is 1 modulo 16 */
    edge[LF_EDGE_FRACTION] = 1000;
    assert_int_equal(lf_edge_index_real(edge, 1e300), 8); /* the product would be infinite */
}

/* Two edges of unlike format into one output, one into the other. */
static lf_tensor *const *edges_bench(op_bench *b, lf_tensor *x) {
    static lf_tensor *in[4];
    const int64_t edges[] = {0, 1, 1, 2, 1, 0, 1, 1, -1, 1, 0, 3, 1, 0, 0, 1, 1, 2},
                  tables[] = {5, 6, 7, 8, -1, 2, 100, 3}, bias[] = {1000, -2};
    in[0] = x;
    in[1] = op_const_codes(b, "3,6", edges);
    in[2] = op_const_codes(b, "8", tables);
    in[3] = op_const_codes(b, "2", bias);
    return in;
}

static void edges_add_up(void **state) {
    (void)state;
    op_bench b;
    op_begin(&b);
    op_node(&b, "table_edges", 4, edges_bench(&b, op_real(&b, "1,2")), "fraction", "-2", NULL);
    assert_int_equal(op_infer(&b), LF_OK);
    assert_true(op_y(&b)->grid.scale[0] == 4);
    assert_range(op_range(&b.out[0], 0), 1012, 1400, 388);
    assert_range(op_range(&b.out[0], 1), -5, 22, 1);
    b.in[0].real[0] = -0.5; /* times 2: -1, entry 1: 6 */
    b.in[0].real[1] = 3;    /* by 2, rounded: 2, entry 0: -1 << 3; entry 1 of the last (3 + 1 wraps to 0): 100 << 2 */
    assert_int_equal(op_run(&b), LF_OK);
    assert_int_equal(b.out[0].code[0], 1000 + (100 << 2));
    assert_int_equal(b.out[0].code[1], -2 + 6 - 8);
    op_end(&b);
}

static void edges_of_codes_equal_reals(void **state) {
    (void)state;
    for (int64_t exponent = -3; exponent <= 3; exponent++) {
        op_bench a, b;
        op_begin(&a);
        op_begin(&b);
        double scale = ldexp(1, -(int)exponent);
        op_node(&a, "table_edges", 4, edges_bench(&a, op_codes(&a, "1,2", (lf_range){-40, 40, 1}, scale)), NULL);
        op_node(&b, "table_edges", 4, edges_bench(&b, op_real(&b, "1,2")), NULL);
        assert_int_equal(op_infer(&a), LF_OK);
        assert_int_equal(op_infer(&b), LF_OK);
        for (int64_t code = -40; code <= 40; code++) {
            a.in[0].code[0] = code;
            a.in[0].code[1] = -code;
            b.in[0].real[0] = (double)code * scale;
            b.in[0].real[1] = -(double)code * scale;
            assert_int_equal(op_run(&a), LF_OK);
            assert_int_equal(op_run(&b), LF_OK);
            for (size_t o = 0; o < 2; o++) {
                assert_int_equal(a.out[0].code[o], b.out[0].code[o]);
                assert_true(lf_range_holds(op_range(&a.out[0], o), a.out[0].code[o]));
            }
        }
        op_end(&a);
        op_end(&b);
    }
}

/* A narrow input reaches some of the entries only. */
static void edges_ranges_follow_the_input(void **state) {
    (void)state;
    const int64_t edges[] = {0, 0, 0, 3, 1, 0}, tables[] = {1, 2, 3, 4, 5, 6, 7, 8}, bias[] = {0};
    op_bench b;
    op_begin(&b);
    op_node(&b, "table_edges", 4,
            OP_IN(op_codes(&b, "1,1", (lf_range){3, 5, 1}, 1), op_const_codes(&b, "1,6", edges),
                  op_const_codes(&b, "8", tables), op_const_codes(&b, "1", bias)),
            NULL);
    assert_int_equal(op_infer(&b), LF_OK);
    assert_range(op_range(&b.out[0], 0), 1, 8, 1); /* entries 7, 0, 1 */
    op_end(&b);
}

static void edges_refuse(void **state) {
    (void)state;
    static const int64_t wrong[][LF_EDGE_COLUMNS] = {{2, 0, 0, 2, 0, 0},  {-1, 0, 0, 2, 0, 0},   {0, 1, 0, 2, 0, 0},
                                                     {0, 0, 0, 21, 0, 0}, {0, 0, 0, 2, 2, 0},    {0, 0, 0, 2, 0, -1},
                                                     {0, 0, 0, 3, 0, 0},  {0, 0, 2000, 2, 0, 0}, {0, 0, 0, 0, 0, 0}};
    const int64_t tables[] = {1, 2, 3, 4}, bias[] = {0};
    for (size_t i = 0; i <= LF_COUNT(wrong); i++) {
        const int64_t right[] = {1, 0, 0, 2, 0, 0};
        op_bench b;
        op_begin(&b);
        op_node(&b, "table_edges", 4,
                OP_IN(op_real(&b, "1,2"), op_const_codes(&b, "1,6", i < LF_COUNT(wrong) ? wrong[i] : right),
                      op_const_codes(&b, "4", tables), op_const_codes(&b, "1", bias)),
                NULL);
        assert_int_equal(op_infer(&b), i < LF_COUNT(wrong) ? LF_BAD_INPUT : LF_OK);
        op_end(&b);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(thermometer_compares),
        cmocka_unit_test(thermometer_of_codes),
        cmocka_unit_test(thermometer_refuses),
        cmocka_unit_test(neurons_address_first_input_lowest),
        cmocka_unit_test(neurons_refuse),
        cmocka_unit_test(indices_wrap),
        cmocka_unit_test(indices_far_out),
        cmocka_unit_test(edges_add_up),
        cmocka_unit_test(edges_of_codes_equal_reals),
        cmocka_unit_test(edges_ranges_follow_the_input),
        cmocka_unit_test(edges_refuse),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
