/* Statements of the text form that say how rows of a table become a network's input:
 *
 *   column "dur" number missing 0.001 steps [0.0005, 0.01]
 *   column "proto" names ["tcp", "", "udp"]
 *   column "state" is "FIN"
 *   classes ["normal", "attack"] */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "ir/attr.h"
#include "ir/lfparse.h"
#include "ir/table_column.h"

enum { PER_LINE = 16 };

/* -- copying ------------------------------------------------------------------------------------------------------- */

void lf_graph_set_columns(lf_graph *g, const lf_table_column *columns, size_t count) {
    lf_table_column *copy = count ? lf_copy(g->arena, columns, count * sizeof *columns) : NULL;
    for (size_t i = 0; i < count; i++) {
        lf_table_column *c = &copy[i];
        c->name = lf_strdup(g->arena, c->name);
        const char **names = c->names ? LF_NEW_ARRAY(g->arena, const char *, c->count + 1) : NULL;
        for (size_t k = 0; names && k < c->count; k++)
            names[k] = lf_strdup(g->arena, c->names[k]);
        c->names = names;
        c->is = c->is ? lf_strdup(g->arena, c->is) : NULL;
        c->steps = c->step_count ? lf_copy(g->arena, c->steps, c->step_count * sizeof *c->steps) : NULL;
    }
    g->columns = copy;
    g->column_count = count;
}

static bool are_numbers(const char *const *names, size_t count) {
    char number[24];
    for (size_t i = 0; i < count; i++) {
        snprintf(number, sizeof number, "%zu", i);
        if (strcmp(names[i], number) != 0)
            return false;
    }
    return true;
}

void lf_graph_set_classes(lf_graph *g, const char *const *names, size_t count) {
    if (are_numbers(names, count))
        count = 0;
    const char **copy = count ? LF_NEW_ARRAY(g->arena, const char *, count) : NULL;
    for (size_t i = 0; i < count; i++)
        copy[i] = lf_strdup(g->arena, names[i]);
    g->class_names = copy;
    g->class_count = count;
}

const char *lf_graph_class_name(const lf_graph *g, size_t number) {
    return number < g->class_count ? g->class_names[number] : NULL;
}

/* -- printing ------------------------------------------------------------------------------------------------------- */

static void print_separator(lf_text *out, size_t i) {
    lf_text_add(out, i == 0 ? "" : i % PER_LINE ? ", " : ",\n    ");
}

static void print_column(lf_text *out, const lf_table_column *c) {
    lf_text_add(out, "column ");
    lf_quote(out, c->name);
    lf_text_add(out, c->is ? " is " : c->names ? " names [" : " number missing ");
    if (c->is)
        lf_quote(out, c->is);
    else if (!c->names)
        lf_text_double(out, c->missing);
    for (size_t i = 0; c->names && i < c->count; i++) {
        print_separator(out, i);
        lf_quote(out, c->names[i]);
    }
    lf_text_add(out, c->names ? "]" : "");
    lf_text_add(out, c->step_count ? " steps [" : "");
    for (size_t i = 0; i < c->step_count; i++) {
        print_separator(out, i);
        lf_text_double(out, (double)c->steps[i]);
    }
    lf_text_add(out, c->step_count ? "]\n" : "\n");
}

void lf_print_columns(lf_text *out, const lf_graph *g) {
    for (size_t i = 0; i < g->column_count; i++)
        print_column(out, &g->columns[i]);
    for (size_t i = 0; i < g->class_count; i++) {
        lf_text_add(out, i ? "" : "classes [");
        print_separator(out, i);
        lf_quote(out, g->class_names[i]);
    }
    lf_text_add(out, g->class_count ? "]\n" : "");
}

/* -- parsing --------------------------------------------------------------------------------------------------------- */

typedef LF_VEC(const char *) strings;
typedef LF_VEC(float) floats;

static lf_status parse_name(lf_parser *p, const char *what, const char **out) {
    if (p->token.kind != LF_TOKEN_STRING)
        return lf_parse_expected(p, what, NULL, 0);
    *out = lf_strdup(p->graph->arena, p->token.value);
    lf_parse_advance(p);
    return LF_OK;
}

static lf_status next_item(lf_parser *p) {
    return lf_parse_at_mark(p, ']') ? LF_OK : lf_parse_mark(p, ',');
}

/* The word before the list, and the list up to its bracket. */
static lf_status parse_list(lf_parser *p, const char *what, strings *names) {
    lf_parse_advance(p);
    LF_TRY(lf_parse_mark(p, '['));
    while (!lf_parse_at_mark(p, ']')) {
        const char *name = NULL;
        LF_TRY(parse_name(p, what, &name));
        LF_PUSH(p->graph->arena, names, name);
        LF_TRY(next_item(p));
    }
    return LF_OK;
}

static lf_status parse_names(lf_parser *p, lf_table_column *c) {
    strings names = {0};
    LF_TRY(parse_list(p, "a category in quotes", &names));
    if (!names.count)
        return lf_parse_fail(p, "a column of categories has at least one name");
    c->names = names.at;
    c->count = names.count;
    return lf_parse_mark(p, ']');
}

/* A name says which class it is. */
lf_status lf_parse_classes(lf_parser *p) {
    strings names = {0};
    if (p->has_classes)
        return lf_parse_fail(p, "the classes stand there twice");
    p->has_classes = true;
    LF_TRY(parse_list(p, "the name of a class in quotes", &names));
    if (!names.count || names.count > LF_CLASSES_MAX)
        return lf_parse_fail(p, "there are 1 to %d classes", LF_CLASSES_MAX);
    for (size_t i = 0; i < names.count; i++)
        for (size_t k = 0; k < i; k++)
            if (!strcmp(names.at[i], names.at[k]))
                return lf_parse_fail(p, "the class \"%s\" stands there twice", names.at[i]);
    lf_graph_set_classes(p->graph, names.at, names.count);
    return lf_parse_mark(p, ']');
}

static lf_status parse_step(lf_parser *p, floats *steps) {
    double v;
    lf_token at = p->token;
    LF_TRY(lf_parse_real(p, &v));
    if (!isfinite((float)v) || (steps->count && (float)v < steps->at[steps->count - 1])) {
        p->token = at;
        return lf_parse_fail(p, "steps are finite and ascend");
    }
    LF_PUSH(p->graph->arena, steps, (float)v);
    return next_item(p);
}

static lf_status parse_steps(lf_parser *p, lf_table_column *c) {
    floats steps = {0};
    lf_parse_advance(p);
    LF_TRY(lf_parse_mark(p, '['));
    while (!lf_parse_at_mark(p, ']'))
        LF_TRY(parse_step(p, &steps));
    c->steps = steps.at;
    c->step_count = steps.count;
    return lf_parse_mark(p, ']');
}

static lf_status parse_is(lf_parser *p, lf_table_column *c) {
    lf_parse_advance(p);
    return parse_name(p, "a category in quotes", &c->is);
}

static lf_status parse_number(lf_parser *p, lf_table_column *c) {
    lf_parse_advance(p);
    if (!lf_parse_at_word(p, "missing"))
        return lf_parse_expected(p, "`missing` and a number", (const char *const[]){"missing"}, 1);
    lf_parse_advance(p);
    lf_token at = p->token;
    LF_TRY(lf_parse_real(p, &c->missing));
    if (isfinite((float)c->missing))
        return LF_OK;
    p->token = at;
    return lf_parse_fail(p, "what stands for a missing number must be finite");
}

/* Different elements of one category are none. */
static bool same_element(const lf_table_column *a, const lf_table_column *b) {
    return !strcmp(a->name, b->name) && !(a->is && b->is && strcmp(a->is, b->is) != 0);
}

static lf_status add_column(lf_parser *p, const lf_table_column *c) {
    const lf_graph *g = p->graph;
    for (size_t i = 0; i < g->column_count; i++)
        if (same_element(&g->columns[i], c))
            return lf_parse_fail(p, "column \"%s\" stands there twice", c->name);
    LF_PUSH(p->graph->arena, &p->columns, *c);
    p->graph->columns = p->columns.at;
    p->graph->column_count = p->columns.count;
    return LF_OK;
}

lf_status lf_parse_column(lf_parser *p) {
    static const char *const kinds[] = {"number", "names", "is"}, *const more[] = {"steps"};
    lf_table_column c = {0};
    lf_parse_advance(p);
    LF_TRY(parse_name(p, "the name of the column in quotes", &c.name));
    if (lf_parse_at_word(p, "names"))
        LF_TRY(parse_names(p, &c));
    else if (lf_parse_at_word(p, "number"))
        LF_TRY(parse_number(p, &c));
    else if (lf_parse_at_word(p, "is"))
        LF_TRY(parse_is(p, &c));
    else
        return lf_parse_expected(p, "number, names or is", kinds, LF_COUNT(kinds));
    if (lf_parse_at_word(p, "steps"))
        LF_TRY(parse_steps(p, &c));
    LF_TRY(add_column(p, &c));
    return lf_parse_end_of_line(p, more, LF_COUNT(more));
}
