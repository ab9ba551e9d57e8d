/* LUT netlists as machine code and interpreted: equal to the definition. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/rng.h"
#include "kern/lut_code.h"

enum { GROUPS = 2 };

typedef struct shape {
    uint32_t inputs;
    size_t luts, outputs;
    uint32_t reach; /* operands come from the last so many signals; 0: from all */
} shape;

static lf_ctx *ctx;

static lf_lutnet *random_net(lf_rng *rng, shape s) {
    lf_lutnet *n = lf_lutnet_new(ctx, s.inputs);
    lf_signal *made = malloc((2 + s.inputs + s.luts) * sizeof *made);
    uint32_t count = 0;
    for (uint32_t i = 0; i < 2 + s.inputs; i++)
        made[count++] = i;
    for (size_t i = 0; i < s.luts; i++) {
        lf_signal in[LF_LUT_INPUTS];
        int fan_in = (int)lf_rng_between(rng, 1, LF_LUT_INPUTS);
        uint32_t reach = s.reach && s.reach < count ? s.reach : count;
        for (int k = 0; k < fan_in; k++)
            in[k] = made[count - 1 - lf_rng_below(rng, reach)];
        made[count++] = lf_lutnet_lut(n, in, fan_in, lf_rng_u64(rng));
    }
    for (size_t o = 0; o < s.outputs; o++)
        LF_PUSH(n->arena, &n->outputs, o < 3 ? (lf_signal)o : made[count - 1 - lf_rng_below(rng, count)]);
    free(made);
    return n;
}

/* Sample words of one position of all groups, by the definition. */
static void define(const lf_lutnet *n, const uint64_t *in, uint64_t *out, size_t group, size_t word) {
    uint64_t *own = calloc(n->inputs + 1, sizeof *own), *result = calloc(n->outputs.count + 1, sizeof *result);
    uint64_t *scratch = calloc(2 + n->inputs + n->luts.count, sizeof *scratch);
    for (size_t i = 0; i < n->inputs; i++)
        own[i] = in[(group * n->inputs + i) * LF_LUT_WORDS + word];
    lf_lutnet_run(n, own, result, scratch);
    for (size_t o = 0; o < n->outputs.count; o++)
        out[(group * n->outputs.count + o) * LF_LUT_WORDS + word] = result[o];
    free(own);
    free(result);
    free(scratch);
}

static uint64_t *words(size_t count) {
    uint64_t *w = aligned_alloc(64, (count + 1) * LF_LUT_WORDS * sizeof *w);
    memset(w, 0xa5, (count + 1) * LF_LUT_WORDS * sizeof *w);
    return w;
}

static void check_net(const lf_lutnet *n, lf_rng *rng) {
    size_t outputs = GROUPS * n->outputs.count;
    uint64_t *in = words(GROUPS * n->inputs), *want = words(outputs), *got = words(outputs);
    for (size_t i = 0; i < (size_t)GROUPS * n->inputs * LF_LUT_WORDS; i++)
        in[i] = lf_rng_u64(rng);
    for (size_t g = 0; g < GROUPS; g++)
        for (size_t w = 0; w < LF_LUT_WORDS; w++)
            define(n, in, want, g, w);
    for (int isa = 0; isa < LF_ISA_COUNT; isa++) {
        if (!lf_cpu_has((lf_isa)isa))
            continue;
        lf_lut_code *c = lf_lut_code_make(n, (lf_isa)isa);
        assert_non_null(c);
        uint64_t *scratch = words(lf_lut_code_scratch(c) / LF_LUT_WORDS);
        memset(got, 0x5a, outputs * LF_LUT_WORDS * sizeof *got);
        lf_lut_code_run(c, in, got, scratch, GROUPS);
        assert_memory_equal(got, want, outputs * LF_LUT_WORDS * sizeof *got);
        free(scratch);
        lf_lut_code_free(c);
    }
    free(in);
    free(want);
    free(got);
}

static void test_random_nets(void **state) {
    lf_rng rng = lf_rng_make(5, 0);
    (void)state;
    for (int i = 0; i < 150; i++) {
        shape s = {1 + lf_rng_below(&rng, 40), lf_rng_below(&rng, 200), lf_rng_below(&rng, 30), i % 3 ? 0 : 20};
        s.outputs = s.outputs < 4 ? 4 : s.outputs;
        lf_lutnet *n = random_net(&rng, s);
        check_net(n, &rng);
        lf_lutnet_free(n);
    }
}

/* Every function of three operands, of two and of one; code is made where the processor has instructions that it is made of. */
static void test_every_function(void **state) {
    lf_rng rng = lf_rng_make(8, 0);
    lf_lutnet *n = lf_lutnet_new(ctx, 3);
    (void)state;
    for (uint64_t f = 0; f < 256; f++)
        LF_PUSH(n->arena, &n->outputs, lf_lutnet_lut(n, (const lf_signal[]){2, 3, 4}, 3, f));
    check_net(n, &rng);
#if defined(__x86_64__) && defined(__unix__)
    for (int isa = LF_ISA_AVX2; isa <= LF_ISA_AVX512; isa++)
        if (lf_cpu_has((lf_isa)isa)) {
            lf_lut_code *c = lf_lut_code_make(n, (lf_isa)isa);
            assert_true(lf_lut_code_bytes(c) > 0);
            lf_lut_code_free(c);
        }
#endif
    lf_lutnet_free(n);
}

/* More values alive than registers and than one-byte displacements reach. */
static void test_many_values(void **state) {
    lf_rng rng = lf_rng_make(6, 0);
    (void)state;
    lf_lutnet *n = random_net(&rng, (shape){700, 3000, 600, 0});
    check_net(n, &rng);
    lf_lutnet_free(n);
}

/* A LUT that becomes constant only when those it reads are seen through. */
static void test_hidden_constants(void **state) {
    lf_rng rng = lf_rng_make(8, 0);
    (void)state;
    lf_lutnet *n = lf_lutnet_new(ctx, 3);
    const lf_signal x[] = {2, 3, 4};
    lf_signal both = lf_lutnet_lut(n, x, 2, 0x8), neither = lf_lutnet_lut(n, x, 2, 0x1);
    lf_signal never = lf_lutnet_lut(n, (lf_signal[]){both, neither}, 2, 0x8);
    LF_PUSH(n->arena, &n->outputs, never);
    LF_PUSH(n->arena, &n->outputs, lf_lutnet_lut(n, (lf_signal[]){never, x[2]}, 2, 0x7));
    check_net(n, &rng);
    lf_lutnet_free(n);
}

static void test_nothing(void **state) {
    (void)state;
    lf_rng rng = lf_rng_make(7, 0);
    lf_lutnet *n = lf_lutnet_new(ctx, 0);
    check_net(n, &rng);
    LF_PUSH(n->arena, &n->outputs, 1);
    check_net(n, &rng);
    lf_lutnet_free(n);
}

/* Mappings of this process with just these rights. */
static int mappings(const char *rights) {
    char line[4096];
    int count = 0;
    FILE *f = fopen("/proc/self/maps", "r");
    assert_non_null(f);
    while (fgets(line, sizeof line, f)) {
        const char *blank = strchr(line, ' ');
        count += blank && !strncmp(blank + 1, rights, strlen(rights));
    }
    fclose(f);
    return count;
}

/* Machine code lies in memory of its own that can be run and not written, and goes with it. */
static void test_rights_of_memory(void **state) {
    (void)state;
    lf_rng rng = lf_rng_make(9, 0);
    lf_lutnet *n = random_net(&rng, (shape){20, 3000, 30, 0});
    for (int isa = 0; isa < LF_ISA_COUNT; isa++) {
        if (!lf_cpu_has((lf_isa)isa))
            continue;
        int both = mappings("rwx"), run = mappings("r-x");
        lf_lut_code *c = lf_lut_code_make(n, (lf_isa)isa);
        assert_int_equal(mappings("rwx"), both);
        assert_int_equal(mappings("r-x"), run + (lf_lut_code_bytes(c) > 0));
        lf_lut_code_free(c);
        assert_int_equal(mappings("r-x"), run);
    }
    lf_lutnet_free(n);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_function),   cmocka_unit_test(test_random_nets),
        cmocka_unit_test(test_many_values),      cmocka_unit_test(test_nothing),
        cmocka_unit_test(test_hidden_constants), cmocka_unit_test(test_rights_of_memory)};
    ctx = lf_ctx_new(1);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    lf_ctx_free(ctx);
    return failed;
}
