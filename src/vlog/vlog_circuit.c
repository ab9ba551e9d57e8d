/* A circuit as a module: every word a wire of its exact width, or a piece of another; a chain of registers where a later stage needs it.
 * Operands are brought to one width by explicit extension, so that no rule of Verilog about widths and signs matters but that of $signed
 * in comparisons. */
#include <inttypes.h>
#include <string.h>

#include "circuit/circuit.h"
#include "vlog/vlog_model.h"

typedef struct lf_circuit_printer {
    const lf_circuit *c;
    lf_text *t;
    lf_arena *arena;
    const int *delay; /* by word; -1: not printed */
    const uint8_t *absorbed;
    uint64_t **used;     /* [word][delay]: bits that something reads */
    const int *in_place; /* by element: its lowest bit in in_data */
    bool registers;
} lf_circuit_printer;

static uint64_t mask_of(int lo, int width) {
    return ((width >= 64 ? 0 : (uint64_t)1 << width) - 1) << lo;
}

static void add_name(lf_text *t, const lf_circuit *c, lf_word w, int delay) {
    const lf_word_def *d = lf_word_at(c, w);
    if (d->op == LF_WORD_INPUT)
        lf_text_addf(t, "x%" PRId32, d->amount);
    else
        lf_text_addf(t, "w%" PRIu32, w);
    if (delay)
        lf_text_addf(t, "_d%d", delay);
}

static int later(const lf_circuit *c, lf_word w, lf_word source) {
    return c->stage.count ? c->stage.at[w] - c->stage.at[source] : 0;
}

static void add_vector(lf_text *t, int width) {
    if (width > 1)
        lf_text_addf(t, "[%d:0] ", width - 1);
}

/* -- pieces of words ---------------------------------------------------------------------------------------------- */

static void add_literal(lf_text *t, int width, int64_t v) {
    uint64_t bits = (uint64_t)v & mask_of(0, width);
    lf_text_addf(t, bits < 10 ? "%d'd%" PRIx64 : "%d'h%" PRIx64, width, bits);
}

/* Bits lo .. lo + width - 1 of a wire of its own. */
static void add_part(lf_circuit_printer *p, lf_word w, int delay, int lo, int width) {
    int bits = lf_word_bits(p->c, w);
    p->used[w][delay] |= mask_of(lo, width);
    add_name(p->t, p->c, w, delay);
    if (width == bits)
        return;
    if (width == 1)
        lf_text_addf(p->t, "[%d]", lo);
    else
        lf_text_addf(p->t, "[%d:%d]", lo + width - 1, lo);
}

/* The same with bits beyond the highest: the sign, or zeros. */
static void add_extended(lf_circuit_printer *p, lf_word w, int delay, int lo, int width) {
    int bits = lf_word_bits(p->c, w), own = lo >= bits ? 0 : lo + width > bits ? bits - lo : width, more = width - own;
    if (!more) {
        add_part(p, w, delay, lo, width);
        return;
    }
    if (own || lf_word_signed(p->c, w))
        lf_text_add(p->t, "{");
    if (lf_word_signed(p->c, w)) {
        lf_text_addf(p->t, "{%d{", more);
        add_part(p, w, delay, bits - 1, 1);
        lf_text_add(p->t, "}}");
    } else {
        add_literal(p->t, more, 0);
    }
    if (own) {
        lf_text_add(p->t, ", ");
        add_part(p, w, delay, lo, own);
    }
    if (own || lf_word_signed(p->c, w))
        lf_text_add(p->t, "}");
}

static void add_bits(lf_circuit_printer *p, lf_word w, int delay, int lo, int width);

static void add_zeros_before(lf_circuit_printer *p, int zeros) {
    lf_text_add(p->t, "{");
    add_literal(p->t, zeros, 0);
    lf_text_add(p->t, ", ");
}

/* A bit or a multiple of another word, where that word has the registers. */
static void add_view(lf_circuit_printer *p, lf_word w, int delay, int lo, int width) {
    const lf_word_def *d = lf_word_at(p->c, w);
    int at = delay + later(p->c, w, d->a), zeros = d->amount - lo;
    if (d->op == LF_WORD_BIT) {
        if (width > 1)
            add_zeros_before(p, width - 1);
        add_bits(p, d->a, at, d->amount, 1);
        lf_text_add(p->t, width > 1 ? "}" : "");
    } else if (zeros <= 0) {
        add_bits(p, d->a, at, -zeros, width);
    } else if (zeros >= width) {
        add_literal(p->t, width, 0);
    } else {
        lf_text_add(p->t, "{");
        add_bits(p, d->a, at, 0, width - zeros);
        lf_text_add(p->t, ", ");
        add_literal(p->t, zeros, 0);
        lf_text_add(p->t, "}");
    }
}

/* Bits lo .. lo + width - 1 of a word, `delay` cycles after its stage. */
static void add_bits(lf_circuit_printer *p, lf_word w, int delay, int lo, int width) {
    const lf_word_def *d = lf_word_at(p->c, w);
    if (d->op == LF_WORD_CONST)
        add_literal(p->t, width, d->range.lo >> lo);
    else if (delay < lf_word_read_off(p->c, w, p->delay))
        add_view(p, w, delay, lo, width);
    else
        add_extended(p, w, delay, lo, width);
}

/* An operand of word w. */
static void add_operand(lf_circuit_printer *p, lf_word w, lf_word operand, int lo, int width) {
    bool constant = lf_word_at(p->c, operand)->op == LF_WORD_CONST;
    add_bits(p, operand, constant ? 0 : later(p->c, w, operand), lo, width);
}

/* -- operations --------------------------------------------------------------------------------------------------- */

static void add_infix(lf_circuit_printer *p, lf_word w, const char *sign, int width) {
    const lf_word_def *d = lf_word_at(p->c, w);
    add_operand(p, w, d->a, 0, width);
    lf_text_addf(p->t, " %s ", sign);
    add_operand(p, w, d->b, 0, width);
}

/* A chain passes on bits of its first operand as they are: what its LUTs compute is the second. */
static void add_sum(lf_circuit_printer *p, lf_word w, int width) {
    const lf_word_def *d = lf_word_at(p->c, w);
    bool swap = lf_word_absorbs(p->c, p->absorbed, d->a) > 0;
    add_operand(p, w, swap ? d->b : d->a, 0, width);
    lf_text_add(p->t, " + ");
    add_operand(p, w, swap ? d->a : d->b, 0, width);
}

static int common_width(const lf_circuit *c, const lf_word_def *d) {
    int x = lf_word_bits(c, d->a), y = lf_word_bits(c, d->b);
    bool x_signed = lf_word_signed(c, d->a), y_signed = lf_word_signed(c, d->b);
    if (x_signed != y_signed) {
        x += y_signed;
        y += x_signed;
    }
    return x > y ? x : y;
}

static void add_less(lf_circuit_printer *p, lf_word w) {
    const lf_word_def *d = lf_word_at(p->c, w);
    int width = common_width(p->c, d);
    if (!lf_word_signed(p->c, d->a) && !lf_word_signed(p->c, d->b)) {
        add_infix(p, w, "<", width);
        return;
    }
    lf_text_add(p->t, "$signed(");
    add_operand(p, w, d->a, 0, width);
    lf_text_add(p->t, ") < $signed(");
    add_operand(p, w, d->b, 0, width);
    lf_text_add(p->t, ")");
}

static void add_select(lf_circuit_printer *p, lf_word w, int width) {
    const lf_word_def *d = lf_word_at(p->c, w);
    add_operand(p, w, d->a, 0, 1);
    lf_text_add(p->t, " ? ");
    add_operand(p, w, d->b, 0, width);
    lf_text_add(p->t, " : ");
    add_operand(p, w, d->c, 0, width);
}

/* {highest, .., lowest} */
static void add_joined(lf_circuit_printer *p, lf_word w) {
    const lf_word_def *d = lf_word_at(p->c, w);
    lf_text_add(p->t, d->arg_count > 1 ? "{" : "");
    for (int i = d->arg_count - 1; i >= 0; i--) {
        add_operand(p, w, d->args[i], 0, 1);
        lf_text_add(p->t, i ? ", " : "");
    }
    lf_text_add(p->t, d->arg_count > 1 ? "}" : "");
}

/* Bit `bit` of the entries from 4 * digit on, as far as there are `size`. */
static unsigned digit_of(const lf_table_words *t, int bit, size_t size, size_t digit) {
    unsigned is = 0;
    for (size_t k = 0, last = t->count - 1; k < 4 && 4 * digit + k < size; k++)
        is |= (unsigned)(lf_table_at(t, 4 * digit + k < last ? 4 * digit + k : last) >> bit & 1) << k;
    return is;
}

static void add_digits(lf_text *t, const lf_table_words *table, int bit, size_t size) {
    char part[256];
    size_t filled = 0;
    for (size_t digit = (size + 3) / 4; digit-- > 0;) {
        part[filled++] = "0123456789abcdef"[digit_of(table, bit, size, digit)];
        if (filled == sizeof part || digit == 0) {
            lf_text_addn(t, part, filled);
            filled = 0;
        }
    }
}

/* A constant of one bit per entry for every bit of the table; what is beyond its end is as its last entry. */
static void add_table_constants(lf_circuit_printer *p, lf_word w) {
    const lf_word_def *d = lf_word_at(p->c, w);
    int index_bits = lf_word_bits(p->c, d->a), size = 1 << index_bits;
    for (int bit = 0; bit < lf_word_bits(p->c, w); bit++) {
        lf_text_addf(p->t, "    localparam [%d:0] T%" PRIu32 "_%d = %d'h", size - 1, w, bit, size);
        add_digits(p->t, d->table, bit, (size_t)size);
        lf_text_add(p->t, ";\n");
    }
}

static void add_looked_up(lf_circuit_printer *p, lf_word w, int width) {
    const lf_word_def *d = lf_word_at(p->c, w);
    lf_text_add(p->t, width > 1 ? "{" : "");
    for (int bit = width - 1; bit >= 0; bit--) {
        lf_text_addf(p->t, "T%" PRIu32 "_%d[", w, bit);
        add_operand(p, w, d->a, 0, lf_word_bits(p->c, d->a));
        lf_text_add(p->t, bit ? "], " : "]");
    }
    lf_text_add(p->t, width > 1 ? "}" : "");
}

static void add_value(lf_circuit_printer *p, lf_word w) {
    const lf_word_def *d = lf_word_at(p->c, w);
    int width = lf_word_bits(p->c, w);
    switch ((lf_word_op)d->op) {
    case LF_WORD_INPUT:
        lf_text_addf(p->t, width > 1 ? "in_data[%d:%d]" : "in_data[%d]", p->in_place[d->amount] + width - 1,
                     p->in_place[d->amount]);
        break;
    case LF_WORD_ADD: add_sum(p, w, width); break;
    case LF_WORD_SUB: add_infix(p, w, "-", width); break;
    case LF_WORD_EQUAL: add_infix(p, w, "==", common_width(p->c, d)); break;
    case LF_WORD_LESS: add_less(p, w); break;
    case LF_WORD_SELECT: add_select(p, w, width); break;
    case LF_WORD_SHIFT: add_operand(p, w, d->a, -d->amount, width); break;
    case LF_WORD_JOIN: add_joined(p, w); break;
    case LF_WORD_TABLE: add_looked_up(p, w, width); break;
    default: break;
    }
}

/* A LUT is an instance of a unit, which no synthesizer takes apart, but for those that it is to merge into a carry chain. */
static void add_lut(lf_circuit_printer *p, lf_word w) {
    const lf_word_def *d = lf_word_at(p->c, w);
    lf_text_addf(p->t, "    wire w%" PRIu32 ";\n    lf_lut #(.INPUTS(%d), .TABLE(", w, d->arg_count);
    lf_text_addf(p->t, "64'h%" PRIx64 ")%s) lut%" PRIu32 " (.i(", d->truth, p->absorbed[w] ? ", .LOOSE(1)" : "", w);
    add_joined(p, w);
    lf_text_addf(p->t, "), .o(w%" PRIu32 "));\n", w);
}

/* -- the module --------------------------------------------------------------------------------------------------- */

static void add_wire(lf_circuit_printer *p, lf_word w) {
    const lf_word_def *d = lf_word_at(p->c, w);
    if (d->op == LF_WORD_TABLE)
        add_table_constants(p, w);
    lf_text_add(p->t, "    wire ");
    add_vector(p->t, lf_word_bits(p->c, w));
    add_name(p->t, p->c, w, 0);
    lf_text_add(p->t, " = ");
    add_value(p, w);
    lf_text_add(p->t, ";\n");
}

/* The registers of a word: delays first .. delay[w]. */
static int first_register(const lf_circuit_printer *p, lf_word w) {
    int off = lf_word_read_off(p->c, w, p->delay);
    return off ? off : 1;
}

static void declare_registers(lf_circuit_printer *p, lf_word w) {
    int first = first_register(p, w);
    if (p->delay[w] < first)
        return;
    p->registers = true;
    lf_text_add(p->t, "    reg ");
    add_vector(p->t, lf_word_bits(p->c, w));
    for (int j = first; j <= p->delay[w]; j++) {
        lf_text_add(p->t, j > first ? ", " : "");
        add_name(p->t, p->c, w, j);
    }
    lf_text_add(p->t, ";\n");
}

static void add_word(lf_circuit_printer *p, lf_word w) {
    const lf_word_def *d = lf_word_at(p->c, w);
    if (p->delay[w] < 0 || d->op == LF_WORD_CONST)
        return;
    if (d->op == LF_WORD_LUT)
        add_lut(p, w);
    else if (!lf_word_read_off(p->c, w, p->delay))
        add_wire(p, w);
    declare_registers(p, w);
}

static void move_registers(lf_circuit_printer *p) {
    if (!p->registers)
        return;
    lf_text_add(p->t, "    always @(posedge aclk)\n        if (ce) begin\n");
    for (lf_word w = 1; w < p->c->words.count; w++) {
        if (p->delay[w] < 1 || lf_word_at(p->c, w)->op == LF_WORD_CONST)
            continue;
        for (int j = first_register(p, w); j <= p->delay[w]; j++) {
            lf_text_add(p->t, "            ");
            add_name(p->t, p->c, w, j);
            lf_text_add(p->t, " <= ");
            add_bits(p, w, j - 1, 0, lf_word_bits(p->c, w));
            lf_text_add(p->t, ";\n");
        }
    }
    lf_text_add(p->t, "        end\n");
}

static void assign_outputs(lf_circuit_printer *p, const int *out_bits) {
    const lf_circuit *c = p->c;
    for (size_t i = 0, place = 0; i < c->outputs.count; i++) {
        lf_word w = c->outputs.at[i];
        int width = out_bits ? out_bits[i] : lf_word_bits(c, w);
        bool constant = lf_word_at(c, w)->op == LF_WORD_CONST;
        lf_text_addf(p->t, width > 1 ? "    assign out_data[%zu:%zu] = " : "    assign out_data[%zu] = ",
                     place + (size_t)width - 1, place);
        add_bits(p, w, constant || !c->stage.count ? 0 : c->latency - c->stage.at[w], 0, width);
        lf_text_add(p->t, ";\n");
        place += (size_t)width;
    }
}

/* Delay j of a word has a name: a wire or a register. */
static bool is_declared(const lf_circuit_printer *p, lf_word w, int j) {
    return lf_word_at(p->c, w)->op != LF_WORD_CONST && j >= lf_word_read_off(p->c, w, p->delay);
}

/* One wire that reads what nothing else reads, so that linters are content. */
static void read_unused(lf_circuit_printer *p) {
    lf_text_add(p->t,
                p->registers ? "    wire unused = &{1'b0, in_data" : "    wire unused = &{1'b0, aclk, ce, in_data");
    for (lf_word w = 1; w < p->c->words.count; w++)
        for (int j = 0; j <= p->delay[w]; j++)
            if (is_declared(p, w, j) && p->used[w][j] != mask_of(0, lf_word_bits(p->c, w))) {
                lf_text_add(p->t, ", ");
                add_name(p->t, p->c, w, j);
            }
    lf_text_add(p->t, "};\n");
}

static void print_module(lf_circuit_printer *p, const char *module, int in_width, int out_width, const int *out_bits) {
    lf_text_addf(p->t, "module %s (\n    input  wire aclk,\n    input  wire ce,\n", module);
    lf_text_addf(p->t, "    input  wire [%d:0] in_data,\n    output wire [%d:0] out_data\n);\n", in_width - 1,
                 out_width - 1);
    for (lf_word w = 1; w < p->c->words.count; w++)
        add_word(p, w);
    move_registers(p);
    assign_outputs(p, out_bits);
    read_unused(p);
    lf_text_add(p->t, "endmodule\n");
}

/* Where each element begins; the last entry is the width of all. -1: some element does not fit the bits it is given. */
static int *places(lf_arena *a, const lf_circuit *c, const lf_word *words, size_t count, const int *bits) {
    int *at = LF_NEW_ARRAY(a, int, count + 1);
    for (size_t i = 0; i < count; i++) {
        int own = lf_word_bits(c, words[i]), width = bits ? bits[i] : own;
        at[i + 1] = width < own || at[i] < 0 ? -1 : at[i] + width;
    }
    return at;
}

lf_status lf_vlog_circuit(lf_vlog *v, const char *module, const lf_circuit *c, const int *in_bits,
                          const int *out_bits) {
    lf_circuit_printer p = {.c = c, .arena = v->arena, .delay = lf_circuit_delays(c, v->arena)};
    p.absorbed = lf_circuit_absorbed(c, v->arena);
    const int *in_place = places(v->arena, c, c->inputs.at, c->inputs.count, in_bits);
    const int *out_place = places(v->arena, c, c->outputs.at, c->outputs.count, out_bits);
    int in_width = in_place[c->inputs.count], out_width = out_place[c->outputs.count];
    if (in_width < 1 || out_width < 1) {
        lf_vlog_fault(v, "circuit %s has no inputs or outputs, or an element that does not fit its bits", module);
        return LF_FAILED;
    }
    p.in_place = in_place;
    p.used = LF_NEW_ARRAY(v->arena, uint64_t *, c->words.count);
    for (lf_word w = 1; w < c->words.count; w++)
        if (p.delay[w] >= 0)
            p.used[w] = LF_NEW_ARRAY(v->arena, uint64_t, p.delay[w] + 1);
    p.t = lf_vlog_module(v, module);
    if (!p.t)
        return LF_FAILED;
    print_module(&p, module, in_width, out_width, out_bits);
    return LF_OK;
}
