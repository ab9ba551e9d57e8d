#include "data/wrong_cells.h"

void lf_wrong_cell(lf_wrong_cells *w, size_t row, size_t column, const char *why) {
    const lf_csv *t = w->table;
    if (w->count++ < LF_WRONG_CELLS_TOLD)
        (void)!lf_fail(w->ctx, LF_BAD_INPUT, &(lf_where){.file = w->file, .line = (int)t->line[row]},
                       "'%s' in column '%s' %s", t->cell[row * t->columns + column], t->header[column], why);
}

lf_status lf_wrong_cells_end(const lf_wrong_cells *w, const char *remedy) {
    size_t more = w->count > LF_WRONG_CELLS_TOLD ? w->count - LF_WRONG_CELLS_TOLD : 0;
    if (!w->count)
        return LF_OK;
    if (more)
        lf_hint(w->ctx, "and %zu more like %s", more, more == 1 ? "it" : "these");
    if (remedy)
        lf_hint(w->ctx, "%s", remedy);
    return LF_BAD_INPUT;
}
