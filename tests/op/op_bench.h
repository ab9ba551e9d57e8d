/* A graph of one node, for the tests of ops: operands, the node, its values. */
#ifndef LF_TESTS_OP_BENCH_H
#define LF_TESTS_OP_BENCH_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ops/ops.h"
#include "ops/run_node.h"

typedef struct op_bench {
    lf_ctx *ctx;
    lf_graph *g;
    lf_arena *a;       /* for values */
    lf_arena *scratch; /* of the run */
    lf_node *n;
    lf_value in[8], out[8];
    int outs; /* of the node; 0: as few as the op has */
} op_bench;

static inline void op_begin(op_bench *b) {
    memset(b, 0, sizeof *b);
    b->ctx = lf_ctx_new(1);
    b->g = lf_graph_new(b->ctx, "bench");
    b->a = lf_arena_new();
    b->scratch = lf_arena_new();
}

static inline void op_end(op_bench *b) {
    lf_graph_free(b->g);
    lf_arena_free(b->a);
    lf_arena_free(b->scratch);
    lf_ctx_free(b->ctx);
}

/* A shape from "1,3,4"; "" is a scalar. */
static inline lf_shape op_shape(const char *text) {
    lf_shape s = {0};
    while (*text) {
        char *end;
        s.dim[s.rank++] = strtoll(text, &end, 10);
        text = *end ? end + 1 : end;
    }
    return s;
}

static inline lf_tensor *op_real(op_bench *b, const char *shape) {
    return lf_tensor_new(b->g, "x", op_shape(shape), LF_FLOAT32);
}

/* Codes with one scale. */
static inline lf_tensor *op_codes(op_bench *b, const char *shape, lf_range r, double scale) {
    lf_tensor *t = lf_tensor_new(b->g, "x", op_shape(shape), lf_dtype_for(r, false));
    lf_set_codes(b->g, t, r);
    double *s = LF_NEW(b->g->arena, double);
    *s = scale;
    t->grid = (lf_grid){.scale = s, .scale_count = 1};
    return t;
}

/* Codes with a scale per channel. */
static inline lf_tensor *op_codes_by(op_bench *b, const char *shape, lf_range r, int axis, const double *scale) {
    lf_tensor *t = op_codes(b, shape, r, 1);
    int64_t count = t->shape.dim[axis];
    t->grid = (lf_grid){
        .scale = lf_copy(b->g->arena, scale, (size_t)count * sizeof *scale), .scale_count = count, .axis = axis};
    return t;
}

static inline lf_tensor *op_const(op_bench *b, const char *shape, const double *v) {
    return lf_const_reals(b->g, "c", op_shape(shape), v);
}

static inline lf_tensor *op_const_codes(op_bench *b, const char *shape, const int64_t *v) {
    return lf_const_codes(b->g, "c", op_shape(shape), v);
}

static inline lf_tensor *op_number(op_bench *b, double v) {
    return op_const(b, "", &v);
}

/* The node; attributes as pairs of name and text, ended by NULL. */
static inline void op_node(op_bench *b, const char *op, int in_count, lf_tensor *const *in, ...) {
    const lf_op *o = lf_op_find(op);
    assert_non_null(o);
    lf_id ids[8], outs[8];
    int out_count = b->outs ? b->outs : o->out_min;
    for (int i = 0; i < in_count; i++)
        ids[i] = in[i] ? in[i]->id : 0;
    for (int i = 0; i < out_count; i++)
        outs[i] = lf_tensor_new(b->g, "y", (lf_shape){0}, LF_FLOAT32)->id;
    b->n = lf_node_new(b->g, o, op, ids, in_count, outs, out_count, NULL);
    va_list args;
    va_start(args, in);
    for (const char *name = va_arg(args, const char *); name; name = va_arg(args, const char *))
        assert_int_equal(lf_attr_set_text(b->ctx, b->g->arena, o, b->n->attr, name, va_arg(args, const char *), NULL),
                         LF_OK);
    va_end(args);
    for (int i = 0; i < in_count; i++)
        if (in[i])
            b->in[i] = in[i]->value ? lf_value_const(b->a, in[i]) : lf_value_new(b->a, in[i]);
}

static inline lf_status op_infer(op_bench *b) {
    lf_status status = lf_infer_node(b->g, b->n);
    for (int i = 0; status == LF_OK && i < b->n->out_count; i++)
        b->out[i] = lf_value_new(b->a, lf_out(b->g, b->n, i));
    return status;
}

static inline lf_status op_run(op_bench *b) {
    lf_run run = {.ctx = b->ctx, .graph = b->g, .scratch = b->scratch};
    return lf_run_node(&run, b->n, b->in, b->out);
}

static inline lf_tensor *op_y(op_bench *b) {
    return lf_out(b->g, b->n, 0);
}

static inline double op_value(const lf_value *v, size_t e) {
    if (v->real)
        return v->real[e];
    const lf_tensor *t = v->tensor;
    return t->grid.divisor != 0 ? (double)v->code[e] / t->grid.divisor : (double)v->code[e] * lf_grid_scale(t, e);
}

/* The range that infer gave for one element of an output. */
static inline lf_range op_range(const lf_value *v, size_t e) {
    const lf_tensor *t = v->tensor;
    return t->channel_range ? t->channel_range[lf_channel_of(t->shape, t->range_axis, e)] : t->range;
}

#define assert_range(r, l, h, s)                   \
    do {                                           \
        lf_range assert_range_ = (r);              \
        assert_int_equal(assert_range_.lo, (l));   \
        assert_int_equal(assert_range_.hi, (h));   \
        assert_int_equal(assert_range_.step, (s)); \
    } while (0)

#define OP_IN(...) ((lf_tensor *const[]){__VA_ARGS__})

#endif
