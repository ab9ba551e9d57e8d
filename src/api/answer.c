#include "api/answer.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/file.h"
#include "base/json.h"
#include "import/import.h"
#include "ops/ops.h"
#include "pass/passes.h"

void lf_answer_free(lf_answer *a) {
    free(a->json);
    free(a->text);
    *a = (lf_answer){0};
}

void lf_answer_set(lf_answer *answer, json_t *json, lf_text *text) {
    lf_text printed = {0};
    lf_json_print(&printed, json);
    lf_text_add(&printed, "\n");
    json_decref(json);
    lf_answer_free(answer);
    answer->json = printed.at;
    answer->text = text->at;
    *text = (lf_text){0};
}

lf_graph *lf_model_open_unfolded(lf_ctx *ctx, const lf_model_options *o) {
    if (!o->model) {
        lf_fail(ctx, LF_BAD_INPUT, NULL, "no model was given");
        return NULL;
    }
    if (o->weights) {
        lf_fail(ctx, LF_BAD_INPUT, NULL, "--weights belongs to Keras models, which are not in this version");
        return NULL;
    }
    lf_graph *g = lf_import(ctx, o->model);
    lf_status status = g ? LF_OK : LF_BAD_INPUT;
    for (size_t i = 0; status == LF_OK && o->input && o->input[i]; i++)
        status = lf_declare_input(g, o->input[i]);
    if (status == LF_OK)
        status = lf_infer(g);
    if (status == LF_OK)
        return g;
    lf_graph_free(g);
    return NULL;
}

/* What depends on constants only is a constant of the network. */
lf_graph *lf_model_open(lf_ctx *ctx, const lf_model_options *o) {
    lf_graph *g = lf_model_open_unfolded(ctx, o);
    if (!g || lf_pass_run(g, &lf_pass_fold_constants, NULL) == LF_OK)
        return g;
    lf_graph_free(g);
    return NULL;
}

lf_status lf_to_integers(lf_graph *g) {
    LF_TRY(lf_pass_run(g, &lf_pass_channels_last, NULL));
    LF_TRY(lf_pass_run(g, &lf_pass_sink_pools, NULL));
    return lf_pass_run(g, &lf_pass_integerize, NULL);
}

static void set_ports(lf_graph *part, const lf_graph *g, lf_ports *ports, const lf_ids *tensors) {
    ports->count = 0;
    for (size_t i = 0; i < tensors->count; i++) {
        const lf_tensor *t = lf_find_tensor(part, lf_tensor_at(g, tensors->at[i])->name);
        LF_PUSH(part->arena, ports, (lf_port){.name = t->name, .tensor = t->id});
    }
}

lf_graph *lf_graph_part(lf_graph *g, const lf_ids *in, const lf_ids *out) {
    lf_graph *part = lf_graph_clone(g);
    if (!part)
        return NULL;
    for (size_t i = 0; i < in->count; i++) {
        lf_tensor *t = lf_find_tensor(part, lf_tensor_at(g, in->at[i])->name);
        if (t->producer)
            lf_node_remove(part, t->producer);
        t->producer = 0;
    }
    if (in->count)
        set_ports(part, g, &part->inputs, in);
    set_ports(part, g, &part->outputs, out);
    lf_graph_prune(part);
    if (lf_graph_sort(part) == LF_OK)
        return part;
    lf_graph_free(part);
    return NULL;
}

const char *lf_stem(lf_arena *a, const char *path) {
    char *name = lf_strdup(a, lf_path_base(path));
    char *dot = strrchr(name, '.');
    if (dot && dot != name)
        *dot = 0;
    return name;
}

static bool among(const char *value, const char *const *list) {
    for (; list && *list; list++)
        if (!strcmp(value, *list))
            return true;
    return false;
}

lf_status lf_check_word(lf_ctx *ctx, const char *option, const char *value, const char *const *legal,
                        const char *const *later) {
    if (!value || among(value, legal))
        return LF_OK;
    lf_status status = among(value, later)
                           ? lf_fail(ctx, LF_BAD_INPUT, NULL, "%s %s is not in this version", option, value)
                           : lf_fail(ctx, LF_BAD_INPUT, NULL, "%s %s is not known", option, value);
    lf_text words = {0};
    for (; *legal; legal++)
        lf_text_addf(&words, " %s", *legal);
    lf_hint(ctx, "%s takes:%s", option, words.at);
    lf_text_free(&words);
    return status;
}

double lf_seconds(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}
