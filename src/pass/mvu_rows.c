#include "pass/mvu_rows.h"

static void change_weights(lf_graph *g, lf_node *mvu, const int64_t *factor, lf_arena *work) {
    const lf_tensor *w = lf_in(g, mvu, 1);
    int64_t rows = w->shape.dim[0], columns = w->shape.dim[1];
    int64_t *code = LF_NEW_ARRAY(work, int64_t, rows * columns);
    for (int64_t i = 0; i < rows * columns; i++)
        code[i] = factor[i / columns] * lf_tensor_code(w, (size_t)i);
    mvu->in[1] = lf_const_codes(g, w->name, w->shape, code)->id;
}

static void change_bias(lf_graph *g, lf_node *mvu, const int64_t *factor, const int64_t *add, lf_arena *work) {
    const lf_tensor *old = lf_in(g, mvu, 2);
    int64_t rows = lf_in(g, mvu, 1)->shape.dim[0];
    int64_t *code = LF_NEW_ARRAY(work, int64_t, rows);
    bool any = false;
    for (int64_t r = 0; r < rows; r++) {
        code[r] = (old ? lf_tensor_code(old, (size_t)r) : 0) * (factor ? factor[r] : 1) + (add ? add[r] : 0);
        any |= code[r] != 0;
    }
    if (!any && !old)
        return;
    lf_id bias = lf_const_codes(g, lf_format(g->arena, "%s_bias", mvu->name), lf_shape_make(1, &rows), code)->id;
    if (mvu->in_count < 3) {
        lf_id *in = LF_NEW_ARRAY(g->arena, lf_id, 3);
        in[0] = mvu->in[0];
        in[1] = mvu->in[1];
        mvu->in = in;
        mvu->in_count = 3;
    }
    mvu->in[2] = bias;
}

lf_status lf_mvu_rows_change(lf_graph *g, lf_node *mvu, const int64_t *factor, const int64_t *add) {
    lf_arena *work = lf_arena_new();
    if (factor)
        change_weights(g, mvu, factor, work);
    change_bias(g, mvu, factor, add, work);
    lf_arena_free(work);
    return lf_infer_node(g, mvu);
}
