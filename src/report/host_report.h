#ifndef LF_REPORT_HOST_REPORT_H
#define LF_REPORT_HOST_REPORT_H

#include <jansson.h>

#include "pass/stream_model.h"

/* The `host` section of a report (contracts.md 2): what travels on each port and which host nodes stand between it and the
 * model: an entry for every input or output of the model and every stream that it goes to or comes from. */
json_t *lf_host_report(const lf_graph *g, const lf_stream_ports *inputs, const lf_stream_ports *outputs);

#endif
