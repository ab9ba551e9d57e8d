/* lutfisk */
/* A look-up table of up to six inputs that stays one: o is bit i of TABLE.
 *
 * Two views. With LF_LUT_PRIMITIVES it is the primitive LUT1 .. LUT6 of Xilinx's families, which no mapper takes apart: Yosys then keeps a mapped network
 * as it is, in a tenth of the time (doc/dev/circuits.md). Yosys gets that view by itself unless LF_LUT_GENERIC is defined, as it must be for other
 * families. Everyone else gets a constant with an index.
 *
 * LOOSE: a mapper may merge it with what reads it, the LUTs of a carry chain. */
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
    generate
        if (LOOSE != 0) begin : loose
            localparam [(1<<INPUTS)-1:0] T = TABLE[(1<<INPUTS)-1:0];
            assign o = T[i];
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
