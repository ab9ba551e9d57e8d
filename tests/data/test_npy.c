#include "../place.h"

#include <math.h>
#include <stdio.h>

#include "base/rng.h"
#include "base/run.h"
#include "data/npy.h"

/* A .npy of the given version from its dictionary and its data. */
static uint8_t *make_npy(lf_arena *a, int version, const char *dict, const void *data, size_t bytes, size_t *size) {
    size_t n = strlen(dict), start = version == 1 ? 10 : 12;
    uint8_t *p = lf_alloc(a, start + n + bytes);
    memcpy(p, "\x93NUMPY", 6);
    p[6] = (uint8_t)version;
    p[8] = (uint8_t)n;
    p[9] = (uint8_t)(n >> 8);
    memcpy(p + start, dict, n);
    if (bytes)
        memcpy(p + start + n, data, bytes);
    *size = start + n + bytes;
    return p;
}

static lf_status parse(place *f, int version, const char *dict, const void *data, size_t bytes, lf_array *out) {
    size_t size;
    uint8_t *p = make_npy(f->a, version, dict, data, bytes, &size);
    return lf_npy_parse(f->ctx, f->a, "x.npy", p, size, out);
}

static void test_versions_and_orders(void **state) {
    place *f = *state;
    lf_array x;
    const float v[6] = {1, 2, 3, 4, 5, -6.5f};
    for (int version = 1; version <= 3; version++) {
        assert_int_equal(parse(f, version, "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }", v, 24, &x),
                         LF_OK);
        assert_int_equal(x.type, LF_ARRAY_F32);
        assert_int_equal(x.shape.rank, 2);
        assert_int_equal(lf_array_rows(&x), 2);
        assert_int_equal(lf_array_row_size(&x), 3);
        assert_true(lf_array_real(&x, 5) == -6.5);
    }
    /* column-major: element (r, c) lies at c * 2 + r */
    assert_int_equal(parse(f, 1, "{\"shape\":(2,3),\"fortran_order\":True,\"descr\":\"<f4\"}\n", v, 24, &x), LF_OK);
    const double want[6] = {1, 3, 5, 2, 4, -6.5};
    for (size_t i = 0; i < 6; i++)
        assert_true(lf_array_real(&x, i) == want[i]);
    const uint8_t big[4] = {0xff, 0xfe, 0x01, 0x00};
    assert_int_equal(parse(f, 1, "{'descr': '>i2', 'fortran_order': False, 'shape': (2,)}", big, 4, &x), LF_OK);
    assert_true(lf_array_real(&x, 0) == -2 && lf_array_real(&x, 1) == 256);
    const uint8_t one[1] = {7};
    assert_int_equal(parse(f, 1, "{'descr': '|b1', 'fortran_order': False, 'shape': ()}", one, 1, &x), LF_OK);
    assert_int_equal(x.shape.rank, 0);
    assert_int_equal(x.count, 1);
    assert_true(lf_array_real(&x, 0) == 1);
    assert_int_equal(parse(f, 1, "{'descr': '<f8', 'fortran_order': False, 'shape': (0, 5)}", NULL, 0, &x), LF_OK);
    assert_int_equal(x.count, 0);
}

static void test_refused(void **state) {
    place *f = *state;
    static const struct {
        const char *dict, *reason;
    } bad[] = {
        {"{'descr': '|O', 'fortran_order': False, 'shape': (1,)}", "Python objects"},
        {"{'descr': '<c8', 'fortran_order': False, 'shape': (1,)}", "'<c8' cannot be read"},
        {"{'descr': '<U3', 'fortran_order': False, 'shape': (1,)}", "'<U3'"},
        {"{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,)}", "structured"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (5,)}",
         "truncated: the header promises 5 elements of 4 bytes, the file holds 16"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (4611686018427387904, 4)}", "does not fit"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (0, 9223372036854775807, 9223372036854775807)}",
         "does not fit"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999,)}", "no count"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (-1,)}", "no count"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (1,1,1,1,1,1,1,1,1)}", "more than 8 dimensions"},
        {"{'descr': '<f4', 'fortran_order': Maybe, 'shape': (4,)}", "neither True nor False"},
        {"{'descr': '<f4', 'shape': (4,)}", "missing"},
        {"{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (4,)}", "twice"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (4,), 'x': 1}", "unknown key 'x'"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (4,)", "expected ',' or '}'"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (4", "does not end"},
        {"{'descr': '<f4", "not a string"},
        {"[1, 2]", "does not start"},
        {"", "does not start"},
    };
    const uint8_t data[16] = {0};
    for (size_t i = 0; i < LF_COUNT(bad); i++) {
        lf_array x;
        lf_diag_clear(f->ctx);
        assert_int_equal(parse(f, 1, bad[i].dict, data, 16, &x), LF_BAD_INPUT);
        assert_int_equal(lf_diag_count(f->ctx), 1);
        const lf_diag *d = lf_diag_at(f->ctx, 0);
        assert_string_equal(d->where.file, "x.npy");
        if (strstr(d->text, bad[i].reason) == NULL)
            fail_msg("'%s' instead of '%s'", d->text, bad[i].reason);
    }
}

/* Every prefix of a good file is refused; so is every file with one byte of its magic or version changed. */
static void test_truncated(void **state) {
    place *f = *state;
    lf_array x, y;
    assert_true(lf_array_new(f->a, LF_ARRAY_I16, lf_shape_make(2, (int64_t[]){3, 2}), &x));
    size_t size;
    uint8_t *p = lf_npy_format(f->a, &x, &size);
    for (size_t n = 0; n < size; n++) {
        uint8_t *part = lf_copy(f->a, p, n ? n : 1);
        assert_int_equal(lf_npy_parse(f->ctx, f->a, "x.npy", part, n, &y), LF_BAD_INPUT);
    }
    for (size_t i = 0; i < 8; i++) {
        p[i] ^= 0x40;
        assert_int_equal(lf_npy_parse(f->ctx, f->a, "x.npy", p, size, &y), LF_BAD_INPUT);
        p[i] ^= 0x40;
    }
    assert_int_equal(lf_npy_parse(f->ctx, f->a, "x.npy", p, size, &y), LF_OK);
}

static void fill_random(lf_array *x, lf_rng *r) {
    size_t item = lf_array_item_size(x->type);
    for (size_t i = 0; i < x->count * item; i++)
        ((uint8_t *)x->data)[i] = (uint8_t)(x->type == LF_ARRAY_BOOL ? lf_rng_below(r, 2) : lf_rng_below(r, 256));
}

static void test_round_trip(void **state) {
    place *f = *state;
    lf_rng r = lf_rng_make(1, 2);
    const char *path = lf_path_join(f->a, f->dir, "x.npy");
    for (int type = 0; type < LF_ARRAY_TYPES; type++)
        for (int rank = 0; rank <= LF_MAX_RANK; rank++) {
            lf_shape s = {.rank = rank};
            for (int i = 0; i < rank; i++)
                s.dim[i] = lf_rng_between(&r, i == 0 ? 0 : 1, 3);
            lf_array x, y;
            assert_true(lf_array_new(f->a, (lf_array_type)type, s, &x));
            fill_random(&x, &r);
            assert_int_equal(lf_npy_write(f->ctx, path, &x), LF_OK);
            assert_int_equal(lf_npy_read(f->ctx, f->a, path, &y), LF_OK);
            assert_int_equal(y.type, type);
            assert_true(lf_shape_equal(y.shape, s));
            assert_memory_equal(x.data, y.data, x.count * lf_array_item_size(x.type));
        }
}

static void test_npz(void **state) {
    place *f = *state;
    lf_named_array v[2] = {{.name = "x"}, {.name = "labels"}}, *got;
    lf_rng r = lf_rng_make(3, 2);
    assert_true(lf_array_new(f->a, LF_ARRAY_F32, lf_shape_make(2, (int64_t[]){100, 7}), &v[0].array));
    assert_true(lf_array_new(f->a, LF_ARRAY_U8, lf_shape_make(1, (int64_t[]){100}), &v[1].array));
    fill_random(&v[0].array, &r);
    fill_random(&v[1].array, &r);
    const char *p = lf_path_join(f->a, f->dir, "x.npz"), *q = lf_path_join(f->a, f->dir, "y.npz");
    assert_int_equal(lf_npz_write(f->ctx, p, v, 2), LF_OK);
    assert_int_equal(lf_npz_write(f->ctx, q, v, 2), LF_OK);
    lf_file a, b;
    assert_int_equal(lf_file_open(f->ctx, p, 0, &a), LF_OK);
    assert_int_equal(lf_file_open(f->ctx, q, 0, &b), LF_OK);
    assert_int_equal(a.size, b.size);
    assert_memory_equal(a.data, b.data, a.size);
    char sha[65]; /* the bytes must not depend on the hour, the time zone or the machine */
    lf_sha256_hex(a.data, 60, sha);
    lf_file_close(&b);
    assert_true(lf_is_npz(p));
    size_t count;
    assert_int_equal(lf_npz_read(f->ctx, f->a, p, &got, &count), LF_OK);
    assert_int_equal(count, 2);
    assert_string_equal(got[1].name, "labels");
    assert_memory_equal(got[0].array.data, v[0].array.data, 2800);
    lf_array one;
    assert_int_equal(lf_npz_read_one(f->ctx, f->a, p, "labels", &one), LF_OK);
    assert_memory_equal(one.data, v[1].array.data, 100);
    assert_int_equal(lf_npz_read_one(f->ctx, f->a, p, "y", &one), LF_BAD_INPUT);
    assert_non_null(strstr(lf_diag_at(f->ctx, 0)->text, "there are: x, labels"));
    /* a damaged byte inside the data breaks the checksum; cut archives have no directory */
    uint8_t *bad = lf_copy(f->a, a.data, a.size);
    bad[400] ^= 1;
    assert_int_equal(lf_file_write(f->ctx, q, bad, a.size), LF_OK);
    assert_int_equal(lf_npz_read(f->ctx, f->a, q, &got, &count), LF_BAD_INPUT);
    for (size_t n = 0; n < a.size; n += 97) {
        assert_int_equal(lf_file_write(f->ctx, q, bad, n), LF_OK);
        assert_int_equal(lf_npz_read(f->ctx, f->a, q, &got, &count), LF_BAD_INPUT);
    }
    lf_file_close(&a);
}

static void test_conversions(void **state) {
    place *f = *state;
    lf_array x, y;
    assert_true(lf_array_new(f->a, LF_ARRAY_F64, lf_shape_make(2, (int64_t[]){2, 2}), &x));
    double *v = x.data;
    v[0] = 1, v[1] = -128, v[2] = 0.1, v[3] = 300;
    assert_int_equal(lf_array_convert(f->ctx, f->a, &x, LF_ARRAY_F32, "x", &y), LF_OK);
    assert_true(((float *)y.data)[2] == 0.1f);
    assert_int_equal(lf_array_convert(f->ctx, f->a, &x, LF_ARRAY_I8, "x", &y), LF_BAD_INPUT);
    assert_non_null(strstr(lf_diag_at(f->ctx, 0)->text, "row 1, element 0"));
    v[2] = 127;
    assert_int_equal(lf_array_convert(f->ctx, f->a, &x, LF_ARRAY_I8, "x", &y), LF_BAD_INPUT);
    assert_non_null(strstr(lf_diag_at(f->ctx, 1)->text, "row 1, element 1"));
    v[3] = -1;
    assert_int_equal(lf_array_convert(f->ctx, f->a, &x, LF_ARRAY_I8, "x", &y), LF_OK);
    assert_int_equal(((int8_t *)y.data)[1], -128);
    size_t row, element;
    assert_false(lf_array_find_nonfinite(&x, &row, &element));
    v[3] = NAN;
    assert_true(lf_array_find_nonfinite(&x, &row, &element));
    assert_int_equal(row, 1);
    assert_int_equal(element, 1);
    assert_int_equal(lf_array_convert(f->ctx, f->a, &x, LF_ARRAY_I64, "x", &y), LF_BAD_INPUT);
    lf_array big;
    assert_true(lf_array_new(f->a, LF_ARRAY_U64, lf_shape_make(1, (int64_t[]){2}), &big));
    ((uint64_t *)big.data)[0] = (1ull << 53) + 1;
    ((uint64_t *)big.data)[1] = UINT64_MAX;
    int64_t i;
    assert_true(lf_array_int(&big, 0, &i) && i == (1ll << 53) + 1);
    assert_false(lf_array_int(&big, 1, &i));
}

/* All 65,536 halves survive; and a double half way between two halves goes to the even one. */
static void test_half(void **state) {
    (void)state;
    for (uint32_t h = 0; h < 65536; h++) {
        double v = lf_half_to_double((uint16_t)h);
        uint16_t back = lf_half_from_double(v);
        if (v == v)
            assert_int_equal(back, h);
        else
            assert_true((back & 0x7c00) == 0x7c00 && (back & 0x3ff));
        if (h < 0x7bff) {
            double next = lf_half_to_double((uint16_t)(h + 1)), middle = (v + next) / 2;
            assert_int_equal(lf_half_from_double(middle), h & 1 ? h + 1 : h);
            assert_int_equal(lf_half_from_double(nextafter(middle, 1e9)), h + 1);
            assert_int_equal(lf_half_from_double(nextafter(middle, -1e9)), h);
        }
    }
    assert_int_equal(lf_half_from_double(65519.99), 0x7bff);
    assert_int_equal(lf_half_from_double(65520), 0x7c00);
}

static const char *const SCRIPT =
    "import sys, numpy as np\n"
    "r = np.random.RandomState(1)\n"
    "a = {}\n"
    "for i, d in enumerate(['<f2','>f4','<f8','i1','>i2','<i4','>i8','u1','<u2','>u4','<u8','?']):\n"
    "    x = (r.rand(3, 4, 5) * 100).astype(d)\n"
    "    if i % 2: x = np.asfortranarray(x)\n"
    "    np.save('x%d.npy' % i, x); np.save('y%d.npy' % i, np.ascontiguousarray(x.astype('<f8'))); a['x%d' % i] = x\n"
    "np.savez_compressed('all.npz', **a)\n";

static const char *const CHECK = "import numpy as np\n"
                                 "z = np.load('ours.npz')\n"
                                 "for i in range(12):\n"
                                 "    x, y = np.load('x%d.npy' % i), np.load('ours%d.npy' % i)\n"
                                 "    assert x.dtype.newbyteorder('=') == y.dtype and (x == y).all(), i\n"
                                 "    assert (z['x%d' % i] == x).all() and z['x%d' % i].dtype == y.dtype\n";

static void run_python(place *f, const char *script) {
    lf_run_result r;
    if (lf_tool_run(f->ctx, f->a, (const char *[]){"/usr/bin/python3", "-c", "import numpy", NULL}, f->dir, &r) !=
            LF_OK ||
        r.exit_code != 0) {
        print_message("skipped: /usr/bin/python3 has no numpy\n");
        skip();
    }
    assert_int_equal(lf_tool_run(f->ctx, f->a, (const char *[]){"/usr/bin/python3", "-c", script, NULL}, f->dir, &r),
                     LF_OK);
    if (r.exit_code != 0)
        fail_msg("%s", r.out);
}

static void test_against_numpy(void **state) {
    place *f = *state;
    run_python(f, SCRIPT);
    lf_named_array *all;
    size_t count;
    assert_int_equal(lf_npz_read(f->ctx, f->a, lf_path_join(f->a, f->dir, "all.npz"), &all, &count), LF_OK);
    assert_int_equal(count, 12);
    for (int i = 0; i < 12; i++) {
        lf_array x, y;
        assert_int_equal(lf_npy_read(f->ctx, f->a, lf_path_join(f->a, f->dir, lf_format(f->a, "x%d.npy", i)), &x),
                         LF_OK);
        assert_int_equal(lf_npy_read(f->ctx, f->a, lf_path_join(f->a, f->dir, lf_format(f->a, "y%d.npy", i)), &y),
                         LF_OK);
        assert_int_equal(x.type, i);
        for (size_t k = 0; k < 60; k++)
            assert_true(lf_array_real(&x, k) == lf_array_real(&y, k));
        assert_memory_equal(x.data, all[i].array.data, 60 * lf_array_item_size(x.type));
        assert_int_equal(lf_npy_write(f->ctx, lf_path_join(f->a, f->dir, lf_format(f->a, "ours%d.npy", i)), &x), LF_OK);
    }
    assert_int_equal(lf_npz_write(f->ctx, lf_path_join(f->a, f->dir, "ours.npz"), all, count), LF_OK);
    run_python(f, CHECK);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_versions_and_orders, place_make, place_drop),
        cmocka_unit_test_setup_teardown(test_refused, place_make, place_drop),
        cmocka_unit_test_setup_teardown(test_truncated, place_make, place_drop),
        cmocka_unit_test_setup_teardown(test_round_trip, place_make, place_drop),
        cmocka_unit_test_setup_teardown(test_npz, place_make, place_drop),
        cmocka_unit_test_setup_teardown(test_conversions, place_make, place_drop),
        cmocka_unit_test(test_half),
        cmocka_unit_test_setup_teardown(test_against_numpy, place_make, place_drop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
