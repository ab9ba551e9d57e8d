/* Designs whose ports speak flow (contracts.md 4): one circuit, a frame every clock, a latency that does not depend on anything. */
#ifndef LF_PASS_FLOW_MODEL_H
#define LF_PASS_FLOW_MODEL_H

#include "fpga/chain.h"
#include "ir/op.h"

/* True when the hardware graph is one circuit that was made for flow. */
bool lf_speaks_flow(const lf_graph *hardware);

/* LF_BAD_INPUT, naming the layers, unless every unit's timing is static and together they are one circuit. */
LF_MUST_USE lf_status lf_flow_check(const lf_graph *hardware);
/* The part of it that is known before circuits are made: logic[id] says which nodes become some. */
LF_MUST_USE lf_status lf_flow_check_units(const lf_graph *g, const bool *logic);

/* Latency and interval of a design that speaks flow. */
LF_MUST_USE lf_status lf_flow_timing(const lf_graph *hardware, lf_chain_result *out);

#endif
