/* Parts: what an FPGA has. One file each under share/parts; nothing in code. */
#ifndef LF_FPGA_PART_H
#define LF_FPGA_PART_H

#include "base/ctx.h"

typedef struct lf_part {
    const char *name;                 /* "xc7z020" */
    const char *family;               /* as Yosys knows it: "xc7" "xcup" "ice40" "ecp5" */
    const char *help;                 /* where it is found */
    int64_t lut_inputs;               /* of one LUT: 6 or 4 */
    int64_t lut, ff, bram, uram, dsp; /* bram in RAMB36 (36 Kbit) equivalents */
} lf_part;

/* By full name with or without package and speed ("xc7z020clg400-1"), or by family name (its usual part). Lives as long as the
 * context. NULL after an error that names the nearest known part. */
const lf_part *lf_part_find(lf_ctx *ctx, const char *name);

/* All parts in the order of their names; *count of them. */
const lf_part *lf_part_all(lf_ctx *ctx, size_t *count);

#endif
