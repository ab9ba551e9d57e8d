/* Tables as text (RFC 4180): fields apart by commas, quoted where they hold commas, quotes ("" inside) or line ends. Lines end in LF or
 * CRLF; a byte order mark and empty lines are skipped; blanks around unquoted fields are no part of them. */
#ifndef LF_DATA_CSV_H
#define LF_DATA_CSV_H

#include "base/ctx.h"

enum { LF_CSV_COLUMNS_MAX = 4096 };

typedef struct lf_csv {
    size_t rows, columns;
    const char *const *header; /* [columns], or NULL */
    uint32_t header_line;      /* of the text, from 1; without a header 0 */
    const char **cell;         /* [rows][columns], NUL-terminated */
    const uint32_t *line;      /* [rows] of the text, from 1 */
} lf_csv;

/* All rows must have as many fields as the first; zero bytes and open quotes are refused. Results in memory of `a`; `file` is for
 * messages. With a header the first line gives the names. */
LF_MUST_USE lf_status lf_csv_parse(lf_ctx *ctx, lf_arena *a, const char *file, const char *text, size_t size,
                                   bool header, lf_csv *out);
/* A file, plain, .gz or .xz. */
LF_MUST_USE lf_status lf_csv_read(lf_ctx *ctx, lf_arena *a, const char *path, bool header, lf_csv *out);

#endif
