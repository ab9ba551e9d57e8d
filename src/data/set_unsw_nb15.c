/* UNSW-NB15 (Moustafa and Slay 2015): network flows, normal or attack; the partition of 82,332 rows. 42 features. */
#include "data/tabular.h"

static const char *const FILES[] = {"UNSW_NB15_82332.csv", NULL};
static const char *const CLASSES[] = {"normal", "attack", NULL};
static const char *const IGNORED[] = {"id", "attack_cat", NULL};

static int class_of(const char *cell) {
    return (cell[0] == '0' || cell[0] == '1') && !cell[1] ? cell[0] - '0' : -1;
}

static lf_status open_unsw(lf_ctx *ctx, const char *dir, const char *split, lf_dataset *d) {
    const char *path = lf_data_file(d->arena, dir, FILES[0]);
    lf_table_plan plan = {"label", IGNORED, CLASSES, class_of};
    lf_csv t;
    LF_TRY(lf_csv_read(ctx, d->arena, path, true, &t));
    return lf_table_open(ctx, path, &t, &plan, 0, split, "UNSW-NB15, 82,332 rows", d);
}

const lf_data_source lf_data_unsw_nb15 = {
    .name = "unsw_nb15",
    .help = "network flows, 39 numbers and 3 categories, normal or attack",
    .folder = "unsw_nb15",
    .files = FILES,
    .splits = "train test",
    .origin = "UNSW Canberra, the partition of 82,332 rows as CSV",
    .open = open_unsw,
};
