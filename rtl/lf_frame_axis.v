/* lutfisk */
/* A position that walks 0 .. SIZE-1 along one axis. The input lies on IN of them from IN_FIRST on, the output on every STEP-th from
 * OUT_FIRST to OUT_LAST. */
`default_nettype none

module lf_frame_axis #(
    parameter SIZE      = 5,
    parameter IN        = 3,
    parameter IN_FIRST  = 1,
    parameter OUT_FIRST = 0,
    parameter OUT_LAST  = 4,
    parameter STEP      = 1,
    parameter BITS      = 4 // of SIZE + STEP
) (
    input  wire aclk,
    input  wire aresetn,
    input  wire move,
    output wire in,
    output wire out,
    output wire last
);
    localparam [31:0] LAST32 = SIZE - 1, FROM32 = IN_FIRST, TO32 = IN_FIRST + IN - 1, NEXT32 = OUT_FIRST, STEP32 = STEP,
                      END32 = OUT_LAST;
    localparam [BITS-1:0] LAST = LAST32[BITS-1:0], FROM = FROM32[BITS-1:0], TO = TO32[BITS-1:0], NEXT = NEXT32[BITS-1:0],
                          PACE = STEP32[BITS-1:0], END = END32[BITS-1:0];

    reg [BITS-1:0] at, next; // next: of the output

    /* verilator lint_off UNSIGNED */ // FROM may be 0
    /* verilator lint_off CMPCONST */
    assign in   = at >= FROM & at <= TO;
    assign out  = at == next & at <= END;
    /* verilator lint_on CMPCONST */
    /* verilator lint_on UNSIGNED */
    assign last = at == LAST;

    always @(posedge aclk)
        if (!aresetn) begin
            at   <= {BITS{1'b0}};
            next <= NEXT;
        end else if (move) begin
            at <= last ? {BITS{1'b0}} : at + 1'b1;
            if (last)
                next <= NEXT;
            else if (out)
                next <= next + PACE;
        end
endmodule

`default_nettype wire
