/* Truth tables to LUTs: how many and how fast.
 *
 *   bench_tables FILE [EFFORT, default 0] [LUT inputs, default 6] [care]
 *
 * FILE holds neurons, each as a line "NAME INPUTS OUTPUTS", a line of hexadecimal bytes per output (bit 0 of byte 0 is the value for address
 * 0) and one for the addresses that occur in the training data. With `care` only those matter. Prints a line per neuron (name, inputs,
 * outputs, LUTs, milliseconds of processor time) and the sum. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/file.h"
#include "circuit/decompose.h"

static double cpu_seconds(void) {
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static uint64_t *hex_bits(lf_arena *a, const char *line, int inputs) {
    size_t bytes = inputs < 3 ? 1 : (size_t)1 << (inputs - 3);
    uint64_t *bits = LF_NEW_ARRAY(a, uint64_t, (bytes + 7) / 8);
    for (size_t i = 0; i < bytes; i++) {
        unsigned byte = 0;
        if (sscanf(line + 2 * i, "%2x", &byte) != 1)
            exit((fprintf(stderr, "not a table: %.40s\n", line), 1));
        bits[i / 8] |= (uint64_t)byte << (i % 8 * 8);
    }
    return bits;
}

typedef struct totals {
    size_t neurons, luts;
    double seconds;
} totals;

static void measure(lf_ctx *ctx, const char *name, const lf_truth_table *t, const lf_decompose_options *o,
                    totals *sum) {
    lf_lutnet *net = lf_lutnet_new(ctx, (uint32_t)t->inputs);
    lf_signal in[LF_TABLE_INDEX_BITS], out[64];
    for (int i = 0; i < t->inputs; i++)
        in[i] = lf_lutnet_input((uint32_t)i);
    double start = cpu_seconds();
    if (lf_decompose(net, t, o, in, out) != LF_OK)
        exit((fprintf(stderr, "%s: failed\n", name), 1));
    double seconds = cpu_seconds() - start;
    printf("%s %d %d %zu %.3f\n", name, t->inputs, t->outputs, net->luts.count, 1e3 * seconds);
    sum->neurons++;
    sum->luts += net->luts.count;
    sum->seconds += seconds;
    lf_lutnet_free(net);
}

int main(int argc, char **argv) {
    lf_decompose_options o = {argc > 3 ? atoi(argv[3]) : 6, argc > 2 ? atoi(argv[2]) : 0};
    bool with_care = argc > 4 && !strcmp(argv[4], "care");
    lf_ctx *ctx = lf_ctx_new(1);
    FILE *f = argc > 1 ? fopen(argv[1], "r") : NULL;
    char name[128], *line = NULL;
    size_t cap = 0;
    totals sum = {0};
    if (!f)
        return fprintf(stderr, "usage: bench_tables FILE [EFFORT] [LUT inputs] [care]\n"), 2;
    for (int inputs, outputs;
         getline(&line, &cap, f) > 0 && sscanf(line, "%127s %d %d", name, &inputs, &outputs) == 3;) {
        lf_arena *a = lf_arena_new();
        uint64_t *bits[64];
        for (int i = 0; i <= outputs && getline(&line, &cap, f) > 0; i++)
            bits[i] = hex_bits(a, line, inputs);
        lf_truth_table t = {inputs, outputs, (const uint64_t *const *)bits, with_care ? bits[outputs] : NULL};
        measure(ctx, name, &t, &o, &sum);
        lf_arena_free(a);
    }
    printf("# %zu neurons, %zu LUTs, %.3f s\n", sum.neurons, sum.luts, sum.seconds);
    free(line);
    fclose(f);
    lf_ctx_free(ctx);
    return 0;
}
