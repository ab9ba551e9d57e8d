#include "pass/stalls.h"

#include "ops/stream.h"

/* From here on a run takes seconds, and depths are not made smaller again. Clock edges of units. */
static const int64_t long_run = 20000000;

/* Where the last beats of a frame are of no use to any output they may still be on their way when the frame has left; then the next frame
 * shows whether they pass. */
static lf_status try_frame(const lf_graph *g, lf_chain *c, bool *passes) {
    lf_chain_end end = LF_CHAIN_DONE;
    lf_chain_result r;
    for (int frames = 1; frames <= 2 && end == LF_CHAIN_DONE; frames++) {
        LF_TRY(lf_chain_try(g->ctx, c, frames, 0, &end, &r));
        if (end == LF_CHAIN_DONE && lf_chain_all_passed(c))
            break;
    }
    *passes = end == LF_CHAIN_DONE;
    return LF_OK;
}

static void count_beats(const lf_graph *g, const lf_stream_model *m, lf_stall_proof *out) {
    for (size_t i = 0; i < g->order.count; i++) {
        const lf_node *n = lf_node_at(g, g->order.at[i]);
        if (!lf_is_unit(n))
            continue;
        out->units++;
        for (int k = 0, port = 0; k < n->in_count; k++)
            if (lf_is_stream(g, n, k)) {
                out->streams++;
                out->beats += lf_chain_passed(m->chain, m->unit_of[n->id], false, port++);
            }
    }
}

lf_status lf_stalls_prove(const lf_graph *g, lf_arena *a, lf_stall_proof *out) {
    lf_stream_model m;
    bool passes;
    int full;
    *out = (lf_stall_proof){0};
    LF_TRY(lf_stream_model_make(g, a, &m));
    lf_chain_shorten(m.chain);
    LF_TRY(try_frame(g, m.chain, &passes));
    count_beats(g, &m, out);
    if (!passes)
        out->stops = lf_chain_blocked_text(m.chain, a, &full);
    return LF_OK;
}

/* -- deeper FIFOs ----------------------------------------------------------------------------------------------------- */

typedef struct deepening {
    lf_graph *g;
    lf_arena *arena;
    lf_chain *chain;
    lf_slots *slots;
} deepening;

static lf_status set_depth(deepening *d, lf_slot *s, int64_t depth) {
    return lf_slot_set_depth(d->g, s, depth, false, d->arena, d->chain);
}

/* A beat waits before a unit with several operands for those of the others, and the FIFO there is full or is none: *any. */
static lf_status deepen_blocked(deepening *d, bool *any) {
    *any = false;
    for (size_t i = 0; i < d->slots->count; i++) {
        lf_slot *s = &d->slots->at[i];
        if (!s->bufferable || !lf_chain_waits_at(d->chain, s->to, s->to_port) ||
            (s->depth && lf_chain_peak(d->chain, s->unit) < s->depth))
            continue;
        LF_TRY(set_depth(d, s, s->depth ? 2 * s->depth : 2));
        *any = true;
    }
    return LF_OK;
}

static lf_status deepen(deepening *d, bool *passes) {
    enum { TRIES = 40 };
    bool any = true;
    LF_TRY(try_frame(d->g, d->chain, passes));
    for (int i = 0; i < TRIES && !*passes && any; i++) {
        LF_TRY(deepen_blocked(d, &any));
        LF_TRY(try_frame(d->g, d->chain, passes));
    }
    return LF_OK;
}

/* The least depth of one FIFO, from `low` on, with which the frame still passes. */
static lf_status trim(deepening *d, lf_slot *s, int64_t low) {
    int64_t high = s->depth;
    while (low < high) {
        int64_t mid = low == 0 ? (high > 2 ? 2 : 0) : low + (high - low) / 2;
        bool passes;
        LF_TRY(set_depth(d, s, mid));
        LF_TRY(try_frame(d->g, d->chain, &passes));
        if (passes)
            high = mid;
        else
            low = mid + 1;
    }
    return set_depth(d, s, high);
}

lf_status lf_stalls_deepen(lf_graph *g, lf_slots *slots, lf_arena *a) {
    lf_stream_model m;
    bool passes;
    int full;
    LF_TRY(lf_stream_model_make(g, a, &m));
    lf_chain_shorten(m.chain);
    deepening d = {.g = g, .arena = a, .chain = m.chain, .slots = slots};
    int64_t *before = LF_NEW_ARRAY(a, int64_t, slots->count + 1);
    for (size_t i = 0; i < slots->count; i++) {
        before[i] = slots->at[i].depth;
        lf_chain_bypass(m.chain, slots->at[i].unit, before[i] == 0);
    }
    LF_TRY(deepen(&d, &passes));
    if (!passes)
        return lf_fail(g->ctx, LF_FAILED, NULL, "cycle model: some pattern of stalls may stop the circuit for ever: %s",
                       lf_chain_blocked_text(m.chain, a, &full));
    for (size_t i = 0; i < slots->count && lf_chain_edges(m.chain) < long_run; i++)
        if (slots->at[i].depth > before[i])
            LF_TRY(trim(&d, &slots->at[i], before[i]));
    return LF_OK;
}
