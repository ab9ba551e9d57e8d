/* .npz: a zip archive of .npy files, through libzip. */
#include <string.h>
#include <zip.h>

#include "base/file.h"
#include "data/npy.h"

/* Deflate cannot expand more than 1032 times; an entry that claims more is lying about its size. */
enum { MAX_EXPANSION = 1100 };

typedef struct archive {
    lf_ctx *ctx;
    lf_where where;
    lf_file file;
    zip_t *zip;
} archive;

static lf_status zip_trouble(archive *z, zip_error_t *e, const char *what) {
    lf_status s = lf_fail(z->ctx, LF_BAD_INPUT, &z->where, "%s: %s", what, zip_error_strerror(e));
    zip_error_fini(e);
    return s;
}

static lf_status archive_open(archive *z, lf_ctx *ctx, const char *path) {
    *z = (archive){.ctx = ctx, .where = {.file = path}};
    LF_TRY(lf_file_open(ctx, path, 0, &z->file));
    zip_error_t e;
    zip_error_init(&e);
    zip_source_t *source = zip_source_buffer_create(z->file.data, z->file.size, 0, &e);
    if (source != NULL) {
        z->zip = zip_open_from_source(source, ZIP_RDONLY, &e);
        if (z->zip == NULL)
            zip_source_free(source);
    }
    if (z->zip == NULL) {
        lf_file_close(&z->file);
        return zip_trouble(z, &e, "this is not a readable .npz archive");
    }
    zip_error_fini(&e);
    return LF_OK;
}

static void archive_close(archive *z) {
    zip_discard(z->zip);
    lf_file_close(&z->file);
}

static lf_status read_entry_bytes(archive *z, lf_arena *a, zip_uint64_t i, const char *name, const uint8_t **bytes,
                                  size_t *size) {
    zip_stat_t st;
    zip_stat_init(&st);
    if (zip_stat_index(z->zip, i, 0, &st) != 0 || !(st.valid & ZIP_STAT_SIZE))
        return lf_fail(z->ctx, LF_BAD_INPUT, &z->where, "entry %s has no size", name);
    if (st.size / MAX_EXPANSION > z->file.size)
        return lf_fail(z->ctx, LF_BAD_INPUT, &z->where, "entry %s claims more bytes than the archive can hold", name);
    uint8_t *data = lf_alloc_try(a, (size_t)st.size + 1, 1);
    zip_file_t *f = data ? zip_fopen_index(z->zip, i, 0) : NULL;
    if (f == NULL)
        return lf_fail(z->ctx, LF_BAD_INPUT, &z->where, "entry %s cannot be opened: %s", name,
                       data ? zip_strerror(z->zip) : "no memory");
    /* One byte more than promised, so that the end is reached and libzip compares the checksum. */
    zip_int64_t got = zip_fread(f, data, st.size + 1);
    bool whole = got >= 0 && (zip_uint64_t)got == st.size && zip_fread(f, data + got, 1) == 0;
    zip_fclose(f);
    if (!whole)
        return lf_fail(z->ctx, LF_BAD_INPUT, &z->where, "entry %s is damaged or truncated", name);
    *bytes = data;
    *size = (size_t)st.size;
    return LF_OK;
}

static lf_status read_entry(archive *z, lf_arena *a, zip_uint64_t i, lf_array *out) {
    const char *name = zip_get_name(z->zip, i, ZIP_FL_ENC_RAW);
    const char *label = lf_format(a, "%s:%s", z->where.file, name ? name : "?");
    const uint8_t *bytes = NULL;
    size_t size = 0;
    LF_TRY(read_entry_bytes(z, a, i, name ? name : "?", &bytes, &size));
    return lf_npy_parse(z->ctx, a, label, bytes, size, out);
}

static const char *array_name(lf_arena *a, const char *entry) {
    size_t n = strlen(entry);
    return lf_strndup(a, entry, n > 4 && strcmp(entry + n - 4, ".npy") == 0 ? n - 4 : n);
}

static lf_status read_all(archive *z, lf_arena *a, lf_named_array **out, size_t *count) {
    zip_int64_t n = zip_get_num_entries(z->zip, 0);
    if (n <= 0)
        return lf_fail(z->ctx, LF_BAD_INPUT, &z->where, "the archive holds no arrays");
    lf_named_array *v = lf_alloc_try(a, (size_t)n, sizeof *v);
    if (v == NULL)
        return lf_fail(z->ctx, LF_BAD_INPUT, &z->where, "no memory for %lld arrays", (long long)n);
    for (zip_int64_t i = 0; i < n; i++) {
        const char *entry = zip_get_name(z->zip, (zip_uint64_t)i, ZIP_FL_ENC_RAW);
        v[i].name = array_name(a, entry ? entry : "");
        LF_TRY(read_entry(z, a, (zip_uint64_t)i, &v[i].array));
    }
    *out = v;
    *count = (size_t)n;
    return LF_OK;
}

lf_status lf_npz_read(lf_ctx *ctx, lf_arena *a, const char *path, lf_named_array **out, size_t *count) {
    archive z;
    LF_TRY(archive_open(&z, ctx, path));
    lf_status s = read_all(&z, a, out, count);
    archive_close(&z);
    return s;
}

static lf_status name_absent(archive *z, lf_arena *a, const char *name) {
    const char *list = "";
    zip_int64_t n = zip_get_num_entries(z->zip, 0);
    for (zip_int64_t i = 0; i < n && i < 20; i++) {
        const char *entry = zip_get_name(z->zip, (zip_uint64_t)i, ZIP_FL_ENC_RAW);
        list = lf_format(a, "%s%s%s", list, i ? ", " : "", array_name(a, entry ? entry : ""));
    }
    return lf_fail(z->ctx, LF_BAD_INPUT, &z->where, "there is no array '%s'; there are: %s", name, list);
}

static lf_status read_named(archive *z, lf_arena *a, const char *name, lf_array *out) {
    zip_int64_t n = zip_get_num_entries(z->zip, 0);
    for (zip_int64_t i = 0; i < n; i++) {
        const char *entry = zip_get_name(z->zip, (zip_uint64_t)i, ZIP_FL_ENC_RAW);
        if (entry != NULL && strcmp(array_name(a, entry), name) == 0)
            return read_entry(z, a, (zip_uint64_t)i, out);
    }
    return name_absent(z, a, name);
}

lf_status lf_npz_read_one(lf_ctx *ctx, lf_arena *a, const char *path, const char *name, lf_array *out) {
    archive z;
    LF_TRY(archive_open(&z, ctx, path));
    lf_status s = read_named(&z, a, name, out);
    archive_close(&z);
    return s;
}

bool lf_is_npz(const char *path) {
    lf_ctx *quiet = lf_ctx_new(1);
    lf_file f;
    bool zip = lf_file_open(quiet, path, 0, &f) == LF_OK;
    if (zip) {
        zip = f.size >= 4 && memcmp(f.data, "PK\x03\x04", 4) == 0;
        lf_file_close(&f);
    }
    lf_ctx_free(quiet);
    return zip;
}

/* -- writing ---------------------------------------------------------------------------------------------------- */

enum { DOS_1980 = 1 << 5 | 1 }; /* 1 January 1980, the zero of zip's clock */

static bool add_entry(zip_t *zip, lf_arena *a, const lf_named_array *x) {
    size_t size = 0;
    uint8_t *bytes = lf_npy_format(a, &x->array, &size);
    zip_source_t *source = bytes ? zip_source_buffer(zip, bytes, size, 0) : NULL;
    if (source == NULL)
        return false;
    zip_int64_t i = zip_file_add(zip, lf_format(a, "%s.npy", x->name), source, ZIP_FL_ENC_UTF_8);
    if (i < 0) {
        zip_source_free(source);
        return false;
    }
    return zip_set_file_compression(zip, (zip_uint64_t)i, ZIP_CM_STORE, 0) == 0 &&
           zip_file_set_dostime(zip, (zip_uint64_t)i, 0, DOS_1980, 0) == 0;
}

static lf_status write_source(lf_ctx *ctx, lf_arena *a, const char *path, zip_source_t *source) {
    lf_where where = {.file = path};
    zip_stat_t st;
    zip_stat_init(&st);
    if (zip_source_stat(source, &st) != 0 || zip_source_open(source) != 0)
        return lf_fail(ctx, LF_BAD_INPUT, &where, "the archive could not be made");
    uint8_t *bytes = lf_alloc_try(a, (size_t)st.size + 1, 1);
    zip_int64_t got = bytes ? zip_source_read(source, bytes, st.size) : -1;
    zip_source_close(source);
    if (got < 0 || (zip_uint64_t)got != st.size)
        return lf_fail(ctx, LF_BAD_INPUT, &where, "the archive could not be made");
    return lf_file_write(ctx, path, bytes, (size_t)st.size);
}

static lf_status build_archive(lf_ctx *ctx, lf_arena *a, const char *path, zip_source_t *source,
                               const lf_named_array *arrays, size_t count) {
    lf_where where = {.file = path};
    zip_source_keep(source); /* zip_close drops one reference */
    zip_t *zip = zip_open_from_source(source, ZIP_TRUNCATE, NULL);
    if (zip == NULL) {
        zip_source_free(source);
        return lf_fail(ctx, LF_BAD_INPUT, &where, "the archive could not be made");
    }
    for (size_t i = 0; i < count; i++)
        if (!add_entry(zip, a, &arrays[i])) {
            lf_status s = lf_fail(ctx, LF_BAD_INPUT, &where, "array '%s' could not be added: %s", arrays[i].name,
                                  zip_strerror(zip));
            zip_discard(zip);
            return s;
        }
    if (zip_close(zip) != 0) {
        zip_discard(zip);
        return lf_fail(ctx, LF_BAD_INPUT, &where, "the archive could not be made");
    }
    return write_source(ctx, a, path, source);
}

lf_status lf_npz_write(lf_ctx *ctx, const char *path, const lf_named_array *arrays, size_t count) {
    lf_where where = {.file = path};
    lf_arena *a = lf_arena_new();
    zip_source_t *source = zip_source_buffer_create(NULL, 0, 0, NULL);
    lf_status s = a && source ? build_archive(ctx, a, path, source, arrays, count)
                              : lf_fail(ctx, LF_BAD_INPUT, &where, "no memory for the archive");
    if (source != NULL)
        zip_source_free(source);
    lf_arena_free(a);
    return s;
}
