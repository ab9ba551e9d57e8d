/* Property: a random convolutional network as `connect` leaves it does not stop, wherever its streams pause. With a FIFO of a join made
 * shallow, the proof refuses what a run at the full rate or one with pauses at the ends of the circuit shows to stop. */
#include "../context.h"

#undef skip /* cmocka's; units have one too */

#include "../fpga/stall_gate.h"
#include "net_checks.h"
#include "pass/connect.h"
#include "pass/split_windows.h"
#include "pass/stalls.h"
#include "random_conv_nets.h"

enum { NETWORKS = 60, PATTERNS = 4, FRAMES = 2 };

typedef struct tally {
    int nets, joins, planted, refused, shown, shown_under_stalls, full_rate;
} tally;

/* Bits of the stream ports of a unit that lead outside; all of them when `anywhere`. */
static void pausing_ports(const lf_graph *g, const bool *by_host, const lf_node *n, bool anywhere, unsigned *in,
                          unsigned *out) {
    *in = *out = 0;
    for (int k = 0, port = 0; k < n->in_count; k++)
        if (lf_is_stream(g, n, k))
            *in |= (unsigned)(anywhere || lf_enters_circuit(g, n->in[k])) << port++;
    for (int k = 0; k < n->out_count; k++)
        *out |= (unsigned)(anywhere || by_host[n->out[k]]) << k;
}

/* Pattern 0: none. */
static bool survives(const lf_graph *g, bool anywhere, uint64_t pattern) {
    lf_arena *a = lf_arena_new();
    lf_stream_model m;
    lf_chain_end end;
    lf_chain_result r;
    assert_int_equal(lf_stream_model_make(g, a, &m), LF_OK);
    const bool *by_host = lf_read_by_host(g, a);
    for (size_t i = 0; i < g->order.count && pattern; i++) {
        const lf_node *n = lf_node_at(g, g->order.at[i]);
        lf_unit u = {0};
        unsigned in, out;
        if (!lf_is_unit(n))
            continue;
        pausing_ports(g, by_host, n, anywhere, &in, &out);
        if (!in && !out)
            continue;
        assert_int_equal(n->op->unit(g, n, a, &u), LF_OK);
        u = gate_around(a, &u, in, out, pattern * 1000 + i);
        lf_chain_replace(m.chain, m.unit_of[n->id], &u);
    }
    assert_int_equal(lf_chain_try(g->ctx, m.chain, FRAMES, 0, &end, &r), LF_OK);
    lf_arena_free(a);
    return end == LF_CHAIN_DONE;
}

static bool is_sure(const lf_graph *g) {
    lf_arena *a = lf_arena_new();
    lf_stall_proof proof;
    assert_int_equal(lf_stalls_prove(g, a, &proof), LF_OK);
    assert_true(proof.units > 0 && proof.beats > 0);
    bool sure = !proof.stops;
    lf_arena_free(a);
    return sure;
}

static void must_survive(const lf_graph *g, uint64_t seed) {
    for (uint64_t p = 1; p <= PATTERNS; p++)
        if (!survives(g, p % 2, seed * PATTERNS + p))
            fail_msg("network %d stops under pattern %d", (int)seed, (int)p);
}

/* Every depth that a FIFO of a join could have instead. */
static void plant(lf_graph *g, lf_node *fifo, uint64_t seed, tally *t) {
    int64_t was = lf_attr_int(fifo, "depth");
    for (int64_t depth = was / 2; depth > 0; depth = depth > 8 ? depth / 2 : depth - 1) {
        assert_int_equal(lf_buffers_set(g, fifo, depth, false), LF_OK);
        bool full_rate = survives(g, false, 0), stops = !full_rate;
        t->planted++;
        if (is_sure(g)) {
            assert_true(full_rate);
            must_survive(g, seed);
            continue;
        }
        for (uint64_t p = 1; p <= 3 * PATTERNS && !stops; p++)
            stops = !survives(g, false, seed * PATTERNS + p);
        t->refused++;
        t->full_rate += full_rate;
        t->shown += stops;
        t->shown_under_stalls += stops && full_rate;
    }
    assert_int_equal(lf_buffers_set(g, fifo, was, false), LF_OK);
}

static lf_graph *connected(lf_ctx *ctx, const lf_graph *g, uint64_t seed, const char *dir) {
    lf_arena *a = lf_arena_new();
    uint64_t extremes[4] = {0};
    lf_graph *hw = copy_of(g);
    if (make_integers(hw) != LF_OK || lf_pass_run(hw, &lf_pass_map, NULL) != LF_OK)
        fail_with(ctx, "no hardware graph", seed);
    write_folding(hw, seed, lf_path_join(a, dir, "folding.json"), extremes);
    if (lf_split_windows(hw, a) != LF_OK || lf_infer(hw) != LF_OK || lf_pass_run(hw, &lf_pass_connect, NULL) != LF_OK)
        fail_with(ctx, "connect refuses", seed);
    lf_arena_free(a);
    return hw;
}

static void check_network(lf_ctx *ctx, const lf_graph *net, uint64_t seed, const char *dir, tally *t) {
    lf_graph *g = connected(ctx, net, seed, dir);
    t->nets++;
    assert_true(is_sure(g));
    must_survive(g, seed);
    for (size_t i = 0; i < g->order.count; i++) {
        lf_node *n = lf_node_at(g, g->order.at[i]), *to = lf_only_consumer(g, n->out[0]);
        if (strcmp(n->op->name, "fifo") || !to || to->in_count < 2 || !strstr(to->op->name, "join"))
            continue;
        t->joins++;
        plant(g, n, seed, t);
    }
    lf_graph_free(g);
}

static void test_random(void **state) {
    uint64_t hits[CONV_CORNERS] = {0};
    lf_ctx *ctx = *state;
    lf_arena *a = lf_arena_new();
    tally t = {0};
    char *dir;
    assert_int_equal(lf_temp_dir(ctx, a, NULL, &dir), LF_OK);
    for (uint64_t seed = 300000; seed < 300000 + NETWORKS * number("LUTFISK_ROUNDS", 1); seed++) {
        lf_graph *g = random_conv_net(ctx, seed, true, hits);
        if (!left_out(g, seed))
            check_network(ctx, g, seed, dir, &t);
        lf_graph_free(g);
        lf_diag_clear(ctx);
    }
    print_message("%d networks, %d FIFOs of joins; %d shallower ones: %d refused, %d shown to stop; %d of the refused "
                  "run at the full "
                  "rate, %d of these are shown to stop\n",
                  t.nets, t.joins, t.planted, t.refused, t.shown, t.full_rate, t.shown_under_stalls);
    assert_true(t.nets > 20 && t.joins > 10 && t.refused > 10 && t.shown > t.refused / 2 && t.shown_under_stalls > 0);
    lf_remove_tree(dir);
    lf_arena_free(a);
}

int main(void) {
    const struct CMUnitTest tests[] = {WITH_CONTEXT(test_random)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
