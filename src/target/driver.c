/* TOP_driver.h, TOP_driver.c and README.md of a design. */
#include "target/driver.h"

#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "base/file.h"
#include "target/driver_node.h"
#include "target/driver_path.h"
#include "vlog/vlog.h"

typedef struct driver {
    const lf_graph *g;
    lf_arena *arena;
    const char *top;
    const lf_stream_ports *inputs, *outputs;
    lf_text header, functions, tables, readme;
    lf_driver_uses uses;
    LF_VEC(const char *) taken; /* names of functions */
} driver;

static const char *code_type(const lf_stream_port *p) {
    return lf_dtype_bits(p->type) + !lf_dtype_signed(p->type) <= 32 ? "int32_t" : "int64_t";
}

static const char *real_type(const driver *d, lf_id tensor) {
    lf_dtype t = lf_tensor_at(d->g, tensor)->dtype;
    return t.kind == LF_KIND_FLOAT && t.bits == 64 ? "double" : "float";
}

/* Ports that would have one name in Verilog bear a number there, and here. */
static const char *port_name(const driver *d, const lf_stream_port *p) {
    size_t n = strlen(p->suffix);
    return n ? lf_strndup(d->arena, p->suffix, n - 1) : lf_vlog_name(d->arena, p->name);
}

static const char *port_stem(const driver *d, const char *verb, const lf_stream_port *p) {
    return lf_format(d->arena, "%s_%s_%s", d->top, verb, port_name(d, p));
}

/* The name of a function, with a number when it is taken. */
static const char *claim(driver *d, const char *name) {
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

static void define(driver *d, const char *name, const char *what, int64_t value) {
    lf_text_addf(&d->header, "#define %s_%s %" PRId64 "u\n", name, what, value);
}

static void print_port(driver *d, const lf_stream_port *p, bool output) {
    const char *name = port_stem(d, output ? "out" : "in", p), *type = lf_dtype_name(d->arena, p->type);
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
static const char *bit_of(const driver *d, const lf_stream_port *p, const char *e) {
    int bits = lf_dtype_bits(p->type);
    int64_t beat = (int64_t)lf_port_bytes(p) * 8;
    e = strcmp(e, "e") ? lf_format(d->arena, "(%s)", e) : e;
    if (p->lanes == 1)
        return lf_format(d->arena, "%s * %" PRId64 "u", e, beat);
    return lf_format(d->arena, "%s / %" PRId64 "u * %" PRId64 "u + %s %% %" PRId64 "u * %du", e, p->lanes, beat, e,
                     p->lanes, bits);
}

static const char *put_code(const driver *d, const lf_stream_port *p, const char *code) {
    const char *bits = p->type.kind == LF_KIND_BIPOLAR ? lf_format(d->arena, "%s > 0 ? 1u : 0u", code)
                                                       : lf_format(d->arena, "(uint64_t)%s", code);
    return lf_format(d->arena, "put(beats, %s, %du, %s)", bit_of(d, p, "e"), lf_dtype_bits(p->type), bits);
}

static const char *get_code(const driver *d, const lf_stream_port *p, const char *element) {
    int bits = lf_dtype_bits(p->type);
    const char *at = lf_format(d->arena, "get(beats, %s, %du)", bit_of(d, p, element), bits);
    if (p->type.kind == LF_KIND_BIPOLAR)
        return lf_format(d->arena, "%s ? 1 : -1", at);
    return lf_dtype_signed(p->type) ? lf_format(d->arena, "extended(%s, %du)", at, bits)
                                    : lf_format(d->arena, "(int64_t)%s", at);
}

/* -- functions on codes --------------------------------------------------------------------------------------------------- */

static void begin(driver *d, const char *signature, const char *comment) {
    lf_text_addf(&d->header, "/* %s */\n%s;\n", comment, signature);
    lf_text_addf(&d->functions, "%s\n{\n    size_t e;\n", signature);
}

static void print_loop(driver *d, const lf_stream_port *p) {
    lf_text_addf(&d->functions, "    for (e = 0; e < %" PRId64 "u; e++) {\n", p->elements);
}

static void print_pack_codes(driver *d, const lf_stream_port *p, const char *type, const char *suffix) {
    const char *name = claim(d, lf_format(d->arena, "%s_%s", port_stem(d, "pack", p), suffix));
    lf_range r = lf_dtype_range(p->type);
    begin(d, lf_format(d->arena, "int %s(const %s *codes, uint8_t *beats)", name, type),
          "Codes in the order of the stream. Returns 0, or -1 when one is none of the port's.");
    lf_text_addf(&d->functions, "    memset(beats, 0, %s_BYTES);\n", port_stem(d, "in", p));
    print_loop(d, p);
    lf_text_add(&d->functions, "        int64_t c = (int64_t)codes[e];\n");
    lf_text_addf(&d->functions, "        if (c < %s || c > %s%s)\n            return -1;\n",
                 lf_format(d->arena, "INT64_C(%" PRId64 ")", r.lo), lf_format(d->arena, "INT64_C(%" PRId64 ")", r.hi),
                 r.step == 2 ? " || c == 0" : "");
    lf_text_addf(&d->functions, "        %s;\n    }\n    return 0;\n}\n\n", put_code(d, p, "c"));
}

static void print_unpack_codes(driver *d, const lf_stream_port *p) {
    const char *type = code_type(p);
    const char *name = claim(d, lf_format(d->arena, "%s_codes", port_stem(d, "unpack", p)));
    begin(d, lf_format(d->arena, "void %s(const uint8_t *beats, %s *codes)", name, type),
          "The integers on the port, in the order of the stream.");
    print_loop(d, p);
    lf_text_addf(&d->functions, "        codes[e] = (%s)(%s);\n    }\n}\n\n", type, get_code(d, p, "e"));
}

/* -- functions on values ---------------------------------------------------------------------------------------------------- */

/* Appends the nodes of a path, from the tensor `first` on. Returns how many could be said. */
static size_t print_nodes(lf_driver_loop *l, const lf_ids *nodes, size_t used, const int64_t *const *element) {
    for (size_t k = 0; k < used; k++)
        if (!lf_driver_node(l, lf_node_at(l->g, nodes->at[k]), element[k + 1]))
            return k;
    return used;
}

static lf_driver_loop new_loop(driver *d, const char *name, const lf_tensor *first, size_t count,
                               const int64_t *element) {
    return (lf_driver_loop){.g = d->g,
                            .arena = d->arena,
                            .name = name,
                            .at = first,
                            .is_code = lf_on_grid(first),
                            .element = element,
                            .count = count,
                            .uses = &d->uses};
}

static void free_loop(lf_driver_loop *l) {
    lf_text_free(&l->tables);
    lf_text_free(&l->body);
}

/* A value of a grid whose codes cannot be told from the bits of a float: never so for grids in use. */
static bool fits_float(const lf_input_grid *g, lf_range r) {
    double scale = g->divisor != 0 ? 1 / g->divisor : g->scale;
    return fabs((double)r.lo * scale) + fabs((double)r.hi * scale) + fabs(g->offset) < (double)FLT_MAX;
}

/* c becomes the code whose value is v (exec/rows.c, find_code). */
static bool print_find(lf_driver_loop *l, const lf_input_grid *g, lf_range r, bool is_double) {
    lf_arena *a = l->arena;
    const char *offset = lf_driver_number(a, g->offset);
    const char *by = lf_driver_number(a, g->divisor != 0 ? g->divisor : g->scale);
    if (!fits_float(g, r))
        return false;
    l->uses->times = true;
    lf_text_addf(&l->body, g->divisor != 0 ? "        v = times(v - %s, %s);\n" : "        v = (v - %s) / %s;\n",
                 offset, by);
    lf_text_add(&l->body,
                "        if (!(v > -4503599627370496.0 && v < 4503599627370496.0))\n            return -1;\n");
    lf_text_addf(&l->body, "        near = %s(v);\n", lf_driver_round(l, LF_ROUND_HALF_EVEN));
    lf_text_add(&l->body,
                "        for (k = 0; k < 3; k++) {\n            c = k == 0 ? near : k == 1 ? near - 1 : near + 1;\n");
    lf_text_addf(&l->body,
                 g->divisor != 0 ? "            v = (double)c / %s;\n" : "            v = times((double)c, %s);\n", by);
    lf_text_addf(&l->body, "            v = v + %s;\n", offset);
    lf_text_addf(&l->body,
                 "            if (c >= INT64_C(%" PRId64 ") && c <= INT64_C(%" PRId64
                 ")%s && ((double)(float)v == (double)x[%s]%s))\n                break;\n        }\n        if (k == "
                 "3)\n            return -1;\n",
                 r.lo, r.hi,
                 r.step > 1 ? lf_format(a, " && (c - INT64_C(%" PRId64 ")) %% %" PRId64 " == 0", r.lo, r.step) : "",
                 lf_driver_index(l, l->element),
                 is_double ? lf_format(a, " || v == x[%s]", lf_driver_index(l, l->element)) : "");
    return true;
}

/* The cast of `--input TYPE!` (exec/rows.c, cast_code): integers are cut toward minus infinity and wrap. */
static bool print_cast(lf_driver_loop *l, const lf_input_grid *g) {
    lf_dtype t = g->type;
    lf_range r = lf_dtype_range(t);
    bool fixed = t.kind == LF_KIND_FIXED || t.kind == LF_KIND_UFIXED;
    lf_text_addf(&l->body, "        v = (v - %s) / %s;\n", lf_driver_number(l->arena, g->offset),
                 lf_driver_number(l->arena, g->scale));
    if (t.kind == LF_KIND_BIPOLAR || t.kind == LF_KIND_TERNARY) {
        lf_text_add(&l->body, t.kind == LF_KIND_BIPOLAR ? "        c = v >= 0.0 ? 1 : -1;\n"
                                                        : "        c = (v > 0.0 ? 1 : 0) - (v < 0.0 ? 1 : 0);\n");
        return true;
    }
    if (fixed && t.overflow != LF_OVERFLOW_WRAP)
        return false;
    const char *round = lf_driver_round(l, fixed ? (lf_round)t.round : LF_ROUND_FLOOR);
    lf_text_add(&l->body,
                "        if (!(v > -4611686018427387904.0 && v < 4611686018427387904.0))\n            return -1;\n");
    lf_text_addf(&l->body,
                 lf_dtype_signed(t) ? "        c = extended((uint64_t)%s(v), %du);\n"
                                    : "        c = (int64_t)((uint64_t)%s(v) << %d >> %d);\n",
                 round, lf_dtype_signed(t) ? t.bits : 64 - t.bits, 64 - t.bits);
    return r.hi > 0;
}

/* From x to v or c, as lf_row_read does. */
static bool print_read(lf_driver_loop *l, const lf_port *model, bool is_double) {
    const lf_tensor *t = l->at;
    lf_text_addf(&l->body, "        v = (double)x[%s];\n        if (!(v - v == 0.0))\n            return -1;\n",
                 lf_driver_index(l, l->element));
    if (!l->is_code && !model->grid)
        return true;
    if (!l->is_code || t->grid.scale_count > 1)
        return false;
    lf_input_grid own = {.type = t->dtype, .scale = t->grid.scale[0], .divisor = t->grid.divisor};
    const lf_input_grid *g = model->grid ? model->grid : &own;
    if (g->cast)
        return print_cast(l, g);
    return print_find(l, g, model->grid ? lf_dtype_range(g->type) : t->range, is_double);
}

static const char *node_names(const driver *d, const lf_ids *nodes, size_t from) {
    const char *all = "";
    for (size_t k = from; k < nodes->count; k++) {
        const lf_node *n = lf_node_at(d->g, nodes->at[k]);
        all = lf_format(d->arena, "%s%s%s (%s)", all, k > from ? ", " : "", n->name, n->op->name);
    }
    return all;
}

static void leave_input(driver *d, const lf_stream_port *p, const lf_driver_path *path) {
    lf_text_addf(&d->header,
                 "/* There is no %s on values of the model: compute %s%s yourself,\n * then hand the codes over. */\n",
                 port_stem(d, "pack", p),
                 path->nodes.count ? node_names(d, &path->nodes, 0) : "the input's quantization",
                 path->model ? "" : ", where several inputs meet,");
}

static void take_tables(driver *d, lf_driver_loop *l) {
    if (l->tables.len)
        lf_text_addf(&d->tables, "%s\n", l->tables.at);
}

static void print_pack(driver *d, const lf_stream_port *p) {
    lf_driver_path path = lf_driver_path_in(d->g, d->arena, p);
    const char *name = claim(d, port_stem(d, "pack", p));
    const int64_t **element;
    size_t used = path.nodes.count, count = (size_t)p->elements;
    bool fine = path.model && lf_driver_path_elements(d->g, d->arena, &path.nodes, used, count, &element);
    lf_driver_uses kept = d->uses;
    lf_driver_loop l = {0};
    if (fine) {
        l = new_loop(d, name, lf_tensor_at(d->g, path.model->tensor), count, element[0]);
        fine = print_read(&l, path.model, !strcmp(real_type(d, path.model->tensor), "double")) &&
               print_nodes(&l, &path.nodes, used, element) == used && l.is_code;
    }
    if (fine) {
        take_tables(d, &l);
        begin(d, lf_format(d->arena, "int %s(const %s *x, uint8_t *beats)", name, real_type(d, path.model->tensor)),
              "A row of the model's input, in its own order. Returns 0, or -1 when a value is NaN, infinite or off the "
              "declared grid.");
        bool search = strstr(l.body.at, "near = ") != NULL;
        lf_text_addf(&d->functions, "    memset(beats, 0, %s_BYTES);\n", port_stem(d, "in", p));
        print_loop(d, p);
        lf_text_addf(&d->functions,
                     "        double v;\n        int64_t c%s;\n%s%s        %s;\n    }\n    return 0;\n}\n\n",
                     search ? ", near" : "", search ? "        int k;\n" : "", l.body.at, put_code(d, p, "c"));
    } else {
        d->uses = kept;
        leave_input(d, p, &path);
    }
    free_loop(&l);
}

/* What stands behind what the driver can say. */
static void leave_output(driver *d, const char *name, const lf_port *model, const lf_driver_path *path, size_t used) {
    if (!path->port)
        lf_text_addf(&d->header,
                     "\n/* There is no %s: output %s is made from several streams, the last step is %s. */\n", name,
                     model->name, node_names(d, &path->nodes, path->nodes.count ? path->nodes.count - 1 : 0));
    else if (used < path->nodes.count)
        lf_text_addf(&d->header, "\n/* %s gives the tensor before the host nodes %s:\n * compute these yourself. */\n",
                     name, node_names(d, &path->nodes, used));
}

static bool try_unpack(driver *d, const char *name, const lf_driver_path *path, const lf_port *model, size_t *used) {
    const lf_tensor *from = lf_tensor_at(d->g, path->port->tensor);
    size_t count = (size_t)path->port->elements;
    const int64_t **element;
    lf_driver_uses kept = d->uses;
    if (!lf_driver_path_elements(d->g, d->arena, &path->nodes, *used, count, &element)) {
        *used = 0; /* some op on the way changes the number of elements */
        for (size_t k = 0; k < path->nodes.count &&
                           (size_t)lf_shape_count(lf_out(d->g, lf_node_at(d->g, path->nodes.at[k]), 0)->shape) == count;
             k++)
            *used = k + 1;
        return false;
    }
    lf_driver_loop l = new_loop(d, name, from, count, element[0]);
    lf_text_addf(&l.body, "        c = %s;\n", get_code(d, path->port, lf_driver_index(&l, element[0])));
    size_t said = print_nodes(&l, &path->nodes, *used, element);
    bool fine = said == *used && lf_driver_to_real(&l);
    *used = said;
    if (fine) {
        const char *type = real_type(d, l.at->id);
        leave_output(d, name, model, path, said);
        take_tables(d, &l);
        begin(d, lf_format(d->arena, "void %s(const uint8_t *beats, %s *y)", name, type),
              said < path->nodes.count ? "In the order of that tensor." : "The model's output, in its own order.");
        print_loop(d, path->port);
        lf_text_addf(&d->functions, "        double v;\n        int64_t c;\n%s        y[e] = (%s)v;\n    }\n}\n\n",
                     l.body.at, type);
    } else
        d->uses = kept;
    free_loop(&l);
    return fine;
}

/* As many host nodes as can be said; with none left it is the port's own codes. */
static void print_unpack(driver *d, const lf_port *model) {
    lf_driver_path path = lf_driver_path_out(d->g, d->arena, d->outputs, model);
    const char *name = claim(d, lf_format(d->arena, "%s_unpack_%s", d->top, lf_vlog_name(d->arena, model->name)));
    size_t used = path.nodes.count, before;
    bool done = false;
    if (!path.port) {
        leave_output(d, name, model, &path, 0);
        return;
    }
    do {
        before = used;
        done = try_unpack(d, name, &path, model, &used);
    } while (!done && used < before);
}

/* -- the files ---------------------------------------------------------------------------------------------------------------- */

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

static void print_header_begin(driver *d) {
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

static void print_header_end(driver *d) {
    lf_text_addf(&d->header,
                 "\n/* Index of the largest of `count` values, the lowest one of equals. */\nsize_t %s_argmax(const "
                 "float *y, size_t count);\n",
                 d->top);
    lf_text_addf(&d->functions, "size_t %s_argmax(const float *y, size_t count)\n%s", d->top, argmax);
    lf_text_add(&d->header, "\n#ifdef __cplusplus\n}\n#endif\n\n#endif\n");
}

static void print_source(const driver *d, lf_text *out) {
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

static void readme_ports(driver *d, const lf_stream_ports *ports, bool output) {
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

static void readme_weights(driver *d) {
    for (size_t i = lf_data_port_count(d->inputs); i < d->inputs->count; i++) {
        const lf_stream_port *p = &d->inputs->at[i];
        lf_text_addf(&d->readme,
                     "\nWeights of %s: send the %" PRId64 " bytes of `../%s` to `s_axis_%.*s`, %" PRId64
                     " times for every frame, without waiting for the data.\n",
                     p->name, lf_port_image_beats(p) * lf_port_bytes(p), lf_weights_file(d->arena, p),
                     (int)strlen(p->suffix) - 1, p->suffix, p->elements / p->image);
    }
}

static void print_readme(driver *d) {
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

static lf_status write_text(driver *d, const char *dir, const char *name, lf_text *t) {
    lf_status status = lf_file_write(d->g->ctx, lf_path_join(d->arena, dir, name), t->at, t->len);
    lf_text_free(t);
    return status;
}

static lf_status write_files(driver *d, const char *dir) {
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

static void print_all(driver *d) {
    print_header_begin(d);
    for (size_t i = 0; i < lf_data_port_count(d->inputs); i++) {
        const lf_stream_port *p = &d->inputs->at[i];
        lf_range r = lf_dtype_range(p->type);
        print_port(d, p, false);
        print_pack(d, p);
        print_pack_codes(d, p, code_type(p), "codes");
        if (r.lo == 0 && r.hi <= 255)
            print_pack_codes(d, p, "uint8_t", "bytes");
    }
    for (size_t i = 0; i < d->outputs->count; i++) {
        print_port(d, &d->outputs->at[i], true);
        print_unpack_codes(d, &d->outputs->at[i]);
    }
    for (size_t i = 0; i < d->g->outputs.count; i++)
        print_unpack(d, &d->g->outputs.at[i]);
    print_header_end(d);
    print_readme(d);
}

lf_status lf_driver_write(const lf_graph *hardware, const char *top, const lf_stream_ports *inputs,
                          const lf_stream_ports *outputs, const char *dir) {
    driver d = {.g = hardware, .arena = lf_arena_new(), .top = top, .inputs = inputs, .outputs = outputs};
    print_all(&d);
    lf_status status = write_files(&d, dir);
    lf_text *texts[] = {&d.header, &d.functions, &d.tables, &d.readme};
    for (size_t i = 0; i < LF_COUNT(texts); i++)
        lf_text_free(texts[i]);
    lf_arena_free(d.arena);
    return status;
}
