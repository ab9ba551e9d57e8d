/* Between the files of the decomposition: functions given by tables, and netlists as answers to them. */
#ifndef LF_CIRCUIT_DECOMPOSE_INSIDE_H
#define LF_CIRCUIT_DECOMPOSE_INSIDE_H

#include "circuit/decompose.h"
#include "circuit/wide_truth.h"

/* m functions of the same n inputs. care NULL: all addresses matter; it is common to all m. */
typedef struct lf_fn {
    int n, m;
    uint64_t **bits;
    uint64_t *care;
} lf_fn;

typedef struct lf_search {
    lf_ctx *ctx;
    lf_arena *scratch; /* functions and tables on the way */
    int k;             /* inputs of a LUT */
    int depth;         /* how deep in the recursion */
    int effort;
    struct lf_answers *answers; /* functions already solved */
} lf_search;

lf_fn *lf_fn_new(lf_arena *a, int n, int m, bool with_care);
lf_fn *lf_fn_copy(lf_arena *a, const lf_fn *f);
void lf_fn_swap(lf_fn *f, int i, int j);
/* The inputs order[0..n-1] of f become inputs 0..n-1. */
lf_fn *lf_fn_ordered(lf_arena *a, const lf_fn *f, const int *order);

/* The best netlist found for f: n inputs, m outputs. In the arena of s; never NULL but when memory is out. */
lf_lutnet *lf_solve(lf_search *s, const lf_fn *f);

/* Ways to solve f, which depends on all its inputs, more than k. NULL: this one does not apply. */
lf_lutnet *lf_solve_mux(lf_search *s, const lf_fn *f);       /* leaves of k inputs under trees of multiplexers */
lf_lutnet *lf_solve_sum(lf_search *s, const lf_fn *f);       /* y = clamp(floor(u(some inputs) + v(the others))) */
lf_lutnet *lf_solve_staircase(lf_search *s, const lf_fn *f); /* one output: rank(some inputs) >= level(the others) */

/* Bound sets with few different columns (Ashenhurst, Curtis, Roth and Karp): up to `max` of them, best first. */
typedef struct lf_bound {
    int size;      /* inputs in the bound set */
    int order[20]; /* inputs of f: free ones first, then the bound set; kept ones last */
    int kept;      /* how many of the bound set stay inputs of the rest as they are (a code bit each) */
    int code_bits; /* LUTs that encode the others */
    double guess;  /* LUTs in all, for the order in which they are tried */
} lf_bound;
int lf_find_bounds(lf_search *s, const lf_fn *f, lf_bound *out, int max);
lf_lutnet *lf_solve_bound(lf_search *s, const lf_fn *f, const lf_bound *b);

/* LUTs of a function of n inputs without structure. */
double lf_guess_luts(const lf_search *s, int n);

/* Appends part, whose inputs are the signals in[], to net; out[] are its outputs. */
void lf_splice(lf_lutnet *net, const lf_lutnet *part, const lf_signal *in, lf_signal *out);

/* LUTs that fit into all LUTs that read them go; clean. The old net is freed. */
lf_lutnet *lf_lutnet_absorb(lf_lutnet *n, int k);

static inline int lf_log2_up(size_t n) { /* bits to tell n things apart */
    int bits = 0;
    while (((size_t)1 << bits) < n)
        bits++;
    return bits;
}

#endif
