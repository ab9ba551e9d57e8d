/* Rounding to integers and casts into fixed point. The modes are QONNX's (its Quant op) and ap_fixed's (AMD UG1399,
 * "Arbitrary Precision Fixed-Point Data Types"). */
#include <assert.h>
#include <math.h>
#include <string.h>

#include "num/dtype.h"

/* What is left of a value above the integer below it. */
typedef enum part { PART_ZERO, PART_BELOW_HALF, PART_HALF, PART_ABOVE_HALF } part;

/* Does a value floor + fraction go up to floor + 1? */
static bool rounds_up(lf_round mode, bool negative, bool floor_is_odd, part rest) {
    if (rest == PART_ZERO)
        return false;
    switch (mode) {
    case LF_ROUND_CEIL: return true;
    case LF_ROUND_FLOOR: return false;
    case LF_ROUND_UP: return !negative;
    case LF_ROUND_DOWN: return negative;
    default: break;
    }
    if (rest != PART_HALF)
        return rest == PART_ABOVE_HALF;
    switch (mode) {
    case LF_ROUND_HALF_UP: return !negative;
    case LF_ROUND_HALF_DOWN: return negative;
    case LF_ROUND_HALF_PLUS: return true;
    case LF_ROUND_HALF_MINUS: return false;
    default: return floor_is_odd;
    }
}

static part part_of(double fraction, double half) {
    return fraction < half ? PART_BELOW_HALF : fraction == half ? PART_HALF : PART_ABOVE_HALF;
}

/* The part behind the point, taken toward zero, is exact; 1 minus it would not be (-0.49999999999999994). */
int64_t lf_round_to_int(double v, lf_round mode) {
    assert(v >= -4611686018427387904.0 && v <= 4611686018427387904.0);
    int64_t whole = (int64_t)v;
    double fraction = v - (double)whole;
    if (fraction == 0.0)
        return whole;
    whole -= v < 0;
    return whole + rounds_up(mode, v < 0, whole & 1, part_of(fraction, v < 0 ? -0.5 : 0.5));
}

static const struct {
    const char *name;
    lf_round mode;
} round_names[] = {
    {"ROUND", LF_ROUND_HALF_EVEN},
    {"HALF_EVEN", LF_ROUND_HALF_EVEN},
    {"CEIL", LF_ROUND_CEIL},
    {"FLOOR", LF_ROUND_FLOOR},
    {"UP", LF_ROUND_UP},
    {"DOWN", LF_ROUND_DOWN},
    {"HALF_UP", LF_ROUND_HALF_UP},
    {"HALF_DOWN", LF_ROUND_HALF_DOWN},
    {"HALF_PLUS", LF_ROUND_HALF_PLUS},
    {"HALF_MINUS", LF_ROUND_HALF_MINUS},
};

bool lf_round_parse(const char *qonnx_name, lf_round *out) {
    for (size_t i = 0; i < LF_COUNT(round_names); i++)
        if (strcmp(qonnx_name, round_names[i].name) == 0) {
            *out = round_names[i].mode;
            return true;
        }
    return false;
}

const char *lf_round_name(lf_round mode) {
    for (size_t i = 0; i < LF_COUNT(round_names); i++)
        if (round_names[i].mode == mode)
            return round_names[i].name;
    return "ROUND";
}

/* An integer that may be too large to write down: `low` is its value modulo 2^64; `large` says that it lies outside
 * [-2^63, 2^63), and `negative` then says on which side. */
typedef struct wide {
    uint64_t low;
    bool large, negative;
} wide;

static wide wide_of(int64_t v) {
    return (wide){(uint64_t)v, false, v < 0};
}

/* v * 2^shift for shift >= 0. */
static wide shifted_up(int64_t v, int shift) {
    if (v == 0)
        return wide_of(0);
    uint64_t low = shift > 63 ? 0 : (uint64_t)v << shift;
    bool large = shift > 63 || (int64_t)low >> shift != v;
    return (wide){low, large, v < 0};
}

/* v * 2^-shift rounded, for shift > 0. |v| < 2^53, so that beyond 60 places only the sign and a rest below a half
 * (seen from zero) are left. */
static int64_t shifted_down(int64_t v, int shift, lf_round mode) {
    if (shift > 60)
        shift = 60;
    int64_t whole = v >= 0 ? v >> shift : ~(~v >> shift);
    uint64_t rest = (uint64_t)v & (((uint64_t)1 << shift) - 1);
    uint64_t half = (uint64_t)1 << (shift - 1);
    part p = rest == 0 ? PART_ZERO : rest < half ? PART_BELOW_HALF : rest == half ? PART_HALF : PART_ABOVE_HALF;
    return whole + rounds_up(mode, v < 0, whole & 1, p);
}

static wide round_scaled(double v, int frac_bits, lf_round mode) {
    int exponent = 0;
    int64_t mantissa = (int64_t)ldexp(frexp(v, &exponent), 53);
    int shift = exponent - 53 + frac_bits;
    return shift >= 0 ? shifted_up(mantissa, shift) : wide_of(shifted_down(mantissa, -shift, mode));
}

static int64_t saturate(wide w, lf_range r) {
    if (w.large)
        return w.negative ? r.lo : r.hi;
    int64_t v = (int64_t)w.low;
    return v < r.lo ? r.lo : v > r.hi ? r.hi : v;
}

int64_t lf_fixed_cast(double v, lf_dtype t) {
    assert(t.kind == LF_KIND_FIXED || t.kind == LF_KIND_UFIXED);
    wide w = round_scaled(v, t.bits - t.int_bits, (lf_round)t.round);
    if (t.overflow == LF_OVERFLOW_WRAP)
        return lf_code_from_bits(t, w.low);
    lf_range r = lf_dtype_range(t);
    if (t.overflow == LF_OVERFLOW_SAT_SYM && t.kind == LF_KIND_FIXED)
        r.lo = -r.hi;
    return saturate(w, r);
}
