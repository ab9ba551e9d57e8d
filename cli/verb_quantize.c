#include "cli.h"

typedef struct quantize_args {
    cli_args args;
    const char *out;
    const char *set;
    const char *in[CLI_LIST_MAX + 1];
    const char *labels;
    const char *random;
    const char *dirs[CLI_LIST_MAX + 1];
    const char *method;
    double percentile;
    int64_t bits, weight_bits, first_last_bits, samples;
    bool requantize;
} quantize_args;

static const cli_option options[] = {
    {"out", 'o', "FILE", CLI_STRING, offsetof(quantize_args, out), "where the quantized network goes, as .onnx or .lf"},
    {"data", 0, "SET[:SPLIT]", CLI_STRING, offsetof(quantize_args, set),
     "calibrate and compare on a data set, as mnist:train"},
    {"in", 'i', "[NAME=]FILE", CLI_LIST, offsetof(quantize_args, in), "... or on rows as .npy or .npz"},
    {"labels", 'y', "FILE", CLI_STRING, offsetof(quantize_args, labels), "class of every row of -i as .npy"},
    {"random-data", 0, "LO,HI", CLI_STRING, offsetof(quantize_args, random),
     "... or, without data, on random rows of that range"},
    {"data-dir", 0, "DIR", CLI_LIST, offsetof(quantize_args, dirs),
     "folder of data sets ($LUTFISK_DATA is looked in too)"},
    {"samples", 'n', "N", CLI_INT, offsetof(quantize_args, samples),
     "the first N rows calibrate (512, at most half), those behind compare"},
    {"bits", 0, "N", CLI_INT, offsetof(quantize_args, bits), "of activations, 2 to 8 (default 8)"},
    {"weight-bits", 0, "N", CLI_INT, offsetof(quantize_args, weight_bits), "of weights (default: as --bits)"},
    {"first-last-bits", 0, "N", CLI_INT, offsetof(quantize_args, first_last_bits),
     "of weights and inputs of the first and last layers"},
    {"method", 0, "METHOD", CLI_STRING, offsetof(quantize_args, method),
     "how scales are chosen: mse (the default), max or percentile"},
    {"percentile", 0, "P", CLI_REAL, offsetof(quantize_args, percentile),
     "share of the values in percent that is not clipped (99.9)"},
    {"requantize", 0, NULL, CLI_FLAG, offsetof(quantize_args, requantize),
     "choose the model's own quantizers anew, too (otherwise those narrow enough stay)"},
    {0}};

static lf_status run(lf_ctx *ctx, const cli_common *common, void *data, lf_answer *answer) {
    quantize_args *a = data;
    cli_add_dirs(a->dirs, common);
    lf_quantize_options o = {.model = {.model = a->args.at[0]},
                             .out = a->out,
                             .where = {a->dirs},
                             .data = a->set,
                             .in = a->in,
                             .labels = a->labels,
                             .random = a->random,
                             .samples = a->samples,
                             .bits = a->bits,
                             .weight_bits = a->weight_bits,
                             .first_last_bits = a->first_last_bits,
                             .method = a->method,
                             .percentile = a->percentile,
                             .requantize = a->requantize,
                             .seed = (uint64_t)common->seed};
    return lf_quantize(ctx, &o, answer);
}

const cli_verb cli_verb_quantize = {
    .name = "quantize",
    .args = "MODEL",
    .arg_count = 1,
    .help = "a network becomes one of few bits, by calibration instead of training",
    .more = "example: lutfisk quantize float.onnx -o int8.onnx --data mnist:train\n"
            "         lutfisk quantize float.onnx -o int4.onnx --bits 4 --first-last-bits 8 -i rows.npy -y labels.npy\n"
            "         lutfisk quantize float.onnx -o int8.onnx --random-data 0,1\n"
            "         lutfisk quantize int4.onnx -o int8.onnx --requantize --data mnist:train\n",
    .size = sizeof(quantize_args),
    .options = options,
    .run = run,
};
