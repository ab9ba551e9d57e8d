/* lutfisk */
/* One wide beat becomes N narrow beats, lowest bits first; full rate. The first narrow beat appears one cycle after the wide
 * one was taken. */
`default_nettype none

module lf_narrow #(
    parameter OUT_WIDTH = 8,
    parameter N         = 4
) (
    input  wire                   aclk,
    input  wire                   aresetn,
    input  wire [OUT_WIDTH*N-1:0] s_axis_tdata,
    input  wire                   s_axis_tvalid,
    output wire                   s_axis_tready,
    output wire [OUT_WIDTH-1:0]   m_axis_tdata,
    output wire                   m_axis_tvalid,
    input  wire                   m_axis_tready
);
    function integer count_bits(input integer n);
        for (count_bits = 1; (1 << count_bits) < n; count_bits = count_bits + 1)
            count_bits = count_bits;
    endfunction

    localparam         C      = count_bits(N);
    localparam [31:0]  LAST32 = N - 1;
    localparam [C-1:0] LAST   = LAST32[C-1:0];

    reg  [OUT_WIDTH*N-1:0] word;
    reg  [C-1:0]           left; // narrow beats behind the one at the output
    reg                    some;
    wire                   last = left == {C{1'b0}};

    assign s_axis_tready = ~some | (m_axis_tready & last);
    assign m_axis_tdata  = word[OUT_WIDTH-1:0];
    assign m_axis_tvalid = some;

    // The upper part need not be cleared behind the last beat.
    always @(posedge aclk)
        if (s_axis_tready)
            word <= s_axis_tdata;
        else if (m_axis_tready)
            word <= {word[OUT_WIDTH*N-1:OUT_WIDTH*(N-1)], word[OUT_WIDTH*N-1:OUT_WIDTH]};

    always @(posedge aclk)
        if (!aresetn) begin
            some <= 1'b0;
            left <= {C{1'b0}};
        end else if (s_axis_tready) begin
            some <= s_axis_tvalid;
            left <= LAST;
        end else if (m_axis_tready)
            left <= left - 1'b1;
endmodule

`default_nettype wire
