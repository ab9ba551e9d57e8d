/* Masks that change while neurons are trained: the weakest inputs go, others come. */
#include <string.h>

#include "train/neuron_net.h"

enum { STEPS_MAX = 16 }; /* one batch alone would choose by its noise */

void lf_neuron_net_watch(lf_neuron_net *n, double exchange, size_t epoch_steps) {
    int steps = epoch_steps < STEPS_MAX ? (int)epoch_steps : STEPS_MAX;
    n->exchange = exchange;
    n->watched = exchange > 0 ? steps : 0;
    for (int i = 0; i < n->layers && n->watched; i++)
        memset(n->layer[i].score, 0, n->layer[i].neurons * n->layer[i].in * sizeof(float));
}

void lf_neuron_net_score(lf_neuron_net *n, int i, size_t j) {
    const lf_neuron_layer *l = &n->layer[i];
    for (size_t k = 0; k < l->in; k++)
        l->score[j * l->in + k] +=
            lf_neuron_dot(l->d + j * n->batch, lf_neuron_codes_read(n, i) + k * n->batch, n->batch);
}

static float size_of(float w) {
    return w < 0 ? -w : w;
}

/* The input of the highest score that the neuron does not have; of equal ones the first. `in`: there is none. */
static size_t best_absent(const lf_neuron_layer *l, size_t j, size_t in) {
    const float *input = l->input + j * l->most, *score = l->score + j * l->in;
    size_t best = in;
    for (size_t i = 0; i < in; i++) {
        bool has = false;
        for (size_t k = 0; k < l->fan_in; k++)
            has |= (size_t)input[k] == i;
        if (!has && (best == in || size_of(score[i]) > size_of(score[best])))
            best = i;
    }
    return best;
}

/* The smallest weight, but those of inputs that have just come: `fresh`, a bit each. */
static size_t weakest(const float *w, size_t count, uint32_t fresh) {
    size_t least = count;
    for (size_t k = 0; k < count; k++)
        if (!(fresh >> k & 1) && (least == count || size_of(w[k]) < size_of(w[least])))
            least = k;
    return least;
}

static void exchange_inputs(const lf_neuron_net *n, const lf_neuron_layer *l, size_t j, size_t count) {
    float *w = l->value + j * l->width;
    size_t at = (size_t)(w - n->value);
    uint32_t fresh = 0;
    for (size_t c = 0; c < count; c++) {
        size_t k = weakest(w, l->fan_in, fresh), in = best_absent(l, j, l->in);
        if (k == l->fan_in || in == l->in)
            return;
        l->score[j * l->in + (size_t)l->input[j * l->most + k]] = 0; /* what has gone does not come back at once */
        l->input[j * l->most + k] = (float)in;
        w[k] = n->m[at + k] = n->v[at + k] = 0;
        fresh |= 1u << k;
    }
}

void lf_neuron_net_regrow(lf_neuron_net *n) {
    if (--n->watched)
        return;
    for (int i = 0; i < n->layers; i++) {
        const lf_neuron_layer *l = &n->layer[i];
        size_t count = (size_t)((double)l->fan_in * n->exchange + 0.5);
        for (size_t j = 0; j < l->neurons; j++)
            exchange_inputs(n, l, j, count);
    }
    lf_neuron_net_readers(n);
}
