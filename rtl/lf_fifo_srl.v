/* lutfisk */
/* FIFO of DEPTH words in shift registers that are read at the fill level. Small on parts with SRLs, flip-flops elsewhere. */
`default_nettype none

module lf_fifo_srl #(
    parameter WIDTH = 8,
    parameter DEPTH = 16
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
    function integer address_bits(input integer n);
        for (address_bits = 1; (1 << address_bits) < n; address_bits = address_bits + 1)
            address_bits = address_bits;
    endfunction

    localparam         A     = address_bits(DEPTH);
    localparam [31:0]  TOP32 = DEPTH - 1;
    localparam [A:0]   TOP   = TOP32[A:0];

    // last: where the oldest word stands; -1 (its top bit is set) when there is none.
    reg  [A:0] last;
    wire       push = s_axis_tvalid & s_axis_tready;
    wire       pop  = m_axis_tvalid & m_axis_tready;

    assign s_axis_tready = last != TOP;
    assign m_axis_tvalid = ~last[A];

    always @(posedge aclk)
        if (!aresetn)
            last <= {A+1{1'b1}};
        else if (push ^ pop)
            last <= last + {{A{pop}}, 1'b1};

    genvar i;
    generate
        for (i = 0; i < WIDTH; i = i + 1) begin : lane
            reg [DEPTH-1:0] sr;
            always @(posedge aclk)
                if (push)
                    sr <= {sr[DEPTH-2:0], s_axis_tdata[i]};
            assign m_axis_tdata[i] = sr[last[A-1:0]];
        end
    endgenerate
endmodule

`default_nettype wire
