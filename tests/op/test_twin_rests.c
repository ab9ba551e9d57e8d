/* What units say about their rest (fpga/unit.h, steady and skip) is what clocking them edge by edge shows. */
#include "op_bench.h"

#undef skip /* cmocka's; units have one too */

#include "base/rng.h"
#include "ir/attr_access.h"
#include "ops/branch.h"
#include "ops/stream.h"

enum { STEPS = 4000, LONGEST = 50 };

static op_bench b;

static int begin(void **state) {
    (void)state;
    op_begin(&b);
    return 0;
}

static int end(void **state) {
    (void)state;
    op_end(&b);
    return 0;
}

typedef struct flags {
    bool s_valid[LF_UNIT_PORTS], m_ready[LF_UNIT_PORTS];
} flags;

/* A word that was not taken stays. */
static void draw(lf_rng *r, const lf_unit *u, flags *f, int sixteenths) {
    bool held[LF_UNIT_PORTS] = {0};
    for (int p = 0; p < u->in_count; p++)
        held[p] = f->s_valid[p] && !u->kind->ready(u->state, p, f->s_valid, f->m_ready);
    for (int p = 0; p < u->in_count; p++)
        f->s_valid[p] = held[p] || lf_rng_below(r, 16) < (uint64_t)sixteenths;
    for (int p = 0; p < u->out_count; p++)
        f->m_ready[p] = lf_rng_below(r, 16) < (uint64_t)(16 - sixteenths / 2);
}

static int shown(const lf_unit *u, const flags *f) {
    int bits = 0;
    for (int p = 0; p < u->out_count; p++)
        bits = bits * 2 + u->kind->valid(u->state, p);
    for (int p = 0; p < u->in_count; p++)
        bits = bits * 2 + u->kind->ready(u->state, p, f->s_valid, f->m_ready);
    return bits;
}

/* Two states that nothing tells apart in what follows; both are spoiled. */
static void check_alike(const lf_unit *u, void *one, void *other, flags f, int64_t edges) {
    enum { AFTERWARDS = 24 };
    lf_unit x = *u, y = *u;
    lf_rng r = lf_rng_make((uint64_t)edges, 3);
    x.state = one;
    y.state = other;
    for (int i = 0; i < AFTERWARDS; i++) {
        draw(&r, &x, &f, 8);
        if (shown(&x, &f) != shown(&y, &f))
            fail_msg("%s: another state after %d edges at once", u->name, (int)edges);
        x.kind->clock(x.state, f.s_valid, f.m_ready);
        y.kind->clock(y.state, f.s_valid, f.m_ready);
    }
}

/* Returns how long the unit rests; its state is as it was. */
static int64_t check_rest(const lf_unit *u, const flags *f) {
    int64_t edges = u->kind->steady(u->state, f->s_valid, f->m_ready);
    int before = shown(u, f);
    unsigned char was[4096], clocked[4096];
    assert_true(edges >= 0 && u->state_bytes <= sizeof was);
    edges = edges < LONGEST ? edges : LONGEST;
    memcpy(was, u->state, u->state_bytes);
    for (int64_t i = 0; i < edges; i++) {
        u->kind->clock(u->state, f->s_valid, f->m_ready);
        if (shown(u, f) != before)
            fail_msg("%s: a flag changes after %d of %d edges", u->name, (int)i + 1, (int)edges);
    }
    memcpy(clocked, u->state, u->state_bytes);
    memcpy(u->state, was, u->state_bytes);
    if (edges) {
        u->kind->skip(u->state, edges, f->s_valid, f->m_ready);
        check_alike(u, clocked, u->state, *f, edges);
    }
    memcpy(u->state, was, u->state_bytes);
    return edges;
}

/* `rests`: at least so many of a hundred steps are rests of two edges or more. */
static void check(const lf_unit *u, int rests) {
    lf_rng r = lf_rng_make(7, 1);
    flags f = {0};
    int long_rests = 0;
    assert_true(u->state_bytes && u->kind->steady && u->kind->skip);
    for (int i = 0; i < STEPS; i++) {
        draw(&r, u, &f, i / 16 % 17);
        long_rests += check_rest(u, &f) > 1;
        u->kind->clock(u->state, f.s_valid, f.m_ready);
    }
    print_message("%-16s %d of 100 steps are rests\n", u->name, 100 * long_rests / STEPS);
    if (100 * long_rests / STEPS < rests)
        fail_msg("%s rests in only %d of 100 steps", u->name, 100 * long_rests / STEPS);
}

static void check_node(int rests) {
    lf_unit u = {.name = b.n->op->name};
    b.n->place = LF_PLACE_FPGA;
    assert_int_equal(b.n->op->unit(b.g, b.n, b.a, &u), LF_OK);
    u.name = b.n->op->name;
    check(&u, rests);
}

/* -- units without a node -------------------------------------------------------------------------------------------------- */

static void test_registers(void **state) {
    (void)state;
    static const int stages[] = {1, 2, 5, 63};
    for (size_t i = 0; i < LF_COUNT(stages); i++) {
        lf_unit pipe = lf_twin_pipe(b.a, "pipe", 10, stages[i]), join = lf_twin_join(b.a, "join", 10, stages[i]);
        check(&pipe, 10);
        check(&join, 10);
    }
}

static void test_queues(void **state) {
    (void)state;
    for (int64_t capacity = 1; capacity < 40; capacity = 3 * capacity + 1) {
        lf_unit plain = lf_twin_queue(b.a, "queue", 10, capacity, false);
        check(&plain, 10);
        lf_unit memory = lf_twin_queue(b.a, "memory", 10, capacity + 2, true);
        check(&memory, 10);
    }
}

/* -- nodes ------------------------------------------------------------------------------------------------------------------ */

static lf_node *node_of(const char *op, const char *shape, int outs) {
    lf_id x = op_codes(&b, shape, (lf_range){-8, 7, 1}, 1)->id, y[LF_UNIT_PORTS];
    for (int i = 0; i < outs; i++)
        y[i] = lf_tensor_new(b.g, "y", (lf_shape){0}, lf_int(4))->id;
    b.n = lf_node_new(b.g, lf_op_find(op), op, &x, 1, y, outs, NULL);
    b.n->place = LF_PLACE_FPGA;
    return b.n;
}

static void test_converters(void **state) {
    (void)state;
    static const int64_t lanes[][2] = {{12, 1}, {12, 3}, {1, 12}, {3, 12}, {2, 3}, {3, 2}, {4, 6}, {12, 4}};
    for (size_t i = 0; i < LF_COUNT(lanes); i++) {
        node_of("width_converter", "1,4,12", 1);
        lf_attr_set_int(b.n, "in_lanes", lanes[i][0]);
        lf_attr_set_int(b.n, "out_lanes", lanes[i][1]);
        assert_int_equal(lf_infer_node(b.g, b.n), LF_OK);
        check_node(10);
    }
}

static void behind_lanes(int64_t lanes) {
    lf_node *dwc = node_of("width_converter", "1,4,4,12", 1);
    lf_attr_set_int(dwc, "in_lanes", 1);
    lf_attr_set_int(dwc, "out_lanes", lanes);
    assert_int_equal(lf_infer_node(b.g, dwc), LF_OK);
}

static void test_fork(void **state) {
    (void)state;
    behind_lanes(4);
    lf_id x = b.n->out[0], y[3];
    for (int i = 0; i < 3; i++)
        y[i] = lf_tensor_new(b.g, "y", (lf_shape){0}, lf_int(4))->id;
    b.n = lf_node_new(b.g, lf_op_find("fork"), "fork", &x, 1, y, 3, NULL);
    assert_int_equal(lf_infer_node(b.g, b.n), LF_OK);
    check_node(10);
}

static void test_pool(void **state) {
    (void)state;
    static const int64_t taps[] = {1, 2, 9};
    for (size_t i = 0; i < LF_COUNT(taps); i++) {
        node_of("pool", lf_format(b.a, "1,2,2,%d", (int)(12 * taps[i])), 1);
        lf_attr_set_int(b.n, "K", taps[i]);
        lf_attr_set_int(b.n, "PE", 4);
        assert_int_equal(lf_infer_node(b.g, b.n), LF_OK);
        check_node(10);
    }
}

static void test_frame(void **state) {
    (void)state;
    node_of("frame", "1,4,5,6", 1);
    lf_attr_set_int(b.n, "SIMD", 2);
    lf_attr_set_ints(b.g, b.n, "pads", (int64_t[]){1, 1, 0, 2}, 4);
    lf_attr_set_ints(b.g, b.n, "steps", (int64_t[]){1, 2}, 2);
    assert_int_equal(lf_infer_node(b.g, b.n), LF_OK);
    check_node(5);
}

static void test_columns(void **state) {
    (void)state;
    static const int64_t sizes[][3] = {{3, 1, 1}, {2, 3, 2}, {3, 2, 1}, {1, 1, 1}};
    for (size_t i = 0; i < LF_COUNT(sizes); i++) {
        int64_t span = (sizes[i][0] - 1) * sizes[i][2] + 1;
        node_of("columns", lf_format(b.a, "1,4,%d,6", (int)(span + 9 * sizes[i][1])), 1);
        lf_attr_set_int(b.n, "kernel", sizes[i][0]);
        lf_attr_set_int(b.n, "stride", sizes[i][1]);
        lf_attr_set_int(b.n, "dilation", sizes[i][2]);
        assert_int_equal(lf_infer_node(b.g, b.n), LF_OK);
        check_node(10);
    }
}

static void test_matrix(void **state) {
    (void)state;
    static const int64_t fold[][2] = {{1, 1}, {4, 12}, {2, 3}, {1, 12}, {4, 1}};
    int64_t code[48];
    for (int i = 0; i < 48; i++)
        code[i] = i % 3 - 1;
    for (size_t i = 0; i < LF_COUNT(fold); i++) {
        lf_id in[] = {op_codes(&b, "1,5,12", (lf_range){-8, 7, 1}, 1)->id,
                      lf_const_codes(b.g, "w", op_shape("4,12"), code)->id},
              y = lf_tensor_new(b.g, "y", (lf_shape){0}, lf_int(4))->id;
        b.n = lf_node_new(b.g, lf_op_find("mvu"), "mvu", in, 2, &y, 1, NULL);
        lf_attr_set_int(b.n, "PE", fold[i][0]);
        lf_attr_set_int(b.n, "SIMD", fold[i][1]);
        assert_int_equal(lf_infer_node(b.g, b.n), LF_OK);
        check_node(5);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_registers, begin, end),
        cmocka_unit_test_setup_teardown(test_queues, begin, end),
        cmocka_unit_test_setup_teardown(test_converters, begin, end),
        cmocka_unit_test_setup_teardown(test_fork, begin, end),
        cmocka_unit_test_setup_teardown(test_pool, begin, end),
        cmocka_unit_test_setup_teardown(test_frame, begin, end),
        cmocka_unit_test_setup_teardown(test_columns, begin, end),
        cmocka_unit_test_setup_teardown(test_matrix, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
