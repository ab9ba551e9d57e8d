#include "verify/yosys.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/embed.h"
#include "base/file.h"
#include "base/json.h"
#include "base/run.h"
#include "base/text.h"
#include "verify/route.h"

/* What a cell counts, by the start of its name; the first line that fits holds. Memories of LUTs count the LUTs they take, also those
 * that carry the write address (TRELLIS_DPR16X4); a CCU2C has two LUTs of its own. BRAM in blocks of 36 Kbit. */
enum { LUT, FF, BRAM, URAM, DSP, MUXF, CARRY, NOTHING };
static const struct {
    const char *cell;
    int kind;
    double count;
} counted[] = {{"LUT", LUT, 1},
               {"INV", LUT, 1},
               {"SRL", LUT, 1},
               {"RAM32X1S", LUT, 1},
               {"RAM64X1S", LUT, 1},
               {"RAM128X1S", LUT, 2},
               {"RAM256X1S", LUT, 4},
               {"RAM512X1S", LUT, 8},
               {"RAM32X1D", LUT, 2},
               {"RAM64X1D", LUT, 2},
               {"RAM128X1D", LUT, 4},
               {"RAM256X1D", LUT, 8},
               {"RAM32M16", LUT, 8},
               {"RAM64M8", LUT, 8},
               {"RAM32M", LUT, 4},
               {"RAM64M", LUT, 4},
               {"ROM16X1", LUT, 1},
               {"ROM32X1", LUT, 1},
               {"ROM64X1", LUT, 1},
               {"ROM128X1", LUT, 2},
               {"ROM256X1", LUT, 4},
               {"SB_LUT4", LUT, 1},
               {"TRELLIS_DPR16X4", LUT, 6},
               {"RAMB36", BRAM, 1},
               {"RAMB18", BRAM, 0.5},
               {"SB_RAM40_4K", BRAM, 4.0 / 36},
               {"DP16KD", BRAM, 0.5},
               {"PDPW16KD", BRAM, 0.5},
               {"URAM288", URAM, 1},
               {"DSP48", DSP, 1},
               {"DSP58", DSP, 1},
               {"SB_MAC16", DSP, 1},
               {"MULT18X18D", DSP, 1},
               {"ALU54B", DSP, 1},
               {"MUXF", MUXF, 1},
               {"PFUMX", MUXF, 1},
               {"L6MUX21", MUXF, 1},
               {"CARRY", CARRY, 1},
               {"SB_CARRY", CARRY, 1},
               {"CCU2C", CARRY, 1},
               {"FD", FF, 1},
               {"LDCE", FF, 1},
               {"LDPE", FF, 1},
               {"SB_DFF", FF, 1},
               {"TRELLIS_FF", FF, 1},
               {"BUFG", NOTHING, 0},
               {"IBUF", NOTHING, 0},
               {"OBUF", NOTHING, 0},
               {"VCC", NOTHING, 0},
               {"VLO", NOTHING, 0},
               {"VHI", NOTHING, 0},
               {"GND", NOTHING, 0}};

/* Families: how Yosys reads and maps for them. LUTs of circuits are Xilinx's primitives unless told otherwise (rtl/lf_lut.v). Where the LUTs of a
 * family are no memories, the wish for such a memory would be an error. */
static const struct {
    const char *family, *read, *prepare, *map;
} families[] = {{"xc7", "", "", "synth_xilinx -family xc7 -flatten -noiopad -nowidelut"},
                {"xcup", "", "", "synth_xilinx -family xcup -flatten -noiopad -nowidelut"},
                {"ice40", "-DLF_LUT_GENERIC ", "setattr -unset ram_style a:ram_style=distributed\n", "synth_ice40"},
                {"ecp5", "-DLF_LUT_GENERIC ", "", "synth_ecp5"}};

static bool starts(const char *s, const char *with) {
    return !strncmp(s, with, strlen(with));
}

static int kind_of(const char *cell, double *count) {
    for (size_t i = 0; i < LF_COUNT(counted); i++)
        if (starts(cell, counted[i].cell)) {
            *count = counted[i].count;
            return counted[i].kind;
        }
    return -1;
}

static bool count_cell(const char *cell, int64_t n, lf_synth_count *c) {
    double each = 0;
    int64_t *whole[] = {
        [LUT] = &c->lut, [FF] = &c->ff, [URAM] = &c->uram, [DSP] = &c->dsp, [MUXF] = &c->muxf, [CARRY] = &c->carry};
    int kind = kind_of(cell, &each);
    if (kind == BRAM)
        c->bram += each * (double)n;
    else if (kind >= 0 && kind != NOTHING)
        *whole[kind] += (int64_t)each * n;
    if (!strcmp(cell, "CCU2C"))
        c->lut += 2 * n;
    return kind >= 0;
}

static int find_family(const char *name) {
    for (size_t i = 0; i < LF_COUNT(families); i++)
        if (!strcmp(families[i].family, name))
            return (int)i;
    return -1;
}

/* Yosys runs in a folder of links to the sources, so that no name of a directory is in its script; what it writes goes to the one above. */
static void print_script(lf_text *t, char *files, const char *top, int family) {
    char *save = NULL;
    for (char *f = strtok_r(files, " \t\r\n", &save); f; f = strtok_r(NULL, " \t\r\n", &save))
        lf_text_addf(t, "read_verilog %s%s\n", families[family].read, f);
    lf_text_addf(
        t,
        "hierarchy -check -top %s\nproc\nflatten\n%sopt_expr\nopt_clean\nwreduce\nopt_clean\ntechmap -map ../alu.v\n",
        top, families[family].prepare);
    lf_text_addf(t, "%s -top %s\nselect *", families[family].map, top);
    static const char *const ends[] = {"FD*",      "LD*",       "RAMB*",   "RAM*M*",     "RAM*X*",
                                       "SRL*",     "URAM*",     "DSP*",    "SB_DFF*",    "SB_RAM*",
                                       "SB_MAC16", "TRELLIS_*", "*P*16KD", "MULT18X18D", "ALU54B"};
    for (size_t i = 0; i < LF_COUNT(ends); i++)
        lf_text_addf(t, " t:%s %%d", ends[i]);
    lf_text_add(t, "\ntee -q -o ../ltp.txt ltp\nselect -clear\nwrite_verilog -noattr ../netlist.v\n"
                   "write_json ../net.json\ntee -q -o ../stat.json stat -json\n");
}

typedef struct job {
    lf_ctx *ctx;
    lf_arena *arena;
    const char *rtl, *top;
    int family;
    char *work;
} job;

static const char *in_work(job *j, const char *name) {
    return lf_path_join(j->arena, j->work, name);
}

static const char *last_line(lf_arena *a, const char *out) {
    size_t n = strlen(out);
    while (n && out[n - 1] == '\n')
        n--;
    size_t start = n;
    while (start && out[start - 1] != '\n')
        start--;
    return lf_strndup(a, out + start, n - start);
}

/* WORK/rtl/FILE -> DIR/rtl/FILE: sources and memory files. */
static lf_status link_sources(job *j) {
    const char *folder = in_work(j, "rtl");
    LF_TRY(lf_make_dir(j->ctx, folder));
    DIR *dir = opendir(j->rtl);
    if (!dir)
        return lf_fail(j->ctx, LF_BAD_INPUT, &(lf_where){.file = j->rtl}, "cannot open: %s", strerror(errno));
    lf_status status = LF_OK;
    for (const struct dirent *e; status == LF_OK && (e = readdir(dir));)
        if (e->d_name[0] != '.' &&
            symlink(lf_path_join(j->arena, j->rtl, e->d_name), lf_path_join(j->arena, folder, e->d_name)) != 0)
            status = lf_fail(j->ctx, LF_BAD_INPUT, &(lf_where){.file = folder}, "cannot make a link there: %s",
                             strerror(errno));
    closedir(dir);
    return status;
}

static lf_status run_yosys(job *j, double *seconds) {
    lf_file list;
    lf_text script = {0};
    const lf_embed *alu = lf_embed_find("share/yosys/alu.v");
    if (!alu)
        return lf_fail(j->ctx, LF_BAD_INPUT, NULL, "share/yosys/alu.v is missing from this build of lutfisk");
    LF_TRY(lf_file_open(j->ctx, lf_path_join(j->arena, j->rtl, "filelist.f"), 1 << 20, &list));
    char *files = lf_strndup(j->arena, (const char *)list.data, list.size);
    lf_file_close(&list);
    print_script(&script, files, j->top, j->family);
    lf_status status = lf_file_write(j->ctx, in_work(j, "alu.v"), alu->data, alu->size);
    if (status == LF_OK)
        status = lf_file_write(j->ctx, in_work(j, "s.ys"), script.at, script.len);
    lf_text_free(&script);
    if (status == LF_OK)
        status = link_sources(j);
    LF_TRY(status);
    const char *argv[] = {"yosys", "-q", "-s", "../s.ys", NULL};
    lf_run_result r;
    LF_TRY(lf_tool_run(j->ctx, j->arena, argv, in_work(j, "rtl"), &r));
    *seconds = r.seconds;
    if (r.exit_code != 0)
        return lf_fail(j->ctx, LF_FAILED, NULL, "yosys failed: %s", last_line(j->arena, r.out));
    return LF_OK;
}

/* `stat -json` prints lines before its object. */
static lf_status load_stat(job *j, json_t **out) {
    lf_file f;
    LF_TRY(lf_file_open(j->ctx, in_work(j, "stat.json"), 0, &f));
    const char *text = lf_strndup(j->arena, (const char *)f.data, f.size);
    lf_file_close(&f);
    const char *from = strchr(text, '{'), *to = strrchr(text, '}');
    if (!from || !to)
        return lf_fail(j->ctx, LF_FAILED, NULL, "yosys printed no statistics");
    return lf_json_parse(j->ctx, "stat.json", from, (size_t)(to - from + 1), out);
}

static lf_status count_cells(job *j, lf_synth_count *c) {
    json_t *stat = NULL;
    const char *cell;
    json_t *n;
    LF_TRY(load_stat(j, &stat));
    json_t *cells = json_object_get(
        json_object_get(json_object_get(stat, "modules"), lf_format(j->arena, "\\%s", j->top)), "num_cells_by_type");
    lf_status status = LF_OK;
    json_object_foreach(cells, cell, n) {
        if (status == LF_OK && !count_cell(cell, json_integer_value(n), c))
            status = lf_fail(j->ctx, LF_FAILED, NULL, "a cell that is not counted: %s (%lld of them)", cell,
                             (long long)json_integer_value(n));
    }
    json_decref(stat);
    if (status == LF_OK && (double)c->lut + c->bram + (double)c->dsp == 0)
        status = lf_fail(j->ctx, LF_FAILED, NULL,
                         "nothing was synthesized: the logic was dropped (a short memory file, or no output driven)");
    return status;
}

/* The cells on the longest path: "(via NAME)" in what ltp prints, looked up in the JSON netlist. */
static lf_status count_path(job *j, lf_synth_count *c) {
    lf_file f;
    json_t *net = NULL;
    LF_TRY(lf_file_open(j->ctx, in_work(j, "ltp.txt"), 0, &f));
    char *text = lf_strndup(j->arena, (const char *)f.data, f.size);
    lf_file_close(&f);
    LF_TRY(lf_json_load(j->ctx, in_work(j, "net.json"), 0, &net));
    const json_t *cells = json_object_get(json_object_get(json_object_get(net, "modules"), j->top), "cells");
    for (char *at = strstr(text, "(via "); at; at = strstr(at + 1, "(via ")) {
        char *name = at + 5;
        name += *name == '\\';
        size_t n = strcspn(name, ") ");
        const json_t *cell = json_object_get(cells, lf_strndup(j->arena, name, n));
        const char *type = json_string_value(json_object_get(cell, "type"));
        double count = 0;
        c->path_luts += type && (starts(type, "LUT") || starts(type, "SB_LUT4"));
        c->path_carries += type && kind_of(type, &count) == CARRY;
    }
    json_decref(net);
    return LF_OK;
}

static lf_status keep_netlist(job *j, const char *path) {
    lf_file f;
    LF_TRY(lf_file_open(j->ctx, in_work(j, "netlist.v"), 0, &f));
    lf_status status = lf_file_write(j->ctx, path, f.data, f.size);
    lf_file_close(&f);
    return status;
}

lf_status lf_yosys_synth(lf_ctx *ctx, const char *dir, const char *top, const lf_part *part, const char *netlist,
                         lf_synth_count *out) {
    int family = find_family(part->family);
    if (family < 0)
        return lf_fail(ctx, LF_BAD_INPUT, NULL, "synthesis for the family %s is not in this version", part->family);
    if (!lf_tool_found("yosys")) {
        lf_status status = lf_fail(ctx, LF_NO_TOOL, NULL, "yosys was not found: the synthesis was not done");
        lf_hint(ctx, "on Debian: apt-get install yosys");
        return status;
    }
    job j = {.ctx = ctx, .arena = lf_arena_new(), .top = top, .family = family};
    char *full = realpath(dir, NULL);
    j.rtl = lf_path_join(j.arena, full ? full : dir, "rtl");
    free(full);
    *out = (lf_synth_count){0};
    lf_status status = lf_temp_dir(ctx, j.arena, NULL, &j.work);
    if (status == LF_OK)
        status = run_yosys(&j, &out->seconds);
    if (status == LF_OK)
        status = count_cells(&j, out);
    if (status == LF_OK)
        status = count_path(&j, out);
    if (status == LF_OK)
        status = lf_route(ctx, j.arena, j.work, top, part, out);
    if (status == LF_OK)
        status = keep_netlist(&j, netlist);
    if (j.work)
        lf_temp_dir_remove(ctx, j.work);
    lf_arena_free(j.arena);
    return status;
}
