/* lutfisk */
/* ROWS rows of a picture, DILATION apart, that go down with every turn of a walk: which of them are outside, and how far the last
 * row inside goes down with the next turn: by STRIDE, by less, or (the picture is at its end) not at all. */
`default_nettype none

module lf_walk_rows #(
    parameter ROWS     = 3,
    parameter DILATION = 1,
    parameter STRIDE   = 1,
    parameter HEIGHT   = 8,
    parameter TOP      = -1, // the first of them in the first turn
    parameter BITS     = 8   // signed, for everything from TOP on and all that it is compared with
) (
    input  wire            aclk,
    input  wire            aresetn,
    input  wire            turn,  // to the next turn
    input  wire            again, // to the first one
    output wire [ROWS-1:0] outside,
    output wire            less,
    output wire            end_of_picture
);
    localparam SPAN = (ROWS - 1) * DILATION;
    localparam signed [31:0] FULL32 = HEIGHT - 1 - SPAN - STRIDE, END32 = HEIGHT - 1 - SPAN, TOP32 = TOP,
                             STRIDE32 = STRIDE;
    localparam signed [BITS-1:0] FULL = FULL32[BITS-1:0], END = END32[BITS-1:0], FIRST = TOP32[BITS-1:0],
                                 DOWN = STRIDE32[BITS-1:0];
    reg signed [BITS-1:0] at; // the first row

    assign end_of_picture = at >= END;
    assign less = ~end_of_picture & (at > FULL);

    genvar i;
    generate
        for (i = 0; i < ROWS; i = i + 1) begin : row
            localparam signed [31:0] ABOVE32 = -i * DILATION, BELOW32 = HEIGHT - i * DILATION;
            localparam signed [BITS-1:0] ABOVE = ABOVE32[BITS-1:0], BELOW = BELOW32[BITS-1:0];
            assign outside[i] = at < ABOVE || at >= BELOW;
        end
    endgenerate

    always @(posedge aclk)
        if (!aresetn)
            at <= FIRST;
        else if (again)
            at <= FIRST;
        else if (turn)
            at <= at + DOWN;
endmodule

`default_nettype wire
