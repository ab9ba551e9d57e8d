/* Fewer and smaller FIFOs, as long as the rate stays and the budget of model runs lasts. */
#include <stdlib.h>

#include "ir/is_op.h"
#include "ops/stream.h"
#include "pass/buffers_sizing.h"

/* What is tried with a slot: none at all, or half the depth. */
typedef int64_t smaller_fn(const lf_slot *s);

static int64_t none(const lf_slot *s) {
    return s->cut ? LF_REGISTER_DEPTH : 0;
}

static int64_t half(const lf_slot *s) {
    return (s->depth - 1) / 2 + 1;
}

static int64_t one_vector(const lf_slot *s) {
    return lf_memory_depth(s->vector + 1);
}

/* Makes all of slot[0 .. count) smaller or, where that costs rate, as many as halving the group finds. */
static lf_status shrink_group(lf_sizing *z, lf_slot **slot, size_t count, smaller_fn *smaller) {
    bool keeps, proved = z->proved;
    int64_t ii, proved_ii = z->proved_ii;
    if (count == 0 || !lf_sizing_may_run(z))
        return LF_OK;
    int64_t *before = lf_sizing_depths(z);
    for (size_t i = 0; i < count; i++)
        LF_TRY(lf_sizing_set_depth(z, slot[i], smaller(slot[i])));
    LF_TRY(lf_sizing_keeps_rate(z, &keeps, &ii));
    if (keeps)
        return LF_OK;
    LF_TRY(lf_sizing_set_depths(z, before));
    z->proved = proved;
    z->proved_ii = proved_ii;
    if (count == 1)
        return LF_OK;
    LF_TRY(shrink_group(z, slot, count / 2, smaller));
    return shrink_group(z, slot + count / 2, count - count / 2, smaller);
}

/* True when it gives as many pixels as it takes: its vectors come evenly. */
static bool is_even_window(const lf_graph *g, const lf_node *n) {
    const lf_shape *x = &lf_in(g, n, 0)->shape, *y = &lf_out(g, n, 0)->shape;
    int64_t in = 1, out = 1;
    for (int i = 0; i + 1 < x->rank && i + 1 < y->rank; i++) {
        in *= x->dim[i];
        out *= y->dim[i];
    }
    return lf_is_op(n, "window") && out >= in;
}

/* The vectors of a slot come from such a window, past converters and other slots. */
static bool behind_even_window(const lf_graph *g, const lf_slot *s) {
    const lf_node *n = s->fifo;
    while (lf_is_op(n, "fifo") || lf_is_op(n, "width_converter"))
        n = lf_node_at(g, lf_tensor_at(g, lf_stream_source(g, n->in[0]))->producer);
    return n && is_even_window(g, n);
}

/* Before a matrix-vector unit a vector usually is enough, and nearly always behind a window that does not stride; these runs are worth more
 * than all others. */
lf_status lf_sizing_keep_vectors(lf_sizing *z, bool even) {
    size_t count = 0;
    lf_slot **slot = LF_NEW_ARRAY(z->arena, lf_slot *, z->slots->count + 1);
    for (size_t i = 0; i < z->slots->count; i++) {
        lf_slot *s = &z->slots->at[i];
        if (s->vector && s->depth > one_vector(s) && behind_even_window(z->g, s) == even)
            slot[count++] = s;
    }
    return shrink_group(z, slot, count, one_vector);
}

static int by_peak(const void *a, const void *b) {
    const lf_slot *const *x = a, *const *y = b;
    if ((*x)->peak != (*y)->peak)
        return (*x)->peak < (*y)->peak ? -1 : 1;
    return (*x)->unit - (*y)->unit;
}

lf_status lf_sizing_drop_idle(lf_sizing *z) {
    size_t count = 0;
    lf_slot **idle = LF_NEW_ARRAY(z->arena, lf_slot *, z->slots->count + 1);
    for (size_t i = 0; i < z->slots->count; i++) {
        lf_slot *s = &z->slots->at[i];
        if (s->bufferable && s->depth && s->peak <= LF_REGISTER_DEPTH && !s->cut)
            idle[count++] = s;
    }
    qsort(idle, count, sizeof *idle, by_peak);
    return shrink_group(z, idle, count, none);
}

/* Depths worth trying: none, two, and the sizes at which memories jump. */
static int64_t step_depth(const lf_slot *s, int step) {
    if (step == 0)
        return s->cut ? LF_REGISTER_DEPTH : 0;
    return step == 1 ? LF_REGISTER_DEPTH : step == 2 ? 16 : ((int64_t)1 << (step + 2)) + 1;
}

/* The least step whose depth keeps the rate, by bisection. */
static lf_status shrink(lf_sizing *z, lf_slot *s) {
    int64_t before = s->depth, ii;
    int low = -1, high = 0; /* steps: too small; as it is */
    bool keeps;
    while (step_depth(s, high) < before)
        high++;
    int most = high;
    while (high - low > 1 && lf_sizing_may_run(z)) {
        int mid = low + (high - low) / 2;
        LF_TRY(lf_sizing_set_depth(z, s, step_depth(s, mid)));
        LF_TRY(lf_sizing_keeps_rate(z, &keeps, &ii));
        *(keeps ? &high : &low) = mid;
    }
    return lf_sizing_set_depth(z, s, high == most ? before : step_depth(s, high));
}

typedef struct weighed {
    lf_slot *slot;
    double weight;
} weighed;

static int by_weight(const void *a, const void *b) {
    const weighed *x = a, *y = b;
    if (x->weight != y->weight)
        return x->weight > y->weight ? -1 : 1;
    return x->slot->unit - y->slot->unit;
}

/* Large circuits can afford few runs, and most of their memory lies in deep FIFOs: all of these together first. */
static lf_status halve_block_rams(lf_sizing *z, lf_slot **slot, size_t count) {
    enum { DEEP = 257 };
    lf_slot **deep = LF_NEW_ARRAY(z->arena, lf_slot *, count + 1);
    size_t n = 0;
    for (size_t i = 0; i < count; i++)
        if (slot[i]->depth > DEEP)
            deep[n++] = slot[i];
    return shrink_group(z, deep, n, half);
}

lf_status lf_sizing_shrink_dearest(lf_sizing *z) {
    size_t count = 0;
    weighed *all = LF_NEW_ARRAY(z->arena, weighed, z->slots->count + 1);
    for (size_t i = 0; i < z->slots->count; i++) {
        lf_slot *s = &z->slots->at[i];
        if (s->depth <= LF_REGISTER_DEPTH)
            continue;
        all[count].slot = s;
        LF_TRY(lf_slot_weight(z->g, s, &all[count].weight));
        count++;
    }
    qsort(all, count, sizeof *all, by_weight);
    lf_slot **slot = LF_NEW_ARRAY(z->arena, lf_slot *, count + 1);
    for (size_t i = 0; i < count; i++)
        slot[i] = all[i].slot;
    LF_TRY(halve_block_rams(z, slot, count));
    for (size_t i = 0; i < count && lf_sizing_may_run(z); i++)
        LF_TRY(shrink(z, slot[i]));
    return LF_OK;
}
