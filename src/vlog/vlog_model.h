/* What an lf_vlog holds; private to src/vlog. */
#ifndef LF_VLOG_VLOG_MODEL_H
#define LF_VLOG_VLOG_MODEL_H

#include "ir/names.h"
#include "vlog/vlog.h"

/* A text file that is being made: a generated module or a memory. */
typedef struct lf_vlog_text {
    const char *name;
    lf_text text;
} lf_vlog_text;

typedef struct lf_vlog_stream_def {
    const char *name;
    int bits;
    int drivers, readers; /* each must be 1 at the end */
} lf_vlog_stream_def;

/* A parameter or a port of an instance: .name(value). */
typedef struct lf_vlog_pair {
    const char *name, *value;
    int64_t bits; /* of the streams whose data it is: the port's width is checked; else 0 */
} lf_vlog_pair;

typedef struct lf_vlog_inst {
    const char *module, *name;
    LF_VEC(lf_vlog_pair) params, ports;
} lf_vlog_inst;

typedef struct lf_vlog_port_def {
    const char *suffix; /* "" or "NAME_" */
    lf_vlog_stream_def *stream;
    bool output;
    int64_t beats; /* per frame; outputs */
} lf_vlog_port_def;

struct lf_vlog {
    lf_ctx *ctx;
    lf_arena *arena;
    const char *top;
    LF_VEC(const char *) units;
    LF_VEC(lf_vlog_text *) modules;
    LF_VEC(lf_vlog_text *) memories;
    LF_VEC(lf_vlog_stream_def *) streams;
    LF_VEC(lf_vlog_inst *) instances;
    LF_VEC(lf_vlog_port_def) ports;
    lf_names module_names, memory_names, stream_names, instance_names; /* of the lists above: index + 1 */
    bool flow; /* the protocol of the top module's ports and streams */
    bool failed;
};

/* index + 1, or 0. */
static inline size_t lf_vlog_find(const lf_names *names, const char *name) {
    const lf_name *found = lf_names_find(names, name);
    return found ? found->id : 0;
}

/* Records a fault of our own code and marks the design as failed. */
void lf_vlog_fault(lf_vlog *v, const char *fmt, ...) LF_PRINTF(2, 3);

/* The text of rtl/NAME.v, or NULL when there is no such unit. */
const char *lf_vlog_unit_text(const char *name);

/* Every stream has one driver and one reader; data ports are as wide as their streams (where the module's port list can be
 * evaluated with the instance's parameters). */
void lf_vlog_check(lf_vlog *v);

/* Width of port `port` of the module in `text` under the parameters of `inst`; -1 when the port list does not say. */
int64_t lf_vlog_port_width(lf_arena *a, const char *text, const lf_vlog_inst *inst, const char *port);

/* The text of the top module. */
void lf_vlog_print_top(const lf_vlog *v, lf_text *t);

#endif
