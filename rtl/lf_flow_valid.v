/* lutfisk */
/* Which words of a run of flow layers are valid: out_valid is in_valid LATENCY clocks later. Reset forgets what is under way. */
`default_nettype none

module lf_flow_valid #(
    parameter LATENCY = 1
) (
    input  wire aclk,
    input  wire aresetn,
    input  wire in_valid,
    output wire out_valid
);
    generate
        if (LATENCY == 0) begin : direct
            wire unused = aclk;
            assign out_valid = in_valid & aresetn;
        end else begin : chain
            reg  [LATENCY-1:0] valid;
            wire [LATENCY:0]   moved = {valid, in_valid};
            wire               unused = moved[LATENCY];

            assign out_valid = valid[LATENCY-1];

            always @(posedge aclk)
                if (!aresetn)
                    valid <= {LATENCY{1'b0}};
                else
                    valid <= moved[LATENCY-1:0];
        end
    endgenerate
endmodule

`default_nettype wire
