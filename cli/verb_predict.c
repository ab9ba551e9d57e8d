#include "cli.h"

typedef struct predict_args {
    cli_args args;
    const char *input[CLI_LIST_MAX + 1];
    const char *in[CLI_LIST_MAX + 1];
    const char *out[CLI_LIST_MAX + 1];
    const char *engine;
    const char *output;
    int64_t batch;
    bool raw;
} predict_args;

static const cli_option options[] = {
    {"in", 'i', "[NAME=]FILE", CLI_LIST, offsetof(predict_args, in),
     "rows as .npy, one .npz, or a .csv table for a network that knows its columns; repeat with NAME= for several "
     "inputs"},
    {"out", 'o', "[NAME=]FILE", CLI_LIST, offsetof(predict_args, out), "where the results go"},
    {"engine", 0, "ENGINE", CLI_STRING, offsetof(predict_args, engine),
     "fast (packed bits, all cores; the default) or reference"},
    {"input", 0, "[NAME=]TYPE[!][,scale[,offset]]", CLI_LIST, offsetof(predict_args, input),
     "grid an input lies on, as UINT8,1/255 or 'FIXED<8,4>!'"},
    {"batch", 0, "N", CLI_INT, offsetof(predict_args, batch), "rows per block"},
    {"output", 0, "TENSOR", CLI_STRING, offsetof(predict_args, output), "another tensor than the outputs"},
    {"raw", 0, NULL, CLI_FLAG, offsetof(predict_args, raw), "the integers before the output scale"},
    {0}};

static lf_status run(lf_ctx *ctx, const cli_common *common, void *data, lf_answer *answer) {
    (void)common;
    predict_args *a = data;
    lf_predict_options o = {.model = {.model = a->args.at[0], .input = a->input},
                            .in = a->in,
                            .out = a->out,
                            .engine = a->engine,
                            .batch = a->batch,
                            .output = a->output,
                            .raw = a->raw};
    return lf_predict(ctx, &o, answer);
}

const cli_verb cli_verb_predict = {
    .name = "predict",
    .args = "MODEL",
    .arg_count = 1,
    .help = "run the network on the rows of a .npy file",
    .more = "example: lutfisk predict model.onnx -i x.npy -o y.npy\n",
    .size = sizeof(predict_args),
    .options = options,
    .run = run,
};
