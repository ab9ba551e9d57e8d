#include "verify/beats.h"

#include <ctype.h>
#include <string.h>

#include "base/file.h"
#include "base/text.h"
#include "num/bitpack.h"
#include "pass/stream_model.h"

static void pack_beat(const lf_stream_port *p, const int64_t *codes, uint8_t *beat) {
    int bits = lf_dtype_bits(p->type);
    memset(beat, 0, (size_t)lf_port_bytes(p));
    for (int64_t i = 0; i < p->lanes; i++)
        lf_bits_set(beat, (size_t)(i * bits), bits, lf_code_to_bits(p->type, codes[i]));
}

static void add_hex(lf_text *t, const uint8_t *beat, int bytes) {
    static const char digit[] = "0123456789abcdef";
    for (int i = bytes; i-- > 0;) {
        char pair[2] = {digit[beat[i] >> 4], digit[beat[i] & 15]};
        lf_text_addn(t, pair, 2);
    }
    lf_text_addn(t, "\n", 1);
}

lf_status lf_beats_write(lf_ctx *ctx, const char *path, const lf_stream_port *p, const int64_t *codes, int64_t frames,
                         bool hex) {
    lf_text t = {0};
    lf_arena *a = lf_arena_new();
    uint8_t *beat = lf_alloc(a, (size_t)lf_port_bytes(p) + 8);
    for (int64_t b = 0; b < frames * lf_port_beats(p); b++) {
        pack_beat(p, codes + b * p->lanes, beat);
        if (hex)
            add_hex(&t, beat, lf_port_bytes(p));
        else
            lf_text_addn(&t, (const char *)beat, (size_t)lf_port_bytes(p));
    }
    lf_status status = lf_file_write(ctx, path, t.at ? t.at : "", t.len);
    lf_text_free(&t);
    lf_arena_free(a);
    return status;
}

lf_status lf_weights_write(const lf_graph *g, const lf_stream_port *port, const char *dir) {
    const lf_node *n = lf_node_at(g, port->node);
    lf_arena *a = lf_arena_new();
    lf_const_stream c;
    lf_stream_port image = *port;
    image.elements = port->image;
    int64_t *codes = LF_NEW_ARRAY(a, int64_t, port->image);
    lf_status status = lf_make_dir(g->ctx, lf_path_join(a, dir, "weights"));
    if (status == LF_OK && n->op->const_stream(g, n, &c, codes))
        status = lf_beats_write(g->ctx, lf_path_join(a, dir, lf_weights_file(a, port)), &image, codes, 1, false);
    lf_arena_free(a);
    return status;
}

lf_status lf_weights_copy(lf_ctx *ctx, const lf_stream_port *port, const char *dir, const char *path, bool hex) {
    lf_arena *a = lf_arena_new();
    lf_file f;
    const char *from = lf_path_join(a, dir, lf_weights_file(a, port));
    int bytes = lf_port_bytes(port);
    int64_t size = lf_port_image_beats(port) * bytes;
    lf_text t = {0};
    lf_status status = lf_file_open(ctx, from, 0, &f);
    if (status == LF_OK && (int64_t)f.size != size)
        status = lf_fail(ctx, LF_BAD_INPUT, &(lf_where){.file = from}, "%zu bytes; the weights of %s are %lld", f.size,
                         port->name, (long long)size);
    else if (status == LF_OK) {
        for (int64_t b = 0; hex && b < size; b += bytes)
            add_hex(&t, f.data + b, bytes);
        status = lf_file_write(ctx, path, hex ? t.at : (const char *)f.data, hex ? t.len : f.size);
    }
    lf_file_close(&f);
    lf_text_free(&t);
    lf_arena_free(a);
    return status;
}

typedef struct reader {
    lf_ctx *ctx;
    const char *path;
    const lf_stream_port *port;
    lf_file file;
    size_t at;
} reader;

static lf_status bad(const reader *r, int64_t beat, const char *what) {
    return lf_fail(r->ctx, LF_FAILED, NULL, "output %s, beat %lld of frame %lld: %s", r->port->name,
                   (long long)(beat % lf_port_beats(r->port)), (long long)(beat / lf_port_beats(r->port)), what);
}

static int hex_value(int c) {
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

static lf_status next_hex(reader *r, int64_t beat, uint8_t *out, int bytes) {
    if (r->at + (size_t)bytes * 2 > r->file.size)
        return bad(r, beat, "the simulation gave fewer beats than the frames have");
    for (int i = bytes; i-- > 0; r->at += 2) {
        int hi = hex_value(r->file.data[r->at]), lo = hex_value(r->file.data[r->at + 1]);
        if (hi < 0 || lo < 0)
            return bad(r, beat, "a bit is unknown (x or z)");
        out[i] = (uint8_t)(hi << 4 | lo);
    }
    while (r->at < r->file.size && isspace(r->file.data[r->at]))
        r->at++;
    return LF_OK;
}

static lf_status next_binary(reader *r, int64_t beat, uint8_t *out, int bytes) {
    if (r->at + (size_t)bytes > r->file.size)
        return bad(r, beat, "the simulation gave fewer beats than the frames have");
    memcpy(out, r->file.data + r->at, (size_t)bytes);
    r->at += (size_t)bytes;
    return LF_OK;
}

static lf_status unpack_beat(const reader *r, int64_t beat, const uint8_t *bytes, int64_t *codes) {
    const lf_stream_port *p = r->port;
    int bits = lf_dtype_bits(p->type), used = lf_port_bits(p);
    for (int64_t i = 0; i < p->lanes; i++)
        codes[i] = lf_code_from_bits(p->type, lf_bits_get(bytes, (size_t)(i * bits), bits));
    for (int i = used; i < lf_port_bytes(p) * 8; i++)
        if (bytes[i / 8] >> (i % 8) & 1)
            return bad(r, beat, "the padding is not zero");
    return LF_OK;
}

lf_status lf_beats_read(lf_ctx *ctx, const char *path, const lf_stream_port *p, int64_t *codes, int64_t frames,
                        bool hex) {
    reader r = {.ctx = ctx, .path = path, .port = p};
    LF_TRY(lf_file_open(ctx, path, 0, &r.file));
    lf_arena *a = lf_arena_new();
    int bytes = lf_port_bytes(p);
    uint8_t *beat = lf_alloc(a, (size_t)bytes + 8);
    lf_status status = LF_OK;
    for (int64_t b = 0; status == LF_OK && b < frames * lf_port_beats(p); b++) {
        status = hex ? next_hex(&r, b, beat, bytes) : next_binary(&r, b, beat, bytes);
        if (status == LF_OK)
            status = unpack_beat(&r, b, beat, codes + b * p->lanes);
    }
    lf_arena_free(a);
    lf_file_close(&r.file);
    return status;
}
