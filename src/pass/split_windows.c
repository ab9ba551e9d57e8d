#include "pass/split_windows.h"

#include "ir/attr_access.h"
#include "ir/is_op.h"
#include "ops/ops.h"
#include "ops/window.h"
#include "pass/stream_model.h"

/* Lists of a window have an entry for every axis; `of` has two. */
static void set_list(lf_graph *g, lf_node *n, const char *name, const lf_window *w, const int64_t *of) {
    lf_attr_set_ints(g, n, name, of + (2 - w->x.axes), w->x.axes);
}

/* The padding at the end reaches just as far as the last window. */
static void set_pads(lf_graph *g, lf_node *n, const lf_window *w) {
    const int64_t in[2] = {w->x.height, w->x.width}, out[2] = {w->y.height, w->y.width};
    int64_t pads[4];
    for (int k = 0; k < w->x.axes; k++) {
        int i = k + 2 - w->x.axes;
        pads[k] = w->before[i];
        pads[w->x.axes + k] =
            (out[i] - 1) * w->stride[i] + (w->kernel[i] - 1) * w->dilation[i] + 1 - w->before[i] - in[i];
    }
    lf_attr_set_ints(g, n, "pads", pads, 2 * w->x.axes);
}

static void make_column(lf_graph *g, lf_node *n, const lf_window *column) {
    set_list(g, n, "kernel", column, column->kernel);
    set_list(g, n, "strides", column, column->stride);
    set_list(g, n, "dilations", column, column->dilation);
    set_pads(g, n, column);
    lf_attr_set_enum(n, "style", "auto");
    lf_attr_set_int(n, "SIMD", column->y.channels);
}

static lf_status split(lf_graph *g, lf_node *n) {
    lf_window w, column;
    lf_columns_attr turn;
    LF_TRY(lf_window_make(g, n, &w));
    lf_window_split(&w, &column, &turn);
    const lf_tensor *y = lf_out(g, n, 0);
    lf_id whole = y->id,
          half =
              lf_tensor_new(g, lf_format(g->arena, "%s_columns_in", n->name), lf_picture_shape(column.y), y->dtype)->id;
    lf_node *made =
        lf_node_new(g, lf_op_find("columns"), lf_format(g->arena, "%s_columns", n->name), &half, 1, &whole, 1, &turn);
    made->place = n->place;
    made->line = n->line;
    n->out[0] = half;
    lf_tensor_at(g, half)->producer = n->id;
    make_column(g, n, &column);
    return LF_OK;
}

lf_status lf_split_windows(lf_graph *g, lf_arena *scratch) {
    lf_ids windows = {0};
    for (size_t i = 0; i < g->order.count; i++) {
        const lf_node *n = lf_node_at(g, g->order.at[i]);
        if (lf_is_op(n, "window") && lf_attr_enum(n, "style") == LF_WINDOW_PARALLEL)
            LF_PUSH(scratch, &windows, n->id);
    }
    for (size_t i = 0; i < windows.count; i++)
        LF_TRY(split(g, lf_node_at(g, windows.at[i])));
    return windows.count ? lf_graph_sort(g) : LF_OK;
}

const lf_node *lf_split_window_of(const lf_graph *g, const lf_node *window) {
    for (size_t i = 0; i < g->order.count; i++) {
        const lf_node *n = lf_node_at(g, g->order.at[i]);
        if (!lf_is_op(n, "columns"))
            continue;
        const lf_node *from = lf_node_at(g, lf_tensor_at(g, lf_stream_source(g, n->in[0]))->producer);
        while (lf_is_op(from, "fifo") || lf_is_op(from, "skid"))
            from = lf_node_at(g, lf_tensor_at(g, lf_stream_source(g, from->in[0]))->producer);
        if (from == window)
            return n;
    }
    return NULL;
}
