#include "cli.h"

typedef struct doctor_args {
    cli_args args;
} doctor_args;

static const cli_option options[] = {{0}};

static lf_status run(lf_ctx *ctx, const cli_common *common, void *data, lf_answer *answer) {
    (void)common;
    (void)data;
    return lf_doctor(ctx, answer);
}

const cli_verb cli_verb_doctor = {
    .name = "doctor",
    .args = "",
    .arg_count = 0,
    .help = "processor features and external tools",
    .more = NULL,
    .size = sizeof(doctor_args),
    .options = options,
    .run = run,
};
