/* lutfisk */
/* Index of the largest of BEATS * PE values, PE per beat, the lowest index when several are equal; one output beat per vector.
 * A tree of comparisons with a register per level reduces a beat to its best value; then the best beat so far is kept. */
`default_nettype none

module lf_argmax #(
    parameter IN_BITS  = 8,
    parameter SIGNED   = 0,
    parameter PE       = 1,
    parameter BEATS    = 10,
    parameter OUT_BITS = 4
) (
    input  wire                  aclk,
    input  wire                  aresetn,
    input  wire [PE*IN_BITS-1:0] s_axis_tdata,
    input  wire                  s_axis_tvalid,
    output wire                  s_axis_tready,
    output wire [OUT_BITS-1:0]   m_axis_tdata,
    output wire                  m_axis_tvalid,
    input  wire                  m_axis_tready
);
    function integer log2(input integer n);
        for (log2 = 0; (1 << log2) < n; log2 = log2 + 1)
            log2 = log2;
    endfunction

    localparam LEVELS = log2(PE);
    localparam LANES  = 1 << LEVELS;
    localparam [31:0]        STEP32 = PE;
    localparam [OUT_BITS:0]  STEP   = STEP32[OUT_BITS:0];
    localparam [31:0]        LAST32 = (BEATS - 1) * PE;
    localparam [OUT_BITS:0]  LAST   = LAST32[OUT_BITS:0];
    localparam [63:0]        TOP64  = SIGNED != 0 ? 64'd1 << (IN_BITS - 1) : 64'd0;
    localparam [IN_BITS-1:0] TOP    = TOP64[IN_BITS-1:0];

    wire ce;
    wire last;
    reg  done;

    // Lanes beyond PE hold the least value: on the right it never wins.
    genvar i, k;
    generate
        for (k = 0; k <= LEVELS; k = k + 1) begin : level
            wire [(LANES>>k)*IN_BITS-1:0]  value;
            wire [(LANES>>k)*OUT_BITS-1:0] index;
            wire                           valid;
            if (k == 0) begin : leaf
                assign valid = s_axis_tvalid;
                for (i = 0; i < LANES; i = i + 1) begin : lane
                    localparam [31:0] I32 = i;
                    if (i < PE) begin : used
                        assign value[i*IN_BITS+:IN_BITS] = s_axis_tdata[i*IN_BITS+:IN_BITS] ^ TOP;
                    end else begin : spare
                        assign value[i*IN_BITS+:IN_BITS] = {IN_BITS{1'b0}};
                    end
                    assign index[i*OUT_BITS+:OUT_BITS] = I32[OUT_BITS-1:0];
                end
            end else begin : inner
                reg v;
                assign valid = v;
                always @(posedge aclk)
                    if (!aresetn)
                        v <= 1'b0;
                    else if (ce)
                        v <= level[k-1].valid;
                for (i = 0; i < (LANES >> k); i = i + 1) begin : lane
                    wire [IN_BITS-1:0] left  = level[k-1].value[2*i*IN_BITS+:IN_BITS];
                    wire [IN_BITS-1:0] right = level[k-1].value[(2*i+1)*IN_BITS+:IN_BITS];
                    wire               win   = right > left;
                    reg [IN_BITS-1:0]  best;
                    reg [OUT_BITS-1:0] at;
                    always @(posedge aclk)
                        if (ce) begin
                            best <= win ? right : left;
                            at   <= win ? level[k-1].index[(2*i+1)*OUT_BITS+:OUT_BITS] : level[k-1].index[2*i*OUT_BITS+:OUT_BITS];
                        end
                    assign value[i*IN_BITS+:IN_BITS]   = best;
                    assign index[i*OUT_BITS+:OUT_BITS] = at;
                end
            end
        end
    endgenerate

    wire [IN_BITS-1:0]  value = level[LEVELS].value;
    wire [OUT_BITS-1:0] lane  = level[LEVELS].index;
    wire                valid = level[LEVELS].valid;
    reg  [OUT_BITS-1:0] y;

    assign ce            = ~(last & done & ~m_axis_tready);
    assign s_axis_tready = ce;
    assign m_axis_tvalid = done;
    assign m_axis_tdata  = y;

    always @(posedge aclk)
        if (!aresetn)
            done <= 1'b0;
        else
            done <= (ce & valid & last) | (done & ~m_axis_tready);

    generate
        if (BEATS == 1) begin : single
            wire unused = &{1'b0, value, STEP, LAST};
            assign last = 1'b1;
            always @(posedge aclk)
                if (ce)
                    y <= lane;
        end else begin : several
            reg  [OUT_BITS:0]   base; // index of the beat's first value
            reg                 first;
            reg  [IN_BITS-1:0]  best;
            reg  [OUT_BITS-1:0] best_at;
            wire                win = first | value > best;
            wire [OUT_BITS-1:0] at  = win ? base[OUT_BITS-1:0] + lane : best_at;

            assign last = base == LAST;

            always @(posedge aclk)
                if (!aresetn) begin
                    base  <= {OUT_BITS+1{1'b0}};
                    first <= 1'b1;
                end else if (ce & valid) begin
                    base  <= last ? {OUT_BITS+1{1'b0}} : base + STEP;
                    first <= last;
                end
            always @(posedge aclk)
                if (ce & valid) begin
                    if (win)
                        best <= value;
                    best_at <= at;
                    if (last)
                        y <= at;
                end
        end
    endgenerate
endmodule

`default_nettype wire
