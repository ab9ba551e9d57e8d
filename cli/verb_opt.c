#include "cli.h"

typedef struct opt_args {
    cli_args args;
    const char *input[CLI_LIST_MAX + 1];
    const char *passes;
    const char *out;
    const char *dump_after;
    bool check, inline_constants;
} opt_args;

static const cli_option options[] = {
    {"passes", 'p', "PASSES", CLI_STRING, offsetof(opt_args, passes),
     "as 'fold-constants, integerize, fold(ii=64)'; `lutfisk list passes`"},
    {"out", 'o', "FILE", CLI_STRING, offsetof(opt_args, out),
     "the result: FILE.lf, FILE.blif (a circuit) or FILE.json (tables)"},
    {"input", 0, "[NAME=]TYPE[!][,scale[,offset]]", CLI_LIST, offsetof(opt_args, input),
     "grid an input lies on, as UINT8,1/255 or 'FIXED<8,4>!'"},
    {"check", 0, NULL, CLI_FLAG, offsetof(opt_args, check),
     "run inputs before and after each pass and hold it to its promise"},
    {"dump-after", 0, "PASS", CLI_STRING, offsetof(opt_args, dump_after),
     "write FILE.PASS.lf after that pass, or after 'all'"},
    {"inline", 0, NULL, CLI_FLAG, offsetof(opt_args, inline_constants), "all constants in the text, no .lfw file"},
    {0}};

static lf_status run(lf_ctx *ctx, const cli_common *common, void *data, lf_answer *answer) {
    (void)common;
    opt_args *a = data;
    lf_opt_options o = {.model = {.model = a->args.at[0], .input = a->input},
                        .passes = a->passes,
                        .out = a->out,
                        .check = a->check,
                        .dump_after = a->dump_after,
                        .inline_constants = a->inline_constants};
    return lf_opt(ctx, &o, answer);
}

const cli_verb cli_verb_opt = {
    .name = "opt",
    .args = "MODEL",
    .arg_count = 1,
    .help = "run passes on a network and write it as text",
    .more = "example: lutfisk opt model.onnx -p \"fold-constants, integerize\" -o model.lf --check\n",
    .size = sizeof(opt_args),
    .options = options,
    .run = run,
};
