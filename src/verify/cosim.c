#include "verify/cosim.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/embed.h"
#include "base/file.h"
#include "base/run.h"
#include "base/text.h"
#include "verify/beats.h"
#include "verify/netlist_cosim.h"

struct lf_cosim {
    lf_ctx *ctx;
    lf_arena *arena;
    lf_cosim_design design;
    char *work;          /* temporary directory */
    lf_netlist *netlist; /* when lutfisk simulates it itself */
};

typedef LF_VEC(const char *) words;

static bool hex_files(const lf_cosim *c) {
    return c->design.simulator == LF_SIM_IVERILOG;
}

/* The simulators, their makefiles and the shells that they start see only names in the working directory, where they run: quotes, blanks or
 * dollars in the names of the design's or of the temporary directory reach none of them. */
static lf_status link_here(lf_cosim *c, const char *path, const char *name) {
    char *full = realpath(path, NULL);
    int failed = full ? symlink(full, lf_path_join(c->arena, c->work, name)) : -1;
    int error = errno;
    free(full);
    return failed ? lf_fail(c->ctx, LF_BAD_INPUT, &(lf_where){.file = path}, "cannot be used: %s", strerror(error))
                  : LF_OK;
}

static lf_status link_design(lf_cosim *c) {
    LF_TRY(link_here(c, lf_path_join(c->arena, c->design.dir, "rtl"), "rtl"));
    return link_here(c, lf_path_join(c->arena, c->design.dir, "tb"), "tb");
}

/* The last lines of what a tool printed, for messages. */
static const char *tail(lf_arena *a, const char *out) {
    size_t n = strlen(out), lines = 0;
    while (n && (out[n - 1] == '\n' || out[n - 1] == ' '))
        n--;
    size_t start = n;
    while (start && lines < 4)
        lines += out[--start] == '\n';
    return lf_strndup(a, out + start + (start && out[start] == '\n'), n - start);
}

/* What a tool complained of: from its first error on, for what follows from that one says less; else its last lines. */
static const char *complaint(lf_arena *a, const char *out) {
    const char *at = strstr(out, "rror"), *stop = strstr(out, "*** "), *end; /* make's */
    at = at && (!stop || at < stop) ? at : stop;
    if (!at)
        return tail(a, out);
    while (at > out && at[-1] != '\n')
        at--;
    end = at;
    for (int lines = 0; *end && lines < 3; lines++)
        end += strcspn(end, "\n") + (strchr(end, '\n') != NULL);
    return tail(a, lf_strndup(a, at, (size_t)(end - at)));
}

/* A netlist that cannot be simulated is a bad input; sources of our own that cannot are a failure of ours. */
static lf_status run_tool(lf_cosim *c, words *argv, const char *what) {
    lf_run_result r;
    LF_PUSH(c->arena, argv, NULL);
    LF_TRY(lf_tool_run(c->ctx, c->arena, argv->at, c->work, &r));
    if (r.exit_code == 0)
        return LF_OK;
    return lf_fail(c->ctx, c->design.netlist ? LF_BAD_INPUT : LF_FAILED, &(lf_where){.file = c->design.netlist},
                   "%s ended with status %d: %s", what, r.exit_code, complaint(c->arena, r.out));
}

/* -- sources ------------------------------------------------------------------------------------------------------------------- */

static lf_status add_rtl(lf_cosim *c, words *argv) {
    lf_file list;
    LF_TRY(lf_file_open(c->ctx, lf_path_join(c->arena, c->design.dir, "rtl/filelist.f"), 1 << 20, &list));
    char *text = lf_strndup(c->arena, (const char *)list.data, list.size), *save = NULL;
    lf_file_close(&list);
    for (char *name = strtok_r(text, " \t\r\n", &save); name; name = strtok_r(NULL, " \t\r\n", &save))
        LF_PUSH(c->arena, argv, lf_path_join(c->arena, "rtl", name));
    return LF_OK;
}

/* Copies Verilog without the modules that our own models stand in for: the library declares some of them, empty. */
static void copy_without(lf_text *out, const char *text, const char *const *names, size_t count) {
    while (*text) {
        const char *end = strstr(text, "endmodule"), *start = strstr(text, "module ");
        end = end ? end + strlen("endmodule") : text + strlen(text);
        bool ours = false;
        for (size_t i = 0; start && start < end && i < count; i++) {
            size_t n = strlen(names[i]);
            ours |= !strncmp(start + 7, names[i], n) && strchr(" (#\n", start[7 + n]);
        }
        lf_text_addn(out, text, ours ? (size_t)(start - text) : (size_t)(end - text));
        text = end;
    }
}

/* Yosys's iCE40 library gives ports default values, which neither simulator takes; Yosys's netlists connect all ports. */
static void copy_without_defaults(lf_text *out, const char *text) {
    static const char piece[] = " = 16'h 0000";
    lf_text_add(out, "`define NO_ICE40_DEFAULT_ASSIGNMENTS\n");
    for (const char *end; (end = strstr(text, piece)); text = end + strlen(piece))
        lf_text_addn(out, text, (size_t)(end - text));
    lf_text_add(out, text);
}

static lf_status add_library(lf_cosim *c, words *argv, const char *path, bool xilinx) {
    static const char *const own[] = {"RAMB18E1", "RAMB36E1", "RAMB18E2", "RAMB36E2"};
    lf_file f;
    lf_text text = {0};
    LF_TRY(lf_file_open(c->ctx, path, 64u << 20, &f));
    const char *library = lf_strndup(c->arena, (const char *)f.data, f.size);
    lf_file_close(&f);
    if (xilinx)
        copy_without(&text, library, own, LF_COUNT(own));
    else
        copy_without_defaults(&text, library);
    static const char copy[] = "cells_sim.v";
    lf_status status = lf_file_write(c->ctx, lf_path_join(c->arena, c->work, copy), text.at, text.len);
    lf_text_free(&text);
    LF_PUSH(c->arena, argv, copy);
    return status;
}

/* Where Yosys keeps its files. */
static const char *yosys_data(lf_cosim *c) {
    const char *ask[] = {"yosys-config", "--datdir", NULL};
    lf_run_result r;
    if (lf_tool_found(ask[0]) && lf_tool_run(c->ctx, c->arena, ask, NULL, &r) == LF_OK && r.exit_code == 0)
        return lf_strndup(c->arena, r.out, strcspn(r.out, "\n"));
    return "/usr/share/yosys";
}

/* The folder of the cells that a netlist is made of, told by cells that every netlist of that family has. */
static lf_status cell_family(lf_cosim *c, const char **family) {
    static const char *const bodiless[] = {" DP16KD ", " PDPW16KD ", " MULT18X18D "};
    lf_file f;
    LF_TRY(lf_file_open(c->ctx, c->design.netlist, 0, &f));
    const char *text = lf_strndup(c->arena, (const char *)f.data, f.size);
    lf_file_close(&f);
    if (!*text)
        return lf_fail(c->ctx, LF_BAD_INPUT, &(lf_where){.file = c->design.netlist}, "the netlist is empty");
    *family = strstr(text, " SB_LUT4 ") ? "ice40" : strstr(text, " TRELLIS_FF ") ? "ecp5" : "xilinx";
    for (size_t i = 0; !strcmp(*family, "ecp5") && i < LF_COUNT(bodiless); i++)
        if (strstr(text, bodiless[i]))
            return lf_fail(c->ctx, LF_BAD_INPUT, &(lf_where){.file = c->design.netlist},
                           "simulating ECP5's%sis not in this version: there is no model of it", bodiless[i]);
    return LF_OK;
}

/* Our own models of what Yosys's Xilinx library has no body for. */
static lf_status add_own_cells(lf_cosim *c, words *argv) {
    static const char own[] = "share/cells/xilinx_memory.v";
    const lf_embed *f = lf_embed_find(own);
    if (!f)
        return lf_fail(c->ctx, LF_BAD_INPUT, NULL, "%s is missing from this build of lutfisk", own);
    const char *name = lf_path_base(own);
    LF_PUSH(c->arena, argv, name);
    return lf_file_write(c->ctx, lf_path_join(c->arena, c->work, name), f->data, f->size);
}

static lf_status add_cells(lf_cosim *c, words *argv) {
    const char *family;
    LF_TRY(cell_family(c, &family));
    const char *folder = lf_path_join(c->arena, yosys_data(c), family),
               *cells = lf_path_join(c->arena, folder, "cells_sim.v");
    if (!lf_path_exists(cells))
        return lf_fail(c->ctx, LF_NO_TOOL, NULL,
                       "Yosys's cell models (%s/cells_sim.v) were not found: netlists cannot be simulated without them",
                       family);
    if (!strcmp(family, "xilinx"))
        LF_TRY(add_own_cells(c, argv));
    if (strcmp(family, "ecp5") != 0)
        return add_library(c, argv, cells, !strcmp(family, "xilinx"));
    LF_PUSH(c->arena, argv, lf_format(c->arena, "-I%s", folder));
    LF_PUSH(c->arena, argv, cells);
    return LF_OK;
}

static lf_status add_sources(lf_cosim *c, words *argv) {
    if (!c->design.netlist)
        return add_rtl(c, argv);
    if (!lf_path_exists(c->design.netlist))
        return lf_fail(c->ctx, LF_BAD_INPUT, &(lf_where){.file = c->design.netlist}, "the netlist does not exist");
    LF_TRY(link_here(c, c->design.netlist, "netlist.v"));
    LF_PUSH(c->arena, argv, "netlist.v");
    return add_cells(c, argv);
}

/* -- compiling ------------------------------------------------------------------------------------------------------------------ */

static lf_status compile_verilator(lf_cosim *c) {
    static const char *const flags[] = {"verilator",
                                        "--cc",
                                        "--exe",
                                        "--build",
                                        "-j",
                                        "2",
                                        "-O3",
                                        "-Wno-fatal",
                                        "-Wno-lint",
                                        "-Wno-style",
                                        "-Wno-MULTIDRIVEN",
                                        "--x-initial",
                                        "unique",
                                        "--x-assign",
                                        "unique",
                                        "--no-timing",
                                        "--bbox-sys",
                                        "--Mdir",
                                        "obj",
                                        "-MAKEFLAGS",
                                        "OPT_FAST=-O1 OPT_GLOBAL=-O1 OPT_SLOW=-O0",
                                        "-o",
                                        "harness"};
    words argv = {0};
    for (size_t i = 0; i < LF_COUNT(flags); i++)
        LF_PUSH(c->arena, &argv, flags[i]);
    LF_PUSH(c->arena, &argv, "--top-module");
    LF_PUSH(c->arena, &argv, c->design.top);
    LF_PUSH(c->arena, &argv, "--prefix"); /* or two underscores in the name would be written otherwise */
    LF_PUSH(c->arena, &argv, lf_format(c->arena, "V%s", c->design.top));
    LF_PUSH(c->arena, &argv, "+define+LF_MEM_DIR=\"rtl/\"");
    LF_TRY(add_sources(c, &argv));
    LF_PUSH(c->arena, &argv, "tb/harness.cpp");
    return run_tool(c, &argv, "verilator");
}

static lf_status compile_iverilog(lf_cosim *c) {
    words argv = {0};
    LF_PUSH(c->arena, &argv, "iverilog");
    LF_PUSH(c->arena, &argv, c->design.netlist ? "-g2012" : "-g2005");
    LF_PUSH(c->arena, &argv, "-o");
    LF_PUSH(c->arena, &argv, "tb.vvp");
    LF_PUSH(c->arena, &argv, "-s");
    LF_PUSH(c->arena, &argv, "tb");
    LF_PUSH(c->arena, &argv, "-DLF_MEM_DIR=\"rtl/\"");
    LF_TRY(add_sources(c, &argv));
    LF_PUSH(c->arena, &argv, "tb/tb.v");
    return run_tool(c, &argv, "iverilog");
}

static lf_status read_netlist(lf_cosim *c) {
    const char *why = NULL;
    if (!c->design.netlist)
        return lf_fail(c->ctx, LF_BAD_INPUT, NULL,
                       "lutfisk simulates netlists itself, not Verilog: choose verilator or iverilog");
    LF_TRY(lf_netlist_read(c->ctx, c->arena, c->design.netlist, &c->netlist, &why));
    if (c->netlist)
        return LF_OK;
    lf_status status = lf_fail(c->ctx, LF_BAD_INPUT, &(lf_where){.file = c->design.netlist},
                               "lutfisk does not simulate this netlist itself: %s", why);
    lf_hint(c->ctx, "--sim verilator or --sim iverilog simulate it with the cell library of Yosys");
    return status;
}

static lf_status compile(lf_cosim *c) {
    switch (c->design.simulator) {
    case LF_SIM_VERILATOR: return compile_verilator(c);
    case LF_SIM_IVERILOG: return compile_iverilog(c);
    default: return read_netlist(c);
    }
}

static lf_status need_tools(const lf_cosim *c) {
    static const char *const verilator[] = {"verilator", "g++", "make"}, *const iverilog[] = {"iverilog", "vvp", NULL};
    const char *const *tools = c->design.simulator == LF_SIM_VERILATOR ? verilator : iverilog;
    if (c->design.simulator == LF_SIM_LUTFISK)
        return LF_OK;
    for (int i = 0; i < 3 && tools[i]; i++)
        if (!lf_tool_found(tools[i])) {
            lf_status status =
                lf_fail(c->ctx, LF_NO_TOOL, NULL, "%s was not found: the simulation was not done", tools[i]);
            lf_hint(c->ctx, "install it, or choose another simulator with --sim; `lutfisk doctor` shows what there is");
            return status;
        }
    return LF_OK;
}

/* Verilator's makefiles build in no directory with a blank in its name, and make has characters of its own. */
static lf_status make_work(lf_cosim *c) {
    LF_TRY(lf_temp_dir(c->ctx, c->arena, NULL, &c->work));
    if (c->design.simulator != LF_SIM_VERILATOR || lf_path_is_plain(c->work))
        return LF_OK;
    lf_note(c->ctx, &(lf_where){.file = lf_ctx_temporary_dir(c->ctx)},
            "make cannot work in a directory of that name: Verilator runs in /tmp");
    lf_temp_dir_remove(c->ctx, c->work);
    c->work = NULL;
    return lf_temp_dir(c->ctx, c->arena, "/tmp", &c->work);
}

lf_status lf_cosim_new(lf_ctx *ctx, const lf_cosim_design *design, lf_cosim **out) {
    lf_cosim *c = calloc(1, sizeof *c);
    *out = NULL;
    *c = (lf_cosim){.ctx = ctx, .arena = lf_arena_new(), .design = *design};
    lf_status status = need_tools(c);
    if (status == LF_OK)
        status = make_work(c);
    if (status == LF_OK && c->design.simulator != LF_SIM_LUTFISK)
        status = link_design(c);
    if (status == LF_OK)
        status = compile(c);
    if (status == LF_OK)
        *out = c;
    else
        lf_cosim_free(c);
    return status;
}

void lf_cosim_free(lf_cosim *c) {
    if (!c)
        return;
    if (c->work)
        lf_temp_dir_remove(c->ctx, c->work);
    lf_arena_free(c->arena);
    free(c);
}

/* -- running --------------------------------------------------------------------------------------------------------------------- */

static const char *file_of(lf_cosim *c, const char *kind, size_t port, const char *ending) {
    return lf_path_join(c->arena, c->work, lf_format(c->arena, "%s_%zu.%s", kind, port, ending));
}

static lf_status write_inputs(lf_cosim *c, const lf_cosim_run *run) {
    for (size_t i = 0; i < c->design.inputs->count; i++) {
        const lf_stream_port *p = &c->design.inputs->at[i];
        const char *path = file_of(c, "in", i, hex_files(c) ? "hex" : "bin");
        LF_TRY(p->image ? lf_weights_copy(c->ctx, p, c->design.dir, path, hex_files(c))
                        : lf_beats_write(c->ctx, path, p, run->in[i], run->frames, hex_files(c)));
    }
    return LF_OK;
}

/* What both testbenches print of every port when nothing moves any more. False: they did not. */
static bool read_passed(const lf_cosim *c, const char *out, lf_cosim_run *run) {
    size_t ins = c->design.inputs->count, count = ins + c->design.outputs->count;
    for (size_t i = 0; run->passed && i < count; i++) {
        const char *word = lf_format(c->arena, "%s %zu passed ", i < ins ? "input" : "output", i < ins ? i : i - ins);
        const char *at = strstr(out, word);
        if (!at)
            return false;
        run->passed[i] = strtoll(at + strlen(word), NULL, 10);
    }
    return run->passed != NULL;
}

/* Icarus counts all cycles. */
static int64_t limit_of(const lf_cosim *c, const lf_cosim_run *run) {
    return hex_files(c) && !run->passed ? run->limit * (run->frames + 4) : run->limit;
}

static lf_status simulate(lf_cosim *c, lf_cosim_run *run, int64_t *first) {
    words argv = {0};
    lf_run_result r;
    long long stall = (long long)nearbyint(run->stall * 65536);
    lf_arena *a = c->arena;
    if (hex_files(c)) {
        LF_PUSH(a, &argv, "vvp");
        LF_PUSH(a, &argv, "-N");
        LF_PUSH(a, &argv, "tb.vvp");
        LF_PUSH(a, &argv, "+dir=.");
        LF_PUSH(a, &argv, lf_format(a, "+frames=%lld", (long long)run->frames));
        LF_PUSH(a, &argv, lf_format(a, "+stall=%lld", stall));
        LF_PUSH(a, &argv, lf_format(a, "+seed=%llu", (unsigned long long)(run->seed % 100000)));
        LF_PUSH(a, &argv, lf_format(a, "+limit=%lld", (long long)limit_of(c, run)));
    } else {
        LF_PUSH(a, &argv, "obj/harness");
        LF_PUSH(a, &argv, ".");
        LF_PUSH(a, &argv, lf_format(a, "%lld", (long long)run->frames));
        LF_PUSH(a, &argv, lf_format(a, "%lld", stall));
        LF_PUSH(a, &argv, lf_format(a, "%llu", (unsigned long long)run->seed));
        LF_PUSH(a, &argv, lf_format(a, "%lld", (long long)limit_of(c, run)));
    }
    argv.at[0] = hex_files(c) ? argv.at[0] : lf_path_join(a, c->work, argv.at[0]);
    LF_PUSH(a, &argv, NULL);
    LF_TRY(lf_tool_run(c->ctx, a, argv.at, c->work, &r));
    run->stopped = read_passed(c, r.out, run);
    if (run->stopped)
        return LF_OK;
    const char *at = strstr(r.out, "first "), *done = strstr(r.out, "done");
    if (r.exit_code != 0 || !at || (hex_files(c) && !done))
        return lf_fail(c->ctx, LF_FAILED, NULL, "the simulation stopped: %s", tail(a, r.out));
    *first = strtoll(at + 6, NULL, 10);
    return LF_OK;
}

/* The cycles of the last beats of frame 0, of the one before the intervals that count and of the last one, the latest of all outputs. */
static lf_status read_cycles(lf_cosim *c, const lf_cosim_run *run, int64_t last[3]) {
    last[0] = last[1] = last[2] = -1;
    for (size_t i = 0; i < c->design.outputs->count; i++) {
        lf_file f;
        int64_t beats = lf_port_beats(&c->design.outputs->at[i]),
                wanted[3] = {1, run->frames - lf_settled_intervals(run->frames), run->frames};
        LF_TRY(lf_file_open(c->ctx, file_of(c, "cycles", i, "txt"), 0, &f));
        char *text = lf_strndup(c->arena, (const char *)f.data, f.size), *end = text;
        lf_file_close(&f);
        for (int64_t b = 1; *end && b <= run->frames * beats; b++) {
            int64_t cycle = strtoll(end, &end, 10);
            for (int k = 0; k < 3; k++)
                if (b == wanted[k] * beats && cycle > last[k])
                    last[k] = cycle;
        }
    }
    return LF_OK;
}

lf_status lf_cosim_frames(lf_cosim *c, lf_cosim_run *run) {
    int64_t first = 0, last[3];
    LF_TRY(write_inputs(c, run));
    if (c->netlist)
        LF_TRY(lf_netlist_frames(c->ctx, c->netlist, &c->design, run, c->work, &first));
    else
        LF_TRY(simulate(c, run, &first));
    if (run->stopped)
        return LF_OK;
    for (size_t i = 0; i < c->design.outputs->count; i++)
        LF_TRY(lf_beats_read(c->ctx, file_of(c, "out", i, hex_files(c) ? "hex" : "bin"), &c->design.outputs->at[i],
                             run->out[i], run->frames, hex_files(c)));
    LF_TRY(read_cycles(c, run, last));
    run->latency_cycles = last[0] - first;
    int64_t count = lf_settled_intervals(run->frames);
    run->ii_cycles = run->frames > 1 ? (last[2] - last[1] + count - 1) / count : -1;
    return LF_OK;
}
