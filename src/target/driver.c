/* TOP_driver.h, TOP_driver.c and README.md of a design. */
#include "target/driver.h"

#include <inttypes.h>
#include <string.h>

#include "base/file.h"
#include "target/driver_print.h"

static const char helpers[] = "/* bits at bit `at` of a little-endian byte string, which holds zeros there */\n"
                              "static void put(uint8_t *beats, size_t at, unsigned bits, uint64_t code)\n{\n"
                              "    unsigned i;\n"
                              "    for (i = 0; i < bits; i++, at++)\n"
                              "        beats[at / 8] = (uint8_t)(beats[at / 8] | ((code >> i & 1u) << at % 8));\n}\n\n"
                              "static uint64_t get(const uint8_t *beats, size_t at, unsigned bits)\n{\n"
                              "    uint64_t code = 0;\n    unsigned i;\n"
                              "    for (i = 0; i < bits; i++, at++)\n"
                              "        code |= (uint64_t)(beats[at / 8] >> at % 8 & 1) << i;\n    return code;\n}\n\n";

static const char extend_helper[] =
    "/* two's complement of so many bits */\n"
    "static int64_t extended(uint64_t code, unsigned bits)\n{\n"
    "    uint64_t low = code & ~(uint64_t)0 >> (64u - bits);\n"
    "    if (low >> (bits - 1) & 1)\n        return -(int64_t)(~low & ~(uint64_t)0 >> (64u - bits)) - 1;\n"
    "    return (int64_t)low;\n}\n\n";

static const char argmax[] = "{\n    size_t best = 0, i;\n    for (i = 1; i < count; i++)\n"
                             "        if (y[i] > y[best])\n            best = i;\n    return best;\n}\n";

static void print_header_begin(lf_driver *d) {
    lf_text_addf(
        &d->header,
        "/* Host side of the design %s, generated: rows of the model to beats of its AXI streams and back.\n"
        " *\n"
        " * A frame of a stream is BEATS beats of BEAT_BYTES bytes, BYTES in all, to be sent in this order; the last "
        "beat carries\n"
        " * TLAST. Elements are row-major, channels fastest; each beat holds LANES of them, the first in its lowest "
        "bits.\n"
        " * Buffers belong to the caller. Nothing is allocated and nothing kept: all functions may run at once. */\n"
        "#ifndef %s_DRIVER_H\n#define %s_DRIVER_H\n\n#include <stddef.h>\n#include <stdint.h>\n\n"
        "#ifdef __cplusplus\nextern \"C\" {\n#endif\n",
        d->top, d->top, d->top);
}

static void print_header_end(lf_driver *d) {
    lf_text_addf(&d->header,
                 "\n/* Index of the largest of `count` values, the lowest one of equals. */\nsize_t %s_argmax(const "
                 "float *y, size_t count);\n",
                 d->top);
    lf_text_addf(&d->functions, "size_t %s_argmax(const float *y, size_t count)\n%s", d->top, argmax);
    lf_text_add(&d->header, "\n#ifdef __cplusplus\n}\n#endif\n\n#endif\n");
}

static void print_source(const lf_driver *d, lf_text *out) {
    lf_text_addf(out,
                 "/* Generated with the design %s; see %s_driver.h. C99, nothing but the headers below. */\n#include "
                 "\"%s_driver.h\"\n\n#include <float.h>\n#include <string.h>\n\n",
                 d->top, d->top, d->top);
    lf_text_add(
        out,
        "#if defined FLT_EVAL_METHOD && FLT_EVAL_METHOD != 0\n#error \"doubles must be computed as doubles (on x86: "
        "-mfpmath=sse)\"\n#endif\n"
        "#ifdef __FAST_MATH__\n#error \"the bits depend on IEEE arithmetic: compile without -ffast-math\"\n#endif\n\n");
    lf_text_add(out, helpers);
    if (strstr(d->functions.at, "extended("))
        lf_text_add(out, extend_helper);
    lf_driver_print_helpers(&d->uses, out);
    lf_text_add(out, d->tables.at ? d->tables.at : "");
    lf_text_add(out, d->functions.at);
}

static void readme_ports(lf_driver *d, const lf_stream_ports *ports, bool output) {
    for (size_t i = 0; i < ports->count; i++) {
        const lf_stream_port *p = &ports->at[i];
        lf_text_addf(&d->readme, "| `%s_axis%s%.*s` | %s %s | %s | %" PRId64 " | %" PRId64 " | %" PRId64 " | %d |\n",
                     output ? "m" : "s", *p->suffix ? "_" : "", *p->suffix ? (int)strlen(p->suffix) - 1 : 0, p->suffix,
                     output     ? "output"
                     : p->image ? "weights of"
                                : "input",
                     p->name, lf_dtype_name(d->arena, p->type), p->elements, p->lanes, lf_port_beats(p),
                     lf_port_bytes(p));
    }
}

static void readme_weights(lf_driver *d) {
    for (size_t i = lf_data_port_count(d->inputs); i < d->inputs->count; i++) {
        const lf_stream_port *p = &d->inputs->at[i];
        lf_text_addf(&d->readme,
                     "\nWeights of %s: send the %" PRId64 " bytes of `../%s` to `s_axis_%.*s`, %" PRId64
                     " times for every frame, without waiting for the data.\n",
                     p->name, lf_port_image_beats(p) * lf_port_bytes(p), lf_weights_file(d->arena, p),
                     (int)strlen(p->suffix) - 1, p->suffix, p->elements / p->image);
    }
}

static void print_readme(lf_driver *d) {
    lf_text_addf(&d->readme,
                 "# Driver of %s\n\n`%s_driver.h` and `%s_driver.c` turn rows of the model into the bytes of its input "
                 "streams and the bytes of its output streams\ninto values: C99, no dependencies, no allocation. They "
                 "compute the same bits as `lutfisk predict`.\n\n",
                 d->top, d->top, d->top);
    lf_text_add(
        &d->readme,
        "| port | is | elements | per frame | per beat | beats | bytes a beat |\n|---|---|---|---|---|---|---|\n");
    readme_ports(d, d->inputs, false);
    readme_ports(d, d->outputs, true);
    lf_text_addf(&d->readme,
                 "\nSend the BYTES of a frame beat by beat, byte 0 in bits 7..0 of tdata, tlast with the last beat; a "
                 "DMA whose stream is as wide as a beat\ndoes that by itself. Frames may follow each other without a "
                 "pause. An input in codes (`%s_pack_…_codes`, `…_bytes`) is in the order of the\nstream: height, "
                 "width, channels. Where the header says that there is no function on values, it names what is to be "
                 "computed instead.\n\n    cc -std=c99 -O2 -c %s_driver.c\n",
                 d->top, d->top);
    readme_weights(d);
}

static lf_status write_text(lf_driver *d, const char *dir, const char *name, lf_text *t) {
    lf_status status = lf_file_write(d->g->ctx, lf_path_join(d->arena, dir, name), t->at, t->len);
    lf_text_free(t);
    return status;
}

static lf_status write_files(lf_driver *d, const char *dir) {
    const char *to = lf_path_join(d->arena, dir, "driver");
    lf_text source = {0};
    LF_TRY(lf_make_dir(d->g->ctx, to));
    print_source(d, &source);
    lf_status status = write_text(d, to, lf_format(d->arena, "%s_driver.c", d->top), &source);
    if (status == LF_OK)
        status = write_text(d, to, lf_format(d->arena, "%s_driver.h", d->top), &d->header);
    if (status == LF_OK)
        status = write_text(d, to, "README.md", &d->readme);
    return status;
}

static void print_all(lf_driver *d) {
    print_header_begin(d);
    for (size_t i = 0; i < lf_data_port_count(d->inputs); i++) {
        const lf_stream_port *p = &d->inputs->at[i];
        lf_range r = lf_dtype_range(p->type);
        lf_driver_print_port(d, p, false);
        lf_driver_print_pack(d, p);
        lf_driver_print_pack_codes(d, p, lf_driver_code_type(p), "codes");
        if (r.lo == 0 && r.hi <= 255)
            lf_driver_print_pack_codes(d, p, "uint8_t", "bytes");
    }
    for (size_t i = 0; i < d->outputs->count; i++) {
        lf_driver_print_port(d, &d->outputs->at[i], true);
        lf_driver_print_unpack_codes(d, &d->outputs->at[i]);
    }
    for (size_t i = 0; i < d->g->outputs.count; i++)
        lf_driver_print_unpack(d, &d->g->outputs.at[i]);
    print_header_end(d);
    print_readme(d);
}

lf_status lf_driver_write(const lf_graph *hardware, const char *top, const lf_stream_ports *inputs,
                          const lf_stream_ports *outputs, const char *dir) {
    lf_driver d = {.g = hardware, .arena = lf_arena_new(), .top = top, .inputs = inputs, .outputs = outputs};
    print_all(&d);
    lf_status status = write_files(&d, dir);
    lf_text *texts[] = {&d.header, &d.functions, &d.tables, &d.readme};
    for (size_t i = 0; i < LF_COUNT(texts); i++)
        lf_text_free(texts[i]);
    lf_arena_free(d.arena);
    return status;
}
