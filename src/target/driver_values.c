/* The functions on values: what host nodes do stands between values and codes. */
#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "target/driver_path.h"
#include "target/driver_print.h"
#include "vlog/vlog.h"

/* Appends the nodes of a path, from the tensor `first` on. Returns how many could be said. */
static size_t print_nodes(lf_driver_loop *l, const lf_ids *nodes, size_t used, const int64_t *const *element) {
    for (size_t k = 0; k < used; k++)
        if (!lf_driver_node(l, lf_node_at(l->g, nodes->at[k]), element[k + 1]))
            return k;
    return used;
}

static lf_driver_loop new_loop(lf_driver *d, const char *name, const lf_tensor *first, size_t count,
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

static const char *node_names(const lf_driver *d, const lf_ids *nodes, size_t from) {
    const char *all = "";
    for (size_t k = from; k < nodes->count; k++) {
        const lf_node *n = lf_node_at(d->g, nodes->at[k]);
        all = lf_format(d->arena, "%s%s%s (%s)", all, k > from ? ", " : "", n->name, n->op->name);
    }
    return all;
}

static void leave_input(lf_driver *d, const lf_stream_port *p, const lf_driver_path *path) {
    lf_text_addf(&d->header,
                 "/* There is no %s on values of the model: compute %s%s yourself,\n * then hand the codes over. */\n",
                 lf_driver_stem(d, "pack", p),
                 path->nodes.count ? node_names(d, &path->nodes, 0) : "the input's quantization",
                 path->model ? "" : ", where several inputs meet,");
}

static void take_tables(lf_driver *d, lf_driver_loop *l) {
    if (l->tables.len)
        lf_text_addf(&d->tables, "%s\n", l->tables.at);
}

void lf_driver_print_pack(lf_driver *d, const lf_stream_port *p) {
    lf_driver_path path = lf_driver_path_in(d->g, d->arena, p);
    const char *name = lf_driver_claim(d, lf_driver_stem(d, "pack", p));
    const int64_t **element;
    size_t used = path.nodes.count, count = (size_t)p->elements;
    bool fine = path.model && lf_driver_path_elements(d->g, d->arena, &path.nodes, used, count, &element);
    lf_driver_uses kept = d->uses;
    lf_driver_loop l = {0};
    if (fine) {
        l = new_loop(d, name, lf_tensor_at(d->g, path.model->tensor), count, element[0]);
        fine = print_read(&l, path.model, !strcmp(lf_driver_real_type(d, path.model->tensor), "double")) &&
               print_nodes(&l, &path.nodes, used, element) == used && l.is_code;
    }
    if (fine) {
        take_tables(d, &l);
        lf_driver_begin(
            d,
            lf_format(d->arena, "int %s(const %s *x, uint8_t *beats)", name,
                      lf_driver_real_type(d, path.model->tensor)),
            "A row of the model's input, in its own order. Returns 0, or -1 when a value is NaN, infinite or off the "
            "declared grid.");
        bool search = strstr(l.body.at, "near = ") != NULL;
        lf_text_addf(&d->functions, "    memset(beats, 0, %s_BYTES);\n", lf_driver_stem(d, "in", p));
        lf_driver_begin_loop(d, p);
        lf_text_addf(
            &d->functions, "        double v;\n        int64_t c%s;\n%s%s        %s;\n    }\n    return 0;\n}\n\n",
            search ? ", near" : "", search ? "        int k;\n" : "", l.body.at, lf_driver_put_code(d, p, "c"));
    } else {
        d->uses = kept;
        leave_input(d, p, &path);
    }
    free_loop(&l);
}

/* What stands behind what the driver can say. */
static void leave_output(lf_driver *d, const char *name, const lf_port *model, const lf_driver_path *path,
                         size_t used) {
    if (!path->port)
        lf_text_addf(&d->header,
                     "\n/* There is no %s: output %s is made from several streams, the last step is %s. */\n", name,
                     model->name, node_names(d, &path->nodes, path->nodes.count ? path->nodes.count - 1 : 0));
    else if (used < path->nodes.count)
        lf_text_addf(&d->header, "\n/* %s gives the tensor before the host nodes %s:\n * compute these yourself. */\n",
                     name, node_names(d, &path->nodes, used));
}

static bool try_unpack(lf_driver *d, const char *name, const lf_driver_path *path, const lf_port *model, size_t *used) {
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
    lf_text_addf(&l.body, "        c = %s;\n", lf_driver_get_code(d, path->port, lf_driver_index(&l, element[0])));
    size_t said = print_nodes(&l, &path->nodes, *used, element);
    bool fine = said == *used && lf_driver_to_real(&l);
    *used = said;
    if (fine) {
        const char *type = lf_driver_real_type(d, l.at->id);
        leave_output(d, name, model, path, said);
        take_tables(d, &l);
        lf_driver_begin(d, lf_format(d->arena, "void %s(const uint8_t *beats, %s *y)", name, type),
                        said < path->nodes.count ? "In the order of that tensor."
                                                 : "The model's output, in its own order.");
        lf_driver_begin_loop(d, path->port);
        lf_text_addf(&d->functions, "        double v;\n        int64_t c;\n%s        y[e] = (%s)v;\n    }\n}\n\n",
                     l.body.at, type);
    } else
        d->uses = kept;
    free_loop(&l);
    return fine;
}

/* As many host nodes as can be said; with none left it is the port's own codes. */
void lf_driver_print_unpack(lf_driver *d, const lf_port *model) {
    lf_driver_path path = lf_driver_path_out(d->g, d->arena, d->outputs, model);
    const char *name =
        lf_driver_claim(d, lf_format(d->arena, "%s_unpack_%s", d->top, lf_vlog_name(d->arena, model->name)));
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
