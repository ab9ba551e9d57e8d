/* A read-only memory with a registered output: weights, or the presets of the accumulators. The contents stand in FILE, one word
 * a line, found in the directory LF_MEM_DIR ends with. */
`ifndef LF_MEM_DIR
`define LF_MEM_DIR "./"
`endif
module lf_mvu_memory #(
    parameter W = 1,
    parameter DEPTH = 2,
    parameter AB = 1,
    parameter BLOCK = 0, /* 1: block RAM; 0: as the synthesizer likes */
    parameter FILE = ""
) (
    input  wire          aclk,
    input  wire          ce,
    input  wire [AB-1:0] address,
    output reg  [W-1:0]  q
);
    /* verilator lint_off UNDRIVEN */
    generate
        if (BLOCK != 0) begin : block
            (* ram_style = "block" *) reg [W-1:0] m [0:DEPTH-1];
            if (FILE != "") begin : load
                initial $readmemh({`LF_MEM_DIR, FILE}, m);
            end
            always @(posedge aclk)
                if (ce)
                    q <= m[address];
        end else begin : any
            reg [W-1:0] m [0:DEPTH-1];
            if (FILE != "") begin : load
                initial $readmemh({`LF_MEM_DIR, FILE}, m);
            end
            always @(posedge aclk)
                if (ce)
                    q <= m[address];
        end
    endgenerate
    /* verilator lint_on UNDRIVEN */
endmodule
