/* A Verilog design being printed: the top module with its streams and instances, generated modules, hand-written units that
 * are needed, memory files. Names are checked and stable: they come from node names, never from counters. */
#ifndef LF_VLOG_VLOG_H
#define LF_VLOG_VLOG_H

#include "base/ctx.h"
#include "base/text.h"

typedef struct lf_vlog lf_vlog;

lf_vlog *lf_vlog_new(lf_ctx *ctx, lf_arena *a, const char *top);
void lf_vlog_free(lf_vlog *v); /* the texts; the arena keeps the rest */

/* A legal Verilog-2005 identifier made from any name (letters, digits, _; never a keyword; distinct names may collide: the
 * caller keeps node names unique after this mapping). */
const char *lf_vlog_name(lf_arena *a, const char *name);

/* The design needs the hand-written unit rtl/NAME.v (and whatever that unit itself instantiates). */
void lf_vlog_require(lf_vlog *v, const char *unit);

/* A generated module in a file of its own, NAME.v: append its text from `module` to `endmodule`; the header comment and
 * `default_nettype none ... wire` are put around it. NULL and a diagnostic when the name is taken. */
lf_text *lf_vlog_module(lf_vlog *v, const char *name);

/* A memory file for $readmemh: exactly `depth` lines of `bits` bits, word i at bit offset i * bits of `words` (little-endian,
 * packed without gaps). File name without directory. */
lf_status lf_vlog_memory(lf_vlog *v, const char *file, int bits, int64_t depth, const uint8_t *words);

/* A generated module NAME, `input [A-1:0] a, output [bits-1:0] q` with A = lf_vlog_rom_address_bits(depth): q is word a of a table,
 * as logic without clock, printed bit by bit (contracts.md 6; meant for depths up to 64). Words as for lf_vlog_memory; what
 * lies beyond `depth` is chosen freely. */
lf_status lf_vlog_rom(lf_vlog *v, const char *name, int bits, int64_t depth, const uint8_t *words);
int lf_vlog_rom_address_bits(int64_t depth); /* at least 1 */

/* A generated module `NAME (input aclk, input ce, input [IN-1:0] in_data, output [OUT-1:0] out_data)`: the circuit with its pipeline registers, which
 * move when ce is 1. Element 0 of the inputs and of the outputs is lowest; element i has in_bits[i] or out_bits[i] bits, at least its own (two's
 * complement where its range has negative values); NULL: every element its own. There is no reset: data follow valid, which is the caller's. */
struct lf_circuit;
lf_status lf_vlog_circuit(lf_vlog *v, const char *module, const struct lf_circuit *c, const int *in_bits,
                          const int *out_bits);

/* Streams of the top module: data, valid and ready wires NAME_tdata, NAME_tvalid, NAME_tready, `bits` wide. */
void lf_vlog_stream(lf_vlog *v, const char *name, int bits);

/* An instance in the top module; aclk and aresetn are connected by themselves. Units leave reset one clock after the top's
 * aresetn rises; in that clock no port is ready or valid. */
void lf_vlog_instance(lf_vlog *v, const char *module, const char *instance);
void lf_vlog_param(lf_vlog *v, const char *name, const char *fmt, ...) LF_PRINTF(3, 4); /* value as Verilog text */
void lf_vlog_port(lf_vlog *v, const char *port, const char *fmt, ...) LF_PRINTF(3, 4);
/* Connects PREFIX_tdata, _tvalid, _tready of the instance to a stream (prefix "s_axis" or "m_axis"). */
void lf_vlog_port_stream(lf_vlog *v, const char *prefix, const char *stream);
/* The same with several streams side by side, the first in the lowest bits of data, valid and ready. */
void lf_vlog_port_streams(lf_vlog *v, const char *prefix, const char *const *streams, int count);

/* The top module speaks flow (contracts.md 4), not AXI-Stream: streams have no ready, ports are in_NAME_data, in_NAME_valid,
 * out_NAME_data and out_NAME_valid without padding and without a last beat. To be said before anything else. */
void lf_vlog_flow(lf_vlog *v);
/* Connects PREFIX_data and PREFIX_valid of the instance (prefix "in" or "out") to such streams, the first in the lowest bits. */
void lf_vlog_port_flows(lf_vlog *v, const char *prefix, const char *const *streams, int count);

/* Top-level AXI-Stream ports: joins an external port (contracts.md 3: padded once to whole bytes, TLAST on the last of
 * `beats` beats of a frame) to an inner stream. suffix: "" for the only input or output, else "NAME_". */
void lf_vlog_input(lf_vlog *v, const char *suffix, const char *stream, int bits);
void lf_vlog_output(lf_vlog *v, const char *suffix, const char *stream, int bits, int64_t beats);

/* Finished texts, in the order of filelist.f: units, generated modules, the top module last. */
typedef struct lf_vlog_file {
    const char *name;
    const char *text;
    size_t len;
    bool memory; /* a .mem file: written beside, not in filelist.f */
} lf_vlog_file;
size_t lf_vlog_finish(lf_vlog *v, const lf_vlog_file **files); /* in the arena; 0 after an error */

#endif
