/* Neurons as they were before they became tables: a sum with a term for each part of the inputs, and steps. */
#ifndef LF_KERN_BYTE_SUMS_H
#define LF_KERN_BYTE_SUMS_H

#include <stdbool.h>
#include <stdint.h>

enum { LF_SUM_PARTS = 3, LF_SUM_PART_BITS = 6, LF_SUM_ENTRIES = 1 << LF_SUM_PART_BITS };

/* table[address] = step[(s >> 10) + 32], s the sum of term[p][bits p * part_bits .. of the address], each addition saturating to
 * INT16_MIN .. INT16_MAX, in the order of the parts. */
typedef struct lf_byte_sums {
    int parts, part_bits; /* part_bits: a multiple of the bits of an input */
    int16_t term[LF_SUM_PARTS][LF_SUM_ENTRIES];
    uint8_t step[LF_SUM_ENTRIES];
} lf_byte_sums;

/* True when such a form was found and compared with the table at every address. Looks for sums with steps of equal width, as quantized activations make
 * them: relaxation (Agmon 1954; Motzkin and Schoenberg 1954) on the inequalities that the table says. */
bool lf_byte_sums_find(const uint8_t *table, int fan_in, int bits, lf_byte_sums *out);

#endif
