/* lutfisk: quantized neural networks to FPGA circuits, bit for bit.
 *
 * One function per verb of the command (doc/user/commands.md). Each takes a context, the options of the verb and an answer.
 * It returns LF_OK (0), LF_FAILED (1: a check failed), LF_BAD_INPUT (2) or LF_NO_TOOL (3: an external tool is missing), with the
 * reasons among the context's diagnostics. An answer holds the same result twice: as one JSON object and as a readable text.
 *
 * Paths are the caller's own; strings are copied where they are kept. Every options struct may be zero-initialised: zero is the
 * default everywhere. Not thread-safe within one context; any number of contexts may work at once. */
#ifndef LUTFISK_LUTFISK_H
#define LUTFISK_LUTFISK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <lutfisk/context.h>

#ifdef __cplusplus
extern "C" {
#endif

#define LUTFISK_VERSION "0.1.0"

/* Zero-initialise before the call, free with lf_answer_free. Set also after LF_FAILED; NULL strings after other errors. */
typedef struct lf_answer {
    char *json; /* one JSON object, ending in a newline */
    char *text; /* a readable table, lines ending in newlines */
} lf_answer;
LF_API void lf_answer_free(lf_answer *a);

/* A list of strings; NULL-terminated or NULL. */
typedef const char *const *lf_strings;

/* A network and the grids its inputs are declared to lie on ("[NAME=]TYPE[!][,scale[,offset]]", contracts.md 2). */
typedef struct lf_model_options {
    const char *model;   /* .onnx, .lf or the directory of a build */
    lf_strings input;    /* --input, repeated */
    const char *weights; /* --weights */
} lf_model_options;

/* What a network is: inputs, outputs, layers, datatypes, sizes, where every node runs, and what would not compile and why. */
LF_API lf_status lf_info(lf_ctx *ctx, const lf_model_options *model, lf_answer *answer);

/* Runs the network on the rows of .npy/.npz files. */
typedef struct lf_predict_options {
    lf_model_options model;
    lf_strings in;      /* "FILE" or "NAME=FILE", or one .npz */
    lf_strings out;     /* the same */
    const char *engine; /* "reference" or "fast" (default) */
    int64_t batch;      /* rows per block, 0: chosen */
    const char *output; /* another tensor than the outputs, by name */
    bool raw;           /* integers before the output scale */
} lf_predict_options;
LF_API lf_status lf_predict(lf_ctx *ctx, const lf_predict_options *options, lf_answer *answer);

/* Where data sets are looked for, in this order; names of folders as in `lutfisk data`. */
typedef struct lf_data_options {
    lf_strings dirs;
} lf_data_options;

typedef struct lf_eval_options {
    lf_model_options model;
    lf_data_options where;
    const char *data; /* SET[:SPLIT], or NULL with: */
    const char *in, *labels;
    const char *engine;
    double scale;          /* multiplies the input; 0: 1 */
    const char *layout;    /* "nchw" (default) or "nhwc" of the rows given */
    const char *class_map; /* "0,1,4,2,3": network class i is label map[i] */
    int64_t samples;       /* 0: all */
} lf_eval_options;
LF_API lf_status lf_eval(lf_ctx *ctx, const lf_eval_options *options, lf_answer *answer);

typedef struct lf_train_verb_options {
    const char *recipe; /* a .yaml file or the name of a recipe that comes with lutfisk */
    const char *out;    /* MODEL.onnx or MODEL.lf; the checkpoint lies beside it as OUT.ckpt while training */
    lf_data_options where;
    const char *data; /* SET, overrides the recipe's */
    uint64_t seed;    /* 0: the recipe's */
    int64_t epochs;   /* 0: the recipe's */
    bool resume;
} lf_train_verb_options;
LF_API lf_status lf_train_recipe(lf_ctx *ctx, const lf_train_verb_options *options, lf_answer *answer);

/* Post-training quantization: a network becomes one of 2 to 8 bits (doc/user/quantization.md). Its own quantizers stay where they are
 * narrow enough. Rows from exactly one of
 * data, in, random; the first `samples` calibrate, those behind them compare the network in `out` with the given one. */
typedef struct lf_quantize_options {
    lf_model_options model;
    const char *out; /* FILE.onnx or FILE.lf */
    lf_data_options where;
    const char *data;        /* SET[:SPLIT] */
    lf_strings in;           /* "FILE" or "NAME=FILE", or one .npz */
    const char *labels;      /* class of every row of `in`, or NULL */
    const char *random;      /* "LO,HI": random rows of that range */
    int64_t samples;         /* that calibrate; 0: 512, at most half of the rows */
    int64_t bits;            /* of activations; 0: 8 */
    int64_t weight_bits;     /* 0: as bits */
    int64_t first_last_bits; /* weights and inputs of layers at either end; 0: as the others */
    const char *method;      /* "mse" (default), "max", "percentile" */
    double percentile;       /* 0: 99.9 */
    bool requantize;         /* the network's own quantizers go first, but for those of one bit and thresholds */
    uint64_t seed;           /* of random rows; 0: 1 */
} lf_quantize_options;
LF_API lf_status lf_quantize(lf_ctx *ctx, const lf_quantize_options *options, lf_answer *answer);

typedef struct lf_build_options {
    lf_model_options model;
    const char *out;       /* directory; replaced whole when it is an older build */
    const char *part;      /* default xc7z020 */
    double clock_mhz;      /* default 200 */
    double fps;            /* target frames/s, or */
    int64_t ii;            /* target cycles per frame; both 0: see interface.md */
    const char *style;     /* "auto" "folded" "spatial" "table" */
    const char *interface; /* "stream" "flow" */
    int64_t lut_depth;     /* of circuits: LUT levels between registers; 0: 2; -1: no registers; -2: one behind every layer */
    const char *folding;   /* FILE.json */
    const char
        *weights; /* that come from outside: "stream" (those that do not fit), "all", or names of layers with commas */
    const char *verify; /* X.npy: verify after building */
    bool sweep;         /* only the curve of frames/s against LUTs */
    bool fastest;       /* without fps and ii: the fastest folding that fits the part */
    bool abc;           /* circuits: Berkeley ABC as one more optimizer; LF_NO_TOOL where it is missing */
    const char *
        dont_cares; /* X.npy: what circuits compute on codes that these rows do not show may become anything (doc/user/circuits.md) */
    const char *labels; /* class of every row of dont_cares */
    int64_t rarity;     /* codes seen fewer than so many times count as unseen; 0: 1 */
    const char *
        check; /* X2.npy: rows that measure what that costs; NULL: the last fifth of dont_cares, which is then not used for it */
    const char *check_labels;
    bool allow_deadlock; /* FIFO depths of `folding` with which the circuit stops for ever are a warning */
} lf_build_options;
LF_API lf_status lf_build(lf_ctx *ctx, const lf_build_options *options, lf_answer *answer);

typedef struct lf_verify_options {
    const char *dir;
    lf_strings in;  /* "FILE" or "NAME=FILE", or one .npz */
    lf_strings out; /* what the Verilog computed, as predict writes it */
    const char *
        sim; /* "verilator", "iverilog" or "lutfisk" (netlists only); NULL: Verilator, and lutfisk for netlists it knows the cells of */
    int64_t samples;     /* 0: all rows */
    double stall;        /* probability on every stream in the second run; default 0.3, negative: no second run */
    const char *netlist; /* a mapped netlist instead of rtl/ */
    uint64_t seed;
} lf_verify_options;
LF_API lf_status lf_verify(lf_ctx *ctx, const lf_verify_options *options, lf_answer *answer);

typedef struct lf_synth_options {
    const char *dir;
    const char *tool;    /* "yosys" */
    const char *part;    /* default: the part of the build */
    const char *netlist; /* where to keep the mapped netlist; default DIR/synth/netlist.v */
} lf_synth_options;
LF_API lf_status lf_synth(lf_ctx *ctx, const lf_synth_options *options, lf_answer *answer);

typedef struct lf_opt_options {
    lf_model_options model;
    const char *passes;     /* "pass, pass(k=v)" */
    const char *out;        /* FILE.lf */
    bool check;             /* run inputs before and after each pass and hold it to its promise */
    const char *dump_after; /* a pass name or "all": writes OUT.PASS.lf */
    bool inline_constants;
} lf_opt_options;
LF_API lf_status lf_opt(lf_ctx *ctx, const lf_opt_options *options, lf_answer *answer);

/* Writes a network of the literature with random weights, to measure how the tools scale. 0: what the network's paper has. */
typedef struct lf_make_options {
    const char *name; /* `list networks` */
    const char *out;  /* FILE.onnx or FILE.lf */
    uint64_t seed;
    int64_t size;                  /* side of the pictures, a multiple of 32 */
    double width;                  /* multiplies the channels of every layer */
    int64_t blocks;                /* at most that many blocks, in every stage where there are stages */
    int64_t classes;               /* outputs */
    int64_t weight_bits, act_bits; /* of the layers between the first and the last */
} lf_make_options;
LF_API lf_status lf_make(lf_ctx *ctx, const lf_make_options *options, lf_answer *answer);

/* what: "ops" "passes" "kernels" "targets" "boards" "data" "recipes" "networks". */
LF_API lf_status lf_list(lf_ctx *ctx, const char *what, const lf_data_options *where, lf_answer *answer);

/* Which data sets are found, and where the others can be had. With `generate` ("digits", count, seed) writes IDX files into the
 * directory out; with `rows` (SET[:SPLIT]) writes the first `count` rows of a set to out, a .npy file of float32, pixels as pixel / 255. */
typedef struct lf_data_verb_options {
    lf_data_options where;
    const char *generate;
    const char *rows;
    const char *out;
    int64_t count; /* 0: 1000 images; all rows */
    uint64_t seed;
} lf_data_verb_options;
LF_API lf_status lf_data(lf_ctx *ctx, const lf_data_verb_options *options, lf_answer *answer);

/* Processor features and external tools with their versions. */
LF_API lf_status lf_doctor(lf_ctx *ctx, lf_answer *answer);

#ifdef __cplusplus
}
#endif

#endif
