/* How fast layers of neurons that are tables run (kern/byte_net.h): samples per second of one core, 512 at a time, from codes to codes.
 *
 *   bench_neurons [SECONDS per row, default 0.5]
 *
 * The networks have the shapes of LogicNets' jet classifiers (Umuroglu et al., FPL 2020) and random weights: a neuron is a sum of its inputs with normal
 * weights, scaled and shifted, rounded and clamped to its codes, as a quantized ReLU makes it. Every row is first compared with a look-up per sample. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/rng.h"
#include "bench_time.h"
#include "kern/byte_net.h"

enum { LAYERS_MOST = 5, WIDTHS_MOST = LAYERS_MOST + 1 };

typedef struct shape {
    const char *name;
    int bits, fan_in, layers;
    size_t width[WIDTHS_MOST];
} shape;

typedef struct network {
    shape shape;
    uint32_t *from[LAYERS_MOST];
    uint8_t *table[LAYERS_MOST];
} network;

static lf_rng rng;

static void fill_table(const shape *s, uint8_t *table) {
    double weight[LF_BYTE_FAN_IN], bias = 0.5 * lf_rng_normal(&rng), top = (double)((1 << s->bits) - 1);
    for (int j = 0; j < s->fan_in; j++)
        weight[j] = lf_rng_normal(&rng);
    for (uint32_t a = 0; a < UINT32_C(1) << s->fan_in * s->bits; a++) {
        double sum = bias;
        for (int j = 0; j < s->fan_in; j++)
            sum += 2 * weight[j] * (double)(a >> j * s->bits & ((1u << s->bits) - 1)) / top;
        double y = floor(sum / sqrt(s->fan_in) * top / 1.5 + 0.5);
        table[a] = (uint8_t)(y < 0 ? 0 : y > top ? top : y);
    }
}

static network make(lf_arena *a, const shape *s) {
    network n = {.shape = *s};
    size_t entries = (size_t)1 << s->fan_in * s->bits, fan_in = (size_t)s->fan_in;
    for (int l = 0; l < s->layers; l++) {
        size_t wide = s->width[l + 1];
        n.from[l] = LF_NEW_ARRAY(a, uint32_t, wide * fan_in);
        n.table[l] = LF_NEW_ARRAY(a, uint8_t, wide * entries);
        for (size_t i = 0; i < wide * fan_in; i++)
            n.from[l][i] = (uint32_t)lf_rng_below(&rng, (uint32_t)s->width[l]);
        for (size_t i = 0; i < wide; i++)
            fill_table(s, n.table[l] + i * entries);
    }
    return n;
}

static lf_byte_net *plan(lf_arena *a, const network *n, lf_isa isa) {
    lf_byte_net *net = lf_byte_net_new(a, n->shape.width[0], isa);
    for (int l = 0; l < n->shape.layers; l++)
        lf_byte_net_add(
            net, &(lf_byte_layer){n->shape.width[l + 1], n->shape.fan_in, n->shape.bits, n->from[l], n->table[l]});
    return net;
}

typedef struct job {
    const lf_byte_net *net;
    uint8_t *in, *out, *scratch;
} job;

static void work(void *with) {
    job *j = with;
    lf_byte_net_run(j->net, j->in, j->out, j->scratch, 1);
}

static uint8_t *planes(size_t count) {
    return aligned_alloc(64, (count + 1) * LF_BYTE_SAMPLES);
}

/* Whether the outputs are what a look-up per sample and neuron gives. */
static bool equal(const network *n, const uint8_t *in, const uint8_t *out) {
    uint8_t value[1024], next[1024];
    const shape *s = &n->shape;
    for (size_t sample = 0; sample < LF_BYTE_SAMPLES; sample++) {
        for (size_t i = 0; i < s->width[0]; i++)
            value[i] = in[i * LF_BYTE_SAMPLES + sample];
        for (int l = 0; l < s->layers; l++) {
            for (size_t i = 0; i < s->width[l + 1]; i++) {
                size_t address = 0;
                for (int j = 0; j < s->fan_in; j++)
                    address |= (size_t)value[n->from[l][i * (size_t)s->fan_in + (size_t)j]] << j * s->bits;
                next[i] = n->table[l][(i << s->fan_in * s->bits) + address];
            }
            memcpy(value, next, sizeof value);
        }
        for (size_t i = 0; i < s->width[s->layers]; i++)
            if (out[i * LF_BYTE_SAMPLES + sample] != value[i])
                return false;
    }
    return true;
}

static bool measure(const network *n, lf_isa isa, double seconds) {
    lf_arena *a = lf_arena_new();
    double start = bench_now(CLOCK_THREAD_CPUTIME_ID);
    const lf_byte_net *net = plan(a, n, isa);
    double ready = bench_now(CLOCK_THREAD_CPUTIME_ID) - start;
    size_t inputs = n->shape.width[0];
    job j = {net, planes(inputs), planes(n->shape.width[n->shape.layers]),
             planes(lf_byte_net_scratch(net) / LF_BYTE_SAMPLES)};
    for (size_t i = 0; i < inputs * LF_BYTE_SAMPLES; i++)
        j.in[i] = (uint8_t)lf_rng_below(&rng, UINT32_C(1) << n->shape.bits);
    work(&j);
    bool fine = equal(n, j.in, j.out);
    bench_rate r = bench_measure(work, &j, LF_BYTE_SAMPLES, seconds);
    lf_byte_counts c = lf_byte_net_counts(net);
    printf("%-36s %-7s %8.1f M/s  best %8.1f M/s  neurons: %zu by permutes, %zu sums, %zu large tables  ready in "
           "%.0f ms  %s\n",
           n->shape.name, lf_isa_name(isa), r.median * 1e-6, r.best * 1e-6, c.tables, c.sums, c.pieces, ready * 1e3,
           fine ? "equal" : "DIFFERENT");
    fflush(stdout);
    free(j.in);
    free(j.out);
    free(j.scratch);
    lf_arena_free(a);
    return fine;
}

int main(int argc, char **argv) {
    static const shape shapes[] = {
        {"JSC-S 16-64-32-32-32-5, 3 x 2 bits", 2, 3, 5, {16, 64, 32, 32, 32, 5}},
        {"JSC-M 16-64-32-32-32-5, 4 x 3 bits", 3, 4, 5, {16, 64, 32, 32, 32, 5}},
        {"JSC-L 32-64-192-192-16, 4 x 3 bits", 3, 4, 4, {32, 64, 192, 192, 16}},
    };
    double seconds = argc > 1 ? atof(argv[1]) : 0.5;
    bool fine = true;
    rng = lf_rng_make(1, 0);
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        lf_arena *a = lf_arena_new();
        network n = make(a, &shapes[i]);
        for (int isa = LF_ISA_COUNT - 1; isa >= 0; isa--)
            if (lf_cpu_has((lf_isa)isa))
                fine = measure(&n, (lf_isa)isa, seconds) && fine;
        lf_arena_free(a);
    }
    return fine ? 0 : 1;
}
