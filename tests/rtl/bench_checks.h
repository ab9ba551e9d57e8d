/* What the test programs around unit_bench.h ask of every bench. Includes come behind cmocka's. */
#ifndef LF_TESTS_BENCH_CHECKS_H
#define LF_TESTS_BENCH_CHECKS_H

#include "unit_bench.h"

/* The test is skipped where the tool is absent. */
static inline void bench_need(bench *b, const char *tool) {
    b->failed = false;
    if (lf_tool_found(tool))
        return;
    print_message("%s is not installed\n", tool);
    skip();
}

/* All cases under every setting of stalls, in one simulation. */
static inline void bench_check_verilator(bench *b, const bench_stalls *settings, size_t count) {
    bench_need(b, "verilator");
    bench_forget_cycles(b);
    for (size_t i = 0; i < count; i++)
        bench_add_setting(b, settings[i], 1000 * (i + 1));
    assert_false(b->failed);
    b->failed = !bench_verilator(b);
    assert_false(b->failed);
}

static inline void bench_check_icarus(bench *b) {
    bench_need(b, "iverilog");
    bench_forget_cycles(b);
    bench_add_setting(b, (bench_stalls){.3, .3}, 77);
    b->failed = b->failed || !bench_icarus(b);
    assert_false(b->failed);
}

#endif
