/* What the ways to run a LUT netlist share; private to lut_code*.c. */
#ifndef LF_KERN_LUT_CODE_INSIDE_H
#define LF_KERN_LUT_CODE_INSIDE_H

#include "kern/lut_code.h"
#include "kern/terns.h"

/* One step of the interpreter: word offsets in scratch. */
typedef struct lf_lut_step {
    uint32_t in[3], out;
    uint8_t function;
} lf_lut_step;

typedef void lf_lut_interpreter(const lf_lut_step *step, size_t count, uint64_t *scratch);
lf_lut_interpreter lf_lut_interpret_scalar, lf_lut_interpret_avx2;

/* Machine code: void code(const uint64_t *in, uint64_t *scratch, uint64_t *out) for one group. */
typedef struct lf_lut_machine {
    void *code; /* NULL: it could not be made */
    size_t bytes, mapped, slots;
} lf_lut_machine;
lf_lut_machine lf_lut_machine_make(lf_arena *a, const lf_terns *t);
void lf_lut_machine_free(lf_lut_machine *m);
void lf_lut_machine_run(const lf_lut_machine *m, const uint64_t *in, uint64_t *scratch, uint64_t *out);
/* The same for AVX2, from the interpreter's steps; outputs are word offsets as steps have them. */
lf_lut_machine lf_lut_machine_make_avx2(const lf_lut_step *steps, size_t count, uint32_t inputs, const uint32_t *out,
                                        size_t outputs);
void lf_lut_machine_run_avx2(const lf_lut_machine *m, const uint64_t *in, uint64_t *scratch, uint64_t *out);

/* Room for code, writable; then executable and no longer writable. What could not be is no machine. */
bool lf_lut_machine_map(size_t room, uint8_t **code, size_t *mapped);
size_t lf_lut_machine_end(uint8_t *code, size_t size); /* returns to the caller; the new size */
lf_lut_machine lf_lut_machine_seal(uint8_t *code, size_t size, size_t mapped, size_t slots);

#endif
