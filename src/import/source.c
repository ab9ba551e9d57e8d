#include "import/source.h"

#include "base/file.h"

enum { BYTES_MOST = 1 << 30 };

lf_graph *lf_source_graph(lf_ctx *ctx, const char *name, const uint8_t *data, size_t size) {
    lf_arena *scratch = lf_arena_new();
    lf_graph *g = scratch ? lf_graph_new(ctx, lf_path_stem(scratch, name)) : NULL;
    if (g) {
        g->source = lf_strdup(g->arena, name);
        lf_sha256_hex(data, size, g->source_sha256);
    }
    lf_arena_free(scratch);
    return g;
}

lf_graph *lf_source_read(lf_ctx *ctx, const char *path, lf_source_fn *read) {
    lf_file file;
    if (lf_file_open(ctx, path, BYTES_MOST, &file) != LF_OK)
        return NULL;
    lf_graph *g = read(ctx, path, file.data, file.size);
    lf_file_close(&file);
    return g;
}
