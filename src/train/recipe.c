#include "train/recipe.h"

#include <math.h>
#include <string.h>

#include "base/file.h"
#include "ir/attr.h"
#include "train/recipe_keys.h"
#include "train/recipe_parse.h"

static lf_where at_key(const lf_parser *p, const lf_yaml *n) {
    return (lf_where){.file = p->file, .line = n->key_line, .column = n->key_column};
}

lf_status lf_recipe_wrong(const lf_parser *p, const lf_yaml *n, const char *what) {
    lf_where where = {.file = p->file, .line = n->line, .column = n->column};
    return lf_fail(p->ctx, LF_BAD_INPUT, &where, "%s", what);
}

/* -- values -------------------------------------------------------------------------------------------------------- */

/* The text form that attribute tables read: strings quoted, lists in brackets. */
static lf_status value_text(const lf_parser *p, const lf_yaml *n, const lf_attr_desc *d, lf_text *out) {
    if (n->kind == LF_YAML_LIST && d->type == LF_ATTR_INTS) {
        lf_text_add(out, "[");
        for (const lf_yaml *c = n->child; c; c = c->next) {
            if (c->kind != LF_YAML_SCALAR)
                return lf_recipe_wrong(p, c, "a whole number belongs here");
            lf_text_add(out, c == n->child ? "" : ", ");
            lf_text_add(out, c->text);
        }
        lf_text_add(out, "]");
        return LF_OK;
    }
    if (n->kind != LF_YAML_SCALAR)
        return lf_recipe_wrong(p, n, lf_format(p->arena, "'%s' takes one value", d->name));
    if (d->type == LF_ATTR_STRING)
        lf_quote(out, n->text);
    else
        lf_text_add(out, n->text);
    return LF_OK;
}

lf_status lf_recipe_set_key(const lf_parser *p, const lf_attr_desc *keys, const char *owner, void *at,
                            const lf_yaml *n) {
    const lf_attr_desc *d = lf_attrs_find(keys, n->key);
    lf_where where = {.file = p->file, .line = n->line, .column = n->column};
    if (!d)
        where = at_key(p, n);
    lf_text text = {0};
    lf_status s = d ? value_text(p, n, d, &text) : LF_OK;
    if (s == LF_OK)
        s = lf_attrs_set_text(p->ctx, p->arena, keys, owner, at, n->key, text.at ? text.at : "", &where);
    lf_text_free(&text);
    return s;
}

static lf_status require_map(const lf_parser *p, const lf_yaml *n, const char *owner) {
    return n->kind == LF_YAML_MAP
               ? LF_OK
               : lf_recipe_wrong(p, n, lf_format(p->arena, "'%s' takes keys with values, e.g. {key: value}", owner));
}

lf_status lf_recipe_require(const lf_parser *p, const lf_attr_desc *keys, const char *owner, const lf_yaml *map) {
    for (const lf_attr_desc *d = keys; d->name; d++)
        if (!d->fallback && !lf_yaml_find(map, d->name))
            return lf_recipe_wrong(p, map, lf_format(p->arena, "%s: '%s' is missing", owner, d->name));
    return LF_OK;
}

static lf_status read_section(const lf_parser *p, const lf_attr_desc *keys, const char *owner, void *at,
                              const lf_yaml *map) {
    LF_TRY(require_map(p, map, owner));
    for (const lf_yaml *n = map->child; n; n = n->next)
        LF_TRY(lf_recipe_set_key(p, keys, owner, at, n));
    return lf_recipe_require(p, keys, owner, map);
}

/* -- quantizers ---------------------------------------------------------------------------------------------------- */

void lf_quantizer_range(const lf_quantizer *q, int *lo, int *hi) {
    int n = (int)q->bits;
    switch ((lf_quantizer_type)q->type) {
    case LF_QUANTIZER_BIPOLAR:
    case LF_QUANTIZER_TERNARY: *lo = -1, *hi = 1; return;
    case LF_QUANTIZER_INT: *lo = -(1 << (n - 1)) + q->narrow, *hi = (1 << (n - 1)) - 1; return;
    case LF_QUANTIZER_UINT: *lo = 0, *hi = (1 << n) - 1; return;
    }
}

static lf_status check_quantizer(const lf_parser *p, const lf_yaml *n, const lf_quantizer *q) {
    bool integer = q->type == LF_QUANTIZER_INT || q->type == LF_QUANTIZER_UINT;
    if (q->type == LF_QUANTIZER_BIPOLAR && (lf_yaml_find(n, "scale") || lf_yaml_find(n, "scale_mode")))
        return lf_recipe_wrong(
            p, n,
            "a bipolar quantizer has no scale here: the batch normalization or output scale behind it does its work");
    if (!integer && lf_yaml_find(n, "bits"))
        return lf_recipe_wrong(p, n, "'bits' belongs to int and uint");
    if (q->type != LF_QUANTIZER_INT && lf_yaml_find(n, "narrow"))
        return lf_recipe_wrong(p, n, "'narrow' belongs to int");
    return LF_OK;
}

lf_status lf_recipe_read_quantizer(const lf_parser *p, const char *owner, lf_quantizer *q, const lf_yaml *n) {
    lf_attrs_defaults(lf_quantizer_keys, q, p->arena);
    LF_TRY(read_section(p, lf_quantizer_keys, owner, q, n));
    return check_quantizer(p, n, q);
}

lf_status lf_recipe_read_weights(const lf_parser *p, lf_quantizer *q, const lf_yaml *n) {
    LF_TRY(lf_recipe_read_quantizer(p, "weights", q, n));
    return q->type == LF_QUANTIZER_UINT ? lf_recipe_wrong(p, n, "weights need a sign: bipolar, ternary or int") : LF_OK;
}

/* -- the whole ----------------------------------------------------------------------------------------------------- */

static const lf_recipe_section *find_section(const char *name) {
    for (const lf_recipe_section *s = lf_recipe_sections; s->name; s++)
        if (!strcmp(s->name, name))
            return s;
    return NULL;
}

static lf_status unknown_key(const lf_parser *p, const lf_yaml *n) {
    const char *known[32] = {"layers", "weights", "activations"};
    size_t count = 3;
    for (const lf_attr_desc *d = lf_recipe_top_keys; d->name; d++)
        known[count++] = d->name;
    for (const lf_recipe_section *s = lf_recipe_sections; s->name; s++)
        known[count++] = s->name;
    lf_where where = at_key(p, n);
    lf_status status = lf_fail(p->ctx, LF_BAD_INPUT, &where, "a recipe has no key '%s'", n->key);
    const char *near = lf_nearest(n->key, known, count);
    if (near)
        lf_hint(p->ctx, "did you mean '%s'?", near);
    return status;
}

static lf_status read_entry(const lf_parser *p, lf_recipe_layer *defaults, const lf_yaml *n) {
    const lf_recipe_section *s = find_section(n->key);
    if (!strcmp(n->key, "layers"))
        return LF_OK;
    if (!strcmp(n->key, "weights"))
        return lf_recipe_read_weights(p, &defaults->weights, n);
    if (!strcmp(n->key, "activations"))
        return lf_recipe_read_quantizer(p, "activations", &defaults->activations, n);
    if (s && s->keys == lf_quantizer_keys)
        return lf_recipe_read_quantizer(p, s->name, &p->recipe->input_quantizer, n);
    if (s)
        return read_section(p, s->keys, s->name, (char *)p->recipe + s->offset, n);
    if (lf_attrs_find(lf_recipe_top_keys, n->key))
        return lf_recipe_set_key(p, lf_recipe_top_keys, "recipe", p->recipe, n);
    return unknown_key(p, n);
}

static lf_status check_whole(const lf_parser *p, const lf_yaml *root) {
    const lf_recipe *r = p->recipe;
    if (r->training.batch % 16)
        return lf_recipe_wrong(
            p, root, lf_format(p->arena, "training: batch %lld is not a multiple of 16", (long long)r->training.batch));
    bool distort = r->regularize.distort > 0;
    if ((r->regularize.shift || r->regularize.flip || distort) && r->input.shape.count < 2)
        return lf_recipe_wrong(p, root,
                               lf_format(p->arena, "regularize: '%s' needs input: {shape: [..., height, width]}",
                                         r->regularize.shift ? "shift"
                                         : distort           ? "distort"
                                                             : "flip"));
    if (r->input_quantizer.scale_mode != LF_SCALE_FIXED)
        return lf_recipe_wrong(p, root, "input_quantizer: its scale is fixed");
    return LF_OK;
}

/* Constants of the model are float32 in the file it is exported to. */
static void round_constants(lf_recipe *r) {
    r->input.multiply = (double)(float)r->input.multiply;
    r->input.subtract = (double)(float)r->input.subtract;
    r->input_quantizer.scale = (double)(float)r->input_quantizer.scale;
}

static const char *const quantizers[] = {"weights", "activations", "input_quantizer", NULL};
static const struct {
    const char *section, *family;
} owned[] = {{"thermometer", "luts"}, {"luts", "luts"}, {"neurons", "neurons"}, {"edges", "edges"}};
static const char *const families[] = {"products", "luts", "neurons", "edges"};

/* Which keys must be there, and which must not. */
static lf_status check_family(const lf_parser *p, const lf_yaml *root) {
    const char *family = families[p->recipe->family];
    bool tables = p->recipe->family != LF_FAMILY_PRODUCTS;
    for (const char *const *k = quantizers; *k; k++)
        if (!lf_yaml_find(root, *k) != tables)
            return lf_recipe_wrong(p, root,
                                   tables ? lf_format(p->arena, "family %s has no '%s'", family, *k)
                                          : lf_format(p->arena, "'%s' is missing", *k));
    for (size_t i = 0; i < LF_COUNT(owned); i++)
        if (lf_yaml_find(root, owned[i].section) && strcmp(owned[i].family, family) != 0)
            return lf_recipe_wrong(p, root,
                                   lf_format(p->arena, "'%s' belongs to family %s", owned[i].section, owned[i].family));
    return LF_OK;
}

static lf_status check_chain(const lf_parser *p, const lf_yaml *root) {
    const lf_recipe *r = p->recipe;
    for (int i = 0; i < r->layers; i++)
        if (r->layer[i].kind != LF_LAYER_DENSE || r->layer[i].from[0] != i - 1)
            return lf_recipe_wrong(p, root,
                                   lf_format(p->arena,
                                             "family %s: layers are numbers of %s, each reads the one before it",
                                             families[r->family], r->family == LF_FAMILY_LUTS ? "LUTs" : "neurons"));
    if (r->regularize.dropout > 0 || r->regularize.input_dropout > 0)
        return lf_recipe_wrong(p, root, lf_format(p->arena, "family %s knows no dropout", families[r->family]));
    return LF_OK;
}

static lf_status check_coded(const lf_parser *p, const lf_yaml *root) {
    const lf_recipe *r = p->recipe;
    LF_TRY(check_chain(p, root));
    if (r->regularize.shift || r->regularize.flip || r->regularize.distort > 0)
        return lf_recipe_wrong(p, root, lf_format(p->arena, "family %s does not move pictures", families[r->family]));
    int exponent;
    double mantissa = frexp(r->edges.input_step, &exponent);
    if (r->edges.input_step > 0 && (mantissa < 0.5 || mantissa > 0.5))
        return lf_recipe_wrong(p, root, "edges: 'input_step' is a power of two");
    bool neurons = r->family == LF_FAMILY_NEURONS;
    int64_t bits = !neurons ? r->edges.input_bits : r->neurons.input_bits ? r->neurons.input_bits : r->neurons.bits;
    if (bits < 2 && (neurons ? r->neurons.standardize : r->edges.standardize))
        return lf_recipe_wrong(
            p, root, lf_format(p->arena, "%s: standardized features have at least 2 bits", families[r->family]));
    return LF_OK;
}

static bool good_count(int64_t candidates) {
    return candidates <= 1 || candidates % 16 == 0;
}

static lf_status check_luts(const lf_parser *p, const lf_yaml *root) {
    const lf_recipe *r = p->recipe;
    LF_TRY(check_chain(p, root));
    if (!good_count(r->luts.candidates) || !good_count(r->luts.deep_candidates))
        return lf_recipe_wrong(p, root, "luts: candidates are 1 or a multiple of 16");
    bool search = r->luts.method == LF_LUTS_SEARCH;
    if (search && (r->regularize.shift || r->regularize.flip || r->regularize.distort > 0))
        return lf_recipe_wrong(p, root, "luts: 'method: search' looks at all rows at once and does not move pictures");
    if (!search && r->luts.comparison_cost > 0)
        return lf_recipe_wrong(p, root, "luts: 'comparison_cost' belongs to 'method: search'");
    if (r->training.batch % 64)
        return lf_recipe_wrong(p, root, "family luts: the batch is a multiple of 64");
    return LF_OK;
}

static lf_status read_recipe(const lf_parser *p, const lf_yaml *root) {
    if (root->kind != LF_YAML_MAP)
        return lf_recipe_wrong(p, root, "a recipe is a list of keys with values");
    LF_TRY(lf_recipe_require(p, lf_recipe_top_keys, "recipe", root));
    lf_recipe_layer defaults = {0};
    for (const lf_yaml *n = root->child; n; n = n->next)
        LF_TRY(read_entry(p, &defaults, n));
    LF_TRY(check_family(p, root));
    LF_TRY(lf_recipe_read_layers(p, &defaults, root));
    round_constants(p->recipe);
    LF_TRY(check_whole(p, root));
    if (p->recipe->family == LF_FAMILY_NEURONS || p->recipe->family == LF_FAMILY_EDGES)
        return check_coded(p, root);
    return p->recipe->family == LF_FAMILY_LUTS ? check_luts(p, root) : lf_recipe_check_layers(p, root);
}

static void set_defaults(lf_recipe *r) {
    lf_attrs_defaults(lf_recipe_top_keys, r, r->arena);
    for (const lf_recipe_section *s = lf_recipe_sections; s->name; s++)
        lf_attrs_defaults(s->keys, (char *)r + s->offset, r->arena);
}

/* "recipes/sfc-w1a1.yaml" -> "sfc-w1a1". */
static const char *stem(lf_arena *a, const char *path) {
    const char *base = lf_path_base(path), *dot = strrchr(base, '.');
    return dot && dot > base ? lf_strndup(a, base, (size_t)(dot - base)) : lf_strdup(a, base);
}

lf_recipe *lf_recipe_parse(lf_ctx *ctx, const char *name, const char *text, size_t len) {
    lf_where where = {.file = name};
    if (len > LF_RECIPE_BYTES_MAX) {
        (void)!lf_fail(ctx, LF_BAD_INPUT, &where, "%zu bytes are too many for a recipe; at most %d", len,
                       LF_RECIPE_BYTES_MAX);
        return NULL;
    }
    lf_arena *arena = lf_arena_new(), *tree = lf_arena_new();
    lf_recipe *r = LF_NEW(arena, lf_recipe);
    r->arena = arena;
    set_defaults(r);
    const lf_yaml *root = lf_yaml_parse(ctx, tree, name, text, len);
    lf_parser p = {ctx, arena, name, r};
    bool ok = root && read_recipe(&p, root) == LF_OK;
    lf_arena_free(tree);
    if (!ok) {
        lf_recipe_free(r);
        return NULL;
    }
    lf_sha256_hex(text, len, r->digest);
    if (!r->name || !*r->name)
        r->name = stem(arena, name);
    return r;
}

lf_recipe *lf_recipe_load(lf_ctx *ctx, const char *path) {
    lf_file f;
    if (lf_file_open(ctx, path, LF_RECIPE_BYTES_MAX, &f) != LF_OK)
        return NULL;
    lf_recipe *r = lf_recipe_parse(ctx, path, f.size ? (const char *)f.data : "", f.size);
    lf_file_close(&f);
    return r;
}

void lf_recipe_free(lf_recipe *r) {
    if (r)
        lf_arena_free(r->arena);
}

static void help_key(lf_text *out, const lf_attr_desc *d, const char *indent) {
    lf_text_addf(out, "%s%s: %s", indent, d->name, d->help);
    if (d->fallback && *d->fallback)
        lf_text_addf(out, " (default %s)", d->fallback);
    for (int i = 0; d->names && d->names[i]; i++)
        lf_text_addf(out, "%s%s", i ? " | " : "; ", d->names[i]);
    lf_text_add(out, "\n");
}

static void help_keys(lf_text *out, const lf_attr_desc *keys, const char *indent) {
    for (const lf_attr_desc *d = keys; d->name; d++)
        help_key(out, d, indent);
}

static void help_layers(lf_text *out) {
    lf_text_add(out,
                "layers: a list of layers, each a number of neurons, a word or {keys}, e.g. {conv: 64, kernel: 3}; the "
                "last one is dense: the classes\n");
    for (const lf_recipe_kind *k = lf_recipe_kinds; k->key; k++) {
        lf_text_addf(out, "  %s: %s\n", k->key, k->help);
        for (const lf_attr_desc *d = k->keys; d && d->name; d++)
            if (strcmp(d->name, k->key) != 0)
                help_key(out, d, "    ");
    }
    lf_text_add(out, "  weights, activations: of this layer, in place of those of the whole recipe\n");
}

void lf_recipe_help(lf_text *out) {
    help_keys(out, lf_recipe_top_keys, "");
    help_layers(out);
    lf_text_add(out, "weights, activations, input_quantizer: quantizers\n");
    help_keys(out, lf_quantizer_keys, "  ");
    for (const lf_recipe_section *s = lf_recipe_sections; s->name; s++) {
        if (s->keys == lf_quantizer_keys)
            continue;
        lf_text_addf(out, "%s: %s\n", s->name, s->help);
        help_keys(out, s->keys, "  ");
    }
}
