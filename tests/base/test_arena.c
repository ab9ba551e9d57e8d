#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/arena.h"

static int make(void **state) {
    *state = lf_arena_new();
    return *state ? 0 : -1;
}

static int drop(void **state) {
    lf_arena_free(*state);
    return 0;
}

static int is_zero(const unsigned char *p, size_t n) {
    for (size_t i = 0; i < n; i++)
        if (p[i])
            return 0;
    return 1;
}

/* Every size in turn: zeroed, aligned, and no two allocations share a byte. */
static void test_sizes(void **state) {
    static const size_t sizes[] = {0, 1, 15, 16, 17, 63, 64, 65, 1000, 1023, 1024, 1025, 4096, 65536, 300000};
    enum { ROUNDS = 40, N = sizeof sizes / sizeof sizes[0] };
    unsigned char *at[ROUNDS][N];
    for (size_t r = 0; r < ROUNDS; r++)
        for (size_t i = 0; i < N; i++) {
            at[r][i] = lf_alloc(*state, sizes[i]);
            assert_int_equal((uintptr_t)at[r][i] % (sizes[i] >= 64 ? 64 : 16), 0);
            assert_true(is_zero(at[r][i], sizes[i]));
            memset(at[r][i], (int)(r * N + i) % 255 + 1, sizes[i]);
        }
    for (size_t r = 0; r < ROUNDS; r++)
        for (size_t i = 0; i < N; i++)
            for (size_t k = 0; k < sizes[i]; k++)
                if (at[r][i][k] != (r * N + i) % 255 + 1)
                    fail_msg("round %zu, size %zu: byte %zu was overwritten", r, sizes[i], k);
}

static void test_empty_allocations_differ(void **state) {
    assert_ptr_not_equal(lf_alloc(*state, 0), lf_alloc(*state, 0));
}

static void test_reset(void **state) {
    unsigned char *p = lf_alloc(*state, 5000);
    memset(p, 255, 5000);
    assert_true(lf_arena_used(*state) >= 5000);
    lf_arena_reset(*state);
    assert_int_equal(lf_arena_used(*state), 0);
    for (int i = 0; i < 10; i++)
        assert_true(is_zero(lf_alloc(*state, 5000), 5000));
}

static void test_try_refuses(void **state) {
    assert_null(lf_alloc_try(*state, SIZE_MAX / 2, 3));
    assert_null(lf_alloc_try(*state, SIZE_MAX, 1));
    assert_null(lf_alloc_try(*state, SIZE_MAX - 100, 1));
    assert_non_null(lf_alloc_try(*state, 0, SIZE_MAX));
    assert_non_null(lf_alloc_try(*state, SIZE_MAX, 0));
    assert_non_null(lf_alloc_try(*state, 100, 100));
}

static void test_copies(void **state) {
    assert_null(lf_copy(*state, NULL, 10));
    assert_null(lf_strdup(*state, NULL));
    assert_null(lf_strndup(*state, NULL, 3));
    assert_string_equal(lf_strdup(*state, "abc"), "abc");
    assert_string_equal(lf_strndup(*state, "abcdef", 3), "abc");
    assert_string_equal(lf_strndup(*state, "ab", 3), "ab");
    assert_memory_equal(lf_copy(*state, "a\0b", 4), "a\0b", 4);
    assert_string_equal(lf_format(*state, "%s-%d", "x", 42), "x-42");
    assert_string_equal(lf_format(*state, "%s", ""), "");
    char *longer = lf_format(*state, "%5000d|", 7);
    assert_int_equal(strlen(longer), 5001);
}

static void test_vector(void **state) {
    LF_VEC(int) v = {0};
    for (int i = 0; i < 10000; i++)
        LF_PUSH(*state, &v, i * 3);
    assert_int_equal(v.count, 10000);
    for (int i = 0; i < 10000; i++)
        assert_int_equal(v.at[i], i * 3);
}

static void test_free_null(void **state) {
    (void)state;
    lf_arena_free(NULL);
}

#define T(name) cmocka_unit_test_setup_teardown(name, make, drop)
int main(void) {
    const struct CMUnitTest tests[] = {
        T(test_sizes),     T(test_empty_allocations_differ),
        T(test_reset),     T(test_try_refuses),
        T(test_copies),    T(test_vector),
        T(test_free_null),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
