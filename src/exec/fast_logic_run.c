/* Bit-sliced regions at work: 16 columns of 512 rows at a time become planes, the planes go through the machine code, and planes become rows of codes. What
 * the kernels do not take (a number that is no float32, off the grid, or no number) makes the step refuse its block: others then do it, or say what is wrong. */
#include "exec/fast_logic.h"

#include <math.h>
#include <string.h>

enum { GROUP = LF_TILE_ROWS, GRID_CODES = 1 << 16, COLUMN_BYTES = GROUP * 8 };

/* -- how rows of an input become codes ------------------------------------------------------------------------------------------- */

/* Every code's value is found, and nothing else is: `find` compares with the value that it computes itself. */
static bool grid_is_exact(const lf_tiles *k, const lf_input_grid *g, const lf_tile_grid *t) {
    float value[GROUP];
    int32_t code[GROUP];
    for (int64_t first = t->lo; first <= t->hi; first += GROUP) {
        for (int64_t i = 0; i < GROUP; i++) {
            int64_t c = first + i <= t->hi ? first + i : t->hi;
            value[i] = (float)(g->divisor != 0 ? (double)c / g->divisor + g->offset : (double)c * g->scale + g->offset);
        }
        if (!k->finite(value) || !k->find(value, t, code))
            return false;
        for (int64_t i = 0; i < GROUP; i++)
            if (code[i] != (int32_t)(first + i <= t->hi ? first + i : t->hi))
                return false;
    }
    return true;
}

/* Rounded down, a power of two for a scale. */
static bool cast_of(const lf_input_grid *g, lf_tile_cast *c) {
    lf_dtype t = g->type;
    int e, bits = t.bits;
    bool whole = t.kind == LF_KIND_INT || t.kind == LF_KIND_UINT;
    bool fixed = (t.kind == LF_KIND_FIXED || t.kind == LF_KIND_UFIXED) && t.round == LF_ROUND_FLOOR &&
                 (t.overflow == LF_OVERFLOW_WRAP || t.overflow == LF_OVERFLOW_SAT);
    if (!(whole || fixed) || bits >= 31 || g->offset != 0 || frexp(g->scale, &e) != 0.5 || e > 1 || e < -90)
        return false;
    *c = (lf_tile_cast){.factor = (float)ldexp(1, 1 - e),
                        .bits = bits,
                        .is_signed = t.kind == LF_KIND_INT || t.kind == LF_KIND_FIXED,
                        .wraps = whole || t.overflow == LF_OVERFLOW_WRAP};
    return true;
}

bool lf_logic_port(lf_plan *p, lf_logic_source *s) {
    const lf_tensor *t = s->tensor;
    const lf_port *port = &p->graph->inputs.at[s->port];
    lf_input_grid own = {.type = t->dtype, .scale = t->grid.scale[0], .divisor = t->grid.divisor};
    const lf_input_grid *g = port->grid ? port->grid : &own;
    lf_range r = port->grid ? lf_dtype_range(g->type) : t->range;
    if (t->grid.scale_count != 1 || r.lo < t->range.lo || r.hi > t->range.hi)
        return false;
    if (g->cast)
        return s->casts = cast_of(g, &s->cast);
    double scale = g->divisor != 0 ? 1 / g->divisor : g->scale;
    s->grid = (lf_tile_grid){.offset = (float)g->offset,
                             .per_unit = (float)(g->divisor != 0 ? g->divisor : 1 / g->scale),
                             .high = (float)scale,
                             .low = (float)(scale - (double)(float)scale),
                             .lo = (int32_t)r.lo,
                             .hi = (int32_t)r.hi};
    s->on_grid = r.step == 1 && lf_range_count(r) <= GRID_CODES && r.lo >= -GRID_CODES && r.hi <= GRID_CODES &&
                 grid_is_exact(lf_tiles_for(p->isa), g, &s->grid);
    return s->on_grid;
}

/* -- columns ---------------------------------------------------------------------------------------------------------------------- */

/* What a step works in, in this order in the scratch memory. */
typedef struct bench {
    uint64_t *in, *out, *code; /* planes, and what the machine code needs */
    uint32_t *tile;            /* [LF_TILE_COLUMNS][GROUP] */
    int32_t *codes;            /* [GROUP] */
    double *column;            /* [GROUP] */
} bench;

static size_t plane_words(size_t planes) {
    return planes * LF_PLANE_WORDS;
}

size_t lf_logic_scratch(const lf_logic *l) {
    return 64 + 8 * (plane_words(l->in_planes) + plane_words(l->out_planes) + lf_lut_code_scratch(l->code)) +
           (LF_TILE_COLUMNS + 1) * GROUP * sizeof(uint32_t) + COLUMN_BYTES + 64;
}

static bench bench_in(const lf_logic *l, uint8_t *scratch) {
    bench w;
    w.in = (uint64_t *)(void *)(scratch + (64 - (uintptr_t)scratch % 64) % 64);
    w.out = w.in + plane_words(l->in_planes);
    w.code = w.out + plane_words(l->out_planes);
    w.tile = (uint32_t *)(void *)(w.code + (lf_lut_code_scratch(l->code) + 7) / 8 * 8);
    w.codes = (int32_t *)(void *)(w.tile + LF_TILE_COLUMNS * GROUP);
    w.column = (double *)(void *)(w.codes + GROUP);
    return w;
}

/* Missing rows are like the first. */
static void fill_up(uint32_t *tile, size_t rows, size_t columns) {
    for (size_t c = 0; c < columns; c++)
        for (size_t r = rows; r < GROUP; r++)
            tile[c * GROUP + r] = tile[c * GROUP];
}

/* Doubles as floats, where that changes nothing. */
static bool turn_doubles(const double *from, size_t stride, size_t rows, size_t columns, uint32_t *tile) {
    bool exact = true;
    for (size_t r = 0; r < rows; r++, from += stride)
        for (size_t c = 0; c < columns; c++) {
            float f = fabs(from[c]) <= 0x1.fffffep127 ? (float)from[c] : INFINITY;
            exact &= (double)f == from[c];
            memcpy(&tile[c * GROUP + r], &f, sizeof f);
        }
    return exact;
}

static bool turn_codes(const lf_tensor *t, const int64_t *from, size_t stride, size_t rows, size_t columns,
                       uint32_t *tile) {
    bool inside = true;
    for (size_t r = 0; r < rows; r++, from += stride)
        for (size_t c = 0; c < columns; c++) {
            inside &= lf_range_holds(t->range, from[c]);
            tile[c * GROUP + r] = (uint32_t)from[c];
        }
    return inside;
}

/* Codes given for reals are reals. */
static bool turn_whole(const int64_t *from, size_t stride, size_t rows, size_t columns, uint32_t *tile) {
    bool exact = true;
    for (size_t r = 0; r < rows; r++, from += stride)
        for (size_t c = 0; c < columns; c++) {
            float f = (float)from[c];
            exact &= from[c] >= -(1 << 24) && from[c] <= 1 << 24;
            memcpy(&tile[c * GROUP + r], &f, sizeof f);
        }
    return exact;
}

static const lf_row_in *rows_of(const lf_block *b, int port) {
    for (size_t i = 0; i < b->io->in_count; i++)
        if (b->io->in[i].tensor == b->plan->graph->inputs.at[port].tensor)
            return &b->io->in[i];
    return NULL;
}

/* Columns first .. of an input's rows from `row` on; floats, or codes where the rows hold them. */
static bool turn_input(const lf_logic *l, const lf_logic_source *s, const lf_row_in *in, size_t row, size_t rows,
                       size_t first, size_t columns, uint32_t *tile) {
    size_t at = row * s->elements + first;
    bool fine = true;
    if (in->type == LF_ROW_F32)
        l->tiles->turn((const float *)in->data + at, s->elements * sizeof(float), rows, columns, tile);
    else if (in->type == LF_ROW_F64)
        fine = turn_doubles((const double *)in->data + at, s->elements, rows, columns, tile);
    else if (lf_on_grid(s->tensor))
        fine = turn_codes(s->tensor, (const int64_t *)in->data + at, s->elements, rows, columns, tile);
    else
        fine = turn_whole((const int64_t *)in->data + at, s->elements, rows, columns, tile);
    fill_up(tile, rows, columns);
    return fine;
}

/* -- planes ------------------------------------------------------------------------------------------------------------------------ */

/* One column of floats. All of them are looked at, those that nobody reads, too: they may be no numbers. */
static bool planes_of_floats(const lf_logic *l, const lf_logic_source *s, const lf_logic_element *e,
                             const float *column, const bench *w) {
    uint64_t *planes = w->in + plane_words(e->plane);
    if (s->kind == LF_LOGIC_THERMOMETER) {
        l->planes->above_f32(column, l->single + e->plane, e->count, planes);
        return l->tiles->finite(column);
    }
    bool cast = s->kind == LF_LOGIC_CAST || s->casts;
    bool fine = cast ? l->tiles->cast(column, &s->cast, w->codes) : l->tiles->find(column, &s->grid, w->codes);
    if (fine && e->count)
        l->planes->split(w->codes, (int)e->count, planes);
    return fine;
}

static bool read_port(const lf_logic *l, const lf_logic_source *s, const lf_block *b, size_t first, size_t rows,
                      const bench *w) {
    const lf_row_in *in = rows_of(b, s->port);
    bool codes = in->type == LF_ROW_CODE && lf_on_grid(s->tensor);
    for (size_t at = 0; at < s->elements; at += LF_TILE_COLUMNS) {
        size_t columns = s->elements - at < LF_TILE_COLUMNS ? s->elements - at : LF_TILE_COLUMNS;
        if (!turn_input(l, s, in, b->first + first, rows, at, columns, w->tile))
            return false;
        for (size_t c = 0; c < columns; c++) {
            const lf_logic_element *e = &s->element[at + c];
            const uint32_t *column = w->tile + c * GROUP;
            if (codes && e->count)
                l->planes->split((const int32_t *)(const void *)column, (int)e->count, w->in + plane_words(e->plane));
            else if (!codes && !planes_of_floats(l, s, e, (const float *)(const void *)column, w))
                return false;
        }
    }
    return true;
}

/* Reals that earlier steps made are doubles. */
static void read_reals(const lf_logic *l, const lf_logic_source *s, const uint8_t *from, size_t rows, const bench *w) {
    for (size_t e = 0; e < s->elements; e++) {
        const lf_logic_element *x = &s->element[e];
        for (size_t r = 0; x->count && r < GROUP; r++)
            memcpy(&w->column[r], from + (r < rows ? r : 0) * s->slot->stride + e * sizeof(double), sizeof(double));
        if (x->count)
            l->planes->above_f64(w->column, l->threshold + x->plane, x->count, w->in + plane_words(x->plane));
    }
}

static void read_codes(const lf_logic *l, const lf_logic_source *s, const uint8_t *from, size_t rows, const bench *w) {
    for (size_t at = 0; at < s->elements; at += LF_TILE_COLUMNS) {
        size_t columns = s->elements - at < LF_TILE_COLUMNS ? s->elements - at : LF_TILE_COLUMNS;
        l->tiles->turn(from + at * sizeof(int32_t), s->slot->stride, rows, columns, w->tile);
        for (size_t c = 0; c < columns; c++) {
            const lf_logic_element *e = &s->element[at + c];
            if (e->count)
                l->planes->split((const int32_t *)(const void *)(w->tile + c * GROUP), (int)e->count,
                                 w->in + plane_words(e->plane));
        }
    }
}

static bool read_source(const lf_logic *l, const lf_logic_source *s, const lf_block *b, size_t first, size_t rows,
                        const bench *w) {
    if (s->port >= 0)
        return read_port(l, s, b, first, rows, w);
    const uint8_t *from = lf_slot_at(b, s->slot, first);
    if (s->kind == LF_LOGIC_THERMOMETER)
        read_reals(l, s, from, rows, w);
    else
        read_codes(l, s, from, rows, w);
    return true;
}

static void write_result(const lf_logic *l, const lf_logic_result *r, const lf_block *b, size_t first, size_t rows,
                         const bench *w) {
    uint8_t *to = lf_slot_at(b, r->slot, first);
    for (size_t at = 0; at < r->elements; at += LF_TILE_COLUMNS) {
        size_t columns = r->elements - at < LF_TILE_COLUMNS ? r->elements - at : LF_TILE_COLUMNS;
        for (size_t c = 0; c < columns; c++)
            l->planes->join(w->out + plane_words(r->element[at + c].plane), (int)r->element[at + c].count,
                            r->is_signed[at + c], (int32_t *)(void *)(w->tile + c * GROUP));
        l->tiles->back(w->tile, rows, columns, to + at * sizeof(int32_t), r->slot->stride);
    }
}

lf_status lf_step_logic(const lf_step *step, lf_block *b) {
    const lf_logic *l = step->with;
    bench w = bench_in(l, b->scratch);
    for (size_t first = 0; first < b->rows; first += GROUP) {
        size_t rows = b->rows - first < GROUP ? b->rows - first : GROUP;
        for (size_t i = 0; i < l->sources; i++)
            if (!read_source(l, &l->source[i], b, first, rows, &w))
                return LF_BAD_INPUT;
        lf_lut_code_run(l->code, w.in, w.out, w.code, 1);
        for (size_t i = 0; i < l->results; i++)
            write_result(l, &l->result[i], b, first, rows, &w);
    }
    return LF_OK;
}
