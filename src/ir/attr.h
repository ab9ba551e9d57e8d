/* Attribute tables: defaults, copies, text. The functions of op.h take an op; these take the table itself, so that a pass's
 * options (pass.h) are read the same way. */
#ifndef LF_IR_ATTR_H
#define LF_IR_ATTR_H

#include "base/text.h"
#include "ir/op.h"

/* A new attribute struct in `a`: a deep copy of attr, or the defaults when attr is NULL. NULL when the op has no attributes. */
void *lf_attr_copy(const lf_op *op, const void *attr, lf_arena *a);

/* Fills a zeroed struct. A required attribute is left zero. */
void lf_attrs_defaults(const lf_attr_desc *table, void *attr, lf_arena *a);
const lf_attr_desc *lf_attrs_find(const lf_attr_desc *table, const char *name);
/* As lf_attr_set_text; `owner` is who has the table, for messages ("conv"). */
LF_MUST_USE lf_status lf_attrs_set_text(lf_ctx *ctx, lf_arena *a, const lf_attr_desc *table, const char *owner,
                                        void *attr, const char *name, const char *text, const lf_where *where);
/* Adds an attribute's value in the form lf_attrs_set_text reads. */
void lf_attr_print(lf_text *out, const void *attr, const lf_attr_desc *d);

/* Quoted strings of the text form: " and \ escaped, \n \t \r, other control bytes as \xHH; bytes from 0x80 as they are. */
void lf_quote(lf_text *out, const char *s);
/* Reads one at `s` (which begins with "). Its end (after the closing quote), or NULL: not closed, a bad escape, or a zero byte;
 * *bad then points at the place. The string goes to arena memory. */
const char *lf_unquote(lf_arena *a, const char *s, const char *end, const char **out, const char **bad);

#endif
