#include "report/text_table.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

lf_table lf_table_make(lf_arena *a, int columns, const char *const *header) {
    lf_table t = {.arena = a, .columns = columns};
    lf_table_row(&t, header);
    return t;
}

void lf_table_row(lf_table *t, const char *const *cells) {
    for (int c = 0; c < t->columns; c++)
        LF_PUSH(t->arena, &t->cells, lf_strdup(t->arena, cells[c] ? cells[c] : ""));
}

/* Characters, not bytes: UTF-8 continuation bytes do not count. */
static size_t shown(const char *s) {
    size_t n = 0;
    for (; *s; s++)
        n += (*s & 0xc0) != 0x80;
    return n;
}

static const char *cell(const lf_table *t, size_t row, int c) {
    const char *s = t->cells.at[row * (size_t)t->columns + (size_t)c];
    return row == 0 && *s == '<' ? s + 1 : s;
}

static void pad(lf_text *out, const char *what, size_t n) {
    while (n--)
        lf_text_add(out, what);
}

/* Sentences of a last column go on below themselves, so that tables fit a terminal of 100 columns. */
enum { TERMINAL = 100, NARROWEST = 40 };

static void add_wrapped(lf_text *out, const char *s, size_t indent) {
    size_t room = indent + NARROWEST < TERMINAL ? TERMINAL - indent : SIZE_MAX;
    while (strlen(s) > room) {
        size_t n = room;
        while (n && s[n] != ' ')
            n--;
        if (n == 0)
            break;
        lf_text_addn(out, s, n);
        lf_text_add(out, "\n");
        pad(out, " ", indent);
        s += n + 1;
    }
    lf_text_add(out, s);
}

static void print_row(const lf_table *t, size_t row, const size_t *width, lf_text *out) {
    size_t indent = 0;
    for (int c = 0; c < t->columns; indent += width[c] + 2, c++) {
        const char *s = cell(t, row, c);
        bool left = *t->cells.at[c] == '<';
        size_t gap = width[c] > shown(s) ? width[c] - shown(s) : 0;
        if (c)
            lf_text_add(out, "  ");
        if (!left)
            pad(out, " ", gap);
        if (left && c + 1 == t->columns)
            add_wrapped(out, s, indent);
        else
            lf_text_add(out, s);
        if (left && c + 1 < t->columns)
            pad(out, " ", gap);
    }
    lf_text_add(out, "\n");
}

void lf_table_print(const lf_table *t, lf_text *out) {
    size_t rows = t->cells.count / (size_t)t->columns;
    size_t *width = LF_NEW_ARRAY(t->arena, size_t, t->columns);
    for (size_t r = 0; r < rows; r++)
        for (int c = 0; c < t->columns; c++) {
            size_t n = shown(cell(t, r, c));
            width[c] = n > width[c] ? n : width[c];
        }
    size_t before = 0;
    for (int c = 0; c + 1 < t->columns; c++)
        before += width[c] + 2;
    size_t *last = &width[t->columns - 1];
    if (*t->cells.at[t->columns - 1] == '<' && before + NARROWEST < TERMINAL && before + *last > TERMINAL)
        *last = TERMINAL - before;
    for (size_t r = 0; r < rows; r++) {
        print_row(t, r, width, out);
        for (int c = 0; r == 0 && c < t->columns; c++) {
            if (c)
                lf_text_add(out, "  ");
            pad(out, "-", width[c]);
        }
        if (r == 0)
            lf_text_add(out, "\n");
    }
}

const char *lf_thousands(lf_arena *a, int64_t v) {
    char digits[32], out[48];
    int n = snprintf(digits, sizeof digits, "%" PRId64, v < 0 ? -v : v), o = 0;
    if (v < 0)
        out[o++] = '-';
    for (int i = 0; i < n; i++) {
        if (i && (n - i) % 3 == 0)
            out[o++] = ',';
        out[o++] = digits[i];
    }
    out[o] = 0;
    return lf_strdup(a, out);
}

const char *lf_count_of(lf_arena *a, int64_t v, const char *one, const char *many) {
    return lf_format(a, "%s %s", lf_thousands(a, v), v == 1 ? one : many);
}

const char *lf_fixed_decimals(lf_arena *a, double v, int decimals) {
    if (!isfinite(v))
        return "-";
    double power = 1;
    for (int i = 0; i < decimals; i++)
        power *= 10;
    double scaled = nearbyint(fabs(v) * power);
    if (scaled > 9e17)
        return "-";
    int64_t all = (int64_t)scaled, whole = all / (int64_t)power, part = all % (int64_t)power;
    const char *sign = v < 0 && all ? "-" : "";
    if (decimals == 0)
        return lf_format(a, "%s%s", sign, lf_thousands(a, whole));
    return lf_format(a, "%s%s.%0*" PRId64, sign, lf_thousands(a, whole), decimals, part);
}
