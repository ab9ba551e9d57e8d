#include "ir/lftokens.h"

#include <string.h>

#include "ir/attr.h"

const char *const lf_elem_names[8] = {"i8", "u8", "i16", "u16", "i32", "i64", "f32", "f64"};
const char *const lf_place_names[3] = {"none", "host", "fpga"};

static bool is_alnum(char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_name_char(char c) {
    return is_alnum(c) || c == '_' || c == '.' || c == '/' || c == '-';
}

static bool is_word_char(char c) {
    return is_name_char(c) || c == '+' || c == '?' || c == '!';
}

bool lf_is_bare_name(const char *name) {
    const char *s = name;
    while (is_name_char(*s))
        s++;
    return *name && !*s;
}

static void skip_blanks(lf_lexer *x) {
    while (x->at < x->end) {
        char c = *x->at;
        if (c == '#') {
            const char *stop = memchr(x->at, '\n', (size_t)(x->end - x->at));
            x->at = stop ? stop : x->end;
        } else if (c == '\n' && x->depth > 0) {
            x->line++;
            x->line_start = ++x->at;
        } else if (c == ' ' || c == '\t' || c == '\r') {
            x->at++;
        } else {
            return;
        }
    }
}

static void bad(lf_token *t, const char *why) {
    t->kind = LF_TOKEN_BAD;
    t->value = why;
}

static void read_string(lf_lexer *x, lf_token *t, lf_token_kind kind) {
    const char *wrong = NULL;
    const char *after = lf_unquote(x->arena, x->at, x->end, &t->value, &wrong);
    if (!after) {
        bad(t, wrong == x->at ? "a string without its closing quote" : "a wrong escape or a zero byte in a string");
        t->column += (int)(wrong - t->at);
        return;
    }
    t->kind = kind;
    x->at = after;
}

static void read_tensor(lf_lexer *x, lf_token *t) {
    x->at++;
    if (x->at < x->end && *x->at == '"') {
        read_string(x, t, LF_TOKEN_TENSOR);
        if (t->kind == LF_TOKEN_TENSOR && !*t->value)
            bad(t, "a tensor without a name");
        return;
    }
    const char *start = x->at;
    while (x->at < x->end && is_name_char(*x->at))
        x->at++;
    t->kind = LF_TOKEN_TENSOR;
    t->value = lf_strndup(x->arena, start, (size_t)(x->at - start));
    if (x->at == start)
        bad(t, "a tensor without a name");
}

/* A word, with what stands in < > directly behind its letters ("FIXED<8,3>!"). */
static void read_word(lf_lexer *x, lf_token *t) {
    enum { WIDEST = 64 };
    t->kind = LF_TOKEN_WORD;
    while (x->at < x->end && is_word_char(*x->at))
        x->at++;
    if (x->at == x->end || *x->at != '<')
        return;
    size_t room = (size_t)(x->end - x->at);
    const char *close = memchr(x->at, '>', room < WIDEST ? room : WIDEST);
    if (!close || memchr(x->at, '\n', (size_t)(close - x->at)))
        return;
    x->at = close + 1;
    if (x->at < x->end && *x->at == '!')
        x->at++;
}

static void read_mark(lf_lexer *x, lf_token *t) {
    char c = *x->at;
    if (!strchr("=:,()[]{}", c) || c == '\0') {
        bad(t, "a character that means nothing here");
        return;
    }
    x->at++;
    t->kind = LF_TOKEN_MARK;
    if (strchr("([{", c))
        x->depth++;
    else if (strchr(")]}", c) && x->depth > 0)
        x->depth--;
}

static void read_newline(lf_lexer *x, lf_token *t) {
    t->kind = LF_TOKEN_NEWLINE;
    x->line++;
    x->line_start = ++x->at;
}

lf_token lf_next_token(lf_lexer *x) {
    skip_blanks(x);
    lf_token t = {.kind = LF_TOKEN_END, .at = x->at, .line = x->line, .column = (int)(x->at - x->line_start) + 1};
    if (x->at == x->end)
        return t;
    if (*x->at == '\n')
        read_newline(x, &t);
    else if (*x->at == '"')
        read_string(x, &t, LF_TOKEN_STRING);
    else if (*x->at == '%')
        read_tensor(x, &t);
    else if (is_word_char(*x->at))
        read_word(x, &t);
    else
        read_mark(x, &t);
    t.len = (size_t)(x->at - t.at);
    return t;
}
