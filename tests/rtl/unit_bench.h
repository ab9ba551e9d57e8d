/* One test bench for any stream unit: nodes, in a row or in any graph without loops, become a top module with every input and output
 * of that graph; their definition (exec) and the twins of their handshakes give, for random stalls, what every port must show in every clock cycle. All cases run side by side in one
 * simulation, which only replays and compares (contracts.md 5):
 *   - counts, data, stability, order, full rate, draining: every cycle's valid, ready, data and last equal the twins' and exec's;
 *   - valid does not wait for ready, no path from s_tvalid or s_tdata to an output, and none from m_tready to s_tready where the
 *     twins say so: inputs are toggled within a cycle;
 *   - reset: every setting is interrupted once by a reset at a random moment, and begins with random register contents. */
#ifndef LF_TESTS_UNIT_BENCH_H
#define LF_TESTS_UNIT_BENCH_H

#include "bench_run.h"

static inline void bench_begin(bench *b) {
    memset(b, 0, sizeof *b);
    b->ctx = lf_ctx_new(1);
    b->arena = lf_arena_new();
    bench_must(b, lf_temp_dir(b->ctx, b->arena, NULL, &b->dir), "temporary directory");
}

static inline void bench_forget_cycles(bench *b) {
    b->drive.count = b->expect.count = b->mask.count = 0;
}

static inline void bench_end(bench *b) {
    for (size_t i = 0; i < b->cases.count; i++)
        lf_graph_free(b->cases.at[i]->graph);
    if (!b->failed && !getenv("LF_KEEP"))
        lf_remove_tree(b->dir);
    else
        fprintf(stderr, "left in %s\n", b->dir);
    lf_arena_free(b->arena);
    lf_ctx_free(b->ctx);
}

#endif
