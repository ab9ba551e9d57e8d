#ifndef LF_REPORT_HOST_REPORT_H
#define LF_REPORT_HOST_REPORT_H

#include <jansson.h>

#include "pass/stream_model.h"

/* The `host` section of a report (contracts.md 2): what travels on each port and which host nodes make it. */
json_t *lf_host_report(const lf_graph *g, const lf_stream_ports *inputs, const lf_stream_ports *outputs);

#endif
