/* lutfisk */
/* FIFO of DEPTH words in flip-flops: the oldest word stands at the output, the others behind it. */
`default_nettype none

module lf_fifo_register #(
    parameter WIDTH = 8,
    parameter DEPTH = 2
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
    // held[i] says that word i is there; the words are 0 .. n-1.
    reg  [DEPTH-1:0] held;
    wire             push = s_axis_tvalid & s_axis_tready;
    wire             pop  = m_axis_tvalid & m_axis_tready;
    wire [DEPTH:0]   after_pop = pop ? {1'b0, held} >> 1 : {1'b0, held};
    wire [DEPTH:0]   after_push = {after_pop[DEPTH-1:0], 1'b1};
    wire             unused = &{1'b0, after_pop[DEPTH], after_push[DEPTH]};

    assign s_axis_tready = ~held[DEPTH-1];
    assign m_axis_tvalid = held[0];

    always @(posedge aclk)
        if (!aresetn)
            held <= {DEPTH{1'b0}};
        else
            held <= push ? after_push[DEPTH-1:0] : after_pop[DEPTH-1:0];

    genvar i;
    generate
        for (i = 0; i < DEPTH; i = i + 1) begin : word
            reg  [WIDTH-1:0] data;
            wire [WIDTH-1:0] behind;
            if (i + 1 < DEPTH) begin : chain
                assign behind = held[i+1] ? word[i+1].data : s_axis_tdata;
            end else begin : last
                assign behind = s_axis_tdata;
            end
            always @(posedge aclk)
                if (pop || !held[i])
                    data <= behind;
        end
    endgenerate

    assign m_axis_tdata = word[0].data;
endmodule

`default_nettype wire
