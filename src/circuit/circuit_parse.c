/* Reading the text form (circuit_text.c). Words are made by the builders, so that a text written by hand may come back shorter; a printed
 * one gives the same words. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "circuit/circuit_inside.h"

enum { LONGEST_WORD = 63 };

typedef struct lf_circuit_reader {
    lf_circuit *c;
    lf_arena *scratch;
    const char *at, *end, *name;
    int line;
    char word[LONGEST_WORD + 1]; /* the word that is looked at; "" at the end of a line */
    bool failed, staged, ended;
    LF_VEC(lf_word) map;    /* by number in the text */
    LF_VEC(uint16_t) stage; /* likewise */
    LF_VEC(lf_word) args;   /* of the line */
    LF_VEC(int64_t) values; /* of the line's table */
    LF_VEC(uint8_t) care;   /* 0 or 1 by entry */
} lf_circuit_reader;

static bool wrong(lf_circuit_reader *r, const char *fmt, const char *detail) LF_PRINTF(2, 0);
static bool wrong(lf_circuit_reader *r, const char *fmt, const char *detail) {
    lf_where where = {.file = r->name, .line = r->line};
    if (!r->failed)
        (void)lf_fail(r->c->ctx, LF_BAD_INPUT, &where, fmt, detail);
    r->failed = true;
    return false;
}

/* -- words of a line ---------------------------------------------------------------------------------------------- */

static bool ends_word(char ch) {
    return ch == ' ' || ch == '\t' || ch == '\r' || ch == '\n' || ch == '[' || ch == ']' || ch == '#';
}

static void skip_blanks(lf_circuit_reader *r) {
    while (r->at < r->end && (*r->at == ' ' || *r->at == '\t' || *r->at == '\r'))
        r->at++;
    if (r->at < r->end && *r->at == '#')
        while (r->at < r->end && *r->at != '\n')
            r->at++;
}

/* Looks at the next word of this line: [ and ] stand alone. */
static void next(lf_circuit_reader *r) {
    size_t n = 0;
    skip_blanks(r);
    if (r->at < r->end && (*r->at == '[' || *r->at == ']'))
        r->word[n++] = *r->at++;
    else
        while (r->at < r->end && !ends_word(*r->at) && n < LONGEST_WORD)
            r->word[n++] = *r->at++;
    r->word[n] = '\0';
    if (n == LONGEST_WORD || strlen(r->word) != n) {
        (void)wrong(r, "a word that is too long, or a zero byte%s", "");
        r->word[0] = '\0';
    }
}

static bool is(const lf_circuit_reader *r, const char *word) {
    return !strcmp(r->word, word);
}

static bool take(lf_circuit_reader *r, const char *word) {
    if (!is(r, word))
        return false;
    next(r);
    return true;
}

static bool number(lf_circuit_reader *r, const char *text, int64_t lo, int64_t hi, int64_t *out) {
    if (lf_parse_i64(text, out) && *out >= lo && *out <= hi)
        return true;
    *out = lo;
    return wrong(r, "expected a number here that fits, not \"%s\"", text);
}

static bool take_number(lf_circuit_reader *r, int64_t lo, int64_t hi, int64_t *out) {
    bool fine = number(r, r->word, lo, hi, out);
    next(r);
    return fine;
}

/* An older word; 0 after an error. */
static lf_word take_word(lf_circuit_reader *r) {
    int64_t n = 0;
    if (r->word[0] != 'w' || !lf_parse_i64(r->word + 1, &n) || n < 1 || (uint64_t)n >= r->map.count) {
        (void)wrong(r, "expected the name of a word above, not \"%s\"", r->word);
        return 0;
    }
    next(r);
    return r->map.at[n];
}

static lf_word take_bit(lf_circuit_reader *r) {
    lf_word w = take_word(r);
    if (w && !lf_word_is_bit(r->c, w)) {
        (void)wrong(r, "expected a word of one bit here%s", "");
        return 0;
    }
    return w;
}

/* lo..hi or lo..hi/step */
static lf_range take_range(lf_circuit_reader *r) {
    lf_range out = {0, 0, 1};
    char *dots = strstr(r->word, ".."), *slash = strchr(r->word, '/');
    if (!dots || (slash && slash < dots)) {
        (void)wrong(r, "expected a range LO..HI or LO..HI/STEP, not \"%s\"", r->word);
        return out;
    }
    *dots = '\0';
    if (slash)
        *slash = '\0';
    bool fine = number(r, r->word, INT64_MIN, INT64_MAX, &out.lo) && number(r, dots + 2, out.lo, INT64_MAX, &out.hi) &&
                (!slash || number(r, slash + 1, 1, INT64_MAX, &out.step));
    if (fine && (!lf_range_narrow(out) || (out.hi - out.lo) % out.step || (out.lo == out.hi && out.step != 1)))
        fine = wrong(r, "a range of at most 60 bits ends on a whole step%s", "");
    next(r);
    return fine ? out : (lf_range){0, 0, 1};
}

/* -- one word ----------------------------------------------------------------------------------------------------- */

static void take_bits(lf_circuit_reader *r, size_t most) {
    r->args.count = 0;
    while (r->word[0] == 'w') {
        lf_word w = take_bit(r);
        if (!w)
            return;
        LF_PUSH(r->scratch, &r->args, w);
    }
    if (r->args.count < 1 || r->args.count > most)
        (void)wrong(r, "this word has too many bits, or none%s", "");
}

static lf_word read_join(lf_circuit_reader *r) {
    lf_range known = {INT64_MIN, INT64_MAX, 1};
    take_bits(r, LF_WORD_MAX_BITS);
    bool is_signed = take(r, "signed");
    if (take(r, "in"))
        known = take_range(r);
    return r->failed ? 0 : lf_circuit_join_known(r->c, r->args.at, (int)r->args.count, is_signed, known);
}

static lf_word read_lut(lf_circuit_reader *r) {
    take_bits(r, LF_LUT_INPUTS);
    char *end = r->word;
    uint64_t truth = 0;
    bool hex = !strncmp(r->word, "0x", 2) && r->word[2 + strspn(r->word + 2, "0123456789abcdef")] == '\0' && r->word[2];
    if (hex && strlen(r->word) <= 18)
        truth = strtoull(r->word + 2, &end, 16);
    else
        (void)wrong(r, "expected a truth table like 0x8, not \"%s\"", r->word);
    next(r);
    return r->failed ? 0 : lf_circuit_lut(r->c, r->args.at, (int)r->args.count, truth);
}

static void take_entries(lf_circuit_reader *r) {
    r->values.count = r->care.count = 0;
    if (!take(r, "["))
        (void)wrong(r, "expected [ before the table's entries, not \"%s\"", r->word);
    while (!r->failed && !take(r, "]")) {
        int64_t v = 0;
        bool matters = !take(r, "?");
        if (matters)
            take_number(r, -((int64_t)1 << (LF_WORD_MAX_BITS - 1)), ((int64_t)1 << LF_WORD_MAX_BITS) - 1, &v);
        LF_PUSH(r->scratch, &r->values, v);
        LF_PUSH(r->scratch, &r->care, matters);
    }
}

static lf_word read_table(lf_circuit_reader *r) {
    lf_word a = take_word(r);
    take_entries(r);
    if (r->failed)
        return 0;
    size_t n = r->values.count;
    lf_range index = lf_word_range(r->c, a);
    if (index.lo < 0 || (uint64_t)index.hi >= n || n > (size_t)1 << LF_TABLE_INDEX_BITS) {
        (void)wrong(r, "the index goes beyond the table, or the table has more than 2^20 entries%s", "");
        return 0;
    }
    for (size_t i = 0; i < n; i++) /* a bitmap in place: byte i / 8 is behind no byte that is still to be read */
        r->care.at[i / 8] = (uint8_t)((i % 8 ? r->care.at[i / 8] : 0) | r->care.at[i] << (i % 8));
    return lf_circuit_table(r->c, a, r->values.at, n, r->care.at);
}

static lf_word read_two(lf_circuit_reader *r, lf_word make(lf_circuit *c, lf_word a, lf_word b)) {
    lf_word a = take_word(r), b = r->failed ? 0 : take_word(r);
    return r->failed ? 0 : make(r->c, a, b);
}

static lf_word read_amount(lf_circuit_reader *r, lf_word_op op) {
    int64_t amount = 0;
    lf_word a = take_word(r);
    bool shift = op == LF_WORD_SHIFT;
    if (!r->failed)
        take_number(r, shift ? -LF_WORD_MAX_BITS : 0, LF_WORD_MAX_BITS, &amount);
    if (r->failed)
        return 0;
    return shift ? lf_circuit_shift(r->c, a, (int)amount) : lf_circuit_bit(r->c, a, (int)amount);
}

static lf_word read_select(lf_circuit_reader *r) {
    lf_word bit = take_bit(r), yes = r->failed ? 0 : take_word(r), no = r->failed ? 0 : take_word(r);
    return r->failed ? 0 : lf_circuit_select(r->c, bit, yes, no);
}

static lf_word read_const(lf_circuit_reader *r) {
    int64_t v = 0;
    take_number(r, -((int64_t)1 << (LF_WORD_MAX_BITS - 1)), ((int64_t)1 << LF_WORD_MAX_BITS) - 1, &v);
    return r->failed ? 0 : lf_circuit_const(r->c, v);
}

static lf_word read_input(lf_circuit_reader *r) {
    lf_range range = take_range(r);
    return r->failed ? 0 : lf_circuit_input(r->c, range);
}

static lf_word read_op(lf_circuit_reader *r, lf_word_op op) {
    switch (op) {
    case LF_WORD_INPUT: return read_input(r);
    case LF_WORD_CONST: return read_const(r);
    case LF_WORD_ADD: return read_two(r, lf_circuit_add);
    case LF_WORD_SUB: return read_two(r, lf_circuit_sub);
    case LF_WORD_LESS: return read_two(r, lf_circuit_less);
    case LF_WORD_EQUAL: return read_two(r, lf_circuit_equal);
    case LF_WORD_SHIFT:
    case LF_WORD_BIT: return read_amount(r, op);
    case LF_WORD_SELECT: return read_select(r);
    case LF_WORD_JOIN: return read_join(r);
    case LF_WORD_TABLE: return read_table(r);
    case LF_WORD_LUT: return read_lut(r);
    case LF_WORD_NONE: break;
    }
    return 0;
}

/* -- lines -------------------------------------------------------------------------------------------------------- */

static void take_stage(lf_circuit_reader *r) {
    int64_t stage = 0;
    if (r->word[0] == '@') {
        number(r, r->word + 1, 0, LF_CIRCUIT_STAGES - 1, &stage);
        r->staged = true;
        next(r);
    }
    LF_PUSH(r->scratch, &r->stage, (uint16_t)stage);
}

static void read_word_line(lf_circuit_reader *r) {
    int64_t n = 0;
    int op = LF_WORD_INPUT;
    if (!lf_parse_i64(r->word + 1, &n) || (uint64_t)n != r->map.count || n > UINT32_MAX / 2)
        (void)wrong(r, "words are numbered in order, from w1; this is \"%s\"", r->word);
    next(r);
    if (!take(r, "="))
        (void)wrong(r, "expected = behind the name of a word, not \"%s\"", r->word);
    while (op <= LF_WORD_LUT && !is(r, lf_word_op_names[op]))
        op++;
    if (op > LF_WORD_LUT) {
        (void)wrong(r, "there is no operation \"%s\"", r->word);
        return;
    }
    next(r);
    lf_word w = r->failed ? 0 : read_op(r, (lf_word_op)op);
    if (r->c->too_wide)
        (void)wrong(r, "this word needs more than 60 bits%s", "");
    LF_PUSH(r->scratch, &r->map, w);
    take_stage(r);
}

static void read_part(lf_circuit_reader *r) {
    int part = 0;
    next(r);
    while (part < LF_CIRCUIT_PARTS && !is(r, lf_part_names[part]))
        part++;
    if (part == LF_CIRCUIT_PARTS) {
        (void)wrong(r, "there is no part \"%s\": core, encoder or head", r->word);
        return;
    }
    r->c->part = (lf_circuit_part)part;
    next(r);
}

static void read_outputs(lf_circuit_reader *r) {
    next(r);
    while (!r->failed && r->word[0]) {
        lf_word w = take_word(r);
        if (w)
            lf_circuit_output(r->c, w);
    }
    r->ended = true;
}

static void read_line(lf_circuit_reader *r) {
    int64_t latency = 0;
    next(r);
    if (r->word[0] == 'w' && !r->ended)
        read_word_line(r);
    else if (is(r, "part") && !r->ended)
        read_part(r);
    else if (is(r, "outputs") && !r->ended)
        read_outputs(r);
    else if (take(r, "latency") && r->ended && take_number(r, 1, LF_CIRCUIT_STAGES, &latency))
        r->c->latency = (int)latency;
    if (!r->failed && r->word[0])
        (void)wrong(r, "\"%s\" means nothing here", r->word);
    if (r->at < r->end && *r->at != '\n' && !r->failed)
        (void)wrong(r, "a character that means nothing here%s", "");
}

static void read_header(lf_circuit_reader *r) {
    next(r);
    bool fine = take(r, "circuit") && take(r, "1");
    if (!fine || r->word[0])
        (void)wrong(r, "expected \"circuit 1\" in the first line%s", "");
}

static bool end_line(lf_circuit_reader *r) {
    if (r->failed || r->at >= r->end)
        return false;
    r->at++;
    r->line++;
    return true;
}

/* -- stages ------------------------------------------------------------------------------------------------------- */

typedef struct lf_stage_check {
    const lf_circuit *c;
    uint16_t stage;
    bool fine;
} lf_stage_check;

static void not_later(void *user, lf_word operand) {
    lf_stage_check *k = user;
    k->fine = k->fine && k->c->stage.at[operand] <= k->stage;
}

static void set_stages(lf_circuit_reader *r) {
    lf_circuit *c = r->c;
    if (c->words.count != r->map.count) {
        (void)wrong(r, "a circuit with stages has every word once, in its shortest form%s", "");
        return;
    }
    for (lf_word w = 0; w < c->words.count; w++)
        LF_PUSH(c->arena, &c->stage, r->stage.at[w]);
    for (lf_word w = 1; w < c->words.count; w++) {
        lf_stage_check k = {c, c->stage.at[w], w == r->map.at[w]};
        const lf_word_def *d = lf_word_at(c, w);
        lf_word_operands(d, not_later, &k);
        bool still = d->op == LF_WORD_INPUT || d->op == LF_WORD_CONST;
        if (!k.fine || k.stage >= c->latency || (still && k.stage))
            (void)wrong(r, "a word is computed before its operands, or after the outputs%s", "");
    }
}

static void read_all(lf_circuit_reader *r) {
    LF_PUSH(r->scratch, &r->map, 0);
    LF_PUSH(r->scratch, &r->stage, 0);
    read_header(r);
    while (end_line(r))
        read_line(r);
    if (!r->failed && !r->ended)
        (void)wrong(r, "the line \"outputs\" is missing%s", "");
    if (!r->failed && r->staged && !r->c->latency)
        (void)wrong(r, "stages without the line \"latency\"%s", "");
    if (!r->failed && r->c->latency)
        set_stages(r);
}

lf_circuit *lf_circuit_parse(lf_ctx *ctx, const char *text, size_t len, const char *name) {
    lf_circuit_reader r = {.c = lf_circuit_new(ctx), .at = text, .end = text + len, .name = name, .line = 1};
    r.scratch = r.c ? lf_arena_new() : NULL;
    if (r.scratch)
        read_all(&r);
    if (r.failed || !r.scratch) {
        lf_circuit_free(r.c);
        r.c = NULL;
    }
    if (r.c)
        r.c->part = LF_PART_CORE;
    lf_arena_free(r.scratch);
    return r.c;
}
