/* lutfisk */
/* One lane of requantize: y = clip((x * mul + add) >> SHIFT, LO, HI). Registers: x, product, sum, y; mul and add belong to the x of the
 * first register. SUM_BITS (two's complement) hold every sum, Q_BITS every shifted one and the limits. DSP 0: the product is a sum of
 * shifted x, one for every bit of mul, in LUTs. KIND as in lf_cast. */
`default_nettype none

module lf_requantize_lane #(
    parameter               IN_BITS  = 8,
    parameter               IN_KIND  = 1,
    parameter               MUL_BITS = 4,
    parameter               ADD_BITS = 8,
    parameter               SUM_BITS = 13,
    parameter               SHIFT    = 4,
    parameter               Q_BITS   = 9,
    parameter               CLIP_LO  = 1,
    parameter               CLIP_HI  = 1,
    parameter [Q_BITS-1:0]  LO       = 0,
    parameter [Q_BITS-1:0]  HI       = 15,
    parameter               OUT_BITS = 4,
    parameter               OUT_KIND = 0,
    parameter               DSP      = 1
) (
    input  wire                aclk,
    input  wire                ce,
    input  wire [IN_BITS-1:0]  x,
    input  wire [MUL_BITS-1:0] mul,
    input  wire [ADD_BITS-1:0] add,
    output wire [OUT_BITS-1:0] y
);
    localparam X_BITS = IN_BITS + (IN_KIND == 1 ? 0 : 1); // signed
    localparam P_BITS = X_BITS + MUL_BITS;

    reg  [IN_BITS-1:0]       x_held;
    wire signed [X_BITS-1:0] x_wide;
    wire [P_BITS-1:0]        p_next;
    reg  [P_BITS-1:0]        p;
    reg  [ADD_BITS-1:0]      add_held;
    wire [SUM_BITS-1:0]      p_wide, add_wide;
    reg  [SUM_BITS-1:0]      sum;
    wire [Q_BITS-1:0]        q;
    reg  [Q_BITS-1:0]        clipped;

    lf_cast #(.IN_BITS(IN_BITS), .IN_KIND(IN_KIND), .OUT_BITS(X_BITS), .OUT_KIND(1)) cast_x (.a(x_held), .y(x_wide));
    lf_cast #(.IN_BITS(P_BITS), .IN_KIND(1), .OUT_BITS(SUM_BITS), .OUT_KIND(1)) cast_p (.a(p), .y(p_wide));
    lf_cast #(.IN_BITS(ADD_BITS), .IN_KIND(1), .OUT_BITS(SUM_BITS), .OUT_KIND(1)) cast_add (.a(add_held), .y(add_wide));
    lf_cast #(.IN_BITS(Q_BITS), .IN_KIND(1), .OUT_BITS(OUT_BITS), .OUT_KIND(OUT_KIND)) cast_y (.a(clipped), .y(y));

    generate
        if (DSP != 0) begin : multiplier
            wire signed [MUL_BITS-1:0] factor = mul;
            assign p_next = x_wide * factor;
        end else begin : adders
            assign p_next = times({{MUL_BITS{x_wide[X_BITS-1]}}, x_wide}, mul);
        end
        if (SHIFT < SUM_BITS) begin : shifted
            lf_cast #(.IN_BITS(SUM_BITS - SHIFT), .IN_KIND(1), .OUT_BITS(Q_BITS), .OUT_KIND(1)) cast_q (
                .a(sum[SUM_BITS-1:SHIFT]), .y(q)
            );
        end else begin : gone
            assign q = {Q_BITS{sum[SUM_BITS-1]}};
        end
        if (SHIFT > 0) begin : dropped
            wire unused = &{1'b0, sum};
        end
    endgenerate

    function [P_BITS-1:0] times(input [P_BITS-1:0] a, input [MUL_BITS-1:0] factor);
        integer k;
        begin
            times = {P_BITS{1'b0}};
            for (k = 0; k < MUL_BITS - 1; k = k + 1)
                times = times + ((a << k) & {P_BITS{factor[k]}});
            times = times - ((a << (MUL_BITS - 1)) & {P_BITS{factor[MUL_BITS-1]}});
        end
    endfunction

    wire signed [Q_BITS-1:0] q_signed = q, least = LO, most = HI;
    wire                     low  = CLIP_LO != 0 && q_signed < least;
    wire                     high = CLIP_HI != 0 && q_signed > most;

    always @(posedge aclk)
        if (ce) begin
            x_held   <= x;
            p        <= p_next;
            add_held <= add;
            sum      <= p_wide + add_wide;
            clipped  <= low ? LO : high ? HI : q;
        end
endmodule

`default_nettype wire
