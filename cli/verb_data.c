#include "cli.h"

typedef struct data_args {
    cli_args args;
    const char *dirs[CLI_LIST_MAX + 1];
    const char *generate;
    const char *rows;
    const char *out;
    int64_t count;
} data_args;

static const cli_option options[] = {
    {"data-dir", 'd', "DIR", CLI_LIST, offsetof(data_args, dirs),
     "folder of data sets ($LUTFISK_DATA is looked in too)"},
    {"data", 0, "DIR", CLI_LIST, offsetof(data_args, dirs), "the same"},
    {"generate", 0, "digits", CLI_STRING, offsetof(data_args, generate), "make a data set in MNIST's format"},
    {"rows", 0, "SET[:SPLIT]", CLI_STRING, offsetof(data_args, rows),
     "write rows of a data set as a .npy file, for predict and verify"},
    {"count", 'n', "N", CLI_INT, offsetof(data_args, count),
     "images to make (default 1000), or rows to write (default all)"},
    {"out", 'o', "PATH", CLI_STRING, offsetof(data_args, out), "directory of what is made, or the .npy file"},
    {0}};

static lf_status run(lf_ctx *ctx, const cli_common *common, void *data, lf_answer *answer) {
    data_args *a = data;
    cli_add_dirs(a->dirs, common);
    lf_data_verb_options o = {.where = {a->dirs},
                              .generate = a->generate,
                              .rows = a->rows,
                              .out = a->out,
                              .count = a->count,
                              .seed = (uint64_t)common->seed};
    return lf_data(ctx, &o, answer);
}

const cli_verb cli_verb_data = {
    .name = "data",
    .args = "",
    .arg_count = 0,
    .help = "which data sets are found, and where the others can be had",
    .more = "example: lutfisk data --generate digits --count 1000 --seed 7 -o digits\n"
            "         lutfisk data --rows mnist:test -n 1000 -o x.npy\n",
    .size = sizeof(data_args),
    .options = options,
    .run = run,
};
