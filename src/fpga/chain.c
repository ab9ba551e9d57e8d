/* The chain of twins. Valid flags are written straight into the consumer's array and ready flags into the producer's, so that
 * a cycle is one pass over the units for valid, one against the stream for ready and one for the clock. */
#include "fpga/chain.h"

#include <assert.h>
#include <inttypes.h>

#include "base/text.h"

enum { OUTSIDE = -1 };

/* Cycles without any transfer after which nothing will come: longer than any unit works by itself. */
static const int64_t quiet_limit = (int64_t)1 << 21;

typedef struct lf_chain_wire {
    int from, from_port, to, to_port; /* OUTSIDE: a source or a sink */
    bool *valid, *ready;
    bool spare_valid, spare_ready; /* where the flags live when that side is outside */
    int64_t moved, beats;          /* beats: per frame */
} lf_chain_wire;

typedef struct lf_chain_unit {
    lf_unit u;
    lf_chain_wire *in[LF_UNIT_PORTS], *out[LF_UNIT_PORTS];
    bool s_valid[LF_UNIT_PORTS], m_ready[LF_UNIT_PORTS];
    int64_t peak;
    int run;      /* lf_chain_check_ready: combinational units from here on, this one included */
    bool to_sink; /* its ready depends on a sink's */
} lf_chain_unit;

struct lf_chain {
    lf_arena *arena;
    LF_VEC(lf_chain_unit *) units;
    LF_VEC(lf_chain_wire *) wires, ends; /* ends: those to or from outside */
    int *order;                          /* topological */
};

lf_chain *lf_chain_new(lf_arena *a) {
    lf_chain *c = LF_NEW(a, lf_chain);
    c->arena = a;
    return c;
}

int lf_chain_add(lf_chain *c, const lf_unit *u) {
    lf_chain_unit *n = LF_NEW(c->arena, lf_chain_unit);
    n->u = *u;
    LF_PUSH(c->arena, &c->units, n);
    return (int)c->units.count - 1;
}

static void add_wire(lf_chain *c, int from, int from_port, int to, int to_port) {
    lf_chain_wire *w = LF_NEW(c->arena, lf_chain_wire);
    *w = (lf_chain_wire){.from = from, .from_port = from_port, .to = to, .to_port = to_port};
    w->valid = to == OUTSIDE ? &w->spare_valid : &c->units.at[to]->s_valid[to_port];
    w->ready = from == OUTSIDE ? &w->spare_ready : &c->units.at[from]->m_ready[from_port];
    if (from != OUTSIDE) {
        assert(!c->units.at[from]->out[from_port]);
        c->units.at[from]->out[from_port] = w;
        w->beats = c->units.at[from]->u.out_beats[from_port];
    }
    if (to != OUTSIDE) {
        assert(!c->units.at[to]->in[to_port]);
        c->units.at[to]->in[to_port] = w;
        if (from == OUTSIDE)
            w->beats = c->units.at[to]->u.in_beats[to_port];
    }
    LF_PUSH(c->arena, &c->wires, w);
    if (from == OUTSIDE || to == OUTSIDE)
        LF_PUSH(c->arena, &c->ends, w);
}

void lf_chain_join(lf_chain *c, int from, int from_port, int to, int to_port) {
    add_wire(c, from, from_port, to, to_port);
}

void lf_chain_source(lf_chain *c, int to, int to_port) {
    add_wire(c, OUTSIDE, 0, to, to_port);
}

void lf_chain_sink(lf_chain *c, int from, int from_port) {
    add_wire(c, from, from_port, OUTSIDE, 0);
}

/* -- preparation ------------------------------------------------------------------------------------------------- */

static const char *unit_name(const lf_chain *c, int unit, const char *outside) {
    return unit == OUTSIDE ? outside : c->units.at[unit]->u.name;
}

static lf_status check_connected(lf_ctx *ctx, const lf_chain *c) {
    for (size_t i = 0; i < c->units.count; i++) {
        const lf_chain_unit *n = c->units.at[i];
        for (int p = 0; p < n->u.in_count; p++)
            if (!n->in[p])
                return lf_fail(ctx, LF_FAILED, NULL, "cycle model: input %d of %s is not connected", p, n->u.name);
        for (int p = 0; p < n->u.out_count; p++)
            if (!n->out[p])
                return lf_fail(ctx, LF_FAILED, NULL, "cycle model: output %d of %s is not connected", p, n->u.name);
    }
    for (size_t i = 0; i < c->wires.count; i++) {
        const lf_chain_wire *w = c->wires.at[i];
        if (w->from == OUTSIDE || w->to == OUTSIDE)
            continue;
        int64_t gives = c->units.at[w->from]->u.out_beats[w->from_port],
                takes = c->units.at[w->to]->u.in_beats[w->to_port];
        if (gives != takes)
            return lf_fail(ctx, LF_FAILED, NULL, "cycle model: %s gives %" PRId64 " beats per frame, %s takes %" PRId64,
                           unit_name(c, w->from, ""), gives, unit_name(c, w->to, ""), takes);
    }
    return LF_OK;
}

static lf_status sort_units(lf_ctx *ctx, lf_chain *c) {
    size_t n = c->units.count, done = 0;
    int *waiting = LF_NEW_ARRAY(c->arena, int, n + 1);
    c->order = LF_NEW_ARRAY(c->arena, int, n + 1);
    for (size_t i = 0; i < c->wires.count; i++)
        if (c->wires.at[i]->from != OUTSIDE && c->wires.at[i]->to != OUTSIDE)
            waiting[c->wires.at[i]->to]++;
    for (size_t i = 0; i < n; i++)
        if (!waiting[i])
            c->order[done++] = (int)i;
    for (size_t at = 0; at < done; at++) {
        const lf_chain_unit *u = c->units.at[c->order[at]];
        for (int p = 0; p < u->u.out_count; p++) {
            int to = u->out[p]->to;
            if (to != OUTSIDE && --waiting[to] == 0)
                c->order[done++] = to;
        }
    }
    if (done < n)
        return lf_fail(ctx, LF_FAILED, NULL, "cycle model: the units form a loop");
    return LF_OK;
}

static lf_status prepare(lf_ctx *ctx, lf_chain *c) {
    LF_TRY(check_connected(ctx, c));
    return sort_units(ctx, c);
}

/* -- one cycle --------------------------------------------------------------------------------------------------- */

static void settle_valid(lf_chain *c, int64_t frames) {
    for (size_t i = 0; i < c->units.count; i++) {
        const lf_chain_unit *n = c->units.at[i];
        for (int p = 0; p < n->u.out_count; p++)
            *n->out[p]->valid = n->u.valid(n->u.state, p);
    }
    for (size_t i = 0; i < c->ends.count; i++) {
        lf_chain_wire *w = c->ends.at[i];
        if (w->from == OUTSIDE)
            *w->valid = w->moved < w->beats * frames;
        else
            *w->ready = true;
    }
}

static void settle_ready(lf_chain *c) {
    for (size_t i = c->units.count; i-- > 0;) {
        const lf_chain_unit *n = c->units.at[c->order[i]];
        for (int p = 0; p < n->u.in_count; p++)
            *n->in[p]->ready = n->u.ready(n->u.state, p, n->s_valid, n->m_ready);
    }
}

/* Counts what moves; true when anything did. */
static bool count_moves(lf_chain *c) {
    int64_t any = 0;
    for (size_t i = 0; i < c->wires.count; i++) {
        lf_chain_wire *w = c->wires.at[i];
        int64_t move = *w->valid & *w->ready;
        w->moved += move;
        any |= move;
    }
    return any != 0;
}

static void clock_units(lf_chain *c) {
    for (size_t i = 0; i < c->units.count; i++) {
        lf_chain_unit *n = c->units.at[i];
        n->u.clock(n->u.state, n->s_valid, n->m_ready);
        int64_t held = n->u.in_count && n->u.out_count ? n->in[0]->moved - n->out[0]->moved : 0;
        if (held > n->peak)
            n->peak = held;
    }
}

/* -- the run ----------------------------------------------------------------------------------------------------- */

static bool any_taken(const lf_chain *c) {
    for (size_t i = 0; i < c->ends.count; i++)
        if (c->ends.at[i]->from == OUTSIDE && c->ends.at[i]->moved)
            return true;
    return false;
}

/* Whether `frames` frames have left through every sink. */
static bool frames_left(const lf_chain *c, int64_t frames) {
    for (size_t i = 0; i < c->ends.count; i++)
        if (c->ends.at[i]->to == OUTSIDE && c->ends.at[i]->moved < frames * c->ends.at[i]->beats)
            return false;
    return true;
}

/* Flags are those of the last cycle: a wire that is valid and not ready waits for its consumer, one that is ready and not valid
 * for its producer. */
static lf_status blocked(lf_ctx *ctx, const lf_chain *c, const char *what, int64_t cycle) {
    lf_text t = {0};
    for (size_t i = 0; i < c->wires.count; i++) {
        const lf_chain_wire *w = c->wires.at[i];
        if (*w->valid == *w->ready)
            continue;
        const char *from = unit_name(c, w->from, "the input"), *to = unit_name(c, w->to, "the output");
        lf_text_addf(&t, "%s%s waits for %s (%" PRId64 " beats passed)", t.len ? "; " : "", *w->valid ? from : to,
                     *w->valid ? to : from, w->moved);
    }
    lf_status s = lf_fail(ctx, LF_FAILED, NULL, "cycle model: %s after %" PRId64 " cycles: %s", what, cycle,
                          t.len ? t.at : "every unit is busy");
    lf_text_free(&t);
    return s;
}

static bool has_sink(const lf_chain *c) {
    for (size_t i = 0; i < c->ends.count; i++)
        if (c->ends.at[i]->to == OUTSIDE && c->ends.at[i]->beats > 0)
            return true;
    return false;
}

lf_status lf_chain_run(lf_ctx *ctx, lf_chain *c, int frames, int64_t max_cycles, lf_chain_result *out) {
    LF_TRY(prepare(ctx, c));
    if (!has_sink(c))
        return lf_fail(ctx, LF_FAILED, NULL, "cycle model: no output");
    int64_t first_in = -1, first_out = -1, last = -1, before = -1, finished = 0, quiet = 0, cycle = 0;
    for (; finished < frames; cycle++) {
        settle_valid(c, frames);
        settle_ready(c);
        bool moved = count_moves(c);
        quiet = moved ? 0 : quiet + 1;
        if (quiet > quiet_limit)
            return blocked(ctx, c, "nothing moves any more", cycle);
        if (max_cycles && cycle >= max_cycles)
            return blocked(ctx, c, "not finished", cycle);
        if (first_in < 0 && any_taken(c))
            first_in = cycle;
        for (; moved && finished < frames && frames_left(c, finished + 1); finished++) {
            before = last;
            last = cycle;
            first_out = first_out < 0 ? cycle : first_out;
        }
        clock_units(c);
    }
    *out = (lf_chain_result){first_out - (first_in < 0 ? 0 : first_in), frames > 1 ? last - before : -1, cycle};
    return LF_OK;
}

int64_t lf_chain_peak(const lf_chain *c, int unit) {
    return c->units.at[unit]->peak;
}

lf_status lf_chain_check_ready(lf_ctx *ctx, lf_chain *c, lf_chain_ready *out) {
    LF_TRY(prepare(ctx, c));
    *out = (lf_chain_ready){0, -1, false};
    for (size_t i = c->units.count; i-- > 0;) {
        lf_chain_unit *n = c->units.at[c->order[i]];
        n->run = 0;
        n->to_sink = false;
        for (int p = 0; p < n->u.out_count && !n->u.registered_ready; p++) {
            int to = n->out[p]->to;
            int run = 1 + (to == OUTSIDE ? 0 : c->units.at[to]->run);
            n->run = run > n->run ? run : n->run;
            n->to_sink |= to == OUTSIDE || c->units.at[to]->to_sink;
        }
        if (n->run > out->longest)
            *out = (lf_chain_ready){n->run, c->order[i], out->port_to_port};
        for (int p = 0; p < n->u.in_count; p++)
            out->port_to_port |= n->to_sink && n->in[p]->from == OUTSIDE;
    }
    return LF_OK;
}
