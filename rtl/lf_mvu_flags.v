/* lutfisk */
/* What travels beside the data through the D ranks of registers of a matrix-vector unit: valid, first, last, and the number of
 * the pass (ND ranks late). All of it is reset, so that a reset in the middle leaves nothing behind. */
`default_nettype none

module lf_mvu_flags #(
    parameter D = 1,
    parameter ND = 1,
    parameter NFB = 1
) (
    input  wire           aclk,
    input  wire           aresetn,
    input  wire           ce,
    input  wire           go,
    input  wire           first,
    input  wire           last,
    input  wire [NFB-1:0] nf,
    output wire           valid_q,
    output wire           first_q,
    output wire           last_q,
    output wire [NFB-1:0] nf_q
);
    reg [D-1:0] v, f, l;
    wire [D:0] v_next = {v, go}, f_next = {f, first}, l_next = {l, last};
    always @(posedge aclk)
        if (!aresetn) begin
            v <= {D{1'b0}};
            f <= {D{1'b0}};
            l <= {D{1'b0}};
        end else if (ce) begin
            v <= v_next[D-1:0];
            f <= f_next[D-1:0];
            l <= l_next[D-1:0];
        end
    assign valid_q = v_next[D];
    assign first_q = f_next[D];
    assign last_q = l_next[D];

    generate
        if (ND > 0) begin : late
            reg [ND*NFB-1:0] n;
            wire [(ND+1)*NFB-1:0] n_next = {n, nf};
            always @(posedge aclk)
                if (!aresetn)
                    n <= {ND*NFB{1'b0}};
                else if (ce)
                    n <= n_next[ND*NFB-1:0];
            assign nf_q = n_next[ND*NFB +: NFB];
        end else begin : now
            assign nf_q = nf;
        end
    endgenerate
endmodule

`default_nettype wire
