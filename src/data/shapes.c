#include "data/shapes.h"

#include <math.h>
#include <stdbool.h>

#include "base/rng.h"

const char *const lf_shapes_names[LF_SHAPES_CLASSES] = {"disc", "ring",     "square", "frame", "triangle",
                                                        "plus", "diagonal", "bars",   "moon",  "checks"};

/* A point in the shape's own coordinates: the shape fills about the square from -1 to 1. */
typedef bool inside_fn(double x, double y);

static bool in_disc(double x, double y) {
    return x * x + y * y < 0.9;
}
static bool in_ring(double x, double y) {
    double r = x * x + y * y;
    return r < 1 && r > 0.4;
}
static bool in_square(double x, double y) {
    return fabs(x) < 0.8 && fabs(y) < 0.8;
}
static bool in_frame(double x, double y) {
    return fabs(x) < 0.9 && fabs(y) < 0.9 && !(fabs(x) < 0.5 && fabs(y) < 0.5);
}
static bool in_triangle(double x, double y) {
    return y < 0.75 && y > -0.95 && fabs(x) < 0.55 * (y + 0.95);
}
static bool in_plus(double x, double y) {
    return (fabs(x) < 0.28 && fabs(y) < 1) || (fabs(y) < 0.28 && fabs(x) < 1);
}
/* Two squares that touch at a corner. */
static bool in_diagonal(double x, double y) {
    return fabs(x) < 0.9 && fabs(y) < 0.9 && (x > 0) == (y > 0);
}
static bool in_bars(double x, double y) {
    return fabs(x) < 0.9 && (fabs(y) < 0.2 || (fabs(y) > 0.6 && fabs(y) < 1));
}
static bool in_moon(double x, double y) {
    double dx = x - 0.45;
    return x * x + y * y < 1 && dx * dx + y * y > 0.6;
}
static bool in_checks(double x, double y) {
    int i = (int)((x + 0.96) / 0.64 + 8), k = (int)((y + 0.96) / 0.64 + 8);
    return fabs(x) < 0.96 && fabs(y) < 0.96 && (i + k) % 2 == 0;
}

static inside_fn *const SHAPES[LF_SHAPES_CLASSES] = {in_disc, in_ring,     in_square, in_frame, in_triangle,
                                                     in_plus, in_diagonal, in_bars,   in_moon,  in_checks};

typedef struct color {
    double part[3];
} color;

typedef struct scene {
    inside_fn *shape;
    double x, y, radius, turn_x, turn_y; /* middle and size in pixels; cosine and sine of the turn */
    color ground[2], ink;                /* the ground runs from one to the other */
    double slope_x, slope_y;
} scene;

static double uniform(lf_rng *r, double lo, double hi) {
    return lo + (hi - lo) * lf_rng_double(r);
}

static color any_color(lf_rng *r) {
    color c;
    for (int k = 0; k < 3; k++)
        c.part[k] = uniform(r, 20, 235);
    return c;
}

static double distance(color a, color b) {
    double sum = 0;
    for (int k = 0; k < 3; k++)
        sum += fabs(a.part[k] - b.part[k]);
    return sum;
}

static scene any_scene(lf_rng *r, uint8_t label) {
    scene s = {.shape = SHAPES[label]};
    s.radius = uniform(r, 6, 13);
    s.x = uniform(r, s.radius - 2, LF_SHAPES_SIDE - s.radius + 2);
    s.y = uniform(r, s.radius - 2, LF_SHAPES_SIDE - s.radius + 2);
    double t = uniform(r, -0.35, 0.35),
           norm = 1 / sqrt(1 + t * t); /* (1, t) / norm is a turn without sine and cosine */
    s.turn_x = norm, s.turn_y = norm * t;
    s.ground[0] = any_color(r), s.ground[1] = any_color(r);
    do
        s.ink = any_color(r);
    while (distance(s.ink, s.ground[0]) < 110 || distance(s.ink, s.ground[1]) < 110);
    s.slope_x = uniform(r, -1, 1), s.slope_y = uniform(r, -1, 1);
    return s;
}

/* How much of the pixel the shape covers, by four points. */
static double coverage(const scene *s, int px, int py) {
    int hits = 0;
    for (int k = 0; k < 4; k++) {
        double dx = (px + 0.25 + 0.5 * (k & 1) - s->x) / s->radius,
               dy = (py + 0.25 + 0.5 * (k >> 1) - s->y) / s->radius;
        hits += s->shape(s->turn_x * dx + s->turn_y * dy, s->turn_x * dy - s->turn_y * dx);
    }
    return hits / 4.0;
}

static uint8_t to_byte(double v) {
    return (uint8_t)(v < 0 ? 0 : v > 255 ? 255 : v + 0.5);
}

/* Uniform in [-size, size), from 32 random bits. */
static double spread(uint32_t random, double size) {
    return size * ((double)random / 0x1p31 - 1);
}

/* Four random numbers per pixel: one for a speck now and then, three for the noise. */
static void draw(uint64_t seed, uint64_t stream, const scene *s, uint8_t *pixel) {
    enum { PLANE = LF_SHAPES_SIDE * LF_SHAPES_SIDE, BEHIND_SCENE = 1 << 20 };
    for (int at = 0; at < PLANE; at++) {
        int x = at % LF_SHAPES_SIDE, y = at / LF_SHAPES_SIDE;
        uint32_t random[4];
        lf_philox(seed, stream, (uint64_t)(BEHIND_SCENE + at), random);
        double ink = coverage(s, x, y), along = 0.5 + (s->slope_x * (x - 16) + s->slope_y * (y - 16)) / 48;
        double speck = random[3] % 50 == 0 ? spread(random[3] * 2654435761u, 80) : 0;
        for (int k = 0; k < 3; k++) {
            double ground = s->ground[0].part[k] * (1 - along) + s->ground[1].part[k] * along;
            pixel[k * PLANE + at] = to_byte(ground * (1 - ink) + s->ink.part[k] * ink + speck + spread(random[k], 18));
        }
    }
}

uint8_t lf_shape_picture(uint64_t seed, uint64_t index, uint8_t *pixel) {
    lf_rng r = lf_rng_make(seed, index);
    uint8_t label = (uint8_t)lf_rng_below(&r, LF_SHAPES_CLASSES);
    scene s = any_scene(&r, label);
    draw(seed, index, &s, pixel);
    return label;
}

typedef struct job {
    uint64_t seed, first;
    uint8_t *pixel, *label;
} job;

static void one(void *arg, size_t index, int worker) {
    (void)worker;
    const job *j = arg;
    j->label[index] = lf_shape_picture(j->seed, j->first + index, j->pixel + index * LF_SHAPES_PIXELS);
}

void lf_shape_pictures(lf_pool *pool, uint64_t seed, uint64_t first, size_t count, uint8_t *pixel, uint8_t *label) {
    job j = {seed, first, pixel, label};
    if (pool) {
        lf_pool_run(pool, count, one, &j);
        return;
    }
    for (size_t i = 0; i < count; i++)
        one(&j, i, 0);
}
