/* The instance of rtl/lf_walk.v or lf_walk_columns.v, and what it costs. */
#include "ops/branch.h"
#include "ops/stream.h"
#include "ops/walk.h"

#include <inttypes.h>

enum { BLOCK_LUT = 60 }; /* LUTs that half a block RAM is worth */

/* RAM32M and RAM64M hold 6 x 32 and 3 x 64 bits beside a write port in 4 LUTs; several rows of them are selected by LUTs. */
static double distributed_lut(int64_t words, int64_t bits) {
    if (words <= 32)
        return (double)((bits + 5) / 6 * 4);
    double rows = (double)(words / 64), select = words > 64 ? (double)bits * (rows / 4 + (rows > 4 ? 1 : 0)) : 0;
    return (double)((bits + 2) / 3 * 4) * rows + select;
}

static int64_t word_bits(const lf_walk_beat *b) {
    return b->lanes * lf_dtype_bits(b->in);
}

/* Of each memory: the ring, or a bank. */
static int64_t depth_of(const lf_walk *w) {
    return w->below ? w->row_words : w->capacity;
}

bool lf_walk_is_block(const lf_walk *w, const lf_walk_beat *b) {
    if (b->ram != LF_ROM_AUTO)
        return b->ram == LF_ROM_BLOCK;
    return distributed_lut(depth_of(w), word_bits(b)) > 2 * BLOCK_LUT * lf_block_rams(depth_of(w), word_bits(b));
}

/* -- the instance ------------------------------------------------------------------------------------------------------- */

/* A constant of any width, the fields of `bits` each, the last one highest. */
static const char *fields(lf_arena *a, const int64_t *value, int count, int bits) {
    const char *text = "{";
    for (int i = count - 1; i >= 0; i--)
        text = lf_format(a, "%s%d'h%" PRIx64 "%s", text, bits, (uint64_t)value[i] & (~UINT64_C(0) >> (64 - bits)),
                         i ? ", " : "}");
    return text;
}

static const char *field(lf_arena *a, int64_t value, int bits) {
    return fields(a, &value, 1, bits);
}

/* For every way to go on: minus the change of what has these strides; `frame` at the end of all. */
static const char *changes(const lf_walk *w, lf_arena *a, const int64_t *stride, int64_t frame, int sign, int bits) {
    int64_t value[LF_WALK_LEVELS + 1];
    for (int i = 0; i <= w->levels; i++)
        value[i] = sign * (lf_walk_change(w, stride, i) + (i == w->levels ? frame : 0));
    return fields(a, value, w->levels + 1, bits);
}

static void edge_params(const lf_walk *w, lf_arena *a, lf_vlog *v, int axis, int bits) {
    static const char *const name[2][4] = {{"ROWS_PADDED", "TOP", "HEIGHT", "ROW"},
                                           {"COLUMNS_PADDED", "LEFT", "WIDTH", "COLUMN"}};
    int64_t stride[LF_WALK_LEVELS];
    for (int i = 0; i < w->levels; i++)
        stride[i] = w->level[i].axis == axis ? w->level[i].move : 0;
    lf_vlog_param(v, name[axis][0], "1");
    lf_vlog_param(v, name[axis][1], "%s", field(a, w->first[axis], bits));
    lf_vlog_param(v, name[axis][2], "%s", field(a, w->size[axis], bits));
    lf_vlog_param(v, name[axis][3], "%s", changes(w, a, stride, 0, 1, bits));
}

/* Bits of rows and columns: those outside on both sides are told from those inside. */
static int edge_bits(const lf_walk *w) {
    int64_t top = 1;
    for (int axis = w->below ? 1 : 0; axis < 2; axis++) {
        int64_t last = w->first[axis], span = w->size[axis] - (w->first[axis] < 0 ? w->first[axis] : 0);
        for (int i = 0; i < w->levels; i++)
            last += w->level[i].axis == axis ? (w->level[i].count - 1) * w->level[i].move : 0;
        if (w->padded[axis])
            top = last > top ? last : top;
        if (w->padded[axis])
            top = span > top ? span : top;
    }
    return lf_bits_unsigned((uint64_t)top);
}

/* The same for columns, whose last row inside goes down with a turn by a stride, by less, or not at all. */
static const char *column_steps(const lf_walk *w, lf_arena *a, const int64_t *stride) {
    int64_t value[LF_WALK_LEVELS + 3], last = w->size[0] - 1, down = w->level[w->levels - 1].move;
    int64_t first_bottom = w->first[0] + w->below * w->below_step,
            end_bottom = first_bottom + (w->level[w->levels - 1].count - 1) * down;
    int64_t rest = first_bottom < last ? (last - first_bottom) % down : 0; /* that the turn to the end goes down */
    int i = 0, turn = w->levels - 1;
    for (; i <= turn; i++)
        value[i] = -lf_walk_change(w, stride, i);
    value[i++] = value[turn] + (down - rest) * w->row_words;
    value[i++] = value[turn] + down * w->row_words;
    int64_t kept = (end_bottom > last ? end_bottom - last : 0) - (first_bottom > last ? first_bottom - last : 0);
    value[i++] = -(lf_walk_change(w, stride, w->levels) + w->words + kept * w->row_words);
    return fields(a, value, i, w->distance_bits);
}

static void walk_params(const lf_walk *w, lf_arena *a, lf_vlog *v) {
    int64_t stride[LF_WALK_LEVELS], count[LF_WALK_LEVELS];
    int P = w->distance_bits;
    for (int i = 0; i < w->levels; i++) {
        stride[i] = w->level[i].stride;
        count[i] = w->level[i].count;
    }
    int64_t start[LF_WALK_LEVELS] = {0}, from, to;
    lf_walk_reads(w, start, &from, &to);
    lf_vlog_param(v, "A", "%d", w->place_bits);
    lf_vlog_param(v, "P", "%d", P);
    lf_vlog_param(v, "LEVELS", "%d", w->levels);
    lf_vlog_param(v, "N", "%s", fields(a, count, w->levels, 32));
    if (w->below)
        lf_vlog_param(v, "STEP", "%s", column_steps(w, a, stride));
    else
        lf_vlog_param(v, "STEP", "%s", changes(w, a, stride, w->words, -1, P));
    lf_vlog_param(v, "FREE", "%s", changes(w, a, w->free, w->words, -1, P));
    lf_vlog_param(v, "AHEAD", "%s", field(a, -to - 1, P));
    lf_vlog_param(v, "FILL", "%s", field(a, -w->base0 - w->capacity, P));
    lf_vlog_param(v, "WORDS", "%s", field(a, -w->words, P));
    lf_vlog_param(v, "FIRST_PADDED", "%d", w->first_padded);
    int bits = edge_bits(w);
    lf_vlog_param(v, "E", "%d", bits);
    for (int axis = w->below ? 1 : 0; axis < 2; axis++)
        if (w->padded[axis])
            edge_params(w, a, v, axis, bits);
}

/* Bits of the first row of a column, and of all that it is compared with. */
static int row_bits(const lf_walk *w) {
    int64_t span = w->below * w->below_step, stride = w->level[w->levels - 1].move;
    int64_t least = w->size[0] - 1 - span - stride, most = w->first[0] + w->level[w->levels - 1].count * stride;
    least = w->first[0] < least ? w->first[0] : least;
    return lf_bits_signed(-span < least ? -span : least, w->size[0] > most ? w->size[0] : most);
}

static int64_t modulo(int64_t a, int64_t b) {
    return (a % b + b) % b;
}

/* Rows lie in banks; frames follow each other without a gap. */
static void column_params(const lf_walk *w, lf_arena *a, lf_vlog *v) {
    const lf_walk_level *turn = &w->level[w->levels - 1];
    int64_t banks = lf_walk_banks(w), place[LF_WALK_LEVELS];
    for (int i = 0; i < w->levels; i++)
        place[i] = i == w->levels - 1 ? 0 : w->level[i].stride;
    lf_vlog_param(v, "ROWS", "%" PRId64, w->below + 1);
    lf_vlog_param(v, "DILATION", "%" PRId64, w->below_step);
    lf_vlog_param(v, "BANKS", "%" PRId64, banks);
    lf_vlog_param(v, "B", "%d", lf_bits_unsigned((uint64_t)banks - 1));
    lf_vlog_param(v, "BANK", "%" PRId64 "'d1 << %" PRId64, banks, modulo(w->first[0], banks));
    lf_vlog_param(v, "TURN", "%" PRId64, modulo(turn->move, banks));
    lf_vlog_param(v, "AGAIN", "%" PRId64, modulo(w->size[0] - (turn->count - 1) * turn->move, banks));
    lf_vlog_param(v, "ROW_WORDS", "%" PRId64, w->row_words);
    lf_vlog_param(v, "ORIGIN", "%s", field(a, w->first[1] * w->column_words, w->place_bits));
    lf_vlog_param(v, "PLACE", "%s", changes(w, a, place, 0, 1, w->place_bits));
    if (!w->padded[0])
        return;
    lf_vlog_param(v, "ROWS_PADDED", "1");
    lf_vlog_param(v, "R", "%d", row_bits(w));
    lf_vlog_param(v, "TOP", "%" PRId64, w->first[0]);
    lf_vlog_param(v, "STRIDE", "%" PRId64, turn->move);
    lf_vlog_param(v, "HEIGHT", "%" PRId64, w->size[0]);
}

void lf_walk_rtl(const lf_graph *g, const lf_node *n, const lf_walk *w, const lf_walk_beat *b, lf_vlog *v) {
    int out_bits = lf_dtype_bits(b->out);
    lf_stream_instance(g, n, v, w->below ? "lf_walk_columns" : "lf_walk");
    lf_vlog_param(v, "LANES", "%" PRId64, b->lanes);
    lf_wire_params(v, "IN", b->in);
    lf_wire_params(v, "OUT", b->out);
    if (w->padded[0] || w->padded[1])
        lf_vlog_param(v, "PAD", "%d'h%" PRIx64, out_bits, lf_code_to_bits(b->out, b->pad_code));
    walk_params(w, g->arena, v);
    if (w->below) {
        lf_vlog_param(v, "BLOCK", "%d", lf_walk_is_block(w, b));
        column_params(w, g->arena, v);
    } else {
        lf_vlog_param(v, "STAGES", "%d", lf_walk_is_block(w, b) ? 2 : 1);
        lf_vlog_param(v, "ORIGIN", "%s", field(g->arena, w->origin, w->place_bits));
    }
}

/* -- cost --------------------------------------------------------------------------------------------------------------- */

/* What reads a column: the banks, their rotation, the rows outside. */
static void add_columns(const lf_walk *w, const lf_walk_beat *b, lf_cost *out) {
    double banks = (double)lf_walk_banks(w), bits = (double)word_bits(b), rows = (double)(w->below + 1);
    if (lf_walk_is_block(w, b))
        out->bram = banks * lf_block_rams(w->row_words, word_bits(b));
    else {
        out->lut += banks * distributed_lut(w->row_words, word_bits(b));
        out->ff += banks * bits;
    }
    out->lut += banks * 2 + rows * bits * (banks <= 4 ? 1 : banks / 4);
    out->lut += w->padded[0] ? rows * row_bits(w) : 0;
    out->ff += banks * 2 + rows * 2 + w->place_bits;
}

void lf_walk_cost(const lf_walk *w, const lf_walk_beat *b, lf_cost *out) {
    int64_t counters = 0, bits = word_bits(b), out_bits = b->lanes * lf_dtype_bits(b->out) * (w->below + 1);
    for (int i = 0; i < w->levels; i++)
        counters += w->level[i].count > 1 ? lf_bits_unsigned((uint64_t)w->level[i].count - 1) : 0;
    int axes = w->padded[0] + w->padded[1], edge = axes ? edge_bits(w) : 0;
    int P = w->distance_bits, A = w->place_bits;
    *out = (lf_cost){.ii_cycles = lf_walk_ii(w)};
    out->lut = 6 + 1.7 * (double)counters + 4.0 * P + A + (w->first_padded ? P : 0) + 2.5 * axes * edge;
    out->ff = 4 + (double)counters + 4.0 * P + 2.0 * A + (w->first_padded ? P : 0) + axes * edge + (double)out_bits;
    if (w->below)
        add_columns(w, b, out);
    else if (lf_walk_is_block(w, b))
        out->bram = lf_block_rams(w->capacity, bits);
    else
        out->lut += distributed_lut(w->capacity, bits);
    out->lut += axes ? (double)out_bits / 2 : 0;
}
