#include "train/recipe_keys.h"

#define KEY(struct_type, member, kind, otherwise, lo, hi, what)                                                   \
    {                                                                                                             \
        .name = #member, .type = kind, .offset = offsetof(struct_type, member), .fallback = otherwise, .min = lo, \
        .max = hi, .help = what                                                                                   \
    }
/* The same for a member whose key has another name. */
#define KEY_AS(key, struct_type, member, kind, otherwise, lo, hi, what)                                       \
    {                                                                                                         \
        .name = key, .type = kind, .offset = offsetof(struct_type, member), .fallback = otherwise, .min = lo, \
        .max = hi, .help = what                                                                               \
    }
#define KEY_ENUM(struct_type, member, otherwise, words, what)                                                  \
    {                                                                                                          \
        .name = #member, .type = LF_ATTR_ENUM, .offset = offsetof(struct_type, member), .fallback = otherwise, \
        .names = words, .help = what                                                                           \
    }

static const char *const quantizer_types[] = {"bipolar", "ternary", "int", "uint", NULL};
static const char *const scale_modes[] = {"fixed", "learned", "power_of_two", NULL};
static const char *const output_kinds[] = {"scale", "batch_norm", NULL};
static const char *const families[] = {"products", "luts", "neurons", "edges", NULL};
static const char *const masks[] = {"balanced", "random", "learned", "regrow", NULL};
static const char *const threshold_kinds[] = {"quantile", "uniform", "gaussian", NULL};
static const char *const scalings[] = {"none", "rank", NULL};
static const char *const codings[] = {"ordinal", "one_hot", NULL};
static const char *const luts_methods[] = {"gradient", "search", NULL};
static const char *const loss_kinds[] = {"cross_entropy", "squared_hinge", NULL};

const lf_attr_desc lf_quantizer_keys[] = {
    KEY_ENUM(lf_quantizer, type, NULL, quantizer_types, "bipolar: -1 +1; ternary: -1 0 +1; int: signed; uint: from 0"),
    KEY(lf_quantizer, bits, LF_ATTR_INT, "2", 2, 8, "of int and uint"),
    KEY(lf_quantizer, narrow, LF_ATTR_BOOL, "false", 0, 0, "int without its lowest code"),
    KEY_ENUM(lf_quantizer, scale_mode, "fixed", scale_modes, "how the value of one code is found"),
    KEY(lf_quantizer, scale, LF_ATTR_REAL, "0", 0, 1e6,
        "value of one code, or where learning starts; 0: chosen (weights of fixed scale then count as whole numbers)"),
    KEY(lf_quantizer, clip, LF_ATTR_REAL, "1", 1e-6, 1e6,
        "bipolar: latent weights stay inside +-clip; gradients of activations pass inside it"),
    {0},
};

#define NAME_AND_FROM                                                                                  \
    KEY(lf_recipe_layer, name, LF_ATTR_STRING, "", 0, 0, "for `from` and `join` of layers behind it"), \
        KEY_AS("from", lf_recipe_layer, from_name, LF_ATTR_STRING, "", 0, 0,                           \
               "the layer it reads, or 'input'; default: "                                             \
               "the one before it")

static const lf_attr_desc dense_keys[] = {
    KEY(lf_recipe_layer, units, LF_ATTR_INT, NULL, 1, 65536, "neurons, each of which reads the whole input"),
    NAME_AND_FROM,
    {0},
};
static const lf_attr_desc conv_keys[] = {
    KEY_AS("conv", lf_recipe_layer, units, LF_ATTR_INT, NULL, 1, 65536, "output channels"),
    KEY(lf_recipe_layer, kernel, LF_ATTR_INT, "3", 1, 31, "side of the kernel"),
    KEY(lf_recipe_layer, stride, LF_ATTR_INT, "1", 1, 31, "pixels between windows"),
    KEY(lf_recipe_layer, pad, LF_ATTR_INT, "0", 0, 30, "zeros on every side of the picture"),
    NAME_AND_FROM,
    {0},
};
static const lf_attr_desc pool_keys[] = {
    KEY_AS("max_pool", lf_recipe_layer, kernel, LF_ATTR_INT, NULL, 1, 15, "side of a window"),
    KEY(lf_recipe_layer, stride, LF_ATTR_INT, "0", 0, 15, "pixels between windows; 0: its side"),
    NAME_AND_FROM,
    {0},
};
static const lf_attr_desc join_keys[] = {
    KEY(lf_recipe_layer, name, LF_ATTR_STRING, "", 0, 0, "for `from` and `join` of layers behind it"),
    {0},
};

const lf_recipe_kind lf_recipe_kinds[] = {
    {"units", LF_LAYER_DENSE, dense_keys, "a dense layer: this many neurons; a number alone is the same"},
    {"conv", LF_LAYER_CONV, conv_keys, "a convolution over the picture, with this many output channels"},
    {"max_pool", LF_LAYER_MAX_POOL, pool_keys, "the largest of every window of this side"},
    {"join", LF_LAYER_JOIN, join_keys, "the sum of two layers by name, e.g. [a, b]; their activations share one scale"},
    {"global_average_pool", LF_LAYER_GLOBAL_AVERAGE_POOL, NULL, "the word alone: the mean of every channel"},
    {0},
};

const lf_attr_desc lf_recipe_top_keys[] = {
    KEY(lf_recipe, name, LF_ATTR_STRING, "", 0, 0, "of the network; default: the file's name"),
    KEY(lf_recipe, data, LF_ATTR_STRING, NULL, 0, 0,
        "data set, as `lutfisk data` lists them, or a table: rows.csv:COLUMN of classes"),
    KEY(lf_recipe, source, LF_ATTR_STRING, "", 0, 0, "where the network comes from"),
    KEY_ENUM(lf_recipe, family, "products", families,
             "products: weights times codes; luts: trained LUTs, whose number `layers` gives; neurons: sparse ones "
             "that become tables"),
    {0},
};

static const lf_attr_desc input_keys[] = {
    KEY(lf_recipe_input, shape, LF_ATTR_INTS, "[]", 1, 65536, "of one sample, e.g. [1, 28, 28]; default: flat"),
    KEY(lf_recipe_input, divisor, LF_ATTR_REAL, "255", 1e-6, 1e9, "a byte b of the data stands for b / divisor"),
    KEY(lf_recipe_input, multiply, LF_ATTR_REAL, "1", -1e6, 1e6, "the network first multiplies its input by this"),
    KEY(lf_recipe_input, subtract, LF_ATTR_REAL, "0", -1e6, 1e6, "and subtracts this"),
    {0},
};

static const lf_attr_desc norm_keys[] = {
    KEY(lf_recipe_norm, enabled, LF_ATTR_BOOL, "true", 0, 0,
        "batch normalization behind every hidden layer; otherwise a bias"),
    KEY(lf_recipe_norm, momentum, LF_ATTR_REAL, "0.05", 1e-6, 1,
        "running = (1 - momentum) * running + momentum * batch"),
    KEY(lf_recipe_norm, epsilon, LF_ATTR_REAL, "1e-5", 1e-12, 1, "added to the variance"),
    {0},
};

static const lf_attr_desc output_keys[] = {
    KEY_ENUM(lf_recipe_output, kind, "scale", output_kinds,
             "scale: one factor; batch_norm: one factor and offset per class"),
    KEY(lf_recipe_output, scale, LF_ATTR_REAL, "0", 0, 1e6, "the factor; 0: 1 / sqrt(inputs of the last layer)"),
    {0},
};

static const lf_attr_desc training_keys[] = {
    KEY(lf_recipe_training, epochs, LF_ATTR_INT, "50", 1, 100000, "passes over the training part"),
    KEY(lf_recipe_training, batch, LF_ATTR_INT, "128", 16, 65536, "samples per step, a multiple of 16"),
    KEY(lf_recipe_training, validation, LF_ATTR_INT, "5000", 1, 1e9, "samples held out to choose the best epoch"),
    KEY(lf_recipe_training, seed, LF_ATTR_INT, "1", 0, 9e15, "of weights, order and dropout"),
    KEY(lf_recipe_training, rate, LF_ATTR_REAL, "0.01", 1e-9, 10, "peak learning rate of Adam"),
    KEY(lf_recipe_training, final_rate, LF_ATTR_REAL, "0.001", 0, 1, "at the end of the cosine, as a part of rate"),
    KEY(lf_recipe_training, warmup_epochs, LF_ATTR_REAL, "1", 0, 100000, "the rate rises linearly for so long"),
    KEY(lf_recipe_training, beta1, LF_ATTR_REAL, "0.9", 0, 0.9999, "Adam's first decay"),
    KEY(lf_recipe_training, beta2, LF_ATTR_REAL, "0.999", 0.1, 0.999999, "Adam's second decay"),
    KEY(lf_recipe_training, epsilon, LF_ATTR_REAL, "1e-8", 1e-15, 1, "Adam's"),
    KEY(lf_recipe_training, norm_rate, LF_ATTR_REAL, "1", 0, 100,
        "learning rate of norms and biases, as a part of rate"),
    KEY(lf_recipe_training, step_rate, LF_ATTR_REAL, "0.02", 0, 100, "the same of the logarithms of learned scales"),
    KEY(lf_recipe_training, initial, LF_ATTR_REAL, "0.1", 1e-6, 1000, "latent weights start uniform in +-initial"),
    {0},
};

static const lf_attr_desc loss_keys[] = {
    KEY_ENUM(lf_recipe_loss, kind, "cross_entropy", loss_kinds, "of the logits"),
    KEY(lf_recipe_loss, label_smoothing, LF_ATTR_REAL, "0", 0, 0.9, "probability spread over all classes"),
    KEY(lf_recipe_loss, margin, LF_ATTR_REAL, "1", 1e-6, 1e6, "of the squared hinge"),
    {0},
};

static const lf_attr_desc regularize_keys[] = {
    KEY(lf_recipe_regularize, dropout, LF_ATTR_REAL, "0", 0, 0.9, "probability that a hidden activation becomes 0"),
    KEY(lf_recipe_regularize, input_dropout, LF_ATTR_REAL, "0", 0, 0.9, "the same for inputs"),
    KEY(lf_recipe_regularize, shift, LF_ATTR_INT, "0", 0, 8, "pictures move by up to so many pixels"),
    KEY(lf_recipe_regularize, flip, LF_ATTR_BOOL, "false", 0, 0, "half of the pictures are mirrored, left to right"),
    KEY(lf_recipe_regularize, distort, LF_ATTR_REAL, "0", 0, 1,
        "pictures are turned, stretched and slanted: each number of the map moves by up to this"),
    KEY(lf_recipe_regularize, until, LF_ATTR_REAL, "1", 0, 1,
        "family luts: pictures are changed for this first part of the training, then taken as they are"),
    {0},
};

static const lf_attr_desc thermometer_keys[] = {
    KEY_ENUM(lf_recipe_thermometer, kind, "quantile", threshold_kinds,
             "equally many values between thresholds; equally spaced; quantiles of a normal distribution"),
    KEY(lf_recipe_thermometer, levels, LF_ATTR_INT, "3", 1, 250, "thresholds of every feature"),
    KEY(lf_recipe_thermometer, highest, LF_ATTR_REAL, "0", 0, 1e18,
        "thresholds stay below: 255 lets a circuit take UINT8!, which saturates; 0: no limit"),
    KEY(lf_recipe_thermometer, values, LF_ATTR_STRING, "", 0, 0,
        "the thresholds of all features instead, ascending: '0.25 0.5'"),
    {0},
};

static const lf_attr_desc table_keys[] = {
    KEY_ENUM(lf_recipe_table, coding, "ordinal", codings,
             "categories by their place in the order of their mean classes; or every name by a bit of its own"),
    KEY_ENUM(lf_recipe_table, scaling, "none", scalings,
             "numbers as they are; rank: integers that equally many rows for training share, saved with the network"),
    KEY(lf_recipe_table, bits, LF_ATTR_INT, "6", 1, 8, "of these integers"),
    {0},
};

static const lf_attr_desc luts_keys[] = {
    KEY_ENUM(lf_recipe_luts, method, "gradient", luts_methods,
             "gradients; search: in every epoch about one input of every LUT is read from the bit, and filled with the "
             "table, "
             "that get most rows right"),
    KEY(lf_recipe_luts, comparison_cost, LF_ATTR_REAL, "0", 0, 1e6,
        "search: rows that a threshold must win to be read when no other LUT reads it"),
    KEY(lf_recipe_luts, inputs, LF_ATTR_INT, "6", 1, 6, "of a LUT"),
    KEY(lf_recipe_luts, candidates, LF_ATTR_INT, "32", 1, 4096,
        "bits that an input may come from, 1 (drawn, not learned) or a multiple of 16"),
    KEY(lf_recipe_luts, deep_candidates, LF_ATTR_INT, "0", 0, 4096,
        "the same behind the first layer; 0: as candidates"),
    KEY(lf_recipe_luts, spread, LF_ATTR_REAL, "0.3333333333333333", 0, 0.99,
        "weight of other addresses in a finite difference, per bit of distance"),
    KEY(lf_recipe_luts, temperature, LF_ATTR_REAL, "3", 1e-3, 1e6, "votes are divided by it before the loss"),
    KEY(lf_recipe_luts, argmax, LF_ATTR_BOOL, "true", 0, 0, "the network gives the class; otherwise the votes of all"),
    KEY(lf_recipe_luts, wire_rate, LF_ATTR_REAL, "0.3", 0, 100, "learning rate of the wiring, as a part of rate"),
    KEY(lf_recipe_luts, settle, LF_ATTR_REAL, "0.2", 0, 1, "for this last part of the training wiring is fixed"),
    KEY(lf_recipe_luts, renew, LF_ATTR_REAL, "0.3", 0, 1, "part of the candidates that is replaced after an epoch"),
    KEY(lf_recipe_luts, renew_until, LF_ATTR_REAL, "0.6", 0, 1, "as long as this part of the training"),
    {0},
};

static const lf_attr_desc neurons_keys[] = {
    KEY_ENUM(lf_recipe_neurons, mask, "balanced", masks,
             "which inputs: each equally often; drawn; the largest weights of dense neurons; balanced at first, the "
             "weakest exchanged for those of largest gradients"),
    KEY(lf_recipe_neurons, fan_in, LF_ATTR_INT, "3", 1, 15, "inputs of a neuron; fan-in times bits is at most 15"),
    KEY(lf_recipe_neurons, bits, LF_ATTR_INT, "2", 1, 8, "of what a neuron gives"),
    KEY(lf_recipe_neurons, input_fan_in, LF_ATTR_INT, "0", 0, 15, "the same of the first layer; 0: as fan_in"),
    KEY(lf_recipe_neurons, input_bits, LF_ATTR_INT, "0", 0, 8, "of features; 0: as bits"),
    KEY(lf_recipe_neurons, output_fan_in, LF_ATTR_INT, "0", 0, 15, "of the last layer; 0: as fan_in"),
    KEY(lf_recipe_neurons, output_bits, LF_ATTR_INT, "0", 0, 8, "of the last layer; 0: as bits"),
    KEY(lf_recipe_neurons, dense_epochs, LF_ATTR_INT, "10", 1, 100000,
        "mask learned: epochs before neurons are sparse"),
    KEY(lf_recipe_neurons, regrow, LF_ATTR_REAL, "0.5", 0, 1,
        "mask regrow: part of a neuron's inputs exchanged before an epoch; it falls to 0"),
    KEY(lf_recipe_neurons, regrow_until, LF_ATTR_REAL, "0.7", 0, 1, "in this first part of the training"),
    KEY(lf_recipe_neurons, input_step, LF_ATTR_REAL, "0", 0, 100,
        "value of one code of a feature, in its standard deviations; 0: 4 / 2^input_bits"),
    KEY(lf_recipe_neurons, standardize, LF_ATTR_BOOL, "true", 0, 0,
        "features by mean and deviation; otherwise codes are the highest bits of bytes, which costs no LUT"),
    KEY(lf_recipe_neurons, logits, LF_ATTR_REAL, "10", 1e-3, 1e6, "the range of the last codes in the loss"),
    {0},
};

static const lf_attr_desc edges_keys[] = {
    KEY(lf_recipe_edges, bits, LF_ATTR_INT, "4", 1, 8, "of the codes between layers"),
    KEY(lf_recipe_edges, input_bits, LF_ATTR_INT, "5", 1, 8, "of features"),
    KEY(lf_recipe_edges, fraction, LF_ATTR_INT, "2", 0, 12, "bits of the tables' entries behind the point"),
    KEY(lf_recipe_edges, input_step, LF_ATTR_REAL, "0", 0, 100,
        "value of one code of a feature, in its standard deviations, a power of two; 0: 4 / 2^input_bits"),
    KEY(lf_recipe_edges, standardize, LF_ATTR_BOOL, "true", 0, 0,
        "features by mean and deviation; otherwise codes are the highest bits of bytes, which costs no LUT"),
    KEY(lf_recipe_edges, cost, LF_ATTR_REAL, "0", 0, 1000,
        "of an edge: its table shrinks by so much, times the rate, with every step; constant ones vanish"),
    KEY(lf_recipe_edges, lut_cost, LF_ATTR_REAL, "0", 0, 1000,
        "added to the loss for every estimated LUT of tables and adders; above 0 each edge learns how many bits it "
        "reads, and vanishes at none"),
    KEY(lf_recipe_edges, settle, LF_ATTR_REAL, "0.3", 0.01, 1,
        "lut_cost: those bits are fixed for this last part of the training; the best epoch is one of it"),
    {0},
};

const lf_recipe_section lf_recipe_sections[] = {
    {"input", offsetof(lf_recipe, input), input_keys, "what the network does first with its input"},
    {"input_quantizer", offsetof(lf_recipe, input_quantizer), lf_quantizer_keys, "then this"},
    {"batch_norm", offsetof(lf_recipe, norm), norm_keys, "hidden layers"},
    {"output", offsetof(lf_recipe, output), output_keys, "from the last product to logits"},
    {"training", offsetof(lf_recipe, training), training_keys, "Adam under a cosine schedule with warm-up"},
    {"loss", offsetof(lf_recipe, loss), loss_keys, "what is minimized"},
    {"table", offsetof(lf_recipe, table), table_keys, "sets of numbers and categories: their coding and scaling"},
    {"thermometer", offsetof(lf_recipe, thermometer), thermometer_keys, "family luts: bits of the input"},
    {"luts", offsetof(lf_recipe, luts), luts_keys, "family luts: wiring and tables"},
    {"neurons", offsetof(lf_recipe, neurons), neurons_keys, "family neurons: fan-in, bits and masks"},
    {"edges", offsetof(lf_recipe, edges), edges_keys, "family edges: tables of one input each"},
    {"regularize", offsetof(lf_recipe, regularize), regularize_keys, "against overfitting"},
    {0},
};
