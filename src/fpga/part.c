#include "fpga/part.h"

#include <string.h>

#include "base/embed.h"
#include "base/text.h"

static const char prefix[] = "share/parts/";

/* A line "key value"; the value goes to the end of the line. */
static void set_field(lf_ctx *ctx, lf_part *p, const char *key, const char *value) {
    const struct {
        const char *key;
        int64_t *at;
    } numbers[] = {{"lut", &p->lut},   {"ff", &p->ff},   {"bram", &p->bram},
                   {"uram", &p->uram}, {"dsp", &p->dsp}, {"lut_inputs", &p->lut_inputs}};
    if (!strcmp(key, "family"))
        p->family = lf_strdup(lf_ctx_arena(ctx), value);
    if (!strcmp(key, "help"))
        p->help = lf_strdup(lf_ctx_arena(ctx), value);
    for (size_t i = 0; i < LF_COUNT(numbers); i++)
        if (!strcmp(key, numbers[i].key))
            (void)lf_parse_i64(value, numbers[i].at);
}

static lf_part read_part(lf_ctx *ctx, const lf_embed *file) {
    lf_arena *a = lf_ctx_arena(ctx);
    lf_part p = {.name = lf_strdup(a, file->path + sizeof prefix - 1), .lut_inputs = 6};
    char *text = lf_strndup(a, (const char *)file->data, file->size);
    char *save = NULL;
    for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
        char *space = strchr(line, ' ');
        if (*line == '#' || !space)
            continue;
        *space = 0;
        set_field(ctx, &p, line, space + 1);
    }
    return p;
}

const lf_part *lf_part_all(lf_ctx *ctx, size_t *count) {
    LF_VEC(lf_part) parts = {0};
    for (size_t i = 0; i < lf_embed_count(); i++)
        if (!strncmp(lf_embed_at(i)->path, prefix, sizeof prefix - 1))
            LF_PUSH(lf_ctx_arena(ctx), &parts, read_part(ctx, lf_embed_at(i)));
    *count = parts.count;
    return parts.at;
}

static const char *usual_part(const char *family) {
    static const char *const usual[][2] = {
        {"xc7", "xc7z020"}, {"xcup", "xczu7ev"}, {"ice40", "ice40hx8k"}, {"ecp5", "ecp5-85k"}};
    for (size_t i = 0; i < LF_COUNT(usual); i++)
        if (!strcmp(usual[i][0], family))
            return usual[i][1];
    return family;
}

const lf_part *lf_part_find(lf_ctx *ctx, const char *name) {
    size_t count;
    const lf_part *all = lf_part_all(ctx, &count), *best = NULL;
    const char *wanted = usual_part(name);
    for (size_t i = 0; i < count; i++)
        if (!strncmp(wanted, all[i].name, strlen(all[i].name)) && (!best || strlen(all[i].name) > strlen(best->name)))
            best = &all[i];
    if (best)
        return best;
    const char **known = LF_NEW_ARRAY(lf_ctx_arena(ctx), const char *, count + 1);
    for (size_t i = 0; i < count; i++)
        known[i] = all[i].name;
    const char *near = lf_nearest(name, known, count);
    lf_fail(ctx, LF_BAD_INPUT, NULL, "no part is called \"%s\"", name);
    lf_hint(ctx, "%s%s%s`lutfisk list boards` shows all; families are xc7 xcup ice40 ecp5", near ? "did you mean " : "",
            near ? near : "", near ? "? " : "");
    return NULL;
}
