/* The learning rate over time. */
#ifndef LF_TRAIN_TRAIN_SCHEDULE_H
#define LF_TRAIN_TRAIN_SCHEDULE_H

#include "kern/gemm_rows.h"
#include "train/recipe.h"

/* Rate of step `step` (from 0) of epochs * per_epoch: linear warm-up, then half a cosine from rate to final_rate * rate
 * (Loshchilov and Hutter 2017). Same bits everywhere. */
double lf_schedule_rate(const lf_recipe_training *t, int64_t epochs, uint64_t per_epoch, uint64_t step);

/* Adam with its bias corrections folded into rate and epsilon; power1 and power2: beta1 and beta2 to the number of steps. */
lf_row_adam lf_schedule_adam(const lf_recipe_training *t, double rate, double power1, double power2);

/* cos(pi x) for x in [0, 1], within 1e-14. */
double lf_cos_pi(double x);

#endif
