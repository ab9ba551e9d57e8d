/* CSV text to cells, and tables of numbers, categories and missing values to rows. */
#include "../context.h"
#include "../place.h"

#include <stdio.h>

#include "data/scaling.h"
#include "data/table_rows.h"
#include "data/tabular.h"

static void same_cells(const lf_csv *t, const char *const *want) {
    for (size_t i = 0; i < t->rows * t->columns; i++)
        assert_string_equal(t->cell[i], want[i]);
}

static void test_cells(void **state) {
    place *p = *state;
    lf_csv t;
    static const char text[] = "\xef\xbb\xbf"
                               "a,b ,\"c \"\"x\"\", y\"\r\n\r\n 1,,\" 2\nlines \" \n\n\"\",q,3";
    assert_int_equal(lf_csv_parse(p->ctx, p->a, "t.csv", text, strlen(text), true, &t), LF_OK);
    assert_int_equal(t.rows, 2);
    assert_int_equal(t.columns, 3);
    assert_string_equal(t.header[1], "b");
    assert_string_equal(t.header[2], "c \"x\", y");
    same_cells(&t, (const char *const[]){"1", "", " 2\nlines ", "", "q", "3"});
    assert_int_equal(t.header_line, 1);
    assert_int_equal(t.line[0], 3);
    assert_int_equal(t.line[1], 6);
    assert_int_equal(lf_csv_parse(p->ctx, p->a, "t.csv", "x\n", 2, false, &t), LF_OK);
    assert_null(t.header);
    same_cells(&t, (const char *const[]){"x"});
}

static void refused(place *p, const char *text, size_t size, int line, const char *says) {
    lf_csv t;
    lf_ctx *ctx = lf_ctx_new(1);
    assert_int_equal(lf_csv_parse(ctx, p->a, "t.csv", text, size, true, &t), LF_BAD_INPUT);
    if (!strstr(lf_diag_at(ctx, 0)->text, says))
        fail_msg("says '%s', not '%s'", lf_diag_at(ctx, 0)->text, says);
    assert_int_equal(lf_diag_at(ctx, 0)->where.line, line);
    lf_ctx_free(ctx);
}

static void test_wrong_text(void **state) {
    place *p = *state;
    refused(p, "", 0, 0, "no rows");
    refused(p, "a,b\n", 4, 0, "no rows");
    refused(p, "a,b\n1,2\n3\n", 10, 3, "1 columns, the first one 2");
    refused(p, "a\n\"x\n", 5, 3, "not closed");
    refused(p, "a\n\"x\"y\n", 7, 2, "behind a closing quote");
    refused(p, "a\n\0", 3, 1, "zero byte");
    refused(p, "\n \na,b,a\n1,2,3\n", 15, 3, "two columns are called 'a'");
}

/* -- tables --------------------------------------------------------------------------------------------------------- */

static const char *const CLASSES[] = {"no", "yes", NULL};
static const char *const IGNORED[] = {"id", NULL};
static const lf_table_plan PLAN = {.label = "class", .ignored = IGNORED, .classes = CLASSES};

static const char TABLE[] = "id,size,colour,class\n"
                            "1,1.5,red,yes\n2,?,red,yes\n3,3,blue,no\n4,2,blue,no\n5,7,green,yes\n6,8,green,no\n";

static void fit(place *p, const char *text, lf_csv *t, uint8_t **label, lf_coding *c) {
    uint32_t rows[64];
    assert_int_equal(lf_csv_parse(p->ctx, p->a, "t.csv", text, strlen(text), true, t), LF_OK);
    for (uint32_t i = 0; i < t->rows; i++)
        rows[i] = i;
    assert_int_equal(lf_table_labels(p->ctx, p->a, "t.csv", t, &PLAN, label), LF_OK);
    assert_int_equal(lf_coding_fit(p->ctx, p->a, "t.csv", t, &PLAN, rows, t->rows, *label, c), LF_OK);
}

static void test_coding(void **state) {
    place *p = *state;
    lf_csv t;
    uint8_t *label;
    lf_coding c;
    float x[2];
    size_t bad = 9;
    fit(p, TABLE, &t, &label, &c);
    assert_int_equal(c.features, 2);
    assert_string_equal(c.column[0].name, "size");
    assert_null(c.column[0].names);
    assert_true(c.column[0].missing == 3); /* of 1.5 2 3 7 8 */
    assert_int_equal(c.column[1].count, 4);
    assert_string_equal(c.column[1].names[0], "blue"); /* mean class 1/6 */
    assert_string_equal(c.column[1].names[1], "");     /* 1/2 */
    assert_string_equal(c.column[1].names[2], "green");
    assert_string_equal(c.column[1].names[3], "red");
    assert_true(lf_coding_row(&c, (const char *const[]){"7", "1e3", "red", ""}, x, &bad));
    assert_true(x[0] == 1000 && x[1] == 3);
    assert_true(lf_coding_row(&c, (const char *const[]){"7", "NaN", "pink", ""}, x, &bad));
    assert_true(x[0] == 3 && x[1] == 1);
    assert_false(lf_coding_row(&c, (const char *const[]){"7", "big", "red", ""}, x, &bad));
    assert_int_equal(bad, 0);
}

/* Every name an element: names of the table only, missing ones and others are none of them; a set by its places and a table by its cells agree. */
static void test_one_hot(void **state) {
    place *p = *state;
    lf_csv t;
    uint8_t *label;
    lf_coding c;
    lf_dataset d = {.arena = p->a, .name = "t", .title = "t"};
    static const char text[] = "id,size,colour,class\n1,1.5,red,yes\n2,?,red,yes\n3,3,blue,no\n4,2,?,no\n";
    static const float want[4][3] = {{1.5f, 0, 1}, {2, 0, 1}, {3, 1, 0}, {2, 0, 0}};
    size_t n, bad;
    fit(p, text, &t, &label, &c);
    lf_table_column *own = lf_one_hot_columns(p->a, c.column, c.features, &n);
    assert_int_equal(n, 3);
    assert_string_equal(own[1].is, "blue");
    assert_string_equal(own[2].is, "red");
    assert_int_equal(lf_table_rows(p->ctx, "t.csv", &t, &c, (const uint32_t[]){0, 1, 2, 3}, 4, label, &d), LF_OK);
    d.columns = c.column;
    assert_int_equal(lf_table_recode(p->ctx, own, n, &d), LF_OK);
    assert_int_equal(d.features, 3);
    assert_int_equal(lf_shape_count(d.shape), 3);
    lf_coding by_cells = {own, (size_t[]){1, 2, 2}, 3};
    for (size_t i = 0; i < 4; i++) {
        float x[3];
        assert_true(lf_coding_row(&by_cells, t.cell + i * t.columns, x, &bad));
        assert_memory_equal(x, want[i], sizeof x);
        assert_memory_equal(d.real + i * 3, want[i], sizeof x);
    }
    float x[3];
    assert_true(lf_coding_row(&by_cells, (const char *const[]){"7", "1", "pink", ""}, x, &bad));
    assert_true(x[1] == 0 && x[2] == 0);
    lf_table_column other[] = {own[0], own[1], {.name = "colour", .is = "pink"}};
    lf_dataset fresh = {.arena = p->a, .title = "t", .columns = c.column, .features = 2, .real = x};
    assert_int_equal(lf_table_recode(p->ctx, other, 3, &fresh), LF_BAD_INPUT); /* a name the set has not */
    assert_int_equal(lf_table_recode(p->ctx, own, 1, &fresh), LF_BAD_INPUT);   /* a column that nobody reads */
}

/* One cell that is no number does not turn a column of numbers into names. */
static void test_slip(void **state) {
    place *p = *state;
    lf_csv t;
    uint8_t *label;
    lf_coding c;
    static const char slip[] = "size,class\n1,no\n2,yes\n3e99,no\n", names[] = "port,class\n80,no\nhttp,yes\n";
    assert_int_equal(lf_csv_parse(p->ctx, p->a, "t.csv", slip, strlen(slip), true, &t), LF_OK);
    assert_int_equal(lf_table_labels(p->ctx, p->a, "t.csv", &t, &PLAN, &label), LF_OK);
    assert_int_equal(lf_coding_fit(p->ctx, p->a, "t.csv", &t, &PLAN, (const uint32_t[]){0, 1, 2}, 3, label, &c),
                     LF_BAD_INPUT);
    assert_non_null(strstr(lf_diag_at(p->ctx, 0)->text, "'3e99' in column 'size'"));
    assert_int_equal(lf_diag_at(p->ctx, 0)->where.line, 4);
    fit(p, names, &t, &label, &c);
    assert_int_equal(c.column[0].count, 3);
}

/* Slips of all columns: the first ten are told, column by column, and how many more there are. */
static void test_many_slips(void **state) {
    place *p = *state;
    lf_csv t;
    uint8_t *label;
    lf_coding c;
    uint32_t rows[40];
    char text[1000];
    int n = sprintf(text, "size,weight,class\n");
    for (uint32_t i = 0; i < 40; i++) {
        rows[i] = i;
        n += sprintf(text + n, "%s,%s,no\n", i % 7 == 3 ? "large" : "1", i % 6 == 5 ? "light" : "2");
    }
    assert_int_equal(lf_csv_parse(p->ctx, p->a, "t.csv", text, (size_t)n, true, &t), LF_OK);
    assert_int_equal(lf_table_labels(p->ctx, p->a, "t.csv", &t, &PLAN, &label), LF_OK);
    assert_int_equal(lf_coding_fit(p->ctx, p->a, "t.csv", &t, &PLAN, rows, 40, label, &c), LF_BAD_INPUT);
    assert_int_equal(lf_diag_count(p->ctx), LF_WRONG_CELLS_TOLD);
    for (size_t i = 0; i < LF_WRONG_CELLS_TOLD; i++) {
        const lf_diag *d = lf_diag_at(p->ctx, i);
        assert_non_null(strstr(d->text, i < 6 ? "'large' in column 'size'" : "'light' in column 'weight'"));
        assert_int_equal(d->where.line, i < 6 ? 5 + 7 * i : 7 + 6 * (i - 6));
    }
    assert_non_null(strstr(lf_diag_at(p->ctx, 9)->hint, "and 2 more like these\ncorrect the cell"));
}

static void test_labels(void **state) {
    place *p = *state;
    lf_csv t;
    uint8_t *label;
    static const char wrong[] = "size,class\n1,maybe\n", none[] = "size,klass\n1,no\n";
    assert_int_equal(lf_csv_parse(p->ctx, p->a, "t.csv", wrong, strlen(wrong), true, &t), LF_OK);
    assert_int_equal(lf_table_labels(p->ctx, p->a, "t.csv", &t, &PLAN, &label), LF_BAD_INPUT);
    assert_non_null(strstr(lf_diag_at(p->ctx, 0)->text, "'maybe' in column 'class'"));
    assert_int_equal(lf_csv_parse(p->ctx, p->a, "t.csv", none, strlen(none), true, &t), LF_OK);
    assert_int_equal(lf_table_labels(p->ctx, p->a, "t.csv", &t, &PLAN, &label), LF_BAD_INPUT);
    assert_non_null(strstr(lf_diag_at(p->ctx, 1)->text, "no column 'class'"));
}

/* 1,000 rows, of which 400 differ: ids do not count. */
static void test_split(void **state) {
    place *p = *state;
    char text[40000];
    int n = sprintf(text, "id,size,class\n");
    for (int i = 0; i < 1000; i++)
        n += sprintf(text + n, "%d,%d,%s\n", i, i % 400, i % 400 & 1 ? "yes" : "no");
    lf_csv t;
    lf_row_list train, test;
    assert_int_equal(lf_csv_parse(p->ctx, p->a, "t.csv", text, (size_t)n, true, &t), LF_OK);
    lf_table_split(p->a, &t, &PLAN, 0, &train, &test);
    assert_int_equal(train.count + test.count, 400);
    assert_true(test.count > 50 && test.count < 110);
    for (size_t i = 1; i < test.count; i++)
        assert_true(test.at[i - 1] < test.at[i] && test.at[i] < 400);
    lf_table_split(p->a, &t, &PLAN, 100, &train, &test);
    assert_true(test.count == 100 && train.count == 300 && train.at[0] == 100);
}

static void test_sets(void **state) {
    static const struct {
        const char *spec;
        size_t rows, features;
    } want[] = {{"unsw_nb15:train", 43354, 42}, {"unsw_nb15:test", 10598, 42}, {"magic:train", 15170, 10},
                {"magic:test", 3735, 10},       {"nsl_kdd:train", 25086, 41},  {"nsl_kdd:test", 22544, 41}};
    const char *dirs[] = {getenv("LUTFISK_DATA"), NULL};
    lf_ctx *ctx = *state;
    for (size_t i = 0; i < sizeof want / sizeof *want; i++) {
        if (!dirs[0] || !lf_data_is_there(want[i].spec, dirs))
            continue;
        lf_dataset *d = lf_data_open(ctx, want[i].spec, dirs);
        assert_non_null(d);
        assert_int_equal(d->rows, want[i].rows);
        assert_int_equal(d->features, want[i].features);
        assert_int_equal(d->classes, 2);
        lf_dataset_free(d);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_cells, place_make, place_drop),
        cmocka_unit_test_setup_teardown(test_wrong_text, place_make, place_drop),
        cmocka_unit_test_setup_teardown(test_coding, place_make, place_drop),
        cmocka_unit_test_setup_teardown(test_one_hot, place_make, place_drop),
        cmocka_unit_test_setup_teardown(test_slip, place_make, place_drop),
        cmocka_unit_test_setup_teardown(test_many_slips, place_make, place_drop),
        cmocka_unit_test_setup_teardown(test_labels, place_make, place_drop),
        cmocka_unit_test_setup_teardown(test_split, place_make, place_drop),
        WITH_CONTEXT(test_sets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
