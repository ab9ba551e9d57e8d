#ifndef LF_PASS_FOLD_H
#define LF_PASS_FOLD_H

#include <stdbool.h>
#include <stdint.h>

/* Options of the pass `fold`. */
typedef struct lf_fold_options {
    int64_t ii; /* most cycles per frame; 0: 4,096, or the fastest that fits the part */
    const char *part;
    const char *file; /* folding.json that pins layers, or NULL */
    const char *
        weights; /* whose come from outside: NULL or "": as in the file; "stream": those that do not fit; "all"; or names with commas */
    bool must_fit;
    bool fastest; /* without ii: the fastest that fits the part, however much of it that takes */
} lf_fold_options;

#endif
