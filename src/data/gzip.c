#include "data/gzip.h"

#include <limits.h>
#include <lzma.h>
#include <stdlib.h>
#include <string.h>
#define ZLIB_CONST /* next_in points to const */
#include <zlib.h>

struct lf_gzip {
    enum { PLAIN, GZIP, XZ } kind;
    bool done;
    const uint8_t *at;
    size_t left;
    z_stream z;
    lzma_stream x;
};

enum { XZ_MEMORY_MAX = 1 << 28 }; /* bytes; the strongest preset takes 65 MB */

bool lf_is_gzip(const uint8_t *bytes, size_t size) {
    return size >= 2 && bytes[0] == 0x1f && bytes[1] == 0x8b;
}

static bool is_xz(const uint8_t *bytes, size_t size) {
    static const uint8_t magic[6] = {0xfd, '7', 'z', 'X', 'Z', 0};
    return size >= sizeof magic && memcmp(bytes, magic, sizeof magic) == 0;
}

static bool start(lf_gzip *g) {
    if (g->kind == GZIP)
        return inflateInit2(&g->z, 15 + 16) == Z_OK;
    return g->kind == PLAIN || lzma_stream_decoder(&g->x, XZ_MEMORY_MAX, LZMA_CONCATENATED) == LZMA_OK;
}

lf_gzip *lf_gzip_open(const uint8_t *bytes, size_t size) {
    lf_gzip *g = calloc(1, sizeof *g);
    if (g == NULL)
        return NULL;
    g->kind = lf_is_gzip(bytes, size) ? GZIP : is_xz(bytes, size) ? XZ : PLAIN;
    g->at = bytes;
    g->left = size;
    if (start(g))
        return g;
    free(g);
    return NULL;
}

void lf_gzip_close(lf_gzip *g) {
    if (g == NULL)
        return;
    if (g->kind == GZIP)
        inflateEnd(&g->z);
    if (g->kind == XZ)
        lzma_end(&g->x);
    free(g);
}

/* A .gz may hold several members one after the other; what follows the last one is ignored, as gzip does. */
static bool next_member(lf_gzip *g) {
    g->done = !lf_is_gzip(g->at, g->left);
    return g->done || inflateReset(&g->z) == Z_OK;
}

static bool inflate_some(lf_gzip *g, uint8_t *out, size_t size, size_t *got) {
    uInt in = g->left > INT_MAX ? INT_MAX : (uInt)g->left, room = size > INT_MAX ? INT_MAX : (uInt)size;
    g->z.next_in = g->at;
    g->z.avail_in = in;
    g->z.next_out = out;
    g->z.avail_out = room;
    int status = inflate(&g->z, Z_NO_FLUSH);
    size_t used = in - g->z.avail_in;
    g->at += used;
    g->left -= used;
    *got = room - g->z.avail_out;
    if (status == Z_STREAM_END)
        return next_member(g);
    return status == Z_OK && (used > 0 || *got > 0);
}

static bool unxz_some(lf_gzip *g, uint8_t *out, size_t size, size_t *got) {
    g->x.next_in = g->at;
    g->x.avail_in = g->left;
    g->x.next_out = out;
    g->x.avail_out = size;
    lzma_ret status = lzma_code(&g->x, LZMA_FINISH); /* all input is there */
    g->at += g->left - g->x.avail_in;
    g->left = g->x.avail_in;
    *got = size - g->x.avail_out;
    g->done = status == LZMA_STREAM_END;
    return g->done || status == LZMA_OK;
}

static bool read_packed(lf_gzip *g, uint8_t *out, size_t size, size_t *got) {
    while (*got < size && !g->done) {
        size_t n = 0;
        if (!(g->kind == GZIP ? inflate_some : unxz_some)(g, out + *got, size - *got, &n))
            return false;
        *got += n;
    }
    return true;
}

bool lf_gzip_read(lf_gzip *g, uint8_t *out, size_t size, size_t *got) {
    *got = 0;
    if (g->kind != PLAIN)
        return read_packed(g, out, size, got);
    *got = size < g->left ? size : g->left;
    if (*got == 0) /* an empty file has no address */
        return true;
    memcpy(out, g->at, *got);
    g->at += *got;
    g->left -= *got;
    return true;
}

size_t lf_gzip_bound(size_t size) {
    return size > SIZE_MAX / 1100 ? SIZE_MAX : size * 1100;
}

/* Doubles the room as it fills, so that memory follows what is really there. */
static lf_status unpack(lf_ctx *ctx, lf_gzip *g, const lf_where *where, size_t limit, uint8_t **out, size_t *out_size) {
    size_t cap = 1 << 16, used = 0, got = 0;
    uint8_t *buffer = malloc(cap);
    do {
        if (buffer != NULL && used == cap) {
            uint8_t *more = cap < limit ? realloc(buffer, cap *= 2) : NULL;
            if (more == NULL)
                free(buffer);
            buffer = more;
        }
        if (buffer == NULL)
            return lf_fail(ctx, LF_BAD_INPUT, where, "it unpacks to more than %zu bytes", limit);
        if (!lf_gzip_read(g, buffer + used, cap - used, &got)) {
            free(buffer);
            return lf_fail(ctx, LF_BAD_INPUT, where, "the compressed data are damaged or truncated");
        }
        used += got;
    } while (got > 0);
    *out = buffer;
    *out_size = used;
    return LF_OK;
}

lf_status lf_gunzip(lf_ctx *ctx, lf_arena *a, const char *file, const uint8_t *bytes, size_t size, size_t limit,
                    uint8_t **out, size_t *out_size) {
    lf_where where = {.file = file};
    lf_gzip *g = lf_gzip_open(bytes, size);
    if (g == NULL)
        return lf_fail(ctx, LF_BAD_INPUT, &where, "no memory to unpack it");
    uint8_t *raw = NULL;
    lf_status s = unpack(ctx, g, &where, limit, &raw, out_size);
    lf_gzip_close(g);
    if (s != LF_OK)
        return s;
    *out = lf_alloc_try(a, *out_size + 1, 1);
    if (*out != NULL)
        memcpy(*out, raw, *out_size);
    free(raw);
    return *out ? LF_OK : lf_fail(ctx, LF_BAD_INPUT, &where, "no memory for %zu bytes", *out_size);
}
