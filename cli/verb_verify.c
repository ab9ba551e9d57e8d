#include "cli.h"

typedef struct verify_args {
    cli_args args;
    const char *in[CLI_LIST_MAX + 1];
    const char *out[CLI_LIST_MAX + 1];
    const char *sim;
    const char *netlist;
    int64_t samples;
    double stall;
} verify_args;

static const cli_option options[] = {
    {"in", 'i', "[NAME=]FILE", CLI_LIST, offsetof(verify_args, in),
     "rows in the model's own input domain, as predict reads them"},
    {"out", 'o', "[NAME=]FILE", CLI_LIST, offsetof(verify_args, out),
     "what the Verilog computed, as predict writes it"},
    {"sim", 0, "SIM", CLI_STRING, offsetof(verify_args, sim),
     "verilator (the default) or iverilog; for netlists lutfisk itself, where it knows all cells"},
    {"samples", 'n', "N", CLI_INT, offsetof(verify_args, samples), "only the first N rows"},
    {"stall", 0, "P", CLI_REAL, offsetof(verify_args, stall),
     "probability of stalls on every stream in the second run (default 0.3)"},
    {"netlist", 0, "FILE.v", CLI_STRING, offsetof(verify_args, netlist), "a mapped netlist instead of the sources"},
    {0}};

static lf_status run(lf_ctx *ctx, const cli_common *common, void *data, lf_answer *answer) {
    verify_args *a = data;
    lf_verify_options o = {.dir = a->args.at[0],
                           .in = a->in,
                           .out = a->out,
                           .sim = a->sim,
                           .samples = a->samples,
                           .stall = a->stall,
                           .netlist = a->netlist,
                           .seed = (uint64_t)common->seed};
    return lf_verify(ctx, &o, answer);
}

const cli_verb cli_verb_verify = {
    .name = "verify",
    .args = "DIR",
    .arg_count = 1,
    .help = "simulate a build and compare every output bit with the integer program",
    .more = "example: lutfisk verify hw -i x.npy --samples 1000\n",
    .size = sizeof(verify_args),
    .options = options,
    .run = run,
};
