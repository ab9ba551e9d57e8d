/* window, vvu, pool, global_pool: cases worked out by hand, and window against its formula on random geometries. */
#include "op_bench.h"

#include "base/rng.h"

static void count_up(lf_value *v) {
    for (size_t i = 0; i < v->count; i++)
        v->code[i] = (int64_t)i;
}

static void assert_codes(const lf_value *v, const int64_t *want, size_t count) {
    assert_int_equal(v->count, count);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(v->code[i], want[i]);
}

#define ASSERT_CODES(v, ...) \
    assert_codes((v), (const int64_t[]){__VA_ARGS__}, sizeof((const int64_t[]){__VA_ARGS__}) / sizeof(int64_t))

static const char *shape_of(op_bench *b) {
    return lf_shape_text(b->a, op_y(b)->shape);
}

static void must_refuse(op_bench *b, const char *words) {
    assert_int_equal(op_infer(b), LF_BAD_INPUT);
    const char *text = lf_diag_at(b->ctx, lf_diag_count(b->ctx) - 1)->text;
    if (!strstr(text, words))
        fail_msg("expected '%s' in: %s", words, text);
}

/* -- window ----------------------------------------------------------------------------------------------------------- */

static void window_rows(void **state) {
    (void)state;
    op_bench b;
    op_begin(&b);
    op_node(&b, "window", 1, OP_IN(op_codes(&b, "1,2,3,2", (lf_range){0, 11, 1}, 1)), "kernel", "[2, 2]", NULL);
    assert_int_equal(op_infer(&b), LF_OK);
    assert_string_equal(shape_of(&b), "[1,1,2,8]");
    assert_range(op_y(&b)->range, 0, 11, 1);
    count_up(b.in);
    assert_int_equal(op_run(&b), LF_OK);
    ASSERT_CODES(b.out, 0, 1, 2, 3, 6, 7, 8, 9, 2, 3, 4, 5, 8, 9, 10, 11);
    op_node(&b, "window", 1, OP_IN(op_codes(&b, "1,2,3,2", (lf_range){0, 11, 1}, 1)), "kernel", "[2, 2]", "interleave",
            "1", NULL);
    assert_int_equal(op_infer(&b), LF_OK);
    count_up(b.in);
    assert_int_equal(op_run(&b), LF_OK);
    ASSERT_CODES(b.out, 0, 2, 6, 8, 1, 3, 7, 9, 2, 4, 8, 10, 3, 5, 9, 11);
    op_node(&b, "window", 1, OP_IN(op_codes(&b, "1,2,3,2", (lf_range){0, 11, 1}, 1)), "kernel", "[2, 2]", "interleave",
            "1", "order", "columns", NULL);
    assert_int_equal(op_infer(&b), LF_OK);
    count_up(b.in);
    assert_int_equal(op_run(&b), LF_OK);
    ASSERT_CODES(b.out, 0, 6, 2, 8, 1, 7, 3, 9, 2, 8, 4, 10, 3, 9, 5, 11);
    op_end(&b);
}

static void whole_windows_of_columns(void **state) {
    (void)state;
    op_bench b;
    op_begin(&b);
    op_node(&b, "columns", 1, OP_IN(op_codes(&b, "1,2,5,1", (lf_range){0, 11, 1}, 1)), "kernel", "2", "stride", "2",
            "dilation", "2", NULL);
    assert_int_equal(op_infer(&b), LF_OK);
    assert_string_equal(shape_of(&b), "[1,2,2,2]");
    count_up(b.in);
    assert_int_equal(op_run(&b), LF_OK);
    ASSERT_CODES(b.out, 0, 2, 2, 4, 5, 7, 7, 9);
    op_node(&b, "columns", 1, OP_IN(op_codes(&b, "1,2,5,1", (lf_range){0, 11, 1}, 1)), "kernel", "2", "stride", "3",
            NULL);
    assert_int_equal(op_infer(&b), LF_OK);
    op_node(&b, "columns", 1, OP_IN(op_codes(&b, "1,2,6,1", (lf_range){0, 11, 1}, 1)), "kernel", "2", "stride", "3",
            NULL);
    must_refuse(&b, "rows of 6 columns; legal: 2 and any number of strides of 3 more");
    op_node(&b, "columns", 1, OP_IN(op_codes(&b, "1,2,6,1", (lf_range){0, 11, 1}, 1)), "kernel", "4", "dilation", "2",
            NULL);
    must_refuse(&b, "rows of 6 columns; legal: 7");
    op_end(&b);
}

static void window_of_one_axis(void **state) {
    (void)state;
    op_bench b;
    op_begin(&b);
    op_node(&b, "window", 1, OP_IN(op_codes(&b, "1,5,1", (lf_range){-1, 1, 2}, 1)), "kernel", "[2]", "strides", "[3]",
            "dilations", "[2]", "pads", "[1, 2]", NULL);
    assert_int_equal(op_infer(&b), LF_OK);
    assert_string_equal(shape_of(&b), "[1,2,2]");
    assert_range(op_y(&b)->range, -1, 1, 1); /* 0 stands in the padding */
    count_up(b.in);
    assert_int_equal(op_run(&b), LF_OK);
    ASSERT_CODES(b.out, 0, 1, 2, 4);
    op_end(&b);
}

static void window_ranges(void **state) {
    (void)state;
    op_bench b;
    op_begin(&b);
    lf_tensor *x = op_codes(&b, "1,2,2,2", (lf_range){0, 20, 1}, 1);
    x->channel_range = (const lf_range[]){{4, 8, 2}, {0, 20, 5}};
    x->range_axis = 3;
    op_node(&b, "window", 1, OP_IN(x), "kernel", "[1, 2]", "interleave", "1", "pads", "[0, 1, 0, 0]", "pad_code", "-2",
            NULL);
    assert_int_equal(op_infer(&b), LF_OK);
    assert_range(op_y(&b)->range, -2, 20, 1);
    assert_range(op_range(b.out, 1), -2, 8, 2);
    assert_range(op_range(b.out, 2), -2, 20, 1);
    op_node(&b, "window", 1, OP_IN(x), "kernel", "[1, 2]", "pads", "[0, -1, 0, 1]", "pad_code", "4", NULL);
    assert_int_equal(op_infer(&b), LF_OK);
    assert_range(op_range(b.out, 2), 4, 8, 2);
    assert_range(op_range(b.out, 1), 0, 20, 1);
    op_end(&b);
}

static void window_refuses(void **state) {
    (void)state;
    op_bench b;
    op_begin(&b);
    lf_tensor *x = op_codes(&b, "1,4,4,6", (lf_range){0, 3, 1}, 1);
    op_node(&b, "window", 1, OP_IN(x), "kernel", "[5, 1]", NULL);
    must_refuse(&b, "a kernel of 5 with dilation 1 does not fit into 0 + 4 + 0 rows");
    op_node(&b, "window", 1, OP_IN(x), "kernel", "[3]", NULL);
    must_refuse(&b, "kernel has 1 entries");
    op_node(&b, "window", 1, OP_IN(x), "kernel", "[3, 3]", "strides", "[0, 1]", NULL);
    must_refuse(&b, "strides has the entry 0");
    op_node(&b, "window", 1, OP_IN(x), "kernel", "[3, 3]", "interleave", "4", NULL);
    must_refuse(&b, "interleave=4 does not divide 6 channels");
    op_node(&b, "window", 1, OP_IN(x), "kernel", "[3, 3]", "interleave", "3", "SIMD", "2", NULL);
    must_refuse(&b, "SIMD=2 does not divide 3");
    op_node(&b, "window", 1, OP_IN(x), "kernel", "[3, 3]", "interleave", "3", "style", "parallel", NULL);
    must_refuse(&b, "style=parallel wants all channels of a pixel together: interleave=6, not 3");
    op_node(&b, "window", 1, OP_IN(x), "kernel", "[3, 3]", "style", "parallel", NULL);
    must_refuse(&b, "order=columns");
    op_node(&b, "window", 1, OP_IN(op_codes(&b, "2,4,4,6", (lf_range){0, 3, 1}, 1)), "kernel", "[3, 3]", NULL);
    must_refuse(&b, "[1, H, W, C]");
    op_node(&b, "window", 1, OP_IN(x), "kernel", "[16777216, 16777216]", "pads", "[16777216, 16777216, 16777216, 0]",
            NULL);
    must_refuse(&b, "more than 2^31 elements");
    op_end(&b);
}

typedef struct geometry {
    int64_t h, w, c, kh, kw, sh, sw, dh, dw, top, left, bottom, right, interleave;
    bool columns;
} geometry;

static geometry random_geometry(lf_rng *r) {
    geometry g = {.c = lf_rng_between(r, 1, 3) * 2,
                  .kh = lf_rng_between(r, 1, 3),
                  .kw = lf_rng_between(r, 1, 4),
                  .sh = lf_rng_between(r, 1, 3),
                  .sw = lf_rng_between(r, 1, 3),
                  .dh = lf_rng_between(r, 1, 2),
                  .dw = lf_rng_between(r, 1, 3),
                  .top = lf_rng_between(r, -1, 3),
                  .left = lf_rng_between(r, -1, 3),
                  .bottom = lf_rng_between(r, -1, 3),
                  .right = lf_rng_between(r, -1, 3)};
    g.h = (g.kh - 1) * g.dh + 3 + lf_rng_below(r, 4);
    g.w = (g.kw - 1) * g.dw + 3 + lf_rng_below(r, 4);
    g.interleave = lf_rng_below(r, 2) ? g.c : g.c / 2;
    g.columns = lf_rng_below(r, 2);
    return g;
}

/* The value that the definition gives for element e of window (oy, ox). */
static int64_t expected(const geometry *g, const int64_t *x, int64_t oy, int64_t ox, int64_t e) {
    int64_t low = e % g->interleave, k = e / g->interleave % (g->kh * g->kw);
    int64_t j = g->columns ? k / g->kh : k % g->kw, i = g->columns ? k % g->kh : k / g->kw;
    int64_t channel = e / (g->interleave * g->kw * g->kh) * g->interleave + low;
    int64_t row = oy * g->sh - g->top + i * g->dh, column = ox * g->sw - g->left + j * g->dw;
    bool inside = row >= 0 && row < g->h && column >= 0 && column < g->w;
    return inside ? x[(row * g->w + column) * g->c + channel] : -7;
}

static void check_geometry(const geometry *g) {
    op_bench b;
    op_begin(&b);
    lf_tensor *x = op_codes(&b, lf_format(b.a, "1,%lld,%lld,%lld", (long long)g->h, (long long)g->w, (long long)g->c),
                            (lf_range){0, 9999, 1}, 1);
    const char *pair = "[%lld, %lld]";
    op_node(&b, "window", 1, OP_IN(x), "kernel", lf_format(b.a, pair, (long long)g->kh, (long long)g->kw), "strides",
            lf_format(b.a, pair, (long long)g->sh, (long long)g->sw), "dilations",
            lf_format(b.a, pair, (long long)g->dh, (long long)g->dw), "pads",
            lf_format(b.a, "[%lld, %lld, %lld, %lld]", (long long)g->top, (long long)g->left, (long long)g->bottom,
                      (long long)g->right),
            "interleave", lf_format(b.a, "%lld", (long long)g->interleave), "pad_code", "-7", "order",
            g->columns ? "columns" : "rows", NULL);
    assert_int_equal(op_infer(&b), LF_OK);
    count_up(b.in);
    assert_int_equal(op_run(&b), LF_OK);
    lf_shape s = op_y(&b)->shape;
    size_t at = 0;
    for (int64_t oy = 0; oy < s.dim[1]; oy++)
        for (int64_t ox = 0; ox < s.dim[2]; ox++)
            for (int64_t e = 0; e < s.dim[3]; e++, at++) {
                assert_int_equal(b.out->code[at], expected(g, b.in->code, oy, ox, e));
                assert_true(lf_range_holds(op_y(&b)->range, b.out->code[at]));
            }
    op_end(&b);
}

static void windows_at_random(void **state) {
    (void)state;
    lf_rng r = lf_rng_make(31, 1);
    for (int i = 0; i < 300; i++) {
        geometry g = random_geometry(&r);
        check_geometry(&g);
    }
}

/* -- vvu ---------------------------------------------------------------------------------------------------------------- */

/* Two pixels, four channels in pairs, three positions: element (pair, k, lane). */
static void vvu_sums(void **state) {
    (void)state;
    op_bench b;
    op_begin(&b);
    lf_tensor *x = op_codes(&b, "1,1,2,12", (lf_range){0, 23, 1}, 1);
    static const int64_t w[] = {1, 0, 0, 0, 1, 0, 1, 1, 1, -1, 0, 2}, bias[] = {100, 200, 300, 400};
    lf_tensor *W = op_const_codes(&b, "4,3", w), *B = op_const_codes(&b, "4", bias);
    op_node(&b, "vvu", 3, OP_IN(x, W, B), "PE", "2", NULL);
    assert_int_equal(op_infer(&b), LF_OK);
    assert_string_equal(shape_of(&b), "[1,1,2,4]");
    count_up(b.in);
    assert_int_equal(op_run(&b), LF_OK);
    ASSERT_CODES(b.out, 100, 203, 300 + 6 + 8 + 10, 400 - 7 + 22, 112, 215, 300 + 18 + 20 + 22, 400 - 19 + 46);
    assert_range(op_range(b.out, 2), 300, 369, 1);
    assert_range(op_range(b.out, 3), 377, 446, 1);
    static const int64_t t[] = {101, 112, 300, 301, 0, 359, 395, 427};
    op_node(&b, "vvu", 4, OP_IN(x, W, B, op_const_codes(&b, "4,2", t)), "PE", "2", "out_base", "-1", NULL);
    assert_int_equal(op_infer(&b), LF_OK);
    count_up(b.in);
    assert_int_equal(op_run(&b), LF_OK);
    ASSERT_CODES(b.out, -1, -1, 0, 0, 1, -1, 1, 1);
    op_end(&b);
}

static void vvu_ranges_follow_channels(void **state) {
    (void)state;
    op_bench b;
    op_begin(&b);
    lf_tensor *x = op_codes(&b, "1,4", (lf_range){0, 9, 1}, 1); /* one channel after the other, two positions */
    x->channel_range = (const lf_range[]){{0, 3, 3}, {0, 1, 1}, {9, 9, 1}, {0, 2, 2}};
    x->range_axis = 1;
    static const int64_t w[] = {1, 2, -1, 3};
    op_node(&b, "vvu", 2, OP_IN(x, op_const_codes(&b, "2,2", w)), "PE", "1", NULL);
    assert_int_equal(op_infer(&b), LF_OK);
    assert_range(op_range(b.out, 0), 0, 5, 1);
    assert_range(op_range(b.out, 1), -9, -3, 6);
    op_end(&b);
}

static void vvu_refuses(void **state) {
    (void)state;
    op_bench b;
    op_begin(&b);
    static const int64_t w[] = {1, 0, 0, 0, 1, 0};
    lf_tensor *x = op_codes(&b, "1,6", (lf_range){0, 23, 1}, 1), *W = op_const_codes(&b, "2,3", w);
    op_node(&b, "vvu", 2, OP_IN(op_codes(&b, "1,5", (lf_range){0, 3, 1}, 1), W), NULL);
    must_refuse(&b, "the last axis must have 6 elements");
    op_node(&b, "vvu", 2, OP_IN(x, W), "PE", "3", NULL);
    must_refuse(&b, "PE=3 does not divide 2 channels");
    op_node(&b, "vvu", 2, OP_IN(x, W), "SIMD", "2", NULL);
    must_refuse(&b, "SIMD=2 does not divide 3 positions");
    op_node(&b, "vvu", 3, OP_IN(x, W, op_const_codes(&b, "3", w)), NULL);
    must_refuse(&b, "the bias must be 2 constant integers");
    op_end(&b);
}

/* Two groups of two rows: vectors take them in turn. */
static void mvu_groups(void **state) {
    (void)state;
    op_bench b;
    op_begin(&b);
    lf_tensor *x = op_codes(&b, "1,2,2,2", (lf_range){0, 7, 1}, 1);
    static const int64_t w[] = {1, 0, 0, 1, 1, 1, 1, -1}, bias[] = {0, 100, 200, 300};
    lf_tensor *W = op_const_codes(&b, "4,2", w), *B = op_const_codes(&b, "4", bias);
    op_node(&b, "mvu", 3, OP_IN(x, W, B), "groups", "2", NULL);
    assert_int_equal(op_infer(&b), LF_OK);
    assert_string_equal(shape_of(&b), "[1,2,2,2]");
    count_up(b.in);
    assert_int_equal(op_run(&b), LF_OK);
    ASSERT_CODES(b.out, 0, 101, 205, 299, 4, 105, 213, 299);
    assert_range(op_range(b.out, 0), 0, 214, 1);
    assert_range(op_range(b.out, 1), 100, 307, 1);
    op_node(&b, "mvu", 3, OP_IN(x, W, B), "groups", "2", "PE", "4", NULL);
    must_refuse(&b, "PE=4 does not divide 2 rows");
    op_node(&b, "mvu", 3, OP_IN(x, W, B), "groups", "3", NULL);
    must_refuse(&b, "groups=3 must divide the 4 rows");
    op_end(&b);
}

/* -- pools ---------------------------------------------------------------------------------------------------------------- */

static void pools(void **state) {
    (void)state;
    static const struct {
        const char *function;
        int64_t want[4];
        lf_range range;
    } cases[] = {
        {"max", {4, 7, 4, 9}, {-5, 10, 1}}, {"min", {-4, 1, 0, 0}, {-5, 10, 1}}, {"sum", {1, 13, 6, 12}, {-15, 30, 1}}};
    static const int64_t x[] = {1, 5, 4, 7, -4, 1, 0, 3, 4, 9, 2, 0};
    for (size_t i = 0; i < LF_COUNT(cases); i++) {
        op_bench b;
        op_begin(&b);
        op_node(&b, "pool", 1, OP_IN(op_codes(&b, "1,2,6", (lf_range){-5, 10, 1}, 1)), "function", cases[i].function,
                "K", "3", "PE", "2", NULL);
        assert_int_equal(op_infer(&b), LF_OK);
        assert_string_equal(shape_of(&b), "[1,2,2]");
        assert_range(op_y(&b)->range, cases[i].range.lo, cases[i].range.hi, cases[i].range.step);
        memcpy(b.in->code, x, sizeof x);
        assert_int_equal(op_run(&b), LF_OK);
        assert_codes(b.out, cases[i].want, 4);
        op_end(&b);
    }
}

static void pool_ranges(void **state) {
    (void)state;
    op_bench b;
    op_begin(&b);
    lf_tensor *x = op_codes(&b, "1,1,4", (lf_range){-4, 9, 1}, 1); /* PE 1: channel 0 has elements 0 and 1 */
    x->channel_range = (const lf_range[]){{0, 6, 2}, {2, 4, 2}, {-4, -4, 1}, {3, 9, 3}};
    x->range_axis = 2;
    op_node(&b, "pool", 1, OP_IN(x), "K", "2", NULL);
    assert_int_equal(op_infer(&b), LF_OK);
    assert_range(op_range(b.out, 0), 2, 6, 2);
    assert_range(op_range(b.out, 1), 3, 9, 1);
    op_node(&b, "pool", 1, OP_IN(x), "K", "2", "function", "sum", NULL);
    assert_int_equal(op_infer(&b), LF_OK);
    assert_range(op_range(b.out, 0), 2, 10, 2);
    assert_range(op_range(b.out, 1), -1, 5, 3);
    op_node(&b, "pool", 1, OP_IN(x), "K", "3", NULL);
    must_refuse(&b, "windows of K=3");
    op_node(&b, "pool", 1, OP_IN(x), "K", "2", "PE", "4", NULL);
    must_refuse(&b, "PE=4 does not divide 2 channels");
    op_node(&b, "pool", 1, OP_IN(op_codes(&b, "1,1,4", (lf_range){0, (int64_t)1 << 61, 1}, 1)), "K", "4", "function",
            "sum", NULL);
    must_refuse(&b, "may leave 62 bits");
    op_end(&b);
}

static void global_pools(void **state) {
    (void)state;
    static const struct {
        const char *function, *shape, *y;
        int64_t want[2];
        lf_range range;
    } cases[] = {{"max", "1,2,2,2", "[1,1,1,2]", {6, 7}, {0, 7, 1}},
                 {"min", "1,4,2", "[1,1,2]", {0, 1}, {0, 7, 1}},
                 {"sum", "1,2,2,2", "[1,1,1,2]", {12, 16}, {0, 28, 1}}};
    for (size_t i = 0; i < LF_COUNT(cases); i++) {
        op_bench b;
        op_begin(&b);
        op_node(&b, "global_pool", 1, OP_IN(op_codes(&b, cases[i].shape, (lf_range){0, 7, 1}, 1)), "function",
                cases[i].function, NULL);
        assert_int_equal(op_infer(&b), LF_OK);
        assert_string_equal(shape_of(&b), cases[i].y);
        assert_range(op_y(&b)->range, cases[i].range.lo, cases[i].range.hi, cases[i].range.step);
        count_up(b.in);
        assert_int_equal(op_run(&b), LF_OK);
        assert_codes(b.out, cases[i].want, 2);
        op_end(&b);
    }
}

/* -- enlarged and shuffled -------------------------------------------------------------------------------------------------- */

static void upsamples(void **state) {
    (void)state;
    op_bench b;
    op_begin(&b);
    op_node(&b, "upsample", 1, OP_IN(op_codes(&b, "1,2,2,1", (lf_range){0, 3, 1}, 1)), "factors", "[1, 2]", NULL);
    assert_int_equal(op_infer(&b), LF_OK);
    assert_string_equal(shape_of(&b), "[1,2,4,1]");
    count_up(b.in);
    assert_int_equal(op_run(&b), LF_OK);
    ASSERT_CODES(b.out, 0, 0, 1, 1, 2, 2, 3, 3);
    op_node(&b, "upsample", 1, OP_IN(op_codes(&b, "1,1,2,2", (lf_range){0, 3, 1}, 1)), "factors", "[2, 1]", NULL);
    assert_int_equal(op_infer(&b), LF_OK);
    count_up(b.in);
    assert_int_equal(op_run(&b), LF_OK);
    ASSERT_CODES(b.out, 0, 1, 2, 3, 0, 1, 2, 3);
    op_node(&b, "upsample", 1, OP_IN(op_codes(&b, "1,2,2", (lf_range){0, 3, 1}, 1)), "factors", "[2, 1]", NULL);
    must_refuse(&b, "factors has 2 entries");
    op_end(&b);
}

static void shuffles(void **state) {
    (void)state;
    op_bench b;
    op_begin(&b);
    lf_tensor *x = op_codes(&b, "1,1,2,8", (lf_range){0, 15, 1}, 1);
    op_node(&b, "depth_to_space", 1, OP_IN(x), "block", "2", NULL);
    assert_int_equal(op_infer(&b), LF_OK);
    assert_string_equal(shape_of(&b), "[1,2,4,2]");
    count_up(b.in);
    assert_int_equal(op_run(&b), LF_OK);
    ASSERT_CODES(b.out, 0, 1, 2, 3, 8, 9, 10, 11, 4, 5, 6, 7, 12, 13, 14, 15);
    op_node(&b, "depth_to_space", 1, OP_IN(x), "block", "2", "mode", "CRD", NULL);
    assert_int_equal(op_infer(&b), LF_OK);
    count_up(b.in);
    assert_int_equal(op_run(&b), LF_OK);
    ASSERT_CODES(b.out, 0, 4, 1, 5, 8, 12, 9, 13, 2, 6, 3, 7, 10, 14, 11, 15);
    op_node(&b, "depth_to_space", 1, OP_IN(x), "block", "2", "mode", "CRD", "SIMD", "2", NULL);
    must_refuse(&b, "SIMD=2: with mode CRD");
    op_node(&b, "depth_to_space", 1, OP_IN(x), "block", "3", NULL);
    must_refuse(&b, "C divisible by 9");
    op_end(&b);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(window_rows),
        cmocka_unit_test(whole_windows_of_columns),
        cmocka_unit_test(window_of_one_axis),
        cmocka_unit_test(window_ranges),
        cmocka_unit_test(window_refuses),
        cmocka_unit_test(windows_at_random),
        cmocka_unit_test(vvu_sums),
        cmocka_unit_test(vvu_ranges_follow_channels),
        cmocka_unit_test(vvu_refuses),
        cmocka_unit_test(mvu_groups),
        cmocka_unit_test(pools),
        cmocka_unit_test(pool_ranges),
        cmocka_unit_test(global_pools),
        cmocka_unit_test(upsamples),
        cmocka_unit_test(shuffles),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
