#include "circuit/lut_cone.h"

#include <string.h>

#include "circuit/lut_truth.h"

lf_cone lf_cone_make(lf_arena *a, const lf_lutnet *net, size_t luts_max, size_t leaves_max) {
    return (lf_cone){.net = net, .arena = a, .luts_max = luts_max, .leaves_max = leaves_max};
}

/* Twice as much as needed, so that a netlist that grows between walks costs no copy per walk. */
static void make_room(lf_cone *k) {
    size_t signals = 2 + k->net->inputs + k->net->luts.count;
    if (signals <= k->room)
        return;
    k->room = 2 * signals;
    k->seen = LF_NEW_ARRAY(k->arena, uint32_t, k->room);
    k->value = LF_NEW_ARRAY(k->arena, uint64_t, k->room);
    k->value[1] = UINT64_MAX;
    k->walk = 0;
}

void lf_cone_begin(lf_cone *k) {
    make_room(k);
    if (k->walk == UINT32_MAX) {
        memset(k->seen, 0, k->room * sizeof *k->seen);
        k->walk = 0;
    }
    k->walk++;
    k->luts.count = k->leaves.count = k->stack.count = k->met = 0;
}

bool lf_cone_leaf(lf_cone *k, lf_signal s) {
    if (s < 2 || k->seen[s] == k->walk)
        return true;
    if (k->leaves.count == k->leaves_max)
        return false;
    k->seen[s] = k->walk;
    LF_PUSH(k->arena, &k->leaves, s);
    return true;
}

static bool is_lut(const lf_cone *k, lf_signal s) {
    return s >= 2 + k->net->inputs;
}

static bool enter(lf_cone *k, lf_signal s) {
    if (k->met == k->luts_max)
        return false;
    k->met++;
    k->seen[s] = k->walk;
    LF_PUSH(k->arena, &k->stack, (lf_cone_step){s, 0});
    return true;
}

bool lf_cone_add(lf_cone *k, lf_signal s) {
    if (!is_lut(k, s))
        return lf_cone_leaf(k, s);
    if (k->seen[s] == k->walk)
        return true;
    if (!enter(k, s))
        return false;
    while (k->stack.count) {
        lf_cone_step *top = &k->stack.at[k->stack.count - 1];
        const lf_lut *l = &k->net->luts.at[top->lut - 2 - k->net->inputs];
        if (top->next == l->fan_in) {
            LF_PUSH(k->arena, &k->luts, top->lut);
            k->stack.count--;
            continue;
        }
        lf_signal t = l->in[top->next++];
        bool leaf = !is_lut(k, t) || (k->ends && k->ends[t]);
        if (leaf ? !lf_cone_leaf(k, t) : k->seen[t] != k->walk && !enter(k, t))
            return false;
    }
    return true;
}

void lf_cone_look(lf_cone *k, size_t word) {
    for (size_t i = 0; i < k->leaves.count; i++)
        k->value[k->leaves.at[i]] = i < 6 ? lf_truth_variable((int)i) : word >> (i - 6) & 1 ? UINT64_MAX : 0;
    lf_cone_evaluate(k);
}

void lf_cone_evaluate(lf_cone *k) {
    for (size_t i = 0; i < k->luts.count; i++) {
        const lf_lut *l = &k->net->luts.at[k->luts.at[i] - 2 - k->net->inputs];
        k->value[k->luts.at[i]] = lf_truth_look_up(k->value, l->in, l->truth, l->fan_in);
    }
}
