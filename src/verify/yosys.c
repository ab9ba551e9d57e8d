#include "verify/yosys.h"

#include <stdlib.h>
#include <string.h>

#include "base/embed.h"
#include "base/file.h"
#include "base/json.h"
#include "base/run.h"
#include "base/text.h"

/* What one cell counts as LUTs: memories of LUTs by the LUTs they take. */
static const struct {
    const char *cell;
    int luts;
} lut_cells[] = {{"LUT1", 1},       {"LUT2", 1},       {"LUT3", 1},      {"LUT4", 1},     {"LUT5", 1},     {"LUT6", 1},      {"LUT6_2", 1},    {"INV", 1},       {"SRL16E", 1},
                 {"SRLC32E", 1},    {"SRLC16E", 1},    {"RAM32X1S", 1},  {"RAM64X1S", 1}, {"RAM128X1S", 2}, {"RAM256X1S", 4}, {"RAM512X1S", 8}, {"RAM32X1D", 2},  {"RAM64X1D", 2},
                 {"RAM128X1D", 4},  {"RAM256X1D", 8},  {"RAM32M", 4},    {"RAM64M", 4},   {"RAM32M16", 8},  {"RAM64M8", 8},   {"ROM16X1", 1},   {"ROM32X1", 1},   {"ROM64X1", 1},
                 {"ROM128X1", 2},   {"ROM256X1", 4}};

static bool starts(const char *s, const char *with) { return !strncmp(s, with, strlen(with)); }

static bool count_cell(const char *cell, int64_t n, lf_synth_count *c) {
    static const char *const free_cells[] = {"BUFG", "IBUF", "OBUF", "VCC", "GND"};
    for (size_t i = 0; i < LF_COUNT(lut_cells); i++)
        if (!strcmp(lut_cells[i].cell, cell)) {
            c->lut += lut_cells[i].luts * n;
            return true;
        }
    if (starts(cell, "RAMB36") || starts(cell, "RAMB18"))
        c->bram += (double)n / (starts(cell, "RAMB18") ? 2 : 1);
    else if (starts(cell, "URAM288"))
        c->uram += n;
    else if (starts(cell, "DSP48") || starts(cell, "DSP58"))
        c->dsp += n;
    else if (starts(cell, "MUXF"))
        c->muxf += n;
    else if (starts(cell, "CARRY"))
        c->carry += n;
    else if (starts(cell, "FD") || !strcmp(cell, "LDCE") || !strcmp(cell, "LDPE"))
        c->ff += n;
    else {
        for (size_t i = 0; i < LF_COUNT(free_cells); i++)
            if (!strcmp(free_cells[i], cell))
                return true;
        return false;
    }
    return true;
}

static void print_script(lf_text *t, char *files, const char *work, const char *top, const char *family) {
    char *save = NULL;
    for (char *f = strtok_r(files, " \t\r\n", &save); f; f = strtok_r(NULL, " \t\r\n", &save))
        lf_text_addf(t, "read_verilog %s\n", f);
    lf_text_addf(t, "hierarchy -check -top %s\nproc\nflatten\nopt_expr\nopt_clean\nwreduce\nopt_clean\ntechmap -map %s/alu.v\n", top, work);
    lf_text_addf(t, "synth_xilinx -family %s -flatten -noiopad -nowidelut -top %s\n", family, top);
    lf_text_addf(t, "select * t:FD* %%d t:LD* %%d t:RAMB* %%d t:RAM*M* %%d t:RAM*X* %%d t:SRL* %%d t:URAM* %%d t:DSP* %%d\ntee -q -o %s/ltp.txt ltp\nselect -clear\n", work);
    lf_text_addf(t, "write_verilog -noattr %s/netlist.v\nwrite_json %s/net.json\ntee -q -o %s/stat.json stat -json\n", work, work, work);
}

typedef struct job {
    lf_ctx *ctx;
    lf_arena *arena;
    const char *rtl, *top, *family;
    char *work;
} job;

static const char *in_work(job *j, const char *name) { return lf_path_join(j->arena, j->work, name); }

static const char *last_line(lf_arena *a, const char *out) {
    size_t n = strlen(out);
    while (n && out[n - 1] == '\n')
        n--;
    size_t start = n;
    while (start && out[start - 1] != '\n')
        start--;
    return lf_strndup(a, out + start, n - start);
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
    print_script(&script, files, j->work, j->top, j->family);
    lf_status status = lf_file_write(j->ctx, in_work(j, "alu.v"), alu->data, alu->size);
    if (status == LF_OK)
        status = lf_file_write(j->ctx, in_work(j, "s.ys"), script.at, script.len);
    lf_text_free(&script);
    LF_TRY(status);
    const char *argv[] = {"yosys", "-q", "-s", in_work(j, "s.ys"), NULL};
    lf_run_result r;
    LF_TRY(lf_tool_run(j->ctx, j->arena, argv, j->rtl, &r));
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
    json_t *cells = json_object_get(json_object_get(json_object_get(stat, "modules"), lf_format(j->arena, "\\%s", j->top)), "num_cells_by_type");
    lf_status status = LF_OK;
    json_object_foreach(cells, cell, n) {
        if (status == LF_OK && !count_cell(cell, json_integer_value(n), c))
            status = lf_fail(j->ctx, LF_FAILED, NULL, "a cell that is not counted: %s (%lld of them)", cell, (long long)json_integer_value(n));
    }
    json_decref(stat);
    if (status == LF_OK && (double)c->lut + c->bram + (double)c->dsp == 0)
        status = lf_fail(j->ctx, LF_FAILED, NULL, "nothing was synthesized: the logic was dropped (a short memory file, or no output driven)");
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
        c->path_luts += type && starts(type, "LUT");
        c->path_carries += type && starts(type, "CARRY");
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

lf_status lf_yosys_synth(lf_ctx *ctx, const char *dir, const char *top, const char *family, const char *netlist, lf_synth_count *out) {
    if (strcmp(family, "xc7") != 0 && strcmp(family, "xcup") != 0)
        return lf_fail(ctx, LF_BAD_INPUT, NULL, "synthesis for the family %s is not in this version; there are xc7 and xcup", family);
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
        status = keep_netlist(&j, netlist);
    if (j.work)
        lf_remove_tree(j.work);
    lf_arena_free(j.arena);
    return status;
}
