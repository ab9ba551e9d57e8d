/* The one way out: memory that our own code needs is not there. */
#ifndef LF_BASE_FATAL_H
#define LF_BASE_FATAL_H

#include <stddef.h>

#include "base/compiler.h"

/* Says how many bytes were wanted, on stderr, and ends the process. */
LF_NORETURN void lf_out_of_memory(size_t size);

#endif
