/* lutfisk */
/* N narrow beats become one wide beat, the first one in the lowest bits; full rate. Shifts in at the top, so no bit needs a
 * multiplexer. The wide beat appears one cycle after its last narrow beat was taken. */
`default_nettype none

module lf_widen #(
    parameter IN_WIDTH = 8,
    parameter N        = 4
) (
    input  wire                  aclk,
    input  wire                  aresetn,
    input  wire [IN_WIDTH-1:0]   s_axis_tdata,
    input  wire                  s_axis_tvalid,
    output wire                  s_axis_tready,
    output wire [IN_WIDTH*N-1:0] m_axis_tdata,
    output wire                  m_axis_tvalid,
    input  wire                  m_axis_tready
);
    function integer count_bits(input integer n);
        for (count_bits = 1; (1 << count_bits) < n; count_bits = count_bits + 1)
            count_bits = count_bits;
    endfunction

    localparam         C      = count_bits(N);
    localparam [31:0]  LAST32 = N - 1;
    localparam [C-1:0] LAST   = LAST32[C-1:0];

    reg  [IN_WIDTH*N-1:0] word;
    reg  [C-1:0]          at;
    reg                   full;
    wire                  take = s_axis_tvalid & s_axis_tready;

    assign s_axis_tready = ~full | m_axis_tready;
    assign m_axis_tdata  = word;
    assign m_axis_tvalid = full;

    always @(posedge aclk)
        if (take)
            word <= {s_axis_tdata, word[IN_WIDTH*N-1:IN_WIDTH]};

    always @(posedge aclk)
        if (!aresetn) begin
            at   <= {C{1'b0}};
            full <= 1'b0;
        end else begin
            if (take)
                at <= at == LAST ? {C{1'b0}} : at + 1'b1;
            full <= (take & at == LAST) | (full & ~m_axis_tready);
        end
endmodule

`default_nettype wire
