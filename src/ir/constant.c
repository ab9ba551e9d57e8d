/* Shapes, the elements of constants, grids. */
#include <assert.h>
#include <math.h>
#include <string.h>

#include "ir/lfw.h"

/* -- shapes ------------------------------------------------------------------------------------------------------ */

lf_shape lf_shape_make(int rank, const int64_t *dim) {
    assert(rank >= 0 && rank <= LF_MAX_RANK);
    lf_shape s = {.rank = rank};
    for (int i = 0; i < rank; i++)
        s.dim[i] = dim[i];
    return s;
}

int64_t lf_shape_count(lf_shape s) {
    int64_t count = 1;
    for (int i = 0; i < s.rank; i++)
        if (s.dim[i] == 0)
            return 0;
    for (int i = 0; i < s.rank; i++) {
        if (count > INT64_MAX / s.dim[i])
            return INT64_MAX;
        count *= s.dim[i];
    }
    return count;
}

bool lf_shape_equal(lf_shape a, lf_shape b) {
    bool same = a.rank == b.rank;
    for (int i = 0; same && i < a.rank; i++)
        same = a.dim[i] == b.dim[i];
    return same;
}

const char *lf_shape_text(lf_arena *a, lf_shape s) {
    const char *text = "[";
    for (int i = 0; i < s.rank; i++)
        text = lf_format(a, "%s%s%lld", text, i ? "," : "", (long long)s.dim[i]);
    return lf_format(a, "%s]", text);
}

size_t lf_channel_of(lf_shape s, int axis, size_t element) {
    size_t inner = 1;
    for (int i = axis + 1; i < s.rank; i++)
        inner *= (size_t)s.dim[i];
    return element / inner % (size_t)s.dim[axis];
}

/* -- elements ---------------------------------------------------------------------------------------------------- */

size_t lf_elem_size(lf_elem e) {
    static const unsigned char size[] = {[LF_ELEM_I8] = 1,  [LF_ELEM_U8] = 1,  [LF_ELEM_I16] = 2, [LF_ELEM_U16] = 2,
                                         [LF_ELEM_I32] = 4, [LF_ELEM_I64] = 8, [LF_ELEM_F32] = 4, [LF_ELEM_F64] = 8};
    return size[e];
}

static bool is_float(lf_elem e) {
    return e == LF_ELEM_F32 || e == LF_ELEM_F64;
}

static double float_element(const lf_const *c, size_t i) {
    return c->elem == LF_ELEM_F32 ? (double)((const float *)c->data)[i] : ((const double *)c->data)[i];
}

static int64_t int_element(const lf_const *c, size_t i) {
    switch (c->elem) {
    case LF_ELEM_I8: return ((const int8_t *)c->data)[i];
    case LF_ELEM_U8: return ((const uint8_t *)c->data)[i];
    case LF_ELEM_I16: return ((const int16_t *)c->data)[i];
    case LF_ELEM_U16: return ((const uint16_t *)c->data)[i];
    case LF_ELEM_I32: return ((const int32_t *)c->data)[i];
    default: return ((const int64_t *)c->data)[i];
    }
}

double lf_const_real(const lf_const *c, size_t i) {
    return is_float(c->elem) ? float_element(c, i) : (double)int_element(c, i);
}

/* Out of int64 or NaN: the nearest end or 0, so that a wrong file cannot make the conversion undefined. */
static int64_t to_int(double v) {
    if (!(v >= -9223372036854775808.0))
        return v < 0 ? INT64_MIN : 0;
    return v >= 9223372036854775808.0 ? INT64_MAX : (int64_t)v;
}

int64_t lf_const_int(const lf_const *c, size_t i) {
    return is_float(c->elem) ? to_int(float_element(c, i)) : int_element(c, i);
}

bool lf_tensor_code_exact(const lf_tensor *t, size_t i, int64_t *code) {
    if (!is_float(t->value->elem)) {
        *code = int_element(t->value, i);
        return true;
    }
    double v = float_element(t->value, i);
    double q = t->grid.divisor != 0 ? v * t->grid.divisor : v / lf_grid_scale(t, i);
    *code = 0;
    if (!(fabs(q) <= 9007199254740992.0))
        return false;
    *code = lf_round_to_int(q, LF_ROUND_HALF_EVEN);
    double miss = fabs(q - (double)*code);
    return miss <= 1e-6 * fabs((double)*code) && miss <= 0.25;
}

int64_t lf_tensor_code(const lf_tensor *t, size_t i) {
    int64_t code = 0;
    (void)lf_tensor_code_exact(t, i, &code);
    return code;
}

void lf_tensor_codes(const lf_tensor *t, size_t first, size_t count, int64_t *out) {
    const lf_const *c = t->value;
    if (c->elem == LF_ELEM_I8) /* most tables, by one loop */
        for (size_t i = 0; i < count; i++)
            out[i] = ((const int8_t *)c->data)[first + i];
    else if (c->elem == LF_ELEM_U8)
        for (size_t i = 0; i < count; i++)
            out[i] = ((const uint8_t *)c->data)[first + i];
    else
        for (size_t i = 0; i < count; i++)
            out[i] = lf_tensor_code(t, first + i);
}

lf_range lf_tensor_codes_range(const lf_tensor *t, size_t first, size_t count) {
    if (t->value->elem == LF_ELEM_U8 || t->value->elem == LF_ELEM_I8) {
        lf_range r = lf_range_of_bytes((const uint8_t *)t->value->data + first, count);
        if (t->value->elem == LF_ELEM_U8 || r.hi <= INT8_MAX)
            return r;
    }
    int64_t start = count ? lf_tensor_code(t, first) : 0;
    lf_range r = {start, start, 1};
    for (size_t i = first; i < first + count; i++) {
        int64_t code = lf_tensor_code(t, i);
        r = lf_range_holds(r, code) ? r : lf_range_join(r, (lf_range){code, code, 1});
    }
    return r;
}

double lf_tensor_real(const lf_tensor *t, size_t i) {
    if (!lf_on_grid(t))
        return lf_const_real(t->value, i);
    return lf_grid_value(t, i, lf_tensor_code(t, i));
}

/* -- making constants -------------------------------------------------------------------------------------------- */

static lf_const *new_const(lf_graph *g, lf_elem e, size_t count, void **data) {
    lf_const *c = LF_NEW(g->arena, lf_const);
    *data = lf_alloc_array(g->arena, count ? count : 1, lf_elem_size(e));
    *c = (lf_const){e, count, *data};
    return c;
}

static lf_tensor *new_codes(lf_graph *g, const char *name, lf_shape shape, lf_range r, void **data) {
    lf_tensor *t = lf_tensor_new(g, name, shape, lf_dtype_for(r, false));
    lf_set_codes(g, t, r);
    t->value = new_const(g, lf_elem_narrowest(r), (size_t)lf_shape_count(shape), data);
    return t;
}

lf_tensor *lf_const_bytes(lf_graph *g, const char *name, lf_shape shape, const uint8_t *code) {
    size_t count = (size_t)lf_shape_count(shape);
    void *data = NULL;
    lf_tensor *t = new_codes(g, name, shape, lf_range_of_bytes(code, count), &data);
    if (count)
        memcpy(data, code, count);
    return t;
}

lf_tensor *lf_const_codes(lf_graph *g, const char *name, lf_shape shape, const int64_t *code) {
    size_t count = (size_t)lf_shape_count(shape);
    void *data = NULL;
    lf_tensor *t = new_codes(g, name, shape, lf_range_of(code, count), &data);
    bool bytes = t->value->elem == LF_ELEM_U8 || t->value->elem == LF_ELEM_I8; /* most constants: by one loop */
    for (size_t i = 0; bytes && i < count; i++)
        ((uint8_t *)data)[i] = (uint8_t)code[i];
    for (size_t i = 0; !bytes && i < count; i++)
        lf_elem_store(data, t->value->elem, i, code[i]);
    return t;
}

lf_tensor *lf_const_reals(lf_graph *g, const char *name, lf_shape shape, const double *real) {
    size_t count = (size_t)lf_shape_count(shape);
    bool all_float = true;
    for (size_t i = 0; all_float && i < count; i++)
        all_float =
            isnan(real[i]) || isinf(real[i]) || (fabs(real[i]) <= 0x1.fffffep127 && (double)(float)real[i] == real[i]);
    lf_tensor *t = lf_tensor_new(g, name, shape, all_float ? LF_FLOAT32 : LF_FLOAT64);
    void *data = NULL;
    t->value = new_const(g, all_float ? LF_ELEM_F32 : LF_ELEM_F64, count, &data);
    for (size_t i = 0; i < count; i++) {
        if (all_float)
            ((float *)data)[i] = (float)real[i];
        else
            ((double *)data)[i] = real[i];
    }
    return t;
}

/* -- grids ------------------------------------------------------------------------------------------------------- */

double lf_grid_scale(const lf_tensor *t, size_t element) {
    if (t->grid.scale_count == 0)
        return 1.0;
    size_t channel = t->grid.scale_count == 1 ? 0 : lf_channel_of(t->shape, t->grid.axis, element);
    return t->grid.scale[channel];
}

double lf_grid_value(const lf_tensor *t, size_t element, int64_t code) {
    return t->grid.divisor != 0 ? (double)code / t->grid.divisor : (double)code * lf_grid_scale(t, element);
}

bool lf_is_codes(const lf_tensor *t) {
    return t->grid.scale_count == 1 && t->grid.scale[0] == 1.0;
}

void lf_set_codes(lf_graph *g, lf_tensor *t, lf_range r) {
    static const double one = 1.0;
    (void)g;
    t->dtype = lf_dtype_for(r, false);
    t->grid = (lf_grid){&one, 1, 0, 0.0};
    t->range = r;
    t->channel_range = NULL;
    t->range_axis = 0;
}
