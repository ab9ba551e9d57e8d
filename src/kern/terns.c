/* Shannon's expansion down to three operands, then greedy fusion. */
#include "kern/terns.h"

#include <string.h>

#include "circuit/lut_truth.h"

typedef struct maker {
    lf_arena *a;
    lf_lutnet *net; /* LUTs of at most three inputs: it simplifies and shares */
} maker;

/* -- narrow LUTs ---------------------------------------------------------------------------------------------------------- */

static int support(uint64_t truth, int n) {
    int used = 0;
    for (int j = 0; j < n; j++)
        used += lf_truth_depends(truth, n, j);
    return used;
}

/* Operations that a function of n inputs takes, roughly: what its halves take, and one. */
static int cost_of(uint64_t truth, int n) {
    int used = support(truth, n);
    return used <= 3 ? used > 1 : 1 << (used - 3);
}

static int cost_of_split(uint64_t truth, int n, int j) {
    uint64_t lo = lf_truth_fix(truth, n, j, 0), hi = lf_truth_fix(truth, n, j, 1), all = lf_truth_mask(n - 1);
    int cost = cost_of(lo, n - 1);
    return hi == lo || hi == (~lo & all) ? cost : cost + cost_of(hi, n - 1);
}

static lf_signal narrow(maker *m, const lf_signal *in, int n, uint64_t truth) {
    lf_signal own[LF_LUT_INPUTS];
    memcpy(own, in, (size_t)n * sizeof *own);
    n = lf_truth_reduce(own, n, &truth);
    if (n == 0)
        return (lf_signal)(truth & 1);
    if (n <= 3)
        return lf_lutnet_lut(m->net, own, n, truth);
    int best = 0;
    for (int j = 1; j < n; j++)
        if (cost_of_split(truth, n, j) < cost_of_split(truth, n, best))
            best = j;
    uint64_t lo = lf_truth_fix(truth, n, best, 0), hi = lf_truth_fix(truth, n, best, 1);
    lf_signal select = own[best], parts[3];
    memmove(own + best, own + best + 1, (size_t)(n - 1 - best) * sizeof *own);
    parts[0] = select;
    parts[1] = narrow(m, own, n - 1, lo);
    if (hi == (~lo & lf_truth_mask(n - 1)))
        return lf_lutnet_lut(m->net, parts, 2, 0x6);
    parts[2] = narrow(m, own, n - 1, hi);
    return lf_lutnet_lut(m->net, parts, 3, 0xe4); /* select ? hi : lo */
}

static lf_lutnet *narrow_all(lf_arena *a, const lf_lutnet *n) {
    maker m = {a, lf_lutnet_new(n->ctx, n->inputs)};
    if (!m.net)
        return NULL;
    lf_signal *now = LF_NEW_ARRAY(a, lf_signal, 2 + n->inputs + n->luts.count);
    for (uint32_t i = 0; i < 2 + n->inputs; i++)
        now[i] = i;
    for (size_t i = 0; i < n->luts.count; i++) {
        const lf_lut *l = &n->luts.at[i];
        lf_signal in[LF_LUT_INPUTS];
        for (int j = 0; j < l->fan_in; j++)
            in[j] = now[l->in[j]];
        now[lf_lutnet_signal(n, i)] = l->fan_in ? narrow(&m, in, l->fan_in, l->truth) : (lf_signal)(l->truth & 1);
    }
    for (size_t i = 0; i < n->outputs.count; i++)
        LF_PUSH(m.net->arena, &m.net->outputs, now[n->outputs.at[i]]);
    return m.net;
}

/* -- fusion ---------------------------------------------------------------------------------------------------------------- */

lf_reads lf_reads_of(lf_arena *a, const lf_terns *t) {
    size_t signals = 2 + t->inputs + t->count;
    lf_reads r = {LF_NEW_ARRAY(a, uint32_t, signals + 1), LF_NEW_ARRAY(a, uint32_t, 3 * t->count + 1)};
    for (size_t i = 0; i < t->count; i++)
        for (int k = 0; k < t->op[i].count; k++)
            r.start[t->op[i].in[k]]++;
    uint32_t sum = 0;
    for (size_t s = 0; s <= signals; s++) { /* ends of the parts, which filling from behind turns into their starts */
        sum += s < signals ? r.start[s] : 0;
        r.start[s] = sum;
    }
    for (size_t i = t->count; i-- > 0;)
        for (int k = 0; k < t->op[i].count; k++)
            r.at[--r.start[t->op[i].in[k]]] = (uint32_t)i;
    return r;
}

typedef struct fusion {
    lf_terns *t;
    uint32_t first; /* signal of operation 0 */
    uint32_t *readers;
} fusion;

/* Where the operands of inner stand among those of op without operand j: place[k] in in[0 .. n-1]. Returns n, at most 5. */
static int merge_operands(const lf_tern *op, int j, const lf_tern *inner, uint32_t in[6], int place[3]) {
    int n = 0;
    for (int k = 0; k < op->count; k++)
        if (k != j)
            in[n++] = op->in[k];
    for (int k = 0; k < inner->count; k++) {
        for (place[k] = 0; place[k] < n && in[place[k]] != inner->in[k];)
            place[k]++;
        if (place[k] == n)
            in[n++] = inner->in[k];
    }
    return n;
}

/* op computes operand j, which is inner, by itself. False when that takes more than three operands. */
static bool absorb(fusion *f, lf_tern *op, int j, const lf_tern *inner) {
    uint32_t in[6];
    int place[3], n = merge_operands(op, j, inner, in, place);
    if (n > 3)
        return false;
    uint64_t truth = 0;
    for (unsigned a = 0; a < 1u << n; a++) {
        unsigned outer = 0, own = 0, at = 0;
        for (int k = 0; k < inner->count; k++)
            own |= (a >> place[k] & 1) << k;
        for (int k = 0; k < op->count; k++)
            outer |= (k == j ? inner->function >> own & 1u : a >> at++ & 1) << k;
        truth |= (uint64_t)(op->function >> outer & 1) << a;
    }
    for (int k = 0; k < op->count; k++)
        f->readers[op->in[k]]--;
    uint32_t any = in[0];
    n = lf_truth_reduce(in, n, &truth);
    op->function = lf_tern_fill(truth, n);
    if (n == 0) /* a constant after all: a function of anything */
        in[n++] = any;
    memcpy(op->in, in, sizeof op->in);
    op->count = (uint8_t)n;
    for (int k = 0; k < op->count; k++)
        f->readers[op->in[k]]++;
    return true;
}

static int operand_of(const lf_tern *op, uint32_t signal) {
    int j = 0;
    while (j < op->count && op->in[j] != signal)
        j++;
    return j < op->count ? j : -1;
}

/* Operation i vanishes into its readers where each of them has room for it. reader: the operations that read it as the program was at first; those
 * that no longer do so are passed over. */
static void vanish(fusion *f, size_t i, const uint32_t *reader, size_t count) {
    const lf_tern *inner = &f->t->op[i];
    uint32_t signal = f->first + (uint32_t)i, in[6];
    int place[3];
    size_t found = 0;
    for (size_t r = 0; r < count; r++) {
        lf_tern *op = &f->t->op[reader[r]];
        int j = operand_of(op, signal);
        if (j >= 0 && merge_operands(op, j, inner, in, place) > 3)
            return;
        found += j >= 0;
    }
    if (found != f->readers[signal])
        return; /* an output, or read by what read one of its readers */
    for (size_t r = 0; r < count; r++) {
        lf_tern *op = &f->t->op[reader[r]];
        int j = operand_of(op, signal);
        if (j >= 0)
            (void)absorb(f, op, j, inner);
    }
}

enum { READERS_MAX = 3 };

/* Operations with one reader first, then those with two, three. */
static void fuse_all(fusion *f, lf_arena *a) {
    for (uint32_t most = 1; most <= READERS_MAX; most++) {
        lf_reads reads = lf_reads_of(a, f->t);
        for (size_t i = f->t->count; i-- > 0;) {
            uint32_t s = f->first + (uint32_t)i, begin = reads.start[s], count = reads.start[s + 1] - begin;
            if (count > 0 && count <= most)
                vanish(f, i, reads.at + begin, count);
        }
    }
}

/* Operations without readers leave; the others move up. */
static void pack(fusion *f, lf_arena *a) {
    lf_terns *t = f->t;
    uint32_t *now = LF_NEW_ARRAY(a, uint32_t, f->first + t->count);
    bool *needed = LF_NEW_ARRAY(a, bool, f->first + t->count);
    size_t n = 0;
    for (size_t i = 0; i < t->outputs; i++)
        needed[t->output[i]] = true;
    for (size_t i = t->count; i-- > 0;)
        for (int k = 0; needed[f->first + i] && k < t->op[i].count; k++)
            needed[t->op[i].in[k]] = true;
    for (uint32_t i = 0; i < f->first; i++)
        now[i] = i;
    for (size_t i = 0; i < t->count; i++) {
        if (!needed[f->first + i])
            continue;
        lf_tern op = t->op[i];
        for (int k = 0; k < op.count; k++)
            op.in[k] = now[op.in[k]];
        now[f->first + i] = f->first + (uint32_t)n;
        t->op[n++] = op;
    }
    t->count = n;
    for (size_t i = 0; i < t->outputs; i++)
        t->output[i] = now[t->output[i]];
}

static bool all_narrow(const lf_lutnet *n) {
    for (size_t i = 0; i < n->luts.count; i++)
        if (n->luts.at[i].fan_in < 1 || n->luts.at[i].fan_in > 3)
            return false;
    return true;
}

lf_terns *lf_terns_of(lf_arena *a, const lf_lutnet *n) {
    lf_lutnet *made = all_narrow(n) ? NULL : narrow_all(a, n);
    const lf_lutnet *small = all_narrow(n) ? n : made;
    if (!small)
        return NULL;
    lf_terns *t = LF_NEW(a, lf_terns);
    *t = (lf_terns){small->inputs, small->luts.count, small->outputs.count,
                    LF_NEW_ARRAY(a, lf_tern, small->luts.count + 1),
                    LF_NEW_ARRAY(a, uint32_t, small->outputs.count + 1)};
    fusion f = {t, 2 + small->inputs, LF_NEW_ARRAY(a, uint32_t, 2 + small->inputs + small->luts.count)};
    for (size_t i = 0; i < t->count; i++) {
        const lf_lut *l = &small->luts.at[i];
        t->op[i] = (lf_tern){.count = l->fan_in, .function = lf_tern_fill(l->truth, l->fan_in)};
        for (int k = 0; k < l->fan_in; k++) {
            t->op[i].in[k] = l->in[k];
            f.readers[l->in[k]]++;
        }
    }
    for (size_t i = 0; i < t->outputs; i++) {
        t->output[i] = small->outputs.at[i];
        f.readers[t->output[i]] += 2; /* stays as it is */
    }
    fuse_all(&f, a);
    pack(&f, a);
    lf_lutnet_free(made);
    return t;
}
