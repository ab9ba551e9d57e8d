/* Private to the minimizer. */
#ifndef LF_CIRCUIT_MINIMIZE_INSIDE_H
#define LF_CIRCUIT_MINIMIZE_INSIDE_H

#include "circuit/blast.h"
#include "circuit/lut_cone.h"
#include "circuit/minimize.h"

/* A bit of a word that the rest of the circuit reads from the netlist. */
typedef struct lf_island_output {
    lf_word word;
    int bit;
    uint8_t part;
} lf_island_output;

/* All logic of a circuit but its adders as one netlist: inputs are bits of words that stay, outputs are bits that they or the outputs read. */
typedef struct lf_islands {
    const lf_circuit *c;
    const lf_minimize_options *o;
    lf_minimize_report *r;
    lf_arena *a;
    bool *stays;             /* [word]: input, or kept as a word, or read by another part */
    const uint8_t *absorbed; /* lf_circuit_absorbed */
    bool *wordy;             /* [word]: stays, constant, or wires from one such word */
    uint32_t *base;          /* [word that stays]: its lowest bit's number among the inputs of the netlist */
    lf_blast blast;          /* of c: what each word's readers see */
    lf_signal **made;        /* [soft word that stays]: what makes its bits */
    uint32_t **counts;       /* [table word]: samples that read each entry, or NULL */
    lf_word *source;         /* [input of the netlist]: the word, and which bit of it */
    int *source_bit;
    LF_VEC(uint8_t) signal_part; /* [LUT of the netlist before mapping] */
    LF_VEC(lf_island_output) outputs;
    lf_cone cone; /* of what indexes a table */
} lf_islands;

/* Decides what stays a word, and makes the netlist. */
lf_status lf_islands_find(lf_islands *x);

/* A table as LUTs, with what is known of its index. */
lf_status lf_islands_table(lf_islands *x, lf_word w);
void lf_islands_count_samples(lf_islands *x);
bool lf_islands_seen(const lf_islands *x, lf_word w, size_t index); /* often enough to be kept; true without samples */

/* The circuit again, with the netlist given for the logic. */
lf_circuit *lf_islands_rebuild(const lf_islands *x, const lf_lutnet *net);

/* What ABC makes of the netlist, proved equal by its cec; NULL where it is not installed or has failed. */
lf_lutnet *lf_islands_abc(lf_ctx *ctx, const lf_lutnet *n);

#endif
