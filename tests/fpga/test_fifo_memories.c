/* FIFOs change their memory when the part is short of the one they have, and only then. */
#include "folding_nets.h"

#include "pass/fifo_memories.h"

enum { FIFOS = 3 };
static lf_node *fifo[FIFOS];

/* Matrices with FIFOs between them that differ in depth, as `connect` might leave them. */
static void chain(const char *style) {
    static const int64_t depths[FIFOS] = {1025, 129, 513};
    lf_id x = matrix(picture(1, 1, 16), 16);
    for (int i = 0; i < FIFOS; i++) {
        x = node("fifo", &x, 1);
        fifo[i] = lf_node_at(g, lf_tensor_at(g, x)->producer);
        lf_attr_set_int(fifo[i], "depth", depths[i]);
        lf_attr_set_enum(fifo[i], "style", style);
        x = matrix(x, 16);
    }
    finish();
}

static lf_cost total(void) {
    lf_cost sum = {0};
    for (size_t i = 0; i < g->order.count; i++) {
        const lf_node *n = lf_node_at(g, g->order.at[i]);
        lf_cost c = {0};
        need(n->op->cost(g, n, &c));
        sum.lut += c.lut;
        sum.bram += c.bram;
    }
    return sum;
}

static int blocks(void) {
    int count = 0;
    for (int i = 0; i < FIFOS; i++)
        count += !strcmp(lf_attr_enum_name(fifo[i], "style"), "block");
    return count;
}

static void test_little_block_ram(void **state) {
    (void)state;
    chain("block");
    lf_cost before = total();
    lf_part part = roomy;
    need(lf_fifo_memories_fit(g, &part));
    assert_int_equal(blocks(), FIFOS);
    part.bram = (int64_t)before.bram;
    assert_true(before.bram > (double)part.bram);
    need(lf_fifo_memories_fit(g, &part));
    assert_int_equal(blocks(), FIFOS - 1);
    assert_string_equal(lf_attr_enum_name(fifo[1], "style"), "distributed"); /* the shallowest */
    assert_true(total().bram <= (double)part.bram);
    part.bram = 0;
    part.lut = (int64_t)total().lut + 1; /* no room for another */
    need(lf_fifo_memories_fit(g, &part));
    assert_int_equal(blocks(), FIFOS - 1);
}

static void test_few_luts(void **state) {
    (void)state;
    chain("distributed");
    lf_part part = roomy;
    part.lut = (int64_t)total().lut - 1;
    need(lf_fifo_memories_fit(g, &part));
    assert_int_equal(blocks(), 1);
    assert_string_equal(lf_attr_enum_name(fifo[0], "style"), "block"); /* the deepest */
    part.lut = 1;
    part.bram = 0;
    need(lf_fifo_memories_fit(g, &part)); /* short of both */
    assert_int_equal(blocks(), 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_little_block_ram, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_few_luts, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
