#include "base/fatal.h"

#include <stdio.h>
#include <stdlib.h>

void lf_out_of_memory(size_t size) {
    fprintf(stderr, "lutfisk: out of memory: the system did not give %zu bytes more\n", size);
    abort();
}
