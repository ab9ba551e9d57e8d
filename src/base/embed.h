/* Files built into the library: rtl/, share/ and recipes/ of the source tree, so that an installed lutfisk needs no data
 * directory. */
#ifndef LF_BASE_EMBED_H
#define LF_BASE_EMBED_H

#include <stddef.h>

typedef struct lf_embed {
    const char *path;          /* from the root of the source tree: "rtl/lf_fifo.v" */
    const unsigned char *data; /* a NUL stands behind the last byte, so text can be used as a string */
    size_t size;               /* without that NUL */
} lf_embed;

/* The file of that path, or NULL. */
const lf_embed *lf_embed_find(const char *path);

/* All of them in the order of their paths (byte by byte): for (size_t i = 0; i < lf_embed_count(); i++) ... lf_embed_at(i). */
size_t lf_embed_count(void);
const lf_embed *lf_embed_at(size_t i); /* NULL past the end */

/* What the build generates (cmake/embed.cmake). */
extern const lf_embed lf_embed_table[];
extern const size_t lf_embed_table_count;

#endif
