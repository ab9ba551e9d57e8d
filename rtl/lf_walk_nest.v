/* lutfisk */
/* Nested counters, level 0 the innermost: what changes when the walk goes on from where it stands. Level i counts to N[i]; a
 * move raises the first level that is not at its end and sets those below it to 0; at the end of all, every level is set to 0
 * and `whole` is high. `move` selects by one-hot: bit i is high when level i is the one that rises, bit LEVELS for `whole`. */
`default_nettype none

module lf_walk_nest #(
    parameter LEVELS = 2,
    parameter [LEVELS*32-1:0] N = {32'd2, 32'd2}
) (
    input  wire              aclk,
    input  wire              aresetn,
    input  wire              step,
    output wire [LEVELS:0]   move
);
    function integer count_bits(input integer n);
        for (count_bits = 1; (1 << count_bits) < n; count_bits = count_bits + 1)
            count_bits = count_bits;
    endfunction

    wire [LEVELS-1:0] last;
    wire [LEVELS:0]   below; // every lower level is at its end
    assign below[0] = 1'b1;
    assign move = below & ~{1'b0, last};

    genvar i;
    generate
        for (i = 0; i < LEVELS; i = i + 1) begin : level
            localparam [31:0] COUNT = N[i*32 +: 32];
            assign below[i+1] = &last[i:0];
            if (COUNT == 1) begin : single
                assign last[i] = 1'b1;
            end else begin : counter
                localparam         W      = count_bits(COUNT);
                localparam [31:0]  LAST32 = COUNT - 1;
                localparam [W-1:0] LAST   = LAST32[W-1:0];
                reg [W-1:0] at;
                assign last[i] = at == LAST;
                always @(posedge aclk)
                    if (!aresetn)
                        at <= {W{1'b0}};
                    else if (step & below[i])
                        at <= last[i] ? {W{1'b0}} : at + 1'b1;
            end
        end
    endgenerate
endmodule

`default_nettype wire
