/* A table of the user's as a data set: "rows.csv:COLUMN" or "rows.csv:COLUMN:SPLIT", where the column holds the classes. Its other columns are the features; duplicates
 * are removed, and about one row in five is for testing (tabular.h). Classes that are whole numbers from 0 stand for themselves; names are numbered in the order of
 * their bytes. */
#ifndef LF_DATA_CSV_SET_H
#define LF_DATA_CSV_SET_H

#include "data/set.h"

/* Whether it begins with the name of a table, whose folders may have colons in their names. */
bool lf_is_csv_set(const char *spec);
/* NULL after recording why. */
lf_dataset *lf_csv_set_open(lf_ctx *ctx, const char *spec);

#endif
