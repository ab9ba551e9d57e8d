#include "../context.h"

#include <stdio.h>
#include <string.h>

#include "base/rng.h"
#include "circuit/blif.h"

static lf_blif *parse(lf_ctx *ctx, const char *text) {
    return lf_blif_read(ctx, text, strlen(text), "t.blif");
}

static uint64_t value(const lf_blif *b, uint64_t inputs, size_t o) {
    uint64_t in[32], out[32], scratch[200];
    for (uint32_t i = 0; i < b->net->inputs; i++)
        in[i] = inputs >> i & 1 ? UINT64_MAX : 0;
    lf_lutnet_run(b->net, in, out, scratch);
    return out[o] & 1;
}

static void test_any_order_comments_and_continued_lines(void **state) {
    lf_blif *b =
        parse(*state,
              "# a circuit\n.model m\n.inputs a \\\n b c # three\n.outputs y z one nil a\n"
              ".names t c y\n1- 1\n-1 1\n.names a b t\n11 1\n.names t z\n1 0\n.names one\n1\n.names nil\n.end\nnoise");
    assert_non_null(b);
    assert_string_equal(b->model, "m");
    assert_int_equal(b->net->inputs, 3);
    assert_string_equal(b->inputs[2], "c");
    assert_string_equal(b->outputs[1], "z");
    for (uint64_t a = 0; a < 8; a++) {
        uint64_t both = (a & 3) == 3;
        assert_int_equal(value(b, a, 0), both | a >> 2);
        assert_int_equal(value(b, a, 1), !both);
        assert_int_equal(value(b, a, 2), 1);
        assert_int_equal(value(b, a, 3), 0);
        assert_int_equal(value(b, a, 4), a & 1);
    }
    lf_lutnet_free(b->net);
}

/* 3 of 9 inputs are ones, given as a cover of zeros of 9 inputs with free inputs. */
static void test_wide_cover(void **state) {
    lf_blif *b = parse(*state, ".model m\n.inputs a b c d e f g h i\n.outputs y\n.names a b c d e f g h i y\n"
                               "0-------- 0\n----0---- 0\n--------0 0\n.end\n");
    assert_non_null(b);
    for (uint64_t a = 0; a < 512; a++)
        assert_int_equal(value(b, a, 0), (a & 0x111) == 0x111);
    assert_int_equal(b->net->luts.count, 1);
    lf_lutnet_free(b->net);
}

static void refused(lf_ctx *ctx, const char *text, int line, const char *says) {
    size_t before = lf_diag_count(ctx);
    assert_null(parse(ctx, text));
    assert_int_equal(lf_diag_count(ctx), before + 1);
    const lf_diag *d = lf_diag_at(ctx, before);
    assert_non_null(strstr(d->text, says));
    assert_string_equal(d->where.file, "t.blif");
    assert_int_equal(d->where.line, line);
}

static void test_refused(void **state) {
    refused(*state, ".model m\n.inputs a\n.outputs y\n.latch a y 0\n.end\n", 4, ".latch");
    refused(*state, ".model m\n.outputs y\n.names z y\n1 1\n.names y z\n1 1\n", 5, "depends on itself");
    refused(*state, ".model m\n.outputs y\n.names y y\n1 1\n", 3, "depends on itself");
    refused(*state, ".model m\n.inputs a\n.outputs y\n", 0, "y is read but");
    refused(*state, ".model m\n.inputs a\n.names a y\n1 1\n0 0\n", 5, "ones or of zeros");
    refused(*state, ".model m\n.inputs a\n.names a y\n11 1\n", 4, "cover of 1 inputs");
    refused(*state, ".model m\n.inputs a\n.names a y\nx 1\n", 4, "'x'");
    refused(*state, ".model m\n.inputs a\n.names a y\n1 1\n.names a y\n1 1\n", 5, "made twice");
    refused(*state, ".model m\n.inputs a a\n", 2, "twice");
    refused(*state, "11 1\n", 1, "before any .names");
    refused(*state, ".model m\n.subckt add a=b\n", 2, ".subckt is not read");
    refused(*state, ".model m\n.model n\n", 2, "second .model");
    refused(*state, "", 0, "not BLIF");
    refused(*state, ".names\n", 1, "without an output");
    refused(*state, ".names a b c d e f g h i j k l m n o p q r s t u v\n", 1, "21 inputs");
}

static void test_round_trip(void **state) {
    lf_rng r = lf_rng_make(3, 0);
    for (int round = 0; round < 60; round++) {
        lf_lutnet *n = lf_lutnet_new(*state, 5);
        lf_text t = {0};
        for (int i = 0; i < 30; i++) {
            lf_signal in[6];
            int fan_in = 1 + (int)lf_rng_below(&r, 6);
            for (int j = 0; j < fan_in; j++)
                in[j] = lf_rng_below(&r, 7 + (uint32_t)n->luts.count);
            (void)lf_lutnet_lut(n, in, fan_in, lf_rng_u64(&r));
        }
        for (int o = 0; o < 6; o++)
            LF_PUSH(n->arena, &n->outputs, lf_rng_below(&r, 7 + (uint32_t)n->luts.count));
        lf_blif_write(n, "m", NULL, NULL, &t);
        lf_blif *b = lf_blif_read(*state, t.at, t.len, "t.blif");
        assert_non_null(b);
        assert_string_equal(b->inputs[4], "x4");
        for (uint64_t a = 0; a < 32; a++) {
            uint64_t in[5], out[6], scratch[64];
            for (int i = 0; i < 5; i++)
                in[i] = a >> i & 1 ? UINT64_MAX : 0;
            lf_lutnet_run(n, in, out, scratch);
            for (size_t o = 0; o < 6; o++)
                assert_int_equal(value(b, a, o), out[o] & 1);
        }
        lf_text_free(&t);
        lf_lutnet_free(b->net);
        lf_lutnet_free(n);
    }
}

/* Cubes of every form against the definition, and a file whose lines each mean a million addresses. */
static void test_wide_cubes(void **state) {
    lf_rng r = lf_rng_make(22, 0);
    for (int i = 0; i < 200; i++) {
        int n = 1 + i % 10;
        char text[200], cube[11] = {0};
        for (int j = 0; j < n; j++)
            cube[j] = "01-"[lf_rng_below(&r, 3)];
        int len = snprintf(text, sizeof text, ".model m\n.inputs");
        for (int j = 0; j < n; j++)
            len += snprintf(text + len, sizeof text - (size_t)len, " x%d", j);
        len += snprintf(text + len, sizeof text - (size_t)len, "\n.outputs y\n.names");
        for (int j = 0; j < n; j++)
            len += snprintf(text + len, sizeof text - (size_t)len, " x%d", j);
        len += snprintf(text + len, sizeof text - (size_t)len, " y\n%s 1\n.end\n", cube);
        lf_blif *b = lf_blif_read(*state, text, (size_t)len, "t.blif");
        assert_non_null(b);
        for (uint64_t a = 0; a < (uint64_t)1 << n; a++) {
            uint64_t is = 1;
            for (int j = 0; j < n; j++)
                is &= cube[j] == '-' || (uint64_t)(cube[j] - '0') == (a >> j & 1);
            assert_int_equal(value(b, a, 0), is);
        }
        lf_lutnet_free(b->net);
    }
    lf_text t = {0};
    lf_text_add(&t, ".model m\n.inputs a b c d e f g h i j k l m n o p q r s t\n.outputs y\n.names a b c d e f g h i j "
                    "k l m n o p q r s t y\n");
    for (int i = 0; i < 5000; i++)
        lf_text_add(&t, "-------------------- 1\n");
    lf_text_add(&t, ".end\n");
    lf_blif *b = lf_blif_read(*state, t.at, t.len, "dashes.blif");
    assert_non_null(b);
    assert_int_equal(b->net->outputs.at[0], 1);
    lf_lutnet_free(b->net);
    lf_text_free(&t);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        WITH_CONTEXT(test_any_order_comments_and_continued_lines),
        WITH_CONTEXT(test_wide_cover),
        WITH_CONTEXT(test_refused),
        WITH_CONTEXT(test_wide_cubes),
        WITH_CONTEXT(test_round_trip),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
