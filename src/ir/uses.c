/* Who uses a tensor, and changing that. */
#include <string.h>

#include "ir/op.h"

/* Calls for every use of every tensor: each operand of each node, then each output of the graph (node 0). */
typedef void use_fn(void *arg, lf_id *use, lf_id node);

static void for_each_use(const lf_graph *g, use_fn *fn, void *arg) {
    for (size_t i = 0; i < g->nodes.count; i++) {
        lf_node *n = g->nodes.at[i];
        for (int k = 0; n && k < n->in_count; k++)
            fn(arg, &n->in[k], n->id);
    }
    for (size_t i = 0; i < g->outputs.count; i++)
        fn(arg, &g->outputs.at[i].tensor, 0);
}

typedef struct tally {
    lf_id tensor;
    int count;
    lf_id consumer;
} tally;

static void tally_one(void *arg, lf_id *use, lf_id node) {
    tally *t = arg;
    if (*use == t->tensor) {
        t->count++;
        t->consumer = node;
    }
}

int lf_use_count(const lf_graph *g, lf_id tensor) {
    tally t = {tensor, 0, 0};
    for_each_use(g, tally_one, &t);
    return t.count;
}

lf_node *lf_only_consumer(const lf_graph *g, lf_id tensor) {
    tally t = {tensor, 0, 0};
    for_each_use(g, tally_one, &t);
    return t.count == 1 ? lf_node_at(g, t.consumer) : NULL;
}

static void count_use(void *arg, lf_id *use, lf_id node) {
    (void)node;
    ((uint32_t *)arg)[*use]++;
}

uint32_t *lf_use_counts(const lf_graph *g, lf_arena *a) {
    uint32_t *count = LF_NEW_ARRAY(a, uint32_t, g->tensors.count + 1);
    for_each_use(g, count_use, count);
    count[0] = 0;
    return count;
}

static void note_consumer(void *arg, lf_id *use, lf_id node) {
    ((lf_id *)arg)[*use] = node;
}

lf_id *lf_only_consumers(const lf_graph *g, lf_arena *a) {
    lf_id *consumer = LF_NEW_ARRAY(a, lf_id, g->tensors.count + 1);
    uint32_t *count = lf_use_counts(g, a);
    for_each_use(g, note_consumer, consumer);
    for (size_t id = 0; id <= g->tensors.count; id++)
        if (count[id] != 1)
            consumer[id] = 0;
    return consumer;
}

/* -- replacing --------------------------------------------------------------------------------------------------- */

typedef struct swap {
    lf_id old, now;
} swap;

static void swap_one(void *arg, lf_id *use, lf_id node) {
    const swap *s = arg;
    (void)node;
    if (*use == s->old)
        *use = s->now;
}

void lf_replace_uses(lf_graph *g, lf_id old, lf_id now) {
    swap s = {old, now};
    if (old)
        for_each_use(g, swap_one, &s);
}

static void follow(void *arg, lf_id *use, lf_id node) {
    const lf_id *now = arg;
    (void)node;
    while (*use && now[*use])
        *use = now[*use];
}

/* Chains are shortened first, so that a long one is not walked once per use. */
void lf_replace_uses_all(lf_graph *g, const lf_id *now) {
    lf_arena *scratch = lf_arena_new();
    size_t count = g->tensors.count + 1;
    lf_id *last = LF_NEW_ARRAY(scratch, lf_id, count);
    memcpy(last, now, count * sizeof *now);
    last[0] = 0;
    for (size_t id = 1; id < count; id++) {
        lf_id end = (lf_id)id;
        while (last[end])
            end = last[end];
        for (lf_id at = (lf_id)id; at != end;) {
            lf_id next = last[at];
            last[at] = end;
            at = next;
        }
    }
    for_each_use(g, follow, last);
    lf_arena_free(scratch);
}

/* -- removing ---------------------------------------------------------------------------------------------------- */

void lf_node_remove(lf_graph *g, lf_id node) {
    lf_node *n = lf_node_at(g, node);
    if (!n)
        return;
    for (int i = 0; i < n->out_count; i++) {
        lf_tensor *t = lf_out(g, n, i);
        if (t && t->producer == node)
            t->producer = 0;
    }
    g->nodes.at[node - 1] = NULL;
}

/* The ids of nodes an output depends on, found from the outputs upwards. live is indexed by node id. */
static void mark_live(const lf_graph *g, lf_arena *scratch, bool *live) {
    lf_ids todo = {0};
    for (size_t i = 0; i < g->outputs.count; i++)
        LF_PUSH(scratch, &todo, g->outputs.at[i].tensor);
    while (todo.count) {
        const lf_tensor *t = lf_tensor_at(g, todo.at[--todo.count]);
        const lf_node *n = t ? lf_node_at(g, t->producer) : NULL;
        if (!n || live[n->id])
            continue;
        live[n->id] = true;
        for (int k = 0; k < n->in_count; k++)
            if (n->in[k])
                LF_PUSH(scratch, &todo, n->in[k]);
    }
}

static void remove_unmentioned(lf_graph *g, lf_arena *scratch) {
    bool *mentioned = LF_NEW_ARRAY(scratch, bool, g->tensors.count + 1);
    for (size_t i = 0; i < g->nodes.count; i++) {
        const lf_node *n = g->nodes.at[i];
        for (int k = 0; n && k < n->in_count; k++)
            mentioned[n->in[k]] = true;
        for (int k = 0; n && k < n->out_count; k++)
            mentioned[n->out[k]] = true;
    }
    for (size_t i = 0; i < g->inputs.count; i++)
        mentioned[g->inputs.at[i].tensor] = true;
    for (size_t i = 0; i < g->outputs.count; i++)
        mentioned[g->outputs.at[i].tensor] = true;
    for (size_t id = 1; id <= g->tensors.count; id++)
        if (!mentioned[id])
            g->tensors.at[id - 1] = NULL;
}

static void clean_order(lf_graph *g) {
    size_t kept = 0;
    for (size_t i = 0; i < g->order.count; i++)
        if (lf_node_at(g, g->order.at[i]))
            g->order.at[kept++] = g->order.at[i];
    g->order.count = kept;
}

void lf_graph_prune(lf_graph *g) {
    lf_arena *scratch = lf_arena_new();
    bool *live = LF_NEW_ARRAY(scratch, bool, g->nodes.count + 1);
    mark_live(g, scratch, live);
    for (size_t id = 1; id <= g->nodes.count; id++)
        if (!live[id])
            lf_node_remove(g, (lf_id)id);
    remove_unmentioned(g, scratch);
    clean_order(g);
    lf_arena_free(scratch);
}
