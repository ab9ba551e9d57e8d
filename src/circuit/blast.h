/* Circuits bit by bit: a word becomes a vector of signals, lowest bit first. */
#ifndef LF_CIRCUIT_BLAST_H
#define LF_CIRCUIT_BLAST_H

#include "circuit/lutnet.h"

typedef struct lf_blast {
    const lf_circuit *c;
    lf_lutnet *net;
    lf_signal **bits; /* [word][bit], lf_word_bits of them */
} lf_blast;

/* Fills bits[w] from those of the operands of w, which is no input. */
void lf_blast_word(lf_blast *x, lf_word w);

#endif
