/* The interpreter's steps as machine code for AVX2: what a function of three operands is made of (a function of two of them, and another one where the third is 1) is known
 * when the code is made, so that a step takes three to seven instructions instead of some twenty. Values lie in memory, a step's in registers. 256 samples:
 * it runs twice. Encoding: Intel SDM volume 2, section 2.3.5 (VEX). */
#include "kern/lut_code_inside.h"

#if defined(__x86_64__) && defined(__unix__)

/* Operands, what is made of them, and all ones. */
enum { A, B, C, X, Y, ONES = 15 };
enum { AND = 0xdb, AND_NOT = 0xdf, OR = 0xeb, XOR = 0xef, STEP_BYTES_MAX = 160, SLOT_BYTES = 8 * LF_LUT_WORDS };

/* Base registers of the three arguments, in the order of the System V calling convention. */
typedef enum base { BASE_IN = 7 /* rdi */, BASE_SCRATCH = 6 /* rsi */, BASE_OUT = 2 /* rdx */ } base;

typedef struct maker {
    uint8_t *code;
    size_t size;
    uint32_t inputs;
} maker;

static void byte(maker *m, unsigned b) {
    m->code[m->size++] = (uint8_t)b;
}

/* C5, a byte, opcode: 256 bits, map 0F. rm is a register among the first eight, as are all bases of memory. prefix: 1 is 66, 2 is F3. */
static void vex(maker *m, unsigned prefix, unsigned opcode, unsigned reg, unsigned vvvv) {
    byte(m, 0xc5);
    byte(m, (~reg >> 3 & 1) << 7 | (~vvvv & 15) << 3 | 1u << 2 | prefix);
    byte(m, opcode);
}

static void memory(maker *m, unsigned reg, base at, uint32_t bytes) {
    byte(m, 0x80 | (reg & 7) << 3 | (unsigned)at);
    for (int k = 0; k < 4; k++)
        byte(m, bytes >> 8 * k & 255);
}

/* to = (for AND_NOT: not) x op y; y is one of the first eight registers. */
static void logic(maker *m, unsigned op, unsigned to, unsigned x, unsigned y) {
    vex(m, 1, op, to, x);
    byte(m, 0xc0 | (to & 7) << 3 | (y & 7));
}

/* The operand at this word of the interpreter's scratch. */
static void value(maker *m, unsigned reg, uint32_t word) {
    uint32_t slot = word / LF_LUT_WORDS;
    bool input = slot >= 2 && slot < 2 + m->inputs;
    memory(m, reg, input ? BASE_IN : BASE_SCRATCH, (input ? slot - 2 : slot) * SLOT_BYTES);
}

static void load(maker *m, unsigned reg, uint32_t word) {
    vex(m, 2, 0x6f, reg, 0);
    value(m, reg, word);
}

/* X = X op the value at a word. */
static void logic_value(maker *m, unsigned op, uint32_t word) {
    vex(m, 1, op, X, X);
    value(m, X, word);
}

static void store(maker *m, base at, uint32_t slot, unsigned reg) {
    vex(m, 2, 0x7f, reg, 0);
    memory(m, reg, at, slot * SLOT_BYTES);
}

static void invert(maker *m, unsigned reg) {
    logic(m, XOR, reg, ONES, reg);
}

/* Bit a + 2 b of `function`, four bits. One instruction and perhaps its inverse. */
static void of_two(maker *m, unsigned function, unsigned to) {
    static const struct {
        uint8_t op, x, y;
    } made[8] = {/* functions that are 0 at 0 */
                 [0x0 >> 1] = {XOR, A, A}, [0x2 >> 1] = {AND_NOT, B, A}, [0x4 >> 1] = {AND_NOT, A, B},
                 [0x6 >> 1] = {XOR, A, B}, [0x8 >> 1] = {AND, A, B},     [0xa >> 1] = {OR, A, A},
                 [0xc >> 1] = {OR, B, B},  [0xe >> 1] = {OR, A, B}};
    unsigned plain = function & 1 ? ~function & 15 : function;
    logic(m, made[plain >> 1].op, to, made[plain >> 1].x, made[plain >> 1].y);
    if (function & 1)
        invert(m, to);
}

/* X = f where the third operand is 0; where it is 1, that changes by the function `change` of two. */
static void of_three(maker *m, unsigned function, uint32_t third) {
    unsigned low = function & 15, high = function >> 4, change = low ^ high;
    if (low && high == 0) {
        of_two(m, low, X);
        load(m, C, third);
        logic(m, AND_NOT, X, C, X);
        return;
    }
    if (change == 15) {
        of_two(m, low, X);
        logic_value(m, XOR, third);
        return;
    }
    of_two(m, change ? change : low, X);
    if (!change)
        return;
    logic_value(m, AND, third);
    if (low) {
        of_two(m, low, Y);
        logic(m, XOR, X, Y, X);
    }
}

static void step(maker *m, const lf_lut_step *s) {
    load(m, A, s->in[0]);
    if (s->in[1] != s->in[0])
        load(m, B, s->in[1]);
    else
        logic(m, OR, B, A, A);
    of_three(m, s->function, s->in[2]);
    store(m, BASE_SCRATCH, s->out / LF_LUT_WORDS, X);
}

/* Outputs: constants, inputs, or slots of the steps. */
static void output(maker *m, uint32_t o, uint32_t word) {
    if (word / LF_LUT_WORDS < 2)
        of_two(m, word / LF_LUT_WORDS ? 15 : 0, X);
    else
        load(m, X, word);
    store(m, BASE_OUT, o, X);
}

lf_lut_machine lf_lut_machine_make_avx2(const lf_lut_step *steps, size_t count, uint32_t inputs, const uint32_t *out,
                                        size_t outputs) {
    lf_lut_machine machine = {0};
    size_t room = (count + outputs + 2) * STEP_BYTES_MAX;
    maker m = {.inputs = inputs};
    if (count + inputs + outputs > INT32_MAX / SLOT_BYTES - 2 || !lf_lut_machine_map(room, &m.code, &machine.mapped))
        return machine;
    vex(&m, 1, 0x76, ONES, 0); /* vpcmpeqd: any register equals itself */
    byte(&m, 0xc0 | (ONES & 7) << 3 | 0);
    for (size_t i = 0; i < count; i++)
        step(&m, &steps[i]);
    for (size_t o = 0; o < outputs; o++)
        output(&m, (uint32_t)o, out[o]);
    m.size = lf_lut_machine_end(m.code, m.size);
    return lf_lut_machine_seal(m.code, m.size, machine.mapped, 0);
}

#else

lf_lut_machine lf_lut_machine_make_avx2(const lf_lut_step *steps, size_t count, uint32_t inputs, const uint32_t *out,
                                        size_t outputs) {
    (void)steps;
    (void)count;
    (void)inputs;
    (void)out;
    (void)outputs;
    return (lf_lut_machine){0};
}

#endif
