/* Private to src/ir: the words of the text form. */
#ifndef LF_IR_LFTOKENS_H
#define LF_IR_LFTOKENS_H

#include "ir/graph.h"

/* Names of lf_elem and lf_place, in their order. */
extern const char *const lf_elem_names[8];
extern const char *const lf_place_names[3];

/* Can a tensor's name stand behind % without quotes? Letters, digits and _ . / - only, and not empty. */
bool lf_is_bare_name(const char *name);

typedef enum lf_token_kind {
    LF_TOKEN_END,     /* of the text */
    LF_TOKEN_NEWLINE, /* outside brackets */
    LF_TOKEN_WORD,    /* names, numbers, datatypes */
    LF_TOKEN_STRING,  /* "..." */
    LF_TOKEN_TENSOR,  /* %name or %"..." */
    LF_TOKEN_MARK,    /* one of = : , ( ) [ ] { } */
    LF_TOKEN_BAD
} lf_token_kind;

typedef struct lf_token {
    lf_token_kind kind;
    const char *at; /* into the text */
    size_t len;
    const char *value; /* STRING and TENSOR: what it says; BAD: what is wrong */
    int line, column;  /* from 1; columns count bytes */
} lf_token;

typedef struct lf_lexer {
    lf_arena *arena; /* of values */
    const char *at, *end, *line_start;
    int line, depth; /* depth: open brackets */
} lf_lexer;

lf_token lf_next_token(lf_lexer *x);

#endif
