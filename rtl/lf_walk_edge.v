/* lutfisk */
/* Where a walk stands along one axis of a picture, and whether that is outside of 0 .. SIZE - 1. It begins at BEGIN and moves by
 * the entry of STEP that `move` selects; positions are modulo 2^BITS, those from LIMIT on count as negative. */
`default_nettype none

module lf_walk_edge #(
    parameter MOVES = 3,
    parameter BITS  = 4,
    parameter [BITS-1:0] BEGIN = 0,
    parameter [BITS-1:0] SIZE = 1,
    parameter [MOVES*BITS-1:0] STEP = 0
) (
    input  wire             aclk,
    input  wire             aresetn,
    input  wire             step,
    input  wire [MOVES-1:0] move,
    output wire             outside
);
    reg  [BITS-1:0] at;
    wire [BITS-1:0] delta;
    lf_walk_select #(.MOVES(MOVES), .BITS(BITS), .STEP(STEP)) select (.move(move), .y(delta));

    assign outside = at >= SIZE;

    always @(posedge aclk)
        if (!aresetn)
            at <= BEGIN;
        else if (step)
            at <= at + delta;
endmodule

`default_nettype wire
