/* A training run between two epochs: all that its future depends on, in memory and as a checkpoint file. */
#ifndef LF_TRAIN_TRAIN_STATE_H
#define LF_TRAIN_TRAIN_STATE_H

#include "train/trainee.h"

/* What the result depends on, and a checkpoint must agree with. */
typedef struct lf_train_identity {
    char recipe[65], data[65]; /* SHA-256: of the recipe's text, of the training part */
    int64_t seed;
} lf_train_identity;

typedef struct lf_train_state {
    lf_trainee net;
    int64_t epoch, epochs;         /* done, in all */
    int64_t best_epoch;            /* 0: none yet */
    size_t best_right;             /* on the held-out part */
    float *best_value, *best_kept; /* the network of that epoch */
    double seconds;                /* of earlier runs */
    lf_train_identity identity;
} lf_train_state;

/* Marks this epoch's network as the best so far. */
void lf_train_state_keep(lf_train_state *s, size_t right);
/* Puts the best network back. */
void lf_train_state_restore_best(lf_train_state *s);

/* All numbers finite, scales and variances positive: what evaluation and freezing rely on. */
bool lf_train_state_sound(const lf_train_state *s);

LF_MUST_USE lf_status lf_checkpoint_write(lf_ctx *ctx, const char *path, const lf_train_state *s);
/* LF_BAD_INPUT for a broken file, and for one of another recipe, seed, epoch count or data: which of them is told. */
LF_MUST_USE lf_status lf_checkpoint_read(lf_ctx *ctx, const char *path, lf_train_state *s);

#endif
