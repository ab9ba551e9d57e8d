#include "exec/fast_product.h"

#include "num/whole.h"

/* -- one-bit weights and inputs ------------------------------------------------------------------------------------------------ */

/* Where element k of a row of bits stands: every pixel begins with a word. */
static size_t bit_of(const lf_matrix *m, size_t k) {
    return k / m->pixel * lf_bit_words(m->pixel) * 64 + k % m->pixel;
}

/* x = (lo + hi) / 2 + (hi - lo) / 2 * b with b = -1 or +1, so sum = ((hi - lo) * dot + (lo + hi) * sum of weights + 2 bias) / 2. The
 * gaps behind pixels are 0 in weights and inputs and differ nowhere. */
static void make_bits(const lf_plan *p, const lf_matrix *m, lf_product *l) {
    lf_range r = m->codes;
    size_t words = m->inputs / m->pixel * lf_bit_words(m->pixel);
    lf_arena *a = lf_arena_new();
    uint64_t *w = LF_NEW_ARRAY(a, uint64_t, m->outputs * words);
    l->bits = lf_xnor_kernel_for(p->isa);
    l->bytes = words * 8;
    l->factor = r.hi - r.lo;
    l->add = LF_NEW_ARRAY(p->arena, int64_t, m->outputs);
    l->plain = l->factor == 2;
    for (size_t n = 0; n < m->outputs; n++) {
        int64_t total = 0;
        for (size_t k = 0; k < m->inputs; k++) {
            int64_t v = m->weight[n * m->inputs + k];
            size_t bit = bit_of(m, k);
            total += v;
            w[n * words + bit / 64] |= (uint64_t)(v > 0) << bit % 64;
        }
        l->add[n] = (r.lo + r.hi) * total + 2 * m->bias[n];
        l->plain = l->plain && l->add[n] == 0;
    }
    lf_xnor_layer_new(p->arena, words * 64, m->outputs, w, &l->xnor);
    l->xnor.inputs = m->inputs;
    lf_arena_free(a);
}

/* sum >= T is dot >= D with D = ceil((2 T - add) / factor), and that is differ <= floor((inputs - D) / 2). */
void lf_product_set_limits(lf_product *l, const lf_teeth *t) {
    int64_t K = (int64_t)l->xnor.inputs;
    for (size_t n = 0; n < l->xnor.outputs; n++) {
        bool low = t->below[n], high = t->none ? low : t->from[n];
        int64_t D = t->none ? 0 : lf_divide_up(2 * t->T[n] - l->add[n], l->factor);
        int64_t limit = D > K ? -1 : D < -K ? K : (K - D) / 2;
        l->xnor.limit[n] = low == high ? -1 : limit;
        l->xnor.invert[n / 8] = (uint8_t)(l->xnor.invert[n / 8] | low << n % 8);
    }
}

void lf_product_bits(const lf_product *l, const void *x, size_t x_stride, size_t rows, void *y, size_t y_stride) {
    l->bits->bits(&l->xnor, x, x_stride / 8, rows, y, y_stride / 8);
}

/* -- bytes and words ---------------------------------------------------------------------------------------------------------------- */

static void make_numbers(const lf_plan *p, const lf_matrix *m, lf_product *l) {
    lf_arena *a = lf_arena_new();
    int64_t *c = LF_NEW_ARRAY(a, int64_t, m->outputs);
    for (size_t n = 0; n < m->outputs; n++) {
        c[n] = m->bias[n];
        for (size_t k = 0; k < m->inputs; k++)
            c[n] += m->shift * m->weight[n * m->inputs + k];
    }
    l->numbers = lf_int_kernel_for(p->isa);
    lf_int_layer_new(p->arena, l->form == LF_FORM_U8 ? LF_INT_U8 : LF_INT_S16, m->inputs, m->outputs, m->weight, c,
                     &l->ints);
    l->bytes = 4 * l->ints.steps;
    lf_arena_free(a);
}

/* -- both ------------------------------------------------------------------------------------------------------------------------------ */

lf_product *lf_product_new(const lf_plan *p, const lf_matrix *m, lf_form form) {
    lf_product *l = LF_NEW(p->arena, lf_product);
    l->form = form;
    if (form == LF_FORM_BITS)
        make_bits(p, m, l);
    else
        make_numbers(p, m, l);
    l->text = lf_format(p->arena, "%s_dense_%s %zu -> %zu", form == LF_FORM_BITS ? "xnor" : "int", lf_isa_name(p->isa),
                        m->inputs, m->outputs);
    return l;
}

size_t lf_product_width(const lf_product *l) {
    return l->form == LF_FORM_BITS ? l->xnor.groups * LF_XNOR_GROUP : l->ints.groups * LF_INT_GROUP;
}

void lf_product_sums(const lf_product *l, const void *x, size_t x_stride, size_t rows, int32_t *y, size_t y_stride) {
    if (l->form != LF_FORM_BITS) {
        l->numbers->dots(&l->ints, x, x_stride, rows, y, y_stride);
        return;
    }
    l->bits->dots(&l->xnor, x, x_stride / 8, rows, y, y_stride);
    for (size_t r = 0; !l->plain && r < rows; r++, y += y_stride)
        for (size_t n = 0; n < l->xnor.outputs; n++)
            y[n] = (int32_t)((l->factor * y[n] + l->add[n]) / 2);
}
