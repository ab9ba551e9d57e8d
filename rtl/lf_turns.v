/* lutfisk */
/* Whose turn it is among N streams that take turns for BEATS beats each (32 bits of BEATS per stream, the first in the lowest):
 * one bit of `turn` is set. */
`default_nettype none

module lf_turns #(
    parameter            N         = 2,
    parameter [32*N-1:0] BEATS     = {32'd3, 32'd2},
    parameter            BEAT_BITS = 2
) (
    input  wire         aclk,
    input  wire         aresetn,
    input  wire         move,
    output reg  [N-1:0] turn
);
    reg  [BEAT_BITS-1:0] beat;
    wire [N-1:0]         ends;
    wire                 last = |(ends & turn);

    genvar i;
    generate
        for (i = 0; i < N; i = i + 1) begin : stream
            localparam [31:0] LAST32 = BEATS[32*i+:32] - 32'd1;
            assign ends[i] = beat == LAST32[BEAT_BITS-1:0];
        end
    endgenerate

    always @(posedge aclk)
        if (!aresetn) begin
            turn <= {{N-1{1'b0}}, 1'b1};
            beat <= {BEAT_BITS{1'b0}};
        end else if (move) begin
            beat <= last ? {BEAT_BITS{1'b0}} : beat + 1'b1;
            if (last)
                turn <= {turn[N-2:0], turn[N-1]};
        end
endmodule

`default_nettype wire
