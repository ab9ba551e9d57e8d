#include "kern/patches.h"

#include <string.h>

bool lf_patches_plain(const lf_patches *p) {
    bool whole = p->kernel_height == p->height && p->kernel_width == p->width;
    bool single = lf_patches_taps(p) == 1 && p->stride == 1;
    return p->pad == 0 && (whole || single);
}

/* Windows [x, x + count) of one row of windows, seen through one tap: where they read and how many of them lie inside. */
typedef struct run {
    size_t before, inside, after; /* windows left of the picture, in it, right of it */
    size_t at;                    /* of the first one inside: its pixel in the plane */
} run;

/* Windows below n of which the element at `shift` (signed, in pixels) is still < limit: shift + i * stride < limit. */
static size_t windows_below(size_t n, size_t stride, ptrdiff_t shift, ptrdiff_t limit) {
    if (shift >= limit)
        return 0;
    size_t reach = (size_t)(limit - shift - 1) / stride + 1;
    return reach < n ? reach : n;
}

static run make_run(const lf_patches *p, size_t ky, size_t kx, size_t oy, size_t ox, size_t count) {
    ptrdiff_t y = (ptrdiff_t)(oy * p->stride + ky) - (ptrdiff_t)p->pad;
    ptrdiff_t x = (ptrdiff_t)(ox * p->stride + kx) - (ptrdiff_t)p->pad;
    if (y < 0 || y >= (ptrdiff_t)p->height)
        return (run){.before = count};
    size_t before = windows_below(count, p->stride, x, 0);
    size_t end = windows_below(count, p->stride, x, (ptrdiff_t)p->width);
    size_t column = (size_t)(x + (ptrdiff_t)(before * p->stride)); /* never read when no window lies inside */
    return (run){before, end - before, count - end, end > before ? (size_t)y * p->width + column : 0};
}

static void gather_run(const lf_patches *p, const float *plane, run r, float *out) {
    size_t n = p->batch, step = p->stride * n;
    const float *in = plane + r.at * n;
    memset(out, 0, r.before * n * sizeof *out);
    out += r.before * n;
    if (p->stride == 1)
        memcpy(out, in, r.inside * n * sizeof *out);
    for (size_t i = 0; p->stride > 1 && i < r.inside; i++)
        memcpy(out + i * n, in + i * step, n * sizeof *out);
    memset(out + r.inside * n, 0, r.after * n * sizeof *out);
}

static void scatter_run(const lf_patches *p, const lf_rows *kernel, const float *in, run r, float *plane) {
    size_t n = p->batch, step = p->stride * n;
    float *out = plane + r.at * n;
    in += r.before * n;
    if (p->stride == 1)
        kernel->add(out, in, r.inside * n);
    for (size_t i = 0; p->stride > 1 && i < r.inside; i++)
        kernel->add(out + i * step, in + i * n, n);
}

typedef struct walk {
    size_t plane, ky, kx; /* of a row: first pixel of its channel, tap */
} walk;

static walk row_walk(const lf_patches *p, size_t row) {
    size_t taps = lf_patches_taps(p), tap = row % taps;
    return (walk){row / taps * p->height * p->width * p->batch, tap / p->kernel_width, tap % p->kernel_width};
}

/* Windows from `at` to the end of their row of windows, at most `left`. */
static size_t run_length(const lf_patches *p, size_t at, size_t left) {
    size_t rest = p->out_width - at % p->out_width;
    return rest < left ? rest : left;
}

void lf_patches_gather(const lf_patches *p, const float *picture, lf_patch_part part, float *out, size_t ld) {
    for (size_t r = 0; r < part.rows; r++) {
        walk w = row_walk(p, part.row + r);
        for (size_t i = 0, n; i < part.windows; i += n) {
            size_t at = part.window + i;
            n = run_length(p, at, part.windows - i);
            run span = make_run(p, w.ky, w.kx, at / p->out_width, at % p->out_width, n);
            gather_run(p, picture + w.plane, span, out + r * ld + i * p->batch);
        }
    }
}

void lf_patches_scatter(const lf_patches *p, const lf_rows *kernel, const float *matrix, size_t ld, lf_patch_part part,
                        float *picture) {
    for (size_t r = 0; r < part.rows; r++) {
        walk w = row_walk(p, part.row + r);
        for (size_t i = 0, n; i < part.windows; i += n) {
            size_t at = part.window + i;
            n = run_length(p, at, part.windows - i);
            run span = make_run(p, w.ky, w.kx, at / p->out_width, at % p->out_width, n);
            scatter_run(p, kernel, matrix + r * ld + i * p->batch, span, picture + w.plane);
        }
    }
}
