/* Layers that are logic (tables of bits or of few bits, sums of tables, counts, comparisons) as one circuit, as a LUT netlist, as machine code on 512 rows
 * at a time (kern/lut_code.h). A region holds all layers that can be logic with the same number of other layers before them, so no way leaves it and comes back.
 * Layers of neurons with many entries stay with kern/byte_net.h, which is faster for them. */
#include "exec/fast_logic.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "circuit/lutnet.h"
#include "ir/attr_access.h"
#include "ir/is_op.h"
#include "ops/circuit_node.h"
#include "ops/circuit_region.h"
#include "ops/elementwise.h"
#include "ops/table_edges.h"

enum {
    ELEMENTS_MOST = 1 << 16,
    ENTRIES_MOST = 1 << 20, /* of all tables, times their bits: what becomes code in tens of milliseconds */
    INDEX_BITS_MOST = 7,    /* of neurons of codes: beyond, a permute or a sum is faster than multiplexers */
    BIT_INDEX_MOST = 12,    /* of neurons of bits */
    LUTS_MOST = 1 << 18,
    CODE_BITS_MOST = 31
};

/* -- which nodes -------------------------------------------------------------------------------------------------------------- */

static bool is_table(const lf_node *n) {
    return lf_is_op(n, "table_neurons") || lf_is_op(n, "table_edges") || lf_is_op(n, "circuit");
}

static int port_of(const lf_plan *p, lf_id tensor) {
    for (size_t i = 0; i < p->graph->inputs.count; i++)
        if (p->root[p->graph->inputs.at[i].tensor] == p->root[tensor])
            return (int)i;
    return -1;
}

/* Reals whose bits the region can make itself: edges round them onto one grid. */
static bool edges_of_reals(const lf_plan *p, const lf_node *n, const lf_tensor *x) {
    int port = port_of(p, x->id);
    return lf_is_op(n, "table_edges") && !lf_on_grid(x) && port >= 0 && !p->graph->inputs.at[port].grid &&
           p->graph->inputs.at[port].tensor == x->id;
}

static bool reads_codes(const lf_plan *p, const lf_node *n) {
    for (int k = 0; k < n->in_count; k++) {
        const lf_tensor *x = lf_in(p->graph, n, k);
        int64_t exponent;
        bool fine = !x || x->value || lf_is_codes(x) ||
                    (lf_is_op(n, "table_edges") && lf_grid_exponent(x, &exponent)) || edges_of_reals(p, n, x);
        if (!fine ||
            (x && !x->value &&
             (lf_shape_count(x->shape) > ELEMENTS_MOST || (lf_on_grid(x) && !lf_form_holds(x->range, LF_FORM_S32)))))
            return false;
    }
    return true;
}

static bool makes_codes(const lf_plan *p, const lf_node *n) {
    for (int o = 0; o < n->out_count; o++) {
        const lf_tensor *y = lf_out(p->graph, n, o);
        if (y && (!lf_on_grid(y) || !lf_form_holds(y->range, LF_FORM_S32) || lf_shape_count(y->shape) > ELEMENTS_MOST))
            return false;
    }
    return true;
}

static bool can_be_logic(const lf_plan *p, const lf_node *n) {
    bool product = lf_is_op(n, "mvu") || lf_is_op(n, "vvu");
    bool logic = lf_is_op(n, "circuit") || (n->op->circuit && !product);
    if (lf_is_op(n, "thermometer") && !lf_is_codes(lf_in(p->graph, n, 1)))
        return false;
    return logic && reads_codes(p, n) && makes_codes(p, n);
}

/* By node: 1 + the changes between logic and other nodes on the longest way to it; odd for logic. */
static int *levels_of(const lf_plan *p) {
    const lf_graph *g = p->graph;
    int *level = LF_NEW_ARRAY(p->building, int, g->nodes.count + 1);
    for (size_t i = 0; i < g->order.count; i++) {
        const lf_node *n = lf_node_at(g, g->order.at[i]);
        if (!n)
            continue;
        bool logic = can_be_logic(p, n);
        int most = logic ? 1 : 2;
        for (int k = 0; k < n->in_count; k++) {
            const lf_tensor *x = lf_in(g, n, k);
            int before = x && x->producer ? level[x->producer] : 0;
            before += before && before % 2 != logic;
            most = before > most ? before : most;
        }
        level[n->id] = most;
    }
    return level;
}

/* -- is it worth while? ----------------------------------------------------------------------------------------------------------- */

static int64_t neuron_entries(const lf_plan *p, const lf_node *n) {
    const lf_tensor *inputs = lf_in(p->graph, n, 1), *tables = lf_in(p->graph, n, 2);
    int64_t index = inputs->shape.dim[1] * lf_attr_int(n, "bits");
    if (index > (lf_attr_int(n, "bits") == 1 ? BIT_INDEX_MOST : INDEX_BITS_MOST))
        return INT64_MAX;
    return (int64_t)tables->value->count * lf_bits_unsigned((uint64_t)(tables->range.hi - tables->range.lo));
}

static int64_t edge_entries(const lf_plan *p, const lf_node *n) {
    const lf_tensor *tables = lf_in(p->graph, n, 2);
    return (int64_t)tables->value->count * lf_bits_unsigned((uint64_t)(tables->range.hi - tables->range.lo));
}

static bool worth_it(const lf_plan *p, const lf_logic *l) {
    int64_t entries = 0;
    bool tables = false;
    for (size_t i = 0; i < l->nodes && entries <= ENTRIES_MOST; i++) {
        const lf_node *n = l->node[i];
        int64_t own = lf_is_op(n, "table_neurons") ? neuron_entries(p, n)
                      : lf_is_op(n, "table_edges") ? edge_entries(p, n)
                                                   : 0;
        entries = own > ENTRIES_MOST ? INT64_MAX : entries + own;
        tables |= is_table(n);
    }
    return tables && entries <= ENTRIES_MOST;
}

static bool belongs(const lf_logic *l, const lf_node *n) {
    for (size_t i = 0; i < l->nodes; i++)
        if (l->node[i] == n)
            return true;
    return false;
}

/* Everybody outside who reads what is made inside comes behind the last node. */
static bool in_order(const lf_plan *p, const lf_logic *l) {
    const lf_graph *g = p->graph;
    bool *made = LF_NEW_ARRAY(p->building, bool, g->tensors.count + 1);
    for (size_t i = 0; i < l->nodes; i++)
        for (int o = 0; o < l->node[i]->out_count; o++)
            made[l->node[i]->out[o]] = l->node[i]->out[o] != 0;
    for (size_t i = 0; i < g->order.count; i++) {
        const lf_node *n = lf_node_at(g, g->order.at[i]);
        if (n == lf_logic_last(l))
            return true;
        for (int k = 0; n && !belongs(l, n) && k < n->in_count; k++)
            if (made[n->in[k]])
                return false;
    }
    return true;
}

/* -- the circuit ------------------------------------------------------------------------------------------------------------------- */

/* floor(x * 2^F) modulo 2^W for the reals x that edges round by themselves: floor(x * 2^f + 1/2) is a function of it where F > f. False: they have no such grid. */
static bool grid_of_edges(const lf_plan *p, const lf_logic *l, const lf_tensor *x, int *F, int *W) {
    int64_t fraction = 0, bits = 1;
    for (int pass = 0; pass < 2; pass++)
        for (size_t i = 0; i < l->nodes; i++) {
            const lf_node *n = l->node[i];
            const lf_tensor *edges = lf_is_op(n, "table_edges") ? lf_in(p->graph, n, 1) : NULL;
            for (int64_t e = 0; edges && n->in[0] == x->id && e < edges->shape.dim[0]; e++) {
                int64_t f = lf_tensor_code(edges, (size_t)(e * LF_EDGE_COLUMNS + LF_EDGE_FRACTION));
                int64_t b = lf_tensor_code(edges, (size_t)(e * LF_EDGE_COLUMNS + LF_EDGE_BITS));
                if (pass == 0)
                    fraction = f + 1 > fraction ? f + 1 : fraction;
                else
                    bits = fraction - f + b > bits ? fraction - f + b : bits;
            }
        }
    *F = (int)fraction;
    *W = (int)bits;
    return fraction <= 60 && bits < CODE_BITS_MOST;
}

/* The input x of the copy holds codes instead of reals. */
static bool put_on_grid(lf_graph *g, const lf_tensor *x, int F, int W) {
    lf_tensor *t = lf_find_tensor(g, x->name);
    double scale = ldexp(1, -F);
    if (!t)
        return false;
    lf_set_codes(g, t, (lf_range){-((int64_t)1 << (W - 1)), ((int64_t)1 << (W - 1)) - 1, 1});
    return lf_set_grid(g, t, &scale, 1, 0);
}

static lf_logic_source source_of(const lf_plan *p, lf_id tensor, lf_logic_kind kind) {
    const lf_tensor *t = lf_plan_tensor(p, tensor);
    return (lf_logic_source){.kind = kind,
                             .tensor = t,
                             .port = port_of(p, tensor),
                             .elements = (size_t)lf_shape_count(t->shape),
                             .element = LF_NEW_ARRAY(p->arena, lf_logic_element, lf_shape_count(t->shape) + 1)};
}

/* The thermometer of reals whose bits tensor t are, when nobody but the region reads them; else NULL. */
static const lf_node *thermometer_before(const lf_plan *p, const lf_logic *l, const lf_tensor *t) {
    const lf_node *n = t->producer ? lf_node_at(p->graph, t->producer) : NULL;
    const lf_node *reader = lf_node_at(p->graph, p->only[t->id]);
    bool real = lf_is_op(n, "thermometer") && !lf_on_grid(lf_in(p->graph, n, 0));
    return real && reader && belongs(l, reader) ? n : NULL;
}

/* Copies the region's nodes into `r`, whose tensors and nodes are those of the graph `copy`. */
static void region_in(const lf_graph *copy, const lf_logic *l, lf_arena *a, lf_circuit_region *r) {
    *r = (lf_circuit_region){.for_cpu = true};
    for (size_t i = 0; i < l->nodes; i++)
        LF_PUSH(a, &r->nodes, lf_find_node(copy, l->node[i]->name)->id);
    lf_circuit_region_ends(copy, a, r);
}

static bool add_source(lf_plan *p, lf_logic *l, const lf_tensor *x, lf_graph *copy) {
    lf_logic_source *s = &l->source[l->sources++];
    const lf_node *encoder = thermometer_before(p, l, x);
    *s = source_of(p, encoder ? encoder->in[0] : x->id, encoder ? LF_LOGIC_THERMOMETER : LF_LOGIC_CODES);
    if (encoder) {
        s->encoder = encoder;
        p->logic[encoder->id] = l; /* the step makes its bits */
        return true;
    }
    int F, W;
    if (lf_on_grid(x)) {
        s->port =
            s->port >= 0 && lf_logic_port(p, s) ? s->port : -1; /* else a step of its own makes codes of the rows */
        return true;
    }
    if (!grid_of_edges(p, l, x, &F, &W))
        return false;
    s->kind = LF_LOGIC_CAST;
    s->cast = (lf_tile_cast){.factor = (float)ldexp(1, F), .bits = W, .is_signed = true, .wraps = true};
    return put_on_grid(copy, x, F, W);
}

static bool add_result(lf_plan *p, lf_logic *l, const lf_tensor *y) {
    lf_logic_result *r = &l->result[l->results++];
    size_t count = (size_t)lf_shape_count(y->shape);
    *r = (lf_logic_result){.tensor = y,
                           .elements = count,
                           .element = LF_NEW_ARRAY(p->arena, lf_logic_element, count + 1),
                           .is_signed = LF_NEW_ARRAY(p->arena, bool, count + 1)};
    return true;
}

static lf_circuit *load_or_build(const lf_graph *copy, const lf_circuit_region *r) {
    const lf_node *only = r->nodes.count == 1 ? lf_node_at(copy, r->nodes.at[0]) : NULL;
    lf_circuit *c = NULL;
    lf_status status = lf_is_op(only, "circuit") ? lf_circuit_load(copy, only, &c) : lf_circuit_of_region(copy, r, &c);
    return status == LF_OK ? c : NULL;
}

/* Where the circuit cannot be, nobody hears of it: the plan does without. */
static bool build_circuit(lf_plan *p, lf_logic *l, lf_ctx *quiet) {
    lf_graph *copy = lf_graph_clone(p->graph);
    if (!copy)
        return false;
    copy->ctx = quiet;
    lf_circuit_region r;
    region_in(copy, l, p->building, &r);
    l->source = LF_NEW_ARRAY(p->arena, lf_logic_source, r.inputs.count + 1);
    l->result = LF_NEW_ARRAY(p->arena, lf_logic_result, r.outputs.count + 1);
    bool fine = true, reals = false;
    for (size_t i = 0; fine && i < r.inputs.count; i++) {
        fine = add_source(p, l, lf_find_tensor(p->graph, lf_tensor_at(copy, r.inputs.at[i])->name), copy);
        reals |= l->source[i].kind == LF_LOGIC_CAST;
    }
    for (size_t i = 0; fine && i < r.outputs.count; i++)
        fine = add_result(p, l, lf_find_tensor(p->graph, lf_tensor_at(copy, r.outputs.at[i])->name));
    if (fine && (!reals || lf_infer(copy) == LF_OK))
        l->circuit = load_or_build(copy, &r);
    lf_graph_free(copy);
    return l->circuit != NULL;
}

/* -- the netlist ------------------------------------------------------------------------------------------------------------------- */

typedef struct renaming {
    const lf_lutnet *from;
    lf_signal *to; /* by signal of `from`; 0: not read */
    bool *read;    /* by input of `from` */
} renaming;

static void find_reads(const lf_lutnet *n, bool *read) {
    for (size_t i = 0; i < n->luts.count; i++)
        for (int j = 0; j < n->luts.at[i].fan_in; j++)
            if (n->luts.at[i].in[j] >= 2 && n->luts.at[i].in[j] < 2 + n->inputs)
                read[n->luts.at[i].in[j] - 2] = true;
    for (size_t o = 0; o < n->outputs.count; o++)
        if (n->outputs.at[o] >= 2 && n->outputs.at[o] < 2 + n->inputs)
            read[n->outputs.at[o] - 2] = true;
}

/* Planes of the elements of a source: inputs first .. of the circuit, whose bits are inputs *bit .. of the netlist. */
static void name_codes(lf_logic *l, lf_logic_source *s, size_t first, renaming *names, uint32_t *bit) {
    for (size_t e = 0; e < s->elements; e++) {
        int bits = lf_word_bits(l->circuit, l->circuit->inputs.at[first + e]);
        bool any = false;
        for (int k = 0; k < bits; k++)
            any |= names->read[*bit + (uint32_t)k];
        if (any)
            s->element[e] = (lf_logic_element){l->in_planes, (uint32_t)bits};
        for (int k = 0; k < bits; k++, ++*bit)
            names->to[2 + *bit] = any ? lf_lutnet_input(l->in_planes++) : 0;
    }
}

/* The same for thresholds; vectors of the last axis have the same ones. */
static void name_thermometer(const lf_plan *p, lf_logic *l, lf_logic_source *s, renaming *names, uint32_t *bit,
                             double *threshold) {
    const lf_tensor *T = lf_in(p->graph, s->encoder, 1);
    size_t features = (size_t)T->shape.dim[0], levels = (size_t)T->shape.dim[1];
    for (size_t e = 0; e < s->elements; e++) {
        s->element[e].plane = l->in_planes;
        for (size_t k = 0; k < levels; k++, ++*bit) {
            bool read = names->read[*bit];
            names->to[2 + *bit] = read ? lf_lutnet_input(l->in_planes) : 0;
            if (read)
                threshold[l->in_planes++] = lf_tensor_real(T, e % features * levels + k);
        }
        s->element[e].count = l->in_planes - s->element[e].plane;
    }
}

static lf_lutnet *renamed(const lf_lutnet *n, renaming *names, uint32_t inputs) {
    lf_lutnet *out = lf_lutnet_new(n->ctx, inputs);
    if (!out)
        return NULL;
    names->to[1] = 1;
    for (size_t i = 0; i < n->luts.count; i++) {
        lf_signal in[LF_LUT_INPUTS];
        for (int j = 0; j < n->luts.at[i].fan_in; j++)
            in[j] = names->to[n->luts.at[i].in[j]];
        names->to[lf_lutnet_signal(n, i)] = lf_lutnet_lut(out, in, n->luts.at[i].fan_in, n->luts.at[i].truth);
    }
    for (size_t o = 0; o < n->outputs.count; o++)
        LF_PUSH(out->arena, &out->outputs, names->to[n->outputs.at[o]]);
    return out;
}

/* The largest float that is not above v: what a float is above exactly when it is above v. */
static float below(double v) {
    float f = v > FLT_MAX ? INFINITY : v < -FLT_MAX ? -INFINITY : (float)v;
    return (double)f > v ? nextafterf(f, -INFINITY) : f;
}

/* Names the inputs that are read; of them, the thresholds. */
static void name_inputs(lf_plan *p, lf_logic *l, renaming *names) {
    const lf_lutnet *n = names->from;
    double *threshold = LF_NEW_ARRAY(p->arena, double, n->inputs + 1);
    uint32_t bit = 0;
    size_t word = 0;
    for (size_t i = 0; i < l->sources; i++) {
        lf_logic_source *s = &l->source[i];
        if (s->encoder)
            name_thermometer(p, l, s, names, &bit, threshold);
        else
            name_codes(l, s, word, names, &bit);
        size_t count = s->encoder ? (size_t)lf_shape_count(lf_out(p->graph, s->encoder, 0)->shape) : s->elements;
        word += count;
    }
    l->threshold = threshold;
    l->single = LF_NEW_ARRAY(p->arena, float, l->in_planes + 1);
    for (uint32_t i = 0; i < l->in_planes; i++)
        l->single[i] = below(threshold[i]);
}

static void name_outputs(lf_logic *l) {
    size_t word = 0;
    for (size_t i = 0; i < l->results; i++)
        for (size_t e = 0; e < l->result[i].elements; e++, word++) {
            lf_word w = l->circuit->outputs.at[word];
            l->result[i].element[e] = (lf_logic_element){l->out_planes, (uint32_t)lf_word_bits(l->circuit, w)};
            l->result[i].is_signed[e] = lf_word_signed(l->circuit, w);
            l->out_planes += l->result[i].element[e].count;
        }
}

static bool compile(lf_plan *p, lf_logic *l) {
    lf_lutnet *all = lf_lutnet_of(l->circuit), *net = NULL;
    if (all && all->luts.count <= LUTS_MOST) {
        renaming names = {all, LF_NEW_ARRAY(p->building, lf_signal, 2 + all->inputs + all->luts.count),
                          LF_NEW_ARRAY(p->building, bool, all->inputs + 1)};
        find_reads(all, names.read);
        name_inputs(p, l, &names);
        name_outputs(l);
        net = renamed(all, &names, l->in_planes);
    }
    l->code = net ? lf_lut_code_make(net, p->isa) : NULL;
    l->luts = net ? net->luts.count : 0;
    lf_lutnet_free(all);
    lf_lutnet_free(net);
    if (l->code)
        LF_PUSH(p->arena, &p->codes, l->code);
    return l->code != NULL;
}

/* -- regions ------------------------------------------------------------------------------------------------------------------------ */

const lf_node *lf_logic_last(const lf_logic *l) {
    return l->node[l->nodes - 1];
}

static void forget(lf_plan *p, const lf_logic *l) {
    for (size_t i = 0; i <= p->graph->nodes.count; i++)
        if (p->logic[i] == l)
            p->logic[i] = NULL;
}

static void try_region(lf_plan *p, lf_logic *l) {
    lf_ctx *quiet = lf_ctx_new(1);
    bool fine = quiet && worth_it(p, l) && in_order(p, l) && build_circuit(p, l, quiet) && compile(p, l);
    lf_circuit_free(l->circuit);
    lf_ctx_free(quiet);
    l->circuit = NULL;
    for (size_t i = 0; fine && i < l->nodes; i++)
        p->logic[l->node[i]->id] = l;
    if (!fine)
        forget(p, l);
}

void lf_logic_find(lf_plan *p) {
    const lf_graph *g = p->graph;
    const int *level = levels_of(p);
    int last = 0;
    for (size_t i = 0; i <= g->nodes.count; i++)
        last = level[i] > last ? level[i] : last;
    for (int which = 1; which <= last; which += 2) {
        lf_logic *l = LF_NEW(p->arena, lf_logic);
        l->node = (const lf_node **)lf_alloc_array(p->arena, g->order.count + 1, sizeof *l->node);
        l->planes = lf_bit_planes_for(p->isa);
        l->tiles = lf_tiles_for(p->isa);
        for (size_t i = 0; i < g->order.count; i++) {
            const lf_node *n = lf_node_at(g, g->order.at[i]);
            if (n && level[n->id] == which)
                l->node[l->nodes++] = n;
        }
        if (l->nodes)
            try_region(p, l);
    }
}

void lf_logic_needs(lf_plan *p, const lf_logic *l, void (*want)(lf_plan *, lf_id, lf_form, size_t)) {
    for (size_t i = 0; i < l->sources; i++) {
        const lf_logic_source *s = &l->source[i];
        if (s->port < 0)
            want(p, s->tensor->id, lf_on_grid(s->tensor) ? LF_FORM_S32 : LF_FORM_VALUE, s->elements);
    }
}

void lf_logic_add(lf_plan *p, lf_logic *l) {
    for (size_t i = 0; i < l->sources; i++) {
        lf_logic_source *s = &l->source[i];
        if (s->port < 0)
            s->slot = lf_plan_slot(p, s->tensor->id, lf_on_grid(s->tensor) ? LF_FORM_S32 : LF_FORM_VALUE, s->elements);
        p->possible = p->possible && (s->port >= 0 || s->slot);
    }
    for (size_t i = 0; i < l->results; i++)
        l->result[i].slot =
            lf_plan_output(p, l->result[i].tensor->id, 1u << LF_FORM_S32, l->result[i].elements, LF_FORM_S32);
    p->lanes = LF_PLANE_ROWS;
    lf_plan_need_scratch(p, lf_logic_scratch(l));
    const char *how = lf_lut_code_bytes(l->code)
                          ? lf_format(p->arena, "%zu bytes of machine code", lf_lut_code_bytes(l->code))
                          : "interpreted";
    lf_plan_add(p, lf_step_logic, lf_logic_last(l), NULL, NULL, l,
                lf_format(p->arena, "%zu layers as logic of %zu operations, %s, %u bits to %u, bit_planes_%s", l->nodes,
                          lf_lut_code_operations(l->code), how, l->in_planes, l->out_planes, lf_isa_name(p->isa)));
}
