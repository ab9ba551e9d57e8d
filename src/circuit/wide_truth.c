/* Truth tables of up to twenty inputs. */
#include "circuit/wide_truth.h"

#include <string.h>

#include "circuit/lut_truth.h"

/* -- two inputs change places ------------------------------------------------------------------------------------- */

/* Both within a word: what has i set and j not goes up, the reverse comes down. */
static void swap_low(uint64_t *t, size_t words, int i, int j) {
    uint64_t up = lf_truth_variable(i) & ~lf_truth_variable(j), down = lf_truth_variable(j) & ~lf_truth_variable(i);
    int shift = (1 << j) - (1 << i);
    for (size_t w = 0; w < words; w++)
        t[w] = (t[w] & ~(up | down)) | (t[w] & up) << shift | (t[w] & down) >> shift;
}

/* i within a word, j among words. */
static void swap_mixed(uint64_t *t, size_t words, int i, int j) {
    uint64_t set = lf_truth_variable(i);
    size_t step = (size_t)1 << (j - 6);
    int shift = 1 << i;
    for (size_t w = 0; w < words; w++)
        if (!(w & step)) {
            uint64_t a = t[w], b = t[w + step];
            t[w] = (a & ~set) | (b & ~set) << shift;
            t[w + step] = (b & set) | (a & set) >> shift;
        }
}

static void swap_high(uint64_t *t, size_t words, int i, int j) {
    size_t a = (size_t)1 << (i - 6), b = (size_t)1 << (j - 6);
    for (size_t w = 0; w < words; w++)
        if ((w & a) && !(w & b)) {
            uint64_t x = t[w];
            t[w] = t[w - a + b];
            t[w - a + b] = x;
        }
}

void lf_wide_swap(uint64_t *t, int n, int i, int j) {
    size_t words = lf_wide_words(n);
    if (i > j) {
        int k = i;
        i = j;
        j = k;
    }
    if (i == j)
        return;
    if (j < 6)
        swap_low(t, words, i, j);
    else if (i < 6)
        swap_mixed(t, words, i, j);
    else
        swap_high(t, words, i, j);
}

/* -- cofactors ---------------------------------------------------------------------------------------------------- */

bool lf_wide_depends(const uint64_t *t, const uint64_t *care, int n, int j) {
    size_t words = lf_wide_words(n), step = j < 6 ? 0 : (size_t)1 << (j - 6);
    uint64_t low = j < 6 ? ~lf_truth_variable(j) & lf_truth_mask(n) : UINT64_MAX;
    int shift = j < 6 ? 1 << j : 0;
    for (size_t w = 0; w < words; w++) {
        if (w & step)
            continue;
        uint64_t differ = (t[w] ^ t[w + step] >> shift) & low;
        if (care)
            differ &= care[w] & care[w + step] >> shift;
        if (differ)
            return true;
    }
    return false;
}

const uint64_t *lf_wide_column(const uint64_t *t, int low, size_t c, uint64_t *small) {
    if (low >= 6)
        return t + (c << (low - 6));
    size_t at = c << low;
    *small = t[at >> 6] >> (at & 63) & lf_truth_mask(low);
    return small;
}

/* The bits where input j has the value move together: halves of ever larger groups. */
static uint64_t squeezed(uint64_t x, int j) {
    for (int s = j; s < 5; s++) {
        uint64_t stay = 0, width = (uint64_t)1 << s;
        uint64_t group = ((uint64_t)1 << width) - 1;
        for (uint64_t at = 0; at < 64; at += 4 * width)
            stay |= group << at;
        x = (x & stay) | (x >> width & stay << width);
    }
    return x;
}

void lf_wide_fix(const uint64_t *t, int n, int j, int value, uint64_t *out) {
    size_t words = lf_wide_words(n - 1);
    if (j >= 6) {
        size_t step = (size_t)1 << (j - 6);
        for (size_t w = 0; w < words; w++)
            out[w] = t[(w & (step - 1)) | (w & ~(step - 1)) << 1 | (value ? step : 0)];
        return;
    }
    uint64_t keep = ~lf_truth_variable(j);
    int shift = value ? 1 << j : 0;
    if (n <= 6) {
        out[0] = squeezed(t[0] >> shift & keep, j) & lf_truth_mask(n - 1);
        return;
    }
    for (size_t w = 0; w < words; w++) {
        uint64_t lo = squeezed(t[2 * w] >> shift & keep, j), hi = squeezed(t[2 * w + 1] >> shift & keep, j);
        out[w] = (lo & UINT32_MAX) | hi << 32;
    }
}

uint64_t lf_wide_hash(const uint64_t *t, size_t words, uint64_t seed) {
    uint64_t h = seed;
    for (size_t w = 0; w < words; w++) {
        h = (h ^ t[w]) * 0x9e3779b97f4a7c15u;
        h ^= h >> 32;
    }
    return h;
}
