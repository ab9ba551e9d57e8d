/* The hardware of the op `circuit`: the printed logic, what joins it to the ports, cost, and the twin of its handshakes. */
#include <inttypes.h>

#include "ops/circuit_node.h"

static bool speaks_flow(const lf_node *n) {
    return ((const lf_circuit_attr *)n->attr)->interface == LF_CIRCUIT_FLOW;
}

/* The data inputs: all but the text. */
static int data_inputs(const lf_node *n) {
    return n->in_count - 1;
}

static int64_t port_bits(const lf_tensor *t) {
    return lf_shape_count(t->shape) * lf_dtype_bits(t->dtype);
}

/* -- cost ------------------------------------------------------------------------------------------------------------------- */

/* Of rtl/lf_flow_to_stream.v around `bits` bits; fitted to yosys counts (xcup). */
static void add_join(lf_cost *c, int64_t bits, int latency) {
    if (!latency) {
        c->lut += (double)bits + 3;
        c->ff += 2 * (double)bits + 2;
        return;
    }
    int places = latency + 2, count_bits = lf_bits_unsigned((uint64_t)places - 1);
    int shift_luts = (places + 31) / 32;
    c->lut += (double)bits * shift_luts + 2 * count_bits + 4;
    c->ff += latency + 2 * (count_bits + 1);
}

lf_cost lf_circuit_wrapper_cost(const lf_graph *g, const lf_node *n, int latency) {
    lf_cost c = {0};
    if (speaks_flow(n)) {
        c.lut = 1;
        c.ff = latency;
        return c;
    }
    for (int i = 0; i < n->out_count; i++)
        add_join(&c, port_bits(lf_out(g, n, i)), latency);
    return c;
}

lf_status lf_circuit_cost(const lf_graph *g, const lf_node *n, lf_cost *out) {
    lf_circuit *c;
    lf_circuit_stats s;
    LF_TRY(lf_circuit_load(g, n, &c));
    lf_circuit_count(c, &s);
    *out = lf_circuit_wrapper_cost(g, n, c->latency);
    for (int p = 0; p < LF_CIRCUIT_PARTS; p++) {
        out->lut += (double)s.luts[p];
        out->ff += (double)s.registers[p];
    }
    out->ii_cycles = 1;
    lf_circuit_free(c);
    return LF_OK;
}

/* -- Verilog ------------------------------------------------------------------------------------------------------------------ */

/* Bits of an element inside: words count bipolar values as -1 and 1, on a wire they are 0 and 1. */
static int inner_bits(lf_dtype t) {
    return t.kind == LF_KIND_BIPOLAR ? 2 : lf_dtype_bits(t);
}

static int *element_bits(const lf_graph *g, const lf_id *tensors, int count, lf_arena *a, int64_t *sum) {
    int64_t all = 0, at = 0;
    for (int i = 0; i < count; i++)
        all += lf_shape_count(lf_tensor_at(g, tensors[i])->shape);
    int *bits = LF_NEW_ARRAY(a, int, all + 1);
    *sum = 0;
    for (int i = 0; i < count; i++)
        for (int64_t e = 0; e < lf_shape_count(lf_tensor_at(g, tensors[i])->shape); e++)
            *sum += bits[at++] = inner_bits(lf_tensor_at(g, tensors[i])->dtype);
    return bits;
}

/* `name` holds the bits of the ports, x or y those inside; between them bipolar elements change. */
static void print_ports_to_words(const lf_graph *g, const lf_node *n, const char *name, lf_text *t) {
    int64_t port = 0, word = 0;
    for (int i = 0; i < data_inputs(n); i++) {
        const lf_tensor *x = lf_in(g, n, i);
        int64_t count = lf_shape_count(x->shape), bits = port_bits(x);
        if (x->dtype.kind != LF_KIND_BIPOLAR)
            lf_text_addf(t, "    assign x[%" PRId64 "+:%" PRId64 "] = %s[%" PRId64 "+:%" PRId64 "];\n", word, bits,
                         name, port, bits);
        for (int64_t e = 0; x->dtype.kind == LF_KIND_BIPOLAR && e < count; e++)
            lf_text_addf(t, "    assign x[%" PRId64 "+:2] = {~%s[%" PRId64 "], 1'b1};\n", word + 2 * e, name, port + e);
        port += bits;
        word += count * inner_bits(x->dtype);
    }
}

static void print_words_to_ports(const lf_graph *g, const lf_node *n, const char *name, lf_text *t) {
    int64_t port = 0, word = 0;
    for (int i = 0; i < n->out_count; i++) {
        const lf_tensor *y = lf_out(g, n, i);
        int64_t count = lf_shape_count(y->shape), bits = port_bits(y);
        if (y->dtype.kind != LF_KIND_BIPOLAR)
            lf_text_addf(t, "    assign %s[%" PRId64 "+:%" PRId64 "] = y[%" PRId64 "+:%" PRId64 "];\n", name, port,
                         bits, word, bits);
        for (int64_t e = 0; y->dtype.kind == LF_KIND_BIPOLAR && e < count; e++)
            lf_text_addf(t, "    assign %s[%" PRId64 "] = ~y[%" PRId64 "];\n", name, port + e, word + 2 * e + 1);
        if (y->dtype.kind == LF_KIND_BIPOLAR) /* the lower of the two bits is always 1 */
            lf_text_addf(t, "    wire unused_%d = &{1'b0, y[%" PRId64 "+:%" PRId64 "]};\n", i, word, 2 * count);
        port += bits;
        word += count * inner_bits(y->dtype);
    }
}

typedef struct printer {
    const lf_graph *g;
    const lf_node *n;
    const char *logic;           /* the module of the circuit */
    int64_t in_words, out_words; /* its bits */
    int latency;
} printer;

static int64_t side_bits(const lf_graph *g, const lf_id *tensors, int count) {
    int64_t bits = 0;
    for (int i = 0; i < count; i++)
        bits += port_bits(lf_tensor_at(g, tensors[i]));
    return bits;
}

static void print_logic(const printer *p, const char *in, const char *out, lf_text *t) {
    lf_text_addf(t, "    wire [%" PRId64 ":0] x;\n    wire [%" PRId64 ":0] y;\n", p->in_words - 1, p->out_words - 1);
    print_ports_to_words(p->g, p->n, in, t);
    print_words_to_ports(p->g, p->n, out, t);
    lf_text_addf(t, "    %s circuit (.aclk(aclk), .ce(1'b1), .in_data(x), .out_data(y));\n", p->logic);
}

static void print_flow(const printer *p, const char *module, lf_text *t) {
    int ins = data_inputs(p->n), outs = p->n->out_count;
    lf_text_addf(t, "module %s (\n    input  wire aclk,\n    input  wire aresetn,\n", module);
    lf_text_addf(t, "    input  wire [%" PRId64 ":0] in_data,\n    input  wire [%d:0] in_valid,\n",
                 side_bits(p->g, p->n->in, ins) - 1, ins - 1);
    lf_text_addf(t, "    output wire [%" PRId64 ":0] out_data,\n    output wire [%d:0] out_valid\n);\n",
                 side_bits(p->g, p->n->out, outs) - 1, outs - 1);
    print_logic(p, "in_data", "out_data", t);
    lf_text_add(t, "    wire valid;\n");
    lf_text_addf(t, "    lf_flow_valid #(.LATENCY(%d)) flying (\n", p->latency);
    lf_text_add(t, "        .aclk(aclk), .aresetn(aresetn), .in_valid(&in_valid), .out_valid(valid)\n    );\n");
    lf_text_addf(t, "    assign out_valid = {%d{valid}};\nendmodule\n", outs);
}

/* A frame enters when it is there on all inputs and there is room behind all outputs. */
static void print_join(const printer *p, int o, int64_t at, lf_text *t) {
    int64_t bits = port_bits(lf_out(p->g, p->n, o));
    int outs = p->n->out_count;
    lf_text_addf(t, "    lf_flow_to_stream #(.WIDTH(%" PRId64 "), .LATENCY(%d)) join_%d (\n", bits, p->latency, o);
    lf_text_add(t, "        .aclk(aclk), .aresetn(aresetn), .s_axis_tvalid(&s_axis_tvalid");
    for (int k = 0; k < outs; k++)
        if (k != o)
            lf_text_addf(t, " & room[%d]", k);
    lf_text_addf(t, "), .s_axis_tready(room[%d]),\n", o);
    lf_text_addf(t,
                 "        .flow_data(result[%" PRId64 "+:%" PRId64 "]), .m_axis_tdata(m_axis_tdata[%" PRId64
                 "+:%" PRId64 "]),\n",
                 at, bits, at, bits);
    lf_text_addf(t, "        .m_axis_tvalid(m_axis_tvalid[%d]), .m_axis_tready(m_axis_tready[%d])\n    );\n", o, o);
}

static void print_stream(const printer *p, const char *module, lf_text *t) {
    int ins = data_inputs(p->n), outs = p->n->out_count;
    int64_t out_bits = side_bits(p->g, p->n->out, outs), at = 0;
    lf_text_addf(t, "module %s (\n    input  wire aclk,\n    input  wire aresetn,\n", module);
    lf_text_addf(t, "    input  wire [%" PRId64 ":0] s_axis_tdata,\n", side_bits(p->g, p->n->in, ins) - 1);
    lf_text_addf(t, "    input  wire [%d:0] s_axis_tvalid,\n    output wire [%d:0] s_axis_tready,\n", ins - 1, ins - 1);
    lf_text_addf(t, "    output wire [%" PRId64 ":0] m_axis_tdata,\n", out_bits - 1);
    lf_text_addf(t, "    output wire [%d:0] m_axis_tvalid,\n    input  wire [%d:0] m_axis_tready\n);\n", outs - 1,
                 outs - 1);
    lf_text_addf(t, "    wire [%" PRId64 ":0] result;\n    wire [%d:0] room;\n", out_bits - 1, outs - 1);
    print_logic(p, "s_axis_tdata", "result", t);
    for (int i = 0; i < ins; i++) {
        lf_text_addf(t, "    assign s_axis_tready[%d] = &room", i);
        for (int k = 0; k < ins; k++)
            if (k != i)
                lf_text_addf(t, " & s_axis_tvalid[%d]", k);
        lf_text_add(t, ";\n");
    }
    for (int o = 0; o < outs; o++) {
        print_join(p, o, at, t);
        at += port_bits(lf_out(p->g, p->n, o));
    }
    lf_text_add(t, "endmodule\n");
}

/* The instance in the top module, with flow. */
static void flow_instance(const lf_graph *g, const lf_node *n, lf_vlog *v, const char *module) {
    const char *in[LF_UNIT_PORTS], *out[LF_UNIT_PORTS];
    for (int i = 0; i < data_inputs(n); i++)
        in[i] = lf_stream_name(g->arena, lf_in(g, n, i));
    for (int i = 0; i < n->out_count; i++)
        out[i] = lf_stream_name(g->arena, lf_out(g, n, i));
    lf_vlog_instance(v, module, lf_vlog_name(g->arena, n->name));
    lf_vlog_port_flows(v, "in", in, data_inputs(n));
    lf_vlog_port_flows(v, "out", out, n->out_count);
}

static lf_status print_wrapper(const printer *p, lf_vlog *v) {
    const char *kind = speaks_flow(p->n) ? "flow" : "stream";
    const char *module = lf_format(p->g->arena, "%s_%s", lf_vlog_name(p->g->arena, p->n->name), kind);
    lf_text *t = lf_vlog_module(v, module);
    if (!t)
        return LF_FAILED;
    if (speaks_flow(p->n)) {
        print_flow(p, module, t);
        flow_instance(p->g, p->n, v, module);
    } else {
        print_stream(p, module, t);
        lf_stream_instance(p->g, p->n, v, module);
    }
    return LF_OK;
}

lf_status lf_circuit_rtl(const lf_graph *g, const lf_node *n, lf_vlog *v) {
    lf_circuit *c;
    printer p = {.g = g, .n = n};
    LF_TRY(lf_circuit_load(g, n, &c));
    p.logic = lf_format(g->arena, "%s_circuit", lf_vlog_name(g->arena, n->name));
    p.latency = c->latency;
    const int *in = element_bits(g, n->in, data_inputs(n), g->arena, &p.in_words);
    const int *out = element_bits(g, n->out, n->out_count, g->arena, &p.out_words);
    lf_status status = lf_vlog_circuit(v, p.logic, c, in, out);
    if (status == LF_OK)
        status = print_wrapper(&p, v);
    lf_circuit_free(c);
    return status;
}

/* -- twin ----------------------------------------------------------------------------------------------------------------------- */

/* rtl/lf_flow_to_stream.v, one for each output. */
typedef struct twin {
    int ins, outs, latency;
    int held[LF_UNIT_PORTS], count[LF_UNIT_PORTS]; /* places that results hold; results that wait */
    uint64_t flying[];                             /* bit i: a frame that entered i + 1 clocks ago */
} twin;

static bool twin_valid(const void *state, int port) {
    return ((const twin *)state)->count[port] > 0;
}

static bool twin_ready(const void *state, int port, const bool *s_valid, const bool *m_ready) {
    const twin *t = state;
    (void)m_ready;
    for (int i = 0; i < t->outs; i++)
        if (t->held[i] == t->latency + 2)
            return false;
    for (int i = 0; i < t->ins; i++)
        if (i != port && !s_valid[i])
            return false;
    return true;
}

/* Moves the frames under way by one clock; whether one comes out. */
static bool fly(twin *t, bool enters) {
    if (!t->latency)
        return enters;
    int last = t->latency - 1;
    bool lands = t->flying[last / 64] >> (last % 64) & 1;
    uint64_t carry = enters;
    for (int w = 0; w <= last / 64; w++) {
        uint64_t top = t->flying[w] >> 63;
        t->flying[w] = t->flying[w] << 1 | carry;
        carry = top;
    }
    int used = last % 64 + 1;
    if (used < 64)
        t->flying[last / 64] &= ((uint64_t)1 << used) - 1;
    return lands;
}

static void twin_clock(void *state, const bool *s_valid, const bool *m_ready) {
    twin *t = state;
    bool enters = s_valid[0] && twin_ready(t, 0, s_valid, m_ready), lands = fly(t, enters);
    for (int i = 0; i < t->outs; i++) {
        bool leaves = t->count[i] > 0 && m_ready[i];
        t->held[i] += enters - leaves;
        t->count[i] += lands - leaves;
    }
}

static const lf_unit_kind twin_kind = {twin_valid, twin_ready, twin_clock, NULL, NULL, NULL};

lf_status lf_circuit_unit(const lf_graph *g, const lf_node *n, lf_arena *a, lf_unit *out) {
    lf_circuit *c;
    lf_where where = lf_where_node(g, n);
    if (speaks_flow(n))
        return lf_fail(g->ctx, LF_FAILED, &where, "it speaks flow, which has no handshakes to model");
    LF_TRY(lf_circuit_load(g, n, &c));
    size_t bytes = sizeof(twin) + (size_t)(c->latency / 64 + 1) * sizeof(uint64_t);
    twin *t = lf_alloc(a, bytes);
    *t = (twin){.ins = data_inputs(n), .outs = n->out_count, .latency = c->latency};
    lf_circuit_free(c);
    *out = lf_twin_new(a, n->name, &twin_kind, t, bytes, 1, 1);
    out->in_count = t->ins;
    out->out_count = t->outs;
    out->registered_ready = true;
    for (int i = 0; i < LF_UNIT_PORTS; i++)
        out->in_beats[i] = out->out_beats[i] = 1;
    return LF_OK;
}
