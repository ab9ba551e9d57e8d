/* Host nodes as C statements on one element: inside the driver only. */
#ifndef LF_TARGET_DRIVER_NODE_H
#define LF_TARGET_DRIVER_NODE_H

#include "base/text.h"
#include "ir/op.h"

enum { LF_DRIVER_ROUNDINGS = LF_ROUND_HALF_MINUS + 1 };

/* What the printed functions call; printed into the source once when used. */
typedef struct lf_driver_uses {
    bool times, round[LF_DRIVER_ROUNDINGS];
} lf_driver_uses;

/* A loop over e = 0 .. count - 1 that is being printed. Each pass works on `double v` or, when is_code, on `int64_t c`: element
 * element[e] of tensor `at`. */
typedef struct lf_driver_loop {
    const lf_graph *g;
    lf_arena *arena;
    lf_text tables, body;
    const char *name; /* of the function; its tables are NAME_0, NAME_1 ... */
    int table_count;
    const lf_tensor *at;
    bool is_code;
    const int64_t *element;
    size_t count;
    lf_driver_uses *uses;
} lf_driver_loop;

/* Appends what n does to body, with `element` of its output. False when C statements cannot say it: then nothing may be used of the loop. */
bool lf_driver_node(lf_driver_loop *l, const lf_node *n, const int64_t *element);
/* v becomes the value of c. */
bool lf_driver_to_real(lf_driver_loop *l);
/* An expression in e that gives index[e], and a number that reads back as v. */
const char *lf_driver_index(lf_driver_loop *l, const int64_t *index);
const char *lf_driver_number(lf_arena *a, double v);
/* How the driver's C calls a rounding. */
const char *lf_driver_round(lf_driver_loop *l, lf_round mode);
void lf_driver_print_helpers(const lf_driver_uses *uses, lf_text *out);

#endif
