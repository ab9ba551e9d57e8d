/* Rows of an input as the reference engine reads them. Numbers on a grid of few codes are found in a table of the codes' values,
 * in float32 and in double; a number that is not there, or any other doubt, is left to exec/rows.h and thereby to its messages. */
#include "exec/fast_plan.h"

#include <math.h>

enum { GRID_CODES = 1 << 16 };

typedef struct input_step {
    const lf_port *port;
    const lf_tensor *tensor;
    size_t elements;
    size_t codes; /* 0: no table */
    int64_t lo, step;
    float *single; /* [codes] values of the codes, strictly rising or falling */
    double *exact;
    double first, per_value; /* index = (value - first) * per_value, to the nearest but for rounding */
} input_step;

/* -- the table ------------------------------------------------------------------------------------------------------------- */

static double value_of(const lf_input_grid *g, int64_t code) {
    return g->divisor != 0 ? (double)code / g->divisor + g->offset : (double)code * g->scale + g->offset;
}

static bool strictly_monotone(const float *v, size_t n) {
    for (size_t i = 2; i < n; i++)
        if ((v[i] > v[i - 1]) != (v[1] > v[0]) || v[i] == v[i - 1])
            return false;
    return n < 2 || v[0] != v[1];
}

static bool all_finite(const input_step *s) {
    for (size_t i = 0; i < s->codes; i++)
        if (!isfinite(s->single[i]) || !isfinite(s->exact[i]))
            return false;
    return true;
}

static void make_table(lf_arena *a, input_step *s) {
    const lf_tensor *t = s->tensor;
    lf_input_grid own = {.scale = t->grid.scale[0], .divisor = t->grid.divisor};
    const lf_input_grid *g = s->port->grid ? s->port->grid : &own;
    lf_range r = s->port->grid ? lf_dtype_range(g->type) : t->range;
    bool inside = r.lo >= t->range.lo && r.hi <= t->range.hi;
    if (g->cast || !inside || lf_range_count(r) < 2 || lf_range_count(r) > GRID_CODES || t->grid.scale_count != 1)
        return;
    s->codes = (size_t)lf_range_count(r);
    s->lo = r.lo;
    s->step = r.step;
    s->single = LF_NEW_ARRAY(a, float, s->codes);
    s->exact = LF_NEW_ARRAY(a, double, s->codes);
    for (size_t i = 0; i < s->codes; i++) {
        s->exact[i] = value_of(g, r.lo + r.step * (int64_t)i);
        s->single[i] = fabs(s->exact[i]) <= 0x1.fffffep127 ? (float)s->exact[i] : INFINITY;
    }
    if (!all_finite(s) || !strictly_monotone(s->single, s->codes)) {
        s->codes = 0;
        return;
    }
    s->first = s->exact[0];
    s->per_value = (double)(s->codes - 1) / (s->exact[s->codes - 1] - s->exact[0]);
}

static bool is_value(const input_step *s, int64_t i, double v, bool twice) {
    return i >= 0 && i < (int64_t)s->codes && (v == (double)s->single[i] || (twice && v == s->exact[i]));
}

/* The index of a value, or -1. The nearest index may be off by one after rounding. */
static int64_t index_of(const input_step *s, double v, bool twice) {
    double near = (v - s->first) * s->per_value + 0.5;
    if (!(near >= 0 && near <= (double)s->codes))
        return -1;
    int64_t k = (int64_t)near;
    if (is_value(s, k, v, twice))
        return k;
    return is_value(s, k - 1, v, twice) ? k - 1 : is_value(s, k + 1, v, twice) ? k + 1 : -1;
}

/* -- rows -------------------------------------------------------------------------------------------------------------------- */

static bool look_up(const input_step *s, const lf_row_in *in, size_t row, int64_t *code) {
    size_t from = row * s->elements;
    bool twice = in->type == LF_ROW_F64;
    for (size_t e = 0; e < s->elements; e++) {
        double v = twice ? ((const double *)in->data)[from + e] : (double)((const float *)in->data)[from + e];
        int64_t i = index_of(s, v, twice);
        if (i < 0)
            return false;
        code[e] = s->lo + s->step * i;
    }
    return true;
}

static lf_status read_row(const input_step *s, lf_block *b, const lf_row_in *in, size_t row, lf_value *v) {
    if (s->codes > 0 && in->type != LF_ROW_CODE)
        return look_up(s, in, row, v->code) ? LF_OK : LF_BAD_INPUT;
    return lf_row_read(b->ctx, s->port, in, row, v);
}

static const lf_row_in *rows_for(const lf_block *b, lf_id tensor) {
    for (size_t i = 0; i < b->io->in_count; i++)
        if (b->io->in[i].tensor == tensor)
            return &b->io->in[i];
    return NULL;
}

static lf_status step_input(const lf_step *step, lf_block *b) {
    const input_step *s = step->with;
    const lf_row_in *in = rows_for(b, s->tensor->id);
    lf_arena_reset(b->run.scratch);
    lf_value v = {.tensor = s->tensor, .count = s->elements};
    int64_t *code = lf_on_grid(s->tensor) ? LF_NEW_ARRAY(b->run.scratch, int64_t, s->elements + 1) : NULL;
    for (size_t row = 0; row < b->rows; row++) {
        void *to = lf_slot_at(b, step->out, row);
        v.code = code;
        v.real = code ? NULL : to;
        LF_TRY(read_row(s, b, in, b->first + row, &v));
        if (code != NULL)
            lf_put_vector(step->out, to, s->tensor->range, code);
    }
    return LF_OK;
}

void lf_input_add(lf_plan *p, int port) {
    const lf_port *at = &p->graph->inputs.at[port];
    input_step *s = LF_NEW(p->arena, input_step);
    *s = (input_step){.port = at,
                      .tensor = lf_plan_tensor(p, at->tensor),
                      .elements = (size_t)lf_shape_count(lf_plan_tensor(p, at->tensor)->shape)};
    unsigned can = 1u << LF_FORM_VALUE;
    for (lf_form form = LF_FORM_BITS; lf_on_grid(s->tensor) && form < LF_FORM_COUNT; form++)
        can |= lf_form_holds(s->tensor->range, form) ? 1u << form : 0;
    if (lf_on_grid(s->tensor))
        make_table(p->arena, s);
    const lf_slot *out = lf_plan_output(p, at->tensor, can, s->elements, LF_FORM_VALUE);
    lf_plan_add(p, step_input, NULL, NULL, out, s,
                s->codes ? lf_format(p->arena, "rows as codes by a table of %zu", s->codes) : "rows as values");
}
