/* NumPy's array files: .npy (format versions 1 to 3) and .npz (a zip of them). Source: NumPy enhancement proposal 1 and the
 * documentation of numpy.lib.format.
 *
 * Read: float16/32/64, int and uint of 8 to 64 bits, bool; little and big endian; fortran_order arrays are turned into C
 * order; rank 0 to LF_MAX_RANK. Refused with a reason: object, complex, string and structured types, truncated files, sizes
 * that the file does not hold. NaN and infinity are read as they are (lf_array_find_nonfinite finds them). */
#ifndef LF_DATA_NPY_H
#define LF_DATA_NPY_H

#include "data/array.h"

typedef struct lf_named_array {
    const char *name;
    lf_array array;
} lf_named_array;

/* The array of a .npy file, in memory of `a`. */
LF_MUST_USE lf_status lf_npy_read(lf_ctx *ctx, lf_arena *a, const char *path, lf_array *out);
/* The same from bytes; `file` is for messages. Never reads outside [bytes, bytes + size), whatever they are. */
LF_MUST_USE lf_status lf_npy_parse(lf_ctx *ctx, lf_arena *a, const char *file, const uint8_t *bytes, size_t size,
                                   lf_array *out);

/* The bytes of a .npy file (version 1, little endian, C order) in memory of `a`; NULL when memory is out. */
uint8_t *lf_npy_format(lf_arena *a, const lf_array *x, size_t *size);
/* LF_BAD_INPUT for a name that promises text or a packed file (.csv .tsv .txt .json .gz .xz): rows are written as .npy and .npz only. */
LF_MUST_USE lf_status lf_npy_name(lf_ctx *ctx, const char *path);
/* Writes beside and renames. */
LF_MUST_USE lf_status lf_npy_write(lf_ctx *ctx, const char *path, const lf_array *x);

/* All arrays of a .npz, in the order of the archive, names without ".npy". */
LF_MUST_USE lf_status lf_npz_read(lf_ctx *ctx, lf_arena *a, const char *path, lf_named_array **out, size_t *count);
/* One array by name; when it is absent the message lists what is there. */
LF_MUST_USE lf_status lf_npz_read_one(lf_ctx *ctx, lf_arena *a, const char *path, const char *name, lf_array *out);
/* Writes an uncompressed archive with fixed times: same arrays, same bytes. */
LF_MUST_USE lf_status lf_npz_write(lf_ctx *ctx, const char *path, const lf_named_array *arrays, size_t count);

/* By content: true when the file starts like a zip archive (.npz). */
bool lf_is_npz(const char *path);

#endif
