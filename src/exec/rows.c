#include "exec/rows.h"

#include <math.h>

#include "base/text.h"

/* What the codes of an input mean. */
typedef struct meaning {
    lf_range range;
    lf_input_grid grid;
} meaning;

/* Integer types cast as ap_fixed without fraction bits: toward minus infinity, and wrap. */
static lf_dtype cast_type(lf_dtype t) {
    bool is_int = t.kind == LF_KIND_INT || t.kind == LF_KIND_UINT;
    if (!is_int)
        return t;
    uint8_t kind = t.kind == LF_KIND_INT ? LF_KIND_FIXED : LF_KIND_UFIXED;
    return (lf_dtype){kind, t.bits, (int8_t)t.bits, LF_ROUND_FLOOR, LF_OVERFLOW_WRAP};
}

static meaning meaning_of(const lf_port *port, const lf_tensor *t, size_t element) {
    if (port && port->grid)
        return (meaning){lf_dtype_range(port->grid->type), *port->grid};
    lf_input_grid own = {.type = t->dtype, .scale = lf_grid_scale(t, element), .divisor = t->grid.divisor};
    return (meaning){t->range, own};
}

static double value_of(const lf_input_grid *g, int64_t code) {
    if (g->divisor != 0)
        return (double)code / g->divisor + g->offset;
    return (double)code * g->scale + g->offset;
}

static double given(const lf_row_in *in, size_t at) {
    return in->type == LF_ROW_F32 ? (double)((const float *)in->data)[at] : ((const double *)in->data)[at];
}

/* Rows of doubles may hold float32 values: they are accepted in either type. */
static bool same_value(const lf_row_in *in, double v, double exact) {
    double single = fabs(exact) <= 0x1.fffffep127 ? (double)(float)exact : exact;
    return v == single || (in->type == LF_ROW_F64 && v == exact);
}

static bool find_code(const meaning *m, const lf_row_in *in, double v, int64_t *code) {
    double q = m->grid.divisor != 0 ? (v - m->grid.offset) * m->grid.divisor : (v - m->grid.offset) / m->grid.scale;
    if (!(fabs(q) < 4503599627370496.0))
        return false;
    int64_t near = lf_round_to_int(q, LF_ROUND_HALF_EVEN);
    static const int order[] = {0, -1, 1};
    for (int i = 0; i < 3; i++) {
        *code = near + order[i];
        if (lf_range_holds(m->range, *code) && same_value(in, v, value_of(&m->grid, *code)))
            return true;
    }
    return false;
}

static bool cast_code(const meaning *m, double v, int64_t *code) {
    lf_dtype t = m->grid.type;
    double q = (v - m->grid.offset) / m->grid.scale;
    if (!isfinite(q))
        return false;
    if (t.kind == LF_KIND_BIPOLAR) {
        *code = q >= 0 ? 1 : -1;
        return true;
    }
    if (t.kind == LF_KIND_TERNARY) {
        *code = (q > 0) - (q < 0);
        return true;
    }
    t = cast_type(t);
    *code = lf_fixed_cast(q * lf_dtype_step(t), t);
    return true;
}

static const char *number(lf_arena *a, double v) {
    lf_text t = {0};
    lf_text_double(&t, v);
    const char *s = lf_strdup(a, t.at);
    lf_text_free(&t);
    return s;
}

static lf_status off_grid(lf_ctx *ctx, const char *name, const meaning *m, size_t row, size_t element, double v) {
    lf_arena *a = lf_arena_new();
    const char *type = lf_dtype_name(a, m->grid.type);
    const char *scale =
        m->grid.divisor != 0 ? lf_format(a, "1/%s", number(a, m->grid.divisor)) : number(a, m->grid.scale);
    lf_status status =
        lf_fail(ctx, LF_BAD_INPUT, NULL, "%s: row %zu, element %zu: %s is no value of the declared grid %s,%s,%s", name,
                row, element, number(a, v), type, scale, number(a, m->grid.offset));
    lf_hint(ctx, "declare another grid, or write ! after the type to make the cast part of the network");
    lf_arena_free(a);
    return status;
}

static lf_status not_finite(lf_ctx *ctx, const char *name, size_t row, size_t element, double v) {
    return lf_fail(ctx, LF_BAD_INPUT, NULL, "%s: row %zu, element %zu is %s", name, row, element,
                   isnan(v) ? "NaN" : "infinite");
}

static lf_status read_codes(lf_ctx *ctx, const char *name, const lf_row_in *in, size_t row, lf_value *out) {
    const int64_t *code = (const int64_t *)in->data + row * out->count;
    for (size_t e = 0; e < out->count; e++) {
        if (out->code && !lf_range_holds(out->tensor->range, code[e]))
            return lf_fail(ctx, LF_BAD_INPUT, NULL, "%s: row %zu, element %zu: %lld is not among the codes %lld..%lld",
                           name, row, e, (long long)code[e], (long long)out->tensor->range.lo,
                           (long long)out->tensor->range.hi);
        if (out->code)
            out->code[e] = code[e];
        else
            out->real[e] = (double)code[e];
    }
    return LF_OK;
}

lf_status lf_row_read(lf_ctx *ctx, const lf_port *port, const lf_row_in *in, size_t row, lf_value *out) {
    const char *name = port && port->name ? port->name : out->tensor->name;
    if (in->type == LF_ROW_CODE)
        return read_codes(ctx, name, in, row, out);
    bool grid = out->code || (port && port->grid);
    meaning m = {0};
    for (size_t e = 0; e < out->count; e++) {
        double v = given(in, row * out->count + e);
        if (!isfinite(v))
            return not_finite(ctx, name, row, e, v);
        if (!grid) {
            out->real[e] = v;
            continue;
        }
        if (e == 0 || out->tensor->grid.scale_count > 1)
            m = meaning_of(port, out->tensor, e);
        int64_t code = 0;
        if (!(m.grid.cast ? cast_code(&m, v, &code) : find_code(&m, in, v, &code)))
            return off_grid(ctx, name, &m, row, e, v);
        if (out->code)
            out->code[e] = code;
        else
            out->real[e] = value_of(&m.grid, code);
    }
    return LF_OK;
}

void lf_row_write(lf_run *run, const lf_value *v, const lf_row_out *out, size_t row) {
    size_t at = row * v->count;
    const double *real = out->real || out->single ? lf_value_reals(run, v) : NULL;
    for (size_t e = 0; e < v->count; e++) {
        if (out->real)
            out->real[at + e] = real[e];
        if (out->single)
            out->single[at + e] = (float)real[e];
        if (out->code)
            out->code[at + e] = v->code[e];
    }
}
