/* Which reader a file is for: decided by its content, never by its name. */
#include "import/import.h"

#include <string.h>

#include "base/file.h"
#include "ir/lftext.h"
#include "ops/ops.h"

typedef bool recognise_fn(const uint8_t *data, size_t size);
typedef lf_graph *read_fn(lf_ctx *ctx, const char *path);

typedef struct format {
    const char *name;
    recognise_fn *recognise;
    read_fn *read; /* NULL: known, but not in this version */
    const char *remedy;
} format;

static bool starts_with(const uint8_t *data, size_t size, const char *text, size_t len) {
    return size >= len && !memcmp(data, text, len);
}

/* The first byte that is not white space, or the end. */
static size_t skip_blank(const uint8_t *data, size_t size) {
    size_t i = 0;
    while (i < size && strchr(" \t\r\n", data[i]) && data[i])
        i++;
    return i;
}

/* Comments may stand before the first word. */
static size_t skip_comments(const uint8_t *data, size_t size) {
    size_t i = skip_blank(data, size);
    while (i < size && data[i] == '#') {
        const uint8_t *end = memchr(data + i, '\n', size - i);
        i = end ? (size_t)(end - data) : size;
        i += skip_blank(data + i, size - i);
    }
    return i;
}

static bool is_lf_text(const uint8_t *data, size_t size) {
    static const char word[] = "lutfisk ";
    size_t i = skip_comments(data, size);
    return starts_with(data + i, size - i, word, sizeof word - 1);
}

static bool is_hdf5(const uint8_t *data, size_t size) {
    return starts_with(data, size, "\x89HDF\r\n\x1a\n", 8);
}

static bool is_zip(const uint8_t *data, size_t size) {
    return starts_with(data, size, "PK\x03\x04", 4);
}

static bool is_json(const uint8_t *data, size_t size) {
    size_t i = skip_blank(data, size);
    i += i < size && data[i] == '{' ? 1 + skip_blank(data + i + 1, size - i - 1) : size - i;
    return i < size && (data[i] == '"' || data[i] == '}');
}

/* The first word that is no comment. */
static bool is_blif(const uint8_t *data, size_t size) {
    static const char *const words[] = {".model", ".inputs", ".outputs", ".names"};
    size_t i = skip_comments(data, size);
    for (size_t w = 0; w < LF_COUNT(words); w++)
        if (starts_with(data + i, size - i, words[w], strlen(words[w])))
            return true;
    return false;
}

static lf_graph *read_lf_text(lf_ctx *ctx, const char *path) {
    return lf_graph_load(ctx, path, lf_op_find);
}

#define LF_FORMAT(name, recognise, read, remedy) {name, recognise, read, remedy},
static const format formats[] = {
#include "import/import.def"
};
#undef LF_FORMAT

static const format *format_of(const uint8_t *data, size_t size) {
    for (size_t i = 0; i < LF_COUNT(formats); i++)
        if (formats[i].recognise(data, size))
            return &formats[i];
    return NULL;
}

static lf_graph *import_file(lf_ctx *ctx, const char *path) {
    lf_where where = {.file = path};
    lf_file file;
    if (lf_file_open(ctx, path, 0, &file) != LF_OK)
        return NULL;
    const format *f = file.size ? format_of(file.data, file.size) : NULL;
    bool empty = file.size == 0;
    lf_file_close(&file);
    if (f && f->read)
        return f->read(ctx, path);
    if (f)
        lf_fail(ctx, LF_BAD_INPUT, &where, "a file in the format %s: not in this version", f->name);
    else
        lf_fail(ctx, LF_BAD_INPUT, &where, empty ? "the file is empty" : "the content is of no format that is known");
    lf_hint(ctx, "%s",
            f ? f->remedy
              : "networks are read from ONNX files, the JSON and BLIF files of table networks, lutfisk's own text form "
                "(.lf), or the directory of a build");
    return NULL;
}

lf_graph *lf_import(lf_ctx *ctx, const char *path) {
    if (!lf_is_dir(path))
        return import_file(ctx, path);
    lf_arena *scratch = lf_arena_new();
    const char *inside = lf_path_join(scratch, path, "model.lf");
    lf_graph *g = NULL;
    if (lf_path_exists(inside))
        g = import_file(ctx, inside);
    else
        lf_fail(ctx, LF_BAD_INPUT, &(lf_where){.file = path},
                "this directory is not that of a build: it has no model.lf");
    lf_arena_free(scratch);
    return g;
}
