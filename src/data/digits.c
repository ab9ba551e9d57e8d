#include "data/digits.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "base/compiler.h"
#include "base/rng.h"
#include "data/digit_strokes.h"

/* A curve is a chain of short straight pieces; `joined` says that a piece leads here from the point before. */
enum { STEPS = 5, CURVE_POINTS = STROKE_POINTS * STEPS + 1 };

typedef struct point {
    double x, y, radius;
    bool joined;
} point;

typedef struct curve {
    point at[CURVE_POINTS];
    int count;
} curve;

enum { GRID = 4 }; /* the elastic wobble is given at 4 x 4 nodes and linear between */

typedef struct wobble {
    double dx[GRID][GRID], dy[GRID][GRID];
} wobble;

static double uniform(lf_rng *r, double lo, double hi) {
    return lo + (hi - lo) * lf_rng_double(r);
}

/* Mean 0, deviation `sigma`, never beyond 2 sigma: no monsters. */
static double jitter(lf_rng *r, double sigma) {
    double v = lf_rng_normal(r);
    return sigma * (v > 2 ? 2 : v < -2 ? -2 : v);
}

static const skeleton *choose_skeleton(lf_rng *r, uint32_t digit) {
    uint32_t total = 0;
    for (size_t i = 0; i < LF_COUNT(SKELETONS); i++)
        total += SKELETONS[i].digit == digit ? SKELETONS[i].share : 0;
    uint32_t pick = lf_rng_below(r, total);
    for (size_t i = 0;; i++) {
        uint32_t share = SKELETONS[i].digit == digit ? SKELETONS[i].share : 0;
        if (pick < share)
            return &SKELETONS[i];
        pick -= share;
    }
}

/* The control points of one stroke, moved a little. The two points of a corner move together. */
static int take_stroke(lf_rng *r, const int8_t (*at)[2], point *out) {
    int n = 0;
    for (; at[n][0] >= 0; n++) {
        bool corner = n > 0 && at[n][0] == at[n - 1][0] && at[n][1] == at[n - 1][1];
        double dx = corner ? 0 : jitter(r, 3.0), dy = corner ? 0 : jitter(r, 3.0);
        out[n] = corner ? out[n - 1] : (point){.x = at[n][0] + dx, .y = at[n][1] + dy};
    }
    return n;
}

/* Catmull-Rom: passes through p1 at t = 0 and p2 at t = 1 with tangents along the neighbours. */
static double spline(double p0, double p1, double p2, double p3, double t) {
    return p1 + 0.5 * t * (p2 - p0 + t * (2 * p0 - 5 * p1 + 4 * p2 - p3 + t * (3 * (p1 - p2) + p3 - p0)));
}

static void add_stroke(curve *c, const point *p, int n) {
    c->at[c->count++] = p[0];
    for (int i = 0; i + 1 < n; i++) {
        const point *a = &p[i > 0 ? i - 1 : 0], *b = &p[i], *d = &p[i + 1], *e = &p[i + 2 < n ? i + 2 : n - 1];
        for (int k = 1; k <= STEPS; k++) {
            double t = (double)k / STEPS;
            c->at[c->count++] =
                (point){.x = spline(a->x, b->x, d->x, e->x, t), .y = spline(a->y, b->y, d->y, e->y, t), .joined = true};
        }
    }
}

static void draw_skeleton(lf_rng *r, const skeleton *s, curve *c) {
    point control[STROKE_POINTS];
    const int8_t(*at)[2] = s->at;
    c->count = 0;
    for (;;) {
        int n = take_stroke(r, at, control);
        add_stroke(c, control, n);
        if (at[n][0] == -2)
            return;
        at += n + 1;
    }
}

static double between(double g[GRID][GRID], double x, double y) {
    double u = (GRID - 1) * fmin(fmax(x / 100, 0), 0.999), v = (GRID - 1) * fmin(fmax(y / 100, 0), 0.999);
    int i = (int)u, k = (int)v;
    double fu = u - i, fv = v - k;
    double top = g[k][i] + fu * (g[k][i + 1] - g[k][i]), low = g[k + 1][i] + fu * (g[k + 1][i + 1] - g[k + 1][i]);
    return top + fv * (low - top);
}

static void bend(lf_rng *r, curve *c) {
    wobble w;
    double strength = uniform(r, 1.5, 5.5);
    for (int i = 0; i < GRID * GRID; i++) {
        w.dx[i / GRID][i % GRID] = jitter(r, strength);
        w.dy[i / GRID][i % GRID] = jitter(r, strength);
    }
    for (int i = 0; i < c->count; i++) {
        point *p = &c->at[i];
        double dx = between(w.dx, p->x, p->y), dy = between(w.dy, p->x, p->y);
        p->x += dx;
        p->y += dy;
    }
}

/* Width, slant and rotation. (1, t) / sqrt(1 + t^2) is a rotation without sine and cosine. */
static void slant_and_turn(lf_rng *r, curve *c, uint32_t digit) {
    double wide = uniform(r, 0.58, 0.98), slant = jitter(r, digit == 1 ? 0.26 : 0.17) + 0.10, turn = jitter(r, 0.09);
    double norm = 1 / sqrt(1 + turn * turn);
    for (int i = 0; i < c->count; i++) {
        double x = wide * (c->at[i].x - 50), y = c->at[i].y - 50;
        x -= slant * y;
        c->at[i].x = norm * (x - turn * y);
        c->at[i].y = norm * (y + turn * x);
    }
}

static void set_pen(lf_rng *r, curve *c) {
    double radius = 1.22 + jitter(r, 0.30), drift = jitter(r, 0.14);
    for (int i = 0; i < c->count; i++) {
        double along = (double)i / c->count - 0.5;
        c->at[i].radius = fmax(radius * (1 + 2 * drift * along), 0.55);
    }
}

typedef struct box {
    double x0, x1, y0, y1;
} box;

static box bounds(const curve *c) {
    box b = {1e9, -1e9, 1e9, -1e9};
    for (int i = 0; i < c->count; i++) {
        b.x0 = fmin(b.x0, c->at[i].x), b.x1 = fmax(b.x1, c->at[i].x);
        b.y0 = fmin(b.y0, c->at[i].y), b.y1 = fmax(b.y1, c->at[i].y);
    }
    return b;
}

/* Scales the curve so that its ink fills a box of about 20 x 20 pixels, the longer side deciding. */
static void fit_box(lf_rng *r, curve *c) {
    box b = bounds(c);
    double room = 20 * uniform(r, 0.94, 1.02) - 2 * c->at[0].radius, scale = room / fmax(b.x1 - b.x0, b.y1 - b.y0);
    for (int i = 0; i < c->count; i++) {
        c->at[i].x *= scale;
        c->at[i].y *= scale;
    }
}

/* v, or as near to it as keeps lo..hi inside the frame with room for the pen. */
static double within_frame(double v, double lo, double hi) {
    return fmin(fmax(v, 2.5 - lo), LF_DIGIT_SIDE - 2.5 - hi);
}

static void centre_mass(lf_rng *r, curve *c) {
    double mass = 0, mx = 0, my = 0;
    for (int i = 1; i < c->count; i++) {
        const point *p = &c->at[i - 1], *q = &c->at[i];
        if (!q->joined)
            continue;
        double dx = q->x - p->x, dy = q->y - p->y, m = q->radius * sqrt(dx * dx + dy * dy);
        mass += m;
        mx += m * 0.5 * (p->x + q->x);
        my += m * 0.5 * (p->y + q->y);
    }
    box b = bounds(c);
    double sx = within_frame(14 + uniform(r, -0.5, 0.5) - mx / mass, b.x0, b.x1);
    double sy = within_frame(14 + uniform(r, -0.5, 0.5) - my / mass, b.y0, b.y1);
    for (int i = 0; i < c->count; i++) {
        c->at[i].x += sx;
        c->at[i].y += sy;
    }
}

static double squared_distance(const point *p, const point *q, double x, double y) {
    double dx = q->x - p->x, dy = q->y - p->y, length = dx * dx + dy * dy;
    double t = length > 0 ? ((x - p->x) * dx + (y - p->y) * dy) / length : 0;
    t = t < 0 ? 0 : t > 1 ? 1 : t;
    double ex = x - p->x - t * dx, ey = y - p->y - t * dy;
    return ex * ex + ey * ey;
}

static int clamp_index(double v) {
    return v < 0 ? 0 : v > LF_DIGIT_SIDE - 1 ? LF_DIGIT_SIDE - 1 : (int)v;
}

static const double EDGE = 0.75; /* half the width, in pixels, over which ink fades out */

/* Ink of one straight piece with round ends; overlapping pieces take the darker value. */
static void ink_piece(const point *p, const point *q, double *ink) {
    double reach = q->radius + EDGE;
    int x0 = clamp_index(fmin(p->x, q->x) - reach), x1 = clamp_index(fmax(p->x, q->x) + reach);
    int y0 = clamp_index(fmin(p->y, q->y) - reach), y1 = clamp_index(fmax(p->y, q->y) + reach);
    for (int y = y0; y <= y1; y++)
        for (int x = x0; x <= x1; x++) {
            double d2 = squared_distance(p, q, x + 0.5, y + 0.5);
            if (d2 >= reach * reach)
                continue;
            double v = fmin((reach - sqrt(d2)) / (2 * EDGE), 1);
            if (v > ink[y * LF_DIGIT_SIDE + x])
                ink[y * LF_DIGIT_SIDE + x] = v;
        }
}

/* Grey values with a little noise where there is ink; the paper stays black, as in MNIST. */
static void develop(lf_rng *r, const double *ink, uint8_t *pixel) {
    double full = uniform(r, 245, 262), gamma = uniform(r, 0.0, 0.5);
    uint32_t noise[4] = {0};
    for (int i = 0; i < LF_DIGIT_PIXELS; i++) {
        if (i % 16 == 0)
            lf_philox(r->seed ^ 0x6e6f697365u, r->stream, (uint64_t)(i / 16), noise);
        double v = ink[i], grain = (double)(noise[i / 4 % 4] >> 8 * (i % 4) & 255) - 127.5;
        v = full * (v + gamma * v * (1 - v)) + (v > 0 ? grain / 16 : 0);
        pixel[i] = (uint8_t)(v <= 0 ? 0 : v >= 255 ? 255 : v);
    }
}

uint8_t lf_digit(uint64_t seed, uint64_t index, uint8_t *pixel) {
    lf_rng r = lf_rng_make(seed, index);
    curve c;
    double ink[LF_DIGIT_PIXELS] = {0};
    uint32_t digit = lf_rng_below(&r, 10);
    draw_skeleton(&r, choose_skeleton(&r, digit), &c);
    bend(&r, &c);
    slant_and_turn(&r, &c, digit);
    set_pen(&r, &c);
    fit_box(&r, &c);
    centre_mass(&r, &c);
    for (int i = 1; i < c.count; i++)
        if (c.at[i].joined)
            ink_piece(&c.at[i - 1], &c.at[i], ink);
    develop(&r, ink, pixel);
    return (uint8_t)digit;
}

typedef struct job {
    uint64_t seed, first;
    size_t count;
    uint8_t *pixel, *label;
} job;

enum { BLOCK = 256 };

static void draw_block(void *arg, size_t block, int worker) {
    (void)worker;
    const job *j = arg;
    size_t end = (block + 1) * BLOCK < j->count ? (block + 1) * BLOCK : j->count;
    for (size_t i = block * BLOCK; i < end; i++)
        j->label[i] = lf_digit(j->seed, j->first + i, j->pixel + i * LF_DIGIT_PIXELS);
}

void lf_digits(lf_pool *pool, uint64_t seed, uint64_t first, size_t count, uint8_t *pixel, uint8_t *label) {
    job j = {.seed = seed, .first = first, .count = count, .pixel = pixel, .label = label};
    size_t blocks = (count + BLOCK - 1) / BLOCK;
    if (pool != NULL)
        lf_pool_run(pool, blocks, draw_block, &j);
    else
        for (size_t b = 0; b < blocks; b++)
            draw_block(&j, b, 0);
}
