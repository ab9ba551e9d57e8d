/* What a chain is: units, wires, their order, and how far readiness runs. */
#include "fpga/chain_inside.h"

#include <assert.h>
#include <inttypes.h>
#include <string.h>

enum { OUTSIDE = LF_CHAIN_OUTSIDE };

lf_chain *lf_chain_new(lf_arena *a) {
    lf_chain *c = LF_NEW(a, lf_chain);
    c->arena = a;
    return c;
}

static bool keeps_beats(const lf_unit *u) {
    return u->in_count == 1 && u->out_count == 1 && u->in_beats[0] == u->out_beats[0];
}

int lf_chain_add(lf_chain *c, const lf_unit *u) {
    lf_chain_unit *n = LF_NEW(c->arena, lf_chain_unit);
    n->u = *u;
    n->keeps = keeps_beats(u);
    LF_PUSH(c->arena, &c->units, n);
    c->order = NULL;
    return (int)c->units.count - 1;
}

static void add_wire(lf_chain *c, int from, int from_port, int to, int to_port) {
    lf_chain_wire *w = LF_NEW(c->arena, lf_chain_wire);
    *w = (lf_chain_wire){from, from_port, to, to_port};
    if (from != OUTSIDE) {
        assert(!c->units.at[from]->out_wire[from_port]);
        c->units.at[from]->out_wire[from_port] = w;
    }
    if (to != OUTSIDE) {
        assert(!c->units.at[to]->in_wire[to_port]);
        c->units.at[to]->in_wire[to_port] = w;
    }
    LF_PUSH(c->arena, &c->wires, w);
    c->order = NULL;
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

void lf_chain_replace(lf_chain *c, int unit, const lf_unit *u) {
    lf_chain_unit *n = c->units.at[unit];
    assert(u->in_count == n->u.in_count && u->out_count == n->u.out_count);
    n->u = *u;
    n->keeps = keeps_beats(u);
}

void lf_chain_bypass(lf_chain *c, int unit, bool bypassed) {
    assert(c->units.at[unit]->u.in_count == 1 && c->units.at[unit]->u.out_count == 1);
    c->units.at[unit]->bypassed = bypassed;
}

void lf_chain_pace(lf_chain *c, int64_t interval) {
    c->interval = interval;
}

void lf_chain_skip_peaks(lf_chain *c, bool skip) {
    c->skips_peaks = skip;
}

void lf_chain_shorten(lf_chain *c) {
    assert(!c->started);
    for (size_t i = 0; i < c->units.count; i++) {
        const lf_unit *u = &c->units.at[i]->u;
        if (u->kind->shorten)
            u->kind->shorten(u->state);
    }
}

/* -- preparation ------------------------------------------------------------------------------------------------- */

static lf_status check_ports(lf_ctx *ctx, const lf_chain *c) {
    for (size_t i = 0; i < c->units.count; i++) {
        const lf_chain_unit *n = c->units.at[i];
        for (int p = 0; p < n->u.in_count; p++)
            if (!n->in_wire[p])
                return lf_fail(ctx, LF_FAILED, NULL, "cycle model: input %d of %s is not connected", p, n->u.name);
        for (int p = 0; p < n->u.out_count; p++)
            if (!n->out_wire[p])
                return lf_fail(ctx, LF_FAILED, NULL, "cycle model: output %d of %s is not connected", p, n->u.name);
    }
    return LF_OK;
}

static lf_status check_beats(lf_ctx *ctx, const lf_chain *c) {
    for (size_t i = 0; i < c->wires.count; i++) {
        const lf_chain_wire *w = c->wires.at[i];
        if (w->from == OUTSIDE || w->to == OUTSIDE)
            continue;
        const lf_unit *from = &c->units.at[w->from]->u, *to = &c->units.at[w->to]->u;
        int64_t gives = from->out_beats[w->from_port], takes = to->in_beats[w->to_port];
        if (gives != takes)
            return lf_fail(ctx, LF_FAILED, NULL, "cycle model: %s gives %" PRId64 " beats per frame, %s takes %" PRId64,
                           from->name, gives, to->name, takes);
    }
    return LF_OK;
}

static lf_status sort_units(lf_ctx *ctx, lf_chain *c) {
    size_t n = c->units.count, done = 0;
    int *waiting = LF_NEW_ARRAY(c->arena, int, n + 1), *order = LF_NEW_ARRAY(c->arena, int, n + 1);
    for (size_t i = 0; i < c->wires.count; i++)
        if (c->wires.at[i]->from != OUTSIDE && c->wires.at[i]->to != OUTSIDE)
            waiting[c->wires.at[i]->to]++;
    for (size_t i = 0; i < n; i++)
        if (!waiting[i])
            order[done++] = (int)i;
    for (size_t at = 0; at < done; at++) {
        const lf_chain_unit *u = c->units.at[order[at]];
        for (int p = 0; p < u->u.out_count; p++) {
            int to = u->out_wire[p]->to;
            if (to != OUTSIDE && --waiting[to] == 0)
                order[done++] = to;
        }
    }
    if (done < n)
        return lf_fail(ctx, LF_FAILED, NULL, "cycle model: the units form a loop");
    for (size_t i = 0; i < n; i++)
        c->units.at[order[i]]->place = (int)i;
    c->order = order;
    return LF_OK;
}

lf_status lf_chain_prepare(lf_ctx *ctx, lf_chain *c) {
    LF_TRY(check_ports(ctx, c));
    LF_TRY(check_beats(ctx, c));
    return c->order ? LF_OK : sort_units(ctx, c);
}

/* -- answers after a run ------------------------------------------------------------------------------------------- */

int64_t lf_chain_edges(const lf_chain *c) {
    return c->edges;
}

int64_t lf_chain_peak(const lf_chain *c, int unit) {
    return c->units.at[unit]->peak;
}

lf_chain_waits lf_chain_waits_of(const lf_chain *c, int unit) {
    const lf_chain_unit *n = c->units.at[unit];
    lf_chain_waits w = {0};
    for (int p = 0; !n->bypassed && p < n->u.in_count; p++)
        w.starved_cycles = n->in[p]->unfed_cycles > w.starved_cycles ? n->in[p]->unfed_cycles : w.starved_cycles;
    for (int p = 0; !n->bypassed && p < n->u.out_count; p++)
        w.blocked_cycles = n->out[p]->untaken_cycles > w.blocked_cycles ? n->out[p]->untaken_cycles : w.blocked_cycles;
    return w;
}

bool lf_chain_all_passed(const lf_chain *c) {
    for (size_t i = 0; i < c->link_count; i++)
        if (c->links[i].moved < c->links[i].beats * c->frames)
            return false;
    return true;
}

bool lf_chain_waits_at(const lf_chain *c, int unit, int port) {
    const lf_chain_link *l = c->units.at[unit]->in[port];
    return l->valid && !l->ready;
}

int64_t lf_chain_passed(const lf_chain *c, int unit, bool output, int port) {
    const lf_chain_unit *n = c->units.at[unit];
    return (output ? n->out : n->in)[port]->moved;
}

/* -- readiness ----------------------------------------------------------------------------------------------------- */

/* The unit behind an output, past bypassed ones; OUTSIDE for a sink. */
static int unit_behind(const lf_chain *c, const lf_chain_wire *w, int *port) {
    while (w->to != OUTSIDE && c->units.at[w->to]->bypassed)
        w = c->units.at[w->to]->out_wire[0];
    *port = w->to_port;
    return w->to;
}

static bool starts_at_source(const lf_chain *c, const lf_chain_wire *w) {
    while (w->from != OUTSIDE && c->units.at[w->from]->bypassed)
        w = c->units.at[w->from]->in_wire[0];
    return w->from == OUTSIDE;
}

typedef struct run_of {
    int length;     /* combinational units from here on, this one included */
    int next, port; /* the next one of the longest row and its input */
    bool to_sink;   /* its ready depends on a sink's */
} run_of;

static run_of measure_run(const lf_chain *c, const lf_chain_unit *n, const run_of *runs) {
    run_of r = {0, OUTSIDE, 0, false};
    for (int p = 0; p < n->u.out_count && !n->u.registered_ready; p++) {
        int port, to = unit_behind(c, n->out_wire[p], &port), length = 1 + (to == OUTSIDE ? 0 : runs[to].length);
        r.to_sink |= to == OUTSIDE || runs[to].to_sink;
        if (length > r.length) {
            r.length = length;
            r.next = to;
            r.port = port;
        }
    }
    return r;
}

/* Walks down the longest row to where a register leaves `most` units before it. A row that ends within them is cut at its last
 * unit, or it is one unit between ports and cut at its input. */
static void find_cut(const run_of *runs, int most, lf_chain_ready *out) {
    out->cut = out->at;
    out->cut_port = 0;
    for (int i = 0; out->longest > most && i < most && runs[out->cut].next != OUTSIDE; i++) {
        out->cut_port = runs[out->cut].port;
        out->cut = runs[out->cut].next;
    }
}

lf_status lf_chain_check_ready(lf_ctx *ctx, lf_chain *c, int most, lf_chain_ready *out) {
    LF_TRY(lf_chain_prepare(ctx, c));
    *out = (lf_chain_ready){.at = OUTSIDE, .cut = OUTSIDE};
    run_of *runs = LF_NEW_ARRAY(c->arena, run_of, c->units.count + 1);
    int through = OUTSIDE, through_port = 0;
    for (size_t i = c->units.count; i-- > 0;) {
        const lf_chain_unit *n = c->units.at[c->order[i]];
        if (n->bypassed)
            continue;
        run_of r = runs[c->order[i]] = measure_run(c, n, runs);
        if (r.length > out->longest) {
            out->longest = r.length;
            out->at = c->order[i];
        }
        for (int p = 0; r.to_sink && p < n->u.in_count; p++)
            if (starts_at_source(c, n->in_wire[p])) {
                through = c->order[i];
                through_port = p;
            }
    }
    out->port_to_port = through != OUTSIDE;
    if (out->longest > most || through == OUTSIDE) {
        if (out->at != OUTSIDE)
            find_cut(runs, most, out);
    } else {
        out->cut = through;
        out->cut_port = through_port;
    }
    return LF_OK;
}
