/* What a build is: report.json (interface.md) and its readable form. */
#ifndef LF_REPORT_BUILD_REPORT_H
#define LF_REPORT_BUILD_REPORT_H

#include <jansson.h>

#include "base/text.h"
#include "fpga/part.h"
#include "pass/circuits.h"
#include "pass/stalls.h"

typedef struct lf_build_facts {
    const lf_graph *hardware;
    const lf_part *part;
    double clock_mhz;
    const char *top;
    int64_t checked_rows; /* on which the integer program was held against the network */
    const lf_circuits_report *logic;
    json_t *dont_cares; /* what data don't-cares changed, or NULL; the report shares it */
    lf_stream_facts flow;
    lf_stall_proof stalls;
    bool speaks_flow; /* its ports have data and valid only */
    lf_stream_ports inputs, outputs;
} lf_build_facts;

/* The report as JSON; the caller owns it. NULL after an error. */
json_t *lf_build_report(const lf_build_facts *facts);

/* The table that people read: a line per layer, then the whole. */
void lf_build_report_text(const json_t *report, lf_text *out);

#endif
