#include "data/csv.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/text.h"
#include "data/gzip.h"

enum { CSV_LIMIT = 1 << 30 };

typedef struct reader {
    lf_ctx *ctx;
    lf_arena *arena;
    lf_where where;
    char *at, *end; /* the text is changed in place: fields are cut out of it */
    LF_VEC(const char *) fields;
    LF_VEC(uint32_t) lines;
    size_t columns;
} reader;

static bool is_blank(char c) {
    return c == ' ' || c == '\t';
}

static bool ends_field(const reader *r, const char *p) {
    return p == r->end || *p == ',' || *p == '\n' || (*p == '\r' && (p + 1 == r->end || p[1] == '\n'));
}

/* Behind an opening quote: the text without its doubled quotes. */
static lf_status quoted_field(reader *r, const char **out) {
    char *from = ++r->at, *to = from;
    *out = from;
    for (; from < r->end; from++) {
        if (*from == '"' && (from + 1 == r->end || from[1] != '"'))
            break;
        from += *from == '"';
        r->where.line += *from == '\n';
        *to++ = *from;
    }
    if (from == r->end)
        return lf_fail(r->ctx, LF_BAD_INPUT, &r->where, "a quote is not closed");
    for (from++; from < r->end && is_blank(*from); from++) {
    }
    *to = '\0'; /* at the closing quote or before it */
    r->at = from;
    if (!ends_field(r, from))
        return lf_fail(r->ctx, LF_BAD_INPUT, &r->where, "text behind a closing quote");
    return LF_OK;
}

/* The end of the field is not yet cut off: what stands there says whether the line ends. */
static void plain_field(reader *r, const char **out, char **cut) {
    *out = r->at;
    while (!ends_field(r, r->at))
        r->at++;
    for (*cut = r->at; *cut > *out && is_blank((*cut)[-1]); (*cut)--) {
    }
}

/* True in *more when another field of the line follows. */
static lf_status read_field(reader *r, bool *more) {
    const char *field;
    char *cut = NULL;
    while (r->at < r->end && is_blank(*r->at))
        r->at++;
    if (r->at < r->end && *r->at == '"')
        LF_TRY(quoted_field(r, &field));
    else
        plain_field(r, &field, &cut);
    *more = r->at < r->end && *r->at == ',';
    if (!*more && r->at < r->end && *r->at == '\r')
        r->at++;
    r->at += r->at < r->end;
    if (cut)
        *cut = '\0'; /* the text has one more byte than `end` says */
    LF_PUSH(r->arena, &r->fields, field);
    return LF_OK;
}

static lf_status read_line(reader *r) {
    size_t before = r->fields.count;
    bool more = true;
    LF_PUSH(r->arena, &r->lines, (uint32_t)r->where.line);
    while (more) {
        if (r->fields.count - before == LF_CSV_COLUMNS_MAX)
            return lf_fail(r->ctx, LF_BAD_INPUT, &r->where, "more than %d columns", LF_CSV_COLUMNS_MAX);
        LF_TRY(read_field(r, &more));
    }
    size_t found = r->fields.count - before;
    if (r->columns == 0)
        r->columns = found;
    if (found != r->columns)
        return lf_fail(r->ctx, LF_BAD_INPUT, &r->where, "this line has %zu columns, the first one %zu", found,
                       r->columns);
    r->where.line++;
    return LF_OK;
}

static bool skip_empty_line(reader *r) {
    char *p = r->at;
    while (p < r->end && is_blank(*p))
        p++;
    if (p < r->end && *p == '\r')
        p++;
    if (p < r->end && *p != '\n')
        return false;
    r->at = p < r->end ? p + 1 : p;
    r->where.line++;
    return true;
}

/* Columns that are called nothing may be many. */
static lf_status check_names(const reader *r) {
    const char **name = lf_copy(r->arena, r->fields.at, r->columns * sizeof *name);
    qsort(name, r->columns, sizeof *name, lf_by_text);
    for (size_t i = 1; i < r->columns; i++)
        if (*name[i] && strcmp(name[i - 1], name[i]) == 0)
            return lf_fail(r->ctx, LF_BAD_INPUT, &(lf_where){.file = r->where.file, .line = (int)r->lines.at[0]},
                           "two columns are called '%s'", name[i]);
    return LF_OK;
}

lf_status lf_csv_parse(lf_ctx *ctx, lf_arena *a, const char *file, const char *text, size_t size, bool header,
                       lf_csv *out) {
    reader r = {.ctx = ctx, .arena = a, .where = {.file = file, .line = 1}};
    if (memchr(text, '\0', size))
        return lf_fail(ctx, LF_BAD_INPUT, &r.where, "this is no CSV text: it holds a zero byte");
    r.at = lf_alloc_try(a, size + 1, 1);
    if (!r.at)
        return lf_fail(ctx, LF_BAD_INPUT, &r.where, "no memory for %zu bytes", size);
    memcpy(r.at, text, size);
    r.end = r.at + size;
    if (size >= 3 && memcmp(r.at, "\xef\xbb\xbf", 3) == 0)
        r.at += 3;
    while (r.at < r.end)
        if (!skip_empty_line(&r))
            LF_TRY(read_line(&r));
    if (header && r.columns > 0)
        LF_TRY(check_names(&r));
    if (r.lines.count <= (size_t)header)
        return lf_fail(ctx, LF_BAD_INPUT, &(lf_where){.file = file}, "the table has no rows");
    size_t first = header ? r.columns : 0;
    *out = (lf_csv){r.lines.count - header,     r.columns,           header ? r.fields.at : NULL,
                    header ? r.lines.at[0] : 0, r.fields.at + first, r.lines.at + header};
    return LF_OK;
}

lf_status lf_csv_read(lf_ctx *ctx, lf_arena *a, const char *path, bool header, lf_csv *out) {
    lf_file f;
    uint8_t *text = NULL;
    size_t size = 0;
    LF_TRY(lf_file_open(ctx, path, 0, &f));
    lf_status status = lf_gunzip(ctx, a, path, f.data, f.size, CSV_LIMIT, &text, &size);
    lf_file_close(&f);
    return status == LF_OK ? lf_csv_parse(ctx, a, path, (const char *)text, size, header, out) : status;
}
