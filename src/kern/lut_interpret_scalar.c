/* The interpreter of LUT netlists in plain C. */
#define LF_LUT_INTERPRET lf_lut_interpret_scalar
#include "kern/lut_interpret_body.h"
