/* The inside of the fast engine, shared by the fast_*.c files.
 *
 * A tensor's codes may lie in a block of rows in several forms (`lf_form`); a slot is one of them. Tensors that hold the same
 * elements in the same order (reshape, quantize, dequantize) share their slots: those of the first of them, their root. */
#ifndef LF_EXEC_FAST_PLAN_H
#define LF_EXEC_FAST_PLAN_H

#include "exec/exec.h"
#include "exec/fast.h"
#include "kern/kern.h"
#include "ops/run_node.h"

typedef enum lf_form {
    LF_FORM_VALUE, /* int64 codes or doubles, as the reference engine has them */
    LF_FORM_BITS,  /* tensors of two codes: 1 for the larger */
    LF_FORM_U8,    /* code - shift */
    LF_FORM_S16,   /* code - shift */
    LF_FORM_S32,   /* code; only tensors within +-LF_S32_MAX */
    LF_FORM_COUNT
} lf_form;

#define LF_S32_MAX ((int64_t)1 << 30)

enum { LF_NODE_OPERANDS = 16 };

/* Elements come in vectors of `vec` (the inputs of a layer, the channels of thresholds), each padded to `stride` bytes. */
typedef struct lf_slot {
    lf_id root;
    lf_form form;
    size_t vec, vecs, stride; /* vecs: per row */
    size_t offset;            /* of row 0 in a block with room for one row; times the block's room */
    struct lf_slot *next;     /* of the same root */
} lf_slot;

/* The same slot seen as vectors of another length. */
typedef struct lf_view {
    const lf_slot *slot;
    size_t length, stride, count; /* elements, bytes from one to the next, vectors per row */
} lf_view;

/* One worker. */
typedef struct lf_block {
    const lf_plan *plan;
    const lf_row_io *io;
    size_t first, rows;
    uint8_t *memory;  /* all slots, each for `room` rows */
    uint8_t *scratch; /* lf_plan.scratch_bytes, of the step that runs */
    size_t room;
    lf_arena *own;
    lf_ctx *ctx;
    lf_run run;
} lf_block;

typedef struct lf_front lf_front;
typedef struct lf_tail lf_tail;
typedef struct lf_layer lf_layer;
typedef struct lf_step lf_step;
typedef struct lf_fast_op lf_fast_op;
typedef struct lf_logic lf_logic;
/* LF_OK, or anything else without a diagnostic of its own: the reference engine then runs the block and says what is wrong. */
typedef lf_status lf_step_fn(const lf_step *s, lf_block *b);
struct lf_step {
    lf_step_fn *run;
    const lf_node *node; /* whose work it is; NULL for conversions and inputs */
    const lf_slot *in, *out;
    const void *with; /* the step's own constants */
    const char *text;
    lf_step *next;
};

struct lf_plan {
    lf_ctx *ctx;
    const lf_graph *graph;
    lf_isa isa;
    lf_exec *reference;
    lf_memo *memo;
    lf_arena *arena;
    lf_arena *building; /* gone when the plan is made */
    size_t block;       /* rows asked for; 0: chosen */
    bool possible;      /* else everything is left to the reference engine */

    bool for_many; /* layers that are logic run bit-sliced, LF_PLANE_ROWS rows at a time */
    lf_plan *
        many; /* such a plan of the same graph, made when there are MANY_ROWS for the first time; NULL: it would be this one */
    bool many_asked;
    lf_plan *few; /* of `many`: what does rows that it does not take */

    lf_id *root;                        /* [tensor id] */
    bool *needed;                       /* [tensor id] */
    lf_slot **slots;                    /* [root] what there is */
    lf_slot **wanted;                   /* [root] forms that consumers ask for */
    const lf_front **front;             /* [node id] the host's chain up to this quantizer is thresholds on floats */
    const lf_tail **tail;               /* [node id] the chain from codes up to this node is a table */
    const lf_node **fuses;              /* [node id] the threshold node that is one step with this one */
    bool *fused;                        /* [node id] is that threshold node */
    const lf_fast_op **kernel;          /* [node id] what can do it, or NULL */
    lf_layer **layers;                  /* [node id] what fast_layers.c found out about it */
    const lf_node **window;             /* [node id] the window node whose vectors this node collects for itself */
    lf_id *only;                        /* [tensor id] the only node that reads it, or 0 */
    lf_logic **logic;                   /* [node id] the bit-sliced region it belongs to, or NULL */
    LF_VEC(struct lf_lut_code *) codes; /* of the regions; freed with the plan */
    lf_step *steps, *last;
    size_t row_bytes; /* of all slots */
    size_t scratch_bytes;
    size_t lanes; /* rows that some step takes at a time, or 0 */

    lf_block *workers;
    int worker_count;
    bool *again; /* of the blocks in hand: see fast.c */
};

static inline const lf_tensor *lf_plan_tensor(const lf_plan *p, lf_id id) {
    return lf_tensor_at(p->graph, id);
}

static inline size_t lf_plan_count(const lf_plan *p, lf_id id) {
    return (size_t)lf_shape_count(lf_plan_tensor(p, id)->shape);
}

/* The range in whose form its codes lie: that of its root. */
static inline lf_range lf_plan_range(const lf_plan *p, lf_id id) {
    return lf_plan_tensor(p, p->root[id])->range;
}

/* The slot's vectors of a row of the block. */
static inline void *lf_slot_at(const lf_block *b, const lf_slot *s, size_t row) {
    return b->memory + s->offset * b->room + row * s->vecs * s->stride;
}

/* -- codes in forms -------------------------------------------------------------------------------------------------------- */

/* What is taken off a code before it is stored. */
int64_t lf_form_shift(lf_range r, lf_form form);
/* Whether all codes of a range can be held. */
bool lf_form_holds(lf_range r, lf_form form);
/* Whether t is codes of one scale which that form holds, and its root's, too. */
bool lf_plan_holds(const lf_plan *p, lf_id t, lf_form form);
/* Whether t is computed and one vector: it has no positions beside the batch. */
bool lf_is_vector(const lf_tensor *t);

/* -- building: all of a plan (fast_build.c), and what its parts are made with (fast_slots.c) --------------------------------- */

void lf_plan_build(lf_plan *p);
/* True when op->positions leaves every element where it is. */
bool lf_keeps_positions(const lf_graph *g, const lf_node *n);
lf_step *lf_plan_add(lf_plan *p, lf_step_fn *run, const lf_node *n, const lf_slot *in, const lf_slot *out,
                     const void *with, const char *text);
/* The slot of t in this form, made by conversion when there is none; NULL when nothing makes t. */
const lf_slot *lf_plan_slot(lf_plan *p, lf_id t, lf_form form, size_t vec);
/* A new slot of t: the form that its consumers want first among the set `can` (bit per form) with vectors of `vec`, else `otherwise`. */
lf_slot *lf_plan_output(lf_plan *p, lf_id t, unsigned can, size_t vec, lf_form otherwise);
/* Whether a consumer of t asks for this form. */
bool lf_plan_wants(const lf_plan *p, lf_id t, lf_form form);
/* Vectors of `length` elements of t in one of the forms `can`, in whatever slot they lie; made in the form `otherwise` by conversion
 * when there are none. view.slot is NULL when nothing makes t. Bits: of vectors that begin with a word. */
lf_view lf_plan_view(lf_plan *p, lf_id t, unsigned can, size_t length, lf_form otherwise);
/* The step that is being built works in so many bytes of the block's scratch memory. */
void lf_plan_need_scratch(lf_plan *p, size_t bytes);
/* Bytes of one vector of a slot. */
size_t lf_vector_bytes(lf_form form, size_t length);
size_t lf_form_bytes(lf_form form); /* of an element; BITS: 0 */

/* -- windows (fast_window.c) ------------------------------------------------------------------------------------------------ */

typedef struct lf_gather lf_gather;
/* The window node whose vectors only n reads, maybe through a change of shape, and which n can collect for itself; else NULL. */
const lf_node *lf_window_before(const lf_plan *p, const lf_node *n);
/* Whether pictures in this form can show the padding of a window node. */
bool lf_window_holds(const lf_plan *p, const lf_node *window, lf_form form);
/* For pictures in `x`, whose vectors are the pixels; of their channels the part `group` of `groups` equal ones. Vectors are collected in the order (KH, KW, C), each pixel in
 * whole words when these are bits. */
const lf_gather *lf_gather_new(lf_plan *p, const lf_node *window, lf_view x, size_t group, size_t groups);
/* The same for a geometry without a node. */
struct lf_window;
lf_gather *lf_gather_of(lf_plan *p, const struct lf_window *w, int64_t pad_code, lf_view x);
size_t lf_gather_bytes(const lf_gather *g); /* of a vector */
/* Vectors first .. first + count - 1 of pictures that lie one after the other, `stride` bytes apart. Up to 15 bytes behind each are
 * overwritten, and read behind the pictures. */
void lf_gather_run(const lf_gather *g, const uint8_t *pictures, size_t first, size_t count, uint8_t *to, size_t stride);
/* Where the pixels of a window lie: tap[k], in the picture or a pixel of padding. */
void lf_gather_taps(const lf_gather *g, const uint8_t *pictures, size_t position, const void **tap);

/* -- nodes that have kernels (fast_ops.c) --------------------------------------------------------------------------------------- */

struct lf_fast_op {
    const char *name; /* of the op */
    /* Whether kernels can do this node; asked once, before the rest. p->roots and p->only are known. */
    bool (*can)(lf_plan *p, const lf_node *n);
    /* The form in which it wants an operand (operand 0 of its window where p->window says so), and the vectors' length, where it is not
     * the whole tensor. VALUE, when there is a window: it cannot collect from it. What consumers want is known. */
    lf_form (*wants)(lf_plan *p, const lf_node *n, int operand, size_t *vec);
    /* Adds its steps, and those of p->fuses[n->id], the threshold node that goes with it. */
    void (*add)(lf_plan *p, const lf_node *n);
};

extern const lf_fast_op lf_fast_mvu, lf_fast_threshold, lf_fast_vvu, lf_fast_pool, lf_fast_global_pool,
    lf_fast_sum_join, lf_fast_frame, lf_fast_transpose, lf_fast_thermometer, lf_fast_table_neurons, lf_fast_table_edges,
    lf_fast_reduce;

/* The layer of table neurons that is the only reader of another such layer, n, and one step with it; else NULL (fast_neurons.c). */
const lf_node *lf_neurons_behind(const lf_plan *p, const lf_node *n);

/* NULL when the node runs by its definition. */
const lf_fast_op *lf_fast_op_for(lf_plan *p, const lf_node *n);

/* -- layers that are logic (fast_logic.c) ---------------------------------------------------------------------------------------------- */

/* Which nodes run bit-sliced: sets p->logic. */
void lf_logic_find(lf_plan *p);
/* The region's work is one step where its last node stands in the order. */
const lf_node *lf_logic_last(const lf_logic *l);
/* Asks for what the region reads: calls want(p, tensor, form, length of vectors). */
void lf_logic_needs(lf_plan *p, const lf_logic *l, void (*want)(lf_plan *, lf_id, lf_form, size_t));
void lf_logic_add(lf_plan *p, lf_logic *l);

/* -- conversions (fast_convert.c) --------------------------------------------------------------------------------------------- */

lf_step_fn lf_step_convert;
/* Stores codes as one vector of a slot; r: the range of its root. */
void lf_put_vector(const lf_slot *s, void *to, lf_range r, const int64_t *code);

/* -- the host's beginning (fast_front.c) --------------------------------------------------------------------------------------- */

/* Elementwise host nodes from a float input to codes, as thresholds on float32 (keys, kern/levels.h). */
struct lf_front {
    const lf_tensor *input, *codes;
    int port; /* index of the input */
    const int64_t
        *source; /* [elements] the input's element, when the chain begins behind a change of order; else NULL */
    size_t elements, count; /* thresholds per element */
    int32_t *key;           /* [elements * count] */
    int64_t *base, *step;   /* [elements] code = base + step * #{reached} */
};

/* NULL when the codes of n's output are no such function of one input. Exact: found by running the ops on every candidate. */
const lf_front *lf_front_find(lf_plan *p, const lf_node *n);
void lf_front_add(lf_plan *p, const lf_front *f);

/* -- the host's end (fast_tail.c) ---------------------------------------------------------------------------------------------- */

/* NULL when n does not end a chain of elementwise nodes behind few integer codes. */
const lf_tail *lf_tail_find(lf_plan *p, const lf_node *n);
lf_id lf_tail_base(const lf_tail *t); /* the tensor of codes */
void lf_tail_add(lf_plan *p, const lf_tail *t);

/* Rows of an input as they are, or as codes (fast_input.c). */
void lf_input_add(lf_plan *p, int port);
/* A node by its definition; rows of outputs (fast_rows.c). */
void lf_node_add(lf_plan *p, const lf_node *n);
void lf_block_write(lf_block *b);
lf_form lf_output_form(const lf_tensor *t);    /* in which outputs are read */
bool lf_plan_gives(const lf_plan *p, lf_id t); /* whether t lies there in that form after all steps */

#endif
