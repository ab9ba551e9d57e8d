/* Matrix-vector layers for tests: made from numbers, printed, and recorded cycle by cycle under random stalls from their
 * definition and the model of their handshakes. */
#ifndef LF_TESTS_MVU_CASE_H
#define LF_TESTS_MVU_CASE_H

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/rng.h"
#include "base/run.h"
#include "fpga/unit.h"
#include "ops/mvu_plan.h"
#include "vlog/vlog.h"

typedef struct mvu_case {
    const char *name;
    int64_t mw, mh, pe, simd;
    const char *x, *w; /* datatypes */
    int levels;
    bool bias;
    lf_mvu_ram ram;
} mvu_case;

typedef struct mvu_layer {
    mvu_case c;
    lf_mvu_spec spec;
    lf_mvu_plan plan;
    bool mixed_weights; /* streamed with words and passes taken for each other: wrong on purpose */
} mvu_layer;

static inline int64_t mvu_random_code(lf_rng *r, lf_dtype t) {
    lf_range a = lf_dtype_range(t);
    return a.lo + a.step * lf_rng_between(r, 0, (a.hi - a.lo) / a.step);
}

static inline lf_dtype mvu_dtype(const char *name) {
    lf_dtype t;
    if (!lf_dtype_parse(name, &t))
        abort();
    return t;
}

/* The exact range of every row for inputs of the whole type. */
static inline lf_range *mvu_ranges(lf_arena *a, const lf_mvu_spec *s) {
    lf_range *out = LF_NEW_ARRAY(a, lf_range, s->mh), x = lf_dtype_range(s->x);
    for (int64_t r = 0; r < s->mh; r++) {
        int64_t lo = s->bias ? s->bias[r] : 0, hi = lo;
        for (int64_t c = 0; c < s->mw; c++) {
            int64_t w = s->weight[r * s->mw + c];
            lo += w > 0 ? w * x.lo : w * x.hi;
            hi += w > 0 ? w * x.hi : w * x.lo;
        }
        out[r] = (lf_range){lo, hi, 1};
    }
    return out;
}

static int mvu_compare(const void *a, const void *b) {
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static inline void mvu_thresholds(lf_arena *a, lf_rng *r, lf_mvu_spec *s) {
    int64_t *t = LF_NEW_ARRAY(a, int64_t, s->mh * s->levels);
    for (int64_t row = 0; row < s->mh; row++) {
        int64_t width = s->acc[row].hi - s->acc[row].lo, middle = s->acc[row].lo + width / 2, near = width / 8 + 2;
        for (int l = 0; l < s->levels; l++)
            t[row * s->levels + l] = lf_rng_below(r, 8) ? middle + lf_rng_between(r, -near, near)
                                                        : middle + lf_rng_between(r, -width, width);
        qsort(t + row * s->levels, (size_t)s->levels, sizeof *t, mvu_compare);
    }
    s->threshold = t;
}

static inline lf_range mvu_weight_range(const int64_t *w, int64_t count) {
    lf_range r = {w[0], w[0], 1};
    bool even = true;
    for (int64_t i = 0; i < count; i++) {
        r.lo = w[i] < r.lo ? w[i] : r.lo;
        r.hi = w[i] > r.hi ? w[i] : r.hi;
        even &= (w[i] - w[0]) % 2 == 0;
    }
    r.step = even && r.lo < r.hi ? 2 : 1;
    return r;
}

static inline void mvu_output_type(lf_mvu_spec *s) {
    static const char *const types[] = {"", "BIPOLAR", "TERNARY", "UINT2"};
    if (s->levels) {
        s->out = mvu_dtype(types[s->levels]);
        s->out_base = s->levels == 3 ? 0 : -1;
        s->out_step = s->levels == 1 ? 2 : 1;
        return;
    }
    lf_range all = s->acc[0];
    for (int64_t r = 1; r < s->mh; r++)
        all = lf_range_join(all, s->acc[r]);
    s->out = lf_dtype_for(all, false);
}

/* Random weights, biases and thresholds for the case, and its plan. */
static inline lf_status mvu_make(lf_ctx *ctx, lf_arena *a, lf_rng *r, const mvu_case *c, mvu_layer *out) {
    lf_mvu_spec s = {.name = c->name,
                     .mw = c->mw,
                     .mh = c->mh,
                     .pe = c->pe,
                     .simd = c->simd,
                     .ram = c->ram,
                     .levels = c->levels,
                     .x = mvu_dtype(c->x)};
    int64_t *weight = LF_NEW_ARRAY(a, int64_t, c->mw * c->mh), *bias = LF_NEW_ARRAY(a, int64_t, c->mh);
    for (int64_t i = 0; i < c->mw * c->mh; i++)
        weight[i] = mvu_random_code(r, mvu_dtype(c->w));
    for (int64_t i = 0; i < c->mh; i++)
        bias[i] = lf_rng_between(r, -20, 20);
    s.weight = weight;
    s.w = mvu_weight_range(weight, c->mw * c->mh);
    s.bias = c->bias ? bias : NULL;
    s.acc = mvu_ranges(a, &s);
    if (s.levels)
        mvu_thresholds(a, r, &s);
    mvu_output_type(&s);
    *out = (mvu_layer){.c = *c, .spec = s};
    return lf_mvu_plan_make(ctx, NULL, a, &s, &out->plan);
}

/* The definition. */
static inline int64_t mvu_row(const lf_mvu_spec *s, const int64_t *x, int64_t row) {
    int64_t acc = s->bias ? s->bias[row] : 0;
    for (int64_t c = 0; c < s->mw; c++)
        acc += s->weight[row * s->mw + c] * x[c];
    if (!s->levels)
        return acc;
    int64_t n = 0;
    for (int l = 0; l < s->levels; l++)
        n += acc >= s->threshold[row * s->levels + l];
    return s->out_base + s->out_step * n;
}

/* Stall probabilities of a recording in 1/16: input not valid, output not ready; how often it resets in the middle. */
typedef struct mvu_stalls {
    uint32_t s, m;
    int64_t vectors;
    int resets;
    bool drain; /* input stops after the last vector; recorded until everything is out */
} mvu_stalls;

typedef struct mvu_recording {
    int64_t cycles, first_in, last_in, first_out, last_out; /* cycle numbers */
    int64_t last_result, last_interval;                     /* of the last beats of vectors */
} mvu_recording;

static inline void mvu_put(FILE *f, uint64_t value, int bits) {
    for (int i = bits - 1; i >= 0; i--)
        fputc('0' + (int)(value >> i & 1), f);
}

/* Elements first..first+count-1 of `code` as they lie on the wire, highest first. */
static inline void mvu_put_beat(FILE *f, const int64_t *code, int64_t count, lf_dtype t) {
    for (int64_t i = count - 1; i >= 0; i--)
        mvu_put(f, lf_code_to_bits(t, code[i]), lf_dtype_bits(t));
}

static inline void mvu_put_noise(FILE *f, lf_rng *r, int64_t bits) {
    for (int64_t i = 0; i < bits; i++)
        fputc('0' + (int)(lf_rng_u32(r) & 1), f);
}

/* Streams into the unit: vectors, and weights when they are streamed. */
static inline int mvu_inputs(const mvu_layer *l) {
    return l->spec.ram == LF_MVU_RAM_STREAM ? 2 : 1;
}

static inline int64_t mvu_weight_beat_bits(const mvu_layer *l) {
    return mvu_inputs(l) > 1 ? l->spec.pe * l->spec.simd * l->plan.w_bits : 0;
}

static inline int64_t mvu_input_bits(const mvu_layer *l) {
    return l->spec.simd * l->plan.x_bits + mvu_weight_beat_bits(l);
}

/* Beat number `beat` of the weights, by the words of the interface: for every vector passes outside, words inside, element
 * pe * SIMD + lane lowest first. */
static inline void mvu_put_weights(FILE *f, const mvu_layer *l, int64_t beat) {
    const lf_mvu_spec *s = &l->spec;
    int64_t pass = beat / l->plan.sf % l->plan.nf, word = beat % l->plan.sf;
    if (l->mixed_weights) {
        pass = beat % l->plan.nf;
        word = beat / l->plan.nf % l->plan.sf;
    }
    for (int64_t e = s->pe * s->simd - 1; e >= 0; e--)
        mvu_put_beat(f, &s->weight[(pass * s->pe + e / s->simd) * s->mw + word * s->simd + e % s->simd], 1, l->plan.w);
}

/* One cycle's flags, in the order of lf_stream_replay.v. */
static inline void mvu_put_flags(FILE *f, int inputs, bool live, const bool *offered, bool m_ready, const bool *ready,
                                 bool valid) {
    mvu_put(f, live, 1);
    for (int i = inputs - 1; i >= 0; i--)
        mvu_put(f, offered[i], 1);
    mvu_put(f, m_ready, 1);
    for (int i = inputs - 1; i >= 0; i--)
        mvu_put(f, ready[i], 1);
    mvu_put(f, valid, 1);
}

/* One stretch without reset: until all results are out, or for `limit` cycles. */
static inline void mvu_record_run(FILE *f, lf_arena *a, lf_rng *r, const mvu_layer *l, const mvu_stalls *st,
                                  int64_t limit, mvu_recording *out) {
    const lf_mvu_spec *s = &l->spec;
    const lf_mvu_plan *p = &l->plan;
    int64_t ins = st->vectors * p->sf, words = ins * p->nf, outs = st->vectors * p->nf;
    int64_t taken = 0, words_taken = 0, given = 0, end = -1;
    int64_t *x = LF_NEW_ARRAY(a, int64_t, st->vectors * s->mw), *y = LF_NEW_ARRAY(a, int64_t, st->vectors * s->mh);
    for (int64_t i = 0; i < st->vectors * s->mw; i++) /* some vectors at an end of the range */
        x[i] = lf_rng_below(r, 5) == 0 && i >= s->mw && i < 3 * s->mw
                   ? (i / s->mw == 1 ? lf_dtype_range(s->x).lo : lf_dtype_range(s->x).hi)
                   : mvu_random_code(r, s->x);
    for (int64_t v = 0; v < st->vectors; v++)
        for (int64_t row = 0; row < s->mh; row++)
            y[v * s->mh + row] = mvu_row(s, x + v * s->mw, row);
    lf_unit u;
    lf_mvu_twin(p, p->spec.name, st->vectors, a, &u);
    bool offered[2] = {false}, ready[2];
    for (int64_t cycle = 0; end < 0 || cycle < end; cycle++) {
        offered[0] = taken < ins && (offered[0] || lf_rng_below(r, 16) >= st->s);
        offered[1] = mvu_inputs(l) > 1 && words_taken < words && (offered[1] || lf_rng_below(r, 16) >= st->s);
        bool m_ready = lf_rng_below(r, 16) >= st->m, valid = u.kind->valid(u.state, 0);
        for (int i = 0; i < mvu_inputs(l); i++)
            ready[i] = u.kind->ready(u.state, i, offered, &m_ready);
        mvu_put_flags(f, mvu_inputs(l), true, offered, m_ready, ready, valid);
        if (offered[1])
            mvu_put_weights(f, l, words_taken);
        else
            mvu_put_noise(f, r, mvu_weight_beat_bits(l));
        if (offered[0])
            mvu_put_beat(f, x + taken * s->simd, s->simd, s->x);
        else
            mvu_put_noise(f, r, s->simd * p->x_bits);
        if (valid && given < outs)
            mvu_put_beat(f, y + given * s->pe, s->pe, s->out);
        else
            mvu_put_noise(f, r, s->pe * p->out_bits);
        fputc('\n', f);
        u.kind->clock(u.state, offered, &m_ready);
        if (offered[1] && ready[1]) {
            words_taken++;
            offered[1] = false;
        }
        if (offered[0] && ready[0]) {
            out->first_in = taken ? out->first_in : cycle;
            taken++;
            out->last_in = cycle;
            offered[0] = false;
        }
        if (valid && m_ready) {
            if (!given)
                out->first_out = cycle;
            given++;
            out->last_out = cycle;
            if (given % p->nf == 0) {
                out->last_interval = cycle - out->last_result;
                out->last_result = cycle;
            }
        }
        out->cycles++;
        if (limit > 0 && cycle + 1 == limit)
            return;
        if (given >= outs && end < 0)
            end = cycle + 12;
        if (cycle > 100000)
            return;
    }
}

static inline void mvu_record_reset(FILE *f, lf_rng *r, const mvu_layer *l, int cycles, mvu_recording *out) {
    for (int i = 0; i < cycles; i++) {
        static const bool none[2] = {false};
        mvu_put_flags(f, mvu_inputs(l), false, none, false, none, false);
        mvu_put_noise(f, r, mvu_input_bits(l) + l->spec.pe * l->plan.out_bits);
        fputc('\n', f);
        out->cycles++;
    }
}

static inline mvu_recording mvu_record(const char *path, lf_arena *a, lf_rng *r, const mvu_layer *l,
                                       const mvu_stalls *st, int settings) {
    mvu_recording out = {0};
    FILE *f = fopen(path, "w");
    if (!f)
        abort();
    for (int i = 0; i < settings; i++) {
        for (int k = 0; k < st[i].resets; k++) {
            mvu_record_reset(f, r, l, 2, &out);
            mvu_record_run(f, a, r, l, &st[i], lf_rng_between(r, 1, 3 * l->plan.depth + 12), &out);
        }
        mvu_record_reset(f, r, l, 2, &out);
        mvu_record_run(f, a, r, l, &st[i], 0, &out);
    }
    fclose(f);
    return out;
}

/* Writes what an lf_vlog made into dir (a directory with a / at the end), without the top module; names of the Verilog files. */
static inline lf_status mvu_write(lf_ctx *ctx, lf_arena *a, lf_vlog *v, const char *dir, const char *top, FILE *list) {
    const lf_vlog_file *files;
    size_t n = lf_vlog_finish(v, &files);
    if (!n)
        return LF_FAILED;
    const char *top_file = lf_format(a, "%s.v", top);
    for (size_t i = 0; i < n; i++) {
        if (!strcmp(files[i].name, top_file))
            continue;
        if (!files[i].memory)
            fprintf(list, "%s\n", files[i].name);
        LF_TRY(lf_file_write(ctx, lf_path_join(a, dir, files[i].name), files[i].text, files[i].len));
    }
    return LF_OK;
}

#endif
