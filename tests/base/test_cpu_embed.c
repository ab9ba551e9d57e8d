#include "../context.h"

#include <string.h>

#include "base/cpu.h"
#include "base/embed.h"
#include "base/file.h"

static void test_isa(void **state) {
    (void)state;
    assert_true(lf_cpu_has(LF_ISA_SCALAR));
    assert_true(lf_cpu_has(lf_cpu_best()));
    assert_false(lf_cpu_has(LF_ISA_COUNT));
    for (lf_isa isa = lf_cpu_best() + 1; isa < LF_ISA_COUNT; isa++)
        assert_false(lf_cpu_has(isa));
    assert_string_equal(lf_isa_name(LF_ISA_SCALAR), "scalar");
    assert_string_equal(lf_isa_name(LF_ISA_AVX2), "avx2");
    assert_string_equal(lf_isa_name(LF_ISA_AVX512), "avx512");
    assert_string_equal(lf_isa_name(LF_ISA_COUNT), "unknown");
}

/* What the kernel says of the same processor. */
static void test_isa_agrees_with_the_system(void **state) {
    (void)state;
    lf_ctx *ctx = lf_ctx_new(1);
    lf_file f;
    if (lf_file_open(ctx, "/proc/cpuinfo", 0, &f) != LF_OK) {
        lf_ctx_free(ctx);
        print_message("there is no /proc/cpuinfo\n");
        skip();
    }
    const char *text = lf_strndup(lf_ctx_arena(ctx), (const char *)f.data, f.size);
    lf_file_close(&f);
    assert_int_equal(lf_cpu_has(LF_ISA_AVX2), strstr(text, " avx2") != NULL);
    assert_int_equal(lf_cpu_has(LF_ISA_AVX512), strstr(text, " avx512_vpopcntdq") && strstr(text, " avx512_vnni"));
    if (strcmp(lf_cpu_name(), "unknown") != 0)
        assert_non_null(strstr(text, lf_cpu_name()));
    lf_ctx_free(ctx);
}

/* Every file in the library is found under its path, in order, and holds what the source tree holds. */
static void test_embedded_files(void **state) {
    lf_ctx *ctx = *state;
    for (size_t i = 0; i < lf_embed_count(); i++) {
        const lf_embed *e = lf_embed_at(i);
        assert_ptr_equal(lf_embed_find(e->path), e);
        assert_true(i == 0 || strcmp(lf_embed_at(i - 1)->path, e->path) < 0);
        assert_int_equal(e->data[e->size], 0);
        lf_file f;
        assert_int_equal(lf_file_open(ctx, e->path, 0, &f), LF_OK);
        assert_int_equal(f.size, e->size);
        if (f.size)
            assert_memory_equal(f.data, e->data, f.size);
        lf_file_close(&f);
    }
    assert_null(lf_embed_at(lf_embed_count()));
    assert_null(lf_embed_find("rtl/no_such_unit.v"));
    assert_null(lf_embed_find(""));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_isa),
        cmocka_unit_test(test_isa_agrees_with_the_system),
        WITH_CONTEXT(test_embedded_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
