/* Import of convolutions and pools. */
#include <string.h>

#include "import/onnx_ops.h"
#include "ops/slide.h"

enum { MOST = 1 << 24 }; /* of any size or step */

typedef struct window {
    int axes;
    int64_t in[LF_SLIDE_AXES], kernel[LF_SLIDE_AXES], strides[LF_SLIDE_AXES], dilations[LF_SLIDE_AXES],
        pads[2 * LF_SLIDE_AXES];
    int64_t ceil_mode;
} window;

/* -- attributes ------------------------------------------------------------------------------------------------------------ */

/* last: the picture is [N, axes..., C], not [N, C, axes...]. */
static lf_status axes_of(lf_onnx *m, lf_id x, bool last, window *w) {
    lf_shape s = lf_onnx_tensor_at(m, x)->shape;
    w->axes = s.rank - 2;
    if (w->axes < 1 || w->axes > LF_SLIDE_AXES)
        return lf_onnx_refuse(m, "its input has the shape %s; a batch, channels and 1 to 3 axes are needed",
                              lf_shape_text(m->scratch, s));
    for (int i = 0; i < w->axes; i++)
        w->in[i] = s.dim[(last ? 1 : 2) + i];
    return LF_OK;
}

static lf_status list(lf_onnx *m, const char *name, int count, int64_t otherwise, int64_t *out) {
    lf_ints given;
    bool is_given;
    LF_TRY(lf_onnx_ints(m, name, &given, &is_given));
    if (is_given && given.count != count)
        return lf_onnx_refuse(m, "attribute %s has %lld entries, %d are needed", name, (long long)given.count, count);
    for (int i = 0; i < count; i++) {
        out[i] = is_given ? given.at[i] : otherwise;
        if (out[i] < 0 || out[i] > MOST)
            return lf_onnx_refuse(m, "attribute %s holds %lld; it may be 0 to %d", name, (long long)out[i], MOST);
    }
    return LF_OK;
}

/* SAME: as many windows as steps fit into the axis; an odd pixel of padding goes behind (UPPER) or before (LOWER). */
static void pad_same(window *w, bool upper) {
    for (int i = 0; i < w->axes; i++) {
        int64_t stride = w->strides[i] > 0 ? w->strides[i] : 1, count = (w->in[i] + stride - 1) / stride;
        int64_t need = (count - 1) * stride + (w->kernel[i] - 1) * w->dilations[i] + 1 - w->in[i];
        need = need > 0 ? need : 0;
        w->pads[i] = upper ? need / 2 : need - need / 2;
        w->pads[w->axes + i] = need - w->pads[i];
    }
}

static lf_status padding(lf_onnx *m, window *w) {
    const char *mode;
    LF_TRY(list(m, "pads", 2 * w->axes, 0, w->pads));
    LF_TRY(lf_onnx_string(m, "auto_pad", "NOTSET", &mode));
    if (!strcmp(mode, "NOTSET") || !*mode)
        return LF_OK;
    if (!strcmp(mode, "VALID")) {
        memset(w->pads, 0, sizeof w->pads);
        return LF_OK;
    }
    if (strcmp(mode, "SAME_UPPER") != 0 && strcmp(mode, "SAME_LOWER") != 0)
        return lf_onnx_refuse(m, "auto_pad is %s; known are NOTSET, VALID, SAME_UPPER and SAME_LOWER", mode);
    pad_same(w, !strcmp(mode, "SAME_UPPER"));
    return LF_OK;
}

/* kernel: as the weights say, or NULL when the attribute has to. */
static lf_status read_window(lf_onnx *m, lf_id x, bool last, const int64_t *kernel, window *w) {
    *w = (window){0};
    LF_TRY(axes_of(m, x, last, w));
    LF_TRY(list(m, "kernel_shape", w->axes, 0, w->kernel));
    for (int i = 0; kernel && i < w->axes; i++) {
        if (w->kernel[i] && w->kernel[i] != kernel[i])
            return lf_onnx_refuse(m, "kernel_shape says %lld where the weights have %lld", (long long)w->kernel[i],
                                  (long long)kernel[i]);
        w->kernel[i] = kernel[i];
    }
    LF_TRY(list(m, "strides", w->axes, 1, w->strides));
    LF_TRY(list(m, "dilations", w->axes, 1, w->dilations));
    return padding(m, w);
}

static lf_status set_window(lf_onnx *m, lf_node *n, const window *w) {
    LF_TRY(lf_onnx_set_ints(m, n, "kernel", (lf_ints){w->kernel, w->axes}));
    LF_TRY(lf_onnx_set_ints(m, n, "strides", (lf_ints){w->strides, w->axes}));
    LF_TRY(lf_onnx_set_ints(m, n, "dilations", (lf_ints){w->dilations, w->axes}));
    return lf_onnx_set_ints(m, n, "pads", (lf_ints){w->pads, 2 * w->axes});
}

/* -- convolution ------------------------------------------------------------------------------------------------------------- */

/* Weights [OC, k..., C/group] as [OC, C/group, k...]. */
static lf_status weights_first(lf_onnx *m, lf_id *weights) {
    int rank = lf_onnx_tensor_at(m, *weights)->shape.rank;
    int64_t perm[LF_MAX_RANK] = {0, rank - 1};
    for (int i = 2; i < rank; i++)
        perm[i] = i - 1;
    const char *name = lf_format(m->scratch, "%s_weights", m->name);
    lf_node *n = lf_onnx_node(m, "transpose", "_weights", weights, 1, &name, 1);
    if (!n)
        return LF_BAD_INPUT;
    LF_TRY(lf_onnx_set_ints(m, n, "perm", (lf_ints){perm, rank}));
    *weights = n->out[0];
    return lf_infer_node(m->g, n);
}

static lf_status conv_node(lf_onnx *m, lf_id *in, bool last, const char *out, lf_id *y) {
    window w;
    int64_t group;
    const lf_tensor *weights = lf_onnx_tensor_at(m, in[1]);
    if (weights->shape.rank != lf_onnx_tensor_at(m, in[0])->shape.rank)
        return lf_onnx_refuse(m, "weights of %s do not fit an input of %s", lf_shape_text(m->scratch, weights->shape),
                              lf_shape_text(m->scratch, lf_onnx_tensor_at(m, in[0])->shape));
    LF_TRY(lf_onnx_int(m, "group", 1, &group));
    LF_TRY(read_window(m, in[0], last, weights->shape.dim + (last ? 1 : 2), &w));
    if (last)
        LF_TRY(weights_first(m, &in[1]));
    lf_node *n = lf_onnx_node(m, "conv", "", in, 2, &out, 1);
    if (!n)
        return LF_BAD_INPUT;
    LF_TRY(set_window(m, n, &w));
    LF_TRY(lf_onnx_set_int(m, n, "group", group));
    LF_TRY(lf_onnx_set_text(m, n, "layout", last ? "channels_last" : "channels_first"));
    *y = n->out[0];
    return lf_onnx_infer(m, n);
}

/* The bias [OC] as [OC, 1, ..], so that it meets the channels. */
static lf_status bias_operand(lf_onnx *m, lf_id bias, int axes, lf_id *out) {
    lf_shape s = lf_onnx_tensor_at(m, bias)->shape, to = {.rank = axes + 1};
    if (s.rank != 1)
        return lf_onnx_refuse(m, "its bias has the shape %s, not [output channels]", lf_shape_text(m->scratch, s));
    to.dim[0] = s.dim[0];
    for (int i = 1; i < to.rank; i++)
        to.dim[i] = 1;
    const char *name = lf_format(m->scratch, "%s_bias_shape", m->name);
    lf_node *n = lf_onnx_node(m, "reshape", "_bias_shape", &bias, 1, &name, 1);
    if (!n)
        return LF_BAD_INPUT;
    LF_TRY(lf_onnx_set_ints(m, n, "shape", (lf_ints){to.dim, to.rank}));
    *out = n->out[0];
    return lf_infer_node(m->g, n);
}

static lf_status any_conv(lf_onnx *m, bool last) {
    lf_id in[3] = {0}, y;
    LF_TRY(lf_onnx_operand_range(m, 2, 3));
    for (int i = 0; i < 3; i++)
        if (lf_onnx_has_in(m, i))
            LF_TRY(lf_onnx_in(m, i, &in[i]));
    LF_TRY(conv_node(m, in, last, in[2] ? NULL : lf_onnx_out_name(m, 0), &y));
    if (in[2]) {
        lf_id sum[2] = {y};
        LF_TRY(bias_operand(m, in[2], last ? 0 : lf_onnx_tensor_at(m, y)->shape.rank - 2, &sum[1]));
        LF_TRY(lf_onnx_simple(m, "add", "_bias", sum, 2, lf_onnx_out_name(m, 0), &y));
    }
    return lf_onnx_finish_as(m, y);
}

lf_status lf_onnx_do_conv(lf_onnx *m) {
    return any_conv(m, false);
}

/* Of QONNX's domain for pictures [N, axes..., C]; the weights are [OC, k..., C/group] there. */
lf_status lf_onnx_do_conv_last(lf_onnx *m) {
    return any_conv(m, true);
}

/* -- pools ----------------------------------------------------------------------------------------------------------------------- */

static lf_status pool_node(lf_onnx *m, lf_id x, const window *w, lf_node **out) {
    LF_TRY(lf_onnx_begin(m, m->row->op, &x, 1, out));
    return set_window(m, *out, w);
}

static lf_status any_pool(lf_onnx *m, lf_node **n) {
    window w;
    lf_id x;
    LF_TRY(lf_onnx_operand_range(m, 1, 1));
    LF_TRY(lf_onnx_in(m, 0, &x));
    if (!lf_onnx_has_attr(m, "kernel_shape"))
        return lf_onnx_refuse(m, "the attribute kernel_shape is missing");
    LF_TRY(read_window(m, x, false, NULL, &w));
    LF_TRY(lf_onnx_int(m, "ceil_mode", 0, &w.ceil_mode));
    LF_TRY(pool_node(m, x, &w, n));
    return lf_onnx_set_int(m, *n, "ceil_mode", w.ceil_mode != 0);
}

lf_status lf_onnx_do_max_pool(lf_onnx *m) {
    int64_t order;
    lf_node *n;
    LF_TRY(lf_onnx_int(m, "storage_order", 0, &order)); /* of the indices only */
    if (lf_onnx_out_name(m, 1))
        return lf_onnx_refuse(m, "its second output, the indices, is not in this version");
    LF_TRY(any_pool(m, &n));
    return lf_onnx_finish(m, n);
}

lf_status lf_onnx_do_average_pool(lf_onnx *m) {
    int64_t include;
    lf_node *n;
    LF_TRY(lf_onnx_int(m, "count_include_pad", 0, &include));
    LF_TRY(any_pool(m, &n));
    LF_TRY(lf_onnx_set_int(m, n, "count_include_pad", include != 0));
    return lf_onnx_finish(m, n);
}

/* One window of the whole picture. */
lf_status lf_onnx_do_global_pool(lf_onnx *m) {
    window w = {0};
    lf_node *n;
    lf_id x;
    LF_TRY(lf_onnx_operand_range(m, 1, 1));
    LF_TRY(lf_onnx_in(m, 0, &x));
    LF_TRY(axes_of(m, x, false, &w));
    for (int i = 0; i < w.axes; i++) {
        w.kernel[i] = w.in[i];
        w.strides[i] = w.dilations[i] = 1;
    }
    LF_TRY(pool_node(m, x, &w, &n));
    return lf_onnx_finish(m, n);
}
