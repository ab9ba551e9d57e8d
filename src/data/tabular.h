/* Tables of numbers, categories and missing values as rows of float32 that networks take.
 *
 * A number stands for itself; where it is missing, for the median of the rows fitted on. A category becomes its place in a list of names that
 * is fitted, too: in the order of the mean class of its rows, so that neighbours behave alike and thresholds separate them; names never
 * seen, and missing ones, have the place of the entry "" which stands where the mean over all rows is. */
#ifndef LF_DATA_TABULAR_H
#define LF_DATA_TABULAR_H

#include "data/csv.h"
#include "data/set.h"
#include "data/wrong_cells.h"
#include "ir/table_column.h"

/* What is what in a table. */
typedef struct lf_table_plan {
    const char *label;          /* column of the class */
    const char *const *ignored; /* columns, NULL-terminated; or NULL */
    const char *const *classes; /* names of the classes, NULL-terminated */
    /* Class of a cell of the label's column, or -1. NULL: the place of the cell among the classes. */
    int (*class_of)(const char *cell);
} lf_table_plan;

/* The coding of a table's features. Arena memory. */
typedef struct lf_coding {
    lf_table_column *column; /* [features] */
    size_t *at;              /* [features]: column of the table */
    size_t features;
} lf_coding;

/* Finds which columns are features, and fits their coding on `count` rows of the table with these labels. */
LF_MUST_USE lf_status lf_coding_fit(lf_ctx *ctx, lf_arena *a, const char *file, const lf_csv *t,
                                    const lf_table_plan *plan, const uint32_t *rows, size_t count, const uint8_t *label,
                                    lf_coding *out);
/* One row: cells of a table with the columns that the coding names. False: a cell of a number's column is none; *bad is its feature. */
bool lf_coding_row(const lf_coding *c, const char *const *cell, float *out, size_t *bad);
/* Row `row` of a table, which has as many columns as the coding speaks of; a cell that is no number is counted in w. */
void lf_coding_line(lf_wrong_cells *w, const lf_coding *c, size_t row, float *out);
/* A missing value: nothing, "?", "NA", "NaN", "null" in any case. */
bool lf_is_missing(const char *cell);

/* Classes of all rows. */
LF_MUST_USE lf_status lf_table_labels(lf_ctx *ctx, lf_arena *a, const char *file, const lf_csv *t,
                                      const lf_table_plan *plan, uint8_t **out);

/* Numbers of rows, ascending. Arena memory. */
typedef struct lf_row_list {
    uint32_t *at;
    size_t count;
} lf_row_list;

/* Rows without duplicates (all cells that are not ignored are equal; the first one stays), in two parts: for testing are the first
 * `first` ones; when that is 0, about one in five, chosen by a hash of its cells. */
void lf_table_split(lf_arena *a, const lf_csv *t, const lf_table_plan *plan, size_t first, lf_row_list *train,
                    lf_row_list *test);

/* Features and classes of these rows into d. */
LF_MUST_USE lf_status lf_table_rows(lf_ctx *ctx, const char *file, const lf_csv *t, const lf_coding *c,
                                    const uint32_t *rows, size_t count, const uint8_t *label, lf_dataset *d);
/* All of it for a set in one table (first: as above): part "train" or "test" of it, with a coding fitted on the training part, and d's
 * classes. `what` is for the title. */
LF_MUST_USE lf_status lf_table_open(lf_ctx *ctx, const char *file, const lf_csv *t, const lf_table_plan *plan,
                                    size_t first, const char *split, const char *what, lf_dataset *d);

#endif
