/* Datatypes by their QONNX names, exact ranges of integer codes, and the codes themselves. */
#ifndef LF_NUM_DTYPE_H
#define LF_NUM_DTYPE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"

typedef enum lf_kind {
    LF_KIND_NONE,    /* not known (yet) */
    LF_KIND_FLOAT,   /* bits 16, 32 or 64 */
    LF_KIND_INT,     /* two's complement, bits 1..64 */
    LF_KIND_UINT,    /* bits 1..64; QONNX's BINARY is UINT1 */
    LF_KIND_BIPOLAR, /* -1 and +1, one bit: 0 stands for -1 */
    LF_KIND_TERNARY, /* -1 0 +1, two bits */
    LF_KIND_FIXED,   /* signed fixed point: value = code * 2^-(bits - int_bits) */
    LF_KIND_UFIXED
} lf_kind;

/* How a real value becomes an integer. Names as in QONNX; the comments give ap_fixed's. */
typedef enum lf_round {
    LF_ROUND_HALF_EVEN, /* QONNX ROUND; RND_CONV */
    LF_ROUND_HALF_UP,   /* QONNX HALF_UP: half away from zero; RND_INF */
    LF_ROUND_HALF_DOWN, /* half toward zero; RND_ZERO */
    LF_ROUND_UP,        /* away from zero */
    LF_ROUND_DOWN,      /* toward zero; TRN_ZERO */
    LF_ROUND_CEIL,
    LF_ROUND_FLOOR,     /* TRN, the default of ap_fixed */
    LF_ROUND_HALF_PLUS, /* half toward plus infinity; RND */
    LF_ROUND_HALF_MINUS /* half toward minus infinity; RND_MIN_INF */
} lf_round;

typedef enum lf_overflow { LF_OVERFLOW_WRAP, LF_OVERFLOW_SAT, LF_OVERFLOW_SAT_SYM } lf_overflow;

/* A datatype. round and overflow say how a cast *into* a FIXED/UFIXED type works (default TRN, WRAP). */
typedef struct lf_dtype {
    uint8_t kind; /* lf_kind */
    uint8_t bits;
    int8_t int_bits;
    uint8_t round;    /* lf_round */
    uint8_t overflow; /* lf_overflow */
} lf_dtype;

#define LF_FLOAT32 ((lf_dtype){LF_KIND_FLOAT, 32, 0, 0, 0})
#define LF_FLOAT64 ((lf_dtype){LF_KIND_FLOAT, 64, 0, 0, 0})
#define LF_BIPOLAR ((lf_dtype){LF_KIND_BIPOLAR, 1, 0, 0, 0})
#define LF_TERNARY ((lf_dtype){LF_KIND_TERNARY, 2, 0, 0, 0})
lf_dtype lf_int(int bits);
lf_dtype lf_uint(int bits);

/* All integer codes c with lo <= c <= hi and (c - lo) % step == 0. step >= 1; {v, v, 1} for a constant. */
typedef struct lf_range {
    int64_t lo, hi, step;
} lf_range;

bool lf_dtype_equal(lf_dtype a, lf_dtype b);
bool lf_dtype_is_code(lf_dtype t);   /* every kind but NONE and FLOAT: values are integer codes */
int lf_dtype_bits(lf_dtype t);       /* on a wire */
bool lf_dtype_signed(lf_dtype t);    /* two's complement on a wire: INT, TERNARY, FIXED */
lf_range lf_dtype_range(lf_dtype t); /* of its codes; BIPOLAR {-1, 1, 2} */
double lf_dtype_step(lf_dtype t);    /* value of one code: 2^-(bits - int_bits) for FIXED, else 1 */

/* The narrowest datatype for all codes of r: BIPOLAR when r is {-1,1,2}, else UINT<n> when r.lo >= 0, else
 * INT<n> ({-1,1,1} is INT2 unless `ternary`, then TERNARY). */
lf_dtype lf_dtype_for(lf_range r, bool ternary);
int lf_bits_unsigned(uint64_t max);         /* bits to write 0..max; 1 for 0 */
int lf_bits_signed(int64_t lo, int64_t hi); /* two's complement bits for lo..hi; at least 1 */

/* The wire pattern of a code (BIPOLAR -1/+1 -> 0/1; two's complement otherwise), and back. */
uint64_t lf_code_to_bits(lf_dtype t, int64_t code);
int64_t lf_code_from_bits(lf_dtype t, uint64_t bits);

/* "INT4" "UINT2" "BIPOLAR" "TERNARY" "BINARY" "FLOAT32" "FIXED<8,3>" "UFIXED<8,3,RND,SAT>"; also hls4ml's
 * "ap_fixed<16,6,RND,SAT>", "ap_ufixed<..>", "fixed<16,6>", "ap_int<8>", "ap_uint<8>". False: not a datatype.
 * Printing gives QONNX names; the modes only where they are not TRN, WRAP. */
bool lf_dtype_parse(const char *s, lf_dtype *out);
const char *lf_dtype_name(lf_arena *a, lf_dtype t);

/* Ranges. Sums and products are exact; *overflow is set (never cleared) when an end leaves int64. */
lf_range lf_range_join(lf_range a, lf_range b); /* the smallest that holds both */
lf_range lf_range_add(lf_range a, lf_range b, bool *overflow);
lf_range lf_range_scale(lf_range a, int64_t k, bool *overflow); /* k * a; k may be negative or 0 */
bool lf_range_holds(lf_range r, int64_t v);
lf_range lf_range_of(const int64_t *codes, size_t count); /* the narrowest that holds them; {0, 0, 1} for none */
lf_range lf_range_of_bytes(const uint8_t *codes, size_t count);
uint64_t lf_range_count(lf_range r); /* how many codes */

/* v rounded to an integer; v must be finite and within +-2^62. */
int64_t lf_round_to_int(double v, lf_round mode);
bool lf_round_parse(const char *qonnx_name, lf_round *out); /* ROUND HALF_EVEN CEIL FLOOR UP DOWN HALF_UP HALF_DOWN */
const char *lf_round_name(lf_round mode);

/* ap_fixed cast of a real value into t's grid, with t's modes. v finite. */
int64_t lf_fixed_cast(double v, lf_dtype t);

#endif
