/* How the way from ONNX to Verilog grows with the network: thread CPU seconds of each step for a residual network of N blocks, of 2 N and
 * of 4 N, in turns, so that all three see the same machine.
 *
 *   bench_scale [N, default 24] [ROUNDS, default 3]
 *
 * Per step: the least seconds of all rounds, and the median over the rounds of what 2 N and 4 N take in terms of N. A step that is linear
 * in the graph shows 2 and 4. Blocks are small (8 channels, 4 x 4 pixels), so that time shows what nodes cost and not what weights do.
 * `connect` looks for smaller FIFOs until a budget is spent; "per run" is the cycle model's time for six frames. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/file.h"
#include "export/export.h"
#include "import/import.h"
#include "ir/op.h"
#include "ir/pass.h"
#include "pass/connect.h"
#include "pass/fold.h"
#include "pass/passes.h"
#include "pass/stream_model.h"
#include "target/target.h"
#include "zoo/maker.h"

enum { CHANNELS = 8, BITS = 2, TRUNK_BITS = 4, CYCLES = 2304, FRAMES = 6, SIZES = 3, MOST_ROUNDS = 25 };

#define TRUNK_SCALE 0.25

/* -- the network ------------------------------------------------------------------------------------------------------------- */

static lf_flow convolution(lf_maker *m, const char *name, lf_flow x, int64_t kernel, int64_t stride) {
    return lf_make_conv(m, name, x,
                        (lf_conv_spec){.outs = CHANNELS,
                                       .kernel = kernel,
                                       .stride = stride,
                                       .groups = 1,
                                       .bits = BITS,
                                       .gamma = 0.6,
                                       .beta = 0.2});
}

static lf_flow activation(lf_maker *m, const char *name, lf_flow x, int bits, bool is_signed) {
    return lf_make_quant(m, name, x, (lf_quant_spec){.bits = bits, .is_signed = is_signed, .scale = TRUNK_SCALE});
}

static lf_flow block(lf_maker *m, const char *name, lf_flow trunk) {
    const char *a = lf_format(m->g->arena, "%s_a", name), *b = lf_format(m->g->arena, "%s_b", name);
    lf_flow x = activation(m, a, convolution(m, a, trunk, 3, 1), BITS, false);
    x = activation(m, b, convolution(m, b, x, 1, 1), TRUNK_BITS, true);
    return activation(m, name, lf_make_sum(m, lf_format(m->g->arena, "%s_sum", name), x, trunk), TRUNK_BITS, false);
}

static lf_id grow(lf_maker *m) {
    lf_flow x = lf_make_picture(m, 3);
    for (int i = 0; x.side > 4; i++) {
        const char *name = lf_format(m->g->arena, "start%d", i);
        x = activation(m, name, convolution(m, name, x, 3, 2), TRUNK_BITS, false);
    }
    for (int i = 0; i < (int)m->o->blocks; i++)
        x = block(m, lf_format(m->g->arena, "block%d", i), x);
    return lf_make_dense(m, "classes", x, m->o->classes, BITS);
}

static const lf_zoo network = {
    .name = "residual",
    .usual = {.seed = 1, .size = 32, .width = 1, .blocks = 1, .classes = 10, .weight_bits = BITS, .act_bits = BITS},
    .grow = grow,
};

/* -- the steps ----------------------------------------------------------------------------------------------------------------- */

typedef struct job {
    lf_ctx *ctx;
    lf_graph *g;
    lf_arena *arena;
    char *dir;
    const char *file;
    int64_t blocks;
} job;

typedef lf_status step_fn(job *j);

static lf_status replace(job *j, lf_graph *g) {
    lf_graph_free(j->g);
    j->g = g;
    return g ? LF_OK : LF_FAILED;
}

static lf_status make(job *j) {
    return replace(j, lf_zoo_make(j->ctx, &network, &(lf_zoo_options){.blocks = j->blocks}));
}

static lf_status write_onnx(job *j) {
    return lf_export_onnx(j->g, j->file);
}

static lf_status read_onnx(job *j) {
    return replace(j, lf_import(j->ctx, j->file));
}

static lf_status fold_constants(job *j) {
    return lf_pass_run(j->g, &lf_pass_fold_constants, NULL);
}

static lf_status channels_last(job *j) {
    return lf_pass_run(j->g, &lf_pass_channels_last, NULL);
}

static lf_status sink_pools(job *j) {
    return lf_pass_run(j->g, &lf_pass_sink_pools, NULL);
}

static lf_status integerize(job *j) {
    return lf_pass_run(j->g, &lf_pass_integerize, NULL);
}

static lf_status map(job *j) {
    return lf_pass_run(j->g, &lf_pass_map, NULL);
}

static lf_status fold(job *j) {
    return lf_pass_run(j->g, &lf_pass_fold, &(lf_fold_options){.ii = CYCLES, .part = "xcu250"});
}

static lf_status connect(job *j) {
    return lf_pass_run(j->g, &lf_pass_connect, &(lf_connect_options){0});
}

static lf_status one_run(job *j) {
    lf_stream_facts facts;
    return lf_stream_model_measure(j->g, FRAMES, j->arena, &facts);
}

static lf_status write_verilog(job *j) {
    return lf_target_verilog.emit(j->g, "residual", j->dir);
}

static const struct {
    const char *name;
    step_fn *run;
} steps[] = {
    {"make", make},
    {"write ONNX", write_onnx},
    {"import", read_onnx},
    {"fold-constants", fold_constants},
    {"channels-last", channels_last},
    {"sink-pools", sink_pools},
    {"integerize", integerize},
    {"map", map},
    {"fold", fold},
    {"connect", connect},
    {"  of which per run", one_run},
    {"write Verilog", write_verilog},
};

enum { STEPS = LF_COUNT(steps) };

/* -- time ------------------------------------------------------------------------------------------------------------------------ */

typedef struct measured {
    double seconds[STEPS];
    size_t nodes; /* of the hardware graph */
} measured;

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static bool measure(int64_t blocks, measured *out) {
    lf_ctx *ctx = lf_ctx_new(1);
    job j = {.ctx = ctx, .arena = lf_arena_new(), .blocks = blocks};
    lf_status status = lf_temp_dir(ctx, j.arena, NULL, &j.dir);
    if (status == LF_OK)
        j.file = lf_path_join(j.arena, j.dir, "residual.onnx");
    for (size_t i = 0; i < STEPS && status == LF_OK; i++) {
        double start = now();
        status = steps[i].run(&j);
        out->seconds[i] = now() - start;
    }
    out->nodes = status == LF_OK ? j.g->order.count : 0;
    if (status != LF_OK && lf_diag_count(ctx))
        fprintf(stderr, "bench_scale: %s\n", lf_diag_at(ctx, 0)->text);
    if (j.dir)
        lf_remove_tree(j.dir);
    lf_graph_free(j.g);
    lf_arena_free(j.arena);
    lf_ctx_free(ctx);
    return status == LF_OK;
}

static int by_size(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *at, int count) {
    qsort(at, (size_t)count, sizeof *at, by_size);
    return at[count / 2];
}

typedef measured rounds_of[SIZES][MOST_ROUNDS];

static void print_step(rounds_of m, int rounds, size_t step) {
    double ratio[SIZES][MOST_ROUNDS], least[SIZES];
    for (int s = 0; s < SIZES; s++) {
        least[s] = m[s][0].seconds[step];
        for (int r = 0; r < rounds; r++) {
            double seconds = m[s][r].seconds[step];
            least[s] = seconds < least[s] ? seconds : least[s];
            ratio[s][r] = seconds / m[0][r].seconds[step];
        }
    }
    printf("%-20s %9.4f %9.4f %9.4f %8.2f %8.2f\n", steps[step].name, least[0], least[1], least[2],
           median(ratio[1], rounds), median(ratio[2], rounds));
}

int main(int argc, char **argv) {
    static rounds_of m;
    long blocks = argc > 1 ? atol(argv[1]) : 24, rounds = argc > 2 ? atol(argv[2]) : 3;
    if (blocks < 1 || blocks > 250 || rounds < 1 || rounds > MOST_ROUNDS) {
        printf("usage: bench_scale [N, 1..250] [ROUNDS, 1..%d]\n", MOST_ROUNDS);
        return 2;
    }
    for (long r = 0; r < rounds; r++)
        for (int s = 0; s < SIZES; s++)
            if (!measure(blocks << s, &m[s][r]))
                return 1;
    printf("%ld, %ld and %ld blocks; %zu, %zu and %zu nodes in hardware\n", blocks, 2 * blocks, 4 * blocks,
           m[0][0].nodes, m[1][0].nodes, m[2][0].nodes);
    printf("%-20s %9s %9s %9s %8s %8s\n", "seconds", "N", "2 N", "4 N", "2 N / N", "4 N / N");
    for (size_t i = 0; i < STEPS; i++)
        print_step(m, (int)rounds, i);
    return 0;
}
