/* Types, numbers and lists of the text form. */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "ir/lfparse.h"
#include "ir/lfw.h"

/* -- lists --------------------------------------------------------------------------------------------------------- */

/* "lfw(offset, hash)": the chunk of `size` bytes it names, checked. */
static lf_status parse_chunk(lf_parser *p, size_t size, const uint8_t **out) {
    int64_t offset = 0;
    char hash[LF_LFW_HASH + 1];
    lf_parse_advance(p);
    LF_TRY(lf_parse_mark(p, '('));
    if (p->weights_len == 0)
        return lf_parse_fail(p, "this lies in the weights file (.lfw), which is missing or empty");
    if (size > p->weights_len)
        return lf_parse_fail(p, "%zu bytes are needed, but the weights file has %zu", size, p->weights_len);
    LF_TRY(lf_parse_int(p, "an offset into the weights file", 0, (int64_t)(p->weights_len - size), &offset));
    LF_TRY(lf_parse_mark(p, ','));
    lf_lfw_hash(p->weights + offset, size, hash);
    if (p->token.kind != LF_TOKEN_WORD || strcmp(lf_parse_text(p), hash) != 0)
        return lf_parse_fail(
            p, "the weights file does not belong to this text: its %zu bytes from %" PRId64 " have the hash %s", size,
            offset, hash);
    lf_parse_advance(p);
    *out = p->weights + offset;
    return lf_parse_mark(p, ')');
}

/* "[item, item, ...]" of exactly `count` items; item reads number i. */
typedef lf_status item_fn(lf_parser *p, void *arg, size_t i);

static lf_status parse_list(lf_parser *p, size_t count, item_fn *item, void *arg) {
    size_t i = 0;
    LF_TRY(lf_parse_mark(p, '['));
    while (!lf_parse_at_mark(p, ']')) {
        if (i == count)
            return lf_parse_fail(p, "more than the %zu items that the shape asks for", count);
        LF_TRY(item(p, arg, i++));
        if (!lf_parse_at_mark(p, ']'))
            LF_TRY(lf_parse_mark(p, ','));
    }
    if (i != count)
        return lf_parse_fail(p, "%zu items, but the shape asks for %zu", i, count);
    return lf_parse_mark(p, ']');
}

/* Room for a list in the graph. A list in the text cannot have more items than the text has bytes left, so a wrong count
 * cannot ask for memory. */
static lf_status list_room(lf_parser *p, size_t count, size_t size, void **out) {
    bool in_text = lf_parse_at_mark(p, '[');
    if (in_text && count > (size_t)(p->lexer.end - p->token.at))
        return lf_parse_fail(p, "the list ends before the %zu items that the shape asks for", count);
    *out = lf_alloc_try(p->graph->arena, count ? count : 1, size);
    return *out ? LF_OK : lf_parse_fail(p, "out of memory for %zu items", count);
}

static lf_status no_list(lf_parser *p) {
    static const char *const known[] = {"lfw", "codes"};
    return lf_parse_expected(p, "a list [...] or lfw(offset, hash)", known, LF_COUNT(known));
}

static lf_status real_item(lf_parser *p, void *arg, size_t i) {
    return lf_parse_real(p, (double *)arg + i);
}

static lf_status parse_reals(lf_parser *p, size_t count, const double **out) {
    const uint8_t *chunk = NULL;
    void *v = NULL;
    bool stored = lf_parse_at_word(p, "lfw");
    if (!stored && !lf_parse_at_mark(p, '['))
        return no_list(p);
    if (stored)
        LF_TRY(parse_chunk(p, count * sizeof(double), &chunk));
    LF_TRY(list_room(p, count, sizeof(double), &v));
    *out = v;
    if (!stored)
        return parse_list(p, count, real_item, v);
    lf_lfw_get_reals(v, count, chunk);
    return LF_OK;
}

/* -- ranges --------------------------------------------------------------------------------------------------------- */

static lf_status parse_range(lf_parser *p, lf_range *r) {
    LF_TRY(lf_parse_mark(p, '{'));
    LF_TRY(lf_parse_int(p, "the lowest code", INT64_MIN, INT64_MAX, &r->lo));
    LF_TRY(lf_parse_mark(p, ','));
    LF_TRY(lf_parse_int(p, "the highest code", r->lo, INT64_MAX, &r->hi));
    LF_TRY(lf_parse_mark(p, ','));
    LF_TRY(lf_parse_int(p, "the step", 1, INT64_MAX, &r->step));
    return lf_parse_mark(p, '}');
}

static lf_status range_item(lf_parser *p, void *arg, size_t i) {
    return parse_range(p, (lf_range *)arg + i);
}

static lf_status parse_axis(lf_parser *p, const lf_tensor *t, int *axis) {
    int64_t v = 0;
    if (!lf_parse_at_word(p, "axis"))
        return lf_parse_expected(p, "axis", NULL, 0);
    lf_parse_advance(p);
    LF_TRY(lf_parse_int(p, "an axis of the shape", 0, t->shape.rank - 1, &v));
    *axis = (int)v;
    return LF_OK;
}

static lf_status parse_channel_ranges(lf_parser *p, lf_tensor *t) {
    const uint8_t *chunk = NULL;
    void *r = NULL;
    LF_TRY(parse_axis(p, t, &t->range_axis));
    size_t count = (size_t)t->shape.dim[t->range_axis];
    bool stored = lf_parse_at_word(p, "lfw");
    if (!stored && !lf_parse_at_mark(p, '['))
        return no_list(p);
    if (stored)
        LF_TRY(parse_chunk(p, count * 3 * sizeof(int64_t), &chunk));
    LF_TRY(list_room(p, count, sizeof(lf_range), &r));
    t->channel_range = r;
    if (!stored)
        return parse_list(p, count, range_item, r);
    lf_lfw_get_ranges(r, count, chunk);
    return LF_OK;
}

/* -- types ---------------------------------------------------------------------------------------------------------- */

static lf_status parse_dtype(lf_parser *p, lf_dtype *out) {
    static const char *const known[] = {"BIPOLAR", "TERNARY", "BINARY", "FLOAT16",    "FLOAT32",
                                        "FLOAT64", "INT8",    "UINT8",  "FIXED<8,3>", "UFIXED<8,3>"};
    if (p->token.kind != LF_TOKEN_WORD)
        return lf_parse_expected(p, "a datatype", NULL, 0);
    bool unknown = lf_parse_at_word(p, "?");
    *out = (lf_dtype){0};
    if (!unknown && !lf_dtype_parse(lf_parse_text(p), out))
        return lf_parse_expected(p, "a datatype", known, LF_COUNT(known));
    lf_parse_advance(p);
    return LF_OK;
}

/* The product stays small enough that sizes in bytes cannot overflow. */
static lf_status parse_shape(lf_parser *p, lf_shape *s) {
    int64_t count = 1, most = INT64_MAX / 16;
    LF_TRY(lf_parse_mark(p, '['));
    while (!lf_parse_at_mark(p, ']')) {
        int64_t dim = 0;
        if (s->rank == LF_MAX_RANK)
            return lf_parse_fail(p, "more than %d dimensions", LF_MAX_RANK);
        LF_TRY(lf_parse_int(p, "a dimension", 1, most, &dim));
        if (dim > most / count)
            return lf_parse_fail(p, "the shape has too many elements");
        count *= dim;
        s->dim[s->rank++] = dim;
        if (!lf_parse_at_mark(p, ']'))
            LF_TRY(lf_parse_mark(p, ','));
    }
    return lf_parse_mark(p, ']');
}

static lf_status parse_scale(lf_parser *p, lf_tensor *t) {
    lf_grid *grid = &t->grid;
    double *scale = LF_NEW(p->graph->arena, double);
    if (lf_parse_at_word(p, "axis")) {
        LF_TRY(parse_axis(p, t, &grid->axis));
        grid->scale_count = t->shape.dim[grid->axis];
        return parse_reals(p, (size_t)grid->scale_count, &grid->scale);
    }
    grid->scale = scale;
    return lf_parse_quotient(p, scale, &grid->divisor);
}

static lf_status parse_container(lf_parser *p, const lf_tensor *t, lf_elem *elem) {
    for (int e = 0; e < (int)LF_COUNT(lf_elem_names); e++) {
        if (!lf_parse_at_word(p, lf_elem_names[e]))
            continue;
        if (!lf_on_grid(t) && !lf_elem_is_float((lf_elem)e))
            return lf_parse_fail(p, "elements off the grid lie as f32 or f64");
        *elem = (lf_elem)e;
        lf_parse_advance(p);
        return LF_OK;
    }
    return lf_parse_expected(p, "a container (i8 u8 i16 u16 i32 i64 f32 f64)", lf_elem_names, LF_COUNT(lf_elem_names));
}

enum { SAID_SCALE, SAID_RANGE, SAID_RANGES, SAID_AS, SAYINGS };
static const char *const sayings[SAYINGS] = {"scale", "range", "ranges", "as"};

static lf_status parse_saying(lf_parser *p, int which, lf_tensor *t, lf_elem *elem) {
    switch (which) {
    case SAID_SCALE: return parse_scale(p, t);
    case SAID_RANGE: return parse_range(p, &t->range);
    case SAID_RANGES: return parse_channel_ranges(p, t);
    default: return parse_container(p, t, elem);
    }
}

static int saying_at(const lf_parser *p) {
    int which = 0;
    while (which < SAYINGS && !lf_parse_at_word(p, sayings[which]))
        which++;
    return which;
}

static lf_status parse_sayings(lf_parser *p, lf_tensor *t, lf_elem *elem) {
    bool said[SAYINGS] = {false};
    for (int which = saying_at(p); which < SAYINGS; which = saying_at(p)) {
        if (said[which])
            return lf_parse_fail(p, "\"%s\" stands twice", sayings[which]);
        if (which == SAID_AS && !elem)
            return lf_parse_fail(p, "only a constant has a container");
        if (which != SAID_AS && !lf_on_grid(t))
            return lf_parse_fail(p, "%s has no %s", lf_dtype_name(p->scratch, t->dtype), sayings[which]);
        said[which] = true;
        lf_parse_advance(p);
        LF_TRY(parse_saying(p, which, t, elem));
    }
    return LF_OK;
}

static void set_usual(lf_parser *p, lf_tensor *t) {
    double *step = LF_NEW(p->graph->arena, double);
    if (!lf_dtype_is_code(t->dtype))
        return;
    *step = lf_dtype_step(t->dtype);
    t->grid = (lf_grid){step, 1, 0, 0.0};
    t->range = lf_dtype_range(t->dtype);
}

lf_status lf_parse_type(lf_parser *p, lf_tensor *t, lf_elem *elem) {
    LF_TRY(lf_parse_mark(p, ':'));
    LF_TRY(parse_dtype(p, &t->dtype));
    LF_TRY(parse_shape(p, &t->shape));
    set_usual(p, t);
    if (elem)
        *elem = lf_elem_usual(t->dtype);
    return parse_sayings(p, t, elem);
}

/* -- elements ------------------------------------------------------------------------------------------------------- */

typedef struct elements {
    void *data;
    lf_elem elem;
} elements;

/* A decimal is rounded once, to the container. */
static lf_status float_item(lf_parser *p, void *arg, size_t i) {
    const elements *e = arg;
    double v = 0;
    lf_token item = p->token;
    LF_TRY(lf_parse_real(p, &v));
    if (e->elem == LF_ELEM_F64) {
        ((double *)e->data)[i] = v;
        return LF_OK;
    }
    if (isfinite(v) && fabs(v) > 0x1.fffffep127) {
        p->token = item;
        return lf_parse_fail(p, "%s is too large for f32", lf_parse_text(p));
    }
    ((float *)e->data)[i] = (float)v;
    return LF_OK;
}

static lf_status int_item(lf_parser *p, void *arg, size_t i) {
    const elements *e = arg;
    int64_t v = 0;
    lf_token item = p->token;
    LF_TRY(lf_parse_int(p, "an integer", INT64_MIN, INT64_MAX, &v));
    if (lf_elem_store(e->data, e->elem, i, v))
        return LF_OK;
    p->token = item;
    return lf_parse_fail(p, "%" PRId64 " does not fit %s", v, lf_elem_names[e->elem]);
}

/* "codes": the chunk that follows holds the codes of float elements. */
static lf_status parse_codes_word(lf_parser *p, const lf_tensor *t, lf_elem elem, bool *codes) {
    *codes = lf_parse_at_word(p, "codes");
    if (!*codes)
        return LF_OK;
    if (!lf_on_grid(t) || !lf_elem_is_float(elem))
        return lf_parse_fail(p, "only float elements on a grid are stored as codes");
    lf_parse_advance(p);
    return LF_OK;
}

lf_status lf_parse_elements(lf_parser *p, lf_tensor *t, lf_elem elem) {
    bool codes = false;
    size_t count = (size_t)lf_shape_count(t->shape);
    const uint8_t *chunk = NULL;
    elements e = {NULL, elem};
    if (t->dtype.kind == LF_KIND_NONE)
        return lf_parse_fail(p, "a constant without a datatype");
    LF_TRY(parse_codes_word(p, t, elem, &codes));
    bool stored = lf_parse_at_word(p, "lfw");
    if (!stored && (codes || !lf_parse_at_mark(p, '[')))
        return no_list(p);
    if (stored)
        LF_TRY(parse_chunk(p, lf_lfw_size(codes ? LF_ELEM_I64 : elem, t->dtype, count), &chunk));
    LF_TRY(list_room(p, count, lf_elem_size(elem), &e.data));
    t->value = LF_NEW(p->graph->arena, lf_const);
    *t->value = (lf_const){elem, count, e.data};
    if (!stored)
        return parse_list(p, count, lf_elem_is_float(elem) ? float_item : int_item, &e);
    if (codes)
        lf_lfw_get_codes(e.data, elem, t, count, chunk);
    else
        lf_lfw_get_elements(e.data, elem, t->dtype, count, chunk);
    return LF_OK;
}
