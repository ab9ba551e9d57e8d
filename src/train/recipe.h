/* A recipe: a network and how to train it, as one YAML file (recipes/NAME.yaml; doc: every key in recipe_keys.c). */
#ifndef LF_TRAIN_RECIPE_H
#define LF_TRAIN_RECIPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/ctx.h"
#include "base/text.h"
#include "ir/op.h"

/* How reals become integer codes. BIPOLAR: +1 where x >= 0, else -1. TERNARY: signed narrow 2 bits. INT, UINT: QONNX
 * Quant with zero point 0, rounding half to even. */
typedef enum lf_quantizer_type {
    LF_QUANTIZER_BIPOLAR,
    LF_QUANTIZER_TERNARY,
    LF_QUANTIZER_INT,
    LF_QUANTIZER_UINT
} lf_quantizer_type;
typedef enum lf_scale_mode { LF_SCALE_FIXED, LF_SCALE_LEARNED, LF_SCALE_POWER_OF_TWO } lf_scale_mode;

typedef struct lf_quantizer {
    int type;       /* lf_quantizer_type */
    int64_t bits;   /* INT and UINT: 2..8 */
    bool narrow;    /* INT: without -2^(bits-1) */
    int scale_mode; /* lf_scale_mode; BIPOLAR is always FIXED */
    double scale;   /* value of one code, or where learning starts; 0: chosen from the first weights or the range */
    double clip;    /* BIPOLAR: latent weights stay in [-clip, clip]; gradients of activations pass inside it */
} lf_quantizer;

/* Lowest and highest code. */
void lf_quantizer_range(const lf_quantizer *q, int *lo, int *hi);

typedef enum lf_layer_kind {
    LF_LAYER_DENSE,    /* every output reads the whole input */
    LF_LAYER_CONV,     /* a square kernel slides over a picture */
    LF_LAYER_MAX_POOL, /* largest code of every window */
    LF_LAYER_GLOBAL_AVERAGE_POOL /* mean over all pixels: as codes the sum, with the step divided by their number */,
    LF_LAYER_JOIN /* sum of two layers whose activations share one step, quantized again */
} lf_layer_kind;

enum { LF_FROM_INPUT = -1 };

typedef struct lf_recipe_layer {
    int kind;         /* lf_layer_kind */
    int64_t units;    /* DENSE: neurons; CONV: output channels */
    int64_t kernel;   /* CONV and MAX_POOL: side of a window */
    int64_t stride;   /* the same; MAX_POOL 0 in the file: the window's side */
    int64_t pad;      /* CONV: zeros on every side */
    const char *name; /* "" or unique */
    const char *from_name;
    int from[2];                       /* layers it reads, each before it, or LF_FROM_INPUT; only JOIN has two */
    int step_of;                       /* the layer whose activations' step its codes have, or LF_FROM_INPUT */
    lf_quantizer weights, activations; /* DENSE and CONV; DENSE, CONV, JOIN but for the last layer */
} lf_recipe_layer;

static inline bool lf_has_weights(const lf_recipe_layer *l) {
    return l->kind == LF_LAYER_DENSE || l->kind == LF_LAYER_CONV;
}
static inline bool lf_has_units(const lf_recipe_layer *l) { /* something behind the sum: norm, bias, quantizer */
    return lf_has_weights(l) || l->kind == LF_LAYER_JOIN;
}
static inline int lf_operands(const lf_recipe_layer *l) {
    return l->kind == LF_LAYER_JOIN ? 2 : 1;
}

/* What a layer gives: a vector has height and width 1. */
typedef struct lf_picture {
    int64_t channels, height, width;
} lf_picture;

typedef enum lf_output_kind { LF_OUTPUT_SCALE, LF_OUTPUT_BATCH_NORM } lf_output_kind;
typedef enum lf_loss_kind { LF_LOSS_CROSS_ENTROPY, LF_LOSS_SQUARED_HINGE } lf_loss_kind;

enum { LF_RECIPE_LAYERS_MAX = 64, LF_RECIPE_BYTES_MAX = 1 << 16 };

typedef struct lf_recipe_input {
    lf_ints shape;             /* of one sample, as the model declares it behind the batch */
    double divisor;            /* bytes b of the data stand for b / divisor; floats for themselves */
    double multiply, subtract; /* the network computes x * multiply - subtract, then the quantizer */
} lf_recipe_input;

typedef struct lf_recipe_norm {
    bool enabled;
    double momentum, epsilon; /* running = (1 - momentum) * running + momentum * batch */
} lf_recipe_norm;

typedef struct lf_recipe_output {
    int kind;     /* lf_output_kind */
    double scale; /* SCALE: logits = scale * (product with the last weights); 0: 1 / sqrt(units before) */
} lf_recipe_output;

typedef struct lf_recipe_training {
    int64_t epochs, batch; /* batch: a multiple of 16 */
    int64_t validation;    /* samples held out of the training part */
    int64_t seed;
    double rate;       /* peak learning rate */
    double final_rate; /* at the end of the cosine, as a part of rate */
    double warmup_epochs;
    double beta1, beta2, epsilon;
    double norm_rate; /* learning rate of norms and biases, as a part of rate */
    double step_rate; /* the same of the logarithms of learned scales */
    double initial;   /* latent weights start uniform in [-initial, initial] */
} lf_recipe_training;

typedef struct lf_recipe_loss {
    int kind; /* lf_loss_kind */
    double label_smoothing;
    double margin; /* SQUARED_HINGE */
} lf_recipe_loss;

typedef struct lf_recipe_regularize {
    double dropout, input_dropout; /* probability that a code becomes 0 */
    int64_t shift;                 /* pictures [.., height, width] move by up to this many pixels */
    bool flip;                     /* every other picture is mirrored, left to right */
    double distort;                /* pictures are turned, stretched and slanted by up to this */
    double until;                  /* family luts: pictures are moved for this first part of the training */
} lf_recipe_regularize;

/* What kind of network: products of codes, LUTs, sparse neurons that become tables, or sums of tables. */
typedef enum lf_family { LF_FAMILY_PRODUCTS, LF_FAMILY_LUTS, LF_FAMILY_NEURONS, LF_FAMILY_EDGES } lf_family;
typedef enum lf_mask { LF_MASK_BALANCED, LF_MASK_RANDOM, LF_MASK_LEARNED, LF_MASK_REGROW } lf_mask;

/* How numbers of tables come to the network: as they are, or as integers that keep their order (data/scaling.h). */
typedef enum lf_scaling_kind { LF_SCALING_NONE, LF_SCALING_RANK } lf_scaling_kind;

/* How its categories come: as places in an order, or an element for each name. */
typedef enum lf_coding_kind { LF_CODING_ORDINAL, LF_CODING_ONE_HOT } lf_coding_kind;

typedef struct lf_recipe_table {
    int coding;   /* lf_coding_kind */
    int scaling;  /* lf_scaling_kind */
    int64_t bits; /* of the integers */
} lf_recipe_table;

typedef enum lf_threshold_kind { LF_THRESHOLD_QUANTILE, LF_THRESHOLD_UNIFORM, LF_THRESHOLD_GAUSSIAN } lf_threshold_kind;

typedef struct lf_recipe_thermometer {
    int kind;           /* lf_threshold_kind */
    int64_t levels;     /* thresholds of every feature */
    double highest;     /* values above count as this when thresholds are fitted; 0: no limit */
    const char *values; /* the same thresholds for every feature, ascending, apart by blanks; "": fitted */
} lf_recipe_thermometer;

/* How LUTs are found: gradients of tables and wiring, or one pin and table at a time by counting rows. */
typedef enum lf_luts_method { LF_LUTS_GRADIENT, LF_LUTS_SEARCH } lf_luts_method;

typedef struct lf_recipe_luts {
    int method;                          /* lf_luts_method */
    double comparison_cost;              /* SEARCH: rows that a threshold nobody reads yet must win */
    int64_t inputs;                      /* of a LUT */
    int64_t candidates, deep_candidates; /* of each pin: 1 or a multiple of 16; in layers behind the first */
    double spread;                       /* of finite differences, per bit of distance */
    bool argmax;                         /* the network gives the class, not the votes */
    double temperature;                  /* votes are divided by it before the loss */
    double wire_rate;                    /* learning rate of scores, as a part of rate */
    double settle;                       /* wiring is fixed for this last part of training */
    double renew, renew_until; /* part of the candidates replaced after an epoch; for so long a part of training */
} lf_recipe_luts;

typedef struct lf_recipe_neurons {
    int mask;             /* lf_mask */
    int64_t fan_in, bits; /* inputs of a neuron, bits of its output */
    int64_t input_fan_in, input_bits, output_fan_in,
        output_bits;      /* of the first layer, the features, the last layer; 0: the same */
    int64_t dense_epochs; /* LEARNED: before neurons keep their largest weights */
    double regrow;        /* REGROW: part of a neuron's inputs exchanged before an epoch, at first */
    double regrow_until;  /* for so long a part of training */
    double input_step;    /* of features, in standard deviations; 0: chosen */
    bool standardize;     /* features; otherwise codes are the highest bits of a byte */
    double logits;        /* what the range of the last codes stands for in the loss */
} lf_recipe_neurons;

typedef struct lf_recipe_edges {
    int64_t bits, input_bits; /* of what is between layers, of features */
    int64_t fraction;         /* bits of an entry behind the point */
    double input_step;        /* of features, in standard deviations; 0: chosen */
    bool standardize;         /* as of neurons */
    double cost;              /* of an edge: how fast its table becomes a constant */
    double lut_cost;          /* of an estimated LUT, in the loss; above 0 edges learn how many bits they read */
    double settle;            /* these are fixed for this last part of training */
} lf_recipe_edges;

typedef struct lf_recipe {
    lf_arena *arena;
    const char *name, *data, *source;
    char digest[65]; /* SHA-256 of its text */
    lf_recipe_input input;
    lf_quantizer input_quantizer;
    lf_recipe_norm norm;
    lf_recipe_output output;
    lf_recipe_training training;
    lf_recipe_loss loss;
    lf_recipe_regularize regularize;
    int family; /* lf_family */
    lf_recipe_table table;
    lf_recipe_thermometer thermometer; /* LUTS */
    lf_recipe_luts luts;
    lf_recipe_neurons neurons; /* NEURONS */
    lf_recipe_edges edges;     /* EDGES */
    lf_recipe_layer layer[LF_RECIPE_LAYERS_MAX];
    int layers; /* at least 1; the last one gives the classes */
} lf_recipe;

/* Parses. `name` is for messages and, without its folder and ending, the default of `name:`. NULL after recording
 * what is wrong, where (line and column), and the nearest known name. Never crashes, whatever the bytes. Free with
 * lf_recipe_free. */
lf_recipe *lf_recipe_parse(lf_ctx *ctx, const char *name, const char *text, size_t len);
lf_recipe *lf_recipe_load(lf_ctx *ctx, const char *path);
void lf_recipe_free(lf_recipe *r);

/* What the network's input and every layer give, for rows of `features` values. */
lf_picture lf_recipe_input_picture(const lf_recipe *r, size_t features);
lf_picture lf_recipe_picture(const lf_recipe *r, int layer, size_t features);

/* Every section and key with its default and meaning, for `lutfisk list` and the documentation. */
void lf_recipe_help(lf_text *out);

#endif
