/* The clock-by-clock model of one streaming unit's handshakes, without data: when it takes a beat and when it gives one.
 * It is the twin of the unit's Verilog in rtl/; the sum of all of them predicts initiation interval and latency exactly.
 *
 * Within one clock cycle: `valid` of every output is known first (it depends on the state only, contracts.md 5.2), then
 * `ready` of every input (which may depend on downstream ready), then `clock` moves the state over the edge. */
#ifndef LF_FPGA_UNIT_H
#define LF_FPGA_UNIT_H

#include <stdbool.h>
#include <stdint.h>

enum { LF_UNIT_PORTS = 8 };

typedef struct lf_unit {
    const char *name;
    void *state; /* in the arena of whoever made it; zero state = after reset */
    int in_count, out_count;
    int64_t in_beats[LF_UNIT_PORTS], out_beats[LF_UNIT_PORTS]; /* per frame */
    bool registered_ready; /* s_tready does not depend on m_tready combinationally */
    bool (*valid)(const void *state, int port);
    bool (*ready)(const void *state, int port, const bool *s_valid, const bool *m_ready);
    void (*clock)(void *state, const bool *s_valid, const bool *m_ready);
} lf_unit;

#endif
