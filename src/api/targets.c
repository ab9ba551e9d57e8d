#include "api/targets.h"

#include <string.h>

#include "base/file.h"
#include "base/text.h"
#include "data/table_rows.h"

typedef struct path_list {
    lf_arena *arena;
    LF_VEC(const char *) at;
} path_list;

/* A text's weights lie beside it. */
static void add(path_list *l, const char *path) {
    LF_PUSH(l->arena, &l->at, path);
    if (lf_ends_with(path, ".lf"))
        LF_PUSH(l->arena, &l->at, lf_format(l->arena, "%sw", path));
}

/* "NAME=FILE" may also be the name of a file. */
static void add_spec(path_list *l, const char *spec) {
    const char *equals = strchr(spec, '=');
    add(l, spec);
    if (equals && equals[1])
        add(l, equals + 1);
}

static void add_sources(path_list *l, const lf_sources *in) {
    static const char *const of_build[] = {"model.lf", "network.lf", "report.json", "folding.json"};
    bool build = in->model && lf_is_dir(in->model);
    if (in->model && !build)
        add(l, in->model);
    for (size_t i = 0; build && i < LF_COUNT(of_build); i++)
        add(l, lf_path_join(l->arena, in->model, of_build[i]));
    for (size_t i = 0; in->rows && in->rows[i]; i++)
        add_spec(l, in->rows[i]);
    size_t table = in->set ? lf_csv_path_length(in->set) : 0;
    if (table)
        add(l, lf_strndup(l->arena, in->set, table));
    for (size_t i = 0; in->more && in->more[i]; i++)
        add(l, in->more[i]);
}

static lf_status refuse(lf_ctx *ctx, const char *option, const char *path, const char *source) {
    lf_status status = lf_fail(ctx, LF_BAD_INPUT, NULL, "%s %s would overwrite the input %s", option, path, source);
    lf_hint(ctx, "name another file; where the old one is not wanted any more, move the new one over it afterwards");
    return status;
}

/* What is simulated and driven with lies in folders of the build: nothing in them is for others to write. */
static bool is_of_build(lf_arena *a, const char *path, const char *model) {
    static const char *const folders[] = {"rtl", "tb", "weights"};
    bool lies = false;
    for (size_t i = 0; model && !lies && i < LF_COUNT(folders); i++)
        lies = lf_lies_in(path, lf_path_join(a, model, folders[i]));
    return lies;
}

lf_status lf_check_target(lf_ctx *ctx, const char *option, const char *path, const lf_sources *in) {
    lf_arena *a = lf_arena_new();
    path_list sources = {.arena = a}, written = {.arena = a};
    lf_status status = LF_OK;
    add_sources(&sources, in);
    if (path)
        add_spec(&written, path);
    for (size_t i = 0; i < written.at.count; i++) {
        if (status == LF_OK && is_of_build(a, written.at.at[i], in->model))
            status = refuse(ctx, option, path, written.at.at[i]);
        for (size_t k = 0; status == LF_OK && k < sources.at.count; k++)
            if (lf_same_file(written.at.at[i], sources.at.at[k]))
                status = refuse(ctx, option, path, sources.at.at[k]);
    }
    lf_arena_free(a);
    if (status == LF_OK && path && !strchr(path, '=')) /* else it is not known yet which part names the file */
        status = lf_file_writable(ctx, path);
    return status;
}

static const char *file_of(const char *spec) {
    const char *equals = strchr(spec, '=');
    return equals && equals[1] ? equals + 1 : spec;
}

lf_status lf_check_targets(lf_ctx *ctx, const char *option, lf_strings paths, const lf_sources *in) {
    for (size_t i = 0; paths && paths[i]; i++) {
        LF_TRY(lf_check_target(ctx, option, paths[i], in));
        for (size_t k = 0; k < i; k++)
            if (!strcmp(file_of(paths[i]), file_of(paths[k])) || lf_same_file(file_of(paths[i]), file_of(paths[k])))
                return lf_fail(ctx, LF_BAD_INPUT, NULL,
                               "%s %s and %s %s name the same file: the second would replace the first", option,
                               paths[k], option, paths[i]);
    }
    return LF_OK;
}

lf_status lf_check_target_dir(lf_ctx *ctx, const char *option, const char *dir, const lf_sources *in) {
    path_list sources = {.arena = lf_arena_new()};
    lf_status status = LF_OK;
    add_sources(&sources, in);
    for (size_t k = 0; status == LF_OK && k < sources.at.count; k++) {
        if (!lf_lies_in(sources.at.at[k], dir))
            continue;
        status = lf_fail(ctx, LF_BAD_INPUT, NULL, "%s %s would be replaced whole, with the input %s in it", option, dir,
                         sources.at.at[k]);
        lf_hint(ctx, "name another directory, or move the input out of this one");
    }
    lf_arena_free(sources.arena);
    return status;
}
