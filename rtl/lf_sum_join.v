/* lutfisk */
/* y = fa * a + fb * b, PE values per beat; a is taken together with b. Stream 0 is a, stream 1 is b (in the higher bits). The constant
 * fa is the sum of the powers of two that A_PLUS has set minus those that A_MINUS has set; fb likewise. STAGES 2: a register behind
 * the products. KIND as in lf_cast. The arithmetic is modulo 2^(OUT_BITS + 1), where every sum that occurs has its place. */
`default_nettype none

module lf_sum_join #(
    parameter              PE       = 1,
    parameter              A_BITS   = 4,
    parameter              A_KIND   = 1,
    parameter              B_BITS   = 4,
    parameter              B_KIND   = 1,
    parameter              OUT_BITS = 5,
    parameter              OUT_KIND = 1,
    parameter              STAGES   = 1,
    parameter [OUT_BITS:0] A_PLUS   = 1,
    parameter [OUT_BITS:0] A_MINUS  = 0,
    parameter [OUT_BITS:0] B_PLUS   = 1,
    parameter [OUT_BITS:0] B_MINUS  = 0
) (
    input  wire                          aclk,
    input  wire                          aresetn,
    input  wire [PE*(A_BITS+B_BITS)-1:0] s_axis_tdata,
    input  wire [1:0]                    s_axis_tvalid,
    output wire [1:0]                    s_axis_tready,
    output wire [PE*OUT_BITS-1:0]        m_axis_tdata,
    output wire                          m_axis_tvalid,
    input  wire                          m_axis_tready
);
    function [OUT_BITS:0] times(input [OUT_BITS:0] x, input [OUT_BITS:0] plus, input [OUT_BITS:0] minus);
        integer k;
        begin
            times = {OUT_BITS+1{1'b0}};
            for (k = 0; k <= OUT_BITS; k = k + 1) begin
                if (plus[k])
                    times = times + (x << k);
                if (minus[k])
                    times = times - (x << k);
            end
        end
    endfunction

    wire ready, ce, unused_beat;

    lf_pipe #(.STAGES(STAGES)) pipe (
        .aclk(aclk), .aresetn(aresetn), .s_axis_tvalid(&s_axis_tvalid), .s_axis_tready(ready),
        .m_axis_tvalid(m_axis_tvalid), .m_axis_tready(m_axis_tready), .ce(ce), .beat(unused_beat)
    );
    assign s_axis_tready = {ready & s_axis_tvalid[0], ready & s_axis_tvalid[1]};

    genvar i;
    generate
        for (i = 0; i < PE; i = i + 1) begin : lane
            wire [OUT_BITS:0] a, b, pa, pb;
            reg  [OUT_BITS:0] y;
            lf_cast #(.IN_BITS(A_BITS), .IN_KIND(A_KIND), .OUT_BITS(OUT_BITS + 1), .OUT_KIND(1)) cast_a (
                .a(s_axis_tdata[i*A_BITS+:A_BITS]), .y(a)
            );
            lf_cast #(.IN_BITS(B_BITS), .IN_KIND(B_KIND), .OUT_BITS(OUT_BITS + 1), .OUT_KIND(1)) cast_b (
                .a(s_axis_tdata[PE*A_BITS+i*B_BITS+:B_BITS]), .y(b)
            );
            if (STAGES == 1) begin : direct
                assign pa = times(a, A_PLUS, A_MINUS);
                assign pb = times(b, B_PLUS, B_MINUS);
            end else begin : factors
                reg [OUT_BITS:0] ra, rb;
                always @(posedge aclk)
                    if (ce) begin
                        ra <= times(a, A_PLUS, A_MINUS);
                        rb <= times(b, B_PLUS, B_MINUS);
                    end
                assign pa = ra;
                assign pb = rb;
            end
            always @(posedge aclk)
                if (ce)
                    y <= pa + pb;
            lf_cast #(.IN_BITS(OUT_BITS + 1), .IN_KIND(1), .OUT_BITS(OUT_BITS), .OUT_KIND(OUT_KIND)) cast_y (
                .a(y), .y(m_axis_tdata[i*OUT_BITS+:OUT_BITS])
            );
        end
    endgenerate
endmodule

`default_nettype wire
