// Adders and subtractors become $alu cells before synthesis: Yosys would otherwise merge chains of them into $macc cells, which it maps
// to plain logic without carry chains.
(* techmap_celltype = "$add $sub" *)
module lf_add_to_alu (A, B, Y);
    parameter A_SIGNED = 0;
    parameter B_SIGNED = 0;
    parameter A_WIDTH = 1;
    parameter B_WIDTH = 1;
    parameter Y_WIDTH = 1;
    parameter _TECHMAP_CELLTYPE_ = "";
    input [A_WIDTH-1:0] A;
    input [B_WIDTH-1:0] B;
    output [Y_WIDTH-1:0] Y;
    localparam MINUS = _TECHMAP_CELLTYPE_ == "$sub";
    localparam BOTH_SIGNED = A_SIGNED && B_SIGNED;
    wire [Y_WIDTH-1:0] unused_x, unused_co; // $alu must have them connected
    \$alu #(.A_SIGNED(BOTH_SIGNED), .B_SIGNED(BOTH_SIGNED), .A_WIDTH(A_WIDTH), .B_WIDTH(B_WIDTH), .Y_WIDTH(Y_WIDTH))
        sum (.A(A), .B(B), .CI(MINUS), .BI(MINUS), .X(unused_x), .Y(Y), .CO(unused_co));
endmodule
