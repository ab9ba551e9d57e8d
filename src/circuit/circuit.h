/* A circuit: a stateless program of integer words in single-assignment form (architecture.md, "Two representations"). Every word
 * carries the exact set of values that can occur; a bit is a word of range {0, 1}. Words are made once: asking for the same word again gives the
 * same word (hash-consing), and what constants decide is decided when it is made. Later words depend on earlier ones only, so the
 * order of their numbers is an order of evaluation. */
#ifndef LF_CIRCUIT_CIRCUIT_H
#define LF_CIRCUIT_CIRCUIT_H

#include "base/ctx.h"
#include "base/text.h"
#include "num/dtype.h"

typedef uint32_t lf_word; /* number of a word; 0 is none */

enum { LF_LUT_INPUTS = 6, LF_TABLE_INDEX_BITS = 20, LF_WORD_MAX_BITS = 60 };
/* Registers in a row at most, in every circuit: made, read or placed. */
enum { LF_CIRCUIT_STAGES = 4096 };

typedef enum lf_word_op {
    LF_WORD_NONE,
    LF_WORD_INPUT,  /* element `amount` of the inputs */
    LF_WORD_CONST,  /* range.lo */
    LF_WORD_ADD,    /* a + b */
    LF_WORD_SUB,    /* a - b */
    LF_WORD_SHIFT,  /* a * 2^amount; amount < 0: floor(a / 2^-amount) */
    LF_WORD_LESS,   /* a < b: 0 or 1 */
    LF_WORD_EQUAL,  /* a == b: 0 or 1 */
    LF_WORD_SELECT, /* a ? b : c; a is a bit */
    LF_WORD_BIT,    /* bit `amount` of a in two's complement */
    LF_WORD_JOIN, /* the word whose bits are args[0], args[1] .. from the lowest; is_signed: the last one counts negative */
    LF_WORD_TABLE, /* values[a], 0 <= a < count: an arbitrary function of one unsigned word */
    LF_WORD_LUT    /* bit (sum of args[j] << j) of truth, 1 to 6 bits in, one out */
} lf_word_op;

/* An arbitrary function of an index. Where care is given, entry i matters only when bit i of care is set; the others hold the value
 * of the first that matters, so that the range of the values is that of the entries that matter. */
typedef struct lf_table_words {
    const void *values; /* [count] signed integers of so many bytes: the fewest of 1, 2, 4, 8 that hold all */
    size_t count, bytes;
    const uint8_t *care; /* bitmap or NULL: all matter */
} lf_table_words;

static inline int64_t lf_table_at(const lf_table_words *t, size_t i) {
    switch (t->bytes) {
    case 1: return ((const int8_t *)t->values)[i];
    case 2: return ((const int16_t *)t->values)[i];
    case 4: return ((const int32_t *)t->values)[i];
    default: return ((const int64_t *)t->values)[i];
    }
}

typedef struct lf_word_def {
    uint8_t op;     /* lf_word_op */
    bool is_signed; /* JOIN */
    uint8_t arg_count;
    uint8_t part; /* lf_circuit_part: whom the word is counted for */
    int32_t amount;
    lf_word a, b, c;     /* operands; 0 where there is none */
    const lf_word *args; /* JOIN and LUT */
    const lf_table_words *table;
    uint64_t truth; /* LUT: the lowest 2^arg_count bits */
    lf_range range; /* of the values that can occur, given the ranges of the inputs */
} lf_word_def;

/* What of a LUT network a word belongs to (contracts.md 7). */
typedef enum lf_circuit_part { LF_PART_CORE, LF_PART_ENCODER, LF_PART_HEAD, LF_CIRCUIT_PARTS } lf_circuit_part;

typedef struct lf_circuit {
    lf_ctx *ctx;
    lf_arena *arena;
    LF_VEC(lf_word_def) words; /* [word]; [0] is unused */
    LF_VEC(lf_word) inputs, outputs;
    LF_VEC(uint16_t) stage; /* empty, or by word: the pipeline stage in which it is computed (lf_circuit_pipeline) */
    int latency;            /* registers between inputs and outputs, cycles; 0: combinational */
    lf_circuit_part part;   /* of words made from now on */
    bool
        count_with_adders; /* lf_circuit_sum adds single bits two by two (for a CPU) instead of six at a time in LUT words */
    bool too_wide;         /* some word did not fit LF_WORD_MAX_BITS: lf_circuit_ok */
    struct lf_word_names *names; /* private: the hash table */
    struct lf_table_room {
        size_t size;
        int64_t *values, *wide;
        void *narrow;
        uint8_t *care;
    } room; /* private: of the table in hand */
} lf_circuit;

lf_circuit *lf_circuit_new(lf_ctx *ctx);
void lf_circuit_free(lf_circuit *c); /* NULL is fine */

/* Builders. Operands must exist. Each may return an older or simpler word. A word that would need more than LF_WORD_MAX_BITS bits becomes the
 * constant 0 and is remembered: whoever has built a circuit asks lf_circuit_ok once. */
lf_word lf_circuit_input(lf_circuit *c, lf_range range); /* the next element */
void lf_circuit_output(lf_circuit *c, lf_word w);        /* the next element */
lf_word lf_circuit_const(lf_circuit *c, int64_t v);
lf_word lf_circuit_add(lf_circuit *c, lf_word a, lf_word b);
lf_word lf_circuit_sub(lf_circuit *c, lf_word a, lf_word b);
lf_word lf_circuit_shift(lf_circuit *c, lf_word a, int amount);
lf_word lf_circuit_less(lf_circuit *c, lf_word a, lf_word b);
lf_word lf_circuit_equal(lf_circuit *c, lf_word a, lf_word b);
lf_word lf_circuit_select(lf_circuit *c, lf_word bit, lf_word yes, lf_word no);
lf_word lf_circuit_bit(lf_circuit *c, lf_word a, int bit);
lf_word lf_circuit_join(lf_circuit *c, const lf_word *bits, int count, bool is_signed);
/* The same where the caller knows more about the values than the bits say: they all lie in `known`. */
lf_word lf_circuit_join_known(lf_circuit *c, const lf_word *bits, int count, bool is_signed, lf_range known);
/* The same word where more is known about its values than its own range says. */
lf_word lf_circuit_known(lf_circuit *c, lf_word w, lf_range known);
/* values[a]; a's range within 0 .. count - 1. The table is copied. care may be NULL. */
lf_word lf_circuit_table(lf_circuit *c, lf_word a, const int64_t *values, size_t count, const uint8_t *care);
lf_word lf_circuit_lut(lf_circuit *c, const lf_word *bits, int count, uint64_t truth);

/* Made of these: negation, bits of a word in its own width, sums as balanced trees (narrowest first), the largest with its index (lowest
 * on ties), clamping, reduction modulo 2^bits. */
lf_word lf_circuit_negate(lf_circuit *c, lf_word a);
lf_word lf_circuit_sum(lf_circuit *c, const lf_word *terms, size_t count);
lf_word lf_circuit_argmax(lf_circuit *c, const lf_word *values, size_t count);
lf_word lf_circuit_clamp(lf_circuit *c, lf_word a, int64_t lo, int64_t hi);
lf_word lf_circuit_wrap(lf_circuit *c, lf_word a, int bits, bool is_signed);

static inline const lf_word_def *lf_word_at(const lf_circuit *c, lf_word w) {
    return &c->words.at[w];
}
static inline lf_range lf_word_range(const lf_circuit *c, lf_word w) {
    return c->words.at[w].range;
}
int lf_word_bits(const lf_circuit *c, lf_word w); /* on a wire: two's complement when range.lo < 0, else unsigned */
bool lf_word_signed(const lf_circuit *c, lf_word w);
bool lf_word_is_bit(const lf_circuit *c, lf_word w); /* range within 0..1 */

/* LF_OK, or an error when a word needed more than LF_WORD_MAX_BITS bits. */
lf_status lf_circuit_ok(const lf_circuit *c);

/* The definition: one sample. in and out have one value per element; scratch has words.count values. */
void lf_circuit_run(const lf_circuit *c, const int64_t *in, int64_t *out, int64_t *scratch);

/* A copy with only what the outputs need (inputs stay), without stages; and with them. */
lf_circuit *lf_circuit_clean(const lf_circuit *c);
lf_circuit *lf_circuit_clean_staged(const lf_circuit *c);

/* The words of c again, in `to`: in[i] is what c's input i is there, whose values are among the input's. out[o] becomes c's output o. New words are for
 * the parts that c's were for. */
void lf_circuit_append(lf_circuit *to, const lf_circuit *c, const lf_word *in, lf_word *out);

/* Text form, one word a line; reading it back gives the same words. Errors name file and line. */
void lf_circuit_print(const lf_circuit *c, lf_text *t);
lf_circuit *lf_circuit_parse(lf_ctx *ctx, const char *text, size_t len, const char *name);

/* Counts by op and by part; depth in LUT levels where every word is an operation that LUTs or one carry chain do. */
typedef struct lf_circuit_stats {
    size_t ops[LF_WORD_LUT + 1];
    size_t luts[LF_CIRCUIT_PARTS];      /* of all words: lf_word_luts, but for absorbed ones */
    size_t registers[LF_CIRCUIT_PARTS]; /* bits, once it is pipelined */
    int depth;                          /* levels on the longest path between registers; a carry chain is one */
} lf_circuit_stats;
void lf_circuit_count(const lf_circuit *c, lf_circuit_stats *out);
size_t lf_circuit_luts(const lf_circuit *c); /* of all parts */

/* LUT6 of one word: a LUT word is 1; ADD, SUB and LESS take one for every bit of the carry chain where two bits meet or one is inverted (as Yosys
 * counts; where one passes alone a real chain may need it as a feed-through). Others that are not mapped yet: what they would take at least. */
size_t lf_word_luts(const lf_circuit *c, lf_word w);

/* By word, in a: 1 for LUT words of up to five inputs that only one operand of one ADD reads, at a place where the other has a bit, too: the LUT of that
 * place computes them, so that they take neither a LUT nor a level. They are in the stage of the ADD, or it is left to be found. None in a circuit whose LUTs have at most four inputs: it may be for a
 * family that has no wider ones. */
uint8_t *lf_circuit_absorbed(const lf_circuit *c, lf_arena *a);
/* So many such bits has this operand of an ADD; at most one of the two has any. */
int lf_word_absorbs(const lf_circuit *c, const uint8_t *absorbed, lf_word operand);

/* LUT levels of one word: 0 where it is only wires; a carry chain is 1; a table is one of LUT6, then one level per two more index bits. */
int lf_word_levels(const lf_circuit *c, lf_word w);

/* The other way: words made since are in stage `stage`, constants in 0; the outputs come behind it. For circuits that are built stage by stage. */
void lf_circuit_stage_rest(lf_circuit *c, int stage);

/* Assigns stages so that no path between registers is longer than lut_depth levels. Inputs are stage 0; outputs are registered, so latency >= 1.
 * lut_depth 0: combinational, latency 0. An error where one word alone is deeper (a wide table that was not mapped). */
lf_status lf_circuit_pipeline(lf_circuit *c, int lut_depth);

/* For how many cycles after its stage each word is needed, by word, in a; -1: no output needs it. 0 for
 * constants and in a combinational circuit. */
int *lf_circuit_delays(const lf_circuit *c, lf_arena *a);
/* Of the delays 0 .. delay[w] of a word, the first so many are read off the word it is a bit or a multiple of; it has registers for the others. 0 for a
 * word that is computed (whose delay 0 is no register). */
int lf_word_read_off(const lf_circuit *c, lf_word w, const int *delay);

#endif
