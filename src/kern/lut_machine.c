/* Machine code of a LUT netlist for AVX-512: vpternlogq computes any function of three operands, the third of which may lie in memory.
 * Values live in the 32 registers; the one that is read last is put away when a register is needed (Belady 1966), and
 * slots of memory are used again as soon as they are read for the last time. Encoding: Intel SDM volume 2, section 2.7 (EVEX). */
#include <string.h>

#include "kern/lut_code_inside.h"

#if defined(__x86_64__) && defined(__unix__)

#include <sys/mman.h>

enum { REGISTERS = 32, NONE = UINT32_MAX, OP_BYTES_MAX = 64, SLOT_BYTES = 64, BIAS_SLOTS = 128, PAGE = 4096 };

/* Base registers of the three arguments, in the order of the System V calling convention. */
typedef enum base { BASE_IN = 7 /* rdi */, BASE_SCRATCH = 6 /* rsi */, BASE_OUT = 2 /* rdx */ } base;

typedef struct maker {
    lf_arena *a;
    const lf_terns *t;
    lf_reads reads;
    uint32_t *next;                  /* by signal: index in reads.at of its next read */
    uint32_t *slot;                  /* by signal, NONE: not in memory */
    uint32_t *home;                  /* by signal: its register, NONE */
    uint32_t *out_next, *out_first;  /* outputs of a signal as a list */
    uint32_t in_register[REGISTERS]; /* signal, NONE */
    uint32_t until[REGISTERS];       /* the operation that reads it next, NONE: the register is free */
    bool pinned[REGISTERS];
    LF_VEC(uint32_t) free;
    uint32_t slots, first;
    uint8_t *code;
    size_t size, mapped;
} maker;

/* -- encoding -------------------------------------------------------------------------------------------------------------- */

static void byte(maker *m, unsigned b) {
    m->code[m->size++] = (uint8_t)b;
}

/* 62 P0 P1 P2 opcode: 512 bits, W = 1, prefix 66. map: 1 is 0F, 3 is 0F3A. */
static void evex(maker *m, unsigned map, unsigned opcode, unsigned reg, unsigned vvvv, unsigned rm_bit3,
                 unsigned rm_bit4) {
    byte(m, 0x62);
    byte(m, (~reg >> 3 & 1) << 7 | (rm_bit4 ^ 1) << 6 | (rm_bit3 ^ 1) << 5 | (~reg >> 4 & 1) << 4 | map);
    byte(m, 1u << 7 | (~vvvv & 15) << 3 | 1u << 2 | 1);
    byte(m, 2u << 5 | (~vvvv >> 4 & 1) << 3);
    byte(m, opcode);
}

/* [base + 64 * index]: one byte where it is within -128..127, else four. Base registers are among the first eight. */
static void memory(maker *m, unsigned reg, base at, int64_t index) {
    if (index >= -128 && index <= 127) {
        byte(m, 0x40 | (reg & 7) << 3 | (unsigned)at);
        byte(m, (unsigned)index & 255);
        return;
    }
    uint32_t bytes = (uint32_t)(index * SLOT_BYTES);
    byte(m, 0x80 | (reg & 7) << 3 | (unsigned)at);
    for (int k = 0; k < 4; k++)
        byte(m, bytes >> 8 * k & 255);
}

static void load(maker *m, unsigned reg, base at, int64_t index) {
    evex(m, 1, 0x6f, reg, 0, 0, 0);
    memory(m, reg, at, index);
}

static void store(maker *m, base at, int64_t index, unsigned reg) {
    evex(m, 1, 0x7f, reg, 0, 0, 0);
    memory(m, reg, at, index);
}

static void copy(maker *m, unsigned to, unsigned from) {
    evex(m, 1, 0x6f, to, 0, from >> 3 & 1, from >> 4 & 1);
    byte(m, 0xc0 | (to & 7) << 3 | (from & 7));
}

static void ternary(maker *m, unsigned a, unsigned b, unsigned c, uint8_t function) {
    evex(m, 3, 0x25, a, b, c >> 3 & 1, c >> 4 & 1);
    byte(m, 0xc0 | (a & 7) << 3 | (c & 7));
    byte(m, function);
}

static void ternary_memory(maker *m, unsigned a, unsigned b, base at, int64_t index, uint8_t function) {
    evex(m, 3, 0x25, a, b, 0, 0);
    memory(m, a, at, index);
    byte(m, function);
}

/* -- where values are ---------------------------------------------------------------------------------------------------- */

static base base_of(const maker *m, uint32_t s) {
    return s < m->first ? BASE_IN : BASE_SCRATCH;
}

static int64_t index_of(const maker *m, uint32_t s) {
    return s < m->first ? (int64_t)s - 2 : (int64_t)m->slot[s] - BIAS_SLOTS;
}

static bool in_memory(const maker *m, uint32_t s) {
    return s < m->first || m->slot[s] != NONE;
}

/* The operation that reads s next, NONE: nobody does. */
static uint32_t next_read(const maker *m, uint32_t s) {
    return m->next[s] < m->reads.start[s + 1] ? m->reads.at[m->next[s]] : NONE;
}

static void put_away(maker *m, unsigned reg) {
    uint32_t s = m->in_register[reg];
    if (!in_memory(m, s)) {
        m->slot[s] = m->free.count ? m->free.at[--m->free.count] : m->slots++;
        store(m, BASE_SCRATCH, index_of(m, s), reg);
    }
    m->home[s] = NONE;
}

static void empty(maker *m, unsigned reg) {
    m->in_register[reg] = NONE;
    m->until[reg] = NONE;
}

static void keep(maker *m, unsigned reg, uint32_t s) {
    m->in_register[reg] = s;
    m->until[reg] = next_read(m, s);
    m->home[s] = reg;
}

/* A register that is free, else the one whose value is read last. */
static unsigned take_register(maker *m) {
    unsigned best = 0;
    uint32_t last = 0;
    for (unsigned r = 0; r < REGISTERS; r++) { /* no branches: nothing about them could be foretold */
        uint32_t until = m->pinned[r] ? 0 : m->until[r];
        best = until > last ? r : best;
        last = until > last ? until : last;
    }
    if (m->in_register[best] != NONE)
        put_away(m, best);
    empty(m, best);
    return best;
}

static unsigned bring(maker *m, uint32_t s) {
    if (m->home[s] == NONE) {
        unsigned r = take_register(m);
        load(m, r, base_of(m, s), index_of(m, s));
        keep(m, r, s);
    }
    m->pinned[m->home[s]] = true;
    return m->home[s];
}

/* Operation i has read s: nobody else may. */
static void done_with(maker *m, uint32_t s) {
    m->next[s]++;
    uint32_t reg = m->home[s], read = next_read(m, s);
    if (reg != NONE)
        m->until[reg] = read;
    if (read != NONE)
        return;
    if (reg != NONE)
        empty(m, reg);
    m->home[s] = NONE;
    if (s >= m->first && m->slot[s] != NONE)
        LF_PUSH(m->a, &m->free, m->slot[s]);
}

/* -- one operation --------------------------------------------------------------------------------------------------------- */

/* The immediate: its bit 4 A + 2 B + C is the function's value, where role[] says which operand A, B and C are. */
static uint8_t immediate(const lf_tern *op, const int role[3]) {
    unsigned imm = 0;
    for (unsigned abc = 0; abc < 8; abc++) {
        unsigned address = 0;
        for (int r = 2; r >= 0; r--)
            address = (address & ~(1u << role[r])) | (abc >> (2 - r) & 1) << role[r];
        imm |= (unsigned)(op->function >> address & 1) << abc;
    }
    return (uint8_t)imm;
}

/* The operand that is read from memory in place: not in a register, and of these the one that is read again last. -1: none. */
static int operand_in_place(const maker *m, const lf_tern *op) {
    int best = -1;
    uint32_t last = 0;
    for (int k = 0; k < op->count; k++) {
        uint32_t s = op->in[k], after = m->next[s] + 1;
        uint32_t read = after < m->reads.start[s + 1] ? m->reads.at[after] : NONE;
        if (m->home[s] == NONE && op->count > 1 && read >= last) {
            best = k;
            last = read;
        }
    }
    return best;
}

/* The operand whose register takes the result: one that is not read again; else it is copied. */
static int operand_overwritten(const maker *m, const lf_tern *op, int in_place) {
    int any = -1;
    for (int k = 0; k < op->count; k++) {
        uint32_t s = op->in[k];
        if (k == in_place)
            continue;
        any = k;
        if (m->next[s] + 1 >= m->reads.start[s + 1])
            return k;
    }
    return any;
}

static void operation(maker *m, size_t i) {
    const lf_tern *op = &m->t->op[i];
    unsigned reg[3] = {0, 0, 0};
    int in_place = operand_in_place(m, op);
    memset(m->pinned, 0, sizeof m->pinned);
    for (int k = 0; k < op->count; k++) /* those that are there first, so that none of them is put away */
        if (m->home[op->in[k]] != NONE)
            reg[k] = bring(m, op->in[k]);
    for (int k = 0; k < op->count; k++)
        if (k != in_place)
            reg[k] = bring(m, op->in[k]);
    int a = operand_overwritten(m, op, in_place), c = in_place;
    for (int k = 0; k < op->count && c < 0; k++)
        c = k != a ? k : -1;
    c = c < 0 ? a : c;
    int b = a;
    for (int k = 0; k < op->count; k++)
        b = k != a && k != c ? k : b;
    bool overwrite = m->next[op->in[a]] + 1 >= m->reads.start[op->in[a] + 1];
    unsigned to = overwrite ? reg[a] : take_register(m);
    if (!overwrite)
        copy(m, to, reg[a]);
    uint8_t imm = immediate(op, (const int[3]){a, b, c});
    if (in_place >= 0)
        ternary_memory(m, to, reg[b], base_of(m, op->in[c]), index_of(m, op->in[c]), imm);
    else
        ternary(m, to, reg[b], reg[c], imm);
    for (int k = 0; k < op->count; k++)
        done_with(m, op->in[k]);
    uint32_t s = m->first + (uint32_t)i;
    for (uint32_t o = m->out_first[s]; o != NONE; o = m->out_next[o])
        store(m, BASE_OUT, o, to);
    empty(m, to);
    if (next_read(m, s) != NONE)
        keep(m, to, s);
}

/* Outputs that are inputs or constants. */
static void plain_outputs(maker *m) {
    for (uint32_t o = 0; o < m->t->outputs; o++) {
        uint32_t s = m->t->output[o];
        if (s >= m->first)
            continue;
        if (s < 2)
            ternary(m, 0, 0, 0, s ? 0xff : 0);
        else
            load(m, 0, BASE_IN, index_of(m, s));
        store(m, BASE_OUT, o, 0);
    }
}

/* -- the whole ------------------------------------------------------------------------------------------------------------ */

static uint32_t *numbers(lf_arena *a, size_t count) {
    uint32_t *at = LF_NEW_ARRAY(a, uint32_t, count + 1);
    memset(at, 0xff, (count + 1) * sizeof *at);
    return at;
}

static void prepare(maker *m) {
    size_t signals = m->first + m->t->count;
    m->reads = lf_reads_of(m->a, m->t);
    m->next = LF_NEW_ARRAY(m->a, uint32_t, signals + 1);
    memcpy(m->next, m->reads.start, signals * sizeof *m->next);
    m->slot = numbers(m->a, signals);
    m->home = numbers(m->a, signals);
    m->out_first = numbers(m->a, signals);
    m->out_next = numbers(m->a, m->t->outputs);
    memset(m->in_register, 0xff, sizeof m->in_register);
    memset(m->until, 0xff, sizeof m->until);
    for (uint32_t o = 0; o < m->t->outputs; o++) {
        m->out_next[o] = m->out_first[m->t->output[o]];
        m->out_first[m->t->output[o]] = o;
    }
}

static void write_code(maker *m) {
    for (size_t i = 0; i < m->t->count; i++)
        operation(m, i);
    plain_outputs(m);
    m->size = lf_lut_machine_end(m->code, m->size);
}

size_t lf_lut_machine_end(uint8_t *code, size_t size) {
    static const uint8_t end[] = {0xc5, 0xf8, 0x77, 0xc3}; /* vzeroupper; ret */
    memcpy(code + size, end, sizeof end);
    return size + sizeof end;
}

/* Written where it will be, while it cannot be executed; then the other way around. */
bool lf_lut_machine_map(size_t room, uint8_t **code, size_t *mapped) {
    *mapped = (room + PAGE - 1) & ~(size_t)(PAGE - 1);
    void *at = mmap(NULL, *mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    *code = at == MAP_FAILED ? NULL : at;
    return *code != NULL;
}

lf_lut_machine lf_lut_machine_seal(uint8_t *code, size_t size, size_t mapped, size_t slots) {
    size_t used = (size + PAGE - 1) & ~(size_t)(PAGE - 1);
    bool fine = mprotect(code, mapped, PROT_READ | PROT_EXEC) == 0;
    size_t kept = fine ? used : 0;
    if (kept < mapped)
        munmap(code + kept, mapped - kept);
    return fine ? (lf_lut_machine){code, size, used, slots} : (lf_lut_machine){0};
}

lf_lut_machine lf_lut_machine_make(lf_arena *a, const lf_terns *t) {
    maker m = {.a = a, .t = t, .first = 2 + t->inputs};
    if (t->count + t->inputs + t->outputs > INT32_MAX / SLOT_BYTES - 1 ||
        !lf_lut_machine_map((t->count + 1) * OP_BYTES_MAX + t->outputs * 2 * OP_BYTES_MAX, &m.code, &m.mapped))
        return (lf_lut_machine){0};
    prepare(&m);
    write_code(&m);
    return lf_lut_machine_seal(m.code, m.size, m.mapped, (size_t)m.slots + 1);
}

void lf_lut_machine_free(lf_lut_machine *m) {
    if (m->code)
        munmap(m->code, m->mapped);
    *m = (lf_lut_machine){0};
}

typedef void machine_code(const uint64_t *in, uint64_t *scratch, uint64_t *out);

static machine_code *code_of(const lf_lut_machine *m) {
    machine_code *run;
    memcpy(&run, &m->code, sizeof run); /* ISO C has no other way from an object to a function */
    return run;
}

void lf_lut_machine_run(const lf_lut_machine *m, const uint64_t *in, uint64_t *scratch, uint64_t *out) {
    code_of(m)(in, scratch + BIAS_SLOTS * LF_LUT_WORDS, out);
}

void lf_lut_machine_run_avx2(const lf_lut_machine *m, const uint64_t *in, uint64_t *scratch, uint64_t *out) {
    for (size_t half = 0; half < LF_LUT_WORDS; half += LF_LUT_WORDS / 2)
        code_of(m)(in + half, scratch, out + half);
}

#else

lf_lut_machine lf_lut_machine_make(lf_arena *a, const lf_terns *t) {
    (void)a;
    (void)t;
    return (lf_lut_machine){0};
}

void lf_lut_machine_free(lf_lut_machine *m) {
    (void)m;
}

void lf_lut_machine_run(const lf_lut_machine *m, const uint64_t *in, uint64_t *scratch, uint64_t *out) {
    (void)m;
    (void)in;
    (void)scratch;
    (void)out;
}

void lf_lut_machine_run_avx2(const lf_lut_machine *m, const uint64_t *in, uint64_t *scratch, uint64_t *out) {
    lf_lut_machine_run(m, in, scratch, out);
}

#endif
