/* The interpreter of LUT netlists, compiled for AVX2. */
#define LF_LUT_INTERPRET lf_lut_interpret_avx2
#include "kern/lut_interpret_body.h"
