/* lutfisk */
/* y = a * b, PE values per beat; a is taken together with b. Stream 0 is a, stream 1 is b (in the higher bits). A register before
 * the multiplication and one behind it; a bipolar operand only chooses the sign. KIND as in lf_cast. */
`default_nettype none

module lf_product_join #(
    parameter PE       = 1,
    parameter A_BITS   = 4,
    parameter A_KIND   = 1,
    parameter B_BITS   = 4,
    parameter B_KIND   = 1,
    parameter OUT_BITS = 8,
    parameter OUT_KIND = 1
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
    localparam A_WIDE = A_BITS + (A_KIND == 1 ? 0 : 1); // signed
    localparam B_WIDE = B_BITS + (B_KIND == 1 ? 0 : 1);

    wire ready, ce, unused_beat;

    lf_pipe #(.STAGES(2)) pipe (
        .aclk(aclk), .aresetn(aresetn), .s_axis_tvalid(&s_axis_tvalid), .s_axis_tready(ready),
        .m_axis_tvalid(m_axis_tvalid), .m_axis_tready(m_axis_tready), .ce(ce), .beat(unused_beat)
    );
    assign s_axis_tready = {ready & s_axis_tvalid[0], ready & s_axis_tvalid[1]};

    genvar i;
    generate
        for (i = 0; i < PE; i = i + 1) begin : lane
            reg         [A_BITS-1:0]        a;
            reg         [B_BITS-1:0]        b;
            wire signed [A_WIDE-1:0]        wide_a;
            wire signed [B_WIDE-1:0]        wide_b;
            reg  signed [A_WIDE+B_WIDE-1:0] y;
            wire signed [A_WIDE+B_WIDE-1:0] product;
            lf_cast #(.IN_BITS(A_BITS), .IN_KIND(A_KIND), .OUT_BITS(A_WIDE), .OUT_KIND(1)) cast_a (.a(a), .y(wide_a));
            lf_cast #(.IN_BITS(B_BITS), .IN_KIND(B_KIND), .OUT_BITS(B_WIDE), .OUT_KIND(1)) cast_b (.a(b), .y(wide_b));
            always @(posedge aclk)
                if (ce) begin
                    a <= s_axis_tdata[i*A_BITS+:A_BITS];
                    b <= s_axis_tdata[PE*A_BITS+i*B_BITS+:B_BITS];
                    y <= product;
                end
            if (A_KIND == 2) begin : sign_a
                assign product = a[0] ? {{A_WIDE{wide_b[B_WIDE-1]}}, wide_b} : -{{A_WIDE{wide_b[B_WIDE-1]}}, wide_b};
                wire unused = &{1'b0, wide_a};
            end else if (B_KIND == 2) begin : sign_b
                assign product = b[0] ? {{B_WIDE{wide_a[A_WIDE-1]}}, wide_a} : -{{B_WIDE{wide_a[A_WIDE-1]}}, wide_a};
                wire unused = &{1'b0, wide_b};
            end else begin : full
                assign product = wide_a * wide_b;
            end
            lf_cast #(.IN_BITS(A_WIDE + B_WIDE), .IN_KIND(1), .OUT_BITS(OUT_BITS), .OUT_KIND(OUT_KIND)) cast_y (
                .a(y), .y(m_axis_tdata[i*OUT_BITS+:OUT_BITS])
            );
        end
    endgenerate
endmodule

`default_nettype wire
