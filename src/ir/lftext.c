/* Printing the text form, and the two files.
 *
 *   lutfisk 1
 *   source "net.onnx" sha256 0123...
 *   graph "net"
 *   input "x" = %x : FLOAT32[1,784] grid UINT8 scale 1/255
 *   column "dur" number missing 0.001 steps [0.0005, 0.01]
 *   column "proto" names ["tcp", "", "udp"]
 *   column "state" is "FIN"
 *   classes ["normal", "attack"]
 *   const %w0 : BIPOLAR[1024,784] = lfw(16, 0123456789abcdef)
 *   const %b0 : INT4[2] scale 0.5 range {-3,3,2} = [1, -3]
 *   %a0 : INT11[1,1024] range {-784,784,2} = matmul(%x, %w0) "fc0" {pe=4, simd=16} place=fpga line=12
 *   output "y" = %a0
 *
 * One statement a line (a line may go on inside brackets), # begins a comment. Inputs, columns of the table that rows come from, constants in the order of their ids,
 * nodes in the order of the graph, outputs. A type is DATATYPE[dimensions], then what is not usual: `scale` (usual: the step of
 * the datatype, so 1 for integers), `range` (usual: of the datatype), `ranges` per channel, `as` with the container of a
 * constant's elements. Lists of more than 64 items lie in the weights file: lfw(offset, first 16 digits of the SHA-256);
 * `codes lfw(...)` where the chunk holds the codes of elements that are floats. */
#include "ir/lftext.h"

#include <inttypes.h>

#include "base/file.h"
#include "base/text.h"
#include "ir/attr.h"
#include "ir/lfw.h"
#include "ir/lftokens.h"
#include "ir/graph_check.h"
#include "ir/table_column.h"

enum { INLINE_MOST = 64, PER_LINE = 32 };

typedef struct printer {
    const lf_graph *g;
    lf_arena *scratch;
    lf_text *out, *weights;
    bool inline_all;
} printer;

/* -- small things -------------------------------------------------------------------------------------------------- */

static void print_tensor_name(printer *p, const lf_tensor *t) {
    lf_text_add(p->out, "%");
    if (lf_is_bare_name(t->name))
        lf_text_add(p->out, t->name);
    else
        lf_quote(p->out, t->name);
}

static void print_operand(printer *p, lf_id id) {
    if (id)
        print_tensor_name(p, lf_tensor_at(p->g, id));
    else
        lf_text_add(p->out, "_");
}

static void print_range(printer *p, lf_range r) {
    lf_text_addf(p->out, "{%" PRId64 ",%" PRId64 ",%" PRId64 "}", r.lo, r.hi, r.step);
}

static void print_chunk(printer *p, lf_chunk c) {
    lf_text_addf(p->out, "lfw(%" PRIu64 ", %s)", c.offset, c.hash);
}

static bool is_long(const printer *p, size_t count) {
    return count > INLINE_MOST && !p->inline_all;
}

/* What stands before item i of a list of `count`. */
static void print_separator(printer *p, size_t i, size_t count) {
    bool wrap = count > INLINE_MOST && i % PER_LINE == 0;
    lf_text_add(p->out, i ? "," : "");
    lf_text_add(p->out, wrap ? "\n    " : i ? " " : "");
}

/* -- types --------------------------------------------------------------------------------------------------------- */

static void print_one_scale(printer *p, double scale, double divisor) {
    lf_text_add(p->out, divisor != 0 ? " scale 1/" : " scale ");
    lf_text_double(p->out, divisor != 0 ? divisor : scale);
}

static void print_scales(printer *p, const lf_grid *grid) {
    size_t count = (size_t)grid->scale_count;
    lf_text_addf(p->out, " scale axis %d ", grid->axis);
    if (is_long(p, count)) {
        print_chunk(p, lf_lfw_add_reals(p->weights, grid->scale, count));
        return;
    }
    lf_text_add(p->out, "[");
    for (size_t i = 0; i < count; i++) {
        print_separator(p, i, count);
        lf_text_double(p->out, grid->scale[i]);
    }
    lf_text_add(p->out, "]");
}

static void print_grid(printer *p, const lf_tensor *t) {
    const lf_grid *grid = &t->grid;
    if (grid->scale_count > 1)
        print_scales(p, grid);
    else if (grid->divisor != 0 || grid->scale[0] != lf_dtype_step(t->dtype))
        print_one_scale(p, grid->scale[0], grid->divisor);
}

static void print_channel_ranges(printer *p, const lf_tensor *t) {
    size_t count = (size_t)t->shape.dim[t->range_axis];
    lf_text_addf(p->out, " ranges axis %d ", t->range_axis);
    if (is_long(p, count)) {
        print_chunk(p, lf_lfw_add_ranges(p->weights, t->channel_range, count));
        return;
    }
    lf_text_add(p->out, "[");
    for (size_t i = 0; i < count; i++) {
        print_separator(p, i, count);
        print_range(p, t->channel_range[i]);
    }
    lf_text_add(p->out, "]");
}

static bool same_range(lf_range a, lf_range b) {
    return a.lo == b.lo && a.hi == b.hi && a.step == b.step;
}

static void print_type(printer *p, const lf_tensor *t) {
    lf_text_addf(p->out, " : %s%s", lf_dtype_name(p->scratch, t->dtype), lf_shape_text(p->scratch, t->shape));
    if (!lf_on_grid(t))
        return;
    print_grid(p, t);
    if (!same_range(t->range, lf_dtype_range(t->dtype))) {
        lf_text_add(p->out, " range ");
        print_range(p, t->range);
    }
    if (t->channel_range)
        print_channel_ranges(p, t);
}

/* -- statements ---------------------------------------------------------------------------------------------------- */

static void print_head(printer *p) {
    lf_text_add(p->out, "lutfisk 1\n");
    if (*p->g->source_sha256) {
        lf_text_add(p->out, "source ");
        lf_quote(p->out, lf_path_base(p->g->source ? p->g->source : ""));
        lf_text_addf(p->out, " sha256 %s\n", p->g->source_sha256);
    }
    lf_text_add(p->out, "graph ");
    lf_quote(p->out, p->g->name);
    lf_text_add(p->out, "\n");
}

static void print_input_grid(printer *p, const lf_input_grid *grid) {
    lf_text_addf(p->out, " grid %s%s", lf_dtype_name(p->scratch, grid->type), grid->cast ? "!" : "");
    if (grid->divisor != 0 || grid->scale != lf_dtype_step(grid->type))
        print_one_scale(p, grid->scale, grid->divisor);
    if (grid->offset != 0) {
        lf_text_add(p->out, " offset ");
        lf_text_double(p->out, grid->offset);
    }
}

static void print_port(printer *p, const char *keyword, const lf_port *port, bool with_type) {
    lf_text_addf(p->out, "%s ", keyword);
    lf_quote(p->out, port->name);
    lf_text_add(p->out, " = ");
    print_operand(p, port->tensor);
    if (with_type)
        print_type(p, lf_tensor_at(p->g, port->tensor));
    if (port->grid)
        print_input_grid(p, port->grid);
    lf_text_add(p->out, "\n");
}

static void print_stored_elements(printer *p, const lf_tensor *t) {
    bool codes = lf_lfw_codes_suffice(t);
    lf_text_add(p->out, codes ? "codes " : "");
    print_chunk(p, codes ? lf_lfw_add_codes(p->weights, t) : lf_lfw_add_elements(p->weights, t->value, t->dtype));
}

static void print_elements(printer *p, const lf_tensor *t) {
    const lf_const *c = t->value;
    if (is_long(p, c->count)) {
        print_stored_elements(p, t);
        return;
    }
    lf_text_add(p->out, "[");
    for (size_t i = 0; i < c->count; i++) {
        print_separator(p, i, c->count);
        if (lf_elem_is_float(c->elem))
            lf_text_double(p->out, lf_const_real(c, i));
        else
            lf_text_addf(p->out, "%" PRId64, lf_const_int(c, i));
    }
    lf_text_add(p->out, "]");
}

static lf_status print_constant(printer *p, const lf_tensor *t) {
    lf_where where = {p->g->source, NULL, 0, 0};
    LF_TRY(lf_verify_tensor(p->g, t, where)); /* packing keeps only what fits the datatype */
    lf_text_add(p->out, "const ");
    print_tensor_name(p, t);
    print_type(p, t);
    if (t->value->elem != lf_elem_usual(t->dtype))
        lf_text_addf(p->out, " as %s", lf_elem_names[t->value->elem]);
    lf_text_add(p->out, " = ");
    print_elements(p, t);
    lf_text_add(p->out, "\n");
    return LF_OK;
}

static void print_attributes(printer *p, const lf_node *n) {
    bool any = false;
    for (const lf_attr_desc *d = n->op->attrs; d && d->name; d++) {
        if (lf_attr_is_default(n->op, n->attr, d, p->scratch))
            continue;
        lf_text_addf(p->out, "%s%s=", any ? ", " : " {", d->name);
        lf_attr_print(p->out, n->attr, d);
        any = true;
    }
    if (any)
        lf_text_add(p->out, "}");
}

static void print_node(printer *p, const lf_node *n) {
    for (int i = 0; i < n->out_count; i++) {
        lf_text_add(p->out, i ? ", " : "");
        print_tensor_name(p, lf_out(p->g, n, i));
        print_type(p, lf_out(p->g, n, i));
    }
    lf_text_addf(p->out, " = %s(", n->op->name);
    for (int i = 0; i < n->in_count; i++) {
        lf_text_add(p->out, i ? ", " : "");
        print_operand(p, n->in[i]);
    }
    lf_text_add(p->out, ") ");
    lf_quote(p->out, n->name);
    print_attributes(p, n);
    if (n->place != LF_PLACE_NONE)
        lf_text_addf(p->out, " place=%s", lf_place_names[n->place]);
    if (n->line > 0)
        lf_text_addf(p->out, " line=%d", n->line);
    lf_text_add(p->out, "\n");
}

static lf_status print_all(printer *p) {
    const lf_graph *g = p->g;
    print_head(p);
    for (size_t i = 0; i < g->inputs.count; i++)
        print_port(p, "input", &g->inputs.at[i], true);
    lf_print_columns(p->out, g);
    for (size_t i = 0; i < g->tensors.count; i++)
        if (g->tensors.at[i] && g->tensors.at[i]->value)
            LF_TRY(print_constant(p, g->tensors.at[i]));
    for (size_t i = 0; i < g->order.count; i++) {
        print_node(p, lf_node_at(g, g->order.at[i]));
        lf_arena_reset(p->scratch);
    }
    for (size_t i = 0; i < g->outputs.count; i++)
        print_port(p, "output", &g->outputs.at[i], false);
    return LF_OK;
}

lf_status lf_graph_print(const lf_graph *g, bool inline_all, lf_text *text, lf_text *weights) {
    LF_TRY(lf_verify_graph(g));
    printer p = {g, lf_arena_new(), text, weights, inline_all};
    lf_status status = print_all(&p);
    lf_arena_free(p.scratch);
    return status;
}

/* -- files ---------------------------------------------------------------------------------------------------------- */

static const char *weights_path(lf_arena *a, const char *path) {
    return lf_format(a, "%s%s", path, lf_ends_with(path, ".lf") ? "w" : ".lfw");
}

/* The weights first: a text never stands beside weights older than itself. */
lf_status lf_graph_save(const lf_graph *g, const char *path, bool inline_all) {
    lf_text text = {0}, weights = {0};
    lf_arena *scratch = lf_arena_new();
    lf_status status = lf_graph_print(g, inline_all, &text, &weights);
    const lf_new_file files[] = {{weights_path(scratch, path), weights.at, weights.len}, {path, text.at, text.len}};
    size_t without = weights.len ? 0 : 1;
    if (status == LF_OK)
        status = lf_files_write(g->ctx, files + without, 2 - without);
    lf_arena_free(scratch);
    lf_text_free(&text);
    lf_text_free(&weights);
    return status;
}

lf_graph *lf_graph_load(lf_ctx *ctx, const char *path, lf_op_find_fn *find) {
    lf_file text = {0}, weights = {0};
    lf_graph *g = NULL;
    lf_arena *scratch = lf_arena_new();
    const char *beside = weights_path(scratch, path);
    lf_status status = lf_file_open(ctx, path, 0, &text);
    if (status == LF_OK && lf_path_exists(beside))
        status = lf_file_open(ctx, beside, 0, &weights);
    if (status == LF_OK)
        g = lf_graph_parse(ctx, path, (const char *)text.data, text.size, weights.data, weights.size, find);
    if (g)
        lf_sha256_hex(text.data, text.size, g->text_sha256);
    lf_file_close(&text);
    lf_file_close(&weights);
    lf_arena_free(scratch);
    return g;
}
