/* lutfisk */
/* Crop, pad and subsample: walks over every position of the input and of the padded frame together, BEATS beats of SIMD values each.
 * On a position of the input a beat is taken, on one of the output a beat is given, PAD where the input has none. What pads the
 * beginning of a frame waits for the frame's first beat to be offered. KIND as in lf_cast. */
`default_nettype none

module lf_frame #(
    parameter                SIMD        = 1,
    parameter                BEATS       = 1,
    parameter                IN_BITS     = 4,
    parameter                IN_KIND     = 1,
    parameter                OUT_BITS    = 4,
    parameter                OUT_KIND    = 1,
    parameter [OUT_BITS-1:0] PAD         = 0,
    parameter                Y_SIZE      = 5,
    parameter                Y_IN        = 3,
    parameter                Y_IN_FIRST  = 1,
    parameter                Y_OUT_FIRST = 0,
    parameter                Y_OUT_LAST  = 4,
    parameter                Y_STEP      = 1,
    parameter                Y_BITS      = 4,
    parameter                X_SIZE      = 5,
    parameter                X_IN        = 3,
    parameter                X_IN_FIRST  = 1,
    parameter                X_OUT_FIRST = 0,
    parameter                X_OUT_LAST  = 4,
    parameter                X_STEP      = 1,
    parameter                X_BITS      = 4,
    parameter                BEAT_BITS   = 1
) (
    input  wire                     aclk,
    input  wire                     aresetn,
    input  wire [SIMD*IN_BITS-1:0]  s_axis_tdata,
    input  wire                     s_axis_tvalid,
    output wire                     s_axis_tready,
    output wire [SIMD*OUT_BITS-1:0] m_axis_tdata,
    output wire                     m_axis_tvalid,
    input  wire                     m_axis_tready
);
    wire y_in, y_out, y_last, x_in, x_out, x_last, beat_last;
    wire in    = y_in & x_in;
    wire out   = y_out & x_out;
    reg  valid, begun; // begun: a beat of this frame was taken
    wire room  = ~out | ~valid | m_axis_tready;
    wire move  = room & (s_axis_tvalid | (begun & ~in));
    wire pixel = move & beat_last;
    reg  [SIMD*OUT_BITS-1:0] y;
    wire [SIMD*OUT_BITS-1:0] x;

    assign s_axis_tready = in & room;
    assign m_axis_tvalid = valid;
    assign m_axis_tdata  = y;

    lf_frame_axis #(
        .SIZE(Y_SIZE), .IN(Y_IN), .IN_FIRST(Y_IN_FIRST), .OUT_FIRST(Y_OUT_FIRST), .OUT_LAST(Y_OUT_LAST), .STEP(Y_STEP),
        .BITS(Y_BITS)
    ) row (.aclk(aclk), .aresetn(aresetn), .move(pixel & x_last), .in(y_in), .out(y_out), .last(y_last));
    lf_frame_axis #(
        .SIZE(X_SIZE), .IN(X_IN), .IN_FIRST(X_IN_FIRST), .OUT_FIRST(X_OUT_FIRST), .OUT_LAST(X_OUT_LAST), .STEP(X_STEP),
        .BITS(X_BITS)
    ) column (.aclk(aclk), .aresetn(aresetn), .move(pixel), .in(x_in), .out(x_out), .last(x_last));

    generate
        if (BEATS == 1) begin : single
            assign beat_last = 1'b1;
        end else begin : several
            localparam [31:0] LAST32 = BEATS - 1;
            reg [BEAT_BITS-1:0] beat;
            assign beat_last = beat == LAST32[BEAT_BITS-1:0];
            always @(posedge aclk)
                if (!aresetn)
                    beat <= {BEAT_BITS{1'b0}};
                else if (move)
                    beat <= beat_last ? {BEAT_BITS{1'b0}} : beat + 1'b1;
        end
    endgenerate

    genvar i;
    generate
        for (i = 0; i < SIMD; i = i + 1) begin : lane
            lf_cast #(.IN_BITS(IN_BITS), .IN_KIND(IN_KIND), .OUT_BITS(OUT_BITS), .OUT_KIND(OUT_KIND)) cast (
                .a(s_axis_tdata[i*IN_BITS+:IN_BITS]), .y(x[i*OUT_BITS+:OUT_BITS])
            );
        end
    endgenerate

    always @(posedge aclk)
        if (move & out)
            y <= in ? x : {SIMD{PAD}};

    always @(posedge aclk)
        if (!aresetn) begin
            valid <= 1'b0;
            begun <= 1'b0;
        end else begin
            valid <= (move & out) | (valid & ~m_axis_tready);
            if (move)
                begun <= (begun | in) & ~(pixel & x_last & y_last);
        end
endmodule

`default_nettype wire
