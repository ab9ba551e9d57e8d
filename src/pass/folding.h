/* Folding: which PE and SIMD every hardware layer gets, and what its memories and multipliers are made of. */
#ifndef LF_PASS_FOLDING_H
#define LF_PASS_FOLDING_H

#include "base/text.h"
#include "fpga/part.h"
#include "ir/pass.h"

/* What all hardware nodes cost with the folding they have, width converters between them and the FIFOs before units that pass over a
 * vector several times. ii_cycles: of the slowest; slowest names it (NULL: there is none). */
typedef struct lf_folding_total {
    lf_cost cost;
    const lf_node *slowest;
} lf_folding_total;

/* What one layer may use. PE divides pe_of, SIMD divides simd_of (1 where it has none). False: the node is not folded. */
bool lf_folding_limits(const lf_graph *g, const lf_node *n, int64_t *pe_of, int64_t *simd_of);
/* Rows of a window that gives whole columns when its SIMD is that many times its interleave; 1 for all other nodes. */
int64_t lf_folding_column(const lf_node *n);
/* Elements of a whole window where that may be one per clock (style=parallel), else 0. A window whose interleave is the PE of the unit
 * behind it may be that when this PE is all channels. */
int64_t lf_folding_whole(const lf_graph *g, const lf_node *n);
/* SIMD of a window; its style follows. */
void lf_folding_set_window(const lf_graph *g, lf_node *window, int64_t simd);
/* The window whose interleave is the PE of n (vvu, pool), or NULL. */
lf_node *lf_folding_window(const lf_graph *g, const lf_node *n);

/* What a node keeps, by its id: PE, SIMD and a window's style; what it is made of (ram_style; style of requantize), because somebody said
 * so; its memories, because they cannot be priced. */
typedef uint8_t lf_fold_pins;
enum { LF_PIN_FOLDING = 1, LF_PIN_MAKE = 2, LF_PIN_MEMORY = 4 };
/* What the graph itself says, in arena memory: everything that is not `auto`. Memories in LUTs of 4 inputs have no prices yet: on such
 * parts they stay as they are. */
lf_fold_pins *lf_folding_pins(const lf_graph *g, const lf_part *part, lf_arena *a);

/* All foldings of all layers with what they cost, to be asked for any number of targets. `pinned` may be NULL. *out is set, and to be
 * closed, even after an error. */
typedef struct lf_folding lf_folding;
LF_MUST_USE lf_status lf_folding_open(lf_graph *g, const lf_fold_pins *pinned, lf_arena *a, lf_folding **out);
void lf_folding_close(lf_folding *f);

/* The cheapest folding of all layers together whose slowest takes at most `ii` cycles a frame, within what `part` has where one is found;
 * else the cheapest as if there were enough of everything. Sets PE, SIMD, interleave, window styles, ram_style, and style of requantize.
 * LF_BAD_INPUT, naming the layer that limits and the best it can do, when no legal folding is that fast. */
LF_MUST_USE lf_status lf_folding_reach(lf_folding *f, const lf_part *part, int64_t ii, lf_folding_total *total);
/* The same at the least ii, `from` or more, that fits the part. *fits: there is one; else nothing is set, and the total is that of a
 * folding at any speed that comes near. */
LF_MUST_USE lf_status lf_folding_fit(lf_folding *f, const lf_part *part, int64_t from, lf_folding_total *total,
                                     bool *fits);
/* The least ii that any folding reaches. */
int64_t lf_folding_fastest(const lf_folding *f);
/* What the last answer weighs, in LUTs (one of each flip-flop, BRAM36, UltraRAM and DSP counts as so many): what the search makes small. */
double lf_folding_weight(const lf_folding *f);

/* True when the total fits the part; else *what says which resource does not ("412 of 140 BRAM36"). */
bool lf_folding_fits(const lf_part *part, const lf_cost *cost, lf_arena *a, const char **what);

/* Reads a folding file (FINN's field names, keyed by layer) and sets what it says; marks it in `pinned` [node id]. An unknown
 * layer or key is an error with line, column and the nearest known name; an illegal PE names the legal ones. */
LF_MUST_USE lf_status lf_folding_read(lf_graph *g, const char *path, lf_fold_pins *pinned);

/* A FIFO depth that a folding file sets: of the FIFO of that name, or of the one at an input or output of a layer. */
typedef struct lf_fifo_pin {
    const char *fifo; /* or */
    const lf_node *node;
    bool output;
    int index;     /* among the node's streams on that side */
    int64_t depth; /* 0: none */
    lf_where where;
} lf_fifo_pin;
typedef LF_VEC(lf_fifo_pin) lf_fifo_pins;

/* The FIFO depths of a folding file, which lf_folding_read passes over: entries {"depth": N} named after a FIFO, and FINN's lists
 * inFIFODepths and outFIFODepths on layers. Several may mean one FIFO. */
LF_MUST_USE lf_status lf_folding_read_fifos(lf_graph *g, const char *path, lf_arena *a, lf_fifo_pins *pins);

/* The folding as a file that lf_folding_read takes; text in `out`. */
LF_MUST_USE lf_status lf_folding_write(const lf_graph *g, lf_text *out);

#endif
