#include "pass/fold_weights.h"

#include <string.h>

#include "ir/attr_access.h"

bool lf_may_stream_weights(const lf_node *n) {
    return n->place == LF_PLACE_FPGA && n->op->const_stream;
}

static lf_status no_such_layer(const lf_graph *g, const char *name) {
    LF_VEC(const char *) known = {0};
    lf_arena *a = lf_arena_new();
    for (size_t i = 0; i < g->order.count; i++)
        if (lf_may_stream_weights(lf_node_at(g, g->order.at[i])))
            LF_PUSH(a, &known, lf_node_at(g, g->order.at[i])->name);
    lf_status status =
        lf_fail(g->ctx, LF_BAD_INPUT, NULL, "\"%s\" is no layer that can take its weights from outside", name);
    const char *near = lf_nearest(name, known.at, known.count);
    if (near)
        lf_hint(g->ctx, "did you mean \"%s\"?", near);
    lf_arena_free(a);
    return status;
}

static lf_status stream_all(lf_graph *g) {
    bool any = false;
    for (size_t i = 0; i < g->order.count; i++) {
        lf_node *n = lf_node_at(g, g->order.at[i]);
        if (!lf_may_stream_weights(n))
            continue;
        lf_attr_set_enum(n, "ram_style", "stream");
        any = true;
    }
    return any ? LF_OK
               : lf_fail(g->ctx, LF_BAD_INPUT, NULL,
                         "--weights all: no layer of this design has weights that could come from outside");
}

lf_status lf_stream_weights(lf_graph *g, const char *which) {
    if (!strcmp(which, "all"))
        return stream_all(g);
    char *save = NULL, *names = lf_strdup(g->arena, which);
    for (const char *name = strtok_r(names, ",", &save); name; name = strtok_r(NULL, ",", &save)) {
        lf_node *n = lf_find_node(g, name);
        if (!n || !lf_may_stream_weights(n))
            return no_such_layer(g, name);
        lf_attr_set_enum(n, "ram_style", "stream");
    }
    return LF_OK;
}

/* What the circuit saves when this unit's weights come from outside. */
static lf_status saving_of(const lf_graph *g, lf_node *n, lf_cost *out) {
    lf_cost inside, outside;
    const char *before = lf_attr_enum_name(n, "ram_style");
    LF_TRY(n->op->cost(g, n, &inside));
    lf_attr_set_enum(n, "ram_style", "stream");
    lf_status status = n->op->cost(g, n, &outside);
    lf_attr_set_enum(n, "ram_style", before);
    *out = (lf_cost){.lut = inside.lut - outside.lut, .ff = inside.ff - outside.ff, .bram = inside.bram - outside.bram};
    return status;
}

static double share_of(const lf_part *part, const lf_cost *c) {
    return c->lut / (double)(part->lut ? part->lut : 1) + c->bram / (double)(part->bram ? part->bram : 1);
}

static bool is_free(const lf_node *n, const lf_fold_pins *pinned) {
    return lf_may_stream_weights(n) && !(pinned[n->id] & LF_PIN_MAKE) &&
           strcmp(lf_attr_enum_name(n, "ram_style"), "stream") && strcmp(lf_attr_enum_name(n, "structure"), "tall") &&
           strcmp(lf_attr_enum_name(n, "structure"), "wide");
}

static lf_status dearest(lf_graph *g, const lf_part *part, const lf_fold_pins *pinned, lf_node **out, lf_cost *saving) {
    double best = 0;
    *out = NULL;
    for (size_t i = 0; i < g->order.count; i++) {
        lf_node *n = lf_node_at(g, g->order.at[i]);
        lf_cost c;
        if (!is_free(n, pinned))
            continue;
        LF_TRY(saving_of(g, n, &c));
        if (share_of(part, &c) > best) {
            best = share_of(part, &c);
            *out = n;
            *saving = c;
        }
    }
    return LF_OK;
}

lf_status lf_stream_large_weights(lf_graph *g, const lf_part *part, const lf_fold_pins *pinned, lf_cost total,
                                  int *moved) {
    lf_arena *a = lf_arena_new();
    lf_status status = LF_OK;
    const char *what;
    *moved = 0;
    while (status == LF_OK && !lf_folding_fits(part, &total, a, &what)) {
        lf_node *n;
        lf_cost saving = {0};
        status = dearest(g, part, pinned, &n, &saving);
        if (status != LF_OK || !n)
            break;
        lf_attr_set_enum(n, "ram_style", "stream");
        total.lut -= saving.lut;
        total.ff -= saving.ff;
        total.bram -= saving.bram;
        ++*moved;
    }
    lf_arena_free(a);
    return status;
}
