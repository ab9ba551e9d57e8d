/* --input: declares that an input lies on an integer grid (contracts.md 2). The input tensor becomes the codes; a `decode`
 * node gives the rest of the network the value it had before. */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "ir/attr_access.h"
#include "ops/ops.h"
#include "pass/passes.h"

typedef struct spec {
    const char *port, *type, *scale, *offset; /* parts of the text; NULL when absent */
    bool cast;
} spec;

/* The comma inside FIXED<8,4> does not end a field. */
static char *next_field(char **at) {
    char *field = *at, *p = field;
    int depth = 0;
    for (; *p && (*p != ',' || depth); p++)
        depth += *p == '<' ? 1 : *p == '>' ? -1 : 0;
    *at = *p ? p + 1 : NULL;
    *p = 0;
    return field;
}

static spec split(lf_arena *a, const char *text) {
    spec s = {0};
    char *at = lf_strdup(a, text);
    char *equals = strchr(at, '=');
    if (equals) {
        *equals = 0;
        s.port = at;
        at = equals + 1;
    }
    char *type = next_field(&at);
    s.type = type;
    size_t n = strlen(type);
    if (n && type[n - 1] == '!') {
        s.cast = true;
        type[n - 1] = 0;
    }
    s.scale = at ? next_field(&at) : NULL;
    s.offset = at;
    return s;
}

static lf_status bad(lf_graph *g, const char *text, const char *why) {
    lf_status status = lf_fail(g->ctx, LF_BAD_INPUT, NULL, "--input %s: %s", text, why);
    lf_hint(g->ctx, "write [NAME=]TYPE[!][,scale[,offset]], for example x=UINT8,1/255 or 'FIXED<8,4>!'");
    return status;
}

/* "1/255" is a quotient: kept as its divisor when the numerator is 1, else divided once. */
static bool parse_scale(const char *text, lf_input_grid *out) {
    const char *slash = strchr(text, '/');
    if (!slash)
        return lf_parse_double(text, &out->scale);
    char numerator[64];
    size_t n = (size_t)(slash - text);
    if (n >= sizeof numerator)
        return false;
    memcpy(numerator, text, n);
    numerator[n] = 0;
    double a, b;
    if (!lf_parse_double(numerator, &a) || !lf_parse_double(slash + 1, &b) || b == 0)
        return false;
    out->scale = a / b;
    out->divisor = a == 1 ? b : 0;
    return true;
}

static lf_port *find_port(lf_graph *g, const char *name) {
    if (!name)
        return g->inputs.count == 1 ? &g->inputs.at[0] : NULL;
    for (size_t i = 0; i < g->inputs.count; i++)
        if (!strcmp(g->inputs.at[i].name, name))
            return &g->inputs.at[i];
    return NULL;
}

static lf_status no_port(lf_graph *g, const char *text, const spec *s) {
    lf_text names = {0};
    for (size_t i = 0; i < g->inputs.count; i++)
        lf_text_addf(&names, "%s%s", i ? ", " : "", g->inputs.at[i].name);
    lf_status status =
        lf_fail(g->ctx, LF_BAD_INPUT, NULL, "--input %s: %s; the inputs are: %s", text,
                s->port ? "the network has no input of that name" : "the network has several inputs, name one",
                names.at ? names.at : "");
    lf_text_free(&names);
    return status;
}

static lf_status parse_grid(lf_graph *g, const char *text, const spec *s, lf_input_grid *grid) {
    if (!lf_dtype_parse(s->type, &grid->type) || !lf_dtype_is_code(grid->type))
        return bad(g, text, "not an integer or fixed-point type");
    grid->cast = s->cast;
    grid->scale = lf_dtype_step(grid->type);
    if (s->scale && !parse_scale(s->scale, grid))
        return bad(g, text, "the scale is not a number");
    if (s->offset && !lf_parse_double(s->offset, &grid->offset))
        return bad(g, text, "the offset is not a number");
    if (!(grid->scale > 0) || grid->scale > 1e300)
        return bad(g, text, "the scale must be positive");
    if (!(grid->offset > -1e300 && grid->offset < 1e300))
        return bad(g, text, "the offset must be finite");
    return LF_OK;
}

/* Codes in, value out: the model's own tensor becomes the output of `decode`. */
static lf_status insert_decode(lf_graph *g, lf_port *port, const lf_input_grid *grid) {
    lf_tensor *value = lf_tensor_at(g, port->tensor);
    lf_tensor *codes = lf_tensor_new(g, lf_format(g->arena, "%s_codes", value->name), value->shape, grid->type);
    lf_set_codes(g, codes, lf_dtype_range(grid->type));
    lf_node *n = lf_node_new(g, lf_op_find("decode"), lf_format(g->arena, "%s_decode", value->name), &codes->id, 1,
                             &value->id, 1, NULL);
    lf_attr_set_real(n, "scale", grid->scale);
    lf_attr_set_real(n, "divisor", grid->divisor);
    lf_attr_set_real(n, "offset", grid->offset);
    port->tensor = codes->id;
    port->grid = grid;
    return lf_graph_sort(g);
}

lf_status lf_declare_input(lf_graph *g, const char *text) {
    lf_arena *scratch = lf_arena_new();
    spec s = split(scratch, text);
    lf_port *port = find_port(g, s.port);
    lf_input_grid *grid = LF_NEW(g->arena, lf_input_grid);
    lf_status status = port ? parse_grid(g, text, &s, grid) : no_port(g, text, &s);
    if (status == LF_OK && port->grid)
        status = bad(g, text, "the grid of that input is declared twice");
    if (status == LF_OK)
        status = insert_decode(g, port, grid);
    lf_arena_free(scratch);
    return status;
}
