#include "import/json_walk.h"

#include <inttypes.h>
#include <math.h>

/* -- complaints -------------------------------------------------------------------------------------------------------- */

static const char *path_of(lf_arena *a, const lf_json_at *at) {
    if (!at->up)
        return "";
    const char *above = path_of(a, at->up);
    if (!at->key)
        return lf_format(a, "%s[%zu]", above, at->index);
    return lf_format(a, "%s%s%s", above, *above ? "." : "", at->key);
}

lf_status lf_json_fail(const lf_json_at *at, const char *fmt, ...) {
    lf_arena *a = lf_arena_new();
    if (!a)
        return LF_BAD_INPUT;
    va_list args;
    va_start(args, fmt);
    const char *text = lf_vformat(a, fmt, args), *path = path_of(a, at);
    va_end(args);
    lf_status status =
        lf_fail(at->g->ctx, LF_BAD_INPUT, &(lf_where){.file = at->g->source}, "%s%s%s", path, *path ? ": " : "", text);
    lf_arena_free(a);
    return status;
}

static const char *what_is(const json_t *v) {
    static const char *const name[] = {"an object", "an array", "a string", "an integer", "a number with a point",
                                       "true",      "false",    "null"};
    return name[json_typeof(v)];
}

/* -- steps ------------------------------------------------------------------------------------------------------------- */

bool lf_json_has(const lf_json_at *at, const char *key) {
    return json_object_get(at->value, key) != NULL;
}

lf_status lf_json_get(const lf_json_at *at, const char *key, lf_json_at *out) {
    *out = (lf_json_at){.g = at->g, .up = at, .key = key};
    if (!json_is_object(at->value))
        return lf_json_fail(at, "is %s, not an object with the key \"%s\"", what_is(at->value), key);
    out->value = json_object_get(at->value, key);
    return out->value ? LF_OK : lf_json_fail(at, "the key \"%s\" is missing", key);
}

lf_status lf_json_length(const lf_json_at *at, size_t least, size_t most, size_t *out) {
    *out = json_array_size(at->value);
    if (!json_is_array(at->value))
        return lf_json_fail(at, "is %s, not an array", what_is(at->value));
    if (*out >= least && *out <= most)
        return LF_OK;
    if (least == most)
        return lf_json_fail(at, "has %zu elements, not %zu", *out, least);
    return lf_json_fail(at, "has %zu elements, not %zu to %zu", *out, least, most);
}

lf_json_at lf_json_item(const lf_json_at *at, size_t index) {
    return (lf_json_at){.g = at->g, .up = at, .index = index, .value = json_array_get(at->value, index)};
}

/* -- numbers ----------------------------------------------------------------------------------------------------------- */

lf_status lf_json_int(const lf_json_at *at, int64_t least, int64_t most, int64_t *out) {
    *out = json_is_true(at->value) ? 1 : json_integer_value(at->value);
    if (!json_is_integer(at->value) && !json_is_boolean(at->value))
        return lf_json_fail(at, "is %s, not an integer", what_is(at->value));
    if (*out >= least && *out <= most)
        return LF_OK;
    return lf_json_fail(at, "is %" PRId64 ", not one of %" PRId64 "..%" PRId64, *out, least, most);
}

lf_status lf_json_float(const lf_json_at *at, double *out) {
    double v = json_number_value(at->value);
    *out = 0;
    if (!json_is_number(at->value))
        return lf_json_fail(at, "is %s, not a number", what_is(at->value));
    if (!(fabs(v) <= 0x1.fffffep127))
        return lf_json_fail(at, "does not fit a 32-bit floating number");
    *out = (double)(float)v;
    return LF_OK;
}

lf_status lf_json_ints(const lf_json_at *at, size_t count, int64_t least, int64_t most, int64_t *out) {
    size_t length;
    LF_TRY(lf_json_length(at, count, count, &length));
    for (size_t i = 0; i < count; i++) {
        lf_json_at item = lf_json_item(at, i);
        LF_TRY(lf_json_int(&item, least, most, &out[i]));
    }
    return LF_OK;
}

lf_status lf_json_floats(const lf_json_at *at, size_t count, double *out) {
    size_t length;
    LF_TRY(lf_json_length(at, count, count, &length));
    for (size_t i = 0; i < count; i++) {
        lf_json_at item = lf_json_item(at, i);
        LF_TRY(lf_json_float(&item, &out[i]));
    }
    return LF_OK;
}

lf_status lf_json_get_int(const lf_json_at *at, const char *key, int64_t least, int64_t most, int64_t *out) {
    lf_json_at v;
    LF_TRY(lf_json_get(at, key, &v));
    return lf_json_int(&v, least, most, out);
}

lf_status lf_json_get_ints(const lf_json_at *at, const char *key, size_t count, int64_t least, int64_t most,
                           int64_t *out) {
    lf_json_at v;
    LF_TRY(lf_json_get(at, key, &v));
    return lf_json_ints(&v, count, least, most, out);
}
