/* The matrix-vector unit's Verilog against its definition and against the model of its handshakes, every cycle. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "mvu_bench.h"

static const mvu_stalls settings[] = {
    {0, 0, 4, 0, true}, {0, 8, 3, 1, true},  {8, 0, 3, 1, true},
    {8, 8, 3, 1, true}, {14, 2, 2, 1, true}, {2, 14, 2, 1, true},
};

static const mvu_case corners[] = {
    {"one_by_one", 1, 1, 1, 1, "BIPOLAR", "BIPOLAR", 1, false, LF_MVU_RAM_AUTO},
    {"serial", 12, 6, 1, 1, "BIPOLAR", "BIPOLAR", 1, false, LF_MVU_RAM_AUTO},
    {"serial_logic", 6, 5, 1, 1, "BIPOLAR", "BIPOLAR", 1, true, LF_MVU_RAM_AUTO},
    {"folded", 24, 12, 3, 4, "BIPOLAR", "BIPOLAR", 1, false, LF_MVU_RAM_AUTO},
    {"folded_memory", 60, 12, 2, 5, "BIPOLAR", "BIPOLAR", 1, true, LF_MVU_RAM_AUTO},
    {"folded_odd", 63, 21, 3, 9, "BIPOLAR", "BIPOLAR", 0, false, LF_MVU_RAM_AUTO},
    {"tall", 49, 8, 8, 7, "BIPOLAR", "BIPOLAR", 1, false, LF_MVU_RAM_AUTO},
    {"tall_scores", 40, 5, 5, 4, "BIPOLAR", "BIPOLAR", 0, true, LF_MVU_RAM_AUTO},
    {"wide", 49, 20, 2, 49, "BIPOLAR", "BIPOLAR", 1, false, LF_MVU_RAM_AUTO},
    {"wide_scores", 50, 10, 1, 50, "BIPOLAR", "BIPOLAR", 0, false, LF_MVU_RAM_AUTO},
    {"all_at_once", 17, 9, 9, 17, "BIPOLAR", "BIPOLAR", 1, true, LF_MVU_RAM_AUTO},
    {"levels_tall", 24, 6, 6, 6, "UINT2", "INT2", 3, true, LF_MVU_RAM_AUTO},
    {"levels_wide", 24, 6, 2, 24, "UINT2", "INT2", 3, false, LF_MVU_RAM_AUTO},
    {"levels_folded", 40, 30, 3, 4, "UINT2", "TERNARY", 2, false, LF_MVU_RAM_AUTO},
    {"ternary_fused", 16, 4, 2, 4, "INT3", "TERNARY", 0, false, LF_MVU_RAM_AUTO},
    {"ternary_bipolar", 18, 4, 2, 3, "BIPOLAR", "TERNARY", 2, true, LF_MVU_RAM_AUTO},
    {"bipolar_wide_input", 30, 6, 3, 5, "INT8", "BIPOLAR", 1, false, LF_MVU_RAM_AUTO},
    {"bipolar_unsigned", 30, 6, 3, 5, "UINT8", "BIPOLAR", 0, false, LF_MVU_RAM_LOGIC},
    {"bytes", 9, 4, 2, 3, "UINT8", "INT8", 0, true, LF_MVU_RAM_AUTO},
    {"signed_bytes", 8, 4, 1, 1, "INT8", "INT8", 0, true, LF_MVU_RAM_BLOCK},
    {"sixteen", 6, 3, 3, 2, "INT16", "INT8", 0, false, LF_MVU_RAM_AUTO},
    {"unsigned_both", 12, 6, 2, 4, "UINT4", "UINT3", 0, false, LF_MVU_RAM_AUTO},
    {"bits", 20, 10, 5, 4, "UINT1", "UINT1", 0, true, LF_MVU_RAM_AUTO},
    {"bipolar_input", 20, 10, 5, 4, "BIPOLAR", "INT4", 0, true, LF_MVU_RAM_AUTO},
    {"bipolar_input_sign", 21, 10, 2, 7, "BIPOLAR", "INT3", 1, true, LF_MVU_RAM_AUTO},
    {"bipolar_sum", 1, 6, 2, 1, "BIPOLAR", "BIPOLAR", 0, false, LF_MVU_RAM_AUTO},
    {"wide_memory", 12, 130, 1, 12, "BIPOLAR", "BIPOLAR", 1, false, LF_MVU_RAM_AUTO},
    {"wide_distributed", 7, 66, 1, 7, "UINT2", "INT2", 2, true, LF_MVU_RAM_DISTRIBUTED},
    {"deep_presets", 4, 130, 1, 2, "BIPOLAR", "BIPOLAR", 1, false, LF_MVU_RAM_AUTO},
    {"stream_one", 1, 1, 1, 1, "BIPOLAR", "BIPOLAR", 1, false, LF_MVU_RAM_STREAM},
    {"stream_folded", 24, 12, 3, 4, "BIPOLAR", "BIPOLAR", 1, false, LF_MVU_RAM_STREAM},
    {"stream_bytes", 9, 4, 2, 3, "UINT8", "INT8", 0, true, LF_MVU_RAM_STREAM},
    {"stream_ternary", 40, 30, 3, 4, "UINT2", "TERNARY", 2, false, LF_MVU_RAM_STREAM},
    {"stream_kept", 12, 8, 2, 12, "INT4", "INT3", 3, true, LF_MVU_RAM_STREAM},
    {"stream_direct", 20, 5, 5, 4, "BIPOLAR", "INT4", 0, true, LF_MVU_RAM_STREAM},
    {"stream_at_once", 17, 9, 9, 17, "UINT1", "UINT2", 1, true, LF_MVU_RAM_STREAM},
};

/* Layers i0, i0 + step, ... of the corners. */
static void begin_corners(mvu_bench *b, size_t first, size_t step) {
    mvu_bench_begin(b, getenv("TMPDIR"));
    lf_rng r = lf_rng_make(7, first);
    for (size_t i = first; i < LF_COUNT(corners); i += step) {
        mvu_layer l;
        mvu_recording rec;
        assert_int_equal(mvu_make(b->ctx, b->arena, &r, &corners[i], &l), LF_OK);
        assert_int_equal(mvu_bench_add(b, &r, &l, settings, LF_COUNT(settings), &rec), LF_OK);
    }
    mvu_bench_write(b);
}

static void need(const char *tool) {
    if (!lf_tool_found(tool)) {
        print_message("%s is not installed\n", tool);
        skip();
    }
}

static void test_corners_icarus(void **state) {
    (void)state;
    need("iverilog");
    mvu_bench b;
    begin_corners(&b, 0, 1);
    assert_true(mvu_simulate_icarus(&b));
    mvu_bench_end(&b);
}

static void test_corners_lint(void **state) {
    (void)state;
    need("verilator");
    mvu_bench b;
    begin_corners(&b, 0, 1);
    assert_true(mvu_lint(&b));
    mvu_bench_end(&b);
}

/* Compiling dominates: a quarter of the corners; tests/slow has random ones. */
static void test_corners_verilator(void **state) {
    (void)state;
    need("verilator");
    mvu_bench b;
    begin_corners(&b, 3, 4);
    assert_true(mvu_simulate_verilator(&b));
    mvu_bench_end(&b);
}

/* A recording with one wrong expectation must be refused, else the tests above show nothing. */
static void test_replay_notices(void **state) {
    (void)state;
    need("iverilog");
    mvu_bench b;
    mvu_bench_begin(&b, getenv("TMPDIR"));
    lf_rng r = lf_rng_make(9, 9);
    mvu_layer l;
    mvu_recording rec;
    assert_int_equal(mvu_make(b.ctx, b.arena, &r, &corners[3], &l), LF_OK);
    l.plan.ranks++; /* valid comes a cycle late, the sum does not */
    assert_int_equal(mvu_bench_add(&b, &r, &l, settings, 1, &rec), LF_OK);
    mvu_bench_write(&b);
    assert_false(mvu_simulate_icarus(&b));
    mvu_bench_end(&b);
}

/* Weights that come in another order must show. */
static void test_order_of_weights_shows(void **state) {
    (void)state;
    need("iverilog");
    mvu_bench b;
    mvu_bench_begin(&b, getenv("TMPDIR"));
    lf_rng r = lf_rng_make(9, 10);
    static const mvu_case folded = {"wrong", 24, 12, 3, 4, "UINT2", "INT4", 0, false, LF_MVU_RAM_STREAM};
    mvu_layer l;
    mvu_recording rec;
    assert_int_equal(mvu_make(b.ctx, b.arena, &r, &folded, &l), LF_OK);
    mvu_layer turned = l;
    turned.mixed_weights = true;
    assert_int_equal(mvu_bench_add(&b, &r, &turned, settings, 1, &rec), LF_OK);
    mvu_bench_write(&b);
    assert_false(mvu_simulate_icarus(&b));
    mvu_bench_end(&b);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_corners_icarus), cmocka_unit_test(test_corners_lint),
                                       cmocka_unit_test(test_corners_verilator), cmocka_unit_test(test_replay_notices),
                                       cmocka_unit_test(test_order_of_weights_shows)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
