#include "ir/names.h"

#include <string.h>

/* FNV-1a, 64 bits. */
static uint64_t hash_of(const char *text) {
    uint64_t h = 14695981039346656037u;
    for (; *text; text++)
        h = (h ^ (unsigned char)*text) * 1099511628211u;
    return h;
}

/* The slot that holds the text, or the free one where it would go. */
static lf_name *slot_of(const lf_names *n, const char *text, uint64_t hash) {
    size_t at = (size_t)hash & (n->capacity - 1);
    while (n->slot[at].text && (n->slot[at].hash != hash || strcmp(n->slot[at].text, text) != 0))
        at = (at + 1) & (n->capacity - 1);
    return &n->slot[at];
}

lf_name *lf_names_find(const lf_names *n, const char *text) {
    if (n->capacity == 0)
        return NULL;
    lf_name *s = slot_of(n, text, hash_of(text));
    return s->text ? s : NULL;
}

static void grow(lf_names *n, lf_arena *a) {
    lf_names bigger = {NULL, n->capacity ? n->capacity * 2 : 64, n->count};
    bigger.slot = LF_NEW_ARRAY(a, lf_name, bigger.capacity);
    for (size_t i = 0; i < n->capacity; i++)
        if (n->slot[i].text)
            *slot_of(&bigger, n->slot[i].text, n->slot[i].hash) = n->slot[i];
    *n = bigger;
}

void lf_names_set(lf_names *n, lf_arena *a, const char *text, uint32_t id) {
    if (2 * (n->count + 1) > n->capacity)
        grow(n, a);
    uint64_t hash = hash_of(text);
    lf_name *s = slot_of(n, text, hash);
    if (!s->text) {
        *s = (lf_name){text, hash, id, 1};
        n->count++;
    }
    s->id = id;
}
