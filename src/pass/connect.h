#ifndef LF_PASS_CONNECT_H
#define LF_PASS_CONNECT_H

#include <stdbool.h>

/* Options of the pass `connect`. */
typedef struct lf_connect_options {
    const char *file;    /* folding.json whose FIFO depths take the place of those found, or NULL */
    bool allow_deadlock; /* a circuit that stops for ever is a warning: for tests and study */
} lf_connect_options;

#endif
