/* Packing codes into bits. */
#include "num/bitpack.h"

#include <string.h>

size_t lf_packed_size(size_t count, int bits) {
    /* Without forming count * bits, which could overflow. */
    return count / 8 * (size_t)bits + (count % 8 * (size_t)bits + 7) / 8;
}

void lf_bits_set(uint8_t *out, size_t at, int bits, uint64_t value) {
    while (bits > 0) {
        int offset = (int)(at % 8);
        int n = 8 - offset < bits ? 8 - offset : bits;
        unsigned mask = (0xffu >> (8 - n)) << offset;
        unsigned piece = ((unsigned)value << offset) & mask;
        out[at / 8] = (uint8_t)((out[at / 8] & ~mask) | piece);
        value >>= n;
        at += (size_t)n;
        bits -= n;
    }
}

uint64_t lf_bits_get(const uint8_t *in, size_t at, int bits) {
    uint64_t value = 0;
    for (int have = 0; have < bits;) {
        int offset = (int)(at % 8);
        int n = 8 - offset < bits - have ? 8 - offset : bits - have;
        uint64_t piece = ((unsigned)in[at / 8] >> offset) & (0xffu >> (8 - n));
        value |= piece << have;
        have += n;
        at += (size_t)n;
    }
    return value;
}

/* Whole bytes per code: no bits to move. */
static void pack_bytes(uint8_t *out, const int64_t *code, size_t count, lf_dtype t) {
    size_t bytes = t.bits / 8;
    for (size_t i = 0; i < count; i++) {
        uint64_t v = lf_code_to_bits(t, code[i]);
        for (size_t b = 0; b < bytes; b++)
            *out++ = (uint8_t)(v >> (8 * b));
    }
}

/* Up to 32 bits per code: at most 7 + 32 bits wait in the accumulator. */
static void pack_narrow(uint8_t *out, const int64_t *code, size_t count, lf_dtype t) {
    uint64_t waiting = 0;
    int held = 0;
    for (size_t i = 0; i < count; i++) {
        waiting |= lf_code_to_bits(t, code[i]) << held;
        for (held += t.bits; held >= 8; held -= 8) {
            *out++ = (uint8_t)waiting;
            waiting >>= 8;
        }
    }
    if (held > 0)
        *out = (uint8_t)waiting;
}

void lf_pack(uint8_t *out, const int64_t *code, size_t count, lf_dtype t) {
    if (t.bits % 8 == 0) {
        pack_bytes(out, code, count, t);
    } else if (t.bits <= 32) {
        pack_narrow(out, code, count, t);
    } else {
        memset(out, 0, lf_packed_size(count, t.bits));
        for (size_t i = 0; i < count; i++)
            lf_bits_set(out, i * t.bits, t.bits, lf_code_to_bits(t, code[i]));
    }
}

static void unpack_narrow(int64_t *code, const uint8_t *in, size_t count, lf_dtype t) {
    uint64_t waiting = 0;
    int held = 0;
    for (size_t i = 0; i < count; i++) {
        for (; held < t.bits; held += 8)
            waiting |= (uint64_t)*in++ << held;
        code[i] = lf_code_from_bits(t, waiting);
        waiting >>= t.bits;
        held -= t.bits;
    }
}

void lf_unpack(int64_t *code, const uint8_t *in, size_t count, lf_dtype t) {
    if (t.bits <= 32) {
        unpack_narrow(code, in, count, t);
        return;
    }
    for (size_t i = 0; i < count; i++)
        code[i] = lf_code_from_bits(t, lf_bits_get(in, i * t.bits, t.bits));
}
