#include "data/idx.h"

#include <string.h>

#include "base/file.h"
#include "data/gzip.h"

static const struct {
    uint8_t code;
    lf_array_type type;
} CODES[] = {
    {0x08, LF_ARRAY_U8},  {0x09, LF_ARRAY_I8},  {0x0b, LF_ARRAY_I16},
    {0x0c, LF_ARRAY_I32}, {0x0d, LF_ARRAY_F32}, {0x0e, LF_ARRAY_F64},
};

static bool type_of_code(uint8_t code, lf_array_type *out) {
    for (size_t i = 0; i < LF_COUNT(CODES); i++)
        if (CODES[i].code == code) {
            *out = CODES[i].type;
            return true;
        }
    return false;
}

/* Big-endian to the machine's order and back: assembles each element from its bytes. */
static void swap_elements(uint8_t *data, size_t count, size_t size) {
    for (size_t i = 0; i < count; i++, data += size) {
        uint64_t v = 0;
        for (size_t k = 0; k < size; k++)
            v = v << 8 | data[k];
        uint8_t v1 = (uint8_t)v;
        uint16_t v2 = (uint16_t)v;
        uint32_t v4 = (uint32_t)v;
        memcpy(data, size == 1 ? (void *)&v1 : size == 2 ? (void *)&v2 : size == 4 ? (void *)&v4 : (void *)&v, size);
    }
}

static lf_status read_header(lf_ctx *ctx, const lf_where *where, lf_gzip *g, lf_array_type *type, lf_shape *shape) {
    uint8_t magic[4], dims[4 * LF_MAX_RANK];
    size_t got = 0;
    if (!lf_gzip_read(g, magic, 4, &got) || got < 4)
        return lf_fail(ctx, LF_BAD_INPUT, where,
                       "truncated or damaged: an IDX file starts with 4 bytes, %zu could be read", got);
    if (magic[0] != 0 || magic[1] != 0 || !type_of_code(magic[2], type))
        return lf_fail(ctx, LF_BAD_INPUT, where, "this is not an IDX file: it starts with %02x %02x %02x %02x",
                       magic[0], magic[1], magic[2], magic[3]);
    if (magic[3] > LF_MAX_RANK)
        return lf_fail(ctx, LF_BAD_INPUT, where, "%d dimensions; at most %d can be read", magic[3], LF_MAX_RANK);
    shape->rank = magic[3];
    if (!lf_gzip_read(g, dims, 4 * (size_t)shape->rank, &got) || got < 4 * (size_t)shape->rank)
        return lf_fail(ctx, LF_BAD_INPUT, where, "truncated: the file ends inside its header");
    for (int i = 0; i < shape->rank; i++)
        shape->dim[i] = (int64_t)dims[4 * i] << 24 | dims[4 * i + 1] << 16 | dims[4 * i + 2] << 8 | dims[4 * i + 3];
    return LF_OK;
}

static lf_status read_elements(lf_ctx *ctx, lf_arena *a, const lf_where *where, lf_gzip *g, size_t limit,
                               lf_array_type type, lf_shape shape, lf_array *out) {
    size_t count = 0, bytes = 0, got = 0, more = 0;
    uint8_t extra;
    if (!lf_array_measure(shape, lf_array_item_size(type), &count, &bytes) || bytes > limit)
        return lf_fail(ctx, LF_BAD_INPUT, where, "the header promises more elements than a file of this size can hold");
    if (!lf_array_new(a, type, shape, out))
        return lf_fail(ctx, LF_BAD_INPUT, where, "no memory for %zu bytes", bytes);
    if (!lf_gzip_read(g, out->data, bytes, &got))
        return lf_fail(ctx, LF_BAD_INPUT, where, "the compressed data are damaged or truncated");
    if (got < bytes)
        return lf_fail(ctx, LF_BAD_INPUT, where,
                       "truncated: the header promises %zu bytes of elements, the file holds %zu", bytes, got);
    if (!lf_gzip_read(g, &extra, 1, &more) || more > 0)
        return lf_fail(ctx, LF_BAD_INPUT, where,
                       "the file is longer than the %zu bytes of elements its header promises", bytes);
    swap_elements(out->data, count, lf_array_item_size(type));
    return LF_OK;
}

lf_status lf_idx_parse(lf_ctx *ctx, lf_arena *a, const char *file, const uint8_t *bytes, size_t size, lf_array *out) {
    lf_where where = {.file = file};
    lf_gzip *g = lf_gzip_open(bytes, size);
    if (g == NULL)
        return lf_fail(ctx, LF_BAD_INPUT, &where, "no memory to unpack it");
    lf_array_type type = LF_ARRAY_U8;
    lf_shape shape = {0};
    size_t limit = lf_is_gzip(bytes, size) ? lf_gzip_bound(size) : size;
    lf_status s = read_header(ctx, &where, g, &type, &shape);
    if (s == LF_OK)
        s = read_elements(ctx, a, &where, g, limit, type, shape, out);
    lf_gzip_close(g);
    return s;
}

lf_status lf_idx_read(lf_ctx *ctx, lf_arena *a, const char *path, lf_array *out) {
    lf_file f;
    LF_TRY(lf_file_open(ctx, path, 0, &f));
    lf_status s = lf_idx_parse(ctx, a, path, f.data, f.size, out);
    lf_file_close(&f);
    return s;
}

static bool code_of_type(lf_array_type type, uint8_t *out) {
    for (size_t i = 0; i < LF_COUNT(CODES); i++)
        if (CODES[i].type == type) {
            *out = CODES[i].code;
            return true;
        }
    return false;
}

static lf_status write_bytes(lf_ctx *ctx, lf_arena *a, const char *path, const lf_array *x, uint8_t code) {
    lf_where where = {.file = path};
    size_t item = lf_array_item_size(x->type), head = 4 + 4 * (size_t)x->shape.rank, size = head + x->count * item;
    uint8_t *out = lf_alloc_try(a, size, 1);
    if (out == NULL)
        return lf_fail(ctx, LF_BAD_INPUT, &where, "no memory for %zu bytes", size);
    out[2] = code;
    out[3] = (uint8_t)x->shape.rank;
    for (int i = 0; i < x->shape.rank; i++)
        for (int k = 0; k < 4; k++)
            out[4 + 4 * i + k] = (uint8_t)(x->shape.dim[i] >> (24 - 8 * k));
    if (x->count > 0)
        memcpy(out + head, x->data, x->count * item);
    swap_elements(out + head, x->count, item);
    return lf_file_write(ctx, path, out, size);
}

lf_status lf_idx_write(lf_ctx *ctx, const char *path, const lf_array *x) {
    lf_where where = {.file = path};
    uint8_t code = 0;
    if (!code_of_type(x->type, &code))
        return lf_fail(ctx, LF_BAD_INPUT, &where, "IDX files cannot hold %s", lf_array_type_name(x->type));
    for (int i = 0; i < x->shape.rank; i++)
        if (x->shape.dim[i] > UINT32_MAX)
            return lf_fail(ctx, LF_BAD_INPUT, &where, "dimension %d is too large for an IDX file", i);
    lf_arena *a = lf_arena_new();
    lf_status s = write_bytes(ctx, a, path, x, code);
    lf_arena_free(a);
    return s;
}
