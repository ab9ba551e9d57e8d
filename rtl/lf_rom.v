/* lutfisk */
/* Table of DEPTH words with a registered output: the word at `a` appears after the next clock with `ce`. The words come from
 * the file FILE in `LF_MEM_DIR, exactly DEPTH lines. BLOCK: in block RAM, else in LUTs ("registers" is the style that every
 * synthesizer takes for "no RAM"; "distributed" asks some of them for a RAM that can be written). */
`default_nettype none
`ifndef LF_MEM_DIR
`define LF_MEM_DIR "./"
`endif

module lf_rom #(
    parameter WIDTH  = 8,
    parameter DEPTH  = 128,
    parameter A_BITS = 7,
    parameter BLOCK  = 0,
    parameter FILE   = ""
) (
    input  wire              aclk,
    input  wire              ce,
    input  wire [A_BITS-1:0] a,
    output wire [WIDTH-1:0]  q
);
    reg [WIDTH-1:0] word;
    assign q = word;

    /* verilator lint_off UNDRIVEN */ // no FILE, no content: only when the unit is read by itself

    generate
        if (BLOCK != 0) begin : block
            (* ram_style = "block", rom_style = "block" *) reg [WIDTH-1:0] mem [0:DEPTH-1];
            if (FILE != "") begin : content
                initial $readmemh({`LF_MEM_DIR, FILE}, mem);
            end
            always @(posedge aclk)
                if (ce)
                    word <= mem[a];
        end else begin : logic_cells
            (* ram_style = "registers" *) reg [WIDTH-1:0] mem [0:DEPTH-1];
            if (FILE != "") begin : content
                initial $readmemh({`LF_MEM_DIR, FILE}, mem);
            end
            always @(posedge aclk)
                if (ce)
                    word <= mem[a];
        end
    endgenerate
    /* verilator lint_on UNDRIVEN */
endmodule

`default_nettype wire
