/* Running a test bench (unit_bench.h) in Verilator and Icarus, and with faults planted in its Verilog. */
#ifndef LF_TESTS_BENCH_RUN_H
#define LF_TESTS_BENCH_RUN_H

#include "bench_files.h"
#include "base/run.h"

static inline bool bench_tool(bench *b, const char *const *argv) {
    lf_run_result r;
    bench_must(b, lf_tool_run(b->ctx, b->arena, argv, b->dir, &r), argv[0]);
    if (r.exit_code)
        fprintf(stderr, "%s: exit %d\n%s\n", argv[0], r.exit_code, r.out);
    return r.exit_code == 0;
}

/* Runs a simulation and explains its first differences by the names of the cases. */
static inline bool bench_replay(bench *b, const char *const *argv, bool quiet) {
    lf_run_result r;
    bench_must(b, lf_tool_run(b->ctx, b->arena, argv, b->dir, &r), argv[0]);
    bool good = r.exit_code == 0 && strstr(r.out, ", 0 errors");
    if (quiet)
        return good;
    fprintf(stderr, "%s", r.out);
    for (const char *p = strstr(r.out, " bit "); p && !good; p = strstr(p + 1, " bit ")) {
        int bit = atoi(p + 5);
        for (size_t i = 0; i < b->cases.count; i++) {
            const bench_case *c = b->cases.at[i];
            for (int k = 0; k < c->in_count; k++)
                if (bit == c->in[k].ready)
                    fprintf(stderr, "  bit %d is s_tready %d of %s\n", bit, k, c->name);
            for (int k = 0; k < c->out_count; k++)
                if (bit >= c->out[k].data && bit <= c->out[k].last)
                    fprintf(stderr, "  bit %d is %s %d of %s\n", bit,
                            bit == c->out[k].valid  ? "m_tvalid"
                            : bit == c->out[k].last ? "m_tlast"
                                                    : "m_tdata",
                            k, c->name);
        }
    }
    return good;
}

static inline bool bench_verilator(bench *b) {
    bench_write_binary(b);
    bench_write(b, "harness.cpp", bench_harness, sizeof bench_harness - 1);
    const char *build[] = {"verilator",    "-Wall",      "--cc",        "--exe",
                           "--build",      "-O3",        "--x-initial", "unique",
                           "--x-assign",   "unique",     "-MAKEFLAGS",  "OPT_FAST=-O0 OPT_SLOW=-O0 OPT_GLOBAL=-O0 -s",
                           "--top-module", "bench",      "-Mdir",       "obj",
                           "-f",           "filelist.f", "harness.cpp", NULL};
    const char *run[] = {lf_path_join(b->arena, b->dir, "obj/Vbench"), NULL};
    return bench_tool(b, build) && bench_replay(b, run, false);
}

/* "read_verilog a.v b.v ..." of the file list, as it is. */
static inline const char *bench_read_script(bench *b) {
    lf_file list;
    bench_must(b, lf_file_open(b->ctx, lf_path_join(b->arena, b->dir, "filelist.f"), 0, &list), "filelist.f");
    char *files = lf_strndup(b->arena, (const char *)list.data, list.size);
    lf_file_close(&list);
    for (char *p = strchr(files, '\n'); p; p = strchr(p, '\n'))
        *p = ' ';
    return lf_format(b->arena, "read_verilog %s", files);
}

static inline bool bench_icarus_build(bench *b) {
    const char *argv[] = {"iverilog",   "-g2005", "-Wall",      "-s",       "replay", "-o",
                          "replay.vvp", "-c",     "filelist.f", "replay.v", NULL};
    return bench_tool(b, argv);
}

static inline bool bench_icarus_replay(bench *b, bool quiet) {
    const char *argv[] = {"vvp", "-n", "replay.vvp", NULL};
    return bench_replay(b, argv, quiet);
}

static inline bool bench_icarus(bench *b) {
    bench_write_hex(b);
    return bench_icarus_build(b) && bench_icarus_replay(b, false);
}

/* -- faults that must be seen ------------------------------------------------------------------------------------------------- */

typedef struct bench_fault {
    const char *what, *file, *from, *to;
} bench_fault;

/* Writes the file with the fault; returns the text without it. */
static inline const char *bench_plant(bench *b, const bench_fault *f) {
    lf_file file;
    bench_must(b, lf_file_open(b->ctx, lf_path_join(b->arena, b->dir, f->file), 0, &file), f->file);
    const char *good = lf_strndup(b->arena, (const char *)file.data, file.size), *at = strstr(good, f->from);
    lf_file_close(&file);
    if (!at) {
        fprintf(stderr, "FAILED: %s has no '%s'\n", f->file, f->from);
        abort();
    }
    const char *bad = lf_format(b->arena, "%.*s%s%s", (int)(at - good), good, f->to, at + strlen(f->from));
    bench_write(b, f->file, bad, strlen(bad));
    return good;
}

/* True when Icarus builds the design with the fault and the vectors, written before, show a difference. */
static inline bool bench_sees(bench *b, const bench_fault *f) {
    const char *good = bench_plant(b, f);
    bool built = bench_icarus_build(b), seen = built && !bench_icarus_replay(b, true);
    bench_write(b, f->file, good, strlen(good));
    if (!seen)
        fprintf(stderr, "%s: %s\n", built ? "not seen" : "not built", f->what);
    return seen;
}

#endif
