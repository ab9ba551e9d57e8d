/* The clock. A cycle has three phases: valid of the units whose state changed; ready, against the stream, of those and of the units
 * at which a flag changed; the clock edge of the units that do not rest. A unit rests when an edge changed nothing, or for as long as
 * it says that its flags are steady; a flag that changes at one of its ports wakes it. Sources and sinks know when their last beat
 * will have passed. Sets of units are bits by place in topological order. */
#include "fpga/chain_inside.h"

#include <inttypes.h>
#include <string.h>

#include "base/compiler.h"

enum { OUTSIDE = LF_CHAIN_OUTSIDE, WORD = 64, SPAN = 256 };

static const int64_t never = INT64_MAX;

/* Cycles without any transfer after which nothing will come, where a unit never rests: longer than any unit works by itself. */
static const int64_t quiet_limit = (int64_t)1 << 21;

typedef struct clockwork {
    lf_chain *c;
    lf_chain_worker *at; /* by place; bypassed ones are in no set */
    size_t count, words;
    uint64_t *awake, *moved, *touched,
        *ask;        /* clocked; state changed at the last edge; a flag changed; ready to be asked for */
    int64_t *wake;   /* by place, then by end: cycle in which it wakes by itself */
    uint64_t *wheel; /* for each cycle of a span: who may wake in it, by the index of `wake` */
    size_t wheel_words;
    LF_VEC(int) ends;            /* ends at which a flag changed in this cycle */
    int64_t moving, quiet_since; /* links on which a beat moves */
    size_t state_most;
    void *before; /* a state before its edge */
} clockwork;

static void put(uint64_t *set, size_t place) {
    set[place / WORD] |= (uint64_t)1 << (place % WORD);
}

/* Those that wake in the same SPAN cycles as `now` stand in the wheel; the others are put there when their span begins. An entry whose
 * cycle was changed since is left there and means nothing. */
static void put_in_wheel(clockwork *k, size_t i) {
    put(&k->wheel[(uint64_t)k->wake[i] % SPAN * k->wheel_words], i);
}

static bool same_span(const clockwork *k, int64_t cycle) {
    return (uint64_t)cycle / SPAN == (uint64_t)k->c->now / SPAN;
}

static void set_wake(clockwork *k, size_t i, int64_t cycle) {
    k->wake[i] = cycle;
    if (same_span(k, cycle))
        put_in_wheel(k, i);
}

static size_t sleepers(const clockwork *k) {
    return k->count + k->c->end_count;
}

static void begin_span(clockwork *k) {
    for (size_t i = 0; i < sleepers(k); i++)
        if (same_span(k, k->wake[i]))
            put_in_wheel(k, i);
}

static int64_t first_wake(const clockwork *k) {
    int64_t first = never;
    for (size_t i = 0; i < sleepers(k); i++)
        first = k->wake[i] < first ? k->wake[i] : first;
    return first;
}

/* -- counting -------------------------------------------------------------------------------------------------------- */

static void mark_frames(lf_chain_link *l, int64_t beats, int64_t frames) {
    for (int64_t f = l->moved / l->beats; f < frames && (f + 1) * l->beats <= l->moved + beats; f++)
        l->left[f] = l->since + (f + 1) * l->beats - l->moved - 1;
}

static void advance(const lf_chain *c, lf_chain_link *l) {
    int64_t cycles = c->now - l->since;
    if (!cycles)
        return;
    if (l->valid && l->ready) {
        if (l->end >= 0 && l->first < 0)
            l->first = l->since;
        if (l->left)
            mark_frames(l, cycles, c->frames);
        l->moved += cycles;
    } else if (l->valid)
        l->untaken_cycles += cycles;
    else if (l->ready)
        l->unfed_cycles += cycles;
    l->since = c->now;
}

static void note_peak(clockwork *k, int place) {
    lf_chain_worker *n = &k->at[place];
    lf_chain_link *in = &k->c->links[n->link[0].in], *out = &k->c->links[n->link[0].out];
    advance(k->c, in);
    advance(k->c, out);
    int64_t held = in->moved - out->moved;
    n->peak = held > n->peak ? held : n->peak;
}

/* What happened on a link before this cycle. */
static void count(clockwork *k, lf_chain_link *l) {
    advance(k->c, l);
    if (l->from_peak)
        note_peak(k, l->from_place);
    if (l->to_peak)
        note_peak(k, l->to_place);
}

/* -- the start --------------------------------------------------------------------------------------------------------- */

static clockwork wind_up(lf_chain *c) {
    clockwork k = {.c = c, .at = c->workers, .count = c->units.count, .words = c->units.count / WORD + 1};
    k.awake = LF_NEW_ARRAY(c->arena, uint64_t, 4 * k.words);
    k.moved = k.awake + k.words;
    k.touched = k.moved + k.words;
    k.ask = k.touched + k.words;
    k.wake = LF_NEW_ARRAY(c->arena, int64_t, k.count + c->end_count + 1);
    for (size_t i = 0; i < k.count; i++) {
        k.state_most = k.at[i].state_bytes > k.state_most ? k.at[i].state_bytes : k.state_most;
        k.wake[i] = never;
        if (c->units.at[c->order[i]]->bypassed)
            continue;
        put(k.awake, i);
        put(k.moved, i);
    }
    for (size_t i = 0; i < c->end_count; i++)
        k.wake[k.count + i] = c->ends[i]->from == OUTSIDE ? 0 : never;
    k.wheel_words = sleepers(&k) / WORD + 1;
    k.wheel = LF_NEW_ARRAY(c->arena, uint64_t, k.wheel_words * SPAN);
    k.before = lf_alloc(c->arena, k.state_most + 1);
    return k;
}

/* -- waking ------------------------------------------------------------------------------------------------------------- */

/* Makes up for the edges a unit slept through, with the flags it had; from now on it is clocked. */
static void wake_unit(clockwork *k, size_t place) {
    lf_chain_worker *n = &k->at[place];
    int64_t edges = n->resting_since < 0 ? 0 : k->c->now - n->resting_since;
    if (edges && n->skip)
        n->skip(n->state, edges, n->s_valid, n->m_ready);
    n->resting_since = -1;
    k->wake[place] = never;
    put(k->awake, place);
}

static void flag_changed(clockwork *k, lf_chain_link *l) {
    k->moving += (l->valid && l->ready) ? 1 : 0;
    if (k->moving == 0)
        k->quiet_since = k->c->now;
    if (l->end >= 0)
        LF_PUSH(k->c->arena, &k->ends, l->end);
}

static lf_chain_worker *touch(clockwork *k, int at) {
    size_t place = (size_t)at;
    if (k->at[place].resting_since >= 0)
        wake_unit(k, place);
    put(k->touched, place);
    put(k->ask, place);
    return &k->at[place];
}

static void set_valid(clockwork *k, lf_chain_link *l, bool valid) {
    if (l->valid == valid)
        return;
    count(k, l);
    k->moving -= l->valid && l->ready;
    l->valid = valid;
    if (l->to_place != OUTSIDE)
        touch(k, l->to_place)->s_valid[l->to_port] = valid;
    flag_changed(k, l);
}

static void set_ready(clockwork *k, lf_chain_link *l, bool ready) {
    if (l->ready == ready)
        return;
    count(k, l);
    k->moving -= l->valid && l->ready;
    l->ready = ready;
    if (l->from_place != OUTSIDE)
        touch(k, l->from_place)->m_ready[l->from_port] = ready;
    flag_changed(k, l);
}

/* -- sources and sinks -------------------------------------------------------------------------------------------------- */

static int64_t beats_in_all(const lf_chain *c, const lf_chain_link *l) {
    return l->beats * c->frames;
}

/* The cycle from which on a source offers its beat number `beat`. */
static int64_t offered_from(const lf_chain *c, const lf_chain_link *l, int64_t beat) {
    if (!c->interval)
        return 0;
    return beat / l->beats * c->interval + beat % l->beats * c->interval / l->beats;
}

static void wake_end(clockwork *k, size_t end) {
    lf_chain *c = k->c;
    lf_chain_link *l = c->ends[end];
    count(k, l);
    k->wake[k->count + end] = never;
    if (l->from == OUTSIDE)
        set_valid(k, l, l->moved < beats_in_all(c, l) && offered_from(c, l, l->moved) <= c->now);
    LF_PUSH(c->arena, &k->ends, (int)end);
}

/* When a source or a sink will have something to do if no flag changes. */
static void plan_end(clockwork *k, size_t end) {
    const lf_chain *c = k->c;
    const lf_chain_link *l = c->ends[end];
    int64_t rest = beats_in_all(c, l) - l->moved, wake = never;
    if (l->valid && l->ready && rest > 0)
        wake = l->from == OUTSIDE && c->interval ? c->now + 1 : c->now + rest;
    else if (l->from == OUTSIDE && !l->valid && rest > 0)
        wake = offered_from(c, l, l->moved);
    k->wake[k->count + end] = never;
    if (wake != never)
        set_wake(k, k->count + end, wake);
}

static void plan_ends(clockwork *k) {
    for (size_t i = 0; i < k->ends.count; i++)
        plan_end(k, (size_t)k->ends.at[i]);
    k->ends.count = 0;
}

/* True when an end woke: only then can the last beat have left. */
static bool wake_due(clockwork *k) {
    uint64_t *due = &k->wheel[(uint64_t)k->c->now % SPAN * k->wheel_words];
    bool any_end = false;
    for (size_t w = 0; w < k->wheel_words; w++) {
        uint64_t set = due[w];
        due[w] = 0;
        for (; set; set &= set - 1) {
            size_t i = w * WORD + (size_t)LF_ZEROS_BELOW(set);
            if (k->wake[i] != k->c->now)
                continue;
            if (i < k->count)
                wake_unit(k, i);
            else
                wake_end(k, i - k->count);
            any_end |= i >= k->count;
        }
    }
    return any_end;
}

/* -- one cycle --------------------------------------------------------------------------------------------------------------- */

static void settle_valid(clockwork *k) {
    for (size_t w = 0; w < k->words; w++) {
        uint64_t set = k->moved[w];
        k->ask[w] |= set;
        k->moved[w] = 0;
        for (; set; set &= set - 1) {
            const lf_chain_worker *n = &k->at[w * WORD + (size_t)LF_ZEROS_BELOW(set)];
            for (int p = 0; p < n->out_count; p++)
                set_valid(k, &k->c->links[n->link[p].out], n->valid(n->state, p));
        }
    }
}

/* From the sinks up: whoever is asked may add units further up. */
static void settle_ready(clockwork *k) {
    for (size_t w = k->words; w-- > 0;)
        while (k->ask[w]) {
            int bit = WORD - 1 - LF_ZEROS_ABOVE(k->ask[w]);
            k->ask[w] &= ~((uint64_t)1 << bit);
            const lf_chain_worker *n = &k->at[w * WORD + (size_t)bit];
            for (int p = 0; p < n->in_count; p++)
                set_ready(k, &k->c->links[n->link[p].in], n->ready(n->state, p, n->s_valid, n->m_ready));
        }
}

static void rest(clockwork *k, size_t place, int64_t wake) {
    k->at[place].resting_since = k->c->now;
    if (wake != never)
        set_wake(k, place, wake);
}

/* One edge; false when the unit rests from now on. */
static bool clock_unit(clockwork *k, size_t place) {
    lf_chain_worker *n = &k->at[place];
    if (n->steady) {
        int64_t edges = n->steady(n->state, n->s_valid, n->m_ready);
        if (edges > 1) {
            rest(k, place, edges == never ? never : k->c->now + edges);
            return false;
        }
        n->clock(n->state, n->s_valid, n->m_ready);
        return true;
    }
    size_t bytes = n->state_bytes;
    memcpy(k->before, n->state, bytes);
    n->clock(n->state, n->s_valid, n->m_ready);
    if (!bytes || memcmp(k->before, n->state, bytes))
        return true;
    rest(k, place, never);
    return false;
}

/* True when some unit is to be clocked in the next cycle. */
static bool clock_units(clockwork *k) {
    uint64_t any = 0;
    for (size_t w = 0; w < k->words; w++) {
        uint64_t set = k->awake[w] | k->touched[w], keep = 0;
        k->touched[w] = 0;
        for (; set; set &= set - 1) {
            int bit = LF_ZEROS_BELOW(set);
            k->c->edges++;
            if (clock_unit(k, w * WORD + (size_t)bit))
                keep |= (uint64_t)1 << bit;
        }
        k->awake[w] = k->moved[w] = keep;
        any |= keep;
    }
    return any != 0;
}

/* -- the run -------------------------------------------------------------------------------------------------------------- */

/* Whether the last beat has left through every sink; counted when its end wakes. */
static bool all_left(const lf_chain *c) {
    for (size_t i = 0; i < c->end_count; i++)
        if (c->ends[i]->to == OUTSIDE && c->ends[i]->moved < beats_in_all(c, c->ends[i]))
            return false;
    return true;
}

static void count_all(clockwork *k) {
    for (size_t i = 0; i < k->c->link_count; i++)
        count(k, &k->c->links[i]);
    for (size_t i = 0; i < k->count; i++)
        k->c->units.at[k->c->order[i]]->peak = k->at[i].peak;
}

static int64_t frame_left(const lf_chain *c, int frame) {
    int64_t last = 0;
    for (size_t i = 0; i < c->end_count; i++)
        if (c->ends[i]->to == OUTSIDE && c->ends[i]->beats > 0 && c->ends[i]->left[frame] > last)
            last = c->ends[i]->left[frame];
    return last;
}

static int64_t first_taken(const lf_chain *c) {
    int64_t first = never;
    for (size_t i = 0; i < c->end_count; i++)
        if (c->ends[i]->from == OUTSIDE && c->ends[i]->first >= 0 && c->ends[i]->first < first)
            first = c->ends[i]->first;
    return first == never ? 0 : first;
}

static lf_chain_result result_of(const lf_chain *c) {
    int last = c->frames - 1, count = (int)lf_settled_intervals(c->frames);
    int64_t end = frame_left(c, last);
    lf_chain_result r = {
        .latency_cycles = frame_left(c, 0) - first_taken(c), .ii_cycles = -1, .steady = true, .cycles = end + 1};
    if (last == 0)
        return r;
    r.ii_cycles = (end - frame_left(c, last - count) + count - 1) / count;
    for (int f = last - count + 1; f <= last; f++)
        r.steady &= frame_left(c, f) - frame_left(c, f - 1) == r.ii_cycles;
    return r;
}

/* To the next cycle, or when all rest to the next one in which somebody wakes. */
static bool go_on(clockwork *k, bool awake, int64_t max_cycles) {
    lf_chain *c = k->c;
    int64_t before = c->now, next = awake ? c->now + 1 : first_wake(k);
    if (next == never || (k->moving == 0 && c->now - k->quiet_since > quiet_limit))
        return false;
    c->now = max_cycles && next > max_cycles ? max_cycles : next;
    if (!same_span(k, before))
        begin_span(k);
    return true;
}

static lf_chain_end run_clock(clockwork *k, int64_t max_cycles) {
    lf_chain *c = k->c;
    bool awake = true;
    begin_span(k);
    do {
        if (wake_due(k) && all_left(c))
            return LF_CHAIN_DONE;
        if (max_cycles && c->now >= max_cycles)
            return LF_CHAIN_LATE;
        settle_valid(k);
        settle_ready(k);
        plan_ends(k);
        awake = clock_units(k);
    } while (go_on(k, awake, max_cycles));
    return LF_CHAIN_BLOCKED;
}

lf_status lf_chain_try(lf_ctx *ctx, lf_chain *c, int frames, int64_t max_cycles, lf_chain_end *end,
                       lf_chain_result *out) {
    LF_TRY(lf_chain_start(ctx, c, frames));
    clockwork k = wind_up(c);
    *end = run_clock(&k, max_cycles);
    count_all(&k);
    if (*end == LF_CHAIN_DONE)
        *out = result_of(c);
    if (*end == LF_CHAIN_BLOCKED)
        *out = (lf_chain_result){.ii_cycles = -1, .cycles = k.quiet_since};
    return LF_OK;
}

lf_status lf_chain_run(lf_ctx *ctx, lf_chain *c, int frames, int64_t max_cycles, lf_chain_result *out) {
    lf_chain_end end;
    int full;
    LF_TRY(lf_chain_try(ctx, c, frames, max_cycles, &end, out));
    if (end == LF_CHAIN_DONE)
        return LF_OK;
    lf_fail(ctx, LF_FAILED, NULL, "cycle model: %s after %" PRId64 " cycles: %s",
            end == LF_CHAIN_BLOCKED ? "nothing moves any more" : "not finished", c->now,
            lf_chain_blocked_text(c, c->arena, &full));
    if (full >= 0)
        lf_hint(ctx, "%s is full; the units wait in a circle until it holds more beats", c->units.at[full]->u.name);
    return LF_FAILED;
}
