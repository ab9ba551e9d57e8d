/* Every recipe that comes with lutfisk: a few steps on a few generated rows, frozen, and run. That trainings get as far as their recipes say
 * is for tests/slow/test_recipes.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>

#include "base/rng.h"
#include "data/shapes.h"
#include "pass/passes.h"
#include "train_checks.h"

enum { TRAIN_ROWS = 80, HELD_ROWS = 16, TEST_ROWS = 12, EPOCHS = 2, RECIPES = 23 };
enum { TABLE_FEATURES = 20, JSC_FEATURES = 16 };

/* Rows of the kind that a recipe is for; those for the test come last. */
typedef struct rows {
    size_t features;
    int classes;
    uint8_t *bytes; /* or NULL */
    float *reals;   /* what the network reads */
    uint8_t label[TRAIN_ROWS + TEST_ROWS];
} rows;

static void pictures(rows *d, bool colour) {
    size_t count = TRAIN_ROWS + TEST_ROWS;
    d->features = colour ? LF_SHAPES_PIXELS : LF_DIGIT_PIXELS;
    d->classes = 10;
    d->bytes = malloc(count * d->features);
    if (colour)
        lf_shape_pictures(NULL, 1, 0, count, d->bytes, d->label);
    else
        lf_digits(NULL, 1, 0, count, d->bytes, d->label);
    d->reals = rows_of_bytes(d->bytes, count * d->features);
}

/* The class is where the first features lead; whole numbers from 0 to most, or reals when most is 0. */
static void table(rows *d, size_t features, int classes, int64_t most) {
    lf_rng r = lf_rng_make(5, features);
    d->features = features;
    d->classes = classes;
    d->reals = malloc((TRAIN_ROWS + TEST_ROWS) * features * sizeof *d->reals);
    for (size_t i = 0; i < TRAIN_ROWS + TEST_ROWS; i++) {
        float *x = d->reals + i * features;
        d->label[i] = (uint8_t)(i % (size_t)classes);
        for (size_t k = 0; k < features; k++)
            x[k] = most ? (float)lf_rng_between(&r, 0, most) : (float)lf_rng_normal(&r);
        for (size_t k = 0; k < 4; k++)
            x[k] = most ? (float)(d->label[i] * most) / (float)(classes - 1) : x[k] + d->label[i];
    }
}

static void rows_for(const lf_recipe *r, rows *d) {
    *d = (rows){0};
    if (r->table.scaling == LF_SCALING_RANK)
        table(d, TABLE_FEATURES, 2, (1 << r->table.bits) - 1);
    else if (r->input.shape.count == 0)
        table(d, JSC_FEATURES, 5, 0);
    else
        pictures(d, r->input.shape.at[0] == 3);
}

static lf_train_data part(const rows *d, size_t first, size_t count) {
    size_t at = first * d->features;
    return (lf_train_data){d->bytes ? d->bytes + at : NULL, d->bytes ? NULL : d->reals + at, d->label + first, count};
}

static lf_graph *train(lf_ctx *ctx, lf_recipe *r, const rows *d, lf_train_report *report) {
    lf_train_options o = lf_train_defaults();
    lf_graph *g = NULL;
    r->training.batch = r->family == LF_FAMILY_LUTS ? 64 : 16; /* the smallest there is */
    r->training.validation = HELD_ROWS;
    o.features = d->features;
    o.classes = d->classes;
    o.train = part(d, 0, TRAIN_ROWS);
    o.test = part(d, TRAIN_ROWS, TEST_ROWS);
    o.epochs = EPOCHS;
    if (lf_train(ctx, r, &o, report, &g) != LF_OK) {
        print_diags(ctx);
        fail_msg("%s was not trained", r->name);
    }
    return g;
}

/* What training says of the test rows, the frozen network does, and so does its integer program. */
static void check_network(lf_ctx *ctx, lf_graph *g, const rows *d, const lf_train_report *report) {
    const float *test = d->reals + TRAIN_ROWS * d->features;
    size_t right = right_of_rows(ctx, g, test, d->label + TRAIN_ROWS, TEST_ROWS);
    assert_true((double)right / TEST_ROWS == report->test_accuracy);
    if (lf_pipeline_run(g, "channels-last, sink-pools, integerize", NULL) != LF_OK) {
        print_diags(ctx);
        fail_msg("no integer program");
    }
    assert_int_equal(right_of_rows(ctx, g, test, d->label + TRAIN_ROWS, TEST_ROWS), right);
}

static void check_recipe(const char *file) {
    lf_ctx *ctx = lf_ctx_new(2);
    char path[300];
    rows d;
    lf_train_report report;
    snprintf(path, sizeof path, "recipes/%s", file);
    lf_recipe *r = lf_recipe_load(ctx, path);
    assert_non_null(r);
    rows_for(r, &d);
    lf_graph *g = train(ctx, r, &d, &report);
    assert_int_equal(report.epochs, EPOCHS);
    check_network(ctx, g, &d, &report);
    print_message("%s: %.2f s, %.0f %% right\n", r->name, report.seconds, 100 * report.test_accuracy);
    lf_graph_free(g);
    lf_recipe_free(r);
    free(d.bytes);
    free(d.reals);
    lf_ctx_free(ctx);
}

static void test_every_recipe(void **state) {
    (void)state;
    DIR *dir = opendir("recipes");
    assert_non_null(dir);
    int count = 0;
    for (const struct dirent *e; (e = readdir(dir));)
        if (strstr(e->d_name, ".yaml")) {
            check_recipe(e->d_name);
            count++;
        }
    closedir(dir);
    assert_true(count >= RECIPES);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_every_recipe)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
