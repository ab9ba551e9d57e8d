/* ResNet-50 (He et al., 2016, table 1; stride in the 3x3 convolutions) as quantized for FPGAs: first and last layer with weights of 8 bits,
 * all others with 2; activations of 2 bits inside the blocks; the trunk has 2 bits more, and what is added to it lies
 * on the same grid. 4.1 billion products at 224x224. */
#include "zoo/maker.h"

typedef struct stage {
    int64_t blocks, inner, stride;
} stage;

static const stage stages[] = {{3, 64, 1}, {4, 128, 2}, {6, 256, 2}, {3, 512, 2}};

enum { END_BITS = 8, EXPANSION = 4 };

#define TRUNK_SCALE 0.25

static lf_conv_spec inner_conv(const lf_maker *m, int64_t outs, int64_t kernel, int64_t stride) {
    return (lf_conv_spec){.outs = outs,
                          .kernel = kernel,
                          .stride = stride,
                          .groups = 1,
                          .bits = (int)m->o->weight_bits,
                          .gamma = 1,
                          .beta = 0.2};
}

static lf_flow inner_act(lf_maker *m, const char *name, lf_flow x) {
    int bits = (int)m->o->act_bits;
    return lf_make_quant(m, name, x,
                         (lf_quant_spec){.bits = bits, .scale = lf_make_near(m, 2.0 / (double)((1 << bits) - 1))});
}

/* What is added to the trunk: signed, on the trunk's grid. */
static lf_flow summand(lf_maker *m, const char *name, lf_flow x, double scale, lf_conv_spec s, double gamma,
                       double beta) {
    s.gamma = gamma;
    s.beta = beta;
    return lf_make_quant(m, name, lf_make_conv(m, name, x, s),
                         (lf_quant_spec){.bits = (int)m->o->act_bits + 2, .is_signed = true, .scale = scale});
}

static lf_flow trunk_act(lf_maker *m, const char *name, lf_flow x, double scale) {
    return lf_make_quant(m, name, x, (lf_quant_spec){.bits = (int)m->o->act_bits + 2, .scale = scale});
}

static lf_flow bottleneck(lf_maker *m, const char *name, lf_flow trunk, const stage *s, bool first, double scale) {
    lf_arena *a = m->g->arena;
    int64_t inner = lf_make_width(m, s->inner), outs = EXPANSION * inner, stride = first ? s->stride : 1;
    const char *conv[3];
    for (int i = 0; i < 3; i++)
        conv[i] = lf_format(a, "%s_conv%d", name, i + 1);
    lf_flow in = inner_act(m, lf_format(a, "%s_in", name), trunk);
    lf_flow x = inner_act(m, conv[0], lf_make_conv(m, conv[0], in, inner_conv(m, inner, 1, 1)));
    x = inner_act(m, conv[1], lf_make_conv(m, conv[1], x, inner_conv(m, inner, 3, stride)));
    x = summand(m, conv[2], x, scale, inner_conv(m, outs, 1, 1), 0.6, first ? 0 : -0.25);
    if (first)
        trunk = summand(m, lf_format(a, "%s_short", name), in, scale, inner_conv(m, outs, 1, stride), 0.8, 0.5);
    return trunk_act(m, name, lf_make_sum(m, lf_format(a, "%s_sum", name), x, trunk), scale);
}

static lf_id grow(lf_maker *m) {
    lf_conv_spec first = {
        .outs = lf_make_width(m, 64), .kernel = 7, .stride = 2, .groups = 1, .bits = END_BITS, .gamma = 1, .beta = 0};
    lf_flow x = lf_make_conv(m, "conv1", lf_make_picture(m, 3), first);
    x = lf_make_max_pool(m, "pool1", trunk_act(m, "conv1", x, lf_make_near(m, TRUNK_SCALE)), 3, 2);
    for (int i = 0; i < (int)LF_COUNT(stages); i++) {
        double scale = lf_make_near(m, TRUNK_SCALE);
        for (int k = 0; k < stages[i].blocks && k < m->o->blocks; k++)
            x = bottleneck(m, lf_format(m->g->arena, "stage%d_block%d", i + 1, k), x, &stages[i], k == 0, scale);
    }
    lf_quant_spec cut = {.bits = END_BITS, .is_floor = true, .scale = lf_make_near(m, 3.0 / 255)};
    x = lf_make_quant(m, "mean", lf_make_mean(m, "mean", x), cut);
    return lf_make_dense(m, "classes", x, m->o->classes, END_BITS);
}

const lf_zoo lf_zoo_resnet50 = {
    .name = "resnet50",
    .help = "ResNet-50, weights and activations of 2 bits, 8 at both ends, joins on 4 bits",
    .usual = {.seed = 1, .size = 224, .width = 1, .blocks = 6, .classes = 1000, .weight_bits = 2, .act_bits = 2},
    .grow = grow,
};
