#include <string.h>

#include "train/train_net.h"

/* e^x for x <= 0 with the same bits everywhere: x = k ln 2 + r, |r| <= ln 2 / 2; a Taylor polynomial of degree 7 in r
 * (error below 2^-23 relative); 2^k put together from bits. Below -87 it is 0. */
static float exp_negative(float x) {
    if (x < -87.0f)
        return 0;
    float k = (x * 1.44269504f + 12582912.0f) - 12582912.0f;
    float r = (x - k * 0.693359375f) - k * -2.12194440e-4f;
    float p = 1.0f / 5040;
    static const float term[] = {1.0f / 720, 1.0f / 120, 1.0f / 24, 1.0f / 6, 0.5f, 1.0f, 1.0f};
    for (size_t i = 0; i < LF_COUNT(term); i++)
        p = p * r + term[i];
    uint32_t bits = (uint32_t)((int32_t)k + 127) << 23;
    float power;
    memcpy(&power, &bits, sizeof power);
    return p * power;
}

/* d of sample b: (softmax - target) / batch; the target gives label_smoothing to all classes alike. */
static void cross_entropy(const lf_recipe_loss *loss, const lf_loss_rows *r, size_t b, size_t label) {
    float smooth = (float)loss->label_smoothing, highest = r->logits[b], total = 0;
    for (size_t c = 1; c < r->classes; c++)
        highest = r->logits[c * r->batch + b] > highest ? r->logits[c * r->batch + b] : highest;
    for (size_t c = 0; c < r->classes; c++)
        total += r->gradients[c * r->batch + b] = exp_negative(r->logits[c * r->batch + b] - highest);
    for (size_t c = 0; c < r->classes; c++) {
        float target = smooth / (float)r->classes + (c == label ? 1.0f - smooth : 0.0f);
        r->gradients[c * r->batch + b] = (r->gradients[c * r->batch + b] / total - target) / (float)r->batch;
    }
}

/* Loss: mean over samples and classes of max(0, margin - t y)^2, t = +1 for the label and -1 for the others. */
static void squared_hinge(const lf_recipe_loss *loss, const lf_loss_rows *r, size_t b, size_t label) {
    float margin = (float)loss->margin, count = (float)(r->batch * r->classes);
    for (size_t c = 0; c < r->classes; c++) {
        float t = c == label ? 1.0f : -1.0f, short_of = margin - t * r->logits[c * r->batch + b];
        r->gradients[c * r->batch + b] = short_of > 0 ? -2.0f * t * short_of / count : 0.0f;
    }
}

void lf_loss_gradients(const lf_recipe_loss *loss, const lf_loss_rows *r, const uint8_t *labels) {
    for (size_t b = 0; b < r->batch; b++) {
        if (loss->kind == LF_LOSS_CROSS_ENTROPY)
            cross_entropy(loss, r, b, labels[b]);
        else
            squared_hinge(loss, r, b, labels[b]);
    }
}

void lf_net_loss(lf_net *n, const uint8_t *labels) {
    lf_net_layer *l = &n->layer[n->layers - 1];
    lf_loss_gradients(&n->recipe->loss, &(lf_loss_rows){l->a, l->d, l->out, n->batch}, labels);
}
