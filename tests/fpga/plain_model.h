/* The cycle model the plain way: every unit in every cycle, in an order that the caller guarantees (producers before consumers). What the
 * chain must agree with. */
#ifndef LF_TESTS_FPGA_PLAIN_MODEL_H
#define LF_TESTS_FPGA_PLAIN_MODEL_H

#include "fpga/chain.h"

enum { PLAIN_UNITS = 400, PLAIN_WIRES = 800, PLAIN_OUTSIDE = -1 };

typedef struct plain_wire {
    int from, from_port, to, to_port;
    bool valid, ready;
    int64_t beats, moved;
} plain_wire;

typedef struct plain_unit {
    lf_unit u;
    int in[LF_UNIT_PORTS], out[LF_UNIT_PORTS]; /* wires */
    int64_t peak;
} plain_unit;

typedef struct plain_model {
    plain_unit unit[PLAIN_UNITS];
    plain_wire wire[PLAIN_WIRES];
    int units, wires;
    int64_t interval;
} plain_model;

static inline int plain_add(plain_model *m, const lf_unit *u) {
    m->unit[m->units].u = *u;
    return m->units++;
}

static inline void plain_join(plain_model *m, int from, int from_port, int to, int to_port) {
    plain_wire *w = &m->wire[m->wires];
    *w = (plain_wire){.from = from, .from_port = from_port, .to = to, .to_port = to_port};
    if (to >= 0) {
        m->unit[to].in[to_port] = m->wires;
        w->beats = m->unit[to].u.in_beats[to_port];
    }
    if (from >= 0) {
        m->unit[from].out[from_port] = m->wires;
        w->beats = m->unit[from].u.out_beats[from_port];
    }
    m->wires++;
}

static inline void plain_flags(const plain_model *m, const plain_unit *n, bool *s_valid, bool *m_ready) {
    for (int p = 0; p < n->u.in_count; p++)
        s_valid[p] = m->wire[n->in[p]].valid;
    for (int p = 0; p < n->u.out_count; p++)
        m_ready[p] = m->wire[n->out[p]].ready;
}

static inline void plain_settle(plain_model *m, int frames, int64_t now) {
    for (int i = 0; i < m->wires; i++) {
        plain_wire *w = &m->wire[i];
        if (w->from >= 0)
            w->valid = m->unit[w->from].u.kind->valid(m->unit[w->from].u.state, w->from_port);
        else
            w->valid = w->moved < w->beats * frames &&
                       now >= w->moved / w->beats * m->interval + w->moved % w->beats * m->interval / w->beats;
        w->ready = w->to < 0;
    }
    for (int i = m->units; i-- > 0;) {
        plain_unit *n = &m->unit[i];
        bool s_valid[LF_UNIT_PORTS] = {0}, m_ready[LF_UNIT_PORTS] = {0};
        plain_flags(m, n, s_valid, m_ready);
        for (int p = 0; p < n->u.in_count; p++)
            m->wire[n->in[p]].ready = n->u.kind->ready(n->u.state, p, s_valid, m_ready);
    }
}

static inline void plain_clock(plain_model *m) {
    for (int i = 0; i < m->units; i++) {
        plain_unit *n = &m->unit[i];
        bool s_valid[LF_UNIT_PORTS] = {0}, m_ready[LF_UNIT_PORTS] = {0};
        plain_flags(m, n, s_valid, m_ready);
        n->u.kind->clock(n->u.state, s_valid, m_ready);
    }
    for (int i = 0; i < m->wires; i++)
        m->wire[i].moved += m->wire[i].valid && m->wire[i].ready;
    for (int i = 0; i < m->units; i++) {
        plain_unit *n = &m->unit[i];
        int64_t held = m->wire[n->in[0]].moved - m->wire[n->out[0]].moved;
        n->peak = held > n->peak ? held : n->peak;
    }
}

static inline bool plain_left(const plain_model *m, int64_t frames) {
    for (int i = 0; i < m->wires; i++)
        if (m->wire[i].to < 0 && m->wire[i].moved < frames * m->wire[i].beats)
            return false;
    return true;
}

static inline bool plain_taken(const plain_model *m) {
    for (int i = 0; i < m->wires; i++)
        if (m->wire[i].from < 0 && m->wire[i].moved)
            return true;
    return false;
}

/* False when nothing came out for `patience` cycles. */
static inline bool plain_run(plain_model *m, int frames, int64_t patience, lf_chain_result *out) {
    int64_t first_in = -1, first_out = -1, last = -1, quiet = 0, sum = -1, count = lf_settled_intervals(frames);
    int64_t left[64];
    int done = 0;
    assert_true(frames <= 64);
    for (int64_t now = 0;; now++) {
        plain_settle(m, frames, now);
        plain_clock(m);
        if (first_in < 0 && plain_taken(m))
            first_in = now;
        for (; done < frames && plain_left(m, done + 1); done++) {
            left[done] = last = now;
            first_out = first_out < 0 ? now : first_out;
        }
        if (done == frames)
            break;
        int64_t moved = 0;
        for (int i = 0; i < m->wires; i++)
            moved += m->wire[i].moved;
        quiet = moved == sum ? quiet + 1 : 0;
        sum = moved;
        if (quiet > patience)
            return false;
    }
    *out = (lf_chain_result){
        .latency_cycles = first_out - (first_in < 0 ? 0 : first_in), .ii_cycles = -1, .cycles = last + 1};
    if (frames > 1)
        out->ii_cycles = (last - left[frames - 1 - count] + count - 1) / count;
    return true;
}

#endif
