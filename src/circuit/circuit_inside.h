/* Private to src/circuit: words as they are stored. */
#ifndef LF_CIRCUIT_CIRCUIT_INSIDE_H
#define LF_CIRCUIT_CIRCUIT_INSIDE_H

#include "circuit/circuit.h"

/* The word of this definition: the older one where it exists. args and table are copied when it is new. Where the range is one value
 * (and the word is no input) it is that constant. */
lf_word lf_word_intern(lf_circuit *c, const lf_word_def *d);

bool lf_range_narrow(lf_range r); /* fits LF_WORD_MAX_BITS */
/* The same; if not, the circuit is marked. */
bool lf_range_fits(lf_circuit *c, lf_range r, bool overflow);

/* Range of a join by its bits alone. count <= LF_WORD_MAX_BITS. */
lf_range lf_join_range(const lf_circuit *c, const lf_word *bits, int count, bool is_signed);

static inline bool lf_word_is_const(const lf_circuit *c, lf_word w) {
    return c->words.at[w].range.lo == c->words.at[w].range.hi;
}

/* Calls visit for every operand. */
typedef void (*lf_operand_visit)(void *user, lf_word operand);
static inline void lf_word_operands(const lf_word_def *d, lf_operand_visit visit, void *user) {
    const lf_word fixed[3] = {d->a, d->b, d->c};
    for (int i = 0; i < 3; i++)
        if (fixed[i])
            visit(user, fixed[i]);
    for (int i = 0; i < d->arg_count; i++)
        visit(user, d->args[i]);
}

/* The word of c that d of another circuit becomes, by the builders; map gives c's words for d's operands. Not for inputs. */
lf_word lf_word_rebuild(lf_circuit *c, const lf_word_def *d, const lf_word *map);
/* lf_circuit_table of a table that any circuit holds. */
lf_word lf_circuit_table_again(lf_circuit *c, lf_word a, const lf_table_words *t);

/* Places [first, end) of the carry chain of an ADD or SUB that take a LUT. */
void lf_adder_places(const lf_circuit *c, lf_word w, int *first, int *end);

extern const char *const lf_word_op_names[LF_WORD_LUT + 1];
extern const char *const lf_part_names[LF_CIRCUIT_PARTS];

#endif
