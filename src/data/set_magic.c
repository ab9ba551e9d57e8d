/* MAGIC gamma telescope (UCI; Bock et al. 2004): 10 features of air showers, gamma (g) or hadron (h). No header. */
#include "data/tabular.h"

static const char *const FILES[] = {"magic04.data", NULL};
static const char *const CLASSES[] = {"g", "h", NULL};
static const char *const COLUMNS[] = {"fLength", "fWidth",   "fSize",  "fConc", "fConc1", "fAsym",
                                      "fM3Long", "fM3Trans", "fAlpha", "fDist", "class"};

static lf_status open_magic(lf_ctx *ctx, const char *dir, const char *split, lf_dataset *d) {
    const char *path = lf_data_file(d->arena, dir, FILES[0]);
    lf_table_plan plan = {.label = "class", .classes = CLASSES};
    lf_csv t;
    LF_TRY(lf_csv_read(ctx, d->arena, path, false, &t));
    if (t.columns != LF_COUNT(COLUMNS))
        return lf_fail(ctx, LF_BAD_INPUT, &(lf_where){.file = path}, "%zu columns; MAGIC has %zu", t.columns,
                       LF_COUNT(COLUMNS));
    t.header = COLUMNS;
    return lf_table_open(ctx, path, &t, &plan, 0, split, "MAGIC gamma telescope", d);
}

const lf_data_source lf_data_magic = {
    .name = "magic",
    .help = "air showers, 10 numbers, gamma or hadron",
    .folder = "magic",
    .files = FILES,
    .splits = "train test",
    .origin = "the UCI repository, MAGIC Gamma Telescope",
    .open = open_magic,
};
