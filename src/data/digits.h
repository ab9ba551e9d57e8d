/* Generated handwritten digits in MNIST's format: 28x28 grey, ink bright on black, the digit in a 20x20 box, its mass in the
 * middle. They stand in where no data set is at hand; every report that used them says so.
 *
 * An image depends on (seed, index) only, on every machine: plain IEEE double arithmetic, no libm. */
#ifndef LF_DATA_DIGITS_H
#define LF_DATA_DIGITS_H

#include <stddef.h>
#include <stdint.h>

#include "base/pool.h"

enum { LF_DIGIT_SIDE = 28, LF_DIGIT_PIXELS = LF_DIGIT_SIDE * LF_DIGIT_SIDE };

/* Image `index` of the endless set `seed`: LF_DIGIT_PIXELS bytes row by row. Returns the digit, 0 to 9. */
uint8_t lf_digit(uint64_t seed, uint64_t index, uint8_t *pixel);

/* Images first .. first + count - 1, spread over the pool (NULL: here). */
void lf_digits(lf_pool *pool, uint64_t seed, uint64_t first, size_t count, uint8_t *pixel, uint8_t *label);

#endif
