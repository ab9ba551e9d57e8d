#include "ops/mvu_cost.h"

#include <math.h>

static double divide_up(double a, double b) { return ceil(a / b); }

/* RAMB36 for a word of `bits` and `depth` words, by the best of the port widths (UG473, table 1-3); a RAMB18 is half. */
static double block_rams(double depth, double bits) {
    static const double width[] = {72, 36, 18, 9, 4, 2, 1}, words[] = {512, 1024, 2048, 4096, 8192, 16384, 32768};
    double best = INFINITY;
    for (int i = 0; i < 7; i++) {
        double n = divide_up(bits, width[i]) * divide_up(depth, words[i]);
        best = n < best ? n : best;
    }
    double half = divide_up(bits, 36) * divide_up(depth, 512) / 2;
    return half < best ? half : best;
}

/* LUTs of one product beside its weight, and of adding it up: measured per pair of widths on 16 products from registers
 * (bit heap, 6:3 counters). */
static double product_luts(const lf_mvu_shape *s) {
    double a = lf_dtype_bits(s->x), b = lf_dtype_bits(s->w);
    if (s->x.kind == LF_KIND_BIPOLAR && s->w.kind == LF_KIND_BIPOLAR)
        return 1.05;
    return 1.45 * a * b + 0.3 * (a + b);
}

void lf_mvu_estimate(const lf_mvu_shape *s, lf_cost *out) {
    double pe = (double)s->pe, simd = (double)s->simd, nf = (double)(s->mh / s->pe), sf = (double)(s->mw / s->simd);
    double depth = nf * sf, synapses = pe * simd, wb = lf_dtype_bits(s->w);
    double acc = lf_dtype_bits(s->x) + wb + ceil(log2((double)s->mw + 1));
    bool logic = s->ram == LF_MVU_RAM_LOGIC || (s->ram == LF_MVU_RAM_AUTO && depth <= LF_MVU_ROM_DEPTH);
    bool block = !logic && (s->ram == LF_MVU_RAM_BLOCK || (s->ram == LF_MVU_RAM_AUTO && depth * synapses * wb > 4096));
    *out = (lf_cost){.ii_cycles = s->vectors * (s->mh / s->pe) * (s->mw / s->simd), .weight_bits = s->mw * s->mh * lf_dtype_bits(s->w)};
    out->lut = synapses * product_luts(s) + pe * (acc + 4 + (s->levels > 1 ? (double)(s->levels - 1) * acc : 0)) + 25;
    if (logic)
        out->lut += synapses * wb * (depth <= 1 ? 0 : depth <= 16 ? 1.1 : 1.1 * depth / 16);
    else if (block)
        out->bram = block_rams(depth, synapses * wb);
    else
        out->lut += synapses * wb * divide_up(depth, 64);
    if (nf > 1 && sf > 1)
        out->lut += divide_up(sf, 64) * divide_up(simd * lf_dtype_bits(s->x), 3) * 4;
    if (nf > 1 && s->levels)
        out->lut += pe * acc * (double)s->levels * divide_up(nf, 64);
    out->ff = synapses * (wb + lf_dtype_bits(s->x)) * 0.9 + pe * (2 * acc + s->out_bits) + 30;
}
