#include "cli.h"

typedef struct make_args {
    cli_args args;
    const char *out;
    int64_t size, blocks, classes, weight_bits, act_bits;
    double width;
} make_args;

static const cli_option options[] = {
    {"out", 'o', "FILE", CLI_STRING, offsetof(make_args, out), "the network: FILE.onnx or FILE.lf"},
    {"size", 0, "N", CLI_INT, offsetof(make_args, size), "side of the pictures, a multiple of 32"},
    {"width", 0, "F", CLI_REAL, offsetof(make_args, width), "multiplies the channels of every layer"},
    {"blocks", 0, "N", CLI_INT, offsetof(make_args, blocks), "at most N blocks, in every stage where there are stages"},
    {"classes", 0, "N", CLI_INT, offsetof(make_args, classes), "number of outputs"},
    {"weight-bits", 0, "N", CLI_INT, offsetof(make_args, weight_bits), "of the layers between the first and the last"},
    {"act-bits", 0, "N", CLI_INT, offsetof(make_args, act_bits), "of the activations between them"},
    {0}};

static lf_status run(lf_ctx *ctx, const cli_common *common, void *data, lf_answer *answer) {
    make_args *a = data;
    lf_make_options o = {.name = a->args.at[0],
                         .out = a->out,
                         .seed = (uint64_t)common->seed,
                         .size = a->size,
                         .width = a->width,
                         .blocks = a->blocks,
                         .classes = a->classes,
                         .weight_bits = a->weight_bits,
                         .act_bits = a->act_bits};
    return lf_make(ctx, &o, answer);
}

const cli_verb cli_verb_make = {
    .name = "make",
    .args = "NETWORK",
    .arg_count = 1,
    .help = "write a known network with random weights, to see how it scales (`lutfisk list networks`)",
    .more = "example: lutfisk make mobilenet-v1 -o mobilenet.onnx\n"
            "         lutfisk make resnet50 --size 64 --width 0.25 --blocks 1 -o small.onnx\n",
    .size = sizeof(make_args),
    .options = options,
    .run = run,
};
