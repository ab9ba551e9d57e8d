/* A region layer by layer: from the last to the first, as words, with only those outputs that later ones read; then, from the first on, minimized and put
 * behind one another. */
#include "pass/layer_circuits.h"

/* What of one layer counts for one part. */
typedef struct layer {
    lf_circuit_region region;
    lf_circuit_part part;
    int number;
    bool logic; /* more than wires */
    lf_circuit *words;
} layer;

typedef struct composer {
    const lf_graph *g;
    const lf_circuit_region *r;
    const lf_layer_minimizer *minimizer;
    lf_arena *arena;
    LF_VEC(layer) layers;
    bool **read;    /* [tensor][element] by later layers or the region's outputs */
    lf_word **word; /* [tensor][element] in `all` */
    lf_circuit *all;
} composer;

static size_t elements_of(const composer *x, lf_id t) {
    return (size_t)lf_shape_count(lf_tensor_at(x->g, t)->shape);
}

static size_t all_elements(const composer *x, const lf_ids *tensors) {
    size_t n = 0;
    for (size_t i = 0; i < tensors->count; i++)
        n += elements_of(x, tensors->at[i]);
    return n;
}

/* -- which layers ------------------------------------------------------------------------------------------------------------ */

static void add_layer(composer *x, const int *number, const lf_circuit_part *part, int which, lf_circuit_part of) {
    layer l = {.part = of, .number = which};
    for (size_t i = 0; i < x->r->nodes.count; i++)
        if (number[i] == which && part[i] == of) {
            LF_PUSH(x->arena, &l.region.nodes, x->r->nodes.at[i]);
            l.logic |= !lf_node_at(x->g, x->r->nodes.at[i])->op->positions;
        }
    lf_circuit_region_ends(x->g, x->arena, &l.region);
    if (l.region.nodes.count)
        LF_PUSH(x->arena, &x->layers, l);
}

/* Of one layer, what counts for the encoder is read by what counts for the core, and that by the head. */
static void find_layers(composer *x) {
    static const lf_circuit_part order[] = {LF_PART_ENCODER, LF_PART_CORE, LF_PART_HEAD};
    lf_circuit_part *part;
    const int *number = lf_circuit_layers(x->g, x->arena, &x->r->nodes, &part);
    int last = 0;
    for (size_t i = 0; i < x->r->nodes.count; i++)
        last = number[i] > last ? number[i] : last;
    for (int which = 0; which <= last; which++)
        for (size_t k = 0; k < LF_COUNT(order); k++)
            add_layer(x, number, part, which, order[k]);
}

/* -- what is read ------------------------------------------------------------------------------------------------------------ */

static bool *reads_of(composer *x, lf_id t) {
    if (!x->read[t])
        x->read[t] = LF_NEW_ARRAY(x->arena, bool, elements_of(x, t));
    return x->read[t];
}

/* The layer as words: outputs that nobody reads are 0. Its own reads are noted. */
static lf_status make_words(composer *x, layer *l) {
    lf_circuit *c;
    size_t o = 0, i = 0;
    LF_TRY(lf_circuit_of_region(x->g, &l->region, &c));
    for (size_t k = 0; k < l->region.outputs.count; k++)
        for (size_t e = 0; e < elements_of(x, l->region.outputs.at[k]); e++, o++)
            if (!reads_of(x, l->region.outputs.at[k])[e])
                c->outputs.at[o] = lf_circuit_const(c, 0);
    l->words = lf_circuit_clean(c);
    lf_circuit_free(c);
    if (!l->words)
        return LF_FAILED;
    const int *delay = lf_circuit_delays(l->words, x->arena);
    for (size_t k = 0; k < l->region.inputs.count; k++)
        for (size_t e = 0; e < elements_of(x, l->region.inputs.at[k]); e++, i++)
            reads_of(x, l->region.inputs.at[k])[e] |= delay[l->words->inputs.at[i]] >= 0;
    return LF_OK;
}

static lf_status make_layers(composer *x) {
    for (size_t k = 0; k < x->r->outputs.count; k++)
        for (size_t e = 0; e < elements_of(x, x->r->outputs.at[k]); e++)
            reads_of(x, x->r->outputs.at[k])[e] = true;
    for (size_t k = x->layers.count; k-- > 0;)
        LF_TRY(make_words(x, &x->layers.at[k]));
    return LF_OK;
}

/* -- one behind the other ------------------------------------------------------------------------------------------------------ */

/* The words of these tensors in turn. */
static lf_word *words_of(const composer *x, const lf_ids *tensors) {
    lf_word *all = LF_NEW_ARRAY(x->arena, lf_word, all_elements(x, tensors) + 1), *to = all;
    for (size_t i = 0; i < tensors->count; i++)
        for (size_t e = 0; e < elements_of(x, tensors->at[i]); e++)
            *to++ = x->word[tensors->at[i]][e];
    return all;
}

static void set_words(composer *x, const lf_ids *tensors, lf_word *from) {
    for (size_t i = 0; i < tensors->count; from += elements_of(x, tensors->at[i++]))
        x->word[tensors->at[i]] = from;
}

static void add_inputs(composer *x, const lf_circuit *whole) {
    lf_word *in = LF_NEW_ARRAY(x->arena, lf_word, whole->inputs.count + 1);
    for (size_t i = 0; i < whole->inputs.count; i++)
        in[i] = lf_circuit_input(x->all, lf_word_range(whole, whole->inputs.at[i]));
    set_words(x, &x->r->inputs, in);
    lf_circuit_stage_rest(x->all, 0);
}

static lf_status append(composer *x, const layer *l) {
    lf_circuit *c;
    LF_TRY(x->minimizer->minimize(x->minimizer->with, x->g, &l->region, l->words, &c));
    for (size_t w = 0; w < c->words.count; w++)
        c->words.at[w].part = (uint8_t)l->part;
    lf_word *out = LF_NEW_ARRAY(x->arena, lf_word, all_elements(x, &l->region.outputs) + 1);
    lf_circuit_append(x->all, c, words_of(x, &l->region.inputs), out);
    set_words(x, &l->region.outputs, out);
    lf_circuit_free(c);
    return LF_OK;
}

static lf_status append_all(composer *x) {
    int stage = -1, number = -1;
    for (size_t k = 0; k < x->layers.count; k++) {
        const layer *l = &x->layers.at[k];
        stage += l->logic && l->number != number;
        number = l->logic ? l->number : number;
        if (stage >= LF_CIRCUIT_STAGES)
            return lf_fail(x->g->ctx, LF_BAD_INPUT, NULL, "more than %d layers, each with a register",
                           LF_CIRCUIT_STAGES);
        LF_TRY(append(x, l));
        lf_circuit_stage_rest(x->all, stage < 0 ? 0 : stage);
    }
    const lf_word *out = words_of(x, &x->r->outputs);
    for (size_t o = 0; o < all_elements(x, &x->r->outputs); o++)
        lf_circuit_output(x->all, out[o]);
    return lf_circuit_ok(x->all);
}

static lf_status compose(composer *x, const lf_circuit *whole) {
    x->read = (bool **)lf_alloc_array(x->arena, x->g->tensors.count + 1, sizeof *x->read);
    x->word = (lf_word **)lf_alloc_array(x->arena, x->g->tensors.count + 1, sizeof *x->word);
    find_layers(x);
    LF_TRY(make_layers(x));
    add_inputs(x, whole);
    return append_all(x);
}

lf_status lf_circuit_by_layers(const lf_graph *g, const lf_circuit_region *r, const lf_layer_minimizer *minimizer,
                               lf_circuit **out) {
    lf_circuit *whole;
    *out = NULL;
    LF_TRY(lf_circuit_of_region(g, r, &whole)); /* for what its inputs can be, and to say what cannot be a circuit */
    composer x = {.g = g, .r = r, .minimizer = minimizer, .arena = lf_arena_new(), .all = lf_circuit_new(g->ctx)};
    lf_status status =
        x.arena && x.all ? compose(&x, whole) : lf_fail(g->ctx, LF_FAILED, NULL, "no memory for a circuit");
    if (status == LF_OK)
        *out = lf_circuit_clean_staged(x.all);
    for (size_t k = 0; k < x.layers.count; k++)
        lf_circuit_free(x.layers.at[k].words);
    lf_circuit_free(whole);
    lf_circuit_free(x.all);
    lf_arena_free(x.arena);
    return status == LF_OK && !*out ? LF_FAILED : status;
}
