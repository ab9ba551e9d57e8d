/* The layers that a table network in JSON may have (format lutfisk-tables), for its writer and its reader: every layer is an op whose first operand
 * is the layer before; the others are constants under these keys. */
#ifndef LF_OPS_TABLE_LAYERS_H
#define LF_OPS_TABLE_LAYERS_H

#include <stdbool.h>

enum { LF_TABLE_LAYER_CONSTANTS = 3, LF_TABLE_LAYERS_VERSION = 1 };
#define LF_TABLE_LAYERS_FORMAT "lutfisk-tables"

typedef struct lf_table_layer {
    const char *op;
    const char *keys[LF_TABLE_LAYER_CONSTANTS]; /* NULL: no more */
    bool integers;                              /* the constants are codes; else reals */
    int needed;                                 /* so many of the constants must be there */
} lf_table_layer;

static const lf_table_layer lf_table_layers[] = {
    {"thermometer", {"thresholds"}, false, 1},
    {"table_neurons", {"inputs", "tables", "care"}, true, 2},
    {"table_edges", {"edges", "tables", "bias"}, true, 3},
    {"reshape", {0}, false, 0},
    {"reduce", {0}, false, 0},
    {"argmax", {0}, false, 0},
    {"add", {"values"}, false, 1},
    {"sub", {"values"}, false, 1},
    {"mul", {"values"}, false, 1},
    {"quant", {"scale", "zero", "bits"}, false, 3},
    {"clip", {"low", "high"}, false, 2},
};

#endif
