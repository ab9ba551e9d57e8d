#include "ops/circuit_face.h"

#include <string.h>

#include "num/signed_digits.h"

lf_word lf_face_operand(const lf_graph *g, const lf_node *n, lf_circuit *c, const lf_word *const *in, int i, size_t e) {
    return in[i] ? in[i][e] : lf_circuit_const(c, lf_tensor_code(lf_in(g, n, i), e));
}

lf_word lf_face_plus(lf_circuit *c, lf_word w, int64_t k) {
    return k ? lf_circuit_add(c, w, lf_circuit_const(c, k)) : w;
}

lf_word lf_face_times(lf_circuit *c, lf_word w, int64_t factor) {
    lf_digits d = lf_digits_of(factor);
    lf_word sum = lf_circuit_const(c, 0);
    for (
        int k = 0; k < 64;
        k++) { /* each pair of digits is one adder; added terms first, so that nothing is negated but a factor below 0 */
        if (d.plus >> k & 1)
            sum = lf_circuit_add(c, sum, lf_circuit_shift(c, w, k));
    }
    for (int k = 0; k < 64; k++) {
        if (d.minus >> k & 1)
            sum = lf_circuit_sub(c, sum, lf_circuit_shift(c, w, k));
    }
    return sum;
}

lf_word lf_face_peeled(const lf_circuit *c, lf_word w, int64_t *k) {
    const lf_word_def *d = lf_word_at(c, w);
    *k = 0;
    if (d->op != LF_WORD_ADD || lf_word_at(c, d->b)->op != LF_WORD_CONST)
        return w;
    *k = lf_word_range(c, d->b).lo;
    return d->a;
}

/* Bit by bit from the highest: it chooses the half of the bits in which the count goes on. */
lf_word lf_face_rank(lf_circuit *c, const lf_word *bits, size_t count) {
    lf_word out[32], zero = lf_circuit_const(c, 0);
    int width = count ? lf_bits_unsigned(count) : 0;
    if (width == 0)
        return zero;
    lf_arena *a = lf_arena_new();
    if (!a || width > 31) {
        lf_arena_free(a);
        c->too_wide = true;
        return zero;
    }
    size_t full = ((size_t)1 << width) - 1;
    lf_word *now = LF_NEW_ARRAY(a, lf_word, full);
    for (size_t i = 0; i < full; i++)
        now[i] = i < count ? bits[i] : zero;
    for (int k = width - 1; k >= 0; k--) {
        size_t half = (size_t)1 << k; /* now has 2 * half - 1 bits */
        lf_word upper = out[k] = now[half - 1];
        for (size_t i = 0; i + 1 < half; i++)
            now[i] = lf_circuit_select(c, upper, now[half + i], now[i]);
    }
    lf_arena_free(a);
    return lf_circuit_join_known(c, out, width, false, (lf_range){0, (int64_t)count, 1});
}

lf_status lf_face_positions(const lf_graph *g, const lf_node *n, lf_circuit *c, const lf_word *const *in,
                            lf_word **out) {
    size_t count = (size_t)lf_shape_count(lf_out(g, n, 0)->shape);
    lf_arena *a = lf_arena_new();
    int64_t *source = a ? lf_alloc_try(a, count + 1, sizeof *source) : NULL;
    if (!source) {
        lf_arena_free(a);
        return lf_fail(c->ctx, LF_BAD_INPUT, NULL, "%s: no memory for %zu elements", n->name, count);
    }
    n->op->positions(g, n, source);
    for (size_t e = 0; e < count; e++)
        out[0][e] = in[0][source[e]];
    lf_arena_free(a);
    return LF_OK;
}

lf_status lf_face_same(const lf_graph *g, const lf_node *n, lf_circuit *c, const lf_word *const *in, lf_word **out) {
    (void)c;
    for (int o = 0; o < n->out_count; o++)
        if (n->out[o])
            memcpy(out[o], in[0], (size_t)lf_shape_count(lf_out(g, n, o)->shape) * sizeof **out);
    return LF_OK;
}
