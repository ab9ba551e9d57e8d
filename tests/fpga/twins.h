/* Twins to build test networks from, and a model that runs them the plain way: every unit in every cycle. */
#ifndef LF_TESTS_FPGA_TWINS_H
#define LF_TESTS_FPGA_TWINS_H

#include <string.h>

#include "fpga/chain.h"
#include "ops/mvu_plan.h"
#include "ops/stream.h"

/* -- a worker takes `in` beats, thinks, gives `out` beats one by one and only then takes again --------------------------- */

typedef struct worker {
    int64_t in, out, think, taken, left, wait;
    int64_t every_other; /* added to think in every other frame */
} worker;

static inline bool worker_valid(const void *s, int port) {
    const worker *w = s;
    (void)port;
    return w->left > 0 && w->wait == 0;
}

static inline bool worker_ready(const void *s, int port, const bool *s_valid, const bool *m_ready) {
    const worker *w = s;
    (void)port;
    (void)s_valid;
    (void)m_ready;
    return w->left == 0;
}

static inline void worker_clock(void *s, const bool *s_valid, const bool *m_ready) {
    worker *w = s;
    if (w->wait > 0)
        w->wait--;
    else if (w->left > 0)
        w->left -= m_ready[0];
    else if (s_valid[0] && ++w->taken == w->in) {
        w->taken = 0;
        w->left = w->out;
        w->wait = w->think;
        w->think += w->every_other;
        w->every_other = -w->every_other;
    }
}

static const lf_unit_kind worker_kind = {worker_valid, worker_ready, worker_clock, NULL, NULL, NULL};

static inline lf_unit worker_twin(lf_arena *a, const char *name, int64_t in, int64_t out, int64_t think,
                                  int64_t times) {
    worker *w = LF_NEW(a, worker);
    *w = (worker){.in = in, .out = out, .think = think};
    lf_unit u = lf_twin_new(a, name, &worker_kind, w, sizeof *w, in * times, out * times);
    u.registered_ready = true;
    return u;
}

/* -- a join of two inputs, one beat from each at a time ------------------------------------------------------------------- */

static inline bool join_valid(const void *s, int port) {
    (void)port;
    return *(const bool *)s;
}

static inline bool join_ready(const void *s, int port, const bool *s_valid, const bool *m_ready) {
    return s_valid[1 - port] && (!*(const bool *)s || m_ready[0]);
}

static inline void join_clock(void *s, const bool *s_valid, const bool *m_ready) {
    bool *held = s, both = s_valid[0] && s_valid[1];
    *held = *held && !m_ready[0] ? true : both;
}

static const lf_unit_kind join_kind = {join_valid, join_ready, join_clock, NULL, NULL, NULL};

static inline lf_unit join_twin(lf_arena *a, const char *name, int64_t beats) {
    lf_unit u = lf_twin_new(a, name, &join_kind, LF_NEW(a, bool), sizeof(bool), beats, beats);
    u.in_count = 2;
    u.in_beats[1] = beats;
    return u;
}

/* -- a fork to two outputs; takes a beat when both can have it --------------------------------------------------------------- */

static inline bool fork_valid(const void *s, int port) {
    return ((const bool *)s)[port];
}

static inline bool fork_ready(const void *s, int port, const bool *s_valid, const bool *m_ready) {
    const bool *held = s;
    (void)port;
    (void)s_valid;
    return (!held[0] || m_ready[0]) && (!held[1] || m_ready[1]);
}

static inline void fork_clock(void *s, const bool *s_valid, const bool *m_ready) {
    bool *held = s, take = s_valid[0] && fork_ready(s, 0, s_valid, m_ready);
    for (int i = 0; i < 2; i++)
        held[i] = take || (held[i] && !m_ready[i]);
}

static const lf_unit_kind fork_kind = {fork_valid, fork_ready, fork_clock, NULL, NULL, NULL};

static inline lf_unit fork_twin(lf_arena *a, const char *name, int64_t beats) {
    lf_unit u = lf_twin_new(a, name, &fork_kind, LF_NEW_ARRAY(a, bool, 2), 2 * sizeof(bool), beats, beats);
    u.out_count = 2;
    u.out_beats[1] = beats;
    return u;
}

/* -- a window of k x k over rows of `row` beats: `pixel` beats for each output pixel, k + 1 rows of memory ------------------- */

typedef struct window {
    int64_t rows, row, out_rows, out_row, k, stride, pixel; /* row: input beats; out_row: output pixels */
    int64_t taken, r, p, beat;                              /* beats of this frame taken; the next output beat */
} window;

/* Beats that must be there before the pixel can start, and those that no later pixel needs. */
static inline int64_t window_needs(const window *w) {
    int64_t last = w->r * w->stride + w->k / 2;
    last = last < w->rows - 1 ? last : w->rows - 1;
    return last * w->row + (w->p + 1) * w->row / w->out_row;
}

static inline int64_t window_done(const window *w) {
    int64_t first = w->r * w->stride - w->k / 2;
    return first > 0 ? first * w->row : 0;
}

static inline bool window_valid(const void *s, int port) {
    const window *w = s;
    (void)port;
    return w->taken >= window_needs(w);
}

static inline bool window_ready(const void *s, int port, const bool *s_valid, const bool *m_ready) {
    const window *w = s;
    (void)port;
    (void)s_valid;
    (void)m_ready;
    return w->taken < w->rows * w->row && w->taken - window_done(w) < (w->k + 1) * w->row;
}

static inline void window_clock(void *s, const bool *s_valid, const bool *m_ready) {
    window *w = s;
    bool take = s_valid[0] && window_ready(s, 0, s_valid, m_ready), give = m_ready[0] && window_valid(s, 0);
    w->taken += take;
    if (!give || ++w->beat < w->pixel)
        return;
    w->beat = 0;
    if (++w->p < w->out_row)
        return;
    w->p = 0;
    if (++w->r < w->out_rows)
        return;
    w->r = 0;
    w->taken = 0;
}

/* Taking and giving go on as they are within a pixel. */
static inline int64_t window_steady(const void *s, const bool *s_valid, const bool *m_ready) {
    const window *w = s;
    bool valid = window_valid(s, 0), ready = window_ready(s, 0, s_valid, m_ready);
    int64_t n = INT64_MAX;
    if (m_ready[0] && valid)
        n = w->pixel - 1 - w->beat;
    if (s_valid[0] && ready) {
        int64_t room = (w->k + 1) * w->row + window_done(w) - w->taken, rest = w->rows * w->row - w->taken,
                need = window_needs(w) - w->taken;
        room = rest < room ? rest : room;
        room = !valid && need < room ? need : room;
        n = room - 1 < n ? room - 1 : n;
    }
    return n;
}

static inline void window_skip(void *s, int64_t edges, const bool *s_valid, const bool *m_ready) {
    window *w = s;
    bool take = s_valid[0] && window_ready(s, 0, s_valid, m_ready), give = m_ready[0] && window_valid(s, 0);
    w->taken += take ? edges : 0;
    w->beat += give ? edges : 0;
}

static const lf_unit_kind window_kind = {window_valid, window_ready, window_clock, window_steady, window_skip, NULL};

static inline lf_unit window_twin(lf_arena *a, const char *name, int64_t rows, int64_t row, int64_t k, int64_t stride,
                                  int64_t pixels, int64_t pixel) {
    window *w = LF_NEW(a, window);
    *w = (window){.rows = rows, .row = row, .k = k, .stride = stride, .pixel = pixel};
    w->out_rows = rows / stride;
    w->out_row = pixels / w->out_rows;
    lf_unit u = lf_twin_new(a, name, &window_kind, w, sizeof *w, rows * row, pixels * pixel);
    u.registered_ready = true;
    return u;
}

static inline lf_unit matrix_twin(lf_arena *a, const char *name, int64_t vectors, int64_t sf, int64_t nf, int ranks,
                                  bool accumulates) {
    lf_mvu_plan p = {.sf = sf, .nf = nf, .ranks = ranks, .accumulates = accumulates};
    p.spec.name = lf_strdup(a, name);
    lf_unit u = {0};
    lf_mvu_twin(&p, p.spec.name, vectors, a, &u);
    return u;
}

#endif
