/* make: networks of the literature with random weights, written as a model file. */

#include "api/answer.h"
#include "base/file.h"
#include "base/text.h"
#include "export/export.h"
#include "ir/lftext.h"
#include "zoo/zoo.h"

static lf_status check_name(lf_ctx *ctx, const char *name) {
    const char *known[32] = {NULL};
    for (size_t i = 0; lf_zoo_all[i] && i + 1 < LF_COUNT(known); i++)
        known[i] = lf_zoo_all[i]->name;
    return lf_check_word(ctx, "make", name, known, NULL);
}

static lf_status check_out(lf_ctx *ctx, const char *out) {
    if (!out)
        return lf_fail(ctx, LF_BAD_INPUT, NULL, "make wants a file for the network: -o FILE.onnx or FILE.lf");
    if (!lf_ends_with(out, ".onnx") && !lf_ends_with(out, ".lf"))
        return lf_fail(ctx, LF_BAD_INPUT, NULL, "-o %s: a network is written as .onnx or .lf", out);
    return lf_file_writable(ctx, out);
}

static void answer_with(const lf_make_options *o, const lf_graph *g, lf_answer *answer) {
    int64_t parameters = 0;
    for (size_t i = 0; i < g->tensors.count; i++)
        if (g->tensors.at[i] && g->tensors.at[i]->value)
            parameters += (int64_t)g->tensors.at[i]->value->count;
    json_t *root = json_object();
    lf_text text = {0};
    json_object_set_new(root, "network", json_string(o->name));
    json_object_set_new(root, "nodes", json_integer((json_int_t)g->order.count));
    json_object_set_new(root, "parameters", json_integer(parameters));
    lf_text_addf(&text, "%s with random weights in %s: %zu nodes, %lld parameters\n", o->name, o->out, g->order.count,
                 (long long)parameters);
    lf_answer_set(answer, root, &text);
}

lf_status lf_make(lf_ctx *ctx, const lf_make_options *o, lf_answer *answer) {
    LF_TRY(check_name(ctx, o->name));
    LF_TRY(check_out(ctx, o->out));
    lf_zoo_options z = {o->seed, o->size, o->width, o->blocks, o->classes, o->weight_bits, o->act_bits};
    lf_graph *g = lf_zoo_make(ctx, lf_zoo_find(o->name), &z);
    if (!g)
        return LF_BAD_INPUT;
    lf_status status = lf_ends_with(o->out, ".lf") ? lf_graph_save(g, o->out, false) : lf_export_onnx(g, o->out);
    if (status == LF_OK)
        answer_with(o, g, answer);
    lf_graph_free(g);
    return status;
}
