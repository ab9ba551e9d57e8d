/* Import of reductions and of normalizations that are made of them. */
#include <math.h>
#include <string.h>

#include "import/onnx_ops.h"

/* -- reductions ---------------------------------------------------------------------------------------------------- */

static lf_status not_the_batch(lf_onnx *m, lf_id x, lf_ints axes, bool all) {
    int axis;
    if (axes.count == 0 && all)
        LF_TRY(lf_onnx_data_axis(m, 0, x, &axis));
    for (int64_t i = 0; i < axes.count; i++)
        LF_TRY(lf_onnx_data_axis(m, axes.at[i], x, &axis));
    return LF_OK;
}

static lf_status reduce_node(lf_onnx *m, const char *function, const char *suffix, lf_id x, lf_ints axes, bool keep,
                             const char *name, lf_id *out) {
    LF_TRY(not_the_batch(m, x, axes, false));
    lf_node *n = lf_onnx_node(m, "reduce", suffix, &x, 1, &name, 1);
    if (!n)
        return LF_BAD_INPUT;
    LF_TRY(lf_onnx_set_text(m, n, "function", function));
    LF_TRY(lf_onnx_set_ints(m, n, "axes", axes));
    LF_TRY(lf_onnx_set_int(m, n, "keepdims", keep));
    *out = n->out[0];
    return lf_onnx_infer(m, n);
}

static const char *function_of(const char *op) {
    static const char *const functions[][2] = {{"ReduceSum", "sum"},        {"ReduceMean", "mean"},
                                               {"ReduceMax", "max"},        {"ReduceMin", "min"},
                                               {"ReduceProd", "prod"},      {"ReduceL1", "l1"},
                                               {"ReduceL2", "l2"},          {"ReduceSumSquare", "sum_square"},
                                               {"ReduceLogSum", "log_sum"}, {"ReduceLogSumExp", "log_sum_exp"}};
    for (size_t i = 0; i < LF_COUNT(functions); i++)
        if (!strcmp(functions[i][0], op))
            return functions[i][1];
    return "sum";
}

/* Axes are an operand since version 13 of ReduceSum and version 18 of the others. */
lf_status lf_onnx_do_reduce(lf_onnx *m) {
    int64_t keep, noop = 0;
    lf_ints axes = {0};
    bool given, by_operand = m->version >= (!strcmp(m->node->op_type, "ReduceSum") ? 13 : 18);
    lf_id x;
    LF_TRY(lf_onnx_operand_range(m, 1, by_operand ? 2 : 1));
    LF_TRY(lf_onnx_int(m, "keepdims", 1, &keep));
    if (by_operand)
        LF_TRY(lf_onnx_int(m, "noop_with_empty_axes", 0, &noop));
    if (!by_operand)
        LF_TRY(lf_onnx_ints(m, "axes", &axes, &given));
    else if (lf_onnx_has_in(m, 1))
        LF_TRY(lf_onnx_ints_in(m, 1, "axes", &axes));
    LF_TRY(lf_onnx_in(m, 0, &x));
    LF_TRY(not_the_batch(m, x, axes, !noop && lf_onnx_tensor_at(m, x)->shape.rank > 0));
    lf_node *n;
    LF_TRY(lf_onnx_begin(m, "reduce", &x, 1, &n));
    LF_TRY(lf_onnx_set_text(m, n, "function", function_of(m->node->op_type)));
    LF_TRY(lf_onnx_set_ints(m, n, "axes", axes));
    LF_TRY(lf_onnx_set_int(m, n, "keepdims", keep != 0));
    LF_TRY(lf_onnx_set_int(m, n, "noop_with_empty_axes", noop != 0));
    return lf_onnx_finish(m, n);
}

/* -- places along an axis ------------------------------------------------------------------------------------------ */

static lf_status place(lf_onnx *m, bool of_smallest) {
    int64_t given, keep, last;
    int axis;
    lf_id x;
    lf_node *n;
    LF_TRY(lf_onnx_operand_range(m, 1, 1));
    LF_TRY(lf_onnx_int(m, "axis", 0, &given));
    LF_TRY(lf_onnx_int(m, "keepdims", 1, &keep));
    LF_TRY(lf_onnx_int(m, "select_last_index", 0, &last));
    LF_TRY(lf_onnx_in(m, 0, &x));
    LF_TRY(lf_onnx_data_axis(m, given, x, &axis));
    if (of_smallest)
        LF_TRY(lf_onnx_simple(m, "neg", "_negated", &x, 1, NULL, &x));
    LF_TRY(lf_onnx_begin(m, "argmax", &x, 1, &n));
    LF_TRY(lf_onnx_set_int(m, n, "axis", axis));
    LF_TRY(lf_onnx_set_int(m, n, "keepdims", keep));
    LF_TRY(lf_onnx_set_int(m, n, "select_last_index", last));
    return lf_onnx_finish(m, n);
}

lf_status lf_onnx_do_arg_max(lf_onnx *m) {
    return place(m, false);
}

/* The smallest: the largest of the negated, which leaves the order of equals as it is. */
lf_status lf_onnx_do_arg_min(lf_onnx *m) {
    return place(m, true);
}

lf_status lf_onnx_do_cum_sum(lf_onnx *m) {
    int64_t exclusive, reverse;
    lf_ints given;
    int axis;
    lf_id x;
    LF_TRY(lf_onnx_operand_range(m, 2, 2));
    LF_TRY(lf_onnx_int(m, "exclusive", 0, &exclusive));
    LF_TRY(lf_onnx_int(m, "reverse", 0, &reverse));
    LF_TRY(lf_onnx_ints_in(m, 1, "axis", &given));
    LF_TRY(lf_onnx_in(m, 0, &x));
    if (given.count != 1)
        return lf_onnx_refuse(m, "%lld axes instead of one", (long long)given.count);
    LF_TRY(lf_onnx_data_axis(m, given.at[0], x, &axis));
    lf_node *n;
    LF_TRY(lf_onnx_begin(m, "cum_sum", &x, 1, &n));
    LF_TRY(lf_onnx_set_int(m, n, "axis", axis));
    LF_TRY(lf_onnx_set_int(m, n, "exclusive", exclusive != 0));
    LF_TRY(lf_onnx_set_int(m, n, "reverse", reverse != 0));
    return lf_onnx_finish(m, n);
}

/* -- normalizations ------------------------------------------------------------------------------------------------ */

/* y = (x - mean) / sqrt(variance + epsilon) over the axes; moments: the mean and that root. */
static lf_status standardize(lf_onnx *m, lf_id x, lf_ints axes, double epsilon, lf_id moments[2], lf_id *out) {
    lf_id mean, variance, in[2], root;
    LF_TRY(reduce_node(m, "mean", "_mean", x, axes, true, NULL, &mean));
    LF_TRY(lf_onnx_simple(m, "sub", "_centred", (lf_id[]){x, mean}, 2, NULL, &in[0]));
    LF_TRY(lf_onnx_simple(m, "mul", "_squares", (lf_id[]){in[0], in[0]}, 2, NULL, &variance));
    LF_TRY(reduce_node(m, "mean", "_variance", variance, axes, true, NULL, &variance));
    in[1] = lf_onnx_scalar(m, "_epsilon", epsilon);
    LF_TRY(lf_onnx_simple(m, "add", "_stable", (lf_id[]){variance, in[1]}, 2, NULL, &root));
    LF_TRY(lf_onnx_simple(m, "sqrt", "_deviation", &root, 1, NULL, &in[1]));
    moments[0] = mean;
    moments[1] = in[1];
    return lf_onnx_simple(m, "div", "_standard", in, 2, NULL, out);
}

/* x * factor + addend, where addend may be 0. */
static lf_status affine(lf_onnx *m, lf_id x, lf_id factor, lf_id addend, const char *name, lf_id *out) {
    LF_TRY(lf_onnx_simple(m, "mul", "_scaled", (lf_id[]){x, factor}, 2, addend ? NULL : name, out));
    return addend ? lf_onnx_simple(m, "add", "", (lf_id[]){*out, addend}, 2, name, out) : LF_OK;
}

/* A vector of one number per channel as [C, 1, ..., 1] against [N, C, ...]. */
static lf_status per_channel(lf_onnx *m, int operand, int rank, const char *suffix, lf_id *out) {
    LF_TRY(lf_onnx_in(m, operand, out));
    lf_shape from = lf_onnx_tensor_at(m, *out)->shape, to = {.rank = rank - 1, .dim = {lf_shape_count(from)}};
    for (int i = 1; i < to.rank; i++)
        to.dim[i] = 1;
    lf_node *n = lf_onnx_node(m, "reshape", suffix, out, 1, (const char *const[]){NULL}, 1);
    if (!n)
        return LF_BAD_INPUT;
    LF_TRY(lf_onnx_set_ints(m, n, "shape", (lf_ints){to.dim, to.rank}));
    *out = n->out[0];
    return lf_onnx_infer(m, n);
}

lf_status lf_onnx_do_instance_normalization(lf_onnx *m) {
    float epsilon;
    lf_id x, standard, scale, bias, moments[2], out;
    int64_t axes[LF_MAX_RANK];
    LF_TRY(lf_onnx_operand_range(m, 3, 3));
    LF_TRY(lf_onnx_float(m, "epsilon", 1e-5f, &epsilon));
    LF_TRY(lf_onnx_in(m, 0, &x));
    int rank = lf_onnx_tensor_at(m, x)->shape.rank;
    if (rank < 3)
        return lf_onnx_refuse(m, "of a tensor of %d dimensions; it needs a batch, channels and space", rank);
    for (int i = 2; i < rank; i++)
        axes[i - 2] = i;
    LF_TRY(standardize(m, x, (lf_ints){axes, rank - 2}, (double)epsilon, moments, &standard));
    LF_TRY(per_channel(m, 1, rank, "_scale", &scale));
    LF_TRY(per_channel(m, 2, rank, "_bias", &bias));
    LF_TRY(affine(m, standard, scale, bias, lf_onnx_out_name(m, 0), &out));
    return lf_onnx_finish_as(m, out);
}

lf_status lf_onnx_do_layer_normalization(lf_onnx *m) {
    float epsilon;
    int64_t given, stash, axes[LF_MAX_RANK];
    int axis;
    lf_id x, standard, scale, bias = 0, moments[2], out;
    LF_TRY(lf_onnx_operand_range(m, 2, 3));
    LF_TRY(lf_onnx_float(m, "epsilon", 1e-5f, &epsilon));
    LF_TRY(lf_onnx_int(m, "axis", -1, &given));
    LF_TRY(lf_onnx_int(m, "stash_type", 1, &stash));
    LF_TRY(lf_onnx_in(m, 0, &x));
    int rank = lf_onnx_tensor_at(m, x)->shape.rank;
    LF_TRY(lf_onnx_axis(m, given, rank, &axis));
    for (int i = axis; i < rank; i++)
        axes[i - axis] = i;
    LF_TRY(standardize(m, x, (lf_ints){axes, rank - axis}, (double)epsilon, moments, &standard));
    LF_TRY(lf_onnx_in(m, 1, &scale));
    if (lf_onnx_has_in(m, 2))
        LF_TRY(lf_onnx_in(m, 2, &bias));
    LF_TRY(affine(m, standard, scale, bias, lf_onnx_out_name(m, 0), &out));
    lf_onnx_bind(m, 1, moments[0]);
    if (lf_onnx_out_name(m, 2)) {
        LF_TRY(lf_onnx_simple(m, "reciprocal", "_inverse", &moments[1], 1, lf_onnx_out_name(m, 2), &moments[1]));
        lf_onnx_bind(m, 2, moments[1]);
    }
    return lf_onnx_finish_as(m, out);
}

/* ONNX's own definition adds 1e-9 to the root, not to the variance. */
lf_status lf_onnx_do_mean_variance_normalization(lf_onnx *m) {
    static const int64_t usual[3] = {0, 2, 3};
    lf_ints axes;
    bool given;
    lf_id x, mean, in[2], square, out;
    LF_TRY(lf_onnx_operand_range(m, 1, 1));
    LF_TRY(lf_onnx_ints(m, "axes", &axes, &given));
    LF_TRY(lf_onnx_in(m, 0, &x));
    if (!given)
        axes = (lf_ints){usual, 3};
    LF_TRY(reduce_node(m, "mean", "_mean", x, axes, true, NULL, &mean));
    LF_TRY(lf_onnx_simple(m, "sub", "_centred", (lf_id[]){x, mean}, 2, NULL, &in[0]));
    LF_TRY(lf_onnx_simple(m, "mul", "_squares", (lf_id[]){in[0], in[0]}, 2, NULL, &square));
    LF_TRY(reduce_node(m, "mean", "_variance", square, axes, true, NULL, &square));
    LF_TRY(lf_onnx_simple(m, "sqrt", "_deviation", &square, 1, NULL, &square));
    LF_TRY(
        lf_onnx_simple(m, "add", "_stable", (lf_id[]){square, lf_onnx_scalar(m, "_epsilon", 1e-9)}, 2, NULL, &in[1]));
    LF_TRY(lf_onnx_simple(m, "div", "", in, 2, lf_onnx_out_name(m, 0), &out));
    return lf_onnx_finish_as(m, out);
}

lf_status lf_onnx_do_lp_normalization(lf_onnx *m) {
    int64_t given, p, axis64;
    int axis;
    lf_id x, norm, out;
    LF_TRY(lf_onnx_operand_range(m, 1, 1));
    LF_TRY(lf_onnx_int(m, "axis", -1, &given));
    LF_TRY(lf_onnx_int(m, "p", 2, &p));
    LF_TRY(lf_onnx_in(m, 0, &x));
    LF_TRY(lf_onnx_data_axis(m, given, x, &axis));
    if (p != 1 && p != 2)
        return lf_onnx_refuse(m, "p = %lld, neither 1 nor 2", (long long)p);
    axis64 = axis;
    LF_TRY(reduce_node(m, p == 1 ? "l1" : "l2", "_norm", x, (lf_ints){&axis64, 1}, true, NULL, &norm));
    LF_TRY(lf_onnx_simple(m, "div", "", (lf_id[]){x, norm}, 2, lf_onnx_out_name(m, 0), &out));
    return lf_onnx_finish_as(m, out);
}

lf_status lf_onnx_do_lrn(lf_onnx *m) {
    static const struct {
        const char *name;
        float fallback;
    } numbers[] = {{"alpha", 1e-4f}, {"beta", 0.75f}, {"bias", 1.0f}};
    int64_t size;
    lf_id x;
    LF_TRY(lf_onnx_operand_range(m, 1, 1));
    if (!lf_onnx_has_attr(m, "size"))
        return lf_onnx_refuse(m, "the attribute size is missing");
    LF_TRY(lf_onnx_int(m, "size", 1, &size));
    LF_TRY(lf_onnx_in(m, 0, &x));
    lf_node *n;
    LF_TRY(lf_onnx_begin(m, "lrn", &x, 1, &n));
    LF_TRY(lf_onnx_set_int(m, n, "size", size));
    for (size_t i = 0; i < LF_COUNT(numbers); i++) {
        float v;
        LF_TRY(lf_onnx_float(m, numbers[i].name, numbers[i].fallback, &v));
        if (!isfinite(v))
            return lf_onnx_refuse(m, "attribute %s is not a finite number", numbers[i].name);
        LF_TRY(lf_onnx_set_real(m, n, numbers[i].name, (double)v));
    }
    return lf_onnx_finish(m, n);
}
