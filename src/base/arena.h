/* Memory with one lifetime: everything allocated in an arena dies with it.
 * Not thread-safe: one arena, one thread at a time. */
#ifndef LF_BASE_ARENA_H
#define LF_BASE_ARENA_H

#include <stdarg.h>
#include <stddef.h>

#include "base/compiler.h"

typedef struct lf_arena lf_arena;

/* A new, empty arena; NULL when memory is out. lf_arena_free(NULL) does nothing. */
lf_arena *lf_arena_new(void);
void lf_arena_free(lf_arena *a);

/* Gives back every block but keeps the arena. */
void lf_arena_reset(lf_arena *a);

/* `size` zeroed bytes, aligned to 64 for blocks of 64 bytes or more, else to 16. Never NULL: when the
 * system has no more memory the process ends with a sentence on stderr, so use it for what our own code
 * decides the size of. A size that comes from a file goes through lf_alloc_try. */
void *lf_alloc(lf_arena *a, size_t size) LF_MALLOC;
void *lf_alloc_array(lf_arena *a, size_t count, size_t size) LF_MALLOC; /* checks the product */

/* Like lf_alloc_array, but NULL when the product overflows or memory is out. */
void *lf_alloc_try(lf_arena *a, size_t count, size_t size);

/* Not zeroed, NULL-safe copies. */
void *lf_copy(lf_arena *a, const void *data, size_t size);
char *lf_strdup(lf_arena *a, const char *s);
char *lf_strndup(lf_arena *a, const char *s, size_t n);
char *lf_format(lf_arena *a, const char *fmt, ...) LF_PRINTF(2, 3);
char *lf_vformat(lf_arena *a, const char *fmt, va_list args) LF_PRINTF(2, 0);

/* Bytes handed out so far (for tests and statistics). */
size_t lf_arena_used(const lf_arena *a);

#define LF_NEW(arena, type) ((type *)lf_alloc((arena), sizeof(type)))
#define LF_NEW_ARRAY(arena, type, n) ((type *)lf_alloc_array((arena), (size_t)(n), sizeof(type)))

/* A growing array in an arena: `LF_PUSH(arena, v, item)` where v is a struct { T *at; size_t count, cap; }. */
#define LF_VEC(type)       \
    struct {               \
        type *at;          \
        size_t count, cap; \
    }
#define LF_PUSH(arena, v, ...)                                                   \
    do {                                                                         \
        if ((v)->count == (v)->cap)                                              \
            (v)->at = lf_vec_grow((arena), (v)->at, &(v)->cap, sizeof *(v)->at); \
        (v)->at[(v)->count++] = (__VA_ARGS__);                                   \
    } while (0)
void *lf_vec_grow(lf_arena *a, void *old, size_t *cap, size_t size);

#endif
