#include "cli.h"

typedef struct synth_args {
    cli_args args;
    const char *tool;
    const char *part;
    const char *netlist;
} synth_args;

static const cli_option options[] = {
    {"tool", 0, "TOOL", CLI_STRING, offsetof(synth_args, tool), "yosys"},
    {"part", 0, "PART", CLI_STRING, offsetof(synth_args, part), "part or family (default: the part of the build)"},
    {"netlist", 0, "FILE.v", CLI_STRING, offsetof(synth_args, netlist),
     "where the mapped netlist goes (default DIR/synth/netlist.v)"},
    {0}};

static lf_status run(lf_ctx *ctx, const cli_common *common, void *data, lf_answer *answer) {
    (void)common;
    synth_args *a = data;
    lf_synth_options o = {.dir = a->args.at[0], .tool = a->tool, .part = a->part, .netlist = a->netlist};
    return lf_synth(ctx, &o, answer);
}

const cli_verb cli_verb_synth = {
    .name = "synth",
    .args = "DIR",
    .arg_count = 1,
    .help = "synthesize a build and count what it takes",
    .more = "example: lutfisk synth hw\n",
    .size = sizeof(synth_args),
    .options = options,
    .run = run,
};
