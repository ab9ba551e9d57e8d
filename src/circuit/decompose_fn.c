/* Functions given by tables; netlists put into netlists. */
#include <string.h>

#include "circuit/decompose_inside.h"
#include "circuit/lut_truth.h"

lf_fn *lf_fn_new(lf_arena *a, int n, int m, bool with_care) {
    lf_fn *f = LF_NEW(a, lf_fn);
    size_t words = lf_wide_words(n);
    *f = (lf_fn){n, m, LF_NEW_ARRAY(a, uint64_t *, (size_t)m + 1), NULL};
    uint64_t *at = LF_NEW_ARRAY(a, uint64_t, words * ((size_t)m + with_care) + 1);
    for (int o = 0; o < m; o++)
        f->bits[o] = at + words * (size_t)o;
    if (with_care)
        f->care = at + words * (size_t)m;
    return f;
}

lf_fn *lf_fn_copy(lf_arena *a, const lf_fn *f) {
    lf_fn *c = lf_fn_new(a, f->n, f->m, f->care != NULL);
    size_t bytes = lf_wide_words(f->n) * sizeof(uint64_t);
    for (int o = 0; o < f->m; o++)
        memcpy(c->bits[o], f->bits[o], bytes);
    if (f->care)
        memcpy(c->care, f->care, bytes);
    return c;
}

void lf_fn_swap(lf_fn *f, int i, int j) {
    if (i == j)
        return;
    for (int o = 0; o < f->m; o++)
        lf_wide_swap(f->bits[o], f->n, i, j);
    if (f->care)
        lf_wide_swap(f->care, f->n, i, j);
}

lf_fn *lf_fn_ordered(lf_arena *a, const lf_fn *f, const int *order) {
    lf_fn *c = lf_fn_copy(a, f);
    int at[20];
    for (int i = 0; i < f->n; i++)
        at[i] = i;
    for (int i = 0; i < f->n; i++) {
        int j = i;
        while (at[j] != order[i])
            j++;
        lf_fn_swap(c, i, j);
        at[j] = at[i];
        at[i] = order[i];
    }
    return c;
}

void lf_splice(lf_lutnet *net, const lf_lutnet *part, const lf_signal *in, lf_signal *out) {
    lf_signal *map = LF_NEW_ARRAY(part->arena, lf_signal, 2 + part->inputs + part->luts.count);
    map[1] = 1;
    for (uint32_t i = 0; i < part->inputs; i++)
        map[lf_lutnet_input(i)] = in[i];
    for (size_t i = 0; i < part->luts.count; i++) {
        const lf_lut *l = &part->luts.at[i];
        lf_signal from[LF_LUT_INPUTS];
        for (int j = 0; j < l->fan_in; j++)
            from[j] = map[l->in[j]];
        map[lf_lutnet_signal(part, i)] = lf_lutnet_lut(net, from, l->fan_in, l->truth);
    }
    for (size_t o = 0; o < part->outputs.count; o++)
        out[o] = map[part->outputs.at[o]];
}

/* -- absorbing ---------------------------------------------------------------------------------------------------- */

/* Input j of *l is the LUT `inner`: *l computes it itself. False when more than k inputs would be needed; then *l is as it was. */
static bool compose(lf_lut *l, int j, const lf_lut *inner, int k) {
    lf_signal in[2 * LF_LUT_INPUTS];
    int n = 0, outer_at[LF_LUT_INPUTS] = {0}, inner_at[LF_LUT_INPUTS] = {0};
    for (int side = 0; side < 2; side++) {
        const lf_lut *from = side ? inner : l;
        for (int i = 0; i < from->fan_in; i++) {
            if (!side && i == j)
                continue;
            int at = 0;
            while (at < n && in[at] != from->in[i])
                at++;
            if (at == n)
                in[n++] = from->in[i];
            (side ? inner_at : outer_at)[i] = at;
        }
    }
    if (n > k || n == 0)
        return false;
    uint64_t truth = 0;
    for (unsigned a = 0; a < 1u << n; a++) {
        unsigned x = 0, y = 0;
        for (int i = 0; i < inner->fan_in; i++)
            x |= (a >> inner_at[i] & 1) << i;
        for (int i = 0; i < l->fan_in; i++)
            y |= (i == j ? (unsigned)(inner->truth >> x & 1) : a >> outer_at[i] & 1) << i;
        truth |= (l->truth >> y & 1) << a;
    }
    memcpy(l->in, in, (size_t)n * sizeof *in);
    l->fan_in = (uint8_t)n;
    l->truth = truth;
    return true;
}

static int reads(const lf_lut *l, lf_signal s) {
    for (int j = 0; j < l->fan_in; j++)
        if (l->in[j] == s)
            return j;
    return -1;
}

/* LUT i goes when every LUT that reads it can compute it itself. */
static bool absorb(lf_lutnet *n, size_t i, int k) {
    lf_signal s = lf_lutnet_signal(n, i);
    const lf_lut inner = n->luts.at[i];
    size_t readers = 0;
    for (size_t o = 0; o < n->outputs.count; o++)
        if (n->outputs.at[o] == s)
            return false;
    for (size_t r = i + 1; r < n->luts.count; r++) {
        lf_lut trial = n->luts.at[r];
        int j = reads(&trial, s);
        if (j >= 0 && !compose(&trial, j, &inner, k))
            return false;
        readers += j >= 0;
    }
    for (size_t r = i + 1; readers && r < n->luts.count; r++) {
        int j = reads(&n->luts.at[r], s);
        if (j >= 0)
            (void)compose(&n->luts.at[r], j, &inner, k);
    }
    return readers > 0;
}

lf_lutnet *lf_lutnet_absorb(lf_lutnet *n, int k) {
    for (bool again = true; n && again;) {
        again = false;
        for (size_t i = 0; i < n->luts.count; i++)
            again |= absorb(n, i, k);
        lf_lutnet *c = lf_lutnet_clean(n);
        lf_lutnet_free(n);
        n = c;
    }
    return n;
}
