/* lutfisk */
/* Width converter between IN and OUT pieces per beat, neither of which divides the other: a queue of IN + OUT - 1 pieces (both
 * counted in their greatest common divisor), the oldest piece in the lowest bits; whichever side is the slower never waits.
 * PIECE: bits of one piece. */
`default_nettype none

module lf_dwc #(
    parameter PIECE = 8,
    parameter IN    = 3,
    parameter OUT   = 2
) (
    input  wire                 aclk,
    input  wire                 aresetn,
    input  wire [PIECE*IN-1:0]  s_axis_tdata,
    input  wire                 s_axis_tvalid,
    output wire                 s_axis_tready,
    output wire [PIECE*OUT-1:0] m_axis_tdata,
    output wire                 m_axis_tvalid,
    input  wire                 m_axis_tready
);
    function integer count_bits(input integer n);
        for (count_bits = 1; (1 << count_bits) < n; count_bits = count_bits + 1)
            count_bits = count_bits;
    endfunction

    localparam         CAP    = IN + OUT - 1;
    localparam         C      = count_bits(CAP + 1);
    localparam         S      = count_bits(OUT);
    localparam [31:0]  IN32   = IN;
    localparam [31:0]  OUT32  = OUT;
    localparam [C-1:0] IN_C   = IN32[C-1:0];
    localparam [C-1:0] OUT_C  = OUT32[C-1:0];
    localparam [31:0]  ROOM32 = CAP - IN;
    localparam [C-1:0] ROOM   = ROOM32[C-1:0];

    reg  [PIECE*CAP-1:0] queue;
    reg  [C-1:0]         level;
    wire                 pop  = m_axis_tvalid & m_axis_tready;
    wire                 push = s_axis_tvalid & s_axis_tready;
    wire [C-1:0]         rest = pop ? level - OUT_C : level;
    wire [PIECE*CAP-1:0] kept = pop ? queue >> (PIECE * OUT) : queue;

    assign m_axis_tvalid = level >= OUT_C;
    assign m_axis_tdata  = queue[PIECE*OUT-1:0];
    assign s_axis_tready = rest <= ROOM;

    always @(posedge aclk)
        if (!aresetn)
            level <= {C{1'b0}};
        else
            level <= push ? rest + IN_C : rest;

    // Piece i comes from the queue while i < rest, else from the input at i - rest.
    genvar i, r;
    generate
        for (i = 0; i < CAP; i = i + 1) begin : piece
            wire [PIECE*OUT-1:0] choice;
            for (r = 0; r < OUT; r = r + 1) begin : from
                if (i >= r && i - r < IN) begin : in
                    assign choice[PIECE*r+:PIECE] = s_axis_tdata[PIECE*(i-r)+:PIECE];
                end else begin : none
                    assign choice[PIECE*r+:PIECE] = kept[PIECE*i+:PIECE];
                end
            end
            always @(posedge aclk)
                if (push | pop)
                    queue[PIECE*i+:PIECE] <= push ? choice[PIECE*rest[S-1:0]+:PIECE] : kept[PIECE*i+:PIECE];
        end
    endgenerate
endmodule

`default_nettype wire
