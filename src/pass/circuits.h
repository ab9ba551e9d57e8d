#ifndef LF_PASS_CIRCUITS_H
#define LF_PASS_CIRCUITS_H

#include <stdbool.h>
#include <stdint.h>

/* auto: table where the graph has layers that are tables, else folded. spatial: matrix products, too. */
typedef enum lf_circuits_style {
    LF_CIRCUITS_AUTO,
    LF_CIRCUITS_FOLDED,
    LF_CIRCUITS_TABLE,
    LF_CIRCUITS_SPATIAL
} lf_circuits_style;

/* Options of the pass `circuits`. */
typedef struct lf_circuits_options {
    int style;          /* lf_circuits_style */
    bool flow;          /* data and valid instead of streams */
    int64_t lut_depth;  /* LUT levels between registers; 0: the default; negative: no registers */
    int64_t lut_inputs; /* of the part's LUTs: 4 or 6; 0: 6 */
} lf_circuits_options;

/* "auto", "folded", "table", "spatial"; NULL is auto. */
lf_circuits_style lf_circuits_style_of(const char *name);

#endif
