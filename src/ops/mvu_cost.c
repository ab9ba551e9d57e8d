/* What a matrix-vector unit costs, part by part as mvu_print.c prints it. Factors are fitted to Yosys's counts (xc7, the script
 * of `lutfisk synth`) of single layers with random weights. */
#include "ir/op.h"
#include "ops/mvu_plan.h"

/* Bits added to a number of about log2 of them: a LUT each, and a few for bits that fill no counter. */
static double heap_lut(double bits, double result) {
    return bits > result ? bits - result + 2 + 0.02 * bits : 0;
}

static double table_lut(int64_t depth, int64_t bits) {
    return depth <= 1    ? 0
           : depth <= 64 ? (double)bits * (depth < 8 ? 0.5 : 0.9)
                         : (double)bits * (double)((depth + 63) / 64) * 1.25;
}

/* RAMB18 of 36 bits x 512 words, or narrower and deeper. */
static double block_halves(int64_t depth, int64_t bits) {
    int64_t per_half = depth <= 512    ? 36
                       : depth <= 1024 ? 18
                       : depth <= 2048 ? 9
                       : depth <= 4096 ? 4
                       : depth <= 8192 ? 2
                                       : 1;
    return (double)((bits + per_half - 1) / per_half);
}

/* Yosys cuts what is deeper than 4096 words into powers of two and puts a small remainder into LUTs. */
static void add_block(int64_t depth, int64_t bits, lf_cost *c) {
    enum { DEEPEST = 16384, WHOLE = 4096, SMALLEST = 512 };
    int64_t rest = depth;
    for (int64_t chunk = DEEPEST; depth > WHOLE && chunk >= SMALLEST; chunk /= 2)
        for (; rest >= chunk; rest -= chunk)
            c->bram += block_halves(chunk, bits) / 2;
    if (depth <= WHOLE)
        c->bram += block_halves(depth, bits) / 2;
    else
        c->lut += rest > 0 ? table_lut(rest, bits) : 0;
}

static void add_products(const lf_mvu_plan *p, lf_cost *c) {
    double rows = (double)p->spec.pe, bits = 0;
    for (int i = 0; i < p->bit_count; i++)
        bits += p->bit[i].power < p->sum_bits ? (double)p->spec.simd : 0;
    bool own = p->source == LF_MVU_FUSED || p->w.kind == LF_KIND_TERNARY;
    double first = own ? bits : bits / 1.5;
    c->lut += rows * (first + heap_lut(first, p->sum_bits));
    c->ff += rows * (first * 1.5 + p->sum_bits);
}

static void add_weights(const lf_mvu_plan *p, lf_cost *c) {
    int64_t bits = p->spec.pe * p->spec.simd * p->w_bits;
    if (p->source == LF_MVU_FUSED)
        return;
    c->ff += (double)(p->in_lanes * p->x_bits + (p->block ? 0 : bits));
    if (p->source == LF_MVU_STREAM) { /* a skid buffer */
        c->ff += 2 * (double)bits + 2;
        c->lut += (double)bits + 3;
    } else if (p->block)
        add_block(p->depth, bits, c);
    else
        c->lut += table_lut(p->depth, bits);
}

static void add_accumulators(const lf_mvu_plan *p, lf_cost *c) {
    int64_t bits = p->spec.pe * p->acc_bits * (p->levels ? p->levels : 1);
    c->lut += (double)bits;
    c->ff += (double)(p->accumulates ? bits : 0) + (double)(p->spec.pe * p->out_bits);
    if (p->preset_block)
        add_block(p->passes, bits, c);
    else if (p->preset_memory || p->preset_early) {
        c->lut += table_lut(p->passes, bits);
        c->ff += (double)bits;
    }
}

static void add_control(const lf_mvu_plan *p, lf_cost *c) {
    int sf = p->sf > 1 ? lf_mvu_count_bits(p->sf) : 0, nf = p->passes > 1 ? lf_mvu_count_bits(p->passes) : 0;
    c->lut += 5 + 1.3 * (sf + nf);
    c->ff += 12 + sf + nf * 4;
    double word = (double)(p->in_lanes * p->x_bits);
    c->ff += p->nf > 1 && p->sf == 1 ? word : 0;
    if (!p->buffered)
        return;
    double banks = (double)((p->sf + 31) / 32);
    c->lut += word * (1 + (banks > 1 ? banks / 2 : 1)) + 2.5 * (sf + nf);
    c->ff += sf + nf;
}

void lf_mvu_cost(const lf_mvu_plan *p, int64_t vectors, lf_cost *out) {
    *out = (lf_cost){.ii_cycles = vectors * p->nf * p->sf, .weight_bits = p->spec.mw * p->spec.mh * p->w_bits};
    add_products(p, out);
    add_weights(p, out);
    add_accumulators(p, out);
    add_control(p, out);
}
