/* Networks of the literature in their own size, with random weights: to measure how the tools scale, not to classify anything. */
#ifndef LF_ZOO_ZOO_H
#define LF_ZOO_ZOO_H

#include "ir/graph.h"

/* 0 in any field: what the network's own paper has. */
typedef struct lf_zoo_options {
    uint64_t seed;
    int64_t size;                  /* side of the picture in pixels, a multiple of 32 */
    double width;                  /* multiplies the channels of every layer */
    int64_t blocks;                /* at most that many blocks (in every stage, where there are stages) */
    int64_t classes;               /* outputs */
    int64_t weight_bits, act_bits; /* of the layers between the first and the last */
} lf_zoo_options;

struct lf_maker; /* zoo/maker.h */

typedef struct lf_zoo {
    const char *name;
    const char *help;
    lf_zoo_options usual;
    lf_id (*grow)(struct lf_maker *m); /* everything from the input to the tensor that is the output */
} lf_zoo;

extern const lf_zoo *const lf_zoo_all[]; /* NULL-terminated */

/* NULL when there is none of that name. */
const lf_zoo *lf_zoo_find(const char *name);

/* The network, inferred and verified; the same for the same options. NULL (recorded) when an option is out of range. */
lf_graph *lf_zoo_make(lf_ctx *ctx, const lf_zoo *z, const lf_zoo_options *o);

#define LF_ZOO(id) extern const lf_zoo lf_zoo_##id;
#include "zoo/zoo.def"
#undef LF_ZOO

#endif
