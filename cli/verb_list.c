#include "cli.h"

typedef struct list_args {
    cli_args args;
    const char *dirs[CLI_LIST_MAX + 1];
} list_args;

static const cli_option options[] = {
    {"data-dir", 'd', "DIR", CLI_LIST, offsetof(list_args, dirs), "folder of data sets"},
    {"data", 0, "DIR", CLI_LIST, offsetof(list_args, dirs), "the same"},
    {0}};

static lf_status run(lf_ctx *ctx, const cli_common *common, void *data, lf_answer *answer) {
    list_args *a = data;
    cli_add_dirs(a->dirs, common);
    lf_data_options where = {a->dirs};
    return lf_list(ctx, a->args.at[0], &where, answer);
}

const cli_verb cli_verb_list = {
    .name = "list",
    .args = "WHAT",
    .arg_count = 1,
    .help = "list ops, passes, kernels, targets, boards, data, recipes or networks",
    .more = NULL,
    .size = sizeof(list_args),
    .options = options,
    .run = run,
};
