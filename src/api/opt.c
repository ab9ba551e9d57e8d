/* opt: passes on a network, held to their promises, with dumps between them and a small graph that reproduces a failure. */
#include <string.h>

#include "api/answer.h"
#include "api/same_program.h"
#include "api/targets.h"
#include "base/file.h"
#include "base/text.h"
#include "export/export.h"
#include "ir/lftext.h"
#include "pass/passes.h"

enum { CHECK_ROWS = 16 };

typedef struct watcher {
    lf_ctx *ctx;
    const lf_opt_options *o;
    lf_graph *before; /* as it was before the pass that runs next */
    json_t *passes;
    int64_t checked_rows; /* of the last check, or 0 */
    size_t dumps;
    lf_text text;
} watcher;

/* OUT.PASS.lf; arena memory. */
static const char *dump_path(const lf_opt_options *o, lf_arena *a, const lf_pass *pass) {
    const char *out = o->out ? o->out : "out.lf";
    const char *stem = lf_ends_with(out, ".lf") ? lf_strndup(a, out, strlen(out) - strlen(".lf")) : out;
    return lf_format(a, "%s.%s.lf", stem, pass->name);
}

static bool is_dumped(const lf_opt_options *o, const lf_pass *pass) {
    return o->dump_after && (!strcmp(o->dump_after, "all") || !strcmp(o->dump_after, pass->name));
}

static lf_status dump(watcher *w, const lf_graph *g, const lf_pass *pass) {
    if (!is_dumped(w->o, pass))
        return LF_OK;
    lf_arena *a = lf_arena_new();
    const char *path = dump_path(w->o, a, pass);
    w->dumps++;
    lf_status status = lf_check_target(w->ctx, lf_format(a, "--dump-after %s:", w->o->dump_after), path,
                                       &(lf_sources){.model = w->o->model.model});
    if (status == LF_OK)
        status = lf_graph_save(g, path, w->o->inline_constants);
    lf_arena_free(a);
    return status;
}

static lf_status after(void *user, const lf_graph *g, const lf_pass *pass) {
    watcher *w = user;
    lf_status status = LF_OK;
    if (pass) {
        json_array_append_new(w->passes, json_string(pass->name));
        lf_text_addf(&w->text, "%s\n", pass->name);
        status = dump(w, g, pass);
    }
    if (status == LF_OK && w->o->check && pass && pass->promise != LF_CHANGES) {
        w->checked_rows = lf_same_program_rows(w->before, g, CHECK_ROWS);
        status = lf_same_program(w->before, g, w->checked_rows);
    }
    if (w->o->check) {
        lf_graph_free(w->before);
        w->before = lf_graph_clone(g);
        if (!w->before)
            return LF_BAD_INPUT;
    }
    return status;
}

/* The graph before the pass that failed, beside the output: `lutfisk opt crash.lf -p PASS` fails again. */
static void failed(void *user, const lf_pass *pass, const lf_text *graph, const lf_text *weights) {
    watcher *w = user;
    lf_arena *a = lf_arena_new();
    const char *dir = w->o->out ? w->o->out : "";
    const char *slash = strrchr(dir, '/');
    const char *path = slash ? lf_format(a, "%.*s/crash.lf", (int)(slash - dir), dir) : "crash.lf";
    if (lf_same_file(path, w->o->model.model)) { /* it reproduces the failure already */
        lf_arena_free(a);
        return;
    }
    lf_status status = lf_file_write(w->ctx, path, graph->at, graph->len);
    if (status == LF_OK && weights->len)
        status = lf_file_write(w->ctx, lf_format(a, "%sw", path), weights->at, weights->len);
    if (status == LF_OK) {
        lf_note(w->ctx, NULL, "the graph before pass %s was kept as %s", pass->name, path);
        lf_hint(w->ctx, "`lutfisk opt %s -p %s` reproduces this", path, pass->name);
    }
    lf_arena_free(a);
}

static lf_status check_dump(lf_ctx *ctx, const char *name) {
    const char *words[64] = {"all"};
    for (size_t i = 0; lf_passes[i] && i + 2 < LF_COUNT(words); i++)
        words[i + 1] = lf_passes[i]->name;
    return lf_check_word(ctx, "--dump-after", name, words, NULL);
}

/* A text under another format's name would be taken for that. */
static lf_status check_ending(lf_ctx *ctx, const char *out) {
    static const char *const others[] = {".onnx", ".h5", ".keras", ".npy", ".v"};
    for (size_t i = 0; out && i < LF_COUNT(others); i++)
        if (lf_ends_with(out, others[i]))
            return lf_fail(ctx, LF_BAD_INPUT, NULL,
                           "-o %s: opt writes the text form (FILE.lf), a circuit as FILE.blif or tables as FILE.json",
                           out);
    return LF_OK;
}

static lf_status check_target(lf_ctx *ctx, const lf_opt_options *o) {
    lf_sources in = {.model = o->model.model};
    LF_TRY(check_ending(ctx, o->out));
    return lf_check_target(ctx, "-o", o->out, &in);
}

static lf_status save_blif(watcher *w, const lf_graph *g) {
    size_t luts;
    LF_TRY(lf_export_blif(g, w->o->out, &luts));
    lf_text_addf(&w->text, "%zu LUT%s\n", luts, luts == 1 ? "" : "s");
    return LF_OK;
}

static lf_status save(watcher *w, const lf_graph *g) {
    const char *out = w->o->out;
    if (lf_ends_with(out, ".blif"))
        return save_blif(w, g);
    if (lf_ends_with(out, ".json"))
        return lf_export_tables(g, out);
    return lf_graph_save(g, out, w->o->inline_constants);
}

static lf_status optimize(watcher *w, lf_graph *g) {
    lf_pass_watch watch = {w, after, failed, true};
    LF_TRY(lf_pipeline_run(g, w->o->passes, &watch));
    if (w->o->dump_after && !w->dumps)
        lf_warn(w->ctx, NULL, "--dump-after %s has no effect: this pass did not run", w->o->dump_after);
    if (w->o->inline_constants && !w->o->out && !w->dumps)
        lf_warn(w->ctx, NULL, "--inline has no effect: nothing is written without -o FILE.lf");
    return w->o->out ? save(w, g) : LF_OK;
}

lf_status lf_opt(lf_ctx *ctx, const lf_opt_options *o, lf_answer *answer) {
    if (!o->passes)
        return lf_fail(ctx, LF_BAD_INPUT, NULL, "opt wants passes: -p \"fold-constants, integerize\"");
    LF_TRY(check_dump(ctx, o->dump_after));
    LF_TRY(check_target(ctx, o));
    lf_graph *g = lf_model_open(ctx, &o->model);
    if (!g)
        return LF_BAD_INPUT;
    watcher w = {.ctx = ctx, .o = o, .passes = json_array()};
    lf_status status = optimize(&w, g);
    json_t *root = json_object();
    json_object_set_new(root, "passes", w.passes);
    json_object_set_new(root, "nodes", json_integer((json_int_t)g->order.count));
    if (o->check)
        json_object_set_new(root, "checked_rows", json_integer(w.checked_rows));
    if (status == LF_OK) {
        lf_text_addf(&w.text, "%zu nodes\n", g->order.count);
        lf_answer_set(answer, root, &w.text);
    } else
        json_decref(root);
    lf_text_free(&w.text);
    lf_graph_free(w.before);
    lf_graph_free(g);
    return status;
}
