/* MobileNet v1 (Howard et al., 2017, table 1) as quantized to 4 bits for FPGAs: the first convolution with weights of 8 bits, all others
 * and the classifier with 4, unsigned activations of 4 bits with one scale each, the mean of the last pixels cut to 4 bits.
 * 569 million products at 224x224. */
#include "zoo/maker.h"

typedef struct block {
    int64_t channels, stride;
} block;

static const block blocks[] = {{64, 1},  {128, 2}, {128, 1}, {256, 2}, {256, 1},  {512, 2}, {512, 1},
                               {512, 1}, {512, 1}, {512, 1}, {512, 1}, {1024, 2}, {1024, 1}};

enum { FIRST_BITS = 8 };

static lf_flow activation(lf_maker *m, const char *name, lf_flow x) {
    int bits = (int)m->o->act_bits;
    double scale = lf_make_near(m, 3.0 / (double)((1 << bits) - 1));
    return lf_make_quant(m, name, x, (lf_quant_spec){.bits = bits, .scale = scale});
}

static lf_flow convolution(lf_maker *m, const char *name, lf_flow x, lf_conv_spec s) {
    s.gamma = 1;
    s.beta = 0.3;
    return activation(m, name, lf_make_conv(m, name, x, s));
}

static lf_id grow(lf_maker *m) {
    int bits = (int)m->o->weight_bits;
    lf_flow x = lf_make_picture(m, 3);
    x = convolution(
        m, "conv0", x,
        (lf_conv_spec){.outs = lf_make_width(m, 32), .kernel = 3, .stride = 2, .groups = 1, .bits = FIRST_BITS});
    for (int i = 0; i < (int)LF_COUNT(blocks) && i < m->o->blocks; i++) {
        const char *deep = lf_format(m->g->arena, "block%d_deep", i),
                   *point = lf_format(m->g->arena, "block%d_point", i);
        x = convolution(
            m, deep, x,
            (lf_conv_spec){
                .outs = x.channels, .kernel = 3, .stride = blocks[i].stride, .groups = x.channels, .bits = bits});
        x = convolution(
            m, point, x,
            (lf_conv_spec){
                .outs = lf_make_width(m, blocks[i].channels), .kernel = 1, .stride = 1, .groups = 1, .bits = bits});
    }
    lf_quant_spec cut = {.bits = (int)m->o->act_bits,
                         .is_floor = true,
                         .scale = lf_make_near(m, 2.0 / (double)((1 << m->o->act_bits) - 1))};
    x = lf_make_quant(m, "mean", lf_make_mean(m, "mean", x), cut);
    return lf_make_dense(m, "classes", x, m->o->classes, bits);
}

const lf_zoo lf_zoo_mobilenet_v1 = {
    .name = "mobilenet-v1",
    .help = "MobileNet v1, weights and activations of 4 bits, first weights of 8",
    .usual = {.seed = 1, .size = 224, .width = 1, .blocks = 13, .classes = 1000, .weight_bits = 4, .act_bits = 4},
    .grow = grow,
};
