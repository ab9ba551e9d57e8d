/* What a run of a chain begins with: workers after reset, and links between those units that are not bypassed. */
#include "fpga/chain_inside.h"

#include <stddef.h>
#include <string.h>

enum { OUTSIDE = LF_CHAIN_OUTSIDE };

static size_t aligned(size_t bytes) {
    size_t unit = _Alignof(max_align_t);
    return (bytes + unit - 1) / unit * unit;
}

/* The unit's own state stays as it is after reset. */
static lf_status make_worker(lf_ctx *ctx, const lf_chain *c, const lf_unit *u, char **room, lf_chain_worker *out) {
    if (!u->state_bytes && c->started)
        return lf_fail(ctx, LF_FAILED, NULL, "cycle model: %s cannot run again: it does not say its state_bytes",
                       u->name);
    *out = (lf_chain_worker){.resting_since = -1,
                             .state = u->state,
                             .state_bytes = u->state_bytes,
                             .in_count = u->in_count,
                             .out_count = u->out_count,
                             .valid = u->kind->valid,
                             .ready = u->kind->ready,
                             .clock = u->kind->clock,
                             .steady = u->kind->steady,
                             .skip = u->kind->skip};
    if (!u->state_bytes)
        return LF_OK;
    out->state = memcpy(*room, u->state, u->state_bytes);
    *room += aligned(u->state_bytes);
    return LF_OK;
}

static lf_status make_workers(lf_ctx *ctx, lf_chain *c) {
    size_t n = c->units.count, bytes = 0;
    for (size_t i = 0; i < n; i++)
        bytes += aligned(c->units.at[i]->u.state_bytes);
    char *room = lf_alloc(c->arena, bytes + 1);
    c->workers = LF_NEW_ARRAY(c->arena, lf_chain_worker, n + 1);
    for (size_t i = 0; i < n; i++)
        LF_TRY(make_worker(ctx, c, &c->units.at[c->order[i]]->u, &room, &c->workers[i]));
    return LF_OK;
}

static void make_end(lf_chain *c, lf_chain_link *l) {
    l->end = (int)c->end_count;
    c->ends[c->end_count++] = l;
    if (l->to != OUTSIDE)
        return;
    l->ready = true;
    l->left = LF_NEW_ARRAY(c->arena, int64_t, c->frames);
    if (l->from != OUTSIDE)
        c->workers[l->from_place].m_ready[l->from_port] = true;
}

static void join_ends(lf_chain *c, lf_chain_link *l, uint32_t index) {
    if (l->from != OUTSIDE) {
        lf_chain_unit *n = c->units.at[l->from];
        l->from_place = n->place;
        l->from_peak = n->keeps && !c->skips_peaks;
        n->out[l->from_port] = l;
        c->workers[n->place].link[l->from_port].out = index;
    }
    if (l->to != OUTSIDE) {
        lf_chain_unit *n = c->units.at[l->to];
        l->to_place = n->place;
        l->to_peak = n->keeps && !c->skips_peaks;
        n->in[l->to_port] = l;
        c->workers[n->place].link[l->to_port].in = index;
    }
}

static void new_link(lf_chain *c, const lf_chain_wire *from, const lf_chain_wire *to) {
    lf_chain_link *l = &c->links[c->link_count];
    *l = (lf_chain_link){.from = from->from,
                         .from_port = (uint8_t)from->from_port,
                         .from_place = OUTSIDE,
                         .to = to->to,
                         .to_port = (uint8_t)to->to_port,
                         .to_place = OUTSIDE,
                         .first = -1,
                         .end = -1};
    join_ends(c, l, (uint32_t)c->link_count++);
    l->beats = l->from != OUTSIDE ? c->units.at[l->from]->u.out_beats[l->from_port]
                                  : c->units.at[l->to]->u.in_beats[l->to_port];
    if (l->from == OUTSIDE || l->to == OUTSIDE)
        make_end(c, l);
}

static void join_links(lf_chain *c) {
    if (!c->links) {
        c->links = LF_NEW_ARRAY(c->arena, lf_chain_link, c->wires.count + 1);
        c->ends = LF_NEW_ARRAY(c->arena, lf_chain_link *, c->wires.count + 1);
    }
    c->link_count = c->end_count = 0;
    for (size_t i = 0; i < c->wires.count; i++) {
        const lf_chain_wire *w = c->wires.at[i], *end = w;
        if (w->from != OUTSIDE && c->units.at[w->from]->bypassed)
            continue;
        while (end->to != OUTSIDE && c->units.at[end->to]->bypassed)
            end = c->units.at[end->to]->out_wire[0];
        new_link(c, w, end);
    }
}

lf_status lf_chain_start(lf_ctx *ctx, lf_chain *c, int frames) {
    LF_TRY(lf_chain_prepare(ctx, c));
    LF_TRY(make_workers(ctx, c));
    c->started = true;
    c->frames = frames;
    c->now = c->edges = 0;
    join_links(c);
    for (size_t i = 0; i < c->end_count; i++)
        if (c->ends[i]->to == OUTSIDE && c->ends[i]->beats > 0)
            return LF_OK;
    return lf_fail(ctx, LF_FAILED, NULL, "cycle model: no output");
}
