/* An op: all its faces in one descriptor (architecture.md). Descriptors live in src/ops, one file each, and are listed in
 * ops.def; this header is the interface they fill in. */
#ifndef LF_IR_OP_H
#define LF_IR_OP_H

#include <stddef.h>

#include "ir/graph.h"

/* -- attributes ------------------------------------------------------------------------------------------------ */

typedef enum lf_attr_type {
    LF_ATTR_INT,    /* int64_t */
    LF_ATTR_BOOL,   /* bool */
    LF_ATTR_REAL,   /* double */
    LF_ATTR_STRING, /* const char *, NULL when absent */
    LF_ATTR_ENUM,   /* int, an index into `names` */
    LF_ATTR_DTYPE,  /* lf_dtype */
    LF_ATTR_INTS    /* lf_ints */
} lf_attr_type;

typedef struct lf_ints {
    const int64_t *at;
    int64_t count;
} lf_ints;

/* One attribute: where it lies in the op's struct and what it may be. A table ends with an entry without name. */
typedef struct lf_attr_desc {
    const char *name;
    lf_attr_type type;
    size_t offset;
    const char *fallback;     /* the default as text, "" for empty; NULL: required */
    const char *const *names; /* ENUM: NULL-terminated */
    double min, max;          /* INT and REAL; both 0: any */
    const char *help;
} lf_attr_desc;

/* -- execution ------------------------------------------------------------------------------------------------- */

/* One tensor of one sample while it is computed. Exactly one of code and real is set: code when the tensor is on the grid. (matmul
 * and conv also take constants with neither: it reads tensor->value, so that large weights are not expanded.) */
typedef struct lf_value {
    const lf_tensor *tensor;
    size_t count;
    int64_t *code;
    double *real;
} lf_value;

/* One running execution: scratch memory that is reset after every node, the node for messages. One per thread. */
typedef struct lf_run {
    lf_ctx *ctx;
    const lf_graph *graph;
    const lf_node *node;
    lf_arena *scratch;
    struct lf_memo *
        memo; /* ops/run_node.h: things made from constants and kept between nodes and samples; NULL: nothing is kept */
} lf_run;

/* The values as reals (code * scale, rounded once per element), in scratch memory when v holds codes. */
const double *lf_value_reals(lf_run *run, const lf_value *v);

/* -- how an elementwise op moves its input ---------------------------------------------------------------------------- */

typedef enum lf_monotone { LF_MONO_NONE, LF_MONO_UP, LF_MONO_DOWN, LF_MONO_CONST } lf_monotone;

/* -- the descriptor ---------------------------------------------------------------------------------------------- */

typedef enum lf_level { LF_NN, LF_HW } lf_level;

/* A constant that a unit does not keep: it comes from outside over a stream of its own, the same elements again and again. */
typedef struct lf_const_stream {
    lf_dtype type;   /* of one element */
    int64_t lanes;   /* elements per beat */
    int64_t image;   /* elements until they repeat, whole beats */
    int64_t repeats; /* of the image per frame */
} lf_const_stream;

/* Resources and speed of a hardware node. bram in RAMB36 (a RAMB18 is 0.5). */
typedef struct lf_cost {
    double lut, ff, bram, uram, dsp;
    int64_t ii_cycles; /* between frames at full rate */
    int64_t weight_bits;
} lf_cost;

/* Adds resources; ii_cycles stay. */
static inline void lf_cost_add(lf_cost *sum, const lf_cost *c) {
    sum->lut += c->lut;
    sum->ff += c->ff;
    sum->bram += c->bram;
    sum->uram += c->uram;
    sum->dsp += c->dsp;
    sum->weight_bits += c->weight_bits;
}

struct lf_circuit; /* src/circuit */
struct lf_vlog;    /* src/vlog */
struct lf_unit;    /* src/fpga: the clock-by-clock model of a unit's handshakes */

struct lf_op {
    const char *name;
    const char *help; /* one line for `lutfisk list ops` */
    lf_level level;
    int in_min, in_max, out_min, out_max;
    size_t attr_size;
    const lf_attr_desc *attrs; /* or NULL */
    /* What is its own in an op whose faces are a family's: of the type that the header says in which they are (ops/truth.h). */
    const void *own;

    /* Sets shape, dtype, grid and ranges of every output from the inputs. Refuses what is not defined, naming both sides. */
    lf_status (*infer)(lf_graph *g, lf_node *n);

    /* The definition: plain loops. Outputs are allocated by the caller, as codes or reals as infer said. */
    lf_status (*exec)(lf_run *run, const lf_node *n, const lf_value *in, lf_value *out);

    /* Elementwise ops (output element i depends on input 0's element i, constants broadcast against it): how output moves with
     * input 0 at channel c of `axis` (of the output's shape; scalar constants: any c). NULL: not elementwise. `values`: outputs at
     * neighbouring inputs may also be compared by enumeration when this says NONE. */
    lf_monotone (*monotone)(const lf_graph *g, const lf_node *n, int axis, int64_t channel);

    /* NN layout ops that only rename positions (reshape, transpose): out element i is input element source(i). */
    void (*positions)(const lf_graph *g, const lf_node *n, int64_t *source);

    /* Turns a node whose data stand as [N, C, axes...] into the same node on [N, axes..., C]: changes its attributes and, in new
     * tensors, its constants. False, changing nothing, when it cannot. Elementwise ops may leave it NULL: their constants are moved. */
    bool (*relayout)(lf_graph *g, lf_node *n);

    /* Optional. The node as combinational logic on codes: in[i][e] is the word (lf_word) of element e of operand i, in[i] is NULL for constants and
     * absent operands, whose tensors the op reads itself; every out[o][e] is to be set. Equals exec. Words too wide are told by lf_circuit_ok. */
    lf_status (*circuit)(const lf_graph *g, const lf_node *n, struct lf_circuit *c, const uint32_t *const *in,
                         uint32_t **out);

    /* Hardware ops. lanes: elements per beat on each stream port (constants have none: 0). */
    void (*lanes)(const lf_graph *g, const lf_node *n, int64_t *in, int64_t *out);
    lf_status (*cost)(const lf_graph *g, const lf_node *n, lf_cost *out);
    lf_status (*rtl)(const lf_graph *g, const lf_node *n, struct lf_vlog *v);
    lf_status (*unit)(const lf_graph *g, const lf_node *n, lf_arena *a, struct lf_unit *out);
    /* Optional. True when a constant of this node travels on a stream, which is the unit's last input; elements of the image are written
     * to `codes` in the order of the stream unless it is NULL. */
    bool (*const_stream)(const lf_graph *g, const lf_node *n, lf_const_stream *out, int64_t *codes);
};

/* One op by name, NULL when unknown. src/ops/op_table.c (floor 4) has the table; floor 2 gets it as this function. */
typedef const lf_op *lf_op_find_fn(const char *name);

/* Fill an attribute struct with the defaults. LF_BAD_INPUT when one without default is missing is the caller's business. */
void lf_attr_defaults(const lf_op *op, void *attr, lf_arena *a);
const lf_attr_desc *lf_attr_find(const lf_op *op, const char *name);
/* Sets one attribute from its text form (as in .lf files); strings quoted, ints in [1, 2]. LF_BAD_INPUT with reason. */
LF_MUST_USE lf_status lf_attr_set_text(lf_ctx *ctx, lf_arena *a, const lf_op *op, void *attr, const char *name,
                                       const char *text, const lf_where *where);
bool lf_attr_is_default(const lf_op *op, const void *attr, const lf_attr_desc *d, lf_arena *scratch);

/* Infer one node, or all in order, after sorting (lf_graph_sort). After an error, the rest of the graph is still inferred as far as it goes, so that all
 * complaints come at once. */
LF_MUST_USE lf_status lf_infer_node(lf_graph *g, lf_node *n);
LF_MUST_USE lf_status lf_infer(lf_graph *g);

/* Ids exist, names are unique, order is topological, every op has its operand counts, constants have as many elements as
 * their shape, codes lie in their ranges (sampled for large ones), grids have as many scales as channels. */
LF_MUST_USE lf_status lf_verify_graph(const lf_graph *g);

#endif
