/* The recipes on MNIST: mean and range of three seeds against their floors, with the seconds they took. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "data/set.h"
#include "train/train.h"

enum { SEEDS = 3 };

typedef struct floor_case {
    const char *recipe;
    double accuracy; /* mean test accuracy, in per cent */
    double seconds;  /* of one training on two idle cores; not asserted, the machine may be busy */
} floor_case;

static const floor_case floors[] = {
    {"recipes/tfc-w1a1.yaml", 92.0, 30},
    {"recipes/tfc-w2a2.yaml", 96.0, 30},
    {"recipes/sfc-w1a1.yaml", 97.0, 120},
    {"recipes/lfc-w1a1.yaml", 98.2, 900},
};

typedef struct fixture {
    lf_ctx *ctx;
    lf_dataset *train, *test;
} fixture;

static int set_up(void **state) {
    static fixture f;
    const char *given = getenv("LUTFISK_DATA");
    const char *dirs[] = {given ? given : "../shared/data", NULL};
    f.ctx = lf_ctx_new(0);
    if (lf_data_is_there("mnist:train", dirs)) {
        f.train = lf_data_open(f.ctx, "mnist:train", dirs);
        f.test = lf_data_open(f.ctx, "mnist:test", dirs);
    }
    *state = &f;
    return 0;
}

static int tear_down(void **state) {
    fixture *f = *state;
    lf_dataset_free(f->train);
    lf_dataset_free(f->test);
    lf_ctx_free(f->ctx);
    return 0;
}

static lf_train_data rows_of(const lf_dataset *d) {
    return (lf_train_data){d->raw, d->real, d->label, d->rows};
}

static double train_once(const fixture *f, const lf_recipe *r, int seed) {
    lf_train_options o = lf_train_defaults();
    lf_train_report report;
    lf_graph *g = NULL;
    o.features = f->train->features;
    o.train = rows_of(f->train);
    o.test = rows_of(f->test);
    o.seed = seed;
    assert_int_equal(lf_train(f->ctx, r, &o, &report, &g), LF_OK);
    lf_graph_free(g);
    printf("%s seed %d: %.2f %% held out, %.2f %% test, %.1f s, %s\n", r->name, seed, 100 * report.valid_accuracy,
           100 * report.test_accuracy, report.seconds, report.kernel);
    fflush(stdout);
    return 100 * report.test_accuracy;
}

static void check_floor(const fixture *f, const floor_case *c) {
    lf_recipe *r = lf_recipe_load(f->ctx, c->recipe);
    assert_non_null(r);
    double sum = 0, low = 100, high = 0;
    for (int seed = 1; seed <= SEEDS; seed++) {
        double accuracy = train_once(f, r, seed);
        sum += accuracy;
        low = accuracy < low ? accuracy : low;
        high = accuracy > high ? accuracy : high;
    }
    printf("%s: mean %.2f %% (%.2f to %.2f), floor %.1f %%, meant to take %.0f s\n", r->name, sum / SEEDS, low, high,
           c->accuracy, c->seconds);
    lf_recipe_free(r);
    assert_true(sum / SEEDS >= c->accuracy);
}

static void test_floors(void **state) {
    const fixture *f = *state;
    if (!f->train || !f->test) {
        printf("MNIST is in neither $LUTFISK_DATA nor ../shared/data\n");
        skip();
    }
    for (size_t i = 0; i < sizeof floors / sizeof *floors; i++)
        check_floor(f, &floors[i]);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_floors)};
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
