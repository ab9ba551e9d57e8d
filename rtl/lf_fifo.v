/* lutfisk */
/* FIFO of exactly DEPTH words; s_axis_tready does not depend on m_axis_tready.
 *   STYLE "srl"          shift register read at the fill level (SRL16/32 on AMD parts); a word appears 1 cycle after it was taken
 *   STYLE "register"     flip-flops, head at a fixed place; 1 cycle
 *   STYLE "distributed"  LUT RAM with an output register; 2 cycles
 *   STYLE "block"        block RAM, whose read register is the output register; 2 cycles
 * DEPTH 1 and 2 are always made of flip-flops ("register"). With DEPTH 1 every second cycle takes a word. */
`default_nettype none

module lf_fifo #(
    parameter WIDTH = 8,
    parameter DEPTH = 16,
    parameter [8*11-1:0] STYLE = "distributed"
) (
    input  wire             aclk,
    input  wire             aresetn,
    input  wire [WIDTH-1:0] s_axis_tdata,
    input  wire             s_axis_tvalid,
    output wire             s_axis_tready,
    output wire [WIDTH-1:0] m_axis_tdata,
    output wire             m_axis_tvalid,
    input  wire             m_axis_tready
);
    generate
        if (DEPTH <= 2 || STYLE == "register") begin : registers
            lf_fifo_register #(.WIDTH(WIDTH), .DEPTH(DEPTH)) fifo (
                .aclk(aclk), .aresetn(aresetn),
                .s_axis_tdata(s_axis_tdata), .s_axis_tvalid(s_axis_tvalid), .s_axis_tready(s_axis_tready),
                .m_axis_tdata(m_axis_tdata), .m_axis_tvalid(m_axis_tvalid), .m_axis_tready(m_axis_tready)
            );
        end else if (STYLE == "srl") begin : shift
            lf_fifo_srl #(.WIDTH(WIDTH), .DEPTH(DEPTH)) fifo (
                .aclk(aclk), .aresetn(aresetn),
                .s_axis_tdata(s_axis_tdata), .s_axis_tvalid(s_axis_tvalid), .s_axis_tready(s_axis_tready),
                .m_axis_tdata(m_axis_tdata), .m_axis_tvalid(m_axis_tvalid), .m_axis_tready(m_axis_tready)
            );
        end else begin : memory
            lf_fifo_memory #(.WIDTH(WIDTH), .DEPTH(DEPTH), .BLOCK(STYLE == "block")) fifo (
                .aclk(aclk), .aresetn(aresetn),
                .s_axis_tdata(s_axis_tdata), .s_axis_tvalid(s_axis_tvalid), .s_axis_tready(s_axis_tready),
                .m_axis_tdata(m_axis_tdata), .m_axis_tvalid(m_axis_tvalid), .m_axis_tready(m_axis_tready)
            );
        end
    endgenerate
endmodule

`default_nettype wire
