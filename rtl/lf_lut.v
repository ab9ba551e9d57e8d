/* lutfisk */
/* A look-up table of up to six inputs that stays one: o is bit i of TABLE.
 *
 * Two views. With LF_LUT_PRIMITIVES it is the primitive LUT1 .. LUT6 of Xilinx's families, which no mapper takes apart: Yosys then keeps a mapped network
 * as it is, in a tenth of the time (doc/dev/circuits.md). Yosys gets that view by itself unless LF_LUT_GENERIC is defined, as it must be for other
 * families. Everyone else gets a constant with an index.
 *
 * LOOSE: a mapper may merge it with what reads it, the LUTs of a carry chain. It is written as an exclusive or of products of inputs (Reed and Muller's form):
 * Yosys looks for pairs of indices of constants that could share hardware, which took 16 GB for 40,000 of them. */
`default_nettype none

`ifdef YOSYS
`ifndef LF_LUT_GENERIC
`define LF_LUT_PRIMITIVES
`endif
`endif

module lf_lut #(
    parameter        INPUTS = 6,
    /* verilator lint_off UNUSEDPARAM */
    parameter        LOOSE  = 0, /* only primitives ask */
    /* verilator lint_on UNUSEDPARAM */
    parameter [63:0] TABLE  = 64'h8000000000000000
) (
    input  wire [INPUTS-1:0] i,
    output wire              o
);
`ifdef LF_LUT_PRIMITIVES
    localparam SIZE = 1 << INPUTS;

    /* Which products the exclusive or of a table is of. */
    function [SIZE-1:0] products(input [SIZE-1:0] t);
        integer k, m;
        begin
            products = t;
            for (k = 0; k < INPUTS; k = k + 1)
                for (m = 0; m < SIZE; m = m + 1)
                    if ((m >> k) & 1)
                        products[m] = products[m] ^ products[m - (1 << k)];
        end
    endfunction

    /* Which products must be there to make these: a product is one of an input less, and that input, the lowest. */
    function [SIZE-1:0] made(input [SIZE-1:0] wanted);
        integer m;
        begin
            made = wanted;
            for (m = SIZE - 1; m > 0; m = m - 1)
                if (made[m])
                    made[m & (m - 1)] = 1'b1;
        end
    endfunction

    function integer lowest(input integer m);
        begin
            lowest = 0;
            while (((m >> lowest) & 1) == 0)
                lowest = lowest + 1;
        end
    endfunction

    generate
        if (LOOSE != 0) begin : loose
            localparam [SIZE-1:0] SUMMED = products(TABLE[SIZE-1:0]), MADE = made(SUMMED);
            wire [SIZE-1:0] product, sum; /* product[m]: of the inputs in m; sum[m]: of the products up to m */
            genvar m;
            for (m = 0; m < SIZE; m = m + 1) begin : each
                if (m == 0)
                    assign product[m] = 1'b1;
                else if ((m & (m - 1)) == 0)
                    assign product[m] = i[lowest(m)];
                else if (MADE[m])
                    assign product[m] = product[m & (m - 1)] & i[lowest(m)];
                if (m == 0)
                    assign sum[m] = SUMMED[0];
                else if (SUMMED[m])
                    assign sum[m] = sum[m - 1] ^ product[m];
                else
                    assign sum[m] = sum[m - 1];
            end
            assign o = sum[SIZE-1];
        end else if (INPUTS == 6) begin : six
            LUT6 #(.INIT(TABLE)) lut (.O(o), .I0(i[0]), .I1(i[1]), .I2(i[2]), .I3(i[3]), .I4(i[4]), .I5(i[5]));
        end else if (INPUTS == 5) begin : five
            LUT5 #(.INIT(TABLE[31:0])) lut (.O(o), .I0(i[0]), .I1(i[1]), .I2(i[2]), .I3(i[3]), .I4(i[4]));
        end else if (INPUTS == 4) begin : four
            LUT4 #(.INIT(TABLE[15:0])) lut (.O(o), .I0(i[0]), .I1(i[1]), .I2(i[2]), .I3(i[3]));
        end else if (INPUTS == 3) begin : three
            LUT3 #(.INIT(TABLE[7:0])) lut (.O(o), .I0(i[0]), .I1(i[1]), .I2(i[2]));
        end else if (INPUTS == 2) begin : two
            LUT2 #(.INIT(TABLE[3:0])) lut (.O(o), .I0(i[0]), .I1(i[1]));
        end else begin : one
            LUT1 #(.INIT(TABLE[1:0])) lut (.O(o), .I0(i[0]));
        end
    endgenerate
`else
    localparam [(1<<INPUTS)-1:0] T = TABLE[(1<<INPUTS)-1:0];
    assign o = T[i];
`endif
endmodule

`ifdef YOSYS
`ifdef LF_LUT_PRIMITIVES
/* The ports, for a hierarchy that is checked before the family's own cells are read. */
(* blackbox *) module LUT6 #(parameter [63:0] INIT = 0) (output wire O, input wire I0, I1, I2, I3, I4, I5); endmodule
(* blackbox *) module LUT5 #(parameter [31:0] INIT = 0) (output wire O, input wire I0, I1, I2, I3, I4); endmodule
(* blackbox *) module LUT4 #(parameter [15:0] INIT = 0) (output wire O, input wire I0, I1, I2, I3); endmodule
(* blackbox *) module LUT3 #(parameter [7:0] INIT = 0) (output wire O, input wire I0, I1, I2); endmodule
(* blackbox *) module LUT2 #(parameter [3:0] INIT = 0) (output wire O, input wire I0, I1); endmodule
(* blackbox *) module LUT1 #(parameter [1:0] INIT = 0) (output wire O, input wire I0); endmodule
`endif
`endif

`default_nettype wire
