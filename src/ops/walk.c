/* The plan of a walk: how far behind the writer the reader may be, found by looking at the corners of the nest. */
#include "ops/walk.h"

#include "num/whole.h"

int64_t lf_walk_change(const lf_walk *w, const int64_t *stride, int i) {
    int64_t change = i < w->levels ? stride[i] : 0;
    for (int k = 0; k < i; k++)
        change -= (w->level[k].count - 1) * stride[k];
    return change;
}

bool lf_walk_reads(const lf_walk *w, const int64_t *at, int64_t *first, int64_t *last) {
    int64_t p[2] = {w->first[0], w->first[1]}, address = w->origin;
    for (int i = 0; i < w->levels; i++) {
        address += at[i] * w->level[i].stride;
        if (w->level[i].axis >= 0)
            p[w->level[i].axis] += at[i] * w->level[i].move;
    }
    int64_t above = p[0] < 0 && w->below ? lf_divide_up(-p[0], w->below_step) : 0,
            bottom = p[0] + w->below * w->below_step;
    *first = address + above * w->below_step * w->row_words;
    *last = address + (lf_least(bottom, w->size[0] - 1) - p[0]) * w->row_words;
    p[0] += above * w->below_step;
    return above <= w->below && p[0] >= 0 && p[0] < w->size[0] && p[1] >= 0 && p[1] < w->size[1];
}

/* -- sizes that follow at once ---------------------------------------------------------------------------------------- */

/* The last row or column that is asked for. */
static int64_t farthest(const lf_walk *w, int axis) {
    int64_t last = w->first[axis] + (axis ? 0 : w->below * w->below_step);
    for (int i = 0; i < w->levels; i++)
        if (w->level[i].axis == axis)
            last += (w->level[i].count - 1) * w->level[i].move;
    return last;
}

static void set_sizes(lf_walk *w) {
    w->positions = 1;
    for (int i = 0; i < w->levels; i++)
        w->positions *= w->level[i].count;
    w->origin = w->first[0] * w->row_words + w->first[1] * w->column_words;
    int64_t start[LF_WALK_LEVELS] = {0}, from, to;
    w->first_padded = !lf_walk_reads(w, start, &from, &to);
    for (int axis = 0; axis < 2; axis++)
        w->padded[axis] = w->first[axis] < 0 || farthest(w, axis) >= w->size[axis];
}

/* What is freed in a turn of a level must leave something for every advance of the level above, and in all be at most a frame. */
static void set_free(lf_walk *w) {
    int64_t room = w->words;
    for (int i = w->levels - 1; i >= 0; i--) {
        const lf_walk_level *l = &w->level[i];
        int64_t inner = 0, turns = l->count - 1; /* inner: what the levels inside would free */
        for (int k = 0; k < i; k++)
            inner += (w->level[k].count - 1) * w->level[k].release;
        if (turns == 0 || l->release == 0)
            continue;
        w->free[i] = lf_least(l->release, (room - lf_least(inner, room / l->count)) / turns);
        room = lf_least(w->free[i], room - turns * w->free[i]);
    }
}

/* -- the corners of the nest ------------------------------------------------------------------------------------------- */

/* Everything that is asked is linear in each counter between the places where padding begins or ends, so that it takes its
 * extremes at the first few and the last few values of each. */
typedef struct corners {
    lf_walk *w;
    int64_t frame;      /* 0 and 1: two frames one behind the other */
    int inner;          /* levels without release: a turn of all of them is a pixel */
    int64_t pixel_time; /* its steps */
    int64_t at[LF_WALK_LEVELS];
    /* Addresses and times of what has been seen so far. */
    int64_t base0;          /* found in the first sweep */
    int64_t written;        /* words that must have been there: the largest address read, and one */
    int64_t lowest;         /* of written - base */
    int64_t reader, writer; /* capacity that keeps the reader, or the writer, from waiting */
    int64_t behind;         /* largest time - base of pixels that are over */
    int64_t need;           /* largest address + 1 - time of reads */
    bool measuring;
} corners;

static int64_t sum_at(const corners *c, const int64_t *stride) {
    int64_t sum = 0;
    for (int i = 0; i < c->w->levels; i++)
        sum += c->at[i] * stride[i];
    return sum;
}

static int64_t time_at(const corners *c) {
    int64_t time = 0, turn = 1;
    for (int i = 0; i < c->w->levels; turn *= c->w->level[i++].count)
        time += c->at[i] * turn;
    return time;
}

/* The word at an address, counted from the frame's first, must have been there for one cycle. */
static void see_need(corners *c, int64_t address) {
    int64_t base = c->base0 + sum_at(c, c->w->free), time = time_at(c) + c->frame * c->w->positions;
    int64_t place = address - base, all = address + c->frame * c->w->words;
    c->written = lf_most(c->written, all + 1);
    c->need = lf_most(c->need, all + 1 - time);
    c->reader = lf_most(c->reader, lf_most(place + 1, all + 2 - time + c->behind));
    c->writer = lf_most(c->writer, place + 1);
}

static void see_read(corners *c) {
    int64_t first, last;
    if (!lf_walk_reads(c->w, c->at, &first, &last))
        return;
    if (c->measuring)
        see_need(c, last);
    else
        c->base0 = lf_least(c->base0, first - sum_at(c, c->w->free));
}

/* The base behind the pixel that the walk is at. */
static int64_t next_base(const corners *c, int64_t base) {
    for (int i = c->inner; i < c->w->levels; i++)
        if (c->at[i] < c->w->level[i].count - 1)
            return base + lf_walk_change(c->w, c->w->free, i);
    return c->base0 + (c->frame + 1) * c->w->words;
}

/* What the pixel held is free one cycle after its last step. */
static void see_pixel_end(corners *c) {
    int64_t base = c->base0 + sum_at(c, c->w->free) + c->frame * c->w->words;
    int64_t end = time_at(c) + c->frame * c->w->positions + c->pixel_time - 1;
    c->behind = lf_most(c->behind, end - base);
    c->writer = lf_most(c->writer, c->need + end + 1 - base);
    c->lowest = lf_least(c->lowest, c->written - next_base(c, base));
}

/* The first and last value of an inner level at which the walk is inside along the level's axis; false: there is none. */
static bool inside_span(const corners *c, int i, int64_t *from, int64_t *to) {
    const lf_walk_level *l = &c->w->level[i];
    *from = 0;
    *to = l->count - 1;
    if (l->axis < 0 || !c->w->padded[l->axis] || l->move == 0)
        return true;
    int64_t p = c->w->first[l->axis];
    for (int k = i + 1; k < c->w->levels; k++)
        p += c->w->level[k].axis == l->axis ? c->at[k] * c->w->level[k].move : 0;
    *from = lf_most(0, lf_divide_up(-p, l->move));
    *to = lf_least(l->count - 1, p >= c->w->size[l->axis] ? -1 : (c->w->size[l->axis] - 1 - p) / l->move);
    return *from <= *to;
}

static void visit_inner(corners *c, int i) {
    if (i < 0) {
        see_read(c);
        return;
    }
    int64_t from, to;
    if (!inside_span(c, i, &from, &to))
        return;
    c->at[i] = from;
    visit_inner(c, i - 1);
    c->at[i] = to;
    if (to > from)
        visit_inner(c, i - 1);
    c->at[i] = 0;
}

/* How many values at either end of a level that frees words may differ from those in the middle. */
static int64_t margin(const lf_walk *w, int i) {
    const lf_walk_level *l = &w->level[i];
    if (l->axis < 0 || !w->padded[l->axis])
        return 2;
    int64_t before = lf_most(0, -w->first[l->axis]), behind = lf_most(0, farthest(w, l->axis) - w->size[l->axis] + 1);
    return lf_divide_up(lf_most(before, behind), l->move) + 2;
}

static void visit_outer(corners *c, int i) {
    if (i < c->inner) {
        visit_inner(c, c->inner - 1);
        if (c->measuring)
            see_pixel_end(c);
        return;
    }
    int64_t count = c->w->level[i].count, m = margin(c->w, i);
    for (c->at[i] = 0; c->at[i] < count; c->at[i]++) {
        if (c->at[i] == m && count - m > m)
            c->at[i] = count - m;
        visit_outer(c, i - 1);
    }
    c->at[i] = 0;
}

static void sweep(corners *c, bool measuring) {
    c->measuring = measuring;
    for (c->frame = 0; c->frame < (measuring ? 2 : 1); c->frame++) {
        if (measuring && c->w->first_padded)
            see_need(c, 0); /* a frame does not begin before its first word */
        visit_outer(c, c->w->levels - 1);
    }
}

/* -- the plan ---------------------------------------------------------------------------------------------------------- */

static int64_t capacity_of(const lf_walk *w, const corners *c) {
    if (w->positions == w->words)
        return lf_least(c->reader, c->writer);
    return w->positions > w->words ? c->reader : c->writer;
}

static void set_capacity(lf_walk *w, int64_t capacity) {
    int64_t places = w->below ? w->row_words : capacity;
    for (w->place_bits = 1; (int64_t)1 << w->place_bits < places;)
        w->place_bits++;
    w->capacity = (int64_t)1 << w->place_bits;
    if (w->below)
        w->capacity = w->row_words * lf_most(lf_divide_up(capacity, w->row_words), w->below * w->below_step + 1);
}

void lf_walk_plan(lf_walk *w) {
    set_sizes(w);
    set_free(w);
    corners c = {.w = w, .pixel_time = 1, .behind = INT64_MIN / 2, .need = INT64_MIN / 2, .base0 = INT64_MAX};
    while (c.inner < w->levels && w->level[c.inner].release == 0)
        c.pixel_time *= w->level[c.inner++].count;
    sweep(&c, false);
    if (c.base0 == INT64_MAX) /* nothing but padding */
        c.base0 = 0;
    sweep(&c, true);
    w->base0 = c.base0;
    set_capacity(w, capacity_of(w, &c));
    int64_t spread = w->capacity - lf_least(0, c.lowest) + (c.base0 < 0 ? -c.base0 : c.base0) + 2;
    w->distance_bits = lf_bits_signed(-spread, spread);
}
