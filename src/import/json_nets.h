/* Table networks in JSON. Each reader gets the file's value and an empty graph and fills it; what the graph consists of is on the ops of src/ops,
 * shapes and grids inferred. LF_BAD_INPUT with every complaint naming the place. */
#ifndef LF_IMPORT_JSON_NETS_H
#define LF_IMPORT_JSON_NETS_H

#include "import/json_walk.h"

LF_MUST_USE lf_status lf_json_read_dwn(lf_graph *g, const lf_json_at *root);
LF_MUST_USE lf_status lf_json_read_kanele(lf_graph *g, const lf_json_at *root);
LF_MUST_USE lf_status lf_json_read_hgq(lf_graph *g, const lf_json_at *root);
LF_MUST_USE lf_status lf_json_read_tables(lf_graph *g, const lf_json_at *root);

enum { LF_JSON_WIDTH_MAX = 1 << 16, LF_JSON_LAYERS_MAX = 1 << 10 };

/* The input "x" of so many float32 features; the output "y". */
lf_id lf_json_input(lf_graph *g, size_t features);
void lf_json_output(lf_graph *g, lf_id tensor);
/* A node with one output tensor of the same name, inferred. */
LF_MUST_USE lf_status lf_json_node(lf_graph *g, const char *op, const char *name, const lf_id *in, int in_count,
                                   lf_node **made);

/* Edges of a layer while they are read. */
typedef struct lf_json_edges {
    LF_VEC(int64_t) edges, tables; /* rows of LF_EDGE_COLUMNS; entries */
    int64_t *bias;
    int64_t outputs, fraction;
} lf_json_edges;
LF_MUST_USE lf_status lf_json_edges_node(lf_graph *g, const char *name, lf_json_edges *e, lf_id x, lf_id *y);

#endif
