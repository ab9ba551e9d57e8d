/* Block RAMs, as share/cells/xilinx_memory.v models them: every width with parity, byte write enables, simple and true dual port, the
 * three write modes, output reset; no output registers, no cascades. */
#include <string.h>

#include "verify/netlist_inside.h"

enum { MOST = 64 }; /* data bits of a word */

static int data_bits(int width) {
    return width >= 9 ? width / 9 * 8 : width;
}

/* -- reading the cell ---------------------------------------------------------------------------------------------------------- */

static const uint8_t *reset_value(lf_netlist *n, const lf_net_cell *c, const char *name) {
    uint8_t *bits = LF_NEW_ARRAY(n->arena, uint8_t, LF_NET_BRAM);
    const lf_net_parameter *p = lf_net_parameter_of(c, name);
    for (int i = 0; p && p->bits && i < p->width && i < LF_NET_BRAM; i++)
        bits[i] = p->bits[i] == 1;
    return bits;
}

static char mode_of(const lf_net_cell *c, const char *name) {
    const lf_net_parameter *p = lf_net_parameter_of(c, name);
    return p && p->text ? p->text[0] : 'W';
}

typedef struct pin_names {
    const char *address, *write, *in, *in_parity, *out, *out_parity, *clock, *enable, *reset, *read_width, *write_width,
        *mode, *srval;
} pin_names;

static const pin_names names[2][2] = {
    {{"ADDRARDADDR", "WEA", "DIADI", "DIPADIP", "DOADO", "DOPADOP", "CLKARDCLK", "ENARDEN", "RSTRAMARSTRAM",
      "READ_WIDTH_A", "WRITE_WIDTH_A", "WRITE_MODE_A", "SRVAL_A"},
     {"ADDRBWRADDR", "WEBWE", "DIBDI", "DIPBDIP", "DOBDO", "DOPBDOP", "CLKBWRCLK", "ENBWREN", "RSTRAMB", "READ_WIDTH_B",
      "WRITE_WIDTH_B", "WRITE_MODE_B", "SRVAL_B"}},
    {{"ADDRARDADDR", "WEA", "DINADIN", "DINPADINP", "DOUTADOUT", "DOUTPADOUTP", "CLKARDCLK", "ENARDEN", "RSTRAMARSTRAM",
      "READ_WIDTH_A", "WRITE_WIDTH_A", "WRITE_MODE_A", "SRVAL_A"},
     {"ADDRBWRADDR", "WEBWE", "DINBDIN", "DINPBDINP", "DOUTBDOUT", "DOUTPBDOUTP", "CLKBWRCLK", "ENBWREN", "RSTRAMB",
      "READ_WIDTH_B", "WRITE_WIDTH_B", "WRITE_MODE_B", "SRVAL_B"}}};

static lf_net_port read_port(lf_netlist *n, const lf_net_cell *c, const pin_names *p, int half, int address) {
    lf_net_port port = {.address = lf_net_pin_bits(n, c, p->address, address),
                        .enable_write = lf_net_pin_bits(n, c, p->write, half / 4),
                        .in = lf_net_pin_bits(n, c, p->in, half),
                        .in_parity = lf_net_pin_bits(n, c, p->in_parity, half / 8),
                        .out = lf_net_pin_bits(n, c, p->out, half),
                        .out_parity = lf_net_pin_bits(n, c, p->out_parity, half / 8),
                        .enable = lf_net_pin_bits(n, c, p->enable, 1).at[0],
                        .reset = lf_net_pin_bits(n, c, p->reset, 1).at[0],
                        .read = (int)lf_net_number(c, p->read_width, 0),
                        .write = (int)lf_net_number(c, p->write_width, 0),
                        .mode = mode_of(c, p->mode),
                        .reset_value = reset_value(n, c, p->srval)};
    if (port.read || port.write)
        lf_net_set_clock(n, c, p->clock);
    return port;
}

static uint32_t read_contents(lf_netlist *n, const lf_net_cell *c, const char *prefix, int rows) {
    uint32_t base = (uint32_t)n->contents.count;
    for (int i = 0; i < rows; i++)
        (void)lf_net_memory(n, 256, lf_net_parameter_of(c, lf_format(n->arena, "%s_%02X", prefix, (unsigned)i)));
    return base;
}

void lf_net_add_bram(lf_netlist *n, const lf_net_cell *c) {
    bool large = c->type[4] == '3', ultrascale = c->type[7] == '2';
    int half = large ? 32 : 16, data = large ? 32768 : 16384;
    static const char *const cascades[] = {"CASCADE_ORDER_A", "CASCADE_ORDER_B", "RAM_EXTENSION_A", "RAM_EXTENSION_B"};
    for (size_t i = 0; i < LF_COUNT(cascades); i++) {
        const lf_net_parameter *p = lf_net_parameter_of(c, cascades[i]);
        if (p && p->text && strcmp(p->text, "NONE") != 0)
            n->why = "a block RAM is cascaded";
    }
    if (lf_net_number(c, "DOA_REG", 0) || lf_net_number(c, "DOB_REG", 0))
        n->why = "a block RAM has output registers";
    lf_net_bram m = {.data = data, .half = half};
    m.base = read_contents(n, c, "INIT", data / 256);
    m.parity = read_contents(n, c, "INITP", data / 2048);
    m.a = read_port(n, c, &names[ultrascale][0], half, large ? 15 : 14);
    m.b = read_port(n, c, &names[ultrascale][1], half, large ? 15 : 14);
    LF_PUSH(n->arena, &n->brams, m);
}

/* -- one clock --------------------------------------------------------------------------------------------------------------------- */

typedef struct word {
    uint64_t data;
    uint32_t parity;
} word;

static uint64_t gather(const uint8_t *value, const uint32_t *bit, int count) {
    uint64_t v = 0;
    for (int i = 0; i < count; i++)
        v |= (uint64_t)value[bit[i]] << i;
    return v;
}

static uint32_t first_of(const lf_netlist_state *s, const lf_net_port *p, int width) {
    uint32_t d = (uint32_t)data_bits(width), address = (uint32_t)gather(s->value, p->address.at, p->address.count);
    return d ? address / d * d : 0;
}

static word read_word(const lf_netlist_state *s, const lf_net_bram *m, int width, uint32_t first) {
    word w = {0, 0};
    for (int k = 0; k < data_bits(width); k++)
        w.data |= (uint64_t)s->memory[m->base + (first + (uint32_t)k) % (uint32_t)m->data] << k;
    for (int k = 0; width >= 9 && k < width / 9; k++)
        w.parity |= (uint32_t)s->memory[m->parity + (first / 8 + (uint32_t)k) % (uint32_t)(m->data / 8)] << k;
    return w;
}

static void write_word(lf_netlist_state *s, const lf_net_bram *m, int width, uint32_t first, uint32_t enable, word w) {
    for (int k = 0; k < data_bits(width); k++)
        if (enable >> (k / 8) & 1)
            s->memory[m->base + (first + (uint32_t)k) % (uint32_t)m->data] = (uint8_t)(w.data >> k & 1);
    for (int k = 0; width >= 9 && k < width / 9; k++)
        if (enable >> k & 1)
            s->memory[m->parity + (first / 8 + (uint32_t)k) % (uint32_t)(m->data / 8)] = (uint8_t)(w.parity >> k & 1);
}

/* Data on the pins: the full width takes the pins of both ports, those of port a low. */
static word pins_of(const lf_netlist_state *s, const lf_net_bram *m, bool wide, const lf_net_port *p) {
    const lf_net_port *low = wide ? &m->a : p;
    word w = {gather(s->value, low->in.at, m->half), (uint32_t)gather(s->value, low->in_parity.at, m->half / 8)};
    if (wide) {
        w.data |= gather(s->value, m->b.in.at, m->half) << m->half;
        w.parity |= (uint32_t)gather(s->value, m->b.in_parity.at, m->half / 8) << (m->half / 8);
    }
    return w;
}

static int full_width(const lf_net_bram *m) {
    return m->half * 2 + m->half / 4;
}

static void keep(uint32_t *latch, word w) {
    latch[0] = (uint32_t)w.data;
    latch[1] = (uint32_t)(w.data >> 32);
    latch[2] = w.parity;
}

static word reset_word(const lf_net_bram *m, bool both) {
    word w = {0, 0};
    const lf_net_port *ports[2] = {both ? &m->a : &m->b, &m->b};
    for (int side = 0; side <= (both ? 1 : 0); side++)
        for (int i = 0; i < m->half + m->half / 8; i++) {
            uint64_t bit = ports[side]->reset_value[i];
            if (i < m->half)
                w.data |= bit << (i + side * m->half);
            else
                w.parity |= (uint32_t)bit << (i - m->half + side * m->half / 8);
        }
    return w;
}

typedef struct access {
    bool on, writes;
    uint32_t enable, first;
    word in;
} access;

static access access_of(const lf_netlist_state *s, const lf_net_bram *m, const lf_net_port *p) {
    access x = {.on = s->value[p->enable],
                .enable = (uint32_t)gather(s->value, p->enable_write.at, p->enable_write.count)};
    x.writes = p->write && x.on && x.enable;
    x.first = first_of(s, p, p->write);
    x.in = pins_of(s, m, p == &m->a ? p->write == full_width(m) : p->write == full_width(m), p);
    return x;
}

/* A port reads what stood there before, or, writing first, what it writes itself; what the other port writes comes behind. */
static void read_port_word(const lf_netlist_state *s, const lf_net_bram *m, const lf_net_port *p, const access *x,
                           uint32_t *latch) {
    if (!x->on)
        return;
    if (s->value[p->reset])
        keep(latch, reset_word(m, p == &m->a));
    else if (!(x->writes && p->mode == 'N'))
        keep(latch, read_word(s, m, p->read, first_of(s, p, p->read)));
}

/* latch: what port a shows, then port b: two words of data, one of parity each. In the order of the model: a writes first, a reads, a
 * writes, b writes first (when it reads at all), b reads, b writes. */
void lf_net_clock_bram(lf_netlist_state *s, const lf_net_bram *m, uint32_t *latch) {
    access a = access_of(s, m, &m->a), b = access_of(s, m, &m->b);
    if (a.writes && m->a.mode == 'W')
        write_word(s, m, m->a.write, a.first, a.enable & ((1u << m->half / 8) - 1), a.in);
    read_port_word(s, m, &m->a, &a, latch);
    if (a.writes && m->a.mode != 'W')
        write_word(s, m, m->a.write, a.first, a.enable, a.in);
    if (b.writes && m->b.mode == 'W' && m->b.read)
        write_word(s, m, m->b.write, b.first, b.enable, b.in);
    read_port_word(s, m, &m->b, &b, latch + 3);
    if (b.writes && !(m->b.mode == 'W' && m->b.read))
        write_word(s, m, m->b.write, b.first, b.enable, b.in);
}

static void show(uint8_t *value, const lf_net_port *p, uint64_t data, uint32_t parity) {
    for (int i = 0; i < p->out.count; i++)
        if (p->out.at[i] > 1)
            value[p->out.at[i]] = (uint8_t)(data >> i & 1);
    for (int i = 0; i < p->out_parity.count; i++)
        if (p->out_parity.at[i] > 1)
            value[p->out_parity.at[i]] = (uint8_t)(parity >> i & 1);
}

void lf_net_show_bram(lf_netlist_state *s, const lf_net_bram *m, const uint32_t *latch) {
    uint64_t a = latch[0] | (uint64_t)latch[1] << 32, b = latch[3] | (uint64_t)latch[4] << 32;
    bool both = m->a.read == full_width(m);
    show(s->value, &m->a, a, latch[2]);
    show(s->value, &m->b, both ? a >> m->half : b, both ? latch[2] >> (m->half / 8) : latch[5]);
}
