/* Attribute values as text. */
#include <inttypes.h>
#include <string.h>

#include "ir/attr.h"

/* -- quoted strings ----------------------------------------------------------------------------------------------- */

static const char escaped[] = "\"\\\n\t\r", letters[] = "\"\\ntr";

void lf_quote(lf_text *out, const char *s) {
    lf_text_add(out, "\"");
    for (; *s; s++) {
        unsigned char c = (unsigned char)*s;
        const char *at = strchr(escaped, c);
        if (at)
            lf_text_addf(out, "\\%c", letters[at - escaped]);
        else if (c < 0x20 || c == 0x7f)
            lf_text_addf(out, "\\x%02x", c);
        else
            lf_text_addn(out, s, 1);
    }
    lf_text_add(out, "\"");
}

static int hex_digit(char c) {
    if (c >= '0' && c <= '9')
        return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* The byte that the escape after a backslash at s stands for, or 0; *s moves behind it. */
static char unescape(const char **s, const char *end) {
    if (*s == end)
        return 0;
    char c = *(*s)++;
    if (c == 'x' && end - *s >= 2) {
        int high = hex_digit((*s)[0]), low = hex_digit((*s)[1]);
        *s += 2;
        return high < 0 || low < 0 ? 0 : (char)(16 * high + low);
    }
    const char *at = c ? strchr(letters, c) : NULL;
    return at ? escaped[at - letters] : 0;
}

const char *lf_unquote(lf_arena *a, const char *s, const char *end, const char **out, const char **bad) {
    const char *close = s + 1;
    while (close < end && *close != '"' && *close != '\n')
        close += *close == '\\' && end - close > 1 ? 2 : 1;
    *bad = s;
    if (close >= end || *close != '"')
        return NULL;
    char *text = lf_alloc(a, (size_t)(close - s));
    size_t n = 0;
    for (s++; s < close;) {
        *bad = s;
        char c = *s++;
        if (c == '\\')
            c = unescape(&s, close);
        if (c == 0)
            return NULL;
        text[n++] = c;
    }
    *out = text;
    return close + 1;
}

/* -- reading ------------------------------------------------------------------------------------------------------- */

typedef struct setter {
    lf_ctx *ctx; /* NULL: say nothing */
    lf_arena *arena;
    const lf_attr_desc *d;
    const char *owner;
    const lf_where *where;
} setter;

static lf_status refuse(const setter *s, const char *text, const char *wanted) {
    if (!s->ctx)
        return LF_BAD_INPUT;
    return lf_fail(s->ctx, LF_BAD_INPUT, s->where, "%s: %s=%.60s is not %s", s->owner, s->d->name, text, wanted);
}

static lf_status check_limits(const setter *s, const char *text, double v) {
    if ((s->d->min == 0 && s->d->max == 0) || (v >= s->d->min && v <= s->d->max))
        return LF_OK;
    if (!s->ctx)
        return LF_BAD_INPUT;
    lf_text limits = {0};
    lf_text_double(&limits, s->d->min);
    lf_text_add(&limits, " to ");
    lf_text_double(&limits, s->d->max);
    lf_fail(s->ctx, LF_BAD_INPUT, s->where, "%s: %s=%.60s is outside %s", s->owner, s->d->name, text, limits.at);
    lf_text_free(&limits);
    return LF_BAD_INPUT;
}

static lf_status set_int(const setter *s, void *at, const char *text) {
    int64_t v = 0;
    if (!lf_parse_i64(text, &v))
        return refuse(s, text, "an integer");
    LF_TRY(check_limits(s, text, (double)v));
    *(int64_t *)at = v;
    return LF_OK;
}

static lf_status set_bool(const setter *s, void *at, const char *text) {
    bool yes = strcmp(text, "true") == 0 || strcmp(text, "1") == 0;
    bool no = strcmp(text, "false") == 0 || strcmp(text, "0") == 0;
    if (!yes && !no)
        return refuse(s, text, "true or false");
    *(bool *)at = yes;
    return LF_OK;
}

static lf_status set_real(const setter *s, void *at, const char *text) {
    double v = 0;
    if (!lf_parse_double(text, &v))
        return refuse(s, text, "a number");
    LF_TRY(check_limits(s, text, v));
    *(double *)at = v;
    return LF_OK;
}

/* Quoted as in .lf files, or as it stands (defaults, options of a pass). */
static lf_status set_string(const setter *s, void *at, const char *text) {
    const char *value = NULL, *bad = NULL, *end = text + strlen(text);
    if (*text != '"')
        value = lf_strdup(s->arena, text);
    else if (lf_unquote(s->arena, text, end, &value, &bad) != end)
        return refuse(s, text, "a well-formed string");
    *(const char **)at = *value ? value : NULL;
    return LF_OK;
}

static lf_status set_enum(const setter *s, void *at, const char *text) {
    size_t count = 0;
    for (; s->d->names[count]; count++)
        if (strcmp(s->d->names[count], text) == 0) {
            *(int *)at = (int)count;
            return LF_OK;
        }
    if (!s->ctx)
        return LF_BAD_INPUT;
    lf_text known = {0};
    for (size_t i = 0; i < count; i++)
        lf_text_addf(&known, " %s", s->d->names[i]);
    lf_fail(s->ctx, LF_BAD_INPUT, s->where, "%s: %s=%.60s is none of:%s", s->owner, s->d->name, text,
            known.at ? known.at : "");
    lf_text_free(&known);
    const char *near = lf_nearest(text, s->d->names, count);
    if (near)
        lf_hint(s->ctx, "did you mean %s?", near);
    return LF_BAD_INPUT;
}

static lf_status set_dtype(const setter *s, void *at, const char *text) {
    lf_dtype t = {0};
    if (*text && strcmp(text, "?") != 0 && !lf_dtype_parse(text, &t))
        return refuse(s, text, "a datatype (INT4 UINT2 BIPOLAR TERNARY FIXED<8,3> FLOAT32 ...)");
    *(lf_dtype *)at = t;
    return LF_OK;
}

static const char *skip_blanks(const char *s) {
    while (*s == ' ' || *s == '\t' || *s == '\n' || *s == '\r')
        s++;
    return s;
}

/* One number of a list, up to the comma or bracket; NULL when it is none. */
static const char *list_number(const char *s, int64_t *out) {
    char digits[24];
    size_t n = strspn(s, "+-0123456789");
    if (n == 0 || n >= sizeof digits)
        return NULL;
    memcpy(digits, s, n);
    digits[n] = '\0';
    return lf_parse_i64(digits, out) ? skip_blanks(s + n) : NULL;
}

static lf_status set_ints(const setter *s, void *at, const char *text) {
    LF_VEC(int64_t) list = {0};
    const char *p = skip_blanks(text);
    bool open = *p == '[';
    p = open ? skip_blanks(p + 1) : p;
    while (*p && *p != ']') {
        int64_t v = 0;
        p = list_number(p, &v);
        if (!p)
            return refuse(s, text, "a list of integers like [1, 2]");
        LF_PUSH(s->arena, &list, v);
        bool comma = *p == ',';
        p = comma ? skip_blanks(p + 1) : p;
        if (comma ? *p == ']' || !*p : *p && *p != ']')
            return refuse(s, text, "a list of integers like [1, 2]");
    }
    if (open ? p[0] != ']' || *skip_blanks(p + 1) : *p)
        return refuse(s, text, "a list of integers like [1, 2]");
    *(lf_ints *)at = (lf_ints){list.at, (int64_t)list.count};
    return LF_OK;
}

static lf_status unknown(lf_ctx *ctx, const lf_attr_desc *table, const char *owner, const char *name,
                         const lf_where *where) {
    enum { MOST = 64 };
    const char *known[MOST];
    size_t count = 0;
    for (const lf_attr_desc *d = table; d && d->name && count < MOST; d++)
        known[count++] = d->name;
    if (!ctx)
        return LF_BAD_INPUT;
    lf_fail(ctx, LF_BAD_INPUT, where, "%s has no attribute \"%.60s\"", owner, name);
    const char *near = lf_nearest(name, known, count);
    if (near)
        lf_hint(ctx, "did you mean %s?", near);
    return LF_BAD_INPUT;
}

lf_status lf_attrs_set_text(lf_ctx *ctx, lf_arena *a, const lf_attr_desc *table, const char *owner, void *attr,
                            const char *name, const char *text, const lf_where *where) {
    const lf_attr_desc *d = lf_attrs_find(table, name);
    if (!d)
        return unknown(ctx, table, owner, name, where);
    setter s = {ctx, a, d, owner, where};
    void *at = (char *)attr + d->offset;
    switch (d->type) {
    case LF_ATTR_INT: return set_int(&s, at, text);
    case LF_ATTR_BOOL: return set_bool(&s, at, text);
    case LF_ATTR_REAL: return set_real(&s, at, text);
    case LF_ATTR_STRING: return set_string(&s, at, text);
    case LF_ATTR_ENUM: return set_enum(&s, at, text);
    case LF_ATTR_DTYPE: return set_dtype(&s, at, text);
    case LF_ATTR_INTS: return set_ints(&s, at, text);
    }
    return LF_BAD_INPUT;
}

lf_status lf_attr_set_text(lf_ctx *ctx, lf_arena *a, const lf_op *op, void *attr, const char *name, const char *text,
                           const lf_where *where) {
    return lf_attrs_set_text(ctx, a, op->attrs, op->name, attr, name, text, where);
}

/* -- printing ------------------------------------------------------------------------------------------------------ */

static void print_ints(lf_text *out, const lf_ints *list) {
    lf_text_add(out, "[");
    for (int64_t i = 0; i < list->count; i++)
        lf_text_addf(out, "%s%" PRId64, i ? ", " : "", list->at[i]);
    lf_text_add(out, "]");
}

static void print_dtype(lf_text *out, lf_dtype t) {
    lf_arena *a = lf_arena_new();
    lf_text_add(out, lf_dtype_name(a, t));
    lf_arena_free(a);
}

void lf_attr_print(lf_text *out, const void *attr, const lf_attr_desc *d) {
    const void *at = (const char *)attr + d->offset;
    switch (d->type) {
    case LF_ATTR_INT: lf_text_addf(out, "%" PRId64, *(const int64_t *)at); break;
    case LF_ATTR_BOOL: lf_text_add(out, *(const bool *)at ? "true" : "false"); break;
    case LF_ATTR_REAL: lf_text_double(out, *(const double *)at); break;
    case LF_ATTR_STRING: lf_quote(out, *(const char *const *)at ? *(const char *const *)at : ""); break;
    case LF_ATTR_ENUM: lf_text_add(out, d->names[*(const int *)at]); break;
    case LF_ATTR_DTYPE: print_dtype(out, *(const lf_dtype *)at); break;
    case LF_ATTR_INTS: print_ints(out, at); break;
    }
}
