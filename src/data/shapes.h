/* Generated colour pictures in CIFAR-10's format: 32x32, planes red, green, blue, one of ten shapes anywhere, of any size, turn and
 * colour, on a ground that shades from one colour to another, with specks and noise. They stand in where no data set is at hand;
 * every report that used them says so.
 *
 * A picture depends on (seed, index) only, on every machine: plain IEEE double arithmetic, no libm. */
#ifndef LF_DATA_SHAPES_H
#define LF_DATA_SHAPES_H

#include <stddef.h>
#include <stdint.h>

#include "base/pool.h"

enum { LF_SHAPES_SIDE = 32, LF_SHAPES_PIXELS = 3 * LF_SHAPES_SIDE * LF_SHAPES_SIDE, LF_SHAPES_CLASSES = 10 };

extern const char *const lf_shapes_names[LF_SHAPES_CLASSES];

/* Picture `index` of the endless set `seed`: LF_SHAPES_PIXELS bytes. Returns the class. */
uint8_t lf_shape_picture(uint64_t seed, uint64_t index, uint8_t *pixel);

/* Pictures first .. first + count - 1, spread over the pool (NULL: here). */
void lf_shape_pictures(lf_pool *pool, uint64_t seed, uint64_t first, size_t count, uint8_t *pixel, uint8_t *label);

#endif
