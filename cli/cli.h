/* What the verbs of the command share. The command line calls the public API and nothing else. */
#ifndef LF_CLI_CLI_H
#define LF_CLI_CLI_H

#include <lutfisk/lutfisk.h>

typedef enum cli_type {
    CLI_FLAG,   /* bool */
    CLI_STRING, /* const char * */
    CLI_LIST,   /* const char *[CLI_LIST_MAX + 1], NULL-terminated; may be repeated */
    CLI_INT,    /* int64_t >= 1; 0 means that the option was not given */
    CLI_REAL    /* double > 0; 0 likewise */
} cli_type;

enum { CLI_LIST_MAX = 32 };

/* One option of a verb. A table ends with an entry without name. letter 0: no short form. */
typedef struct cli_option {
    const char *name;
    char letter;
    const char *arg; /* NULL for flags */
    cli_type type;
    size_t offset; /* in the verb's struct */
    const char *help;
} cli_option;

/* What every verb has. */
typedef struct cli_common {
    bool json, quiet;
    int64_t threads, seed;
    const char *data[CLI_LIST_MAX + 1]; /* $LUTFISK_DATA */
} cli_common;

typedef struct cli_verb {
    const char *name;
    const char *args; /* "MODEL" as in the usage line; "" for none */
    int arg_count;    /* positional arguments; all are required */
    const char *help; /* one line */
    const char *more; /* examples, below the options; may be NULL */
    size_t size;      /* of the verb's struct: first CLI_LIST_MAX positional arguments, see cli_args */
    const cli_option *options;
    lf_status (*run)(lf_ctx *ctx, const cli_common *common, void *args, lf_answer *answer);
} cli_verb;

/* The first member of every verb's struct. */
typedef struct cli_args {
    const char *at[4];
} cli_args;

/* Parses argv (after the verb's name) into `args` (verb->size bytes, zeroed). Prints help and exits for --help; prints what is wrong
 * and returns false otherwise. */
bool cli_parse(const cli_verb *verb, int argc, char **argv, cli_common *common, void *args);
void cli_print_verb_help(const cli_verb *verb);

/* What was printed reaches stdout: 0; else says why not: the exit status. */
int cli_flush(void);

/* Appends the directories that every verb knows ($LUTFISK_DATA) to a verb's own list; warns of those of its own that are not there. */
void cli_add_dirs(const char **list, const cli_common *common);

/* Progress on stderr: a line that is redrawn on a terminal, one line a second otherwise, with an estimate of the time left. */
void cli_progress(const char *what, uint64_t done, uint64_t total);
void cli_progress_end(void);

/* The context's diagnostics on stderr, each of them once. Before the end of the verb (not `all`) only the notes and warnings before the first
 * error: an error may still be taken back, where there is another way. */
void cli_print_diagnostics(const lf_ctx *ctx, bool all);

/* Signals that end the command remove first what it would leave behind. Block before any thread starts, watch while the context lives;
 * unwatch does not return once a signal has come. */
void cli_block_signals(void);
void cli_watch_signals(lf_ctx *ctx);
void cli_unwatch_signals(void);

#define CLI_VERB(id) extern const cli_verb cli_verb_##id;
#include "verbs.def"
#undef CLI_VERB

#endif
