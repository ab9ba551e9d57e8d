/* The text of the top module. */
#include <inttypes.h>

#include "num/dtype.h"
#include "vlog/vlog_model.h"

static int padded(int bits) {
    return (bits + 7) / 8 * 8;
}

static const char *side(const lf_vlog_port_def *p) {
    return p->output ? "m_axis_" : "s_axis_";
}

static void print_ports(const lf_vlog *v, lf_text *t) {
    lf_text_addf(t, "module %s (\n    input  wire aclk,\n    input  wire aresetn", v->top);
    for (size_t i = 0; i < v->ports.count; i++) {
        const lf_vlog_port_def *p = &v->ports.at[i];
        const char *s = side(p), *x = p->suffix, *with = p->output ? "output" : "input ",
                   *against = p->output ? "input " : "output";
        lf_text_addf(t, ",\n    %s wire [%d:0] %s%stdata", with, padded(p->stream->bits) - 1, s, x);
        lf_text_addf(t, ",\n    %s wire %s%stvalid", with, s, x);
        lf_text_addf(t, ",\n    %s wire %s%stready", against, s, x);
        lf_text_addf(t, ",\n    %s wire %s%stlast", with, s, x);
    }
    lf_text_add(t, "\n);\n");
}

static void print_stream(lf_text *t, const lf_vlog_stream_def *s, bool flow) {
    lf_text_addf(t, "    wire [%d:0] %s_tdata;\n    wire %s_tvalid", s->bits - 1, s->name, s->name);
    if (!flow)
        lf_text_addf(t, ", %s_tready", s->name);
    lf_text_add(t, ";\n");
}

/* The last beat's position and padding of an input are not used; the name keeps linters quiet about it. */
static void print_input(lf_text *t, const lf_vlog_port_def *p) {
    const char *n = p->stream->name, *x = p->suffix;
    int bits = p->stream->bits, wide = padded(bits);
    lf_text_addf(t, "\n    assign %s_tdata = s_axis_%stdata[%d:0];\n", n, x, bits - 1);
    lf_text_addf(t, "    assign %s_tvalid = s_axis_%stvalid;\n    assign s_axis_%stready = %s_tready & live;\n", n, x,
                 x, n);
    if (wide > bits)
        lf_text_addf(t, "    wire s_axis_%sunused = &{1'b0, s_axis_%stlast, s_axis_%stdata[%d:%d]};\n", x, x, x,
                     wide - 1, bits);
    else
        lf_text_addf(t, "    wire s_axis_%sunused = &{1'b0, s_axis_%stlast};\n", x, x);
}

static void print_last(lf_text *t, const lf_vlog_port_def *p) {
    const char *x = p->suffix;
    if (p->beats <= 1) {
        lf_text_addf(t, "    assign m_axis_%stlast = 1'b1;\n", x);
        return;
    }
    int bits = lf_bits_unsigned((uint64_t)(p->beats - 1));
    lf_text_addf(t, "    reg [%d:0] m_axis_%sbeat;\n", bits - 1, x);
    lf_text_addf(t, "    assign m_axis_%stlast = m_axis_%sbeat == %d'd%" PRId64 ";\n", x, x, bits, p->beats - 1);
    lf_text_addf(t, "    always @(posedge aclk)\n        if (reset)\n            m_axis_%sbeat <= %d'd0;\n", x, bits);
    lf_text_addf(t, "        else if (m_axis_%stvalid && m_axis_%stready)\n", x, x);
    lf_text_addf(t, "            m_axis_%sbeat <= m_axis_%stlast ? %d'd0 : m_axis_%sbeat + %d'd1;\n", x, x, bits, x,
                 bits);
}

static void print_output(lf_text *t, const lf_vlog_port_def *p) {
    const char *n = p->stream->name, *x = p->suffix;
    int bits = p->stream->bits, zeros = padded(bits) - bits;
    if (zeros)
        lf_text_addf(t, "\n    assign m_axis_%stdata = {%d'd0, %s_tdata};\n", x, zeros, n);
    else
        lf_text_addf(t, "\n    assign m_axis_%stdata = %s_tdata;\n", x, n);
    lf_text_addf(t, "    assign m_axis_%stvalid = %s_tvalid & live;\n    assign %s_tready = m_axis_%stready;\n", x, n,
                 n, x);
    print_last(t, p);
}

static void print_instance(lf_text *t, const lf_vlog_inst *n, const char *reset) {
    lf_text_addf(t, "\n    %s ", n->module);
    for (size_t i = 0; i < n->params.count; i++)
        lf_text_addf(t, "%s        .%s(%s)", i ? ",\n" : "#(\n", n->params.at[i].name, n->params.at[i].value);
    lf_text_addf(t, "%s%s (\n        .aclk(aclk),\n        .aresetn(%s)", n->params.count ? "\n    ) " : "", n->name,
                 reset);
    for (size_t i = 0; i < n->ports.count; i++)
        lf_text_addf(t, ",\n        .%s(%s)", n->ports.at[i].name, n->ports.at[i].value);
    lf_text_add(t, "\n    );\n");
}

/* Units see the reset one clock later and from a register that is active high: a synthesizer that spends an inverter on every
 * flip-flop with an active-low reset finds none. Meanwhile the ports are closed. */
static void print_reset(lf_text *t) {
    lf_text_add(t,
                "    reg  reset;\n    wire live = ~reset;\n    always @(posedge aclk)\n        reset <= ~aresetn;\n\n");
}

/* -- flow ---------------------------------------------------------------------------------------------------------- */

static void print_flow_ports(const lf_vlog *v, lf_text *t) {
    lf_text_addf(t, "module %s (\n    input  wire aclk,\n    input  wire aresetn", v->top);
    for (size_t i = 0; i < v->ports.count; i++) {
        const lf_vlog_port_def *p = &v->ports.at[i];
        const char *with = p->output ? "output" : "input ", *side = p->output ? "out" : "in";
        lf_text_addf(t, ",\n    %s wire [%d:0] %s_%sdata", with, p->stream->bits - 1, side, p->suffix);
        lf_text_addf(t, ",\n    %s wire %s_%svalid", with, side, p->suffix);
    }
    lf_text_add(t, "\n);\n");
}

/* A port is a stream; reset is taken as it comes, so that the first word may come with its end. */
static void print_flow_top(const lf_vlog *v, lf_text *t) {
    print_flow_ports(v, t);
    for (size_t i = 0; i < v->streams.count; i++)
        print_stream(t, v->streams.at[i], true);
    for (size_t i = 0; i < v->ports.count; i++) {
        const lf_vlog_port_def *p = &v->ports.at[i];
        const char *n = p->stream->name, *x = p->suffix;
        if (p->output)
            lf_text_addf(t, "    assign out_%sdata = %s_tdata;\n    assign out_%svalid = %s_tvalid;\n", x, n, x, n);
        else
            lf_text_addf(t, "    assign %s_tdata = in_%sdata;\n    assign %s_tvalid = in_%svalid;\n", n, x, n, x);
    }
    for (size_t i = 0; i < v->instances.count; i++)
        print_instance(t, v->instances.at[i], "aresetn");
    lf_text_add(t, "endmodule\n");
}

/* -- stream -------------------------------------------------------------------------------------------------------- */

static void print_stream_top(const lf_vlog *v, lf_text *t) {
    print_ports(v, t);
    print_reset(t);
    for (size_t i = 0; i < v->streams.count; i++)
        print_stream(t, v->streams.at[i], false);
    for (size_t i = 0; i < v->ports.count; i++)
        if (!v->ports.at[i].output)
            print_input(t, &v->ports.at[i]);
    for (size_t i = 0; i < v->instances.count; i++)
        print_instance(t, v->instances.at[i], "live");
    for (size_t i = 0; i < v->ports.count; i++)
        if (v->ports.at[i].output)
            print_output(t, &v->ports.at[i]);
    lf_text_add(t, "endmodule\n");
}

void lf_vlog_print_top(const lf_vlog *v, lf_text *t) {
    if (v->flow)
        print_flow_top(v, t);
    else
        print_stream_top(v, t);
}
