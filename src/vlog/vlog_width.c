/* How wide a port of an instance is: the module's ANSI port list, evaluated with the instance's parameters. Understands the
 * constant expressions our units use: numbers, parameters, + - * / % ?: comparisons && || ! and $clog2. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "vlog/vlog_model.h"

typedef struct lf_vlog_expr {
    lf_arena *arena;
    const char *p;
    const char *text;         /* the module, for defaults of its parameters */
    const lf_vlog_inst *inst; /* overrides, or NULL inside an override */
    bool ok;
    int depth;
} lf_vlog_expr;

enum { DEPTH_MAX = 64 };

static int64_t ternary(lf_vlog_expr *e);

static void skip_space(lf_vlog_expr *e) {
    for (;;) {
        while (isspace((unsigned char)*e->p))
            e->p++;
        if (e->p[0] == '/' && e->p[1] == '/')
            e->p += strcspn(e->p, "\n");
        else if (e->p[0] == '/' && e->p[1] == '*' && strstr(e->p + 2, "*/"))
            e->p = strstr(e->p + 2, "*/") + 2;
        else
            return;
    }
}

static bool accept(lf_vlog_expr *e, const char *op) {
    skip_space(e);
    size_t n = strlen(op);
    if (strncmp(e->p, op, n) != 0)
        return false;
    e->p += n;
    return true;
}

static int64_t unknown(lf_vlog_expr *e) {
    e->ok = false;
    return 0;
}

static int64_t clog2(int64_t v) {
    int64_t n = 0;
    for (v -= 1; v > 0; v >>= 1)
        n++;
    return n;
}

static int64_t number(lf_vlog_expr *e) {
    char *end;
    int64_t v = strtoll(e->p, &end, 10);
    e->p = end;
    if (*e->p != '\'')
        return v;
    e->p++;
    if (*e->p == 's')
        e->p++;
    int base = *e->p == 'h' ? 16 : *e->p == 'b' ? 2 : *e->p == 'd' ? 10 : 0;
    if (!base)
        return unknown(e);
    v = strtoll(e->p + 1, &end, base);
    e->p = end;
    return v;
}

static bool word_at(const char *p, const char *text, const char *word) {
    size_t n = strlen(word);
    if (strncmp(p, word, n) != 0 || isalnum((unsigned char)p[n]) || p[n] == '_')
        return false;
    return p == text || !(isalnum((unsigned char)p[-1]) || p[-1] == '_');
}

/* The default of parameter `name`: what follows "NAME =" in the header; NULL when there is none. */
static const char *find_default(const char *text, const char *name) {
    const char *end = strstr(text, ");");
    for (const char *p = text; *p && p != end; p++)
        if (word_at(p, text, name)) {
            const char *q = p + strlen(name);
            while (isspace((unsigned char)*q))
                q++;
            if (*q == '=' && q[1] != '=')
                return q + 1;
        }
    return NULL;
}

static int64_t sub_evaluate(lf_vlog_expr *e, const char *p, const lf_vlog_inst *inst) {
    if (e->depth >= DEPTH_MAX)
        return unknown(e);
    lf_vlog_expr inner = {e->arena, p, e->text, inst, true, e->depth + 1};
    int64_t v = ternary(&inner);
    if (!inner.ok)
        e->ok = false;
    return v;
}

static int64_t parameter(lf_vlog_expr *e, const char *name) {
    if (!e->inst)
        return unknown(e);
    for (size_t i = 0; i < e->inst->params.count; i++)
        if (!strcmp(e->inst->params.at[i].name, name))
            return sub_evaluate(e, e->inst->params.at[i].value, NULL);
    const char *p = find_default(e->text, name);
    return p ? sub_evaluate(e, p, e->inst) : unknown(e);
}

static int64_t primary(lf_vlog_expr *e) {
    skip_space(e);
    if (isdigit((unsigned char)*e->p))
        return number(e);
    if (accept(e, "(")) {
        int64_t v = ternary(e);
        return accept(e, ")") ? v : unknown(e);
    }
    if (accept(e, "$clog2")) {
        int64_t v = primary(e);
        return clog2(v);
    }
    if (accept(e, "-"))
        return -primary(e);
    if (accept(e, "!"))
        return !primary(e);
    size_t n = 0;
    while (isalnum((unsigned char)e->p[n]) || e->p[n] == '_')
        n++;
    if (!n)
        return unknown(e);
    const char *name = lf_strndup(e->arena, e->p, n);
    e->p += n;
    return parameter(e, name);
}

static int64_t product(lf_vlog_expr *e) {
    int64_t v = primary(e);
    for (;;) {
        if (accept(e, "*"))
            v *= primary(e);
        else if (accept(e, "/")) {
            int64_t d = primary(e);
            v = d ? v / d : unknown(e);
        } else if (accept(e, "%")) {
            int64_t d = primary(e);
            v = d ? v % d : unknown(e);
        } else
            return v;
    }
}

static int64_t sum(lf_vlog_expr *e) {
    int64_t v = product(e);
    for (;;) {
        if (accept(e, "+"))
            v += product(e);
        else if (accept(e, "-"))
            v -= product(e);
        else
            return v;
    }
}

static int64_t compare(lf_vlog_expr *e) {
    int64_t v = sum(e);
    if (accept(e, "<="))
        return v <= sum(e);
    if (accept(e, ">="))
        return v >= sum(e);
    if (accept(e, "=="))
        return v == sum(e);
    if (accept(e, "!="))
        return v != sum(e);
    if (accept(e, "<"))
        return v < sum(e);
    if (accept(e, ">"))
        return v > sum(e);
    return v;
}

static int64_t logical(lf_vlog_expr *e) {
    int64_t v = compare(e);
    for (;;) {
        if (accept(e, "&&")) {
            int64_t w = compare(e);
            v = v && w;
        } else if (accept(e, "||")) {
            int64_t w = compare(e);
            v = v || w;
        } else
            return v;
    }
}

static int64_t ternary(lf_vlog_expr *e) {
    int64_t v = logical(e);
    if (!accept(e, "?"))
        return v;
    int64_t yes = ternary(e);
    if (!accept(e, ":"))
        return unknown(e);
    int64_t no = ternary(e);
    return v ? yes : no;
}

/* The range "[hi:lo]" that stands before the port's name; NULL when there is none (one bit). */
static const char *range_before(const char *text, const char *name_at) {
    const char *p = name_at;
    while (p > text && isspace((unsigned char)p[-1]))
        p--;
    if (p == text || p[-1] != ']')
        return NULL;
    while (p > text && *p != '[')
        p--;
    return p;
}

int64_t lf_vlog_port_width(lf_arena *a, const char *text, const lf_vlog_inst *inst, const char *port) {
    const char *module = strstr(text, "module "), *end = module ? strstr(module, ");") : NULL;
    if (!end)
        return -1;
    for (const char *p = module; p < end; p++) {
        if (!word_at(p, text, port))
            continue;
        const char *range = range_before(module, p);
        if (!range)
            return 1;
        lf_vlog_expr e = {a, range + 1, module, inst, true, 0};
        int64_t hi = ternary(&e);
        bool colon = accept(&e, ":");
        int64_t lo = ternary(&e);
        return e.ok && colon ? hi - lo + 1 : -1;
    }
    return -1;
}
