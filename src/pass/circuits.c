/* circuits: runs of layers that are logic become one node `circuit`, minimized and pipelined. A run holds every layer that can be logic and
 * has the same number of other layers on its way from the inputs, so that no way leaves it and comes back. */
#include "pass/circuits.h"

#include <string.h>

#include "base/text.h"
#include "circuit/minimize.h"
#include "ops/circuit_node.h"
#include "ops/circuit_region.h"
#include "ops/ops.h"
#include "ir/is_op.h"
#include "ir/pass.h"
#include "pass/flow_model.h"
#include "pass/input_cut.h"
#include "pass/layer_circuits.h"
#include "pass/stream_model.h"

enum { USUAL_LUT_DEPTH = 2 };

static const char *const style_names[] = {"auto", "folded", "table", "spatial", NULL};

lf_circuits_style lf_circuits_style_of(const char *name) {
    int i = 0;
    while (name && style_names[i] && strcmp(style_names[i], name) != 0)
        i++;
    return (lf_circuits_style)(style_names[i] ? i : 0);
}

/* -- which layers ----------------------------------------------------------------------------------------------------------- */

static bool is_table(const lf_node *n) {
    return lf_is_op(n, "thermometer") || lf_is_op(n, "table_neurons") || lf_is_op(n, "table_edges");
}

static bool is_product(const lf_node *n) {
    return lf_is_op(n, "mvu") || lf_is_op(n, "vvu");
}

static bool has_tables(const lf_graph *g) {
    for (size_t i = 0; i < g->order.count; i++)
        if (is_table(lf_node_at(g, g->order.at[i])))
            return true;
    return false;
}

/* One vector times one matrix: a layer that slides over a picture would become as many circuits as there are positions. */
static bool is_dense(const lf_graph *g, const lf_node *n) {
    const lf_tensor *w = lf_in(g, n, 1);
    return lf_is_op(n, "mvu") && w->value && lf_shape_count(lf_in(g, n, 0)->shape) == w->shape.dim[w->shape.rank - 1];
}

/* Thresholds behind a product that stays a unit go into that unit (pass map). */
static bool belongs_to_product(const lf_graph *g, const lf_node *n, lf_circuits_style style) {
    const lf_node *before = lf_node_at(g, lf_in(g, n, 0)->producer);
    return lf_is_op(n, "threshold") && is_product(before) && (style != LF_CIRCUITS_SPATIAL || !is_dense(g, before));
}

static bool can_be_logic(const lf_graph *g, const lf_node *n, lf_circuits_style style) {
    if (n->place != LF_PLACE_FPGA || (is_product(n) && (style != LF_CIRCUITS_SPATIAL || !is_dense(g, n))))
        return false;
    return lf_can_be_circuit(n) && !belongs_to_product(g, n, style);
}

/* By node: 1 + twice the changes between logic and other layers on the longest way to it; odd for logic, even for others, 0: host. */
static int *levels_of(const lf_graph *g, lf_circuits_style style, lf_arena *a) {
    int *level = LF_NEW_ARRAY(a, int, g->nodes.count + 1);
    for (size_t i = 0; i < g->order.count; i++) {
        const lf_node *n = lf_node_at(g, g->order.at[i]);
        bool logic = can_be_logic(g, n, style);
        int most = logic ? 1 : 2;
        for (int k = 0; n->place == LF_PLACE_FPGA && k < n->in_count; k++) {
            const lf_tensor *x = lf_in(g, n, k);
            int before = x && x->producer ? level[x->producer] : 0;
            before += before && before % 2 != logic;
            most = before > most ? before : most;
        }
        level[n->id] = n->place == LF_PLACE_FPGA ? most : 0;
    }
    return level;
}

/* -- one run ---------------------------------------------------------------------------------------------------------------- */

static bool holds(const lf_graph *g, const lf_circuit_region *r, bool (*is)(const lf_node *)) {
    for (size_t i = 0; i < r->nodes.count; i++)
        if (is(lf_node_at(g, r->nodes.at[i])))
            return true;
    return false;
}

static bool is_more_than_wires(const lf_node *n) {
    return !n->op->positions;
}

/* The layers of a level. */
static lf_circuit_region region_of(const lf_graph *g, const int *level, int which, lf_arena *a) {
    lf_circuit_region r = {0};
    for (size_t i = 0; i < g->order.count; i++)
        if (level[g->order.at[i]] == which)
            LF_PUSH(a, &r.nodes, g->order.at[i]);
    lf_circuit_region_ends(g, a, &r);
    return r;
}

/* What is only logic around other layers stays with them where there are tables or products to make circuits of. */
static bool worth_it(const lf_graph *g, const lf_circuit_region *r, lf_circuits_style style) {
    if (holds(g, r, is_table) || (style == LF_CIRCUITS_SPATIAL && holds(g, r, is_product)))
        return true;
    return style != LF_CIRCUITS_AUTO && !has_tables(g) && holds(g, r, is_more_than_wires);
}

/* -- the node ---------------------------------------------------------------------------------------------------------------- */

static lf_id text_constant(lf_graph *g, const lf_circuit *c, const char *name) {
    lf_text t = {0};
    lf_circuit_print(c, &t);
    int64_t count = (int64_t)t.len, *code = LF_NEW_ARRAY(g->arena, int64_t, count);
    for (int64_t i = 0; i < count; i++)
        code[i] = (uint8_t)t.at[i];
    lf_text_free(&t);
    return lf_const_codes(g, lf_format(g->arena, "%s_text", name), lf_shape_make(1, &count), code)->id;
}

static lf_ints shapes_of(lf_graph *g, const lf_ids *tensors) {
    int64_t *at = LF_NEW_ARRAY(g->arena, int64_t, tensors->count * (LF_MAX_RANK + 1)), count = 0;
    for (size_t i = 0; i < tensors->count; i++) {
        lf_shape s = lf_tensor_at(g, tensors->at[i])->shape;
        at[count++] = s.rank;
        for (int k = 0; k < s.rank; k++)
            at[count++] = s.dim[k];
    }
    return (lf_ints){at, count};
}

static lf_status too_many(const lf_graph *g, const lf_circuit_region *r) {
    lf_where where = lf_where_node(g, lf_node_at(g, r->nodes.at[0]));
    return lf_fail(g->ctx, LF_BAD_INPUT, &where,
                   "the logic around it has %zu inputs and %zu outputs; at most %d and %d are possible",
                   r->inputs.count, r->outputs.count, LF_UNIT_PORTS - 1, LF_UNIT_PORTS);
}

static void place_node(lf_graph *g, const lf_circuit_region *r, const lf_circuit *c, const lf_circuits_options *o) {
    lf_id in[LF_UNIT_PORTS] = {0};
    const char *name =
        lf_find_node(g, "circuit") ? lf_format(g->arena, "circuit%u", (unsigned)r->nodes.at[0]) : "circuit";
    for (size_t i = 0; i < r->inputs.count; i++)
        in[i] = r->inputs.at[i];
    in[r->inputs.count] = text_constant(g, c, name);
    bool spatial = holds(g, r, is_product);
    for (size_t i = 0; i < r->nodes.count; i++)
        lf_node_remove(g, r->nodes.at[i]);
    lf_circuit_attr attr = {.shapes = shapes_of(g, &r->outputs),
                            .interface = o->flow ? LF_CIRCUIT_FLOW : LF_CIRCUIT_STREAM,
                            .style = spatial};
    lf_node *n =
        lf_node_new(g, &lf_op_circuit, name, in, (int)r->inputs.count + 1, r->outputs.at, (int)r->outputs.count, &attr);
    n->place = LF_PLACE_FPGA;
}

/* With the don't-cares of the rows, where that takes fewer LUTs: m and *out are without them. */
static lf_status use_rows(const lf_graph *g, const lf_circuit_region *r, const lf_circuits_rows *rows,
                          const lf_circuit *c, lf_minimize_options *m, lf_minimize_report *report, lf_circuit **out) {
    lf_minimize_report with;
    LF_TRY(rows->codes(rows->user, g, &r->inputs, &m->samples));
    m->sample_count = rows->count;
    m->rarity = rows->rarity;
    lf_circuit *smaller = lf_circuit_minimize(c, m, &with);
    if (!smaller)
        return LF_BAD_INPUT;
    bool better = with.luts_after < report->luts_after;
    lf_circuit_free(better ? *out : smaller);
    *out = better ? smaller : *out;
    *report = better ? with : *report;
    return LF_OK;
}

/* The same rows run through all layers of one circuit: those of the layer in which fewest were compared. */
static void add_rows(lf_minimize_report *to, const lf_minimize_report *r, bool layer) {
    bool fewest = r->rows_free > to->rows_free || (r->rows_free == to->rows_free && r->rows > to->rows);
    to->rows = !layer ? to->rows + r->rows : fewest ? r->rows : to->rows;
    to->rows_free = !layer ? to->rows_free + r->rows_free : fewest ? r->rows_free : to->rows_free;
}

/* layer: of a circuit whose other layers have been added, or will be. */
static void add_report(lf_circuits_report *to, const lf_minimize_report *r, size_t luts_without, bool abc, bool layer) {
    to->abc = abc;
    to->luts_without += luts_without;
    to->sum.luts_before += r->luts_before;
    to->sum.luts_after += r->luts_after;
    to->sum.tables += r->tables;
    to->sum.entries += r->entries;
    to->sum.unreachable += r->unreachable;
    to->sum.unseen += r->unseen;
    to->sum.luts_mapped += r->luts_mapped;
    to->sum.luts_by_abc += r->luts_by_abc;
    to->sum.logic.proved += r->logic.proved;
    to->sum.logic.tested += r->logic.tested;
    add_rows(&to->sum, r, layer);
}

static lf_status minimize(const lf_graph *g, const lf_circuit_region *r, const lf_circuits_options *o,
                          const lf_circuit *c, lf_circuit **out) {
    lf_minimize_options m = {
        .lut_inputs = o->lut_inputs ? (int)o->lut_inputs : LF_LUT_INPUTS, .effort = 1, .abc = o->abc};
    lf_minimize_report report;
    *out = lf_circuit_minimize(c, &m, &report);
    if (!*out)
        return LF_BAD_INPUT;
    size_t luts_without = report.luts_after;
    lf_status status = o->rows ? use_rows(g, r, o->rows, c, &m, &report, out) : LF_OK;
    if (status == LF_OK && o->report)
        add_report(o->report, &report, luts_without, o->abc, o->lut_depth == LF_LUT_DEPTH_LAYER);
    if (status != LF_OK)
        lf_circuit_free(*out);
    return status;
}

static lf_status minimal_circuit(const lf_graph *g, const lf_circuit_region *r, const lf_circuits_options *o,
                                 lf_circuit **out) {
    lf_circuit *c;
    LF_TRY(lf_circuit_of_region(g, r, &c));
    if (o->as_words) {
        *out = c;
        return LF_OK;
    }
    lf_status status = minimize(g, r, o, c, out);
    lf_circuit_free(c);
    return status;
}

static lf_status minimize_layer(const void *with, const lf_graph *g, const lf_circuit_region *r, const lf_circuit *c,
                                lf_circuit **out) {
    return minimize(g, r, with, c, out);
}

static lf_status circuit_by_layers(const lf_graph *g, const lf_circuit_region *r, const lf_circuits_options *o,
                                   lf_circuit **out) {
    lf_circuits_report made = {0};
    lf_circuits_options each = *o;
    each.report = &made;
    LF_TRY(lf_circuit_by_layers(g, r, &(lf_layer_minimizer){minimize_layer, &each}, out));
    made.sum.luts_after = lf_circuit_luts(*out); /* without what later layers no longer read */
    if (o->report)
        add_report(o->report, &made.sum, made.luts_without, o->abc, false);
    return LF_OK;
}

static lf_status staged_circuit(const lf_graph *g, const lf_circuit_region *r, const lf_circuits_options *o,
                                lf_circuit **out) {
    if (o->lut_depth == LF_LUT_DEPTH_LAYER && !o->as_words)
        return circuit_by_layers(g, r, o, out);
    int depth = o->lut_depth > 0 ? (int)o->lut_depth : o->lut_depth < 0 ? 0 : USUAL_LUT_DEPTH;
    LF_TRY(minimal_circuit(g, r, o, out));
    lf_status status = lf_circuit_pipeline(*out, o->as_words ? 0 : depth);
    if (status != LF_OK)
        lf_circuit_free(*out);
    return status;
}

static lf_status make_circuit(lf_graph *g, const lf_circuit_region *r, const lf_circuits_options *o) {
    lf_circuit *c;
    LF_TRY(staged_circuit(g, r, o, &c));
    place_node(g, r, c, o);
    if (o->report)
        o->report->circuits++;
    lf_circuit_free(c);
    return LF_OK;
}

/* -- the pass ------------------------------------------------------------------------------------------------------------------ */

/* What would be refused afterwards: minimization may take minutes. */
static lf_status check_regions(const lf_graph *g, const lf_circuit_region *r, size_t count, bool flow, lf_arena *a) {
    bool *logic = LF_NEW_ARRAY(a, bool, g->nodes.count + 1);
    for (size_t k = 0; k < count; k++) {
        if (r[k].inputs.count + 1 > LF_UNIT_PORTS || r[k].outputs.count > LF_UNIT_PORTS)
            return too_many(g, &r[k]);
        for (size_t i = 0; i < r[k].nodes.count; i++)
            logic[r[k].nodes.at[i]] = true;
    }
    return flow ? lf_flow_check_units(g, logic) : LF_OK;
}

static lf_status nothing_to_do(const lf_graph *g, lf_circuits_style style) {
    lf_status status = lf_fail(g->ctx, LF_BAD_INPUT, NULL, "--style %s: no layer of this network can become a circuit",
                               style_names[style]);
    lf_hint(g->ctx, "leave --style out");
    return status;
}

static lf_status run(lf_graph *g, const void *options, lf_arena *scratch) {
    const lf_circuits_options *o = options;
    lf_circuits_style style = (lf_circuits_style)o->style;
    LF_VEC(lf_circuit_region) regions = {0}; /* all found before the graph changes */
    int last = 0;
    if (style == LF_CIRCUITS_FOLDED || (style == LF_CIRCUITS_AUTO && !has_tables(g)))
        return LF_OK;
    LF_TRY(lf_check_encoder(g)); /* before the layers it is about are gone */
    const int *level = levels_of(g, style, scratch);
    for (size_t i = 0; i < g->order.count; i++)
        last = level[g->order.at[i]] > last ? level[g->order.at[i]] : last;
    for (int which = 1; which <= last; which += 2) {
        lf_circuit_region r = region_of(g, level, which, scratch);
        if (worth_it(g, &r, style))
            LF_PUSH(scratch, &regions, r);
    }
    if (!regions.count)
        return nothing_to_do(g, style);
    LF_TRY(check_regions(g, regions.at, regions.count, o->flow, scratch));
    for (size_t i = 0; i < regions.count; i++) { /* ranges of the next one's inputs may have become wider */
        LF_TRY(make_circuit(g, &regions.at[i], o));
        LF_TRY(lf_graph_sort(g));
        LF_TRY(lf_infer(g));
    }
    lf_graph_prune(g);
    return LF_OK;
}

static const lf_attr_desc attrs[] = {
    {"style", LF_ATTR_ENUM, offsetof(lf_circuits_options, style), "auto", style_names, 0, 0,
     "auto: table where there are layers that are tables"},
    {"flow", LF_ATTR_BOOL, offsetof(lf_circuits_options, flow), "false", NULL, 0, 0,
     "data and valid instead of streams"},
    {"lut_depth", LF_ATTR_INT, offsetof(lf_circuits_options, lut_depth), "0", NULL, LF_LUT_DEPTH_LAYER, 1000,
     "LUT levels between registers; 0: 2; -1: no registers; -2: one behind every layer"},
    {"lut_inputs", LF_ATTR_INT, offsetof(lf_circuits_options, lut_inputs), "6", NULL, 4, 6,
     "of the part's LUTs: 4 or 6"},
    {"abc", LF_ATTR_BOOL, offsetof(lf_circuits_options, abc), "false", NULL, 0, 0,
     "let Berkeley ABC try, too, where it is installed"},
    {0},
};

const lf_pass lf_pass_circuits = {
    .name = "circuits",
    .help = "turn runs of layers that are logic into circuits, minimized and pipelined",
    .promise = LF_SAME_BITS,
    .option_size = sizeof(lf_circuits_options),
    .options = attrs,
    .run = run,
};
