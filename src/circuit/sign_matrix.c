/* Rows of signs that share their sums: inputs fall into classes (that much is folklore of XNOR networks in logic); which rows stand together is a
 * greedy choice by what a group is estimated to take. */
#include "circuit/sign_matrix.h"

#include <string.h>

#include "circuit/add_bits.h"

enum { CODES = 6562 }; /* 3^LF_SIGN_GROUP_MAX + 1 */

/* Inputs with the same weights in all rows of the group, up to the sign of all of them. */
typedef struct class_sum {
    int8_t weight[LF_SIGN_GROUP_MAX]; /* the first that is not 0 is +1 */
    lf_word sum;                      /* of the bits, inverted where the sign was turned */
} class_sum;

/* x = lo + 2^shift * sum of its bits times 2^power. */
typedef struct input_bits {
    lf_weighted_bit bit[LF_WORD_MAX_BITS];
    int count;
    int64_t lo, most; /* most: all bits are 1 */
} input_bits;

typedef struct group {
    lf_circuit *c;
    lf_arena *arena;
    const lf_sign_matrix *m;
    const input_bits *x;
    int shift;
    const size_t *row;
    int rows;
    int64_t constant[LF_SIGN_GROUP_MAX]; /* what 2^shift times a row's sum over the classes lacks */
    class_sum *classes;
    size_t count;
} group;

static int weight_at(const lf_sign_matrix *m, size_t row, size_t input) {
    return m->weight[row * m->inputs + input];
}

/* The column of input i in these rows as a number in base 3 (0, +1, -1 are 0, 1, 2), the first row highest, turned so that its
 * first weight is +1; 0: no row uses the input. */
static size_t column_code(const lf_sign_matrix *m, const size_t *row, int rows, size_t i, bool *turned) {
    int first = 0;
    size_t code = 0;
    for (int r = 0; r < rows; r++) {
        int w = weight_at(m, row[r], i);
        first = first ? first : w;
        code = code * 3 + (size_t)(w * first + 3) % 3;
    }
    *turned = first < 0;
    return code;
}

/* -- one group -------------------------------------------------------------------------------------------------------------- */

/* The inputs of a class: their bits, inverted where turned. */
static void add_class(group *g, size_t class_code, const size_t *code, const bool *turned, size_t bits) {
    lf_weighted_bit *all = LF_NEW_ARRAY(g->arena, lf_weighted_bit, bits);
    class_sum *s = &g->classes[g->count++];
    size_t n = 0;
    for (size_t i = 0; i < g->m->inputs; i++)
        for (int k = 0; code[i] == class_code && k < g->x[i].count; k++, n++) {
            all[n] = g->x[i].bit[k];
            if (turned[i])
                all[n].bit = lf_circuit_lut(g->c, &all[n].bit, 1, 1);
        }
    s->sum = lf_circuit_add_bits(g->c, all, n);
    for (int r = g->rows; r-- > 0; class_code /= 3)
        s->weight[r] = (int8_t)(class_code % 3 == 2 ? -1 : (int)(class_code % 3));
}

/* A turned input counts `most` less what its inverted bits are: its weight times `most` goes into the constant of every row. */
static void make_classes(group *g) {
    size_t *code = LF_NEW_ARRAY(g->arena, size_t, g->m->inputs), *bits = LF_NEW_ARRAY(g->arena, size_t, CODES);
    bool *turned = LF_NEW_ARRAY(g->arena, bool, g->m->inputs);
    size_t used = 0;
    for (size_t i = 0; i < g->m->inputs; i++) {
        code[i] = column_code(g->m, g->row, g->rows, i, &turned[i]);
        for (int r = 0; r < g->rows; r++)
            g->constant[r] += weight_at(g->m, g->row[r], i) *
                              (g->x[i].lo + (turned[i] ? g->x[i].most * ((int64_t)1 << g->shift) : 0));
        used += code[i] != 0 && bits[code[i]] == 0;
        bits[code[i]] += (size_t)g->x[i].count;
    }
    g->classes = LF_NEW_ARRAY(g->arena, class_sum, used + 1);
    for (size_t k = 1; k < CODES; k++)
        if (bits[k])
            add_class(g, k, code, turned, bits[k]);
}

/* The sum of the classes that have this weight in row r. */
static lf_word sum_where(group *g, int r, int weight) {
    lf_word *term = LF_NEW_ARRAY(g->arena, lf_word, g->count + 1);
    size_t n = 0;
    for (size_t i = 0; i < g->count; i++)
        if (g->classes[i].weight[r] == weight)
            term[n++] = g->classes[i].sum;
    return n ? lf_circuit_sum(g->c, term, n) : lf_circuit_const(g->c, 0);
}

/* Classes that agree in the first `rows` rows become one; those that are 0 in all of them are done with. Neighbours agree:
 * classes are in the order of their codes. */
static void merge(group *g, int rows) {
    size_t n = 0;
    for (size_t i = 0; i < g->count; i++) {
        bool used = false;
        for (int r = 0; r < rows; r++)
            used |= g->classes[i].weight[r] != 0;
        if (n && !memcmp(g->classes[n - 1].weight, g->classes[i].weight, (size_t)rows))
            g->classes[n - 1].sum = lf_circuit_add(g->c, g->classes[n - 1].sum, g->classes[i].sum);
        else if (used)
            g->classes[n++] = g->classes[i];
    }
    g->count = n;
}

/* Row r weighs every class, and row 0 adds all of them up: then row r is row 0 less twice what it subtracts. */
static bool like_row_0(const group *g, int r) {
    for (size_t i = 0; i < g->count; i++)
        if (g->classes[i].weight[0] != 1 || !g->classes[i].weight[r])
            return false;
    return true;
}

/* From the last row to the first: what a row adds and subtracts, then its classes merge. */
static void fold_rows(group *g, lf_word *sums) {
    lf_word minus[LF_SIGN_GROUP_MAX];
    bool from_0[LF_SIGN_GROUP_MAX];
    for (int r = g->rows - 1; r >= 0; r--) {
        from_0[r] = r > 0 && like_row_0(g, r);
        minus[r] = sum_where(g, r, -1);
        if (!from_0[r])
            sums[r] = lf_circuit_sub(g->c, sum_where(g, r, 1), minus[r]);
        merge(g, r);
    }
    for (int r = 1; r < g->rows; r++)
        if (from_0[r])
            sums[r] = lf_circuit_sub(g->c, sums[0], lf_circuit_shift(g->c, minus[r], 1));
}

static void make_group(group *g, const size_t *row, int rows, lf_word *sums) {
    lf_word own[LF_SIGN_GROUP_MAX];
    g->row = row;
    g->rows = rows;
    g->count = 0;
    memset(g->constant, 0, sizeof g->constant);
    make_classes(g);
    fold_rows(g, own);
    for (int r = 0; r < rows; r++)
        sums[row[r]] =
            lf_circuit_add(g->c, lf_circuit_shift(g->c, own[r], g->shift), lf_circuit_const(g->c, g->constant[r]));
}

/* -- inputs as bits ---------------------------------------------------------------------------------------------------------- */

/* The largest power of two that divides the distance of all values of all inputs. */
static int common_shift(const lf_circuit *c, const lf_word *x, size_t count) {
    int shift = LF_WORD_MAX_BITS;
    for (size_t i = 0; i < count; i++) {
        lf_range r = lf_word_range(c, x[i]);
        int own = r.lo == r.hi ? shift : LF_ZEROS_BELOW((uint64_t)r.step);
        shift = own < shift ? own : shift;
    }
    return shift == LF_WORD_MAX_BITS ? 0 : shift;
}

/* Where values lie a step apart, from the lowest on; else in two's complement, the sign as its opposite. */
static void bits_of(lf_circuit *c, lf_word x, int shift, input_bits *out) {
    lf_range r = lf_word_range(c, x);
    out->lo = r.lo == r.hi || shift > 0 ? r.lo : 0;
    x = lf_circuit_shift(c, lf_circuit_sub(c, x, lf_circuit_const(c, out->lo)), -shift);
    out->count = r.lo == r.hi ? 0 : lf_word_bits(c, x);
    out->most = ((int64_t)1 << out->count) - 1;
    for (int k = 0; k < out->count; k++)
        out->bit[k] = (lf_weighted_bit){lf_circuit_bit(c, x, k), k};
    if (out->count && lf_word_signed(c, x)) {
        lf_word *sign = &out->bit[out->count - 1].bit;
        *sign = lf_circuit_lut(c, sign, 1, 1);
        out->lo -= (int64_t)1 << (out->count - 1);
    }
}

/* -- which rows stand together -------------------------------------------------------------------------------------------------- */

/* LUTs, roughly: a LUT per bit counted, and two sums of its width per class. */
static double estimate(const size_t *members, size_t codes) {
    double luts = 0;
    for (size_t k = 1; k < codes; k++)
        if (members[k])
            luts += (double)members[k] + 2 * (double)(lf_bits_unsigned(members[k]) + 1);
    return luts;
}

/* Classes of the group so far, split by one more row: what that is estimated to take. */
static double estimate_with(const lf_sign_matrix *m, const size_t *code, const int8_t *turn, size_t row,
                            size_t *members, size_t codes) {
    memset(members, 0, codes * sizeof *members);
    for (size_t i = 0; i < m->inputs; i++) {
        int w = weight_at(m, row, i), first = turn[i] ? turn[i] : w;
        members[code[i] * 3 + (size_t)(w * first + 3) % 3]++;
    }
    return estimate(members, codes);
}

static void take_row(const lf_sign_matrix *m, size_t *code, int8_t *turn, size_t row) {
    for (size_t i = 0; i < m->inputs; i++) {
        int w = weight_at(m, row, i);
        turn[i] = turn[i] ? turn[i] : (int8_t)w;
        code[i] = code[i] * 3 + (size_t)(w * turn[i] + 3) % 3;
    }
}

/* Groups of `size` rows, one after another in order[], until there are `rows`; each begins with the first row that is left and takes the one that
 * costs least. The estimate per row. */
static double choose_groups(lf_arena *a, const lf_sign_matrix *m, int size, size_t rows, size_t *order) {
    size_t *code = LF_NEW_ARRAY(a, size_t, m->inputs), *members = LF_NEW_ARRAY(a, size_t, CODES), done = 0;
    int8_t *turn = LF_NEW_ARRAY(a, int8_t, m->inputs);
    bool *taken = LF_NEW_ARRAY(a, bool, m->rows);
    double sum = 0;
    while (done < rows) {
        double now = 0;
        size_t codes = 3;
        memset(code, 0, m->inputs * sizeof *code);
        memset(turn, 0, m->inputs);
        for (int k = 0; k < size && done < rows; k++, codes *= 3) {
            size_t best = m->rows;
            for (size_t r = 0; r < m->rows && (k > 0 || best == m->rows); r++) {
                double luts = taken[r] ? 0 : estimate_with(m, code, turn, r, members, codes);
                if (!taken[r] && (best == m->rows || luts < now)) {
                    best = r;
                    now = luts;
                }
            }
            take_row(m, code, turn, best);
            taken[best] = true;
            order[done++] = best;
        }
        sum += now;
    }
    return sum / (double)rows;
}

enum { SAMPLE_GROUPS = 3 };

/* The size of groups that is estimated to take least, by the first few groups; sets the order of rows. */
static size_t choose(lf_arena *a, const lf_sign_matrix *m, int size, size_t *order) {
    double least = 0;
    int chosen = size;
    for (int k = 1; !size && k <= LF_SIGN_GROUP_MAX; k++) {
        size_t sample = (size_t)k * SAMPLE_GROUPS;
        double luts = choose_groups(a, m, k, sample < m->rows ? sample : m->rows, order);
        if (!chosen || luts < least) {
            least = luts;
            chosen = k;
        }
    }
    (void)choose_groups(a, m, chosen, m->rows, order);
    return (size_t)chosen;
}

void lf_circuit_sign_matrix(lf_circuit *c, const lf_sign_matrix *m, int size, const lf_word *x, lf_word *sums) {
    lf_arena *a = lf_arena_new();
    if (!a || !m->rows) {
        c->too_wide |= !a;
        lf_arena_free(a);
        return;
    }
    input_bits *bits = LF_NEW_ARRAY(a, input_bits, m->inputs);
    size_t *order = LF_NEW_ARRAY(a, size_t, m->rows), chosen = choose(a, m, size, order);
    group g = {.c = c, .arena = a, .m = m, .x = bits, .shift = common_shift(c, x, m->inputs)};
    for (size_t i = 0; i < m->inputs; i++)
        bits_of(c, x[i], g.shift, &bits[i]);
    for (size_t r = 0; r < m->rows; r += chosen)
        make_group(&g, order + r, (int)(m->rows - r < chosen ? m->rows - r : chosen), sums);
    lf_arena_free(a);
}
