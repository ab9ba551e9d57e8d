/* Netlists as BLIF. */
#include "circuit/blif.h"
#include "circuit/lut_truth.h"

/* Names are x<i> and y<o> unless given; LUTs are n<i>. A name given that looks like n<i> is the caller's to avoid. */
typedef struct lf_blif_names {
    const lf_lutnet *n;
    const char *const *inputs, *const *outputs;
} lf_blif_names;

static void add_signal(lf_text *t, const lf_blif_names *x, lf_signal s) {
    uint32_t first = 2 + x->n->inputs;
    if (s < 2)
        lf_text_addf(t, " const%u", s);
    else if (s >= first)
        lf_text_addf(t, " n%u", s - first);
    else if (x->inputs)
        lf_text_addf(t, " %s", x->inputs[s - 2]);
    else
        lf_text_addf(t, " x%u", s - 2);
}

static void add_output(lf_text *t, const lf_blif_names *x, size_t o) {
    if (x->outputs)
        lf_text_addf(t, " %s", x->outputs[o]);
    else
        lf_text_addf(t, " y%zu", o);
}

/* One line per address with the value 1. */
static void add_cover(lf_text *t, uint64_t truth, int fan_in) {
    for (unsigned a = 0; a < 1u << fan_in; a++) {
        char line[LF_LUT_INPUTS + 4];
        if (!(truth >> a & 1))
            continue;
        for (int j = 0; j < fan_in; j++)
            line[j] = (char)('0' + (a >> j & 1));
        lf_text_addn(t, line, (size_t)fan_in);
        lf_text_add(t, " 1\n");
    }
}

static void add_lut(lf_text *t, const lf_blif_names *x, size_t i) {
    const lf_lut *l = &x->n->luts.at[i];
    lf_text_add(t, ".names");
    for (int j = 0; j < l->fan_in; j++)
        add_signal(t, x, l->in[j]);
    add_signal(t, x, lf_lutnet_signal(x->n, i));
    lf_text_add(t, "\n");
    add_cover(t, l->truth, l->fan_in);
}

/* An output is a buffer of its signal, or a constant. */
static void add_buffer(lf_text *t, const lf_blif_names *x, size_t o) {
    lf_signal s = x->n->outputs.at[o];
    lf_text_add(t, ".names");
    if (s >= 2)
        add_signal(t, x, s);
    add_output(t, x, o);
    lf_text_add(t, s == 0 ? "\n" : s == 1 ? "\n1\n" : "\n1 1\n");
}

void lf_blif_write(const lf_lutnet *n, const char *model, const char *const *inputs, const char *const *outputs,
                   lf_text *t) {
    lf_blif_names x = {n, inputs, outputs};
    lf_text_addf(t, ".model %s\n.inputs", model);
    for (uint32_t i = 0; i < n->inputs; i++)
        add_signal(t, &x, lf_lutnet_input(i));
    lf_text_add(t, "\n.outputs");
    for (size_t o = 0; o < n->outputs.count; o++)
        add_output(t, &x, o);
    lf_text_add(t, "\n");
    for (size_t i = 0; i < n->luts.count; i++)
        add_lut(t, &x, i);
    for (size_t o = 0; o < n->outputs.count; o++)
        add_buffer(t, &x, o);
    lf_text_add(t, ".end\n");
}
