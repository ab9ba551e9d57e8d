/* Ten faults planted into integer graphs: each must be seen by comparing with the network on every input there is. A comparison that
 * cannot fail proves nothing. */
#include "../context.h"

#include "planted.h"

enum { INPUTS = 3, CODES = 8, ROWS = CODES * CODES * CODES };

/* x (3 codes of 3 bits) -> 4 rows of 3-bit weights -> scales, one negative -> 2-bit quantizer with ties -> 3 rows -> scores, argmax. */
static lf_graph *small_net(lf_ctx *ctx, bool argmax) {
    static const double w0[INPUTS * 4] = {1, -2, 3, -4, 2, 2, -1, 1, -3, 1, 2, 3},
                                    w1[4 * 3] = {1, -1, 1, 1, 1, -1, -1, 1, 1, 2, -2, 1};
    static const double scale[4] = {0.25, -0.5, 0.125, 0.25}, bias[3] = {1, -2, 0};
    uint64_t hits[NET_CORNERS];
    random_net n = {.g = lf_graph_new(ctx, "small"), .hits = hits, .width = INPUTS};
    int64_t in[2] = {1, INPUTS}, d0[2] = {INPUTS, 4}, d1[2] = {4, 3};
    lf_tensor *x = lf_tensor_new(n.g, "x", lf_shape_make(2, in), LF_FLOAT32);
    LF_PUSH(n.g->arena, &n.g->inputs, (lf_port){.name = "x", .tensor = x->id});
    n.at = x->id;
    apply(&n, "matmul", (lf_id[]){n.at, constant(&n, 2, d0, w0)}, 2, 1);
    apply(&n, "mul", (lf_id[]){n.at, vector(&n, 4, scale)}, 2, 1);
    lf_node *q = apply(&n, "quant", (lf_id[]){n.at, scalar(&n, 0.5), scalar(&n, 0), scalar(&n, 3)}, 4, 1);
    lf_attr_set_bool(q, "narrow", true);
    apply(&n, "matmul", (lf_id[]){n.at, constant(&n, 2, d1, w1)}, 2, 1);
    apply(&n, "add", (lf_id[]){n.at, vector(&n, 3, bias)}, 2, 1);
    if (argmax)
        lf_attr_set_int(apply(&n, "argmax", &n.at, 1, 1), "axis", -1);
    LF_PUSH(n.g->arena, &n.g->outputs, (lf_port){.name = "y", .tensor = n.at});
    assert_int_equal(lf_declare_input(n.g, "INT3"), LF_OK);
    assert_int_equal(lf_infer(n.g), LF_OK);
    return n.g;
}

static const int64_t *all_inputs(void) {
    static int64_t x[ROWS * INPUTS];
    for (int i = 0; i < ROWS; i++)
        for (int k = 0, v = i; k < INPUTS; k++, v /= CODES)
            x[i * INPUTS + k] = v % CODES - CODES / 2;
    return x;
}

static void up(int64_t *c, size_t n) {
    (void)n;
    c[5]++;
}
static void down(int64_t *c, size_t n) {
    (void)n;
    c[0]--;
}
static void negate_row(int64_t *c, size_t n) {
    for (size_t i = 3; i < 6 && i < n; i++)
        c[i] = -c[i];
}
static void one_more(int64_t *c, size_t n) {
    c[n - 1]++;
}
static void narrow(int64_t *c, size_t n) {
    for (size_t i = 0; i < n; i++)
        c[i] = c[i] < -3 ? -3 : c[i];
}
static void one_bit_short(int64_t *c, size_t n) {
    for (size_t i = 0; i < n; i++)
        c[i] = (c[i] & 7) - (c[i] & 8);
}
static void next_row(int64_t *c, size_t n) {
    for (size_t i = 0; i < n / 4; i++) {
        int64_t t = c[i];
        c[i] = c[n / 4 + i];
        c[n / 4 + i] = t;
    }
}

static void output_base_off_by_one(lf_graph *g) {
    lf_node *n = node_of(g, "threshold", 0);
    lf_attr_set_int(n, "out_base", lf_attr_int(n, "out_base") + 1);
    assert_int_equal(lf_infer(g), LF_OK);
}
static void highest_index_on_ties(lf_graph *g) {
    lf_attr_set_bool(node_of(g, "argmax", 0), "select_last_index", true);
    assert_int_equal(lf_infer(g), LF_OK);
}

static const planted_fault faults[] = {
    {"threshold one too high (a tie off by one)", "threshold", 0, 1, up, NULL},
    {"threshold one too low", "threshold", 0, 1, down, NULL},
    {"thresholds of another row", "threshold", 0, 1, next_row, NULL},
    {"threshold one bit short", "threshold", 0, 1, one_bit_short, NULL},
    {"sign of a scale lost", "mvu", 0, 1, negate_row, NULL},
    {"weight off by one", "mvu", 1, 1, one_more, NULL},
    {"weights narrowed", "mvu", 0, 1, narrow, NULL},
    {"bias off by one", "mvu", 1, 2, one_more, NULL},
    {"output base off by one", NULL, 0, 0, NULL, output_base_off_by_one},
    {"highest index on ties", NULL, 0, 0, NULL, highest_index_on_ties},
};

static void every_planted_fault_is_seen(void **state) {
    lf_ctx *ctx = *state;
    for (size_t i = 0; i < LF_COUNT(faults); i++) {
        bool argmax = faults[i].plant == highest_index_on_ties;
        lf_graph *net = small_net(ctx, argmax), *integers = small_net(ctx, argmax);
        assert_int_equal(lf_pass_run(integers, &lf_pass_integerize, NULL), LF_OK);
        if (differences(ctx, net, integers, all_inputs(), ROWS) != 0)
            fail_msg("differs before anything is planted: %s", faults[i].name);
        plant(integers, &faults[i]);
        if (!refused && differences(ctx, net, integers, all_inputs(), ROWS) == 0)
            fail_msg("not seen: %s", faults[i].name);
        lf_graph_free(net);
        lf_graph_free(integers);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {WITH_CONTEXT(every_planted_fault_is_seen)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
