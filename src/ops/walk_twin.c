/* The handshakes of rtl/lf_walk.v and lf_walk_columns.v, cycle by cycle, with absolute numbers instead of distances. */
#include "ops/walk.h"

typedef struct twin {
    const lf_walk *plan;
    int64_t at[LF_WALK_LEVELS]; /* of the next step */
    int64_t frame, taken;       /* words written */
    int64_t base;               /* behind `base0` */
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

static bool has_step(const twin *t) {
    if (!t->begun)
        return false;
    if (t->plan->first_padded && is_first(t))
        return t->taken > t->frame * t->plan->words;
    int64_t first, last;
    return !lf_walk_reads(t->plan, t->at, &first, &last) || t->taken > t->frame * t->plan->words + last;
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
    if (!t->code || m_ready[0]) {
        bool go = has_step(t);
        t->code = t->stages > 1 ? t->word : go;
        t->word = go;
        if (go)
            advance(t);
    }
    t->taken += push;
    t->begun = true;
}

void lf_walk_twin(const lf_walk *w, bool block, const char *name, lf_arena *a, lf_unit *out) {
    twin *t = LF_NEW(a, twin);
    t->plan = lf_copy(a, w, sizeof *w);
    t->stages = block || w->below ? 2 : 1;
    *out = (lf_unit){.name = lf_strdup(a, name),
                     .state = t,
                     .state_bytes = sizeof *t,
                     .in_count = 1,
                     .out_count = 1,
                     .in_beats = {w->words},
                     .out_beats = {w->positions},
                     .registered_ready = true,
                     .valid = twin_valid,
                     .ready = twin_ready,
                     .clock = twin_clock};
}
