#include "data/set.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/text.h"
#include "data/csv_set.h"

const lf_data_source *const lf_data_sources[] = {
#define LF_DATA(name) &lf_data_##name,
#include "data/data.def"
#undef LF_DATA
    NULL,
};

static const lf_data_source *find_source(const char *name, size_t length) {
    for (size_t i = 0; lf_data_sources[i]; i++)
        if (strlen(lf_data_sources[i]->name) == length && memcmp(lf_data_sources[i]->name, name, length) == 0)
            return lf_data_sources[i];
    return NULL;
}

const char *lf_data_file(lf_arena *a, const char *dir, const char *file) {
    const char *plain = lf_path_join(a, dir, file);
    if (lf_path_exists(plain))
        return plain;
    static const char *const endings[] = {"gz", "xz"};
    for (size_t i = 0; i < LF_COUNT(endings); i++) {
        const char *packed = lf_format(a, "%s.%s", plain, endings[i]);
        if (lf_path_exists(packed))
            return packed;
    }
    return NULL;
}

bool lf_data_seed(const char *split, int64_t *seed) {
    if (strcmp(split, "train") == 0)
        *seed = 1;
    else if (strcmp(split, "test") == 0)
        *seed = 2;
    else
        return lf_parse_i64(split, seed) && *seed >= 0;
    return true;
}

static bool all_files_in(lf_arena *a, const lf_data_source *s, const char *dir) {
    for (size_t i = 0; s->files[i]; i++)
        if (lf_data_file(a, dir, s->files[i]) == NULL)
            return false;
    return true;
}

const char *lf_data_locate(lf_arena *a, const lf_data_source *s, const char *const *dirs) {
    if (s->folder == NULL)
        return "";
    for (size_t i = 0; dirs != NULL && dirs[i] != NULL; i++) {
        const char *dir = lf_path_join(a, dirs[i], s->folder);
        if (all_files_in(a, s, dir))
            return dir;
    }
    return NULL;
}

static size_t name_length(const char *spec) {
    return strcspn(spec, ":");
}

bool lf_data_is_there(const char *spec, const char *const *dirs) {
    if (lf_is_csv_set(spec))
        return true; /* a file of the user's: whoever opens it is told */
    const lf_data_source *s = find_source(spec, name_length(spec));
    lf_arena *a = lf_arena_new();
    bool there = s != NULL && a != NULL && lf_data_locate(a, s, dirs) != NULL;
    lf_arena_free(a);
    return there;
}

static void unknown_set(lf_ctx *ctx, const char *spec) {
    const char *names[16], *list = "";
    size_t n = 0;
    lf_arena *a = lf_arena_new();
    for (; lf_data_sources[n] && n < LF_COUNT(names); n++) {
        names[n] = lf_data_sources[n]->name;
        list = lf_format(a, "%s %s", list, names[n]);
    }
    const char *name = lf_strndup(a, spec, name_length(spec)), *near = lf_nearest(name, names, n);
    lf_fail(ctx, LF_BAD_INPUT, NULL, "there is no data set '%s'", name);
    list = lf_format(a, "%s, or a table of your own: rows.csv:COLUMN", list);
    if (near != NULL)
        lf_hint(ctx, "did you mean '%s'? There are:%s", near, list);
    else
        lf_hint(ctx, "there are:%s", list);
    lf_arena_free(a);
}

static void set_not_found(lf_ctx *ctx, const lf_data_source *s, const char *const *dirs) {
    lf_arena *a = lf_arena_new();
    const char *looked = "";
    for (size_t i = 0; dirs != NULL && dirs[i] != NULL; i++)
        looked = lf_format(a, "%s%s%s", looked, i ? ", " : "", lf_path_join(a, dirs[i], s->folder));
    if (*looked)
        lf_fail(ctx, LF_BAD_INPUT, NULL, "data set '%s' was not found; looked in %s", s->name, looked);
    else
        lf_fail(ctx, LF_BAD_INPUT, NULL, "data set '%s' was not found: no data directory was given", s->name);
    lf_hint(ctx, "put %s and the like into DIR/%s and give --data-dir DIR or set LUTFISK_DATA; it can be had from %s",
            s->files[0], s->folder, s->origin);
    lf_arena_free(a);
}

static lf_dataset *open_source(lf_ctx *ctx, const lf_data_source *s, const char *dir, const char *split) {
    lf_dataset *d = lf_dataset_new(ctx);
    if (d == NULL)
        return NULL;
    d->name = s->name;
    d->split = lf_strdup(d->arena, split);
    d->generated = s->folder == NULL;
    if (s->open(ctx, dir, d->split, d) == LF_OK)
        return d;
    lf_dataset_free(d);
    return NULL;
}

lf_dataset *lf_data_open(lf_ctx *ctx, const char *spec, const char *const *dirs) {
    size_t n = name_length(spec);
    if (lf_is_csv_set(spec))
        return lf_csv_set_open(ctx, spec);
    const lf_data_source *s = find_source(spec, n);
    if (s == NULL) {
        unknown_set(ctx, spec);
        return NULL;
    }
    lf_arena *scratch = lf_arena_new();
    const char *dir = lf_data_locate(scratch, s, dirs);
    lf_dataset *d = NULL;
    if (dir != NULL)
        d = open_source(ctx, s, dir, spec[n] == ':' && spec[n + 1] ? spec + n + 1 : "test");
    else
        set_not_found(ctx, s, dirs);
    lf_arena_free(scratch);
    return d;
}

lf_dataset *lf_dataset_new(lf_ctx *ctx) {
    lf_arena *a = lf_arena_new();
    if (a == NULL) {
        lf_fail(ctx, LF_FAILED, NULL, "no memory for a data set");
        return NULL;
    }
    lf_dataset *d = LF_NEW(a, lf_dataset);
    d->arena = a;
    return d;
}

void lf_dataset_free(lf_dataset *d) {
    if (d != NULL)
        lf_arena_free(d->arena);
}

void lf_dataset_fill(const lf_dataset *d, size_t first, size_t count, float *out) {
    size_t n = count * d->features;
    if (d->raw == NULL) {
        memcpy(out, d->real + first * d->features, n * sizeof *out);
        return;
    }
    const uint8_t *p = d->raw + first * d->features;
    float value[256];
    for (int i = 0; i < 256; i++)
        value[i] = (float)i / 255.0f;
    for (size_t i = 0; i < n; i++)
        out[i] = value[p[i]];
}
