#include "cli.h"

typedef struct eval_args {
    cli_args args;
    const char *input[CLI_LIST_MAX + 1];
    const char *set;
    const char *in;
    const char *labels;
    const char *engine;
    const char *layout;
    const char *class_map;
    const char *dirs[CLI_LIST_MAX + 1];
    double scale;
    int64_t samples;
} eval_args;

static const cli_option options[] = {
    {"data", 0, "SET[:SPLIT]", CLI_STRING, offsetof(eval_args, set),
     "data set, as mnist:test; `lutfisk data` lists them"},
    {"in", 'i', "FILE", CLI_STRING, offsetof(eval_args, in),
     "rows as .npy, or a .csv table for a network that knows its columns; with -y"},
    {"labels", 'y', "FILE", CLI_STRING, offsetof(eval_args, labels), "class of every row as .npy, or FILE.csv:COLUMN"},
    {"data-dir", 0, "DIR", CLI_LIST, offsetof(eval_args, dirs), "folder of data sets ($LUTFISK_DATA is looked in too)"},
    {"engine", 0, "ENGINE", CLI_STRING, offsetof(eval_args, engine), "fast (the default) or reference"},
    {"input", 0, "[NAME=]TYPE[!][,scale[,offset]]", CLI_LIST, offsetof(eval_args, input),
     "grid an input lies on, as UINT8,1/255 or 'FIXED<8,4>!'"},
    {"scale", 0, "S", CLI_REAL, offsetof(eval_args, scale), "multiply the input by S"},
    {"layout", 0, "LAYOUT", CLI_STRING, offsetof(eval_args, layout), "nchw (the default) or nhwc rows"},
    {"class-map", 0, "0,1,4,2,3", CLI_STRING, offsetof(eval_args, class_map), "class i of the network is label map[i]"},
    {"samples", 'n', "N", CLI_INT, offsetof(eval_args, samples), "only the first N rows"},
    {0}};

static lf_status run(lf_ctx *ctx, const cli_common *common, void *data, lf_answer *answer) {
    eval_args *a = data;
    cli_add_dirs(a->dirs, common);
    lf_eval_options o = {.model = {.model = a->args.at[0], .input = a->input},
                         .where = {a->dirs},
                         .data = a->set,
                         .in = a->in,
                         .labels = a->labels,
                         .engine = a->engine,
                         .scale = a->scale,
                         .layout = a->layout,
                         .class_map = a->class_map,
                         .samples = a->samples};
    return lf_eval(ctx, &o, answer);
}

const cli_verb cli_verb_eval = {
    .name = "eval",
    .args = "MODEL",
    .arg_count = 1,
    .help = "accuracy, confusion matrix and ROC AUC on a data set",
    .more = "example: lutfisk eval model.onnx --data mnist:test\n"
            "         lutfisk eval model.onnx -i x.npy -y labels.npy\n",
    .size = sizeof(eval_args),
    .options = options,
    .run = run,
};
