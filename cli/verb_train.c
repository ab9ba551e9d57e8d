#include "cli.h"

typedef struct train_args {
    cli_args args;
    const char *dirs[CLI_LIST_MAX + 1];
    const char *out;
    const char *set;
    int64_t epochs;
    bool resume;
} train_args;

static const cli_option options[] = {
    {"out", 'o', "MODEL.onnx", CLI_STRING, offsetof(train_args, out), "the trained network (.onnx or .lf)"},
    {"data-dir", 'd', "DIR", CLI_LIST, offsetof(train_args, dirs),
     "folder of data sets ($LUTFISK_DATA is looked in too)"},
    {"data", 0, "DIR", CLI_LIST, offsetof(train_args, dirs), "the same"},
    {"set", 0, "SET", CLI_STRING, offsetof(train_args, set), "data set instead of the recipe's, as digits"},
    {"epochs", 0, "N", CLI_INT, offsetof(train_args, epochs), "epochs instead of the recipe's"},
    {"resume", 0, NULL, CLI_FLAG, offsetof(train_args, resume), "go on from the checkpoint MODEL.onnx.ckpt"},
    {0}};

static lf_status run(lf_ctx *ctx, const cli_common *common, void *data, lf_answer *answer) {
    train_args *a = data;
    cli_add_dirs(a->dirs, common);
    lf_train_verb_options o = {.recipe = a->args.at[0],
                               .out = a->out,
                               .where = {a->dirs},
                               .data = a->set,
                               .seed = (uint64_t)common->seed,
                               .epochs = a->epochs,
                               .resume = a->resume};
    return lf_train_recipe(ctx, &o, answer);
}

const cli_verb cli_verb_train = {
    .name = "train",
    .args = "RECIPE.yaml",
    .arg_count = 1,
    .help = "train a quantized network and export it as QONNX",
    .more = "example: lutfisk train sfc-w1a1 -o sfc.onnx --data-dir data\n"
            "A recipe that comes with lutfisk may be given by its name: `lutfisk list recipes`.\n",
    .size = sizeof(train_args),
    .options = options,
    .run = run,
};
