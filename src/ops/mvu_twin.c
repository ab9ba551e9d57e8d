/* The handshakes of a matrix-vector unit, cycle by cycle: the same rules as lf_mvu_control, lf_mvu_flags and lf_mvu_result. */
#include "base/compiler.h"
#include "fpga/unit.h"
#include "ops/mvu_plan.h"
#include "ops/stream.h"

typedef struct twin {
    int64_t sf, nf; /* folds of the layer */
    int ranks;
    bool accumulates;
    bool streamed;        /* weights come over input 1 */
    int64_t word, pass;   /* of the next step */
    uint64_t valid, last; /* bit i: register i of `ranks` (at most 32) holds a step, which is the last of its pass */
    bool held;            /* NF > 1, SF = 1: the word of all passes is there */
    bool done, full;      /* the accumulator is final; the output register holds a result */
} twin;

static bool ends_pass(const twin *t) {
    return (t->valid & t->last) >> (t->ranks - 1) & 1;
}

static bool is_final(const twin *t) {
    return t->accumulates ? t->done : ends_pass(t);
}

/* `edges` steps into the registers, all of them `came`. */
static uint64_t shifted(const twin *t, uint64_t bits, int64_t edges, bool came) {
    uint64_t all = ((uint64_t)1 << t->ranks) - 1;
    if (edges >= t->ranks)
        return came ? all : 0;
    return (bits << edges | (came ? ((uint64_t)1 << edges) - 1 : 0)) & all;
}

static bool enabled(const twin *t, bool m_ready) {
    return !is_final(t) || !t->full || m_ready;
}

/* One word serves all passes and is kept in a register; several words are kept in a buffer. */
static bool keeps_word(const twin *t) {
    return t->nf > 1 && t->sf == 1;
}

static bool has_input(const twin *t, const bool *s_valid) {
    return keeps_word(t) ? t->held : s_valid[0] || t->pass > 0;
}

static bool has_weights(const twin *t, const bool *s_valid) {
    return !t->streamed || s_valid[1];
}

static bool has_step(const twin *t, const bool *s_valid) {
    return has_input(t, s_valid) && has_weights(t, s_valid);
}

static bool takes_word(const twin *t, const bool *s_valid, bool m_ready) {
    bool ce = enabled(t, m_ready) && has_weights(t, s_valid);
    return keeps_word(t) ? !t->held || (ce && t->pass == t->nf - 1) : ce && t->pass == 0;
}

static bool twin_valid(const void *state, int port) {
    (void)port;
    return ((const twin *)state)->full;
}

static bool twin_ready(const void *state, int port, const bool *s_valid, const bool *m_ready) {
    const twin *t = state;
    return port ? enabled(t, m_ready[0]) && has_input(t, s_valid) : takes_word(t, s_valid, m_ready[0]);
}

static void advance(twin *t, const bool *s_valid) {
    bool go = has_step(t, s_valid), last = t->word == t->sf - 1;
    t->done = ends_pass(t);
    t->valid = shifted(t, t->valid, 1, go);
    t->last = shifted(t, t->last, 1, last);
    if (!go)
        return;
    t->word = last ? 0 : t->word + 1;
    if (last)
        t->pass = t->pass == t->nf - 1 ? 0 : t->pass + 1;
}

static void twin_clock(void *state, const bool *s_valid, const bool *m_ready) {
    twin *t = state;
    bool final = is_final(t), ce = enabled(t, m_ready[0]);
    bool take = keeps_word(t) && s_valid[0] && takes_word(t, s_valid, m_ready[0]),
         leave = ce && has_weights(t, s_valid) && t->pass == t->nf - 1;
    t->full = final || (t->full && !m_ready[0]);
    if (ce)
        advance(t, s_valid);
    t->held = take || (t->held && !leave);
}

/* Edges until a result that is under way stands before the output register, or INT64_MAX; 0: one does already. */
static int64_t until_final(const twin *t) {
    uint64_t results = t->valid & t->last;
    if (is_final(t))
        return 0;
    return results ? t->ranks - 64 + LF_ZEROS_ABOVE(results) + t->accumulates : INT64_MAX;
}

/* Within a pass nothing shows until its last step, or until an earlier pass's result arrives. */
static int64_t twin_steady(const void *state, const bool *s_valid, const bool *m_ready) {
    const twin *t = state;
    if (t->full && m_ready[0])
        return 0;
    if (!enabled(t, m_ready[0]))
        return keeps_word(t) && !t->held && s_valid[0] ? 0 : INT64_MAX;
    int64_t result = until_final(t), step = t->sf - 1 - t->word;
    if (result == 0 || (keeps_word(t) && (t->held || s_valid[0])))
        return 0;
    int64_t quiet = result == INT64_MAX ? result : result - 1;
    return !has_step(t, s_valid) ? quiet : step < quiet ? step : quiet;
}

static void twin_skip(void *state, int64_t edges, const bool *s_valid, const bool *m_ready) {
    twin *t = state;
    if (!enabled(t, m_ready[0]))
        return;
    bool go = has_step(t, s_valid);
    t->valid = shifted(t, t->valid, edges, go);
    t->last = shifted(t, t->last, edges, false);
    t->word += go ? edges : 0;
}

/* One result at the end of the ranks and one in the output register. */
static void twin_shorten(void *state) {
    twin *t = state;
    t->ranks = 1;
    t->accumulates = false;
}

static const lf_unit_kind twin_kind = {twin_valid, twin_ready, twin_clock, twin_steady, twin_skip, twin_shorten};

void lf_mvu_twin(const lf_mvu_plan *p, const char *name, int64_t vectors, lf_arena *a, lf_unit *out) {
    twin *t = LF_NEW(a, twin);
    t->sf = p->sf;
    t->nf = p->nf;
    t->ranks = p->ranks;
    t->accumulates = p->accumulates;
    t->streamed = p->source == LF_MVU_STREAM;
    *out = lf_twin_new(a, name, &twin_kind, t, sizeof *t, vectors * p->sf, vectors * p->nf);
    out->in_count += t->streamed;
    out->in_beats[1] = t->streamed ? vectors * p->nf * p->sf : 0;
}
