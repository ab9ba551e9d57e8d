/* The bytes of ONNX files: what is recognised, what is refused before it is unpacked, and truncation at every byte. */
#include "../context.h"

#include "onnx_make.h"

#include "import/onnx_wire.h"

static make small_model(void) {
    make m = make_start(13);
    make_input(&m, "x", "N 3");
    make_floats(&m, "w", "3 2", "1 -1 1 1 -1 1");
    make_floats(&m, "t", "2 1", "0 1");
    make_node(&m, "MatMul", "mm", "x w", "m");
    LfOnnx__NodeProto *n = make_general(&m, "MultiThreshold", "mt", "m t", "y");
    make_string(&m, n, "out_dtype", "BIPOLAR");
    make_float(&m, n, "out_scale", 2);
    make_float(&m, n, "out_bias", -1);
    make_annotation(&m, "w", "BIPOLAR");
    make_output(&m, "y");
    return m;
}

static void recognised_by_content(void **state) {
    (void)state;
    make m = small_model();
    size_t size;
    const uint8_t *bytes = make_bytes(&m, &size);
    assert_true(lf_is_onnx(bytes, size));
    static const char *const others[] = {
        "", "{\"a\": 1}", "lutfisk 1\n", "PK\x03\x04zip", "\x89HDF\r\n\x1a\n", ".model top\n"};
    for (size_t i = 0; i < LF_COUNT(others); i++)
        assert_false(lf_is_onnx((const uint8_t *)others[i], strlen(others[i])));
    make_end(&m);
}

static const char *complaint(lf_arena *a, const uint8_t *bytes, size_t size) {
    lf_ctx *ctx = lf_ctx_new(1);
    lf_graph *g = lf_import_onnx_bytes(ctx, "t.onnx", NULL, bytes, size);
    assert_null(g);
    assert_true(lf_diag_errors(ctx) > 0);
    const char *all = make_complaints(a, ctx);
    lf_ctx_free(ctx);
    return all;
}

/* Every prefix is refused with a reason (the whole is accepted); run under the address sanitizer this reads nothing
 * outside. */
static void truncated_anywhere(void **state) {
    (void)state;
    make m = small_model();
    size_t size;
    const uint8_t *bytes = make_bytes(&m, &size);
    int accepted = 0;
    for (size_t n = 0; n < size; n++) {
        uint8_t *part = malloc(n ? n : 1); /* its own block, so that its end is watched */
        memcpy(part, bytes, n);
        lf_ctx *ctx = lf_ctx_new(1);
        lf_graph *g = lf_import_onnx_bytes(ctx, "t.onnx", NULL, part, n);
        accepted += g != NULL;
        assert_true(g || lf_diag_errors(ctx) > 0);
        lf_graph_free(g);
        lf_ctx_free(ctx);
        free(part);
    }
    /* The last fields are the operator sets: without the second one the model still means the same. */
    assert_true(accepted <= 2);
    make_expect(&m, "multi_threshold");
    make_end(&m);
}

static void put_varint(lf_text *t, uint64_t v) {
    for (; v >= 0x80; v >>= 7)
        lf_text_addn(t, &(char){(char)(v | 0x80)}, 1);
    lf_text_addn(t, &(char){(char)v}, 1);
}

static size_t varint_size(uint64_t v) {
    size_t n = 1;
    while (v >>= 7)
        n++;
    return n;
}

/* graph { node { attribute { g { node { ... with `levels` graphs inside one another. */
static void nested_model(lf_text *t, size_t levels) {
    static const unsigned tags[3] = {1 << 3 | 2, 5 << 3 | 2,
                                     6 << 3 | 2}; /* GraphProto.node, NodeProto.attribute, AttributeProto.g */
    uint64_t *length = calloc(3 * levels + 1, sizeof *length);
    for (size_t i = 3 * levels; i-- > 0;)
        length[i] = length[i + 1] + varint_size(length[i + 1]) + 1;
    lf_text_addn(t, "\x08\x07", 2); /* ir_version */
    put_varint(t, 7 << 3 | 2);
    put_varint(t, length[0]);
    for (size_t i = 0; i < 3 * levels; i++) {
        put_varint(t, tags[i % 3]);
        put_varint(t, length[i + 1]);
    }
    free(length);
}

static void deep_nesting(void **state) {
    (void)state;
    static const size_t levels[] = {32, 34, 1000, 100000};
    for (size_t i = 0; i < LF_COUNT(levels); i++) {
        lf_text t = {0};
        nested_model(&t, levels[i]);
        assert_true(lf_is_onnx((const uint8_t *)t.at, t.len));
        lf_arena *a = lf_arena_new();
        const char *why = complaint(a, (const uint8_t *)t.at, t.len);
        make_expect_text(why, levels[i] == 32 ? "no outputs" : "nested deeper than 100 levels");
        lf_arena_free(a);
        lf_text_free(&t);
    }
}

static void expect_refused(const char *bytes, size_t size, const char *why) {
    lf_arena *a = lf_arena_new();
    make_expect_text(complaint(a, (const uint8_t *)bytes, size), why);
    lf_arena_free(a);
}
#define EXPECT_REFUSED(bytes, why) expect_refused(bytes, sizeof(bytes) - 1, why)

static void malformed(void **state) {
    (void)state;
    EXPECT_REFUSED("", "no graph");
    EXPECT_REFUSED("\x3a\x00\x3a\x00", "stands twice");          /* two graphs */
    EXPECT_REFUSED("\x3a\x05\x12", "cut short");                 /* a graph of 5 bytes with one there */
    EXPECT_REFUSED("\x3a\x04\x12\x02\xc3\x28", "not UTF-8");     /* graph name, bad second byte */
    EXPECT_REFUSED("\x3a\x05\x12\x03\x61\x00\x62", "not UTF-8"); /* a NUL inside a name */
    EXPECT_REFUSED("\x3a\x05\x12\x03\xed\xa0\x80", "not UTF-8"); /* a surrogate */
    EXPECT_REFUSED("\x3b\x3c", "unknown form");                  /* a group */
    EXPECT_REFUSED("\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x7f", "unknown form"); /* a number of 11 bytes */
    EXPECT_REFUSED("\x3a\xff\xff\xff\xff\x0f", "cut short");                            /* a length of 4 GiB */
    EXPECT_REFUSED("\x38\x01", "a field has a type");                                   /* the graph as a number */
    EXPECT_REFUSED("\x00\x01", "unknown form");                                         /* field number 0 */
}

/* Each field costs the unpacker some fifty bytes, so that their number is limited. */
static void too_many_fields(void **state) {
    (void)state;
    size_t count = (1 << 22) + 1;
    uint8_t *bytes = malloc(2 * count);
    for (size_t i = 0; i < count; i++)
        memcpy(bytes + 2 * i, "\x78\x01", 2); /* field 15, unknown */
    expect_refused((const char *)bytes, 2 * count, "more than 4,194,304 fields");
    free(bytes);
}

static void unknown_fields_survive(void **state) {
    make m = small_model();
    size_t size;
    uint8_t *bytes = make_bytes(&m, &size);
    lf_text t = {0};
    lf_text_addn(&t, (const char *)bytes, size);
    lf_text_addn(&t,
                 "\xd2\x01\x03"
                 "abc",
                 6); /* field 26 of the model */
    lf_ctx *ctx = *state;
    lf_arena *a = lf_arena_new();
    const lf_pb_model *model = lf_onnx_unpack(ctx, NULL, a, (const uint8_t *)t.at, t.len);
    assert_non_null(model);
    size_t packed = lf_onnx__model_proto__get_packed_size(model);
    assert_int_equal(packed, t.len);
    uint8_t *again = lf_alloc(a, packed);
    lf_onnx__model_proto__pack(model, again);
    assert_memory_equal(again, t.at, t.len);
    lf_arena_free(a);
    lf_text_free(&t);
    make_end(&m);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(recognised_by_content), cmocka_unit_test(truncated_anywhere),
        cmocka_unit_test(deep_nesting),          cmocka_unit_test(malformed),
        WITH_CONTEXT(unknown_fields_survive),    cmocka_unit_test(too_many_fields),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
