#include "pass/passes.h"

#include <ctype.h>
#include <string.h>

#include "ir/lftext.h"

const lf_pass *const lf_passes[] = {
#define LF_PASS(id) &lf_pass_##id,
#include "pass/pass.def"
#undef LF_PASS
    NULL};

const lf_pass *lf_pass_find(const char *name) {
    for (int i = 0; lf_passes[i]; i++)
        if (!strcmp(lf_passes[i]->name, name))
            return lf_passes[i];
    return NULL;
}

/* The tables of ops and passes have one form, so an options struct is filled by the same code as a node's attributes. */
static lf_op options_as_op(const lf_pass *pass) {
    return (lf_op){.name = pass->name, .attr_size = pass->option_size, .attrs = pass->options};
}

lf_status lf_pass_run(lf_graph *g, const lf_pass *pass, const void *options) {
    lf_arena *scratch = lf_arena_new();
    void *defaults = NULL;
    if (!options && pass->option_size) {
        lf_op op = options_as_op(pass);
        defaults = lf_alloc(scratch, pass->option_size);
        lf_attr_defaults(&op, defaults, scratch);
        options = defaults;
    }
    lf_status status = pass->run(g, options, scratch);
    lf_arena_free(scratch);
    if (status == LF_OK)
        status = lf_verify_graph(g);
    return status;
}

/* -- the pipeline's text ------------------------------------------------------------------------------------------------- */

typedef struct step {
    const lf_pass *pass;
    void *options;
} step;

typedef struct parser {
    lf_ctx *ctx;
    lf_arena *arena;
    const char *start, *at;
} parser;

static void skip_space(parser *p) {
    while (isspace((unsigned char)*p->at))
        p->at++;
}

static char *word(parser *p, const char *stop) {
    skip_space(p);
    size_t n = strcspn(p->at, stop);
    size_t kept = n;
    while (kept && isspace((unsigned char)p->at[kept - 1]))
        kept--;
    char *w = lf_strndup(p->arena, p->at, kept);
    p->at += n;
    return w;
}

static lf_status unknown_pass(lf_ctx *ctx, const char *name) {
    const char *known[32];
    size_t count = 0;
    while (lf_passes[count] && count < LF_COUNT(known)) {
        known[count] = lf_passes[count]->name;
        count++;
    }
    const char *near = lf_nearest(name, known, count);
    lf_status status = lf_fail(ctx, LF_BAD_INPUT, NULL, "no pass is called \"%s\"", name);
    if (near)
        lf_hint(ctx, "did you mean %s? `lutfisk list passes` shows all", near);
    else
        lf_hint(ctx, "`lutfisk list passes` shows all");
    return status;
}

static lf_status parse_options(parser *p, step *s) {
    lf_op op = options_as_op(s->pass);
    for (p->at++;; p->at++) {
        char *key = word(p, "=,)");
        if (*p->at == ')' && !*key)
            break;
        if (*p->at != '=')
            return lf_fail(p->ctx, LF_BAD_INPUT, NULL, "pass %s: option \"%s\" has no value: write %s=VALUE",
                           s->pass->name, key, key);
        p->at++;
        char *value = word(p, ",)");
        if (!s->pass->options)
            return lf_fail(p->ctx, LF_BAD_INPUT, NULL, "pass %s has no options, \"%s\" was given", s->pass->name, key);
        LF_TRY(lf_attr_set_text(p->ctx, p->arena, &op, s->options, key, value, NULL));
        if (*p->at != ',')
            break;
    }
    if (*p->at != ')')
        return lf_fail(p->ctx, LF_BAD_INPUT, NULL, "pass %s: \")\" is missing behind its options", s->pass->name);
    p->at++;
    return LF_OK;
}

static lf_status parse_step(parser *p, step *s) {
    char *name = word(p, ",(");
    s->pass = lf_pass_find(name);
    if (!s->pass)
        return unknown_pass(p->ctx, name);
    if (s->pass->option_size) {
        lf_op op = options_as_op(s->pass);
        s->options = lf_alloc(p->arena, s->pass->option_size);
        lf_attr_defaults(&op, s->options, p->arena);
    }
    if (*p->at == '(')
        LF_TRY(parse_options(p, s));
    skip_space(p);
    return LF_OK;
}

typedef LF_VEC(step) steps;

static lf_status parse_pipeline(parser *p, steps *out) {
    skip_space(p);
    while (*p->at) {
        step s = {0};
        LF_TRY(parse_step(p, &s));
        LF_PUSH(p->arena, out, s);
        if (*p->at == ',')
            p->at++;
        else if (*p->at)
            return lf_fail(p->ctx, LF_BAD_INPUT, NULL, "passes: a comma is missing before \"%s\"", p->at);
        skip_space(p);
    }
    return LF_OK;
}

static lf_status run_step(lf_graph *g, const step *s, const lf_pass_watch *watch) {
    lf_text before = {0}, weights = {0};
    if (watch && watch->keep_before)
        LF_TRY(lf_graph_print(g, false, &before, &weights));
    lf_status status = lf_pass_run(g, s->pass, s->options);
    if (status == LF_OK && watch && watch->after)
        status = watch->after(watch->user, g, s->pass);
    if (status != LF_OK && watch && watch->failed)
        watch->failed(watch->user, s->pass, &before, &weights);
    lf_text_free(&before);
    lf_text_free(&weights);
    return status;
}

lf_status lf_pipeline_run(lf_graph *g, const char *spec, const lf_pass_watch *watch) {
    lf_arena *arena = lf_arena_new();
    parser p = {g->ctx, arena, spec, spec};
    steps todo = {0};
    lf_status status = parse_pipeline(&p, &todo);
    if (status == LF_OK && watch && watch->after)
        status = watch->after(watch->user, g, NULL);
    for (size_t i = 0; status == LF_OK && i < todo.count; i++)
        status = run_step(g, &todo.at[i], watch);
    lf_arena_free(arena);
    return status;
}
