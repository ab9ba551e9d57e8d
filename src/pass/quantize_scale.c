#include "pass/quantize_scale.h"

#include <math.h>
#include <string.h>

#define FLOAT_ROUNDING \
    1e-13 /* what squares lose at most when numbers are rounded to float32: (2^-24)^2, and some room */

enum { CANDIDATES = 100 }; /* of the clipping point: 1/CANDIDATES of the largest magnitude, 2/CANDIDATES, ... */

/* -- histograms ------------------------------------------------------------------------------------------------------------ */

static void widen(lf_magnitudes *m, double magnitude) {
    if (m->limit == 0) {
        int exponent;
        (void)frexp(magnitude, &exponent);
        m->limit = ldexp(1, exponent);
    }
    while (magnitude >= m->limit) {
        for (size_t i = 0; i < LF_MAGNITUDE_BINS / 2; i++)
            m->bin[i] = m->bin[2 * i] + m->bin[2 * i + 1];
        memset(m->bin + LF_MAGNITUDE_BINS / 2, 0, sizeof m->bin / 2);
        m->limit *= 2;
    }
}

void lf_magnitudes_add(lf_magnitudes *m, const float *v, size_t count) {
    for (size_t i = 0; i < count; i++) {
        double x = v[i], magnitude = fabs(x);
        m->least = x < m->least ? x : m->least;
        m->most = x > m->most ? x : m->most;
        m->total++;
        if (magnitude == 0) {
            m->zeros++;
            continue;
        }
        if (magnitude >= m->limit)
            widen(m, magnitude);
        m->bin[(size_t)(magnitude / m->limit * LF_MAGNITUDE_BINS)]++;
    }
}

static double largest(const lf_magnitudes *m) {
    return m->most > -m->least ? m->most : -m->least;
}

/* The end of the bin up to which that share of all values lies, at most the largest magnitude. */
static double percentile(const lf_magnitudes *m, double percent) {
    double want = (double)m->total * percent / 100, below = (double)m->zeros;
    size_t i = 0;
    while (i < LF_MAGNITUDE_BINS && below < want)
        below += (double)m->bin[i++];
    double end = m->limit * (double)i / LF_MAGNITUDE_BINS;
    return end < largest(m) ? end : largest(m);
}

/* -- errors ---------------------------------------------------------------------------------------------------------------- */

static double squared_error(double magnitude, double scale, int64_t top) {
    double code = nearbyint(magnitude / scale);
    double e = magnitude - scale * (code < (double)top ? code : (double)top);
    return e * e;
}

static double error_of(const lf_scale_part *part, size_t count, double scale) {
    double sum = 0;
    for (size_t k = 0; k < count; k++) {
        const lf_magnitudes *m = part[k].seen;
        for (size_t i = 0; i < LF_MAGNITUDE_BINS; i++)
            if (m->bin[i])
                sum += (double)m->bin[i] *
                       squared_error(m->limit * ((double)i + 0.5) / LF_MAGNITUDE_BINS, scale, part[k].top);
    }
    return sum;
}

/* A scale is a float32 number in the file; where it would underflow there is nothing to resolve. */
static double usable(double scale) {
    float single = (float)scale;
    return single > 0 && isfinite(single) ? (double)single : 1;
}

int64_t lf_top_code(int bits, bool is_signed) {
    return ((int64_t)1 << (is_signed ? bits - 1 : bits)) - 1;
}

double lf_scale_of_parts(const lf_scale_part *part, size_t count, lf_scale_choice how) {
    double widest = 0, best = 0, least = INFINITY;
    for (size_t k = 0; k < count; k++) {
        const lf_magnitudes *m = part[k].seen;
        double end = how.method == LF_SCALE_PERCENTILE ? percentile(m, how.percentile) : largest(m);
        end = end > 0 ? end : largest(m); /* nearly all are zeros */
        widest = end / (double)part[k].top > widest ? end / (double)part[k].top : widest;
    }
    if (how.method != LF_SCALE_MSE || widest == 0)
        return usable(widest);
    for (int i = CANDIDATES; i > 0; i--) {
        double scale = widest * i / CANDIDATES, error = error_of(part, count, scale);
        if (error < least) {
            least = error;
            best = scale;
        }
    }
    return usable(best);
}

static double error_of_weights(const double *w, size_t n, double scale, int64_t top, double enough) {
    double error = 0;
    for (size_t k = 0; k < n && error < enough; k++)
        error += squared_error(fabs(w[k]), scale, top);
    return error;
}

/* Clipping points as for activations; and the scales at which the largest weight is code top - 1, top - 2, ..: where weights lie on a
 * grid already, up to their rounding to float32, the coarsest that meets them all, since short codes make small circuits. */
double lf_scale_of_weights(const double *w, size_t n, int64_t top, lf_scale_method method) {
    double most = 0, squares = 0, best = 0, least = INFINITY;
    for (size_t i = 0; i < n; i++) {
        most = fabs(w[i]) > most ? fabs(w[i]) : most;
        squares += w[i] * w[i];
    }
    if (method != LF_SCALE_MSE || most == 0)
        return usable(most / (double)top);
    double none = squares * FLOAT_ROUNDING;
    for (int64_t i = CANDIDATES; i > 1 - top; i--) {
        double scale = i > 0 ? most / (double)top * (double)i / CANDIDATES : most / (double)(top - 1 + i);
        double error = error_of_weights(w, n, scale, top, fmax(least, 2 * none));
        if (error < least || error <= none) {
            least = error;
            best = scale;
        }
    }
    return usable(best);
}
