/* lutfisk */
/* Reduces K beats of PE lanes to one, lane by lane: FUNCTION 0 the largest, 1 the least, 2 the sum. With GROUPS > 1 so many
 * reductions run side by side, a beat of each in turn, and their results leave one behind the other. Everything waits only when
 * a result meets a full output register. ACC_BITS: of what is kept; for sums modulo 2^ACC_BITS. */
`default_nettype none

module lf_pool #(
    parameter PE       = 1,
    parameter K        = 4,
    parameter GROUPS   = 1,
    parameter FUNCTION = 0,
    parameter IN_BITS  = 8,
    parameter IN_KIND  = 0, // as in lf_cast
    parameter ACC_BITS = 8,
    parameter OUT_BITS = 8,
    parameter OUT_KIND = 0
) (
    input  wire                   aclk,
    input  wire                   aresetn,
    input  wire [PE*IN_BITS-1:0]  s_axis_tdata,
    input  wire                   s_axis_tvalid,
    output wire                   s_axis_tready,
    output reg  [PE*OUT_BITS-1:0] m_axis_tdata,
    output wire                   m_axis_tvalid,
    input  wire                   m_axis_tready
);
    function integer count_bits(input integer n);
        for (count_bits = 1; (1 << count_bits) < n; count_bits = count_bits + 1)
            count_bits = count_bits;
    endfunction
    localparam G = count_bits(GROUPS);
    localparam C = count_bits(K);

    wire [G-1:0] group;
    wire         first, last;
    reg          done;
    wire         take = s_axis_tvalid & s_axis_tready;
    assign s_axis_tready = ~(last & done & ~m_axis_tready);
    assign m_axis_tvalid = done;

    wire [PE*ACC_BITS-1:0] kept, next;
    wire [PE*OUT_BITS-1:0] result;

    always @(posedge aclk)
        if (!aresetn)
            done <= 1'b0;
        else
            done <= (take & last) | (done & ~m_axis_tready);
    always @(posedge aclk)
        if (take & last)
            m_axis_tdata <= result;

    generate
        wire turn;
        if (GROUPS > 1) begin : groups
            localparam [31:0]  LAST32 = GROUPS - 1;
            localparam [G-1:0] LAST   = LAST32[G-1:0];
            reg [G-1:0] at;
            assign group = at;
            assign turn = at == LAST;
            always @(posedge aclk)
                if (!aresetn)
                    at <= {G{1'b0}};
                else if (take)
                    at <= turn ? {G{1'b0}} : at + 1'b1;
            (* ram_style = "distributed" *) reg [PE*ACC_BITS-1:0] store [0:(1<<G)-1];
            assign kept = store[group];
            always @(posedge aclk)
                if (take)
                    store[group] <= next;
        end else begin : one
            reg [PE*ACC_BITS-1:0] store;
            assign group = {G{1'b0}};
            assign turn = 1'b1;
            assign kept = store;
            always @(posedge aclk)
                if (take)
                    store <= next;
            wire unused = &{1'b0, group};
        end
        if (K > 1) begin : several
            localparam [31:0]  LAST32 = K - 1;
            localparam [C-1:0] LAST   = LAST32[C-1:0];
            reg [C-1:0] count;
            assign first = count == {C{1'b0}};
            assign last = count == LAST;
            always @(posedge aclk)
                if (!aresetn)
                    count <= {C{1'b0}};
                else if (take & turn)
                    count <= last ? {C{1'b0}} : count + 1'b1;
        end else begin : single
            wire unused = &{1'b0, turn};
            assign first = 1'b1;
            assign last = 1'b1;
        end
    endgenerate

    genvar i;
    generate
        for (i = 0; i < PE; i = i + 1) begin : lane
            wire [IN_BITS-1:0]  x = s_axis_tdata[i*IN_BITS +: IN_BITS];
            wire [ACC_BITS-1:0] acc = kept[i*ACC_BITS +: ACC_BITS];
            if (FUNCTION == 2) begin : sum
                wire [ACC_BITS-1:0] wide;
                lf_cast #(.IN_BITS(IN_BITS), .IN_KIND(IN_KIND), .OUT_BITS(ACC_BITS), .OUT_KIND(1)) cast (.a(x), .y(wide));
                assign next[i*ACC_BITS +: ACC_BITS] = wide + (first ? {ACC_BITS{1'b0}} : acc);
                lf_cast #(.IN_BITS(ACC_BITS), .IN_KIND(1), .OUT_BITS(OUT_BITS), .OUT_KIND(OUT_KIND)) out
                    (.a(next[i*ACC_BITS +: ACC_BITS]), .y(result[i*OUT_BITS +: OUT_BITS]));
            end else begin : best
                // Two's complement compares like plain binary with the sign bit turned around.
                localparam [ACC_BITS:0]   HALF = {1'b1, {ACC_BITS{1'b0}}} >> 1;
                localparam [ACC_BITS-1:0] TOP  = IN_KIND == 1 ? HALF[ACC_BITS-1:0] : {ACC_BITS{1'b0}};
                wire wins = FUNCTION == 0 ? (x ^ TOP) > (acc ^ TOP) : (x ^ TOP) < (acc ^ TOP);
                assign next[i*ACC_BITS +: ACC_BITS] = first | wins ? x : acc;
                assign result[i*OUT_BITS +: OUT_BITS] = next[i*ACC_BITS +: ACC_BITS];
            end
        end
    endgenerate
endmodule

`default_nettype wire
