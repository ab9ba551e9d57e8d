/* folding.json: FINN's field names, keyed by layer. */
#include <string.h>

#include "base/file.h"
#include "base/json.h"
#include "ir/attr_access.h"
#include "ir/is_op.h"
#include "pass/fold_weights.h"
#include "pass/folding.h"
#include "pass/split_windows.h"

static const char *const keys[] = {"PE",    "SIMD",     "ram_style",    "structure",
                                   "style", "mem_mode", "inFIFODepths", "outFIFODepths"};

typedef struct reader {
    lf_graph *g;
    const char *path;
    lf_file file;
    lf_fold_pins *pinned;
    lf_arena *arena; /* of the pins */
    lf_fifo_pins *pins;
} reader;

/* Where `"word"` stands in the file, and where `"then"` (may be NULL) does behind it, for messages. */
static lf_where place_behind(const reader *r, const char *word, const char *then) {
    lf_where w = {.file = r->path, .line = 1, .column = 1};
    const char *const words[] = {word, then}, *text = (const char *)r->file.data, *at = text;
    for (int i = 0; i < 2 && words[i]; i++) {
        char quoted[256];
        int n = snprintf(quoted, sizeof quoted, "\"%s\"", words[i]);
        const char *found = n > 0 && (size_t)n < sizeof quoted
                                ? memmem(at, r->file.size - (size_t)(at - text), quoted, (size_t)n)
                                : NULL;
        at = found ? found : at;
    }
    for (const char *p = text; p < at; p++) {
        w.line += *p == '\n';
        w.column = *p == '\n' ? 1 : w.column + 1;
    }
    return w;
}

static lf_where place_of(const reader *r, const char *word) {
    return place_behind(r, word, NULL);
}

/* The nearest, or the first that goes on where the word ends: units are called by the model's nodes, with what they are behind it. */
static const char *nearest(const char *word, const char *const *known, size_t count) {
    const char *near = lf_nearest(word, known, count);
    size_t n = strlen(word);
    for (size_t i = 0; !near && n && i < count; i++)
        near = !strncmp(known[i], word, n) && known[i][n] == '_' ? known[i] : NULL;
    return near;
}

static lf_status unknown(const reader *r, const char *word, const char *kind, const char *const *known, size_t count) {
    lf_where where = place_of(r, word);
    lf_status status = lf_fail(r->g->ctx, LF_BAD_INPUT, &where, "\"%s\" is not %s", word, kind);
    const char *near = nearest(word, known, count);
    if (near)
        lf_hint(r->g->ctx, "did you mean \"%s\"?", near);
    return status;
}

static lf_status unknown_layer(const reader *r, const char *name) {
    lf_arena *a = lf_arena_new();
    LF_VEC(const char *) known = {0};
    int64_t pe, simd;
    for (size_t i = 0; i < r->g->order.count; i++) {
        const lf_node *n = lf_node_at(r->g, r->g->order.at[i]);
        if (lf_folding_limits(r->g, n, &pe, &simd))
            LF_PUSH(a, &known, n->name);
    }
    lf_status status = unknown(r, name, "a layer of this network", known.at, known.count);
    lf_arena_free(a);
    return status;
}

static lf_status set_divisor(const reader *r, lf_node *n, const char *key, const json_t *value, int64_t of,
                             const char *what) {
    lf_where where = place_of(r, n->name);
    where.node = n->name;
    int64_t v = json_is_integer(value) ? json_integer_value(value) : 0;
    if (v >= 1 && v <= of && of % v == 0 && lf_has_attr(n, key)) {
        lf_attr_set_int(n, key, v);
        return LF_OK;
    }
    if (!lf_has_attr(n, key))
        return lf_fail(r->g->ctx, LF_BAD_INPUT, &where, "%s has no %s", n->op->name, key);
    lf_text legal = {0};
    for (int64_t d = 1; d <= of; d++)
        if (of % d == 0)
            lf_text_addf(&legal, " %lld", (long long)d);
    char *given = json_dumps(value, JSON_ENCODE_ANY);
    lf_status status = lf_fail(r->g->ctx, LF_BAD_INPUT, &where, "%s=%s does not divide %lld %s; legal:%s", key,
                               given ? given : "?", (long long)of, what, legal.at);
    free(given);
    lf_text_free(&legal);
    return status;
}

/* The beat of a window: some channels, `rows` times as many in a column, or a whole window (0: not here). */
static lf_status refuse_beat(const reader *r, const lf_node *n, const json_t *value, int64_t of, int64_t rows,
                             int64_t whole) {
    lf_where where = place_of(r, n->name);
    where.node = n->name;
    lf_text legal = {0};
    char *given = json_dumps(value, JSON_ENCODE_ANY);
    for (int64_t d = 1; d <= of; d++)
        if (of % d == 0)
            lf_text_addf(&legal, " %lld", (long long)d);
    for (int64_t d = 1; rows > 1 && d <= of; d++)
        if (of % d == 0 && of % (rows * d))
            lf_text_addf(&legal, " %lld", (long long)(rows * d));
    if (whole > of * rows)
        lf_text_addf(&legal, " %lld", (long long)whole);
    lf_status status = lf_fail(r->g->ctx, LF_BAD_INPUT, &where, "SIMD=%s is no beat of this window; legal:%s",
                               given ? given : "?", legal.at);
    free(given);
    lf_text_free(&legal);
    return status;
}

/* A beat of a window may be a whole column, or a whole window. */
static lf_status set_simd(const reader *r, lf_node *n, const json_t *value, int64_t of) {
    int64_t v = json_is_integer(value) ? json_integer_value(value) : 0, rows = lf_folding_column(n),
            whole = lf_folding_whole(r->g, n);
    if (!lf_is_op(n, "window"))
        return set_divisor(r, n, "SIMD", value, of, "inputs");
    if (v > 0 && v == whole) {
        lf_folding_set_window(r->g, n, v);
        return LF_OK;
    }
    if (v < 1 || (of % v && (v % rows || of % (v / rows))))
        return refuse_beat(r, n, value, of, rows, whole);
    lf_attr_set_int(n, "SIMD", v);
    return LF_OK;
}

static lf_status set_word(const reader *r, lf_node *n, const char *key, const json_t *value) {
    lf_where where = place_of(r, n->name);
    where.node = n->name;
    const lf_attr_desc *d = lf_has_attr(n, key) ? lf_attr_find(n->op, key) : NULL;
    const char *word = json_string_value(value);
    if (!d || d->type != LF_ATTR_ENUM)
        return lf_fail(r->g->ctx, LF_BAD_INPUT, &where, "%s has no %s", n->op->name, key);
    for (int i = 0; word && d->names[i]; i++)
        if (!strcmp(d->names[i], word)) {
            lf_attr_set_enum(n, key, word);
            return LF_OK;
        }
    lf_text legal = {0};
    for (int i = 0; d->names[i]; i++)
        lf_text_addf(&legal, " %s", d->names[i]);
    lf_status status =
        lf_fail(r->g->ctx, LF_BAD_INPUT, &where, "%s=%s is none of:%s", key, word ? word : "(not a string)", legal.at);
    lf_text_free(&legal);
    return status;
}

/* A window of style parallel has the SIMD that goes with it. */
static lf_status set_style(const reader *r, lf_node *n, const json_t *fields) {
    const json_t *style = json_object_get(fields, "style"), *simd = json_object_get(fields, "SIMD");
    lf_where where = place_of(r, n->name);
    where.node = n->name;
    int64_t whole = lf_folding_whole(r->g, n);
    if (lf_is_op(n, "requantize"))
        return set_word(r, n, "style", style);
    if (!lf_is_op(n, "window"))
        return lf_fail(r->g->ctx, LF_BAD_INPUT, &where, "%s has no style", n->op->name);
    bool was_whole = !strcmp(lf_attr_enum_name(n, "style"), "parallel"); /* by its SIMD */
    LF_TRY(set_word(r, n, "style", style));
    if (was_whole && !strcmp(lf_attr_enum_name(n, "style"), "serial"))
        return lf_fail(r->g->ctx, LF_BAD_INPUT, &where,
                       "SIMD=%lld is a whole window, which style=serial does not give: leave one of them out",
                       (long long)whole);
    if (was_whole)
        lf_attr_set_enum(n, "style", "parallel");
    if (strcmp(lf_attr_enum_name(n, "style"), "parallel"))
        return LF_OK;
    if (!whole)
        return lf_fail(r->g->ctx, LF_BAD_INPUT, &where,
                       "style=parallel is for windows that give all channels of a pixel together, not for those of a "
                       "convolution in groups");
    if (simd && json_integer_value(simd) != whole)
        return lf_fail(r->g->ctx, LF_BAD_INPUT, &where,
                       "with style=parallel SIMD is %lld, a whole window: leave it out, or the style",
                       (long long)whole);
    lf_folding_set_window(r->g, n, whole);
    return LF_OK;
}

/* FINN's words for where weights lie: two for inside; `external` is ram_style = stream. */
static lf_status set_mem_mode(const reader *r, lf_node *n, const json_t *fields) {
    const char *mode = json_string_value(json_object_get(fields, "mem_mode")),
               *style = json_string_value(json_object_get(fields, "ram_style"));
    bool outside = mode && !strcmp(mode, "external"),
         inside = mode && (!strcmp(mode, "internal_embedded") || !strcmp(mode, "internal_decoupled"));
    lf_where where = place_of(r, n->name);
    where.node = n->name;
    if (!outside && !inside)
        return lf_fail(r->g->ctx, LF_BAD_INPUT, &where,
                       "mem_mode=%s is none of: internal_embedded internal_decoupled external",
                       mode ? mode : "(not a string)");
    if (outside && !lf_may_stream_weights(n))
        return lf_fail(r->g->ctx, LF_BAD_INPUT, &where, "%s cannot take its weights from outside (mem_mode=external)",
                       n->op->name);
    if (style && (outside ? strcmp(style, "auto") && strcmp(style, "stream") : !strcmp(style, "stream")))
        return lf_fail(r->g->ctx, LF_BAD_INPUT, &where, "mem_mode=%s and ram_style=%s contradict each other", mode,
                       style);
    if (outside)
        lf_attr_set_enum(n, "ram_style", "stream");
    return LF_OK;
}

/* Fields of FIFOs, which lf_folding_read_fifos reads. */
static bool is_depths(const char *key) {
    return !strcmp(key, "inFIFODepths") || !strcmp(key, "outFIFODepths");
}

static bool is_fifo(const json_t *fields) {
    return json_is_object(fields) && json_object_size(fields) == 1 && json_object_get(fields, "depth");
}

static bool is_outside(const char *key, const json_t *value) {
    const char *word = json_string_value(value);
    return !strcmp(key, "mem_mode") || (!strcmp(key, "ram_style") && word && !strcmp(word, "stream"));
}

/* What a layer's fields fix. Depths, and that weights come from outside, fix nothing; that it is named without any field, all. */
static int pins_of(const lf_node *n, const json_t *fields) {
    const char *key;
    const json_t *value;
    int pins = json_object_size(fields) ? 0 : LF_PIN_FOLDING | LF_PIN_MAKE;
    json_object_foreach((json_t *)fields, key, value) {
        bool make = !strcmp(key, "ram_style") || (!strcmp(key, "style") && lf_is_op(n, "requantize"));
        if (!is_depths(key) && !is_outside(key, value))
            pins |= make ? LF_PIN_MAKE : LF_PIN_FOLDING;
    }
    return pins;
}

static lf_status read_layer(const reader *r, lf_node *n, const json_t *fields) {
    int64_t pe_of, simd_of;
    const char *key;
    const json_t *value;
    lf_status worst = LF_OK;
    lf_folding_limits(r->g, n, &pe_of, &simd_of);
    json_object_foreach((json_t *)fields, key, value) {
        lf_status status;
        if (!strcmp(key, "PE"))
            status = set_divisor(r, n, key, value, pe_of, "output channels");
        else if (!strcmp(key, "SIMD"))
            status = set_simd(r, n, value, simd_of);
        else if (!strcmp(key, "ram_style") || !strcmp(key, "structure"))
            status = set_word(r, n, key, value);
        else if (!strcmp(key, "mem_mode") || !strcmp(key, "style"))
            continue; /* below */
        else if (is_depths(key))
            continue;
        else
            status = unknown(r, key, "a folding field", keys, LF_COUNT(keys));
        worst = status != LF_OK ? status : worst;
    }
    if (worst == LF_OK && json_object_get(fields, "mem_mode"))
        worst = set_mem_mode(r, n, fields);
    if (worst == LF_OK && json_object_get(fields, "style"))
        worst = set_style(r, n, fields);
    r->pinned[n->id] |= (lf_fold_pins)pins_of(n, fields);
    return worst;
}

/* The order of a window's elements follows the unit behind it. */
static void order_windows(const reader *r) {
    for (size_t i = 0; i < r->g->order.count; i++) {
        const lf_node *n = lf_node_at(r->g, r->g->order.at[i]);
        lf_node *w = lf_folding_window(r->g, n);
        if (w && (r->pinned[n->id] & LF_PIN_FOLDING))
            lf_attr_set_int(w, "interleave", lf_attr_int(n, "PE"));
    }
}

static lf_status read_layers(reader *r, const json_t *root) {
    const char *name;
    const json_t *fields;
    lf_status worst = LF_OK;
    if (!json_is_object(root))
        return lf_fail(r->g->ctx, LF_BAD_INPUT, &(lf_where){.file = r->path},
                       "a folding file is one JSON object keyed by layer");
    json_object_foreach((json_t *)root, name, fields) {
        lf_node *n = lf_find_node(r->g, name);
        int64_t pe, simd;
        lf_status status = LF_OK;
        if (!strcmp(name, "Defaults") && json_is_object(fields) && json_object_size(fields) == 0)
            continue;
        if (!n && is_fifo(fields))
            continue;
        if (!n || !lf_folding_limits(r->g, n, &pe, &simd))
            status = unknown_layer(r, name);
        else if (!json_is_object(fields)) {
            lf_where where = place_of(r, name);
            status = lf_fail(r->g->ctx, LF_BAD_INPUT, &where,
                             "\"%s\" wants an object of fields, {\"PE\": 1, \"SIMD\": 1}", name);
        } else
            status = read_layer(r, n, fields);
        worst = status != LF_OK ? status : worst;
    }
    order_windows(r);
    return worst;
}

typedef lf_status read_fn(reader *r, const json_t *root);

static lf_status read_file(reader *r, read_fn *read) {
    json_t *root = NULL;
    LF_TRY(lf_file_open(r->g->ctx, r->path, 16u << 20, &r->file));
    lf_status status = lf_json_parse(r->g->ctx, r->path, r->file.data, r->file.size, &root);
    if (status == LF_OK)
        status = read(r, root);
    json_decref(root);
    lf_file_close(&r->file);
    return status;
}

lf_status lf_folding_read(lf_graph *g, const char *path, lf_fold_pins *pinned) {
    reader r = {.g = g, .path = path, .pinned = pinned};
    return read_file(&r, read_layers);
}

/* -- depths of FIFOs --------------------------------------------------------------------------------------------------------- */

static lf_status add_pin(reader *r, lf_fifo_pin pin, const json_t *depth, const char *word, const char *key) {
    enum { DEEPEST = 1 << 20 };
    pin.where = place_behind(r, word, key);
    pin.depth = json_is_integer(depth) ? json_integer_value(depth) : -1;
    if (pin.depth < 0 || pin.depth > DEEPEST)
        return lf_fail(r->g->ctx, LF_BAD_INPUT, &pin.where,
                       "the depth of a FIFO is a number of beats from 0 (none) to %d", DEEPEST);
    LF_PUSH(r->arena, r->pins, pin);
    return LF_OK;
}

static lf_status read_depths(reader *r, const lf_node *n, const char *key, const json_t *list) {
    size_t i;
    const json_t *depth;
    if (!json_is_array(list)) {
        lf_where where = place_of(r, n->name);
        return lf_fail(r->g->ctx, LF_BAD_INPUT, &where, "%s wants a list of depths, one per stream: [2]", key);
    }
    json_array_foreach((json_t *)list, i, depth)
        LF_TRY(add_pin(r, (lf_fifo_pin){.node = n, .output = key[0] == 'o', .index = (int)i}, depth, n->name, key));
    return LF_OK;
}

static lf_status read_fifos(reader *r, const json_t *root) {
    const char *name, *key;
    const json_t *fields, *value;
    json_object_foreach((json_t *)root, name, fields) {
        const lf_node *n = lf_find_node(r->g, name);
        if (is_fifo(fields)) {
            LF_TRY(add_pin(r, (lf_fifo_pin){.fifo = lf_strdup(r->arena, name)}, json_object_get(fields, "depth"), name,
                           "depth"));
            continue;
        }
        json_object_foreach((json_t *)fields, key, value) if (n && is_depths(key))
            LF_TRY(read_depths(r, n, key, value));
    }
    return LF_OK;
}

lf_status lf_folding_read_fifos(lf_graph *g, const char *path, lf_arena *a, lf_fifo_pins *pins) {
    reader r = {.g = g, .path = path, .arena = a, .pins = pins};
    return read_file(&r, read_fifos);
}

/* A window that has become two units is written as the one that it was. */
static void write_simd(const lf_graph *g, const lf_node *n, json_t *fields) {
    const lf_node *turn = lf_is_op(n, "window") ? lf_split_window_of(g, n) : NULL;
    bool parallel = turn || (lf_is_op(n, "window") && !strcmp(lf_attr_enum_name(n, "style"), "parallel"));
    int64_t simd = lf_attr_int(n, "SIMD") * (turn ? lf_attr_int(turn, "kernel") : 1);
    json_object_set_new(fields, "SIMD", json_integer(simd));
    if (parallel)
        json_object_set_new(fields, "style", json_string("parallel"));
}

lf_status lf_folding_write(const lf_graph *g, lf_text *out) {
    json_t *root = json_object();
    for (size_t i = 0; i < g->order.count; i++) {
        const lf_node *n = lf_node_at(g, g->order.at[i]);
        int64_t pe_of, simd_of;
        if (!lf_folding_limits(g, n, &pe_of, &simd_of))
            continue;
        json_t *fields = json_object();
        if (lf_has_attr(n, "PE"))
            json_object_set_new(fields, "PE", json_integer(lf_attr_int(n, "PE")));
        if (lf_has_attr(n, "SIMD"))
            write_simd(g, n, fields);
        if (lf_has_attr(n, "ram_style"))
            json_object_set_new(fields, "ram_style", json_string(lf_attr_enum_name(n, "ram_style")));
        if (lf_is_op(n, "requantize"))
            json_object_set_new(fields, "style", json_string(lf_attr_enum_name(n, "style")));
        if (lf_has_attr(n, "structure"))
            json_object_set_new(fields, "structure", json_string(lf_attr_enum_name(n, "structure")));
        json_object_set_new(root, n->name, fields);
    }
    lf_json_print(out, root);
    lf_text_add(out, "\n");
    json_decref(root);
    return LF_OK;
}
