/* Circuits made smaller. Tables, selections, comparisons and small sums become LUT words, mapped together across what were layers; adders that stay are
 * words (carry chains). What was found out on the way is used: index values that cannot occur, and, when asked for, that never did. */
#ifndef LF_CIRCUIT_MINIMIZE_H
#define LF_CIRCUIT_MINIMIZE_H

#include "circuit/circuit.h"
#include "circuit/lut_check.h"

typedef struct lf_minimize_options {
    int lut_inputs; /* 4 or 6 */
    int effort;     /* of lf_decompose */
    int depth;      /* LUT levels between words that stay, where that is possible; 0: smallest area */
    /* Data don't-cares: rows of inputs. An entry of a table that fewer than `rarity` of them read (at least 1) may become anything. That changes
     * the function where no row has been: the caller reports what is measured before and after. LUT words of the core count as tables. */
    const int64_t *samples; /* [sample][input], or NULL */
    size_t sample_count, rarity;
    bool abc; /* let Berkeley ABC try, where it is installed; kept only when smaller and proved equal */
} lf_minimize_options;

typedef struct lf_minimize_report {
    size_t luts_before, luts_after; /* as lf_circuit_count counts */
    size_t tables, entries;         /* index values of all tables */
    size_t unreachable, unseen; /* of these: cannot occur; not read often enough by the samples, and changed for it */
    size_t luts_mapped;         /* LUT words, before the local search */
    size_t luts_by_abc;         /* 0: ABC was not asked, not better or not there */
    lf_same logic;              /* outputs of the netlist, before against after mapping, local search and ABC */
    size_t rows,
        rows_free; /* run before and after; of these: read an entry that does not matter, and were not compared */
    bool
        exact; /* equal to the given circuit for all inputs that read only entries of tables that matter; else for the samples */
} lf_minimize_report;

/* The program that `abc` runs; NULL when none is installed. */
const char *lf_abc_tool(void);

/* A new circuit without stages, or NULL and a diagnostic. r may be NULL. */
lf_circuit *lf_circuit_minimize(const lf_circuit *c, const lf_minimize_options *o, lf_minimize_report *r);

#endif
