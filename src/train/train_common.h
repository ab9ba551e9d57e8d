/* What the trainers of all kinds of networks share. Floor-internal. */
#ifndef LF_TRAIN_TRAIN_COMMON_H
#define LF_TRAIN_TRAIN_COMMON_H

#include <stddef.h>
#include <stdint.h>

#include "train/recipe.h"

/* Random numbers of different uses never meet. */
enum {
    LF_STREAM_INITIAL = 1,
    LF_STREAM_SPLIT,
    LF_STREAM_ORDER,
    LF_STREAM_SHIFT,
    LF_STREAM_DROPOUT,
    LF_STREAM_RENEW,
    LF_STREAM_SEARCH
};
static inline uint64_t lf_stream(int use, int layer, uint64_t step) {
    return (uint64_t)use | (uint64_t)layer << 8 | step << 16;
}

static inline size_t lf_ceil_div(size_t a, size_t b) {
    return (a + b - 1) / b;
}

/* Logits and their gradients, [class][sample]. */
typedef struct lf_loss_rows {
    const float *logits;
    float *gradients;
    size_t classes, batch;
} lf_loss_rows;

/* Gradients of the mean loss over the batch. */
void lf_loss_gradients(const lf_recipe_loss *loss, const lf_loss_rows *rows, const uint8_t *labels);

#endif
