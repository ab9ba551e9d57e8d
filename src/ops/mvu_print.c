/* The Verilog of one matrix-vector layer: a module that joins the hand-written control, accumulators and output register
 * (rtl/lf_mvu_*.v) with tables and with the sums of products, which are printed for this layer. */
#include "num/bitpack.h"
#include "ops/mvu_plan.h"
#include "vlog/vlog.h"

#include <inttypes.h>

static bool is_live(const lf_mvu_plan *p, int i) {
    return p->bit[i].power < p->sum_bits;
}

static int live_bits(const lf_mvu_plan *p) {
    int n = 0;
    for (int i = 0; i < p->bit_count; i++)
        n += is_live(p, i);
    return n;
}

static int comparisons(const lf_mvu_plan *p) {
    return p->levels ? p->levels : 1;
}

/* -- the sum of products of one row ----------------------------------------------------------------------------------- */

/* Vector expression of product bit i over all lanes, operands x and w being vectors of planes. */
static void print_product(lf_text *t, const lf_mvu_plan *p, int i) {
    const lf_mvu_bit *b = &p->bit[i];
    int64_t n = p->spec.simd, x = b->x * n, w = b->w * n, v = b->v * n;
    switch (b->gate) {
    case LF_MVU_AND:
    case LF_MVU_NAND:
        lf_text_addf(t, "%s(x[%" PRId64 ":%" PRId64 "] & w[%" PRId64 ":%" PRId64 "])",
                     b->gate == LF_MVU_NAND ? "~" : "", x + n - 1, x, w + n - 1, w);
        break;
    case LF_MVU_XNOR:
    case LF_MVU_XOR:
        lf_text_addf(t, "(x[%" PRId64 ":%" PRId64 "] %s w[%" PRId64 ":%" PRId64 "])", x + n - 1, x,
                     b->gate == LF_MVU_XNOR ? "~^" : "^", w + n - 1, w);
        break;
    case LF_MVU_SIGN:
    case LF_MVU_NSIGN:
        lf_text_addf(t, "(w[%" PRId64 ":%" PRId64 "] & (x[%" PRId64 ":%" PRId64 "] %s w[%" PRId64 ":%" PRId64 "]))",
                     w + n - 1, w, x + n - 1, x, b->gate == LF_MVU_SIGN ? "^" : "~^", v + n - 1, v);
        break;
    }
}

/* Bits of weight 2^column, all lanes, as one concatenation: slices of `vector`, or product expressions when it is NULL. */
static void print_column(lf_text *t, const lf_mvu_plan *p, int column, const char *vector) {
    int64_t n = p->spec.simd, at = 0;
    bool any = false;
    lf_text_add(t, "{");
    for (int i = 0; i < p->bit_count; i++) {
        if (!is_live(p, i))
            continue;
        if (p->bit[i].power == column) {
            lf_text_add(t, any ? ", " : "");
            if (vector)
                lf_text_addf(t, "%s[%" PRId64 ":%" PRId64 "]", vector, at + n - 1, at);
            else
                print_product(t, p, i);
            any = true;
        }
        at += n;
    }
    lf_text_add(t, "}");
}

static int64_t column_height(const lf_mvu_plan *p, int column) {
    int64_t n = 0;
    for (int i = 0; i < p->bit_count; i++)
        n += p->bit[i].power == column ? p->spec.simd : 0;
    return n;
}

/* Products with a register of their own: ternary weights from a memory. */
static void print_product_register(lf_text *t, const lf_mvu_plan *p) {
    lf_text_addf(t, "    reg [%" PRId64 ":0] z;\n    always @(posedge aclk)\n        if (ce)\n            z <= {",
                 live_bits(p) * p->spec.simd - 1);
    bool any = false;
    for (int i = p->bit_count - 1; i >= 0; i--)
        if (is_live(p, i)) {
            lf_text_add(t, any ? ", " : "");
            print_product(t, p, i);
            any = true;
        }
    lf_text_add(t, "};\n");
}

static void print_dot(lf_text *t, const lf_mvu_plan *p, const char *name) {
    bool fused = p->source == LF_MVU_FUSED, own = !fused && p->w.kind == LF_KIND_TERNARY;
    lf_text_addf(t, "/* The sum of %" PRId64 " products, modulo 2^%d; %d ranks of registers. */\n", p->spec.simd,
                 p->sum_bits, p->ranks - (fused ? p->front_ranks : 1));
    lf_text_addf(t, "module %s (\n    input  wire aclk,\n    input  wire ce,\n", name);
    if (fused)
        lf_text_addf(t, "    input  wire [%" PRId64 ":0] z,\n", live_bits(p) * p->spec.simd - 1);
    else
        lf_text_addf(t, "    input  wire [%" PRId64 ":0] x,\n    input  wire [%" PRId64 ":0] w,\n",
                     p->x_bits * p->spec.simd - 1, p->w_bits * p->spec.simd - 1);
    lf_text_addf(t, "    output wire [%d:0] sum\n);\n    wire unused = &{1'b0, aclk, ce%s};\n", p->sum_bits - 1,
                 fused ? ", z" : ", x, w");
    if (own)
        print_product_register(t, p);
    for (int c = 0; c < p->sum_bits; c++) {
        int64_t h = column_height(p, c);
        if (!h)
            continue;
        lf_text_addf(t, "    wire [%" PRId64 ":0] h0_%d = ", h - 1, c);
        print_column(t, p, c, fused || own ? "z" : NULL);
        lf_text_add(t, ";\n");
    }
    lf_heap_print(t, &p->heap);
    lf_text_add(t, "endmodule\n");
}

/* -- weights printed as logic ----------------------------------------------------------------------------------------- */

/* Weight bit `plane` of all lanes of a row at an address, as a sized constant. */
static void print_constant(lf_text *t, const lf_mvu_plan *p, int64_t address, int64_t pe, int plane) {
    int64_t n = p->spec.simd;
    lf_text_addf(t, "%" PRId64 "'h", n);
    for (int64_t digit = (n + 3) / 4 - 1; digit >= 0; digit--) {
        unsigned value = 0;
        for (int64_t k = digit * 4; k < digit * 4 + 4 && k < n; k++)
            value |= (unsigned)(lf_mvu_weight_bits(p, lf_mvu_weight_at(p, address, pe, k)) >> plane & 1) << (k % 4);
        lf_text_addn(t, &"0123456789abcdef"[value], 1);
    }
}

/* Choices over address bits top..0 for the 2^(top+1) addresses from `from`; addresses behind the table take any value. */
static void print_choice(lf_text *t, const lf_mvu_plan *p, const char *address, int64_t from, int top, int64_t pe,
                         int plane) {
    if (top < 0) {
        print_constant(t, p, from, pe, plane);
        return;
    }
    int64_t half = (int64_t)1 << top;
    if (from + half >= p->depth) {
        print_choice(t, p, address, from, top - 1, pe, plane);
        return;
    }
    lf_text_addf(t, "(%s[%d] ? ", address, top);
    print_choice(t, p, address, from + half, top - 1, pe, plane);
    lf_text_add(t, " : ");
    print_choice(t, p, address, from, top - 1, pe, plane);
    lf_text_add(t, ")");
}

static void print_weight(lf_text *t, const lf_mvu_plan *p, const char *address, int64_t pe, int plane) {
    if (p->depth == 1)
        print_constant(t, p, 0, pe, plane);
    else
        print_choice(t, p, address, 0, lf_mvu_count_bits(p->depth) - 1, pe, plane);
}

/* Bits of the inputs of one row, as planes. */
static int64_t row_planes(const lf_mvu_plan *p) {
    return p->x_bits * p->spec.simd;
}

/* Product bit i of a row, all lanes, the weight being a function of the address. */
static void print_fused_product(lf_text *t, const lf_mvu_plan *p, const char *address, int64_t pe, int i) {
    const lf_mvu_bit *b = &p->bit[i];
    static const char *const op[] = {" & ", " & ", " ~^ ", " ^ "};
    int64_t n = p->spec.simd, plane = b->x * n + (p->spec.own_inputs ? pe * row_planes(p) : 0);
    if (b->gate == LF_MVU_SIGN || b->gate == LF_MVU_NSIGN) {
        lf_text_add(t, "(");
        print_weight(t, p, address, pe, b->w);
        lf_text_addf(t, " & (planes[%" PRId64 " +: %" PRId64 "] %s ", plane, n, b->gate == LF_MVU_SIGN ? "^" : "~^");
        print_weight(t, p, address, pe, b->v);
        lf_text_add(t, "))");
        return;
    }
    lf_text_addf(t, "%s(planes[%" PRId64 " +: %" PRId64 "]%s", b->gate == LF_MVU_NAND ? "~" : "", plane, n,
                 op[b->gate]);
    print_weight(t, p, address, pe, b->w);
    lf_text_add(t, ")");
}

static void print_fused_row(lf_text *t, const lf_mvu_plan *p, const char *address, int64_t pe, const char *dot) {
    lf_text_addf(t,
                 "    reg [%" PRId64 ":0] z%" PRId64
                 ";\n    always @(posedge aclk)\n        if (ce)\n            z%" PRId64 " <= {",
                 live_bits(p) * p->spec.simd - 1, pe, pe);
    bool any = false;
    for (int i = p->bit_count - 1; i >= 0; i--)
        if (is_live(p, i)) {
            lf_text_add(t, any ? ", " : "");
            print_fused_product(t, p, address, pe, i);
            any = true;
        }
    lf_text_add(t, "};\n");
    lf_text_addf(t,
                 "    %s dot%" PRId64 " (.aclk(aclk), .ce(ce), .z(z%" PRId64 "), .sum(s[%" PRId64 ":%" PRId64 "]));\n",
                 dot, pe, pe, (pe + 1) * p->sum_bits - 1, pe * p->sum_bits);
}

/* -- weights in words -------------------------------------------------------------------------------------------------- */

/* All weights as words: at an address, row by row, bit plane by bit plane, lane by lane. */
static uint8_t *weight_words(const lf_mvu_plan *p, lf_arena *a) {
    int64_t n = p->spec.simd, word = p->spec.pe * n * p->w_bits;
    uint8_t *out = lf_alloc(a, (size_t)(word * p->depth + 7) / 8 + 8);
    for (int64_t at = 0; at < p->depth; at++)
        for (int64_t pe = 0; pe < p->spec.pe; pe++)
            for (int64_t k = 0; k < n; k++) {
                uint64_t w = lf_mvu_weight_bits(p, lf_mvu_weight_at(p, at, pe, k));
                for (int plane = 0; plane < p->w_bits; plane++) {
                    size_t bit = (size_t)(at * word + (pe * p->w_bits + plane) * n + k);
                    out[bit / 8] = (uint8_t)(out[bit / 8] | (w >> plane & 1) << bit % 8);
                }
            }
    return out;
}

/* A registered table: word `address` of it is on `q` in the next cycle. */
static lf_status print_table(lf_vlog *v, lf_arena *a, lf_text *t, const char *name, const char *q, const char *address,
                             int bits, int64_t depth, const uint8_t *words, bool memory, bool block) {
    if (!memory) {
        LF_TRY(lf_vlog_rom(v, name, bits, depth, words));
        lf_text_addf(t, "    wire [%d:0] %s_now;\n    %s %s_rom (.a(%s), .q(%s_now));\n", bits - 1, q, name, q, address,
                     q);
        lf_text_addf(t, "    reg [%d:0] %s;\n    always @(posedge aclk)\n        if (ce)\n            %s <= %s_now;\n",
                     bits - 1, q, q, q);
        return LF_OK;
    }
    const char *file = lf_format(a, "%s.mem", name);
    LF_TRY(lf_vlog_memory(v, file, bits, depth, words));
    lf_text_addf(t, "    wire [%d:0] %s;\n", bits - 1, q);
    lf_text_addf(t,
                 "    lf_rom #(.WIDTH(%d), .DEPTH(%" PRId64 "), .A_BITS(%d), .BLOCK(%d), .FILE(\"%s\")) %s_memory (\n",
                 bits, depth, lf_mvu_count_bits(depth), block, file, q);
    lf_text_addf(t, "        .aclk(aclk), .ce(ce), .a(%s), .q(%s));\n", address, q);
    return LF_OK;
}

static int64_t x_width(const lf_mvu_plan *p) {
    return p->in_lanes * p->x_bits;
}

static int64_t word_width(const lf_mvu_plan *p) {
    return p->spec.pe * p->spec.simd * p->w_bits;
}

/* The word of the stream beside the input, element by element there, in planes here. */
static void print_stream_word(lf_text *t, const lf_mvu_plan *p) {
    int64_t n = p->spec.simd, w = word_width(p);
    lf_text_addf(t,
                 "    wire [%" PRId64 ":0] w_now;\n    reg [%" PRId64 ":0] w;\n    genvar wr, wl, wp;\n    generate\n",
                 w - 1, w - 1);
    lf_text_addf(t, "        for (wr = 0; wr < %" PRId64 "; wr = wr + 1) begin : weight_rows\n", p->spec.pe);
    lf_text_addf(t, "            for (wl = 0; wl < %" PRId64 "; wl = wl + 1) begin : lanes\n", n);
    lf_text_addf(t, "                for (wp = 0; wp < %d; wp = wp + 1) begin : bits\n", p->w_bits);
    lf_text_addf(t,
                 "                    assign w_now[(wr*%d + wp)*%" PRId64 " + wl] = s_axis_tdata[%" PRId64
                 " + (wr*%" PRId64 " + wl)*%d + wp];\n",
                 p->w_bits, n, x_width(p), n, p->w_bits);
    lf_text_add(t, "                end\n            end\n        end\n    endgenerate\n");
    lf_text_add(t, "    always @(posedge aclk)\n        if (ce)\n            w <= w_now;\n");
}

static lf_status print_words(lf_vlog *v, lf_arena *a, lf_text *t, const lf_mvu_plan *p) {
    if (p->source != LF_MVU_STREAM)
        return print_table(v, a, t, lf_format(a, "%s_weights", p->spec.name), "w", "address", (int)word_width(p),
                           p->depth, weight_words(p, a), p->source == LF_MVU_MEMORY, p->block);
    print_stream_word(t, p);
    return LF_OK;
}

static lf_status print_word_rows(lf_vlog *v, lf_arena *a, lf_text *t, const lf_mvu_plan *p, const char *dot) {
    int64_t x = x_width(p), w = p->w_bits * p->spec.simd;
    const char *own =
        p->spec.own_inputs ? lf_format(a, "[r*%" PRId64 " +: %" PRId64 "]", row_planes(p), row_planes(p)) : "";
    LF_TRY(print_words(v, a, t, p));
    lf_text_addf(
        t, "    reg [%" PRId64 ":0] xq;\n    always @(posedge aclk)\n        if (ce)\n            xq <= planes;\n",
        x - 1);
    lf_text_addf(t, "    genvar r;\n    generate\n        for (r = 0; r < %" PRId64 "; r = r + 1) begin : row\n",
                 p->spec.pe);
    lf_text_addf(t,
                 "            %s dot (.aclk(aclk), .ce(ce), .x(xq%s), .w(w[r*%" PRId64 " +: %" PRId64
                 "]), .sum(s[r*%d +: %d]));\n",
                 dot, own, w, w, p->sum_bits, p->sum_bits);
    lf_text_add(t, "        end\n    endgenerate\n");
    return LF_OK;
}

static void print_fused_rows(lf_text *t, const lf_mvu_plan *p, const char *dot) {
    const char *address = p->buffered ? "aq" : "address";
    for (int64_t pe = 0; pe < p->spec.pe; pe++)
        print_fused_row(t, p, address, pe, dot);
}

/* -- the layer --------------------------------------------------------------------------------------------------------- */

static void print_ports(lf_text *t, const lf_mvu_plan *p) {
    const lf_mvu_spec *s = &p->spec;
    lf_text_addf(t,
                 "/* %" PRId64 " x %" PRId64 " matrix times vector, PE = %" PRId64 ", SIMD = %" PRId64 "; %" PRId64
                 " steps a vector. */\n",
                 s->mh, s->mw, s->pe, s->simd, p->depth);
    lf_text_addf(t, "module %s (\n    input  wire aclk,\n    input  wire aresetn,\n", s->name);
    bool streamed = p->source == LF_MVU_STREAM;
    const char *each = streamed ? "[1:0] " : "";
    lf_text_addf(t, "    input  wire [%" PRId64 ":0] s_axis_tdata,%s\n",
                 x_width(p) + (streamed ? word_width(p) : 0) - 1, streamed ? " // inputs, above them weights" : "");
    lf_text_addf(t, "    input  wire %ss_axis_tvalid,\n    output wire %ss_axis_tready,\n", each, each);
    lf_text_addf(t,
                 "    output wire [%" PRId64
                 ":0] m_axis_tdata,\n    output wire m_axis_tvalid,\n    input  wire m_axis_tready\n);\n",
                 s->pe * p->out_bits - 1);
}

/* What the control sees. With weights from a stream, nothing moves on without a word of them: `step` is what it would do with one. */
static void print_control_ports(lf_text *t, const lf_mvu_plan *p) {
    if (p->source != LF_MVU_STREAM) {
        lf_text_add(
            t, "        .aclk(aclk), .aresetn(aresetn), .ce(ce),\n"
               "        .s_axis_tdata(s_axis_tdata), .s_axis_tvalid(s_axis_tvalid), .s_axis_tready(s_axis_tready),\n"
               "        .go(go), .first(first), .last(last), .x(x), .nf(nf), .address(address));\n");
        return;
    }
    lf_text_addf(t,
                 "        .aclk(aclk), .aresetn(aresetn), .ce(ce & s_axis_tvalid[1]),\n"
                 "        .s_axis_tdata(s_axis_tdata[%" PRId64
                 ":0]), .s_axis_tvalid(s_axis_tvalid[0]), .s_axis_tready(s_axis_tready[0]),\n",
                 x_width(p) - 1);
    lf_text_add(t, "        .go(step), .first(first), .last(last), .x(x), .nf(nf), .address(address));\n"
                   "    assign go = step & s_axis_tvalid[1];\n    assign s_axis_tready[1] = ce & step;\n");
}

static void print_control(lf_text *t, const lf_mvu_plan *p) {
    int64_t xw = x_width(p);
    int sfb = lf_mvu_count_bits(p->sf), nfb = lf_mvu_count_bits(p->passes), ab = lf_mvu_count_bits(p->depth);
    bool early = p->preset_memory || p->preset_early;
    lf_text_addf(t, "    wire ce, go, first, last, valid_q, first_q, last_q, add;\n    wire [%" PRId64 ":0] x;\n",
                 xw - 1);
    lf_text_addf(t, "    wire [%d:0] nf, nf_q;\n    wire [%d:0] address;\n%s", nfb - 1, ab - 1,
                 p->source == LF_MVU_STREAM ? "    wire step;\n" : "");
    lf_text_addf(t,
                 "    lf_mvu_control #(.XW(%" PRId64 "), .SF(%" PRId64 "), .NF(%" PRId64 "), .G(%" PRId64
                 "), .SFB(%d), .NFB(%d), .AB(%d)) control (\n",
                 xw, p->sf, p->nf, p->groups, sfb, nfb, ab);
    print_control_ports(t, p);
    lf_text_addf(t, "    lf_mvu_flags #(.D(%d), .ND(%d), .NFB(%d)) flags (\n", p->ranks, p->ranks - early, nfb);
    lf_text_add(t, "        .aclk(aclk), .aresetn(aresetn), .ce(ce), .go(go), .first(first), .last(last), .nf(nf),\n"
                   "        .valid_q(valid_q), .first_q(first_q), .last_q(last_q), .nf_q(nf_q));\n");
}

/* The planes of every row's own inputs, row by row; lane k of row r is element k * PE + r of the beat. */
static void print_own_planes(lf_text *t, const lf_mvu_plan *p, const char *x) {
    int64_t n = p->spec.simd;
    lf_text_addf(t, "    wire [%" PRId64 ":0] planes;\n    genvar own, lane, plane;\n    generate\n",
                 p->in_lanes * p->x_bits - 1);
    lf_text_addf(t, "        for (own = 0; own < %" PRId64 "; own = own + 1) begin : rows\n", p->spec.pe);
    lf_text_addf(t, "            for (lane = 0; lane < %" PRId64 "; lane = lane + 1) begin : lanes\n", n);
    lf_text_addf(t, "                for (plane = 0; plane < %d; plane = plane + 1) begin : bits\n", p->x_bits);
    lf_text_addf(t,
                 "                    assign planes[own*%" PRId64 " + plane*%" PRId64 " + lane] = %s[(lane*%" PRId64
                 " + own)*%d + plane];\n",
                 row_planes(p), n, x, p->spec.pe, p->x_bits);
    lf_text_add(t, "                end\n            end\n        end\n    endgenerate\n");
}

/* The input as bit planes, lane by lane, so that products of all lanes are vector operations. */
static void print_lane_planes(lf_text *t, const lf_mvu_plan *p, const char *x) {
    int64_t n = p->spec.simd;
    lf_text_addf(t, "    wire [%" PRId64 ":0] planes;\n    genvar lane, plane;\n    generate\n", n * p->x_bits - 1);
    lf_text_addf(t, "        for (lane = 0; lane < %" PRId64 "; lane = lane + 1) begin : lanes\n", n);
    lf_text_addf(t, "            for (plane = 0; plane < %d; plane = plane + 1) begin : bits\n", p->x_bits);
    lf_text_addf(t, "                assign planes[plane*%" PRId64 " + lane] = %s[lane*%d + plane];\n", n, x,
                 p->x_bits);
    lf_text_add(t, "            end\n        end\n    endgenerate\n");
}

static void print_planes(lf_text *t, const lf_mvu_plan *p) {
    int64_t bits = p->in_lanes * p->x_bits;
    const char *x = "x";
    if (p->source == LF_MVU_FUSED && p->buffered) {
        int ab = lf_mvu_count_bits(p->depth);
        lf_text_addf(t, "    reg [%" PRId64 ":0] xq;\n    reg [%d:0] aq;\n", bits - 1, ab - 1);
        lf_text_add(t, "    always @(posedge aclk)\n        if (ce) begin\n            xq <= x;\n            aq <= "
                       "address;\n        end\n");
        x = "xq";
    }
    if (p->spec.own_inputs)
        print_own_planes(t, p, x);
    else if (p->x_bits == 1)
        lf_text_addf(t, "    wire [%" PRId64 ":0] planes = %s;\n", bits - 1, x);
    else
        print_lane_planes(t, p, x);
}

static uint8_t *preset_words(const lf_mvu_plan *p, lf_arena *a) {
    int64_t rows = p->spec.mh * comparisons(p);
    uint8_t *out = lf_alloc(a, (size_t)(rows * p->acc_bits + 7) / 8 + 8);
    for (int64_t i = 0; i < rows; i++)
        lf_bits_set(out, (size_t)(i * p->acc_bits), p->acc_bits, (uint64_t)p->preset[i]);
    return out;
}

static void print_vector(lf_text *t, const uint8_t *bits, int64_t n) {
    lf_text_addf(t, "%" PRId64 "'h", n);
    for (int64_t digit = (n + 3) / 4 - 1; digit >= 0; digit--) {
        int64_t left = n - digit * 4;
        lf_text_addn(t, &"0123456789abcdef"[lf_bits_get(bits, (size_t)digit * 4, left < 4 ? (int)left : 4)], 1);
    }
}

static lf_status print_presets(lf_vlog *v, lf_arena *a, lf_text *t, const lf_mvu_plan *p) {
    int bits = (int)(p->spec.pe * comparisons(p)) * p->acc_bits;
    const uint8_t *words = preset_words(p, a);
    const char *name = lf_format(a, "%s_presets", p->spec.name);
    if (p->passes == 1) {
        lf_text_addf(t, "    wire [%d:0] preset = ", bits - 1);
        print_vector(t, words, bits);
        lf_text_add(t, ";\n");
        return LF_OK;
    }
    if (p->preset_memory || p->preset_early)
        return print_table(v, a, t, name, "preset", "nf_q", bits, p->passes, words, p->preset_memory, p->preset_block);
    LF_TRY(lf_vlog_rom(v, name, bits, p->passes, words));
    lf_text_addf(t, "    wire [%d:0] preset;\n    %s preset_rom (.a(nf_q), .q(preset));\n", bits - 1, name);
    return LF_OK;
}

static void print_code(lf_text *t, const lf_mvu_plan *p, int level) {
    lf_text_addf(t, "%d'h%" PRIx64, p->out_bits, p->code[level]);
}

/* Row r of the output from its accumulators. */
static void print_output(lf_text *t, const lf_mvu_plan *p) {
    int levels = comparisons(p);
    lf_text_addf(t, "    wire [%" PRId64 ":0] y;\n    genvar o;\n    generate\n", p->spec.pe * p->out_bits - 1);
    lf_text_addf(
        t, "        for (o = 0; o < %" PRId64 "; o = o + 1) begin : output_row\n            assign y[o*%d +: %d] = ",
        p->spec.pe, p->out_bits, p->out_bits);
    if (!p->levels && p->low_bit < 0)
        lf_text_addf(t, "acc[o*%d +: %d]", p->acc_bits, p->acc_bits);
    else if (!p->levels)
        lf_text_addf(t, "{acc[o*%d +: %d], 1'b%d}", p->acc_bits, p->acc_bits, p->low_bit);
    for (int l = p->levels; l > 0; l--) {
        lf_text_addf(t, "~acc[o*%d + %d] ? ", levels * p->acc_bits, l * p->acc_bits - 1);
        print_code(t, p, l);
        lf_text_add(t, " : ");
    }
    if (p->levels)
        print_code(t, p, 0);
    lf_text_add(t, ";\n        end\n    endgenerate\n");
    if (p->levels)
        lf_text_add(t, "    wire unused_acc = &{1'b0, acc};\n");
}

static void print_end(lf_text *t, const lf_mvu_plan *p) {
    int levels = comparisons(p);
    int64_t accs = p->spec.pe * levels;
    lf_text_addf(t, "    wire [%" PRId64 ":0] acc;\n    wire [%" PRId64 ":0] terms;\n    genvar q;\n    generate\n",
                 accs * p->acc_bits - 1, accs * p->sum_bits - 1);
    lf_text_addf(t, "        for (q = 0; q < %" PRId64 "; q = q + 1) begin : term\n", p->spec.pe);
    lf_text_addf(t, "            assign terms[q*%d +: %d] = {%d{s[q*%d +: %d]}};\n        end\n    endgenerate\n",
                 levels * p->sum_bits, levels * p->sum_bits, levels, p->sum_bits, p->sum_bits);
    lf_text_addf(t, "    lf_mvu_accumulate #(.PE(%" PRId64 "), .SB(%d), .AC(%d), .ACC(%d)) accumulate (\n", accs,
                 p->sum_bits, p->acc_bits, p->accumulates);
    lf_text_add(t, "        .aclk(aclk), .add(add), .first(first_q), .s(terms), .preset(preset), .acc(acc));\n");
    print_output(t, p);
    lf_text_addf(t, "    lf_mvu_result #(.ACC(%d), .OW(%" PRId64 ")) result (\n", p->accumulates,
                 p->spec.pe * p->out_bits);
    lf_text_add(t,
                "        .aclk(aclk), .aresetn(aresetn), .valid(valid_q), .last(last_q), .y(y), .ce(ce), .add(add),\n"
                "        .m_axis_tdata(m_axis_tdata), .m_axis_tvalid(m_axis_tvalid), "
                ".m_axis_tready(m_axis_tready));\nendmodule\n");
}

lf_status lf_mvu_print(lf_vlog *v, lf_arena *a, const lf_mvu_plan *p) {
    const char *dot = lf_format(a, "%s_dot", p->spec.name);
    lf_text *d = lf_vlog_module(v, dot), *t = d ? lf_vlog_module(v, p->spec.name) : NULL;
    if (!t)
        return LF_FAILED;
    print_dot(d, p, dot);
    print_ports(t, p);
    print_control(t, p);
    print_planes(t, p);
    lf_text_addf(t, "    wire [%" PRId64 ":0] s;\n    wire unused = &{1'b0, address, nf_q, planes};\n",
                 p->spec.pe * p->sum_bits - 1);
    if (p->source == LF_MVU_FUSED)
        print_fused_rows(t, p, dot);
    else
        LF_TRY(print_word_rows(v, a, t, p, dot));
    LF_TRY(print_presets(v, a, t, p));
    print_end(t, p);
    return LF_OK;
}
