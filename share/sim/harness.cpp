// The part of the Verilator testbench that is the same for every circuit.
//   harness OUT_DIR FRAMES STALL SEED LIMIT
// reads OUT_DIR/in_K.bin (beats of input K, whole bytes each, frame by frame; of weights one image, which is repeated), runs FRAMES frames with valid and ready dropped with
// probability STALL / 65536, writes OUT_DIR/out_K.bin (beats) and OUT_DIR/cycles_K.txt (the cycle in which each was taken), and
// prints the cycle of the first input beat that is no weight. With flow all inputs pause together, outputs are never held, and every frame
// takes as long as the first. Exit 1: an AXI rule broken, or LIMIT cycles without a beat; then it prints
// how many beats have passed each port.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "verilated.h"

typedef LF_TOP Top;

static void set_bits(CData &p, const uint8_t *b, int n) { (void)n; p = b[0]; }
static void set_bits(SData &p, const uint8_t *b, int n) { p = 0; for (int i = 0; i < n; i++) p = (SData)(p | b[i] << 8 * i); }
static void set_bits(IData &p, const uint8_t *b, int n) { p = 0; for (int i = 0; i < n; i++) p |= (IData)b[i] << 8 * i; }
static void set_bits(QData &p, const uint8_t *b, int n) { p = 0; for (int i = 0; i < n; i++) p |= (QData)b[i] << 8 * i; }
template <std::size_t W> static void set_bits(VlWide<W> &p, const uint8_t *b, int n) {
    for (std::size_t w = 0; w < W; w++) p[w] = 0;
    for (int i = 0; i < n; i++) p[i / 4] |= (EData)b[i] << 8 * (i % 4);
}
static void get_bits(uint8_t *b, int n, const CData &p) { (void)n; b[0] = p; }
static void get_bits(uint8_t *b, int n, const SData &p) { for (int i = 0; i < n; i++) b[i] = (uint8_t)(p >> 8 * i); }
static void get_bits(uint8_t *b, int n, const IData &p) { for (int i = 0; i < n; i++) b[i] = (uint8_t)(p >> 8 * i); }
static void get_bits(uint8_t *b, int n, const QData &p) { for (int i = 0; i < n; i++) b[i] = (uint8_t)(p >> 8 * i); }
template <std::size_t W> static void get_bits(uint8_t *b, int n, const VlWide<W> &p) {
    for (int i = 0; i < n; i++) b[i] = (uint8_t)(p[i / 4] >> 8 * (i % 4));
}

struct InputPort {
    const char *name;
    int bytes;
    long long beats, image; // image: beats of weights until they repeat; 0: these are data
    void (*data)(Top &, const uint8_t *);
    bool (*ready)(Top &);
    void (*valid)(Top &, bool);
    void (*last)(Top &, bool);
};

struct OutputPort {
    const char *name;
    int bytes;
    long long beats;
    void (*data)(Top &, uint8_t *);
    bool (*valid)(Top &);
    void (*ready)(Top &, bool);
    bool (*last)(Top &);
};

static uint64_t state;
static bool drop(unsigned stall) { // xorshift64*
    state ^= state >> 12, state ^= state << 25, state ^= state >> 27;
    return stall && ((state * 2685821657736338717ull) >> 48) < stall;
}

struct Source {
    std::vector<uint8_t> bytes;
    long long at = 0, total = 0;
    bool offered = false;
};

struct Sink {
    FILE *data = nullptr, *cycles = nullptr;
    std::vector<uint8_t> now, held;
    long long at = 0, total = 0, taken = 0;
    bool ready = false, waiting = false;
};

static FILE *open_file(const std::string &name, const char *mode) {
    FILE *f = fopen(name.c_str(), mode);
    if (!f) perror(name.c_str()), exit(2);
    return f;
}

static std::vector<uint8_t> read_file(const std::string &name) {
    std::vector<uint8_t> all;
    FILE *f = open_file(name, "rb");
    uint8_t block[65536];
    for (size_t n; (n = fread(block, 1, sizeof block, f)) > 0;) all.insert(all.end(), block, block + n);
    fclose(f);
    return all;
}

static int broken(const char *what, const char *port, long long cycle) {
    printf("cycle %lld, port %s: %s\n", cycle, port, what);
    return 1;
}

static int run(int argc, char **argv, const InputPort *in, size_t ins, const OutputPort *out, size_t outs, bool flow) {
    if (argc != 6) return fprintf(stderr, "usage: harness DIR FRAMES STALL SEED LIMIT\n"), 2;
    std::string dir = argv[1];
    long long frames = atoll(argv[2]), limit = atoll(argv[5]), first = -1, quiet = 0;
    unsigned stall = (unsigned)atoi(argv[3]);
    state = strtoull(argv[4], nullptr, 10) * 2 + 1;
    std::vector<Source> sources(ins);
    std::vector<Sink> sinks(outs);
    std::vector<long long> entered; // flow: the cycle of each frame
    for (size_t i = 0; i < ins; i++) {
        sources[i].bytes = read_file(dir + "/in_" + std::to_string(i) + ".bin");
        sources[i].total = frames * in[i].beats;
        if ((long long)sources[i].bytes.size() < (in[i].image ? in[i].image : sources[i].total) * in[i].bytes) return fprintf(stderr, "in_%zu.bin is short\n", i), 2;
    }
    for (size_t i = 0; i < outs; i++) {
        sinks[i].data = open_file(dir + "/out_" + std::to_string(i) + ".bin", "wb");
        sinks[i].cycles = open_file(dir + "/cycles_" + std::to_string(i) + ".txt", "w");
        sinks[i].now.resize((size_t)out[i].bytes), sinks[i].held = sinks[i].now;
        sinks[i].total = frames * out[i].beats;
    }
    Verilated::randReset(2);
    Top *d = new Top;
    d->aclk = 0, d->aresetn = 0;
    for (size_t i = 0; i < ins; i++) in[i].valid(*d, false), in[i].last(*d, false);
    for (size_t i = 0; i < outs; i++) out[i].ready(*d, false);
    for (int i = 0; i < 4; i++) d->eval(), d->aclk = 1, d->eval(), d->aclk = 0;
    d->aresetn = 1;
    for (long long cycle = 0;; cycle++) {
        bool pause = flow && drop(stall);
        for (size_t i = 0; i < ins; i++) {
            Source &s = sources[i];
            if (!s.offered && s.at < s.total) s.offered = flow ? !pause : !drop(stall);
            if (s.offered) in[i].data(*d, &s.bytes[(size_t)((in[i].image ? s.at % in[i].image : s.at) * in[i].bytes)]);
            in[i].valid(*d, s.offered);
            in[i].last(*d, s.offered && (s.at + 1) % in[i].beats == 0);
        }
        for (size_t i = 0; i < outs; i++) sinks[i].ready = flow || !drop(stall), out[i].ready(*d, sinks[i].ready);
        d->eval();
        bool moved = false, done = true;
        for (size_t i = 0; i < ins; i++) {
            Source &s = sources[i];
            if (!s.offered || !in[i].ready(*d)) continue;
            if (first < 0 && !in[i].image) first = cycle;
            if (flow && i == 0) entered.push_back(cycle);
            s.at++, s.offered = false, moved = true;
        }
        for (size_t i = 0; i < outs; i++) {
            Sink &s = sinks[i];
            bool valid = out[i].valid(*d);
            if (s.waiting && !valid) return broken("valid fell before the beat was taken", out[i].name, cycle);
            if (valid) {
                out[i].data(*d, s.now.data());
                if (s.waiting && s.now != s.held) return broken("data changed before the beat was taken", out[i].name, cycle);
                if (out[i].last(*d) != ((s.at + 1) % out[i].beats == 0)) return broken("TLAST is not on the last beat of the frame", out[i].name, cycle);
                if (s.at == s.total) return broken("more beats than the frames have", out[i].name, cycle);
                if (flow && s.at >= (long long)entered.size()) return broken("a frame came out that had not entered", out[i].name, cycle);
                if (flow && s.at && cycle - entered[(size_t)s.at] != s.taken - entered[(size_t)s.at - 1]) return broken("the latency has changed", out[i].name, cycle);
                s.taken = cycle;
            }
            s.waiting = valid && !s.ready;
            s.held = s.now;
            if (valid && s.ready) {
                fwrite(s.now.data(), 1, s.now.size(), s.data);
                fprintf(s.cycles, "%lld\n", cycle);
                s.at++, moved = true;
            }
            done = done && s.at == s.total;
        }
        d->aclk = 1, d->eval(), d->aclk = 0;
        quiet = moved ? 0 : quiet + 1;
        if (done && quiet > 64) break; // a few idle cycles: nothing may come behind the last frame
        if (quiet > limit) {
            for (size_t i = 0; i < ins; i++) printf("input %zu passed %lld\n", i, sources[i].at);
            for (size_t i = 0; i < outs; i++) printf("output %zu passed %lld\n", i, sinks[i].at);
            return broken("nothing moves any more", "(all)", cycle);
        }
    }
    for (size_t i = 0; i < outs; i++)
        if (fclose(sinks[i].data) || fclose(sinks[i].cycles)) return perror("output"), 2;
    printf("first %lld\n", first);
    return 0;
}
