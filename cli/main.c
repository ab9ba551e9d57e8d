/* The command: finds the verb, runs it, prints its answer. Exit status as in doc/user/commands.md. */
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

static const cli_verb *const verbs[] = {
#define CLI_VERB(id) &cli_verb_##id,
#include "verbs.def"
#undef CLI_VERB
    NULL};

/* Named in the interface but not built yet. */
static const char *const later[] = {"report", "bench", NULL};

static void print_help(void) {
    puts("lutfisk " LUTFISK_VERSION ": quantized neural networks to FPGA circuits, bit for bit\n");
    puts("usage: lutfisk VERB [arguments] [options]\n");
    for (int i = 0; verbs[i]; i++)
        printf("  %-8s %-11s %s\n", verbs[i]->name, verbs[i]->args, verbs[i]->help);
    puts("\n`lutfisk VERB --help` shows the options of one. Exit status: 0 done, 1 a check failed, 2 wrong usage or\n"
         "unusable input, 3 an external tool is missing.");
}

static int unknown_verb(const char *name) {
    for (int i = 0; later[i]; i++)
        if (!strcmp(later[i], name)) {
            fprintf(stderr, "lutfisk: %s is not in this version\n", name);
            return 2;
        }
    fprintf(stderr, "lutfisk: no verb is called \"%s\"; `lutfisk --help` lists them\n", name);
    return 2;
}

typedef struct job {
    const lf_ctx *ctx;
    bool quiet;
} job;

/* What is to be said is said before the long work it is about. */
static void on_progress(void *user, const char *what, uint64_t done, uint64_t total) {
    const job *j = user;
    cli_print_diagnostics(j->ctx, false);
    if (!j->quiet)
        cli_progress(what, done, total);
}

static int print_answer(const lf_answer *a, bool json) {
    const char *text = json ? a->json : a->text;
    if (text)
        fputs(text, stdout);
    return text ? cli_flush() : 0;
}

/* Directories given, then those of the environment, which only the command reads. */
static void add_environment(cli_common *c) {
    const char *dir = getenv("LUTFISK_DATA");
    int n = 0;
    while (c->data[n])
        n++;
    if (dir && *dir && n < CLI_LIST_MAX)
        c->data[n] = dir;
}

static int run_verb(const cli_verb *verb, int argc, char **argv) {
    cli_common common = {0};
    void *args = calloc(1, verb->size);
    if (!args || !cli_parse(verb, argc, argv, &common, args)) {
        free(args);
        return 2;
    }
    add_environment(&common);
    cli_block_signals();
    lf_ctx *ctx = lf_ctx_new((int)(common.threads > 1024 ? 1024 : common.threads));
    lf_answer answer = {0};
    cli_watch_signals(ctx);
    lf_ctx_temporary(ctx, getenv("TMPDIR"));
    lf_ctx_on_progress(ctx, on_progress, &(job){ctx, common.quiet});
    int status = (int)verb->run(ctx, &common, args, &answer);
    cli_unwatch_signals();
    cli_progress_end();
    cli_print_diagnostics(ctx, true);
    int printed = print_answer(&answer, common.json);
    lf_answer_free(&answer);
    lf_ctx_free(ctx);
    free(args);
    return printed ? printed : status;
}

int main(int argc, char **argv) {
    setlocale(LC_ALL, "C");
    if (argc < 2 || !strcmp(argv[1], "--help") || !strcmp(argv[1], "-h") || !strcmp(argv[1], "help")) {
        print_help();
        return argc < 2 ? 2 : cli_flush();
    }
    if (!strcmp(argv[1], "--version")) {
        puts("lutfisk " LUTFISK_VERSION);
        return cli_flush();
    }
    for (int i = 0; verbs[i]; i++)
        if (!strcmp(verbs[i]->name, argv[1]))
            return run_verb(verbs[i], argc - 2, argv + 2);
    return unknown_verb(argv[1]);
}
