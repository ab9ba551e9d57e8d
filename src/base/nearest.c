/* "Did you mean": the optimal string alignment distance (a swap of neighbours counts once), letters' case ignored. */
#include <string.h>

#include "base/ctx.h"

enum { WORD_MAX = 64 };

static int lower(char c) {
    return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c;
}

static int min3(int a, int b, int c) {
    int m = a < b ? a : b;
    return m < c ? m : c;
}

static int distance(const char *a, size_t na, const char *b, size_t nb) {
    int rows[3][WORD_MAX + 1];
    int *before = rows[0], *last = rows[1], *now = rows[2];
    for (size_t j = 0; j <= nb; j++)
        last[j] = (int)j;
    for (size_t i = 1; i <= na; i++) {
        now[0] = (int)i;
        for (size_t j = 1; j <= nb; j++) {
            int ca = lower(a[i - 1]), cb = lower(b[j - 1]);
            now[j] = min3(last[j] + 1, now[j - 1] + 1, last[j - 1] + (ca != cb));
            if (i > 1 && j > 1 && ca == lower(b[j - 2]) && lower(a[i - 2]) == cb && before[j - 2] + 1 < now[j])
                now[j] = before[j - 2] + 1;
        }
        int *spare = before;
        before = last;
        last = now;
        now = spare;
    }
    return last[nb];
}

const char *lf_nearest(const char *word, const char *const *known, size_t count) {
    size_t len = strlen(word);
    if (len == 0 || len > WORD_MAX)
        return NULL;
    int limit = len < 3 ? 1 : (int)(len + 2) / 3;
    const char *best = NULL;
    for (size_t i = 0; i < count; i++) {
        size_t n = strlen(known[i]);
        if (n == 0 || n > WORD_MAX)
            continue;
        int d = distance(word, len, known[i], n);
        if (d < (int)n && d <= limit) {
            best = known[i];
            limit = d - 1;
        }
    }
    return best;
}
