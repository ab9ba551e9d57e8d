/* lutfisk */
/* Skid buffer: every output, s_axis_tready included, comes from a register; full rate; holds two words.
 * A word appears at the output one cycle after it was taken. */
`default_nettype none

module lf_skid #(
    parameter WIDTH = 8
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
    reg [WIDTH-1:0] head, spill;
    reg             valid, ready;
    wire            move = m_axis_tready | ~valid;

    assign s_axis_tready = ready;
    assign m_axis_tdata  = head;
    assign m_axis_tvalid = valid;

    // While ready is low the spill register holds the older word: it goes first.
    always @(posedge aclk) begin
        if (ready)
            spill <= s_axis_tdata;
        if (move)
            head <= ready ? s_axis_tdata : spill;
    end

    always @(posedge aclk)
        if (!aresetn) begin
            valid <= 1'b0;
            ready <= 1'b1;
        end else begin
            if (move)
                valid <= s_axis_tvalid | ~ready;
            ready <= move | (ready & ~s_axis_tvalid);
        end

`ifdef FORMAL
    // One marked word enters at a time of the solver's choice, without another marked word near it: it must leave once,
    // unchanged, in order. `place` follows it: 0 not inside, 1 head, 2 spill.
    (* anyconst *) reg [WIDTH-1:0] mark;
    (* anyseq *)   wire            choose;
    reg       past = 1'b0, sent = 1'b0;
    reg [1:0] place = 2'd0;
    wire      enter = s_axis_tvalid & s_axis_tready & choose & ~sent;
    reg       was_valid, was_ready;
    reg [WIDTH-1:0] was_data;

    always @(posedge aclk) begin
        past      <= 1'b1;
        was_valid <= m_axis_tvalid & aresetn;
        was_ready <= m_axis_tready;
        was_data  <= m_axis_tdata;
        if (!past)
            assume (!aresetn);
        else
            assume (aresetn);
        if (enter) begin
            assume (s_axis_tdata == mark);
            sent  <= 1'b1;
            place <= move ? 2'd1 : 2'd2;
        end else if (place == 2'd1 && m_axis_tready)
            place <= 2'd0;
        else if (place == 2'd2 && move)
            place <= 2'd1;
        if (past) begin
            assert (valid | ready);
            assert (place != 2'd1 || (valid && head == mark));
            assert (place != 2'd2 || (valid && !ready && spill == mark));
            assert (place == 2'd0 || sent);
            if (was_valid && !was_ready)
                assert (m_axis_tvalid && m_axis_tdata == was_data);
        end
    end
`endif
endmodule

`default_nettype wire
