/* A few ops for the tests of src/ir, which stands below src/ops. */
#ifndef LF_TESTS_IR_SMALL_OPS_H
#define LF_TESTS_IR_SMALL_OPS_H

#include <string.h>

#include "ir/op.h"

typedef struct every_attr {
    int64_t pe;
    bool fast;
    double slope;
    const char *note;
    int mode;
    lf_dtype type;
    lf_ints pads;
} every_attr;

static const char *const mode_names[] = {"auto", "block", "distributed", NULL};

static const lf_attr_desc every_table[] = {
    {"pe", LF_ATTR_INT, offsetof(every_attr, pe), "1", NULL, 1, 1024, "lanes"},
    {"fast", LF_ATTR_BOOL, offsetof(every_attr, fast), "false", NULL, 0, 0, ""},
    {"slope", LF_ATTR_REAL, offsetof(every_attr, slope), "0.5", NULL, 0, 0, ""},
    {"note", LF_ATTR_STRING, offsetof(every_attr, note), "", NULL, 0, 0, ""},
    {"mode", LF_ATTR_ENUM, offsetof(every_attr, mode), "auto", mode_names, 0, 0, ""},
    {"type", LF_ATTR_DTYPE, offsetof(every_attr, type), "", NULL, 0, 0, ""},
    {"pads", LF_ATTR_INTS, offsetof(every_attr, pads), "[0, 0]", NULL, 0, 0, ""},
    {0},
};

typedef struct needy_attr {
    int64_t axis;
} needy_attr;

static const lf_attr_desc needy_table[] = {
    {"axis", LF_ATTR_INT, offsetof(needy_attr, axis), NULL, NULL, 0, 0, "which axis"},
    {0},
};

/* The result is like operand 0; scalars named "refuse..." are refused. */
static lf_status small_infer(lf_graph *g, lf_node *n) {
    const lf_tensor *x = lf_in(g, n, 0);
    if (strncmp(n->name, "refuse", 6) == 0) {
        lf_where where = lf_where_node(g, n);
        return lf_fail(g->ctx, LF_BAD_INPUT, &where, "refused");
    }
    for (int i = 0; i < n->out_count; i++) {
        lf_tensor *y = lf_out(g, n, i);
        y->shape = x->shape;
        y->dtype = x->dtype;
        y->grid = x->grid;
        y->range = x->range;
    }
    return LF_OK;
}

static const lf_op op_pass = {
    .name = "pass", .in_min = 1, .in_max = 1, .out_min = 1, .out_max = 1, .infer = small_infer};
static const lf_op op_add = {.name = "add", .in_min = 2, .in_max = 3, .out_min = 1, .out_max = 1, .infer = small_infer};
static const lf_op op_split = {
    .name = "split", .in_min = 1, .in_max = 1, .out_min = 1, .out_max = 4, .infer = small_infer};
static const lf_op op_every = {.name = "every",
                               .in_min = 1,
                               .in_max = 4,
                               .out_min = 1,
                               .out_max = 1,
                               .attr_size = sizeof(every_attr),
                               .attrs = every_table,
                               .infer = small_infer};
static const lf_op op_needy = {.name = "needy",
                               .in_min = 1,
                               .in_max = 1,
                               .out_min = 1,
                               .out_max = 1,
                               .attr_size = sizeof(needy_attr),
                               .attrs = needy_table,
                               .infer = small_infer};
static const lf_op op_mute = {.name = "mute", .in_min = 1, .in_max = 1, .out_min = 1, .out_max = 1};

static inline const lf_op *find_small_op(const char *name) {
    static const lf_op *const all[] = {&op_pass, &op_add, &op_split, &op_every, &op_needy, &op_mute};
    for (size_t i = 0; i < LF_COUNT(all); i++)
        if (strcmp(all[i]->name, name) == 0)
            return all[i];
    return NULL;
}

static inline lf_shape shape_of(int rank, int64_t a, int64_t b, int64_t c) {
    int64_t dim[3] = {a, b, c};
    return lf_shape_make(rank, dim);
}

/* A node with one result like its first operand. */
static inline lf_tensor *small_node(lf_graph *g, const lf_op *op, const char *name, const lf_id *in, int in_count) {
    lf_tensor *y = lf_tensor_new(g, name, lf_tensor_at(g, in[0])->shape, lf_tensor_at(g, in[0])->dtype);
    y->grid = lf_tensor_at(g, in[0])->grid;
    y->range = lf_tensor_at(g, in[0])->range;
    lf_node_new(g, op, name, in, in_count, &y->id, 1, NULL);
    return y;
}

static inline lf_tensor *small_input(lf_graph *g, const char *name, lf_shape shape, lf_dtype dtype) {
    lf_tensor *t = lf_tensor_new(g, name, shape, dtype);
    if (lf_dtype_is_code(dtype)) {
        lf_set_codes(g, t, lf_dtype_range(dtype));
        t->dtype = dtype;
    }
    LF_PUSH(g->arena, &g->inputs, (lf_port){t->name, t->id, NULL});
    return t;
}

static inline void small_output(lf_graph *g, const char *name, lf_id id) {
    LF_PUSH(g->arena, &g->outputs, (lf_port){name, id, NULL});
}

/* Is there a diagnostic whose text (with its place and hint) holds the fragment? */
static inline bool was_said(lf_ctx *ctx, const char *fragment) {
    for (size_t i = 0; i < lf_diag_count(ctx); i++) {
        const char *text = lf_diag_text(lf_ctx_arena(ctx), lf_diag_at(ctx, i));
        if (strstr(text, fragment))
            return true;
    }
    return false;
}

#endif
