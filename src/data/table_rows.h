/* Rows of CSV files for networks that say how columns become numbers. */
#ifndef LF_DATA_TABLE_ROWS_H
#define LF_DATA_TABLE_ROWS_H

#include "data/array.h"
#include "data/tabular.h"

/* "x.csv", "x.csv.gz", "x.csv.xz". */
bool lf_is_csv(const char *path);
/* Of "rows.csv:COLUMN": how long the path is, which may have colons in the names of its folders; 0: this names no table. */
size_t lf_csv_path_length(const char *spec);
/* The file's first line names its columns, in any order; those that the network does not know are skipped. *x: float32 [rows][count]. */
LF_MUST_USE lf_status lf_table_rows_read(lf_ctx *ctx, lf_arena *a, const char *path, const lf_table_column *columns,
                                         size_t count, lf_array *x);
/* One column of classes: names that g knows, or whole numbers from 0 to 255. *y: int64 [rows]. */
LF_MUST_USE lf_status lf_table_classes_read(lf_ctx *ctx, lf_arena *a, const char *path, const char *column,
                                            const lf_graph *g, lf_array *y);
/* The features of a set become the elements that these columns make of them; what it says of its own columns stays. Refuses a set whose columns or categories are others. */
LF_MUST_USE lf_status lf_table_recode(lf_ctx *ctx, const lf_table_column *columns, size_t count, lf_dataset *d);

#endif
