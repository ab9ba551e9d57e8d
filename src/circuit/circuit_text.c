/* The text form of a circuit, one word a line:
 *
 *     circuit 1
 *     w1 = input -128..127            values lo..hi, or lo..hi/step
 *     w2 = const 5
 *     w3 = add w1 w2                  sub, less, equal alike
 *     w4 = shift w3 -2                > 0: to the left
 *     w5 = bit w1 7
 *     w6 = select w5 w3 w1            w5 ? w3 : w1
 *     w7 = join w5 w5 signed          lowest bit first; `in 0..6` where the bits say less
 *     w8 = table w3 [4 ? 7 -1]        ? : does not matter
 *     w9 = lut w5 w5 0x6              the first input is the lowest bit of the address
 *     outputs w8 w9
 *     latency 2                       of a pipelined circuit; words then end in @STAGE
 *
 * A line `part encoder`, `part head` or `part core` says what the words below it are counted for; it begins with the core. # begins a
 * comment. */
#include <inttypes.h>

#include "circuit/circuit_inside.h"

static void add_range(lf_text *t, lf_range r) {
    lf_text_addf(t, " %" PRId64 "..%" PRId64, r.lo, r.hi);
    if (r.step != 1)
        lf_text_addf(t, "/%" PRId64, r.step);
}

static void add_table(lf_text *t, const lf_table_words *table) {
    for (size_t i = 0; i < table->count; i++) {
        lf_text_add(t, i ? " " : " [");
        if (table->care && !(table->care[i / 8] >> (i % 8) & 1))
            lf_text_add(t, "?");
        else
            lf_text_addf(t, "%" PRId64, lf_table_at(table, i));
    }
    lf_text_add(t, "]");
}

static void add_join(lf_text *t, const lf_circuit *c, const lf_word_def *d) {
    lf_range r = lf_join_range(c, d->args, d->arg_count, d->is_signed);
    if (d->is_signed)
        lf_text_add(t, " signed");
    if (r.lo != d->range.lo || r.hi != d->range.hi || r.step != d->range.step) {
        lf_text_add(t, " in");
        add_range(t, d->range);
    }
}

static void add_operand(void *user, lf_word w) {
    lf_text_addf(user, " w%" PRIu32, w);
}

static void add_word(lf_text *t, const lf_circuit *c, lf_word w) {
    const lf_word_def *d = lf_word_at(c, w);
    lf_text_addf(t, "w%" PRIu32 " = %s", w, lf_word_op_names[d->op]);
    lf_word_operands(d, add_operand, t);
    if (d->op == LF_WORD_INPUT)
        add_range(t, d->range);
    else if (d->op == LF_WORD_CONST)
        lf_text_addf(t, " %" PRId64, d->range.lo);
    else if (d->op == LF_WORD_SHIFT || d->op == LF_WORD_BIT)
        lf_text_addf(t, " %" PRId32, d->amount);
    else if (d->op == LF_WORD_JOIN)
        add_join(t, c, d);
    else if (d->op == LF_WORD_TABLE)
        add_table(t, d->table);
    else if (d->op == LF_WORD_LUT)
        lf_text_addf(t, " 0x%" PRIx64, d->truth);
    if (c->stage.count && c->stage.at[w])
        lf_text_addf(t, " @%d", c->stage.at[w]);
    lf_text_add(t, "\n");
}

void lf_circuit_print(const lf_circuit *c, lf_text *t) {
    uint8_t part = LF_PART_CORE;
    lf_text_add(t, "circuit 1\n");
    for (lf_word w = 1; w < c->words.count; w++) {
        if (lf_word_at(c, w)->part != part)
            lf_text_addf(t, "part %s\n", lf_part_names[lf_word_at(c, w)->part]);
        part = lf_word_at(c, w)->part;
        add_word(t, c, w);
    }
    lf_text_add(t, "outputs");
    for (size_t i = 0; i < c->outputs.count; i++)
        add_operand(t, c->outputs.at[i]);
    lf_text_add(t, "\n");
    if (c->latency)
        lf_text_addf(t, "latency %d\n", c->latency);
}
