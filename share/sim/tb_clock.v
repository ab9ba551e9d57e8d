    reg aclk, aresetn;
    reg [63:0] cycle, last;
    reg [16:0] stall;
    reg [31:0] frames;
    reg [63:0] limit;
    wire done;
    integer rest;
    initial begin
        aclk = 0;
        aresetn = 0;
        cycle = 0;
        stall = 0;
        frames = 1;
        limit = 1000000;
        rest = 0;
        if (!$value$plusargs("stall=%d", stall)) stall = 0;
        if (!$value$plusargs("frames=%d", frames)) frames = 1;
        if (!$value$plusargs("limit=%d", limit)) limit = 1000000;
        #45 aresetn = 1;
    end
    always #5 aclk = !aclk;
    always @(posedge aclk) begin
        cycle <= cycle + 1;
        if (done) rest = rest + 1;
        if (rest > 64) begin
            $display("done");
            $finish;
        end
        if (cycle > limit) begin
            $display("nothing comes out any more");
            $finish;
        end
    end
