/* The handshakes of rtl/lf_walk.v and lf_walk_columns.v, cycle by cycle, with absolute numbers instead of distances. */
#include "ops/stream.h"
#include "ops/walk.h"

typedef struct twin {
    const lf_walk *plan;
    int inner;                  /* levels without release: a turn of all of them is a pixel */
    int64_t at[LF_WALK_LEVELS]; /* of the next step */
    int64_t frame, taken;       /* words written */
    int64_t base;               /* behind `base0` */
    int64_t needed;             /* once begun: words that must have been taken for the next step */
    int stages;
    bool begun;      /* the registers of the position hold one */
    bool word, code; /* behind the memory (2 stages); at the output */
} twin;

static bool twin_valid(const void *state, int port) {
    (void)port;
    return ((const twin *)state)->code;
}

static bool twin_ready(const void *state, int port, const bool *s_valid, const bool *m_ready) {
    const twin *t = state;
    (void)port, (void)s_valid, (void)m_ready;
    return t->taken < t->base + t->plan->base0 + t->plan->capacity;
}

static bool is_first(const twin *t) {
    for (int i = 0; i < t->plan->levels; i++)
        if (t->at[i])
            return false;
    return true;
}

static int64_t words_needed(const twin *t) {
    int64_t first, last, frame = t->frame * t->plan->words;
    if (t->plan->first_padded && is_first(t))
        return frame + 1;
    return lf_walk_reads(t->plan, t->at, &first, &last) ? frame + last + 1 : 0;
}

static bool has_step(const twin *t) {
    return t->begun && t->taken >= t->needed;
}

static void advance(twin *t) {
    const lf_walk *w = t->plan;
    int i = 0;
    while (i < w->levels && t->at[i] == w->level[i].count - 1)
        t->at[i++] = 0;
    if (i < w->levels)
        t->at[i]++;
    else
        t->frame++;
    t->base = t->frame * w->words;
    for (i = 0; i < w->levels; i++)
        t->base += t->at[i] * w->free[i];
}

static void twin_clock(void *state, const bool *s_valid, const bool *m_ready) {
    twin *t = state;
    bool push = s_valid[0] && twin_ready(t, 0, s_valid, m_ready);
    if (!t->begun)
        t->needed = words_needed(t);
    if (!t->code || m_ready[0]) {
        bool go = has_step(t);
        t->code = t->stages > 1 ? t->word : go;
        t->word = go;
        if (go) {
            advance(t);
            t->needed = words_needed(t);
        }
    }
    t->taken += push;
    t->begun = true;
}

/* -- many edges at once ------------------------------------------------------------------------------------------------ */

static int64_t room_of(const twin *t) {
    return t->base + t->plan->base0 + t->plan->capacity - t->taken;
}

/* The words that must be there so that the walk goes through the rest of the lowest `levels` without waiting: at least so many. */
static int64_t words_for(const twin *t, int levels) {
    const lf_walk *w = t->plan;
    int64_t address = w->origin, p[2] = {w->first[0] + w->below * w->below_step, w->first[1]};
    const int64_t from_one[2] = {w->row_words, w->column_words};
    for (int i = 0; i < w->levels; i++) {
        int64_t at = i < levels ? w->level[i].count - 1 : t->at[i];
        address += at * w->level[i].stride;
        if (w->level[i].axis >= 0)
            p[w->level[i].axis] += at * w->level[i].move;
    }
    address += w->below * w->below_step * w->row_words;
    for (int axis = 0; axis < 2; axis++)
        if (w->padded[axis] && p[axis] >= w->size[axis]) /* it reads the last one inside */
            address -= (p[axis] - w->size[axis] + 1) * from_one[axis];
    return t->frame * w->words + address + 1;
}

/* Steps behind this one in the same pixel that surely need not wait either. */
static int64_t steps_on(const twin *t) {
    for (int levels = t->inner; levels > 0; levels--) {
        if (t->taken < words_for(t, levels))
            continue;
        int64_t rest = 0, turn = 1;
        for (int i = 0; i < levels; turn *= t->plan->level[i++].count)
            rest += (t->plan->level[i].count - 1 - t->at[i]) * turn;
        return rest;
    }
    return 0;
}

/* Within a pixel nothing is freed: the words that come fill the ring, and the walk goes on or waits. */
static int64_t twin_steady(const void *state, const bool *s_valid, const bool *m_ready) {
    const twin *t = state;
    int64_t room = room_of(t), quiet = s_valid[0] && room > 0 ? room - 1 : INT64_MAX;
    if (!t->begun)
        return 0;
    if (t->code && !m_ready[0])
        return quiet;
    bool go = has_step(t);
    if (t->code != go || (t->stages > 1 && t->word != go))
        return 0;
    int64_t most = INT64_MAX;
    if (go)
        most = steps_on(t);
    else if (s_valid[0] && room > 0)
        most = t->needed - t->taken;
    return most < quiet ? most : quiet;
}

static void twin_skip(void *state, int64_t edges, const bool *s_valid, const bool *m_ready) {
    twin *t = state;
    bool go = (!t->code || m_ready[0]) && has_step(t);
    if (s_valid[0] && room_of(t) > 0)
        t->taken += edges;
    for (int i = 0; go && edges > 0; i++) {
        int64_t sum = t->at[i] + edges;
        t->at[i] = sum % t->plan->level[i].count;
        edges = sum / t->plan->level[i].count;
    }
    if (go)
        t->needed = words_needed(t);
}

static void twin_shorten(void *state) {
    ((twin *)state)->stages = 1;
}

static const lf_unit_kind twin_kind = {twin_valid, twin_ready, twin_clock, twin_steady, twin_skip, twin_shorten};

void lf_walk_twin(const lf_walk *w, bool block, const char *name, lf_arena *a, lf_unit *out) {
    twin *t = LF_NEW(a, twin);
    t->plan = lf_copy(a, w, sizeof *w);
    while (t->inner < w->levels && w->level[t->inner].release == 0)
        t->inner++;
    t->stages = block || w->below ? 2 : 1;
    *out = lf_twin_new(a, name, &twin_kind, t, sizeof *t, w->words, w->positions);
    out->registered_ready = true;
}
