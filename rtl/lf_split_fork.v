/* lutfisk */
/* One stream to N that take turns: output i gets BEATS[i] beats of PE values per pixel. BITS and KIND as in lf_concat_join, of the
 * outputs. Output 0 in the lowest bits everywhere. A beat appears one clock after it was taken. */
`default_nettype none

module lf_split_fork #(
    parameter            N         = 2,
    parameter            PE        = 1,
    parameter            IN_BITS   = 4,
    parameter            IN_KIND   = 1,
    parameter [8*N-1:0]  BITS      = {8'd2, 8'd3},
    parameter [2*N-1:0]  KIND      = {2'd1, 2'd0},
    parameter [32*N-1:0] BEATS     = {32'd3, 32'd2},
    parameter            BEAT_BITS = 2,
    parameter            OUT_WIDTH = 5 // of all outputs together
) (
    input  wire                  aclk,
    input  wire                  aresetn,
    input  wire [PE*IN_BITS-1:0] s_axis_tdata,
    input  wire                  s_axis_tvalid,
    output wire                  s_axis_tready,
    output wire [OUT_WIDTH-1:0]  m_axis_tdata,
    output wire [N-1:0]          m_axis_tvalid,
    input  wire [N-1:0]          m_axis_tready
);
    function integer start_of(input integer stream); // first bit of an output
        integer k;
        begin
            start_of = 0;
            for (k = 0; k < stream; k = k + 1)
                start_of = start_of + PE * BITS[8*k+:8];
        end
    endfunction

    reg  [PE*IN_BITS-1:0] word;
    reg  [N-1:0]          valid; // at most one
    wire [N-1:0]          turn;
    wire                  take = s_axis_tvalid & s_axis_tready;

    assign s_axis_tready = &(~valid | m_axis_tready);
    assign m_axis_tvalid = valid;

    lf_turns #(.N(N), .BEATS(BEATS), .BEAT_BITS(BEAT_BITS)) turns (
        .aclk(aclk), .aresetn(aresetn), .move(take), .turn(turn)
    );

    always @(posedge aclk)
        if (s_axis_tready)
            word <= s_axis_tdata;

    always @(posedge aclk)
        if (!aresetn)
            valid <= {N{1'b0}};
        else if (s_axis_tready)
            valid <= turn & {N{s_axis_tvalid}};

    genvar i, k;
    generate
        for (i = 0; i < N; i = i + 1) begin : stream
            localparam OUT   = {24'd0, BITS[8*i+:8]};
            localparam START = start_of(i);
            for (k = 0; k < PE; k = k + 1) begin : lane
                lf_cast #(.IN_BITS(IN_BITS), .IN_KIND(IN_KIND), .OUT_BITS(OUT), .OUT_KIND(KIND[2*i+:2])) cast (
                    .a(word[k*IN_BITS+:IN_BITS]), .y(m_axis_tdata[START+k*OUT+:OUT])
                );
            end
        end
    endgenerate
endmodule

`default_nettype wire
