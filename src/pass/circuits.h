#ifndef LF_PASS_CIRCUITS_H
#define LF_PASS_CIRCUITS_H

#include "circuit/minimize.h"
#include "ir/graph.h"

/* auto: table where the graph has layers that are tables, else folded. spatial: matrix products, too. */
typedef enum lf_circuits_style {
    LF_CIRCUITS_AUTO,
    LF_CIRCUITS_FOLDED,
    LF_CIRCUITS_TABLE,
    LF_CIRCUITS_SPATIAL
} lf_circuits_style;

/* Rows for data don't-cares (minimize.h). codes: those of the tensors in turn, row by row, in memory that outlives the pass. */
typedef struct lf_circuits_rows {
    lf_status (*codes)(void *user, const lf_graph *g, const lf_ids *tensors, const int64_t **out);
    void *user;
    size_t count, rarity;
} lf_circuits_rows;

/* What minimization did, summed over the circuits. */
typedef struct lf_circuits_report {
    int circuits;
    bool abc; /* it was asked */
    lf_minimize_report sum;
    size_t luts_without; /* with rows: LUTs without the don't-cares they give */
} lf_circuits_report;

enum { LF_LUT_DEPTH_LAYER = -2 };

/* Options of the pass `circuits`. */
typedef struct lf_circuits_options {
    int style;          /* lf_circuits_style */
    bool flow;          /* data and valid instead of streams */
    int64_t lut_depth;  /* LUT levels between registers; 0: the default; -1: no registers; -2: one behind every layer */
    int64_t lut_inputs; /* of the part's LUTs: 4 or 6; 0: 6 */
    bool abc;           /* Berkeley ABC, too; it must be installed */
    bool as_words;      /* neither minimized nor pipelined: whether the layers can be circuits at all */
    const lf_circuits_rows *rows; /* or NULL: the same bits for all inputs */
    lf_circuits_report *report;   /* or NULL */
} lf_circuits_options;

/* "auto", "folded", "table", "spatial"; NULL is auto. */
lf_circuits_style lf_circuits_style_of(const char *name);

#endif
