/* fold: choose PE and SIMD of every layer, from a target of cycles per frame. */
#include "pass/fold.h"

#include <string.h>

#include "ir/attr_access.h"
#include "pass/fold_weights.h"
#include "pass/folding.h"
#include "pass/split_windows.h"

enum { USUAL_II = 4096 };

static lf_status solve_for(lf_folding *f, const lf_part *part, int64_t ii, lf_folding_total *total, bool *fits,
                           lf_arena *a, const char **what) {
    LF_TRY(lf_folding_reach(f, part, ii, total));
    *fits = lf_folding_fits(part, &total->cost, a, what);
    return LF_OK;
}

/* No target: the usual one (1: none), or the fastest that fits. */
static lf_status solve_freely(lf_graph *g, lf_folding *f, const lf_part *part, int64_t usual, lf_arena *a) {
    lf_folding_total total;
    bool fits;
    const char *what = NULL;
    LF_TRY(lf_folding_fit(f, part, usual, &total, &fits));
    if (fits)
        return LF_OK;
    (void)lf_folding_fits(part, &total.cost, a, &what);
    (void)lf_fail(g->ctx, LF_BAD_INPUT, NULL,
                  "the network does not fit %s in any folding that may be chosen: it needs %s", part->name, what);
    lf_hint(g->ctx, "name a larger part with --part, or free layers that a folding file fixes");
    return LF_BAD_INPUT;
}

static lf_status solve_target(lf_graph *g, lf_folding *f, const lf_part *part, const lf_fold_options *o, lf_arena *a) {
    lf_folding_total total;
    bool fits;
    const char *what = NULL;
    LF_TRY(solve_for(f, part, o->ii, &total, &fits, a, &what));
    if (fits)
        return LF_OK;
    if (!o->must_fit) {
        lf_warn(g->ctx, NULL, "at %lld cycles a frame the network needs %s (%s)", (long long)o->ii, what, part->name);
        lf_hint(g->ctx, "name a larger part with --part, or a slower target");
        return LF_OK;
    }
    lf_status status = lf_fail(g->ctx, LF_BAD_INPUT, NULL, "%lld cycles a frame do not fit %s: %s", (long long)o->ii,
                               part->name, what);
    lf_hint(g->ctx, "without --ii and --fps the fastest folding that fits is chosen");
    return status;
}

static bool streams_what_is_large(const lf_fold_options *o) {
    return o->weights && !strcmp(o->weights, "stream");
}

/* At the target, weights leave the circuit until the rest fits. */
static lf_status move_weights(lf_graph *g, const lf_fold_pins *pinned, const lf_part *part, const lf_fold_options *o,
                              lf_arena *a) {
    int64_t ii = o->ii > 0 ? o->ii : o->fastest ? 1 : USUAL_II;
    for (int moved = 1; moved;) {
        lf_folding *f;
        lf_folding_total total;
        lf_status status = lf_folding_open(g, pinned, a, &f);
        int64_t fastest = status == LF_OK ? lf_folding_fastest(f) : 0;
        if (status == LF_OK)
            status = lf_folding_reach(f, part, o->ii > 0 || ii > fastest ? ii : fastest, &total);
        if (status == LF_OK)
            status = lf_stream_large_weights(g, part, pinned, total.cost, &moved);
        lf_folding_close(f);
        LF_TRY(status);
    }
    return LF_OK;
}

static lf_status choose_weights(lf_graph *g, const lf_fold_pins *pinned, const lf_part *part, const lf_fold_options *o,
                                lf_arena *a) {
    if (streams_what_is_large(o))
        return move_weights(g, pinned, part, o, a);
    return o->weights ? lf_stream_weights(g, o->weights) : LF_OK;
}

static lf_status run(lf_graph *g, const void *options, lf_arena *scratch) {
    const lf_fold_options *o = options;
    const lf_part *part = lf_part_find(g->ctx, o->part);
    if (!part)
        return LF_BAD_INPUT;
    lf_fold_pins *pinned = lf_folding_pins(g, part, scratch);
    if (o->file && *o->file)
        LF_TRY(lf_folding_read(g, o->file, pinned));
    LF_TRY(choose_weights(g, pinned, part, o, scratch));
    lf_folding *f;
    lf_status status = lf_folding_open(g, pinned, scratch, &f);
    if (status == LF_OK)
        status = o->ii > 0 ? solve_target(g, f, part, o, scratch)
                           : solve_freely(g, f, part, o->fastest ? 1 : USUAL_II, scratch);
    lf_folding_close(f);
    if (status == LF_OK)
        status = lf_split_windows(g, scratch);
    return status == LF_OK ? lf_infer(g) : status;
}

static const lf_attr_desc options[] = {
    {"ii", LF_ATTR_INT, offsetof(lf_fold_options, ii), "0", NULL, 0, 1e15,
     "most cycles per frame; 0: 4,096, or the fastest that fits"},
    {"part", LF_ATTR_STRING, offsetof(lf_fold_options, part), "xc7z020", NULL, 0, 0,
     "part whose resources are respected"},
    {"file", LF_ATTR_STRING, offsetof(lf_fold_options, file), "", NULL, 0, 0, "folding file that pins layers"},
    {"weights", LF_ATTR_STRING, offsetof(lf_fold_options, weights), "", NULL, 0, 0,
     "whose come from outside: stream (what does not fit), all, or names with commas"},
    {"fastest", LF_ATTR_BOOL, offsetof(lf_fold_options, fastest), "false", NULL, 0, 0,
     "without ii: the fastest that fits the part"},
    {"must_fit", LF_ATTR_BOOL, offsetof(lf_fold_options, must_fit), "false", NULL, 0, 0,
     "a target that does not fit is an error, not a warning"},
    {0}};

const lf_pass lf_pass_fold = {
    .name = "fold",
    .help = "choose PE, SIMD, windows and memories of all layers together for a target of cycles per frame",
    .promise = LF_SAME_BITS,
    .option_size = sizeof(lf_fold_options),
    .options = options,
    .run = run,
};
