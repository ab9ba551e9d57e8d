/* Packing codes into bits: element 0 in the lowest bits, little-endian bytes (contracts.md 3). */
#ifndef LF_NUM_BITPACK_H
#define LF_NUM_BITPACK_H

#include <stddef.h>
#include <stdint.h>

#include "num/dtype.h"

/* Bytes for count codes of `bits` bits each, packed without gaps. */
size_t lf_packed_size(size_t count, int bits);
void lf_pack(uint8_t *out, const int64_t *code, size_t count, lf_dtype t);
void lf_unpack(int64_t *code, const uint8_t *in, size_t count, lf_dtype t);

/* Set or get `bits` (1..64) bits at bit offset `at` of a little-endian byte string. */
void lf_bits_set(uint8_t *out, size_t at, int bits, uint64_t value);
uint64_t lf_bits_get(const uint8_t *in, size_t at, int bits);

#endif
