/* lutfisk */
/* Joins flow to streams: a run of layers that takes a word every clock and gives what comes of it LATENCY clocks later, and knows of no
 * waiting. A word enters when there is room for its result: there are LATENCY + 2 places in a FIFO behind the run, and a result holds its
 * place from the clock in which its word enters until it is taken. So s_axis_tready comes from a register, the rate is full, and all that
 * entered comes out by itself. A result appears at the output LATENCY + 1 clocks after its word was taken. The run's data in is that of
 * the stream, and its registers move in every clock. */
`default_nettype none

module lf_flow_to_stream #(
    parameter WIDTH   = 8,
    parameter LATENCY = 1
) (
    input  wire             aclk,
    input  wire             aresetn,
    input  wire             s_axis_tvalid,
    output wire             s_axis_tready,
    input  wire [WIDTH-1:0] flow_data,
    output wire [WIDTH-1:0] m_axis_tdata,
    output wire             m_axis_tvalid,
    input  wire             m_axis_tready
);
    function integer address_bits(input integer n);
        for (address_bits = 1; (1 << address_bits) < n; address_bits = address_bits + 1)
            address_bits = address_bits;
    endfunction

    generate
        if (LATENCY == 0) begin : direct
            lf_skid #(.WIDTH(WIDTH)) skid (
                .aclk(aclk), .aresetn(aresetn),
                .s_axis_tdata(flow_data), .s_axis_tvalid(s_axis_tvalid), .s_axis_tready(s_axis_tready),
                .m_axis_tdata(m_axis_tdata), .m_axis_tvalid(m_axis_tvalid), .m_axis_tready(m_axis_tready)
            );
        end else begin : credits
            localparam         PLACES = LATENCY + 2;
            localparam         A      = address_bits(PLACES);
            localparam [31:0]  TOP32  = PLACES - 1;
            localparam [A:0]   TOP    = TOP32[A:0];

            // free: places that are free, less one; -1 (its top bit is set) when there is none.
            reg  [A:0] free;
            wire       enter = s_axis_tvalid & s_axis_tready;
            wire       leave = m_axis_tvalid & m_axis_tready;
            wire       landed, unused_ready;

            assign s_axis_tready = ~free[A];

            always @(posedge aclk)
                if (!aresetn)
                    free <= TOP;
                else if (enter ^ leave)
                    free <= free + {{A{enter}}, 1'b1};

            lf_flow_valid #(.LATENCY(LATENCY)) flying (
                .aclk(aclk), .aresetn(aresetn), .in_valid(enter), .out_valid(landed)
            );
            lf_fifo_srl #(.WIDTH(WIDTH), .DEPTH(PLACES)) fifo (
                .aclk(aclk), .aresetn(aresetn),
                .s_axis_tdata(flow_data), .s_axis_tvalid(landed), .s_axis_tready(unused_ready),
                .m_axis_tdata(m_axis_tdata), .m_axis_tvalid(m_axis_tvalid), .m_axis_tready(m_axis_tready)
            );
        end
    endgenerate
endmodule

`default_nettype wire
