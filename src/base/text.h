/* A growing string, printed without the locale. */
#ifndef LF_BASE_TEXT_H
#define LF_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"

/* Zero-initialise: `lf_text t = {0};`, free with lf_text_free (it uses malloc, not an arena). at is always
 * NUL-terminated once something was added. */
typedef struct lf_text {
    char *at;
    size_t len, cap;
} lf_text;

void lf_text_free(lf_text *t);
void lf_text_add(lf_text *t, const char *s);
void lf_text_addn(lf_text *t, const char *s, size_t n);
void lf_text_addf(lf_text *t, const char *fmt, ...) LF_PRINTF(2, 3); /* no %f %g: use lf_text_double */
void lf_text_double(lf_text *t, double v);    /* shortest decimal that reads back as the same double; nan, inf, -inf */
void lf_text_json(lf_text *t, const char *s); /* quoted and escaped */

bool lf_ends_with(const char *s, const char *end);
/* For qsort of texts, in the order of their bytes. */
int lf_by_text(const void *a, const void *b);

/* Reads a decimal or hexadecimal floating number or nan/inf without the locale. True when all of s was used. */
bool lf_parse_double(const char *s, double *out);
bool lf_parse_i64(const char *s, int64_t *out); /* decimal, whole string */

#endif
