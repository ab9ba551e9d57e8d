#include "train/net_graph.h"

#include "ir/attr_access.h"
#include "ops/ops.h"

enum { OPERANDS_MOST = 8 };

lf_shape lf_matrix_shape(size_t rows, size_t columns) {
    return lf_shape_make(2, (const int64_t[]){(int64_t)rows, (int64_t)columns});
}

void lf_net_graph_input(lf_net_graph *f, size_t features, const lf_ints *given) {
    lf_shape row = lf_matrix_shape(1, features), shape = row;
    if (given && given->count) {
        shape = lf_shape_make(1, row.dim);
        for (int64_t i = 0; i < given->count && shape.rank < LF_MAX_RANK; i++)
            shape.dim[shape.rank++] = given->at[i];
    }
    f->at = lf_tensor_new(f->graph, "x", shape, LF_FLOAT32)->id;
    LF_PUSH(f->graph->arena, &f->graph->inputs, (lf_port){"x", f->at, NULL});
    if (shape.rank != 2)
        (void)lf_net_graph_reshape(f, "flatten", row);
}

lf_node *lf_net_graph_add(lf_net_graph *f, const char *op, const char *name, lf_shape shape, const lf_id *constants,
                          int count) {
    lf_id in[OPERANDS_MOST] = {f->at};
    for (int i = 0; i < count; i++)
        in[i + 1] = constants[i];
    f->at = lf_tensor_new(f->graph, lf_format(f->graph->arena, "%s_out", name), shape, LF_FLOAT32)->id;
    return lf_node_new(f->graph, lf_op_find(op), name, in, count + 1, &f->at, 1, NULL);
}

lf_node *lf_net_graph_reshape(lf_net_graph *f, const char *name, lf_shape shape) {
    lf_node *n = lf_net_graph_add(f, "reshape", name, shape, NULL, 0);
    lf_attr_set_ints(f->graph, n, "shape", shape.dim, shape.rank);
    return n;
}

lf_id lf_net_graph_scalar(lf_net_graph *f, const char *name, double value) {
    return lf_const_reals(f->graph, name, lf_shape_make(0, NULL), &value)->id;
}

lf_id lf_net_graph_reals(lf_net_graph *f, const char *name, lf_shape shape, const float *value) {
    int64_t count = lf_shape_count(shape);
    double *real = LF_NEW_ARRAY(f->graph->arena, double, count);
    for (int64_t i = 0; i < count; i++)
        real[i] = (double)value[i];
    return lf_const_reals(f->graph, name, shape, real)->id;
}

lf_graph *lf_net_graph_done(lf_net_graph *f, const char *output) {
    lf_graph *g = f->graph;
    LF_PUSH(g->arena, &g->outputs, (lf_port){output, f->at, NULL});
    if (lf_infer(g) == LF_OK && lf_verify_graph(g) == LF_OK)
        return g;
    lf_graph_free(g);
    return NULL;
}
