/* How fast a recipe trains: steps on random pictures, thread CPU time of one core.
 *
 *   bench_train RECIPE.yaml [STEPS, default 5] [FEATURES, default 3072]
 *
 * Per phase: milliseconds per step and GFLOP/s of its products (a product and a sum are two); the best of all steps. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/rng.h"
#include "train/train_net.h"

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static double operations(const lf_net *n, bool gradient) {
    double sum = 0;
    for (int i = 0; i < n->layers; i++) {
        const lf_net_layer *l = &n->layer[i];
        bool counts = l->weighted && !(gradient && l->from[0] == LF_FROM_INPUT);
        sum += counts ? 2.0 * (double)l->in * (double)l->out * (double)l->columns : 0;
    }
    return sum;
}

typedef struct phases {
    double forward, backward, update;
} phases;

static phases step(lf_net *n, const uint8_t *labels) {
    lf_row_adam adam = {1e-3f, 0.9f, 0.999f, 1e-8f};
    double t[4] = {now()};
    lf_net_forward(n);
    t[1] = now();
    lf_net_loss(n, labels);
    lf_net_backward(n, &adam);
    t[2] = now();
    lf_net_update(n, &adam);
    t[3] = now();
    return (phases){t[1] - t[0], t[2] - t[1], t[3] - t[2]};
}

static double lesser(double a, double b) {
    return a < b ? a : b;
}

int main(int argc, char **argv) {
    lf_ctx *ctx = lf_ctx_new(1);
    lf_recipe *r = argc > 1 ? lf_recipe_load(ctx, argv[1]) : NULL;
    if (!r) {
        printf("usage: bench_train RECIPE.yaml [STEPS] [FEATURES]\n");
        return 2;
    }
    int steps = argc > 2 ? atoi(argv[2]) : 5;
    size_t features = argc > 3 ? (size_t)atol(argv[3]) : 3072;
    lf_net *n = lf_net_new(r, features, 1, LF_ISA_COUNT, lf_ctx_pool(ctx));
    lf_net_init(n);
    lf_rng rng = lf_rng_make(1, 1);
    for (size_t i = 0; i < features * n->batch; i++)
        n->input[i] = (float)lf_rng_between(&rng, -128, 127);
    uint8_t *labels = calloc(n->batch, 1);
    for (size_t i = 0; i < n->batch; i++)
        labels[i] = (uint8_t)(i % n->layer[n->layers - 1].out);
    phases best = {1e9, 1e9, 1e9};
    for (int i = 0; i < steps; i++) {
        phases p = step(n, labels);
        best =
            (phases){lesser(best.forward, p.forward), lesser(best.backward, p.backward), lesser(best.update, p.update)};
    }
    double forward = operations(n, false), gradient = operations(n, true);
    double total = best.forward + best.backward + best.update;
    printf("%s, batch %zu, %s\n", r->name, n->batch, lf_isa_name(n->gemm->isa));
    printf("forward  %8.2f ms %7.1f GFLOP/s\n", 1e3 * best.forward, 1e-9 * forward / best.forward);
    printf("backward %8.2f ms %7.1f GFLOP/s\n", 1e3 * best.backward, 1e-9 * gradient / best.backward);
    printf("update   %8.2f ms %7.1f GFLOP/s\n", 1e3 * best.update, 1e-9 * forward / best.update);
    printf("step     %8.2f ms %7.1f GFLOP/s, %.0f samples/s\n", 1e3 * total, 1e-9 * (2 * forward + gradient) / total,
           (double)n->batch / total);
    free(labels);
    lf_net_free(n);
    lf_recipe_free(r);
    lf_ctx_free(ctx);
    return 0;
}
