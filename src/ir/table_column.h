/* What a network says of the table its rows come from: one column for every element of its input, in their order. The host turns a row of cells into
 * numbers by it (data/tabular.h); passes keep it as it is. */
#ifndef LF_IR_TABLE_COLUMN_H
#define LF_IR_TABLE_COLUMN_H

#include "base/text.h"
#include "ir/graph.h"

/* Labels are bytes. */
enum { LF_CLASSES_MAX = 256 };

typedef struct lf_table_column {
    const char *name; /* in the table's first line */
    double missing;   /* numbers: what stands for a missing one */
    const char *const
        *names; /* categories: each stands for its place; "" for names that are missing here. NULL: numbers */
    size_t count;
    const char *is; /* one of a category's elements: 1 where the cell is this name, else 0; or NULL */
    /* Ascending, equal ones among them: the number or place becomes how many of these are not above it. */
    const float *steps;
    size_t step_count; /* 0: it stays as it is */
} lf_table_column;

/* A deep copy of the columns into the graph. */
void lf_graph_set_columns(lf_graph *g, const lf_table_column *columns, size_t count);
/* A deep copy of the names of the classes, in the order of their numbers; none, or names that are those numbers: NULL. */
void lf_graph_set_classes(lf_graph *g, const char *const *names, size_t count);
/* The name of a class that has one; else NULL. */
const char *lf_graph_class_name(const lf_graph *g, size_t number);
/* "column ..." and "classes ..." statements, as in lftext.c. */
void lf_print_columns(lf_text *out, const lf_graph *g);

#endif
