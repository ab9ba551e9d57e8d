/* A test program around a bench of units (unit_bench.h): what it says is a bench_program; the tests that every such program consists of are here.
 * Included behind cmocka's headers, by one C file per program. */
#ifndef LF_TESTS_BENCH_CHECKS_H
#define LF_TESTS_BENCH_CHECKS_H

#include "unit_bench.h"

typedef struct bench_program {
    void (*add)(lf_rng *r); /* puts the cases into `b` */
    uint64_t seed;
    const bench_stalls *settings; /* that Verilator replays */
    size_t setting_count;
    void (*add_small)(lf_rng *r); /* the few cases that show every one of the faults */
    uint64_t small_seed;
    const bench_fault *faults;
    size_t fault_count;
} bench_program;

static bench b; /* the one that cases are put into */
static const bench_program *program;

/* Constants for a node: drawn from a range, and sorted by bench_ascending. */
static inline int64_t *bench_codes(lf_rng *r, lf_range a, int64_t count) {
    int64_t *code = LF_NEW_ARRAY(b.arena, int64_t, count);
    for (int64_t i = 0; i < count; i++)
        code[i] = a.lo + a.step * lf_rng_between(r, 0, (a.hi - a.lo) / a.step);
    return code;
}

static inline int bench_ascending(const void *p, const void *q) {
    int64_t x = *(const int64_t *)p, y = *(const int64_t *)q;
    return (x > y) - (x < y);
}

/* The test is skipped where the tool is absent. */
static inline void bench_need(const char *tool) {
    b.failed = false;
    if (lf_tool_found(tool))
        return;
    print_message("%s is not installed\n", tool);
    skip();
}

static inline void bench_fill(void (*add)(lf_rng *r), uint64_t seed) {
    bench_begin(&b);
    lf_rng r = lf_rng_make(seed, 1);
    add(&r);
    bench_prepare(&b, &r);
    bench_print(&b);
}

static inline int bench_set_up(void **state) {
    (void)state;
    bench_fill(program->add, program->seed);
    return b.failed ? -1 : 0;
}

static inline int bench_tear_down(void **state) {
    (void)state;
    bench_end(&b);
    return 0;
}

/* A bench of the few cases beside the whole one, which is returned for bench_end_small. */
static inline bench bench_begin_small(void) {
    bench whole = b;
    bench_fill(program->add_small, program->small_seed);
    bench_add_setting(&b, (bench_stalls){.4, .4}, 5);
    bench_add_setting(&b, (bench_stalls){0, 0}, 6);
    return whole;
}

static inline void bench_end_small(bench whole) {
    bench_end(&b);
    b = whole;
}

/* All cases under every setting of stalls, in one simulation. */
static inline void test_verilator(void **state) {
    (void)state;
    bench_need("verilator");
    bench_forget_cycles(&b);
    for (size_t i = 0; i < program->setting_count; i++)
        bench_add_setting(&b, program->settings[i], 1000 * (i + 1));
    assert_false(b.failed);
    b.failed = !bench_verilator(&b);
    assert_false(b.failed);
}

static inline void test_icarus(void **state) {
    (void)state;
    bench_need("iverilog");
    bench_forget_cycles(&b);
    bench_add_setting(&b, (bench_stalls){.3, .3}, 77);
    b.failed = b.failed || !bench_icarus(&b);
    assert_false(b.failed);
}

/* Without a fault the vectors show no difference; with each of them they do. */
static inline void test_planted_faults(void **state) {
    (void)state;
    bench_need("iverilog");
    bench whole = bench_begin_small();
    size_t seen = 0;
    bool clean = bench_icarus(&b);
    for (size_t i = 0; i < program->fault_count && clean; i++)
        seen += bench_sees(&b, &program->faults[i]);
    bench_end_small(whole);
    assert_true(clean);
    assert_int_equal(seen, program->fault_count);
}

/* The program: these tests and up to four more; an argument runs those whose names match it. */
static inline int bench_main(int argc, char **argv, const bench_program *p, const struct CMUnitTest *more,
                             size_t count) {
    struct CMUnitTest tests[7] = {
        /* cmocka passes over those without a name */
        cmocka_unit_test(test_verilator),
        cmocka_unit_test(test_icarus),
        cmocka_unit_test(test_planted_faults),
    };
    for (size_t i = 0; i < count; i++)
        tests[3 + i] = more[i];
    program = p;
    if (argc > 1)
        cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests(tests, bench_set_up, bench_tear_down);
}

#endif
