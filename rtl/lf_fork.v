/* lutfisk */
/* One stream to N equal ones. A beat appears at every output one clock after it was taken and stays at each until that one has
 * taken it; the next one is taken in the clock in which the last output takes. Full rate. Output 0 in the lowest bits. */
`default_nettype none

module lf_fork #(
    parameter WIDTH = 8,
    parameter N     = 2
) (
    input  wire               aclk,
    input  wire               aresetn,
    input  wire [WIDTH-1:0]   s_axis_tdata,
    input  wire               s_axis_tvalid,
    output wire               s_axis_tready,
    output wire [N*WIDTH-1:0] m_axis_tdata,
    output wire [N-1:0]       m_axis_tvalid,
    input  wire [N-1:0]       m_axis_tready
);
    reg [WIDTH-1:0] word;
    reg [N-1:0]     valid; // who has not taken it yet

    wire [N-1:0] rest = valid & ~m_axis_tready;

    // not ~|rest: synthesizers would spend an inverter on every enable
    assign s_axis_tready = &(~valid | m_axis_tready);
    assign m_axis_tdata  = {N{word}};
    assign m_axis_tvalid = valid;

    always @(posedge aclk)
        if (s_axis_tready)
            word <= s_axis_tdata;

    always @(posedge aclk)
        if (!aresetn)
            valid <= {N{1'b0}};
        else
            valid <= rest | {N{s_axis_tready & s_axis_tvalid}};
endmodule

`default_nettype wire
