/* Small graphs for the tests of the folding solver. */
#ifndef LF_TESTS_FOLDING_NETS_H
#define LF_TESTS_FOLDING_NETS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/rng.h"
#include "ir/attr_access.h"
#include "ops/ops.h"
#include "pass/folding.h"

static lf_ctx *ctx;
static lf_graph *g;
static const lf_part roomy = {
    .name = "roomy", .lut = 1 << 30, .ff = 1 << 30, .bram = 1 << 20, .uram = 1 << 20, .dsp = 1 << 20, .lut_inputs = 6};

static inline int set_up(void **state) {
    (void)state;
    ctx = lf_ctx_new(1);
    g = lf_graph_new(ctx, "net");
    return 0;
}

static inline int tear_down(void **state) {
    (void)state;
    lf_graph_free(g);
    lf_ctx_free(ctx);
    return 0;
}

static inline void show_errors(void) {
    for (size_t i = 0; i < lf_diag_count(ctx); i++)
        print_error("%s\n", lf_diag_text(g->arena, lf_diag_at(ctx, i)));
}

static inline void need(lf_status status) {
    if (status == LF_OK)
        return;
    show_errors();
    fail();
}

/* Codes of 4 bits. */
static inline lf_id picture(int64_t height, int64_t width, int64_t channels) {
    lf_tensor *x = lf_tensor_new(g, "x", lf_shape_make(4, (int64_t[]){1, height, width, channels}), lf_int(4));
    lf_set_codes(g, x, (lf_range){-8, 7, 1});
    LF_PUSH(g->arena, &g->inputs, (lf_port){"x", x->id, NULL});
    return x->id;
}

static inline lf_id node(const char *op, const lf_id *in, int count) {
    lf_tensor *y = lf_tensor_new(g, "", (lf_shape){0}, lf_int(4));
    lf_node *n = lf_node_new(g, lf_op_find(op), "", in, count, &y->id, 1, NULL);
    n->place = LF_PLACE_FPGA;
    need(lf_infer_node(g, n));
    return y->id;
}

static inline lf_id constant(int64_t rows, int64_t columns) {
    int64_t *code = LF_NEW_ARRAY(g->arena, int64_t, rows * columns);
    for (int64_t i = 0; i < rows * columns; i++)
        code[i] = i % 3 - 1;
    return lf_const_codes(g, "w", lf_shape_make(2, (int64_t[]){rows, columns}), code)->id;
}

static inline int64_t channels_of(lf_id x) {
    lf_shape s = lf_tensor_at(g, x)->shape;
    return s.dim[s.rank - 1];
}

static inline lf_id matrix(lf_id x, int64_t rows) {
    return node("mvu", (lf_id[]){x, constant(rows, channels_of(x))}, 2);
}

static inline lf_id threshold(lf_id x) {
    return node(
        "threshold",
        (lf_id[]){x,
                  lf_const_codes(g, "T", lf_shape_make(2, (int64_t[]){1, 7}), (int64_t[]){-9, -6, -3, 0, 3, 6, 9})->id},
        2);
}

/* 3x3 with padding. */
static inline lf_node *window(lf_id x, const char *order, int64_t interleave) {
    lf_tensor *y = lf_tensor_new(g, "", (lf_shape){0}, lf_int(4));
    lf_node *n = lf_node_new(g, lf_op_find("window"), "", &x, 1, &y->id, 1, NULL);
    n->place = LF_PLACE_FPGA;
    lf_attr_set_ints(g, n, "kernel", (int64_t[]){3, 3}, 2);
    lf_attr_set_ints(g, n, "pads", (int64_t[]){1, 1, 1, 1}, 4);
    lf_attr_set_int(n, "interleave", interleave);
    lf_attr_set_enum(n, "order", order);
    need(lf_infer_node(g, n));
    return n;
}

static inline lf_id depthwise(lf_id x) {
    lf_id taken = window(x, "columns", 1)->out[0];
    return node("vvu", (lf_id[]){taken, constant(channels_of(x), 9)}, 2);
}

static inline lf_id pool(lf_id x) {
    lf_id taken = window(x, "rows", 1)->out[0];
    lf_tensor *y = lf_tensor_new(g, "", (lf_shape){0}, lf_int(4));
    lf_node *n = lf_node_new(g, lf_op_find("pool"), "", &taken, 1, &y->id, 1, NULL);
    n->place = LF_PLACE_FPGA;
    lf_attr_set_int(n, "K", 9);
    need(lf_infer_node(g, n));
    return y->id;
}

/* A factor of 7 bits for every channel. */
static inline lf_id requantize(lf_id x) {
    lf_tensor *y = lf_tensor_new(g, "", (lf_shape){0}, lf_int(4));
    int64_t channels = channels_of(x), *factor = LF_NEW_ARRAY(g->arena, int64_t, channels);
    for (int64_t i = 0; i < channels; i++)
        factor[i] = 64 + i * 37 % 63;
    lf_id in[] = {x, lf_const_codes(g, "m", lf_shape_make(1, &channels), factor)->id,
                  lf_const_codes(g, "a", lf_shape_make(1, (int64_t[]){1}), (int64_t[]){31})->id};
    lf_node *n = lf_node_new(g, lf_op_find("requantize"), "", in, 3, &y->id, 1, NULL);
    n->place = LF_PLACE_FPGA;
    lf_attr_set_int(n, "shift", 8);
    lf_attr_set_int(n, "lo", -8);
    lf_attr_set_int(n, "hi", 7);
    need(lf_infer_node(g, n));
    return y->id;
}

/* What nobody reads goes out. */
static inline void finish(void) {
    lf_ids ends = {0};
    need(lf_graph_sort(g));
    for (size_t i = 0; i < g->order.count; i++) {
        lf_id y = lf_node_at(g, g->order.at[i])->out[0];
        if (lf_use_count(g, y) == 0)
            LF_PUSH(g->arena, &ends, y);
    }
    for (size_t i = 0; i < ends.count; i++)
        LF_PUSH(g->arena, &g->outputs, (lf_port){lf_tensor_at(g, ends.at[i])->name, ends.at[i], NULL});
    need(lf_graph_sort(g));
    need(lf_infer(g));
}

#endif
