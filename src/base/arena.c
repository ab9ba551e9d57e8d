/* Blocks in a list; an allocation is cut from the newest block or begins another one. */
#include "base/arena.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/fatal.h"

enum { LINE = 64, HEADER = 64 };

typedef struct block {
    struct block *next;
    char *raw;         /* what is given back; the block is the first boundary in it */
    size_t mapped;     /* bytes of pages of its own at raw; 0: free() takes it */
    size_t used, size; /* of the bytes behind the header */
} block;

_Static_assert(sizeof(block) <= HEADER, "the header of a block fits in one cache line");

struct lf_arena {
    block *newest;
    size_t used;
    size_t block_size; /* of the next shared block, with its header */
};

static char *block_bytes(block *b) {
    return (char *)b + HEADER;
}

/* size: with its header. */
static block *block_of(char *raw, size_t boundary, size_t size, size_t mapped) {
    if (!raw)
        return NULL;
    block *b = (block *)(void *)(raw + (boundary - (uintptr_t)raw % boundary) % boundary);
    *b = (block){.raw = raw, .mapped = mapped, .size = size - HEADER};
    return b;
}

#ifdef LF_ARENA_SEPARATE

/* Sanitizer builds: every allocation is a block of its own that ends where it ends, so that a step past it is seen. The
 * largest may end up to a line later: clearing them here would touch memory that is never used. */
enum { BLOCK_MIN = 0, BLOCK_MAX = 0, CLEARED_MAX = 1 << 20 };

static block *zeroed(size_t size) {
    void *p = NULL;
    if (size > CLEARED_MAX)
        p = calloc(1, size + LINE - 1);
    else if (posix_memalign(&p, LINE, size) == 0)
        memset(p, 0, size);
    return block_of(p, LINE, size, 0);
}

#else

enum { HUGE_PAGE = 2 << 20, MAPPED_MIN = 256 << 10, BLOCK_MIN = 4 << 10, BLOCK_MAX = HUGE_PAGE };

static char *map(size_t size) {
    char *at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (at == MAP_FAILED)
        return NULL;
#ifdef MADV_HUGEPAGE
    (void)madvise(at, size, MADV_HUGEPAGE); /* an advice: where it is not taken, nothing is lost */
#endif
    return at;
}

/* calloc, not memset: the system hands large blocks out as zero pages that cost nothing until touched. Huge pages where
 * there are some: page by page, the first touches take as long as the work that is done there. */
static block *zeroed(size_t size) {
    if (size < MAPPED_MIN)
        return block_of(calloc(1, size + LINE - 1), LINE, size, 0);
    size = (size + HUGE_PAGE - 1) / HUGE_PAGE * HUGE_PAGE;
    return block_of(map(size + HUGE_PAGE - 1), HUGE_PAGE, size, size + HUGE_PAGE - 1);
}

#endif

/* For so many bytes at least. */
static block *block_new(size_t size) {
    return size > SIZE_MAX / 2 ? NULL : zeroed(size + HEADER);
}

static void block_free(block *b) {
    if (b->mapped)
        munmap(b->raw, b->mapped);
    else
        free(b->raw);
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
        block_free(b);
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

static size_t rest(const block *b) {
    return b ? b->size - b->used : 0;
}

/* The newest is the one with the most left. */
static void *first_of(lf_arena *a, block *b, size_t size) {
    if (!b)
        return NULL;
    b->used = size;
    if (!a->newest || rest(b) >= rest(a->newest)) {
        b->next = a->newest;
        a->newest = b;
    } else {
        b->next = a->newest->next;
        a->newest->next = b;
    }
    return block_bytes(b);
}

/* A large allocation does not take the room of a whole shared block. */
static void *in_new_block(lf_arena *a, size_t size) {
    if (size > a->block_size / 4)
        return first_of(a, block_new(size), size);
    void *p = first_of(a, block_new(a->block_size - HEADER), size);
    if (p && a->block_size != BLOCK_MAX)
        a->block_size *= 2;
    return p;
}

static void *allocate(lf_arena *a, size_t size) {
    size_t align = size >= LINE ? LINE : 16;
    void *p = a->newest ? cut(a->newest, size, align) : NULL;
    if (!p)
        p = in_new_block(a, size);
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
