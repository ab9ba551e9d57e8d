/* Parsing the text form: the nodes, "%y : INT4[1,8] = op(%x, _) "name" {key=value} place=fpga line=3". */
#include <string.h>

#include "ir/graph_check.h"
#include "ir/lfparse.h"

typedef struct statement {
    lf_ids in, out;
    const lf_op *op;
    const char *name;
    void *attr;
    lf_place place;
    int line;
    lf_where where;
} statement;

static lf_status parse_results(lf_parser *p, statement *s) {
    for (;;) {
        lf_tensor *t = NULL;
        lf_where where = lf_parse_here(p);
        LF_TRY(lf_parse_new_tensor(p, &t));
        LF_TRY(lf_parse_type(p, t, NULL));
        LF_TRY(lf_verify_tensor(p->graph, t, where));
        LF_PUSH(p->scratch, &s->out, t->id);
        if (!lf_parse_at_mark(p, ','))
            return lf_parse_mark(p, '=');
        lf_parse_advance(p);
    }
}

/* The ops are known only as a function of the name, so the neighbours of a wrong name are tried: each letter left out,
 * replaced, or one put in. */
static const char *nearest_op(lf_parser *p, const char *name) {
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz_0123456789";
    size_t n = strlen(name);
    char *near = lf_alloc(p->scratch, n + 2);
    for (size_t at = 0; n < 60 && at <= n; at++) {
        memcpy(near, name, at);
        if (at < n) {
            memcpy(near + at, name + at + 1, n - at);
            if (p->find(near))
                return near;
        }
        for (const char *c = letters; *c; c++) {
            near[at] = *c;
            memcpy(near + at + 1, name + at, n - at + 1);
            if (p->find(near))
                return near;
            if (at == n)
                continue;
            memcpy(near + at + 1, name + at + 1, n - at);
            if (p->find(near))
                return near;
        }
    }
    return NULL;
}

static lf_status parse_op(lf_parser *p, statement *s) {
    if (p->token.kind != LF_TOKEN_WORD)
        return lf_parse_expected(p, "an op", NULL, 0);
    const char *name = lf_parse_text(p);
    s->op = p->find(name);
    if (!s->op) {
        lf_status status = lf_parse_fail(p, "there is no op \"%.60s\"", name);
        const char *near = nearest_op(p, name);
        if (near)
            lf_hint(p->ctx, "did you mean %s?", near);
        return status;
    }
    lf_parse_advance(p);
    return LF_OK;
}

static lf_status parse_operands(lf_parser *p, statement *s) {
    lf_id first_new = s->out.at[0];
    LF_TRY(lf_parse_mark(p, '('));
    while (!lf_parse_at_mark(p, ')')) {
        lf_id id = 0;
        if (lf_parse_at_word(p, "_"))
            lf_parse_advance(p);
        else
            LF_TRY(lf_parse_old_tensor(p, first_new, &id));
        LF_PUSH(p->scratch, &s->in, id);
        if (!lf_parse_at_mark(p, ')'))
            LF_TRY(lf_parse_mark(p, ','));
    }
    return lf_parse_mark(p, ')');
}

static lf_status check_counts(lf_parser *p, const statement *s) {
    const lf_op *op = s->op;
    if (s->in.count < (size_t)op->in_min || s->in.count > (size_t)op->in_max)
        return lf_fail(p->ctx, LF_BAD_INPUT, &s->where, "%s takes %d to %d operands, not %zu", op->name, op->in_min,
                       op->in_max, s->in.count);
    for (int i = 0; i < op->in_min; i++)
        if (!s->in.at[i])
            return lf_fail(p->ctx, LF_BAD_INPUT, &s->where, "%s: operand %d is missing", op->name, i);
    if (s->out.count < (size_t)op->out_min || s->out.count > (size_t)op->out_max)
        return lf_fail(p->ctx, LF_BAD_INPUT, &s->where, "%s gives %d to %d results, not %zu", op->name, op->out_min,
                       op->out_max, s->out.count);
    return LF_OK;
}

static lf_status parse_node_name(lf_parser *p, statement *s) {
    if (p->token.kind != LF_TOKEN_STRING)
        return LF_OK;
    if (lf_find_node(p->graph, p->token.value))
        return lf_parse_fail(p, "node \"%s\" is defined twice", p->token.value);
    if (!*p->token.value)
        return lf_parse_fail(p, "a node without a name");
    s->name = p->token.value;
    lf_parse_advance(p);
    return LF_OK;
}

/* A value as it stands in the text: a word, a string, or all of a list. */
static lf_status parse_value(lf_parser *p, const char **out) {
    const char *start = p->token.at;
    bool list = lf_parse_at_mark(p, '[');
    if (!list && p->token.kind != LF_TOKEN_WORD && p->token.kind != LF_TOKEN_STRING)
        return lf_parse_expected(p, "a value", NULL, 0);
    while (list && !lf_parse_at_mark(p, ']')) {
        lf_parse_advance(p);
        if (p->token.kind != LF_TOKEN_WORD && p->token.kind != LF_TOKEN_MARK)
            return lf_parse_expected(p, "`]`", NULL, 0);
    }
    *out = lf_strndup(p->scratch, start, (size_t)(p->token.at + p->token.len - start));
    lf_parse_advance(p);
    return LF_OK;
}

static lf_status parse_attribute(lf_parser *p, statement *s, bool *given) {
    const char *value = NULL;
    lf_where where = lf_parse_here(p);
    if (p->token.kind != LF_TOKEN_WORD)
        return lf_parse_expected(p, "an attribute", NULL, 0);
    const char *name = lf_parse_text(p);
    const lf_attr_desc *d = lf_attr_find(s->op, name);
    if (d && given[d - s->op->attrs])
        return lf_parse_fail(p, "attribute %s is given twice", name);
    if (d)
        given[d - s->op->attrs] = true;
    lf_parse_advance(p);
    LF_TRY(lf_parse_mark(p, '='));
    LF_TRY(parse_value(p, &value));
    return lf_attr_set_text(p->ctx, p->scratch, s->op, s->attr, name, value, &where);
}

static lf_status parse_attributes(lf_parser *p, statement *s) {
    size_t count = 0;
    while (s->op->attrs && s->op->attrs[count].name)
        count++;
    bool *given = LF_NEW_ARRAY(p->scratch, bool, count + 1);
    s->attr = LF_NEW_ARRAY(p->scratch, char, s->op->attr_size + 1);
    lf_attr_defaults(s->op, s->attr, p->scratch);
    if (lf_parse_at_mark(p, '{')) {
        do {
            lf_parse_advance(p);
            LF_TRY(parse_attribute(p, s, given));
        } while (lf_parse_at_mark(p, ','));
        LF_TRY(lf_parse_mark(p, '}'));
    }
    for (size_t i = 0; i < count; i++)
        if (!s->op->attrs[i].fallback && !given[i])
            return lf_fail(p->ctx, LF_BAD_INPUT, &s->where, "%s needs the attribute %s (%s)", s->op->name,
                           s->op->attrs[i].name, s->op->attrs[i].help ? s->op->attrs[i].help : "no default");
    return LF_OK;
}

static lf_status parse_place(lf_parser *p, statement *s) {
    for (size_t i = 1; i < LF_COUNT(lf_place_names); i++)
        if (lf_parse_at_word(p, lf_place_names[i])) {
            s->place = (lf_place)i;
            lf_parse_advance(p);
            return LF_OK;
        }
    return lf_parse_expected(p, "host or fpga", lf_place_names + 1, LF_COUNT(lf_place_names) - 1);
}

static lf_status parse_trailer(lf_parser *p, statement *s) {
    static const char *const known[] = {"place", "line"};
    int64_t line = 0;
    while (lf_parse_at_word(p, "place") || lf_parse_at_word(p, "line")) {
        bool is_place = lf_parse_at_word(p, "place");
        if (is_place ? s->place != LF_PLACE_NONE : s->line != 0)
            return lf_parse_fail(p, "`%s` stands twice", known[is_place ? 0 : 1]);
        lf_parse_advance(p);
        LF_TRY(lf_parse_mark(p, '='));
        if (is_place) {
            LF_TRY(parse_place(p, s));
            continue;
        }
        LF_TRY(lf_parse_int(p, "a line", 1, INT32_MAX, &line));
        s->line = (int)line;
    }
    return lf_parse_end_of_line(p, known, LF_COUNT(known));
}

lf_status lf_parse_node(lf_parser *p) {
    statement s = {.where = lf_parse_here(p)};
    LF_TRY(parse_results(p, &s));
    LF_TRY(parse_op(p, &s));
    LF_TRY(parse_operands(p, &s));
    LF_TRY(check_counts(p, &s));
    LF_TRY(parse_node_name(p, &s));
    LF_TRY(parse_attributes(p, &s));
    LF_TRY(parse_trailer(p, &s));
    lf_node *n = lf_node_new(p->graph, s.op, s.name, s.in.at, (int)s.in.count, s.out.at, (int)s.out.count, s.attr);
    n->place = s.place;
    n->line = s.line;
    return LF_OK;
}
