#include "ops/rom.h"

#include <inttypes.h>

#include "num/bitpack.h"
#include "ops/stream.h"

enum { LOGIC_DEPTH = 64 /* contracts.md 6 */, BLOCK_BITS = 2048 };

/* The word itself; logic; in LUTs or in block RAM by $readmemh. */
typedef enum lf_rom_kind { ROM_CONSTANT, ROM_LOGIC, ROM_DISTRIBUTED, ROM_BLOCK } lf_rom_kind;

const char *const lf_rom_ram_names[] = {"auto", "distributed", "block", NULL};

static lf_rom_kind kind_of(int64_t depth, int64_t bits, lf_rom_ram ram) {
    if (depth <= 1)
        return ROM_CONSTANT;
    if (depth <= LOGIC_DEPTH)
        return ROM_LOGIC;
    if (ram == LF_ROM_AUTO)
        return depth * bits > BLOCK_BITS ? ROM_BLOCK : ROM_DISTRIBUTED;
    return ram == LF_ROM_BLOCK ? ROM_BLOCK : ROM_DISTRIBUTED;
}

static void add_constant(lf_text *t, const lf_rom *r) {
    lf_text_addf(t, "    wire [%d:0] %s = %d'b", r->bits - 1, r->name, r->bits);
    for (int i = r->bits; i-- > 0;)
        lf_text_add(t, lf_bits_get(r->words, (size_t)i, 1) ? "1" : "0");
    lf_text_add(t, ";\n");
}

lf_status lf_rom_print(lf_vlog *v, lf_arena *a, lf_text *t, const char *module, const char *address, const lf_rom *r) {
    lf_rom_kind kind = kind_of(r->depth, r->bits, r->ram);
    const char *q = r->name, *name = lf_format(a, "%s_%s", module, q);
    if (kind == ROM_CONSTANT) {
        add_constant(t, r);
        return LF_OK;
    }
    if (kind == ROM_LOGIC) {
        lf_text_addf(t, "    wire [%d:0] %s_next;\n    reg  [%d:0] %s;\n", r->bits - 1, q, r->bits - 1, q);
        lf_text_addf(t, "    %s %s_table (.a(%s), .q(%s_next));\n", name, q, address, q);
        lf_text_addf(t, "    always @(posedge aclk) if (ce) %s <= %s_next;\n", q, q);
        return lf_vlog_rom(v, name, r->bits, r->depth, r->words);
    }
    const char *file = lf_format(a, "%s.mem", name);
    lf_text_addf(t, "    wire [%d:0] %s;\n", r->bits - 1, q);
    lf_text_addf(t, "    lf_rom #(.WIDTH(%d), .DEPTH(%" PRId64 "), .A_BITS(%d), .BLOCK(%d), .FILE(\"%s\"))\n", r->bits,
                 r->depth, lf_vlog_rom_address_bits(r->depth), kind == ROM_BLOCK, file);
    lf_text_addf(t, "        %s_table (.aclk(aclk), .ce(ce), .a(%s), .q(%s));\n", q, address, q);
    return lf_vlog_memory(v, file, r->bits, r->depth, r->words);
}

void lf_pipe_open(lf_text *t, const lf_pipe_frame *f) {
    int beat_bits = lf_bits_unsigned((uint64_t)(f->beats > 1 ? f->beats - 1 : 1));
    lf_text_addf(t, "module %s (\n    input  wire aclk,\n    input  wire aresetn,\n", f->module);
    lf_text_addf(t,
                 "    input  wire [%" PRId64
                 ":0] s_axis_tdata,\n    input  wire s_axis_tvalid,\n    output wire s_axis_tready,\n",
                 f->in_bits - 1);
    lf_text_addf(t,
                 "    output wire [%" PRId64
                 ":0] m_axis_tdata,\n    output wire m_axis_tvalid,\n    input  wire m_axis_tready\n);\n",
                 f->out_bits - 1);
    lf_text_addf(t, "    wire ce;\n    wire [%d:0] beat;\n", beat_bits - 1);
    lf_text_addf(t, "    lf_pipe #(.STAGES(%d), .BEATS(%" PRId64 "), .BEAT_BITS(%d)) pipe (\n", f->stages, f->beats,
                 beat_bits);
    lf_text_add(t, "        .aclk(aclk), .aresetn(aresetn),\n        .s_axis_tvalid(s_axis_tvalid), "
                   ".s_axis_tready(s_axis_tready),\n");
    lf_text_add(t, "        .m_axis_tvalid(m_axis_tvalid), .m_axis_tready(m_axis_tready),\n        .ce(ce), "
                   ".beat(beat)\n    );\n");
    if (f->beats == 1)
        lf_text_add(t, "    wire unused = &{1'b0, beat};\n");
}

void lf_rom_cost(lf_cost *c, int64_t depth, int64_t bits, lf_rom_ram ram) {
    switch (kind_of(depth, bits, ram)) {
    case ROM_CONSTANT: return;
    case ROM_LOGIC:
        c->lut += (double)bits;
        c->ff += (double)bits;
        return;
    case ROM_DISTRIBUTED:
        c->lut += (double)(bits * ((depth + 63) / 64)) * 1.5;
        c->ff += (double)bits;
        return;
    case ROM_BLOCK: c->bram += lf_block_rams(depth, bits); return;
    }
}
