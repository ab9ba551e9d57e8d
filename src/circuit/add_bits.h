/* Adding up many bits. */
#ifndef LF_CIRCUIT_ADD_BITS_H
#define LF_CIRCUIT_ADD_BITS_H

#include "circuit/circuit.h"

/* Bits of different weight, added up. */
typedef struct lf_weighted_bit {
    lf_word bit;
    int power; /* counts 2^power; 0..LF_WORD_MAX_BITS - 1 */
} lf_weighted_bit;

/* How many of n bits, 1 to 6, are 1: a LUT for each bit of the count. */
lf_word lf_circuit_count_few(lf_circuit *c, const lf_word *bit, int n);

/* The sum of the bits times their weights. A heap of bit columns: carry chains that take five more bits with every adder while a column has sixteen, counters
 * while it has six, then carry chains over what is left: about two thirds of a LUT per bit. With c->count_with_adders: full adders, two operations of three operands each, for processors. */
lf_word lf_circuit_add_bits(lf_circuit *c, const lf_weighted_bit *bits, size_t count);

#endif
