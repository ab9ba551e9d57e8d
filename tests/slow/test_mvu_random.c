/* Random matrix-vector layers in Verilog: every cycle of Verilator and Icarus against the definition and the handshake model. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../mvu/mvu_bench.h"

enum { LAYERS = 15, ROUNDS = 8, COMPILED = 2 }; /* COMPILED: rounds with Verilator too */

static const char *const weight_types[] = {"BIPOLAR", "BIPOLAR", "TERNARY", "INT2", "UINT1", "UINT2",
                                           "INT3",    "INT4",    "UINT5",   "INT6", "INT8",  "UINT8"};
static const char *const input_types[] = {"BIPOLAR", "BIPOLAR", "TERNARY", "UINT1", "UINT2", "INT2",  "INT3",
                                          "UINT4",   "INT5",    "UINT8",   "INT8",  "INT12", "UINT16"};
static const mvu_stalls settings[] = {{0, 0, 3, 1, true}, {8, 8, 3, 2, true}, {0, 13, 2, 0, true}};

/* Which corners the random layers reached; the test fails when one was never hit. */
typedef struct corners {
    int serial, full_pe, full_simd, constant, buffered, memory, block, fused, logic, levels[4], bias, low_bit,
        deep_presets, streamed, count;
} corners;

static int64_t random_divisor(lf_rng *r, int64_t n) {
    if (lf_rng_below(r, 4) == 0)
        return lf_rng_below(r, 2) ? n : 1;
    int64_t d = lf_rng_between(r, 1, n);
    while (n % d)
        d--;
    return d;
}

/* What chance seldom makes: a lowest bit that is constant, presets in a memory. */
static void make_rare(mvu_case *c, int index) {
    if (index == 3) {
        c->x = c->w = "BIPOLAR";
        c->levels = 0;
        c->bias = false;
    }
    if (index == 5) {
        c->mh = 70;
        c->pe = 1;
    }
}

static mvu_case random_case(lf_arena *a, lf_rng *r, int index) {
    mvu_case c = {.name = lf_format(a, "layer%d", index)};
    c.x = input_types[lf_rng_below(r, LF_COUNT(input_types))];
    c.w = weight_types[lf_rng_below(r, LF_COUNT(weight_types))];
    c.mw = lf_rng_between(r, 1, lf_rng_below(r, 3) ? 30 : 90);
    c.mh = lf_rng_below(r, 12) ? lf_rng_between(r, 1, 24) : 70;
    c.pe = random_divisor(r, c.mh);
    c.simd = random_divisor(r, c.mw);
    c.levels = (int)lf_rng_below(r, 4);
    c.bias = lf_rng_below(r, 2);
    make_rare(&c, index);
    int64_t depth = c.mh / c.pe * (c.mw / c.simd);
    c.ram = (lf_mvu_ram)lf_rng_below(r, 5);
    if (c.ram == LF_MVU_RAM_LOGIC && depth > LF_MVU_ROM_DEPTH)
        c.ram = LF_MVU_RAM_DISTRIBUTED;
    return c;
}

static void count_corners(corners *n, const mvu_layer *l) {
    const lf_mvu_plan *p = &l->plan;
    n->count++;
    n->serial += l->c.pe == 1 && l->c.simd == 1;
    n->full_pe += l->c.pe == l->c.mh && l->c.mh > 1;
    n->full_simd += l->c.simd == l->c.mw && l->c.mw > 1;
    n->constant += p->depth == 1;
    n->buffered += p->buffered;
    n->memory += p->source == LF_MVU_MEMORY && !p->block;
    n->block += p->block;
    n->streamed += p->source == LF_MVU_STREAM;
    n->fused += p->source == LF_MVU_FUSED;
    n->logic += p->source == LF_MVU_LOGIC;
    n->levels[l->c.levels]++;
    n->bias += l->c.bias;
    n->low_bit += p->low_bit >= 0;
    n->deep_presets += p->preset_memory;
}

static void all_hit(const corners *n) {
    const int *at = (const int *)n;
    for (size_t i = 0; i < sizeof *n / sizeof *at; i++) {
        if (!at[i])
            print_message("corner %zu was never hit\n", i);
        assert_true(at[i] > 0);
    }
}

static void test_random_layers(void **state) {
    (void)state;
    if (!lf_tool_found("verilator") || !lf_tool_found("iverilog")) {
        print_message("verilator or iverilog is not installed\n");
        skip();
    }
    corners hit = {0};
    lf_rng r = lf_rng_make(2024, 11);
    for (int round = 0; round < ROUNDS; round++) {
        mvu_bench b;
        mvu_bench_begin(&b, getenv("TMPDIR"));
        for (int i = 0; i < LAYERS; i++) {
            mvu_case c = random_case(b.arena, &r, i);
            mvu_layer l;
            mvu_recording rec;
            assert_int_equal(mvu_make(b.ctx, b.arena, &r, &c, &l), LF_OK);
            assert_int_equal(mvu_bench_add(&b, &r, &l, settings, LF_COUNT(settings), &rec), LF_OK);
            count_corners(&hit, &l);
        }
        mvu_bench_write(&b);
        assert_true(mvu_simulate_icarus(&b));
        assert_true(mvu_lint(&b));
        if (round < COMPILED)
            assert_true(mvu_simulate_verilator(&b));
        mvu_bench_end(&b);
    }
    print_message("%d layers, %d of them folded both ways, %d with block RAM\n", hit.count, hit.buffered, hit.block);
    all_hit(&hit);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_random_layers)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
