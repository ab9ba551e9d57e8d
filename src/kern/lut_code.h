/* LUT netlists, run on 512 samples at a time: by machine code made for the netlist where the processor has AVX-512 or AVX2, by an interpreter
 * everywhere. The same bits. */
#ifndef LF_KERN_LUT_CODE_H
#define LF_KERN_LUT_CODE_H

#include "base/cpu.h"
#include "circuit/lutnet.h"

enum { LF_LUT_SAMPLES = 512, LF_LUT_WORDS = LF_LUT_SAMPLES / 64 };

typedef struct lf_lut_code lf_lut_code;

/* isa: AVX512 and AVX2 make machine code (memory is first written, then made executable, never both), others run the interpreter compiled for
 * them; the processor must have it. Where executable memory is refused, they interpret, too. NULL (recorded) when memory is
 * out. */
lf_lut_code *lf_lut_code_make(const lf_lutnet *n, lf_isa isa);
void lf_lut_code_free(lf_lut_code *c); /* NULL is fine */

/* in: [groups][inputs][LF_LUT_WORDS], bit s of word w is sample 64 w + s; out: [groups][outputs][LF_LUT_WORDS]. scratch: lf_lut_code_scratch words,
 * one per thread. All three aligned to 64 bytes. */
void lf_lut_code_run(const lf_lut_code *c, const uint64_t *in, uint64_t *out, uint64_t *scratch, size_t groups);
size_t lf_lut_code_scratch(const lf_lut_code *c);

size_t lf_lut_code_operations(const lf_lut_code *c); /* of three operands, for one group */
size_t lf_lut_code_bytes(const lf_lut_code *c);      /* of machine code; 0: interpreted */

#endif
