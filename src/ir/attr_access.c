#include "ir/attr_access.h"

#include <assert.h>
#include <string.h>

bool lf_has_attr(const lf_node *n, const char *name) {
    return n->op->attrs && lf_attr_find(n->op, name) != NULL;
}

static void *field(const lf_node *n, const char *name, lf_attr_type type) {
    const lf_attr_desc *d = lf_attr_find(n->op, name);
    assert(d && d->type == type);
    (void)type;
    return (char *)n->attr + d->offset;
}

int64_t lf_attr_int(const lf_node *n, const char *name) {
    return *(int64_t *)field(n, name, LF_ATTR_INT);
}

void lf_attr_set_int(lf_node *n, const char *name, int64_t value) {
    *(int64_t *)field(n, name, LF_ATTR_INT) = value;
}

int lf_attr_enum(const lf_node *n, const char *name) {
    return *(int *)field(n, name, LF_ATTR_ENUM);
}

void lf_attr_set_enum(lf_node *n, const char *name, const char *value) {
    const lf_attr_desc *d = lf_attr_find(n->op, name);
    int *at = field(n, name, LF_ATTR_ENUM);
    for (int i = 0; d->names[i]; i++)
        if (!strcmp(d->names[i], value)) {
            *at = i;
            return;
        }
    assert(false && "an enum value that the op does not have");
}

const char *lf_attr_enum_name(const lf_node *n, const char *name) {
    return lf_attr_find(n->op, name)->names[lf_attr_enum(n, name)];
}

double lf_attr_real(const lf_node *n, const char *name) {
    return *(double *)field(n, name, LF_ATTR_REAL);
}

void lf_attr_set_real(lf_node *n, const char *name, double value) {
    *(double *)field(n, name, LF_ATTR_REAL) = value;
}

bool lf_attr_bool(const lf_node *n, const char *name) {
    return *(bool *)field(n, name, LF_ATTR_BOOL);
}

void lf_attr_set_bool(lf_node *n, const char *name, bool value) {
    *(bool *)field(n, name, LF_ATTR_BOOL) = value;
}

void lf_attr_set_ints(lf_graph *g, lf_node *n, const char *name, const int64_t *at, int64_t count) {
    lf_ints *list = field(n, name, LF_ATTR_INTS);
    list->at = lf_copy(g->arena, at, (size_t)count * sizeof *at);
    list->count = count;
}

lf_ints lf_attr_ints(const lf_node *n, const char *name) {
    return *(lf_ints *)field(n, name, LF_ATTR_INTS);
}
