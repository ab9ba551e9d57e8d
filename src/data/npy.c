#include "data/npy.h"

#include <string.h>

#include "base/file.h"

/* What the header says. */
typedef struct header {
    lf_array_type type;
    bool swap; /* stored in the other byte order */
    bool fortran;
    lf_shape shape;
} header;

/* The header's text, a Python dictionary of literals, while it is read. */
typedef struct reader {
    lf_ctx *ctx;
    lf_where where;
    const char *at, *end;
} reader;

static lf_status bad_header(const reader *r, const char *what) {
    return lf_fail(r->ctx, LF_BAD_INPUT, &r->where, "the .npy header is malformed: %s", what);
}

static void skip_space(reader *r) {
    while (r->at < r->end && (*r->at == ' ' || *r->at == '\n' || *r->at == '\t' || *r->at == '\r'))
        r->at++;
}

static bool take(reader *r, char c) {
    skip_space(r);
    if (r->at == r->end || *r->at != c)
        return false;
    r->at++;
    return true;
}

static bool take_word(reader *r, const char *word) {
    size_t n = strlen(word);
    skip_space(r);
    if ((size_t)(r->end - r->at) < n || memcmp(r->at, word, n) != 0)
        return false;
    r->at += n;
    return true;
}

/* 'text' or "text" without escapes, as NumPy writes them. */
static bool take_string(reader *r, char *out, size_t cap) {
    skip_space(r);
    if (r->at == r->end || (*r->at != '\'' && *r->at != '"'))
        return false;
    char quote = *r->at++;
    const char *close = memchr(r->at, quote, (size_t)(r->end - r->at));
    if (close == NULL || (size_t)(close - r->at) >= cap)
        return false;
    memcpy(out, r->at, (size_t)(close - r->at));
    out[close - r->at] = '\0';
    r->at = close + 1;
    return true;
}

static bool take_count(reader *r, int64_t *out) {
    skip_space(r);
    const char *start = r->at;
    int64_t v = 0;
    while (r->at < r->end && *r->at >= '0' && *r->at <= '9') {
        int digit = *r->at - '0';
        if (v > (INT64_MAX - digit) / 10)
            return false;
        v = v * 10 + digit;
        r->at++;
    }
    *out = v;
    if (r->at < r->end && *r->at == 'L') /* Python 2 wrote long integers so */
        r->at++;
    return r->at > start;
}

static const struct {
    const char *code;
    lf_array_type type;
} DESCR[] = {
    {"f2", LF_ARRAY_F16}, {"f4", LF_ARRAY_F32}, {"f8", LF_ARRAY_F64}, {"i1", LF_ARRAY_I8},
    {"i2", LF_ARRAY_I16}, {"i4", LF_ARRAY_I32}, {"i8", LF_ARRAY_I64}, {"u1", LF_ARRAY_U8},
    {"u2", LF_ARRAY_U16}, {"u4", LF_ARRAY_U32}, {"u8", LF_ARRAY_U64}, {"b1", LF_ARRAY_BOOL},
};

static const uint16_t ONE = 1;

static bool machine_is_little(void) {
    return *(const uint8_t *)&ONE == 1;
}

static lf_status read_descr(reader *r, header *h) {
    char descr[32];
    if (take(r, '['))
        return lf_fail(r->ctx, LF_BAD_INPUT, &r->where,
                       "the array has a structured type; only plain numbers can be read");
    if (!take_string(r, descr, sizeof descr))
        return bad_header(r, "'descr' is not a string");
    const char *code = strchr("<>|=", descr[0]) && descr[0] ? descr + 1 : descr;
    for (size_t i = 0; i < LF_COUNT(DESCR); i++)
        if (strcmp(code, DESCR[i].code) == 0) {
            h->type = DESCR[i].type;
            h->swap = lf_array_item_size(h->type) > 1 && descr[0] == (machine_is_little() ? '>' : '<');
            return LF_OK;
        }
    lf_status s = lf_fail(r->ctx, LF_BAD_INPUT, &r->where, "element type '%s' cannot be read%s", descr,
                          code[0] == 'O' ? ": it holds Python objects" : "");
    lf_hint(r->ctx, "save numbers: float16/32/64, int8..int64, uint8..uint64 or bool");
    return s;
}

static lf_status read_shape(reader *r, header *h) {
    h->shape.rank = 0;
    if (!take(r, '('))
        return bad_header(r, "'shape' is not a tuple");
    while (!take(r, ')')) {
        int64_t d = 0;
        if (!take_count(r, &d))
            return bad_header(r, "'shape' holds something that is no count");
        if (h->shape.rank == LF_MAX_RANK)
            return lf_fail(r->ctx, LF_BAD_INPUT, &r->where, "the array has more than %d dimensions", LF_MAX_RANK);
        h->shape.dim[h->shape.rank++] = d;
        if (!take(r, ',')) {
            if (take(r, ')'))
                break;
            return bad_header(r, "'shape' does not end in ')'");
        }
    }
    return LF_OK;
}

static lf_status read_fortran(reader *r, header *h) {
    h->fortran = take_word(r, "True");
    if (!h->fortran && !take_word(r, "False"))
        return bad_header(r, "'fortran_order' is neither True nor False");
    return LF_OK;
}

static lf_status read_entry(reader *r, header *h, unsigned *seen) {
    static const struct {
        const char *key;
        lf_status (*read)(reader *, header *);
    } KEYS[] = {{"descr", read_descr}, {"fortran_order", read_fortran}, {"shape", read_shape}};
    char key[32];
    if (!take_string(r, key, sizeof key) || !take(r, ':'))
        return bad_header(r, "expected a quoted key and ':'");
    for (unsigned i = 0; i < LF_COUNT(KEYS); i++)
        if (strcmp(key, KEYS[i].key) == 0) {
            if (*seen & 1u << i)
                return bad_header(r, "a key occurs twice");
            *seen |= 1u << i;
            return KEYS[i].read(r, h);
        }
    return lf_fail(r->ctx, LF_BAD_INPUT, &r->where, "the .npy header has an unknown key '%s'", key);
}

static lf_status read_header(reader *r, header *h) {
    unsigned seen = 0;
    if (!take(r, '{'))
        return bad_header(r, "it does not start with '{'");
    while (!take(r, '}')) {
        LF_TRY(read_entry(r, h, &seen));
        if (!take(r, ',')) {
            if (take(r, '}'))
                break;
            return bad_header(r, "expected ',' or '}'");
        }
    }
    return seen == 7 ? LF_OK : bad_header(r, "'descr', 'fortran_order' or 'shape' is missing");
}

static void swap_bytes(uint8_t *data, size_t count, size_t size) {
    for (size_t i = 0; i < count; i++, data += size)
        for (size_t k = 0; k < size / 2; k++) {
            uint8_t t = data[k];
            data[k] = data[size - 1 - k];
            data[size - 1 - k] = t;
        }
}

/* Row-major out from column-major in: walk the output in order and keep the input offset by an odometer. */
static void from_fortran(uint8_t *out, const uint8_t *in, const lf_array *x) {
    size_t size = lf_array_item_size(x->type), stride[LF_MAX_RANK], offset = 0;
    int64_t index[LF_MAX_RANK] = {0};
    int rank = x->shape.rank;
    for (int i = 0; i < rank; i++)
        stride[i] = i == 0 ? 1 : stride[i - 1] * (size_t)x->shape.dim[i - 1];
    for (size_t n = 0; n < x->count; n++) {
        memcpy(out + n * size, in + offset * size, size);
        for (int d = rank; d-- > 0;) {
            offset += stride[d];
            if (++index[d] < x->shape.dim[d])
                break;
            offset -= stride[d] * (size_t)x->shape.dim[d];
            index[d] = 0;
        }
    }
}

/* A byte other than 0 and 1 would not be a bool for NumPy either; anything but 0 is taken as 1. */
static void clean_bools(uint8_t *data, size_t count) {
    for (size_t i = 0; i < count; i++)
        data[i] = data[i] != 0;
}

static lf_status read_data(reader *r, const header *h, lf_arena *a, const uint8_t *body, size_t have, lf_array *out) {
    size_t count = 0, bytes = 0, size = lf_array_item_size(h->type);
    if (!lf_array_measure(h->shape, size, &count, &bytes))
        return lf_fail(r->ctx, LF_BAD_INPUT, &r->where, "the array's size does not fit in memory");
    if (bytes > have)
        return lf_fail(r->ctx, LF_BAD_INPUT, &r->where,
                       "truncated: the header promises %zu elements of %zu bytes, the file holds %zu bytes", count,
                       size, have);
    if (bytes < have)
        lf_warn(r->ctx, &r->where, "%zu bytes after the array were ignored", have - bytes);
    if (!lf_array_new(a, h->type, h->shape, out))
        return lf_fail(r->ctx, LF_BAD_INPUT, &r->where, "no memory for an array of %zu bytes", bytes);
    if (h->fortran && h->shape.rank > 1)
        from_fortran(out->data, body, out);
    else if (bytes > 0)
        memcpy(out->data, body, bytes);
    if (h->swap)
        swap_bytes(out->data, count, size);
    if (h->type == LF_ARRAY_BOOL)
        clean_bools(out->data, count);
    return LF_OK;
}

lf_status lf_npy_parse(lf_ctx *ctx, lf_arena *a, const char *file, const uint8_t *bytes, size_t size, lf_array *out) {
    reader r = {.ctx = ctx, .where = {.file = file}};
    if (size < 10 || memcmp(bytes, "\x93NUMPY", 6) != 0) {
        lf_status s = lf_fail(ctx, LF_BAD_INPUT, &r.where, size == 0 ? "the file is empty" : "this is not a .npy file");
        lf_hint(ctx, "write it with numpy.save");
        return s;
    }
    int version = bytes[6];
    if (version < 1 || version > 3 || bytes[7] != 0)
        return lf_fail(ctx, LF_BAD_INPUT, &r.where, ".npy version %d.%d is not known (1.0, 2.0 and 3.0 are)", version,
                       bytes[7]);
    size_t start = version == 1 ? 10 : 12;
    if (size < start)
        return lf_fail(ctx, LF_BAD_INPUT, &r.where, "truncated: the file ends inside its header");
    size_t length = (size_t)bytes[8] | (size_t)bytes[9] << 8;
    if (version > 1)
        length |= (size_t)bytes[10] << 16 | (size_t)bytes[11] << 24;
    if (length > size - start)
        return lf_fail(ctx, LF_BAD_INPUT, &r.where, "truncated: a header of %zu bytes in a file of %zu", length, size);
    r.at = (const char *)bytes + start;
    r.end = r.at + length;
    header h = {0};
    LF_TRY(read_header(&r, &h));
    return read_data(&r, &h, a, bytes + start + length, size - start - length, out);
}

lf_status lf_npy_read(lf_ctx *ctx, lf_arena *a, const char *path, lf_array *out) {
    lf_file f;
    LF_TRY(lf_file_open(ctx, path, 0, &f));
    lf_status s = lf_npy_parse(ctx, a, path, f.data, f.size, out);
    lf_file_close(&f);
    return s;
}

static const char *descr_of(lf_array_type type, char out[4]) {
    out[0] = lf_array_item_size(type) == 1 ? '|' : '<';
    for (size_t i = 0; i < LF_COUNT(DESCR); i++)
        if (DESCR[i].type == type)
            memcpy(out + 1, DESCR[i].code, 3);
    return out;
}

static const char *shape_text(lf_arena *a, lf_shape s) {
    const char *text = "";
    for (int i = 0; i < s.rank; i++)
        text = lf_format(a, "%s%s%lld", text, i ? ", " : "", (long long)s.dim[i]);
    return lf_format(a, "(%s%s)", text, s.rank == 1 ? "," : "");
}

uint8_t *lf_npy_format(lf_arena *a, const lf_array *x, size_t *size) {
    char descr[4];
    const char *dict = lf_format(a, "{'descr': '%s', 'fortran_order': False, 'shape': %s, }", descr_of(x->type, descr),
                                 shape_text(a, x->shape));
    size_t used = strlen(dict), length = (10 + used + 1 + 63) / 64 * 64 - 10; /* data starts at a multiple of 64 */
    size_t item = lf_array_item_size(x->type), bytes = x->count * item;
    uint8_t *out = lf_alloc_try(a, 10 + length + bytes, 1);
    if (out == NULL)
        return NULL;
    memcpy(out, "\x93NUMPY\x01\x00", 8);
    out[8] = (uint8_t)length;
    out[9] = (uint8_t)(length >> 8);
    memset(out + 10, ' ', length);
    memcpy(out + 10, dict, used);
    out[10 + length - 1] = '\n';
    if (bytes > 0)
        memcpy(out + 10 + length, x->data, bytes);
    if (!machine_is_little() && item > 1)
        swap_bytes(out + 10 + length, x->count, item);
    *size = 10 + length + bytes;
    return out;
}

lf_status lf_npy_name(lf_ctx *ctx, const char *path) {
    static const char *const others[] = {".csv", ".tsv", ".txt", ".json", ".gz", ".xz"};
    const char *ending = strrchr(lf_path_base(path), '.');
    for (size_t i = 0; ending && i < LF_COUNT(others); i++)
        if (!strcmp(ending, others[i])) {
            lf_status status =
                lf_fail(ctx, LF_BAD_INPUT, &(lf_where){.file = path}, "arrays are not written as %s", ending);
            lf_hint(ctx, "give a name that ends with .npy (numpy.load reads it), or .npz for several");
            return status;
        }
    return LF_OK;
}

lf_status lf_npy_write(lf_ctx *ctx, const char *path, const lf_array *x) {
    lf_where where = {.file = path};
    LF_TRY(lf_npy_name(ctx, path));
    lf_arena *scratch = lf_arena_new();
    size_t size = 0;
    uint8_t *bytes = scratch ? lf_npy_format(scratch, x, &size) : NULL;
    lf_status s = bytes ? lf_file_write(ctx, path, bytes, size)
                        : lf_fail(ctx, LF_BAD_INPUT, &where, "no memory for an array of %zu elements", x->count);
    lf_arena_free(scratch);
    return s;
}
