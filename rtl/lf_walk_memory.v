/* lutfisk */
/* A memory that is written at one place and read at another, the word a clock later. */
`default_nettype none

module lf_walk_memory #(
    parameter BITS  = 8,
    parameter WORDS = 16,
    parameter A     = 4,
    parameter BLOCK = 0 // block RAM, else LUTs
) (
    input  wire            aclk,
    input  wire            write,
    input  wire [A-1:0]    to,
    input  wire [BITS-1:0] data,
    input  wire            ce,
    input  wire [A-1:0]    at,
    output wire [BITS-1:0] q
);
    genvar c;
    generate
        if (BLOCK != 0) begin : block
            /* Columns of 36 bits: Yosys 0.23 joins wrong parity inputs where a block RAM is written 72 bits wide. */
            for (c = 0; c < BITS; c = c + 36) begin : column
                localparam W = BITS - c < 36 ? BITS - c : 36;
                (* ram_style = "block" *) reg [W-1:0] mem [0:WORDS-1];
                reg [W-1:0] word;
                assign q[c +: W] = word;
                always @(posedge aclk)
                    if (write)
                        mem[to] <= data[c +: W];
                always @(posedge aclk)
                    if (ce)
                        word <= mem[at];
            end
        end else begin : distributed
            (* ram_style = "distributed" *) reg [BITS-1:0] mem [0:WORDS-1];
            reg [BITS-1:0] word;
            assign q = word;
            always @(posedge aclk)
                if (write)
                    mem[to] <= data;
            always @(posedge aclk)
                if (ce)
                    word <= mem[at];
        end
    endgenerate
endmodule

`default_nettype wire
