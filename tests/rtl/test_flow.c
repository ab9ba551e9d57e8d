/* Circuits joined to streams (rtl/lf_flow_to_stream.v): every latency that decides something, several inputs and outputs, between other
 * units, in Verilator and Icarus against the twin. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

/* More than any of the FIFOs holds. */
#define BENCH_FRAME_COUNT 90
#include "bench_checks.h"
#include "circuit/circuit.h"

static const lf_tensor *text_of(bench_case *c, const lf_circuit *circuit) {
    lf_text t = {0};
    lf_circuit_print(circuit, &t);
    int64_t count = (int64_t)t.len, *code = LF_NEW_ARRAY(b.arena, int64_t, count);
    for (int64_t i = 0; i < count; i++)
        code[i] = (uint8_t)t.at[i];
    lf_text_free(&t);
    return lf_const_codes(c->graph, lf_format(b.arena, "%s_text%d", c->name, c->count), lf_shape_make(1, &count), code);
}

/* `latency` additions in a row, of `elements` inputs in turn; one output per input, and one that is 0 or 1. */
static lf_circuit *chain_of_adds(int elements, lf_range range, int latency) {
    lf_circuit *c = lf_circuit_new(b.ctx);
    lf_word x[16], sum;
    for (int i = 0; i < elements; i++)
        x[i] = lf_circuit_input(c, range);
    sum = x[0];
    for (int k = 0; k < latency; k++)
        sum = lf_circuit_wrap(c, lf_circuit_add(c, sum, x[(k + 1) % elements]), 6, true);
    for (int i = 1; i < elements; i++)
        lf_circuit_output(c, x[i]);
    lf_circuit_output(c, sum);
    bench_must(&b, lf_circuit_pipeline(c, latency ? 1 : 0), "pipeline");
    BENCH_CHECK(&b, c->latency == latency, "a chain of %d additions has latency %d", latency, c->latency);
    return c;
}

static void add_chain(int elements, lf_range range, int latency, const char *kind) {
    const char *name = lf_format(b.arena, "chain%d_%d_%s", elements, latency, kind);
    bench_case *c = bench_case_new(&b, name, lf_shape_make(2, (int64_t[]){1, elements}), range);
    lf_circuit *circuit = chain_of_adds(elements, range, latency);
    const lf_tensor *text = text_of(c, circuit);
    bench_node(&b, c, "circuit", lf_format(b.arena, "shapes=[2,1,%d]", elements), &text, 1);
    lf_circuit_free(circuit);
}

/* Bipolar in and out: y[i] = x[i] * x[i + 1]. */
static void add_bipolar(void) {
    lf_range range = {-1, 1, 2};
    bench_case *c = bench_case_new(&b, "bipolar", lf_shape_make(2, (int64_t[]){1, 4}), range);
    lf_circuit *circuit = lf_circuit_new(b.ctx);
    lf_word x[4], one = lf_circuit_const(circuit, 1), minus = lf_circuit_const(circuit, -1);
    for (int i = 0; i < 4; i++)
        x[i] = lf_circuit_input(circuit, range);
    for (int i = 0; i < 4; i++)
        lf_circuit_output(circuit,
                          lf_circuit_select(circuit, lf_circuit_equal(circuit, x[i], x[(i + 1) % 4]), one, minus));
    bench_must(&b, lf_circuit_pipeline(circuit, 1), "pipeline");
    const lf_tensor *text = text_of(c, circuit);
    lf_node *n = bench_node(&b, c, "circuit", "shapes=[2,1,4]", &text, 1);
    BENCH_CHECK(&b, lf_out(c->graph, n, 0)->dtype.kind == LF_KIND_BIPOLAR, "the product of bipolar values is bipolar");
    lf_circuit_free(circuit);
}

/* Two inputs, three outputs of different widths. */
static void add_several(int latency) {
    bench_case *c = bench_case_empty(&b, lf_format(b.arena, "several_%d", latency));
    lf_range ra = {0, 9, 1}, rb = {-4, 3, 1};
    const lf_tensor *operand[3] = {bench_input(&b, c, "a", lf_shape_make(2, (int64_t[]){1, 2}), ra),
                                   bench_input(&b, c, "b", lf_shape_make(2, (int64_t[]){1, 1}), rb)};
    lf_circuit *circuit = lf_circuit_new(b.ctx);
    lf_word a0 = lf_circuit_input(circuit, ra), a1 = lf_circuit_input(circuit, ra), b0 = lf_circuit_input(circuit, rb);
    lf_word sum = lf_circuit_add(circuit, lf_circuit_add(circuit, a0, a1), b0);
    lf_circuit_output(circuit, sum);
    lf_circuit_output(circuit, lf_circuit_less(circuit, a0, a1));
    lf_circuit_output(circuit, lf_circuit_sub(circuit, sum, a0));
    lf_circuit_output(circuit, b0);
    bench_must(&b, lf_circuit_pipeline(circuit, latency), "pipeline");
    operand[2] = text_of(c, circuit);
    bench_join(&b, c, "circuit", "shapes=[2,1,1,1,1,2,1,2]", operand, 3, 3);
    lf_circuit_free(circuit);
}

/* Behind a FIFO and before a converter that gives the results one by one, which holds the circuit up. */
static void add_between(int latency) {
    bench_case *c = bench_case_new(&b, lf_format(b.arena, "between_%d", latency), lf_shape_make(2, (int64_t[]){1, 3}),
                                   (lf_range){-8, 7, 1});
    lf_circuit *circuit = chain_of_adds(3, (lf_range){-8, 7, 1}, latency);
    bench_node(&b, c, "fifo", "depth=2", NULL, 0);
    const lf_tensor *text = text_of(c, circuit);
    bench_node(&b, c, "circuit", "shapes=[2,1,3]", &text, 1);
    bench_node(&b, c, "width_converter", "in_lanes=3 out_lanes=1", NULL, 0);
    lf_circuit_free(circuit);
}

static void add_all(lf_rng *r) {
    (void)r;
    static const int latency[] = {0, 1, 2, 3, 5, 6, 7, 13, 14, 15, 30, 31, 40, 64, 65};
    for (size_t i = 0; i < LF_COUNT(latency); i++)
        add_chain(3, (lf_range){-8, 7, 1}, latency[i], "int");
    add_chain(2, (lf_range){0, 5, 1}, 2, "uint");
    add_bipolar();
    add_several(0);
    add_several(1);
    add_between(0);
    add_between(4);
}

static const bench_stalls settings[] = {{0, 0}, {0, .5}, {.5, 0}, {.5, .5}, {.9, .1}, {.1, .9}};

static const bench_fault faults[] = {
    {"a place too few: the rate falls", "lf_flow_to_stream.v", "PLACES = LATENCY + 2", "PLACES = LATENCY + 1"},
    {"a place too many is promised", "lf_flow_to_stream.v", "free <= TOP", "free <= TOP + 1'b1"},
    {"places come back when a word enters", "lf_flow_to_stream.v", "{{A{enter}}, 1'b1}", "{{A{leave}}, 1'b1}"},
    {"valid is a clock early", "lf_flow_valid.v", "out_valid = valid[LATENCY-1]", "out_valid = moved[LATENCY-1]"},
    {"reset forgets what is under way", "lf_flow_valid.v", "valid <= {LATENCY{1'b0}}", "valid <= valid"},
    {"one input enters without the other", "several_1_circuit0_stream.v", "&room & s_axis_tvalid[1]", "&room"},
};

static void add_small(lf_rng *r) {
    (void)r;
    add_chain(2, (lf_range){-8, 7, 1}, 4, "small");
    add_several(1);
}

static const bench_program whole_program = {add_all,   5, settings, LF_COUNT(settings),
                                            add_small, 6, faults,   LF_COUNT(faults)};

int main(int argc, char **argv) {
    return bench_main(argc, argv, &whole_program, NULL, 0);
}
