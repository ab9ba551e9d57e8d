#include "base/json.h"

#include "base/file.h"

lf_status lf_json_parse(lf_ctx *ctx, const char *name, const void *data, size_t size, json_t **out) {
    json_error_t e;
    *out = NULL;
    if (!size)
        return lf_fail(ctx, LF_BAD_INPUT, &(lf_where){.file = name}, "the file is empty");
    *out = json_loadb(data, size, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &e);
    if (*out)
        return LF_OK;
    lf_where where = {.file = name, .line = e.line, .column = e.column};
    return lf_fail(ctx, LF_BAD_INPUT, &where, "not valid JSON: %s", e.text);
}

lf_status lf_json_load(lf_ctx *ctx, const char *path, size_t max_size, json_t **out) {
    lf_file f;
    *out = NULL;
    LF_TRY(lf_file_open(ctx, path, max_size, &f));
    lf_status status = lf_json_parse(ctx, path, f.data, f.size, out);
    lf_file_close(&f);
    return status;
}

static bool is_flat(const json_t *v) {
    if (json_is_array(v)) {
        for (size_t i = 0; i < json_array_size(v); i++)
            if (json_is_array(json_array_get(v, i)) || json_is_object(json_array_get(v, i)))
                return false;
        return true;
    }
    json_t *o = (json_t *)(uintptr_t)v;
    for (void *i = json_object_iter(o); i; i = json_object_iter_next(o, i))
        if (json_is_array(json_object_iter_value(i)) || json_is_object(json_object_iter_value(i)))
            return false;
    return true;
}

static void print(lf_text *t, const json_t *v, int level);

static void line(lf_text *t, bool flat, int level) {
    if (!flat)
        lf_text_addf(t, "\n%*s", 2 * level, "");
}

static void print_array(lf_text *t, const json_t *v, int level) {
    bool flat = is_flat(v);
    size_t n = json_array_size(v);
    lf_text_add(t, "[");
    for (size_t i = 0; i < n; i++) {
        lf_text_add(t, i == 0 ? "" : flat ? ", " : ",");
        line(t, flat, level + 1);
        print(t, json_array_get(v, i), level + 1);
    }
    line(t, flat || n == 0, level);
    lf_text_add(t, "]");
}

static void print_object(lf_text *t, const json_t *v, int level) {
    bool flat = is_flat(v);
    json_t *o = (json_t *)(uintptr_t)v;
    lf_text_add(t, "{");
    for (void *i = json_object_iter(o); i; i = json_object_iter_next(o, i)) {
        lf_text_add(t, i == json_object_iter(o) ? "" : flat ? ", " : ",");
        line(t, flat, level + 1);
        lf_text_json(t, json_object_iter_key(i));
        lf_text_add(t, ": ");
        print(t, json_object_iter_value(i), level + 1);
    }
    line(t, flat, level);
    lf_text_add(t, "}");
}

static void print(lf_text *t, const json_t *v, int level) {
    switch (json_typeof(v)) {
    case JSON_OBJECT: print_object(t, v, level); break;
    case JSON_ARRAY: print_array(t, v, level); break;
    case JSON_STRING: lf_text_json(t, json_string_value(v)); break;
    case JSON_INTEGER: lf_text_addf(t, "%lld", (long long)json_integer_value(v)); break;
    case JSON_REAL: lf_text_double(t, json_real_value(v)); break;
    case JSON_TRUE: lf_text_add(t, "true"); break;
    case JSON_FALSE: lf_text_add(t, "false"); break;
    case JSON_NULL: lf_text_add(t, "null"); break;
    }
}

void lf_json_print(lf_text *t, const json_t *v) {
    print(t, v, 0);
}
