#include "import/onnx_tensor.h"

#include <string.h>

#include "base/text.h"

/* -- element types ------------------------------------------------------------------------------------------------- */

/* Where elements stand when they are not raw. */
typedef enum place { IN_NONE, IN_FLOAT, IN_INT32, IN_INT64, IN_DOUBLE, IN_UINT64, PLACES } place;
/* What has to be done to the bytes. */
typedef enum decode { AS_IS, HALF, MINIFLOAT, WIDEN_U32, CHECK_U64, CHECK_BOOL, NIBBLES } decode;

/* 1 + exponent_bits + mantissa_bits = 8 or 16 floating formats; `special`: which patterns are not numbers. */
typedef enum special { IEEE, ONLY_NAN, UNSIGNED_ZERO } special;
typedef struct minifloat {
    int exponent_bits, mantissa_bits, bias;
    special special;
} minifloat;

typedef struct type_row {
    int32_t type;
    const char *name;
    int bits; /* of one element in raw data */
    place place;
    decode decode;
    lf_elem elem;   /* after decoding */
    int64_t lo, hi; /* what an entry of int32_data may be */
    minifloat format;
} type_row;

static const type_row rows[] = {
    {1, "FLOAT", 32, IN_FLOAT, AS_IS, LF_ELEM_F32, 0, 0, {0}},
    {2, "UINT8", 8, IN_INT32, AS_IS, LF_ELEM_U8, 0, 255, {0}},
    {3, "INT8", 8, IN_INT32, AS_IS, LF_ELEM_I8, -128, 127, {0}},
    {4, "UINT16", 16, IN_INT32, AS_IS, LF_ELEM_U16, 0, 65535, {0}},
    {5, "INT16", 16, IN_INT32, AS_IS, LF_ELEM_I16, -32768, 32767, {0}},
    {6, "INT32", 32, IN_INT32, AS_IS, LF_ELEM_I32, INT32_MIN, INT32_MAX, {0}},
    {7, "INT64", 64, IN_INT64, AS_IS, LF_ELEM_I64, 0, 0, {0}},
    {9, "BOOL", 8, IN_INT32, CHECK_BOOL, LF_ELEM_U8, 0, 1, {0}},
    {10, "FLOAT16", 16, IN_INT32, HALF, LF_ELEM_F32, 0, 65535, {5, 10, 15, IEEE}},
    {11, "DOUBLE", 64, IN_DOUBLE, AS_IS, LF_ELEM_F64, 0, 0, {0}},
    {12, "UINT32", 32, IN_UINT64, WIDEN_U32, LF_ELEM_I64, 0, 0, {0}},
    {13, "UINT64", 64, IN_UINT64, CHECK_U64, LF_ELEM_I64, 0, 0, {0}},
    {16, "BFLOAT16", 16, IN_INT32, HALF, LF_ELEM_F32, 0, 65535, {8, 7, 127, IEEE}},
    {17, "FLOAT8E4M3FN", 8, IN_INT32, MINIFLOAT, LF_ELEM_F32, 0, 255, {4, 3, 7, ONLY_NAN}},
    {18, "FLOAT8E4M3FNUZ", 8, IN_INT32, MINIFLOAT, LF_ELEM_F32, 0, 255, {4, 3, 8, UNSIGNED_ZERO}},
    {19, "FLOAT8E5M2", 8, IN_INT32, MINIFLOAT, LF_ELEM_F32, 0, 255, {5, 2, 15, IEEE}},
    {20, "FLOAT8E5M2FNUZ", 8, IN_INT32, MINIFLOAT, LF_ELEM_F32, 0, 255, {5, 2, 16, UNSIGNED_ZERO}},
    {21, "UINT4", 4, IN_INT32, NIBBLES, LF_ELEM_U8, 0, 255, {0}},
    {22, "INT4", 4, IN_INT32, NIBBLES, LF_ELEM_I8, -128, 255, {0}},
    {25, "UINT2", 2, IN_INT32, NIBBLES, LF_ELEM_U8, 0, 255, {0}},
    {26, "INT2", 2, IN_INT32, NIBBLES, LF_ELEM_I8, -128, 255, {0}},
};

static const type_row *find_type(int32_t type) {
    for (size_t i = 0; i < LF_COUNT(rows); i++)
        if (rows[i].type == type)
            return &rows[i];
    return NULL;
}

const char *lf_onnx_type_name(lf_arena *a, int32_t type) {
    const type_row *row = find_type(type);
    return row ? row->name : type == 8 ? "STRING" : lf_format(a, "type %d", (int)type);
}

/* -- one reading --------------------------------------------------------------------------------------------------- */

typedef struct reading {
    lf_ctx *ctx;
    const lf_where *where;
    lf_arena *arena;
    const char *dir;
    const lf_pb_tensor *t;
    const type_row *row;
    size_t count;       /* elements */
    size_t bytes;       /* of them as raw data */
    const uint8_t *raw; /* they */
} reading;

static const char *label(const reading *r) {
    return r->t->name && *r->t->name ? r->t->name : "(unnamed)";
}

static lf_status out_of_memory(const reading *r, size_t bytes) {
    return lf_fail(r->ctx, LF_BAD_INPUT, r->where, "tensor %s: no memory for its %zu bytes", label(r), bytes);
}

static lf_status read_dims(reading *r, lf_shape *shape) {
    const lf_pb_tensor *t = r->t;
    if (t->n_dims > LF_MAX_RANK)
        return lf_fail(r->ctx, LF_BAD_INPUT, r->where, "tensor %s has %zu dimensions; at most %d are supported",
                       label(r), t->n_dims, LF_MAX_RANK);
    shape->rank = (int)t->n_dims;
    r->count = 1;
    for (size_t i = 0; i < t->n_dims; i++) {
        int64_t d = t->dims[i];
        if (d < 0 || (d > 0 && r->count > (size_t)INT64_MAX / 8 / (size_t)d))
            return lf_fail(r->ctx, LF_BAD_INPUT, r->where, "tensor %s: dimension %zu is %lld", label(r), i,
                           (long long)d);
        shape->dim[i] = d;
        r->count *= (size_t)d;
    }
    r->bytes = (r->count * (size_t)r->row->bits + 7) / 8;
    return LF_OK;
}

/* How many entries each typed place holds. */
static size_t entries(const lf_pb_tensor *t, place p) {
    const size_t n[PLACES] = {0, t->n_float_data, t->n_int32_data, t->n_int64_data, t->n_double_data, t->n_uint64_data};
    return n[p];
}

static lf_status wrong_size(const reading *r, const char *what, size_t has, size_t needs) {
    return lf_fail(r->ctx, LF_BAD_INPUT, r->where, "tensor %s has %zu %s, but its type %s and dimensions need %zu",
                   label(r), has, what, r->row->name, needs);
}

/* int32_data: one entry per unit of 8, 16 or 32 bits, brought to the bytes raw_data would have. */
static lf_status narrow_int32(reading *r) {
    const int32_t *from = r->t->int32_data;
    size_t unit = r->row->bits < 8 ? 1 : (size_t)r->row->bits / 8, units = r->bytes / unit;
    uint8_t *to = unit == 4 ? NULL : lf_alloc_try(r->arena, units ? units : 1, unit);
    if (unit != 4 && !to)
        return out_of_memory(r, r->bytes);
    for (size_t i = 0; i < units; i++) {
        if (from[i] < r->row->lo || from[i] > r->row->hi)
            return lf_fail(r->ctx, LF_BAD_INPUT, r->where, "tensor %s: entry %zu is %d, outside of %s", label(r), i,
                           (int)from[i], r->row->name);
        if (to)
            memcpy(to + i * unit, &from[i], unit); /* little-endian hosts */
    }
    r->raw = to ? to : (const uint8_t *)from;
    return LF_OK;
}

static lf_status narrow_uint32(reading *r) {
    uint32_t *to = lf_alloc_try(r->arena, r->count ? r->count : 1, sizeof *to);
    if (!to)
        return out_of_memory(r, r->bytes);
    for (size_t i = 0; i < r->count; i++) {
        if (r->t->uint64_data[i] > UINT32_MAX)
            return lf_fail(r->ctx, LF_BAD_INPUT, r->where, "tensor %s: entry %zu is outside of UINT32", label(r), i);
        to[i] = (uint32_t)r->t->uint64_data[i];
    }
    r->raw = (const uint8_t *)to;
    return LF_OK;
}

static lf_status read_typed(reading *r) {
    const lf_pb_tensor *t = r->t;
    bool by_unit = r->row->place == IN_INT32 && r->row->bits < 8;
    size_t has = entries(t, r->row->place), needs = by_unit ? r->bytes : r->count;
    if (has != needs)
        return wrong_size(r, "entries", has, needs);
    switch (r->row->place) {
    case IN_FLOAT: r->raw = (const uint8_t *)t->float_data; return LF_OK;
    case IN_INT64: r->raw = (const uint8_t *)t->int64_data; return LF_OK;
    case IN_DOUBLE: r->raw = (const uint8_t *)t->double_data; return LF_OK;
    case IN_UINT64:
        if (r->row->bits == 32)
            return narrow_uint32(r);
        r->raw = (const uint8_t *)t->uint64_data;
        return LF_OK;
    default: return narrow_int32(r);
    }
}

/* Exactly one place may hold elements, and it must be the one of the type. */
static lf_status check_places(const reading *r, bool external) {
    const lf_pb_tensor *t = r->t;
    int used = (t->has_raw_data && t->raw_data.len > 0) + external;
    for (int p = IN_FLOAT; p < PLACES; p++) {
        used += entries(t, (place)p) > 0;
        if (entries(t, (place)p) > 0 && (place)p != r->row->place)
            return lf_fail(r->ctx, LF_BAD_INPUT, r->where,
                           "tensor %s of type %s has its elements in the field of another type", label(r),
                           r->row->name);
    }
    if (used > 1)
        return lf_fail(r->ctx, LF_BAD_INPUT, r->where, "tensor %s has elements in %d places; exactly one is allowed",
                       label(r), used);
    return LF_OK;
}

static lf_status find_bytes(reading *r) {
    const lf_pb_tensor *t = r->t;
    bool external = t->data_location == 1;
    LF_TRY(check_places(r, external));
    if (external)
        return lf_onnx_external_read(r->ctx, r->where, r->arena, r->dir, t, r->bytes, &r->raw);
    if (!t->has_raw_data || (t->raw_data.len == 0 && r->bytes > 0))
        return read_typed(r);
    if (t->raw_data.len != r->bytes)
        return wrong_size(r, "bytes", t->raw_data.len, r->bytes);
    r->raw = t->raw_data.data;
    return LF_OK;
}

/* -- decoding ------------------------------------------------------------------------------------------------------ */

/* IEEE 754-2008 section 3.4 for half; bfloat16 is the upper half of a float; FLOAT8: Micikevicius et al., arXiv
 * 2209.05433, and the FNUZ forms of arXiv 2206.02915 (bit pattern of minus zero is NaN). */
static float from_minifloat(uint32_t v, minifloat m) {
    uint32_t mantissa = v & ((1u << m.mantissa_bits) - 1), top = (1u << m.exponent_bits) - 1;
    uint32_t exponent = (v >> m.mantissa_bits) & top, sign = (v >> (m.mantissa_bits + m.exponent_bits)) & 1;
    uint32_t bits, nan = 0x7fc00000u, inf = 0x7f800000u;
    float out;
    if (m.special == UNSIGNED_ZERO && sign && !exponent && !mantissa)
        bits = nan;
    else if (m.special == IEEE && exponent == top)
        bits = mantissa ? nan : inf;
    else if (m.special == ONLY_NAN && exponent == top && mantissa == (1u << m.mantissa_bits) - 1)
        bits = nan;
    else {
        /* An exact product of two floats: no format here leaves float32's range, subnormals of bfloat16 included. */
        int e = (exponent ? (int)exponent : 1) - m.bias - m.mantissa_bits;
        uint32_t whole = exponent ? mantissa | 1u << m.mantissa_bits : mantissa;
        double power = 1.0;
        for (int i = 0; i < (e < 0 ? -e : e); i++)
            power *= e < 0 ? 0.5 : 2.0;
        out = (float)((double)whole * power);
        memcpy(&bits, &out, sizeof bits);
    }
    bits |= sign << 31;
    memcpy(&out, &bits, sizeof out);
    return out;
}

static lf_status decode_floats(reading *r, lf_const *out) {
    float *to = lf_alloc_try(r->arena, r->count ? r->count : 1, sizeof *to);
    size_t unit = (size_t)r->row->bits / 8;
    bool bfloat = r->row->format.exponent_bits == 8;
    if (!to)
        return out_of_memory(r, r->count * sizeof *to);
    for (size_t i = 0; i < r->count; i++) {
        uint32_t v = 0;
        memcpy(&v, r->raw + i * unit, unit);
        if (bfloat) {
            v <<= 16;
            memcpy(&to[i], &v, sizeof v);
        } else
            to[i] = from_minifloat(v, r->row->format);
    }
    out->data = to;
    return LF_OK;
}

static lf_status decode_u32(reading *r, lf_const *out) {
    int64_t *to = lf_alloc_try(r->arena, r->count ? r->count : 1, sizeof *to);
    if (!to)
        return out_of_memory(r, r->count * sizeof *to);
    for (size_t i = 0; i < r->count; i++) {
        uint32_t v;
        memcpy(&v, r->raw + i * sizeof v, sizeof v);
        to[i] = v;
    }
    out->data = to;
    return LF_OK;
}

static lf_status check_entries(reading *r, lf_const *out) {
    bool boolean = r->row->decode == CHECK_BOOL;
    for (size_t i = 0; i < r->count; i++)
        if (boolean ? r->raw[i] > 1 : r->raw[i * 8 + 7] > 0x7f)
            return lf_fail(r->ctx, LF_BAD_INPUT, r->where, "tensor %s: element %zu is %s", label(r), i,
                           boolean ? "neither 0 nor 1" : "above 2^63 - 1");
    out->data = r->raw;
    return LF_OK;
}

/* Elements of 2 or 4 bits, the first in the lowest bits. */
static lf_status decode_nibbles(reading *r, lf_const *out) {
    uint8_t *to = lf_alloc_try(r->arena, r->count ? r->count : 1, 1);
    size_t bits = (size_t)r->row->bits, per_byte = 8 / bits;
    int sign = r->row->elem == LF_ELEM_I8 ? 1 << (bits - 1) : 0;
    if (!to)
        return out_of_memory(r, r->count);
    for (size_t i = 0; i < r->count; i++) {
        int v = r->raw[i / per_byte] >> (i % per_byte * bits) & ((1 << bits) - 1);
        to[i] = (uint8_t)((v ^ sign) - sign);
    }
    out->data = to;
    return LF_OK;
}

static lf_status decode_bytes(reading *r, lf_const *out) {
    if (!r->raw && r->count)
        return wrong_size(r, "entries", 0, r->count);
    switch (r->row->decode) {
    case HALF:
    case MINIFLOAT: return decode_floats(r, out);
    case WIDEN_U32: return decode_u32(r, out);
    case CHECK_U64:
    case CHECK_BOOL: return check_entries(r, out);
    case NIBBLES: return decode_nibbles(r, out);
    default: out->data = r->raw; return LF_OK;
    }
}

static lf_status check_type(reading *r) {
    int32_t type = r->t->data_type;
    r->row = find_type(type);
    if (!r->row)
        return lf_fail(r->ctx, LF_BAD_INPUT, r->where, "tensor %s has elements of %s, which this version does not read",
                       label(r), lf_onnx_type_name(r->arena, type));
    if (r->t->segment)
        return lf_fail(r->ctx, LF_BAD_INPUT, r->where,
                       "tensor %s is stored in segments, which this version does not read", label(r));
    return LF_OK;
}

lf_status lf_onnx_tensor_read(lf_ctx *ctx, const lf_where *where, lf_arena *arena, const char *dir,
                              const lf_pb_tensor *t, lf_onnx_array *out) {
    reading r = {.ctx = ctx, .where = where, .arena = arena, .dir = dir, .t = t};
    LF_TRY(check_type(&r));
    LF_TRY(read_dims(&r, &out->shape));
    LF_TRY(find_bytes(&r));
    out->value.elem = r.row->elem;
    out->value.count = r.count;
    out->is_float = r.row->elem == LF_ELEM_F32 || r.row->elem == LF_ELEM_F64;
    return decode_bytes(&r, &out->value);
}
