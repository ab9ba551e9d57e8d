/* Forks, width converters and FIFOs that `connect` puts into hardware graphs with branches. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/rng.h"
#include "ir/attr_access.h"
#include "ops/ops.h"
#include "ops/stream.h"
#include "pass/buffers.h"
#include "pass/connect.h"
#include "pass/passes.h"
#include "pass/stream_model.h"

static lf_ctx *ctx;
static lf_graph *g;

static char *folding_dir; /* of the test's folding file, or NULL */

static int set_up(void **state) {
    (void)state;
    ctx = lf_ctx_new(1);
    g = lf_graph_new(ctx, "net");
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    if (folding_dir)
        lf_remove_tree(folding_dir);
    folding_dir = NULL;
    lf_graph_free(g);
    lf_ctx_free(ctx);
    return 0;
}

/* -- building ---------------------------------------------------------------------------------------------------------------- */

static lf_id input(int64_t pixels, int64_t channels) {
    lf_tensor *x = lf_tensor_new(g, "x", lf_shape_make(4, (int64_t[]){1, 1, pixels, channels}), lf_int(4));
    lf_set_codes(g, x, (lf_range){-8, 7, 1});
    LF_PUSH(g->arena, &g->inputs, (lf_port){"x", x->id, NULL});
    return x->id;
}

static void output(lf_id t) {
    LF_PUSH(g->arena, &g->outputs, (lf_port){lf_tensor_at(g, t)->name, t, NULL});
}

static lf_id node(const char *op, const char *name, const lf_id *in, int count) {
    lf_tensor *y = lf_tensor_new(g, name, (lf_shape){0}, lf_int(4));
    lf_node *n = lf_node_new(g, lf_op_find(op), name, in, count, &y->id, 1, NULL);
    n->place = LF_PLACE_FPGA;
    assert_int_equal(lf_infer_node(g, n), LF_OK);
    return y->id;
}

static lf_node *named(const char *name) {
    lf_node *n = lf_find_node(g, name);
    if (!n)
        fail_msg("there is no %s", name);
    return n;
}

/* Weights of +1 and -1 by turns. */
static lf_id matrix(const char *name, lf_id x, int64_t rows, int64_t pe, int64_t simd) {
    lf_shape s = lf_tensor_at(g, x)->shape;
    int64_t cols = s.dim[s.rank - 1], *code = LF_NEW_ARRAY(g->arena, int64_t, rows * cols);
    for (int64_t i = 0; i < rows * cols; i++)
        code[i] = i % 3 ? 1 : -1;
    lf_id in[2] = {x, lf_const_codes(g, "w", lf_shape_make(2, (int64_t[]){rows, cols}), code)->id};
    lf_id y = node("mvu", name, in, 2);
    lf_attr_set_int(named(name), "PE", pe);
    lf_attr_set_int(named(name), "SIMD", simd);
    return y;
}

static lf_id threshold(const char *name, lf_id x, int64_t pe) {
    lf_id in[2] = {x, lf_const_codes(g, "T", lf_shape_make(2, (int64_t[]){1, 3}), (int64_t[]){-5, 0, 5})->id};
    lf_id y = node("threshold", name, in, 2);
    lf_attr_set_int(named(name), "PE", pe);
    return y;
}

static lf_id sum(const char *name, lf_id a, lf_id b, int64_t pe) {
    lf_id y = node("sum_join", name, (lf_id[]){a, b}, 2);
    lf_attr_set_int(named(name), "PE", pe);
    return y;
}

static int count_ops(const char *op) {
    int count = 0;
    for (size_t i = 0; i < g->order.count; i++)
        count += !strcmp(lf_node_at(g, g->order.at[i])->op->name, op);
    return count;
}

static lf_chain_result connected(const lf_connect_options *o) {
    lf_chain_result r;
    lf_status status =
        lf_graph_sort(g) == LF_OK && lf_infer(g) == LF_OK ? lf_pass_run(g, lf_pass_find("connect"), o) : LF_FAILED;
    for (size_t i = 0; status != LF_OK && i < lf_diag_count(ctx); i++)
        print_error("%s\n", lf_diag_text(g->arena, lf_diag_at(ctx, i)));
    assert_int_equal(status, LF_OK);
    assert_int_equal(lf_stream_model_run(g, 6, &r), LF_OK);
    return r;
}

/* x -> t, then two matrices one after the other, joined with t itself. */
static void diamond(void) {
    lf_id t = threshold("t", input(16, 16), 4);
    lf_id a = matrix("a", t, 32, 8, 8), b = matrix("b", a, 16, 8, 8);
    output(threshold("end", sum("join", b, t, 2), 2));
}

/* -- tests -------------------------------------------------------------------------------------------------------------------- */

static void test_diamond(void **state) {
    (void)state;
    diamond();
    lf_chain_result r = connected(NULL);
    assert_int_equal(r.ii_cycles, 16 * 16 / 2); /* the join */
    assert_int_equal(count_ops("fork"), 1);
    assert_int_equal(named("t_fork")->out_count, 2);
    assert_non_null(lf_find_node(g, "join_fifo1")); /* the short branch waits for the long one */
}

/* A tensor that two units and the host read, and eleven readers of one tensor. */
static void test_many_readers(void **state) {
    (void)state;
    lf_id x = input(4, 8), t = threshold("t", x, 2);
    output(t);
    lf_id all = t;
    for (int i = 0; i < 11; i++)
        all = sum(lf_format(g->arena, "s%d", i), all, t, i % 2 ? 2 : 4);
    output(all);
    lf_chain_result r = connected(NULL);
    assert_int_equal(r.ii_cycles, 16);
    assert_int_equal(count_ops("fork"), 2);
    assert_int_equal(named("t_fork")->out_count, LF_UNIT_PORTS);
    for (size_t i = 0; i < g->tensors.count; i++)
        if (g->tensors.at[i])
            assert_true(lf_tensor_at(g, (lf_id)i + 1)->value || lf_use_count(g, (lf_id)i + 1) <= 1);
}

/* The circuit's input read twice: one port, then a fork. */
static void test_input_read_twice(void **state) {
    (void)state;
    lf_id x = input(4, 8);
    output(sum("join", threshold("a", x, 2), threshold("b", x, 8), 4));
    (void)connected(NULL);
    lf_stream_ports in = {0}, out = {0};
    assert_int_equal(lf_circuit_ports(g, g->arena, &in, &out), LF_OK);
    assert_int_equal(in.count, 1);
    assert_int_equal(count_ops("fork"), 1);
}

static const char *folding_file(const char *text) {
    if (!folding_dir)
        assert_int_equal(lf_temp_dir(ctx, g->arena, "/tmp", &folding_dir), LF_OK);
    const char *path = lf_path_join(g->arena, folding_dir, "folding.json");
    assert_int_equal(lf_file_write(ctx, path, text, strlen(text)), LF_OK);
    return path;
}

static const char *last_words(void) {
    return lf_diag_count(ctx) ? lf_diag_text(g->arena, lf_diag_at(ctx, lf_diag_count(ctx) - 1)) : "";
}

/* -- the user's depths --------------------------------------------------------------------------------------------------------- */

/* `collect` gives nothing before it has a whole vector: 16 beats that the other branch must hold. */
static void collecting(void) {
    lf_id t = threshold("t", input(4, 64), 4);
    lf_id y = matrix("collect", t, 64, 8, 32);
    output(sum("join", y, t, 4));
}

static void test_depth_of_the_user(void **state) {
    (void)state;
    collecting();
    lf_chain_result r = connected(&(lf_connect_options){.file = folding_file("{\"join_fifo1\": {\"depth\": 700}}")});
    assert_int_equal(lf_attr_int(named("join_fifo1"), "depth"), 700);
    assert_int_equal(r.ii_cycles, 64);
    assert_int_equal(lf_diag_count(ctx), 0);
}

static void test_deadlock_is_refused(void **state) {
    (void)state;
    collecting();
    lf_connect_options o = {.file = folding_file("{\"join\": {\"inFIFODepths\": [2, 3]}}")};
    assert_int_equal(lf_pass_run(g, lf_pass_find("connect"), &o), LF_BAD_INPUT);
    assert_non_null(strstr(last_words(), "stops for ever"));
    assert_non_null(strstr(last_words(), "join_fifo1 waits for join"));
    assert_non_null(strstr(last_words(), "--allow-deadlock"));
}

static void test_deadlock_is_allowed(void **state) {
    (void)state;
    collecting();
    lf_connect_options o = {.file = folding_file("{\"t\": {\"outFIFODepths\": [2]}, \"join_fifo1\": {\"depth\": 3}}"),
                            .allow_deadlock = true};
    assert_int_equal(lf_pass_run(g, lf_pass_find("connect"), &o), LF_OK);
    assert_non_null(strstr(last_words(), "stops for ever"));
    lf_chain_result r;
    assert_int_equal(lf_stream_model_run(g, 2, &r), LF_FAILED);
}

static void test_slower_is_a_warning(void **state) {
    (void)state;
    diamond();
    lf_chain_result r = connected(&(lf_connect_options){.file = folding_file("{\"join_fifo1\": {\"depth\": 4}}")});
    assert_true(r.ii_cycles > 128);
    assert_non_null(strstr(last_words(), "instead of 128"));
}

static void test_unknown_fifo(void **state) {
    (void)state;
    diamond();
    lf_connect_options o = {.file = folding_file("{\"join_fifo2\": {\"depth\": 4}}")};
    assert_int_equal(lf_pass_run(g, lf_pass_find("connect"), &o), LF_BAD_INPUT);
    assert_non_null(strstr(last_words(), "did you mean \"join_fifo"));
    o.file = folding_file("{\"join\": {\"inFIFODepths\": [4, 4, 4]}}");
    assert_int_equal(lf_pass_run(g, lf_pass_find("connect"), &o), LF_BAD_INPUT);
    assert_non_null(strstr(last_words(), "join has no stream input 2"));
}

/* -- a circuit that no FIFO helps ----------------------------------------------------------------------------------------------- */

static bool never_valid(const void *s, int port) {
    (void)s;
    (void)port;
    return false;
}

static bool never_ready(const void *s, int port, const bool *s_valid, const bool *m_ready) {
    (void)s;
    (void)port;
    (void)s_valid;
    (void)m_ready;
    return false;
}

static void stay(void *s, const bool *s_valid, const bool *m_ready) {
    (void)s;
    (void)s_valid;
    (void)m_ready;
}

static const lf_unit_kind stuck_kind = {never_valid, never_ready, stay, NULL, NULL, NULL};

/* As thresholds have it, but that it takes nothing and gives nothing. */
static lf_status stuck_unit(const lf_graph *of, const lf_node *n, lf_arena *a, lf_unit *u) {
    LF_TRY(lf_op_find("threshold")->unit(of, n, a, u));
    u->kind = &stuck_kind;
    return LF_OK;
}

static void test_stops_even_with_endless_fifos(void **state) {
    (void)state;
    static lf_op stuck;
    diamond();
    stuck = *lf_op_find("threshold");
    stuck.unit = stuck_unit;
    named("end")->op = &stuck;
    assert_int_equal(lf_pass_run(g, lf_pass_find("connect"), NULL), LF_FAILED);
    assert_non_null(strstr(last_words(), "the circuit stops even with FIFOs without end: "));
    assert_non_null(strstr(last_words(), "end_fifo waits for end at its output 0 (0 beats passed)"));
}

/* -- random graphs -------------------------------------------------------------------------------------------------------------- */

static int64_t divisor(lf_rng *r, int64_t n) {
    int64_t d;
    do
        d = lf_rng_between(r, 1, n);
    while (n % d);
    return d;
}

/* Each node reads earlier ones; what nobody reads is joined at the end. */
static void random_graph(lf_rng *r) {
    enum { MOST = 12 };
    lf_id at[MOST] = {input(lf_rng_between(r, 1, 6), 12)};
    int count = (int)lf_rng_between(r, 3, MOST);
    for (int i = 1; i < count; i++) {
        lf_id a = at[lf_rng_between(r, 0, i - 1)], b = at[lf_rng_between(r, 0, i - 1)];
        const char *name = lf_format(g->arena, "n%d", i);
        switch (lf_rng_below(r, 3)) {
        case 0:
            at[i] = threshold(name, matrix(lf_format(g->arena, "m%d", i), a, 12, divisor(r, 12), divisor(r, 12)),
                              divisor(r, 12));
            break;
        case 1: at[i] = threshold(name, a, divisor(r, 12)); break;
        default: at[i] = threshold(lf_format(g->arena, "t%d", i), sum(name, a, b, divisor(r, 12)), divisor(r, 12));
        }
    }
    for (int i = 0; i < count; i++)
        if (lf_use_count(g, at[i]) == 0)
            output(at[i]);
}

static int64_t slowest(void) {
    int64_t ii = 0;
    for (size_t i = 0; i < g->order.count; i++) {
        lf_cost c = {0};
        assert_int_equal(lf_node_at(g, g->order.at[i])->op->cost(g, lf_node_at(g, g->order.at[i]), &c), LF_OK);
        ii = c.ii_cycles > ii ? c.ii_cycles : ii;
    }
    return ii;
}

/* Of 18 bits: registers, LUT RAM, shift registers, and a block RAM from where it is cheaper than about 120 LUTs; memories a little deeper
 * where their pointers then wrap by themselves. */
static void test_styles(void **state) {
    (void)state;
    static const struct {
        int64_t depth, made, rounded;
        const char *style;
    } of[] = {{1, 1, 1, "auto"},           {2, 2, 2, "auto"},           {3, 3, 3, "distributed"},
              {28, 28, 28, "distributed"}, {63, 63, 65, "distributed"}, {94, 94, 94, "srl"},
              {141, 141, 141, "block"},    {474, 474, 513, "block"},    {3597, 3597, 3597, "block"}};
    lf_id x = input(4096, 9), levels = threshold("levels", x, 9);
    node("fifo", "queue", &levels, 1);
    assert_int_equal(lf_stream_bits(g, levels), 18);
    for (size_t i = 0; i < LF_COUNT(of); i++)
        for (int up = 0; up < 2; up++) {
            assert_int_equal(lf_buffers_set(g, named("queue"), of[i].depth, up), LF_OK);
            assert_int_equal(lf_attr_int(named("queue"), "depth"), up ? of[i].rounded : of[i].made);
            assert_string_equal(lf_attr_enum_name(named("queue"), "style"), of[i].style);
        }
}

static void test_random(void **state) {
    enum { GRAPHS = 60 };
    int forks = 0, fifos = 0, skids = 0;
    for (uint64_t seed = 0; seed < GRAPHS; seed++) {
        lf_rng r = lf_rng_make(seed, 7);
        random_graph(&r);
        lf_chain_result made = connected(NULL);
        assert_int_equal(made.ii_cycles, slowest());
        lf_stream_model m;
        lf_chain_ready ready;
        assert_int_equal(lf_stream_model_make(g, g->arena, &m), LF_OK);
        assert_int_equal(lf_chain_check_ready(ctx, m.chain, 4, &ready), LF_OK);
        assert_true(ready.longest <= 4 && !ready.port_to_port);
        forks += count_ops("fork");
        fifos += count_ops("fifo");
        skids += count_ops("skid");
        tear_down(state);
        set_up(state);
    }
    print_message("%d forks, %d FIFOs, %d skid buffers\n", forks, fifos, skids);
    assert_true(forks > 50 && fifos > 20 && skids > 20);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_diamond, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_many_readers, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_input_read_twice, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_depth_of_the_user, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_deadlock_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_deadlock_is_allowed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_slower_is_a_warning, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_unknown_fifo, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_stops_even_with_endless_fifos, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_styles, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_random, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
