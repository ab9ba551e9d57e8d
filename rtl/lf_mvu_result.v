/* lutfisk */
/* The end of a matrix-vector unit: the output register and the clock enable of everything before it.
 *
 * A result is final when the last step of a pass has left the last rank; with ACC = 1 that is one rank later, in the
 * accumulator, which `add` enables. Everything stops only when a final result meets a full output register: the steps of the
 * next result go on while a finished one waits. */
`default_nettype none

module lf_mvu_result #(
    parameter ACC = 0,
    parameter OW = 1
) (
    input  wire          aclk,
    input  wire          aresetn,
    input  wire          valid,
    input  wire          last,
    input  wire [OW-1:0] y,
    output wire          ce,
    output wire          add,
    output reg  [OW-1:0] m_axis_tdata,
    output reg           m_axis_tvalid,
    input  wire          m_axis_tready
);
    wire final_result;
    generate
        if (ACC != 0) begin : accumulated
            reg done;
            always @(posedge aclk)
                if (!aresetn)
                    done <= 1'b0;
                else if (ce)
                    done <= valid & last;
            assign final_result = done;
        end else begin : direct
            assign final_result = valid & last;
        end
    endgenerate
    assign ce = ~final_result | ~m_axis_tvalid | m_axis_tready;
    assign add = ce & valid;

    always @(posedge aclk)
        if (!aresetn)
            m_axis_tvalid <= 1'b0;
        else
            m_axis_tvalid <= final_result | (m_axis_tvalid & ~m_axis_tready);
    always @(posedge aclk)
        if (ce && final_result)
            m_axis_tdata <= y;
endmodule

`default_nettype wire
