/* Diagnostics on stderr. */
#include <stdio.h>

#include "cli.h"

static size_t shown; /* of the context's diagnostics, from the first one on */

static void print_one(const lf_diag *d) {
    static const char *const word[] = {"note", "warning", "error"};
    if (d->where.file)
        fprintf(stderr, "%s:", d->where.file);
    if (d->where.file && d->where.line)
        fprintf(stderr, "%d:", d->where.line);
    if (d->where.file && d->where.line && d->where.column)
        fprintf(stderr, "%d:", d->where.column);
    fprintf(stderr, "%s%s: %s%s%s\n", d->where.file ? " " : "", word[d->severity], d->where.node ? d->where.node : "",
            d->where.node ? ": " : "", d->text);
    if (d->hint)
        fprintf(stderr, "  %s\n", d->hint);
}

static void print_dropped(const lf_ctx *ctx) {
    size_t kept = 0;
    for (size_t i = 0; i < lf_diag_count(ctx); i++)
        kept += lf_diag_at(ctx, i)->severity == LF_ERROR;
    if (lf_diag_errors(ctx) > kept)
        fprintf(stderr, "and %zu more errors\n", lf_diag_errors(ctx) - kept);
}

void cli_print_diagnostics(const lf_ctx *ctx, bool all) {
    size_t count = lf_diag_count(ctx);
    if (shown > count) /* cleared meanwhile */
        shown = 0;
    if (shown < count)
        cli_progress_end();
    for (; shown < count; shown++) {
        const lf_diag *d = lf_diag_at(ctx, shown);
        if (!all && d->severity == LF_ERROR)
            return;
        print_one(d);
    }
    if (all)
        print_dropped(ctx);
}
