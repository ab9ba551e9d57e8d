#include "import/onnx_wire.h"

#include <string.h>

#include "import/import.h"

enum { FIELD_LIMIT = 1 << 22, WIRE_VARINT = 0, WIRE_I64 = 1, WIRE_LEN = 2, WIRE_I32 = 5 };

/* -- reading tags and lengths -------------------------------------------------------------------------------------- */

typedef struct cursor {
    const uint8_t *at, *end;
} cursor;

static bool read_varint(cursor *c, uint64_t *out) {
    uint64_t v = 0;
    for (int shift = 0; shift < 70 && c->at < c->end; shift += 7) {
        uint8_t byte = *c->at++;
        v |= shift < 64 ? (uint64_t)(byte & 0x7f) << shift : 0;
        if (!(byte & 0x80)) {
            *out = v;
            return true;
        }
    }
    return false;
}

static bool skip(cursor *c, uint64_t bytes) {
    if (bytes > (uint64_t)(c->end - c->at))
        return false;
    c->at += bytes;
    return true;
}

typedef struct field {
    uint32_t number;
    int wire;
    cursor body; /* of WIRE_LEN fields */
} field;

/* The next field of a message; false when its bytes make no sense. */
static bool read_field(cursor *c, field *f) {
    uint64_t tag = 0, value = 0;
    if (!read_varint(c, &tag) || tag > UINT32_MAX || tag >> 3 == 0)
        return false;
    f->number = (uint32_t)(tag >> 3);
    f->wire = (int)(tag & 7);
    switch (f->wire) {
    case WIRE_VARINT: return read_varint(c, &value);
    case WIRE_I64: return skip(c, 8);
    case WIRE_I32: return skip(c, 4);
    case WIRE_LEN:
        if (!read_varint(c, &value) || value > UINT32_MAX / 2)
            return false;
        f->body.at = c->at;
        f->body.end = c->at;
        if (!skip(c, value))
            return false;
        f->body.end = c->at;
        return true;
    default: return false; /* groups: ONNX never had them */
    }
}

/* -- the walk ------------------------------------------------------------------------------------------------------ */

/* Unicode 15, table 3-7; NUL is not allowed either, because it would cut the string. */
static bool is_text(const uint8_t *s, const uint8_t *end) {
    while (s < end) {
        uint8_t b = *s++;
        int more = b < 0x80                ? 0
                   : b >= 0xc2 && b < 0xe0 ? 1
                   : b >= 0xe0 && b < 0xf0 ? 2
                   : b >= 0xf0 && b < 0xf5 ? 3
                                           : -1;
        if (b == 0 || more < 0 || end - s < more)
            return false;
        if ((b == 0xe0 && *s < 0xa0) || (b == 0xed && *s > 0x9f) || (b == 0xf0 && *s < 0x90) ||
            (b == 0xf4 && *s > 0x8f))
            return false;
        for (; more > 0; more--)
            if ((*s++ & 0xc0) != 0x80)
                return false;
    }
    return true;
}

typedef struct walk {
    lf_ctx *ctx;
    const lf_where *where;
    const uint8_t *start;
    size_t fields;
} walk;

static lf_status refuse(walk *w, const ProtobufCMessageDescriptor *d, const uint8_t *at, const char *what) {
    return lf_fail(w->ctx, LF_BAD_INPUT, w->where, "not a valid ONNX file: %s, in a %s at byte %zu", what,
                   d->short_name, (size_t)(at - w->start));
}

static lf_status walk_message(walk *w, const ProtobufCMessageDescriptor *d, cursor c, int depth);

static lf_status walk_known(walk *w, const ProtobufCMessageDescriptor *d, const ProtobufCFieldDescriptor *known,
                            const field *f, uint64_t *seen, int depth) {
    if (f->wire != WIRE_LEN)
        return LF_OK;
    if (known->type == PROTOBUF_C_TYPE_STRING && !is_text(f->body.at, f->body.end))
        return refuse(w, d, f->body.at, "a string that is not UTF-8 text");
    if (known->type != PROTOBUF_C_TYPE_MESSAGE)
        return LF_OK;
    uint64_t bit = known->label == PROTOBUF_C_LABEL_REPEATED ? 0 : (uint64_t)1 << (known->id & 63);
    if (*seen & bit)
        return refuse(w, d, f->body.at, "a part that may stand once stands twice");
    *seen |= bit;
    return walk_message(w, known->descriptor, f->body, depth + 1);
}

static lf_status walk_message(walk *w, const ProtobufCMessageDescriptor *d, cursor c, int depth) {
    if (depth > LF_ONNX_DEPTH_LIMIT)
        return refuse(w, d, c.at, "parts nested deeper than 100 levels");
    for (uint64_t seen = 0; c.at < c.end;) {
        const uint8_t *at = c.at;
        field f;
        if (!read_field(&c, &f))
            return refuse(w, d, at, "a field that is cut short or of unknown form");
        if (++w->fields > FIELD_LIMIT)
            return refuse(w, d, at, "more than 4,194,304 fields");
        const ProtobufCFieldDescriptor *known = protobuf_c_message_descriptor_get_field(d, f.number);
        if (known)
            LF_TRY(walk_known(w, d, known, &f, &seen, depth));
    }
    return LF_OK;
}

lf_status lf_onnx_wire_check(lf_ctx *ctx, const lf_where *where, const uint8_t *data, size_t size) {
    walk w = {.ctx = ctx, .where = where, .start = data};
    if (size > INT32_MAX) {
        lf_fail(ctx, LF_BAD_INPUT, where, "%zu bytes: an ONNX file may have at most 2 GiB", size);
        lf_hint(ctx, "save the model with its weights as external data");
        return LF_BAD_INPUT;
    }
    return walk_message(&w, &lf_onnx__model_proto__descriptor, (cursor){data, data + size}, 0);
}

bool lf_is_onnx(const uint8_t *data, size_t size) {
    cursor c = {data, data + size};
    bool graph = false, version = false;
    while (c.at < c.end) {
        field f;
        if (!read_field(&c, &f))
            break; /* a damaged model is still a model: the reader says what is wrong */
        if ((f.number == 7 || f.number == 8) && f.wire != WIRE_LEN)
            return false;
        graph |= f.number == 7;
        version |= (f.number == 1 && f.wire == WIRE_VARINT) || f.number == 8;
        if (graph && version)
            return true;
    }
    return false;
}

/* -- unpacking into an arena --------------------------------------------------------------------------------------- */

/* What the unpacker frees (its scratch tables) is used again: bin k keeps free blocks of 2^k to 2^(k+1)-1 bytes. */
enum { BINS = 48, HEADER = 16, ALIGNED = 64 };
typedef struct block {
    size_t size;
    struct block *next;
} block;
typedef struct unpack_memory {
    lf_arena *arena;
    block *bin[BINS];
} unpack_memory;

static int log2_floor(size_t v) {
    int k = 0;
    while (v >>= 1)
        k++;
    return k;
}

static block *unpack_reuse(unpack_memory *m, size_t size) {
    int k = log2_floor(size);
    for (int bin = k; bin <= k + 1 && bin < BINS; bin++) {
        block *b = m->bin[bin];
        if (b && b->size >= size) {
            m->bin[bin] = b->next;
            return b;
        }
    }
    return NULL;
}

static void *unpack_alloc(void *user, size_t size) {
    unpack_memory *m = user;
    size = size ? size : 1;
    block *reused = unpack_reuse(m, size);
    if (reused)
        return (uint8_t *)reused + HEADER;
    /* Large blocks hold weights: their bytes start on a cache line. */
    size_t before = size >= ALIGNED ? ALIGNED : HEADER;
    uint8_t *memory = size < SIZE_MAX - before ? lf_alloc_try(m->arena, 1, size + before) : NULL;
    if (!memory)
        return NULL;
    block *b = (block *)(void *)(memory + before - HEADER);
    b->size = size;
    return memory + before;
}

static void unpack_free(void *user, void *p) {
    unpack_memory *m = user;
    if (!p)
        return;
    block *b = (block *)(void *)((uint8_t *)p - HEADER);
    int k = log2_floor(b->size);
    if (k < BINS) {
        b->next = m->bin[k];
        m->bin[k] = b;
    }
}

const lf_pb_model *lf_onnx_unpack(lf_ctx *ctx, const lf_where *where, lf_arena *arena, const uint8_t *data,
                                  size_t size) {
    if (lf_onnx_wire_check(ctx, where, data, size) != LF_OK)
        return NULL;
    unpack_memory memory = {.arena = arena};
    ProtobufCAllocator allocator = {unpack_alloc, unpack_free, &memory};
    const lf_pb_model *model = lf_onnx__model_proto__unpack(&allocator, size, data);
    if (!model)
        lf_fail(ctx, LF_BAD_INPUT, where,
                "not a valid ONNX file: a field has a type that ONNX does not give it, or memory is out");
    return model;
}
