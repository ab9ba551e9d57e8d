/* sink-pools: a max_pool of real values moves behind the rising elementwise nodes that follow it, up to the next quantizer, so that it
 * works on integer codes: max(f(x)) is f(max(x)) for every f that never falls, bit for bit. */

#include "ir/is_op.h"
#include "ir/pass.h"
#include "ops/elementwise.h"
#include "ops/slide.h"
#include "pass/composed.h"

static bool rises_everywhere(const lf_graph *g, const lf_node *n) {
    lf_shape s = lf_out(g, n, 0)->shape;
    if (!n->op->monotone || n->out_count != 1)
        return false;
    for (int axis = 0; axis < s.rank; axis++)
        for (int64_t c = 0; c < s.dim[axis]; c++) {
            lf_monotone m = n->op->monotone(g, n, axis, c);
            if (m != LF_MONO_UP && m != LF_MONO_CONST)
                return false;
        }
    return true;
}

/* Constants that say the same for every pixel: those of a larger picture would not fit the smaller one. */
static bool is_alike(const lf_graph *g, const lf_node *n, lf_shape picture) {
    for (int k = 0; k < n->in_count; k++) {
        const lf_tensor *t = lf_in(g, n, k);
        if (!t || !t->value || n->op->relayout)
            continue;
        for (int i = 0; i < t->shape.rank; i++) {
            int axis = picture.rank - t->shape.rank + i;
            if (t->shape.dim[i] != 1 && (axis < 0 || axis != picture.rank - 1))
                return false;
        }
    }
    return true;
}

/* x -> pool -> p -> n -> y  becomes  x -> n -> p -> pool -> y. */
static lf_status swap(lf_graph *g, lf_node *pool, lf_node *n) {
    lf_tensor *p = lf_out(g, pool, 0), *y = lf_out(g, n, 0);
    n->in[lf_data_operand(g, n)] = pool->in[0];
    p->shape = lf_in(g, pool, 0)->shape;
    p->producer = n->id;
    n->out[0] = pool->in[0] = p->id;
    pool->out[0] = y->id;
    y->producer = pool->id;
    LF_TRY(lf_graph_sort(g));
    LF_TRY(lf_infer_node(g, n));
    return lf_infer_node(g, pool);
}

/* On codes it works already, unless the largest value is sometimes the largest and sometimes the smallest of them. */
static bool works_on_codes(const lf_tensor *x) {
    bool up = false, down = false;
    for (int64_t c = 0; lf_on_grid(x) && c < x->grid.scale_count; c++) {
        up |= x->grid.scale[c] > 0;
        down |= x->grid.scale[c] < 0;
    }
    return up != down;
}

static lf_status sink(lf_graph *g, lf_node *pool) {
    for (;;) {
        lf_node *n = lf_only_consumer(g, pool->out[0]);
        lf_shape s = lf_out(g, pool, 0)->shape;
        if (works_on_codes(lf_in(g, pool, 0)) || !n || !lf_is_elementwise(g, n) ||
            !lf_shape_equal(lf_out(g, n, 0)->shape, s) || !rises_everywhere(g, n) || !is_alike(g, n, s))
            return LF_OK;
        LF_TRY(swap(g, pool, n));
    }
}

static lf_status run(lf_graph *g, const void *options, lf_arena *scratch) {
    (void)options;
    lf_ids pools = {0};
    for (size_t i = 0; i < g->order.count; i++) {
        const lf_node *n = lf_node_at(g, g->order.at[i]);
        if (lf_is_op(n, "max_pool") && ((const lf_slide_attr *)n->attr)->layout == LF_CHANNELS_LAST)
            LF_PUSH(scratch, &pools, n->id);
    }
    for (size_t i = 0; i < pools.count; i++)
        LF_TRY(sink(g, lf_node_at(g, pools.at[i])));
    return lf_infer(g);
}

const lf_pass lf_pass_sink_pools = {
    .name = "sink-pools",
    .help = "max pools move behind the activation that follows them, where they pool integer codes",
    .promise = LF_SAME_BITS,
    .run = run,
};
