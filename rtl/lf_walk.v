/* lutfisk */
/* Reads a picture in another order than it comes in: the beats of a frame go into a ring of 2^A words; a nest of counters walks
 * over positions, each an address that is a constant step away from the one before. Windows, enlarged pictures and shuffled pixels
 * differ in their constants only. Frames follow each other without a gap and without a reset of any address.
 *
 * Position 0 of frame 0 has address ORIGIN; addresses go on from frame to frame. A position in the padding gives PAD and reads
 * nothing, so its address may be anywhere. lf_walk_pace.v decides when to take a beat and when to go on.
 *
 * What belongs to a position (pad, the step to the next one, what may be overwritten behind it) is registered one position ahead.
 * STAGES: 1 reads the memory as logic, 2 as block RAM. */
`default_nettype none

module lf_walk #(
    parameter LANES    = 1,
    parameter IN_BITS  = 1,
    parameter OUT_BITS = 1,
    parameter IN_KIND  = 0,  // of an element, as in lf_cast
    parameter OUT_KIND = 0,
    parameter [OUT_BITS-1:0] PAD = 0,
    parameter STAGES   = 1,
    parameter A        = 4,  // bits of a place in the ring
    parameter P        = 6,  // bits of a distance
    parameter LEVELS   = 2,
    parameter [LEVELS*32-1:0] N = {32'd2, 32'd2},
    parameter [(LEVELS+1)*P-1:0] STEP = 0, // minus the words from one position to the next
    parameter [(LEVELS+1)*P-1:0] FREE = 0, // minus the words that are free then
    parameter [A-1:0] ORIGIN = 0,
    parameter [P-1:0] AHEAD  = 0, // of the first position, nothing written
    parameter [P-1:0] FILL   = 0,
    parameter [P-1:0] WORDS  = 0, // minus the words of a frame
    parameter FIRST_PADDED = 0,
    parameter ROWS_PADDED  = 0,
    parameter COLUMNS_PADDED = 0,
    parameter E        = 4,  // bits of a row or column
    parameter [E-1:0] TOP    = 0, // row of position 0
    parameter [E-1:0] HEIGHT = 1,
    parameter [(LEVELS+1)*E-1:0] ROW = 0,
    parameter [E-1:0] LEFT   = 0,
    parameter [E-1:0] WIDTH  = 1,
    parameter [(LEVELS+1)*E-1:0] COLUMN = 0
) (
    input  wire                      aclk,
    input  wire                      aresetn,
    input  wire [LANES*IN_BITS-1:0]  s_axis_tdata,
    input  wire                      s_axis_tvalid,
    output wire                      s_axis_tready,
    output reg  [LANES*OUT_BITS-1:0] m_axis_tdata,
    output wire                      m_axis_tvalid,
    input  wire                      m_axis_tready
);
    reg  [A-1:0] wp, at;

    wire         ce, go, push, step, load, pad;
    wire [P-1:0] step_on;
    wire         unused_step = &{1'b0, step_on};

    // The next position.
    wire [LEVELS:0] move;
    wire [P-1:0]    next_step, next_free;
    wire            row_out, column_out;
    lf_walk_nest #(.LEVELS(LEVELS), .N(N)) nest (.aclk(aclk), .aresetn(aresetn), .step(load), .move(move));
    lf_walk_select #(.MOVES(LEVELS + 1), .BITS(P), .STEP(STEP)) select_step (.move(move), .y(next_step));
    lf_walk_select #(.MOVES(LEVELS + 1), .BITS(P), .STEP(FREE)) select_free (.move(move), .y(next_free));
    generate
        if (ROWS_PADDED != 0) begin : rows
            lf_walk_edge #(.MOVES(LEVELS + 1), .BITS(E), .BEGIN(TOP), .SIZE(HEIGHT), .STEP(ROW)) edge_of
                (.aclk(aclk), .aresetn(aresetn), .step(load), .move(move), .outside(row_out));
        end else begin : no_rows
            assign row_out = 1'b0;
        end
        if (COLUMNS_PADDED != 0) begin : columns
            lf_walk_edge #(.MOVES(LEVELS + 1), .BITS(E), .BEGIN(LEFT), .SIZE(WIDTH), .STEP(COLUMN)) edge_of
                (.aclk(aclk), .aresetn(aresetn), .step(load), .move(move), .outside(column_out));
        end else begin : no_columns
            assign column_out = 1'b0;
        end
    endgenerate

    lf_walk_pace #(.P(P), .AHEAD(AHEAD), .FILL(FILL), .WORDS(WORDS), .FIRST_PADDED(FIRST_PADDED)) pace
        (.aclk(aclk), .aresetn(aresetn), .s_axis_tvalid(s_axis_tvalid), .s_axis_tready(s_axis_tready), .push(push), .ce(ce),
         .go(go), .step(step), .load(load), .next_pad(row_out | column_out), .next_last(move[LEVELS]),
         .next_step(next_step), .next_free(next_free), .pad(pad), .step_on(step_on));

    always @(posedge aclk)
        if (!aresetn) begin
            wp <= {A{1'b0}};
            at <= ORIGIN;
        end else begin
            wp <= wp + {{A-1{1'b0}}, push};
            if (step)
                at <= at - step_on[A-1:0];
        end

    // Reading.
    wire unused_ce, unused_beat;
    lf_pipe #(.STAGES(STAGES)) pipe
        (.aclk(aclk), .aresetn(aresetn), .s_axis_tvalid(go), .s_axis_tready(ce), .m_axis_tvalid(m_axis_tvalid),
         .m_axis_tready(m_axis_tready), .ce(unused_ce), .beat(unused_beat));

    wire [LANES*IN_BITS-1:0]  word;
    wire [LANES*OUT_BITS-1:0] code;
    wire                      empty;
    genvar c;
    generate
        for (c = 0; c < LANES; c = c + 1) begin : lane
            lf_cast #(.IN_BITS(IN_BITS), .IN_KIND(IN_KIND), .OUT_BITS(OUT_BITS), .OUT_KIND(OUT_KIND)) cast
                (.a(word[c*IN_BITS +: IN_BITS]), .y(code[c*OUT_BITS +: OUT_BITS]));
        end
    endgenerate
    always @(posedge aclk)
        if (ce)
            m_axis_tdata <= empty ? {LANES{PAD}} : code;

    generate
        if (STAGES > 1) begin : block
            reg pad_q;
            assign empty = pad_q;
            always @(posedge aclk)
                if (ce)
                    pad_q <= pad;
            lf_walk_memory #(.BITS(LANES * IN_BITS), .WORDS(1 << A), .A(A), .BLOCK(1)) memory
                (.aclk(aclk), .write(push), .to(wp), .data(s_axis_tdata), .ce(ce), .at(at), .q(word));
        end else begin : distributed
            (* ram_style = "distributed" *) reg [LANES*IN_BITS-1:0] mem [0:(1<<A)-1];
            assign empty = pad;
            assign word = mem[at];
            always @(posedge aclk)
                if (push)
                    mem[wp] <= s_axis_tdata;
        end
    endgenerate
endmodule

`default_nettype wire
