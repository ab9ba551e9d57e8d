/* The schedule, the random order and dropout: what they promise, and that they are the same everywhere. */
#include "../context.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "train/train_net.h"
#include "train/train_schedule.h"

static void test_cosine(void **state) {
    (void)state;
    for (int i = 0; i <= 1000; i++)
        assert_true(fabs(lf_cos_pi(i / 1000.0) - cos(3.14159265358979323846 * i / 1000.0)) < 1e-14);
}

static void test_rate(void **state) {
    (void)state;
    lf_recipe_training t = {.rate = 0.01, .final_rate = 0.1, .warmup_epochs = 2};
    double before = 0;
    for (uint64_t step = 0; step < 200; step++) { /* rises through the warm-up */
        double rate = lf_schedule_rate(&t, 10, 100, step);
        assert_true(rate > before && rate < 0.01);
        before = rate;
    }
    for (uint64_t step = 200; step < 1000; step++) { /* falls after it */
        double rate = lf_schedule_rate(&t, 10, 100, step);
        assert_true(rate <= 0.01 && rate >= 0.001 && (step == 200 || rate < before));
        before = rate;
    }
    assert_true(fabs(lf_schedule_rate(&t, 10, 100, 200) - 0.01) < 1e-12);
    assert_true(fabs(lf_schedule_rate(&t, 10, 100, 999) - 0.001) < 1e-6);
    t.warmup_epochs = 50; /* longer than the training: half of it */
    assert_true(lf_schedule_rate(&t, 1, 100, 49) < 0.01 && fabs(lf_schedule_rate(&t, 1, 100, 50) - 0.01) < 1e-12);
}

static void test_shuffle(void **state) {
    (void)state;
    enum { N = 500 };
    uint32_t a[N], b[N];
    bool seen[N] = {false};
    lf_shuffle(a, N, 1, 1);
    lf_shuffle(b, N, 1, 2);
    for (int i = 0; i < N; i++) {
        assert_true(a[i] < N && !seen[a[i]]);
        seen[a[i]] = true;
    }
    assert_memory_not_equal(a, b, sizeof a);
    lf_shuffle(b, N, 1, 1);
    assert_memory_equal(a, b, sizeof a);
}

static void test_dropout(void **state) {
    (void)state;
    enum { BATCH = 4096 };
    float keep[BATCH];
    lf_net n = {.batch = BATCH, .seed = 3};
    int dropped = 0;
    double sum = 0;
    lf_net_dropout(&n, 0, 7, BATCH, 0.25, keep);
    for (int i = 0; i < BATCH; i++) {
        assert_true(keep[i] == 0 || keep[i] == 256.0f / 192);
        dropped += keep[i] == 0;
        sum += (double)keep[i];
    }
    assert_true(abs(dropped - BATCH / 4) < 140); /* five deviations */
    assert_true(fabs(sum / BATCH - 1) < 0.05);
}

/* A shifted sample is the picture elsewhere, filled with the code of an empty pixel; no shift is the picture itself. */
static void test_columns(void **state) {
    enum { SIDE = 5, N = SIDE * SIDE };
    uint8_t bytes[N], labels[1] = {0};
    for (int i = 0; i < N; i++)
        bytes[i] = (uint8_t)(i + 1);
    static const char text[] =
        "data: x\ninput: {shape: [1, 5, 5], divisor: 1}\ninput_quantizer: {type: uint, bits: 8}\n"
        "weights: {type: bipolar}\nactivations: {type: bipolar}\nlayers: [2]\n";
    lf_ctx *ctx = *state;
    lf_recipe *r = lf_recipe_parse(ctx, "x.yaml", text, strlen(text));
    lf_feed f;
    lf_train_data d = {bytes, NULL, labels, 1};
    assert_int_equal(lf_feed_make(ctx, r->arena, r, N, &d, "part", &f), LF_OK);
    uint32_t rows[16] = {0};
    float plain[N * 16], moved[N * 16];
    lf_feed_columns(&f, rows, 0, plain, 16, NULL);
    lf_feed_columns(&f, rows, 0, moved, 16, &(lf_feed_change){.shift = 2, .seed = 9, .stream = 9});
    int different = 0;
    for (int j = 0; j < 16; j++) {
        int dy = 99, dx = 99;
        for (int k = 0; k < N; k++) {
            int at = (int)moved[k * 16 + j] - 1; /* where it came from, -1: empty */
            assert_true(plain[k * 16 + j] == (float)(k + 1));
            if (at < 0)
                continue;
            if (dy == 99)
                dy = k / SIDE - at / SIDE, dx = k % SIDE - at % SIDE;
            assert_true(k / SIDE - at / SIDE == dy && k % SIDE - at % SIDE == dx);
        }
        assert_true(abs(dy) <= 2 && abs(dx) <= 2);
        different += dy || dx;
    }
    assert_true(different > 8);
    lf_recipe_free(r);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_cosine), cmocka_unit_test(test_rate),
                                       cmocka_unit_test(test_shuffle), cmocka_unit_test(test_dropout),
                                       WITH_CONTEXT(test_columns)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
