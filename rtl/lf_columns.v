/* lutfisk */
/* Columns of a sliding window become whole windows: of every KERNEL columns that lie DILATION apart one beat, the first of them in the
 * lowest bits, STRIDE columns further each time. A row has (WINDOWS - 1) * STRIDE + (KERNEL - 1) * DILATION + 1 columns, and no window
 * reaches over its end. A column per clock; a window appears one cycle after its last column was taken. */
`default_nettype none

module lf_columns #(
    parameter BITS     = 8, // of a column
    parameter KERNEL   = 3,
    parameter DILATION = 1,
    parameter STRIDE   = 1,
    parameter WINDOWS  = 4  // of a row
) (
    input  wire                   aclk,
    input  wire                   aresetn,
    input  wire [BITS-1:0]        s_axis_tdata,
    input  wire                   s_axis_tvalid,
    output wire                   s_axis_tready,
    output wire [KERNEL*BITS-1:0] m_axis_tdata,
    output wire                   m_axis_tvalid,
    input  wire                   m_axis_tready
);
    function integer count_bits(input integer n);
        for (count_bits = 1; (1 << count_bits) < n; count_bits = count_bits + 1)
            count_bits = count_bits;
    endfunction

    localparam         SPAN    = (KERNEL - 1) * DILATION + 1;
    localparam         G       = count_bits(SPAN > STRIDE ? SPAN : STRIDE);
    localparam         W       = count_bits(WINDOWS);
    localparam [31:0]  FIRST32 = SPAN - 1, NEXT32 = STRIDE - 1, LAST32 = WINDOWS - 1;
    localparam [G-1:0] FIRST   = FIRST32[G-1:0], NEXT = NEXT32[G-1:0];
    localparam [W-1:0] LAST    = LAST32[W-1:0];

    reg  [SPAN*BITS-1:0] held; // the newest column highest
    reg  [G-1:0]         gap;  // columns before the one that completes a window
    reg  [W-1:0]         left; // windows of this row behind the next one
    reg                  full;
    wire [(SPAN+1)*BITS-1:0] shifted = {s_axis_tdata, held};
    wire                 take = s_axis_tvalid & s_axis_tready;
    wire                 last_column = gap == {G{1'b0}}, last_window = left == {W{1'b0}};
    wire                 unused_oldest = &{1'b0, shifted[BITS-1:0]};

    assign s_axis_tready = ~full | m_axis_tready;
    assign m_axis_tvalid = full;

    always @(posedge aclk)
        if (take)
            held <= shifted[(SPAN+1)*BITS-1:BITS];

    always @(posedge aclk)
        if (!aresetn) begin
            gap  <= FIRST;
            left <= LAST;
            full <= 1'b0;
        end else begin
            if (take) begin
                gap <= ~last_column ? gap - 1'b1 : last_window ? FIRST : NEXT;
                if (last_column)
                    left <= last_window ? LAST : left - 1'b1;
            end
            full <= (take & last_column) | (full & ~m_axis_tready);
        end

    genvar k;
    generate
        for (k = 0; k < KERNEL; k = k + 1) begin : tap
            assign m_axis_tdata[k*BITS +: BITS] = held[k*DILATION*BITS +: BITS];
        end
    endgenerate
endmodule

`default_nettype wire
