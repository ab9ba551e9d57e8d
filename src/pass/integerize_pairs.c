/* integerize, sums of two grids without a common one (contracts.md 1): every pair of codes is tried, and the narrowest whole factors are
 * taken with which every quantizer behind the sum gives the same integer on every pair. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "ir/attr_access.h"
#include "ir/is_op.h"
#include "ops/ops.h"
#include "pass/composed.h"
#include "pass/integerize_inside.h"
#include "pass/one_pixel.h"
#include "pass/quantizers.h"
#include "pass/thresholds.h"

enum { MOST_PAIRS = 1 << 20, MOST_FACTOR = 1 << 12 };

typedef struct pair {
    double value;
    int64_t a, b;
} pair;

/* A quantizer behind the sum: for every channel and level, how many pairs (in ascending order of value) give less. */
typedef struct reader {
    lf_node *quantizer;
    lf_ids nodes; /* from behind the sum, the quantizer last */
    int64_t channels, levels, base, step;
    int64_t *below; /* [channel][level]; counted from the other end where the channel falls */
    int8_t *sign;
} reader;

typedef struct joint {
    lf_integers *s;
    const lf_node *sum;
    const lf_tensor *a, *b;
    bool minus;
    pair *pairs;
    int64_t count;
    LF_VEC(reader) readers;
    int64_t *rising, *falling; /* work: running extremes of the codes of the sum */
} joint;

static lf_status refuse(const joint *j, const char *who, const char *what) {
    lf_where where = lf_where_node(j->s->g, j->sum);
    lf_text scales = {0};
    lf_text_double(&scales, j->a->grid.scale[0]);
    lf_text_add(&scales, " and ");
    lf_text_double(&scales, j->b->grid.scale[0]);
    lf_status status =
        lf_fail(j->s->g->ctx, LF_BAD_INPUT, &where,
                "its operands have the scales %s, which have no common grid, and %s%s", scales.at, who, what);
    lf_hint(j->s->g->ctx, "give both operands one scale, or scales whose ratio is a power of two");
    lf_text_free(&scales);
    return status;
}

/* -- the pairs ------------------------------------------------------------------------------------------------------------------ */

static int by_value(const void *p, const void *q) {
    double a = ((const pair *)p)->value, b = ((const pair *)q)->value;
    return a < b ? -1 : a > b;
}

static lf_status list_pairs(joint *j) {
    lf_range a = j->a->range, b = j->b->range;
    uint64_t rows = lf_range_count(a), columns = lf_range_count(b);
    if (rows * columns > MOST_PAIRS || rows > MOST_PAIRS || columns > MOST_PAIRS)
        return refuse(j, "", "more than 1,048,576 pairs of codes");
    j->pairs = LF_NEW_ARRAY(j->s->arena, pair, rows * columns);
    for (int64_t x = a.lo; x <= a.hi; x += a.step)
        for (int64_t y = b.lo; y <= b.hi; y += b.step) {
            double u = lf_grid_value(j->a, 0, x), v = lf_grid_value(j->b, 0, y);
            j->pairs[j->count++] = (pair){j->minus ? u - v : u + v, x, y};
        }
    qsort(j->pairs, (size_t)j->count, sizeof *j->pairs, by_value);
    return LF_OK;
}

/* -- who reads the sum ------------------------------------------------------------------------------------------------------------ */

static lf_status add_readers(joint *j, lf_id tensor, const lf_ids *before) {
    lf_graph *g = j->s->g;
    for (size_t i = 0; i < g->outputs.count; i++)
        if (g->outputs.at[i].tensor == tensor)
            return refuse(j, "", "their sum is an output of the model");
    for (size_t i = 0; i < g->order.count; i++) {
        lf_node *n = lf_node_at(g, g->order.at[i]);
        bool reads = false;
        for (int k = 0; n && k < n->in_count; k++)
            reads = reads || n->in[k] == tensor;
        if (!reads)
            continue;
        if (!lf_is_elementwise(g, n) || !n->op->monotone)
            return refuse(j, n->name, " reads their sum without a quantizer before it");
        lf_ids nodes = {0};
        for (size_t k = 0; k < before->count; k++)
            LF_PUSH(j->s->arena, &nodes, before->at[k]);
        LF_PUSH(j->s->arena, &nodes, n->id);
        if (lf_is_quantizer(n) && lf_on_grid(lf_out(g, n, 0)))
            LF_PUSH(j->s->arena, &j->readers, ((reader){.quantizer = n, .nodes = nodes}));
        else
            LF_TRY(add_readers(j, n->out[0], &nodes));
    }
    return LF_OK;
}

/* -- where they change -------------------------------------------------------------------------------------------------------------- */

static lf_status result_at(joint *j, lf_composed *c, int64_t index, int64_t *out, int64_t channels) {
    lf_value v;
    (void)j;
    LF_TRY(lf_composed_eval_real(c, j->pairs[index].value, &v));
    memcpy(out, v.code, (size_t)channels * sizeof *out);
    return LF_OK;
}

/* The least index from which on the channel's result (times its sign) is at least `target`. */
static lf_status bisect(joint *j, lf_composed *c, const reader *r, int64_t target, int64_t *least, int64_t *most,
                        int64_t *work) {
    for (int64_t e = 0; e < r->channels; e++)
        most[e] = j->count;
    for (int64_t e = 0; e < r->channels; e++)
        while (least[e] < most[e]) {
            int64_t middle = least[e] + (most[e] - least[e]) / 2;
            int64_t at = r->sign[e] < 0 ? j->count - 1 - middle : middle;
            LF_TRY(result_at(j, c, at, work, r->channels));
            for (int64_t f = e; f < r->channels;
                 f++) { /* what is known of one point serves all channels that look there */
                int64_t mine = r->sign[f] < 0 ? j->count - 1 - at : at;
                if (mine < least[f] || mine >= most[f])
                    continue;
                if (work[f] >= target)
                    most[f] = mine;
                else
                    least[f] = mine + 1;
            }
        }
    return LF_OK;
}

static lf_status find_changes(joint *j, lf_composed *c, reader *r) {
    lf_arena *a = j->s->arena;
    int64_t *lo = LF_NEW_ARRAY(a, int64_t, r->channels), *hi = LF_NEW_ARRAY(a, int64_t, r->channels);
    int64_t *least = LF_NEW_ARRAY(a, int64_t, r->channels), *most = LF_NEW_ARRAY(a, int64_t, r->channels),
            *work = LF_NEW_ARRAY(a, int64_t, r->channels);
    LF_TRY(result_at(j, c, 0, lo, r->channels));
    LF_TRY(result_at(j, c, j->count - 1, hi, r->channels));
    int64_t first = INT64_MAX, last = INT64_MIN;
    for (int64_t e = 0; e < r->channels; e++) {
        r->sign[e] = hi[e] < lo[e] ? -1 : 1;
        int64_t low = hi[e] < lo[e] ? hi[e] : lo[e], high = hi[e] < lo[e] ? lo[e] : hi[e];
        first = low < first ? low : first;
        last = high > last ? high : last;
    }
    r->step = lf_out(j->s->g, r->quantizer, 0)->range.step;
    r->base = first;
    r->levels = (last - first) / r->step;
    r->levels += r->levels == 0;
    if (r->levels > LF_MAX_LEVELS)
        return refuse(j, r->quantizer->name, " has more levels than thresholds go up to");
    r->below = LF_NEW_ARRAY(a, int64_t, r->channels * r->levels);
    for (int64_t l = 0; l < r->levels; l++) {
        LF_TRY(bisect(j, c, r, first + (l + 1) * r->step, least, most, work));
        for (int64_t e = 0; e < r->channels; e++)
            r->below[e * r->levels + l] = least[e];
    }
    return LF_OK;
}

static lf_status examine(joint *j, reader *r) {
    lf_integers *s = j->s;
    const lf_tensor *y = lf_out(s->g, j->sum, 0);
    lf_one_pixel pixel = {.graph = NULL};
    bool small = lf_one_pixel_make(s->g, s->arena, y, y, &r->nodes, &pixel);
    lf_composed c = small ? lf_composed_make(pixel.graph, s->arena, pixel.base, pixel.nodes)
                          : lf_composed_make(s->g, s->arena, y, r->nodes);
    r->channels = lf_shape_count(c.base->shape);
    r->sign = LF_NEW_ARRAY(s->arena, int8_t, r->channels);
    lf_status status = lf_composed_monotone(&c)
                           ? find_changes(j, &c, r)
                           : refuse(j, r->quantizer->name, " does not rise or fall with it throughout");
    lf_composed_free(&c);
    lf_graph_free(pixel.graph);
    return status;
}

/* -- factors ---------------------------------------------------------------------------------------------------------------------- */

static int64_t code_of(const pair *p, int64_t fa, int64_t fb) {
    return fa * p->a + fb * p->b;
}

/* Largest code of the pairs before i, smallest of those from i on. */
static void extremes(joint *j, int64_t fa, int64_t fb) {
    j->rising[0] = INT64_MIN;
    j->falling[j->count] = INT64_MAX;
    for (int64_t i = 0; i < j->count; i++) {
        int64_t w = code_of(&j->pairs[i], fa, fb);
        j->rising[i + 1] = w > j->rising[i] ? w : j->rising[i];
    }
    for (int64_t i = j->count; i-- > 0;) {
        int64_t w = code_of(&j->pairs[i], fa, fb);
        j->falling[i] = w < j->falling[i + 1] ? w : j->falling[i + 1];
    }
}

/* The first pair, in ascending order of value, of those that count as reached (a rising channel) or as not reached (a falling one). */
static int64_t boundary(const joint *j, const reader *r, int64_t e, int64_t l) {
    int64_t below = r->below[e * r->levels + l];
    return r->sign[e] < 0 ? j->count - below : below;
}

static bool separates(const joint *j) {
    for (size_t k = 0; k < j->readers.count; k++) {
        const reader *r = &j->readers.at[k];
        for (int64_t e = 0; e < r->channels; e++)
            for (int64_t l = 0; l < r->levels; l++) {
                int64_t i = boundary(j, r, e, l);
                if (j->rising[i] >= j->falling[i])
                    return false;
            }
    }
    return true;
}

static bool find_factors(joint *j, int64_t *fa, int64_t *fb) {
    double a = j->a->grid.scale[0], b = (j->minus ? -1 : 1) * j->b->grid.scale[0];
    bool first = fabs(a) >= fabs(b);
    double ratio = first ? a / b : b / a;
    for (int64_t small = 1; small <= MOST_FACTOR; small++)
        for (int side = 0; side < 2; side++) {
            int64_t sign = (first ? b : a) < 0 ? -1 : 1,
                    large = (int64_t)(side ? ceil(ratio * (double)small) : floor(ratio * (double)small));
            *fa = sign * (first ? large : small);
            *fb = sign * (first ? small : large);
            if (llabs(large) > MOST_FACTOR || (side && large == (int64_t)floor(ratio * (double)small)))
                continue;
            extremes(j, *fa, *fb);
            if (separates(j))
                return true;
        }
    return false;
}

/* -- the circuit -------------------------------------------------------------------------------------------------------------------- */

static lf_status emit_reader(joint *j, const reader *r, const lf_tensor *x) {
    lf_thresholds t = {
        .elements = r->channels, .levels = r->levels, .sign = r->sign, .out_base = r->base, .out_step = r->step};
    t.at = LF_NEW_ARRAY(j->s->arena, int64_t, r->channels * r->levels);
    for (int64_t e = 0; e < r->channels; e++) {
        t.any_down = t.any_down || r->sign[e] < 0;
        for (int64_t l = 0; l < r->levels; l++) {
            int64_t i = boundary(j, r, e, l), *at = &t.at[e * r->levels + l];
            if (r->sign[e] > 0)
                *at = i < j->count ? j->falling[i] : j->rising[i] + 1;
            else /* reached by the pairs before i */
                *at = i > 0 ? -j->rising[i] : -j->falling[0] + 1;
        }
    }
    return lf_integers_activate(j->s, r->quantizer, x, &t);
}

static lf_status emit(joint *j, const lf_id *codes, int64_t fa, int64_t fb) {
    lf_node *made;
    lf_id x =
        lf_integers_node(j->s, lf_format(j->s->g->arena, "%s_join", j->sum->name), "sum_join", codes, 2, NULL, &made);
    lf_attr_set_int(made, "a_factor", fa);
    lf_attr_set_int(made, "b_factor", fb);
    made->line = j->sum->line;
    LF_TRY(lf_infer_node(j->s->g, made));
    for (size_t k = 0; k < j->readers.count; k++)
        LF_TRY(emit_reader(j, &j->readers.at[k], lf_tensor_at(j->s->g, x)));
    return LF_OK;
}

lf_status lf_integers_pairs(lf_integers *s, const lf_node *n, const lf_id *codes) {
    joint j = {.s = s, .sum = n, .a = lf_in(s->g, n, 0), .b = lf_in(s->g, n, 1), .minus = lf_is_op(n, "sub")};
    lf_ids none = {0};
    int64_t fa, fb;
    if (j.a->grid.scale_count != 1 || j.b->grid.scale_count != 1)
        return refuse(&j, "", "one of them has a scale per channel");
    LF_TRY(list_pairs(&j));
    LF_TRY(add_readers(&j, n->out[0], &none));
    for (size_t k = 0; k < j.readers.count; k++)
        LF_TRY(examine(&j, &j.readers.at[k]));
    j.rising = LF_NEW_ARRAY(s->arena, int64_t, j.count + 1);
    j.falling = LF_NEW_ARRAY(s->arena, int64_t, j.count + 1);
    if (!find_factors(&j, &fa, &fb))
        return refuse(&j, "", "no whole factors up to 4096 keep all sums in order");
    return emit(&j, codes, fa, fb);
}
