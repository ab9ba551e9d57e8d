/* The layers of a recipe: reading them, and whether they fit together. */
#include <string.h>

#include "base/ctx.h"
#include "ir/attr.h"
#include "train/recipe_keys.h"
#include "train/recipe_parse.h"

/* -- one layer ----------------------------------------------------------------------------------------------------- */

static const lf_recipe_kind *kind_of_map(const lf_yaml *n) {
    for (const lf_recipe_kind *k = lf_recipe_kinds; k->key; k++)
        if (k->keys && lf_yaml_find(n, k->key))
            return k;
    return &lf_recipe_kinds[0];
}

static const char *name_of_layer(const lf_parser *p, int i) {
    const char *name = p->recipe->layer[i].name;
    return name && *name ? name : lf_format(p->arena, "number %d", i + 1);
}

/* Index of the layer of that name before `layer`, or LF_FROM_INPUT. */
static lf_status find_layer(const lf_parser *p, const lf_yaml *n, const char *name, int layer, int *out) {
    const char *known[LF_RECIPE_LAYERS_MAX + 1] = {"input"};
    size_t count = 1;
    *out = LF_FROM_INPUT;
    if (!strcmp(name, "input"))
        return LF_OK;
    for (*out = 0; *out < layer; (*out)++) {
        if (!strcmp(p->recipe->layer[*out].name, name))
            return LF_OK;
        known[count++] = p->recipe->layer[*out].name;
    }
    lf_status status = lf_recipe_wrong(p, n, lf_format(p->arena, "no layer before this one is named '%s'", name));
    const char *near = lf_nearest(name, known, count);
    if (near && *near)
        lf_hint(p->ctx, "did you mean '%s'?", near);
    return status;
}

static lf_status read_join(const lf_parser *p, lf_recipe_layer *layer, const lf_yaml *n) {
    const lf_yaml *a = n->kind == LF_YAML_LIST ? n->child : NULL, *b = a ? a->next : NULL;
    if (!b || b->next || a->kind != LF_YAML_SCALAR || b->kind != LF_YAML_SCALAR)
        return lf_recipe_wrong(p, n, "'join' takes the names of two layers, e.g. join: [a, b]");
    int at = p->recipe->layers - 1;
    LF_TRY(find_layer(p, a, a->text, at, &layer->from[0]));
    LF_TRY(find_layer(p, b, b->text, at, &layer->from[1]));
    return layer->from[0] != layer->from[1] ? LF_OK : lf_recipe_wrong(p, n, "'join' takes two different layers");
}

static lf_status read_entry(const lf_parser *p, const lf_recipe_kind *kind, lf_recipe_layer *layer, const lf_yaml *c) {
    if (lf_has_weights(layer) && !strcmp(c->key, "weights"))
        return lf_recipe_read_weights(p, &layer->weights, c);
    if (lf_has_units(layer) && !strcmp(c->key, "activations"))
        return lf_recipe_read_quantizer(p, "activations", &layer->activations, c);
    if (layer->kind == LF_LAYER_JOIN && !strcmp(c->key, "join"))
        return read_join(p, layer, c);
    return lf_recipe_set_key(p, kind->keys, lf_format(p->arena, "layer with '%s'", kind->key), layer, c);
}

static lf_status unique_name(const lf_parser *p, const lf_recipe_layer *layer, const lf_yaml *n) {
    if (!strcmp(layer->name, "input"))
        return lf_recipe_wrong(p, n, "the name 'input' is that of the network's input");
    for (const lf_recipe_layer *l = p->recipe->layer; *layer->name && l < layer; l++)
        if (!strcmp(l->name, layer->name))
            return lf_recipe_wrong(p, n, lf_format(p->arena, "two layers are named '%s'", l->name));
    return LF_OK;
}

static lf_status read_map(const lf_parser *p, lf_recipe_layer *layer, const lf_yaml *n) {
    const lf_recipe_kind *kind = kind_of_map(n);
    int at = p->recipe->layers - 1;
    layer->kind = kind->kind;
    LF_TRY(lf_recipe_require(p, kind->keys, "layer", n));
    lf_attrs_defaults(kind->keys, layer, p->arena);
    layer->name = layer->from_name = ""; /* an empty default is no string */
    layer->from[0] = at - 1;
    for (const lf_yaml *c = n->child; c; c = c->next)
        LF_TRY(read_entry(p, kind, layer, c));
    if (layer->kind == LF_LAYER_MAX_POOL && layer->stride == 0)
        layer->stride = layer->kernel;
    const lf_yaml *from = lf_yaml_find(n, "from");
    if (from)
        LF_TRY(find_layer(p, from, layer->from_name, at, &layer->from[0]));
    return unique_name(p, layer, n);
}

/* A word: a kind without keys. A number: neurons. */
static lf_status read_scalar(const lf_parser *p, lf_recipe_layer *layer, const lf_yaml *n) {
    layer->from[0] = p->recipe->layers - 2;
    for (const lf_recipe_kind *k = lf_recipe_kinds; k->key; k++)
        if (!k->keys && n->kind == LF_YAML_SCALAR && !strcmp(n->text, k->key)) {
            layer->kind = k->kind;
            return LF_OK;
        }
    lf_yaml units = *n;
    units.key = "units";
    return lf_recipe_set_key(p, lf_recipe_kinds[0].keys, "layer", layer, &units);
}

static lf_status read_layer(const lf_parser *p, const lf_recipe_layer *defaults, const lf_yaml *n) {
    if (p->recipe->layers == LF_RECIPE_LAYERS_MAX)
        return lf_recipe_wrong(p, n, lf_format(p->arena, "more than %d layers", LF_RECIPE_LAYERS_MAX));
    lf_recipe_layer *layer = &p->recipe->layer[p->recipe->layers++];
    *layer = *defaults;
    layer->name = layer->from_name = "";
    return n->kind == LF_YAML_MAP ? read_map(p, layer, n) : read_scalar(p, layer, n);
}

lf_status lf_recipe_read_layers(const lf_parser *p, const lf_recipe_layer *defaults, const lf_yaml *root) {
    const lf_yaml *list = lf_yaml_find(root, "layers");
    if (!list || list->kind != LF_YAML_LIST || !list->child)
        return lf_recipe_wrong(p, list ? list : root,
                               "'layers' takes a list of layer widths; the last one is the number of classes");
    for (const lf_yaml *n = list->child; n; n = n->next)
        LF_TRY(read_layer(p, defaults, n));
    const lf_recipe_layer *last = &p->recipe->layer[p->recipe->layers - 1];
    if (last->kind != LF_LAYER_DENSE)
        return lf_recipe_wrong(p, list, "the last layer is not dense: it must be the number of classes");
    bool class = p->recipe->family == LF_FAMILY_LUTS && p->recipe->luts.method == LF_LUTS_SEARCH;
    return last->units >= 2 || class ? LF_OK : lf_recipe_wrong(p, list, "fewer than 2 classes");
}

/* -- sizes --------------------------------------------------------------------------------------------------------- */

lf_picture lf_recipe_input_picture(const lf_recipe *r, size_t features) {
    const lf_ints *s = &r->input.shape;
    return s->count == 3 ? (lf_picture){s->at[0], s->at[1], s->at[2]} : (lf_picture){(int64_t)features, 1, 1};
}

static int64_t windows(int64_t size, const lf_recipe_layer *l) {
    return (size + 2 * l->pad - l->kernel) / l->stride + 1;
}

lf_picture lf_recipe_picture(const lf_recipe *r, int layer, size_t features) {
    if (layer == LF_FROM_INPUT)
        return lf_recipe_input_picture(r, features);
    const lf_recipe_layer *l = &r->layer[layer];
    if (l->kind == LF_LAYER_DENSE)
        return (lf_picture){l->units, 1, 1};
    lf_picture p = lf_recipe_picture(r, l->from[0], features);
    if (l->kind == LF_LAYER_JOIN)
        return p;
    if (l->kind == LF_LAYER_GLOBAL_AVERAGE_POOL)
        return (lf_picture){p.channels, 1, 1};
    return (lf_picture){l->kind == LF_LAYER_CONV ? l->units : p.channels, windows(p.height, l), windows(p.width, l)};
}

static lf_status check_size(const lf_parser *p, const lf_yaml *n, int i) {
    const lf_recipe_layer *l = &p->recipe->layer[i];
    if (l->kind == LF_LAYER_DENSE)
        return LF_OK;
    if (p->recipe->input.shape.count != 3)
        return lf_recipe_wrong(p, n, "layers over pictures need input: {shape: [channels, height, width]}");
    lf_picture in = lf_recipe_picture(p->recipe, l->from[0], 0);
    bool slides = l->kind == LF_LAYER_CONV || l->kind == LF_LAYER_MAX_POOL;
    if (slides && (in.height + 2 * l->pad < l->kernel || in.width + 2 * l->pad < l->kernel))
        return lf_recipe_wrong(p, n,
                               lf_format(p->arena, "layer %s: a window of %lld x %lld over a picture of %lld x %lld",
                                         name_of_layer(p, i), (long long)l->kernel, (long long)l->kernel,
                                         (long long)in.height, (long long)in.width));
    if (slides && l->pad >= l->kernel)
        return lf_recipe_wrong(p, n,
                               lf_format(p->arena, "layer %s: 'pad' must be less than 'kernel'", name_of_layer(p, i)));
    lf_picture other = lf_recipe_picture(p->recipe, l->from[lf_operands(l) - 1], 0);
    if (in.channels == other.channels && in.height == other.height && in.width == other.width)
        return LF_OK;
    return lf_recipe_wrong(p, n,
                           lf_format(p->arena, "layer %s joins %lld channels of %lld x %lld with %lld of %lld x %lld",
                                     name_of_layer(p, i), (long long)in.channels, (long long)in.height,
                                     (long long)in.width, (long long)other.channels, (long long)other.height,
                                     (long long)other.width));
}

/* -- codes --------------------------------------------------------------------------------------------------------- */

/* Where the codes that a layer gives were made: through pools, which make none. */
static const lf_quantizer *quantizer_of(const lf_recipe *r, int i) {
    while (i != LF_FROM_INPUT && !lf_has_units(&r->layer[i]))
        i = r->layer[i].from[0];
    return i == LF_FROM_INPUT ? &r->input_quantizer : &r->layer[i].activations;
}

static bool share_a_step(const lf_quantizer *a, const lf_quantizer *b) {
    bool bipolar = a->type == LF_QUANTIZER_BIPOLAR;
    return bipolar == (b->type == LF_QUANTIZER_BIPOLAR) && a->scale_mode == b->scale_mode && !(a->scale < b->scale) &&
           !(a->scale > b->scale);
}

static void rename_step(lf_recipe *r, int was, int is) {
    for (int i = 0; i < r->layers; i++)
        if (r->layer[i].step_of == was)
            r->layer[i].step_of = is;
}

static lf_status share_step(const lf_parser *p, const lf_yaml *n, int i) {
    lf_recipe *r = p->recipe;
    int a = r->layer[i].from[0], b = r->layer[i].from[1];
    for (int k = 0; k < 2; k++) {
        int from = r->layer[i].from[k];
        if (from == LF_FROM_INPUT || r->layer[from].step_of == LF_FROM_INPUT ||
            r->layer[from].kind == LF_LAYER_GLOBAL_AVERAGE_POOL)
            return lf_recipe_wrong(p, n, "a join takes layers with activations of their own, or max pools behind such");
    }
    if (!share_a_step(quantizer_of(r, a), quantizer_of(r, b)))
        return lf_recipe_wrong(p, n,
                               lf_format(p->arena,
                                         "layers %s and %s are joined: their activations share one step, so "
                                         "'scale_mode' and 'scale' must be the same",
                                         name_of_layer(p, a), name_of_layer(p, b)));
    int sa = r->layer[a].step_of, sb = r->layer[b].step_of;
    rename_step(r, sa > sb ? sa : sb, sa > sb ? sb : sa);
    return LF_OK;
}

static lf_status check_padding(const lf_parser *p, const lf_yaml *n, int i) {
    const lf_recipe_layer *l = &p->recipe->layer[i];
    if (l->kind != LF_LAYER_CONV || l->pad == 0 || quantizer_of(p->recipe, l->from[0])->type != LF_QUANTIZER_BIPOLAR)
        return LF_OK;
    return lf_recipe_wrong(
        p, n, lf_format(p->arena, "layer %s pads with 0, which is no code of its bipolar input", name_of_layer(p, i)));
}

static lf_status check_read(const lf_parser *p, const lf_yaml *n, int i) {
    const lf_recipe *r = p->recipe;
    for (int k = i + 1; k < r->layers; k++)
        for (int o = 0; o < lf_operands(&r->layer[k]); o++)
            if (r->layer[k].from[o] == i)
                return LF_OK;
    return i == r->layers - 1
               ? LF_OK
               : lf_recipe_wrong(p, n, lf_format(p->arena, "no layer reads layer %s", name_of_layer(p, i)));
}

lf_status lf_recipe_check_layers(const lf_parser *p, const lf_yaml *root) {
    lf_recipe *r = p->recipe;
    const lf_yaml *n = lf_yaml_find(root, "layers")->child;
    for (int i = 0; i < r->layers; i++, n = n->next) {
        lf_recipe_layer *l = &r->layer[i];
        l->step_of = lf_has_units(l) ? i : l->from[0] == LF_FROM_INPUT ? LF_FROM_INPUT : r->layer[l->from[0]].step_of;
        LF_TRY(check_size(p, n, i));
        LF_TRY(check_padding(p, n, i));
        LF_TRY(check_read(p, n, i));
        if (l->kind == LF_LAYER_JOIN)
            LF_TRY(share_step(p, n, i));
    }
    return LF_OK;
}
