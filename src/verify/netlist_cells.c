/* What each cell of the Xilinx library does, as tables, registers and memories. Semantics: the models of Yosys (xilinx/cells_sim.v)
 * and share/cells/xilinx_memory.v. */
#include <stdlib.h>
#include <string.h>

#include "verify/netlist_inside.h"

uint32_t lf_net_new_bits(lf_netlist *n, int count) {
    uint32_t base = n->bits;
    for (int i = 0; i < count; i++)
        LF_PUSH(n->arena, &n->alias, 0);
    n->bits += (uint32_t)count;
    return base;
}

/* -- reading a cell ----------------------------------------------------------------------------------------------------------- */

const lf_net_parameter *lf_net_parameter_of(const lf_net_cell *c, const char *name) {
    for (size_t i = 0; i < c->parameters.count; i++)
        if (!strcmp(c->parameters.at[i].name, name))
            return &c->parameters.at[i];
    return NULL;
}

int64_t lf_net_number(const lf_net_cell *c, const char *name, int64_t otherwise) {
    const lf_net_parameter *p = lf_net_parameter_of(c, name);
    int64_t v = 0;
    if (!p || p->text)
        return p && p->text ? strtoll(p->text, NULL, 10) : otherwise;
    for (int i = 0; i < p->width && i < 63; i++)
        v |= (int64_t)(p->bits[i] == 1) << i;
    return v;
}

lf_net_bits lf_net_pin_bits(lf_netlist *n, const lf_net_cell *c, const char *name, int width) {
    lf_net_bits b = {LF_NEW_ARRAY(n->arena, uint32_t, width), width};
    for (size_t i = 0; i < c->pins.count; i++)
        if (!strcmp(c->pins.at[i].name, name))
            for (int k = 0; k < width && k < c->pins.at[i].bits.count; k++)
                b.at[k] = c->pins.at[i].bits.at[k];
    return b;
}

static uint32_t pin(lf_netlist *n, const lf_net_cell *c, const char *name) {
    return lf_net_pin_bits(n, c, name, 1).at[0];
}

/* The bit an output drives: one of its own when the pin is open. */
static uint32_t out_bit(lf_netlist *n, uint32_t bit) {
    return bit > 1 ? bit : lf_net_new_bits(n, 1);
}

uint32_t lf_net_memory(lf_netlist *n, int count, const lf_net_parameter *first) {
    uint32_t base = (uint32_t)n->contents.count;
    for (int i = 0; i < count; i++)
        LF_PUSH(n->arena, &n->contents, first && first->bits && i < first->width ? first->bits[i] : 0);
    return base;
}

void lf_net_set_clock(lf_netlist *n, const lf_net_cell *c, const char *name) {
    uint32_t bit = lf_net_resolve(n, pin(n, c, name));
    if (n->clock && n->clock != bit && lf_net_resolve(n, n->clock) != bit)
        n->why = "it has several clocks";
    n->clock = bit;
}

static void refuse_inverted(lf_netlist *n, const lf_net_cell *c) {
    for (size_t i = 0; i < c->parameters.count; i++)
        if (!strncmp(c->parameters.at[i].name, "IS_", 3) && lf_net_number(c, c->parameters.at[i].name, 0))
            n->why = "a pin of a cell is inverted";
}

/* -- logic ---------------------------------------------------------------------------------------------------------------------- */

static void add_table(lf_netlist *n, uint64_t table, const uint32_t *in, int inputs, uint32_t out) {
    lf_net_gate g = {.table = table, .out = out_bit(n, out), .inputs = (uint8_t)inputs};
    memcpy(g.in, in, (size_t)inputs * sizeof *in);
    LF_PUSH(n->arena, &n->gates, g);
}

static void add_lut(lf_netlist *n, const lf_net_cell *c) {
    static const char *const names[] = {"I0", "I1", "I2", "I3", "I4", "I5"};
    uint32_t in[LF_NET_LUT];
    int inputs = c->type[3] - '0';
    const lf_net_parameter *init = lf_net_parameter_of(c, "INIT");
    uint64_t table = 0;
    for (int i = 0; init && init->bits && i < init->width && i < 64; i++)
        table |= (uint64_t)(init->bits[i] == 1) << i;
    for (int i = 0; i < inputs; i++)
        in[i] = pin(n, c, names[i]);
    add_table(n, table, in, inputs, pin(n, c, "O"));
}

static void add_inverter(lf_netlist *n, const lf_net_cell *c) {
    uint32_t in = pin(n, c, "I");
    add_table(n, 1, &in, 1, pin(n, c, "O"));
}

static void add_buffer(lf_netlist *n, const lf_net_cell *c) {
    uint32_t out = pin(n, c, "O");
    if (out > 1)
        n->alias.at[out] = pin(n, c, "I") + 1;
}

enum { TABLE_MUX = 0xca, TABLE_OR = 0xe, TABLE_XOR = 0x6 };

/* O = S ? I1 : I0. */
static void add_mux(lf_netlist *n, const lf_net_cell *c) {
    uint32_t in[3] = {pin(n, c, "I0"), pin(n, c, "I1"), pin(n, c, "S")};
    add_table(n, TABLE_MUX, in, 3, pin(n, c, "O"));
}

/* O = S ^ carry in, CO = S ? carry in : DI; a gate per bit, so that a carry may feed a later S of the same cell. */
static void add_carry(lf_netlist *n, const lf_net_cell *c) {
    int width = c->type[5] - '0';
    bool eight = width == 8;
    lf_net_bits s = lf_net_pin_bits(n, c, "S", width), di = lf_net_pin_bits(n, c, "DI", width);
    lf_net_bits o = lf_net_pin_bits(n, c, "O", width), co = lf_net_pin_bits(n, c, "CO", width);
    uint32_t first[2] = {pin(n, c, "CI"), eight ? 0 : pin(n, c, "CYINIT")}, carry = lf_net_new_bits(n, 1);
    const lf_net_parameter *type = lf_net_parameter_of(c, "CARRY_TYPE");
    if (type && type->text && strcmp(type->text, "SINGLE_CY8") != 0)
        n->why = "a CARRY8 is two chains";
    add_table(n, TABLE_OR, first, 2, carry);
    for (int i = 0; i < width; i++) {
        uint32_t sum[2] = {s.at[i], carry}, mux[3] = {di.at[i], carry, s.at[i]}, next = out_bit(n, co.at[i]);
        add_table(n, TABLE_XOR, sum, 2, o.at[i]);
        add_table(n, TABLE_MUX, mux, 3, next);
        carry = next;
    }
}

/* -- registers and shift registers ------------------------------------------------------------------------------------------------- */

static void add_register(lf_netlist *n, const lf_net_cell *c) {
    bool set = c->type[2] == 'S';
    const lf_net_parameter *init = lf_net_parameter_of(c, "INIT");
    lf_net_register r = {.q = out_bit(n, pin(n, c, "Q")),
                         .d = pin(n, c, "D"),
                         .enable = pin(n, c, "CE"),
                         .reset = pin(n, c, set ? "S" : "R"),
                         .to = set};
    r.first = init && init->bits ? init->bits[0] : 2;
    lf_net_set_clock(n, c, "C");
    LF_PUSH(n->arena, &n->registers, r);
}

static void add_read(lf_netlist *n, uint32_t base, const uint32_t *address, int inputs, int stride, int offset,
                     uint32_t out) {
    lf_net_gate g = {.out = out_bit(n, out),
                     .base = base,
                     .inputs = (uint8_t)inputs,
                     .stride = (uint8_t)stride,
                     .offset = (uint8_t)offset};
    memcpy(g.in, address, (size_t)inputs * sizeof *address);
    LF_PUSH(n->arena, &n->gates, g);
}

static void add_shift(lf_netlist *n, const lf_net_cell *c) {
    bool wide = !strcmp(c->type, "SRLC32E");
    int length = wide ? 32 : 16, inputs = wide ? 5 : 4;
    uint32_t address[5], base = lf_net_memory(n, length, lf_net_parameter_of(c, "INIT"));
    static const char *const names[] = {"A0", "A1", "A2", "A3"};
    lf_net_bits a = wide ? lf_net_pin_bits(n, c, "A", 5) : (lf_net_bits){0};
    for (int i = 0; i < inputs; i++)
        address[i] = wide ? a.at[i] : pin(n, c, names[i]);
    add_read(n, base, address, inputs, 1, 0, pin(n, c, "Q"));
    if (wide && pin(n, c, "Q31") > 1)
        add_read(n, base, (const uint32_t[5]){1, 1, 1, 1, 1}, 5, 1, 0, pin(n, c, "Q31"));
    lf_net_set_clock(n, c, "CLK");
    LF_PUSH(n->arena, &n->shifts, ((lf_net_shift){base, (uint32_t)length, pin(n, c, "D"), pin(n, c, "CE")}));
}

/* -- LUT RAM ------------------------------------------------------------------------------------------------------------------------ */

static void add_write(lf_netlist *n, uint32_t base, const lf_net_bits *address, const uint32_t *data, int width,
                      uint32_t enable) {
    lf_net_write w = {.base = base, .enable = enable, .inputs = (uint8_t)address->count, .width = (uint8_t)width};
    memcpy(w.address, address->at, (size_t)address->count * sizeof *w.address);
    memcpy(w.data, data, (size_t)width * sizeof *data);
    LF_PUSH(n->arena, &n->writes, w);
}

/* RAM32M and RAM64M (ports A to D), RAM32M16 and RAM64M8 (A to H): all write at the address of the last port. */
static void add_multi_ram(lf_netlist *n, const lf_net_cell *c, int ports, int inputs, int width) {
    char name[] = "ADDRA", in[] = "DIA", out[] = "DOA", init[] = "INIT_A";
    name[4] = (char)('A' + ports - 1);
    lf_net_bits write = lf_net_pin_bits(n, c, name, inputs);
    uint32_t enable = pin(n, c, "WE");
    for (int p = 0; p < ports; p++) {
        name[4] = in[2] = out[2] = init[5] = (char)('A' + p);
        lf_net_bits read = lf_net_pin_bits(n, c, name, inputs), d = lf_net_pin_bits(n, c, in, width),
                    q = lf_net_pin_bits(n, c, out, width);
        uint32_t base = lf_net_memory(n, width << inputs, lf_net_parameter_of(c, init));
        for (int k = 0; k < width; k++)
            add_read(n, base, read.at, inputs, width, k, q.at[k]);
        add_write(n, base, &write, d.at, width, enable);
    }
    lf_net_set_clock(n, c, "WCLK");
}

static lf_net_bits address_pins(lf_netlist *n, const lf_net_cell *c, const char *prefix, int inputs) {
    lf_net_bits whole = lf_net_pin_bits(n, c, prefix, inputs);
    for (size_t i = 0; i < c->pins.count; i++)
        if (!strcmp(c->pins.at[i].name, prefix))
            return whole;
    for (int i = 0; i < inputs; i++)
        whole.at[i] = pin(n, c, lf_format(n->arena, "%s%d", prefix, i));
    return whole;
}

/* RAM32X1D ... RAM256X1S: one bit wide; D: a second port that reads. */
static void add_single_ram(lf_netlist *n, const lf_net_cell *c) {
    int depth = atoi(c->type + 3), inputs = 0;
    bool dual = c->type[strlen(c->type) - 1] == 'D';
    while (1 << inputs < depth)
        inputs++;
    lf_net_bits a = address_pins(n, c, "A", inputs);
    uint32_t base = lf_net_memory(n, depth, lf_net_parameter_of(c, "INIT")), d = pin(n, c, "D");
    add_read(n, base, a.at, inputs, 1, 0, pin(n, c, dual ? "SPO" : "O"));
    if (dual) {
        lf_net_bits r = address_pins(n, c, "DPRA", inputs);
        add_read(n, base, r.at, inputs, 1, 0, pin(n, c, "DPO"));
    }
    add_write(n, base, &a, &d, 1, pin(n, c, "WE"));
    lf_net_set_clock(n, c, "WCLK");
}

/* -- the library ----------------------------------------------------------------------------------------------------------------------- */

static bool is(const lf_net_cell *c, const char *type) {
    return !strcmp(c->type, type);
}

static bool is_among(const lf_net_cell *c, const char *const *types) {
    for (; *types; types++)
        if (is(c, *types))
            return true;
    return false;
}

void lf_net_add_cell(lf_netlist *n, const lf_net_cell *c) {
    static const char *const luts[] = {"LUT1", "LUT2", "LUT3", "LUT4", "LUT5", "LUT6", NULL}, *const buffers[] = {
                                                                                                  "BUFG", "IBUF",
                                                                                                  "OBUF", NULL};
    static const char *const muxes[] = {"MUXF7", "MUXF8", "MUXF9", NULL}, *const carries[] = {"CARRY4", "CARRY8", NULL};
    static const char *const rams[] = {"RAM32X1D", "RAM64X1D",  "RAM128X1D", "RAM256X1D", "RAM32X1S",
                                       "RAM64X1S", "RAM128X1S", "RAM256X1S", "RAM512X1S", NULL};
    refuse_inverted(n, c);
    if (is_among(c, luts))
        add_lut(n, c);
    else if (is(c, "FDRE") || is(c, "FDSE"))
        add_register(n, c);
    else if (is(c, "INV"))
        add_inverter(n, c);
    else if (is_among(c, buffers))
        add_buffer(n, c);
    else if (is_among(c, muxes))
        add_mux(n, c);
    else if (is_among(c, carries))
        add_carry(n, c);
    else if (is(c, "SRL16E") || is(c, "SRLC32E"))
        add_shift(n, c);
    else if (is(c, "RAM32M"))
        add_multi_ram(n, c, 4, 5, 2);
    else if (is(c, "RAM64M"))
        add_multi_ram(n, c, 4, 6, 1);
    else if (is(c, "RAM32M16"))
        add_multi_ram(n, c, 8, 5, 2);
    else if (is(c, "RAM64M8"))
        add_multi_ram(n, c, 8, 6, 1);
    else if (is_among(c, rams))
        add_single_ram(n, c);
    else if (!strncmp(c->type, "RAMB18E", 7) || !strncmp(c->type, "RAMB36E", 7))
        lf_net_add_bram(n, c);
    else
        n->why = lf_format(n->arena, "the cell %s is not simulated by lutfisk itself", c->type);
}
