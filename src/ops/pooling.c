#include "ops/pooling.h"

#include <inttypes.h>

#include "ops/branch.h"

const char *const lf_reduce_names[] = {"max", "min", "sum", NULL};

int64_t lf_reduce_code(lf_reduce f, int64_t a, int64_t b) {
    switch (f) {
    case LF_REDUCE_MAX: return a > b ? a : b;
    case LF_REDUCE_MIN: return a < b ? a : b;
    default: return a + b;
    }
}

static lf_range checked(lf_range r, bool *overflow) {
    *overflow |= r.lo < -((int64_t)1 << 62) || r.hi > (int64_t)1 << 62;
    return r;
}

lf_range lf_reduce_range(lf_reduce f, lf_range a, lf_range b, bool *overflow) {
    if (f != LF_REDUCE_SUM) {
        lf_range r = {lf_reduce_code(f, a.lo, b.lo), lf_reduce_code(f, a.hi, b.hi), lf_range_join(a, b).step};
        r.step = r.lo == r.hi ? 1 : r.step;
        return r;
    }
    return checked(lf_range_add(a, b, overflow), overflow);
}

lf_range lf_reduce_many(lf_reduce f, lf_range r, int64_t count, bool *overflow) {
    if (f != LF_REDUCE_SUM)
        return r;
    lf_range sum = lf_range_scale(r, count, overflow);
    sum.step = r.step;
    return checked(sum, overflow);
}

/* -- hardware ----------------------------------------------------------------------------------------------------------- */

static lf_status pooling_of(const lf_graph *g, const lf_node *n, lf_pooling *out) {
    return ((const lf_pooling_own *)n->op->own)->plan_of(g, n, out);
}

static int acc_bits(const lf_graph *g, const lf_node *n, const lf_pooling *p) {
    lf_dtype y = lf_out(g, n, 0)->dtype;
    return lf_dtype_bits(y) + (p->function == LF_REDUCE_SUM && y.kind == LF_KIND_BIPOLAR);
}

lf_status lf_pooling_rtl(const lf_graph *g, const lf_node *n, lf_vlog *v) {
    lf_pooling p;
    LF_TRY(pooling_of(g, n, &p));
    lf_stream_instance(g, n, v, "lf_pool");
    lf_vlog_param(v, "PE", "%" PRId64, p.pe);
    lf_vlog_param(v, "K", "%" PRId64, p.taps);
    lf_vlog_param(v, "GROUPS", "%" PRId64, p.groups);
    lf_vlog_param(v, "FUNCTION", "%d", (int)p.function);
    lf_wire_params(v, "IN", lf_in(g, n, 0)->dtype);
    lf_vlog_param(v, "ACC_BITS", "%d", acc_bits(g, n, &p));
    lf_wire_params(v, "OUT", lf_out(g, n, 0)->dtype);
    return LF_OK;
}

/* A comparison takes half a LUT per bit and the choice one; a sum takes one. */
lf_status lf_pooling_cost(const lf_graph *g, const lf_node *n, lf_cost *out) {
    lf_pooling p;
    LF_TRY(pooling_of(g, n, &p));
    double bits = (double)(p.pe * acc_bits(g, n, &p));
    int64_t counters = p.taps > 1 ? lf_bits_unsigned((uint64_t)p.taps - 1) : 0;
    counters += p.groups > 1 ? lf_bits_unsigned((uint64_t)p.groups - 1) : 0;
    *out = (lf_cost){.ii_cycles = p.frames * p.groups * p.taps};
    out->lut = 3 + 1.7 * (double)counters + (p.taps > 1 ? bits * (p.function == LF_REDUCE_SUM ? 1 : 1.5) : 0);
    out->ff = 1 + (double)counters + (double)(p.pe * lf_dtype_bits(lf_out(g, n, 0)->dtype));
    if (p.groups > 1)
        out->lut += p.groups <= 32 ? bits * 4 / 6 : bits * 4 / 3 * (double)((p.groups + 63) / 64);
    else
        out->ff += p.taps > 1 ? bits : 0;
    return LF_OK;
}

/* -- the twin of rtl/lf_pool.v ---------------------------------------------------------------------------------------------- */

typedef struct twin {
    int64_t beats, from; /* of one reduction of every group; the beats from here on finish results */
    int64_t at;
    bool done;
} twin;

static bool twin_valid(const void *state, int port) {
    (void)port;
    return ((const twin *)state)->done;
}

static bool twin_ready(const void *state, int port, const bool *s_valid, const bool *m_ready) {
    const twin *t = state;
    (void)port, (void)s_valid;
    return !(t->at >= t->from && t->done && !m_ready[0]);
}

static void twin_clock(void *state, const bool *s_valid, const bool *m_ready) {
    twin *t = state;
    bool take = s_valid[0] && twin_ready(t, 0, s_valid, m_ready);
    t->done = (take && t->at >= t->from) || (t->done && !m_ready[0]);
    if (take)
        t->at = t->at == t->beats - 1 ? 0 : t->at + 1;
}

/* Nothing shows while it counts beats that finish no result, or while each beat finishes one. */
static int64_t twin_steady(const void *state, const bool *s_valid, const bool *m_ready) {
    const twin *t = state;
    bool take = s_valid[0] && twin_ready(t, 0, s_valid, m_ready);
    if (t->done && m_ready[0])
        return take && t->at >= t->from ? t->beats - 1 - t->at : 0;
    if (!take)
        return INT64_MAX;
    return t->at >= t->from ? 0 : t->from - t->at - t->done;
}

static void twin_skip(void *state, int64_t edges, const bool *s_valid, const bool *m_ready) {
    twin *t = state;
    if (s_valid[0] && twin_ready(t, 0, s_valid, m_ready))
        t->at += edges;
}

static const lf_unit_kind twin_kind = {twin_valid, twin_ready, twin_clock, twin_steady, twin_skip, NULL};

lf_status lf_pooling_unit(const lf_graph *g, const lf_node *n, lf_arena *a, lf_unit *out) {
    lf_pooling p;
    LF_TRY(pooling_of(g, n, &p));
    twin *t = LF_NEW(a, twin);
    t->beats = p.groups * p.taps;
    t->from = p.groups * (p.taps - 1);
    *out = lf_twin_new(a, n->name, &twin_kind, t, sizeof *t, p.frames * t->beats, p.frames * p.groups);
    return LF_OK;
}
