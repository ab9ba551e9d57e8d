/* quantize: its answer, as JSON and as text. */
#include <string.h>

#include "api/quantize_job.h"
#include "base/file.h"
#include "pass/quantizers.h"
#include "report/text_table.h"

/* -- counting ------------------------------------------------------------------------------------------------------------------ */

/* A quantizer of activations. */
static bool quantizes_data(const lf_graph *g, const lf_node *n) {
    return lf_is_quantizer(n) && !lf_in(g, n, 0)->value;
}

/* A tensor keeps its name when the rounding before it goes. */
static bool was_quantized(const lf_quantize_job *j, lf_id tensor) {
    const lf_tensor *t = lf_find_tensor(j->before, lf_tensor_at(j->g, tensor)->name);
    const lf_node *n = t ? lf_node_at(j->before, t->producer) : NULL;
    return n && quantizes_data(j->before, n);
}

static bool had_codes(const lf_quantize_job *j, const lf_quantized_product *p) {
    const lf_node *n = lf_find_node(j->before, lf_node_at(j->g, p->at.node)->name);
    return n && n->in_count > 1 && lf_on_grid(lf_in(j->before, n, 1));
}

void lf_quantize_count(lf_quantize_job *j) {
    lf_quantizer_counts a = {0}, w = {0};
    for (size_t i = 0; i < j->before->order.count; i++) {
        const lf_node *n = lf_node_at(j->before, j->before->order.at[i]);
        if (!quantizes_data(j->before, n))
            continue;
        bool stays = lf_find_node(j->g, n->name) != NULL;
        a.kept += stays;
        a.removed += !stays;
    }
    for (size_t i = 0; i < j->q.points.count; i++) {
        const lf_point *p = &j->q.points.at[i];
        bool again = !p->kept && was_quantized(j, p->tensor);
        a.added += !p->kept && !again;
        a.replaced += again;
    }
    a.removed -= a.replaced < a.removed ? a.replaced : a.removed;
    for (size_t i = 0; i < j->q.products.count; i++) {
        const lf_quantized_product *p = &j->q.products.at[i];
        w.kept += p->kept;
        w.replaced += !p->kept && had_codes(j, p);
        w.added += !p->kept && !had_codes(j, p);
    }
    j->activations = a;
    j->weights = w;
}

/* -- JSON ---------------------------------------------------------------------------------------------------------------------- */

static json_t *counts_json(const lf_quantizer_counts *c) {
    json_t *one = json_object();
    json_object_set_new(one, "kept", json_integer((json_int_t)c->kept));
    json_object_set_new(one, "replaced", json_integer((json_int_t)c->replaced));
    json_object_set_new(one, "added", json_integer((json_int_t)c->added));
    json_object_set_new(one, "removed", json_integer((json_int_t)c->removed));
    return one;
}

static json_t *layers_json(const lf_quantize_job *j) {
    json_t *all = json_array();
    for (size_t i = 0; i < j->q.products.count; i++) {
        const lf_quantized_product *p = &j->q.products.at[i];
        const lf_point *x = &j->q.points.at[p->input];
        const lf_node *n = lf_node_at(j->g, p->at.node);
        json_t *one = json_object();
        json_object_set_new(one, "name", json_string(n->name));
        json_object_set_new(one, "op", json_string(n->op->name));
        json_object_set_new(one, "weight_bits", json_integer(p->bits));
        json_object_set_new(one, "weights_kept", json_boolean(p->kept));
        json_object_set_new(one, "input_bits", json_integer(x->bits));
        json_object_set_new(one, "input_kept", json_boolean(x->kept));
        json_object_set_new(one, "input_signed", json_boolean(x->is_signed));
        json_object_set_new(one, "input_scale", x->scale != 0 ? json_real(x->scale) : json_null());
        json_array_append_new(all, one);
    }
    return all;
}

static json_t *json_of(const lf_quantize_job *j) {
    const lf_quantize_result *r = &j->result;
    json_t *root = json_object();
    json_object_set_new(root, "out", json_string(lf_path_base(j->o->out)));
    json_object_set_new(root, "data", json_string(j->rows.source));
    json_object_set_new(root, "random_data", json_boolean(j->rows.random));
    json_object_set_new(root, "calibration_rows", json_integer((json_int_t)j->rows.calibration));
    json_object_set_new(root, "samples", json_integer((json_int_t)j->rows.held_out));
    json_object_set_new(root, "folded_batch_norms", json_integer((json_int_t)j->folded));
    json_object_set_new(root, "requantized", json_boolean(j->o->requantize));
    json_object_set_new(root, "quantizers", json_integer((json_int_t)(j->activations.replaced + j->activations.added)));
    json_object_set_new(root, "activation_quantizers", counts_json(&j->activations));
    json_object_set_new(root, "weight_quantizers", counts_json(&j->weights));
    json_object_set_new(root, "accuracy_before", r->has_accuracy ? json_real(r->accuracy_before) : json_null());
    json_object_set_new(root, "accuracy_after", r->has_accuracy ? json_real(r->accuracy_after) : json_null());
    json_object_set_new(root, "argmax_agreement", r->has_argmax ? json_real(r->agreement) : json_null());
    json_object_set_new(root, "mean_difference", json_real(r->mean_difference));
    json_object_set_new(root, "max_difference", json_real(r->max_difference));
    json_object_set_new(root, "mean_magnitude", json_real(r->mean_magnitude));
    json_object_set_new(root, "unquantized_difference_before", r->has_reals ? json_real(r->reals_before) : json_null());
    json_object_set_new(root, "unquantized_difference_after", r->has_reals ? json_real(r->reals_after) : json_null());
    json_object_set_new(root, "engine", json_string(r->engine));
    json_object_set_new(root, "layers", layers_json(j));
    return root;
}

/* -- text ---------------------------------------------------------------------------------------------------------------------- */

static const char *bits_cell(const lf_quantize_job *j, int bits, bool kept) {
    return lf_format(j->arena, kept ? "kept: %d" : "%d", bits);
}

static void print_layers(const lf_quantize_job *j, lf_text *text) {
    const char *head[] = {"<layer", "<op", "weight bits", "input bits", "<input", "input scale"};
    lf_table t = lf_table_make(j->arena, 6, head);
    for (size_t i = 0; i < j->q.products.count; i++) {
        const lf_quantized_product *p = &j->q.products.at[i];
        const lf_point *x = &j->q.points.at[p->input];
        const lf_node *n = lf_node_at(j->g, p->at.node);
        const char *cells[] = {n->name,
                               n->op->name,
                               bits_cell(j, p->bits, p->kept),
                               bits_cell(j, x->bits, x->kept),
                               x->is_signed ? "signed" : "unsigned",
                               x->scale != 0 ? lf_fixed_decimals(j->arena, x->scale, 6) : "per channel"};
        lf_table_row(&t, cells);
    }
    lf_table_print(&t, text);
}

static void print_percent(const lf_quantize_job *j, lf_text *text, const char *what, double share) {
    lf_text_addf(text, "%s %s %%", what, lf_fixed_decimals(j->arena, 100 * share, 2));
}

static void print_counts(lf_text *text, const char *what, const lf_quantizer_counts *c) {
    lf_text_addf(text, "%s: %zu kept, %zu replaced, %zu added", what, c->kept, c->replaced, c->added);
    if (c->removed)
        lf_text_addf(text, ", %zu removed", c->removed);
    lf_text_add(text, "\n");
}

static void print_result(const lf_quantize_job *j, lf_text *text) {
    const lf_quantize_result *r = &j->result;
    lf_text_add(text, "\n");
    print_counts(text, "quantizers of activations", &j->activations);
    print_counts(text, "quantizers of weights", &j->weights);
    lf_text_addf(text, "calibrated on %s rows of %s", lf_thousands(j->arena, (int64_t)j->rows.calibration),
                 j->rows.source);
    lf_text_addf(text, ", compared on the %s rows behind them\n", lf_thousands(j->arena, (int64_t)j->rows.held_out));
    if (j->rows.random)
        lf_text_add(text, "these rows are random: the figures say nothing of real data\n");
    if (r->has_accuracy) {
        print_percent(j, text, "accuracy", r->accuracy_before);
        print_percent(j, text, " before,", r->accuracy_after);
        lf_text_add(text, " after\n");
    }
    if (r->has_argmax) {
        print_percent(j, text, "same class in", r->agreement);
        lf_text_add(text, " of the rows\n");
    }
    lf_text_addf(text, "outputs differ by %s on average, at most by %s;",
                 lf_fixed_decimals(j->arena, r->mean_difference, 6), lf_fixed_decimals(j->arena, r->max_difference, 6));
    lf_text_addf(text, " their mean magnitude is %s\n", lf_fixed_decimals(j->arena, r->mean_magnitude, 6));
    if (r->has_reals)
        lf_text_addf(text,
                     "from the network without quantizers, the given one differs by %s on average, the new one by %s\n",
                     lf_fixed_decimals(j->arena, r->reals_before, 6), lf_fixed_decimals(j->arena, r->reals_after, 6));
    lf_text_addf(text, "%s\n", j->o->out);
}

void lf_quantize_answer(const lf_quantize_job *j, lf_answer *answer) {
    lf_text text = {0};
    print_layers(j, &text);
    print_result(j, &text);
    lf_answer_set(answer, json_of(j), &text);
}
