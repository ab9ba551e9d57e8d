/* Tables as LUTs, with what is known of their index: its range, the ranges of the words it is joined from, which values the logic before it can
 * produce together, and, when asked for, which ones the samples read. */
#include <string.h>

#include "circuit/circuit_inside.h"
#include "circuit/decompose.h"
#include "circuit/lut_truth.h"
#include "circuit/minimize_inside.h"
#include "circuit/wide_truth.h"

/* -- samples ------------------------------------------------------------------------------------------------------------- */

void lf_islands_count_samples(lf_islands *x) {
    const lf_circuit *c = x->c;
    if (!x->o->samples)
        return;
    int64_t *value = LF_NEW_ARRAY(x->a, int64_t, c->words.count),
            *out = LF_NEW_ARRAY(x->a, int64_t, c->outputs.count + 1);
    for (lf_word w = 1; w < c->words.count; w++)
        if (lf_word_at(c, w)->op == LF_WORD_TABLE)
            x->counts[w] = LF_NEW_ARRAY(x->a, uint32_t, lf_word_at(c, w)->table->count);
    for (size_t i = 0; i < x->o->sample_count; i++) {
        lf_circuit_run(c, x->o->samples + i * c->inputs.count, out, value);
        for (lf_word w = 1; w < c->words.count; w++)
            if (x->counts[w])
                x->counts[w][value[lf_word_at(c, w)->a]]++;
    }
}

bool lf_islands_seen(const lf_islands *x, lf_word w, size_t index) {
    return !x->counts[w] || x->counts[w][index] >= (x->o->rarity ? x->o->rarity : 1);
}

/* -- what the logic before can produce ------------------------------------------------------------------------------------- */

/* Marks in `care` the joint values of the signals that occur for some values of the cone's inputs. */
static void run_cone(lf_cone *k, const lf_signal *in, int n, uint64_t *care) {
    int inputs = (int)k->leaves.count;
    for (size_t w = 0; w < lf_wide_words(inputs); w++) {
        lf_cone_look(k, w);
        for (int lane = 0; lane < (inputs < 6 ? 1 << inputs : 64); lane++) {
            size_t a = 0;
            for (int j = 0; j < n; j++)
                a |= (size_t)(lf_cone_value(k, in[j]) >> lane & 1) << j;
            lf_wide_put(care, a);
        }
    }
}

/* Joint values of the signals that can occur; NULL when it is not known that some cannot. */
static uint64_t *reachable(lf_islands *x, const lf_signal *in, int n) {
    lf_cone *k = &x->cone;
    bool free_inputs = true;
    lf_cone_begin(k);
    for (int j = 0; j < n; j++) {
        free_inputs &= in[j] < 2 + k->net->inputs;
        if (!lf_cone_add(k, in[j]))
            return NULL;
    }
    if (free_inputs)
        return NULL;
    uint64_t *care = LF_NEW_ARRAY(x->a, uint64_t, lf_wide_words(n));
    run_cone(k, in, n, care);
    return care;
}

/* -- words that the index is joined from -------------------------------------------------------------------------------------- */

/* All bits of `word` are bits of the index: bit k is bit at[k] of it. */
typedef struct lf_joined {
    lf_word word;
    int bits, found;
    int at[LF_TABLE_INDEX_BITS];
} lf_joined;

static int joined_words(const lf_circuit *c, const lf_word_def *index, lf_joined *out) {
    int count = 0;
    for (int j = 0; index->op == LF_WORD_JOIN && j < index->arg_count; j++) {
        const lf_word_def *bit = lf_word_at(c, index->args[j]);
        if (bit->op != LF_WORD_BIT || bit->amount >= LF_TABLE_INDEX_BITS)
            continue;
        int i = 0;
        while (i < count && out[i].word != bit->a)
            i++;
        if (i == count) {
            out[count++] = (lf_joined){.word = bit->a, .bits = lf_word_bits(c, bit->a)};
            memset(out[i].at, -1, sizeof out[i].at);
        }
        out[i].found += out[i].at[bit->amount] < 0 && bit->amount < out[i].bits;
        out[i].at[bit->amount] = j;
    }
    int whole = 0;
    for (int i = 0; i < count; i++)
        if (out[i].found == out[i].bits)
            out[whole++] = out[i];
    return whole;
}

static bool can_occur(const lf_circuit *c, const lf_joined *list, int count, size_t index) {
    for (int i = 0; i < count; i++) {
        int64_t v = 0;
        for (int k = 0; k < list[i].bits; k++)
            v |= (int64_t)(index >> list[i].at[k] & 1) << k;
        if (lf_word_signed(c, list[i].word) && v >> (list[i].bits - 1) & 1)
            v -= (int64_t)1 << list[i].bits;
        if (!lf_range_holds(lf_word_range(c, list[i].word), v))
            return false;
    }
    return true;
}

/* -- the table as functions of the signals that make its index ------------------------------------------------------------------ */

typedef struct lf_indexed {
    lf_signal in[LF_TABLE_INDEX_BITS]; /* different signals, no constants */
    int n;
    int at[LF_TABLE_INDEX_BITS]; /* [bit of the index]: which of them, or -1 - constant */
    int bits;
} lf_indexed;

static lf_indexed index_signals(const lf_islands *x, lf_word a) {
    lf_indexed d = {.bits = lf_word_bits(x->c, a)};
    for (int j = 0; j < d.bits; j++) {
        lf_signal s = x->blast.bits[a][j];
        int i = 0;
        while (i < d.n && d.in[i] != s)
            i++;
        if (s >= 2 && i == d.n)
            d.in[d.n++] = s;
        d.at[j] = s < 2 ? -1 - (int)s : i;
    }
    return d;
}

static size_t index_of(const lf_indexed *d, size_t address) {
    size_t index = 0;
    for (int j = 0; j < d->bits; j++)
        index |= (size_t)(d->at[j] < 0 ? -1 - d->at[j] : (int)(address >> d->at[j] & 1)) << j;
    return index;
}

/* A table in bits, on its way into the netlist. */
typedef struct lf_in_bits {
    uint64_t *bits[64], *care;
    int inputs, outputs;
    size_t unreachable, unseen; /* addresses that do not matter for that reason */
} lf_in_bits;

static void fill(lf_islands *x, lf_word w, const lf_indexed *d, bool by_samples, lf_in_bits *out) {
    const lf_word_def *t = lf_word_at(x->c, w);
    lf_joined joined[LF_TABLE_INDEX_BITS];
    int whole = joined_words(x->c, lf_word_at(x->c, t->a), joined);
    const uint64_t *occurs = reachable(x, d->in, d->n);
    *out = (lf_in_bits){
        .inputs = d->n, .outputs = lf_word_bits(x->c, w), .care = LF_NEW_ARRAY(x->a, uint64_t, lf_wide_words(d->n))};
    for (int o = 0; o < out->outputs; o++)
        out->bits[o] = LF_NEW_ARRAY(x->a, uint64_t, lf_wide_words(d->n));
    for (size_t a = 0; a < (size_t)1 << d->n; a++) {
        size_t index = index_of(d, a);
        if (index >= t->table->count)
            continue;
        bool possible = lf_range_holds(lf_word_range(x->c, t->a), (int64_t)index) &&
                        (!occurs || lf_wide_get(occurs, a)) && can_occur(x->c, joined, whole, index);
        bool matters = !t->table->care || (t->table->care[index >> 3] >> (index & 7) & 1);
        bool shown = !by_samples || lf_islands_seen(x, w, index);
        out->unreachable += !possible;
        out->unseen += possible && matters && !shown;
        if (!possible || !matters || !shown)
            continue;
        lf_wide_put(out->care, a);
        for (int o = 0; o < out->outputs; o++)
            if (lf_table_at(t->table, index) >> o & 1)
                lf_wide_put(out->bits[o], a);
    }
}

static bool all_matter(const uint64_t *care, int n) {
    for (size_t w = 0; w < lf_wide_words(n); w++)
        if (care[w] != lf_truth_mask(n))
            return false;
    return true;
}

static lf_status decompose(const lf_islands *x, lf_lutnet *net, const lf_in_bits *b, const lf_signal *in,
                           lf_signal *out) {
    lf_truth_table t = {b->inputs, b->outputs, (const uint64_t *const *)b->bits,
                        all_matter(b->care, b->inputs) ? NULL : b->care};
    return lf_decompose(net, &t, &(lf_decompose_options){x->o->lut_inputs, x->o->effort}, in, out);
}

/* What the table takes by itself: LUTs, then their inputs. */
static lf_status measure(const lf_islands *x, const lf_in_bits *b, size_t *luts, size_t *pins) {
    lf_lutnet *net = lf_lutnet_new(x->c->ctx, (uint32_t)b->inputs);
    lf_signal in[LF_TABLE_INDEX_BITS], out[64];
    if (!net)
        return lf_fail(x->c->ctx, LF_FAILED, NULL, "no memory for a table");
    for (int j = 0; j < b->inputs; j++)
        in[j] = lf_lutnet_input((uint32_t)j);
    lf_status status = decompose(x, net, b, in, out);
    *luts = net->luts.count;
    *pins = 0;
    for (size_t i = 0; i < net->luts.count; i++)
        *pins += net->luts.at[i].fan_in;
    lf_lutnet_free(net);
    return status;
}

/* Entries that no sample reads stay as they are where changing them saves nothing. */
static lf_status choose(lf_islands *x, lf_word w, const lf_indexed *d, lf_in_bits *out) {
    lf_in_bits cut;
    size_t luts[2], pins[2];
    fill(x, w, d, false, out);
    if (!x->counts[w])
        return LF_OK;
    fill(x, w, d, true, &cut);
    if (!cut.unseen)
        return LF_OK;
    LF_TRY(measure(x, out, &luts[0], &pins[0]));
    LF_TRY(measure(x, &cut, &luts[1], &pins[1]));
    if (luts[1] < luts[0] || (luts[1] == luts[0] && pins[1] < pins[0]))
        *out = cut;
    return LF_OK;
}

lf_status lf_islands_table(lf_islands *x, lf_word w) {
    lf_indexed d = index_signals(x, lf_word_at(x->c, w)->a);
    lf_arena *keep = x->a, *scratch = lf_arena_new();
    lf_in_bits b;
    if (!scratch)
        return lf_fail(x->c->ctx, LF_FAILED, NULL, "no memory for a table");
    x->a = scratch;
    lf_status status = choose(x, w, &d, &b);
    x->a = keep;
    if (status == LF_OK)
        status = decompose(x, x->blast.net, &b, d.in, x->blast.bits[w]);
    x->r->tables++;
    x->r->entries += lf_word_at(x->c, w)->table->count;
    x->r->unreachable += b.unreachable;
    x->r->unseen += b.unseen;
    lf_arena_free(scratch);
    return status;
}
