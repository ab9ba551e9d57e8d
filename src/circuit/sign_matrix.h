/* A constant matrix of -1, 0 and +1 times a vector, as a circuit without multipliers and without repetition. */
#ifndef LF_CIRCUIT_SIGN_MATRIX_H
#define LF_CIRCUIT_SIGN_MATRIX_H

#include "circuit/circuit.h"

typedef struct lf_sign_matrix {
    const int8_t *weight; /* [rows][inputs], row-major: -1, 0, +1 */
    size_t rows, inputs;
} lf_sign_matrix;

enum { LF_SIGN_GROUP_MAX = 8 };

/* sums[r] = sum over i of weight[r][i] * x[i]. x: words of any range; bits and bipolar words (range {-1, 1, 2}) are counted.
 *
 * Rows that are alike form groups. Within a group of k rows an input belongs to the class of its column of k weights (up to the sign of all of
 * them: then its bits are inverted). What belongs to a class is added up once; sums of classes are shared between the rows by folding
 * the classes pairwise, a row at a time. For binary rows row j = A - 2 Q_j, with A the sum of all classes and Q_j of those where row
 * j differs from row 0. `group` is the most rows in a group, 0: as many as make the estimate smallest. */
void lf_circuit_sign_matrix(lf_circuit *c, const lf_sign_matrix *m, int group, const lf_word *x, lf_word *sums);

#endif
