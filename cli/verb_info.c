#include "cli.h"

typedef struct info_args {
    cli_args args;
    const char *input[CLI_LIST_MAX + 1];
} info_args;

static const cli_option options[] = {{"input", 0, "[NAME=]TYPE[!][,scale[,offset]]", CLI_LIST,
                                      offsetof(info_args, input),
                                      "grid an input lies on, as UINT8,1/255 or 'FIXED<8,4>!'"},
                                     {0}};

static lf_status run(lf_ctx *ctx, const cli_common *common, void *data, lf_answer *answer) {
    (void)common;
    info_args *a = data;
    lf_model_options model = {.model = a->args.at[0], .input = a->input};
    return lf_info(ctx, &model, answer);
}

const cli_verb cli_verb_info = {
    .name = "info",
    .args = "MODEL",
    .arg_count = 1,
    .help = "show what a network is, and what of it would not compile and why",
    .more = "example: lutfisk info model.onnx --input UINT8,1/255\n",
    .size = sizeof(info_args),
    .options = options,
    .run = run,
};
