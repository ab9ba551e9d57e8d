/* Constant tables of generated modules: how one is kept, its text, its cost. */
#ifndef LF_OPS_ROM_H
#define LF_OPS_ROM_H

#include "ir/op.h"
#include "vlog/vlog.h"

/* What an attribute ram_style asks for; auto: block RAM above 2048 bits. Tables of up to 64 words are logic in any case. */
typedef enum lf_rom_ram { LF_ROM_AUTO, LF_ROM_DISTRIBUTED, LF_ROM_BLOCK } lf_rom_ram;
extern const char *const lf_rom_ram_names[];

typedef struct lf_rom {
    const char *name; /* of the wire that holds the word */
    int bits;
    int64_t depth;
    const uint8_t *words; /* word i at bit i * bits, little-endian */
    lf_rom_ram ram;
} lf_rom;

/* Declares wire `name` in the text of `module`: word `address` one clock with `ce` later, or the only word. Tables and memory files
 * go to v. */
LF_MUST_USE lf_status lf_rom_print(lf_vlog *v, lf_arena *a, lf_text *t, const char *module, const char *address,
                                   const lf_rom *r);

/* The head of a module that is a pipeline: its ports, lf_pipe with `stages` registers, wire ce, and wire beat that counts `beats` beats
 * from 0 on. The text goes on with what it computes and with endmodule. */
typedef struct lf_pipe_frame {
    const char *module;
    int64_t in_bits, out_bits, beats;
    int stages;
} lf_pipe_frame;
void lf_pipe_open(lf_text *t, const lf_pipe_frame *f);

/* Adds what such a table takes; fitted to yosys counts (xc7). */
void lf_rom_cost(lf_cost *c, int64_t depth, int64_t bits, lf_rom_ram ram);

#endif
