/* Growing strings; numbers are printed and read in the C locale whatever the process has set. */
#include "base/text.h"

#include <errno.h>
#include <float.h>
#include <locale.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fatal.h"

void lf_text_free(lf_text *t) {
    free(t->at);
    *t = (lf_text){0};
}

static void reserve(lf_text *t, size_t more) {
    if (t->cap - t->len > more)
        return;
    if (more > SIZE_MAX / 2 - t->len - 64)
        lf_out_of_memory(more);
    size_t cap = t->len + more + 1;
    cap = cap < 2 * t->cap ? 2 * t->cap : cap < 64 ? 64 : cap;
    char *at = realloc(t->at, cap);
    if (!at)
        lf_out_of_memory(cap);
    t->at = at;
    t->cap = cap;
}

void lf_text_addn(lf_text *t, const char *s, size_t n) {
    reserve(t, n);
    if (n)
        memcpy(t->at + t->len, s, n);
    t->len += n;
    t->at[t->len] = 0;
}

void lf_text_add(lf_text *t, const char *s) {
    lf_text_addn(t, s, strlen(s));
}

void lf_text_addf(lf_text *t, const char *fmt, ...) {
    va_list args, again;
    va_start(args, fmt);
    va_copy(again, args);
    int n = vsnprintf(NULL, 0, fmt, args);
    if (n > 0) {
        reserve(t, (size_t)n);
        vsnprintf(t->at + t->len, (size_t)n + 1, fmt, again);
        t->len += (size_t)n;
    }
    va_end(again);
    va_end(args);
}

/* Numbers. */

/* The "C" locale object is static in the C library: making and freeing it costs nothing. */
static void print_c_locale(char *out, size_t size, int digits, double v) {
    locale_t c = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    locale_t old = uselocale(c);
    snprintf(out, size, "%.*g", digits, v);
    uselocale(old);
    freelocale(c);
}

static double read_c_locale(const char *s, char **end) {
    locale_t c = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    double v = strtod_l(s, end, c);
    freelocale(c);
    return v;
}

/* Up to 15 digits no two decimals read back as the same normal double, so 15 (with trailing zeros dropped by %g) is the
 * shortest if it reads back; below the normal range fewer digits may do. */
void lf_text_double(lf_text *t, double v) {
    char s[40];
    if (isnan(v)) {
        lf_text_add(t, "nan");
        return;
    }
    if (isinf(v)) {
        lf_text_add(t, v > 0 ? "inf" : "-inf");
        return;
    }
    for (int digits = fabs(v) < DBL_MIN ? 1 : 15; digits <= 17; digits++) {
        print_c_locale(s, sizeof s, digits, v);
        if (read_c_locale(s, NULL) == v)
            break;
    }
    lf_text_add(t, s);
}

static bool starts_number(const char *s) {
    s += *s == '-' || *s == '+';
    return (*s >= '0' && *s <= '9') || *s == '.' || *s == 'i' || *s == 'I' || *s == 'n' || *s == 'N';
}

bool lf_parse_double(const char *s, double *out) {
    if (!starts_number(s) || strchr(s, '('))
        return false;
    char *end;
    int saved = errno;
    errno = 0;
    double v = read_c_locale(s, &end);
    bool too_large = errno == ERANGE && isinf(v);
    errno = saved;
    if (*end || end == s || too_large)
        return false;
    *out = v;
    return true;
}

bool lf_ends_with(const char *s, const char *end) {
    size_t n = strlen(s), m = strlen(end);
    return n >= m && strcmp(s + n - m, end) == 0;
}

int lf_by_text(const void *a, const void *b) {
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

bool lf_parse_i64(const char *s, int64_t *out) {
    const char *digits = s + (*s == '-' || *s == '+');
    if (*digits < '0' || *digits > '9')
        return false;
    char *end;
    int saved = errno;
    errno = 0;
    long long v = strtoll(s, &end, 10);
    bool too_large = errno == ERANGE;
    errno = saved;
    if (*end || too_large)
        return false;
    *out = v;
    return true;
}

/* JSON strings. */

/* Length of the well-formed UTF-8 sequence at s (Unicode 15, table 3-7), or 0. The string ends with a NUL. */
static size_t utf8_length(const unsigned char *s) {
    if (s[0] < 0x80)
        return 1;
    size_t n = s[0] >= 0xc2 && s[0] < 0xe0 ? 2 : (s[0] & 0xf0) == 0xe0 ? 3 : s[0] >= 0xf0 && s[0] < 0xf5 ? 4 : 0;
    for (size_t i = 1; i < n; i++)
        if ((s[i] & 0xc0) != 0x80)
            return 0;
    bool overlong = (s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xf0 && s[1] < 0x90);
    bool surrogate = s[0] == 0xed && s[1] > 0x9f, above = s[0] == 0xf4 && s[1] > 0x8f;
    return overlong || surrogate || above ? 0 : n;
}

static const char *short_escape(unsigned char c) {
    switch (c) {
    case '"': return "\\\"";
    case '\\': return "\\\\";
    case '\n': return "\\n";
    case '\r': return "\\r";
    case '\t': return "\\t";
    default: return NULL;
    }
}

void lf_text_json(lf_text *t, const char *s) {
    const unsigned char *at = (const unsigned char *)s;
    lf_text_add(t, "\"");
    while (*at) {
        size_t n = utf8_length(at);
        const char *escape = short_escape(*at);
        if (escape)
            lf_text_add(t, escape);
        else if (*at < 0x20 || *at == 0x7f)
            lf_text_addf(t, "\\u%04x", *at);
        else if (n)
            lf_text_addn(t, (const char *)at, n);
        else
            lf_text_add(t, "\xef\xbf\xbd"); /* U+FFFD stands for a byte that is not UTF-8 */
        at += n ? n : 1;
    }
    lf_text_add(t, "\"");
}
