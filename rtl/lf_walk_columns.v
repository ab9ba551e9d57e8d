/* lutfisk */
/* A sliding window that gives a column at once: at every position of a walk (lf_walk.v), ROWS words that stand below each other in
 * the picture, DILATION rows apart, the topmost in the lowest bits. A row outside of the picture gives PAD; a position with no row
 * inside reads nothing. All words of a position have the same place in their rows, and rows lie in banks, so they are read together.
 *
 * The last level of the nest is the turn to the next rows; all others stay in their rows. The word that decides whether a position
 * can be read is in its last row inside. STEP has three entries for a turn: that row goes down by a stride, by less, or not at all. */
`default_nettype none

module lf_walk_columns #(
    parameter LANES    = 1,  // elements of a word
    parameter IN_BITS  = 1,
    parameter OUT_BITS = 1,
    parameter IN_KIND  = 0,  // of an element, as in lf_cast
    parameter OUT_KIND = 0,
    parameter [OUT_BITS-1:0] PAD = 0,
    parameter ROWS     = 3,
    parameter DILATION = 1,
    parameter BANKS    = 4,
    parameter B        = 2,  // bits of a bank's number
    parameter [BANKS-1:0] BANK = 1, // one-hot: of the first row of position 0
    parameter TURN     = 1,  // banks that a turn moves on
    parameter AGAIN    = 0,  // and the way from a frame to the next one
    parameter BLOCK    = 0,  // block RAM, else LUTs
    parameter ROW_WORDS = 8,
    parameter A        = 3,  // bits of a place in a row
    parameter P        = 6,  // bits of a distance
    parameter LEVELS   = 2,
    parameter [LEVELS*32-1:0] N = {32'd2, 32'd2},
    parameter [(LEVELS+3)*P-1:0] STEP = 0, // minus the words from one position to the next
    parameter [(LEVELS+1)*P-1:0] FREE = 0, // minus the words that are free then
    parameter [A-1:0] ORIGIN = 0,
    parameter [(LEVELS+1)*A-1:0] PLACE = 0, // the change of the place in a row
    parameter [P-1:0] AHEAD  = 0, // of the first position, nothing written
    parameter [P-1:0] FILL   = 0,
    parameter [P-1:0] WORDS  = 0, // minus the words of a frame
    parameter FIRST_PADDED = 0,
    parameter ROWS_PADDED  = 0,
    parameter R        = 4,  // bits of a row
    parameter TOP      = 0,  // first row of position 0
    parameter STRIDE   = 1,
    parameter HEIGHT   = 1,
    parameter COLUMNS_PADDED = 0,
    parameter E        = 4,  // bits of a column
    parameter [E-1:0] LEFT   = 0,
    parameter [E-1:0] WIDTH  = 1,
    parameter [(LEVELS+1)*E-1:0] COLUMN = 0
) (
    input  wire                           aclk,
    input  wire                           aresetn,
    input  wire [LANES*IN_BITS-1:0]       s_axis_tdata,
    input  wire                           s_axis_tvalid,
    output wire                           s_axis_tready,
    output reg  [ROWS*LANES*OUT_BITS-1:0] m_axis_tdata,
    output wire                           m_axis_tvalid,
    input  wire                           m_axis_tready
);
    wire         ce, go, push, step, load, pad;
    wire [P-1:0] step_on;
    wire         unused_step = &{1'b0, step, pad, step_on};

    // The next position.
    wire [LEVELS:0]  move;
    wire             less, end_of_picture, column_out;
    wire [ROWS-1:0]  row_out;
    wire [P-1:0]     next_step, next_free;
    wire [A-1:0]     next_place;
    wire             turn = move[LEVELS-1], again = move[LEVELS];
    wire [LEVELS+2:0] ways = {again, turn & end_of_picture, turn & less, turn & ~end_of_picture & ~less,
                              move[LEVELS-2:0]};
    lf_walk_nest #(.LEVELS(LEVELS), .N(N)) nest (.aclk(aclk), .aresetn(aresetn), .step(load), .move(move));
    lf_walk_select #(.MOVES(LEVELS + 3), .BITS(P), .STEP(STEP)) select_step (.move(ways), .y(next_step));
    lf_walk_select #(.MOVES(LEVELS + 1), .BITS(P), .STEP(FREE)) select_free (.move(move), .y(next_free));
    lf_walk_select #(.MOVES(LEVELS + 1), .BITS(A), .STEP(PLACE)) select_place (.move(move), .y(next_place));
    generate
        if (ROWS_PADDED != 0) begin : rows
            lf_walk_rows #(.ROWS(ROWS), .DILATION(DILATION), .STRIDE(STRIDE), .HEIGHT(HEIGHT), .TOP(TOP), .BITS(R)) of
                (.aclk(aclk), .aresetn(aresetn), .turn(load & turn), .again(load & again), .outside(row_out), .less(less),
                 .end_of_picture(end_of_picture));
        end else begin : no_rows
            assign row_out = {ROWS{1'b0}};
            assign less = 1'b0;
            assign end_of_picture = 1'b0;
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
         .go(go), .step(step), .load(load), .next_pad(column_out | &row_out), .next_last(again), .next_step(next_step),
         .next_free(next_free), .pad(pad), .step_on(step_on));

    // Where it lies: the bank of its first row, and the place in all rows.
    reg  [BANKS-1:0] bank;
    reg  [A-1:0]     place, at;
    reg  [B-1:0]     phase;
    reg  [ROWS-1:0]  lost, lost_q; // rows that give PAD
    wire [B-1:0]     number;
    always @(posedge aclk)
        if (!aresetn) begin
            bank  <= BANK;
            place <= ORIGIN;
        end else if (load) begin
            place <= place + next_place;
            if (again)
                bank <= bank << AGAIN | bank >> (BANKS - AGAIN);
            else if (turn)
                bank <= bank << TURN | bank >> (BANKS - TURN);
        end
    always @(posedge aclk)
        if (load) begin
            at    <= place;
            phase <= number;
            lost  <= row_out | {ROWS{column_out}};
        end
    always @(posedge aclk)
        if (ce)
            lost_q <= lost;

    genvar b, d, c;
    generate
        for (d = 0; d < B; d = d + 1) begin : digit
            wire [BANKS-1:0] ones;
            for (b = 0; b < BANKS; b = b + 1) begin : of
                assign ones[b] = ((b >> d) & 1) != 0;
            end
            assign number[d] = |(bank & ones);
        end
    endgenerate

    // Reading.
    wire unused_ce, unused_beat;
    lf_pipe #(.STAGES(2)) pipe
        (.aclk(aclk), .aresetn(aresetn), .s_axis_tvalid(go), .s_axis_tready(ce), .m_axis_tvalid(m_axis_tvalid),
         .m_axis_tready(m_axis_tready), .ce(unused_ce), .beat(unused_beat));

    wire [ROWS*LANES*IN_BITS-1:0] column;
    lf_walk_banks #(.BITS(LANES * IN_BITS), .WORDS(ROW_WORDS), .A(A), .BANKS(BANKS), .B(B), .ROWS(ROWS),
                    .DILATION(DILATION), .BLOCK(BLOCK)) banks
        (.aclk(aclk), .aresetn(aresetn), .push(push), .data(s_axis_tdata), .ce(ce), .at(at), .phase(phase),
         .column(column));
    generate
        for (c = 0; c < ROWS * LANES; c = c + 1) begin : lane
            wire [OUT_BITS-1:0] code;
            lf_cast #(.IN_BITS(IN_BITS), .IN_KIND(IN_KIND), .OUT_BITS(OUT_BITS), .OUT_KIND(OUT_KIND)) cast
                (.a(column[c*IN_BITS +: IN_BITS]), .y(code));
            always @(posedge aclk)
                if (ce)
                    m_axis_tdata[c*OUT_BITS +: OUT_BITS] <= lost_q[c/LANES] ? PAD : code;
        end
    endgenerate
endmodule

`default_nettype wire
