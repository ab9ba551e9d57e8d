/* Attribute tables: finding, defaults, copies. */
#include "ir/attr.h"

#include <assert.h>
#include <string.h>

static void *field(void *attr, const lf_attr_desc *d) {
    return (char *)attr + d->offset;
}

const lf_attr_desc *lf_attrs_find(const lf_attr_desc *table, const char *name) {
    for (const lf_attr_desc *d = table; d && d->name; d++)
        if (strcmp(d->name, name) == 0)
            return d;
    return NULL;
}

const lf_attr_desc *lf_attr_find(const lf_op *op, const char *name) {
    return lf_attrs_find(op->attrs, name);
}

void lf_attrs_defaults(const lf_attr_desc *table, void *attr, lf_arena *a) {
    for (const lf_attr_desc *d = table; d && d->name; d++) {
        if (!d->fallback)
            continue;
        lf_status status = lf_attrs_set_text(NULL, a, table, "", attr, d->name, d->fallback, NULL);
        assert(status == LF_OK && "a default that its own table does not accept");
        (void)status;
    }
}

void lf_attr_defaults(const lf_op *op, void *attr, lf_arena *a) {
    if (op->attr_size)
        memset(attr, 0, op->attr_size);
    lf_attrs_defaults(op->attrs, attr, a);
}

static void own_strings_and_lists(const lf_op *op, void *attr, lf_arena *a) {
    for (const lf_attr_desc *d = op->attrs; d && d->name; d++) {
        if (d->type == LF_ATTR_STRING) {
            const char **s = field(attr, d);
            *s = *s ? lf_strdup(a, *s) : NULL;
        } else if (d->type == LF_ATTR_INTS) {
            lf_ints *list = field(attr, d);
            list->at = list->count ? lf_copy(a, list->at, (size_t)list->count * sizeof *list->at) : NULL;
        }
    }
}

void *lf_attr_copy(const lf_op *op, const void *attr, lf_arena *a) {
    if (op->attr_size == 0)
        return NULL;
    void *copy = lf_alloc(a, op->attr_size);
    if (!attr) {
        lf_attr_defaults(op, copy, a);
        return copy;
    }
    memcpy(copy, attr, op->attr_size);
    own_strings_and_lists(op, copy, a);
    return copy;
}

static bool same_strings(const char *a, const char *b) {
    return strcmp(a ? a : "", b ? b : "") == 0;
}

static bool same_ints(const lf_ints *a, const lf_ints *b) {
    bool same = a->count == b->count;
    for (int64_t i = 0; same && i < a->count; i++)
        same = a->at[i] == b->at[i];
    return same;
}

static bool same_value(const lf_attr_desc *d, const void *a, const void *b) {
    switch (d->type) {
    case LF_ATTR_INT: return *(const int64_t *)a == *(const int64_t *)b;
    case LF_ATTR_BOOL: return *(const bool *)a == *(const bool *)b;
    case LF_ATTR_REAL: /* as bits: -0 is not the default 0, and a NaN equals itself */
        return memcmp(a, b, sizeof(double)) == 0;
    case LF_ATTR_STRING: return same_strings(*(const char *const *)a, *(const char *const *)b);
    case LF_ATTR_ENUM: return *(const int *)a == *(const int *)b;
    case LF_ATTR_DTYPE: return lf_dtype_equal(*(const lf_dtype *)a, *(const lf_dtype *)b);
    case LF_ATTR_INTS: return same_ints(a, b);
    }
    return false;
}

bool lf_attr_is_default(const lf_op *op, const void *attr, const lf_attr_desc *d, lf_arena *scratch) {
    if (!d->fallback)
        return false;
    void *defaults = lf_alloc(scratch, op->attr_size);
    if (lf_attrs_set_text(NULL, scratch, op->attrs, "", defaults, d->name, d->fallback, NULL) != LF_OK)
        return false;
    return same_value(d, (const char *)attr + d->offset, (const char *)defaults + d->offset);
}
