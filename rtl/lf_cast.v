/* lutfisk */
/* One value in another width: a code that both sides can write, unchanged. KIND: 0 unsigned, 1 two's complement, 2 bipolar (one
 * bit: 0 is -1, 1 is +1). */
`default_nettype none

module lf_cast #(
    parameter IN_BITS  = 4,
    parameter IN_KIND  = 1,
    parameter OUT_BITS = 5,
    parameter OUT_KIND = 1
) (
    input  wire [IN_BITS-1:0]  a,
    output wire [OUT_BITS-1:0] y
);
    generate
        if (OUT_KIND == 2) begin : to_bipolar
            if (IN_KIND == 1) begin : sign
                assign y[0] = ~a[IN_BITS-1];
            end else begin : same
                assign y[0] = a[0];
            end
            wire unused = &{1'b0, a};
        end else if (IN_KIND == 2) begin : from_bipolar
            wire [OUT_BITS:0] wide = {{OUT_BITS{~a[0]}}, 1'b1};
            wire              unused = wide[OUT_BITS];
            assign y = wide[OUT_BITS-1:0];
        end else begin : extend
            wire [OUT_BITS+IN_BITS-1:0] wide = {{OUT_BITS{IN_KIND == 1 ? a[IN_BITS-1] : 1'b0}}, a};
            wire [IN_BITS-1:0]          unused = wide[OUT_BITS+IN_BITS-1:OUT_BITS];
            assign y = wide[OUT_BITS-1:0];
        end
    endgenerate
endmodule

`default_nettype wire
