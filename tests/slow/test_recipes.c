/* The recipes on MNIST and CIFAR-10: mean and range of the seeds against their floors, with the seconds they took. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "data/set.h"
#include "train/train.h"

typedef struct floor_case {
    const char *recipe;
    int seeds;
    int64_t epochs;  /* 0: the recipe's */
    double accuracy; /* mean test accuracy, in per cent */
    double seconds;  /* of one training on two idle cores; not asserted, the machine may be busy */
} floor_case;

static const floor_case mnist[] = {
    {"recipes/tfc-w1a1.yaml", 3, 0, 92.0, 30},   {"recipes/tfc-w2a2.yaml", 3, 0, 96.0, 30},
    {"recipes/sfc-w1a1.yaml", 3, 0, 97.0, 120},  {"recipes/lfc-w1a1.yaml", 3, 0, 98.2, 900},
    {"recipes/dwn-mnist.yaml", 3, 0, 97.7, 300},
};
/* Short trainings: that they learn; the test part has 1,000 pictures. */
static const floor_case cifar10[] = {
    {"recipes/resnet8.yaml", 1, 4, 52.0, 180},
    {"recipes/cnv-w1a1.yaml", 1, 2, 38.0, 240},
};

typedef struct fixture {
    lf_ctx *ctx;
    lf_dataset *train, *test;
} fixture;

static lf_train_data rows_of(const lf_dataset *d) {
    return (lf_train_data){d->raw, d->real, d->label, d->rows};
}

static double train_once(const fixture *f, const lf_recipe *r, int64_t epochs, int seed) {
    lf_train_options o = lf_train_defaults();
    lf_train_report report;
    lf_graph *g = NULL;
    o.features = f->train->features;
    o.train = rows_of(f->train);
    o.test = rows_of(f->test);
    o.seed = seed;
    o.epochs = epochs;
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
    for (int seed = 1; seed <= c->seeds; seed++) {
        double accuracy = train_once(f, r, c->epochs, seed);
        sum += accuracy;
        low = accuracy < low ? accuracy : low;
        high = accuracy > high ? accuracy : high;
    }
    printf("%s: mean %.2f %% (%.2f to %.2f), floor %.1f %%, meant to take %.0f s\n", r->name, sum / c->seeds, low, high,
           c->accuracy, c->seconds);
    lf_recipe_free(r);
    assert_true(sum / c->seeds >= c->accuracy);
}

static void check_floors(const char *set, const floor_case *cases, size_t count) {
    const char *given = getenv("LUTFISK_DATA");
    const char *dirs[] = {given ? given : "../shared/data", NULL};
    char spec[64];
    if (!lf_data_is_there(set, dirs)) {
        printf("%s is in neither $LUTFISK_DATA nor ../shared/data\n", set);
        skip();
    }
    fixture f = {.ctx = lf_ctx_new(0)};
    snprintf(spec, sizeof spec, "%s:train", set);
    f.train = lf_data_open(f.ctx, spec, dirs);
    f.test = lf_data_open(f.ctx, set, dirs);
    assert_true(f.train && f.test);
    for (size_t i = 0; i < count; i++)
        check_floor(&f, &cases[i]);
    lf_dataset_free(f.train);
    lf_dataset_free(f.test);
    lf_ctx_free(f.ctx);
}

static void test_mnist(void **state) {
    (void)state;
    check_floors("mnist", mnist, sizeof mnist / sizeof *mnist);
}

static void test_cifar10(void **state) {
    (void)state;
    check_floors("cifar10", cifar10, sizeof cifar10 / sizeof *cifar10);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_mnist), cmocka_unit_test(test_cifar10)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
