/* Scales of symmetric quantizers: of activations from a histogram of magnitudes, of weights from the weights themselves. */
#ifndef LF_PASS_QUANTIZE_SCALE_H
#define LF_PASS_QUANTIZE_SCALE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum lf_scale_method {
    LF_SCALE_MSE,       /* the least mean squared error of clipping and rounding together */
    LF_SCALE_MAX,       /* nothing is clipped */
    LF_SCALE_PERCENTILE /* that share of the magnitudes is not clipped */
} lf_scale_method;

typedef struct lf_scale_choice {
    lf_scale_method method;
    double percentile; /* in (0, 100] */
} lf_scale_choice;

enum { LF_MAGNITUDE_BINS = 4096 };

/* How often each magnitude |v| occurred. Bin i holds [i, i + 1) * limit / LF_MAGNITUDE_BINS; zeros are counted apart, since no scale
 * moves them. The limit is a power of two that doubles, and pairs of bins merge, as larger values come. Zero-initialise. */
typedef struct lf_magnitudes {
    double least, most, limit; /* of the values; least <= 0 <= most where zeros or nothing came */
    uint64_t zeros, total;
    uint64_t bin[LF_MAGNITUDE_BINS];
} lf_magnitudes;

void lf_magnitudes_add(lf_magnitudes *m, const float *v, size_t count);

/* One tensor of a group that shares a scale: its magnitudes and its largest code (127, 255, ...). */
typedef struct lf_scale_part {
    const lf_magnitudes *seen;
    int64_t top;
} lf_scale_part;

/* The largest code of that many bits: 127, 255, ... */
int64_t lf_top_code(int bits, bool is_signed);

/* A float32 number > 0; 1 where nothing but zeros was seen. */
double lf_scale_of_parts(const lf_scale_part *part, size_t count, lf_scale_choice how);

/* The same for n weights; percentile means max here. */
double lf_scale_of_weights(const double *w, size_t n, int64_t top, lf_scale_method method);

#endif
