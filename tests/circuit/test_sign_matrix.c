/* Matrices of signs as circuits: equal to the product, for all shapes and groups; what a random matrix takes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/rng.h"
#include "circuit/add_bits.h"
#include "circuit/sign_matrix.h"

enum { ROWS = 20, INPUTS = 70, SAMPLES = 40 };

typedef struct fixture {
    lf_ctx *ctx;
    lf_circuit *c;
    lf_rng rng;
    int8_t weight[ROWS * INPUTS];
    lf_sign_matrix m;
    lf_range range[INPUTS];
} fixture;

static int draw(fixture *f, int count) {
    return (int)(lf_rng_u32(&f->rng) % (uint32_t)count);
}

static void fill(fixture *f, bool ternary) {
    for (size_t i = 0; i < f->m.rows * f->m.inputs; i++)
        f->weight[i] = (int8_t)(ternary ? draw(f, 3) - 1 : 2 * draw(f, 2) - 1);
}

/* A value of r: its ends, then any. */
static int64_t value_of(fixture *f, lf_range r, int sample) {
    int64_t count = (r.hi - r.lo) / r.step + 1;
    return sample == 0 ? r.lo : sample == 1 ? r.hi : r.lo + r.step * draw(f, (int)count);
}

static void check_rows(fixture *f) {
    int64_t *scratch = calloc(f->c->words.count, sizeof *scratch), in[INPUTS], out[ROWS];
    for (int s = 0; s < SAMPLES; s++) {
        for (size_t i = 0; i < f->m.inputs; i++)
            in[i] = value_of(f, f->range[i], s);
        lf_circuit_run(f->c, in, out, scratch);
        for (size_t r = 0; r < f->m.rows; r++) {
            int64_t want = 0;
            for (size_t i = 0; i < f->m.inputs; i++)
                want += f->weight[r * f->m.inputs + i] * in[i];
            assert_int_equal(out[r], want);
        }
    }
    free(scratch);
}

static void check_matrix(fixture *f, int group, int kind) {
    static const lf_range ranges[] = {{0, 1, 1}, {-1, 1, 2}, {0, 3, 1}, {-4, 3, 1}, {-3, 9, 4}, {-5, 2, 1}, {6, 6, 1}};
    lf_word x[INPUTS], sums[ROWS];
    f->c = lf_circuit_new(f->ctx);
    for (size_t i = 0; i < f->m.inputs; i++) {
        f->range[i] = ranges[kind < (int)LF_COUNT(ranges) ? kind : draw(f, LF_COUNT(ranges))];
        x[i] = lf_circuit_input(f->c, f->range[i]);
    }
    lf_circuit_sign_matrix(f->c, &f->m, group, x, sums);
    for (size_t r = 0; r < f->m.rows; r++)
        lf_circuit_output(f->c, sums[r]);
    assert_int_equal(lf_circuit_ok(f->c), LF_OK);
    check_rows(f);
    lf_circuit_free(f->c);
}

static void test_products(void **state) {
    fixture f = {.ctx = lf_ctx_new(1), .rng = lf_rng_make(11, 0)};
    (void)state;
    for (int i = 0; i < 120; i++) {
        f.m = (lf_sign_matrix){f.weight, (size_t)(1 + draw(&f, ROWS)), (size_t)(1 + draw(&f, INPUTS))};
        fill(&f, draw(&f, 2));
        if (i % 7 == 0) /* rows that are equal, opposite, and empty */
            for (size_t r = 0; r < f.m.rows; r++)
                for (size_t k = 0; k < f.m.inputs; k++)
                    f.weight[r * f.m.inputs + k] = (int8_t)(f.weight[k] * ((int)(r % 3) - 1));
        check_matrix(&f, i % (LF_SIGN_GROUP_MAX + 1), i % 10);
    }
    lf_ctx_free(f.ctx);
}

static void test_bits(void **state) {
    lf_ctx *ctx = lf_ctx_new(1);
    lf_rng rng = lf_rng_make(3, 0);
    (void)state;
    for (size_t n = 0; n <= 200; n += n < 20 ? 1 : 45) {
        lf_circuit *c = lf_circuit_new(ctx);
        lf_weighted_bit bits[200];
        int64_t in[200], out[1], most = 0;
        for (size_t i = 0; i < n; i++) {
            bits[i] =
                (lf_weighted_bit){lf_circuit_input(c, (lf_range){0, 1, 1}), n % 2 ? 0 : (int)lf_rng_below(&rng, 9)};
            most += (int64_t)1 << bits[i].power;
        }
        lf_word sum = lf_circuit_add_bits(c, bits, n);
        lf_circuit_output(c, sum);
        assert_int_equal(lf_word_bits(c, sum), lf_bits_unsigned((uint64_t)most));
        assert_false(lf_word_signed(c, sum));
        int64_t *scratch = calloc(c->words.count, sizeof *scratch);
        for (int s = 0; s < 60; s++) {
            int64_t want = 0;
            for (size_t i = 0; i < n; i++) {
                in[i] = s == 0 || (s > 1 && lf_rng_u32(&rng) % 2);
                want += in[i] << bits[i].power;
            }
            lf_circuit_run(c, in, out, scratch);
            assert_int_equal(out[0], want);
        }
        free(scratch);
        lf_circuit_free(c);
    }
    lf_ctx_free(ctx);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_products), cmocka_unit_test(test_bits)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
