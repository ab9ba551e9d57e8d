/* lutfisk */
/* N streams take turns: stream i gives BEATS[i] beats of PE values per pixel. BITS (8 bits per stream) and KIND (2 bits per stream,
 * as in lf_cast) say how each writes a value. Stream 0 in the lowest bits everywhere. */
`default_nettype none

module lf_concat_join #(
    parameter            N         = 2,
    parameter            PE        = 1,
    parameter [8*N-1:0]  BITS      = {8'd2, 8'd3},
    parameter [2*N-1:0]  KIND      = {2'd1, 2'd0},
    parameter [32*N-1:0] BEATS     = {32'd3, 32'd2},
    parameter            BEAT_BITS = 2,
    parameter            IN_WIDTH  = 5, // of all streams together
    parameter            OUT_BITS  = 4,
    parameter            OUT_KIND  = 1
) (
    input  wire                   aclk,
    input  wire                   aresetn,
    input  wire [IN_WIDTH-1:0]    s_axis_tdata,
    input  wire [N-1:0]           s_axis_tvalid,
    output wire [N-1:0]           s_axis_tready,
    output wire [PE*OUT_BITS-1:0] m_axis_tdata,
    output wire                   m_axis_tvalid,
    input  wire                   m_axis_tready
);
    function integer start_of(input integer stream); // first bit of a stream
        integer k;
        begin
            start_of = 0;
            for (k = 0; k < stream; k = k + 1)
                start_of = start_of + PE * BITS[8*k+:8];
        end
    endfunction

    wire [N-1:0]           turn;
    wire                   ce, unused_beat;
    wire                   offered = |(s_axis_tvalid & turn);
    reg  [PE*OUT_BITS-1:0] y;

    lf_turns #(.N(N), .BEATS(BEATS), .BEAT_BITS(BEAT_BITS)) turns (
        .aclk(aclk), .aresetn(aresetn), .move(ce & offered), .turn(turn)
    );
    wire unused_ready;
    lf_pipe #(.STAGES(1)) pipe (
        .aclk(aclk), .aresetn(aresetn), .s_axis_tvalid(offered), .s_axis_tready(unused_ready),
        .m_axis_tvalid(m_axis_tvalid), .m_axis_tready(m_axis_tready), .ce(ce), .beat(unused_beat)
    );
    assign s_axis_tready = turn & {N{ce}};
    assign m_axis_tdata  = y;

    genvar i, k;
    generate
        for (i = 0; i < N; i = i + 1) begin : stream
            localparam IN    = {24'd0, BITS[8*i+:8]};
            localparam START = start_of(i);
            wire [PE*OUT_BITS-1:0] own;
            for (k = 0; k < PE; k = k + 1) begin : lane
                lf_cast #(.IN_BITS(IN), .IN_KIND(KIND[2*i+:2]), .OUT_BITS(OUT_BITS), .OUT_KIND(OUT_KIND)) cast (
                    .a(s_axis_tdata[START+k*IN+:IN]), .y(own[k*OUT_BITS+:OUT_BITS])
                );
            end
            wire [PE*OUT_BITS-1:0] chosen; // of the streams up to here
            if (i == 0) begin : first
                assign chosen = own & {PE*OUT_BITS{turn[i]}};
            end else begin : later
                assign chosen = stream[i-1].chosen | (own & {PE*OUT_BITS{turn[i]}});
            end
        end
    endgenerate

    always @(posedge aclk)
        if (ce)
            y <= stream[N-1].chosen;
endmodule

`default_nettype wire
