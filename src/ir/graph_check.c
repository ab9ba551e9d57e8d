/* What every graph must be, checked after every pass. Each check says which tensor or node, and the two things that
 * disagree. */
#include <inttypes.h>
#include <math.h>

#include "base/text.h"
#include "ir/names.h"
#include "ir/op.h"
#include "ir/graph_check.h"

/* Constants of more elements than this are sampled at that many places, evenly spread, unless all are wanted. */
enum { SAMPLES = 4096 };

typedef struct check {
    const lf_graph *g;
    lf_arena *scratch;
    lf_where where; /* of what is said about tensors and the graph */
    bool every_element;
} check;

/* -- messages ------------------------------------------------------------------------------------------------------ */

static lf_status bad_tensor(const check *c, const lf_tensor *t, const char *what) {
    return lf_fail(c->g->ctx, LF_BAD_INPUT, &c->where, "tensor \"%s\": %s", t->name, what);
}

static lf_status bad_node(const check *c, const lf_node *n, const char *what) {
    bool own_file = c->where.file == c->g->source;
    lf_where where = {c->where.file, n->name, own_file ? n->line : 0, 0};
    return lf_fail(c->g->ctx, LF_BAD_INPUT, &where, "%s: %s", n->op->name, what);
}

static lf_status bad_graph(const check *c, const char *what) {
    return lf_fail(c->g->ctx, LF_BAD_INPUT, &c->where, "the graph: %s", what);
}

static const char *range_text(const check *c, lf_range r) {
    return lf_format(c->scratch, "{%" PRId64 ",%" PRId64 ",%" PRId64 "}", r.lo, r.hi, r.step);
}

static const char *real_text(const check *c, double v) {
    lf_text t = {0};
    lf_text_double(&t, v);
    const char *copy = lf_strdup(c->scratch, t.at);
    lf_text_free(&t);
    return copy;
}

/* -- one tensor ---------------------------------------------------------------------------------------------------- */

static lf_status check_shape(const check *c, const lf_tensor *t) {
    lf_shape s = t->shape;
    if (s.rank < 0 || s.rank > LF_MAX_RANK)
        return bad_tensor(c, t, lf_format(c->scratch, "rank %d is outside 0 to %d", s.rank, LF_MAX_RANK));
    for (int i = 0; i < s.rank; i++)
        if (s.dim[i] < 1)
            return bad_tensor(
                c, t, lf_format(c->scratch, "dimension %d of %s is not positive", i, lf_shape_text(c->scratch, s)));
    if (lf_shape_count(s) > INT64_MAX / 16)
        return bad_tensor(c, t, lf_format(c->scratch, "shape %s is too large", lf_shape_text(c->scratch, s)));
    return LF_OK;
}

static lf_status check_scale(const check *c, const lf_tensor *t, double scale) {
    if (scale != 0 && isfinite(scale))
        return LF_OK;
    return bad_tensor(c, t, lf_format(c->scratch, "scale %s is not a finite number other than 0", real_text(c, scale)));
}

static lf_status check_divisor(const check *c, const lf_tensor *t) {
    double divisor = t->grid.divisor;
    if (divisor == 0)
        return LF_OK;
    if (t->grid.scale_count != 1 || t->grid.scale[0] != 1.0 / divisor)
        return bad_tensor(c, t,
                          lf_format(c->scratch, "divisor %s goes with the one scale 1/%s", real_text(c, divisor),
                                    real_text(c, divisor)));
    return LF_OK;
}

static lf_status check_grid(const check *c, const lf_tensor *t) {
    const lf_grid *grid = &t->grid;
    if (grid->scale_count < 0)
        return bad_tensor(c, t, "a negative number of scales");
    if (grid->scale_count > 1) {
        if (grid->axis < 0 || grid->axis >= t->shape.rank)
            return bad_tensor(c, t,
                              lf_format(c->scratch, "scales along axis %d of shape %s", grid->axis,
                                        lf_shape_text(c->scratch, t->shape)));
        if (grid->scale_count != t->shape.dim[grid->axis])
            return bad_tensor(c, t,
                              lf_format(c->scratch, "%" PRId64 " scales along axis %d of shape %s", grid->scale_count,
                                        grid->axis, lf_shape_text(c->scratch, t->shape)));
    }
    for (int64_t i = 0; i < grid->scale_count; i++)
        LF_TRY(check_scale(c, t, grid->scale[i]));
    return check_divisor(c, t);
}

static bool well_formed(lf_range r) {
    return r.lo <= r.hi && r.step >= 1 && lf_range_holds(r, r.hi);
}

static bool inside(lf_range r, lf_range outer) {
    return r.lo >= outer.lo && r.hi <= outer.hi;
}

static lf_status check_channel_ranges(const check *c, const lf_tensor *t) {
    if (!t->channel_range)
        return LF_OK;
    if (t->range_axis < 0 || t->range_axis >= t->shape.rank)
        return bad_tensor(c, t,
                          lf_format(c->scratch, "ranges along axis %d of shape %s", t->range_axis,
                                    lf_shape_text(c->scratch, t->shape)));
    for (int64_t i = 0; i < t->shape.dim[t->range_axis]; i++) {
        lf_range r = t->channel_range[i];
        if (!well_formed(r) || !inside(r, t->range))
            return bad_tensor(c, t,
                              lf_format(c->scratch, "range %s of channel %" PRId64 " is not inside %s",
                                        range_text(c, r), i, range_text(c, t->range)));
    }
    return LF_OK;
}

static lf_status check_codes(const check *c, const lf_tensor *t) {
    if (!well_formed(t->range))
        return bad_tensor(c, t, lf_format(c->scratch, "%s is not a range {lo,hi,step}", range_text(c, t->range)));
    if (!inside(t->range, lf_dtype_range(t->dtype)))
        return bad_tensor(c, t,
                          lf_format(c->scratch, "range %s does not fit %s", range_text(c, t->range),
                                    lf_dtype_name(c->scratch, t->dtype)));
    if (t->dtype.kind == LF_KIND_BIPOLAR && t->range.lo != t->range.hi && t->range.step != 2)
        return bad_tensor(c, t, lf_format(c->scratch, "range %s does not fit BIPOLAR", range_text(c, t->range)));
    return check_channel_ranges(c, t);
}

static lf_status check_type(const check *c, const lf_tensor *t) {
    if (lf_dtype_is_code(t->dtype) != lf_on_grid(t))
        return bad_tensor(c, t,
                          lf_format(c->scratch, "%s %s a scale", lf_dtype_name(c->scratch, t->dtype),
                                    lf_on_grid(t) ? "cannot have" : "needs"));
    if (lf_on_grid(t))
        return check_codes(c, t);
    return t->channel_range ? bad_tensor(c, t, "ranges of codes, but it is not on a grid") : LF_OK;
}

/* -- constants ------------------------------------------------------------------------------------------------------ */

static lf_status check_element(const check *c, const lf_tensor *t, size_t i) {
    int64_t code = 0;
    if (!lf_tensor_code_exact(t, i, &code))
        return bad_tensor(c, t,
                          lf_format(c->scratch, "element %zu, %s, is not on the grid of scale %s", i,
                                    real_text(c, lf_const_real(t->value, i)), real_text(c, lf_grid_scale(t, i))));
    lf_range r = t->range;
    if (t->channel_range)
        r = t->channel_range[lf_channel_of(t->shape, t->range_axis, i)];
    if (!lf_range_holds(t->range, code) || !lf_range_holds(r, code))
        return bad_tensor(
            c, t,
            lf_format(c->scratch, "code %" PRId64 " of element %zu is not in the range %s", code, i, range_text(c, r)));
    return LF_OK;
}

static lf_status check_constant(const check *c, const lf_tensor *t) {
    if (t->dtype.kind == LF_KIND_NONE)
        return bad_tensor(c, t, "a constant without a datatype");
    bool floats = t->value->elem == LF_ELEM_F32 || t->value->elem == LF_ELEM_F64;
    if (!floats && !lf_on_grid(t))
        return bad_tensor(c, t, lf_format(c->scratch, "integer elements for %s", lf_dtype_name(c->scratch, t->dtype)));
    int64_t count = lf_shape_count(t->shape);
    if ((uint64_t)count != t->value->count)
        return bad_tensor(
            c, t,
            lf_format(c->scratch, "%zu elements for shape %s", t->value->count, lf_shape_text(c->scratch, t->shape)));
    size_t samples = t->value->count < SAMPLES || c->every_element ? t->value->count : SAMPLES;
    size_t stride = samples ? t->value->count / samples : 1;
    for (size_t i = 0; lf_on_grid(t) && i < samples; i++)
        LF_TRY(check_element(c, t, i * stride));
    return LF_OK;
}

static lf_status check_producer(const check *c, const lf_tensor *t) {
    if (!t->producer)
        return LF_OK;
    if (t->value)
        return bad_tensor(c, t, "a constant that a node produces");
    const lf_node *n = t->producer <= c->g->nodes.count ? lf_node_at(c->g, t->producer) : NULL;
    for (int k = 0; n && k < n->out_count; k++)
        if (n->out[k] == t->id)
            return LF_OK;
    return bad_tensor(c, t, lf_format(c->scratch, "its producer, node %u, does not give it", t->producer));
}

static lf_status check_tensor(const check *c, const lf_tensor *t) {
    LF_TRY(check_shape(c, t));
    LF_TRY(check_grid(c, t));
    LF_TRY(check_type(c, t));
    LF_TRY(check_producer(c, t));
    return t->value ? check_constant(c, t) : LF_OK;
}

static lf_status check_tensors(const check *c) {
    lf_names names = {0};
    for (size_t i = 0; i < c->g->tensors.count; i++) {
        const lf_tensor *t = c->g->tensors.at[i];
        if (!t)
            continue;
        if (t->id != i + 1)
            return bad_tensor(c, t, lf_format(c->scratch, "has id %u at place %zu", t->id, i + 1));
        if (!*t->name || lf_names_find(&names, t->name))
            return bad_tensor(c, t, "its name is not unique");
        lf_names_set(&names, c->scratch, t->name, t->id);
        LF_TRY(check_tensor(c, t));
    }
    return LF_OK;
}

/* -- nodes ----------------------------------------------------------------------------------------------------------- */

static const lf_tensor *known_tensor(const check *c, lf_id id) {
    return id <= c->g->tensors.count ? lf_tensor_at(c->g, id) : NULL;
}

static lf_status check_count(const check *c, const lf_node *n, const char *what, int count, int min, int max) {
    if (count >= min && count <= max)
        return LF_OK;
    return bad_node(c, n, lf_format(c->scratch, "%d %s, but it takes %d to %d", count, what, min, max));
}

static lf_status check_operands(const check *c, const lf_node *n) {
    LF_TRY(check_count(c, n, "operands", n->in_count, n->op->in_min, n->op->in_max));
    for (int i = 0; i < n->in_count; i++) {
        if (!n->in[i] && i >= n->op->in_min)
            continue;
        if (!known_tensor(c, n->in[i]))
            return bad_node(c, n, lf_format(c->scratch, "operand %d, tensor %u, does not exist", i, n->in[i]));
    }
    return LF_OK;
}

static lf_status check_results(const check *c, const lf_node *n) {
    LF_TRY(check_count(c, n, "results", n->out_count, n->op->out_min, n->op->out_max));
    for (int i = 0; i < n->out_count; i++) {
        const lf_tensor *t = known_tensor(c, n->out[i]);
        if (!t)
            return bad_node(c, n, lf_format(c->scratch, "result %d, tensor %u, does not exist", i, n->out[i]));
        if (t->producer != n->id)
            return bad_node(
                c, n, lf_format(c->scratch, "result %d, \"%s\", has node %u as its producer", i, t->name, t->producer));
        for (int k = 0; k < i; k++)
            if (n->out[k] == t->id)
                return bad_node(c, n, lf_format(c->scratch, "gives \"%s\" twice", t->name));
    }
    return LF_OK;
}

static lf_status check_node(const check *c, const lf_node *n) {
    LF_TRY(check_operands(c, n));
    LF_TRY(check_results(c, n));
    if (n->op->attr_size && !n->attr)
        return bad_node(c, n, "has no attributes");
    return LF_OK;
}

static lf_status check_nodes(const check *c) {
    lf_names names = {0};
    for (size_t i = 0; i < c->g->nodes.count; i++) {
        const lf_node *n = c->g->nodes.at[i];
        if (!n)
            continue;
        if (n->id != i + 1)
            return bad_node(c, n, lf_format(c->scratch, "has id %u at place %zu", n->id, i + 1));
        if (!*n->name || lf_names_find(&names, n->name))
            return bad_node(c, n, lf_format(c->scratch, "the node name \"%s\" is not unique", n->name));
        lf_names_set(&names, c->scratch, n->name, n->id);
        LF_TRY(check_node(c, n));
    }
    return LF_OK;
}

/* -- ports and order -------------------------------------------------------------------------------------------------- */

static lf_status check_ports(const check *c, const lf_ports *ports, const char *what) {
    lf_names names = {0};
    for (size_t i = 0; i < ports->count; i++) {
        const lf_port *p = &ports->at[i];
        if (!known_tensor(c, p->tensor) || !p->tensor)
            return bad_graph(
                c, lf_format(c->scratch, "%s \"%s\" names tensor %u, which does not exist", what, p->name, p->tensor));
        if (lf_names_find(&names, p->name))
            return bad_graph(c, lf_format(c->scratch, "two %ss are called \"%s\"", what, p->name));
        lf_names_set(&names, c->scratch, p->name, p->tensor);
    }
    return LF_OK;
}

static bool good_input_grid(const lf_input_grid *grid) {
    if (!lf_dtype_is_code(grid->type) || grid->scale == 0 || !isfinite(grid->scale) || !isfinite(grid->offset))
        return false;
    return grid->divisor == 0 || grid->scale == 1.0 / grid->divisor;
}

static lf_status check_inputs(const check *c, bool *ready) {
    LF_TRY(check_ports(c, &c->g->inputs, "input"));
    for (size_t i = 0; i < c->g->inputs.count; i++) {
        const lf_port *p = &c->g->inputs.at[i];
        const lf_tensor *t = lf_tensor_at(c->g, p->tensor);
        if (t->producer || t->value)
            return bad_graph(
                c, lf_format(c->scratch, "input \"%s\" is %s", p->name, t->value ? "a constant" : "made by a node"));
        if (ready[t->id])
            return bad_graph(c, lf_format(c->scratch, "two inputs are the tensor \"%s\"", t->name));
        if (p->grid && !good_input_grid(p->grid))
            return bad_graph(c, lf_format(c->scratch, "the declared grid of input \"%s\" is none", p->name));
        ready[t->id] = true;
    }
    return LF_OK;
}

static lf_status check_turn(const check *c, const lf_node *n, bool *ready) {
    for (int k = 0; k < n->in_count; k++) {
        const lf_tensor *t = lf_tensor_at(c->g, n->in[k]);
        if (!t || t->value || ready[t->id])
            continue;
        if (t->producer)
            return bad_node(c, n,
                            lf_format(c->scratch, "stands before \"%s\", which gives its operand \"%s\"",
                                      lf_node_at(c->g, t->producer)->name, t->name));
        return bad_node(c, n, lf_format(c->scratch, "nothing gives its operand \"%s\"", t->name));
    }
    for (int k = 0; k < n->out_count; k++)
        ready[n->out[k]] = true;
    return LF_OK;
}

static lf_status check_order(const check *c, bool *ready) {
    bool *seen = LF_NEW_ARRAY(c->scratch, bool, c->g->nodes.count + 1);
    size_t alive = 0;
    for (size_t i = 0; i < c->g->order.count; i++) {
        lf_id id = c->g->order.at[i];
        const lf_node *n = id <= c->g->nodes.count ? lf_node_at(c->g, id) : NULL;
        if (!n)
            return bad_graph(
                c, lf_format(c->scratch, "the order holds node %u, which was removed; the graph was not sorted", id));
        if (seen[id])
            return bad_node(c, n, "stands twice in the order");
        seen[id] = true;
        LF_TRY(check_turn(c, n, ready));
    }
    for (size_t i = 0; i < c->g->nodes.count; i++)
        alive += c->g->nodes.at[i] != NULL;
    if (alive != c->g->order.count)
        return bad_graph(c, lf_format(c->scratch, "%zu nodes, but %zu in the order", alive, c->g->order.count));
    return LF_OK;
}

static lf_status check_outputs(const check *c, const bool *ready) {
    LF_TRY(check_ports(c, &c->g->outputs, "output"));
    for (size_t i = 0; i < c->g->outputs.count; i++) {
        const lf_port *p = &c->g->outputs.at[i];
        const lf_tensor *t = lf_tensor_at(c->g, p->tensor);
        if (!t->value && !ready[t->id])
            return bad_graph(c, lf_format(c->scratch, "nothing gives \"%s\", the output \"%s\"", t->name, p->name));
    }
    return LF_OK;
}

static lf_status check_all(const check *c) {
    bool *ready = LF_NEW_ARRAY(c->scratch, bool, c->g->tensors.count + 1);
    LF_TRY(check_tensors(c));
    LF_TRY(check_nodes(c));
    LF_TRY(check_inputs(c, ready));
    LF_TRY(check_order(c, ready));
    return check_outputs(c, ready);
}

lf_status lf_verify_read_graph(const lf_graph *g, const char *file) {
    check c = {g, lf_arena_new(), {file, NULL, 0, 0}, false};
    lf_status status = check_all(&c);
    lf_arena_free(c.scratch);
    return status;
}

lf_status lf_verify_graph(const lf_graph *g) {
    return lf_verify_read_graph(g, g->source);
}

lf_status lf_verify_tensor(const lf_graph *g, const lf_tensor *t, lf_where where) {
    check c = {g, lf_arena_new(), where, true};
    lf_status status = check_tensor(&c, t);
    lf_arena_free(c.scratch);
    return status;
}
