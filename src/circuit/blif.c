/* The BLIF reader: lines to statements, covers to tables, tables in order of evaluation to LUTs. */
#include "circuit/blif.h"

#include <stdlib.h>
#include <string.h>

#include "circuit/decompose.h"
#include "circuit/lut_truth.h"
#include "circuit/wide_truth.h"

enum { TABLES_MAX = 1 << 25 }; /* words */

typedef struct lf_blif_word {
    const char *at;
    size_t len;
} lf_blif_word;

typedef LF_VEC(lf_blif_word) lf_blif_words;

/* A .names: words are its inputs and, last, its output. */
typedef struct lf_blif_cover {
    uint32_t *in; /* numbers of names */
    int fan_in;
    uint32_t out;
    int line;
    uint64_t *bits; /* made with the first line of the cover */
    int value;      /* of the lines: 0 or 1; -1: none yet */
    int state;      /* 0 not visited, 1 being visited, 2 done */
    lf_signal signal;
} lf_blif_cover;

typedef struct lf_blif_name {
    const char *text;
    int cover; /* the .names that makes it, or -1 */
    int input; /* the input it is, or -1 */
} lf_blif_name;

typedef struct lf_reader {
    lf_ctx *ctx;
    lf_arena *a;
    const char *file, *at, *end;
    int line, next_line; /* of the statement being read; behind it */
    lf_blif_words words;
    LF_VEC(lf_blif_name) names;
    uint32_t *slot; /* hash of names: 1 + number */
    size_t slots;
    LF_VEC(lf_blif_cover) covers;
    LF_VEC(uint32_t) inputs, outputs;
    const char *model;
    size_t table_words; /* of all covers */
    bool ended, failed;
    lf_lutnet *net;
} lf_reader;

#define REFUSE(r, at_line, ...) refuse((r), (at_line), lf_format((r)->a, __VA_ARGS__))
static bool refuse(lf_reader *r, int line, const char *what) {
    lf_where where = {.file = r->file, .line = line};
    (void)lf_fail(r->ctx, LF_BAD_INPUT, &where, "%s", what);
    r->failed = true;
    return false;
}

/* -- words of a statement: up to the end of a line that does not end in a backslash ------------------------------------ */

static bool is_space(char c) {
    return c == ' ' || c == '\t' || c == '\r' || c == '\v' || c == '\f';
}

static bool next_statement(lf_reader *r) {
    r->words.count = 0;
    r->line = r->next_line;
    while (r->at < r->end) {
        char c = *r->at;
        if (c == '\n') {
            r->at++;
            r->next_line++;
            if (r->words.count)
                return true;
            r->line = r->next_line;
        } else if (c == '#') {
            while (r->at < r->end && *r->at != '\n')
                r->at++;
        } else if (c == '\\') {
            r->at++;
            while (r->at < r->end && is_space(*r->at))
                r->at++;
            if (r->at < r->end && *r->at == '\n') {
                r->at++;
                r->next_line++;
            }
        } else if (is_space(c) || c == 0) {
            r->at++;
        } else {
            const char *from = r->at;
            while (r->at < r->end && *r->at && !is_space(*r->at) && *r->at != '\n' && *r->at != '#' && *r->at != '\\')
                r->at++;
            LF_PUSH(r->a, &r->words, (lf_blif_word){from, (size_t)(r->at - from)});
        }
    }
    return r->words.count > 0;
}

static bool is(lf_blif_word w, const char *text) {
    return w.len == strlen(text) && !memcmp(w.at, text, w.len);
}

/* -- names ------------------------------------------------------------------------------------------------------------------ */

static uint64_t text_hash(const char *s, size_t n) {
    uint64_t h = 14695981039346656037u;
    for (size_t i = 0; i < n; i++)
        h = (h ^ (unsigned char)s[i]) * 1099511628211u;
    return h ^ h >> 32;
}

static void grow_names(lf_reader *r) {
    r->slots = r->slots ? 2 * r->slots : 256;
    r->slot = LF_NEW_ARRAY(r->a, uint32_t, r->slots);
    for (size_t i = 0; i < r->names.count; i++) {
        const char *s = r->names.at[i].text;
        size_t at = (size_t)text_hash(s, strlen(s)) & (r->slots - 1);
        while (r->slot[at])
            at = (at + 1) & (r->slots - 1);
        r->slot[at] = (uint32_t)i + 1;
    }
}

static uint32_t name_of(lf_reader *r, lf_blif_word w) {
    if (2 * r->names.count >= r->slots)
        grow_names(r);
    size_t at = (size_t)text_hash(w.at, w.len) & (r->slots - 1);
    for (; r->slot[at]; at = (at + 1) & (r->slots - 1)) {
        const char *s = r->names.at[r->slot[at] - 1].text;
        if (!strncmp(s, w.at, w.len) && !s[w.len])
            return r->slot[at] - 1;
    }
    LF_PUSH(r->a, &r->names, (lf_blif_name){lf_strndup(r->a, w.at, w.len), -1, -1});
    r->slot[at] = (uint32_t)r->names.count;
    return (uint32_t)r->names.count - 1;
}

/* -- statements --------------------------------------------------------------------------------------------------------------- */

static bool read_inputs(lf_reader *r) {
    for (size_t i = 1; i < r->words.count; i++) {
        uint32_t name = name_of(r, r->words.at[i]);
        if (r->names.at[name].input >= 0)
            return REFUSE(r, r->line, "the input %s is listed twice", r->names.at[name].text);
        if (r->names.at[name].cover >= 0)
            return REFUSE(r, r->line, "the input %s is made by a .names, too", r->names.at[name].text);
        r->names.at[name].input = (int)r->inputs.count;
        LF_PUSH(r->a, &r->inputs, name);
    }
    return true;
}

static bool read_names(lf_reader *r) {
    size_t fan_in = r->words.count - 2;
    if (r->words.count < 2)
        return REFUSE(r, r->line, ".names without an output");
    if (fan_in > LF_TABLE_INDEX_BITS)
        return REFUSE(r, r->line, "a cover of %zu inputs: at most %d are read", fan_in, LF_TABLE_INDEX_BITS);
    lf_blif_cover c = {
        .in = LF_NEW_ARRAY(r->a, uint32_t, fan_in + 1), .fan_in = (int)fan_in, .line = r->line, .value = -1};
    for (size_t i = 0; i < fan_in; i++)
        c.in[i] = name_of(r, r->words.at[1 + i]);
    c.out = name_of(r, r->words.at[1 + fan_in]);
    if (r->names.at[c.out].cover >= 0 || r->names.at[c.out].input >= 0)
        return REFUSE(r, r->line, "%s is made twice", r->names.at[c.out].text);
    r->names.at[c.out].cover = (int)r->covers.count;
    LF_PUSH(r->a, &r->covers, c);
    return true;
}

static bool new_table(lf_reader *r, lf_blif_cover *c) {
    size_t words = lf_wide_words(c->fan_in);
    if (r->table_words + words > TABLES_MAX)
        return false;
    r->table_words += words;
    c->bits = lf_alloc_try(r->a, words, sizeof(uint64_t));
    return c->bits != NULL;
}

/* Sets the addresses whose bits under `mask` are `fixed`: within a word at once, word by word for every choice of the free inputs from the seventh on. */
static void add_cube(lf_blif_cover *c, size_t fixed, size_t mask) {
    uint64_t within = lf_truth_mask(c->fan_in);
    size_t free_words = (lf_wide_words(c->fan_in) - 1) & ~(mask >> 6);
    for (int j = 0; j < 6; j++)
        if (mask >> j & 1)
            within &= fixed >> j & 1 ? lf_truth_variable(j) : ~lf_truth_variable(j);
    for (size_t word = free_words;; word = (word - 1) & free_words) {
        c->bits[fixed >> 6 | word] |= within;
        if (!word)
            return;
    }
}

/* A line of a cover: a 0, 1 or - per input, and the value. */
static bool read_cube(lf_reader *r) {
    if (!r->covers.count)
        return REFUSE(r, r->line, "a line of a cover before any .names");
    lf_blif_cover *c = &r->covers.at[r->covers.count - 1];
    size_t words = c->fan_in ? 2 : 1;
    lf_blif_word cube = r->words.at[0], value = r->words.at[r->words.count - 1];
    if (r->words.count != words || (c->fan_in && cube.len != (size_t)c->fan_in) || (!is(value, "0") && !is(value, "1")))
        return REFUSE(r, r->line, "a line of a cover of %d inputs has that many of 0, 1 and -, a space, and 0 or 1",
                      c->fan_in);
    if (c->value >= 0 && c->value != value.at[0] - '0')
        return REFUSE(r, r->line, "a cover is of ones or of zeros, not of both");
    size_t fixed = 0, mask = 0;
    for (int j = 0; j < c->fan_in; j++) {
        if (cube.at[j] != '0' && cube.at[j] != '1' && cube.at[j] != '-')
            return REFUSE(r, r->line, "'%c' in a cover: 0, 1 and - are allowed", cube.at[j]);
        mask |= (size_t)(cube.at[j] != '-') << j;
        fixed |= (size_t)(cube.at[j] == '1') << j;
    }
    c->value = value.at[0] - '0';
    if (!c->bits && !new_table(r, c))
        return REFUSE(r, r->line, "no memory: wide covers become tables, together at most %d MiB", TABLES_MAX >> 17);
    add_cube(c, fixed, mask);
    return true;
}

static bool read_statement(lf_reader *r) {
    lf_blif_word w = r->words.at[0];
    if (w.at[0] != '.')
        return read_cube(r);
    if (is(w, ".names"))
        return read_names(r);
    if (is(w, ".inputs"))
        return read_inputs(r);
    if (is(w, ".outputs")) {
        for (size_t i = 1; i < r->words.count; i++)
            LF_PUSH(r->a, &r->outputs, name_of(r, r->words.at[i]));
        return true;
    }
    if (is(w, ".model")) {
        if (r->model)
            return REFUSE(r, r->line, "a second .model: one is read");
        r->model = r->words.count > 1 ? lf_strndup(r->a, r->words.at[1].at, r->words.at[1].len) : "";
        return true;
    }
    if (is(w, ".end")) {
        r->ended = true;
        return true;
    }
    if (is(w, ".latch"))
        return REFUSE(r, r->line, ".latch: a circuit has no state; only combinational models are read");
    return REFUSE(r, r->line, "%.*s is not read: .model .inputs .outputs .names .end are",
                  (int)(w.len < 40 ? w.len : 40), w.at);
}

/* -- to a netlist ----------------------------------------------------------------------------------------------------------- */

static lf_signal signal_of(const lf_reader *r, uint32_t name) {
    const lf_blif_name *n = &r->names.at[name];
    return n->input >= 0 ? lf_lutnet_input((uint32_t)n->input) : r->covers.at[n->cover].signal;
}

static bool make_cover(lf_reader *r, lf_blif_cover *c) {
    lf_signal in[LF_TABLE_INDEX_BITS];
    size_t words = lf_wide_words(c->fan_in);
    c->state = 2;
    if (!c->bits) { /* no line: constant 0 */
        c->signal = 0;
        return true;
    }
    for (size_t w = 0; c->value == 0 && w < words; w++)
        c->bits[w] = ~c->bits[w] & lf_truth_mask(c->fan_in);
    for (int j = 0; j < c->fan_in; j++)
        in[j] = signal_of(r, c->in[j]);
    if (c->fan_in == 0)
        c->signal = (lf_signal)(c->bits[0] & 1);
    else if (c->fan_in <= LF_LUT_INPUTS)
        c->signal = lf_lutnet_lut(r->net, in, c->fan_in, c->bits[0]);
    else {
        const uint64_t *bits[1] = {c->bits};
        lf_truth_table t = {c->fan_in, 1, bits, NULL};
        r->failed |= lf_decompose(r->net, &t, &(lf_decompose_options){6, 0}, in, &c->signal) != LF_OK;
    }
    return !r->failed;
}

/* Depth first, with a stack of our own: chains may be as long as the file. */
static bool make_from(lf_reader *r, uint32_t root) {
    LF_VEC(uint32_t) stack = {0};
    LF_PUSH(r->a, &stack, root);
    while (stack.count) {
        uint32_t at = stack.at[stack.count - 1];
        lf_blif_name *n = &r->names.at[at];
        if (n->input >= 0) {
            stack.count--;
            continue;
        }
        if (n->cover < 0)
            return REFUSE(r, 0, "%s is read but neither an input nor made by a .names", n->text);
        lf_blif_cover *c = &r->covers.at[n->cover];
        if (c->state) {
            if (c->state == 1 && !make_cover(r, c))
                return false;
            stack.count--;
            continue;
        }
        c->state = 1;
        for (int j = 0; j < c->fan_in; j++) {
            const lf_blif_name *from = &r->names.at[c->in[j]];
            if (from->cover >= 0 && r->covers.at[from->cover].state == 1)
                return REFUSE(r, c->line, "%s depends on itself", from->text);
            if (from->input < 0 && (from->cover < 0 || !r->covers.at[from->cover].state))
                LF_PUSH(r->a, &stack, c->in[j]);
        }
    }
    return true;
}

static const char **copy_names(const lf_reader *r, const uint32_t *list, size_t count) {
    const char **out = LF_NEW_ARRAY(r->net->arena, const char *, count + 1);
    for (size_t i = 0; i < count; i++)
        out[i] = lf_strdup(r->net->arena, r->names.at[list[i]].text);
    return out;
}

static lf_blif *make_net(lf_reader *r) {
    r->net = lf_lutnet_new(r->ctx, (uint32_t)r->inputs.count);
    for (size_t o = 0; r->net && o < r->outputs.count; o++) {
        if (!make_from(r, r->outputs.at[o]))
            break;
        LF_PUSH(r->net->arena, &r->net->outputs, signal_of(r, r->outputs.at[o]));
    }
    if (!r->net || r->failed) {
        lf_lutnet_free(r->net);
        return NULL;
    }
    lf_blif *b = LF_NEW(r->net->arena, lf_blif);
    *b = (lf_blif){r->net, lf_strdup(r->net->arena, r->model ? r->model : ""),
                   copy_names(r, r->inputs.at, r->inputs.count), copy_names(r, r->outputs.at, r->outputs.count)};
    return b;
}

static lf_blif *read_all(lf_reader *r) {
    while (!r->ended && next_statement(r))
        if (!read_statement(r))
            return NULL;
    if (!r->model && !r->outputs.count) {
        (void)REFUSE(r, 0, "no .model and no .outputs: not BLIF");
        return NULL;
    }
    return make_net(r);
}

lf_blif *lf_blif_read(lf_ctx *ctx, const char *text, size_t len, const char *file) {
    lf_reader r = {.ctx = ctx, .a = lf_arena_new(), .file = file, .at = text, .end = text + len, .next_line = 1};
    if (!r.a) {
        (void)lf_fail(ctx, LF_FAILED, NULL, "no memory to read %s", file);
        return NULL;
    }
    lf_blif *b = read_all(&r);
    lf_arena_free(r.a);
    return b;
}
