/* Attributes by name, for passes that treat many ops alike ("PE", "SIMD"). The name must exist in the op's table with that type:
 * asking for another is a bug of ours (assert). */
#ifndef LF_IR_ATTR_ACCESS_H
#define LF_IR_ATTR_ACCESS_H

#include "ir/op.h"

bool lf_has_attr(const lf_node *n, const char *name);
int64_t lf_attr_int(const lf_node *n, const char *name);
void lf_attr_set_int(lf_node *n, const char *name, int64_t value);
int lf_attr_enum(const lf_node *n, const char *name);
void lf_attr_set_enum(lf_node *n, const char *name, const char *value);
const char *lf_attr_enum_name(const lf_node *n, const char *name);
double lf_attr_real(const lf_node *n, const char *name);
void lf_attr_set_real(lf_node *n, const char *name, double value);
bool lf_attr_bool(const lf_node *n, const char *name);
void lf_attr_set_bool(lf_node *n, const char *name, bool value);
lf_ints lf_attr_ints(const lf_node *n, const char *name);
/* The list is copied into the graph's arena. */
void lf_attr_set_ints(lf_graph *g, lf_node *n, const char *name, const int64_t *at, int64_t count);

#endif
