/* Rows to columns and back, floats to codes: every instruction set against what the header says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "kern/tiles.h"

enum { WIDTH = 21 };

static void check_turn(const lf_tiles *k, lf_rng *rng) {
    static const size_t counts[] = {1, 7, 8, 15, 16, 17, 511, LF_TILE_ROWS};
    static uint32_t rows[LF_TILE_ROWS * WIDTH], back[LF_TILE_ROWS * WIDTH];
    static uint32_t tile[(LF_TILE_COLUMNS + 1) * LF_TILE_ROWS];
    for (size_t i = 0; i < LF_TILE_ROWS * WIDTH; i++)
        rows[i] = (uint32_t)lf_rng_u64(rng);
    for (size_t columns = 1; columns <= LF_TILE_COLUMNS; columns++)
        for (size_t n = 0; n < sizeof counts / sizeof *counts; n++) {
            /* The last row ends where the memory does. */
            const uint32_t *from = rows + (LF_TILE_ROWS - counts[n]) * WIDTH + WIDTH - columns;
            memset(tile, 0xa5, sizeof tile);
            memset(back, 0x5a, sizeof back);
            k->turn(from, WIDTH * sizeof *rows, counts[n], columns, tile);
            for (size_t c = 0; c < columns; c++)
                for (size_t r = 0; r < LF_TILE_ROWS; r++)
                    assert_int_equal(tile[c * LF_TILE_ROWS + r], r < counts[n] ? from[r * WIDTH + c] : 0);
            assert_int_equal(tile[columns * LF_TILE_ROWS], 0xa5a5a5a5);
            k->back(tile, counts[n], columns, back + 2, WIDTH * sizeof *back);
            for (size_t r = 0; r < LF_TILE_ROWS; r++)
                for (size_t c = 0; c + 2 < WIDTH; c++)
                    assert_int_equal(back[r * WIDTH + c + 2],
                                     r < counts[n] && c < columns ? from[r * WIDTH + c] : 0x5a5a5a5a);
        }
}

static void check_finite(const lf_tiles *k, lf_rng *rng) {
    static const float odd[] = {NAN, INFINITY, -INFINITY};
    float column[LF_TILE_ROWS];
    for (int round = 0; round < 60; round++) {
        for (size_t r = 0; r < LF_TILE_ROWS; r++)
            column[r] = (float)lf_rng_between(rng, -1000, 1000) * (r % 3 ? 0x1p-140f : 0x1.9p110f);
        assert_true(k->finite(column));
        column[lf_rng_below(rng, LF_TILE_ROWS)] = odd[round % 3];
        assert_false(k->finite(column));
    }
}

static int32_t cast_of(double v, const lf_tile_cast *c) {
    double t = floor(v * (double)c->factor), n = ldexp(1, c->bits), lo = c->is_signed ? -n / 2 : 0, hi = lo + n - 1;
    return (int32_t)(c->wraps ? t - lo - floor((t - lo) / n) * n + lo : t < lo ? lo : t > hi ? hi : t);
}

static void check_cast(const lf_tiles *k, lf_rng *rng) {
    static const float odd[] = {NAN, INFINITY, 0x1p40f, -0x1.1p31f};
    float column[LF_TILE_ROWS];
    int32_t code[LF_TILE_ROWS];
    for (int round = 0; round < 200; round++) {
        lf_tile_cast c = {ldexpf(1, round % 3 ? round % 13 : 0), (int)lf_rng_between(rng, 1, 31), round & 1, round & 2};
        for (size_t r = 0; r < LF_TILE_ROWS; r++)
            column[r] = r % 4 == 0 ? (float)lf_rng_between(rng, -40, 40) / 16
                                   : (float)((double)lf_rng_between(rng, -(1 << 30), 1 << 30) * 0x1p-13);
        column[0] = -0x1p-149f;
        column[1] = -0.0f;
        assert_true(k->cast(column, &c, code));
        for (size_t r = 0; r < LF_TILE_ROWS; r++)
            assert_int_equal(code[r], cast_of((double)column[r], &c));
        column[lf_rng_below(rng, LF_TILE_ROWS)] = odd[round % 4];
        assert_false(k->cast(column, &c, code));
    }
}

static void check_find(const lf_tiles *k, lf_rng *rng) {
    static const lf_tile_grid grids[] = {
        {0, 256, 0x1p-8f, 0, 0, 255}, {0, 4, 0.25f, 0, -30, 31}, {1, 2, 0.5f, 0, 3, 17}};
    float column[LF_TILE_ROWS];
    int32_t code[LF_TILE_ROWS], want[LF_TILE_ROWS];
    for (size_t g = 0; g < 3; g++)
        for (int round = 0; round < 30; round++) {
            const lf_tile_grid *x = &grids[g];
            for (size_t r = 0; r < LF_TILE_ROWS; r++) {
                want[r] = (int32_t)lf_rng_between(rng, x->lo, x->hi);
                column[r] = (float)want[r] * x->high + x->offset;
            }
            assert_true(k->find(column, x, code));
            assert_memory_equal(code, want, sizeof code);
            const float odd[] = {NAN,
                                 INFINITY,
                                 nextafterf(column[0], 100),
                                 -(float)x->hi * 2 - 7,
                                 1e30f,
                                 ((float)x->hi + 1) / x->per_unit + x->offset};
            column[lf_rng_below(rng, LF_TILE_ROWS)] = odd[round % 6];
            assert_false(k->find(column, x, code));
        }
}

static void all_kernels(void **state) {
    (void)state;
    for (int isa = 0; isa < LF_ISA_COUNT; isa++) {
        if (!lf_cpu_has((lf_isa)isa))
            continue;
        lf_rng rng = lf_rng_make(4, 0);
        const lf_tiles *k = lf_tiles_for((lf_isa)isa);
        assert_int_equal(k->isa, isa);
        check_turn(k, &rng);
        check_finite(k, &rng);
        check_cast(k, &rng);
        check_find(k, &rng);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(all_kernels)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
