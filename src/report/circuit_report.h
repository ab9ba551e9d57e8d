/* What the circuits of a design take, by part (contracts.md 7). */
#ifndef LF_REPORT_CIRCUIT_REPORT_H
#define LF_REPORT_CIRCUIT_REPORT_H

#include <jansson.h>

#include "base/text.h"
#include "ir/op.h"
#include "pass/circuits.h"

/* Sets "encoder", "core", "head" and "wrapper" of the report, {lut, ff} each, and "logic", what stands between registers, when the graph has
 * circuits: sums over all of them. made: what minimization did. */
LF_MUST_USE lf_status lf_circuit_report(const lf_graph *hardware, const lf_circuits_report *made, json_t *report);

/* The same as lines. Nothing when the report has none. */
void lf_circuit_report_text(const json_t *report, lf_text *out);

/* "dont_cares" of the report as lines. Nothing when there are none. */
void lf_dont_cares_text(const json_t *report, lf_text *out);

#endif
