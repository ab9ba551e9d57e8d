/* Structural mapping to k-LUTs by priority cuts (Mishchenko, Cho, Chatterjee, Brayton, "Combinational and sequential mapping with priority
 * cuts", ICCAD 2007): a pass for depth when it is bounded, then passes for area flow, then for exact local area. */
#include <assert.h>
#include <limits.h>
#include <string.h>

#include "circuit/decompose.h"
#include "circuit/decompose_inside.h"
#include "circuit/lut_cone.h"

/* LOOK_MOST: LUTs that are looked at to weigh a cut exactly: chains would take as many steps per gate as they are long. */
enum { CUTS = 8, NEVER = 1 << 29, LOOK_MOST = 100 };

typedef struct lf_cut {
    uint64_t sign;                 /* a bit per leaf, by number modulo 64 */
    lf_signal leaf[LF_LUT_INPUTS]; /* ascending */
    uint8_t size;
    int depth;
    float area; /* area flow, or exact area */
} lf_cut;

typedef enum lf_map_goal { GOAL_DEPTH, GOAL_FLOW, GOAL_EXACT } lf_map_goal;

typedef struct lf_mapper {
    const lf_lutnet *net;
    lf_arena *a;
    int k;
    size_t first, signals;
    lf_cut (*cuts)[CUTS]; /* [signal]: the first is the one in use */
    uint8_t *count;
    int *refs;     /* how often the mapping in use reads the signal */
    float *fanout; /* estimate for area flow */
    int *arrival, *required;
    float *flow;
    LF_VEC(lf_signal) moved, todo;
    lf_map_goal goal;
} lf_mapper;

static const lf_lut *lut_of(const lf_mapper *m, lf_signal s) {
    return s >= m->first ? &m->net->luts.at[s - m->first] : NULL;
}

/* -- cuts ----------------------------------------------------------------------------------------------------------- */

static bool merge(const lf_cut *x, const lf_cut *y, int k, lf_cut *out) {
    int i = 0, j = 0, n = 0;
    if (LF_ONES(x->sign | y->sign) > k)
        return false;
    while (i < x->size || j < y->size) {
        lf_signal p = i < x->size ? x->leaf[i] : UINT32_MAX, q = j < y->size ? y->leaf[j] : UINT32_MAX;
        if (n == k)
            return false;
        out->leaf[n++] = p < q ? p : q;
        i += p <= q;
        j += q <= p;
    }
    out->size = (uint8_t)n;
    out->sign = x->sign | y->sign;
    return true;
}

static bool within(const lf_cut *x, const lf_cut *y) { /* every leaf of x is one of y */
    if (x->size > y->size || (x->sign & ~y->sign))
        return false;
    int j = 0;
    for (int i = 0; i < x->size; i++) {
        while (j < y->size && y->leaf[j] < x->leaf[i])
            j++;
        if (j == y->size || y->leaf[j] != x->leaf[i])
            return false;
    }
    return true;
}

static bool better(const lf_mapper *m, const lf_cut *x, const lf_cut *y) {
    const float close = 0.0005f;
    if (m->goal == GOAL_DEPTH && x->depth != y->depth)
        return x->depth < y->depth;
    if (x->area < y->area - close || x->area > y->area + close)
        return x->area < y->area;
    if (x->depth != y->depth)
        return x->depth < y->depth;
    return x->size < y->size;
}

static void weigh_flow(const lf_mapper *m, lf_cut *c) {
    c->depth = 0;
    c->area = 1;
    for (int i = 0; i < c->size; i++) {
        int at = m->arrival[c->leaf[i]];
        c->depth = at > c->depth ? at : c->depth;
        c->area += m->flow[c->leaf[i]];
    }
    c->depth++;
}

/* Keeps the best `max` cuts in order; dominated ones leave. */
static int insert(const lf_mapper *m, lf_cut *list, int count, int max, const lf_cut *c) {
    for (int i = 0; i < count; i++)
        if (within(&list[i], c) && !better(m, c, &list[i]))
            return count;
    int kept = 0;
    for (int i = 0; i < count; i++)
        if (!within(c, &list[i]) || better(m, &list[i], c))
            list[kept++] = list[i];
    count = kept;
    int at = count;
    while (at > 0 && better(m, c, &list[at - 1]))
        at--;
    if (at == max)
        return count;
    count = count < max ? count + 1 : max;
    memmove(&list[at + 1], &list[at], (size_t)(count - 1 - at) * sizeof *list);
    list[at] = *c;
    return count;
}

static lf_cut alone(lf_signal s) {
    return (lf_cut){.sign = (uint64_t)1 << (s & 63), .leaf = {s}, .size = 1};
}

/* The cuts of one operand: those kept for it, and the operand itself. */
static int operand_cuts(const lf_mapper *m, lf_signal s, lf_cut *out) {
    int n = 0;
    for (int i = 0; i < m->count[s]; i++)
        out[n++] = m->cuts[s][i];
    out[n] = alone(s);
    return n + 1;
}

/* The operands themselves. */
static lf_cut plain_cut(const lf_mapper *m, const lf_lut *l) {
    lf_cut c = alone(l->in[0]), next;
    for (int j = 1; j < l->fan_in; j++) {
        lf_cut one = alone(l->in[j]);
        if (merge(&c, &one, LF_LUT_INPUTS, &next))
            c = next;
    }
    weigh_flow(m, &c);
    return c;
}

/* Merges of the operands' cuts, one operand after the other; and the plain cut, for wide ones may leave no room for the
 * operands behind them. */
static int enumerate(const lf_mapper *m, const lf_lut *l, lf_cut *list) {
    enum { BETWEEN = 12 };
    lf_cut have[BETWEEN], next[BETWEEN], operand[CUTS + 1], c;
    int count = operand_cuts(m, l->in[0], have);
    for (int i = 0; i < count; i++)
        weigh_flow(m, &have[i]);
    for (int j = 1; j < l->fan_in; j++) {
        int more = operand_cuts(m, l->in[j], operand), made = 0;
        for (int x = 0; x < count; x++)
            for (int y = 0; y < more; y++)
                if (merge(&have[x], &operand[y], m->k, &c)) {
                    weigh_flow(m, &c);
                    made = insert(m, next, made, BETWEEN, &c);
                }
        memcpy(have, next, (size_t)made * sizeof *have);
        count = made;
    }
    memcpy(list, have, (size_t)count * sizeof *have);
    list[count] = plain_cut(m, l);
    return count + 1;
}

/* -- the mapping in use ----------------------------------------------------------------------------------------------- */

/* The cut's leaves are read once more (by = 1) or once less (-1), and so on where a LUT comes into use or goes. Returns how many do; of what lies
 * behind the first `most` the area flow. m->moved is whose references changed. */
static float move(lf_mapper *m, const lf_cut *c, int by, int most) {
    int luts = 0;
    float beyond = 0;
    while (c) {
        for (int i = 0; i < c->size; i++) {
            lf_signal s = c->leaf[i];
            m->refs[s] += by;
            LF_PUSH(m->a, &m->moved, s);
            if (m->refs[s] != (by > 0) || !m->count[s])
                continue;
            if (luts++ < most)
                LF_PUSH(m->a, &m->todo, s);
            else
                beyond += m->flow[s];
        }
        c = m->todo.count ? &m->cuts[m->todo.at[--m->todo.count]][0] : NULL;
    }
    return (float)(luts < most ? luts : most) + beyond;
}

static void move_back(lf_mapper *m, size_t from, size_t to, int by) {
    for (size_t i = from; i < to; i++)
        m->refs[m->moved.at[i]] -= by;
}

/* What the netlist has more of when c is in use; `old` is the cut in use, which goes, or NULL. Taking first and leaving then looks only at what
 * differs between both. */
static void weigh_exactly(lf_mapper *m, lf_cut *c, const lf_cut *old) {
    weigh_flow(m, c);
    m->moved.count = 0;
    c->area = 1 + move(m, c, 1, LOOK_MOST);
    size_t taken = m->moved.count;
    if (old)
        c->area -= move(m, old, -1, LOOK_MOST);
    move_back(m, 0, taken, 1);
    move_back(m, taken, m->moved.count, -1);
}

static void replace(lf_mapper *m, const lf_cut *old, const lf_cut *now) {
    if (old->size == now->size && !memcmp(old->leaf, now->leaf, now->size * sizeof *now->leaf))
        return;
    m->moved.count = 0;
    (void)move(m, now, 1, INT_MAX);
    m->moved.count = 0;
    (void)move(m, old, -1, INT_MAX);
}

/* Cuts of one LUT; the best that is not too late comes first. */
static void choose(lf_mapper *m, lf_signal s) {
    lf_cut list[3 * CUTS], *own = m->cuts[s], old = own[0];
    bool had = m->count[s] > 0, in_use = m->refs[s] > 0;
    int count = enumerate(m, lut_of(m, s), list), kept = 0, first = -1;
    lf_cut best[CUTS];
    if (had)
        list[count++] = old;
    for (int i = 0; i < count; i++) {
        if (m->goal == GOAL_EXACT)
            weigh_exactly(m, &list[i], in_use ? &old : NULL);
        else
            weigh_flow(m, &list[i]);
        kept = insert(m, best, kept, CUTS, &list[i]);
    }
    for (int i = kept - 1; i >= 0; i--)
        if (best[i].depth <= m->required[s])
            first = i;
    if (first < 0) { /* none is in time: the cut in use was */
        if (had) {
            weigh_flow(m, &old);
            best[kept < CUTS ? kept++ : CUTS - 1] = old;
        }
        first = had ? kept - 1 : 0;
    }
    lf_cut chosen = best[first];
    memmove(&best[1], &best[0], (size_t)first * sizeof *best);
    best[0] = chosen;
    memcpy(own, best, (size_t)kept * sizeof *best);
    m->count[s] = (uint8_t)kept;
    m->arrival[s] = own[0].depth;
    weigh_flow(m, &chosen);
    m->flow[s] = chosen.area / (m->fanout[s] > 1 ? m->fanout[s] : 1);
    if (m->goal == GOAL_EXACT && in_use)
        replace(m, &old, &own[0]);
}

/* References of the mapping in use, from the outputs; returns its LUTs. */
static size_t count_refs(lf_mapper *m) {
    size_t luts = 0;
    memset(m->refs, 0, m->signals * sizeof *m->refs);
    for (size_t o = 0; o < m->net->outputs.count; o++)
        m->refs[m->net->outputs.at[o]]++;
    for (size_t s = m->signals; s-- > m->first;)
        if (m->refs[s]) {
            luts++;
            for (int i = 0; i < m->cuts[s][0].size; i++)
                m->refs[m->cuts[s][0].leaf[i]]++;
        }
    return luts;
}

static int deepest(const lf_mapper *m) {
    int depth = 0;
    for (size_t o = 0; o < m->net->outputs.count; o++)
        depth = m->arrival[m->net->outputs.at[o]] > depth ? m->arrival[m->net->outputs.at[o]] : depth;
    return depth;
}

/* When each signal must be there; no bound: NEVER. */
static void require(lf_mapper *m, int depth) {
    for (size_t s = 0; s < m->signals; s++)
        m->required[s] = NEVER;
    if (!depth)
        return;
    for (size_t o = 0; o < m->net->outputs.count; o++)
        m->required[m->net->outputs.at[o]] = depth;
    for (size_t s = m->signals; s-- > m->first;)
        for (int i = 0; m->refs[s] && i < m->cuts[s][0].size; i++) {
            int *at = &m->required[m->cuts[s][0].leaf[i]];
            *at = m->required[s] - 1 < *at ? m->required[s] - 1 : *at;
        }
}

static void pass(lf_mapper *m, lf_map_goal goal) {
    m->goal = goal;
    for (size_t s = m->first; s < m->signals; s++)
        choose(m, (lf_signal)s);
    if (goal == GOAL_EXACT)
        return; /* references are kept up to date */
    (void)count_refs(m);
    for (size_t s = 0; s < m->signals; s++)
        m->fanout[s] = (m->fanout[s] + 2 * (float)m->refs[s]) / 3;
}

static void map_all(lf_mapper *m, int depth) {
    require(m, 0);
    pass(m, GOAL_DEPTH); /* a good start for area, too */
    if (depth) {
        int least = deepest(m);
        depth = least > depth ? least : depth;
        require(m, depth);
    }
    for (int i = 0; i < 3; i++) {
        pass(m, GOAL_FLOW);
        require(m, depth);
    }
    for (int i = 0; i < 3; i++) {
        pass(m, GOAL_EXACT);
        (void)count_refs(m);
        require(m, depth);
    }
}

/* -- from and to netlists ----------------------------------------------------------------------------------------------- */

/* The function of signal s in terms of the cut's leaves. */
static uint64_t function_of(lf_cone *k, lf_signal s, const lf_cut *c) {
    lf_cone_begin(k);
    for (int i = 0; i < c->size; i++)
        (void)lf_cone_leaf(k, c->leaf[i]);
    (void)lf_cone_add(k, s);
    lf_cone_look(k, 0);
    return lf_cone_value(k, s);
}

static lf_lutnet *mapped(const lf_mapper *m) {
    lf_lutnet *out = lf_lutnet_new(m->net->ctx, m->net->inputs);
    if (!out)
        return NULL;
    lf_signal *map = LF_NEW_ARRAY(m->a, lf_signal, m->signals), in[LF_LUT_INPUTS];
    lf_cone cone = lf_cone_make(m->a, m->net, SIZE_MAX, LF_LUT_INPUTS);
    for (size_t s = 0; s < m->first; s++)
        map[s] = (lf_signal)s;
    for (size_t s = m->first; s < m->signals; s++) {
        if (!m->refs[s])
            continue;
        const lf_cut *c = &m->cuts[s][0];
        for (int i = 0; i < c->size; i++)
            in[i] = map[c->leaf[i]];
        map[s] = lf_lutnet_lut(out, in, c->size, function_of(&cone, (lf_signal)s, c));
    }
    for (size_t o = 0; o < m->net->outputs.count; o++)
        LF_PUSH(out->arena, &out->outputs, map[m->net->outputs.at[o]]);
    return out;
}

/* LUTs of more than k inputs as several; opposite ones once. */
static lf_lutnet *narrowed(const lf_lutnet *n, int k) {
    lf_lutnet *out = lf_lutnet_new(n->ctx, n->inputs);
    if (!out)
        return NULL;
    lf_signal *map = LF_NEW_ARRAY(out->arena, lf_signal, 2 + n->inputs + n->luts.count), in[LF_LUT_INPUTS];
    for (size_t s = 0; s < 2 + n->inputs; s++)
        map[s] = (lf_signal)s;
    for (size_t i = 0; i < n->luts.count; i++) {
        const lf_lut *l = &n->luts.at[i];
        lf_signal *to = &map[lf_lutnet_signal(n, i)];
        const uint64_t *bits[1] = {&l->truth};
        for (int j = 0; j < l->fan_in; j++)
            in[j] = map[l->in[j]];
        if (l->fan_in <= k) {
            *to = lf_lutnet_lut_or_inverse(out, in, l->fan_in, l->truth);
        } else if (lf_decompose(out, &(lf_truth_table){l->fan_in, 1, bits, NULL}, &(lf_decompose_options){k, 0}, in,
                                to) != LF_OK) {
            lf_lutnet_free(out);
            return NULL;
        }
    }
    for (size_t o = 0; o < n->outputs.count; o++)
        LF_PUSH(out->arena, &out->outputs, map[n->outputs.at[o]]);
    return out;
}

static lf_lutnet *map_in(lf_arena *a, const lf_lutnet *n, int k, int depth) {
    size_t signals = 2 + n->inputs + n->luts.count;
    lf_mapper m = {.net = n, .a = a, .k = k, .first = 2 + n->inputs, .signals = signals};
    m.cuts = lf_alloc_array(a, signals, sizeof *m.cuts);
    m.count = LF_NEW_ARRAY(a, uint8_t, signals);
    m.refs = LF_NEW_ARRAY(a, int, signals);
    m.fanout = LF_NEW_ARRAY(a, float, signals);
    m.flow = LF_NEW_ARRAY(a, float, signals);
    m.arrival = LF_NEW_ARRAY(a, int, signals);
    m.required = LF_NEW_ARRAY(a, int, signals);
    for (size_t i = 0; i < n->luts.count; i++)
        for (int j = 0; j < n->luts.at[i].fan_in; j++)
            m.fanout[n->luts.at[i].in[j]]++;
    map_all(&m, depth);
    return mapped(&m);
}

lf_lutnet *lf_lutnet_map(const lf_lutnet *n, int lut_inputs, int depth) {
    assert(lut_inputs >= 2 && lut_inputs <= LF_LUT_INPUTS);
    lf_arena *a = lf_arena_new();
    lf_lutnet *clean = a ? lf_lutnet_clean(n) : NULL, *narrow = clean ? narrowed(clean, lut_inputs) : NULL;
    lf_lutnet *out = narrow ? map_in(a, narrow, lut_inputs, depth) : NULL;
    lf_lutnet_free(clean);
    lf_lutnet_free(narrow);
    lf_arena_free(a);
    return out;
}
