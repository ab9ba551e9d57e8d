/* Twins that work by themselves for a while (unit.h, steady and skip) against the same twins clocked edge by edge: as long as they
 * call themselves steady their flags stay, and any number of edges at once leads to the state that so many edges lead to. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/rng.h"
#include "fpga/unit.h"
#include "ir/attr.h"
#include "ops/ops.h"

typedef struct ride {
    lf_rng r;
    lf_unit u;
    uint8_t *jumped; /* a copy of the state */
    int64_t edges, skipped;
} ride;

static void must_hold(const ride *d, const bool *s_valid, const bool *m_ready, bool valid, bool ready) {
    assert_int_equal(d->u.kind->valid(d->u.state, 0), valid);
    assert_int_equal(d->u.kind->ready(d->u.state, 0, s_valid, m_ready), ready);
}

/* One stretch with the same flags. */
static void go(ride *d, bool offered, bool taken, int64_t edges) {
    bool s_valid[LF_UNIT_PORTS] = {offered}, m_ready[LF_UNIT_PORTS] = {taken};
    while (edges > 0) {
        int64_t steady = d->u.kind->steady(d->u.state, s_valid, m_ready), run = steady < edges ? steady : edges;
        bool valid = d->u.kind->valid(d->u.state, 0), ready = d->u.kind->ready(d->u.state, 0, s_valid, m_ready);
        assert_true(steady >= 0);
        memcpy(d->jumped, d->u.state, d->u.state_bytes);
        if (run > 1 && lf_rng_below(&d->r, 3) == 0)
            run = lf_rng_between(&d->r, 1, run);
        for (int64_t i = 0; i < run; i++) {
            d->u.kind->clock(d->u.state, s_valid, m_ready);
            must_hold(d, s_valid, m_ready, valid, ready);
        }
        d->skipped += run;
        (d->u.kind->skip)(d->jumped, run, s_valid, m_ready); /* in parentheses: cmocka has a macro of this name */
        assert_memory_equal(d->jumped, d->u.state, d->u.state_bytes);
        if (run == 0) {
            d->u.kind->clock(d->u.state, s_valid, m_ready);
            run = 1;
        }
        edges -= run;
        d->edges += run;
    }
}

static void set(lf_graph *g, lf_node *n, const char *name, const char *text) {
    assert_int_equal(lf_attr_set_text(g->ctx, g->arena, n->op, n->attr, name, text, NULL), LF_OK);
}

static const char *pair(lf_arena *a, lf_rng *r, int64_t lo, int64_t hi) {
    return lf_format(a, "[%d,%d]", (int)lf_rng_between(r, lo, hi), (int)lf_rng_between(r, lo, hi));
}

/* A sliding window: a word or a column per clock. */
static void make_window(lf_graph *g, lf_rng *r, lf_unit *out) {
    int64_t rows = lf_rng_between(r, 2, 4), C = lf_rng_between(r, 1, 3) * 2, style = lf_rng_below(r, 3);
    lf_shape s = lf_shape_make(4, (int64_t[]){1, lf_rng_between(r, 9, 14), lf_rng_between(r, 9, 20), C});
    lf_tensor *x = lf_tensor_new(g, "x", s, lf_int(4));
    lf_set_codes(g, x, (lf_range){0, lf_rng_below(r, 2) ? 7 : 1 << 24, 1});
    lf_node *n = lf_node_new(g, lf_op_find("window"), "w", &x->id, 1,
                             &lf_tensor_new(g, "y", (lf_shape){0}, lf_int(4))->id, 1, NULL);
    set(g, n, "kernel", lf_format(g->arena, "[%d,%d]", (int)rows, (int)lf_rng_between(r, 1, 4)));
    set(g, n, "dilations", pair(g->arena, r, 1, 2));
    set(g, n, "strides", pair(g->arena, r, 1, 3));
    set(g, n, "pads",
        lf_format(g->arena, "[%d,%d,%d,%d]", (int)lf_rng_between(r, -1, 3), (int)lf_rng_between(r, -1, 3),
                  (int)lf_rng_between(r, -1, 3), (int)lf_rng_between(r, -1, 3)));
    set(g, n, "interleave", "2");
    set(g, n, "order", style ? "columns" : "rows");
    set(g, n, "SIMD", style == 2 ? lf_format(g->arena, "%d", (int)(2 * rows)) : lf_rng_below(r, 2) ? "2" : "1");
    assert_int_equal(lf_infer_node(g, n), LF_OK);
    assert_int_equal(n->op->unit(g, n, g->arena, out), LF_OK);
}

static void test_windows(void **state) {
    (void)state;
    int64_t edges = 0, skipped = 0;
    for (uint64_t seed = 0; seed < 200; seed++) {
        lf_ctx *ctx = lf_ctx_new(1);
        lf_graph *g = lf_graph_new(ctx, "g");
        ride d = {.r = lf_rng_make(seed, 7)};
        make_window(g, &d.r, &d.u);
        d.jumped = LF_NEW_ARRAY(g->arena, uint8_t, d.u.state_bytes);
        static const int64_t longest[] = {1, 5, 40, 2000};
        while (d.edges < 6000)
            go(&d, lf_rng_below(&d.r, 3) != 0, lf_rng_below(&d.r, 4) != 0,
               lf_rng_between(&d.r, 1, longest[lf_rng_below(&d.r, 4)]));
        edges += d.edges;
        skipped += d.skipped;
        lf_graph_free(g);
        lf_ctx_free(ctx);
    }
    print_message("%lld of %lld edges at once\n", (long long)skipped, (long long)edges);
    assert_true(skipped > edges / 2);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_windows)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
