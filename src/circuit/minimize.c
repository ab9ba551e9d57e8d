/* Circuits made smaller: the order of the steps, and the check of the result. */
#include "circuit/minimize.h"

#include <string.h>

#include "base/rng.h"
#include "circuit/circuit_inside.h"
#include "circuit/compare_set.h"
#include "circuit/decompose.h"
#include "circuit/lut_check.h"
#include "circuit/minimize_inside.h"

/* -- samples ask for tables ------------------------------------------------------------------------------------------------ */

static lf_word table_of_lut(lf_circuit *out, const lf_word_def *d, const lf_word *map) {
    lf_word bits[LF_LUT_INPUTS];
    int64_t values[1 << LF_LUT_INPUTS];
    for (int j = 0; j < d->arg_count; j++)
        bits[j] = map[d->args[j]];
    for (size_t a = 0; a < (size_t)1 << d->arg_count; a++)
        values[a] = (int64_t)(d->truth >> a & 1);
    return lf_circuit_table(out, lf_circuit_join(out, bits, d->arg_count, false), values, (size_t)1 << d->arg_count,
                            NULL);
}

/* LUT words of the core, where neurons are, become tables, so that it is counted which of their entries are read. c has no words that are not
 * needed. Encoder and head stay exact. */
static lf_circuit *tables_of_luts(const lf_circuit *c) {
    lf_circuit *out = lf_circuit_new(c->ctx);
    if (!out)
        return NULL;
    lf_word *map = LF_NEW_ARRAY(out->arena, lf_word, c->words.count);
    for (size_t i = 0; i < c->inputs.count; i++) {
        out->part = (lf_circuit_part)lf_word_at(c, c->inputs.at[i])->part;
        map[c->inputs.at[i]] = lf_circuit_input(out, lf_word_range(c, c->inputs.at[i]));
    }
    for (lf_word w = 1; w < c->words.count; w++) {
        const lf_word_def *d = lf_word_at(c, w);
        out->part = (lf_circuit_part)d->part;
        if (d->op == LF_WORD_LUT && d->part == LF_PART_CORE && d->arg_count > 1)
            map[w] = table_of_lut(out, d, map);
        else if (d->op != LF_WORD_INPUT)
            map[w] = lf_word_rebuild(out, d, map);
    }
    for (size_t i = 0; i < c->outputs.count; i++)
        lf_circuit_output(out, map[c->outputs.at[i]]);
    return out;
}

/* -- the netlist made smaller ---------------------------------------------------------------------------------------------- */

/* Takes `to` in place of *net when it is smaller and not too deep. */
static void keep_smaller(lf_lutnet **net, lf_lutnet *to, int depth) {
    bool deeper = to && depth && lf_lutnet_depth(to) > depth && lf_lutnet_depth(to) > lf_lutnet_depth(*net);
    if (to && to->luts.count < (*net)->luts.count && !deeper) {
        lf_lutnet_free(*net);
        *net = to;
    } else {
        lf_lutnet_free(to);
    }
}

static lf_lutnet *smaller(lf_islands *x) {
    const lf_minimize_options *o = x->o;
    lf_lutnet *net = lf_lutnet_map(x->blast.net, o->lut_inputs, o->depth);
    if (!net)
        return NULL;
    x->r->luts_mapped = net->luts.count;
    keep_smaller(&net, lf_lutnet_collapse(net, o->lut_inputs, o->effort), o->depth);
    if (o->abc) {
        size_t before = net->luts.count;
        lf_lutnet *other = lf_islands_abc(x->c->ctx, net),
                  *fit = other ? lf_lutnet_map(other, o->lut_inputs, o->depth) : NULL;
        lf_lutnet_free(other);
        keep_smaller(&net, fit, o->depth);
        x->r->luts_by_abc = net->luts.count < before ? net->luts.count : 0;
    }
    return net;
}

/* -- the check --------------------------------------------------------------------------------------------------------------- */

typedef struct lf_both {
    const lf_circuit *x, *y;
    int64_t *in, *out_x, *out_y, *scratch;
} lf_both;

static lf_both both_of(lf_arena *a, const lf_circuit *x, const lf_circuit *y) {
    size_t words = x->words.count > y->words.count ? x->words.count : y->words.count;
    return (lf_both){x,
                     y,
                     LF_NEW_ARRAY(a, int64_t, x->inputs.count + 1),
                     LF_NEW_ARRAY(a, int64_t, x->outputs.count + 1),
                     LF_NEW_ARRAY(a, int64_t, x->outputs.count + 1),
                     LF_NEW_ARRAY(a, int64_t, words)};
}

/* False: the row read an entry of a table that does not matter, or that too few samples read: what comes of it, too, does not matter. */
static bool matters(const lf_islands *x, const lf_both *b) {
    for (lf_word w = 1; w < b->x->words.count; w++) {
        const lf_word_def *d = lf_word_at(b->x, w);
        if (d->op != LF_WORD_TABLE)
            continue;
        size_t index = (size_t)b->scratch[d->a];
        if ((d->table->care && !(d->table->care[index >> 3] >> (index & 7) & 1)) || !lf_islands_seen(x, w, index))
            return false;
    }
    return true;
}

static bool same_on(const lf_islands *x, lf_both *b, const int64_t *in) {
    lf_circuit_run(b->x, in, b->out_x, b->scratch);
    x->r->rows++;
    if (!matters(x, b)) {
        x->r->rows_free++;
        return true;
    }
    lf_circuit_run(b->y, in, b->out_y, b->scratch);
    return !memcmp(b->out_x, b->out_y, b->x->outputs.count * sizeof *b->out_x);
}

/* On random rows and the ends of the ranges; on the samples where these decided. */
static bool same_circuits(const lf_islands *x, const lf_circuit *d) {
    enum { ROWS = 1000 };
    lf_both b = both_of(x->a, x->c, d);
    lf_rng r = lf_rng_make(20, 0);
    const lf_minimize_options *o = x->o;
    for (size_t i = 0; o->samples && i < o->sample_count; i++)
        if (!same_on(x, &b, o->samples + i * x->c->inputs.count))
            return false;
    for (int row = 0; !o->samples && row < ROWS; row++) {
        for (size_t i = 0; i < x->c->inputs.count; i++) {
            lf_range g = lf_word_range(x->c, x->c->inputs.at[i]);
            int64_t steps = (g.hi - g.lo) / g.step;
            b.in[i] = row == 0 ? g.lo : row == 1 ? g.hi : g.lo + g.step * lf_rng_between(&r, 0, steps);
        }
        if (!same_on(x, &b, b.in))
            return false;
    }
    return true;
}

static lf_circuit *minimize_in(lf_islands *x) {
    lf_ctx *ctx = x->c->ctx;
    if (lf_islands_find(x) != LF_OK)
        return NULL;
    lf_lutnet *net = smaller(x);
    lf_circuit *d = NULL;
    if (net && !lf_lutnet_same(x->blast.net, net, &x->r->logic))
        (void)lf_fail(ctx, LF_FAILED, NULL, "mapping %zu LUTs changed their function", x->blast.net->luts.count);
    else if (net)
        d = lf_islands_rebuild(x, net);
    if (d && !same_circuits(x, d)) {
        (void)lf_fail(ctx, LF_FAILED, NULL, "minimizing a circuit of %zu words changed its function",
                      x->c->words.count);
        lf_circuit_free(d);
        d = NULL;
    }
    lf_lutnet_free(net);
    return d;
}

lf_circuit *lf_circuit_minimize(const lf_circuit *c, const lf_minimize_options *o, lf_minimize_report *r) {
    lf_minimize_report own;
    r = r ? r : &own;
    *r = (lf_minimize_report){.exact = !o->samples};
    lf_circuit *first = lf_circuit_clean(c), *asked = first && o->samples ? tables_of_luts(first) : first;
    lf_circuit *clean = asked ? lf_circuit_share_comparisons(asked, o->lut_inputs) : NULL;
    lf_islands x = {.c = clean, .o = o, .r = r, .a = lf_arena_new()};
    lf_circuit *d = NULL;
    if (clean && x.a) {
        r->luts_before = lf_circuit_luts(first);
        d = minimize_in(&x);
        r->luts_after = d ? lf_circuit_luts(d) : 0;
    }
    lf_lutnet_free(x.blast.net);
    lf_arena_free(x.a);
    lf_circuit_free(clean);
    if (asked != first)
        lf_circuit_free(asked);
    lf_circuit_free(first);
    return d;
}
