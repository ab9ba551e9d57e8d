/* Faults planted into the integer graph and the circuit of a convolutional network: each must be seen, by comparing with the network or by
 * the cycle model. */
#include "../context.h"

#include "base/file.h"
#include "pass/connect.h"
#include "pass/stream_model.h"
#include "planted.h"

enum { CHANNELS = 4, HEIGHT = 7, WIDTH = 4, ELEMENTS = CHANNELS * HEIGHT * WIDTH, ROWS = 300, GROUPS = 2, TAPS = 6 };

static lf_id weights(random_net *n, int64_t outs, int64_t ins, int64_t kh, int64_t kw) {
    int64_t dim[4] = {outs, ins, kh, kw};
    double *w = LF_NEW_ARRAY(n->g->arena, double, outs *ins *kh *kw);
    for (int64_t i = 0; i < outs * ins * kh * kw; i++)
        w[i] = (double)lf_rng_between(&n->r, -4, 3);
    return constant(n, 4, dim, w);
}

static void conv(random_net *n, lf_id w, const int64_t *pads, int64_t stride, int64_t group) {
    lf_node *c = apply(n, "conv", (lf_id[]){n->at, w}, 2, 1);
    lf_attr_set_ints(n->g, c, "pads", pads, 4);
    lf_attr_set_ints(n->g, c, "strides", (int64_t[]){stride, 1}, 2);
    lf_attr_set_int(c, "group", group);
}

static void quant(random_net *n, double scale, int bits) {
    apply(n, "quant", (lf_id[]){n->at, scalar(n, scale), scalar(n, 0), scalar(n, bits)}, 4, 1);
}

/* Groups, padding and a stride; a pool under a negative scale; a join of scales a power of two apart; an absolute value; many levels. */
static lf_graph *network(lf_ctx *ctx) {
    static const double gamma[] = {1, -1.5, 0.75, 2}, zero[] = {0, 1, -2, 0}, one[] = {30, 50, 70, 90};
    static const int64_t around[] = {1, 0, 1, 1}, same[] = {1, 1, 1, 1}, none[] = {0, 0, 0, 0};
    static uint64_t hits[NET_CORNERS];
    random_net n = {
        .g = lf_graph_new(ctx, "small"), .r = lf_rng_make(5, 5), .hits = hits, .width = CHANNELS, .axes = 2};
    int64_t dim[4] = {1, CHANNELS, HEIGHT, WIDTH};
    lf_tensor *x = lf_tensor_new(n.g, "x", lf_shape_make(4, dim), LF_FLOAT32);
    LF_PUSH(n.g->arena, &n.g->inputs, (lf_port){.name = "x", .tensor = x->id});
    n.at = x->id;
    conv(&n, weights(&n, CHANNELS, CHANNELS / GROUPS, 3, 2), around, 2, GROUPS);
    apply(&n, "mul", (lf_id[]){n.at, scalar(&n, -0.25)}, 2, 1);
    lf_attr_set_ints(n.g, apply(&n, "max_pool", &n.at, 1, 1), "kernel", (int64_t[]){1, 2}, 2);
    quant(&n, 1, 4);
    lf_id shortcut = n.at;
    conv(&n, weights(&n, CHANNELS, CHANNELS, 3, 3), same, 1, 1);
    apply(&n, "batch_norm",
          (lf_id[]){n.at, vector(&n, 4, gamma), vector(&n, 4, zero), vector(&n, 4, zero), vector(&n, 4, one)}, 5, 1);
    quant(&n, 2, 4);
    apply(&n, "add", (lf_id[]){shortcut, n.at}, 2, 1);
    apply(&n, "sub", (lf_id[]){n.at, scalar(&n, 2.5)}, 2, 1);
    apply(&n, "abs", &n.at, 1, 1);
    quant(&n, 1, 5);
    conv(&n, weights(&n, CHANNELS, CHANNELS, 1, 1), none, 1, 1);
    quant(&n, 1.25, 7);
    LF_PUSH(n.g->arena, &n.g->outputs, (lf_port){.name = "y", .tensor = n.at});
    assert_int_equal(lf_declare_input(n.g, "INT3"), LF_OK);
    assert_int_equal(lf_infer(n.g), LF_OK);
    return n.g;
}

static lf_graph *integers_of(lf_ctx *ctx) {
    lf_graph *g = network(ctx);
    if (lf_pipeline_run(g, "channels-last, sink-pools, integerize", NULL) != LF_OK)
        fail_msg("%s", lf_diag_at(ctx, lf_diag_count(ctx) - 1)->text);
    return g;
}

static const int64_t *some_inputs(void) {
    static int64_t x[ROWS * ELEMENTS];
    lf_rng r = lf_rng_make(6, 6);
    for (int i = 0; i < ROWS * ELEMENTS; i++)
        x[i] = i < ELEMENTS ? -4 : i < 2 * ELEMENTS ? 3 : lf_rng_between(&r, -4, 3);
    return x;
}

/* -- faults of the program ----------------------------------------------------------------------------------------------------------- */

/* Rows of [taps, channels] as [channels, taps]. */
static void channels_before_taps(int64_t *c, size_t n) {
    enum { INS = CHANNELS / GROUPS, COLUMNS = TAPS * INS };
    int64_t old[COLUMNS];
    for (size_t r = 0; r < n / COLUMNS; r++) {
        memcpy(old, c + r * COLUMNS, sizeof old);
        for (int t = 0; t < TAPS; t++)
            for (int k = 0; k < INS; k++)
                c[r * COLUMNS + (size_t)(k * TAPS + t)] = old[t * INS + k];
    }
}

static void swap_halves(int64_t *c, size_t n) {
    for (size_t i = 0; i < n / 2; i++) {
        int64_t t = c[i];
        c[i] = c[n / 2 + i];
        c[n / 2 + i] = t;
    }
}

static void neighbours(int64_t *c, size_t n) {
    size_t row = n / CHANNELS;
    int64_t first[64];
    assert_true(row <= LF_COUNT(first));
    memcpy(first, c, row * sizeof *c);
    memmove(c, c + row, (n - row) * sizeof *c);
    memcpy(c + n - row, first, row * sizeof *c);
}

static void by_one(int64_t *c, size_t n) {
    memmove(c + 1, c, (n - 1) * sizeof *c);
}

static int64_t half_a_step;
static void half_more(int64_t *c, size_t n) {
    for (size_t i = 0; i < n; i++)
        c[i] += half_a_step;
}

static void infer_again(lf_graph *g) {
    refused = lf_infer(g) != LF_OK;
}

static void wrong_pad_code(lf_graph *g) {
    lf_attr_set_int(node_of(g, "window", 0), "pad_code", 1);
    infer_again(g);
}
static void max_for_min(lf_graph *g) {
    lf_node *n = node_of(g, "pool", 0);
    assert_string_equal(lf_attr_enum_name(n, "function"), "min");
    lf_attr_set_enum(n, "function", "max");
    infer_again(g);
}

/* One row further down less, and as many windows all the same. */
static void stride_off_by_one(lf_graph *g) {
    lf_node *n = node_of(g, "window", 0);
    lf_ints s = lf_attr_ints(n, "strides"), p = lf_attr_ints(n, "pads");
    int64_t windows = lf_out(g, n, 0)->shape.dim[1], stride[2] = {s.at[0] - 1, s.at[1]};
    int64_t pads[4] = {p.at[0], p.at[1], p.at[2] - (windows - 1), p.at[3]};
    assert_int_equal(s.at[0], 2);
    lf_attr_set_ints(g, n, "strides", stride, 2);
    lf_attr_set_ints(g, n, "pads", pads, 4);
    infer_again(g);
}
static void join_factor(lf_graph *g) {
    lf_node *n = node_of(g, "sum_join", 0);
    assert_int_equal(lf_attr_int(n, "b_factor"), 2);
    lf_attr_set_int(n, "b_factor", 1);
    infer_again(g);
}
static void requantize_rounds_elsewhere(lf_graph *g) {
    lf_node *n = node_of(g, "requantize", 0);
    int64_t shift = lf_attr_int(n, "shift");
    half_a_step = shift ? (int64_t)1 << (shift - 1) : 1;
    change_codes(g, n, 2, half_more);
}

static const planted_fault faults[] = {
    {"another code in the padding", NULL, 0, 0, NULL, wrong_pad_code},
    {"weights in the order of channels, taps", "mvu", 0, 1, channels_before_taps, NULL},
    {"groups in another order", "mvu", 0, 1, swap_halves, NULL},
    {"the largest code under a negative scale", NULL, 0, 0, NULL, max_for_min},
    {"a stride off by one", NULL, 0, 0, NULL, stride_off_by_one},
    {"thresholds of the neighbouring channel", "threshold", 1, 1, neighbours, NULL},
    {"a join's factor", NULL, 0, 0, NULL, join_factor},
    {"a table shifted by one", "table", 0, 1, by_one, NULL},
    {"a requantizer that rounds elsewhere", NULL, 0, 0, NULL, requantize_rounds_elsewhere},
};

static void every_planted_fault_is_seen(void **state) {
    lf_ctx *ctx = *state;
    lf_graph *net = network(ctx), *good = integers_of(ctx);
    assert_int_equal(differences(ctx, net, good, some_inputs(), ROWS), 0);
    lf_graph_free(good);
    for (size_t i = 0; i < LF_COUNT(faults); i++) {
        lf_graph *g = integers_of(ctx);
        plant(g, &faults[i]);
        if (refused)
            fail_msg("%s: %s", faults[i].name, lf_diag_at(ctx, lf_diag_count(ctx) - 1)->text);
        if (differences(ctx, net, g, some_inputs(), ROWS) == 0)
            fail_msg("not seen: %s", faults[i].name);
        lf_graph_free(g);
    }
    lf_graph_free(net);
}

/* -- a FIFO of the shortcut too shallow ---------------------------------------------------------------------------------------------- */

static lf_graph *folded(lf_ctx *ctx) {
    lf_graph *g = network(ctx);
    assert_int_equal(lf_pipeline_run(g, "channels-last, sink-pools, integerize, map, fold(ii=2000)", NULL), LF_OK);
    return g;
}

static const lf_node *deepest_fifo(const lf_graph *g) {
    const lf_node *deepest = NULL;
    for (size_t i = 0; i < g->order.count; i++) {
        const lf_node *n = lf_node_at(g, g->order.at[i]);
        if (!strcmp(n->op->name, "fifo") && (!deepest || lf_attr_int(n, "depth") > lf_attr_int(deepest, "depth")))
            deepest = n;
    }
    assert_non_null(deepest);
    return deepest;
}

static lf_status connect_with(lf_ctx *ctx, lf_arena *a, const char *dir, const char *fifo, int64_t depth, bool allow,
                              lf_chain_result *r) {
    const char *path = lf_path_join(a, dir, "folding.json"),
               *text = lf_format(a, "{\"%s\": {\"depth\": %lld}}", fifo, (long long)depth);
    lf_graph *g = folded(ctx);
    assert_int_equal(lf_file_write(ctx, path, text, strlen(text)), LF_OK);
    lf_status status = lf_pass_run(g, &lf_pass_connect, &(lf_connect_options){.file = path, .allow_deadlock = allow});
    if (status == LF_OK)
        status = lf_stream_model_run(g, 6, r);
    lf_graph_free(g);
    return status;
}

static void a_shallow_fifo_is_seen(void **state) {
    lf_ctx *ctx = *state;
    lf_arena *a = lf_arena_new();
    lf_graph *g = folded(ctx);
    lf_chain_result free_run, r;
    char *dir;
    assert_int_equal(lf_temp_dir(ctx, a, NULL, &dir), LF_OK);
    assert_int_equal(lf_pass_run(g, &lf_pass_connect, NULL), LF_OK);
    assert_int_equal(lf_stream_model_run(g, 6, &free_run), LF_OK);
    const char *fifo = lf_strdup(a, deepest_fifo(g)->name);
    int64_t depth = lf_attr_int(deepest_fifo(g), "depth");
    assert_true(depth > 8);
    assert_int_equal(connect_with(ctx, a, dir, fifo, depth, false, &r), LF_OK);
    assert_int_equal(r.ii_cycles, free_run.ii_cycles);
    lf_diag_clear(ctx);
    assert_int_equal(connect_with(ctx, a, dir, fifo, 2, false, &r), LF_BAD_INPUT);
    assert_non_null(strstr(lf_diag_at(ctx, lf_diag_count(ctx) - 1)->text, "stops for ever"));
    assert_int_equal(connect_with(ctx, a, dir, fifo, 2, true, &r), LF_FAILED);
    lf_remove_tree(dir);
    lf_graph_free(g);
    lf_arena_free(a);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        WITH_CONTEXT(every_planted_fault_is_seen),
        WITH_CONTEXT(a_shallow_fifo_is_seen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
