/* Import of what moves data without computing: slices, parts, repetitions, padding, scaling, blocks. */
#include <math.h>
#include <string.h>

#include "import/onnx_ops.h"

/* -- slices and parts ---------------------------------------------------------------------------------------------- */

/* Along the batch only what takes all of it. */
static lf_status keeps_batch(lf_onnx *m, lf_id x, const lf_onnx_slice *s) {
    for (int64_t i = 0; i < s->start.count && i < s->end.count; i++) {
        int64_t given = s->has_axes && i < s->axes.count ? s->axes.at[i] : i;
        bool whole = s->start.at[i] == 0 && s->end.at[i] >= INT32_MAX && (!s->has_step || s->step.at[i] == 1);
        int axis;
        if (!whole)
            LF_TRY(lf_onnx_data_axis(m, given, x, &axis));
    }
    return LF_OK;
}

lf_status lf_onnx_slice_data(lf_onnx *m, const lf_onnx_slice *s) {
    lf_id x;
    lf_node *n;
    LF_TRY(lf_onnx_in(m, 0, &x));
    if (s->start.count != s->end.count || (s->has_axes && s->axes.count != s->start.count) ||
        (s->has_step && s->step.count != s->start.count))
        return lf_onnx_refuse(m, "starts, ends, axes and steps differ in number");
    LF_TRY(keeps_batch(m, x, s));
    LF_TRY(lf_onnx_begin(m, "slice", &x, 1, &n));
    LF_TRY(lf_onnx_set_ints(m, n, "starts", s->start));
    LF_TRY(lf_onnx_set_ints(m, n, "ends", s->end));
    LF_TRY(lf_onnx_set_ints(m, n, "axes", s->axes));
    LF_TRY(lf_onnx_set_ints(m, n, "steps", s->step));
    return lf_onnx_finish(m, n);
}

/* Sizes are an operand since version 13; without them equal parts, the last one smaller (version 18). */
static lf_status split_sizes(lf_onnx *m, int64_t dim, int64_t parts, lf_ints *sizes) {
    bool given = false;
    int64_t num_outputs = parts;
    if (m->version < 13)
        LF_TRY(lf_onnx_ints(m, "split", sizes, &given));
    else if ((given = lf_onnx_has_in(m, 1)))
        LF_TRY(lf_onnx_ints_in(m, 1, "split", sizes));
    if (m->version >= 18)
        LF_TRY(lf_onnx_int(m, "num_outputs", parts, &num_outputs));
    if (given)
        return LF_OK;
    if (num_outputs != parts || (m->version < 18 && dim % parts))
        return lf_onnx_refuse(m, "%lld indices in %lld equal parts", (long long)dim, (long long)parts);
    int64_t each = (dim + parts - 1) / parts, *at = LF_NEW_ARRAY(m->scratch, int64_t, parts);
    for (int64_t k = 0; k < parts; k++)
        at[k] = k * each >= dim ? 0 : dim - k * each < each ? dim - k * each : each;
    *sizes = (lf_ints){at, parts};
    return LF_OK;
}

lf_status lf_onnx_do_split(lf_onnx *m) {
    int64_t given;
    int axis, parts = (int)m->node->n_output;
    lf_ints sizes;
    lf_id x;
    LF_TRY(lf_onnx_operand_range(m, 1, m->version < 13 ? 1 : 2));
    LF_TRY(lf_onnx_int(m, "axis", 0, &given));
    LF_TRY(lf_onnx_in(m, 0, &x));
    LF_TRY(lf_onnx_data_axis(m, given, x, &axis));
    if (parts < 1 || parts > 64)
        return lf_onnx_refuse(m, "into %d parts; 1 to 64 are possible", parts);
    LF_TRY(split_sizes(m, lf_onnx_tensor_at(m, x)->shape.dim[axis], parts, &sizes));
    const char **names = LF_NEW_ARRAY(m->scratch, const char *, parts);
    for (int k = 0; k < parts; k++) {
        names[k] = lf_onnx_out_name(m, k);
        if (!names[k])
            names[k] = lf_format(m->scratch, "%s_part%d", m->name, k);
    }
    lf_node *n = lf_onnx_node(m, m->row->op, "", &x, 1, names, parts);
    if (!n)
        return LF_BAD_INPUT;
    LF_TRY(lf_onnx_set_int(m, n, "axis", axis));
    LF_TRY(lf_onnx_set_ints(m, n, "sizes", sizes));
    return lf_onnx_finish(m, n);
}

/* -- repetitions --------------------------------------------------------------------------------------------------- */

/* Operand 1 becomes the attribute of that name. */
static lf_status list_in(lf_onnx *m, const char *name, lf_ints *list, lf_id *x) {
    LF_TRY(lf_onnx_operand_range(m, 2, 2));
    LF_TRY(lf_onnx_ints_in(m, 1, name, list));
    return lf_onnx_in(m, 0, x);
}

static lf_status finish_with(lf_onnx *m, lf_id x, const char *name, lf_ints list) {
    lf_node *n;
    LF_TRY(lf_onnx_begin(m, m->row->op, &x, 1, &n));
    LF_TRY(lf_onnx_set_ints(m, n, name, list));
    return lf_onnx_finish(m, n);
}

lf_status lf_onnx_do_expand(lf_onnx *m) {
    lf_ints shape;
    lf_id x;
    LF_TRY(list_in(m, "shape", &shape, &x));
    for (int64_t i = 0; i < shape.count; i++)
        if (shape.at[i] < 0)
            return lf_onnx_refuse(m, "dimension %lld of the shape is %lld", (long long)i, (long long)shape.at[i]);
    return finish_with(m, x, "shape", shape);
}

lf_status lf_onnx_do_tile(lf_onnx *m) {
    lf_ints repeats;
    lf_id x;
    LF_TRY(list_in(m, "repeats", &repeats, &x));
    return finish_with(m, x, "repeats", repeats);
}

lf_status lf_onnx_do_gather_elements(lf_onnx *m) {
    int64_t given;
    int axis;
    lf_id in[2];
    LF_TRY(lf_onnx_operand_range(m, 2, 2));
    LF_TRY(lf_onnx_int(m, "axis", 0, &given));
    for (int i = 0; i < 2; i++)
        LF_TRY(lf_onnx_in(m, i, &in[i]));
    LF_TRY(lf_onnx_data_axis(m, given, in[0], &axis));
    if (lf_onnx_has_batch(m, in[0]) && !lf_onnx_has_batch(m, in[1]))
        return lf_onnx_refuse(m, "constant indices into a batch of open size");
    lf_node *n;
    LF_TRY(lf_onnx_begin(m, m->row->op, in, 2, &n));
    LF_TRY(lf_onnx_set_int(m, n, "axis", axis));
    return lf_onnx_finish(m, n);
}

/* -- padding ------------------------------------------------------------------------------------------------------- */

/* The value of an operand that must be a constant of one element. */
static lf_status number_in(lf_onnx *m, int i, const char *what, double *out) {
    lf_id id;
    LF_TRY(lf_onnx_in(m, i, &id));
    const lf_tensor *t = lf_onnx_tensor_at(m, id);
    if (!t->value || t->value->count != 1)
        return lf_onnx_refuse(m, "the %s, %s, is not one constant number", what, t->name);
    *out = lf_tensor_real(t, 0);
    return isfinite(*out) ? LF_OK : lf_onnx_refuse(m, "the %s, %s, is not finite", what, t->name);
}

/* Pads and value: attributes before version 11, operands since; axes since 18. */
static lf_status pad_lists(lf_onnx *m, lf_ints *pads, lf_ints *axes, double *value) {
    float by_attribute;
    bool given = true;
    *value = 0;
    if (m->version < 11) {
        LF_TRY(lf_onnx_ints(m, "pads", pads, &given));
        LF_TRY(lf_onnx_float(m, "value", 0, &by_attribute));
        *value = (double)by_attribute;
        return given ? LF_OK : lf_onnx_refuse(m, "the attribute pads is missing");
    }
    LF_TRY(lf_onnx_ints_in(m, 1, "pads", pads));
    if (lf_onnx_has_in(m, 2))
        LF_TRY(number_in(m, 2, "value", value));
    return lf_onnx_has_in(m, 3) ? lf_onnx_ints_in(m, 3, "axes", axes) : LF_OK;
}

/* Pads of some axes as pads of all. */
static lf_status spread_pads(lf_onnx *m, int rank, lf_ints axes, lf_ints *pads) {
    int64_t *all = LF_NEW_ARRAY(m->scratch, int64_t, 2 * rank + 1);
    if (axes.count == 0)
        return LF_OK;
    if (pads->count != 2 * axes.count)
        return lf_onnx_refuse(m, "%lld pads for %lld axes", (long long)pads->count, (long long)axes.count);
    for (int64_t i = 0; i < axes.count; i++) {
        int axis;
        LF_TRY(lf_onnx_axis(m, axes.at[i], rank, &axis));
        all[axis] = pads->at[i];
        all[rank + axis] = pads->at[axes.count + i];
    }
    *pads = (lf_ints){all, 2 * rank};
    return LF_OK;
}

lf_status lf_onnx_do_pad(lf_onnx *m) {
    const char *mode;
    lf_ints pads, axes = {0};
    double value;
    lf_id x;
    lf_node *n;
    LF_TRY(lf_onnx_operand_range(m, m->version < 11 ? 1 : 2, m->version < 11 ? 1 : 4));
    LF_TRY(lf_onnx_string(m, "mode", "constant", &mode));
    LF_TRY(pad_lists(m, &pads, &axes, &value));
    LF_TRY(lf_onnx_in(m, 0, &x));
    int rank = lf_onnx_tensor_at(m, x)->shape.rank, axis;
    LF_TRY(spread_pads(m, rank, axes, &pads));
    if (pads.count == 2 * rank && rank > 0 && (pads.at[0] || pads.at[rank]))
        LF_TRY(lf_onnx_data_axis(m, 0, x, &axis));
    LF_TRY(lf_onnx_begin(m, m->row->op, &x, 1, &n));
    LF_TRY(lf_onnx_set_text(m, n, "mode", mode));
    LF_TRY(lf_onnx_set_ints(m, n, "pads", pads));
    LF_TRY(lf_onnx_set_real(m, n, "value", value));
    return lf_onnx_finish(m, n);
}

/* -- scaling ------------------------------------------------------------------------------------------------------- */

/* Sizes from scales. The op takes the ratio of the sizes for the scale, so other scales are refused. */
static lf_status scaled_sizes(lf_onnx *m, int operand, lf_shape s, int64_t *sizes) {
    lf_id id;
    LF_TRY(lf_onnx_in(m, operand, &id));
    const lf_tensor *t = lf_onnx_tensor_at(m, id);
    if (!t->value || t->value->count != (size_t)s.rank)
        return lf_onnx_refuse(m, "the scales, %s, are not one constant number for each axis", t->name);
    for (int i = 0; i < s.rank; i++) {
        double scale = lf_tensor_real(t, (size_t)i), size = floor((double)s.dim[i] * scale);
        if (!(scale > 0) || !(size >= 1) || size > INT32_MAX)
            return lf_onnx_refuse(m, "the scale of axis %d is %.9g", i, scale);
        if (size != (double)s.dim[i] * scale)
            return lf_onnx_refuse(m, "the scale %.9g of axis %d does not give whole positions; give sizes instead",
                                  scale, i);
        sizes[i] = (int64_t)size;
    }
    return LF_OK;
}

static lf_status scale_to(lf_onnx *m, lf_id x, const int64_t *sizes, const char *coordinates, const char *nearest) {
    lf_node *n;
    int axis, rank = lf_onnx_tensor_at(m, x)->shape.rank;
    if (rank > 0 && sizes[0] != lf_onnx_tensor_at(m, x)->shape.dim[0])
        LF_TRY(lf_onnx_data_axis(m, 0, x, &axis));
    LF_TRY(lf_onnx_begin(m, "resize", &x, 1, &n));
    LF_TRY(lf_onnx_set_ints(m, n, "sizes", (lf_ints){sizes, rank}));
    LF_TRY(lf_onnx_set_text(m, n, "coordinates", coordinates));
    LF_TRY(lf_onnx_set_text(m, n, "nearest", nearest));
    return lf_onnx_finish(m, n);
}

static lf_status only_nearest(lf_onnx *m, const char *mode) {
    if (!strcmp(mode, "nearest"))
        return LF_OK;
    lf_onnx_refuse(m, "mode %s is not in this version", mode);
    lf_hint(m->ctx, "mode nearest is; linear and cubic scaling make values that are on no grid");
    return LF_BAD_INPUT;
}

/* x and what it becomes; `first`: the operand with the scales, behind which the sizes stand. */
static lf_status resize_operands(lf_onnx *m, int first, lf_id *x, int64_t *sizes) {
    lf_ints given = {0};
    LF_TRY(lf_onnx_in(m, 0, x));
    lf_shape s = lf_onnx_tensor_at(m, *x)->shape;
    if (!lf_onnx_has_in(m, first + 1))
        return scaled_sizes(m, first, s, sizes);
    LF_TRY(lf_onnx_ints_in(m, first + 1, "sizes", &given));
    if (given.count != s.rank)
        return lf_onnx_refuse(m, "%lld sizes for %d axes", (long long)given.count, s.rank);
    for (int i = 0; i < s.rank; i++)
        sizes[i] = i == 0 && lf_onnx_has_batch(m, *x) ? s.dim[0] : given.at[i];
    return LF_OK;
}

static lf_status unused_resize_attributes(lf_onnx *m) {
    float number;
    int64_t flag;
    const char *text;
    bool given;
    lf_ints axes;
    LF_TRY(lf_onnx_float(m, "cubic_coeff_a", -0.75f, &number)); /* of other modes */
    LF_TRY(lf_onnx_float(m, "extrapolation_value", 0, &number));
    LF_TRY(lf_onnx_int(m, "exclude_outside", 0, &flag));
    LF_TRY(lf_onnx_int(m, "antialias", 0, &flag));
    LF_TRY(lf_onnx_string(m, "keep_aspect_ratio_policy", "stretch", &text));
    LF_TRY(lf_onnx_ints(m, "axes", &axes, &given));
    if (given || strcmp(text, "stretch") != 0)
        return lf_onnx_refuse(m, "axes or an aspect ratio to keep are not in this version; give all sizes");
    return LF_OK;
}

lf_status lf_onnx_do_resize(lf_onnx *m) {
    const char *mode, *coordinates, *nearest;
    int64_t sizes[LF_MAX_RANK];
    lf_id x;
    LF_TRY(lf_onnx_operand_range(m, m->version < 11 ? 2 : 1, m->version < 11 ? 2 : 4));
    LF_TRY(lf_onnx_string(m, "mode", "nearest", &mode));
    LF_TRY(only_nearest(m, mode));
    LF_TRY(resize_operands(m, m->version < 11 ? 1 : 2, &x, sizes));
    if (m->version < 11)
        return scale_to(m, x, sizes, "asymmetric", "floor");
    LF_TRY(unused_resize_attributes(m));
    LF_TRY(lf_onnx_string(m, "coordinate_transformation_mode", "half_pixel", &coordinates));
    LF_TRY(lf_onnx_string(m, "nearest_mode", "round_prefer_floor", &nearest));
    return scale_to(m, x, sizes, coordinates, nearest);
}

lf_status lf_onnx_do_upsample(lf_onnx *m) {
    const char *mode;
    int64_t sizes[LF_MAX_RANK];
    lf_id x;
    LF_TRY(lf_onnx_operand_range(m, 2, 2));
    LF_TRY(lf_onnx_string(m, "mode", "nearest", &mode));
    LF_TRY(only_nearest(m, mode));
    LF_TRY(resize_operands(m, 1, &x, sizes));
    return scale_to(m, x, sizes, "asymmetric", "floor");
}

/* -- blocks -------------------------------------------------------------------------------------------------------- */

lf_status lf_onnx_do_blocks(lf_onnx *m) {
    int64_t block;
    const char *mode;
    bool shuffle = !strcmp(m->row->op, "pixel_shuffle");
    lf_id x;
    lf_node *n;
    LF_TRY(lf_onnx_operand_range(m, 1, 1));
    LF_TRY(lf_onnx_int(m, "blocksize", 0, &block));
    LF_TRY(lf_onnx_string(m, "mode", "DCR", &mode));
    LF_TRY(lf_onnx_in(m, 0, &x));
    bool crd = !strcmp(mode, "CRD");
    if ((!crd && strcmp(mode, "DCR") != 0) || (crd && !shuffle))
        return lf_onnx_refuse(m, "mode %s is unknown", mode);
    LF_TRY(lf_onnx_begin(m, m->row->op, &x, 1, &n));
    LF_TRY(lf_onnx_set_int(m, n, "block", block));
    if (shuffle)
        LF_TRY(lf_onnx_set_text(m, n, "mode", crd ? "crd" : "dcr"));
    return lf_onnx_finish(m, n);
}

/* The triangle above (upper) or below the k-th diagonal of the last two axes: a choice between x and 0 by a constant mask. */
lf_status lf_onnx_do_trilu(lf_onnx *m) {
    int64_t upper, zero = 0;
    lf_ints k = {0};
    lf_id x, out;
    LF_TRY(lf_onnx_operand_range(m, 1, 2));
    LF_TRY(lf_onnx_int(m, "upper", 1, &upper));
    if (lf_onnx_has_in(m, 1))
        LF_TRY(lf_onnx_ints_in(m, 1, "diagonal", &k));
    LF_TRY(lf_onnx_in(m, 0, &x));
    lf_shape s = lf_onnx_tensor_at(m, x)->shape;
    if (s.rank < 2 || k.count > 1 || lf_shape_count(s) == 0)
        return lf_onnx_refuse(m, "of the shape %s", lf_shape_text(m->scratch, s));
    if (s.dim[s.rank - 2] * s.dim[s.rank - 1] > 1 << 24)
        return lf_onnx_refuse(m, "of matrices of more than 2^24 elements");
    int64_t rows = s.dim[s.rank - 2], columns = s.dim[s.rank - 1], by = k.count ? k.at[0] : 0;
    by = by > columns ? columns : by < -rows ? -rows : by;
    int64_t *keep = LF_NEW_ARRAY(m->scratch, int64_t, rows * columns);
    for (int64_t i = 0; i < rows * columns; i++)
        keep[i] = upper ? i % columns - i / columns >= by : i % columns - i / columns <= by;
    lf_shape mask = {2, {rows, columns}}, scalar = {0};
    lf_id in[3] = {lf_const_codes(m->g, lf_format(m->scratch, "%s_mask", m->name), mask, keep)->id, x,
                   lf_const_codes(m->g, lf_format(m->scratch, "%s_zero", m->name), scalar, &zero)->id};
    LF_TRY(lf_onnx_simple(m, "where", "", in, 3, lf_onnx_out_name(m, 0), &out));
    return lf_onnx_finish_as(m, out);
}
