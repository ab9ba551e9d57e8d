#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <lzma.h>

#include "base/file.h"
#include "data/idx.h"
#include "data/set.h"
#include "data/shapes.h"

static lf_ctx *ctx;
static lf_arena *a;
static char *dir;

static int set_up(void **state) {
    (void)state;
    ctx = lf_ctx_new(2);
    a = lf_arena_new();
    return lf_temp_dir(ctx, a, NULL, &dir);
}

static int tear_down(void **state) {
    (void)state;
    lf_remove_tree(dir);
    lf_arena_free(a);
    lf_ctx_free(ctx);
    return 0;
}

static const char *last(void) {
    return lf_diag_at(ctx, lf_diag_count(ctx) - 1)->text;
}

static void test_names(void **state) {
    (void)state;
    assert_null(lf_data_open(ctx, "mnits:test", NULL));
    assert_non_null(strstr(last(), "no data set 'mnits'"));
    assert_non_null(strstr(lf_diag_at(ctx, 0)->hint, "'mnist'"));
    assert_non_null(strstr(lf_diag_at(ctx, 0)->hint, "rows.csv:COLUMN"));
    assert_null(lf_data_open(ctx, "mnist", (const char *[]){"/no/such", NULL}));
    assert_non_null(strstr(last(), "looked in /no/such/mnist"));
    assert_null(lf_data_open(ctx, "digits:half", NULL));
    assert_false(lf_data_is_there("mnist", NULL));
    assert_true(lf_data_is_there("digits:test", NULL));
}

static void test_digits(void **state) {
    (void)state;
    lf_dataset *d = lf_data_open(ctx, "digits", NULL), *e = lf_data_open(ctx, "digits:2", NULL);
    assert_non_null(d);
    assert_true(d->generated);
    assert_string_equal(d->split, "test");
    assert_int_equal(d->rows, 10000);
    assert_memory_equal(d->raw, e->raw, 10000 * 784);
    float x[2 * 784];
    lf_dataset_fill(d, 7, 2, x);
    for (int i = 0; i < 2 * 784; i++)
        assert_true(x[i] == (float)d->raw[7 * 784 + i] / 255.0f);
    lf_dataset_free(d);
    lf_dataset_free(e);
}

/* Every class, the same bytes for any number of threads, and classes that differ in their pixels. */
static void test_shapes(void **state) {
    (void)state;
    lf_dataset *d = lf_data_open(ctx, "shapes:2", NULL);
    assert_non_null(d);
    assert_int_equal(d->features, 3 * 32 * 32);
    uint8_t *pixel = malloc(64 * d->features), label[64], seen[10] = {0};
    lf_shape_pictures(NULL, 2, 0, 64, pixel, label);
    assert_memory_equal(pixel, d->raw, 64 * d->features);
    assert_memory_equal(label, d->label, 64);
    for (size_t i = 0; i < d->rows; i++)
        seen[d->label[i]] = 1;
    for (int c = 0; c < 10; c++)
        assert_int_equal(seen[c], 1);
    assert_null(lf_data_open(ctx, "shapes:all", NULL));
    free(pixel);
    lf_dataset_free(d);
}

/* Colons in the path and in the column's name; a header that is not the first line. */
static void test_own_table(void **state) {
    (void)state;
    static const char text[] = "\n\nsize,a:b\n1,no\n2,yes\n3,no\n4,yes\n5,no\n6,yes\n7,no\n8,yes\n9,no\n10,yes\n";
    const char *folder = lf_path_join(a, dir, "a:b"), *path = lf_path_join(a, folder, "own.csv");
    assert_int_equal(lf_make_dir(ctx, folder), LF_OK);
    assert_int_equal(lf_file_write(ctx, path, text, strlen(text)), LF_OK);
    lf_dataset *d = lf_data_open(ctx, lf_format(a, "%s:a:b:train", path), NULL);
    assert_non_null(d);
    assert_string_equal(d->name, "own.csv");
    assert_string_equal(d->split, "train");
    assert_int_equal(d->classes, 2);
    assert_string_equal(d->columns[0].name, "size");
    lf_dataset_free(d);
    assert_null(lf_data_open(ctx, lf_format(a, "%s:king", path), NULL));
    assert_non_null(strstr(last(), "no column 'king'"));
    assert_int_equal(lf_diag_at(ctx, lf_diag_count(ctx) - 1)->where.line, 3);
    assert_true(lf_data_is_there("x.csv.gz", NULL));
    assert_true(lf_data_is_there("x.csv.xz:y", NULL));
    assert_false(lf_data_is_there("x.csv.g:y", NULL));
}

enum { CIFAR_RECORD = 3073 };

static const char *cifar_path(const char *file) {
    return lf_path_join(a, lf_path_join(a, dir, "cifar10"), file);
}

static void write_records(const char *file, size_t rows, size_t extra, bool xz) {
    size_t size = rows * CIFAR_RECORD + extra, used = 0, room = size + 10000;
    uint8_t *bytes = malloc(size + 1), *packed = malloc(room);
    for (size_t i = 0; i < size; i++)
        bytes[i] = (uint8_t)(i % CIFAR_RECORD % 10 + i / CIFAR_RECORD);
    if (xz)
        assert_int_equal(lzma_easy_buffer_encode(1, LZMA_CHECK_CRC64, NULL, bytes, size, packed, &used, room), LZMA_OK);
    assert_int_equal(lf_file_write(ctx, cifar_path(file), xz ? packed : bytes, xz ? used : size), LF_OK);
    free(bytes);
    free(packed);
}

static void refused_cifar(const char *spec, const char *const *dirs, const char *says) {
    assert_null(lf_data_open(ctx, spec, dirs));
    assert_non_null(strstr(last(), says));
}

static void test_cifar10_files(void **state) {
    (void)state;
    const char *dirs[] = {dir, NULL};
    assert_int_equal(lf_make_dir(ctx, lf_path_join(a, dir, "cifar10")), LF_OK);
    refused_cifar("cifar10", dirs, "was not found");
    for (int i = 1; i <= 5; i++)
        write_records(lf_format(a, "data_batch_%d.bin", i), 2, 0, false);
    refused_cifar("cifar10:train", dirs, "too few records");
    refused_cifar("cifar10", dirs, "test_batch.bin is missing");
    write_records("test_batch_first1000.bin.xz", 3, 0, true);
    lf_dataset *d = lf_data_open(ctx, "cifar10", dirs);
    assert_non_null(d);
    assert_int_equal(d->rows, 3);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(d->label[i], i);
        assert_int_equal(d->raw[i * 3072 + 17], 18 % 10 + i);
    }
    lf_dataset_free(d);
    write_records("test_batch.bin", 1, 5, false);
    refused_cifar("cifar10", dirs, "ends inside a record");
    write_records("test_batch.bin", 11, 0, false);
    refused_cifar("cifar10", dirs, "a class above 9");
    lf_file f;
    assert_int_equal(lf_file_open(ctx, cifar_path("test_batch_first1000.bin.xz"), 0, &f), LF_OK);
    assert_int_equal(lf_file_write(ctx, cifar_path("test_batch.bin"), f.data, f.size / 2), LF_OK);
    refused_cifar("cifar10", dirs, "damaged or truncated");
    lf_file_close(&f);
}

/* IDX files of our own in MNIST's places: agreement of counts, sizes and labels is checked. */
static void write_part(const char *file, int rank, int64_t rows, int64_t side, uint8_t fill) {
    lf_array x;
    assert_true(lf_array_new(a, LF_ARRAY_U8, lf_shape_make(rank, (int64_t[]){rows, side, side}), &x));
    memset(x.data, fill, x.count);
    assert_int_equal(lf_idx_write(ctx, lf_path_join(a, lf_path_join(a, dir, "mnist"), file), &x), LF_OK);
}

static void test_mnist_files(void **state) {
    (void)state;
    const char *dirs[] = {"/no/such", dir, NULL};
    assert_int_equal(lf_make_dir(ctx, lf_path_join(a, dir, "mnist")), LF_OK);
    write_part("train-images-idx3-ubyte", 3, 5, 28, 51);
    write_part("train-labels-idx1-ubyte", 1, 5, 0, 3);
    write_part("t10k-images-idx3-ubyte", 3, 5, 28, 0);
    write_part("t10k-labels-idx1-ubyte", 1, 4, 0, 3);
    lf_dataset *d = lf_data_open(ctx, "mnist:train", dirs);
    assert_non_null(d);
    assert_int_equal(d->rows, 5);
    assert_int_equal(d->label[4], 3);
    float x[784];
    lf_dataset_fill(d, 4, 1, x);
    assert_true(x[783] == 0.2f);
    lf_dataset_free(d);
    assert_null(lf_data_open(ctx, "mnist:test", dirs));
    assert_non_null(strstr(last(), "5 images but 4 labels"));
    write_part("t10k-labels-idx1-ubyte", 1, 5, 0, 10);
    assert_null(lf_data_open(ctx, "mnist:test", dirs));
    assert_non_null(strstr(last(), "label 0 is 10"));
    write_part("t10k-images-idx3-ubyte", 3, 5, 27, 0);
    assert_null(lf_data_open(ctx, "mnist:test", dirs));
    assert_non_null(strstr(last(), "27 x 27"));
    assert_null(lf_data_open(ctx, "mnist:valid", dirs));
}

static const char *const GOOD_ROW = "1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,-1.5e-3,4";

static void write_jets(const char *text) {
    const char *folder = lf_path_join(a, dir, "jsc");
    assert_int_equal(lf_make_dir(ctx, folder), LF_OK);
    assert_int_equal(lf_file_write(ctx, lf_path_join(a, folder, "jsc_openml_test1000.csv"), text, strlen(text)), LF_OK);
    assert_int_equal(lf_file_write(ctx, lf_path_join(a, folder, "jsc_openml_train1483.csv"), text, strlen(text)),
                     LF_OK);
}

static void test_jets_files(void **state) {
    (void)state;
    const char *dirs[] = {dir, NULL};
    write_jets(lf_format(a, "header\n%s\r\n%s\n", GOOD_ROW, GOOD_ROW));
    lf_dataset *d = lf_data_open(ctx, "jsc:test", dirs);
    assert_non_null(d);
    assert_int_equal(d->rows, 2);
    assert_int_equal(d->label[1], 4);
    float x[16];
    lf_dataset_fill(d, 1, 1, x);
    assert_true(x[15] == -1.5e-3f && x[0] == 1);
    lf_dataset_free(d);
    const char *bad[] = {"",
                         "header\n",
                         "header",
                         "h\n1,2\n",
                         "h\n1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,5\n",
                         "h\n1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,nan,0\n",
                         "h\n1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,0,0\n",
                         "h\n\n",
                         "h\n1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,4"};
    for (size_t i = 0; i < LF_COUNT(bad); i++) {
        write_jets(bad[i]);
        assert_null(lf_data_open(ctx, "jsc:test", dirs));
    }
    write_jets(lf_format(a, "header\n%s\n%s,1\n", GOOD_ROW, GOOD_ROW));
    assert_null(lf_data_open(ctx, "jsc:test", dirs));
    assert_int_equal(lf_diag_at(ctx, lf_diag_count(ctx) - 1)->where.line, 3);
}

/* The real sets, where they are. */
static void test_real(void **state) {
    (void)state;
    const char *env = getenv("LUTFISK_DATA");
    const char *dirs[] = {env ? env : "../shared/data", NULL};
    if (!lf_data_is_there("mnist", dirs) || !lf_data_is_there("jsc", dirs)) {
        print_message("skipped: MNIST or the jets are not in %s\n", dirs[0]);
        skip();
    }
    lf_dataset *m = lf_data_open(ctx, "mnist:test", dirs), *j = lf_data_open(ctx, "jsc:test", dirs);
    assert_int_equal(m->rows, 10000);
    assert_int_equal(m->label[0], 7);
    double sum = 0;
    for (size_t i = 0; i < m->rows * m->features; i++)
        sum += m->raw[i];
    assert_true(sum / 7840000 > 33.79 && sum / 7840000 < 33.80);
    int count[5] = {0}, want[5] = {219, 216, 191, 182, 192};
    assert_int_equal(j->rows, 1000);
    for (size_t i = 0; i < j->rows; i++)
        count[j->label[i]]++;
    assert_memory_equal(count, want, sizeof want);
    assert_true(j->real[0] == 0.8976003f);
    lf_dataset_free(m);
    lf_dataset_free(j);
}

static void test_real_photographs(void **state) {
    (void)state;
    const char *env = getenv("LUTFISK_DATA");
    const char *dirs[] = {env ? env : "../shared/data", NULL};
    if (!lf_data_is_there("cifar10", dirs)) {
        print_message("skipped: CIFAR-10 is not in %s\n", dirs[0]);
        skip();
    }
    lf_dataset *d = lf_data_open(ctx, "cifar10:test", dirs);
    assert_non_null(d);
    assert_memory_equal(d->label, ((const uint8_t[]){3, 8, 8, 0, 6, 6, 1, 6, 3, 1}), 10);
    lf_dataset_free(d);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_names, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_own_table, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_digits, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_shapes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_cifar10_files, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_real_photographs, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_mnist_files, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_jets_files, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_real, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
