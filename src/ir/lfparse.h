/* Private to src/ir: the state of the parser of the text form, and the parts its files share. */
#ifndef LF_IR_LFPARSE_H
#define LF_IR_LFPARSE_H

#include "ir/lftokens.h"
#include "ir/op.h"
#include "ir/table_column.h"

typedef struct lf_parser {
    lf_ctx *ctx;
    const char *file;
    lf_lexer lexer;
    lf_token token; /* the next one, not yet used */
    lf_graph *graph;
    lf_arena *scratch;
    const uint8_t *weights;
    size_t weights_len;
    lf_op_find_fn *find;
    bool has_source, has_graph, has_classes;
    LF_VEC(lf_table_column) columns; /* in the graph's arena */
} lf_parser;

lf_where lf_parse_here(const lf_parser *p);
/* Says what is wrong at the next token, or what is wrong with the token itself. LF_BAD_INPUT. */
lf_status lf_parse_fail(lf_parser *p, const char *fmt, ...) LF_PRINTF(2, 3);
#ifdef __clang_analyzer__ /* as for lf_fail */
#define lf_parse_fail(...) ((void)lf_parse_fail(__VA_ARGS__), LF_BAD_INPUT)
#endif
/* "expected <what>, found <token>", with the nearest of `known` as a hint. */
lf_status lf_parse_expected(lf_parser *p, const char *what, const char *const *known, size_t count);

void lf_parse_advance(lf_parser *p);
bool lf_parse_at_mark(const lf_parser *p, char mark);
bool lf_parse_at_word(const lf_parser *p, const char *word);
const char *lf_parse_text(const lf_parser *p); /* the token's bytes, in scratch memory */
LF_MUST_USE lf_status lf_parse_mark(lf_parser *p, char mark);
LF_MUST_USE lf_status lf_parse_int(lf_parser *p, const char *what, int64_t min, int64_t max, int64_t *out);
LF_MUST_USE lf_status lf_parse_real(lf_parser *p, double *out);
/* "0.5" or "1/255". */
LF_MUST_USE lf_status lf_parse_quotient(lf_parser *p, double *scale, double *divisor);

/* The end of a line or of the text; `known` are words that could have stood there. */
LF_MUST_USE lf_status lf_parse_end_of_line(lf_parser *p, const char *const *known, size_t count);
/* A new tensor by the name at hand, its type yet unknown; or an older one, with an id below `first_new`. */
LF_MUST_USE lf_status lf_parse_new_tensor(lf_parser *p, lf_tensor **out);
LF_MUST_USE lf_status lf_parse_old_tensor(lf_parser *p, lf_id first_new, lf_id *out);

/* ": DATATYPE[dimensions] scale ... range ... ranges ..."; `as` too when elem is not NULL, which then receives the container. */
LF_MUST_USE lf_status lf_parse_type(lf_parser *p, lf_tensor *t, lf_elem *elem);
/* The elements of a constant whose type is known. */
LF_MUST_USE lf_status lf_parse_elements(lf_parser *p, lf_tensor *t, lf_elem elem);
/* "column ...". */
LF_MUST_USE lf_status lf_parse_column(lf_parser *p);
LF_MUST_USE lf_status lf_parse_classes(lf_parser *p);
/* A whole statement that begins with a tensor. */
LF_MUST_USE lf_status lf_parse_node(lf_parser *p);

#endif
