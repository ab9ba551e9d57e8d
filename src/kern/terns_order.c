/* Order of evaluation: what finds its operands at hand comes before what must fetch them. In layers of thousands of signals wired at random a quarter fewer
 * values then travel between registers and the second-level cache. */
#include "kern/terns.h"

#include <string.h>

/* At hand are the signals touched last, fewer than a processor has registers. */
enum { AT_HAND = 24, NONE = UINT32_MAX, OPERANDS = 3 };

typedef struct scheduler {
    const lf_terns *t;
    lf_reads reads;
    uint32_t first;         /* signal of operation 0 */
    uint8_t *waiting;       /* by operation: operands that are not computed yet */
    uint8_t *missing;       /* by operation: operands that are not at hand */
    bool *done;             /* by operation */
    bool *held;             /* by signal: at hand */
    uint32_t hand[AT_HAND]; /* signals, NONE */
    unsigned next;          /* place in hand of the signal touched longest ago */
    LF_VEC(uint32_t)
    ready[OPERANDS]; /* operations that could be done when they were put here, by what was missing; the latest last */
    lf_arena *a;
} scheduler;

/* Operations that find nothing at hand are not offered. */
static void offer(scheduler *s, uint32_t op) {
    if (!s->waiting[op] && !s->done[op] && s->missing[op] < s->t->op[op].count)
        LF_PUSH(s->a, &s->ready[s->missing[op]], op);
}

static void hold(scheduler *s, uint32_t signal, bool held) {
    s->held[signal] = held;
    for (uint32_t r = s->reads.start[signal]; r < s->reads.start[signal + 1]; r++) {
        uint32_t op = s->reads.at[r];
        s->missing[op] = (uint8_t)(held ? s->missing[op] - 1 : s->missing[op] + 1);
        if (held)
            offer(s, op);
    }
}

static void touch(scheduler *s, uint32_t signal) {
    if (s->held[signal])
        return;
    uint32_t *place = &s->hand[s->next++ % AT_HAND];
    if (*place != NONE)
        hold(s, *place, false);
    *place = signal;
    hold(s, signal, true);
}

/* The operation with the fewest operands to fetch, of several the one offered last; NONE: there is none. Old offers may be outdated. */
static uint32_t take(scheduler *s) {
    for (unsigned missing = 0; missing < OPERANDS; missing++)
        while (s->ready[missing].count) {
            uint32_t op = s->ready[missing].at[--s->ready[missing].count];
            if (!s->done[op] && s->missing[op] == missing)
                return op;
        }
    return NONE;
}

static void perform(scheduler *s, uint32_t op) {
    const lf_tern *o = &s->t->op[op];
    uint32_t signal = s->first + op;
    s->done[op] = true;
    for (uint32_t r = s->reads.start[signal]; r < s->reads.start[signal + 1]; r++)
        s->waiting[s->reads.at[r]]--;
    for (int k = 0; k < o->count; k++)
        touch(s, o->in[k]);
    touch(s, signal);
}

static void renumber(lf_terns *t, lf_arena *a, const uint32_t *order) {
    uint32_t first = 2 + t->inputs, *now = LF_NEW_ARRAY(a, uint32_t, first + t->count);
    lf_tern *op = LF_NEW_ARRAY(a, lf_tern, t->count + 1);
    for (uint32_t s = 0; s < first; s++)
        now[s] = s;
    for (size_t i = 0; i < t->count; i++) {
        op[i] = t->op[order[i]];
        for (int k = 0; k < op[i].count; k++)
            op[i].in[k] = now[op[i].in[k]];
        now[first + order[i]] = first + (uint32_t)i;
    }
    t->op = op;
    for (size_t o = 0; o < t->outputs; o++)
        t->output[o] = now[t->output[o]];
}

static void prepare(scheduler *s) {
    const lf_terns *t = s->t;
    s->waiting = LF_NEW_ARRAY(s->a, uint8_t, t->count + 1);
    s->missing = LF_NEW_ARRAY(s->a, uint8_t, t->count + 1);
    s->done = LF_NEW_ARRAY(s->a, bool, t->count + 1);
    s->held = LF_NEW_ARRAY(s->a, bool, s->first + t->count);
    memset(s->hand, 0xff, sizeof s->hand);
    for (size_t i = 0; i < t->count; i++) {
        s->missing[i] = t->op[i].count;
        for (int k = 0; k < t->op[i].count; k++)
            s->waiting[i] = (uint8_t)(s->waiting[i] + (t->op[i].in[k] >= s->first));
    }
}

/* Operands that are not at hand when the operations are done as they stand. */
static size_t misses_of(const lf_terns *t, lf_arena *a) {
    size_t misses = 0, touched = AT_HAND;
    size_t *last = LF_NEW_ARRAY(a, size_t, 2 + t->inputs + t->count); /* by signal: when it came into the hand */
    for (size_t i = 0; i < t->count; i++) {
        for (int k = 0; k < t->op[i].count; k++) {
            size_t *at = &last[t->op[i].in[k]];
            if (*at == 0 || touched - *at >= AT_HAND) {
                misses++;
                *at = touched++;
            }
        }
        last[2 + t->inputs + i] = touched++;
    }
    return misses;
}

void lf_terns_order(lf_arena *a, lf_terns *t) {
    size_t misses = misses_of(t, a);
    if (misses <= t->count) /* well ordered: trees one after the other */
        return;
    scheduler s = {.t = t, .reads = lf_reads_of(a, t), .first = 2 + t->inputs, .a = a};
    uint32_t *order = LF_NEW_ARRAY(a, uint32_t, t->count + 1), following = 0;
    size_t missed = 0;
    prepare(&s);
    for (size_t i = 0; i < t->count; i++) {
        order[i] = take(&s);
        if (order[i] == NONE) { /* the next as it was: all before it are done */
            while (s.done[following])
                following++;
            order[i] = following;
        }
        missed += s.missing[order[i]];
        perform(&s, order[i]);
    }
    if (missed < misses)
        renumber(t, a, order);
}
