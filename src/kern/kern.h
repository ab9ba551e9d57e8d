/* The integer kernels of the fast engine: which there are, and which run here. Every kernel of a name gives the same bits. */
#ifndef LF_KERN_KERN_H
#define LF_KERN_KERN_H

#include "kern/int_dense.h"
#include "kern/levels.h"
#include "kern/taps.h"
#include "kern/xnor_dense.h"

typedef struct lf_kernel_info {
    const char *name;
    lf_isa isa;
    const char *help;
} lf_kernel_info;

extern const lf_kernel_info lf_kernel_list[]; /* in the order of kern.def; ends with an entry without name */

/* The kernels for one instruction set, which the processor must have (lf_cpu_has); lf_cpu_best() is the usual choice, tests
 * ask for all. Where the library was built for another processor family, the scalar ones. */
const lf_xnor_kernel *lf_xnor_kernel_for(lf_isa isa);
const lf_int_kernel *lf_int_kernel_for(lf_isa isa);
const lf_levels_kernel *lf_levels_kernel_for(lf_isa isa);
const lf_taps_kernel *lf_taps_kernel_for(lf_isa isa);

#endif
