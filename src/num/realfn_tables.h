/* Private to src/num: the constants of realfn.c (realfn_tables.c is printed by tools/realfn_tables.py). */
#ifndef LF_NUM_REALFN_TABLES_H
#define LF_NUM_REALFN_TABLES_H

/* high + low, |low| <= ulp(high) / 2: about 106 bits. */
typedef struct lf_dd {
    double high, low;
} lf_dd;

typedef struct lf_log_entry {
    double inverse; /* of about i/64, in 9 bits behind the point */
    lf_dd log;      /* -ln(inverse) */
} lf_log_entry;

typedef struct lf_erf_entry {
    lf_dd value, slope; /* erf and its derivative at j/8 */
} lf_erf_entry;

extern const double lf_ln2_high, lf_ln2_low; /* high has 32 bits: products with integers below 2^21 are exact */
extern const lf_dd lf_two_over_sqrt_pi;
extern const lf_dd lf_exp2_table[32];       /* 2^(j/32) */
extern const lf_log_entry lf_log_table[47]; /* i = 45 + index */
extern const lf_erf_entry lf_erf_table[49];

#endif
