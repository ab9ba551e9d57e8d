#include "train/yaml_tree.h"

#include <string.h>
#include <yaml.h>

typedef struct reader {
    lf_ctx *ctx;
    lf_arena *arena;
    const char *file;
    yaml_parser_t parser;
    size_t nodes;
} reader;

static lf_where here(const reader *r, yaml_mark_t mark) {
    return (lf_where){.file = r->file, .line = (int)mark.line + 1, .column = (int)mark.column + 1};
}

static bool complain(reader *r, yaml_mark_t mark, const char *what) {
    lf_where where = here(r, mark);
    (void)!lf_fail(r->ctx, LF_BAD_INPUT, &where, "%s", what);
    return false;
}

static bool next_event(reader *r, yaml_event_t *e) {
    if (yaml_parser_parse(&r->parser, e))
        return true;
    memset(e, 0, sizeof *e);
    return complain(r, r->parser.problem_mark, r->parser.problem ? r->parser.problem : "not YAML");
}

static bool has_anchor(const yaml_event_t *e) {
    switch (e->type) {
    case YAML_ALIAS_EVENT: return true;
    case YAML_SCALAR_EVENT: return e->data.scalar.anchor != NULL;
    case YAML_SEQUENCE_START_EVENT: return e->data.sequence_start.anchor != NULL;
    case YAML_MAPPING_START_EVENT: return e->data.mapping_start.anchor != NULL;
    default: return false;
    }
}

static lf_yaml *new_node(reader *r, const yaml_event_t *e, int depth) {
    if (has_anchor(e))
        return complain(r, e->start_mark, "anchors and aliases have no place here"), NULL;
    if (depth > LF_YAML_DEPTH_MAX)
        return complain(r, e->start_mark, "nested too deeply"), NULL;
    if (++r->nodes > LF_YAML_NODES_MAX)
        return complain(r, e->start_mark, "too many entries"), NULL;
    lf_yaml *n = LF_NEW(r->arena, lf_yaml);
    n->line = (int)e->start_mark.line + 1;
    n->column = (int)e->start_mark.column + 1;
    return n;
}

static const char *scalar_text(reader *r, const yaml_event_t *e) {
    const char *s = (const char *)e->data.scalar.value;
    if (strlen(s) != e->data.scalar.length)
        return complain(r, e->start_mark, "a zero byte in a value"), NULL;
    return lf_strdup(r->arena, s);
}

static lf_yaml *read_node(reader *r, const yaml_event_t *e, int depth);

static bool read_list(reader *r, lf_yaml *list, int depth) {
    lf_yaml **tail = &list->child;
    for (;;) {
        yaml_event_t e;
        if (!next_event(r, &e))
            return false;
        bool end = e.type == YAML_SEQUENCE_END_EVENT;
        *tail = end ? NULL : read_node(r, &e, depth + 1);
        yaml_event_delete(&e);
        if (end || !*tail)
            return end;
        tail = &(*tail)->next;
    }
}

static bool read_key(reader *r, const lf_yaml *map, const yaml_event_t *e, const char **key) {
    if (e->type != YAML_SCALAR_EVENT)
        return complain(r, e->start_mark, "a key must be a word");
    *key = scalar_text(r, e);
    if (!*key)
        return false;
    for (const lf_yaml *n = map->child; n; n = n->next)
        if (!strcmp(n->key, *key))
            return complain(r, e->start_mark,
                            lf_format(r->arena, "'%s' stands here twice, first on line %d", *key, n->key_line));
    return true;
}

/* One entry appended at *tail; *end is set instead when the map is over. */
static bool read_entry(reader *r, lf_yaml *map, lf_yaml **tail, int depth, bool *end) {
    yaml_event_t e;
    if (!next_event(r, &e))
        return false;
    *end = e.type == YAML_MAPPING_END_EVENT;
    const char *key = NULL;
    yaml_mark_t mark = e.start_mark;
    bool ok = *end || read_key(r, map, &e, &key);
    yaml_event_delete(&e);
    if (*end || !ok || !next_event(r, &e))
        return *end;
    lf_yaml *n = read_node(r, &e, depth + 1);
    yaml_event_delete(&e);
    if (!n)
        return false;
    n->key = key;
    n->key_line = (int)mark.line + 1;
    n->key_column = (int)mark.column + 1;
    *tail = n;
    return true;
}

static bool read_map(reader *r, lf_yaml *map, int depth) {
    lf_yaml **tail = &map->child;
    for (bool end = false;;) {
        if (!read_entry(r, map, tail, depth, &end))
            return false;
        if (end)
            return true;
        tail = &(*tail)->next;
    }
}

static lf_yaml *read_node(reader *r, const yaml_event_t *e, int depth) {
    lf_yaml *n = new_node(r, e, depth);
    if (!n)
        return NULL;
    switch (e->type) {
    case YAML_SCALAR_EVENT:
        n->kind = LF_YAML_SCALAR;
        n->text = scalar_text(r, e);
        return n->text ? n : NULL;
    case YAML_SEQUENCE_START_EVENT: n->kind = LF_YAML_LIST; return read_list(r, n, depth) ? n : NULL;
    case YAML_MAPPING_START_EVENT: n->kind = LF_YAML_MAP; return read_map(r, n, depth) ? n : NULL;
    default: complain(r, e->start_mark, "no value here"); return NULL;
    }
}

/* Skips one event, which must be of this type. */
static bool expect(reader *r, yaml_event_type_t type, const char *otherwise) {
    yaml_event_t e;
    if (!next_event(r, &e))
        return false;
    bool ok = e.type == type || complain(r, e.start_mark, otherwise);
    yaml_event_delete(&e);
    return ok;
}

static lf_yaml *read_document(reader *r) {
    if (!expect(r, YAML_STREAM_START_EVENT, "not YAML") || !expect(r, YAML_DOCUMENT_START_EVENT, "the file is empty"))
        return NULL;
    yaml_event_t e;
    if (!next_event(r, &e))
        return NULL;
    lf_yaml *root = read_node(r, &e, 0);
    yaml_event_delete(&e);
    bool whole = root && expect(r, YAML_DOCUMENT_END_EVENT, "not YAML") &&
                 expect(r, YAML_STREAM_END_EVENT, "more than one document in the file");
    return whole ? root : NULL;
}

lf_yaml *lf_yaml_parse(lf_ctx *ctx, lf_arena *a, const char *file, const char *text, size_t len) {
    reader r = {.ctx = ctx, .arena = a, .file = file};
    if (!yaml_parser_initialize(&r.parser)) {
        (void)!lf_fail(ctx, LF_BAD_INPUT, NULL, "no memory to read %s", file);
        return NULL;
    }
    yaml_parser_set_encoding(&r.parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&r.parser, (const unsigned char *)text, len);
    lf_yaml *root = read_document(&r);
    yaml_parser_delete(&r.parser);
    return root;
}

const lf_yaml *lf_yaml_find(const lf_yaml *map, const char *key) {
    for (const lf_yaml *n = map->child; n; n = n->next)
        if (!strcmp(n->key, key))
            return n;
    return NULL;
}
