/* Import of names for what is there already, of constants, and of casts, most of which change nothing. */
#include <math.h>

#include "import/onnx_ops.h"
#include "ops/const_grid.h"

lf_status lf_onnx_do_identity(lf_onnx *m) {
    LF_TRY(lf_onnx_operand_range(m, 1, 1));
    lf_onnx_bind_value(m, 0, lf_onnx_value_in(m, 0));
    return LF_OK;
}

/* At inference Dropout lets everything through. */
lf_status lf_onnx_do_dropout(lf_onnx *m) {
    float ratio;
    int64_t seed;
    LF_TRY(lf_onnx_operand_range(m, 1, 3));
    LF_TRY(lf_onnx_float(m, "ratio", 0.5f, &ratio));
    LF_TRY(lf_onnx_int(m, "seed", 0, &seed));
    lf_onnx_value *training = lf_onnx_value_in(m, 2);
    if (training && training->kind == LF_ONNX_PAYLOAD)
        LF_TRY(lf_onnx_payload(m, training));
    bool inference = !training || (training->read && training->array.value.count == 1 &&
                                   lf_const_real(&training->array.value, 0) == 0);
    if (!inference || lf_onnx_out_name(m, 1))
        return lf_onnx_refuse(m, "it is used as in training; export the model for inference");
    lf_onnx_bind_value(m, 0, lf_onnx_value_in(m, 0));
    return LF_OK;
}

static lf_status bind_constant(lf_onnx *m, lf_shape shape, const double *real) {
    lf_tensor *t = lf_const_reals(m->g, lf_onnx_out_name(m, 0), shape, real);
    lf_const_grid_detect(m->g, t);
    return lf_onnx_finish_as(m, t->id);
}

lf_status lf_onnx_finish_ints(lf_onnx *m, lf_shape shape, const int64_t *ints) {
    lf_onnx_bind_ints(m, 0, shape, ints);
    return LF_OK;
}

static lf_status bind_floats(lf_onnx *m, lf_shape shape, const float *from) {
    size_t count = (size_t)lf_shape_count(shape);
    double *real = LF_NEW_ARRAY(m->scratch, double, count + 1);
    for (size_t i = 0; i < count; i++) {
        real[i] = (double)from[i];
        if (isnan(from[i]))
            return lf_onnx_refuse(m, "element %zu is NaN", i);
    }
    return count ? bind_constant(m, shape, real) : lf_onnx_refuse(m, "it has no elements");
}

lf_status lf_onnx_do_constant(lf_onnx *m) {
    const lf_pb_attr *a;
    if ((a = lf_onnx_attr(m, "value")) && a->t) {
        lf_onnx_bind_payload(m, 0, a->t);
        return LF_OK;
    }
    if ((a = lf_onnx_attr(m, "value_int")))
        return lf_onnx_finish_ints(m, (lf_shape){0}, &a->i);
    if ((a = lf_onnx_attr(m, "value_ints")))
        return lf_onnx_finish_ints(m, (lf_shape){.rank = 1, .dim = {(int64_t)a->n_ints}}, a->ints);
    if ((a = lf_onnx_attr(m, "value_float")))
        return bind_floats(m, (lf_shape){0}, &a->f);
    if ((a = lf_onnx_attr(m, "value_floats")))
        return bind_floats(m, (lf_shape){.rank = 1, .dim = {(int64_t)a->n_floats}}, a->floats);
    return lf_onnx_refuse(m, "it has no numbers (value, value_int, value_ints, value_float or value_floats)");
}

lf_status lf_onnx_do_constant_of_shape(lf_onnx *m) {
    lf_ints dims;
    LF_TRY(lf_onnx_operand_range(m, 1, 1));
    LF_TRY(lf_onnx_ints_in(m, 0, "shape", &dims));
    const lf_pb_attr *a = lf_onnx_attr(m, "value");
    lf_onnx_array fill = {0};
    lf_where where = lf_onnx_where(m);
    if (a && a->t)
        LF_TRY(lf_onnx_tensor_read(m->ctx, &where, m->g->arena, m->dir, a->t, &fill));
    if (dims.count > LF_MAX_RANK || (a && fill.value.count != 1))
        return lf_onnx_refuse(m, "%lld dimensions filled with %zu values", (long long)dims.count, fill.value.count);
    lf_shape shape = lf_shape_make((int)dims.count, dims.at);
    int64_t count = 1;
    for (int i = 0; i < shape.rank; i++) {
        if (shape.dim[i] < 1 || shape.dim[i] > LF_ONNX_MAX_INTS || (count *= shape.dim[i]) > LF_ONNX_MAX_INTS)
            return lf_onnx_refuse(m, "of the shape %s: only up to %d elements in this version",
                                  lf_shape_text(m->scratch, shape), LF_ONNX_MAX_INTS);
    }
    int64_t *code = LF_NEW_ARRAY(m->scratch, int64_t, count);
    double *real = LF_NEW_ARRAY(m->scratch, double, count);
    for (int64_t i = 0; i < count; i++) {
        real[i] = a ? lf_const_real(&fill.value, 0) : 0.0;
        code[i] = a && !fill.is_float ? lf_const_int(&fill.value, 0) : 0;
    }
    if (a && !fill.is_float)
        return lf_onnx_finish_ints(m, shape, code);
    return bind_constant(m, shape, real);
}

/* -- casts --------------------------------------------------------------------------------------------------------- */

static bool is_integer_type(int64_t type) {
    return type == 6 || type == 7 || (type >= 2 && type <= 5);
}

/* Whether what is known of a value says that the cast changes nothing. */
static bool cast_keeps(lf_onnx *m, const lf_onnx_value *v, int64_t to) {
    bool to_float = to == LF_ONNX_FLOAT || to == LF_ONNX_DOUBLE;
    if (v->kind == LF_ONNX_INTS)
        return to_float || to == LF_ONNX_INT32 || to == LF_ONNX_INT64;
    if (v->kind == LF_ONNX_PAYLOAD)
        return to == v->payload->data_type || (to_float && v->payload->data_type != LF_ONNX_DOUBLE) ||
               (to == LF_ONNX_INT64 && is_integer_type(v->payload->data_type));
    const lf_tensor *t = lf_onnx_tensor_at(m, v->tensor);
    if (!lf_on_grid(t))
        return to == (t->dtype.bits == 64 ? LF_ONNX_DOUBLE : LF_ONNX_FLOAT);
    return to_float &&
           (!lf_is_codes(t) || (t->range.lo >= -(1 << 24) && t->range.hi <= 1 << 24) || to == LF_ONNX_DOUBLE);
}

/* A cast that may change values: rounding, truncation, wrapping, or the question whether it is 0. */
static lf_status cast_data(lf_onnx *m, int32_t to) {
    static const struct {
        int32_t type;
        const char *name;
    } types[] = {{LF_ONNX_DOUBLE, "FLOAT64"}, {LF_ONNX_FLOAT, "FLOAT32"}, {LF_ONNX_FLOAT16, "FLOAT16"},
                 {LF_ONNX_UINT8, "UINT8"},    {LF_ONNX_INT8, "INT8"},     {LF_ONNX_UINT16, "UINT16"},
                 {LF_ONNX_INT16, "INT16"},    {LF_ONNX_INT32, "INT32"},   {LF_ONNX_UINT32, "UINT32"},
                 {LF_ONNX_INT64, "INT53"}};
    lf_id x, y;
    LF_TRY(lf_onnx_in(m, 0, &x));
    const char *name = lf_onnx_out_name(m, 0);
    if (to == LF_ONNX_BOOL) {
        LF_TRY(lf_onnx_simple(m, "equal", "_zero", (lf_id[]){x, lf_onnx_scalar(m, "_none", 0)}, 2, NULL, &y));
        LF_TRY(lf_onnx_simple(m, "not", "", &y, 1, name, &y));
        return lf_onnx_finish_as(m, y);
    }
    for (size_t i = 0; i < LF_COUNT(types); i++)
        if (types[i].type == to) {
            lf_node *n = lf_onnx_node(m, "cast", "", &x, 1, &name, 1);
            if (!n)
                return LF_BAD_INPUT;
            LF_TRY(lf_onnx_set_text(m, n, "to", types[i].name));
            return lf_onnx_finish(m, n);
        }
    return lf_onnx_refuse(m, "a cast to %s is not in this version", lf_onnx_type_name(m->scratch, to));
}

static lf_status cast_to(lf_onnx *m, int64_t to) {
    lf_onnx_value *v = lf_onnx_value_in(m, 0);
    bool to_float = to == LF_ONNX_FLOAT || to == LF_ONNX_DOUBLE;
    if (!cast_keeps(m, v, to))
        return cast_data(m, (int32_t)to);
    bool was_integer =
        v->kind == LF_ONNX_INTS || (v->kind == LF_ONNX_PAYLOAD && is_integer_type(v->payload->data_type));
    if ((!to_float || !was_integer) && v->kind != LF_ONNX_TENSOR) {
        lf_onnx_bind_value(m, 0, v);
        return LF_OK;
    }
    lf_id id; /* from here on data: arithmetic on it is no longer that of integers */
    LF_TRY(lf_onnx_materialise(m, v, &id));
    return lf_onnx_finish_as(m, id);
}

lf_status lf_onnx_do_cast(lf_onnx *m) {
    int64_t to, saturate;
    LF_TRY(lf_onnx_operand_range(m, 1, 1));
    LF_TRY(lf_onnx_int(m, "to", 0, &to));
    LF_TRY(lf_onnx_int(m, "saturate", 1, &saturate));
    return cast_to(m, to);
}

/* To the type of the second operand, whose values do not matter. */
lf_status lf_onnx_do_cast_like(lf_onnx *m) {
    int64_t saturate;
    LF_TRY(lf_onnx_operand_range(m, 2, 2));
    LF_TRY(lf_onnx_int(m, "saturate", 1, &saturate));
    return cast_to(m, lf_onnx_type_in(m, 1));
}
