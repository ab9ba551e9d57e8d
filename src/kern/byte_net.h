/* Layers of neurons that are tables of codes (LogicNets), evaluated with one byte per value and 512 samples at a time. */
#ifndef LF_KERN_BYTE_NET_H
#define LF_KERN_BYTE_NET_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/cpu.h"

enum { LF_BYTE_SAMPLES = 512, LF_BYTE_FAN_IN = 16, LF_BYTE_INDEX_BITS = 16 };

typedef struct lf_byte_layer {
    size_t neurons;
    int fan_in, bits;     /* inputs of a neuron, bits of each; together at most LF_BYTE_INDEX_BITS */
    const uint32_t *from; /* [neurons][fan_in] values of the layer before */
    const uint8_t *table; /* [neurons][2^(fan_in * bits)], the first input in the lowest bits of the address */
} lf_byte_layer;

typedef struct lf_byte_net lf_byte_net;

/* In the arena; isa: which the processor must have. NULL: no memory. */
lf_byte_net *lf_byte_net_new(lf_arena *a, size_t inputs, lf_isa isa);
/* The next layer. What the layer points to must stay. Neurons of more than 8 bits of index become sums of tables of their inputs, where that is the
 * same for every address (byte_sums.h); finding that out takes about a millisecond each at 12 bits. */
void lf_byte_net_add(lf_byte_net *n, const lf_byte_layer *l);

/* in: [groups][inputs][LF_BYTE_SAMPLES] values below 2^bits of the first layer; out: [groups][neurons of the last layer][LF_BYTE_SAMPLES]. scratch:
 * lf_byte_net_scratch bytes, one per thread. All aligned to 64 bytes. There is a layer. */
void lf_byte_net_run(const lf_byte_net *n, const uint8_t *in, uint8_t *out, uint8_t *scratch, size_t groups);
size_t lf_byte_net_scratch(const lf_byte_net *n);

typedef struct lf_byte_counts {
    size_t tables, sums, pieces; /* neurons that are one permute, sums, and large tables */
} lf_byte_counts;
lf_byte_counts lf_byte_net_counts(const lf_byte_net *n);

#endif
