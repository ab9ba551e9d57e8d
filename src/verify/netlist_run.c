#include <string.h>

#include "base/rng.h"
#include "verify/netlist_inside.h"

lf_netlist_state *lf_netlist_start(const lf_netlist *n, lf_arena *a, uint64_t seed) {
    lf_netlist_state *s = LF_NEW(a, lf_netlist_state);
    lf_rng r = lf_rng_make(seed, 1);
    *s = (lf_netlist_state){.netlist = n,
                            .value = LF_NEW_ARRAY(a, uint8_t, n->bits),
                            .next = LF_NEW_ARRAY(a, uint8_t, n->registers.count + 1),
                            .memory = LF_NEW_ARRAY(a, uint8_t, n->contents.count + 1),
                            .latch = LF_NEW_ARRAY(a, uint32_t, n->brams.count * LF_NET_LATCH + 1)};
    s->value[1] = 1;
    for (size_t i = 0; i < n->contents.count; i++)
        s->memory[i] = n->contents.at[i] < 2 ? n->contents.at[i] : (uint8_t)lf_rng_below(&r, 2);
    for (size_t i = 0; i < n->registers.count; i++) {
        const lf_net_register *f = &n->registers.at[i];
        s->value[f->q] = f->first < 2 ? f->first : (uint8_t)lf_rng_below(&r, 2);
    }
    for (size_t i = 0; i < n->brams.count; i++)
        lf_net_show_bram(s, &n->brams.at[i], s->latch + i * LF_NET_LATCH);
    return s;
}

static uint32_t address_of(const uint8_t *value, const uint32_t *bit, int count) {
    uint32_t a = 0;
    for (int i = 0; i < count; i++)
        a |= (uint32_t)value[bit[i]] << i;
    return a;
}

void lf_netlist_settle(lf_netlist_state *s) {
    const lf_netlist *n = s->netlist;
    uint8_t *v = s->value;
    for (size_t i = 0; i < n->gates.count; i++) {
        const lf_net_gate *g = &n->gates.at[n->order[i]];
        uint32_t a = address_of(v, g->in, g->inputs);
        if (g->stride)
            v[g->out] = s->memory[g->base + a * g->stride + g->offset];
        else
            v[g->out] = (uint8_t)(g->table >> a & 1);
    }
}

static void clock_registers(lf_netlist_state *s) {
    const lf_netlist *n = s->netlist;
    uint8_t *v = s->value;
    for (size_t i = 0; i < n->registers.count; i++) {
        const lf_net_register *f = &n->registers.at[i];
        s->next[i] = v[f->reset] ? f->to : v[f->enable] ? v[f->d] : v[f->q];
    }
}

static void clock_memories(lf_netlist_state *s) {
    const lf_netlist *n = s->netlist;
    const uint8_t *v = s->value;
    for (size_t i = 0; i < n->writes.count; i++) {
        const lf_net_write *w = &n->writes.at[i];
        uint32_t to = w->base + address_of(v, w->address, w->inputs) * w->width;
        for (int k = 0; v[w->enable] && k < w->width; k++)
            s->memory[to + (uint32_t)k] = v[w->data[k]];
    }
    for (size_t i = 0; i < n->shifts.count; i++) {
        const lf_net_shift *r = &n->shifts.at[i];
        if (!v[r->enable])
            continue;
        memmove(s->memory + r->base + 1, s->memory + r->base, r->length - 1);
        s->memory[r->base] = v[r->d];
    }
}

void lf_netlist_clock(lf_netlist_state *s) {
    const lf_netlist *n = s->netlist;
    clock_registers(s);
    clock_memories(s);
    for (size_t i = 0; i < n->brams.count; i++)
        lf_net_clock_bram(s, &n->brams.at[i], s->latch + i * LF_NET_LATCH);
    for (size_t i = 0; i < n->registers.count; i++)
        s->value[n->registers.at[i].q] = s->next[i];
    for (size_t i = 0; i < n->brams.count; i++)
        lf_net_show_bram(s, &n->brams.at[i], s->latch + i * LF_NET_LATCH);
}
