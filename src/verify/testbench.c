#include "verify/testbench.h"

#include <string.h>

#include "base/embed.h"
#include "base/file.h"

typedef struct bench {
    const char *top;
    const lf_stream_ports *inputs, *outputs;
    bool flow;
    lf_arena *arena;
} bench;

static int padded_bits(const lf_stream_port *p) {
    return lf_port_bytes(p) * 8;
}

/* -- Verilator: a table of ports around the harness that is the same for all --------------------------------------------------------- */

/* What Verilator calls a port in C++: two underscores, which C++ keeps for itself, are written "___05F". */
static const char *cpp_name(lf_arena *a, const char *side, const char *suffix) {
    const char *name = lf_format(a, "%s%s", side, suffix);
    lf_text t = {0};
    for (size_t i = 0; name[i]; i++) {
        bool two = name[i] == '_' && name[i + 1] == '_';
        lf_text_addn(&t, name + i, 1);
        if (two)
            lf_text_add(&t, "__05F");
        i += two;
    }
    const char *out = lf_strndup(a, t.at, t.len);
    lf_text_free(&t);
    return out;
}

/* What a flow port has of a stream: data and valid. `x`: the name without these. */
static void print_cpp_flow(lf_text *t, const lf_stream_port *p, const char *x, bool output) {
    int bytes = lf_port_bytes(p);
    if (output) {
        lf_text_addf(t, "     [](Top &d, uint8_t *bytes) { get_bits(bytes, %d, d.%sdata); },\n", bytes, x);
        lf_text_addf(
            t, "     [](Top &d) { return d.%svalid != 0; }, [](Top &, bool) {}, [](Top &) { return true; }},\n", x);
    } else {
        lf_text_addf(t, "     [](Top &d, const uint8_t *bytes) { set_bits(d.%sdata, bytes, %d); },\n", x, bytes);
        lf_text_addf(
            t, "     [](Top &) { return true; }, [](Top &d, bool v) { d.%svalid = v; }, [](Top &, bool) {}},\n", x);
    }
}

static void print_cpp_stream(lf_text *t, const lf_stream_port *p, const char *x, bool output) {
    if (output) {
        lf_text_addf(t, "     [](Top &d, uint8_t *bytes) { get_bits(bytes, %d, d.%stdata); },\n", lf_port_bytes(p), x);
        lf_text_addf(t,
                     "     [](Top &d) { return d.%stvalid != 0; }, [](Top &d, bool v) { d.%stready = v; }, [](Top &d) "
                     "{ return d.%stlast != 0; }},\n",
                     x, x, x);
    } else {
        lf_text_addf(t, "     [](Top &d, const uint8_t *bytes) { set_bits(d.%stdata, bytes, %d); },\n", x,
                     lf_port_bytes(p));
        lf_text_addf(t,
                     "     [](Top &d) { return d.%stready != 0; }, [](Top &d, bool v) { d.%stvalid = v; }, [](Top &d, "
                     "bool v) { d.%stlast = v; }},\n",
                     x, x, x);
    }
}

/* For messages: a string of C++, whatever the name holds. */
static const char *cpp_string(lf_arena *a, const char *name) {
    char *out = lf_strdup(a, name);
    for (char *c = out; *c; c++)
        if (*c == '"' || *c == '\\' || (unsigned char)*c < ' ')
            *c = '_';
    return out;
}

static void print_cpp_port(const bench *b, lf_text *t, const lf_stream_port *p, bool output) {
    static const char *const sides[2][2] = {{"s_axis_", "m_axis_"}, {"in_", "out_"}};
    const char *x = cpp_name(b->arena, sides[b->flow][output], p->suffix);
    lf_text_addf(t, "    {\"%s\", %d, %lld,", cpp_string(b->arena, p->image ? p->suffix : p->name), lf_port_bytes(p),
                 (long long)lf_port_beats(p));
    if (!output)
        lf_text_addf(t, " %lld,", (long long)(p->image ? lf_port_image_beats(p) : 0));
    lf_text_add(t, "\n");
    if (b->flow)
        print_cpp_flow(t, p, x, output);
    else
        print_cpp_stream(t, p, x, output);
}

static lf_status print_cpp(lf_ctx *ctx, const bench *b, lf_text *t) {
    const lf_embed *body = lf_embed_find("share/sim/harness.cpp");
    if (!body)
        return lf_fail(ctx, LF_BAD_INPUT, NULL, "share/sim/harness.cpp is missing from this build of lutfisk");
    lf_text_addf(t, "#include \"V%s.h\"\n#define LF_TOP V%s\n", b->top, b->top);
    lf_text_addn(t, (const char *)body->data, body->size);
    lf_text_add(t, "\nstatic const InputPort inputs[] = {\n");
    for (size_t i = 0; i < b->inputs->count; i++)
        print_cpp_port(b, t, &b->inputs->at[i], false);
    lf_text_add(t, "};\nstatic const OutputPort outputs[] = {\n");
    for (size_t i = 0; i < b->outputs->count; i++)
        print_cpp_port(b, t, &b->outputs->at[i], true);
    lf_text_addf(t,
                 "};\n\nint main(int argc, char **argv) { return run(argc, argv, inputs, %zu, outputs, %zu, %s); }\n",
                 b->inputs->count, b->outputs->count, b->flow ? "true" : "false");
    return LF_OK;
}

/* -- Verilog -------------------------------------------------------------------------------------------------------------------- */

/* What flow does not have: ready is always high, every beat is the last, padding is zero. */
static void print_flow_wires(const bench *b, lf_text *t) {
    const lf_stream_ports *sides[2] = {b->inputs, b->outputs};
    for (int s = 0; s < 2; s++)
        for (size_t i = 0; i < sides[s]->count; i++) {
            const lf_stream_port *p = &sides[s]->at[i];
            lf_text_addf(t, "    assign %s%s%s = 1'b1;\n", s ? "m_axis_" : "s_axis_", p->suffix,
                         s ? "tlast" : "tready");
            if (s && padded_bits(p) > lf_port_bits(p))
                lf_text_addf(t, "    assign m_axis_%stdata[%d:%d] = 0;\n", p->suffix, padded_bits(p) - 1,
                             lf_port_bits(p));
        }
}

static void print_flow_dut(const bench *b, lf_text *t) {
    const lf_stream_ports *sides[2] = {b->inputs, b->outputs};
    lf_text_addf(t, "\n    %s dut (\n        .aclk(aclk),\n        .aresetn(aresetn)", b->top);
    for (int s = 0; s < 2; s++)
        for (size_t i = 0; i < sides[s]->count; i++) {
            const char *flow = s ? "out" : "in", *stream = s ? "m_axis" : "s_axis", *x = sides[s]->at[i].suffix;
            lf_text_addf(t, ",\n        .%s_%sdata(%s_%stdata[%d:0])", flow, x, stream, x,
                         lf_port_bits(&sides[s]->at[i]) - 1);
            lf_text_addf(t, ",\n        .%s_%svalid(%s_%stvalid)", flow, x, stream, x);
        }
    lf_text_add(t, "\n    );\n");
}

static void print_wires(const bench *b, lf_text *t) {
    const lf_stream_ports *sides[2] = {b->inputs, b->outputs};
    for (int s = 0; s < 2; s++)
        for (size_t i = 0; i < sides[s]->count; i++) {
            const lf_stream_port *p = &sides[s]->at[i];
            const char *side = s ? "m_axis_" : "s_axis_";
            lf_text_addf(t, "    wire [%d:0] %s%stdata;\n    wire %s%stvalid, %s%stready, %s%stlast;\n",
                         padded_bits(p) - 1, side, p->suffix, side, p->suffix, side, p->suffix, side, p->suffix);
        }
}

static void print_dut(const bench *b, lf_text *t) {
    static const char *const fields[] = {"tdata", "tvalid", "tready", "tlast"};
    const lf_stream_ports *sides[2] = {b->inputs, b->outputs};
    lf_text_addf(t, "\n    %s dut (\n        .aclk(aclk),\n        .aresetn(aresetn)", b->top);
    for (int s = 0; s < 2; s++)
        for (size_t i = 0; i < sides[s]->count; i++)
            for (size_t f = 0; f < LF_COUNT(fields); f++)
                lf_text_addf(t, ",\n        .%s%s%s(%s%s%s)", s ? "m_axis_" : "s_axis_", sides[s]->at[i].suffix,
                             fields[f], s ? "m_axis_" : "s_axis_", sides[s]->at[i].suffix, fields[f]);
    lf_text_add(t, "\n    );\n");
}

static void print_drivers(const bench *b, lf_text *t) {
    for (size_t i = 0; i < b->inputs->count; i++) {
        const lf_stream_port *p = &b->inputs->at[i];
        lf_text_addf(t,
                     "\n    lf_tb_source #(.BITS(%d), .BEATS(%lld), .IMAGE(%lld), .PORT(%zu), .SEED(%zu)) source_%zu "
                     "(\n        .aclk(aclk), .aresetn(aresetn), .cycle(cycle), .stall(stall), .frames(frames),\n",
                     padded_bits(p), (long long)lf_port_beats(p), (long long)(p->image ? lf_port_image_beats(p) : 0), i,
                     b->flow ? 0 : i, i);
        lf_text_addf(t,
                     "        .tdata(s_axis_%stdata), .tvalid(s_axis_%stvalid), .tready(s_axis_%stready), "
                     ".tlast(s_axis_%stlast)\n    );\n",
                     p->suffix, p->suffix, p->suffix, p->suffix);
    }
    for (size_t i = 0; i < b->outputs->count; i++) {
        const lf_stream_port *p = &b->outputs->at[i];
        lf_text_addf(t,
                     "\n    wire done_%zu;\n    lf_tb_sink #(.BITS(%d), .BEATS(%lld), .PORT(%zu)) sink_%zu (\n        "
                     ".aclk(aclk), .aresetn(aresetn), .cycle(cycle), .stall(%s), .frames(frames), .done(done_%zu),\n",
                     i, padded_bits(p), (long long)lf_port_beats(p), i, i, b->flow ? "17'd0" : "stall", i);
        lf_text_addf(t,
                     "        .tdata(m_axis_%stdata), .tvalid(m_axis_%stvalid), .tready(m_axis_%stready), "
                     ".tlast(m_axis_%stlast)\n    );\n",
                     p->suffix, p->suffix, p->suffix, p->suffix);
    }
    lf_text_add(t, "    assign done = 1'b1");
    for (size_t i = 0; i < b->outputs->count; i++)
        lf_text_addf(t, " & done_%zu", i);
    lf_text_add(t, ";\nendmodule\n");
}

static lf_status print_verilog(lf_ctx *ctx, const bench *b, lf_text *t) {
    const lf_embed *parts = lf_embed_find("share/sim/tb_parts.v"), *clock = lf_embed_find("share/sim/tb_clock.v");
    if (!parts || !clock)
        return lf_fail(ctx, LF_BAD_INPUT, NULL, "share/sim/tb_parts.v is missing from this build of lutfisk");
    lf_text_addn(t, (const char *)parts->data, parts->size);
    lf_text_add(t, "\nmodule tb;\n");
    lf_text_addn(t, (const char *)clock->data, clock->size);
    print_wires(b, t);
    if (b->flow) {
        print_flow_wires(b, t);
        print_flow_dut(b, t);
    } else
        print_dut(b, t);
    print_drivers(b, t);
    return LF_OK;
}

static lf_status write_bench(lf_ctx *ctx, const char *dir, const char *name, const bench *b,
                             lf_status (*print)(lf_ctx *, const bench *, lf_text *)) {
    lf_arena *a = lf_arena_new();
    lf_text t = {0};
    lf_status status = print(ctx, b, &t);
    if (status == LF_OK)
        status = lf_file_write(ctx, lf_path_join(a, dir, name), t.at, t.len);
    lf_text_free(&t);
    lf_arena_free(a);
    return status;
}

lf_status lf_testbench_write(lf_ctx *ctx, const char *dir, const char *top, const lf_stream_ports *inputs,
                             const lf_stream_ports *outputs, bool flow) {
    lf_arena *a = lf_arena_new();
    bench b = {top, inputs, outputs, flow, a};
    const char *tb = lf_path_join(a, dir, "tb");
    lf_status status = lf_make_dir(ctx, tb);
    if (status == LF_OK)
        status = write_bench(ctx, tb, "harness.cpp", &b, print_cpp);
    if (status == LF_OK)
        status = write_bench(ctx, tb, "tb.v", &b, print_verilog);
    lf_arena_free(a);
    return status;
}
