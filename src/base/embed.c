#include "base/embed.h"

#include <string.h>

const lf_embed *lf_embed_find(const char *path) {
    for (size_t lo = 0, hi = lf_embed_table_count; lo < hi;) {
        size_t mid = lo + (hi - lo) / 2;
        int order = strcmp(path, lf_embed_table[mid].path);
        if (order == 0)
            return &lf_embed_table[mid];
        if (order < 0)
            hi = mid;
        else
            lo = mid + 1;
    }
    return NULL;
}

size_t lf_embed_count(void) {
    return lf_embed_table_count;
}

const lf_embed *lf_embed_at(size_t i) {
    return i < lf_embed_table_count ? &lf_embed_table[i] : NULL;
}
