/* Faults of our own code that would otherwise appear as a silent truncation or a dangling wire. */
#include <inttypes.h>

#include "vlog/vlog_model.h"

static const char *module_text(const lf_vlog *v, const char *module) {
    size_t found = lf_vlog_find(&v->module_names, module);
    return found ? v->modules.at[found - 1]->text.at : lf_vlog_unit_text(module);
}

static void check_instance(lf_vlog *v, const lf_vlog_inst *n) {
    const char *text = module_text(v, n->module);
    if (!text) {
        lf_vlog_fault(v, "%s: there is no module %s", n->name, n->module);
        return;
    }
    for (size_t i = 0; i < n->ports.count; i++) {
        const lf_vlog_pair *p = &n->ports.at[i];
        if (!p->bits)
            continue;
        int64_t width = lf_vlog_port_width(v->arena, text, n, p->name);
        if (width >= 0 && width != p->bits)
            lf_vlog_fault(v, "%s.%s has %" PRId64 " bits, %s has %" PRId64, n->name, p->name, width, p->value, p->bits);
    }
}

void lf_vlog_check(lf_vlog *v) {
    for (size_t i = 0; i < v->streams.count; i++) {
        const lf_vlog_stream_def *s = v->streams.at[i];
        if (s->drivers != 1 || s->readers != 1)
            lf_vlog_fault(v, "stream %s has %d drivers and %d readers", s->name, s->drivers, s->readers);
    }
    for (size_t i = 0; i < v->instances.count; i++)
        check_instance(v, v->instances.at[i]);
}
