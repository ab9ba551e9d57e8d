#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "base/file.h"
#include "data/gzip.h"
#include "data/idx.h"

static lf_ctx *ctx;
static lf_arena *a;

static int set_up(void **state) {
    (void)state;
    ctx = lf_ctx_new(1);
    a = lf_arena_new();
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    lf_arena_free(a);
    lf_ctx_free(ctx);
    return 0;
}

/* Two images of 2 x 3. */
static const uint8_t SMALL[] = {0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 3, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 255};

static uint8_t *gzip(const uint8_t *in, size_t size, size_t *out_size) {
    z_stream z = {0};
    assert_int_equal(deflateInit2(&z, 9, Z_DEFLATED, 15 + 16, 9, Z_DEFAULT_STRATEGY), Z_OK);
    size_t cap = deflateBound(&z, size) + 64;
    uint8_t *out = lf_alloc(a, cap);
    z.next_in = (uint8_t *)(uintptr_t)in;
    z.avail_in = (unsigned)size;
    z.next_out = out;
    z.avail_out = (unsigned)cap;
    assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
    *out_size = cap - z.avail_out;
    deflateEnd(&z);
    return out;
}

static void test_plain_and_gzip(void **state) {
    (void)state;
    lf_array x;
    size_t n;
    uint8_t *packed = gzip(SMALL, sizeof SMALL, &n);
    for (int k = 0; k < 2; k++) {
        assert_int_equal(lf_idx_parse(ctx, a, "x", k ? packed : SMALL, k ? n : sizeof SMALL, &x), LF_OK);
        assert_int_equal(x.type, LF_ARRAY_U8);
        assert_int_equal(x.shape.rank, 3);
        assert_int_equal(x.count, 12);
        assert_true(lf_array_real(&x, 11) == 255);
    }
}

static void refuse(const uint8_t *bytes, size_t size, const char *reason) {
    lf_array x;
    lf_diag_clear(ctx);
    assert_int_equal(lf_idx_parse(ctx, a, "x", bytes, size, &x), LF_BAD_INPUT);
    if (strstr(lf_diag_at(ctx, 0)->text, reason) == NULL)
        fail_msg("'%s' instead of '%s'", lf_diag_at(ctx, 0)->text, reason);
}

static void test_refused(void **state) {
    (void)state;
    uint8_t b[64];
    refuse(SMALL, 0, "truncated");
    refuse(SMALL, 3, "truncated");
    refuse(SMALL, 9, "inside its header");
    refuse(SMALL, sizeof SMALL - 1, "holds 11");
    memcpy(b, SMALL, sizeof SMALL);
    refuse(b, sizeof SMALL + 1, "longer than");
    b[2] = 7;
    refuse(b, sizeof SMALL, "not an IDX file");
    b[2] = 8;
    b[3] = 9;
    refuse(b, sizeof SMALL, "9 dimensions");
    memcpy(b, SMALL, sizeof SMALL);
    memset(b + 4, 255, 12);
    refuse(b, sizeof SMALL, "more elements than");
    size_t n;
    uint8_t *packed = gzip(SMALL, sizeof SMALL, &n);
    for (size_t i = 2; i < n; i++) {
        uint8_t *part = lf_copy(a, packed, i);
        lf_array x;
        assert_int_equal(lf_idx_parse(ctx, a, "x", part, i, &x), LF_BAD_INPUT);
    }
    packed[n - 6] ^= 1; /* the checksum */
    refuse(packed, n, "damaged");
}

/* A small file that would unpack to gigabytes is refused before it does. */
static void test_bomb(void **state) {
    (void)state;
    size_t n, size = 8 << 20;
    uint8_t *zeros = calloc(1, size), *out;
    uint8_t *packed = gzip(zeros, size, &n);
    free(zeros);
    assert_int_equal(lf_gunzip(ctx, a, "x", packed, n, 1 << 20, &out, &size), LF_BAD_INPUT);
    assert_non_null(strstr(lf_diag_at(ctx, 0)->text, "unpacks to more than"));
    assert_int_equal(lf_gunzip(ctx, a, "x", packed, n, 16 << 20, &out, &size), LF_OK);
    assert_int_equal(size, 8 << 20);
}

static void test_round_trip(void **state) {
    (void)state;
    char *dir;
    assert_int_equal(lf_temp_dir(ctx, a, NULL, &dir), LF_OK);
    const char *path = lf_path_join(a, dir, "x.idx");
    const lf_array_type types[] = {LF_ARRAY_U8, LF_ARRAY_I8, LF_ARRAY_I16, LF_ARRAY_I32, LF_ARRAY_F32, LF_ARRAY_F64};
    for (size_t t = 0; t < LF_COUNT(types); t++) {
        lf_array x, y;
        assert_true(lf_array_new(a, types[t], lf_shape_make(2, (int64_t[]){5, 4}), &x));
        for (size_t i = 0; i < 20; i++)
            assert_true(lf_array_set_real(&x, i, t == 0 ? (double)i * 12 : (double)i * 5 - 50));
        assert_int_equal(lf_idx_write(ctx, path, &x), LF_OK);
        assert_int_equal(lf_idx_read(ctx, a, path, &y), LF_OK);
        assert_int_equal(y.type, types[t]);
        assert_memory_equal(x.data, y.data, 20 * lf_array_item_size(x.type));
    }
    lf_array h;
    assert_true(lf_array_new(a, LF_ARRAY_U16, lf_shape_make(1, (int64_t[]){1}), &h));
    assert_int_equal(lf_idx_write(ctx, path, &h), LF_BAD_INPUT);
    lf_remove_tree(dir);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_plain_and_gzip, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_bomb, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_round_trip, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
