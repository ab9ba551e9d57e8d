/* info: what a network is, where every node runs, and all that would not compile. */
#include <string.h>

#include "api/answer.h"
#include "ir/is_op.h"
#include "ops/ops.h"
#include "pass/circuits.h"
#include "pass/passes.h"
#include "report/text_table.h"

typedef struct informer {
    lf_ctx *ctx;
    lf_arena *arena;
    json_t *root;
    lf_text text;
} informer;

static const char *place_name(lf_place p) {
    return p == LF_PLACE_HOST ? "host" : p == LF_PLACE_FPGA ? "fpga" : "";
}

static json_t *ports_json(const informer *f, const lf_graph *g, const lf_ports *ports) {
    json_t *all = json_array();
    for (size_t i = 0; i < ports->count; i++) {
        const lf_tensor *t = lf_tensor_at(g, ports->at[i].tensor);
        json_t *p = json_object(), *shape = json_array();
        for (int d = 0; d < t->shape.rank; d++)
            json_array_append_new(shape, json_integer(t->shape.dim[d]));
        json_object_set_new(p, "name", json_string(ports->at[i].name));
        json_object_set_new(p, "shape", shape);
        json_object_set_new(p, "dtype", json_string(lf_dtype_name(f->arena, t->dtype)));
        if (ports->at[i].grid)
            json_object_set_new(p, "grid", json_string(lf_dtype_name(f->arena, ports->at[i].grid->type)));
        json_array_append_new(all, p);
    }
    return all;
}

static void print_ports(informer *f, const lf_graph *g, const lf_ports *ports, const char *word) {
    for (size_t i = 0; i < ports->count; i++) {
        const lf_tensor *t = lf_tensor_at(g, ports->at[i].tensor);
        lf_text_addf(&f->text, "%s %s: %s %s\n", word, ports->at[i].name, lf_dtype_name(f->arena, t->dtype),
                     lf_shape_text(f->arena, t->shape));
    }
}

typedef struct sums {
    int64_t parameters, macs, weight_bits;
} sums;

static int64_t weights_of(const lf_graph *g, const lf_node *n, int64_t *bits) {
    int64_t count = 0;
    *bits = 0;
    if (lf_is_op(n, "circuit")) /* its constant is a text */
        return 0;
    for (int k = 1; k < n->in_count; k++) {
        const lf_tensor *t = lf_in(g, n, k);
        if (!t || !t->value)
            continue;
        count += lf_shape_count(t->shape);
        *bits += lf_shape_count(t->shape) * lf_dtype_bits(t->dtype);
    }
    return count;
}

static int64_t macs_of(const lf_graph *g, const lf_node *n) {
    static const char *const rows[] = {"conv", "mvu", "vvu",
                                       NULL}; /* whose weights have a row for every channel of the output */
    const lf_tensor *x = lf_in(g, n, 0), *w = n->in_count > 1 ? lf_in(g, n, 1) : NULL;
    int64_t outputs = lf_shape_count(lf_out(g, n, 0)->shape);
    if (w && w->shape.rank > 1 && w->shape.dim[0] > 0 && lf_is_one_of(n, rows))
        return lf_shape_count(w->shape) / w->shape.dim[0] * outputs;
    return lf_is_op(n, "matmul") && x->shape.rank > 0 ? x->shape.dim[x->shape.rank - 1] * outputs : 0;
}

static void add_layers(informer *f, const lf_graph *g, sums *total) {
    static const char *const header[] = {"<node", "<op", "<place", "<shape", "<datatype", "weights", "MACs"};
    lf_table t = lf_table_make(f->arena, LF_COUNT(header), header);
    json_t *layers = json_array();
    for (size_t i = 0; i < g->order.count; i++) {
        const lf_node *n = lf_node_at(g, g->order.at[i]);
        const lf_tensor *y = lf_out(g, n, 0);
        int64_t bits, weights = weights_of(g, n, &bits), macs = macs_of(g, n);
        total->parameters += weights;
        total->weight_bits += bits;
        total->macs += macs;
        json_t *l = json_object();
        json_object_set_new(l, "name", json_string(n->name));
        json_object_set_new(l, "op", json_string(n->op->name));
        json_object_set_new(l, "place", json_string(place_name(n->place)));
        json_object_set_new(l, "shape", json_string(lf_shape_text(f->arena, y->shape)));
        json_object_set_new(l, "dtype", json_string(lf_dtype_name(f->arena, y->dtype)));
        json_object_set_new(l, "weights", json_integer(weights));
        json_object_set_new(l, "macs", json_integer(macs));
        json_array_append_new(layers, l);
        const char *row[] = {n->name,
                             n->op->name,
                             place_name(n->place),
                             lf_shape_text(f->arena, y->shape),
                             lf_dtype_name(f->arena, y->dtype),
                             weights ? lf_thousands(f->arena, weights) : "",
                             macs ? lf_thousands(f->arena, macs) : ""};
        lf_table_row(&t, row);
    }
    lf_text_add(&f->text, "\n");
    lf_table_print(&t, &f->text);
    json_object_set_new(f->root, "layers", layers);
}

/* Compiles as far as it goes; what was refused on the way is what would not build. */
static void add_unsupported(informer *f, const lf_graph *g, lf_status status, size_t first) {
    json_t *all = json_array();
    (void)g;
    if (status != LF_OK)
        lf_text_add(&f->text, "\nnot buildable:\n");
    for (size_t i = first; i < lf_diag_count(f->ctx); i++) {
        const lf_diag *d = lf_diag_at(f->ctx, i);
        if (d->severity != LF_ERROR)
            continue;
        json_t *u = json_object();
        json_object_set_new(u, "node", json_string(d->where.node ? d->where.node : ""));
        json_object_set_new(u, "why", json_string(d->text));
        json_object_set_new(u, "hint", json_string(d->hint ? d->hint : ""));
        json_array_append_new(all, u);
        lf_text_addf(&f->text, "  %s%s%s\n", d->where.node ? d->where.node : "", d->where.node ? ": " : "", d->text);
        if (d->hint)
            lf_text_addf(&f->text, "    %s\n", d->hint);
    }
    json_object_set_new(f->root, "unsupported", all);
}

/* The last passes work on a copy, so that the layers shown are those of the integer graph even when they refuse. */
static lf_status try_map(const lf_graph *g) {
    const lf_circuits_options circuits = {.as_words = true};
    lf_graph *copy = lf_graph_clone(g);
    if (!copy)
        return LF_BAD_INPUT;
    lf_status status = lf_pass_run(copy, &lf_pass_circuits, &circuits);
    if (status == LF_OK)
        status = lf_pass_run(copy, &lf_pass_map, NULL);
    lf_graph_free(copy);
    return status;
}

static void describe(informer *f, const lf_graph *g, lf_status status, size_t first) {
    sums total = {0};
    json_object_set_new(f->root, "model", json_string(g->source ? g->source : g->name));
    json_object_set_new(f->root, "sha256", json_string(lf_graph_sha256(g)));
    json_object_set_new(f->root, "inputs", ports_json(f, g, &g->inputs));
    json_object_set_new(f->root, "outputs", ports_json(f, g, &g->outputs));
    print_ports(f, g, &g->inputs, "input ");
    print_ports(f, g, &g->outputs, "output");
    add_layers(f, g, &total);
    json_object_set_new(f->root, "parameters", json_integer(total.parameters));
    json_object_set_new(f->root, "macs", json_integer(total.macs));
    json_object_set_new(f->root, "weight_bits", json_integer(total.weight_bits));
    lf_text_addf(&f->text, "\n%s parameters in %s bits, %s multiply-accumulates a sample\n",
                 lf_thousands(f->arena, total.parameters), lf_thousands(f->arena, total.weight_bits),
                 lf_thousands(f->arena, total.macs));
    add_unsupported(f, g, status, first);
}

lf_status lf_info(lf_ctx *ctx, const lf_model_options *model, lf_answer *answer) {
    lf_graph *g = lf_model_open(ctx, model);
    if (!g)
        return LF_BAD_INPUT;
    size_t first = lf_diag_count(ctx);
    lf_graph *network = lf_graph_clone(g);
    informer f = {.ctx = ctx, .arena = lf_arena_new(), .root = json_object()};
    lf_status status = lf_to_integers(g);
    const lf_graph *shown = status == LF_OK ? g : network;
    if (status == LF_OK)
        status = try_map(g);
    describe(&f, shown ? shown : g, status, first);
    lf_answer_set(answer, f.root, &f.text);
    lf_diag_take_back(ctx, first); /* they stand in the answer */
    lf_graph_free(network);
    lf_graph_free(g);
    lf_arena_free(f.arena);
    return LF_OK;
}
