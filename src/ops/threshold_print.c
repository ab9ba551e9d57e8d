/* The Verilog of a threshold node: a module of its own, wired from lf_pipe, tables and plain expressions.
 *
 *   parallel      [u | row] -> compare all levels, encode -> y           (one register less when the row is constant)
 *   search        [u | level 0] -> compare, next address -> ... -> y     one register per bit of the count, and y
 *   uniform       [u | first] -> u - first -> clip and shift -> y        (one register less when the row is constant)
 *
 * Lanes are named l0, l1, ... ; the register that stage k ends with carries the number k. */
#include <inttypes.h>

#include "num/bitpack.h"
#include "ops/threshold_hw.h"

typedef struct printer {
    const lf_threshold_plan *p;
    lf_vlog *v;
    lf_arena *arena;
    lf_text *t;
    const char *module;
    lf_rom_ram ram;
    bool tabled_sign; /* the sign stands in the first table */
} printer;

static int64_t row_of(const lf_threshold_plan *p, int64_t beat, int64_t lane) {
    return p->rows == 1 ? 0 : beat * p->pe + lane;
}

static int64_t table_rows(const lf_threshold_plan *p) {
    return p->constant ? 1 : p->beats;
}

static int beat_bits(const lf_threshold_plan *p) {
    return lf_bits_unsigned((uint64_t)(table_rows(p) > 1 ? table_rows(p) - 1 : 1));
}

/* Level i (from 1) of a row; those that are missing are never reached. */
static uint64_t level_at(const lf_threshold_plan *p, int64_t row, int64_t i) {
    return i <= p->levels ? p->level[row * p->levels + i - 1] : p->never;
}

/* -- tables ------------------------------------------------------------------------------------------------------------ */

/* Declares `q`, word `address` of the table one clock later. */
static lf_status add_table(const printer *w, const char *q, const char *address, int bits, int64_t depth,
                           const uint8_t *words) {
    lf_rom r = {.name = q, .bits = bits, .depth = depth, .words = words, .ram = w->ram};
    return lf_rom_print(w->v, w->arena, w->t, w->module, address, &r);
}

static uint8_t *new_words(const printer *w, int64_t depth, int64_t bits) {
    return LF_NEW_ARRAY(w->arena, uint8_t, (depth * bits + 7) / 8);
}

/* -- the module's frame ------------------------------------------------------------------------------------------------- */

static void open_module(const printer *w) {
    const lf_threshold_plan *p = w->p;
    lf_text_add(w->t, "/* verilator lint_off UNSIGNED */ // a level that is always reached compares with 0\n");
    lf_pipe_frame f = {w->module, p->pe * p->in_bits, p->pe * p->out_bits, table_rows(p), p->stages};
    lf_pipe_open(w->t, &f);
}

/* u of lane i as it comes in; a constant sign is applied here, one from a table behind the first register. */
static void add_input(const printer *w, int64_t lane) {
    const lf_threshold_plan *p = w->p;
    int64_t at = lane * p->in_bits;
    uint64_t mask = p->flip ? (uint64_t)1 << (p->in_bits - 1) : 0;
    if (p->constant && p->negative[row_of(p, 0, lane)])
        mask ^= ((uint64_t)1 << p->in_bits) - 1;
    lf_text_addf(w->t, "\n    wire [%d:0] l%" PRId64 "_u = s_axis_tdata[%" PRId64 ":%" PRId64 "]", p->in_bits - 1, lane,
                 at + p->in_bits - 1, at);
    if (mask)
        lf_text_addf(w->t, " ^ %d'h%" PRIx64, p->in_bits, mask);
    lf_text_add(w->t, ";\n");
}

/* The first register: l<i>_r = u, and l<i>_x = the same with the sign from the table. */
static void add_first_register(const printer *w, int64_t lane, const char *sign) {
    int hi = w->p->in_bits - 1;
    lf_text_addf(
        w->t, "    reg  [%d:0] l%" PRId64 "_r;\n    always @(posedge aclk) if (ce) l%" PRId64 "_r <= l%" PRId64 "_u;\n",
        hi, lane, lane, lane);
    lf_text_addf(w->t, "    wire [%d:0] l%" PRId64 "_x0 = l%" PRId64 "_r", hi, lane, lane);
    if (w->tabled_sign)
        lf_text_addf(w->t, " ^ {%d{%s}}", w->p->in_bits, sign);
    lf_text_add(w->t, ";\n");
}

/* `expr` widened from the input's bits to the compared ones. */
static const char *widened(const printer *w, const char *expr) {
    int more = w->p->compare_bits - w->p->in_bits;
    return more ? lf_format(w->arena, "{%d'd0, %s}", more, expr) : expr;
}

/* The last register of a lane: y = out_base + out_step * count, where count has count_bits. */
static void add_output(const printer *w, int64_t lane, const char *count) {
    const lf_threshold_plan *p = w->p;
    int more = p->out_bits - p->count_bits, hi = p->out_bits - 1;
    lf_text_addf(w->t, "    wire [%d:0] l%" PRId64 "_c = ", hi, lane);
    if (more > 0)
        lf_text_addf(w->t, "{%d'd0, %s};\n", more, count);
    else if (more < 0) /* counts that the input's range never reaches, modulo the output's bits */
        lf_text_addf(w->t, "%s[%d:0];\n    wire l%" PRId64 "_unused_c = &{1'b0, %s};\n", count, hi, lane, count);
    else
        lf_text_addf(w->t, "%s;\n", count);
    lf_text_addf(w->t, "    reg  [%d:0] l%" PRId64 "_y;\n    always @(posedge aclk) if (ce) l%" PRId64 "_y <= ", hi,
                 lane, lane);
    if (p->out_step == 1)
        lf_text_addf(w->t, "l%" PRId64 "_c", lane);
    else
        lf_text_addf(w->t, "l%" PRId64 "_c * %d'd%" PRIu64, lane, p->out_bits, p->out_step);
    if (p->out_base)
        lf_text_addf(w->t, " + %d'd%" PRIu64, p->out_bits, p->out_base);
    lf_text_addf(w->t, ";\n    assign m_axis_tdata[%" PRId64 ":%" PRId64 "] = l%" PRId64 "_y;\n",
                 lane * p->out_bits + hi, lane * p->out_bits, lane);
}

/* -- parallel ------------------------------------------------------------------------------------------------------------ */

/* Bits of one row in the table: the sign above `fields` numbers of `bits`. */
static int row_bits(const printer *w, int64_t fields, int bits) {
    return (int)fields * bits + w->tabled_sign;
}

static lf_status add_row_table(const printer *w, int64_t fields, int bits,
                               uint64_t (*field)(const lf_threshold_plan *, int64_t, int64_t)) {
    const lf_threshold_plan *p = w->p;
    int one = row_bits(w, fields, bits);
    int64_t depth = table_rows(p), all = p->pe * one;
    uint8_t *words = new_words(w, depth, all);
    for (int64_t b = 0; b < depth; b++)
        for (int64_t lane = 0; lane < p->pe; lane++) {
            size_t at = (size_t)(b * all + lane * one);
            int64_t row = row_of(p, b, lane);
            for (int64_t f = 0; f < fields; f++)
                lf_bits_set(words, at + (size_t)(f * bits), bits, field(p, row, f));
            if (w->tabled_sign)
                lf_bits_set(words, at + (size_t)(fields * bits), 1, p->negative[row]);
        }
    return add_table(w, "row", "beat", (int)all, depth, words);
}

static uint64_t parallel_field(const lf_threshold_plan *p, int64_t row, int64_t f) {
    return level_at(p, row, f + 1);
}

/* Comparisons c[0..levels-1] are a thermometer; bit j of the count is on between odd and even multiples of 2^j. */
static void add_thermometer(const printer *w, int64_t lane) {
    const lf_threshold_plan *p = w->p;
    lf_text_addf(w->t, "    wire [%d:0] l%" PRId64 "_n;\n", p->count_bits - 1, lane);
    for (int j = 0; j < p->count_bits; j++) {
        lf_text_addf(w->t, "    assign l%" PRId64 "_n[%d] = ", lane, j);
        int64_t step = (int64_t)1 << j;
        for (int64_t on = step; on <= p->levels; on += 2 * step) {
            lf_text_addf(w->t, "%sl%" PRId64 "_ge[%" PRId64 "]", on > step ? " | " : "", lane, on - 1);
            if (on + step <= p->levels)
                lf_text_addf(w->t, " & ~l%" PRId64 "_ge[%" PRId64 "]", lane, on + step - 1);
        }
        lf_text_add(w->t, ";\n");
    }
}

static lf_status print_parallel(const printer *w) {
    const lf_threshold_plan *p = w->p;
    LF_TRY(add_row_table(w, p->levels, p->compare_bits, parallel_field));
    int one = row_bits(w, p->levels, p->compare_bits);
    for (int64_t lane = 0; lane < p->pe; lane++) {
        int64_t at = lane * one;
        add_input(w, lane);
        if (!p->constant)
            add_first_register(w, lane, lf_format(w->arena, "row[%" PRId64 "]", at + one - 1));
        const char *x = widened(w, lf_format(w->arena, p->constant ? "l%" PRId64 "_u" : "l%" PRId64 "_x0", lane));
        lf_text_addf(w->t, "    wire [%" PRId64 ":0] l%" PRId64 "_ge;\n", p->levels - 1, lane);
        for (int64_t i = 0; i < p->levels; i++, at += p->compare_bits)
            lf_text_addf(w->t, "    assign l%" PRId64 "_ge[%" PRId64 "] = %s >= row[%" PRId64 ":%" PRId64 "];\n", lane,
                         i, x, at + p->compare_bits - 1, at);
        add_thermometer(w, lane);
        add_output(w, lane, lf_format(w->arena, "l%" PRId64 "_n", lane));
    }
    return LF_OK;
}

/* -- binary search ---------------------------------------------------------------------------------------------------------- */

/* With the upper `step` bits of the count known to be `prefix`, the level that decides the next bit. */
static uint64_t search_level(const lf_threshold_plan *p, int64_t row, int step, int64_t prefix) {
    int64_t half = (int64_t)1 << (p->count_bits - step - 1);
    return level_at(p, row, (2 * prefix + 1) * half);
}

static uint64_t search_field(const lf_threshold_plan *p, int64_t row, int64_t f) {
    (void)f;
    return search_level(p, row, 0, 0);
}

/* Table of step k > 0 of one lane: address {beat, the k bits known so far}. */
static lf_status add_step_table(const printer *w, int64_t lane, int k, const char *address) {
    const lf_threshold_plan *p = w->p;
    int64_t rows = table_rows(p), wide = (int64_t)1 << k;
    uint8_t *words = new_words(w, rows * wide, p->compare_bits);
    for (int64_t b = 0; b < rows; b++)
        for (int64_t prefix = 0; prefix < wide; prefix++)
            lf_bits_set(words, (size_t)((b * wide + prefix) * p->compare_bits), p->compare_bits,
                        search_level(p, row_of(p, b, lane), k, prefix));
    return add_table(w, lf_format(w->arena, "l%" PRId64 "_t%d", lane, k), address, p->compare_bits, rows * wide, words);
}

/* The beat numbers that travel beside the words: stage k reads its table with f<k-1>. */
static void add_beats(const printer *w) {
    if (w->p->constant)
        return;
    int hi = beat_bits(w->p) - 1;
    for (int k = 0; k + 1 < w->p->count_bits; k++)
        lf_text_addf(w->t, "    reg  [%d:0] f%d;\n    always @(posedge aclk) if (ce) f%d <= %s;\n", hi, k, k,
                     k ? lf_format(w->arena, "f%d", k - 1) : "beat");
}

/* Step k: bit b<k> of the count, from x<k> and the level that stands beside it. n<k> is all bits known behind it. */
static lf_status add_step(const printer *w, int64_t lane, int k, const char *level) {
    const lf_threshold_plan *p = w->p;
    lf_arena *a = w->arena;
    const char *x = widened(w, lf_format(a, "l%" PRId64 "_x%d", lane, k));
    lf_text_addf(w->t, "    wire l%" PRId64 "_b%d = %s >= %s;\n", lane, k, x, level);
    if (k)
        lf_text_addf(w->t, "    wire [%d:0] l%" PRId64 "_n%d = {l%" PRId64 "_k%d, l%" PRId64 "_b%d};\n", k, lane, k,
                     lane, k, lane, k);
    else
        lf_text_addf(w->t, "    wire [0:0] l%" PRId64 "_n0 = l%" PRId64 "_b0;\n", lane, lane);
    if (k + 1 == p->count_bits)
        return LF_OK;
    lf_text_addf(w->t, "    reg  [%d:0] l%" PRId64 "_x%d;\n    reg  [%d:0] l%" PRId64 "_k%d;\n", p->in_bits - 1, lane,
                 k + 1, k, lane, k + 1);
    lf_text_addf(w->t,
                 "    always @(posedge aclk) if (ce) begin l%" PRId64 "_x%d <= l%" PRId64 "_x%d; l%" PRId64
                 "_k%d <= l%" PRId64 "_n%d; end\n",
                 lane, k + 1, lane, k, lane, k + 1, lane, k);
    const char *known = lf_format(a, "l%" PRId64 "_n%d", lane, k);
    return add_step_table(w, lane, k + 1, p->constant ? known : lf_format(a, "{f%d, %s}", k, known));
}

static lf_status print_search(const printer *w) {
    const lf_threshold_plan *p = w->p;
    LF_TRY(add_row_table(w, 1, p->compare_bits, search_field));
    add_beats(w);
    int one = row_bits(w, 1, p->compare_bits);
    for (int64_t lane = 0; lane < p->pe; lane++) {
        add_input(w, lane);
        add_first_register(w, lane, lf_format(w->arena, "row[%" PRId64 "]", lane * one + one - 1));
        LF_TRY(add_step(
            w, lane, 0,
            lf_format(w->arena, "row[%" PRId64 ":%" PRId64 "]", lane * one + p->compare_bits - 1, lane * one)));
        for (int k = 1; k < p->count_bits; k++)
            LF_TRY(add_step(w, lane, k, lf_format(w->arena, "l%" PRId64 "_t%d", lane, k)));
        add_output(w, lane, lf_format(w->arena, "l%" PRId64 "_n%d", lane, p->count_bits - 1));
    }
    return LF_OK;
}

/* -- subtract and shift --------------------------------------------------------------------------------------------------------- */

static uint64_t uniform_field(const lf_threshold_plan *p, int64_t row, int64_t f) {
    (void)f;
    return (uint64_t)p->first[row] & (((uint64_t)1 << p->difference_bits) - 1);
}

/* q = d >> shift without its sign, `left` bits, made even on a tie. */
static void add_quotient(const printer *w, int64_t lane, int left) {
    const lf_threshold_plan *p = w->p;
    lf_text_addf(w->t, "    wire [%d:0] l%" PRId64 "_q = l%" PRId64 "_d[%d:%d]", left - 1, lane, lane,
                 p->difference_bits - 2, p->shift);
    if (p->half_even && p->shift)
        lf_text_addf(w->t, " & ~{%s(l%" PRId64 "_d[%d:0] == %d'd0)}",
                     left > 1 ? lf_format(w->arena, "%d'd0, ", left - 1) : "", lane, p->shift - 1, p->shift);
    else if (p->half_even)
        lf_text_addf(w->t, " & ~%d'd1", left);
    lf_text_add(w->t, ";\n");
}

/* n = clip(q, offset, levels + offset); d is two's complement. */
static void add_clip(const printer *w, int64_t lane) {
    const lf_threshold_plan *p = w->p;
    int left = p->difference_bits - 1 - p->shift; /* bits of d >> shift without the sign */
    int64_t most = p->levels + p->offset;
    if (left < 1) {
        lf_text_addf(w->t, "    wire [%d:0] l%" PRId64 "_n = %d'd%d;\n", p->count_bits - 1, lane, p->count_bits,
                     p->offset);
        return;
    }
    add_quotient(w, lane, left);
    lf_text_addf(w->t, "    wire [%d:0] l%" PRId64 "_n = l%" PRId64 "_d[%d]%s ? %d'd%d : ", p->count_bits - 1, lane,
                 lane, p->difference_bits - 1,
                 p->offset ? lf_format(w->arena, " || l%" PRId64 "_q == %d'd0", lane, left) : "", p->count_bits,
                 p->offset);
    if (left > p->count_bits || ((int64_t)1 << left) - 1 > most)
        lf_text_addf(w->t, "l%" PRId64 "_q > %d'd%" PRId64 " ? %d'd%" PRId64 " : ", lane, left, most, p->count_bits,
                     most);
    if (left >= p->count_bits)
        lf_text_addf(w->t, "l%" PRId64 "_q[%d:0];\n", lane, p->count_bits - 1);
    else
        lf_text_addf(w->t, "{%d'd0, l%" PRId64 "_q};\n", p->count_bits - left, lane);
}

/* The low bits that the subtraction works on. */
static const char *resized(const printer *w, const char *x, int bits) {
    int have = w->p->in_bits;
    if (bits > have)
        return lf_format(w->arena, "{%d'd0, %s}", bits - have, x);
    return bits < have ? lf_format(w->arena, "%s[%d:0]", x, bits - 1) : x;
}

static lf_status print_uniform(const printer *w) {
    const lf_threshold_plan *p = w->p;
    int D = p->difference_bits;
    LF_TRY(add_row_table(w, 1, D, uniform_field));
    int one = row_bits(w, 1, D);
    for (int64_t lane = 0; lane < p->pe; lane++) {
        int64_t at = lane * one;
        add_input(w, lane);
        if (!p->constant)
            add_first_register(w, lane, lf_format(w->arena, "row[%" PRId64 "]", at + one - 1));
        const char *x = lf_format(w->arena, p->constant ? "l%" PRId64 "_u" : "l%" PRId64 "_x0", lane);
        if (D < p->in_bits)
            lf_text_addf(w->t, "    wire l%" PRId64 "_unused_x = &{1'b0, %s};\n", lane, x);
        x = resized(w, x, D);
        lf_text_addf(w->t, "    reg  [%d:0] l%" PRId64 "_d;\n", D - 1, lane);
        lf_text_addf(w->t, "    always @(posedge aclk) if (ce) l%" PRId64 "_d <= %s - row[%" PRId64 ":%" PRId64 "];\n",
                     lane, x, at + D - 1, at);
        if (p->shift > 0)
            lf_text_addf(w->t, "    wire l%" PRId64 "_unused = &{1'b0, l%" PRId64 "_d};\n", lane, lane);
        add_clip(w, lane);
        add_output(w, lane, lf_format(w->arena, "l%" PRId64 "_n", lane));
    }
    return LF_OK;
}

lf_status lf_threshold_print(const lf_threshold_plan *p, lf_vlog *v, lf_arena *a, const char *module, lf_rom_ram ram) {
    printer w = {p, v, a, lf_vlog_module(v, module), module, ram, p->any_sign && !p->constant};
    if (!w.t)
        return LF_FAILED;
    open_module(&w);
    if (p->structure == THRESHOLD_PARALLEL)
        LF_TRY(print_parallel(&w));
    else if (p->structure == THRESHOLD_SEARCH)
        LF_TRY(print_search(&w));
    else
        LF_TRY(print_uniform(&w));
    lf_text_add(w.t, "endmodule\n/* verilator lint_on UNSIGNED */\n");
    return LF_OK;
}
