/* Blocks in a list; an allocation is cut from the newest block or gets a block of its own. */
#include "base/arena.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fatal.h"

enum { LINE = 64, HEADER = 64 };

typedef struct block {
    struct block *next;
    char *raw;         /* what free() takes; the block is the first line boundary in it */
    size_t used, size; /* of the bytes behind the header */
} block;

_Static_assert(sizeof(block) <= HEADER, "the header of a block fits in one cache line");

struct lf_arena {
    block *newest;
    size_t used;
    size_t block_size; /* of the next shared block */
};

static char *block_bytes(block *b) {
    return (char *)b + HEADER;
}

#ifdef LF_ARENA_SEPARATE

/* Sanitizer builds: every allocation is a block of its own that ends where it ends, so that a step past it is seen. The
 * largest may end up to a line later: clearing them here would touch memory that is never used. */
enum { BLOCK_MIN = 0, BLOCK_MAX = 0, CLEARED_MAX = 1 << 20 };

static char *zeroed(size_t size) {
    if (size > CLEARED_MAX)
        return calloc(1, size + LINE - 1);
    void *p;
    return posix_memalign(&p, LINE, size) == 0 ? memset(p, 0, size) : NULL;
}

#else

enum { BLOCK_MIN = 4 << 10, BLOCK_MAX = 256 << 10 };

/* calloc, not memset: the system hands large blocks out as zero pages that cost nothing until touched. */
static char *zeroed(size_t size) {
    return calloc(1, size + LINE - 1);
}

#endif

static block *block_new(size_t size) {
    if (size > SIZE_MAX - HEADER - LINE)
        return NULL;
    char *raw = zeroed(size + HEADER);
    if (!raw)
        return NULL;
    size_t skip = (LINE - (uintptr_t)raw % LINE) % LINE;
    block *b = (block *)(void *)(raw + skip);
    b->raw = raw;
    b->size = size;
    return b;
}

lf_arena *lf_arena_new(void) {
    lf_arena *a = calloc(1, sizeof *a);
    if (a)
        a->block_size = BLOCK_MIN;
    return a;
}

void lf_arena_reset(lf_arena *a) {
    for (block *b = a->newest, *next; b; b = next) {
        next = b->next;
        free(b->raw);
    }
    *a = (lf_arena){.block_size = BLOCK_MIN};
}

void lf_arena_free(lf_arena *a) {
    if (!a)
        return;
    lf_arena_reset(a);
    free(a);
}

size_t lf_arena_used(const lf_arena *a) {
    return a->used;
}

static void *cut(block *b, size_t size, size_t align) {
    size_t at = (b->used + align - 1) / align * align;
    if (at > b->size || size > b->size - at)
        return NULL;
    b->used = at + size;
    return block_bytes(b) + at;
}

/* A block for one large allocation goes behind the newest one, whose rest stays in use. */
static void *own_block(lf_arena *a, size_t size) {
    block *b = block_new(size);
    if (!b)
        return NULL;
    b->used = size;
    if (a->newest) {
        b->next = a->newest->next;
        a->newest->next = b;
    } else {
        a->newest = b;
    }
    return block_bytes(b);
}

static void *shared_block(lf_arena *a, size_t size) {
    block *b = block_new(a->block_size);
    if (!b)
        return NULL;
    b->next = a->newest;
    a->newest = b;
    if (a->block_size != BLOCK_MAX)
        a->block_size *= 2;
    b->used = size;
    return block_bytes(b);
}

static void *allocate(lf_arena *a, size_t size) {
    size_t align = size >= LINE ? LINE : 16;
    void *p = a->newest ? cut(a->newest, size, align) : NULL;
    if (!p)
        p = size > a->block_size / 4 ? own_block(a, size) : shared_block(a, size);
    if (p)
        a->used += size;
    return p;
}

static bool product(size_t count, size_t size, size_t *out) {
    if (size && count > SIZE_MAX / size)
        return false;
    *out = count * size;
    return true;
}

/* An allocation of no bytes is given one, so that every pointer is valid and unlike the others. */
void *lf_alloc(lf_arena *a, size_t size) {
    void *p = allocate(a, size ? size : 1);
    if (!p)
        lf_out_of_memory(size);
    return p;
}

void *lf_alloc_array(lf_arena *a, size_t count, size_t size) {
    size_t total;
    if (!product(count, size, &total))
        lf_out_of_memory(SIZE_MAX);
    return lf_alloc(a, total);
}

void *lf_alloc_try(lf_arena *a, size_t count, size_t size) {
    size_t total;
    if (!product(count, size, &total))
        return NULL;
    return allocate(a, total ? total : 1);
}

void *lf_copy(lf_arena *a, const void *data, size_t size) {
    if (!data)
        return NULL;
    void *p = lf_alloc(a, size);
    if (size)
        memcpy(p, data, size);
    return p;
}

char *lf_strndup(lf_arena *a, const char *s, size_t n) {
    if (!s)
        return NULL;
    size_t len = strnlen(s, n);
    char *p = lf_alloc(a, len + 1);
    memcpy(p, s, len);
    return p;
}

char *lf_strdup(lf_arena *a, const char *s) {
    return s ? lf_strndup(a, s, strlen(s)) : NULL;
}

char *lf_format(lf_arena *a, const char *fmt, ...) {
    va_list args;
    va_start(args, fmt);
    char *s = lf_vformat(a, fmt, args);
    va_end(args);
    return s;
}

char *lf_vformat(lf_arena *a, const char *fmt, va_list args) {
    va_list again;
    va_copy(again, args);
    int len = vsnprintf(NULL, 0, fmt, again);
    va_end(again);
    size_t size = len < 0 ? 1 : (size_t)len + 1;
    char *s = lf_alloc(a, size);
    if (len > 0)
        vsnprintf(s, size, fmt, args);
    return s;
}

void *lf_vec_grow(lf_arena *a, void *old, size_t *cap, size_t size) {
    size_t want = *cap ? *cap * 2 : 8;
    void *p = lf_alloc_array(a, want, size);
    if (*cap)
        memcpy(p, old, *cap * size);
    *cap = want;
    return p;
}
