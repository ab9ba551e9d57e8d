/* Options from tables: --name VALUE, --name=VALUE, -x VALUE; positional arguments anywhere; "--" ends options. */
#include <errno.h>
#include <float.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cli.h"

static const cli_option common_options[] = {
    {"json", 0, NULL, CLI_FLAG, offsetof(cli_common, json), "print one JSON object instead of a table"},
    {"threads", 0, "N", CLI_INT, offsetof(cli_common, threads), "worker threads (default: all cores)"},
    {"seed", 0, "N", CLI_INT, offsetof(cli_common, seed), "seed of everything random"},
    {"quiet", 'q', NULL, CLI_FLAG, offsetof(cli_common, quiet), "no progress"},
    {0}};

typedef struct parser {
    const cli_verb *verb;
    cli_common *common;
    void *args;
    int positional;
} parser;

static bool complain(const parser *p, const char *what, const char *name) {
    fprintf(stderr, "lutfisk %s: %s%s\n", p->verb->name, what, name);
    fprintf(stderr, "  `lutfisk %s --help` shows its options\n", p->verb->name);
    return false;
}

static int distance(const char *a, const char *b) {
    int row[64];
    int n = (int)strlen(b);
    if (n > 62 || strlen(a) > 62)
        return 99;
    for (int j = 0; j <= n; j++)
        row[j] = j;
    for (int i = 1; a[i - 1]; i++) {
        int diagonal = row[0];
        row[0] = i;
        for (int j = 1; j <= n; j++) {
            int best = diagonal + (a[i - 1] != b[j - 1]);
            diagonal = row[j];
            best = row[j] + 1 < best ? row[j] + 1 : best;
            row[j] = row[j - 1] + 1 < best ? row[j - 1] + 1 : best;
        }
    }
    return row[n];
}

static bool unknown_option(const parser *p, const char *name, size_t len) {
    const char *best = NULL;
    int least = len < 6 ? 3 : 4; /* of a short word little would be left */
    char word[64];
    snprintf(word, sizeof word, "%.*s", (int)len, name);
    const cli_option *tables[] = {p->verb->options, common_options};
    for (int t = 0; t < 2; t++)
        for (const cli_option *o = tables[t]; o && o->name; o++) {
            int d = strncmp(word, o->name, strlen(word)) ? distance(word, o->name) : 0;
            if (d < least) {
                least = d;
                best = o->name;
            }
        }
    fprintf(stderr, "lutfisk %s: unknown option --%s\n", p->verb->name, word);
    if (best)
        fprintf(stderr, "  did you mean --%s?\n", best);
    else
        fprintf(stderr, "  `lutfisk %s --help` shows its options\n", p->verb->name);
    return false;
}

static bool add_to_list(const parser *p, const char **list, const char *value, const char *name) {
    int n = 0;
    while (list[n])
        n++;
    if (n == CLI_LIST_MAX)
        return complain(p, "too many times given: --", name);
    list[n] = value;
    return true;
}

/* Counts start at 1 and numbers above 0: what is left out has its default, so nothing means 0. --threads and --seed may be 0. */
static bool in_range(const cli_option *o, bool common, const void *at) {
    if (o->type == CLI_INT)
        return *(const int64_t *)at >= (common ? 0 : 1);
    return *(const double *)at > 0 && *(const double *)at <= DBL_MAX;
}

static const char *wanted(const cli_option *o, bool common) {
    if (o->type == CLI_REAL)
        return "a number above 0";
    return common ? "a whole number from 0 to 9223372036854775807" : "a whole number from 1";
}

static bool store(const parser *p, const cli_option *o, bool common, const char *value) {
    char *base = common ? (char *)p->common : p->args;
    void *at = base + o->offset;
    char *end = NULL;
    errno = 0;
    switch (o->type) {
    case CLI_FLAG: *(bool *)at = true; return true;
    case CLI_STRING: *(const char **)at = value; return true;
    case CLI_LIST: return add_to_list(p, at, value, o->name);
    case CLI_INT: *(int64_t *)at = strtoll(value, &end, 10); break;
    case CLI_REAL: *(double *)at = strtod(value, &end); break;
    }
    bool good = end && end != value && !*end && !errno && in_range(o, common, at);
    if (!good)
        fprintf(stderr, "lutfisk %s: --%s wants %s, not \"%s\"\n", p->verb->name, o->name, wanted(o, common), value);
    return good;
}

static const cli_option *find(const cli_option *table, const char *name, size_t len, char letter) {
    for (const cli_option *o = table; o && o->name; o++)
        if (letter ? o->letter == letter : strlen(o->name) == len && !strncmp(o->name, name, len))
            return o;
    return NULL;
}

static bool take_option(parser *p, int argc, char **argv, int *i) {
    const char *word = argv[*i];
    bool is_long = word[1] == '-';
    const char *name = word + (is_long ? 2 : 1), *value = is_long ? strchr(name, '=') : NULL;
    size_t len = value ? (size_t)(value - name) : strlen(name);
    value = value ? value + 1 : NULL;
    char letter = 0;
    if (!is_long) {
        letter = name[0];
        value = name[1] ? name + 1 : NULL;
    }
    const cli_option *o = find(p->verb->options, name, len, letter);
    bool common = !o;
    if (!o)
        o = find(common_options, name, len, letter);
    if (!o)
        return is_long ? unknown_option(p, name, len) : complain(p, "unknown option ", word);
    if (o->type == CLI_FLAG)
        return value ? complain(p, "takes no value: --", o->name) : store(p, o, common, NULL);
    if (!value && *i + 1 >= argc)
        return complain(p, "a value is missing behind --", o->name);
    return store(p, o, common, value ? value : argv[++*i]);
}

static bool take_positional(parser *p, const char *word) {
    if (p->positional == p->verb->arg_count)
        return complain(p, "one argument too many: ", word);
    ((cli_args *)p->args)->at[p->positional++] = word;
    return true;
}

static void print_options(const cli_option *table) {
    for (const cli_option *o = table; o && o->name; o++) {
        char left[64];
        char letter[8] = "    ";
        if (o->letter)
            snprintf(letter, sizeof letter, "-%c, ", o->letter);
        snprintf(left, sizeof left, "%s--%s%s%s", letter, o->name, o->arg ? " " : "", o->arg ? o->arg : "");
        printf("  %-30s%s %s\n", left, strlen(left) > 30 ? "\n                                " : "", o->help);
    }
}

void cli_print_verb_help(const cli_verb *v) {
    printf("usage: lutfisk %s%s%s [options]\n\n%s\n\n", v->name, *v->args ? " " : "", v->args, v->help);
    print_options(v->options);
    print_options(common_options);
    if (v->more)
        printf("\n%s", v->more);
}

bool cli_parse(const cli_verb *verb, int argc, char **argv, cli_common *common, void *args) {
    parser p = {verb, common, args, 0};
    bool only_positional = false;
    for (int i = 0; i < argc; i++) {
        const char *word = argv[i];
        if (!only_positional && !strcmp(word, "--"))
            only_positional = true;
        else if (!only_positional && (!strcmp(word, "--help") || !strcmp(word, "-h"))) {
            cli_print_verb_help(verb);
            exit(cli_flush());
        } else if (!only_positional && word[0] == '-' && word[1]) {
            if (!take_option(&p, argc, argv, &i))
                return false;
        } else if (!take_positional(&p, word))
            return false;
    }
    if (p.positional < verb->arg_count) {
        fprintf(stderr, "usage: lutfisk %s %s [options]\n", verb->name, verb->args);
        return complain(&p, "an argument is missing: ", verb->args);
    }
    return true;
}

int cli_flush(void) {
    if (fflush(stdout) == 0 && !ferror(stdout))
        return 0;
    perror("lutfisk: stdout");
    return 2;
}

void cli_add_dirs(const char **list, const cli_common *common) {
    int n = 0;
    struct stat st;
    for (; list[n]; n++)
        if (stat(list[n], &st) != 0 || !S_ISDIR(st.st_mode))
            fprintf(stderr, "warning: %s is no directory: no data set will be found there\n", list[n]);
    for (int i = 0; common->data[i] && n < CLI_LIST_MAX; i++)
        list[n++] = common->data[i];
}
