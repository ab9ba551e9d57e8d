/* lutfisk */
/* The control of a pipeline of STAGES registers: all of them move when the last one is empty or its word is taken. `beat` is the
 * position of the offered beat among BEATS. */
`default_nettype none

module lf_pipe #(
    parameter STAGES    = 2,
    parameter BEATS     = 1,
    parameter BEAT_BITS = 1
) (
    input  wire                 aclk,
    input  wire                 aresetn,
    input  wire                 s_axis_tvalid,
    output wire                 s_axis_tready,
    output wire                 m_axis_tvalid,
    input  wire                 m_axis_tready,
    output wire                 ce,
    output wire [BEAT_BITS-1:0] beat
);
    reg  [STAGES-1:0] valid;
    wire [STAGES:0]   next = {valid, s_axis_tvalid};
    wire              unused = next[STAGES];

    assign ce            = ~valid[STAGES-1] | m_axis_tready;
    assign s_axis_tready = ce;
    assign m_axis_tvalid = valid[STAGES-1];

    always @(posedge aclk)
        if (!aresetn)
            valid <= {STAGES{1'b0}};
        else if (ce)
            valid <= next[STAGES-1:0];

    generate
        if (BEATS == 1) begin : single
            assign beat = {BEAT_BITS{1'b0}};
        end else begin : several
            localparam [31:0]          LAST32 = BEATS - 1;
            localparam [BEAT_BITS-1:0] LAST   = LAST32[BEAT_BITS-1:0];
            reg [BEAT_BITS-1:0] at;
            assign beat = at;
            always @(posedge aclk)
                if (!aresetn)
                    at <= {BEAT_BITS{1'b0}};
                else if (ce & s_axis_tvalid)
                    at <= at == LAST ? {BEAT_BITS{1'b0}} : at + 1'b1;
        end
    endgenerate
endmodule

`default_nettype wire
