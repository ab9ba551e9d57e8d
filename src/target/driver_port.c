/* What a port of a driver is called, how its codes lie in its beats, and the functions on codes. */
#include <inttypes.h>
#include <string.h>

#include "target/driver_print.h"
#include "vlog/vlog.h"

const char *lf_driver_code_type(const lf_stream_port *p) {
    return lf_dtype_bits(p->type) + !lf_dtype_signed(p->type) <= 32 ? "int32_t" : "int64_t";
}

const char *lf_driver_real_type(const lf_driver *d, lf_id tensor) {
    lf_dtype t = lf_tensor_at(d->g, tensor)->dtype;
    return t.kind == LF_KIND_FLOAT && t.bits == 64 ? "double" : "float";
}

/* Ports that would have one name in Verilog bear a number there, and here. */
static const char *port_name(const lf_driver *d, const lf_stream_port *p) {
    size_t n = strlen(p->suffix);
    return n ? lf_strndup(d->arena, p->suffix, n - 1) : lf_vlog_name(d->arena, p->name);
}

const char *lf_driver_stem(const lf_driver *d, const char *verb, const lf_stream_port *p) {
    return lf_format(d->arena, "%s_%s_%s", d->top, verb, port_name(d, p));
}

/* The name of a function, with a number when it is taken. */
const char *lf_driver_claim(lf_driver *d, const char *name) {
    const char *own = name;
    for (size_t i = 0, k = 2; i < d->taken.count; i++)
        if (!strcmp(d->taken.at[i], own)) {
            own = lf_format(d->arena, "%s_%zu", name, k++);
            i = (size_t)-1;
        }
    LF_PUSH(d->arena, &d->taken, own);
    return own;
}

/* -- what a port is ------------------------------------------------------------------------------------------------------ */

static void define(lf_driver *d, const char *name, const char *what, int64_t value) {
    lf_text_addf(&d->header, "#define %s_%s %" PRId64 "u\n", name, what, value);
}

void lf_driver_print_port(lf_driver *d, const lf_stream_port *p, bool output) {
    const char *name = lf_driver_stem(d, output ? "out" : "in", p), *type = lf_dtype_name(d->arena, p->type);
    lf_range r = lf_dtype_range(p->type);
    lf_text_addf(&d->header, "\n/* %s %s: %s, codes %" PRId64 "..%" PRId64 ", %s %saxis%s%.*s. */\n",
                 output ? "Output" : "Input", p->name, type, r.lo, r.hi, output ? "from" : "to", output ? "m_" : "s_",
                 *p->suffix ? "_" : "", *p->suffix ? (int)strlen(p->suffix) - 1 : 0, p->suffix);
    define(d, name, "ELEMENTS", p->elements);
    define(d, name, "BITS", lf_dtype_bits(p->type));
    define(d, name, "LANES", p->lanes);
    define(d, name, "BEATS", lf_port_beats(p));
    define(d, name, "BEAT_BYTES", lf_port_bytes(p));
    define(d, name, "BYTES", lf_port_beats(p) * lf_port_bytes(p));
}

/* Where element e of the stream begins, in bits. */
static const char *bit_of(const lf_driver *d, const lf_stream_port *p, const char *e) {
    int bits = lf_dtype_bits(p->type);
    int64_t beat = (int64_t)lf_port_bytes(p) * 8;
    e = strcmp(e, "e") ? lf_format(d->arena, "(%s)", e) : e;
    if (p->lanes == 1)
        return lf_format(d->arena, "%s * %" PRId64 "u", e, beat);
    return lf_format(d->arena, "%s / %" PRId64 "u * %" PRId64 "u + %s %% %" PRId64 "u * %du", e, p->lanes, beat, e,
                     p->lanes, bits);
}

const char *lf_driver_put_code(const lf_driver *d, const lf_stream_port *p, const char *code) {
    const char *bits = p->type.kind == LF_KIND_BIPOLAR ? lf_format(d->arena, "%s > 0 ? 1u : 0u", code)
                                                       : lf_format(d->arena, "(uint64_t)%s", code);
    return lf_format(d->arena, "put(beats, %s, %du, %s)", bit_of(d, p, "e"), lf_dtype_bits(p->type), bits);
}

const char *lf_driver_get_code(const lf_driver *d, const lf_stream_port *p, const char *element) {
    int bits = lf_dtype_bits(p->type);
    const char *at = lf_format(d->arena, "get(beats, %s, %du)", bit_of(d, p, element), bits);
    if (p->type.kind == LF_KIND_BIPOLAR)
        return lf_format(d->arena, "%s ? 1 : -1", at);
    return lf_dtype_signed(p->type) ? lf_format(d->arena, "extended(%s, %du)", at, bits)
                                    : lf_format(d->arena, "(int64_t)%s", at);
}

void lf_driver_begin(lf_driver *d, const char *signature, const char *comment) {
    lf_text_addf(&d->header, "/* %s */\n%s;\n", comment, signature);
    lf_text_addf(&d->functions, "%s\n{\n    size_t e;\n", signature);
}

void lf_driver_begin_loop(lf_driver *d, const lf_stream_port *p) {
    lf_text_addf(&d->functions, "    for (e = 0; e < %" PRId64 "u; e++) {\n", p->elements);
}

void lf_driver_print_pack_codes(lf_driver *d, const lf_stream_port *p, const char *type, const char *suffix) {
    const char *name = lf_driver_claim(d, lf_format(d->arena, "%s_%s", lf_driver_stem(d, "pack", p), suffix));
    lf_range r = lf_dtype_range(p->type);
    lf_driver_begin(d, lf_format(d->arena, "int %s(const %s *codes, uint8_t *beats)", name, type),
                    "Codes in the order of the stream. Returns 0, or -1 when one is none of the port's.");
    lf_text_addf(&d->functions, "    memset(beats, 0, %s_BYTES);\n", lf_driver_stem(d, "in", p));
    lf_driver_begin_loop(d, p);
    lf_text_add(&d->functions, "        int64_t c = (int64_t)codes[e];\n");
    lf_text_addf(&d->functions, "        if (c < %s || c > %s%s)\n            return -1;\n",
                 lf_format(d->arena, "INT64_C(%" PRId64 ")", r.lo), lf_format(d->arena, "INT64_C(%" PRId64 ")", r.hi),
                 r.step == 2 ? " || c == 0" : "");
    lf_text_addf(&d->functions, "        %s;\n    }\n    return 0;\n}\n\n", lf_driver_put_code(d, p, "c"));
}

void lf_driver_print_unpack_codes(lf_driver *d, const lf_stream_port *p) {
    const char *type = lf_driver_code_type(p);
    const char *name = lf_driver_claim(d, lf_format(d->arena, "%s_codes", lf_driver_stem(d, "unpack", p)));
    lf_driver_begin(d, lf_format(d->arena, "void %s(const uint8_t *beats, %s *codes)", name, type),
                    "The integers on the port, in the order of the stream.");
    lf_driver_begin_loop(d, p);
    lf_text_addf(&d->functions, "        codes[e] = (%s)(%s);\n    }\n}\n\n", type, lf_driver_get_code(d, p, "e"));
}
