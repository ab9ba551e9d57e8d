#include "kern/byte_sums.h"

#include <math.h>
#include <string.h>

enum {
    AVERAGES = 12,
    SWEEPS = 300,
    HOPELESS = 16,
    SLOW = 100,
    STEP_OF = 1013,
    FINEST = 512,
    WIDEST = 4096,
    TERM_MOST = (1 << 14) - 1
};

/* Real terms, in widths of a step: the table's value is the sum, rounded down and clamped to 0 .. top. */
typedef struct fit {
    const uint8_t *table;
    uint32_t entries;
    int parts, part_bits, top;
    int sweeps; /* of all relaxations */
    double term[LF_SUM_PARTS][LF_SUM_ENTRIES];
} fit;

static unsigned part_of(const fit *f, uint32_t address, int part) {
    return address >> part * f->part_bits & ((1u << f->part_bits) - 1);
}

/* The last part's inputs may be fewer. */
static int values_of(const fit *f, int part) {
    uint32_t left = f->entries >> part * f->part_bits, most = UINT32_C(1) << f->part_bits;
    return (int)(left < most ? left : most);
}

static double sum_at(const fit *f, uint32_t address) {
    double s = 0;
    for (int p = 0; p < f->parts; p++)
        s += f->term[p][part_of(f, address, p)];
    return s;
}

/* -- a first guess ---------------------------------------------------------------------------------------------------------- */

/* How far a sum is from the middle of its step; 0 where the table is clamped and the sum beyond. */
static double error_at(const fit *f, uint32_t address) {
    double s = sum_at(f, address);
    int y = f->table[address];
    if ((y == 0 && s < 0.5) || (y == f->top && s > f->top + 0.5))
        return 0;
    return y + 0.5 - s;
}

/* One part after the other takes the mean of what is missing. */
static void average(fit *f) {
    for (int round = 0; round < AVERAGES; round++)
        for (int p = 0; p < f->parts; p++) {
            double sum[LF_SUM_ENTRIES] = {0}, each = (double)f->entries / values_of(f, p);
            for (uint32_t a = 0; a < f->entries; a++)
                sum[part_of(f, a, p)] += error_at(f, a);
            for (int i = 0; i < values_of(f, p); i++)
                f->term[p][i] += sum[i] / each;
        }
}

/* -- relaxation --------------------------------------------------------------------------------------------------------------- */

/* Every sum shall keep so far from the ends of its step. Violated inequalities are over-corrected. How many there were. */
static uint32_t sweep(fit *f, double margin) {
    uint32_t violated = 0;
    for (uint32_t k = 0; k < f->entries; k++) {
        uint32_t a = k * STEP_OF & (f->entries - 1);
        double s = sum_at(f, a), missing = 0;
        int y = f->table[a];
        if (y > 0 && s < y + margin)
            missing = y + margin - s;
        else if (y < f->top && s > y + 1 - margin)
            missing = y + 1 - margin - s;
        if (missing == 0)
            continue;
        violated++;
        for (int p = 0; p < f->parts; p++)
            f->term[p][part_of(f, a, p)] += 1.9 * missing / f->parts;
    }
    return violated;
}

/* What has such a form is nearly there soon; seldom more than a hundred sweeps. Noise never is. */
static bool relax(fit *f, int width) {
    double margin = 0.5 * f->parts / width; /* what rounding to integers may take away */
    for (int i = 0; i < SWEEPS; i++) {
        uint32_t violated = sweep(f, margin);
        f->sweeps++;
        if (violated == 0)
            return true;
        if ((i >= HOPELESS && violated > f->entries / 8) || (i >= SLOW && violated > f->entries / 32))
            return false;
    }
    return false;
}

/* -- in integers ---------------------------------------------------------------------------------------------------------------- */

/* The middle of a part's terms becomes 0; what that takes off the sums. */
static double centre(fit *f) {
    double taken = 0;
    for (int p = 0; p < f->parts; p++) {
        double lo = f->term[p][0], hi = lo;
        for (int i = 1; i < values_of(f, p); i++) {
            lo = fmin(lo, f->term[p][i]);
            hi = fmax(hi, f->term[p][i]);
        }
        for (int i = 0; i < 1 << f->part_bits; i++)
            f->term[p][i] -= (lo + hi) / 2;
        taken += (lo + hi) / 2;
    }
    return taken;
}

static void set_term(lf_byte_sums *s, int part, int i, double v) {
    int term = (int)(v < -TERM_MOST ? -TERM_MOST : v > TERM_MOST ? TERM_MOST : v), low = term & 127;
    s->low[part][i] = (uint8_t)low;
    s->high[part][i] = (int8_t)((term - low) / 128);
}

/* Steps begin at multiples of FINEST: the first at `base`, in the middle of what sums can be. The part of `taken` that no base makes up for goes into
 * the first part's terms. */
static void round_terms(const fit *f, int width, double taken, lf_byte_sums *out) {
    int64_t shift = (int64_t)floor(-taken * width / FINEST + 0.5);
    double rest = taken * width + (double)(shift * FINEST);
    for (int p = 0; p < f->parts; p++)
        for (int i = 0; i < 1 << f->part_bits; i++)
            set_term(out, p, i, floor(f->term[p][i] * width + (p == 0 ? rest : 0) + 0.5));
    for (int i = 0; i < LF_SUM_ENTRIES; i++) {
        int64_t above = i - 32 - shift, per_step = width / FINEST; /* FINESTs above the first step */
        int64_t level = above < 0 ? 0 : above / per_step;
        out->step[i] = (uint8_t)(level > f->top ? f->top : level);
    }
}

static int saturate(int v) {
    return v < INT8_MIN ? INT8_MIN : v > INT8_MAX ? INT8_MAX : v;
}

uint8_t lf_byte_sums_at(const lf_byte_sums *s, uint32_t address) {
    int high = 0, low = 0;
    for (int p = 0; p < s->parts; p++, address >>= s->part_bits) {
        uint32_t i = address & ((UINT32_C(1) << s->part_bits) - 1);
        low = (low & 127) + s->low[p][i];
        high = saturate(saturate(high + s->high[p][i]) + low / 128);
    }
    return s->step[(high + 128) >> 2];
}

static bool proved(const fit *f, const lf_byte_sums *sums) {
    for (uint32_t a = 0; a < f->entries; a++)
        if (lf_byte_sums_at(sums, a) != f->table[a])
            return false;
    return true;
}

static int largest(const uint8_t *table, uint32_t entries) {
    int top = 0;
    for (uint32_t a = 0; a < entries; a++)
        top = table[a] > top ? table[a] : top;
    return top;
}

bool lf_byte_sums_find(const uint8_t *table, int fan_in, int bits, lf_byte_sums *out) {
    int per = bits <= LF_SUM_PART_BITS ? LF_SUM_PART_BITS / bits : 0;
    *out = (lf_byte_sums){0};
    if (per == 0 || (fan_in + per - 1) / per > LF_SUM_PARTS)
        return false;
    fit f = {.table = table, .entries = UINT32_C(1) << fan_in * bits, .parts = (fan_in + per - 1) / per};
    f.part_bits = per * bits;
    f.top = largest(table, f.entries);
    out->parts = f.parts;
    out->part_bits = f.part_bits;
    for (int p = 0; p < f.parts; p++)
        for (int i = 0; i < LF_SUM_ENTRIES; i++)
            f.term[p][i] = (f.top + 1) / 2.0 / f.parts;
    average(&f);
    for (int width = WIDEST; width >= FINEST; width /= 2) { /* narrower steps where the terms would not fit 16 bits */
        bool fits = relax(&f, width);
        out->sweeps = f.sweeps;
        if (!fits)
            return false;
        fit centred = f;
        double taken = centre(&centred);
        round_terms(&centred, width, taken, out);
        if (proved(&f, out))
            return true;
    }
    return false;
}
