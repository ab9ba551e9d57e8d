/* The pass manager: runs passes, verifies the graph after each, holds each to its promise. */
#ifndef LF_PASS_PASSES_H
#define LF_PASS_PASSES_H

#include "base/text.h"
#include "ir/pass.h"

extern const lf_pass *const lf_passes[]; /* NULL-terminated, in the order of pass.def */
const lf_pass *lf_pass_find(const char *name);

#define LF_PASS(id) extern const lf_pass lf_pass_##id;
#include "pass/pass.def"
#undef LF_PASS

/* What the caller wants to see between passes. Any may be NULL. after: once before the first pass (pass NULL) and after each
 * one; what it returns other than LF_OK stops the pipeline. failed: the graph as text before the pass that failed. */
typedef struct lf_pass_watch {
    void *user;
    lf_status (*after)(void *user, const lf_graph *g, const lf_pass *pass);
    void (*failed)(void *user, const lf_pass *pass, const lf_text *graph_before, const lf_text *weights_before);
    bool keep_before; /* print the graph before every pass, for `failed` */
} lf_pass_watch;

/* Runs one pass with an options struct (NULL: defaults), then lf_verify_graph. */
LF_MUST_USE lf_status lf_pass_run(lf_graph *g, const lf_pass *pass, const void *options);

/* Runs "name, name(key=value, key=value)". Every name and option is checked before anything runs. */
LF_MUST_USE lf_status lf_pipeline_run(lf_graph *g, const char *spec, const lf_pass_watch *watch);

/* Declares the grids of inputs: "[NAME=]TYPE[!][,scale[,offset]]" (contracts.md 2). Inserts a `decode` node behind each. */
LF_MUST_USE lf_status lf_declare_input(lf_graph *g, const char *spec);

#endif
