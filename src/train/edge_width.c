/* How many bits edges read, and what they cost. */
#include <math.h>
#include <string.h>

#include "num/realfn.h"
#include "train/edge_net.h"

enum { ENTRIES_MAX = 256 };

static const double ln_2 = 0.69314718055994531;

int lf_edge_width(const lf_edge_layer *l, size_t e) {
    if (!l->width)
        return l->in_bits;
    int width = (int)floorf(l->width[e] + 0.5f);
    return width < 0 ? 0 : width > l->in_bits ? l->in_bits : width;
}

void lf_edge_means(const float *table, int bits, int read, float *mean) {
    size_t block = (size_t)1 << (bits - read), entries = (size_t)1 << bits;
    for (size_t at = 0; at < entries; at += block) {
        float sum = 0;
        for (size_t c = 0; c < block; c++)
            sum += table[at + c];
        for (size_t c = 0; c < block; c++)
            mean[at + c] = sum / (float)block;
    }
}

/* A LUT of six inputs per bit of the word, twice as many for every input above; below, what small tables leave free of a LUT counts as saved:
 * adders and other tables of the same inputs take it. One bit read needs no table. */
double lf_edge_luts(int read, double word) {
    double table = read <= 1 ? 0 : read <= 6 ? read / 6.0 : ldexp(1, read - 6);
    return read > 0 ? word * (table + 1) : 0;
}

/* Bits of numbers that spread over `span` steps; as a real, so that it has a slope. */
static double word_bits(double span) {
    return lf_log(1 + span) / ln_2;
}

typedef struct extent {
    size_t low, high; /* where the least and the largest entry are */
    double span;      /* steps of the grid between them */
} extent;

static extent extent_of(const float *table, size_t entries, double unit) {
    extent x = {0, 0, 0};
    for (size_t c = 1; c < entries; c++) {
        x.low = table[c] < table[x.low] ? c : x.low;
        x.high = table[c] > table[x.high] ? c : x.high;
    }
    x.span = ((double)table[x.high] - (double)table[x.low]) * unit;
    return x;
}

/* d loss / d width by central difference: how the loss would change, to first order, if entries were the means with one bit more or less. Its cost
 * likewise; an edge of no bits would get the word of an edge of one. */
static float width_slope(const lf_edge_net *n, const lf_edge_layer *l, const float *table, const float *g, int read,
                         double unit) {
    float more[ENTRIES_MAX], less[ENTRIES_MAX], slope = 0;
    int up = read < l->in_bits ? read + 1 : read, down = read > 0 ? read - 1 : 0;
    lf_edge_means(table, l->in_bits, up, more);
    lf_edge_means(table, l->in_bits, down, less);
    for (size_t c = 0; c < l->entries; c++)
        slope += g[c] * (more[c] - less[c]);
    double word = word_bits(extent_of(more, l->entries, unit).span);
    double cost = lf_edge_luts(up, word) - lf_edge_luts(down, word);
    return (slope + n->lut_cost * (float)cost) / (float)(up - down);
}

/* The word's bits follow the least and the largest entry. */
static void word_gradient(const lf_edge_net *n, const lf_edge_layer *l, const float *mean, float *g, int read,
                          double unit) {
    extent x = extent_of(mean, l->entries, unit);
    double slope = unit / ((1 + x.span) * 0.69314718055994530942) * lf_edge_luts(read, 1);
    size_t block = l->entries >> read;
    float by = n->lut_cost * (float)slope / (float)block;
    for (size_t c = 0; c < block && x.high != x.low; c++) {
        g[x.high / block * block + c] += by;
        g[x.low / block * block + c] -= by;
    }
}

float lf_edge_width_gradient(const lf_edge_net *n, const lf_edge_layer *l, size_t e, float *g) {
    const float *table = l->table + e * l->entries;
    double unit = ldexp(1, (int)n->recipe->edges.fraction);
    int read = lf_edge_width(l, e);
    float slope = n->settled ? 0 : width_slope(n, l, table, g, read, unit), mean[ENTRIES_MAX];
    lf_edge_means(g, l->in_bits, read, mean);
    memcpy(g, mean, l->entries * sizeof *g);
    lf_edge_means(table, l->in_bits, read, mean);
    word_gradient(n, l, mean, g, read, unit);
    return slope;
}

void lf_edge_width_clamp(lf_edge_net *n) {
    for (int i = 0; i < n->layers; i++) {
        const lf_edge_layer *l = &n->layer[i];
        for (size_t e = 0; l->width && e < l->out * l->in; e++)
            l->width[e] = fminf(fmaxf(l->width[e], 0), (float)l->in_bits);
    }
}

/* Moments of widths that no longer change are 0: Adam would move them on. */
static void stop_widths(lf_edge_net *n) {
    for (int i = 0; i < n->layers; i++) {
        const lf_edge_layer *l = &n->layer[i];
        size_t count = l->out * l->in;
        if (!l->width)
            continue;
        memset(n->m + (l->width - n->value), 0, count * sizeof(float));
        memset(n->v + (l->width - n->value), 0, count * sizeof(float));
    }
}

/* LUTs become dearer until half of the epochs in which widths change are over. */
void lf_edge_net_begin_epoch(lf_edge_net *n, int64_t epoch, int64_t epochs) {
    const lf_recipe_edges *r = &n->recipe->edges;
    double moving = (double)epochs * (1 - r->settle);
    double part = moving > 0 ? (double)epoch / (moving / 2) : 1;
    n->lut_cost = (float)(r->lut_cost * (part < 1 ? part : 1));
    n->settled = (double)epoch > moving || epoch == epochs;
    if (n->settled)
        stop_widths(n);
}
