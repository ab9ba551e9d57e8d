#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

typedef struct build_args {
    cli_args args;
    const char *input[CLI_LIST_MAX + 1];
    const char *out;
    const char *part;
    const char *style;
    const char *interface;
    const char *folding;
    const char *weights;
    const char *verify;
    double clock_mhz, fps;
    int64_t ii;
    const char *lut_depth;
    const char *dont_cares, *labels, *check, *check_labels;
    int64_t rarity;
    bool sweep, fastest, allow_deadlock, abc;
} build_args;

static const cli_option options[] = {
    {"out", 'o', "DIR", CLI_STRING, offsetof(build_args, out),
     "where the design goes; an older build there is replaced"},
    {"input", 0, "[NAME=]TYPE[!][,scale[,offset]]", CLI_LIST, offsetof(build_args, input),
     "grid an input lies on, as UINT8,1/255 or 'FIXED<8,4>!'"},
    {"part", 0, "PART", CLI_STRING, offsetof(build_args, part),
     "part or family (default xc7z020); `lutfisk list boards`"},
    {"clock-mhz", 0, "F", CLI_REAL, offsetof(build_args, clock_mhz), "clock (default 200)"},
    {"fps", 0, "N", CLI_REAL, offsetof(build_args, fps), "frames per second to reach, or"},
    {"ii", 0, "N", CLI_INT, offsetof(build_args, ii), "most cycles per frame"},
    {"style", 0, "STYLE", CLI_STRING, offsetof(build_args, style),
     "auto, folded, table or spatial (circuits: a frame every clock)"},
    {"interface", 0, "KIND", CLI_STRING, offsetof(build_args, interface),
     "stream, or flow (data and valid; for what is one circuit)"},
    {"lut-depth", 0, "N", CLI_STRING, offsetof(build_args, lut_depth),
     "LUT levels between the registers of circuits (default 2); layer: a register behind every layer; none: no "
     "registers"},
    {"abc", 0, NULL, CLI_FLAG, offsetof(build_args, abc), "circuits: let Berkeley ABC try, too"},
    {"dont-cares", 0, "X.npy", CLI_STRING, offsetof(build_args, dont_cares),
     "circuits may compute anything on codes that these rows do not show; what that changes is measured"},
    {"labels", 0, "Y.npy", CLI_STRING, offsetof(build_args, labels), "classes of the rows of --dont-cares"},
    {"rarity", 0, "N", CLI_INT, offsetof(build_args, rarity),
     "codes seen fewer than N times count as not shown (default 1)"},
    {"check", 0, "X.npy", CLI_STRING, offsetof(build_args, check),
     "rows to measure on (default: the last fifth of --dont-cares)"},
    {"check-labels", 0, "Y.npy", CLI_STRING, offsetof(build_args, check_labels), "classes of the rows of --check"},
    {"folding", 0, "FILE.json", CLI_STRING, offsetof(build_args, folding),
     "PE, SIMD, ram_style of layers and depths of FIFOs (edit the folding.json of a build)"},
    {"weights", 0, "WHICH", CLI_STRING, offsetof(build_args, weights),
     "weights that come from outside over streams: stream (those that do not fit), all, or names of layers with "
     "commas"},
    {"verify", 0, "X.npy", CLI_STRING, offsetof(build_args, verify),
     "simulate the design on these rows when it is built"},
    {"fastest", 0, NULL, CLI_FLAG, offsetof(build_args, fastest),
     "without --fps and --ii: the fastest folding that fits the part"},
    {"allow-deadlock", 0, NULL, CLI_FLAG, offsetof(build_args, allow_deadlock),
     "build even with FIFO depths with which the circuit stops for ever (for study)"},
    {"sweep", 0, NULL, CLI_FLAG, offsetof(build_args, sweep), "only the curve of frames/s against LUTs"},
    {0}};

/* What would be left undone is refused. */
static bool sensible(const build_args *a) {
    const struct {
        bool given;
        const char *name;
    } unused[] = {
        {a->out, "out"},   {a->folding, "folding"},      {a->weights, "weights"}, {a->verify, "verify"},
        {a->ii > 0, "ii"}, {a->fps > 0, "fps"},          {a->fastest, "fastest"}, {a->allow_deadlock, "allow-deadlock"},
        {a->abc, "abc"},   {a->dont_cares, "dont-cares"}};
    for (size_t i = 0; a->sweep && i < sizeof unused / sizeof *unused; i++)
        if (unused[i].given) {
            fprintf(stderr, "lutfisk build: --sweep only shows the curve: leave out --%s\n", unused[i].name);
            return false;
        }
    if (a->clock_mhz > 10000)
        fprintf(stderr, "lutfisk build: --clock-mhz wants megahertz, up to 10000\n");
    return a->clock_mhz <= 10000;
}

/* 0: the default; -1: none; -2: one behind every layer. */
static bool read_depth(const char *word, int64_t *depth) {
    char *end = NULL;
    *depth = word ? strtoll(word, &end, 10) : 0;
    if (!word || (*end == 0 && end != word && *depth >= 1 && *depth <= 1000))
        return true;
    *depth = !strcmp(word, "layer") ? -2 : -1;
    if (!strcmp(word, "none") || !strcmp(word, "layer"))
        return true;
    fprintf(stderr, "lutfisk build: --lut-depth wants a number from 1 to 1000, layer or none\n");
    return false;
}

static lf_status run(lf_ctx *ctx, const cli_common *common, void *data, lf_answer *answer) {
    (void)common;
    build_args *a = data;
    int64_t lut_depth;
    if (!sensible(a) || !read_depth(a->lut_depth, &lut_depth))
        return LF_BAD_INPUT;
    lf_build_options o = {.model = {.model = a->args.at[0], .input = a->input},
                          .out = a->out,
                          .part = a->part,
                          .clock_mhz = a->clock_mhz,
                          .fps = a->fps,
                          .ii = a->ii,
                          .style = a->style,
                          .interface = a->interface,
                          .lut_depth = lut_depth,
                          .folding = a->folding,
                          .weights = a->weights,
                          .verify = a->verify,
                          .sweep = a->sweep,
                          .fastest = a->fastest,
                          .allow_deadlock = a->allow_deadlock,
                          .abc = a->abc,
                          .dont_cares = a->dont_cares,
                          .labels = a->labels,
                          .rarity = a->rarity,
                          .check = a->check,
                          .check_labels = a->check_labels};
    return lf_build(ctx, &o, answer);
}

const cli_verb cli_verb_build = {
    .name = "build",
    .args = "MODEL",
    .arg_count = 1,
    .help = "turn a network into Verilog, with reports and testbench",
    .more = "example: lutfisk build model.onnx -o hw --ii 64 --part xc7a100t\n"
            "         lutfisk build model.onnx --sweep\n",
    .size = sizeof(build_args),
    .options = options,
    .run = run,
};
