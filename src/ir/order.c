/* The topological order. */
#include "ir/op.h"

typedef enum visit { UNSEEN, OPEN, DONE } visit;

/* A depth-first walk along operands, without recursion: a file may chain as many nodes as it likes. */
typedef struct walk {
    lf_graph *g;
    lf_arena *scratch;
    unsigned char *state; /* visit, by node id */
    int *next_operand;    /* by node id */
    lf_ids stack, sorted;
} walk;

static void open_node(walk *w, lf_id id) {
    w->state[id] = OPEN;
    LF_PUSH(w->scratch, &w->stack, id);
}

/* The next producer of n that is not done, or 0. */
static lf_id pending_producer(walk *w, const lf_node *n) {
    for (int *k = &w->next_operand[n->id]; *k < n->in_count; (*k)++) {
        const lf_tensor *t = lf_tensor_at(w->g, n->in[*k]);
        const lf_node *p = t ? lf_node_at(w->g, t->producer) : NULL;
        if (p && w->state[p->id] != DONE)
            return p->id;
    }
    return 0;
}

static lf_status cycle(walk *w, lf_id closing) {
    enum { SHOWN = 8 };
    size_t first = w->stack.count;
    while (w->stack.at[first - 1] != closing)
        first--;
    const lf_node *start = lf_node_at(w->g, closing);
    const char *names = lf_format(w->scratch, "\"%s\"", start->name);
    size_t count = w->stack.count - first + 1;
    /* The stack goes from consumer to producer: print it backwards, along the data. */
    for (size_t i = 0; i + 1 < count && i < SHOWN; i++) {
        const lf_node *n = lf_node_at(w->g, w->stack.at[w->stack.count - 1 - i]);
        names = lf_format(w->scratch, "%s -> \"%s\"", names, n->name);
    }
    lf_where where = lf_where_node(w->g, start);
    return lf_fail(w->g->ctx, LF_BAD_INPUT, &where, "a cycle of %zu node%s: %s%s -> \"%s\"", count,
                   count == 1 ? "" : "s", names, count > SHOWN + 1 ? " -> ..." : "", start->name);
}

static lf_status visit_from(walk *w, lf_id id) {
    if (!lf_node_at(w->g, id) || w->state[id] == DONE)
        return LF_OK;
    open_node(w, id);
    while (w->stack.count) {
        lf_id top = w->stack.at[w->stack.count - 1];
        lf_id before = pending_producer(w, lf_node_at(w->g, top));
        if (before && w->state[before] == OPEN)
            return cycle(w, before);
        if (before) {
            open_node(w, before);
            continue;
        }
        w->state[top] = DONE;
        LF_PUSH(w->scratch, &w->sorted, top);
        w->stack.count--;
    }
    return LF_OK;
}

static lf_status visit_all(walk *w) {
    for (size_t i = 0; i < w->g->order.count; i++)
        LF_TRY(visit_from(w, w->g->order.at[i]));
    for (size_t i = 0; i < w->g->nodes.count; i++)
        LF_TRY(visit_from(w, (lf_id)i + 1));
    return LF_OK;
}

lf_status lf_graph_sort(lf_graph *g) {
    lf_arena *scratch = lf_arena_new();
    walk w = {.g = g, .scratch = scratch};
    w.state = LF_NEW_ARRAY(scratch, unsigned char, g->nodes.count + 1);
    w.next_operand = LF_NEW_ARRAY(scratch, int, g->nodes.count + 1);
    lf_status status = visit_all(&w);
    if (status == LF_OK) {
        g->order.count = 0;
        for (size_t i = 0; i < w.sorted.count; i++)
            LF_PUSH(g->arena, &g->order, w.sorted.at[i]);
    }
    lf_arena_free(scratch);
    return status;
}
