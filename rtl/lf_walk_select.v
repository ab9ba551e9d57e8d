/* lutfisk */
/* The entry of STEP that the one high bit of `move` selects. */
`default_nettype none

module lf_walk_select #(
    parameter MOVES = 3,
    parameter BITS  = 4,
    parameter [MOVES*BITS-1:0] STEP = 0
) (
    input  wire [MOVES-1:0] move,
    output wire [BITS-1:0]  y
);
    genvar b, m;
    generate
        for (b = 0; b < BITS; b = b + 1) begin : digit
            wire [MOVES-1:0] ones;
            for (m = 0; m < MOVES; m = m + 1) begin : from
                assign ones[m] = STEP[m*BITS + b];
            end
            assign y[b] = |(move & ones);
        end
    endgenerate
endmodule

`default_nettype wire
