/* What elementwise ops share: broadcasting, grids of outputs, exact ranges, constants that an op needs.
 * Nothing here decides what an op computes; that stands in the op's own file. */
#ifndef LF_OPS_ELEMENTWISE_H
#define LF_OPS_ELEMENTWISE_H

#include "ir/op.h"

/* Codes stay within +-2^62, so that a sum of two never leaves int64. */
#define LF_CODE_MAX ((int64_t)1 << 62)

/* -- operands ------------------------------------------------------------------------------------------------------- */

/* LF_BAD_INPUT unless operand i (`what`: "scale") is there and a constant. */
LF_MUST_USE lf_status lf_need_const(const lf_graph *g, const lf_node *n, int i, const char *what);
/* The one value of a constant operand: all its elements equal. LF_BAD_INPUT otherwise. */
LF_MUST_USE lf_status lf_need_scalar(const lf_graph *g, const lf_node *n, int i, const char *what, double *out);
/* LF_BAD_INPUT unless every element of constant operand i is finite (and not 0, when `nonzero`). */
LF_MUST_USE lf_status lf_need_finite(const lf_graph *g, const lf_node *n, int i, const char *what, bool nonzero);

/* LF_BAD_INPUT when a result of this shape would have more than 2^31 elements: no file may make us ask for that. */
LF_MUST_USE lf_status lf_need_size(const lf_graph *g, const lf_node *n, lf_shape s);

/* LF_BAD_INPUT unless the attribute `name`, which has a place for every axis of operand 0, has `count` entries from `least` to `most`;
 * _if_any: or none at all. */
LF_MUST_USE lf_status lf_need_list(const lf_graph *g, const lf_node *n, const char *name, lf_ints list, int64_t count,
                                   int64_t least, int64_t most);
LF_MUST_USE lf_status lf_need_list_if_any(const lf_graph *g, const lf_node *n, const char *name, lf_ints list,
                                          int64_t count, int64_t least, int64_t most);

/* The only operand that is not a constant, or -1 when none or several are. */
int lf_data_operand(const lf_graph *g, const lf_node *n);

/* An axis that may be negative, as an index; LF_BAD_INPUT when the shape has no such axis. */
LF_MUST_USE lf_status lf_need_axis(const lf_graph *g, const lf_node *n, int64_t axis, int rank, int *out);

/* -- broadcasting (NumPy's rule, ONNX "multidirectional") ------------------------------------------------------------- */

bool lf_broadcast_shapes(lf_shape a, lf_shape b, lf_shape *out);
/* The common shape of the first `count` operands, absent ones left out; refuses naming both shapes. */
LF_MUST_USE lf_status lf_infer_broadcast(lf_graph *g, const lf_node *n, int count, lf_shape *out);

/* Which element of an operand belongs to element e of the output. */
typedef struct lf_map {
    size_t inner, dim; /* e / inner % dim, when rank is 0 */
    int rank;          /* else the sum over the output's axes of (index along it) * step */
    size_t size[LF_MAX_RANK], step[LF_MAX_RANK];
} lf_map;
lf_map lf_map_make(lf_shape from, lf_shape to);
size_t lf_map_walk(const lf_map *m, size_t e);
static inline size_t lf_map_at(const lf_map *m, size_t e) {
    if (m->dim == 1)
        return 0;
    if (m->rank)
        return lf_map_walk(m, e);
    return (m->inner == 1 ? e : e / m->inner) % m->dim;
}

/* -- axes: a set of axes of the output shape, one bit each -------------------------------------------------------------- */

/* Axes of `to` along which a tensor of shape `from` varies when broadcast. */
unsigned lf_vary_mask(lf_shape from, lf_shape to);
/* The same for the elements of a constant: 0 when they are all equal. */
unsigned lf_const_mask(const lf_tensor *t, lf_shape to);
/* Axes along which t's scale varies; axes along which its range is known to vary. */
unsigned lf_scale_mask(const lf_tensor *t, lf_shape to);
unsigned lf_range_mask(const lf_tensor *t, lf_shape to);
/* The axis of a set of at most one: 0 for the empty set; -1 when there are several. */
int lf_mask_axis(unsigned mask);

/* -- outputs ---------------------------------------------------------------------------------------------------------- */

/* Off the grid: FLOAT64 when a real operand is FLOAT64, else FLOAT32. */
void lf_set_real(const lf_graph *g, const lf_node *n, lf_tensor *out, lf_shape shape);
/* A grid with `count` scales along `axis`; equal scales become one. False, changing nothing, when a scale is 0, NaN or infinite. */
bool lf_set_grid(lf_graph *g, lf_tensor *out, const double *scale, int64_t count, int axis);
/* The grid of `like`, which has the same shape. */
void lf_same_grid(lf_tensor *out, const lf_tensor *like);
/* The scale of t at element e of shape `to`. */
double lf_scale_at(const lf_tensor *t, const lf_map *m, size_t e);

/* On the grid, and its value is code * scale, not a quotient (graph.h, lf_grid.divisor). */
static inline bool lf_plain_grid(const lf_tensor *t) {
    return lf_on_grid(t) && t->grid.divisor == 0;
}

/* Range of the codes of t at one of its elements: of a constant of moderate size the code itself. */
lf_range lf_range_at(const lf_tensor *t, size_t element);

/* Range of output element e; sets *overflow when its codes would not fit. */
typedef lf_range lf_range_fn(const void *arg, size_t e, bool *overflow);
/* Sets range, channel ranges and the narrowest datatype of out (whose shape is set) from fn, which may vary along the axes of
 * `mask` only. False when a code could leave +-2^62, or when the range varies along several axes of more than 2^22 elements, which is
 * too much to work out: the result is then real. */
bool lf_set_ranges(lf_graph *g, lf_tensor *out, unsigned mask, lf_range_fn *fn, const void *arg);
/* Takes one range per index of `axis` (count > 0): sets the tensor's range, and keeps them when they are not all the same. */
void lf_set_channel_ranges(lf_tensor *out, const lf_range *r, int64_t count, int axis);
/* Output 0 on the grid of operand 0, with lf_set_ranges of `fn`, whose argument is that operand; real where it is, or where that fails. */
LF_MUST_USE lf_status lf_infer_on_grid(lf_graph *g, const lf_node *n, unsigned mask, lf_range_fn *fn);
/* Copies range, channel ranges and datatype of t, which has the same shape. */
void lf_same_ranges(lf_tensor *out, const lf_tensor *t);

/* Whether r's codes are all of this value. */
static inline bool lf_range_is(lf_range r, int64_t v) {
    return r.lo == v && r.hi == v;
}

/* -- monotone faces ------------------------------------------------------------------------------------------------------ */

/* How an op moves that rises where `sign_of(real)` of its constant operand's element is positive, falls where it is negative and
 * is constant where it is 0: all elements of operand i that meet channel c of `axis` of the output. */
lf_monotone lf_monotone_by(const lf_graph *g, const lf_node *n, int i, int axis, int64_t channel);
/* Both in one: an output that moves like a on some elements and like b on others. */
lf_monotone lf_monotone_both(lf_monotone a, lf_monotone b);
/* Faces: it rises; it falls; it rises with operand 0 and that is the data; with whichever operand is; nothing is known, or nothing is proved
 * down to the last bit (then it is enumerated). */
lf_monotone lf_monotone_up(const lf_graph *g, const lf_node *n, int axis, int64_t channel);
lf_monotone lf_monotone_down(const lf_graph *g, const lf_node *n, int axis, int64_t channel);
lf_monotone lf_monotone_up_in_first(const lf_graph *g, const lf_node *n, int axis, int64_t channel);
lf_monotone lf_monotone_up_in_any(const lf_graph *g, const lf_node *n, int axis, int64_t channel);
lf_monotone lf_monotone_none(const lf_graph *g, const lf_node *n, int axis, int64_t channel);

/* -- layout ----------------------------------------------------------------------------------------------------------------- */

/* Elements keep their row-major order while the shape becomes `to`: the axis of `to` that runs over channels of `axis`, and in
 * *channel (in the arena) the channel of every index of it. -1 when no single axis does, or when it is longer than 2^24. */
int lf_follow_axis(lf_arena *a, lf_shape from, int axis, lf_shape to, int64_t **channel);
/* Grid and ranges of out where index i along `axis` of out is channel[i] of the scale (or range) axis of t. */
void lf_pick_scales(lf_graph *g, lf_tensor *out, const lf_tensor *t, int axis, const int64_t *channel);
void lf_pick_ranges(lf_graph *g, lf_tensor *out, const lf_tensor *t, int axis, const int64_t *channel);

/* -- lines ---------------------------------------------------------------------------------------------------------------------- */

/* What becomes of the `count` elements of one line along an axis, `stride` apart. */
typedef void lf_line_fn(const double *x, double *y, size_t count, size_t stride);
/* Every line of `in` along the axis (which may be negative), as reals. */
void lf_exec_lines(lf_run *run, int64_t axis, const lf_value *in, lf_value *out, lf_line_fn *fn);

#endif
