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
static void cross_entropy(const lf_net *n, const lf_net_layer *l, size_t b, size_t label) {
    float smooth = (float)n->recipe->loss.label_smoothing, highest = l->a[b], total = 0;
    for (size_t c = 1; c < l->out; c++)
        highest = l->a[c * n->batch + b] > highest ? l->a[c * n->batch + b] : highest;
    for (size_t c = 0; c < l->out; c++)
        total += l->d[c * n->batch + b] = exp_negative(l->a[c * n->batch + b] - highest);
    for (size_t c = 0; c < l->out; c++) {
        float target = smooth / (float)l->out + (c == label ? 1.0f - smooth : 0.0f);
        l->d[c * n->batch + b] = (l->d[c * n->batch + b] / total - target) / (float)n->batch;
    }
}

/* Loss: mean over samples and classes of max(0, margin - t y)^2, t = +1 for the label and -1 for the others. */
static void squared_hinge(const lf_net *n, const lf_net_layer *l, size_t b, size_t label) {
    float margin = (float)n->recipe->loss.margin, count = (float)(n->batch * l->out);
    for (size_t c = 0; c < l->out; c++) {
        float t = c == label ? 1.0f : -1.0f, short_of = margin - t * l->a[c * n->batch + b];
        l->d[c * n->batch + b] = short_of > 0 ? -2.0f * t * short_of / count : 0.0f;
    }
}

void lf_net_loss(lf_net *n, const uint8_t *labels) {
    lf_net_layer *l = &n->layer[n->layers - 1];
    for (size_t b = 0; b < n->batch; b++) {
        if (n->recipe->loss.kind == LF_LOSS_CROSS_ENTROPY)
            cross_entropy(n, l, b, labels[b]);
        else
            squared_hinge(n, l, b, labels[b]);
    }
}
