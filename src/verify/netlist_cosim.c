#include "verify/netlist_cosim.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "base/file.h"
#include "base/text.h"

typedef struct side {
    const lf_stream_port *port;
    const uint32_t *data;
    int width;
    uint32_t valid, ready, last;
    int bytes;
    int64_t at, total, beats;
    bool offered;  /* input: a beat stands on the port; output: this cycle's ready */
    bool waiting;  /* output: a beat stood there that was not taken */
    int64_t taken; /* output: the cycle of the newest beat */
    uint8_t *now, *held;
    lf_file file;                /* input */
    lf_text beats_taken, cycles; /* output */
} side;

typedef struct bench {
    lf_ctx *ctx;
    lf_arena *arena;
    const lf_netlist *netlist;
    lf_netlist_state *state;
    side *in, *out;
    size_t ins, outs;
    uint64_t random;
    unsigned stall; /* of 65536 */
    uint32_t clock, reset;
    bool flow;
    LF_VEC(int64_t) entered; /* flow: the cycle of each frame */
} bench;

/* -- ports ---------------------------------------------------------------------------------------------------------------------- */

static lf_status port_bit(bench *b, const char *name, uint32_t *out) {
    int width;
    const uint32_t *bits = lf_netlist_port(b->netlist, name, &width);
    if (!bits)
        return lf_fail(b->ctx, LF_BAD_INPUT, NULL, "the netlist has no port %s: is it of this design?", name);
    *out = bits[0];
    return LF_OK;
}

/* Flow has data and valid only. */
static lf_status find_pins(bench *b, const char *prefix, int bits, side *s) {
    const char *data = lf_format(b->arena, "%s%s", prefix, b->flow ? "data" : "tdata");
    s->data = lf_netlist_port(b->netlist, data, &s->width);
    if (!s->data || s->width != bits)
        return lf_fail(b->ctx, LF_BAD_INPUT, NULL, "the netlist has no port %s of %d bits: is it of this design?", data,
                       bits);
    if (b->flow)
        return port_bit(b, lf_format(b->arena, "%svalid", prefix), &s->valid);
    LF_TRY(port_bit(b, lf_format(b->arena, "%stvalid", prefix), &s->valid));
    LF_TRY(port_bit(b, lf_format(b->arena, "%stready", prefix), &s->ready));
    return port_bit(b, lf_format(b->arena, "%stlast", prefix), &s->last);
}

static lf_status open_side(bench *b, const lf_stream_port *p, bool output, int64_t frames, side *s) {
    const char *stream = output ? "m_axis" : "s_axis", *flow = output ? "out" : "in";
    *s = (side){.port = p, .bytes = lf_port_bytes(p), .beats = lf_port_beats(p)};
    s->total = frames * s->beats;
    LF_TRY(find_pins(b, lf_format(b->arena, "%s_%s", b->flow ? flow : stream, p->suffix),
                     b->flow ? lf_port_bits(p) : s->bytes * 8, s));
    s->now = LF_NEW_ARRAY(b->arena, uint8_t, s->bytes);
    s->held = LF_NEW_ARRAY(b->arena, uint8_t, s->bytes);
    return LF_OK;
}

static lf_status open_all(bench *b, const lf_cosim_design *d, const lf_cosim_run *run, const char *dir) {
    b->ins = d->inputs->count;
    b->outs = d->outputs->count;
    b->in = LF_NEW_ARRAY(b->arena, side, b->ins + 1);
    b->out = LF_NEW_ARRAY(b->arena, side, b->outs + 1);
    for (size_t i = 0; i < b->ins; i++) {
        LF_TRY(open_side(b, &d->inputs->at[i], false, run->frames, &b->in[i]));
        LF_TRY(
            lf_file_open(b->ctx, lf_path_join(b->arena, dir, lf_format(b->arena, "in_%zu.bin", i)), 0, &b->in[i].file));
        int64_t image = d->inputs->at[i].image ? lf_port_image_beats(&d->inputs->at[i]) : b->in[i].total;
        if ((int64_t)b->in[i].file.size < image * b->in[i].bytes)
            return lf_fail(b->ctx, LF_FAILED, NULL, "in_%zu.bin is short", i);
    }
    for (size_t i = 0; i < b->outs; i++)
        LF_TRY(open_side(b, &d->outputs->at[i], true, run->frames, &b->out[i]));
    return port_bit(b, "aresetn", &b->reset);
}

/* -- one cycle -------------------------------------------------------------------------------------------------------------------- */

static bool drop(bench *b) { /* xorshift64*, as in the harness */
    b->random ^= b->random >> 12;
    b->random ^= b->random << 25;
    b->random ^= b->random >> 27;
    return b->stall && ((b->random * 2685821657736338717ull) >> 48) < b->stall;
}

static void drive(bench *b) {
    uint8_t *v = b->state->value;
    bool pause = b->flow && drop(b); /* of all inputs together */
    for (size_t i = 0; i < b->ins; i++) {
        side *s = &b->in[i];
        if (!s->offered && s->at < s->total)
            s->offered = b->flow ? !pause : !drop(b);
        int64_t beat = s->port->image ? s->at % lf_port_image_beats(s->port) : s->at;
        for (int k = 0; s->offered && k < s->width; k++)
            v[s->data[k]] = s->file.data[beat * s->bytes + k / 8] >> (k % 8) & 1;
        v[s->valid] = s->offered;
        if (!b->flow)
            v[s->last] = s->offered && (s->at + 1) % s->beats == 0;
    }
    for (size_t i = 0; i < b->outs; i++) {
        b->out[i].offered = b->flow || !drop(b);
        if (!b->flow)
            v[b->out[i].ready] = b->out[i].offered;
    }
}

static lf_status broken(bench *b, const side *s, int64_t cycle, const char *what) {
    return lf_fail(b->ctx, LF_FAILED, NULL, "the simulation stopped: cycle %" PRId64 ", output %s: %s", cycle,
                   s->port->name, what);
}

/* Every frame takes as long as the one before it. */
static lf_status check_flow(bench *b, side *s, int64_t cycle) {
    if ((size_t)s->at >= b->entered.count)
        return broken(b, s, cycle, "a frame came out that had not entered");
    if (s->at && cycle - b->entered.at[s->at] != s->taken - b->entered.at[s->at - 1])
        return broken(b, s, cycle, "the latency has changed");
    s->taken = cycle;
    return LF_OK;
}

static lf_status look(bench *b, side *s, int64_t cycle, bool *moved) {
    const uint8_t *v = b->state->value;
    bool valid = v[s->valid];
    if (s->waiting && !valid)
        return broken(b, s, cycle, "valid fell before the beat was taken");
    if (valid) {
        memset(s->now, 0, (size_t)s->bytes);
        for (int k = 0; k < s->width; k++)
            s->now[k / 8] |= (uint8_t)(v[s->data[k]] << (k % 8));
        if (s->waiting && memcmp(s->now, s->held, (size_t)s->bytes) != 0)
            return broken(b, s, cycle, "data changed before the beat was taken");
        if (!b->flow && v[s->last] != ((s->at + 1) % s->beats == 0))
            return broken(b, s, cycle, "TLAST is not on the last beat of the frame");
        if (s->at == s->total)
            return broken(b, s, cycle, "more beats than the frames have");
        if (b->flow)
            LF_TRY(check_flow(b, s, cycle));
    }
    s->waiting = valid && !s->offered;
    memcpy(s->held, s->now, (size_t)s->bytes);
    if (valid && s->offered) {
        lf_text_addn(&s->beats_taken, (const char *)s->now, (size_t)s->bytes);
        lf_text_addf(&s->cycles, "%" PRId64 "\n", cycle);
        s->at++;
        *moved = true;
    }
    return LF_OK;
}

static lf_status observe(bench *b, int64_t cycle, int64_t *first, bool *moved, bool *done) {
    *moved = false;
    *done = true;
    for (size_t i = 0; i < b->ins; i++) {
        side *s = &b->in[i];
        if (!s->offered || (!b->flow && !b->state->value[s->ready]))
            continue;
        if (b->flow && i == 0)
            LF_PUSH(b->arena, &b->entered, cycle);
        *first = *first < 0 && !s->port->image ? cycle : *first;
        s->at++;
        s->offered = false;
        *moved = true;
    }
    for (size_t i = 0; i < b->outs; i++) {
        LF_TRY(look(b, &b->out[i], cycle, moved));
        *done = *done && b->out[i].at == b->out[i].total;
    }
    return LF_OK;
}

static lf_status stop(const bench *b, lf_cosim_run *run, int64_t quiet) {
    if (!run->passed)
        return lf_fail(b->ctx, LF_FAILED, NULL, "the simulation stopped: nothing moved for %" PRId64 " cycles", quiet);
    run->stopped = true;
    for (size_t i = 0; i < b->ins + b->outs; i++)
        run->passed[i] = i < b->ins ? b->in[i].at : b->out[i - b->ins].at;
    return LF_OK;
}

/* The end is looked at for a while longer: nothing more may come. */
static lf_status run_cycles(bench *b, lf_cosim_run *run, int64_t *first) {
    enum { RESET = 4, AFTER = 64 };
    int64_t quiet = 0, after = 0;
    bool moved, done = false;
    b->state->value[b->reset] = 0;
    for (int i = 0; i < RESET; i++) {
        lf_netlist_settle(b->state);
        lf_netlist_clock(b->state);
    }
    b->state->value[b->reset] = 1;
    for (int64_t cycle = 0; after < AFTER; cycle++) {
        drive(b);
        lf_netlist_settle(b->state);
        LF_TRY(observe(b, cycle, first, &moved, &done));
        lf_netlist_clock(b->state);
        quiet = moved ? 0 : quiet + 1;
        after += done;
        if (!done && quiet > run->limit)
            return stop(b, run, quiet);
        if (cycle % 1024 == 0 && b->outs)
            lf_progress(b->ctx, "simulating the netlist", (uint64_t)b->out[0].at, (uint64_t)b->out[0].total);
    }
    return LF_OK;
}

static lf_status write_results(bench *b, const char *dir) {
    for (size_t i = 0; i < b->outs; i++) {
        side *s = &b->out[i];
        LF_TRY(lf_file_write(b->ctx, lf_path_join(b->arena, dir, lf_format(b->arena, "out_%zu.bin", i)),
                             s->beats_taken.at, s->beats_taken.len));
        LF_TRY(lf_file_write(b->ctx, lf_path_join(b->arena, dir, lf_format(b->arena, "cycles_%zu.txt", i)),
                             s->cycles.at, s->cycles.len));
    }
    return LF_OK;
}

static void close_all(bench *b) {
    for (size_t i = 0; b->in && i < b->ins; i++)
        lf_file_close(&b->in[i].file);
    for (size_t i = 0; b->out && i < b->outs; i++) {
        lf_text_free(&b->out[i].beats_taken);
        lf_text_free(&b->out[i].cycles);
    }
}

lf_status lf_netlist_frames(lf_ctx *ctx, const lf_netlist *n, const lf_cosim_design *design, lf_cosim_run *run,
                            const char *dir, int64_t *first) {
    bench b = {.ctx = ctx,
               .arena = lf_arena_new(),
               .netlist = n,
               .random = run->seed * 2 + 1,
               .flow = design->flow,
               .stall = (unsigned)nearbyint(run->stall * 65536)};
    *first = -1;
    b.state = lf_netlist_start(n, b.arena, run->seed);
    lf_status status = open_all(&b, design, run, dir);
    if (status == LF_OK)
        status = run_cycles(&b, run, first);
    if (status == LF_OK)
        status = write_results(&b, dir);
    close_all(&b);
    lf_arena_free(b.arena);
    return status;
}
