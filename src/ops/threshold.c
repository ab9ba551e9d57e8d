/* Multi-threshold activation: y[.., c] = out_base + out_step * #{ t : sign[c] * x[.., c] >= T[c][t] }.
 *   in 0   x     [..., C]           codes
 *   in 1   T     [C, L] or [1, L]   constant codes, ascending in L (ties allowed)
 *   in 2   sign  [C] or [1]         optional constant, +1 or -1
 *   out 0  y     [..., C]           codes
 *   II = elements / PE cycles per frame.      Source: QONNX MultiThreshold; Umuroglu et al., FINN, 2017, section 4.2. */
#include <inttypes.h>

#include "ops/branch.h"
#include "ops/circuit_face.h"
#include "ops/threshold_hw.h"
#include "ops/run_node.h"

static const char *const structure_names[] = {"auto", "parallel", "binary_search", "uniform", NULL};

static const lf_attr_desc attrs[] = {
    {"out_base", LF_ATTR_INT, offsetof(lf_threshold_attr, out_base), "0", NULL, 0, 0,
     "output below the first threshold"},
    {"out_step", LF_ATTR_INT, offsetof(lf_threshold_attr, out_step), "1", NULL, 0, 0,
     "added for every threshold that is reached"},
    {"PE", LF_ATTR_INT, offsetof(lf_threshold_attr, PE), "1", NULL, 1, 1 << 20,
     "channels per clock; divides the channels"},
    {"structure", LF_ATTR_ENUM, offsetof(lf_threshold_attr, structure), "auto", structure_names, 0, 0,
     "compare all levels at once, search one level per stage, or subtract and shift (levels in equal power-of-two "
     "steps)"},
    {"ram_style", LF_ATTR_ENUM, offsetof(lf_threshold_attr, ram_style), "auto", lf_rom_ram_names, 0, 0,
     "tables deeper than 64 words; auto: block RAM above 2048 bits"},
    {0},
};

/* -- infer ------------------------------------------------------------------------------------------------------------ */

enum { LEVELS_MAX = 65535 };

static int64_t channels_of(const lf_graph *g, const lf_node *n) {
    lf_shape s = lf_in(g, n, 0)->shape;
    return s.rank ? s.dim[s.rank - 1] : 1;
}

static lf_status check_levels(const lf_graph *g, const lf_node *n) {
    const lf_tensor *T = lf_in(g, n, 1);
    lf_where where = lf_where_node(g, n);
    int64_t C = channels_of(g, n);
    if (!T || !T->value || !lf_is_codes(T) || T->shape.rank != 2 || (T->shape.dim[0] != 1 && T->shape.dim[0] != C))
        return lf_fail(g->ctx, LF_BAD_INPUT, &where,
                       "thresholds must be constant integers of shape [1, L] or [%" PRId64 ", L], not %s", C,
                       T ? lf_shape_text(g->arena, T->shape) : "absent");
    int64_t L = T->shape.dim[1];
    if (L > LEVELS_MAX)
        return lf_fail(g->ctx, LF_BAD_INPUT, &where, "%" PRId64 " thresholds per channel; at most %d", L, LEVELS_MAX);
    for (int64_t i = 0; i < T->shape.dim[0] * L; i++)
        if (i % L && lf_tensor_code(T, (size_t)i) < lf_tensor_code(T, (size_t)i - 1))
            return lf_fail(g->ctx, LF_BAD_INPUT, &where,
                           "thresholds of channel %" PRId64 " are not ascending: %" PRId64 " stands before %" PRId64,
                           i / L, lf_tensor_code(T, (size_t)i - 1), lf_tensor_code(T, (size_t)i));
    return LF_OK;
}

static lf_status check_signs(const lf_graph *g, const lf_node *n) {
    const lf_tensor *s = lf_in(g, n, 2);
    if (!s)
        return LF_OK;
    lf_where where = lf_where_node(g, n);
    int64_t C = channels_of(g, n), count = lf_shape_count(s->shape);
    if (!s->value || !lf_is_codes(s) || (count != 1 && count != C))
        return lf_fail(g->ctx, LF_BAD_INPUT, &where, "signs must be 1 or %" PRId64 " constant integers", C);
    for (int64_t i = 0; i < count; i++)
        if (lf_tensor_code(s, (size_t)i) != 1 && lf_tensor_code(s, (size_t)i) != -1)
            return lf_fail(g->ctx, LF_BAD_INPUT, &where, "sign %" PRId64 " of channel %" PRId64 " is neither 1 nor -1",
                           lf_tensor_code(s, (size_t)i), i);
    return LF_OK;
}

static int64_t sign_of(const lf_tensor *s, int64_t c) {
    return s ? lf_tensor_code(s, (size_t)(lf_shape_count(s->shape) == 1 ? 0 : c)) : 1;
}

static int64_t count_reached(const int64_t *T, int64_t levels, int64_t x) {
    int64_t count = 0;
    for (int64_t t = 0; t < levels; t++)
        count += x >= T[t];
    return count;
}

static lf_range output_range(const lf_threshold_attr *a, int64_t few, int64_t many) {
    int64_t p = a->out_base + a->out_step * few, q = a->out_base + a->out_step * many;
    int64_t step = a->out_step < 0 ? -a->out_step : a->out_step;
    return p == q ? (lf_range){p, p, 1} : (lf_range){p < q ? p : q, p < q ? q : p, step};
}

/* How few and how many levels inputs of range `in` reach. */
static void counts_at(const int64_t *row, int64_t levels, int64_t sign, lf_range in, int64_t *few, int64_t *many) {
    int64_t at_lo = count_reached(row, levels, sign * in.lo), at_hi = count_reached(row, levels, sign * in.hi);
    *few = at_lo < at_hi ? at_lo : at_hi;
    *many = at_lo < at_hi ? at_hi : at_lo;
}

/* Channel by channel: the counts at both ends of the input's range. One channel stands for all when nothing tells them apart, so
 * that memory is only taken for channels that the file has data for. */
static void set_ranges(lf_graph *g, const lf_node *n) {
    const lf_threshold_attr *a = n->attr;
    const lf_tensor *x = lf_in(g, n, 0), *T = lf_in(g, n, 1), *s = lf_in(g, n, 2);
    lf_tensor *y = lf_out(g, n, 0);
    int64_t L = T->shape.dim[1], least = INT64_MAX, most = 0;
    bool per_channel = lf_has_last_axis_ranges(x);
    bool alike = !per_channel && T->shape.dim[0] == 1 && (!s || lf_shape_count(s->shape) == 1);
    int64_t C = alike ? 1 : channels_of(g, n);
    int64_t *row = LF_NEW_ARRAY(g->arena, int64_t, L ? L : 1);
    lf_range *r = LF_NEW_ARRAY(g->arena, lf_range, C);
    for (int64_t c = 0; c < C; c++) {
        for (int64_t t = 0; t < L && (c == 0 || T->shape.dim[0] > 1); t++)
            row[t] = lf_tensor_code(T, (size_t)(c * L + t));
        int64_t few, many;
        counts_at(row, L, sign_of(s, c), per_channel ? x->channel_range[c] : x->range, &few, &many);
        r[c] = output_range(a, few, many);
        least = few < least ? few : least;
        most = many > most ? many : most;
    }
    lf_set_codes(g, y, output_range(a, least, most));
    y->channel_range = alike ? NULL : r;
    y->range_axis = y->shape.rank - 1;
}

static lf_status check_attrs(const lf_graph *g, const lf_node *n) {
    const lf_threshold_attr *a = n->attr;
    lf_where where = lf_where_node(g, n);
    lf_range x = lf_in(g, n, 0)->range;
    int64_t limit = (int64_t)1 << 40, widest = (int64_t)1 << 62;
    if (x.lo < -widest || x.hi > widest)
        return lf_fail(g->ctx, LF_BAD_INPUT, &where, "input codes from %" PRId64 " to %" PRId64 " leave +-2^62", x.lo,
                       x.hi);
    if (a->out_step == 0 || a->out_step > limit || a->out_step < -limit || a->out_base > limit || a->out_base < -limit)
        return lf_fail(g->ctx, LF_BAD_INPUT, &where,
                       "out_base=%" PRId64 " and out_step=%" PRId64 ": the step must not be 0, both stay within 2^40",
                       a->out_base, a->out_step);
    return lf_need_divisor(g, n, "PE", a->PE, channels_of(g, n), "channels");
}

static lf_status infer(lf_graph *g, lf_node *n) {
    LF_TRY(lf_need_codes(g, n, 0));
    LF_TRY(check_levels(g, n));
    LF_TRY(check_signs(g, n));
    LF_TRY(check_attrs(g, n));
    lf_out(g, n, 0)->shape = lf_in(g, n, 0)->shape;
    set_ranges(g, n);
    if (lf_out(g, n, 0)->shape.rank == 0)
        lf_out(g, n, 0)->channel_range = NULL;
    return LF_OK;
}

/* -- exec -------------------------------------------------------------------------------------------------------------- */

static void *expand(lf_arena *a, const lf_tensor *T) {
    size_t count = (size_t)lf_shape_count(T->shape);
    int64_t *code = LF_NEW_ARRAY(a, int64_t, count ? count : 1);
    for (size_t i = 0; i < count; i++)
        code[i] = lf_tensor_code(T, i);
    return code;
}

static lf_status exec(lf_run *run, const lf_node *n, const lf_value *in, lf_value *out) {
    const lf_threshold_attr *a = n->attr;
    const lf_tensor *T = lf_in(run->graph, n, 1), *s = lf_in(run->graph, n, 2);
    int64_t C = channels_of(run->graph, n), L = T->shape.dim[1];
    const int64_t *level = lf_memo_get(run, expand, T);
    for (size_t i = 0; i < out[0].count; i++) {
        int64_t c = (int64_t)(i % (size_t)C);
        const int64_t *row = T->shape.dim[0] > 1 ? level + c * L : level;
        out[0].code[i] = a->out_base + a->out_step * count_reached(row, L, sign_of(s, c) * in[0].code[i]);
    }
    return LF_OK;
}

/* -- hardware ------------------------------------------------------------------------------------------------------------ */

static void lanes(const lf_graph *g, const lf_node *n, int64_t *in, int64_t *out) {
    (void)g;
    in[0] = out[0] = ((const lf_threshold_attr *)n->attr)->PE;
}

static lf_status rtl(const lf_graph *g, const lf_node *n, lf_vlog *v) {
    lf_threshold_plan p;
    LF_TRY(lf_threshold_plan_make(g, n, g->arena, &p));
    const char *module = lf_format(g->arena, "%s_threshold", lf_vlog_name(g->arena, n->name));
    LF_TRY(lf_threshold_print(&p, v, g->arena, module, (lf_rom_ram)((const lf_threshold_attr *)n->attr)->ram_style));
    lf_stream_instance(g, n, v, module);
    return LF_OK;
}

static lf_status unit(const lf_graph *g, const lf_node *n, lf_arena *a, lf_unit *out) {
    lf_threshold_plan p;
    LF_TRY(lf_threshold_plan_make(g, n, a, &p));
    *out = lf_twin_pipe(a, n->name, lf_stream_beats(g, n->in[0]), p.stages);
    return LF_OK;
}

/* -- cost, fitted to yosys counts (xc7) ---------------------------------------------------------------------------------- */

static void cost_parallel(const lf_threshold_plan *p, lf_rom_ram ram, lf_cost *c) {
    int64_t compare = p->constant ? (p->in_bits + 3) / 4 : (p->compare_bits + 1) / 2 + 1;
    c->lut += (double)(p->pe * (p->levels * compare + p->out_bits));
    c->ff += (double)(p->pe * (p->out_bits + (p->constant ? 0 : p->in_bits)));
    if (!p->constant)
        lf_rom_cost(c, p->beats, p->pe * (p->levels * p->compare_bits + p->any_sign), ram);
}

static void cost_search(const lf_threshold_plan *p, lf_rom_ram ram, lf_cost *c) {
    int64_t rows = p->constant ? 1 : p->beats, steps = p->count_bits;
    int64_t compare = p->constant ? p->compare_bits / 2 + 1 : p->compare_bits;
    c->lut += (double)(p->pe * steps * compare);
    c->ff += (double)(p->pe * (steps * p->in_bits + steps * (steps - 1) / 2 + p->out_bits));
    for (int64_t k = 0; k < steps; k++)
        for (int64_t lane = 0; lane < (k ? p->pe : 1); lane++)
            lf_rom_cost(c, rows << k, (k ? 1 : p->pe) * p->compare_bits, ram);
    if (!p->constant)
        c->ff += (double)((steps - 1) * lf_bits_unsigned((uint64_t)(p->beats - 1)));
}

static void cost_uniform(const lf_threshold_plan *p, lf_rom_ram ram, lf_cost *c) {
    double subtract = p->difference_bits * (p->constant ? 0.3 : 0.8), clip = (p->difference_bits - p->shift) / 3.0;
    c->lut += (double)p->pe * (subtract + clip + (p->half_even ? p->shift / 5.0 + 1 : 0));
    c->ff += (double)(p->pe * (p->difference_bits + p->out_bits + (p->constant ? 0 : p->in_bits)));
    if (!p->constant)
        lf_rom_cost(c, p->beats, p->pe * (p->difference_bits - p->shift / 2 + p->any_sign), ram);
}

static lf_status cost(const lf_graph *g, const lf_node *n, lf_cost *out) {
    lf_threshold_plan p;
    LF_TRY(lf_threshold_plan_make(g, n, g->arena, &p));
    lf_rom_ram ram = (lf_rom_ram)((const lf_threshold_attr *)n->attr)->ram_style;
    *out = (lf_cost){.lut = 2, .ff = p.stages, .ii_cycles = lf_shape_count(lf_in(g, n, 0)->shape) / p.pe};
    if (p.beats > 1 && !p.constant) {
        out->lut += lf_bits_unsigned((uint64_t)p.beats);
        out->ff += lf_bits_unsigned((uint64_t)(p.beats - 1));
    }
    if (p.structure == THRESHOLD_PARALLEL)
        cost_parallel(&p, ram, out);
    else if (p.structure == THRESHOLD_SEARCH)
        cost_search(&p, ram, out);
    else
        cost_uniform(&p, ram, out);
    out->weight_bits = p.rows * (p.structure == THRESHOLD_UNIFORM ? p.difference_bits : p.levels * p.compare_bits);
    return LF_OK;
}

/* -- circuit ----------------------------------------------------------------------------------------------------------- */

/* sign * x >= T. */
static lf_word reached(lf_circuit *c, lf_word x, int64_t T, int64_t sign) {
    int64_t limit = (int64_t)1 << 59; /* beyond it every word of a circuit lies on one side */
    T = T > limit ? limit : T < -limit ? -limit : T;
    return sign > 0 ? lf_circuit_less(c, lf_circuit_const(c, T - 1), x)
                    : lf_circuit_less(c, x, lf_circuit_const(c, 1 - T));
}

enum { TABLE_BITS = 8, COMPARED_LEVELS = 3 };

/* One element: its thresholds, and room for either way. */
typedef struct element {
    const int64_t *level;
    int64_t levels, sign;
    lf_word *bits;
} element;

static lf_word count_by_comparing(lf_circuit *c, lf_word x, const element *e) {
    for (int64_t t = 0; t < e->levels; t++)
        e->bits[t] = reached(c, x, e->level[t], e->sign);
    return lf_face_rank(c, e->bits, (size_t)e->levels);
}

/* Many levels of a narrow word: a function of its few bits. */
static lf_word count_by_table(lf_circuit *c, lf_word x, const element *e) {
    lf_range r = lf_word_range(c, x);
    int bits = lf_word_bits(c, x);
    int64_t values[1 << TABLE_BITS] = {0}, mask = ((int64_t)1 << bits) - 1;
    uint8_t care[(1 << TABLE_BITS) / 8] = {0};
    for (int64_t v = r.lo; v <= r.hi; v += r.step) {
        int64_t i = v & mask;
        values[i] = count_reached(e->level, e->levels, e->sign * v);
        care[i / 8] = (uint8_t)(care[i / 8] | 1u << (i % 8));
    }
    return lf_circuit_table(c, lf_circuit_wrap(c, x, bits, false), values, (size_t)mask + 1, care);
}

static lf_status circuit(const lf_graph *g, const lf_node *n, lf_circuit *c, const lf_word *const *in, lf_word **out) {
    const lf_threshold_attr *a = n->attr;
    const lf_tensor *T = lf_in(g, n, 1), *s = lf_in(g, n, 2);
    size_t C = (size_t)channels_of(g, n), L = (size_t)T->shape.dim[1];
    size_t count = (size_t)lf_shape_count(lf_in(g, n, 0)->shape);
    lf_arena *arena = lf_arena_new();
    if (!arena)
        return lf_fail(g->ctx, LF_BAD_INPUT, NULL, "%s: no memory", n->name);
    const int64_t *level = expand(arena, T);
    element e = {.levels = (int64_t)L, .bits = LF_NEW_ARRAY(arena, lf_word, L + 1)};
    for (size_t i = 0; i < count; i++) {
        lf_word x = in[0][i];
        bool table = L > COMPARED_LEVELS && lf_word_bits(c, x) <= TABLE_BITS;
        e.level = T->shape.dim[0] > 1 ? level + i % C * L : level;
        e.sign = sign_of(s, (int64_t)(i % C));
        lf_word reach = table ? count_by_table(c, x, &e) : count_by_comparing(c, x, &e);
        out[0][i] = lf_face_plus(c, lf_face_times(c, reach, a->out_step), a->out_base);
    }
    lf_arena_free(arena);
    return LF_OK;
}

const lf_op lf_op_threshold = {
    .name = "threshold",
    .help = "counts the thresholds that the input reaches",
    .level = LF_HW,
    .in_min = 2,
    .in_max = 3,
    .out_min = 1,
    .out_max = 1,
    .attr_size = sizeof(lf_threshold_attr),
    .attrs = attrs,
    .infer = infer,
    .exec = exec,
    .circuit = circuit,
    .lanes = lanes,
    .cost = cost,
    .rtl = rtl,
    .unit = unit,
};
