#include "ir/lfw.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "base/file.h"
#include "num/bitpack.h"

static const char header[LF_LFW_HEADER + 1] = "lutfisk weights\n";

size_t lf_lfw_size(lf_elem e, lf_dtype t, size_t count) {
    return lf_elem_is_float(e) ? count * lf_elem_size(e) : lf_packed_size(count, lf_dtype_bits(t));
}

void lf_lfw_hash(const void *data, size_t size, char hash[LF_LFW_HASH + 1]) {
    char full[65];
    lf_sha256_hex(data, size, full);
    memcpy(hash, full, LF_LFW_HASH);
    hash[LF_LFW_HASH] = '\0';
}

/* -- writing ------------------------------------------------------------------------------------------------------- */

static uint64_t begin_chunk(lf_text *weights) {
    static const char zeros[8] = {0};
    if (weights->len == 0)
        lf_text_addn(weights, header, LF_LFW_HEADER);
    lf_text_addn(weights, zeros, (8 - weights->len % 8) % 8);
    return weights->len;
}

static lf_chunk end_chunk(const lf_text *weights, uint64_t offset) {
    lf_chunk c = {.offset = offset};
    lf_lfw_hash(weights->at + offset, weights->len - offset, c.hash);
    return c;
}

static void add_u64(lf_text *out, uint64_t v, int bytes) {
    char b[8];
    for (int i = 0; i < bytes; i++)
        b[i] = (char)(unsigned char)(v >> (8 * i));
    lf_text_addn(out, b, (size_t)bytes);
}

static void add_f64(lf_text *out, double v) {
    uint64_t bits = 0;
    memcpy(&bits, &v, sizeof bits);
    add_u64(out, bits, 8);
}

static void add_floats(lf_text *out, const lf_const *c) {
    for (size_t i = 0; i < c->count; i++) {
        uint32_t bits = 0;
        if (c->elem == LF_ELEM_F64) {
            add_f64(out, ((const double *)c->data)[i]);
        } else {
            memcpy(&bits, (const float *)c->data + i, sizeof bits);
            add_u64(out, bits, 4);
        }
    }
}

/* Codes are packed in pieces of a multiple of 8, which end on whole bytes. */
enum { PIECE = 512 };

static void add_piece(lf_text *out, const int64_t *code, size_t count, lf_dtype t) {
    uint8_t packed[PIECE * 8];
    lf_pack(packed, code, count, t);
    lf_text_addn(out, (const char *)packed, lf_packed_size(count, lf_dtype_bits(t)));
}

static size_t piece_at(size_t at, size_t count) {
    return count - at < PIECE ? count - at : PIECE;
}

static void add_integers(lf_text *out, const lf_const *c, lf_dtype t) {
    int64_t code[PIECE];
    for (size_t at = 0; at < c->count; at += PIECE) {
        size_t n = piece_at(at, c->count);
        for (size_t i = 0; i < n; i++)
            code[i] = lf_const_int(c, at + i);
        add_piece(out, code, n, t);
    }
}

lf_chunk lf_lfw_add_codes(lf_text *weights, const lf_tensor *t) {
    int64_t code[PIECE];
    uint64_t offset = begin_chunk(weights);
    for (size_t at = 0; at < t->value->count; at += PIECE) {
        size_t n = piece_at(at, t->value->count);
        for (size_t i = 0; i < n; i++)
            code[i] = lf_tensor_code(t, at + i);
        add_piece(weights, code, n, t->dtype);
    }
    return end_chunk(weights, offset);
}

lf_chunk lf_lfw_add_elements(lf_text *weights, const lf_const *c, lf_dtype t) {
    uint64_t offset = begin_chunk(weights);
    if (lf_elem_is_float(c->elem))
        add_floats(weights, c);
    else
        add_integers(weights, c, t);
    return end_chunk(weights, offset);
}

lf_chunk lf_lfw_add_reals(lf_text *weights, const double *v, size_t count) {
    uint64_t offset = begin_chunk(weights);
    for (size_t i = 0; i < count; i++)
        add_f64(weights, v[i]);
    return end_chunk(weights, offset);
}

lf_chunk lf_lfw_add_ranges(lf_text *weights, const lf_range *r, size_t count) {
    uint64_t offset = begin_chunk(weights);
    for (size_t i = 0; i < count; i++) {
        add_u64(weights, (uint64_t)r[i].lo, 8);
        add_u64(weights, (uint64_t)r[i].hi, 8);
        add_u64(weights, (uint64_t)r[i].step, 8);
    }
    return end_chunk(weights, offset);
}

/* -- reading ------------------------------------------------------------------------------------------------------- */

static uint64_t get_u64(const uint8_t *in, int bytes) {
    uint64_t v = 0;
    for (int i = 0; i < bytes; i++)
        v |= (uint64_t)in[i] << (8 * i);
    return v;
}

void lf_lfw_get_reals(double *v, size_t count, const uint8_t *in) {
    for (size_t i = 0; i < count; i++) {
        uint64_t bits = get_u64(in + 8 * i, 8);
        memcpy(v + i, &bits, sizeof bits);
    }
}

void lf_lfw_get_ranges(lf_range *r, size_t count, const uint8_t *in) {
    for (size_t i = 0; i < count; i++, in += 24)
        r[i] = (lf_range){(int64_t)get_u64(in, 8), (int64_t)get_u64(in + 8, 8), (int64_t)get_u64(in + 16, 8)};
}

static void get_floats(float *v, size_t count, const uint8_t *in) {
    for (size_t i = 0; i < count; i++) {
        uint32_t bits = (uint32_t)get_u64(in + 4 * i, 4);
        memcpy(v + i, &bits, sizeof bits);
    }
}

static void get_integers(void *data, lf_elem e, lf_dtype t, size_t count, const uint8_t *in) {
    int64_t code[PIECE];
    for (size_t at = 0; at < count; at += PIECE) {
        size_t n = piece_at(at, count);
        lf_unpack(code, in, n, t);
        for (size_t i = 0; i < n; i++)
            (void)lf_elem_store(data, e, at + i, code[i]);
        in += lf_packed_size(n, lf_dtype_bits(t));
    }
}

void lf_lfw_get_elements(void *data, lf_elem e, lf_dtype t, size_t count, const uint8_t *in) {
    if (e == LF_ELEM_F64)
        lf_lfw_get_reals(data, count, in);
    else if (e == LF_ELEM_F32)
        get_floats(data, count, in);
    else
        get_integers(data, e, t, count, in);
}

/* -- float containers from codes ------------------------------------------------------------------------------------- */

/* Out of range is infinity, which is on no grid. */
static double rounded_to(lf_elem e, double v) {
    if (e == LF_ELEM_F64)
        return v;
    return fabs(v) > (double)FLT_MAX ? INFINITY : (double)(float)v;
}

void lf_lfw_get_codes(void *data, lf_elem e, const lf_tensor *t, size_t count, const uint8_t *in) {
    int64_t code[PIECE];
    for (size_t at = 0; at < count; at += PIECE) {
        size_t n = piece_at(at, count);
        lf_unpack(code, in, n, t->dtype);
        for (size_t i = at; i < at + n; i++) {
            double v = rounded_to(e, lf_grid_value(t, i, code[i - at]));
            if (e == LF_ELEM_F64)
                ((double *)data)[i] = v;
            else
                ((float *)data)[i] = (float)v;
        }
        in += lf_packed_size(n, lf_dtype_bits(t->dtype));
    }
}

static bool same_bits(double a, double b) {
    return a == b && signbit(a) == signbit(b);
}

bool lf_lfw_codes_suffice(const lf_tensor *t) {
    const lf_const *c = t->value;
    bool suffice = lf_elem_is_float(c->elem) && lf_on_grid(t);
    for (size_t i = 0; suffice && i < c->count; i++)
        suffice = same_bits(lf_const_real(c, i), rounded_to(c->elem, lf_grid_value(t, i, lf_tensor_code(t, i))));
    return suffice;
}

/* -- containers ----------------------------------------------------------------------------------------------------- */

bool lf_elem_store(void *data, lf_elem e, size_t i, int64_t v) {
    switch (e) {
    case LF_ELEM_I8: ((int8_t *)data)[i] = (int8_t)v; return v >= INT8_MIN && v <= INT8_MAX;
    case LF_ELEM_U8: ((uint8_t *)data)[i] = (uint8_t)v; return v >= 0 && v <= UINT8_MAX;
    case LF_ELEM_I16: ((int16_t *)data)[i] = (int16_t)v; return v >= INT16_MIN && v <= INT16_MAX;
    case LF_ELEM_U16: ((uint16_t *)data)[i] = (uint16_t)v; return v >= 0 && v <= UINT16_MAX;
    case LF_ELEM_I32: ((int32_t *)data)[i] = (int32_t)v; return v >= INT32_MIN && v <= INT32_MAX;
    case LF_ELEM_I64: ((int64_t *)data)[i] = v; return true;
    case LF_ELEM_F32:
    case LF_ELEM_F64: break;
    }
    return false;
}

lf_elem lf_elem_usual(lf_dtype t) {
    if (!lf_dtype_is_code(t))
        return t.bits == 64 ? LF_ELEM_F64 : LF_ELEM_F32;
    return lf_elem_narrowest(lf_dtype_range(t));
}

lf_elem lf_elem_narrowest(lf_range r) {
    if (r.lo >= INT8_MIN && r.hi <= INT8_MAX)
        return LF_ELEM_I8;
    if (r.lo >= 0 && r.hi <= UINT8_MAX)
        return LF_ELEM_U8;
    if (r.lo >= INT16_MIN && r.hi <= INT16_MAX)
        return LF_ELEM_I16;
    if (r.lo >= 0 && r.hi <= UINT16_MAX)
        return LF_ELEM_U16;
    return r.lo >= INT32_MIN && r.hi <= INT32_MAX ? LF_ELEM_I32 : LF_ELEM_I64;
}
