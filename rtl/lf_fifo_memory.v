/* lutfisk */
/* FIFO of DEPTH >= 3 words: a memory and an output register that hides the memory's read. The register is filled whenever the
 * memory has a word, so the memory never holds more than DEPTH - 1. Pointers are one bit wider than the address; `limit` runs
 * DEPTH - 1 words ahead of the read pointer. */
`default_nettype none

module lf_fifo_memory #(
    parameter WIDTH = 8,
    parameter DEPTH = 32,
    parameter BLOCK = 0
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
    function integer address_bits(input integer n);
        for (address_bits = 1; (1 << address_bits) < n; address_bits = address_bits + 1)
            address_bits = address_bits;
    endfunction

    localparam        A       = address_bits(DEPTH - 1);
    localparam [31:0] AHEAD32 = DEPTH - 1;
    localparam [A:0]  AHEAD   = AHEAD32[A:0];

    reg  [A:0]       wp, rp;
    wire [A:0]       limit;
    reg              held;
    wire [WIDTH-1:0] q;
    wire             push = s_axis_tvalid & s_axis_tready;
    wire             load = (wp != rp) & (m_axis_tready | ~held);

    assign s_axis_tready = wp != limit;
    assign m_axis_tvalid = held;
    assign m_axis_tdata  = q;

    always @(posedge aclk)
        if (!aresetn) begin
            wp   <= {A+1{1'b0}};
            rp   <= {A+1{1'b0}};
            held <= 1'b0;
        end else begin
            if (push)
                wp <= wp + 1'b1;
            if (load)
                rp <= rp + 1'b1;
            held <= load | (held & ~m_axis_tready);
        end

    genvar c;
    generate
        if (DEPTH - 1 == (1 << A)) begin : power
            assign limit = {~rp[A], rp[A-1:0]};
        end else begin : other
            reg [A:0] ahead;
            always @(posedge aclk)
                if (!aresetn)
                    ahead <= AHEAD;
                else if (load)
                    ahead <= ahead + 1'b1;
            assign limit = ahead;
        end
        if (BLOCK != 0) begin : block
            /* Columns of 36 bits: Yosys 0.23 joins wrong parity inputs where a block RAM is written 72 bits wide. */
            for (c = 0; c < WIDTH; c = c + 36) begin : column
                localparam W = WIDTH - c < 36 ? WIDTH - c : 36;
                (* ram_style = "block" *) reg [W-1:0] mem [0:(1<<A)-1];
                reg [W-1:0] word;
                assign q[c +: W] = word;
                always @(posedge aclk)
                    if (push)
                        mem[wp[A-1:0]] <= s_axis_tdata[c +: W];
                always @(posedge aclk)
                    if (load)
                        word <= mem[rp[A-1:0]];
            end
        end else begin : distributed
            (* ram_style = "distributed" *) reg [WIDTH-1:0] mem [0:(1<<A)-1];
            reg [WIDTH-1:0] word;
            assign q = word;
            always @(posedge aclk)
                if (push)
                    mem[wp[A-1:0]] <= s_axis_tdata;
            always @(posedge aclk)
                if (load)
                    word <= mem[rp[A-1:0]];
        end
    endgenerate
endmodule

`default_nettype wire
