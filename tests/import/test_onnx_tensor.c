/* The payload matrix: every element type in raw data, in its own typed field and in external data, and whatever does
 * not fit. */
#include "../context.h"

#include <math.h>
#include <sys/stat.h>
#include <unistd.h>

#include "import/onnx_tensor.h"
#include "onnx_make.h"

typedef enum place { RAW, TYPED, EXTERNAL } place;

/* Four elements of each type: their little-endian bytes and their values. */
static const struct sample {
    int32_t type;
    const char *name;
    size_t bytes;
    const char *raw;
    double value[4];
} samples[] = {
    {1,
     "FLOAT",
     16,
     "\x00\x00\x80\x3f\x00\x00\x20\xc0\x00\x00\x00\x00\xcd\xcc\xcc\x3d",
     {1, -2.5, 0, 0.10000000149011612}},
    {2, "UINT8", 4, "\x00\x01\x80\xff", {0, 1, 128, 255}},
    {3, "INT8", 4, "\x00\x7f\x80\xff", {0, 127, -128, -1}},
    {4, "UINT16", 8, "\x00\x00\x01\x00\x00\x80\xff\xff", {0, 1, 32768, 65535}},
    {5, "INT16", 8, "\x00\x00\xff\x7f\x00\x80\xff\xff", {0, 32767, -32768, -1}},
    {6,
     "INT32",
     16,
     "\x00\x00\x00\x00\xff\xff\xff\x7f\x00\x00\x00\x80\xff\xff\xff\xff",
     {0, 2147483647, -2147483648.0, -1}},
    {7,
     "INT64",
     32,
     "\x01\0\0\0\0\0\0\0\xff\xff\xff\xff\xff\xff\xff\xff\0\0\0\0\1\0\0\0\0\0\0\0\0\0\0\x80",
     {1, -1, 4294967296.0, -0x1p63}},
    {9, "BOOL", 4, "\x00\x01\x01\x00", {0, 1, 1, 0}},
    {10, "FLOAT16", 8, "\x00\x3c\x00\xc1\x01\x00\xff\x7b", {1, -2.5, 0x1p-24, 65504}},
    {11,
     "DOUBLE",
     32,
     "\0\0\0\0\0\0\xf0\x3f\0\0\0\0\0\0\x04\xc0\x9a\x99\x99\x99\x99\x99\xb9\x3f\0\0\0\0\0\0\0\0",
     {1, -2.5, 0.1, 0}},
    {12,
     "UINT32",
     16,
     "\x00\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x80\xff\xff\xff\xff",
     {0, 1, 2147483648.0, 4294967295.0}},
    {13,
     "UINT64",
     32,
     "\1\0\0\0\0\0\0\0\0\0\0\0\1\0\0\0\xff\xff\xff\xff\0\0\0\0\0\0\0\0\0\0\0\x40",
     {1, 4294967296.0, 4294967295.0, 0x1p62}},
    {16, "BFLOAT16", 8, "\x80\x3f\x20\xc0\x00\x00\x01\x00", {1, -2.5, 0, 0x1p-133}},
    {17, "FLOAT8E4M3FN", 4, "\x38\x01\xfe\x7e", {1, 0x1p-9, -448, 448}},
    {18, "FLOAT8E4M3FNUZ", 4, "\x40\x01\xff\x7f", {1, 0x1p-10, -240, 240}},
    {19, "FLOAT8E5M2", 4, "\x3c\x01\xfb\x7b", {1, 0x1p-16, -57344, 57344}},
    {20, "FLOAT8E5M2FNUZ", 4, "\x40\x01\xff\x7f", {1, 0x1p-17, -57344, 57344}},
    {21, "UINT4", 2, "\x10\xf8", {0, 1, 8, 15}},
    {22, "INT4", 2, "\x10\xf8", {0, 1, -8, -1}},
    {25, "UINT2", 1, "\xe4", {0, 1, 2, 3}},
    {26, "INT2", 1, "\xe4", {0, 1, -2, -1}},
};

static void fill_int32(make *m, LfOnnx__TensorProto *t, const struct sample *s, size_t unit) {
    bool is_signed = s->type == 3 || s->type == 5;
    t->n_int32_data = s->bytes / unit;
    t->int32_data = LF_NEW_ARRAY(m->a, int32_t, t->n_int32_data);
    for (size_t i = 0; i < t->n_int32_data; i++) {
        uint32_t v = 0;
        memcpy(&v, s->raw + i * unit, unit);
        t->int32_data[i] = !is_signed ? (int32_t)v : unit == 1 ? (int8_t)v : (int16_t)v;
    }
}

/* The field that the ONNX standard names for the type. */
static void fill_typed(make *m, LfOnnx__TensorProto *t, const struct sample *s) {
    size_t size = s->bytes;
    void *copy = lf_copy(m->a, s->raw, size);
    switch (s->type) {
    case 1:
        t->float_data = copy;
        t->n_float_data = 4;
        break;
    case 7:
        t->int64_data = copy;
        t->n_int64_data = 4;
        break;
    case 11:
        t->double_data = copy;
        t->n_double_data = 4;
        break;
    case 12:
    case 13:
        t->n_uint64_data = 4;
        t->uint64_data = LF_NEW_ARRAY(m->a, uint64_t, 4);
        for (int i = 0; i < 4; i++)
            memcpy(&t->uint64_data[i], s->raw + (size_t)i * (size / 4), size / 4);
        break;
    default: fill_int32(m, t, s, size < 4 ? 1 : size / 4);
    }
}

static void entry(make *m, LfOnnx__TensorProto *t, const char *key, const char *value) {
    LfOnnx__StringStringEntryProto *e =
        MAKE(m, LfOnnx__StringStringEntryProto, lf_onnx__string_string_entry_proto__init);
    e->key = make_text(m, key);
    e->value = make_text(m, value);
    if (!t->external_data)
        t->external_data = LF_NEW_ARRAY(m->a, LfOnnx__StringStringEntryProto *, 4);
    t->external_data[t->n_external_data++] = e;
    t->has_data_location = 1;
    t->data_location = 1;
}

static void write_file(const char *path, const void *data, size_t size) {
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(data, 1, size, f), size);
    fclose(f);
}

static char *temp_dir(lf_arena *a) {
    lf_ctx *ctx = lf_ctx_new(1);
    char *dir = NULL;
    assert_int_equal(lf_temp_dir(ctx, a, "/tmp", &dir), LF_OK);
    lf_ctx_free(ctx);
    return dir;
}

static void fill_external(make *m, LfOnnx__TensorProto *t, const struct sample *s, const char *dir) {
    uint8_t padded[64] = {0xee, 0xee, 0xee};
    memcpy(padded + 3, s->raw, s->bytes); /* not aligned */
    write_file(lf_path_join(m->a, dir, "w.bin"), padded, s->bytes + 3);
    entry(m, t, "location", "w.bin");
    entry(m, t, "offset", "3");
    entry(m, t, "length", lf_format(m->a, "%zu", s->bytes));
}

static void expect_values(const lf_onnx_array *have, const struct sample *s) {
    assert_int_equal(have->shape.rank, 2);
    assert_int_equal(have->value.count, 4);
    for (size_t i = 0; i < 4; i++)
        if (lf_const_real(&have->value, i) != s->value[i])
            fail_msg("%s, element %zu: %.17g, not %.17g", s->name, i, lf_const_real(&have->value, i), s->value[i]);
}

static void all_types_in_all_places(void **state) {
    (void)state;
    make m = make_start(13);
    char *dir = temp_dir(m.a);
    int cases = 0;
    for (size_t i = 0; i < LF_COUNT(samples); i++)
        for (place p = RAW; p <= EXTERNAL; p++, cases++) {
            const struct sample *s = &samples[i];
            LfOnnx__TensorProto *t = make_tensor(&m, "w", "2 2", s->type);
            if (p == RAW)
                make_raw(&m, t, s->raw, s->bytes);
            else if (p == TYPED)
                fill_typed(&m, t, s);
            else
                fill_external(&m, t, s, dir);
            lf_ctx *ctx = lf_ctx_new(1);
            lf_onnx_array have;
            if (lf_onnx_tensor_read(ctx, NULL, m.a, dir, t, &have) != LF_OK)
                fail_msg("%s in place %d: %s", s->name, p, make_complaints(m.a, ctx));
            expect_values(&have, s);
            lf_ctx_free(ctx);
        }
    assert_int_equal(cases, 21 * 3);
    lf_remove_tree(dir);
    make_end(&m);
}

/* All patterns of the 8- and 16-bit floats against the definition: sign, exponent, mantissa. */
static double defined(uint32_t v, int exponent_bits, int mantissa_bits, int bias) {
    int e = (int)(v >> mantissa_bits) & ((1 << exponent_bits) - 1);
    double f = (double)(v & ((1u << mantissa_bits) - 1)) / (1 << mantissa_bits);
    double magnitude = e ? ldexp(1 + f, e - bias) : ldexp(f, 1 - bias);
    return v >> (mantissa_bits + exponent_bits) & 1 ? -magnitude : magnitude;
}

static void every_pattern_of_small_floats(void **state) {
    (void)state;
    static const struct {
        int32_t type;
        int bits, exponent, mantissa, bias, not_finite;
    } formats[] = {{10, 16, 5, 10, 15, 2048}, {16, 16, 8, 7, 127, 256}, {17, 8, 4, 3, 7, 2},
                   {18, 8, 4, 3, 8, 1},       {19, 8, 5, 2, 15, 8},     {20, 8, 5, 2, 16, 1}};
    for (size_t k = 0; k < LF_COUNT(formats); k++) {
        make m = make_start(13);
        int count = 1 << formats[k].bits, not_finite = 0;
        LfOnnx__TensorProto *t = make_tensor(&m, "w", lf_format(m.a, "%d", count), formats[k].type);
        uint8_t *raw = lf_alloc(m.a, (size_t)count * 2);
        for (int i = 0; i < count; i++)
            memcpy(raw + i * formats[k].bits / 8, &i, (size_t)formats[k].bits / 8);
        make_raw(&m, t, raw, (size_t)count * (size_t)formats[k].bits / 8);
        lf_ctx *ctx = lf_ctx_new(1);
        lf_onnx_array have;
        assert_int_equal(lf_onnx_tensor_read(ctx, NULL, m.a, NULL, t, &have), LF_OK);
        for (int i = 0; i < count; i++) {
            double v = lf_const_real(&have.value, (size_t)i);
            not_finite += !isfinite(v);
            if (isfinite(v) && v != defined((uint32_t)i, formats[k].exponent, formats[k].mantissa, formats[k].bias))
                fail_msg("type %d, pattern %x: %.17g", (int)formats[k].type, i, v);
        }
        assert_int_equal(not_finite, formats[k].not_finite);
        lf_ctx_free(ctx);
        make_end(&m);
    }
}

static void refused(make *m, const char *dir, LfOnnx__TensorProto *t, const char *why) {
    lf_ctx *ctx = lf_ctx_new(1);
    lf_onnx_array have;
    assert_int_equal(lf_onnx_tensor_read(ctx, NULL, m->a, dir, t, &have), LF_BAD_INPUT);
    make_expect_text(make_complaints(m->a, ctx), why);
    lf_ctx_free(ctx);
}

static void payload_must_fit(void **state) {
    (void)state;
    make m = make_start(13);
    static const float f[4] = {1, 2, 3, 4};
    LfOnnx__TensorProto *t = make_tensor(&m, "w", "2 2", 1);
    refused(&m, NULL, t, "0 entries, but its type FLOAT and dimensions need 4");
    make_raw(&m, t, f, 12);
    refused(&m, NULL, t, "12 bytes, but its type FLOAT and dimensions need 16");
    make_raw(&m, t, f, sizeof f);
    t->float_data = (float *)(uintptr_t)f;
    t->n_float_data = 4;
    refused(&m, NULL, t, "elements in 2 places");
    t->has_raw_data = 0;
    t->raw_data.len = 0;
    t->data_type = 6;
    refused(&m, NULL, t, "in the field of another type");
    t->data_type = 8;
    refused(&m, NULL, t, "STRING");
    t->data_type = 14;
    refused(&m, NULL, t, "type 14");
    make_end(&m);
}

static void entries_must_be_in_their_type(void **state) {
    (void)state;
    make m = make_start(13);
    LfOnnx__TensorProto *t = make_tensor(&m, "w", "1", 3);
    int32_t v = 128;
    t->int32_data = &v;
    t->n_int32_data = 1;
    refused(&m, NULL, t, "entry 0 is 128, outside of INT8");
    t->data_type = 9;
    v = 2;
    refused(&m, NULL, t, "outside of BOOL");
    LfOnnx__TensorProto *u = make_tensor(&m, "u", "1", 12);
    uint64_t big = 1ull << 32;
    u->uint64_data = &big;
    u->n_uint64_data = 1;
    refused(&m, NULL, u, "outside of UINT32");
    u->data_type = 13;
    big = 1ull << 63;
    refused(&m, NULL, u, "above 2^63 - 1");
    make_end(&m);
}

static void huge_dimensions(void **state) {
    (void)state;
    make m = make_start(13);
    static const char *const dims[] = {"9223372036854775807", "4294967296 4294967296", "-1", "3037000500 3037000500 2",
                                       "2147483647 2147483647 2147483647"};
    for (size_t i = 0; i < LF_COUNT(dims); i++) {
        LfOnnx__TensorProto *t = make_tensor(&m, "w", dims[i], 1);
        make_raw(&m, t, "\0\0\0\0", 4);
        refused(&m, NULL, t, "tensor w");
    }
    refused(&m, NULL, make_tensor(&m, "w", "1 1 1 1 1 1 1 1 1", 1), "9 dimensions; at most 8");
    /* Large, but not larger than an address: refused for the bytes that are not there, without asking for memory. */
    refused(&m, NULL, make_tensor(&m, "w", "1099511627776", 1), "0 entries");
    make_end(&m);
}

/* -- external data ------------------------------------------------------------------------------------------------- */

static LfOnnx__TensorProto *external(make *m, const char *location, const char *offset, const char *length) {
    LfOnnx__TensorProto *t = make_tensor(m, "w", "4", 2);
    entry(m, t, "location", location);
    if (offset)
        entry(m, t, "offset", offset);
    if (length)
        entry(m, t, "length", length);
    return t;
}

static void external_data_stays_inside(void **state) {
    make m = make_start(13);
    char *outside = temp_dir(m.a), *dir = temp_dir(m.a);
    write_file(lf_path_join(m.a, outside, "secret"), "abcd", 4);
    write_file(lf_path_join(m.a, dir, "ok"), "abcd", 4);
    assert_int_equal(mkdir(lf_path_join(m.a, dir, "sub"), 0777), 0);
    write_file(lf_path_join(m.a, dir, "sub/ok"), "abcd", 4);
    assert_int_equal(symlink(lf_path_join(m.a, outside, "secret"), lf_path_join(m.a, dir, "link")), 0);
    assert_int_equal(symlink(outside, lf_path_join(m.a, dir, "dirlink")), 0);
    assert_int_equal(symlink("ok", lf_path_join(m.a, dir, "inner")), 0);
    assert_int_equal(mkfifo(lf_path_join(m.a, dir, "fifo"), 0666), 0);

    static const struct {
        const char *location, *why;
    } bad[] = {
        {"../secret", "leaves the model's directory"},
        {"sub/../ok", "leaves"},
        {"/etc/passwd", "leaves"},
        {"..", "leaves"},
        {"sub//ok", "leaves"},
        {"ok/", "leaves"},
        {"link", "symbolic link"},
        {"dirlink/secret", "symbolic link"},
        {"inner", "symbolic link"},
        {"fifo", "not a regular file"},
        {"sub", "not a regular file"},
        {".", "not a regular file"},
        {"absent", "No such file"},
        {"ok/x", "symbolic link or no directory"},
        {"", "without a location"},
    };
    for (size_t i = 0; i < LF_COUNT(bad); i++)
        refused(&m, dir, external(&m, bad[i].location, NULL, NULL), bad[i].why);
    refused(&m, NULL, external(&m, "ok", NULL, NULL), "no directory to look in");

    lf_ctx *ctx = *state;
    lf_onnx_array have;
    assert_int_equal(lf_onnx_tensor_read(ctx, NULL, m.a, dir, external(&m, "sub/ok", NULL, NULL), &have), LF_OK);
    assert_int_equal(lf_const_int(&have.value, 3), 'd');
    lf_remove_tree(dir);
    lf_remove_tree(outside);
    make_end(&m);
}

static void external_data_must_fit(void **state) {
    (void)state;
    make m = make_start(13);
    char *dir = temp_dir(m.a);
    write_file(lf_path_join(m.a, dir, "w"), "abcdef", 6);
    refused(&m, dir, external(&m, "w", "0", "3"), "length is 3, but type and dimensions need 4");
    refused(&m, dir, external(&m, "w", "3", NULL), "6 bytes, but 4 from byte 3 are needed");
    refused(&m, dir, external(&m, "w", "7", NULL), "needed");
    refused(&m, dir, external(&m, "w", "-1", NULL), "not a number of bytes");
    refused(&m, dir, external(&m, "w", "9223372036854775807", NULL), "needed");
    refused(&m, dir, external(&m, "w", "0x1", NULL), "not a number of bytes");
    LfOnnx__TensorProto *both = external(&m, "w", NULL, NULL);
    make_raw(&m, both, "abcd", 4);
    refused(&m, dir, both, "elements in 2 places");
    lf_remove_tree(dir);
    make_end(&m);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_types_in_all_places), cmocka_unit_test(every_pattern_of_small_floats),
        cmocka_unit_test(payload_must_fit),        cmocka_unit_test(entries_must_be_in_their_type),
        cmocka_unit_test(huge_dimensions),         WITH_CONTEXT(external_data_stays_inside),
        cmocka_unit_test(external_data_must_fit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
