#include "ops/run_node.h"

#include <math.h>
#include <pthread.h>

lf_value lf_value_new(lf_arena *a, const lf_tensor *t) {
    lf_value v = {.tensor = t, .count = (size_t)lf_shape_count(t->shape)};
    if (lf_on_grid(t))
        v.code = LF_NEW_ARRAY(a, int64_t, v.count ? v.count : 1);
    else
        v.real = LF_NEW_ARRAY(a, double, v.count ? v.count : 1);
    return v;
}

bool lf_value_try(lf_arena *a, const lf_tensor *t, lf_value *out) {
    *out = (lf_value){.tensor = t, .count = (size_t)lf_shape_count(t->shape)};
    void *data = lf_alloc_try(a, out->count ? out->count : 1, sizeof(double));
    if (lf_on_grid(t))
        out->code = data;
    else
        out->real = data;
    return data != NULL;
}

lf_value lf_value_const(lf_arena *a, const lf_tensor *t) {
    lf_value v = lf_value_new(a, t);
    for (size_t i = 0; v.code && i < v.count; i++)
        v.code[i] = lf_tensor_code(t, i);
    for (size_t i = 0; v.real && i < v.count; i++)
        v.real[i] = lf_const_real(t->value, i);
    return v;
}

static lf_status check_finite(lf_run *run, const lf_node *n, const lf_value *out) {
    for (size_t i = 0; out->real && i < out->count; i++)
        if (!isfinite(out->real[i])) {
            lf_where where = lf_where_node(run->graph, n);
            return lf_fail(run->ctx, LF_BAD_INPUT, &where,
                           "element %zu of %s is %s: an input is outside the op's domain", i, out->tensor->name,
                           isnan(out->real[i]) ? "NaN" : "infinite");
        }
    return LF_OK;
}

lf_status lf_run_node(lf_run *run, const lf_node *n, const lf_value *in, lf_value *out) {
    run->node = n;
    lf_arena_reset(run->scratch);
    LF_TRY(n->op->exec(run, n, in, out));
    for (int i = 0; i < n->out_count; i++)
        LF_TRY(check_finite(run, n, &out[i]));
    return LF_OK;
}

/* -- memo ---------------------------------------------------------------------------------------------------------- */

struct lf_memo {
    pthread_mutex_t lock;
    lf_arena *arena;
    void **of; /* [node id] */
};

lf_memo *lf_memo_new(const lf_graph *g) {
    lf_arena *a = lf_arena_new();
    if (!a)
        return NULL;
    lf_memo *m = LF_NEW(a, lf_memo);
    m->arena = a;
    m->of = LF_NEW_ARRAY(a, void *, g->nodes.count + 1);
    pthread_mutex_init(&m->lock, NULL);
    return m;
}

void lf_memo_free(lf_memo *m) {
    if (!m)
        return;
    pthread_mutex_destroy(&m->lock);
    lf_arena_free(m->arena);
}

const void *lf_memo_get(lf_run *run, lf_memo_fn *make, const lf_tensor *constant) {
    lf_memo *m = run->memo;
    if (!m)
        return make(run->scratch, constant);
    pthread_mutex_lock(&m->lock);
    void **slot = &m->of[run->node->id];
    if (!*slot)
        *slot = make(m->arena, constant);
    const void *made = *slot;
    pthread_mutex_unlock(&m->lock);
    return made;
}
