/* The inside of netlist simulation, shared by the netlist_*.c files. */
#ifndef LF_VERIFY_NETLIST_INSIDE_H
#define LF_VERIFY_NETLIST_INSIDE_H

#include "verify/netlist.h"

enum { LF_NET_ADDRESS = 9, LF_NET_LUT = 6, LF_NET_BRAM = 72 };

/* Bits of nets, the lowest first. Bit 0 is the constant 0, bit 1 the constant 1. */
typedef struct lf_net_bits {
    uint32_t *at;
    int count;
} lf_net_bits;

/* Combinational: a table of up to six inputs, or a bit of a memory. */
typedef struct lf_net_gate {
    uint64_t table;
    uint32_t in[LF_NET_ADDRESS], out;
    uint32_t base; /* of the memory */
    uint8_t inputs;
    uint8_t stride, offset; /* 0: a table; else the bit base + address * stride + offset */
} lf_net_gate;

typedef struct lf_net_register {
    uint32_t q, d, enable, reset;
    uint8_t to;    /* what reset makes of it */
    uint8_t first; /* 0, 1, or 2: unknown */
} lf_net_register;

typedef struct lf_net_write {
    uint32_t base, address[LF_NET_ADDRESS], data[2], enable;
    uint8_t inputs, width; /* address bits; bits of data, which are also the stride */
} lf_net_write;

/* Shifts towards higher indices. */
typedef struct lf_net_shift {
    uint32_t base, length, d, enable;
} lf_net_shift;

typedef struct lf_net_port {
    lf_net_bits address, enable_write, in, in_parity, out, out_parity;
    uint32_t enable, reset;
    int read, write;            /* width, 0: not used */
    char mode;                  /* W: write first, R: read first, N: no change */
    const uint8_t *reset_value; /* LF_NET_BRAM bits */
} lf_net_port;

/* share/cells/xilinx_memory.v says what it does. */
typedef struct lf_net_bram {
    int data, half; /* bits without parity; data pins of a port */
    uint32_t base, parity;
    lf_net_port a, b;
} lf_net_bram;

typedef struct lf_net_wire {
    const char *name;
    uint64_t hash;
    uint32_t base;
    int width, low;
    bool port;
} lf_net_wire;

struct lf_netlist {
    lf_arena *arena;
    uint32_t bits;
    LF_VEC(lf_net_gate) gates;
    uint32_t *order; /* of gates */
    LF_VEC(lf_net_register) registers;
    LF_VEC(lf_net_write) writes;
    LF_VEC(lf_net_shift) shifts;
    LF_VEC(lf_net_bram) brams;
    LF_VEC(uint8_t) contents; /* first values of all memory bits: 0, 1, 2 unknown */
    LF_VEC(lf_net_wire) wires;
    uint32_t *slot; /* hash table of indices + 1 into wires */
    size_t slots;
    LF_VEC(uint32_t) alias; /* [bit]: the bit that drives it, or 0 */
    uint32_t clock;         /* the bit all clocks are, 0: none yet */
    const char *why;        /* not simulated here, because */
};

/* A cell as it stands in the file. */
typedef struct lf_net_parameter {
    const char *name;
    const char *text;    /* of a string, else NULL */
    const uint8_t *bits; /* 0, 1, 2: unknown; the lowest first */
    int width;
} lf_net_parameter;

typedef struct lf_net_pin {
    const char *name;
    lf_net_bits bits;
} lf_net_pin;

typedef struct lf_net_cell {
    const char *type, *name;
    LF_VEC(lf_net_parameter) parameters;
    LF_VEC(lf_net_pin) pins;
} lf_net_cell;

/* Adds what a cell does; sets n->why when it is not known (netlist_cells.c). */
void lf_net_add_cell(lf_netlist *n, const lf_net_cell *c);
uint32_t lf_net_new_bits(lf_netlist *n, int count);
/* Of a cell. A pin that is not connected is the constant 0. */
lf_net_bits lf_net_pin_bits(lf_netlist *n, const lf_net_cell *c, const char *name, int width);
const lf_net_parameter *lf_net_parameter_of(const lf_net_cell *c, const char *name);
int64_t lf_net_number(const lf_net_cell *c, const char *name, int64_t otherwise);
/* Room for `count` memory bits, filled from a parameter (0 where it has none). */
uint32_t lf_net_memory(lf_netlist *n, int count, const lf_net_parameter *first);
void lf_net_set_clock(lf_netlist *n, const lf_net_cell *c, const char *pin);
void lf_net_add_bram(lf_netlist *n, const lf_net_cell *c); /* netlist_bram.c */
void lf_net_clock_bram(lf_netlist_state *s, const lf_net_bram *m, uint32_t *latch);
void lf_net_show_bram(lf_netlist_state *s, const lf_net_bram *m, const uint32_t *latch);
enum { LF_NET_LATCH = 6 }; /* words of `latch` per block RAM */

/* The driver of a bit behind all aliases. */
uint32_t lf_net_resolve(const lf_netlist *n, uint32_t bit);

#endif
