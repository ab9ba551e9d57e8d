/* Layers that are logic, run bit-sliced: which (fast_logic.c), and how rows get in and out (fast_logic_run.c). */
#ifndef LF_EXEC_FAST_LOGIC_H
#define LF_EXEC_FAST_LOGIC_H

#include "exec/fast_plan.h"
#include "kern/bit_planes.h"
#include "kern/lut_code.h"
#include "kern/tiles.h"

/* One element of a source, and the planes that it becomes. */
typedef struct lf_logic_element {
    uint32_t plane, count; /* count 0: nothing reads it */
} lf_logic_element;

typedef enum lf_logic_kind {
    LF_LOGIC_CODES,       /* integers, the lowest bits of each */
    LF_LOGIC_CAST,        /* reals, rounded down on a grid of a power of two, the lowest bits */
    LF_LOGIC_THERMOMETER, /* reals, a plane per threshold */
} lf_logic_kind;

/* Something that the region reads: rows of an input as they were given, or a slot. */
typedef struct lf_logic_source {
    lf_logic_kind kind;
    const lf_tensor *tensor;
    const lf_node *encoder; /* THERMOMETER: the node */
    int port;               /* of the input; -1: in a slot */
    const lf_slot *slot;
    size_t elements;
    lf_logic_element *element;
    lf_tile_cast cast; /* CAST, and CODES where rows of reals are cast (casts) */
    lf_tile_grid grid; /* CODES where rows of reals lie on a grid (on_grid) */
    bool casts, on_grid;
} lf_logic_source;

/* Outputs of the circuit in turn. */
typedef struct lf_logic_result {
    const lf_tensor *tensor;
    const lf_slot *slot;
    size_t elements;
    lf_logic_element *element;
    bool *is_signed;
} lf_logic_result;

struct lf_logic {
    const lf_node **node; /* in order */
    size_t nodes;
    lf_logic_source *source;
    lf_logic_result *result;
    size_t sources, results;
    uint32_t in_planes, out_planes;
    const double *threshold; /* [in_planes] of thermometers */
    float *single;           /* the same for float32: the next below where it is none */
    lf_lut_code *code;
    const lf_bit_planes *planes;
    const lf_tiles *tiles;
    lf_circuit *circuit; /* while the plan is built */
    size_t luts;
};

/* Whether rows of reals for this port can become codes by the kernels; then s says how. */
bool lf_logic_port(lf_plan *p, lf_logic_source *s);

lf_step_fn lf_step_logic;
/* Bytes of scratch that the step takes. */
size_t lf_logic_scratch(const lf_logic *l);

#endif
