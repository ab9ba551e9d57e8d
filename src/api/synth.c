/* synth: what the design really takes, beside what was estimated. */
#include "api/answer.h"
#include "base/file.h"
#include "base/json.h"
#include "fpga/part.h"
#include "report/text_table.h"
#include "verify/yosys.h"

static json_t *count_json(const lf_synth_count *c, const char *family, const char *netlist) {
    json_t *o = json_object();
    json_object_set_new(o, "lut", json_integer(c->lut));
    json_object_set_new(o, "ff", json_integer(c->ff));
    json_object_set_new(o, "bram", json_real(c->bram));
    json_object_set_new(o, "uram", json_integer(c->uram));
    json_object_set_new(o, "dsp", json_integer(c->dsp));
    json_object_set_new(o, "muxf", json_integer(c->muxf));
    json_object_set_new(o, "carry", json_integer(c->carry));
    json_object_set_new(o, "path_luts", json_integer(c->path_luts));
    json_object_set_new(o, "path_carries", json_integer(c->path_carries));
    json_object_set_new(o, "seconds", json_real(c->seconds));
    if (c->router)
        json_object_set_new(
            o, "clock", json_pack("{s:f,s:o}", "mhz", c->routed_mhz, "evidence", json_sprintf("routed %s", c->router)));
    json_object_set_new(o, "tool", json_string("yosys"));
    json_object_set_new(o, "family", json_string(family));
    json_object_set_new(o, "netlist", json_string(netlist));
    return o;
}

static void print_count(const json_t *report, const lf_synth_count *c, lf_text *text) {
    static const char *const header[] = {"<", "LUT", "FF", "BRAM36", "DSP", "URAM", "MUXF", "CARRY"};
    lf_arena *a = lf_arena_new();
    lf_table t = lf_table_make(a, LF_COUNT(header), header);
    const json_t *n = json_object_get(report, "network");
    const char *estimated[] = {"estimated",
                               lf_thousands(a, json_integer_value(json_object_get(n, "lut"))),
                               lf_thousands(a, json_integer_value(json_object_get(n, "ff"))),
                               lf_fixed_decimals(a, json_number_value(json_object_get(n, "bram")), 1),
                               lf_thousands(a, json_integer_value(json_object_get(n, "dsp"))),
                               "",
                               "",
                               ""};
    const char *counted[] = {"yosys",
                             lf_thousands(a, c->lut),
                             lf_thousands(a, c->ff),
                             lf_fixed_decimals(a, c->bram, 1),
                             lf_thousands(a, c->dsp),
                             lf_thousands(a, c->uram),
                             lf_thousands(a, c->muxf),
                             lf_thousands(a, c->carry)};
    lf_table_row(&t, estimated);
    lf_table_row(&t, counted);
    lf_table_print(&t, text);
    lf_text_addf(text, "\nlongest path between registers: %lld LUTs and %lld carry cells; %s s\n",
                 (long long)c->path_luts, (long long)c->path_carries, lf_fixed_decimals(a, c->seconds, 1));
    int64_t ii = json_integer_value(json_object_get(n, "ii_cycles"));
    if (c->router && ii > 0)
        lf_text_addf(text, "routed (%s): %s MHz, at which it makes %s frames/s\n", c->router,
                     lf_fixed_decimals(a, c->routed_mhz, 2),
                     lf_thousands(a, (int64_t)(c->routed_mhz * 1e6 / (double)ii)));
    lf_arena_free(a);
}

static lf_status save_report(lf_ctx *ctx, const char *path, const json_t *report) {
    lf_text text = {0};
    lf_json_print(&text, report);
    lf_text_add(&text, "\n");
    lf_status status = lf_file_write(ctx, path, text.at, text.len);
    lf_text_free(&text);
    return status;
}

typedef struct job {
    lf_ctx *ctx;
    const lf_synth_options *o;
    lf_arena *arena;
    json_t *report;
} job;

/* All files of a build but those in synth/ are its sources or what others know it by. */
static lf_status check_netlist(const job *j, const char *netlist) {
    const char *dir = j->o->dir;
    if (lf_lies_in(netlist, dir) && !lf_lies_in(netlist, lf_path_join(j->arena, dir, "synth"))) {
        lf_status status =
            lf_fail(j->ctx, LF_BAD_INPUT, NULL, "--netlist %s would overwrite a file of the build %s", netlist, dir);
        lf_hint(j->ctx, "name a new file, or one in %s", lf_path_join(j->arena, dir, "synth"));
        return status;
    }
    return lf_file_writable(j->ctx, netlist);
}

static lf_status synth(job *j, lf_answer *answer) {
    const char *path = lf_path_join(j->arena, j->o->dir, "report.json");
    lf_synth_count c;
    if (!lf_path_exists(path)) {
        lf_status status = lf_fail(j->ctx, LF_BAD_INPUT, &(lf_where){.file = j->o->dir},
                                   "not the directory of a build (report.json is missing)");
        lf_hint(j->ctx, "make one with `lutfisk build MODEL -o DIR`");
        return status;
    }
    LF_TRY(lf_json_load(j->ctx, path, 64u << 20, &j->report));
    const char *top = json_string_value(json_object_get(j->report, "top")),
               *built_for = json_string_value(json_object_get(j->report, "part"));
    const lf_part *part = lf_part_find(j->ctx, j->o->part ? j->o->part : built_for ? built_for : "xc7z020");
    if (!part)
        return LF_BAD_INPUT;
    if (!top)
        return lf_fail(j->ctx, LF_BAD_INPUT, &(lf_where){.file = path}, "this is not the report of a build");
    const char *netlist = j->o->netlist ? j->o->netlist : lf_path_join(j->arena, j->o->dir, "synth/netlist.v");
    if (!j->o->netlist)
        LF_TRY(lf_make_dir(j->ctx, lf_path_join(j->arena, j->o->dir, "synth")));
    LF_TRY(check_netlist(j, netlist));
    LF_TRY(lf_file_writable(j->ctx, path));
    lf_progress(j->ctx, "synthesizing with yosys", 0, 0);
    LF_TRY(lf_yosys_synth(j->ctx, j->o->dir, top, part, netlist, &c));
    json_t *count = count_json(&c, part->family, j->o->netlist ? lf_path_base(netlist) : "synth/netlist.v");
    json_object_set(j->report, "synth", count);
    lf_text text = {0};
    print_count(j->report, &c, &text);
    lf_answer_set(answer, count, &text);
    return save_report(j->ctx, path, j->report);
}

lf_status lf_synth(lf_ctx *ctx, const lf_synth_options *o, lf_answer *answer) {
    static const char *const tools[] = {"yosys", NULL}, *const later[] = {"vivado", "quartus", NULL};
    LF_TRY(lf_check_word(ctx, "--tool", o->tool, tools, later));
    job j = {.ctx = ctx, .o = o, .arena = lf_arena_new()};
    lf_status status = synth(&j, answer);
    json_decref(j.report);
    lf_arena_free(j.arena);
    return status;
}
