/* Parsing the text form: the statements. The form is described in lftext.c. */
#include "ir/lfparse.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "ir/lftext.h"
#include "ir/graph_check.h"

/* -- tokens -------------------------------------------------------------------------------------------------------- */

lf_where lf_parse_here(const lf_parser *p) {
    return (lf_where){p->file, NULL, p->token.line, p->token.column};
}

static const char *found(lf_parser *p) {
    switch (p->token.kind) {
    case LF_TOKEN_END: return "the end of the text";
    case LF_TOKEN_NEWLINE: return "the end of the line";
    default: return lf_format(p->scratch, "`%.*s`", p->token.len > 40 ? 40 : (int)p->token.len, p->token.at);
    }
}

lf_status(lf_parse_fail)(lf_parser *p, const char *fmt, ...) {
    lf_where where = lf_parse_here(p);
    va_list args;
    if (p->token.kind == LF_TOKEN_BAD)
        return lf_fail(p->ctx, LF_BAD_INPUT, &where, "%s", p->token.value);
    va_start(args, fmt);
    const char *text = lf_vformat(p->scratch, fmt, args);
    va_end(args);
    return lf_fail(p->ctx, LF_BAD_INPUT, &where, "%s", text);
}

lf_status lf_parse_expected(lf_parser *p, const char *what, const char *const *known, size_t count) {
    lf_status status = lf_parse_fail(p, "expected %s, found %s", what, found(p));
    const char *near = p->token.kind == LF_TOKEN_WORD ? lf_nearest(lf_parse_text(p), known, count) : NULL;
    if (near)
        lf_hint(p->ctx, "did you mean %s?", near);
    return status;
}

void lf_parse_advance(lf_parser *p) {
    p->token = lf_next_token(&p->lexer);
}

bool lf_parse_at_mark(const lf_parser *p, char mark) {
    return p->token.kind == LF_TOKEN_MARK && *p->token.at == mark;
}

bool lf_parse_at_word(const lf_parser *p, const char *word) {
    size_t n = strlen(word);
    return p->token.kind == LF_TOKEN_WORD && p->token.len == n && memcmp(p->token.at, word, n) == 0;
}

const char *lf_parse_text(const lf_parser *p) {
    return lf_strndup(p->scratch, p->token.at, p->token.len);
}

lf_status lf_parse_mark(lf_parser *p, char mark) {
    static const char *const known[] = {"scale", "range", "ranges", "as", "axis", "grid", "offset"};
    if (!lf_parse_at_mark(p, mark))
        return lf_parse_expected(p, lf_format(p->scratch, "`%c`", mark), known, LF_COUNT(known));
    lf_parse_advance(p);
    return LF_OK;
}

lf_status lf_parse_int(lf_parser *p, const char *what, int64_t min, int64_t max, int64_t *out) {
    if (p->token.kind != LF_TOKEN_WORD || p->token.len > 24 || !lf_parse_i64(lf_parse_text(p), out))
        return lf_parse_expected(p, what, NULL, 0);
    if (*out < min || *out > max)
        return lf_parse_fail(p, "%s: %" PRId64 " is outside %" PRId64 " to %" PRId64, what, *out, min, max);
    lf_parse_advance(p);
    return LF_OK;
}

lf_status lf_parse_real(lf_parser *p, double *out) {
    if (p->token.kind != LF_TOKEN_WORD || p->token.len > 400 || !lf_parse_double(lf_parse_text(p), out))
        return lf_parse_expected(p, "a number", NULL, 0);
    lf_parse_advance(p);
    return LF_OK;
}

lf_status lf_parse_quotient(lf_parser *p, double *scale, double *divisor) {
    bool quotient = p->token.kind == LF_TOKEN_WORD && p->token.len > 2 && memcmp(p->token.at, "1/", 2) == 0;
    *divisor = 0;
    if (!quotient)
        return lf_parse_real(p, scale);
    if (!lf_parse_double(lf_parse_text(p) + 2, divisor) || *divisor == 0 || !isfinite(*divisor))
        return lf_parse_expected(p, "a scale like 0.5 or 1/255", NULL, 0);
    *scale = 1.0 / *divisor;
    lf_parse_advance(p);
    return LF_OK;
}

static lf_status parse_string(lf_parser *p, const char *what, const char **out) {
    if (p->token.kind != LF_TOKEN_STRING)
        return lf_parse_expected(p, what, NULL, 0);
    *out = p->token.value;
    lf_parse_advance(p);
    return LF_OK;
}

lf_status lf_parse_end_of_line(lf_parser *p, const char *const *known, size_t count) {
    if (p->token.kind != LF_TOKEN_NEWLINE && p->token.kind != LF_TOKEN_END)
        return lf_parse_expected(p, "the end of the line", known, count);
    return LF_OK;
}

/* -- tensors -------------------------------------------------------------------------------------------------------- */

/* A new tensor by the name at hand. */
lf_status lf_parse_new_tensor(lf_parser *p, lf_tensor **out) {
    if (p->token.kind != LF_TOKEN_TENSOR)
        return lf_parse_expected(p, "a tensor like %x", NULL, 0);
    if (lf_find_tensor(p->graph, p->token.value))
        return lf_parse_fail(p, "tensor \"%s\" is defined twice", p->token.value);
    *out = lf_tensor_new(p->graph, p->token.value, (lf_shape){0}, (lf_dtype){0});
    lf_parse_advance(p);
    return LF_OK;
}

static const char *nearest_tensor(lf_parser *p, const char *name) {
    enum { LOOKED_AT = 4096 };
    const char **known = LF_NEW_ARRAY(p->scratch, const char *, LOOKED_AT);
    size_t count = 0;
    for (size_t i = 0; i < p->graph->tensors.count && count < LOOKED_AT; i++)
        if (strcmp(p->graph->tensors.at[i]->name, name) != 0)
            known[count++] = p->graph->tensors.at[i]->name;
    return lf_nearest(name, known, count);
}

/* An older tensor; `first_new` is the id from which on tensors belong to the statement at hand. */
lf_status lf_parse_old_tensor(lf_parser *p, lf_id first_new, lf_id *out) {
    if (p->token.kind != LF_TOKEN_TENSOR)
        return lf_parse_expected(p, "a tensor like %x", NULL, 0);
    const lf_tensor *t = lf_find_tensor(p->graph, p->token.value);
    if (!t || t->id >= first_new) {
        lf_status status = lf_parse_fail(p, "tensor \"%s\" is used before it is defined", p->token.value);
        const char *near = nearest_tensor(p, p->token.value);
        if (near)
            lf_hint(p->ctx, "did you mean %%%s?", near);
        return status;
    }
    *out = t->id;
    lf_parse_advance(p);
    return LF_OK;
}

/* -- head, ports, constants ------------------------------------------------------------------------------------------ */

static lf_status parse_version(lf_parser *p) {
    int64_t version = 0;
    while (p->token.kind == LF_TOKEN_NEWLINE)
        lf_parse_advance(p);
    if (!lf_parse_at_word(p, "lutfisk"))
        return lf_parse_expected(p, "`lutfisk 1` in the first line", NULL, 0);
    lf_parse_advance(p);
    LF_TRY(lf_parse_int(p, "the version of the text form", 1, 1, &version));
    return lf_parse_end_of_line(p, NULL, 0);
}

static bool is_sha256(const lf_token *t) {
    if (t->kind != LF_TOKEN_WORD || t->len != 64)
        return false;
    for (size_t i = 0; i < 64; i++)
        if (!memchr("0123456789abcdef", t->at[i], 16))
            return false;
    return true;
}

static lf_status parse_source(lf_parser *p) {
    const char *name = NULL;
    if (p->has_source)
        return lf_parse_fail(p, "a second source");
    p->has_source = true;
    lf_parse_advance(p);
    LF_TRY(parse_string(p, "the name of the source in quotes", &name));
    p->graph->source = lf_strdup(p->graph->arena, name);
    if (!lf_parse_at_word(p, "sha256"))
        return lf_parse_expected(p, "sha256", NULL, 0);
    lf_parse_advance(p);
    if (!is_sha256(&p->token))
        return lf_parse_expected(p, "64 hexadecimal digits", NULL, 0);
    memcpy(p->graph->source_sha256, p->token.at, 64);
    lf_parse_advance(p);
    return LF_OK;
}

static lf_status parse_graph_name(lf_parser *p) {
    const char *name = NULL;
    if (p->has_graph)
        return lf_parse_fail(p, "a second graph");
    p->has_graph = true;
    lf_parse_advance(p);
    LF_TRY(parse_string(p, "the name of the graph in quotes", &name));
    p->graph->name = lf_strdup(p->graph->arena, name);
    return LF_OK;
}

static lf_status parse_port_name(lf_parser *p, const lf_ports *ports, const char **out) {
    lf_parse_advance(p);
    lf_token name = p->token;
    LF_TRY(parse_string(p, "the name of the port in quotes", out));
    for (size_t i = 0; i < ports->count; i++)
        if (strcmp(ports->at[i].name, *out) == 0) {
            p->token = name;
            return lf_parse_fail(p, "port \"%s\" is defined twice", *out);
        }
    *out = lf_strdup(p->graph->arena, *out);
    return lf_parse_mark(p, '=');
}

/* "UINT8!" */
static lf_status parse_grid_type(lf_parser *p, lf_input_grid *grid) {
    char *text = lf_strndup(p->scratch, p->token.at, p->token.len);
    if (p->token.len > 1 && text[p->token.len - 1] == '!') {
        grid->cast = true;
        text[p->token.len - 1] = '\0';
    }
    if (p->token.kind != LF_TOKEN_WORD || !lf_dtype_parse(text, &grid->type) || !lf_dtype_is_code(grid->type))
        return lf_parse_expected(p, "the datatype of the grid", NULL, 0);
    grid->scale = lf_dtype_step(grid->type);
    lf_parse_advance(p);
    return LF_OK;
}

static lf_status parse_input_grid(lf_parser *p, const lf_input_grid **out) {
    lf_input_grid *grid = LF_NEW(p->graph->arena, lf_input_grid);
    lf_parse_advance(p);
    LF_TRY(parse_grid_type(p, grid));
    if (lf_parse_at_word(p, "scale")) {
        lf_parse_advance(p);
        LF_TRY(lf_parse_quotient(p, &grid->scale, &grid->divisor));
    }
    if (lf_parse_at_word(p, "offset")) {
        lf_parse_advance(p);
        LF_TRY(lf_parse_real(p, &grid->offset));
    }
    if (grid->scale == 0 || !isfinite(grid->scale) || !isfinite(grid->offset))
        return lf_parse_fail(p, "the grid's scale must be finite and not 0, its offset finite");
    *out = grid;
    return LF_OK;
}

static lf_status parse_input(lf_parser *p) {
    static const char *const known[] = {"grid", "scale", "range", "ranges", "offset"};
    lf_where where = lf_parse_here(p);
    lf_port port = {0};
    lf_tensor *t = NULL;
    LF_TRY(parse_port_name(p, &p->graph->inputs, &port.name));
    LF_TRY(lf_parse_new_tensor(p, &t));
    LF_TRY(lf_parse_type(p, t, NULL));
    LF_TRY(lf_verify_tensor(p->graph, t, where));
    if (lf_parse_at_word(p, "grid"))
        LF_TRY(parse_input_grid(p, &port.grid));
    port.tensor = t->id;
    LF_PUSH(p->graph->arena, &p->graph->inputs, port);
    return lf_parse_end_of_line(p, known, LF_COUNT(known));
}

static lf_status parse_output(lf_parser *p) {
    lf_port port = {0};
    LF_TRY(parse_port_name(p, &p->graph->outputs, &port.name));
    LF_TRY(lf_parse_old_tensor(p, UINT32_MAX, &port.tensor));
    if (lf_parse_at_word(p, "grid")) {
        lf_token grid = p->token;
        LF_TRY(parse_input_grid(p, &port.grid));
        if (port.grid->scale != 1 || port.grid->offset != 0 || port.grid->cast) {
            p->token = grid;
            return lf_parse_fail(p, "an output's grid is a type of integers, without scale, offset or cast");
        }
    }
    LF_PUSH(p->graph->arena, &p->graph->outputs, port);
    return LF_OK;
}

static lf_status parse_constant(lf_parser *p) {
    lf_where where = lf_parse_here(p);
    lf_tensor *t = NULL;
    lf_elem elem = LF_ELEM_I8;
    lf_parse_advance(p);
    LF_TRY(lf_parse_new_tensor(p, &t));
    LF_TRY(lf_parse_type(p, t, &elem));
    LF_TRY(lf_parse_mark(p, '='));
    LF_TRY(lf_parse_elements(p, t, elem));
    return lf_verify_tensor(p->graph, t, where);
}

/* -- the whole ------------------------------------------------------------------------------------------------------- */

static const struct {
    const char *word;
    lf_status (*parse)(lf_parser *p);
} statements[] = {
    {"input", parse_input},      {"const", parse_constant},   {"output", parse_output},      {"source", parse_source},
    {"graph", parse_graph_name}, {"column", lf_parse_column}, {"classes", lf_parse_classes},
};

static lf_status parse_statement(lf_parser *p) {
    const char *known[LF_COUNT(statements)];
    if (p->token.kind == LF_TOKEN_TENSOR)
        return lf_parse_node(p);
    for (size_t i = 0; i < LF_COUNT(statements); i++) {
        if (lf_parse_at_word(p, statements[i].word))
            return statements[i].parse(p);
        known[i] = statements[i].word;
    }
    return lf_parse_expected(p, "source, graph, input, column, classes, const, output or a tensor", known,
                             LF_COUNT(known));
}

static lf_status parse_all(lf_parser *p) {
    lf_parse_advance(p);
    LF_TRY(parse_version(p));
    while (p->token.kind != LF_TOKEN_END) {
        if (p->token.kind == LF_TOKEN_NEWLINE) {
            lf_parse_advance(p);
            continue;
        }
        LF_TRY(parse_statement(p));
        LF_TRY(lf_parse_end_of_line(p, NULL, 0));
        lf_arena_reset(p->scratch);
    }
    return lf_verify_read_graph(p->graph, p->file);
}

lf_graph *lf_graph_parse(lf_ctx *ctx, const char *file, const char *text, size_t len, const uint8_t *weights,
                         size_t weights_len, lf_op_find_fn *find) {
    lf_graph *g = lf_graph_new(ctx, "");
    if (!g)
        return NULL;
    g->source = lf_strdup(g->arena, file);
    const char *start = len ? text : "";
    lf_parser p = {.ctx = ctx, .file = file, .graph = g, .scratch = lf_arena_new(), .find = find};
    p.lexer = (lf_lexer){p.scratch, start, start + len, start, 1, 0};
    p.weights = weights;
    p.weights_len = weights_len;
    lf_status status = parse_all(&p);
    lf_arena_free(p.scratch);
    if (status == LF_OK)
        return g;
    lf_graph_free(g);
    return NULL;
}
