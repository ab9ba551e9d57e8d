/* The plan of a matrix-vector unit: how products become bits, how rows become presets, where the registers stand. */
#include "ops/mvu_plan.h"

#include <inttypes.h>

int lf_mvu_count_bits(int64_t n) {
    return lf_bits_unsigned((uint64_t)(n > 1 ? n - 1 : 1));
}

int64_t lf_mvu_weight_at(const lf_mvu_plan *p, int64_t address, int64_t pe, int64_t lane) {
    int64_t row = address / p->sf * p->spec.pe + pe, column = address % p->sf * p->spec.simd + lane;
    return p->spec.weight[row * p->spec.mw + column];
}

/* -- what can be built ----------------------------------------------------------------------------------------------- */

static const char *divisors(lf_arena *a, int64_t n) {
    const char *text = "";
    int shown = 0;
    for (int64_t d = 1; d <= n && shown < 40; d++)
        if (n % d == 0) {
            text = lf_format(a, "%s%s%" PRId64, text, shown ? " " : "", d);
            shown++;
        }
    return text;
}

static int64_t group_count(const lf_mvu_spec *s) {
    return s->groups ? s->groups : 1;
}

static lf_status check_folding(lf_ctx *ctx, const lf_where *w, lf_arena *a, const lf_mvu_spec *s) {
    int64_t rows = s->mh / group_count(s);
    if (s->pe < 1 || rows % s->pe)
        return lf_fail(ctx, LF_BAD_INPUT, w, "PE=%" PRId64 " does not divide %" PRId64 " rows; legal: %s", s->pe, rows,
                       divisors(a, rows));
    if (s->simd < 1 || s->mw % s->simd)
        return lf_fail(ctx, LF_BAD_INPUT, w, "SIMD=%" PRId64 " does not divide %" PRId64 " columns; legal: %s", s->simd,
                       s->mw, divisors(a, s->mw));
    if (s->structure == LF_MVU_TALL && s->pe != rows)
        return lf_fail(ctx, LF_BAD_INPUT, w,
                       "structure tall takes all rows at once: PE must be %" PRId64 ", not %" PRId64, rows, s->pe);
    if (s->structure == LF_MVU_WIDE && s->simd != s->mw)
        return lf_fail(ctx, LF_BAD_INPUT, w,
                       "structure wide takes all columns at once: SIMD must be %" PRId64 ", not %" PRId64, s->mw,
                       s->simd);
    if (s->structure > LF_MVU_FOLDED && s->ram == LF_MVU_RAM_STREAM)
        return lf_fail(ctx, LF_BAD_INPUT, w, "structure %s has its weights as logic, ram_style stream from outside",
                       s->structure == LF_MVU_TALL ? "tall" : "wide");
    int64_t depth = s->mh / s->pe * (s->mw / s->simd);
    if ((s->structure > LF_MVU_FOLDED || s->ram == LF_MVU_RAM_LOGIC) && depth > LF_MVU_ROM_DEPTH)
        return lf_fail(ctx, LF_BAD_INPUT, w, "weights as logic: %" PRId64 " words deep, at most %d", depth,
                       LF_MVU_ROM_DEPTH);
    return LF_OK;
}

static bool is_wire_type(lf_dtype t, int max_bits) {
    return lf_dtype_is_code(t) && t.kind != LF_KIND_NONE && lf_dtype_bits(t) <= max_bits;
}

static lf_status check_types(lf_ctx *ctx, const lf_where *w, lf_arena *a, const lf_mvu_spec *s) {
    if (!is_wire_type(s->x, LF_MVU_X_BITS))
        return lf_fail(ctx, LF_BAD_INPUT, w, "inputs of type %s; the unit takes integers of 1 to %d bits",
                       lf_dtype_name(a, s->x), LF_MVU_X_BITS);
    if (s->levels > LF_MVU_LEVELS)
        return lf_fail(ctx, LF_BAD_INPUT, w,
                       "%d thresholds per channel; the unit compares at most %d, more need a threshold unit behind it",
                       s->levels, LF_MVU_LEVELS);
    return LF_OK;
}

/* The narrowest code for the weights: ±1 as one bit, -1 0 +1 as two, else two's complement or plain binary. */
static lf_dtype weight_type(lf_range r) {
    if (r.lo == -1 && r.hi == 1)
        return r.step == 2 ? LF_BIPOLAR : LF_TERNARY;
    return r.lo < 0 ? lf_int(lf_bits_signed(r.lo, r.hi)) : lf_uint(lf_bits_unsigned((uint64_t)r.hi));
}

static lf_status choose_weight_type(lf_ctx *ctx, const lf_where *w, lf_mvu_plan *p) {
    p->w = weight_type(p->spec.w);
    p->w_bits = lf_dtype_bits(p->w);
    if (p->w_bits > LF_MVU_W_BITS)
        return lf_fail(ctx, LF_BAD_INPUT, w, "weights of %d bits; the unit takes 1 to %d", p->w_bits, LF_MVU_W_BITS);
    return LF_OK;
}

/* -- products as bits ------------------------------------------------------------------------------------------------ */

uint64_t lf_mvu_weight_bits(const lf_mvu_plan *p, int64_t weight) {
    if (p->w.kind == LF_KIND_TERNARY)
        return weight == 0 ? 0 : weight > 0 ? 1 : 3;
    return lf_code_to_bits(p->w, weight);
}

int lf_mvu_gate_value(const lf_mvu_bit *b, uint64_t w, uint64_t x) {
    int xi = (int)(x >> b->x & 1), wi = (int)(w >> b->w & 1), vi = b->v < 0 ? 0 : (int)(w >> b->v & 1);
    switch (b->gate) {
    case LF_MVU_AND: return xi & wi;
    case LF_MVU_NAND: return !(xi & wi);
    case LF_MVU_XNOR: return xi == wi;
    case LF_MVU_XOR: return xi != wi;
    case LF_MVU_SIGN: return wi & (xi ^ vi);
    case LF_MVU_NSIGN: return wi & !(xi ^ vi);
    }
    return 0;
}

static void add_bit(lf_mvu_plan *p, lf_mvu_gate gate, int power, int x, int w, int v) {
    p->bit[p->bit_count++] = (lf_mvu_bit){gate, power, x, w, v};
}

/* One bit per input bit: the weight decides only the sign (and whether at all). The input's sign bit counts negative. */
static void sign_products(lf_mvu_plan *p, bool x_signed) {
    bool ternary = p->w.kind == LF_KIND_TERNARY;
    for (int j = 0; j < p->x_bits; j++) {
        bool negative = x_signed && j == p->x_bits - 1;
        lf_mvu_gate gate = ternary ? (negative ? LF_MVU_NSIGN : LF_MVU_SIGN) : negative ? LF_MVU_XOR : LF_MVU_XNOR;
        add_bit(p, gate, j, j, 0, ternary ? 1 : -1);
    }
}

/* Partial products; those with exactly one sign bit count negative and are stored inverted (Baugh and Wooley 1973). */
static void partial_products(lf_mvu_plan *p, bool x_signed) {
    for (int power = 0; power < p->x_bits + p->w_bits - 1; power++)
        for (int i = 0; i < p->w_bits; i++) {
            int j = power - i;
            if (j < 0 || j >= p->x_bits)
                continue;
            bool negative = (lf_dtype_signed(p->w) && i == p->w_bits - 1) != (x_signed && j == p->x_bits - 1);
            add_bit(p, negative ? LF_MVU_NAND : LF_MVU_AND, power, j, i, -1);
        }
}

/* A bipolar input is 2b - 1, so its product with w is 2(b w) - w: the bits of b w, with multiplier 2. With a bipolar weight too it
 * is 2 XNOR - 1. */
static void choose_products(lf_mvu_plan *p) {
    bool bipolar = p->spec.x.kind == LF_KIND_BIPOLAR, x_signed = lf_dtype_signed(p->spec.x);
    p->multiplier = bipolar ? 2 : 1;
    p->bit_count = 0;
    if (p->w.kind == LF_KIND_BIPOLAR || p->w.kind == LF_KIND_TERNARY)
        sign_products(p, x_signed && !bipolar);
    else
        partial_products(p, x_signed && !bipolar);
}

/* What a product of this weight has besides multiplier * its bits; the same for every input. */
static int64_t product_constant(const lf_mvu_plan *p, int64_t weight) {
    uint64_t w = lf_mvu_weight_bits(p, weight);
    int64_t sum = 0;
    for (int i = 0; i < p->bit_count; i++)
        sum += (int64_t)lf_mvu_gate_value(&p->bit[i], w, 0) << p->bit[i].power;
    return weight * lf_code_from_bits(p->spec.x, 0) - p->multiplier * sum;
}

/* Constants of small weights are looked up, not computed, so that a million weights take milliseconds. */
static void row_constants(lf_mvu_plan *p, lf_arena *a) {
    const lf_mvu_spec *s = &p->spec;
    enum { TABLE = 256 };
    int64_t table[TABLE], low = s->w.lo;
    for (int i = 0; i < TABLE; i++)
        table[i] = low + i <= s->w.hi ? product_constant(p, low + i) : 0;
    p->constant = LF_NEW_ARRAY(a, int64_t, s->mh);
    for (int64_t r = 0; r < s->mh; r++) {
        int64_t sum = s->bias ? s->bias[r] : 0;
        for (int64_t c = 0; c < s->mw; c++) {
            int64_t w = s->weight[r * s->mw + c];
            sum += w - low < TABLE ? table[w - low] : product_constant(p, w);
        }
        p->constant[r] = sum;
    }
}

static int64_t product_max(const lf_mvu_plan *p) {
    int64_t sum = 0;
    for (int i = 0; i < p->bit_count; i++)
        sum += (int64_t)1 << p->bit[i].power;
    return sum;
}

/* -- accumulators, presets, output codes ----------------------------------------------------------------------------- */

static int64_t floor_div(int64_t n, int64_t d) {
    return n / d - (n % d < 0);
}

static int64_t ceil_div(int64_t n, int64_t d) {
    return -floor_div(-n, d);
}

/* Without thresholds the output is multiplier * S + constant. With multiplier 2 the lowest bit is a constant when all rows agree on
 * it; otherwise the products move up by one. */
static void output_sums(lf_mvu_plan *p) {
    int64_t rows = p->spec.mh;
    p->low_bit = -1;
    if (p->multiplier == 2) {
        int64_t parity = p->constant[0] & 1;
        bool agree = p->out_bits > 1;
        for (int64_t r = 0; r < rows; r++)
            agree &= (p->constant[r] & 1) == parity;
        if (agree)
            p->low_bit = (int)parity;
        else
            p->multiplier = 1;
        for (int i = 0; i < p->bit_count && !agree; i++)
            p->bit[i].power++;
    }
    for (int64_t r = 0; r < rows; r++)
        p->preset[r] = floor_div(p->constant[r], p->multiplier);
    p->acc_bits = p->out_bits - (p->low_bit >= 0);
}

/* Thresholds on S, no further out than one step beyond what S can be; the accumulator holds S - threshold and is as wide as the
 * actual thresholds need: those near the middle of the range save a bit. */
static void threshold_sums(lf_mvu_plan *p, const int64_t *threshold) {
    p->acc_bits = 1;
    for (int64_t r = 0; r < p->spec.mh; r++) {
        int64_t lo = floor_div(p->spec.acc[r].lo - p->constant[r], p->multiplier),
                hi = ceil_div(p->spec.acc[r].hi - p->constant[r], p->multiplier);
        for (int l = 0; l < p->levels; l++) {
            int64_t t = threshold[r * p->levels + l];
            t = t < p->spec.acc[r].lo ? p->spec.acc[r].lo : t > p->spec.acc[r].hi ? p->spec.acc[r].hi + 1 : t;
            t = ceil_div(t - p->constant[r], p->multiplier);
            t = t < lo ? lo : t > hi + 1 ? hi + 1 : t;
            int bits = lf_bits_signed(lo - t, hi - t);
            p->acc_bits = bits > p->acc_bits ? bits : p->acc_bits;
            p->preset[r * p->levels + l] = -t;
        }
    }
    p->low_bit = -1;
    for (int l = 0; l <= p->levels; l++)
        p->code[l] = lf_code_to_bits(p->spec.out, p->spec.out_base + p->spec.out_step * l);
}

/* A bipolar sum that goes out as it is: +1 when it is at least 1. */
static const int64_t *as_threshold(lf_mvu_plan *p, lf_arena *a) {
    int64_t *ones = LF_NEW_ARRAY(a, int64_t, p->spec.mh);
    for (int64_t r = 0; r < p->spec.mh; r++)
        ones[r] = 1;
    p->levels = 1;
    p->spec.out_base = -1;
    p->spec.out_step = 2;
    return ones;
}

static void choose_sums(lf_mvu_plan *p, lf_arena *a) {
    const int64_t *threshold = p->spec.threshold;
    p->levels = p->spec.levels;
    p->out_bits = lf_dtype_bits(p->spec.out);
    if (!p->levels && p->spec.out.kind == LF_KIND_BIPOLAR)
        threshold = as_threshold(p, a);
    p->preset = LF_NEW_ARRAY(a, int64_t, p->spec.mh * (p->levels ? p->levels : 1));
    if (p->levels)
        threshold_sums(p, threshold);
    else
        output_sums(p);
}

/* -- memories and ranks ---------------------------------------------------------------------------------------------- */

enum { FUSED_DEPTH = 32, BLOCK_LUT = 60, LEVELS_PER_RANK = 3 };

/* Block RAM pays when the same table in logic would take more than BLOCK_LUT LUTs per half block: one LUT6 per 64 words and bit,
 * and a quarter more to select. Half a block is 36 bits wide and 512 words deep, or narrower and deeper. */
static bool block_pays(int64_t depth, int64_t bits) {
    double lut = (double)bits * (double)((depth + 63) / 64) * 1.25;
    int64_t per_half = depth <= 512    ? 36
                       : depth <= 1024 ? 18
                       : depth <= 2048 ? 9
                       : depth <= 4096 ? 4
                       : depth <= 8192 ? 2
                                       : 1;
    int64_t halves = (bits + per_half - 1) / per_half * (depth <= 16384 ? 1 : (depth + 16383) / 16384);
    return lut > BLOCK_LUT * (double)halves;
}

static bool products_are_fused(const lf_mvu_plan *p) {
    return p->depth <= FUSED_DEPTH && (p->x_bits == 1 || p->w.kind == LF_KIND_TERNARY || p->depth == 1);
}

static void choose_memories(lf_mvu_plan *p) {
    int64_t bits = p->spec.pe * p->spec.simd * p->w_bits,
            preset_bits = p->spec.pe * p->acc_bits * (p->levels ? p->levels : 1);
    bool streamed = p->spec.ram == LF_MVU_RAM_STREAM;
    bool deep = !streamed && (p->depth > LF_MVU_ROM_DEPTH || (p->spec.ram == LF_MVU_RAM_BLOCK && p->depth > 1));
    p->source = streamed ? LF_MVU_STREAM : deep ? LF_MVU_MEMORY : products_are_fused(p) ? LF_MVU_FUSED : LF_MVU_LOGIC;
    p->block =
        deep && (p->spec.ram == LF_MVU_RAM_BLOCK || (p->spec.ram == LF_MVU_RAM_AUTO && block_pays(p->depth, bits)));
    p->preset_memory = p->passes > LF_MVU_ROM_DEPTH;
    p->preset_block = p->preset_memory && p->spec.ram != LF_MVU_RAM_DISTRIBUTED && block_pays(p->passes, preset_bits);
    p->preset_early = p->passes > (p->accumulates ? 8 : 32);
}

/* Products in their own LUTs, or inside the first full adders when both operands come from registers and fit. */
static bool products_join_adders(const lf_mvu_plan *p) {
    return p->source != LF_MVU_FUSED && p->w.kind != LF_KIND_TERNARY;
}

static void choose_ranks(lf_mvu_plan *p) {
    int height[LF_HEAP_COLUMNS] = {0};
    for (int i = 0; i < p->bit_count; i++)
        if (p->bit[i].power < p->sum_bits)
            height[p->bit[i].power] += (int)p->spec.simd;
    bool fused = p->source == LF_MVU_FUSED;
    lf_heap_plan(&p->heap, height, p->sum_bits, products_join_adders(p), LEVELS_PER_RANK);
    p->front_ranks = fused ? 1 + p->buffered : products_join_adders(p) ? 1 : 2;
    p->ranks = p->front_ranks + p->heap.ranks;
}

static void choose_folds(lf_mvu_plan *p) {
    p->groups = group_count(&p->spec);
    p->passes = p->spec.mh / p->spec.pe;
    p->nf = p->passes / p->groups;
    p->sf = p->spec.mw / p->spec.simd;
    p->depth = p->passes * p->sf;
    p->in_lanes = p->spec.simd * (p->spec.own_inputs ? p->spec.pe : 1);
    p->buffered = p->nf > 1 && p->sf > 1;
    p->accumulates = p->sf > 1;
    p->x_bits = lf_dtype_bits(p->spec.x);
}

/* Bits of a typical accumulator: of the whole range that sums can have, or of the output. */
static int estimated_acc_bits(const lf_mvu_plan *p) {
    if (!p->spec.levels)
        return p->out_bits - (p->multiplier == 2 && p->out_bits > 1);
    int bits = lf_bits_unsigned((uint64_t)product_max(p)) + lf_bits_unsigned((uint64_t)p->spec.mw);
    return bits < LF_HEAP_COLUMNS ? bits : LF_HEAP_COLUMNS;
}

static void choose_sum_bits(lf_mvu_plan *p) {
    int bits = lf_bits_unsigned((uint64_t)product_max(p)) + lf_mvu_count_bits(p->spec.simd + 1);
    if (bits <= 62)
        bits = lf_bits_unsigned((uint64_t)product_max(p) * (uint64_t)p->spec.simd);
    p->sum_bits = bits < p->acc_bits ? bits : p->acc_bits;
}

lf_status lf_mvu_plan_outline(lf_ctx *ctx, const lf_where *where, lf_arena *a, const lf_mvu_spec *spec,
                              lf_mvu_plan *out) {
    *out = (lf_mvu_plan){.spec = *spec, .low_bit = -1};
    LF_TRY(check_folding(ctx, where, a, spec));
    LF_TRY(check_types(ctx, where, a, spec));
    LF_TRY(choose_weight_type(ctx, where, out));
    choose_folds(out);
    choose_products(out);
    out->levels = spec->levels;
    out->out_bits = lf_dtype_bits(spec->out);
    out->acc_bits = estimated_acc_bits(out);
    choose_sum_bits(out);
    choose_memories(out);
    return LF_OK;
}

lf_status lf_mvu_plan_make(lf_ctx *ctx, const lf_where *where, lf_arena *a, const lf_mvu_spec *spec, lf_mvu_plan *out) {
    LF_TRY(lf_mvu_plan_outline(ctx, where, a, spec, out));
    row_constants(out, a);
    choose_sums(out, a);
    if (out->acc_bits > LF_HEAP_COLUMNS)
        return lf_fail(ctx, LF_BAD_INPUT, where, "accumulators of %d bits; the unit has at most %d", out->acc_bits,
                       LF_HEAP_COLUMNS);
    choose_sum_bits(out);
    choose_memories(out);
    choose_ranks(out);
    return LF_OK;
}
