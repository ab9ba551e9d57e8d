/* Holds a streaming unit against a recording of every cycle: what is offered to it (reset, input valid and data, output ready) and
 * what it must answer in that very cycle (input ready, output valid and data). One line of FILE a cycle, in binary:
 * aresetn, s_tvalid, m_tready, expected s_tready, expected m_tvalid, s_tdata, expected m_tdata (counts when m_tvalid is 1).
 * INPUTS streams lie side by side in s_tvalid, s_tready and s_tdata.
 * In cycles under reset nothing is checked. */
module lf_stream_replay #(
    parameter SW = 1,
    parameter MW = 1,
    parameter INPUTS = 1,
    parameter CYCLES = 1,
    parameter FILE = "",
    parameter NAME = ""
) (
    input  wire          aclk,
    output wire          aresetn,
    output wire [SW-1:0] s_tdata,
    output wire [INPUTS-1:0] s_tvalid,
    input  wire [INPUTS-1:0] s_tready,
    input  wire [MW-1:0] m_tdata,
    input  wire          m_tvalid,
    output wire          m_tready,
    output reg           done,
    output reg  [31:0]   errors
);
    localparam W = SW + MW + 3 + 2 * INPUTS;
    reg [W-1:0] record [0:CYCLES-1];
    initial $readmemb(FILE, record);
    integer at;
    wire [W-1:0] now = record[at];
    wire [INPUTS-1:0] ready;
    wire valid;
    wire [MW-1:0] data;
    assign {aresetn, s_tvalid, m_tready, ready, valid, s_tdata, data} = now;

    initial begin
        at = 0;
        done = 1'b0;
        errors = 0;
    end
    always @(posedge aclk)
        if (at == CYCLES - 1)
            done <= 1'b1;
        else
            at <= at + 1;
    always @(negedge aclk)
        if (aresetn && !done && (s_tready !== ready || m_tvalid !== valid || (valid && m_tdata !== data))) begin
            if (errors < 5)
                $display("%0s cycle %0d: ready %b (%b expected), valid %b (%b), data %h (%h)", NAME, at, s_tready, ready, m_tvalid, valid, m_tdata, data);
            errors <= errors + 1;
        end
endmodule
