/* The clock-by-clock model of one streaming unit's handshakes, without data: when it takes a beat and when it gives one.
 * It is the twin of the unit's Verilog in rtl/; the sum of all of them predicts initiation interval and latency exactly.
 *
 * Within one clock cycle: `valid` of every output is known first (it depends on the state only, contracts.md 5.2), then
 * `ready` of every input (which may depend on downstream ready), then `clock` moves the state over the edge. */
#ifndef LF_FPGA_UNIT_H
#define LF_FPGA_UNIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { LF_UNIT_PORTS = 8 };

/* What units of a kind do with a state. */
typedef struct lf_unit_kind {
    bool (*valid)(const void *state, int port);
    bool (*ready)(const void *state, int port, const bool *s_valid, const bool *m_ready);
    void (*clock)(void *state, const bool *s_valid, const bool *m_ready);

    /* Optional, both or neither, for units that work by themselves for a while: with these flags held, how many coming clock edges
     * leave all of its valid and ready as they are (0 is always right, INT64_MAX is for ever); and that many edges or fewer at once. */
    int64_t (*steady)(const void *state, const bool *s_valid, const bool *m_ready);
    void (*skip)(void *state, int64_t edges, const bool *s_valid, const bool *m_ready);

    /* For units whose registers move together: leaves them one rank of registers, which is all that they are sure to hold once gaps have
     * entered between their words. What the unit takes and gives then depends on the counts of words alone (doc/dev/deadlock.md). For a
     * state after reset. 0: the unit is like that as it is. */
    void (*shorten)(void *state);
} lf_unit_kind;

typedef struct lf_unit {
    const char *name;
    const lf_unit_kind *kind;
    void *state; /* in the arena of whoever made it; zero state = after reset */
    /* What lets the model skip idle work and be run again. The state is one block of this size; pointers in it lead only to what
     * never changes. A unit whose clock changed nothing then rests until a flag at one of its ports changes. 0: it never rests. */
    size_t state_bytes;
    int in_count, out_count;
    int64_t in_beats[LF_UNIT_PORTS], out_beats[LF_UNIT_PORTS]; /* per frame */
    bool registered_ready; /* s_tready does not depend on m_tready combinationally */
} lf_unit;

#endif
