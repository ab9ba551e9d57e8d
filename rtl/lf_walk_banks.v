/* lutfisk */
/* The rows of a picture in turns over BANKS memories, and ROWS of them, DILATION apart, read at once: row r lies in bank r mod BANKS.
 * `phase` is the bank of the first row that is read; it goes with `at`, and both are taken with `ce`. */
`default_nettype none

module lf_walk_banks #(
    parameter BITS     = 8, // of a word
    parameter WORDS    = 8, // of a row
    parameter A        = 3, // bits of a place in a row
    parameter BANKS    = 4,
    parameter B        = 2, // bits of a bank's number
    parameter ROWS     = 3,
    parameter DILATION = 1,
    parameter BLOCK    = 0  // block RAM, else LUTs
) (
    input  wire                 aclk,
    input  wire                 aresetn,
    input  wire                 push,
    input  wire [BITS-1:0]      data,
    input  wire                 ce,
    input  wire [A-1:0]         at,
    input  wire [B-1:0]         phase,
    output wire [ROWS*BITS-1:0] column // a clock later
);
    localparam [31:0]  LAST32 = WORDS - 1;
    localparam [A-1:0] LAST   = LAST32[A-1:0];
    reg  [A-1:0]     to;
    reg  [BANKS-1:0] bank; // one-hot: of the row that is written
    always @(posedge aclk)
        if (!aresetn) begin
            to   <= {A{1'b0}};
            bank <= {{BANKS-1{1'b0}}, 1'b1};
        end else if (push) begin
            to <= to == LAST ? {A{1'b0}} : to + 1'b1;
            if (to == LAST)
                bank <= {bank[BANKS-2:0], bank[BANKS-1]};
        end

    wire [BANKS*BITS-1:0] q;
    reg  [B-1:0]          phase_q;
    always @(posedge aclk)
        if (ce)
            phase_q <= phase;

    genvar b, i, l;
    generate
        for (b = 0; b < BANKS; b = b + 1) begin : row
            lf_walk_memory #(.BITS(BITS), .WORDS(WORDS), .A(A), .BLOCK(BLOCK)) memory
                (.aclk(aclk), .write(push & bank[b]), .to(to), .data(data), .ce(ce), .at(at), .q(q[b*BITS +: BITS]));
        end
        for (i = 0; i < ROWS; i = i + 1) begin : turned
            for (l = 0; l < BITS; l = l + 1) begin : digit
                wire [BANKS-1:0] from;
                for (b = 0; b < BANKS; b = b + 1) begin : of
                    assign from[b] = q[(b + i * DILATION) % BANKS * BITS + l];
                end
                assign column[i*BITS + l] = from[phase_q];
            end
        end
    endgenerate
endmodule

`default_nettype wire
