#include "ops/circuit_region.h"

#include <string.h>

/* -- which tensors ----------------------------------------------------------------------------------------------------- */

static bool holds(const lf_ids *ids, lf_id id) {
    for (size_t i = 0; i < ids->count; i++)
        if (ids->at[i] == id)
            return true;
    return false;
}

static void add_once(lf_arena *a, lf_ids *ids, lf_id id) {
    if (!holds(ids, id))
        LF_PUSH(a, ids, id);
}

static bool *made_inside(const lf_graph *g, lf_arena *a, const lf_ids *nodes) {
    bool *made = LF_NEW_ARRAY(a, bool, g->tensors.count + 1);
    for (size_t i = 0; i < nodes->count; i++) {
        const lf_node *n = lf_node_at(g, nodes->at[i]);
        for (int o = 0; o < n->out_count; o++)
            made[n->out[o]] = n->out[o] != 0;
    }
    return made;
}

static bool *read_inside(const lf_graph *g, lf_arena *a, const lf_ids *nodes) {
    bool *read = LF_NEW_ARRAY(a, bool, g->tensors.count + 1);
    for (size_t i = 0; i < nodes->count; i++) {
        const lf_node *n = lf_node_at(g, nodes->at[i]);
        for (int k = 0; k < n->in_count; k++)
            read[n->in[k]] = n->in[k] != 0;
    }
    return read;
}

/* What the graph's outputs and nodes outside read of what is made inside, in the order in which it is made. */
static void find_outputs(const lf_graph *g, lf_arena *a, const bool *made, lf_circuit_region *r) {
    bool *inside = LF_NEW_ARRAY(a, bool, g->nodes.count + 1), *wanted = LF_NEW_ARRAY(a, bool, g->tensors.count + 1);
    for (size_t i = 0; i < r->nodes.count; i++)
        inside[r->nodes.at[i]] = true;
    for (size_t i = 0; i < g->outputs.count; i++)
        wanted[g->outputs.at[i].tensor] = true;
    for (size_t i = 0; i < g->order.count; i++) {
        const lf_node *n = lf_node_at(g, g->order.at[i]);
        for (int k = 0; n && !inside[n->id] && k < n->in_count; k++)
            wanted[n->in[k]] = true;
    }
    for (size_t i = 0; i < r->nodes.count; i++) {
        const lf_node *n = lf_node_at(g, r->nodes.at[i]);
        for (int o = 0; o < n->out_count; o++)
            if (made[n->out[o]] && wanted[n->out[o]])
                add_once(a, &r->outputs, n->out[o]);
    }
}

void lf_circuit_region_ends(const lf_graph *g, lf_arena *arena, lf_circuit_region *out) {
    const bool *made = made_inside(g, arena, &out->nodes), *read = read_inside(g, arena, &out->nodes);
    out->inputs = out->outputs = (lf_ids){0};
    for (size_t i = 0; i < g->inputs.count; i++)
        if (read[g->inputs.at[i].tensor])
            add_once(arena, &out->inputs, g->inputs.at[i].tensor);
    for (size_t i = 0; i < out->nodes.count; i++) {
        const lf_node *n = lf_node_at(g, out->nodes.at[i]);
        for (int k = 0; k < n->in_count; k++)
            if (n->in[k] && !made[n->in[k]] && !lf_in(g, n, k)->value)
                add_once(arena, &out->inputs, n->in[k]);
    }
    find_outputs(g, arena, made, out);
}

void lf_circuit_region_all(const lf_graph *g, lf_arena *arena, lf_circuit_region *out) {
    *out = (lf_circuit_region){0};
    for (size_t i = 0; i < g->order.count; i++) {
        const lf_node *n = lf_node_at(g, g->order.at[i]);
        if (n && n->place == LF_PLACE_FPGA)
            LF_PUSH(arena, &out->nodes, n->id);
    }
    lf_circuit_region_ends(g, arena, out);
}

/* -- encoder, core, head ----------------------------------------------------------------------------------------------- */

/* The layers of a network, as opposed to what encodes its input and what counts its outputs. */
static bool is_layer(const lf_node *n) {
    static const char *const names[] = {"table_neurons", "table_edges", "mvu", "vvu"};
    for (size_t i = 0; i < LF_COUNT(names); i++)
        if (!strcmp(n->op->name, names[i]))
            return true;
    return false;
}

/* Before the first layer: encoder; behind the last: head. */
static lf_circuit_part *find_parts(const lf_graph *g, lf_arena *a, const lf_ids *nodes) {
    bool *before = LF_NEW_ARRAY(a, bool, g->tensors.count + 1), *behind = LF_NEW_ARRAY(a, bool, g->tensors.count + 1);
    lf_circuit_part *part = LF_NEW_ARRAY(a, lf_circuit_part, nodes->count + 1);
    for (size_t i = nodes->count; i-- > 0;) { /* before[t]: a layer comes after t */
        const lf_node *n = lf_node_at(g, nodes->at[i]);
        bool layer = is_layer(n);
        for (int o = 0; o < n->out_count; o++)
            layer |= before[n->out[o]];
        for (int k = 0; k < n->in_count; k++)
            before[n->in[k]] |= layer && n->in[k]; /* 0: not there, and nobody's */
    }
    for (size_t i = 0; i < nodes->count; i++) {
        const lf_node *n = lf_node_at(g, nodes->at[i]);
        bool layer = is_layer(n), after = false, ahead = false;
        for (int k = 0; k < n->in_count; k++)
            after |= behind[n->in[k]];
        for (int o = 0; o < n->out_count; o++) {
            ahead |= before[n->out[o]];
            behind[n->out[o]] = (layer || after) && n->out[o];
        }
        part[i] = layer || ahead == after ? LF_PART_CORE : after ? LF_PART_HEAD : LF_PART_ENCODER;
    }
    return part;
}

int *lf_circuit_layers(const lf_graph *g, lf_arena *a, const lf_ids *nodes, lf_circuit_part **part) {
    int *layer = LF_NEW_ARRAY(a, int, nodes->count + 1), *level = LF_NEW_ARRAY(a, int, g->tensors.count + 1);
    *part = find_parts(g, a, nodes);
    for (size_t i = 0; i < nodes->count; i++) {
        const lf_node *n = lf_node_at(g, nodes->at[i]);
        for (int k = 0; k < n->in_count; k++)
            layer[i] = level[n->in[k]] > layer[i] ? level[n->in[k]] : layer[i];
        layer[i] += is_layer(n) || ((*part)[i] == LF_PART_HEAD && !n->op->positions);
        for (int o = 0; o < n->out_count; o++)
            level[n->out[o]] = n->out[o] ? layer[i] : 0;
    }
    return layer;
}

/* -- building ---------------------------------------------------------------------------------------------------------- */

typedef struct builder {
    const lf_graph *g;
    lf_circuit *c;
    lf_arena *arena;
    lf_word **words; /* [tensor id][element] */
} builder;

static lf_range element_range(const lf_tensor *t, size_t e) {
    return t->channel_range ? t->channel_range[lf_channel_of(t->shape, t->range_axis, e)] : t->range;
}

static lf_word *room_for(const builder *b, lf_id t) {
    return lf_alloc_try(b->arena, (size_t)lf_shape_count(lf_tensor_at(b->g, t)->shape) + 1, sizeof(lf_word));
}

static lf_status no_room(const builder *b, lf_id t) {
    return lf_fail(b->g->ctx, LF_BAD_INPUT, NULL, "no memory for the elements of %s as a circuit",
                   lf_tensor_at(b->g, t)->name);
}

static lf_status add_inputs(builder *b, const lf_circuit_region *r) {
    const lf_ids *inputs = &r->inputs;
    for (size_t i = 0; i < inputs->count; i++) {
        const lf_tensor *t = lf_tensor_at(b->g, inputs->at[i]);
        lf_word *w = b->words[t->id] = room_for(b, t->id);
        if (r->for_cpu ? !lf_on_grid(t) : !lf_is_codes(t))
            return lf_fail(b->g->ctx, LF_BAD_INPUT, NULL, "a circuit takes integer codes; %s is none", t->name);
        if (!w)
            return no_room(b, t->id);
        for (size_t e = 0; e < (size_t)lf_shape_count(t->shape); e++)
            w[e] = lf_circuit_input(b->c, element_range(t, e));
    }
    return LF_OK;
}

bool lf_can_be_circuit(const lf_node *n) {
    return n->op->circuit != NULL;
}

static lf_status add_node(builder *b, const lf_node *n) {
    const lf_word **in = (const lf_word **)lf_alloc_array(b->arena, (size_t)n->in_count + 1, sizeof *in);
    lf_word **out = (lf_word **)lf_alloc_array(b->arena, (size_t)n->out_count + 1, sizeof *out);
    lf_where where = lf_where_node(b->g, n);
    for (int k = 0; k < n->in_count; k++)
        in[k] = n->in[k] ? b->words[n->in[k]] : NULL;
    for (int o = 0; o < n->out_count; o++) {
        out[o] = n->out[o] ? b->words[n->out[o]] = room_for(b, n->out[o]) : NULL;
        if (n->out[o] && !out[o])
            return no_room(b, n->out[o]);
    }
    LF_TRY(n->op->circuit(b->g, n, b->c, in, out));
    if (b->c->too_wide)
        return lf_fail(b->g->ctx, LF_BAD_INPUT, &where, "as a circuit it needs words of more than %d bits",
                       LF_WORD_MAX_BITS);
    for (int o = 0; o < n->out_count; o++) {
        const lf_tensor *t = lf_out(b->g, n, o);
        for (size_t e = 0; t && e < (size_t)lf_shape_count(t->shape); e++)
            out[o][e] = lf_circuit_known(b->c, out[o][e], element_range(t, e)); /* what infer knows */
    }
    return LF_OK;
}

static lf_status add_nodes(builder *b, const lf_ids *nodes) {
    const lf_circuit_part *part = find_parts(b->g, b->arena, nodes);
    for (size_t i = 0; i < nodes->count; i++) {
        b->c->part = part[i];
        LF_TRY(add_node(b, lf_node_at(b->g, nodes->at[i])));
    }
    b->c->part = LF_PART_CORE;
    return lf_circuit_ok(b->c);
}

/* All at once. */
static lf_status check_ops(const lf_graph *g, const lf_ids *nodes) {
    lf_status status = LF_OK;
    for (size_t i = 0; i < nodes->count; i++) {
        const lf_node *n = lf_node_at(g, nodes->at[i]);
        lf_where where = lf_where_node(g, n);
        if (!lf_can_be_circuit(n))
            status = lf_fail(g->ctx, LF_BAD_INPUT, &where, "%s cannot be a circuit in this version", n->op->name);
    }
    return status;
}

static lf_status build(builder *b, const lf_circuit_region *r) {
    LF_TRY(check_ops(b->g, &r->nodes));
    LF_TRY(add_inputs(b, r));
    LF_TRY(add_nodes(b, &r->nodes));
    for (size_t i = 0; i < r->outputs.count; i++) {
        const lf_word *w = b->words[r->outputs.at[i]];
        for (size_t e = 0; e < (size_t)lf_shape_count(lf_tensor_at(b->g, r->outputs.at[i])->shape); e++)
            lf_circuit_output(b->c, w[e]);
    }
    return LF_OK;
}

lf_status lf_circuit_of_region(const lf_graph *g, const lf_circuit_region *r, lf_circuit **out) {
    builder b = {.g = g, .c = lf_circuit_new(g->ctx), .arena = lf_arena_new()};
    *out = NULL;
    lf_status status = b.c && b.arena ? LF_OK : lf_fail(g->ctx, LF_BAD_INPUT, NULL, "no memory for a circuit");
    if (status == LF_OK) {
        b.words = (lf_word **)lf_alloc_array(b.arena, g->tensors.count + 1, sizeof *b.words);
        b.c->count_with_adders = r->for_cpu;
        status = build(&b, r);
    }
    if (status == LF_OK) {
        *out = lf_circuit_clean(b.c);
        status = *out ? LF_OK : lf_fail(g->ctx, LF_BAD_INPUT, NULL, "no memory for a circuit");
    }
    lf_circuit_free(b.c);
    lf_arena_free(b.arena);
    return status;
}

lf_status lf_circuit_of_graph(const lf_graph *g, lf_circuit **out) {
    lf_arena *a = lf_arena_new();
    lf_circuit_region r;
    lf_circuit_region_all(g, a, &r);
    lf_status status = lf_circuit_of_region(g, &r, out);
    lf_arena_free(a);
    return status;
}
