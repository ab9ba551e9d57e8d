/* A simulation of many matrix-vector layers at once: one test bench with a replay per layer, for Verilator or Icarus. */
#ifndef LF_TESTS_MVU_BENCH_H
#define LF_TESTS_MVU_BENCH_H

#include <limits.h>

#include "mvu_case.h"

typedef struct mvu_bench {
    lf_ctx *ctx;
    lf_arena *arena;
    lf_vlog *v;
    char *dir;
    lf_text body, done, errors;
    int count;
} mvu_bench;

static inline void mvu_bench_begin(mvu_bench *b, const char *parent) {
    memset(b, 0, sizeof *b);
    b->ctx = lf_ctx_new(1);
    b->arena = lf_arena_new();
    b->v = lf_vlog_new(b->ctx, b->arena, "never_written");
    if (lf_temp_dir(b->ctx, b->arena, parent ? parent : "/tmp", &b->dir) != LF_OK)
        abort();
}

static inline void mvu_bench_end(mvu_bench *b) {
    for (size_t i = 0; i < lf_diag_count(b->ctx); i++)
        fprintf(stderr, "%s\n", lf_diag_text(b->arena, lf_diag_at(b->ctx, i)));
    lf_text_free(&b->body);
    lf_text_free(&b->done);
    lf_text_free(&b->errors);
    lf_remove_tree(b->dir);
    lf_vlog_free(b->v);
    lf_arena_free(b->arena);
    lf_ctx_free(b->ctx);
}

/* Adds a layer to the bench with a recording under the given stalls. */
static inline lf_status mvu_bench_add(mvu_bench *b, lf_rng *r, const mvu_layer *l, const mvu_stalls *st, int settings,
                                      mvu_recording *out) {
    const lf_mvu_plan *p = &l->plan;
    const char *name = l->spec.name, *file = lf_format(b->arena, "%s.rec", name);
    int inputs = mvu_inputs(l);
    int64_t sw = mvu_input_bits(l), mw = l->spec.pe * p->out_bits;
    LF_TRY(lf_mvu_print(b->v, b->arena, p));
    *out = mvu_record(lf_path_join(b->arena, b->dir, file), b->arena, r, l, st, settings);
    int k = b->count++;
    lf_text_addf(&b->body,
                 "    wire rst%d, mv%d, mr%d;\n    wire [%d:0] sv%d, sr%d;\n    wire [%" PRId64
                 ":0] sd%d;\n    wire [%" PRId64 ":0] md%d;\n",
                 k, k, k, inputs - 1, k, k, sw - 1, k, mw - 1, k);
    lf_text_addf(&b->body,
                 "    lf_stream_replay #(.INPUTS(%d), .SW(%" PRId64 "), .MW(%" PRId64 "), .CYCLES(%" PRId64
                 "), .FILE(\"%s\"), .NAME(\"%s\")) replay%d (.aclk(aclk), .aresetn(rst%d), ",
                 inputs, sw, mw, out->cycles, file, name, k, k);
    lf_text_addf(&b->body,
                 ".s_tdata(sd%d), .s_tvalid(sv%d), .s_tready(sr%d), .m_tdata(md%d), .m_tvalid(mv%d), .m_tready(mr%d), "
                 ".done(done[%d]), .errors(errors[%d +: 32]));\n",
                 k, k, k, k, k, k, k, 32 * k);
    lf_text_addf(
        &b->body,
        "    %s %s (.aclk(aclk), .aresetn(rst%d), .s_axis_tdata(sd%d), .s_axis_tvalid(sv%d), .s_axis_tready(sr%d), ",
        name, name, k, k, k, k);
    lf_text_addf(&b->body, ".m_axis_tdata(md%d), .m_axis_tvalid(mv%d), .m_axis_tready(mr%d));\n", k, k, k);
    return LF_OK;
}

static inline void mvu_bench_write(mvu_bench *b) {
    FILE *f = fopen(lf_path_join(b->arena, b->dir, "bench.v"), "w"),
         *list = fopen(lf_path_join(b->arena, b->dir, "filelist.f"), "w");
    if (!f || !list || mvu_write(b->ctx, b->arena, b->v, b->dir, "never_written", list) != LF_OK)
        abort();
    fprintf(
        f,
        "module bench;\n    reg aclk = 1'b0;\n    wire [%d:0] done;\n    wire [%d:0] errors;\n    integer i, total;\n",
        b->count - 1, 32 * b->count - 1);
    fprintf(f, "    always #5 aclk = ~aclk;\n%s", b->body.at);
    fprintf(f,
            "    always @(posedge aclk)\n        if (&done) begin\n            total = 0;\n            for (i = 0; i < "
            "%d; i = i + 1)\n",
            b->count);
    fprintf(f,
            "                total = total + errors[32*i +: 32];\n            $display(\"replayed %d units, errors "
            "%%0d\", total);\n            $finish;\n        end\nendmodule\n",
            b->count);
    fclose(f);
    fclose(list);
}

static inline bool mvu_run(mvu_bench *b, const char *what, const char *const *argv, lf_run_result *r) {
    if (lf_tool_run(b->ctx, b->arena, argv, b->dir, r) != LF_OK)
        return false;
    if (r->exit_code)
        fprintf(stderr, "%s: exit %d\n%s\n", what, r->exit_code, r->out);
    return r->exit_code == 0;
}

/* Runs a finished simulation: true when every unit was replayed without an error. */
static inline bool mvu_check(mvu_bench *b, const char *what, const char *const *argv) {
    lf_run_result r;
    if (!mvu_run(b, what, argv, &r))
        return false;
    bool ok = strstr(r.out, lf_format(b->arena, "replayed %d units, errors 0\n", b->count)) != NULL;
    if (!ok)
        fprintf(stderr, "%s:\n%s\n", what, r.out);
    return ok;
}

static inline bool mvu_simulate_icarus(mvu_bench *b) {
    const char *replay = realpath("rtl/tb/lf_stream_replay.v", lf_alloc(b->arena, PATH_MAX));
    const char *compile[] = {"iverilog", "-g2005", "-Wall",      "-o",   "bench.vvp", "-s",
                             "bench",    "-c",     "filelist.f", replay, "bench.v",   NULL};
    const char *run[] = {"vvp", "-n", "bench.vvp", NULL};
    lf_run_result r;
    return mvu_run(b, "iverilog", compile, &r) && mvu_check(b, "vvp", run);
}

static inline bool mvu_simulate_verilator(mvu_bench *b) {
    const char *replay = realpath("rtl/tb/lf_stream_replay.v", lf_alloc(b->arena, PATH_MAX));
    const char *compile[] = {"verilator",  "--binary",     "--timing", "-Wno-fatal", "-Wno-lint",
                             "-Wno-style", "-O1",          "-CFLAGS",  "-O0",        "-j",
                             "2",          "--top-module", "bench",    "--Mdir",     "obj",
                             "-f",         "filelist.f",   replay,     "bench.v",    NULL};
    const char *run[] = {lf_path_join(b->arena, b->dir, "obj/Vbench"), NULL};
    lf_run_result r;
    return mvu_run(b, "verilator", compile, &r) && mvu_check(b, "Vbench", run);
}

/* Every warning counts, in all layers and the hand-written units below them. */
static inline bool mvu_lint(mvu_bench *b) {
    const char *replay = realpath("rtl/tb/lf_stream_replay.v", lf_alloc(b->arena, PATH_MAX));
    const char *argv[] = {"verilator", "--lint-only", "--timing",  "-Wall", "--top-module", "bench",
                          "-f",        "filelist.f",  "quiet.vlt", replay,  "bench.v",      NULL};
    lf_run_result r;
    FILE *f = fopen(lf_path_join(b->arena, b->dir, "quiet.vlt"), "w");
    if (!f)
        return false;
    fprintf(f, "`verilator_config\nlint_off -file \"*/lf_stream_replay.v\"\nlint_off -file \"bench.v\"\n");
    fclose(f);
    return mvu_run(b, "lint", argv, &r);
}

#endif
