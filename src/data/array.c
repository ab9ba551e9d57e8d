#include "data/array.h"

#include <math.h>
#include <string.h>

static const struct {
    const char *name;
    size_t size;
} TYPES[LF_ARRAY_TYPES] = {
    [LF_ARRAY_F16] = {"float16", 2}, [LF_ARRAY_F32] = {"float32", 4}, [LF_ARRAY_F64] = {"float64", 8},
    [LF_ARRAY_I8] = {"int8", 1},     [LF_ARRAY_I16] = {"int16", 2},   [LF_ARRAY_I32] = {"int32", 4},
    [LF_ARRAY_I64] = {"int64", 8},   [LF_ARRAY_U8] = {"uint8", 1},    [LF_ARRAY_U16] = {"uint16", 2},
    [LF_ARRAY_U32] = {"uint32", 4},  [LF_ARRAY_U64] = {"uint64", 8},  [LF_ARRAY_BOOL] = {"bool", 1},
};

size_t lf_array_item_size(lf_array_type t) {
    return TYPES[t].size;
}

const char *lf_array_type_name(lf_array_type t) {
    return TYPES[t].name;
}

bool lf_array_is_float(lf_array_type t) {
    return t == LF_ARRAY_F16 || t == LF_ARRAY_F32 || t == LF_ARRAY_F64;
}

bool lf_array_measure(lf_shape shape, size_t item_size, size_t *count, size_t *bytes) {
    size_t product = 1; /* of the dimensions that are not 0, so that [0, 2^62, 2^62] is caught as well */
    bool empty = false;
    for (int i = 0; i < shape.rank; i++) {
        if (shape.dim[i] < 0)
            return false;
        size_t d = (size_t)shape.dim[i];
        empty |= d == 0;
        if (d > 1 && product > SIZE_MAX / item_size / d)
            return false;
        product *= d > 1 ? d : 1;
    }
    *count = empty ? 0 : product;
    *bytes = *count * item_size;
    return true;
}

bool lf_array_new(lf_arena *a, lf_array_type type, lf_shape shape, lf_array *out) {
    size_t count = 0, bytes = 0;
    if (!lf_array_measure(shape, lf_array_item_size(type), &count, &bytes))
        return false;
    void *data = lf_alloc_try(a, bytes > 0 ? bytes : 1, 1);
    if (data == NULL)
        return false;
    *out = (lf_array){.type = type, .shape = shape, .count = count, .data = data};
    return true;
}

size_t lf_array_rows(const lf_array *x) {
    return x->shape.rank == 0 ? 1 : (size_t)x->shape.dim[0];
}

size_t lf_array_row_size(const lf_array *x) {
    size_t n = 1;
    for (int i = 1; i < x->shape.rank; i++)
        n *= (size_t)x->shape.dim[i];
    return n;
}

double lf_array_real(const lf_array *x, size_t i) {
    switch (x->type) {
    case LF_ARRAY_F16: return lf_half_to_double(((const uint16_t *)x->data)[i]);
    case LF_ARRAY_F32: return ((const float *)x->data)[i];
    case LF_ARRAY_F64: return ((const double *)x->data)[i];
    case LF_ARRAY_I8: return ((const int8_t *)x->data)[i];
    case LF_ARRAY_I16: return ((const int16_t *)x->data)[i];
    case LF_ARRAY_I32: return ((const int32_t *)x->data)[i];
    case LF_ARRAY_I64: return (double)((const int64_t *)x->data)[i];
    case LF_ARRAY_U16: return ((const uint16_t *)x->data)[i];
    case LF_ARRAY_U32: return ((const uint32_t *)x->data)[i];
    case LF_ARRAY_U64: return (double)((const uint64_t *)x->data)[i];
    default: return ((const uint8_t *)x->data)[i];
    }
}

static bool int_of_real(double v, int64_t *out) {
    if (!(v >= -0x1p63 && v < 0x1p63) || v != floor(v))
        return false;
    *out = (int64_t)v;
    return true;
}

bool lf_array_int(const lf_array *x, size_t i, int64_t *out) {
    if (x->type == LF_ARRAY_I64) {
        *out = ((const int64_t *)x->data)[i];
        return true;
    }
    if (x->type == LF_ARRAY_U64) {
        uint64_t v = ((const uint64_t *)x->data)[i];
        *out = v > INT64_MAX ? 0 : (int64_t)v;
        return v <= INT64_MAX;
    }
    return int_of_real(lf_array_real(x, i), out);
}

static bool int_range(lf_array_type t, int64_t *lo, int64_t *hi) {
    switch (t) {
    case LF_ARRAY_I8: *lo = INT8_MIN, *hi = INT8_MAX; return true;
    case LF_ARRAY_I16: *lo = INT16_MIN, *hi = INT16_MAX; return true;
    case LF_ARRAY_I32: *lo = INT32_MIN, *hi = INT32_MAX; return true;
    case LF_ARRAY_I64: *lo = INT64_MIN, *hi = INT64_MAX; return true;
    case LF_ARRAY_U8: *lo = 0, *hi = UINT8_MAX; return true;
    case LF_ARRAY_U16: *lo = 0, *hi = UINT16_MAX; return true;
    case LF_ARRAY_U32: *lo = 0, *hi = UINT32_MAX; return true;
    case LF_ARRAY_U64: *lo = 0, *hi = INT64_MAX; return true;
    case LF_ARRAY_BOOL: *lo = 0, *hi = 1; return true;
    default: return false;
    }
}

bool lf_array_set_int(lf_array *x, size_t i, int64_t v) {
    int64_t lo = 0, hi = 0;
    if (!int_range(x->type, &lo, &hi))
        return lf_array_set_real(x, i, (double)v);
    if (v < lo || v > hi)
        return false;
    switch (lf_array_item_size(x->type)) {
    case 1: ((uint8_t *)x->data)[i] = (uint8_t)v; break;
    case 2: ((uint16_t *)x->data)[i] = (uint16_t)v; break;
    case 4: ((uint32_t *)x->data)[i] = (uint32_t)v; break;
    default: ((uint64_t *)x->data)[i] = (uint64_t)v; break;
    }
    return true;
}

bool lf_array_set_real(lf_array *x, size_t i, double v) {
    switch (x->type) {
    case LF_ARRAY_F16: ((uint16_t *)x->data)[i] = lf_half_from_double(v); return true;
    case LF_ARRAY_F32: ((float *)x->data)[i] = (float)v; return true;
    case LF_ARRAY_F64: ((double *)x->data)[i] = v; return true;
    default: break;
    }
    int64_t integer = 0;
    return int_of_real(v, &integer) && lf_array_set_int(x, i, integer);
}

/* Integers go through int64 so that nothing above 2^53 is rounded on the way; uint64 beyond int64 only as a real. */
static bool convert_one(const lf_array *from, lf_array *to, size_t i) {
    int64_t v = 0;
    if (!lf_array_is_float(to->type) || !lf_array_is_float(from->type)) {
        if (lf_array_int(from, i, &v))
            return lf_array_set_int(to, i, v);
        if (!lf_array_is_float(to->type))
            return false;
    }
    return lf_array_set_real(to, i, lf_array_real(from, i));
}

lf_status lf_array_convert(lf_ctx *ctx, lf_arena *a, const lf_array *x, lf_array_type type, const char *where,
                           lf_array *out) {
    if (x->type == type) {
        *out = *x;
        return LF_OK;
    }
    lf_where at = {.file = where};
    lf_array y;
    if (!lf_array_new(a, type, x->shape, &y))
        return lf_fail(ctx, LF_BAD_INPUT, &at, "no memory for %zu elements of %s", x->count, lf_array_type_name(type));
    size_t row = lf_array_row_size(x);
    for (size_t i = 0; i < x->count; i++)
        if (!convert_one(x, &y, i))
            return lf_fail(ctx, LF_BAD_INPUT, &at, "row %zu, element %zu (%s) is not exactly a value of %s", i / row,
                           i % row, lf_array_type_name(x->type), lf_array_type_name(type));
    *out = y;
    return LF_OK;
}

bool lf_array_find_nonfinite(const lf_array *x, size_t *row, size_t *element) {
    if (!lf_array_is_float(x->type))
        return false;
    size_t size = lf_array_row_size(x);
    for (size_t i = 0; i < x->count; i++)
        if (!isfinite(lf_array_real(x, i))) {
            *row = i / size;
            *element = i % size;
            return true;
        }
    return false;
}

double lf_half_to_double(uint16_t h) {
    int exponent = h >> 10 & 31, fraction = h & 1023;
    double magnitude = 0;
    if (exponent == 31)
        magnitude = fraction ? NAN : INFINITY;
    else if (exponent == 0)
        magnitude = ldexp(fraction, -24);
    else
        magnitude = ldexp(1024 + fraction, exponent - 25);
    return h & 0x8000 ? -magnitude : magnitude;
}

/* Nearest multiple of 2^-24 (subnormals) or of the value's own unit; rint ties to even in the default mode. */
uint16_t lf_half_from_double(double v) {
    uint16_t sign = signbit(v) ? 0x8000 : 0;
    double m = fabs(v);
    if (isnan(v))
        return (uint16_t)(sign | 0x7e00);
    if (m < 0x1p-14)
        return (uint16_t)(sign | (uint16_t)rint(ldexp(m, 24)));
    if (m >= 65520)
        return (uint16_t)(sign | 0x7c00);
    int e = 0;
    frexp(m, &e);                            /* m = f * 2^e with f in [0.5, 1) */
    int units = (int)rint(ldexp(m, 11 - e)); /* 1024..2048; 2048 carries into the exponent by itself */
    return (uint16_t)(sign | (uint16_t)((e + 13) * 1024 + units));
}
