/* The circuit of a graph as BLIF: sums are full adders, all else is LUTs as mapped. */
#include "base/file.h"
#include "circuit/blif.h"
#include "export/export.h"
#include "ops/circuit_node.h"
#include "ops/ops.h"

typedef LF_VEC(const char *) names;

static lf_status find_circuit(const lf_graph *g, const lf_node **out) {
    int count = 0;
    for (size_t i = 0; i < g->order.count; i++) {
        const lf_node *n = lf_node_at(g, g->order.at[i]);
        if (n->op != &lf_op_circuit)
            continue;
        *out = n;
        count++;
    }
    if (count == 1)
        return LF_OK;
    lf_status status =
        lf_fail(g->ctx, LF_BAD_INPUT, NULL,
                count ? "BLIF is one circuit; here are %d" : "BLIF is written of a circuit; here is none", count);
    lf_hint(g->ctx, "%s",
            count ? "--style table makes one circuit of tables and what stands around them"
                  : "export the directory of a build, or give -p \"integerize, circuits\"");
    return status;
}

/* Bit `bit` of the data of the port of t, as with --interface flow. */
static const char *bit_name(lf_arena *a, const lf_tensor *t, size_t element, int bit) {
    return lf_format(a, "%s[%zu]", lf_stream_name(a, t), element * (size_t)lf_dtype_bits(t->dtype) + (size_t)bit);
}

/* Bits that an element's codes do not need have no input. */
static names input_names(const lf_graph *g, const lf_node *n, const lf_circuit *c, lf_arena *a) {
    names out = {0};
    size_t at = 0;
    for (int i = 0; i + 1 < n->in_count; i++) {
        const lf_tensor *t = lf_in(g, n, i);
        for (size_t e = 0; e < (size_t)lf_shape_count(t->shape); e++, at++)
            for (int b = 0; b < lf_word_bits(c, c->inputs.at[at]); b++)
                LF_PUSH(a, &out, bit_name(a, t, e, b));
    }
    return out;
}

/* All bits of the ports: the net's outputs with signs repeated and zeros on top. */
static names widen_outputs(const lf_graph *g, const lf_node *n, const lf_circuit *c, lf_arena *a, lf_lutnet *net) {
    names out = {0};
    LF_VEC(lf_signal) wide = {0};
    size_t at = 0, first = 0;
    for (int i = 0; i < n->out_count; i++) {
        const lf_tensor *t = lf_out(g, n, i);
        for (size_t e = 0; e < (size_t)lf_shape_count(t->shape); e++, at++) {
            lf_word w = c->outputs.at[at];
            int bits = lf_word_bits(c, w);
            for (int b = 0; b < lf_dtype_bits(t->dtype); b++) {
                lf_signal sign = lf_word_signed(c, w) ? net->outputs.at[first + (size_t)bits - 1] : 0;
                LF_PUSH(net->arena, &wide, b < bits ? net->outputs.at[first + (size_t)b] : sign);
                LF_PUSH(a, &out, bit_name(a, t, e, b));
            }
            first += (size_t)bits;
        }
    }
    net->outputs.at = wide.at;
    net->outputs.count = wide.count;
    net->outputs.cap = wide.cap;
    return out;
}

static lf_status check_ports(const lf_graph *g, const lf_node *n) {
    for (int i = 0; i + 1 < n->in_count + n->out_count; i++) {
        const lf_tensor *t = i + 1 < n->in_count ? lf_in(g, n, i) : lf_out(g, n, i - n->in_count + 1);
        if (t->dtype.kind == LF_KIND_BIPOLAR)
            return lf_fail(g->ctx, LF_BAD_INPUT, NULL, "%s is bipolar: BLIF of such ports is not in this version",
                           t->name);
    }
    return LF_OK;
}

static lf_status write_net(const lf_graph *g, const lf_node *n, const lf_circuit *c, const char *path, size_t *luts) {
    lf_arena *a = lf_arena_new();
    lf_lutnet *net = lf_lutnet_of(c);
    if (!net) {
        lf_arena_free(a);
        return lf_fail(g->ctx, LF_BAD_INPUT, NULL, "no memory for the netlist");
    }
    names in = input_names(g, n, c, a), out = widen_outputs(g, n, c, a, net);
    lf_text t = {0};
    lf_blif_write(net, lf_vlog_name(a, g->name), in.at, out.at, &t);
    lf_status status = lf_file_write(g->ctx, path, t.at, t.len);
    *luts = net->luts.count;
    lf_text_free(&t);
    lf_lutnet_free(net);
    lf_arena_free(a);
    return status;
}

lf_status lf_export_blif(const lf_graph *g, const char *path, size_t *luts) {
    const lf_node *n = NULL;
    lf_circuit *c;
    LF_TRY(find_circuit(g, &n));
    LF_TRY(check_ports(g, n));
    LF_TRY(lf_circuit_load(g, n, &c));
    lf_status status = write_net(g, n, c, path, luts);
    lf_circuit_free(c);
    return status;
}
