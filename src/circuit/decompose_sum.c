/* Sums with steps. A quantized neuron is y = clamp(floor(sum of products)), so for any division of its inputs into two groups there are integers
 * u (by the values of the first group), v (by those of the second) and K with y = clamp(floor((u + v) / K)). Whether there are is a system of
 * difference constraints, solved here by relaxation (Bellman and Ford). With u = K*A + a and v = K*B + b
 *
 *     y = clamp(A + B + (rank(a) >= level(b)))
 *
 * where rank and level count only what has to be told apart. That takes a few LUTs per group, one comparison and one narrow addition, where a
 * multiplexer tree needs a leaf for every different cofactor. A function of one output bit is the same without A and B: a staircase. */
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "circuit/decompose_inside.h"
#include "circuit/lut_truth.h"

enum { SIDE_BITS_MAX = 8, SIDE_MAX = 1 << SIDE_BITS_MAX, NO_BOUND = -(1 << 28), ANY = -1 };

/* f as a matrix: rows are values of the first group, columns of the second. */
typedef struct lf_split {
    const lf_fn *f;
    int order[20]; /* inputs: those of the rows, then those of the columns */
    int row_bits, col_bits;
    int rows, cols;
    int16_t *y;             /* [row * cols + col], ANY: does not matter */
    int lo, hi;             /* what y is clamped to */
    int32_t *least, *above; /* [col * rows + row]: u - w >= least; [row * cols + col]: w - u >= above; NO_BOUND: none */
    int32_t u[SIDE_MAX], w[SIDE_MAX]; /* w = -v */
} lf_split;

/* What the two groups tell each other. */
typedef struct lf_pair_code {
    int K;
    int A[SIDE_MAX], rank[SIDE_MAX];  /* by row */
    int B[SIDE_MAX], level[SIDE_MAX]; /* by column; the carry is rank >= level */
    int a_bits, b_bits, rank_bits;
    int a_lo, b_lo;
    double guess;
} lf_pair_code;

/* -- the matrix ----------------------------------------------------------------------------------------------------------- */

/* Where the values of some inputs lie: the inputs `order` of f spread over an address. */
static void spread(const int *order, int bits, uint32_t *at) {
    for (uint32_t a = 0; a < 1u << bits; a++) {
        at[a] = 0;
        for (int j = 0; j < bits; j++)
            at[a] |= (a >> j & 1) << order[j];
    }
}

static void fill_matrix(lf_split *s, const int16_t *value) {
    uint32_t row[SIDE_MAX], col[SIDE_MAX];
    spread(s->order, s->row_bits, row);
    spread(s->order + s->row_bits, s->col_bits, col);
    s->lo = INT16_MAX;
    s->hi = 0;
    for (int i = 0; i < s->rows * s->cols; i++) {
        int16_t y = value[row[i / s->cols] | col[i % s->cols]];
        s->y[i] = y;
        s->lo = y != ANY && y < s->lo ? y : s->lo;
        s->hi = y > s->hi ? y : s->hi;
    }
}

/* y as a number: output 0 lowest; with sign the highest counts negative (and is turned, so that the order is that of the numbers). */
static int16_t *values_of(lf_arena *a, const lf_fn *f, bool sign) {
    size_t count = (size_t)1 << f->n;
    int16_t *value = LF_NEW_ARRAY(a, int16_t, count);
    for (int o = 0; o < f->m; o++)
        for (size_t i = 0; i < count; i++)
            value[i] = (int16_t)(value[i] | (int)(lf_wide_get(f->bits[o], i) ^ (sign && o == f->m - 1)) << o);
    for (size_t i = 0; f->care && i < count; i++)
        if (!lf_wide_get(f->care, i))
            value[i] = ANY;
    return value;
}

/* -- difference constraints ------------------------------------------------------------------------------------------------- */

/* K times y at least, below K times (y + 1); what is clamped is bounded on one side only. */
static void set_bounds(lf_split *s, int K) {
    for (int i = 0; i < s->rows * s->cols; i++) {
        int y = s->y[i];
        s->least[i % s->cols * s->rows + i / s->cols] = y == ANY || y == s->lo ? NO_BOUND : K * y;
        s->above[i] = y == ANY || y == s->hi ? NO_BOUND : 1 - K * (y + 1);
    }
}

/* A staircase: y is 1 exactly where u >= w. */
static void set_stairs(lf_split *s) {
    for (int i = 0; i < s->rows * s->cols; i++) {
        s->least[i % s->cols * s->rows + i / s->cols] = s->y[i] == 1 ? 0 : NO_BOUND;
        s->above[i] = s->y[i] == 0 ? 1 : NO_BOUND;
    }
}

/* What follows from the numbers marked in `from` for those on the other side, which are marked in `to` when they rise. edge[i * count + j] goes from
 * i to j. */
LF_ALWAYS_INLINE bool raise_by_loops(const int32_t *x, const uint8_t *from, int froms, const int32_t *edge, int32_t *y,
                                     uint8_t *to, int count) {
    int32_t old[SIDE_MAX];
    bool any = false;
    memcpy(old, y, (size_t)count * sizeof *y);
    for (int i = 0; i < froms; i++) {
        const int32_t *restrict e = edge + (size_t)i * (size_t)count;
        int32_t *restrict up = y, base = x[i];
        if (!from[i])
            continue;
        for (int j = 0; j < count; j++) {
            int32_t least = base + e[j];
            up[j] = least > up[j] ? least : up[j];
        }
    }
    for (int j = 0; j < count; j++)
        any |= to[j] = y[j] != old[j];
    return any;
}

#if defined(__x86_64__)
LF_FOR_ISA("avx2")
static bool raise_avx2(const int32_t *x, const uint8_t *from, int froms, const int32_t *edge, int32_t *y, uint8_t *to,
                       int count) {
    return raise_by_loops(x, from, froms, edge, y, to, count);
}
#else
#define raise_avx2 raise_by_loops
#endif

static bool raise(const int32_t *x, const uint8_t *from, int froms, const int32_t *edge, int32_t *y, uint8_t *to,
                  int count) {
    return LF_X86_HAS("avx2") ? raise_avx2(x, from, froms, edge, y, to, count)
                              : raise_by_loops(x, from, froms, edge, y, to, count);
}

/* Some number has risen so far that an edge with no bound would raise others: more than any sum that is one needs. */
static bool risen_too_far(const int32_t *x, int count) {
    for (int i = 0; i < count; i++)
        if (x[i] > -NO_BOUND)
            return true;
    return false;
}

/* The least solution above u = w = 0 in at most `rounds` rounds, or false. */
static bool relax(lf_split *s, int rounds) {
    uint8_t rows[SIDE_MAX], cols[SIDE_MAX];
    memset(s->u, 0, sizeof s->u);
    memset(s->w, 0, sizeof s->w);
    memset(rows, 1, sizeof rows);
    memset(cols, 1, sizeof cols);
    (void)raise(s->w, cols, s->cols, s->least, s->u, rows, s->rows);
    memset(rows, 1, sizeof rows);
    for (int round = 0; round < rounds && !risen_too_far(s->u, s->rows); round++)
        if (!raise(s->u, rows, s->rows, s->above, s->w, cols, s->cols) ||
            !raise(s->w, cols, s->cols, s->least, s->u, rows, s->rows))
            return true;
    return false;
}

/* -- codes ------------------------------------------------------------------------------------------------------------------- */

static int floor_div(int x, int K) {
    return x >= 0 ? x / K : -((-x + K - 1) / K);
}

static int ascending(const void *p, const void *q) {
    int x = *(const int *)p, y = *(const int *)q;
    return (x > y) - (x < y);
}

/* How many of the ascending numbers are below v. */
static int below(const int *list, int count, int v) {
    int lo = 0;
    while (lo < count) {
        int mid = (lo + count) / 2;
        if (list[mid] < v)
            lo = mid + 1;
        else
            count = mid;
    }
    return lo;
}

/* The ranks that the levels need: a row's rank is how many steps lie at or below it, a column's level the number of its step; a step with no row between
 * it and the one before is the same. Returns how many ranks there are. */
static int compress(const int *a, int rows, const int *need, int cols, int *rank, int *level) {
    int row[SIDE_MAX], step[SIDE_MAX], at[SIDE_MAX], count = 0;
    memcpy(row, a, (size_t)rows * sizeof *a);
    memcpy(step, need, (size_t)cols * sizeof *need);
    qsort(row, (size_t)rows, sizeof *row, ascending);
    qsort(step, (size_t)cols, sizeof *step, ascending);
    for (int c = 0, r = 0; c < cols; c++) { /* at[c]: the level of step c */
        int now = below(row, rows, step[c]);
        count += now > r;
        r = now;
        at[c] = count;
    }
    for (int i = 0; i < rows; i++) {
        int steps = below(step, cols, a[i] + 1);
        rank[i] = steps ? at[steps - 1] : 0;
    }
    for (int i = 0; i < cols; i++)
        level[i] = at[below(step, cols, need[i])];
    return count + 1;
}

static bool code_is_right(const lf_split *s, const lf_pair_code *p) {
    for (int r = 0; r < s->rows; r++)
        for (int c = 0; c < s->cols; c++) {
            int y = p->A[r] + p->B[c] + (p->rank[r] >= p->level[c]), want = s->y[r * s->cols + c];
            y = y < s->lo ? s->lo : y > s->hi ? s->hi : y;
            if (want != ANY && y != want)
                return false;
        }
    return true;
}

static void span(const int *x, int count, int *lo, int *hi) {
    *lo = *hi = x[0];
    for (int i = 1; i < count; i++) {
        *lo = x[i] < *lo ? x[i] : *lo;
        *hi = x[i] > *hi ? x[i] : *hi;
    }
}

/* Ends of the range of x that make no difference leave. */
static int shrink(const lf_split *s, lf_pair_code *p, int *x, int count, int *out_lo) {
    int lo, hi, old[SIDE_MAX];
    span(x, count, &lo, &hi);
    for (int end = 0; end < 2; end++)
        while (lo < hi) {
            memcpy(old, x, (size_t)count * sizeof *x);
            for (int i = 0; i < count; i++)
                if (x[i] == (end ? hi : lo))
                    x[i] += end ? -1 : 1;
            if (!code_is_right(s, p)) {
                memcpy(x, old, (size_t)count * sizeof *x);
                break;
            }
            lo += !end;
            hi -= end;
        }
    *out_lo = lo;
    return lf_log2_up((size_t)(hi - lo + 1));
}

static double side_luts(const lf_search *q, int inputs, int bits) {
    return bits * (inputs <= q->k ? 1 : 0.6 * lf_guess_luts(q, inputs));
}

static double guess_luts(const lf_search *q, const lf_split *s, const lf_pair_code *p) {
    int adder = p->a_bits + p->b_bits + (p->rank_bits > 0);
    double compare = p->rank_bits < 4 ? p->rank_bits > 0 : (p->rank_bits) / 2;
    return side_luts(q, s->row_bits, p->a_bits + p->rank_bits) + side_luts(q, s->col_bits, p->b_bits + p->rank_bits) +
           compare + (adder <= q->k ? s->f->m : 0.7 * s->f->m * lf_guess_luts(q, adder));
}

/* The solution moved by `shift` (u up, v down) as a code. */
static void code_at(const lf_search *q, const lf_split *s, int K, int shift, lf_pair_code *p) {
    int a[SIDE_MAX], need[SIDE_MAX];
    p->K = K;
    for (int r = 0; r < s->rows; r++) {
        p->A[r] = floor_div(s->u[r] + shift, K);
        a[r] = s->u[r] + shift - K * p->A[r];
    }
    for (int c = 0; c < s->cols;
         c++) { /* v = K*B + b; carry when a >= K - b; with b = 0 never, which is always with B - 1 */
        int v = -s->w[c] - shift;
        p->B[c] = -floor_div(-v, K) - 1;
        need[c] = K - (v - K * p->B[c]);
    }
    p->rank_bits = lf_log2_up((size_t)compress(a, s->rows, need, s->cols, p->rank, p->level));
    p->a_bits = shrink(s, p, p->A, s->rows, &p->a_lo);
    p->b_bits = shrink(s, p, p->B, s->cols, &p->b_lo);
    p->guess = guess_luts(q, s, p);
}

static void best_shift(const lf_search *q, const lf_split *s, int K, lf_pair_code *best, lf_pair_code *trial) {
    for (int i = 0; i < 8; i++) {
        code_at(q, s, K, K * i / 8, trial);
        if (trial->guess < best->guess)
            *best = *trial;
    }
}

/* The best code for one division of the inputs; false when there is none. */
static bool find_code(const lf_search *q, lf_split *s, lf_pair_code *best, lf_pair_code *trial) {
    enum { FINE = 1 << 15, FEW = 24 };
    best->guess = 1e30;
    set_bounds(s, FINE);
    if (!relax(s, s->rows + s->cols))
        return false;
    best_shift(q, s, FINE, best, trial);
    for (int bits = best->rank_bits - 1; bits >= 0; bits--) {
        set_bounds(s, 1 << bits);
        if (!relax(s, FEW))
            break;
        best_shift(q, s, 1 << bits, best, trial);
    }
    return true;
}

/* -- divisions of the inputs --------------------------------------------------------------------------------------------------- */

/* How much y changes with each input, in all. */
static void by_influence(const lf_fn *f, const int16_t *value, int *order) {
    int64_t influence[20] = {0};
    for (int j = 0; j < f->n; j++) {
        for (size_t a = 0; a < (size_t)1 << f->n; a++) {
            size_t b = a | (size_t)1 << j;
            if (a != b && value[a] != ANY && value[b] != ANY)
                influence[j] += value[a] > value[b] ? value[a] - value[b] : value[b] - value[a];
        }
        int at = j;
        for (; at > 0 && influence[order[at - 1]] < influence[j]; at--)
            order[at] = order[at - 1];
        order[at] = j;
    }
}

static lf_split *new_split(lf_arena *a, const lf_fn *f, int row_bits) {
    lf_split *s = LF_NEW(a, lf_split);
    size_t cells = (size_t)1 << f->n;
    *s = (lf_split){.f = f, .row_bits = row_bits, .col_bits = f->n - row_bits};
    s->rows = 1 << s->row_bits;
    s->cols = 1 << s->col_bits;
    s->y = LF_NEW_ARRAY(a, int16_t, cells);
    s->least = LF_NEW_ARRAY(a, int32_t, cells);
    s->above = LF_NEW_ARRAY(a, int32_t, cells);
    return s;
}

/* -- building ----------------------------------------------------------------------------------------------------------------- */

/* rank >= level, both in `bits` bits: the lowest in one LUT, then as many per LUT as fit beside what the lower ones say. */
static lf_signal compare(lf_lutnet *net, const lf_signal *rank, const lf_signal *level, int bits, int k) {
    lf_signal carry = 1, in[LF_LUT_INPUTS];
    for (int at = 0; at < bits;) {
        int take = (k - (at > 0)) / 2, n = 0;
        take = take < bits - at ? take : bits - at;
        for (int i = 0; i < take; i++) {
            in[n++] = rank[at + i];
            in[n++] = level[at + i];
        }
        if (at)
            in[n++] = carry;
        uint64_t truth = 0;
        for (unsigned a = 0; a < 1u << n; a++) {
            bool ge = at ? a >> (n - 1) & 1 : true;
            for (int i = 0; i < take; i++) {
                unsigned x = a >> (2 * i) & 1, y = a >> (2 * i + 1) & 1;
                ge = x != y ? x > y : ge;
            }
            truth |= (uint64_t)ge << a;
        }
        carry = lf_lutnet_lut(net, in, n, truth);
        at += take;
    }
    return carry;
}

/* The code of one side as functions of its inputs: fine bits, then coarse ones. */
static bool build_side(lf_search *q, lf_lutnet *net, int inputs, const int *order, const int *fine, int fine_bits,
                       const int *coarse, int coarse_lo, int coarse_bits, lf_signal *out) {
    lf_fn *f = lf_fn_new(q->scratch, inputs, fine_bits + coarse_bits, false);
    lf_signal in[20];
    for (size_t a = 0; a < (size_t)1 << inputs; a++) {
        for (int i = 0; i < fine_bits; i++)
            if (fine[a] >> i & 1)
                lf_wide_put(f->bits[i], a);
        for (int i = 0; i < coarse_bits; i++)
            if ((coarse[a] - coarse_lo) >> i & 1)
                lf_wide_put(f->bits[fine_bits + i], a);
    }
    for (int i = 0; i < inputs; i++)
        in[i] = lf_lutnet_input((uint32_t)order[i]);
    lf_lutnet *part = lf_solve(q, f);
    if (!part)
        return false;
    lf_splice(net, part, in, out);
    lf_lutnet_free(part);
    return true;
}

/* y from A, B and the carry; combinations that do not occur do not matter. */
static lf_fn *adder_of(lf_arena *a, const lf_split *s, const lf_pair_code *p, bool sign) {
    lf_fn *f = lf_fn_new(a, p->a_bits + p->b_bits + 1, s->f->m, true);
    for (int r = 0; r < s->rows; r++)
        for (int c = 0; c < s->cols; c++) {
            int y = s->y[r * s->cols + c];
            size_t at = (size_t)(p->A[r] - p->a_lo) | (size_t)(p->B[c] - p->b_lo) << p->a_bits |
                        (size_t)(p->rank[r] >= p->level[c]) << (p->a_bits + p->b_bits);
            if (y == ANY)
                continue;
            lf_wide_put(f->care, at);
            for (int o = 0; o < s->f->m; o++)
                if ((y >> o & 1) ^ (sign && o == s->f->m - 1))
                    lf_wide_put(f->bits[o], at);
        }
    return f;
}

static bool build_sum(lf_search *q, lf_lutnet *net, const lf_split *s, const lf_pair_code *p, bool sign,
                      lf_signal *out) {
    lf_signal row[32], col[32], in[20];
    int n = 0;
    int adds = p->a_bits + p->b_bits + 1;
    if (adds > 16 || (adds >= s->f->n && q->depth > 2) || /* the adder is no simpler: not for ever */
        !build_side(q, net, s->row_bits, s->order, p->rank, p->rank_bits, p->A, p->a_lo, p->a_bits, row) ||
        !build_side(q, net, s->col_bits, s->order + s->row_bits, p->level, p->rank_bits, p->B, p->b_lo, p->b_bits, col))
        return false;
    for (int i = 0; i < p->a_bits; i++)
        in[n++] = row[p->rank_bits + i];
    for (int i = 0; i < p->b_bits; i++)
        in[n++] = col[p->rank_bits + i];
    in[n++] = compare(net, row, col, p->rank_bits, q->k);
    lf_lutnet *adder = lf_solve(q, adder_of(q->scratch, s, p, sign));
    if (!adder)
        return false;
    lf_splice(net, adder, in, out);
    lf_lutnet_free(adder);
    return true;
}

static lf_lutnet *finish(lf_search *q, const lf_split *s, const lf_pair_code *p, bool sign) {
    lf_lutnet *net = lf_lutnet_new(q->ctx, (uint32_t)s->f->n);
    lf_signal *out = LF_NEW_ARRAY(q->scratch, lf_signal, (size_t)s->f->m + 1);
    if (net && !build_sum(q, net, s, p, sign, out)) {
        lf_lutnet_free(net);
        return NULL;
    }
    for (int o = 0; net && o < s->f->m; o++)
        LF_PUSH(net->arena, &net->outputs, out[o]);
    return net;
}

/* -- the two ways ----------------------------------------------------------------------------------------------------------------- */

/* How many inputs stand for the rows, from and to: both sides within one LUT where that is possible. */
static void row_limits(const lf_search *q, int n, int *from, int *to) {
    bool narrow = n <= 2 * q->k;
    *to = narrow ? (q->k < n - 2 ? q->k : n - 2) : SIDE_BITS_MAX;
    *from = narrow ? n - q->k : n - SIDE_BITS_MAX;
    *from = *from < 2 ? 2 : *from;
    if (!q->effort) /* one is enough: the largest, or half */
        *from = *to = narrow ? *to : n / 2;
}

static int orders(const lf_search *q) {
    return q->effort ? 4 : 1;
}

/* Orders to divide: the strongest inputs together; strong and weak ones alternating; the weakest together. */
static void nth_order(const int *influence, int n, int which, int *order) {
    for (int i = 0; i < n; i++)
        order[i] = which == 0   ? influence[i]
                   : which == 1 ? influence[n - 1 - i]
                                : influence[i % 2 ? n - 1 - i / 2 : i / 2];
    if (which == 3)
        for (int i = 0; i < n; i++)
            order[i] = influence[i < (n + 1) / 2 ? 2 * i : 2 * (i - (n + 1) / 2) + 1];
}

static void try_orders(lf_search *q, const lf_fn *f, const int16_t *value, lf_split **best_split, lf_pair_code *best) {
    int influence[20], from, to;
    lf_pair_code *p = LF_NEW(q->scratch, lf_pair_code), *trial = LF_NEW(q->scratch, lf_pair_code);
    by_influence(f, value, influence);
    row_limits(q, f->n, &from, &to);
    best->guess = 1e30;
    for (int rows = from; rows <= to; rows++)
        for (int which = 0; which < orders(q); which++) {
            lf_split *s = new_split(q->scratch, f, rows);
            nth_order(influence, f->n, which, s->order);
            fill_matrix(s, value);
            if (!find_code(q, s, p, trial))
                return; /* what no division of a sum can fail, this one fails: no sum */
            if (p->guess < best->guess) {
                *best = *p;
                *best_split = s;
            }
        }
}

lf_lutnet *lf_solve_sum(lf_search *q, const lf_fn *f) {
    lf_lutnet *net = NULL;
    if (f->m > 8 || f->n < 4)
        return NULL;
    for (int sign = 0; sign < 2 && !net; sign++) {
        lf_pair_code *p = LF_NEW(q->scratch, lf_pair_code);
        lf_split *s = NULL;
        try_orders(q, f, values_of(q->scratch, f, sign), &s, p);
        if (s)
            net = finish(q, s, p, sign);
    }
    return net;
}

lf_lutnet *lf_solve_staircase(lf_search *q, const lf_fn *f) {
    int influence[20], from, to;
    const int16_t *value = values_of(q->scratch, f, false);
    lf_pair_code *p = LF_NEW(q->scratch, lf_pair_code), *best = LF_NEW(q->scratch, lf_pair_code);
    lf_split *best_split = NULL;
    by_influence(f, value, influence);
    row_limits(q, f->n, &from, &to);
    best->guess = 1e30;
    for (int rows = from; rows <= to; rows++)
        for (int which = 0; which < orders(q); which++) {
            lf_split *s = new_split(q->scratch, f, rows);
            int a[SIDE_MAX], need[SIDE_MAX];
            nth_order(influence, f->n, which, s->order);
            fill_matrix(s, value);
            set_stairs(s);
            if (!relax(s, s->rows + s->cols))
                return NULL;
            memset(p, 0, sizeof *p);
            for (int r = 0; r < s->rows; r++)
                a[r] = s->u[r];
            for (int c = 0; c < s->cols; c++)
                need[c] = s->w[c];
            p->rank_bits = lf_log2_up((size_t)compress(a, s->rows, need, s->cols, p->rank, p->level));
            p->guess = guess_luts(q, s, p);
            if (p->guess < best->guess) {
                *best = *p;
                best_split = s;
            }
        }
    return best_split ? finish(q, best_split, best, false) : NULL;
}
