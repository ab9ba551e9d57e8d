/* The network: tensors and nodes by id, in one arena.
 *
 * A tensor is a value of known shape. It is either off the grid (real numbers, IEEE double when executed) or on
 * the grid: value = code * scale, with integer codes of an exact range. Which one is static: the op's infer decides.
 * Before `integerize` scales may be anything; after it every tensor between `quantize` and `dequantize` has scale 1.
 *
 * Shapes carry the batch as a leading dimension of 1: one execution is one sample. */
#ifndef LF_IR_GRAPH_H
#define LF_IR_GRAPH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/ctx.h"
#include "base/file.h"
#include "num/dtype.h"

typedef uint32_t lf_id; /* of a tensor or a node; 0 is none */

enum { LF_MAX_RANK = 8 };

typedef struct lf_shape {
    int rank; /* 0: a scalar */
    int64_t dim[LF_MAX_RANK];
} lf_shape;

/* How the elements of a constant lie in memory. */
typedef enum lf_elem {
    LF_ELEM_I8,
    LF_ELEM_U8,
    LF_ELEM_I16,
    LF_ELEM_U16,
    LF_ELEM_I32,
    LF_ELEM_I64,
    LF_ELEM_F32,
    LF_ELEM_F64
} lf_elem;

/* A constant's elements, row-major. Owned by the graph's arena or by a file the graph keeps mapped.
 * Integer elements of a tensor on the grid are its codes; float elements of a tensor on the grid are values
 * (value / scale is the code, exactly). */
typedef struct lf_const {
    lf_elem elem;
    size_t count;
    const void *data;
} lf_const;

/* value = code * scale[c]; c is the index along `axis` (scale_count > 1) or 0. scale_count 0: off the grid. A scale
 * may be negative, never 0, NaN or infinite. */
typedef struct lf_grid {
    const double *scale;
    int64_t scale_count;
    int axis;
    double divisor; /* not 0: the one scale was written as 1/divisor, and the real value is code / divisor, one division
                     * (contracts.md 2). Elementwise arithmetic then works on reals; matrix products use the scale. */
} lf_grid;

typedef struct lf_tensor {
    lf_id id;
    const char *name; /* unique in the graph */
    lf_shape shape;
    lf_dtype
        dtype; /* of the codes when on the grid; FLOAT32/FLOAT64 otherwise (the type it is rounded to at an output) */
    lf_grid grid;
    lf_range range;                /* of the codes, all elements; meaningful on the grid only */
    const lf_range *channel_range; /* one per index of range_axis, or NULL; each inside `range` */
    int range_axis;
    lf_const *value; /* a constant, or NULL */
    lf_id producer;  /* node, or 0: an input or a constant */
} lf_tensor;

typedef enum lf_place { LF_PLACE_NONE, LF_PLACE_HOST, LF_PLACE_FPGA } lf_place;

typedef struct lf_op lf_op;

typedef struct lf_node {
    lf_id id;
    const char *name; /* unique in the graph; instance names in Verilog come from it */
    const lf_op *op;
    lf_id *in;
    int in_count;
    lf_id *out;
    int out_count;
    void *attr; /* the op's attribute struct (op.h), or NULL when it has none */
    lf_place place;
    int line; /* of the file it came from, or 0 */
} lf_node;

/* A declared input grid: --input (contracts.md 2). value = code * scale + offset, or code / divisor when the scale was
 * written as a quotient. */
typedef struct lf_input_grid {
    lf_dtype type;
    bool cast; /* '!': the cast is part of the network */
    double scale, offset;
    double divisor; /* scale written as 1/D: D, so that code / D is one division; else 0 */
} lf_input_grid;

typedef struct lf_port {
    const char *name; /* the model's own name */
    lf_id tensor;
    const lf_input_grid
        *grid; /* inputs: declared by --input, else NULL; outputs: the type of integers that the model says
                                * its values have (with scale 1), NULL: reals */
} lf_port;

typedef LF_VEC(lf_port) lf_ports;
typedef LF_VEC(lf_id) lf_ids;

typedef struct lf_graph {
    lf_ctx *ctx;
    lf_arena *arena;
    const char *name;
    const char *source;          /* file it came from, for messages; base name only in outputs */
    char source_sha256[65];      /* of that file; empty when there is none */
    char text_sha256[65];        /* of the .lf it was read from, which holds the hashes of its weights; empty: none */
    LF_VEC(lf_tensor *) tensors; /* [id - 1]; NULL when removed */
    LF_VEC(lf_node *) nodes;     /* [id - 1]; NULL when removed */
    lf_ids order; /* node ids in topological order: the order of the graph. New nodes stand at its end and ids of
                                  * removed nodes stay in it (lf_node_at gives NULL for them) until lf_graph_sort, lf_graph_prune
                                  * or lf_infer; so a pass may change the graph while it walks a copy or a prefix of the order. */
    lf_ports inputs, outputs;
    const struct lf_table_column *columns; /* of the table that rows come from (table_column.h), or NULL */
    size_t column_count;
    const char *const *class_names; /* of what the network tells apart, or NULL: classes are numbers (table_column.h) */
    size_t class_count;
    struct lf_names *tensor_names, *node_names; /* private: names.h */
    struct lf_store *store; /* private: what holds the arena and the files that constants point into */
} lf_graph;

const char *lf_graph_sha256(const lf_graph *g);        /* of its source, else of its text; empty when it has neither */
lf_graph *lf_graph_new(lf_ctx *ctx, const char *name); /* NULL (recorded) when memory is out */
void lf_graph_free(lf_graph *g);                       /* NULL is fine */
/* A graph of its own with the same tensors, nodes and names, in the same order; ids may differ. It shares the elements of constants
 * (which nobody changes in place), so they live until both are freed, in any order. NULL (recorded) when memory is out. */
lf_graph *lf_graph_clone(const lf_graph *g);
/* The graph takes over an open file, so that constants may point into it. */
void lf_graph_keep_file(lf_graph *g, lf_file file);

/* Names that are taken get a suffix _1, _2, …; an empty name becomes "t" or the op's name. The name of a removed tensor or node
 * is free again. A tensor's or node's `name` is changed through lf_tensor_rename and lf_node_rename only. */
lf_tensor *lf_tensor_new(lf_graph *g, const char *name, lf_shape shape, lf_dtype dtype);
/* The node goes to the end of the order. attr is copied (attr_size of the op's struct, with its strings and lists) or, when NULL,
 * filled with defaults. The node becomes the producer of its outputs. */
lf_node *lf_node_new(lf_graph *g, const lf_op *op, const char *name, const lf_id *in, int in_count, const lf_id *out,
                     int out_count, const void *attr);
void lf_tensor_rename(lf_graph *g, lf_tensor *t, const char *name);
void lf_node_rename(lf_graph *g, lf_node *n, const char *name);
/* A constant on the grid with scale 1 whose elements are integers; range (with the largest step that holds) and dtype from the
 * actual values, elements in the narrowest container. */
lf_tensor *lf_const_codes(lf_graph *g, const char *name, lf_shape shape, const int64_t *code);
lf_tensor *lf_const_bytes(lf_graph *g, const char *name, lf_shape shape, const uint8_t *code);
/* A constant off the grid: FLOAT32 (stored so) when every value is a float, else FLOAT64. */
lf_tensor *lf_const_reals(lf_graph *g, const char *name, lf_shape shape, const double *real);

static inline lf_tensor *lf_tensor_at(const lf_graph *g, lf_id id) {
    return id ? g->tensors.at[id - 1] : NULL;
}
static inline lf_node *lf_node_at(const lf_graph *g, lf_id id) {
    return id ? g->nodes.at[id - 1] : NULL;
}
static inline lf_tensor *lf_in(const lf_graph *g, const lf_node *n, int i) {
    return i < n->in_count ? lf_tensor_at(g, n->in[i]) : NULL;
}
static inline lf_tensor *lf_out(const lf_graph *g, const lf_node *n, int i) {
    return lf_tensor_at(g, n->out[i]);
}

/* How many uses a tensor has (graph outputs count; a node that takes it twice uses it twice); its only consuming node, or NULL
 * when it has none or several uses. Both look at the whole graph: to ask for every tensor, take the tables below. */
int lf_use_count(const lf_graph *g, lf_id tensor);
lf_node *lf_only_consumer(const lf_graph *g, lf_id tensor);
/* Indexed by tensor id ([0] is unused): the same for all tensors in one sweep. consumers: node id or 0. */
uint32_t *lf_use_counts(const lf_graph *g, lf_arena *a);
lf_id *lf_only_consumers(const lf_graph *g, lf_arena *a);
lf_node *lf_find_node(const lf_graph *g, const char *name);
lf_tensor *lf_find_tensor(const lf_graph *g, const char *name);

/* Every use of `old` becomes a use of `now`, outputs of the graph included. */
void lf_replace_uses(lf_graph *g, lf_id old, lf_id now);
/* The same for many at once, in one sweep: now[id] is what to use instead of tensor id, or 0 to keep it. Chains are followed
 * (1 -> 2 and 2 -> 3 make 1 -> 3); they must not be circular. */
void lf_replace_uses_all(lf_graph *g, const lf_id *now);
/* Its outputs stay as tensors without a producer. Its id stays in `order` until the next sort. */
void lf_node_remove(lf_graph *g, lf_id node);
/* Removes nodes without effect on an output, then tensors nobody mentions, and cleans `order`. */
void lf_graph_prune(lf_graph *g);
/* Recomputes `order`: each node in its old place, preceded by those of its producers that stood later (so what replaces a node
 * comes to stand where the node was, and a sorted order stays as it is). LF_BAD_INPUT on a cycle, naming its nodes. */
LF_MUST_USE lf_status lf_graph_sort(lf_graph *g);

/* Shapes. */
int64_t lf_shape_count(lf_shape s); /* product of the dimensions; 1 for a scalar; INT64_MAX when it is more */
bool lf_shape_equal(lf_shape a, lf_shape b);
const char *lf_shape_text(lf_arena *a, lf_shape s); /* "[1,28,28]" */
lf_shape lf_shape_make(int rank, const int64_t *dim);

/* Constants element by element. */
size_t lf_elem_size(lf_elem e);
double lf_const_real(const lf_const *c, size_t i);
int64_t lf_const_int(const lf_const *c, size_t i); /* float elements must be integers within int64 */
/* Code of element i of a constant on the grid: the element itself, or for a float element the integer nearest to value / scale.
 * lf_tensor_code_exact is false when a float element is not on the grid, that is unless
 *   |value / scale - code| <= 1e-6 |code|  and  <= 1/4,   and |code| <= 2^53
 * (float32 weights are code * scale rounded to float32: they miss by 6e-8 of the value). lf_verify_graph checks it, so that
 * lf_tensor_code may be used without asking. */
int64_t lf_tensor_code(const lf_tensor *t, size_t i);
/* Elements first .. first + count - 1. */
void lf_tensor_codes(const lf_tensor *t, size_t first, size_t count, int64_t *out);
lf_range lf_tensor_codes_range(const lf_tensor *t, size_t first, size_t count); /* of them; {0, 0, 1} for none */
bool lf_tensor_code_exact(const lf_tensor *t, size_t i, int64_t *code);
/* Value of element i of a constant: the element off the grid, code * scale (or code / divisor) on it. */
double lf_tensor_real(const lf_tensor *t, size_t i);

/* Grids. */
static inline bool lf_on_grid(const lf_tensor *t) {
    return t->grid.scale_count > 0;
}
double lf_grid_scale(const lf_tensor *t, size_t element); /* scale of one element */
double lf_grid_value(const lf_tensor *t, size_t element,
                     int64_t code);                         /* code * scale, or code / divisor; rounded once */
size_t lf_channel_of(lf_shape s, int axis, size_t element); /* index along axis of a flat element index */
/* True when t is on the grid with one scale that equals 1. */
bool lf_is_codes(const lf_tensor *t);
/* Set t to be codes with scale 1, the dtype the narrowest for r, without channel ranges. */
void lf_set_codes(lf_graph *g, lf_tensor *t, lf_range r);

lf_where lf_where_node(const lf_graph *g, const lf_node *n);

#endif
