/* Tables as logic. Every bit of the word is a tree of ?: over the upper address bits whose leaves are functions of the lowest
 * three; those 256 functions are wires that all bits share. Synthesizers map this to one LUT per 64 entries and bit in linear
 * time, which neither `case` on a wide word nor T[a] gives. */
#include <string.h>

#include "num/bitpack.h"
#include "vlog/vlog_model.h"

typedef struct lf_rom_bit {
    uint8_t *bit; /* one byte per address, 2^address_bits of them */
    int address_bits;
    bool used[256]; /* which leaf functions are needed */
} lf_rom_bit;

int lf_vlog_rom_address_bits(int64_t depth) {
    return lf_bits_unsigned((uint64_t)(depth > 1 ? depth - 1 : 1));
}

/* Entries from `valid` on become copies of others, so that as many address bits as possible drop out. */
static void fill_unused(uint8_t *bit, int64_t size, int64_t valid) {
    if (valid >= size)
        return;
    int64_t half = size / 2;
    if (valid > half) {
        fill_unused(bit + half, half, valid - half);
        return;
    }
    fill_unused(bit, half, valid);
    memcpy(bit + half, bit, (size_t)half);
}

static void load_bit(lf_rom_bit *r, const uint8_t *words, int bits, int64_t depth, int which) {
    int64_t size = (int64_t)1 << r->address_bits;
    for (int64_t i = 0; i < depth; i++)
        r->bit[i] = (uint8_t)lf_bits_get(words, (size_t)(i * bits + which), 1);
    fill_unused(r->bit, size, depth);
}

/* The leaf function of the 8 (or fewer) entries at `bit`, as an index into the 256. */
static unsigned leaf_of(const uint8_t *bit, int vars) {
    unsigned f = 0;
    for (unsigned i = 0; i < 8; i++)
        f |= (unsigned)bit[i & ((1u << vars) - 1)] << i;
    return f;
}

static void add_leaf(lf_text *t, unsigned f) {
    if (f == 0 || f == 255)
        lf_text_add(t, f ? "1'b1" : "1'b0");
    else
        lf_text_addf(t, "g%02x", f);
}

static void add_tree(lf_text *t, const lf_rom_bit *r, const uint8_t *bit, int vars) {
    if (vars <= 3) {
        add_leaf(t, leaf_of(bit, vars));
        return;
    }
    size_t half = (size_t)1 << (vars - 1);
    if (!memcmp(bit, bit + half, half)) {
        add_tree(t, r, bit, vars - 1);
        return;
    }
    lf_text_addf(t, "(a[%d] ? ", vars - 1);
    add_tree(t, r, bit + half, vars - 1);
    lf_text_add(t, " : ");
    add_tree(t, r, bit, vars - 1);
    lf_text_add(t, ")");
}

static void mark_leaves(lf_rom_bit *r) {
    int vars = r->address_bits < 3 ? r->address_bits : 3;
    for (size_t i = 0; i < (size_t)1 << r->address_bits; i += (size_t)1 << vars)
        r->used[leaf_of(r->bit + i, vars)] = true;
}

/* Function f of a[2:0] as nested choices; equal halves collapse. */
static void add_function(lf_text *t, unsigned f, int var) {
    unsigned half = 1u << var, mask = (1u << half) - 1, low = f & mask, high = (f >> half) & mask;
    if (low == high && var > 0) {
        add_function(t, low, var - 1);
        return;
    }
    if (var == 0) {
        lf_text_add(t, low == high ? (low ? "1'b1" : "1'b0") : high ? "a[0]" : "~a[0]");
        return;
    }
    lf_text_addf(t, "(a[%d] ? ", var);
    add_function(t, high, var - 1);
    lf_text_add(t, " : ");
    add_function(t, low, var - 1);
    lf_text_add(t, ")");
}

static void print_rom(lf_text *t, const char *name, int bits, lf_rom_bit *r, const uint8_t *words, int64_t depth) {
    lf_text body = {0};
    for (int i = 0; i < bits; i++) {
        load_bit(r, words, bits, depth, i);
        mark_leaves(r);
        lf_text_addf(&body, "    assign q[%d] = ", i);
        add_tree(&body, r, r->bit, r->address_bits);
        lf_text_add(&body, ";\n");
    }
    lf_text_addf(t, "module %s (\n    input  wire [%d:0] a,\n    output wire [%d:0] q\n);\n", name, r->address_bits - 1,
                 bits - 1);
    lf_text_add(t, "    wire unused = &{1'b0, a};\n");
    for (unsigned f = 1; f < 255; f++)
        if (r->used[f]) {
            lf_text_addf(t, "    wire g%02x = ", f);
            add_function(t, f, 2);
            lf_text_add(t, ";\n");
        }
    lf_text_addn(t, body.at, body.len);
    lf_text_add(t, "endmodule\n");
    lf_text_free(&body);
}

lf_status lf_vlog_rom(lf_vlog *v, const char *name, int bits, int64_t depth, const uint8_t *words) {
    lf_text *t = lf_vlog_module(v, name);
    if (!t)
        return LF_FAILED;
    lf_rom_bit r = {.address_bits = lf_vlog_rom_address_bits(depth)};
    r.bit = LF_NEW_ARRAY(v->arena, uint8_t, (int64_t)1 << r.address_bits);
    print_rom(t, name, bits, &r, words, depth);
    return LF_OK;
}
