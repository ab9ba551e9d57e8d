/* Neurons as they were before they became tables: a sum with a term for each part of the inputs, and steps. */
#ifndef LF_KERN_BYTE_SUMS_H
#define LF_KERN_BYTE_SUMS_H

#include <stdbool.h>
#include <stdint.h>

enum { LF_SUM_PARTS = 3, LF_SUM_PART_BITS = 6, LF_SUM_ENTRIES = 1 << LF_SUM_PART_BITS };

/* table[address] = step[(h >> 2) + 32]: h is the sum of high[p][i] with the carries of the sum of low[p][i], i = bits p * part_bits .. of the address; the part in
 * the lowest bits comes first. A term stands for 128 high + low, so h / 4 is the sum of the terms in units of 512. Additions of h, each by itself, saturate to
 * -128..127. */
typedef struct lf_byte_sums {
    _Alignas(64) int8_t high[LF_SUM_PARTS][LF_SUM_ENTRIES];
    uint8_t low[LF_SUM_PARTS][LF_SUM_ENTRIES]; /* 0..127 */
    uint8_t step[LF_SUM_ENTRIES];
    int parts, part_bits; /* part_bits: a multiple of the bits of an input */
    int sweeps;           /* over the table, that the search took, also where it found nothing */
} lf_byte_sums;

/* The definition. */
uint8_t lf_byte_sums_at(const lf_byte_sums *s, uint32_t address);

/* True when such a form was found and compared with the table at every address. Looks for sums with steps of equal width, as quantized activations make
 * them: relaxation (Agmon 1954; Motzkin and Schoenberg 1954) on the inequalities that the table says. */
bool lf_byte_sums_find(const uint8_t *table, int fan_in, int bits, lf_byte_sums *out);

#endif
