#include "zoo/zoo.h"

#include <string.h>

#include "ir/op.h"
#include "zoo/maker.h"

const lf_zoo *const lf_zoo_all[] = {
#define LF_ZOO(id) &lf_zoo_##id,
#include "zoo/zoo.def"
#undef LF_ZOO
    NULL};

const lf_zoo *lf_zoo_find(const char *name) {
    for (int i = 0; lf_zoo_all[i]; i++)
        if (!strcmp(lf_zoo_all[i]->name, name))
            return lf_zoo_all[i];
    return NULL;
}

static lf_status need(lf_ctx *ctx, const char *what, int64_t value, int64_t lo, int64_t hi) {
    if (value >= lo && value <= hi)
        return LF_OK;
    return lf_fail(ctx, LF_BAD_INPUT, NULL, "%s must lie in %lld..%lld, not %lld", what, (long long)lo, (long long)hi,
                   (long long)value);
}

static lf_status check(lf_ctx *ctx, const lf_zoo_options *o) {
    LF_TRY(need(ctx, "the side of the picture", o->size, 32, 1024));
    LF_TRY(need(ctx, "the number of blocks", o->blocks, 1, 1000));
    LF_TRY(need(ctx, "the number of classes", o->classes, 2, 100000));
    LF_TRY(need(ctx, "the bits of weights", o->weight_bits, 1, 8));
    LF_TRY(need(ctx, "the bits of activations", o->act_bits, 1, 6));
    if (o->size % 32)
        return lf_fail(ctx, LF_BAD_INPUT, NULL, "the side of the picture must be a multiple of 32, not %lld",
                       (long long)o->size);
    if (!(o->width >= 0.01 && o->width <= 4))
        return lf_fail(ctx, LF_BAD_INPUT, NULL, "the width must lie in 0.01..4");
    return LF_OK;
}

static lf_zoo_options filled(const lf_zoo_options *o, const lf_zoo_options *usual) {
    lf_zoo_options f = *o;
    f.seed = f.seed ? f.seed : usual->seed;
    f.size = f.size ? f.size : usual->size;
    f.width = f.width != 0 ? f.width : usual->width;
    f.blocks = f.blocks ? f.blocks : usual->blocks;
    f.classes = f.classes ? f.classes : usual->classes;
    f.weight_bits = f.weight_bits ? f.weight_bits : usual->weight_bits;
    f.act_bits = f.act_bits ? f.act_bits : usual->act_bits;
    return f;
}

lf_graph *lf_zoo_make(lf_ctx *ctx, const lf_zoo *z, const lf_zoo_options *o) {
    lf_zoo_options full = filled(o, &z->usual);
    if (check(ctx, &full) != LF_OK)
        return NULL;
    lf_graph *g = lf_graph_new(ctx, z->name);
    if (!g)
        return NULL;
    lf_maker m = {.g = g, .o = &full, .rng = lf_rng_make(full.seed, 0)};
    lf_id out = z->grow(&m);
    LF_PUSH(g->arena, &g->outputs, (lf_port){"logits", out, NULL});
    if (lf_infer(g) == LF_OK && lf_verify_graph(g) == LF_OK)
        return g;
    lf_graph_free(g);
    return NULL;
}
