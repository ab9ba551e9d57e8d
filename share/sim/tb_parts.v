/* Testbench for any Verilog simulator. +dir=DIR +frames=N +stall=S (of 65536) +seed=K +limit=CYCLES; files as in harness.cpp, but
 * in hexadecimal: DIR/in_K.hex and DIR/out_K.hex, a beat a line. A source with IMAGE > 0 gives weights: the IMAGE lines of its file again
 * and again. Sources with one SEED pause together. After CYCLES the run ends, and every port says how many beats have passed. */
`timescale 1ns / 1ps

module lf_tb_source #(parameter BITS = 8, parameter BEATS = 1, parameter IMAGE = 0, parameter PORT = 0, parameter SEED = 0) (
    input wire aclk, input wire aresetn, input wire [63:0] cycle, input wire [16:0] stall, input wire [31:0] frames,
    output reg [BITS-1:0] tdata, output reg tvalid, input wire tready, output reg tlast
);
    integer file, got, seed;
    reg [63:0] at, limit;
    reg [8*1024-1:0] dir;
    reg [BITS-1:0] beat;
    reg taken, first;
    initial begin
        at = 0;
        tvalid = 0;
        tlast = 0;
        first = 1;
        seed = 1;
        if (!$value$plusargs("dir=%s", dir)) dir = ".";
        if (!$value$plusargs("seed=%d", seed)) seed = 1;
        if (!$value$plusargs("limit=%d", limit)) limit = 1000000;
        seed = seed * 7919 + SEED;
        file = $fopen($sformatf("%0s/in_%0d.hex", dir, PORT), "r");
        if (file == 0) begin
            $display("input file %0d is missing", PORT);
            $finish;
        end
    end
    always @(posedge aclk) begin
        taken = tvalid && tready;
        if (taken && first) begin
            if (IMAGE == 0) $display("first %0d", cycle);
            first = 0;
        end
        if (cycle == limit) $display("input %0d passed %0d", PORT, tvalid && !taken ? at - 1 : at);
        if (taken) tvalid <= 0;
        if (aresetn && (taken || !tvalid) && at < frames * BEATS && {1'b0, $random(seed)} % 65536 >= stall) begin
            if (IMAGE != 0 && at != 0 && at % (IMAGE ? IMAGE : 1) == 0) got = $rewind(file);
            got = $fscanf(file, "%h\n", beat);
            if (got != 1) begin
                $display("input file %0d is short", PORT);
                $finish;
            end
            tdata <= beat;
            tvalid <= 1;
            tlast <= (at + 1) % BEATS == 0;
            at = at + 1;
        end
    end
endmodule

module lf_tb_sink #(parameter BITS = 8, parameter BEATS = 1, parameter PORT = 0) (
    input wire aclk, input wire aresetn, input wire [63:0] cycle, input wire [16:0] stall, input wire [31:0] frames, output reg done,
    input wire [BITS-1:0] tdata, input wire tvalid, output reg tready, input wire tlast
);
    integer data, cycles, seed;
    reg [63:0] at, limit;
    reg [8*1024-1:0] dir;
    reg [BITS-1:0] held;
    reg waiting;
    initial begin
        at = 0;
        waiting = 0;
        tready = 0;
        done = 0;
        seed = 1;
        if (!$value$plusargs("dir=%s", dir)) dir = ".";
        if (!$value$plusargs("seed=%d", seed)) seed = 1;
        if (!$value$plusargs("limit=%d", limit)) limit = 1000000;
        seed = seed * 104729 + PORT;
        data = $fopen($sformatf("%0s/out_%0d.hex", dir, PORT), "w");
        cycles = $fopen($sformatf("%0s/cycles_%0d.txt", dir, PORT), "w");
    end
    always @(posedge aclk) begin
        if (aresetn && tvalid !== 1'b0 && tvalid !== 1'b1) begin
            $display("cycle %0d, output %0d: tvalid is unknown", cycle, PORT);
            $finish;
        end
        if (waiting && !tvalid) begin
            $display("cycle %0d, output %0d: valid fell before the beat was taken", cycle, PORT);
            $finish;
        end
        if (waiting && tdata !== held) begin
            $display("cycle %0d, output %0d: data changed before the beat was taken", cycle, PORT);
            $finish;
        end
        if (aresetn && tvalid && tlast !== ((at + 1) % BEATS == 0)) begin
            $display("cycle %0d, output %0d: TLAST is not on the last beat of the frame", cycle, PORT);
            $finish;
        end
        if (aresetn && tvalid && done) begin
            $display("cycle %0d, output %0d: more beats than the frames have", cycle, PORT);
            $finish;
        end
        waiting <= aresetn && tvalid && !tready;
        held <= tdata;
        if (aresetn && tvalid && tready) begin
            $fdisplay(data, "%h", tdata);
            $fdisplay(cycles, "%0d", cycle);
            at = at + 1;
            if (at == frames * BEATS) begin
                done <= 1;
                $fflush(data);
                $fflush(cycles);
            end
        end
        if (cycle == limit) $display("output %0d passed %0d", PORT, at);
        tready <= {1'b0, $random(seed)} % 65536 >= stall;
    end
endmodule
