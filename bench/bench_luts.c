/* How fast netlists of LUTs run: samples per second of one core (thread CPU time), 512 at a time, from bits to bits and with what stands around
 * them, and how long it takes until their code is ready.
 *
 *   bench_luts [SECONDS per row, default 0.5]
 *
 * Columns: name, samples per second (median, best), share of the processor's peak of vpternlogq (measured in turns with the row), LUTs, operations of
 * three operands, milliseconds until the code is ready, bytes of code. The netlists are random: gates in the shape of difflogic's networks (Petersen et
 * al., NeurIPS 2022: 6 layers of 8,000 gates of two inputs, 784 inputs, ten groups whose ones are counted; every gate depends on both of its inputs),
 * and LUTs of six inputs. `whole` reads 784 bytes per sample and writes ten integers. On this kind of machine (Zen 5), difflogic's own compiled C made 1.5 million
 * samples per second from bits to bits and 0.76 million whole, and gcc took 200 s to compile it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "bench_time.h"
#include "circuit/add_bits.h"
#include "kern/bit_planes.h"
#include "kern/lut_code.h"
#include "kern/peak.h"

enum { GROUPS = 4, CLASSES = 10, PEAK_ROUNDS = 20000 };

static double seconds_per_row = 0.5;
static lf_ctx *ctx;
static lf_rng rng;

/* A function that every operand matters to; operands that differ. */
static lf_signal random_lut(lf_lutnet *n, const lf_signal *from, uint32_t count, int fan_in) {
    static const uint8_t gates[] = {1, 2, 4, 6, 7, 8, 9, 11, 13, 14};
    lf_signal in[LF_LUT_INPUTS];
    for (int k = 0; k < fan_in; k++) {
        in[k] = from[lf_rng_below(&rng, count)];
        for (int j = 0; j < k; j++)
            k = in[j] == in[k] ? k - 1 : k;
    }
    return lf_lutnet_lut(n, in, fan_in, fan_in == 2 ? gates[lf_rng_below(&rng, sizeof gates)] : lf_rng_u64(&rng));
}

/* `layers` layers of `wide` LUTs, each of operands anywhere in the layer before; the last layer are the outputs. */
static lf_lutnet *layered(uint32_t inputs, int layers, uint32_t wide, int fan_in) {
    lf_lutnet *n = lf_lutnet_new(ctx, inputs);
    lf_signal *from = malloc((inputs + wide) * sizeof *from), *to = malloc((inputs + wide) * sizeof *to);
    uint32_t count = inputs;
    for (uint32_t i = 0; i < inputs; i++)
        from[i] = lf_lutnet_input(i);
    for (int l = 0; l < layers; l++, count = wide) {
        for (uint32_t i = 0; i < wide; i++)
            to[i] = random_lut(n, from, count, fan_in);
        memcpy(from, to, wide * sizeof *to);
    }
    for (uint32_t i = 0; i < wide; i++)
        LF_PUSH(n->arena, &n->outputs, from[i]);
    free(from);
    free(to);
    return n;
}

/* The ones in ten groups of the outputs, counted, instead of the outputs. */
static lf_lutnet *with_counts(const lf_lutnet *n) {
    lf_circuit *c = lf_circuit_new(ctx);
    size_t each = n->outputs.count / 10;
    lf_weighted_bit *bits = malloc(each * sizeof *bits);
    for (int g = 0; g < 10; g++) {
        for (size_t i = 0; i < each; i++)
            bits[i] = (lf_weighted_bit){lf_circuit_input(c, (lf_range){0, 1, 1}), 0};
        c->count_with_adders = true;
        lf_circuit_output(c, lf_circuit_add_bits(c, bits, each));
    }
    lf_lutnet *head = lf_lutnet_of(c), *whole = lf_lutnet_new(ctx, n->inputs);
    lf_signal *at = calloc(2 + n->inputs + n->luts.count + head->luts.count, sizeof *at),
              *h = calloc(2 + head->inputs + head->luts.count, sizeof *h);
    for (uint32_t i = 0; i < 2 + n->inputs; i++)
        at[i] = i;
    for (size_t i = 0; i < n->luts.count; i++) {
        lf_signal in[LF_LUT_INPUTS];
        for (int k = 0; k < n->luts.at[i].fan_in; k++)
            in[k] = at[n->luts.at[i].in[k]];
        at[lf_lutnet_signal(n, i)] = lf_lutnet_lut(whole, in, n->luts.at[i].fan_in, n->luts.at[i].truth);
    }
    h[1] = 1;
    for (uint32_t i = 0; i < head->inputs; i++)
        h[2 + i] = at[n->outputs.at[i]];
    for (size_t i = 0; i < head->luts.count; i++) {
        lf_signal in[LF_LUT_INPUTS];
        for (int k = 0; k < head->luts.at[i].fan_in; k++)
            in[k] = h[head->luts.at[i].in[k]];
        h[lf_lutnet_signal(head, i)] = lf_lutnet_lut(whole, in, head->luts.at[i].fan_in, head->luts.at[i].truth);
    }
    for (size_t o = 0; o < head->outputs.count; o++)
        LF_PUSH(whole->arena, &whole->outputs, h[head->outputs.at[o]]);
    free(bits);
    free(at);
    free(h);
    lf_circuit_free(c);
    lf_lutnet_free(head);
    return whole;
}

static uint64_t *words(size_t count) {
    uint64_t *w = aligned_alloc(64, (count + 1) * LF_LUT_WORDS * sizeof *w);
    for (size_t i = 0; i < (count + 1) * LF_LUT_WORDS; i++)
        w[i] = lf_rng_u64(&rng);
    return w;
}

typedef struct job {
    const lf_lut_code *code;
    const lf_bit_planes *planes; /* NULL: from bits to bits */
    uint64_t *in, *out, *scratch;
    uint8_t *rows;   /* [512][inputs], of every group the same */
    int32_t *counts; /* [CLASSES][512] */
    size_t inputs, outputs;
} job;

static void run_net(void *with) {
    job *j = with;
    lf_lut_code_run(j->code, j->in, j->out, j->scratch, GROUPS);
}

static void run_whole(void *with) {
    job *j = with;
    int bits = (int)(j->outputs / CLASSES);
    for (int g = 0; g < GROUPS; g++) {
        j->planes->pack(j->rows, j->inputs, j->inputs, j->in);
        lf_lut_code_run(j->code, j->in, j->out, j->scratch, 1);
        for (size_t k = 0; k < CLASSES; k++)
            j->planes->join(j->out + k * (size_t)bits * LF_LUT_WORDS, bits, false, j->counts + k * LF_LUT_SAMPLES);
    }
}

static double peak_of(lf_isa isa) {
    double (*ternary)(uint64_t, uint64_t *) = lf_peak_kernel_for(isa)->ternary;
    uint64_t sink = 1;
    double best = 0;
    for (int i = 0; ternary && i < 20; i++) {
        double start = bench_now(CLOCK_THREAD_CPUTIME_ID), done = ternary(PEAK_ROUNDS, &sink);
        double rate = done / (bench_now(CLOCK_THREAD_CPUTIME_ID) - start);
        best = rate > best ? rate : best;
    }
    return best;
}

static lf_lut_code *make_code(const lf_lutnet *n, lf_isa isa, double *ready) {
    lf_lut_code *c = NULL;
    *ready = 1e9;
    for (int i = 0; i < 5; i++) {
        lf_lut_code_free(c);
        double start = bench_now(CLOCK_THREAD_CPUTIME_ID);
        c = lf_lut_code_make(n, isa);
        double took = bench_now(CLOCK_THREAD_CPUTIME_ID) - start;
        *ready = took < *ready ? took : *ready;
    }
    return c;
}

static void measure(const char *name, const lf_lutnet *n, lf_isa isa, bool whole) {
    double ready;
    lf_lut_code *c = make_code(n, isa, &ready);
    job j = {.code = c,
             .planes = whole ? lf_bit_planes_for(isa) : NULL,
             .in = words(GROUPS * n->inputs),
             .out = words(GROUPS * n->outputs.count),
             .scratch = words(lf_lut_code_scratch(c) / LF_LUT_WORDS),
             .rows = calloc(LF_LUT_SAMPLES, n->inputs + 1),
             .counts = calloc(LF_LUT_SAMPLES, CLASSES * sizeof(int32_t)),
             .inputs = n->inputs,
             .outputs = n->outputs.count};
    for (size_t i = 0; i < LF_LUT_SAMPLES * j.inputs; i++)
        j.rows[i] = (uint8_t)lf_rng_below(&rng, 2);
    double before = peak_of(isa);
    bench_rate r = bench_measure(whole ? run_whole : run_net, &j, GROUPS * LF_LUT_SAMPLES, seconds_per_row);
    double peak = (before + peak_of(isa)) / 2;
    printf("%-36s %-7s %9.2f M/s  best %9.2f M/s", name, lf_isa_name(isa), r.median * 1e-6, r.best * 1e-6);
    if (peak > 0)
        printf("  share %4.1f %% of %.1f T/s", 100 * r.median * (double)lf_lut_code_operations(c) / peak, peak * 1e-12);
    printf("  %6zu LUT %6zu operations  ready in %6.2f ms  %7zu bytes\n", n->luts.count, lf_lut_code_operations(c),
           ready * 1e3, lf_lut_code_bytes(c));
    fflush(stdout);
    lf_lut_code_free(c);
    free(j.in);
    free(j.out);
    free(j.scratch);
    free(j.rows);
    free(j.counts);
}

static void measure_all(const char *name, const lf_lutnet *n, bool whole) {
    for (int isa = LF_ISA_COUNT - 1; isa >= 0; isa--)
        if (lf_cpu_has((lf_isa)isa))
            measure(name, n, (lf_isa)isa, whole);
}

int main(int argc, char **argv) {
    if (argc > 1)
        seconds_per_row = atof(argv[1]);
    ctx = lf_ctx_new(1);
    rng = lf_rng_make(1, 0);
    lf_lutnet *gates = layered(784, 6, 8000, 2), *counted = with_counts(gates);
    measure_all("48,000 gates of 2 inputs", gates, false);
    measure_all("48,000 gates and ten counts", counted, false);
    measure_all("48,000 gates whole", counted, true);
    lf_lutnet_free(gates);
    lf_lutnet_free(counted);
    static const uint32_t sizes[] = {214, 2048, 8000};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        char name[64];
        lf_lutnet *n = layered(64, 4, sizes[i] / 4, 6);
        snprintf(name, sizeof name, "%u random LUTs of 6 inputs", sizes[i]);
        measure_all(name, n, false);
        lf_lutnet_free(n);
    }
    lf_ctx_free(ctx);
    return 0;
}
