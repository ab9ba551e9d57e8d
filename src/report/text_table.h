/* Readable tables: columns as wide as their widest cell, numbers to the right. */
#ifndef LF_REPORT_TEXT_TABLE_H
#define LF_REPORT_TEXT_TABLE_H

#include "base/text.h"

typedef struct lf_table {
    lf_arena *arena;
    int columns;
    LF_VEC(const char *) cells; /* row by row, the header first */
} lf_table;

/* header: one string per column; "<Name" aligns left, all others right. */
lf_table lf_table_make(lf_arena *a, int columns, const char *const *header);
/* Adds a row of `columns` cells; copied. */
void lf_table_row(lf_table *t, const char *const *cells);
/* Prints with two spaces between columns and a line under the header. */
void lf_table_print(const lf_table *t, lf_text *out);

/* Numbers as people read them: "12,500,000", "48,000", "1.25 M". Arena memory. */
const char *lf_thousands(lf_arena *a, int64_t v);
/* A number and what it counts: "1 cycle", "1,024 cycles". */
const char *lf_count_of(lf_arena *a, int64_t v, const char *one, const char *many);
const char *lf_fixed_decimals(lf_arena *a, double v, int decimals);

#endif
