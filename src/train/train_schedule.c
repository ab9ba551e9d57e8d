#include "train/train_schedule.h"

#include <math.h>

/* cos(pi x) = sin(pi (1/2 - x)), the sine by its Taylor series: |argument| <= pi / 2, the first term left out is
 * below 1e-15. */
double lf_cos_pi(double x) {
    double y = 3.14159265358979323846 * (0.5 - x), y2 = y * y, sum = 1;
    for (int k = 20; k >= 2; k -= 2)
        sum = 1 - y2 / (k * (k + 1.0)) * sum;
    return y * sum;
}

double lf_schedule_rate(const lf_recipe_training *t, int64_t epochs, uint64_t per_epoch, uint64_t step) {
    double total = (double)epochs * (double)per_epoch, warm = t->warmup_epochs * (double)per_epoch, now = (double)step;
    if (warm > total / 2)
        warm = total / 2;
    if (now < warm)
        return t->rate * (now + 1) / (warm + 1);
    double part = (now - warm) / (total - warm);
    return t->rate * (t->final_rate + (1 - t->final_rate) * 0.5 * (1 + lf_cos_pi(part)));
}

lf_row_adam lf_schedule_adam(const lf_recipe_training *t, double rate, double power1, double power2) {
    double root = sqrt(1 - power2);
    return (lf_row_adam){(float)(rate * root / (1 - power1)), (float)t->beta1, (float)t->beta2,
                         (float)(t->epsilon * root)};
}
