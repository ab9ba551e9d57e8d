/* The expected waveform of a test bench (unit_bench.h): the twins are run clock by clock under random stalls; what they and `exec` say of every
 * port is recorded as drive, expect and mask of every cycle. */
#ifndef LF_TESTS_BENCH_WAVE_H
#define LF_TESTS_BENCH_WAVE_H

#include "bench_case.h"
#include "num/bitpack.h"

static inline int bench_words(int bits) {
    return bits > 96 ? (bits + 31) / 32 : 3;
}

static inline void bench_set(uint32_t *words, int at, int bits, uint64_t value) {
    lf_bits_set((uint8_t *)words, (size_t)at, bits, value);
}

/* The bits of beat `beat` (counted over frames) of a port. */
static inline void bench_set_beat(uint32_t *words, const bench_port *p, int64_t beat) {
    int each = lf_dtype_bits(p->tensor->dtype);
    const int64_t *code = p->frame[beat / p->beats % BENCH_FRAMES] + beat % p->beats * p->lanes;
    for (int64_t i = 0; i < p->lanes; i++)
        bench_set(words, p->data + (int)i * each, each, lf_code_to_bits(p->tensor->dtype, code[i]));
}

typedef struct bench_twin {
    lf_unit unit[BENCH_NODES];
    bool valid[BENCH_TENSORS], ready[BENCH_TENSORS]; /* by tensor */
    bool offer[BENCH_PORTS];
    int64_t sent[BENCH_PORTS], got[BENCH_PORTS]; /* beats per port */
    int64_t first_in, frames, frame_end[BENCH_FRAMES];
} bench_twin;

static inline void bench_twin_reset(bench *b, const bench_case *c, lf_arena *a, bench_twin *t) {
    memset(t, 0, sizeof *t);
    t->first_in = -1;
    for (int k = 0; k < c->count; k++)
        bench_must(b, c->node[k]->op->unit(c->graph, c->node[k], a, &t->unit[k]), c->name);
}

/* The flags at the ports of a node. */
static inline void bench_gather(const bench_case *c, const bench_twin *t, const lf_node *n, bool *s_valid,
                                bool *m_ready) {
    for (int i = 0, port = 0; i < n->in_count; i++)
        if (bench_streams(c, n, i))
            s_valid[port++] = t->valid[n->in[i]];
    for (int i = 0; i < n->out_count; i++)
        m_ready[i] = t->ready[n->out[i]];
}

/* The flags of one cycle: `offer` and `take` come from outside. */
static inline void bench_twin_settle(const bench_case *c, bench_twin *t, const bool *take) {
    bool s_valid[LF_UNIT_PORTS] = {0}, m_ready[LF_UNIT_PORTS] = {0};
    for (int i = 0; i < c->in_count; i++)
        t->valid[c->in[i].tensor->id] = t->offer[i];
    for (int i = 0; i < c->out_count; i++)
        t->ready[c->out[i].tensor->id] = take[i];
    for (int k = 0; k < c->count; k++)
        for (int i = 0; i < c->node[k]->out_count; i++)
            t->valid[c->node[k]->out[i]] = t->unit[k].kind->valid(t->unit[k].state, i);
    for (int k = c->count; k-- > 0;) {
        const lf_node *n = c->node[k];
        bench_gather(c, t, n, s_valid, m_ready);
        for (int i = 0, port = 0; i < n->in_count; i++)
            if (bench_streams(c, n, i)) {
                t->ready[n->in[i]] = t->unit[k].kind->ready(t->unit[k].state, port, s_valid, m_ready);
                port++;
            }
    }
}

static inline bool bench_moves(const bench_twin *t, const bench_port *p) {
    return t->valid[p->tensor->id] && t->ready[p->tensor->id];
}

/* Frames that have left through every output. */
static inline int64_t bench_frames_out(const bench_case *c, const bench_twin *t) {
    int64_t least = BENCH_FRAMES;
    for (int i = 0; i < c->out_count; i++)
        least = t->got[i] / c->out[i].beats < least ? t->got[i] / c->out[i].beats : least;
    return least;
}

static inline void bench_twin_clock(bench *b, const bench_case *c, bench_twin *t, int64_t cycle) {
    bool s_valid[LF_UNIT_PORTS] = {0}, m_ready[LF_UNIT_PORTS] = {0};
    for (int k = 0; k < c->count; k++) {
        bench_gather(c, t, c->node[k], s_valid, m_ready);
        t->unit[k].kind->clock(t->unit[k].state, s_valid, m_ready);
    }
    for (int i = 0; i < c->in_count; i++) {
        bool in = bench_moves(t, &c->in[i]);
        if (in && t->first_in < 0)
            t->first_in = cycle;
        t->sent[i] += in;
        t->offer[i] = t->offer[i] && !in;
    }
    for (int i = 0; i < c->out_count; i++) {
        BENCH_CHECK(b, !t->valid[c->out[i].tensor->id] || t->got[i] < c->out[i].beats * BENCH_FRAMES,
                    "%s: the twin gives more than it should", c->name);
        t->got[i] += bench_moves(t, &c->out[i]);
    }
    while (t->frames < bench_frames_out(c, t))
        t->frame_end[t->frames++] = cycle;
}

typedef struct bench_stalls {
    double source, sink; /* probability of not offering, of not taking */
} bench_stalls;

static inline void bench_record_input(const bench *b, const bench_twin *t, int port, const bench_port *p, size_t cycle,
                                      lf_rng *r) {
    uint32_t *drive = b->drive.at[cycle];
    for (int at = 0; at < p->padded; at += 32) /* whatever is not data is noise */
        bench_set(drive, p->data + at, p->padded - at < 32 ? p->padded - at : 32,
                  lf_rng_u32(r) & (p->padded - at < 32 ? (1u << (p->padded - at)) - 1 : ~0u));
    if (t->valid[p->tensor->id])
        bench_set_beat(drive, p, t->sent[port]);
    bench_set(drive, p->valid, 1, t->valid[p->tensor->id]);
    bench_set(drive, p->last, 1, lf_rng_below(r, 2));
    bench_set(b->mask.at[cycle], p->ready, 1, 1);
    bench_set(b->expect.at[cycle], p->ready, 1, t->ready[p->tensor->id]);
}

static inline void bench_record_output(const bench *b, const bench_twin *t, int port, const bench_port *p,
                                       size_t cycle) {
    uint32_t *expect = b->expect.at[cycle], *mask = b->mask.at[cycle];
    bench_set(b->drive.at[cycle], p->ready, 1, t->ready[p->tensor->id]);
    bench_set(mask, p->valid, 1, 1);
    bench_set(expect, p->valid, 1, t->valid[p->tensor->id]);
    if (!t->valid[p->tensor->id])
        return;
    bench_set_beat(expect, p, t->got[port]);
    bench_set(expect, p->last, 1, (t->got[port] + 1) % p->beats == 0);
    bench_set(mask, p->last, 1, 1);
    for (int at = 0; at < p->padded; at += 8)
        bench_set(mask, p->data + at, 8, 0xff);
}

/* Writes what happens in one cycle. */
static inline void bench_record(const bench *b, const bench_case *c, const bench_twin *t, size_t cycle, lf_rng *r) {
    for (int i = 0; i < c->in_count; i++)
        bench_record_input(b, t, i, &c->in[i], cycle, r);
    for (int i = 0; i < c->out_count; i++)
        bench_record_output(b, t, i, &c->out[i], cycle);
}

/* Runs the twins for `cycles` cycles (0: until all frames came out, and some more); records when `at` is given. */
static inline int64_t bench_simulate(bench *b, const bench_case *c, bench_stalls s, uint64_t seed, int64_t cycles,
                                     const size_t *at, bench_twin *t) {
    lf_arena *a = lf_arena_new();
    bench_twin_reset(b, c, a, t);
    lf_rng dice = lf_rng_make(seed, 1), noise = lf_rng_make(seed, 2);
    int64_t cycle = 0;
    for (int64_t idle = 0; cycles ? cycle < cycles : idle < BENCH_IDLE; cycle++) {
        bool take[BENCH_PORTS];
        for (int i = 0; i < c->in_count; i++) {
            bool stall = lf_rng_double(&dice) < s.source;
            t->offer[i] = t->offer[i] || (t->sent[i] < c->in[i].beats * BENCH_FRAMES && !stall);
        }
        for (int i = 0; i < c->out_count; i++)
            take[i] = lf_rng_double(&dice) >= s.sink;
        bench_twin_settle(c, t, take);
        if (at)
            bench_record(b, c, t, *at + (size_t)cycle, &noise);
        bench_twin_clock(b, c, t, cycle);
        idle += t->frames == BENCH_FRAMES;
        if (!cycles && cycle > 4000000) {
            BENCH_CHECK(b, false, "%s: the twins do not finish", c->name);
            break;
        }
    }
    lf_arena_free(a);
    return cycle;
}

/* Room for `cycles` more cycles with reset inactive; nothing expected, nothing offered. Returns the first. */
static inline size_t bench_grow(bench *b, int64_t cycles, bool reset) {
    size_t first = b->drive.count;
    for (int64_t i = 0; i < cycles; i++) {
        uint32_t *drive = LF_NEW_ARRAY(b->arena, uint32_t, bench_words(b->drive_bits));
        drive[0] = !reset;
        LF_PUSH(b->arena, &b->drive, drive);
        LF_PUSH(b->arena, &b->expect, LF_NEW_ARRAY(b->arena, uint32_t, bench_words(b->see_bits)));
        LF_PUSH(b->arena, &b->mask, LF_NEW_ARRAY(b->arena, uint32_t, bench_words(b->see_bits)));
    }
    return first;
}

/* The clock after a reset: a beat is offered everywhere, none is taken or given. */
static inline void bench_add_closed(bench *b) {
    size_t at = bench_grow(b, 1, false);
    for (size_t i = 0; i < b->cases.count; i++) {
        const bench_case *c = b->cases.at[i];
        for (int k = 0; k < c->in_count; k++) {
            bench_set(b->drive.at[at], c->in[k].valid, 1, 1);
            bench_set(b->mask.at[at], c->in[k].ready, 1, 1);
        }
        for (int k = 0; k < c->out_count; k++) {
            bench_set(b->drive.at[at], c->out[k].ready, 1, 1);
            bench_set(b->mask.at[at], c->out[k].valid, 1, 1);
        }
    }
}

static inline void bench_check_rate(bench *b, const bench_case *c, const bench_twin *t) {
    BENCH_CHECK(b, t->frame_end[0] - t->first_in == c->latency, "%s: latency %" PRId64 ", the chain says %" PRId64,
                c->name, t->frame_end[0] - t->first_in, c->latency);
    for (int f = BENCH_FRAMES - 2; f < BENCH_FRAMES; f++)
        BENCH_CHECK(b, t->frame_end[f] - t->frame_end[f - 1] == c->ii,
                    "%s: II %" PRId64 ", the closed form says %" PRId64, c->name, t->frame_end[f] - t->frame_end[f - 1],
                    c->ii);
}

/* One stall setting: reset, a run that a reset cuts off at a random moment, a whole run. */
static inline void bench_add_setting(bench *b, bench_stalls s, uint64_t seed) {
    int64_t longest = 0;
    bench_twin t;
    for (size_t i = 0; i < b->cases.count; i++) {
        int64_t n = bench_simulate(b, b->cases.at[i], s, seed + i, 0, NULL, &t);
        longest = n > longest ? n : longest;
        if (s.source == 0 && s.sink == 0)
            bench_check_rate(b, b->cases.at[i], &t);
    }
    lf_rng r = lf_rng_make(seed, 3);
    int64_t cut = lf_rng_between(&r, longest / 8 + 1, longest / 3 + 1);
    for (int phase = 0; phase < 2; phase++) {
        bench_grow(b, BENCH_RESET, true);
        bench_add_closed(b);
        int64_t cycles = phase ? longest : cut;
        size_t at = bench_grow(b, cycles, false);
        for (size_t i = 0; i < b->cases.count; i++)
            (void)bench_simulate(b, b->cases.at[i], s, seed + i, cycles, &at, &t);
    }
}

#endif
