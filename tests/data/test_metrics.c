#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "data/metrics.h"

static lf_arena *a;

static int set_up(void **state) {
    (void)state;
    a = lf_arena_new();
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    lf_arena_free(a);
    return 0;
}

static void test_top1(void **state) {
    (void)state;
    assert_int_equal(lf_top1((const double[]){1, 3, 3, 2}, 4), 1);
    assert_int_equal(lf_top1((const double[]){-1}, 1), 0);
    assert_int_equal(lf_top1((const double[]){-INFINITY, -5, -5}, 3), 1);
}

static void test_confusion(void **state) {
    (void)state;
    const double score[] = {1, 0, 0, /**/ 0, 1, 0, /**/ 0, 0, 1, /**/ 2, 2, 0};
    const uint8_t label[] = {0, 2, 2, 1};
    lf_metrics m;
    lf_metrics_of_scores(a, score, label, 4, 3, &m);
    const uint64_t want[9] = {1, 0, 0, 1, 0, 0, 0, 1, 1};
    assert_memory_equal(m.confusion, want, sizeof want);
    assert_int_equal(m.correct, 2);
    assert_true(m.accuracy == 0.5);
}

/* The definition: every pair of a positive and a negative, ties one half. */
static void test_auc(void **state) {
    (void)state;
    lf_rng r = lf_rng_make(1, 1);
    for (int round = 0; round < 50; round++) {
        double score[60];
        uint8_t label[60];
        for (int i = 0; i < 60; i++) {
            score[i] = lf_rng_below(&r, round % 2 ? 5 : 1000);
            label[i] = (uint8_t)lf_rng_below(&r, 3);
        }
        double won = 0, pairs = 0;
        for (int i = 0; i < 60; i++)
            for (int j = 0; j < 60; j++)
                if (label[i] == 1 && label[j] != 1) {
                    won += score[i] > score[j] ? 1 : score[i] == score[j] ? 0.5 : 0;
                    pairs++;
                }
        assert_true(fabs(lf_roc_auc(a, score, 1, label, 1, 60) - won / pairs) < 1e-15);
    }
    assert_true(isnan(lf_roc_auc(a, (const double[]){1, 2}, 1, (const uint8_t[]){0, 0}, 1, 2)));
    assert_true(lf_roc_auc(a, (const double[]){1, 9, 2, 9}, 2, (const uint8_t[]){0, 1}, 1, 2) == 1);
}

static uint64_t best_by_trying(const uint64_t *c, int n, int row, unsigned used) {
    uint64_t best = 0;
    for (int j = 0; row < n && j < n; j++)
        if (!(used >> j & 1)) {
            uint64_t v = c[j * n + row] + best_by_trying(c, n, row + 1, used | 1u << j);
            best = v > best ? v : best;
        }
    return best;
}

static void test_class_map(void **state) {
    (void)state;
    lf_rng r = lf_rng_make(2, 1);
    for (int round = 0; round < 200; round++) {
        int n = (int)lf_rng_between(&r, 1, 6), map[6];
        uint64_t c[36], got = 0;
        for (int i = 0; i < n * n; i++)
            c[i] = lf_rng_below(&r, round % 3 ? 100 : 3);
        uint64_t right = lf_best_class_map(a, c, n, map);
        unsigned used = 0;
        for (int i = 0; i < n; i++) {
            used |= 1u << map[i];
            got += c[map[i] * n + i];
        }
        assert_int_equal(used, (1u << n) - 1);
        assert_int_equal(got, right);
        assert_int_equal(right, best_by_trying(c, n, 0, 0));
    }
    /* all the same: the identity */
    uint64_t flat[100];
    int map[10];
    for (int i = 0; i < 100; i++)
        flat[i] = 7;
    assert_int_equal(lf_best_class_map(a, flat, 10, map), 70);
    for (int i = 0; i < 10; i++)
        assert_int_equal(map[i], i);
}

/* HGQ's jets have the class order g q w z t while the labels say g q t w z. */
static void test_permuted_jets(void **state) {
    (void)state;
    const int order[5] = {0, 1, 3, 4, 2};
    uint64_t c[25];
    int map[5];
    for (int i = 0; i < 5; i++)
        for (int j = 0; j < 5; j++)
            c[order[i] * 5 + j] = i == j ? 150 : 12;
    lf_best_class_map(a, c, 5, map);
    assert_memory_equal(map, order, sizeof map);
}

static void test_chance(void **state) {
    (void)state;
    assert_true(lf_near_chance(&(lf_metrics){.rows = 1000, .classes = 10, .accuracy = 0.11}));
    assert_false(lf_near_chance(&(lf_metrics){.rows = 1000, .classes = 10, .accuracy = 0.2}));
    assert_true(lf_near_chance(&(lf_metrics){.rows = 1000, .classes = 10, .accuracy = 0.01}));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_top1),      cmocka_unit_test(test_confusion),     cmocka_unit_test(test_auc),
        cmocka_unit_test(test_class_map), cmocka_unit_test(test_permuted_jets), cmocka_unit_test(test_chance),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
