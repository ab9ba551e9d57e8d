/* Differentiable weightless networks (DWN) in plain JSON:
 *   thresholds [feature][k]   bit feature * levels + k of the first layer's input is x[feature] > threshold; float32
 *   layers[l].inputs [lut][n_lut_inputs]   the bit that drives address bit j
 *   layers[l].init [lut]                   hexadecimal, bit a of the number is the output at address a
 *   n_lut_inputs, n_classes                scores: ones in equal groups of the last layer's bits
 * Other keys (name, accuracy ...) say nothing about the function. */
#include <inttypes.h>
#include <string.h>

#include "import/json_nets.h"
#include "ir/attr_access.h"

/* -- the encoder ------------------------------------------------------------------------------------------------------- */

static lf_status read_thermometer(lf_graph *g, const lf_json_at *root, lf_id *bits, int64_t *width) {
    lf_json_at all, first;
    size_t features, levels;
    LF_TRY(lf_json_get(root, "thresholds", &all));
    LF_TRY(lf_json_length(&all, 1, LF_JSON_WIDTH_MAX, &features));
    first = lf_json_item(&all, 0);
    LF_TRY(lf_json_length(&first, 1, LF_JSON_WIDTH_MAX, &levels));
    double *t = lf_alloc_try(g->arena, features * levels, sizeof *t);
    if (!t)
        return lf_json_fail(&all, "no memory for %zu thresholds", features * levels);
    for (size_t f = 0; f < features; f++) {
        lf_json_at row = lf_json_item(&all, f);
        LF_TRY(lf_json_floats(&row, levels, t + f * levels));
    }
    int64_t dim[2] = {(int64_t)features, (int64_t)levels};
    lf_id in[2] = {lf_json_input(g, features), lf_const_reals(g, "thresholds", lf_shape_make(2, dim), t)->id};
    lf_node *made;
    LF_TRY(lf_json_node(g, "thermometer", "thermometer", in, 2, &made));
    *bits = made->out[0];
    *width = dim[0] * dim[1];
    return LF_OK;
}

/* -- layers ------------------------------------------------------------------------------------------------------------ */

static int hex_digit(char c) {
    const char *digits = "0123456789abcdef0123456789ABCDEF", *at = c ? strchr(digits, c) : NULL;
    return at ? (int)(at - digits) % 16 : -1;
}

/* The table of one LUT of `entries` bits, written with exactly as many digits as that takes. */
static lf_status read_init(const lf_json_at *at, size_t entries, int64_t *out) {
    const char *text = json_string_value(at->value);
    size_t digits = (entries + 3) / 4;
    if (!text || strlen(text) != digits)
        return lf_json_fail(at, "is not a string of %zu hexadecimal digits", digits);
    for (size_t a = 0; a < entries; a++) {
        int digit = hex_digit(text[digits - 1 - a / 4]);
        if (digit < 0)
            return lf_json_fail(at, "has a character that is no hexadecimal digit");
        out[a] = digit >> (a % 4) & 1;
    }
    if (entries < 4 && hex_digit(text[0]) >> entries)
        return lf_json_fail(at, "has more than %zu bits", entries);
    return LF_OK;
}

static lf_status read_luts(const lf_json_at *inputs, const lf_json_at *init, size_t luts, size_t fan_in, int64_t width,
                           int64_t *from, int64_t *table) {
    size_t length;
    LF_TRY(lf_json_length(init, luts, luts, &length));
    for (size_t i = 0; i < luts; i++) {
        lf_json_at row = lf_json_item(inputs, i), bits = lf_json_item(init, i);
        LF_TRY(lf_json_ints(&row, fan_in, 0, width - 1, from + i * fan_in));
        LF_TRY(read_init(&bits, (size_t)1 << fan_in, table + (i << fan_in)));
    }
    return LF_OK;
}

static lf_status read_layer(lf_graph *g, const lf_json_at *layer, size_t index, size_t fan_in, lf_id *x,
                            int64_t *width) {
    lf_json_at inputs, init;
    size_t luts;
    LF_TRY(lf_json_get(layer, "inputs", &inputs));
    LF_TRY(lf_json_get(layer, "init", &init));
    LF_TRY(lf_json_length(&inputs, 1, LF_JSON_WIDTH_MAX, &luts));
    int64_t *from = LF_NEW_ARRAY(g->arena, int64_t, luts * fan_in),
            *table = LF_NEW_ARRAY(g->arena, int64_t, luts << fan_in);
    LF_TRY(read_luts(&inputs, &init, luts, fan_in, *width, from, table));
    int64_t n = (int64_t)luts, dim[2] = {n, (int64_t)fan_in}, entries[2] = {n, (int64_t)1 << fan_in};
    const char *name = lf_format(g->arena, "layer%zu", index);
    lf_id in[3] = {*x, lf_const_codes(g, lf_format(g->arena, "%s_inputs", name), lf_shape_make(2, dim), from)->id,
                   lf_const_codes(g, lf_format(g->arena, "%s_tables", name), lf_shape_make(2, entries), table)->id};
    lf_node *made;
    LF_TRY(lf_json_node(g, "table_neurons", name, in, 3, &made));
    *x = made->out[0];
    *width = n;
    return LF_OK;
}

static lf_status read_layers(lf_graph *g, const lf_json_at *root, lf_id *x, int64_t *width) {
    lf_json_at layers;
    size_t count;
    int64_t fan_in;
    LF_TRY(lf_json_get_int(root, "n_lut_inputs", 1, 6, &fan_in));
    LF_TRY(lf_json_get(root, "layers", &layers));
    LF_TRY(lf_json_length(&layers, 1, LF_JSON_LAYERS_MAX, &count));
    for (size_t i = 0; i < count; i++) {
        lf_json_at layer = lf_json_item(&layers, i);
        LF_TRY(read_layer(g, &layer, i, (size_t)fan_in, x, width));
    }
    return LF_OK;
}

/* -- the head ---------------------------------------------------------------------------------------------------------- */

static lf_status read_head(lf_graph *g, const lf_json_at *root, lf_id x, int64_t width) {
    int64_t classes, dim[3], last = -1;
    LF_TRY(lf_json_get_int(root, "n_classes", 1, LF_JSON_WIDTH_MAX, &classes));
    if (width % classes)
        return lf_json_fail(root, "n_classes %" PRId64 " does not divide the %" PRId64 " bits of the last layer",
                            classes, width);
    dim[0] = 1;
    dim[1] = classes;
    dim[2] = width / classes;
    lf_node *groups, *counts;
    LF_TRY(lf_json_node(g, "reshape", "groups", &x, 1, &groups));
    lf_attr_set_ints(g, groups, "shape", dim, 3);
    LF_TRY(lf_json_node(g, "reduce", "counts", groups->out, 1, &counts));
    lf_attr_set_ints(g, counts, "axes", &last, 1);
    lf_attr_set_bool(counts, "keepdims", false);
    lf_json_output(g, counts->out[0]);
    return LF_OK;
}

lf_status lf_json_read_dwn(lf_graph *g, const lf_json_at *root) {
    lf_id bits = 0;
    int64_t width = 0;
    LF_TRY(read_thermometer(g, root, &bits, &width));
    LF_TRY(read_layers(g, root, &bits, &width));
    return read_head(g, root, bits, width);
}
