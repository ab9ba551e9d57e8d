/* Private to src/ir: the weights file beside the text form (contracts.md 8).
 *
 * 16 bytes of header, then chunks that begin at multiples of 8 (zeros between). What a chunk holds, its place and its hash stand
 * in the text: codes packed without gaps by the bits of their datatype, or IEEE numbers, little-endian, row-major. */
#ifndef LF_IR_LFW_H
#define LF_IR_LFW_H

#include "base/text.h"
#include "ir/graph.h"

enum { LF_LFW_HEADER = 16, LF_LFW_HASH = 16 /* hexadecimal digits kept of a chunk's SHA-256 */ };

/* Bytes of the elements of a constant of type t in container e. */
size_t lf_lfw_size(lf_elem e, lf_dtype t, size_t count);

/* Where a chunk went. */
typedef struct lf_chunk {
    uint64_t offset;
    char hash[LF_LFW_HASH + 1];
} lf_chunk;

/* Adds a chunk (and the header before the first). add_codes packs the codes of a constant on the grid whatever its container. */
lf_chunk lf_lfw_add_elements(lf_text *weights, const lf_const *c, lf_dtype t);
lf_chunk lf_lfw_add_codes(lf_text *weights, const lf_tensor *t);
lf_chunk lf_lfw_add_reals(lf_text *weights, const double *v, size_t count);
lf_chunk lf_lfw_add_ranges(lf_text *weights, const lf_range *r, size_t count); /* lo hi step, int64 each */

void lf_lfw_hash(const void *data, size_t size, char hash[LF_LFW_HASH + 1]);
/* The reverse, from a chunk known to be long enough. `data` of lf_lfw_get_elements has room for count containers. */
void lf_lfw_get_elements(void *data, lf_elem e, lf_dtype t, size_t count, const uint8_t *in);
/* The elements of t's float container from packed codes: code * scale (or code / divisor) in double, rounded to the container. */
void lf_lfw_get_codes(void *data, lf_elem e, const lf_tensor *t, size_t count, const uint8_t *in);
/* Are all elements of t just that, so that the codes say everything? */
bool lf_lfw_codes_suffice(const lf_tensor *t);
void lf_lfw_get_reals(double *v, size_t count, const uint8_t *in);
void lf_lfw_get_ranges(lf_range *r, size_t count, const uint8_t *in);

/* One integer into element i of a container; false when it does not fit. */
bool lf_elem_store(void *data, lf_elem e, size_t i, int64_t v);
static inline bool lf_elem_is_float(lf_elem e) {
    return e == LF_ELEM_F32 || e == LF_ELEM_F64;
}
lf_elem lf_elem_narrowest(lf_range r);
/* The container that is not mentioned in the text. */
lf_elem lf_elem_usual(lf_dtype t);

#endif
