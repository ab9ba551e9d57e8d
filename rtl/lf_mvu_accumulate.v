/* lutfisk */
/* PE accumulators of AC bits: acc = preset + the sum of s over the steps of a pass, modulo 2^AC. With ACC = 0 a pass is one step
 * and there is no register. The sum stands first in the addition: then selection, addition and carry take one LUT per bit. */
`default_nettype none

module lf_mvu_accumulate #(
    parameter PE = 1,
    parameter SB = 1, /* bits of a sum, at most AC */
    parameter AC = 1,
    parameter ACC = 0
) (
    input  wire             aclk,
    input  wire             add,
    input  wire             first,
    input  wire [PE*SB-1:0] s,
    input  wire [PE*AC-1:0] preset,
    output wire [PE*AC-1:0] acc
);
    genvar p;
    generate
        for (p = 0; p < PE; p = p + 1) begin : row
            wire [AC-1:0] sum;
            if (SB < AC) begin : extend
                assign sum = {{(AC - SB){1'b0}}, s[p*SB +: SB]};
            end else begin : same
                assign sum = s[p*SB +: AC];
            end
            if (ACC != 0) begin : fold
                reg [AC-1:0] a;
                always @(posedge aclk)
                    if (add)
                        a <= sum + (first ? preset[p*AC +: AC] : a);
                assign acc[p*AC +: AC] = a;
            end else begin : once
                assign acc[p*AC +: AC] = sum + preset[p*AC +: AC];
            end
        end
        if (ACC == 0) begin : quiet
            wire unused = &{1'b0, aclk, add, first};
        end
    endgenerate
endmodule

`default_nettype wire
