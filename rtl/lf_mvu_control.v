/* lutfisk */
/* Which step a matrix-vector unit does next: the counters of the folding, and the input word of the step.
 *
 * A vector is SF words of XW bits; NF passes over it make SF * NF steps, `address` counts them. With NF = 1 every step takes a
 * word. With SF = 1 a register keeps the only word for all passes, so that whoever made it is free to make the next one.
 * Otherwise the first pass writes the words into a buffer, from which the later passes read; a vector of the next frame follows
 * without a bubble.
 * G > 1: a vector is one of G in turn, with weights of its own each; `address` and `nf` count on over all of them.
 * `go`: there is a step in this cycle; it happens when `ce` is high. first, last: of the SF steps of a pass; nf: the pass. */
`default_nettype none

module lf_mvu_control #(
    parameter XW = 1,
    parameter SF = 1,
    parameter NF = 1,
    parameter G = 1,
    parameter SFB = 1, /* bits of 0 .. SF - 1, at least 1 */
    parameter NFB = 1,
    parameter AB = 1   /* bits of 0 .. SF * NF * G - 1, at least 1 */
) (
    input  wire           aclk,
    input  wire           aresetn,
    input  wire           ce,
    input  wire [XW-1:0]  s_axis_tdata,
    input  wire           s_axis_tvalid,
    output wire           s_axis_tready,
    output wire           go,
    output wire           first,
    output wire           last,
    output wire [XW-1:0]  x,
    output wire [NFB-1:0] nf,
    output wire [AB-1:0]  address
);
    wire step = ce & go;
    wire [SFB-1:0] sf;
    wire last_pass; // of the vector
    wire last_all;  // of all G vectors
    wire unused = &{1'b0, aclk, aresetn, step, sf, last_pass, last_all};

    generate
        if (SF > 1) begin : words
            reg [SFB-1:0] count;
            assign sf = count;
            assign first = count == {SFB{1'b0}};
            assign last = {{(32 - SFB){1'b0}}, count} == SF - 1;
            always @(posedge aclk)
                if (!aresetn)
                    count <= {SFB{1'b0}};
                else if (step)
                    count <= last ? {SFB{1'b0}} : count + 1'b1;
        end else begin : word
            assign sf = {SFB{1'b0}};
            assign first = 1'b1;
            assign last = 1'b1;
        end

        if (NF * G > 1) begin : passes
            reg [NFB-1:0] count;
            assign nf = count;
            assign last_all = {{(32 - NFB){1'b0}}, count} == NF * G - 1;
            always @(posedge aclk)
                if (!aresetn)
                    count <= {NFB{1'b0}};
                else if (step && last)
                    count <= last_all ? {NFB{1'b0}} : count + 1'b1;
        end else begin : pass
            assign nf = {NFB{1'b0}};
            assign last_all = 1'b1;
        end

        if (NF > 1 && G > 1) begin : own_passes
            reg [NFB-1:0] count;
            assign last_pass = {{(32 - NFB){1'b0}}, count} == NF - 1;
            always @(posedge aclk)
                if (!aresetn)
                    count <= {NFB{1'b0}};
                else if (step && last)
                    count <= last_pass ? {NFB{1'b0}} : count + 1'b1;
        end else if (NF > 1) begin : same_passes
            assign last_pass = last_all;
        end else begin : no_passes
            assign last_pass = 1'b1;
        end

        if (NF * G == 1) begin : by_word
            assign address = sf;
        end else if (SF == 1) begin : by_pass
            assign address = nf;
        end else if (SF == 1 << SFB) begin : by_both
            assign address = {nf, sf};
        end else begin : by_step
            reg [AB-1:0] count;
            assign address = count;
            always @(posedge aclk)
                if (!aresetn)
                    count <= {AB{1'b0}};
                else if (step)
                    count <= last && last_all ? {AB{1'b0}} : count + 1'b1;
        end

        if (NF > 1 && SF > 1) begin : buffered
            reg first_pass;
            (* ram_style = "distributed" *) reg [XW-1:0] store [0:SF-1];
            always @(posedge aclk)
                if (!aresetn)
                    first_pass <= 1'b1;
                else if (step && last)
                    first_pass <= last_pass;
            always @(posedge aclk)
                if (step && first_pass)
                    store[sf] <= s_axis_tdata;
            assign x = first_pass ? s_axis_tdata : store[sf];
            assign go = s_axis_tvalid | ~first_pass;
            assign s_axis_tready = ce & first_pass;
        end else if (NF > 1) begin : kept
            reg held;
            reg [XW-1:0] own;
            wire take = s_axis_tvalid & s_axis_tready;
            always @(posedge aclk)
                if (!aresetn)
                    held <= 1'b0;
                else
                    held <= take | (held & ~(step & last_pass));
            always @(posedge aclk)
                if (take)
                    own <= s_axis_tdata;
            assign x = own;
            assign go = held;
            assign s_axis_tready = ~held | (ce & last_pass);
        end else begin : direct
            assign x = s_axis_tdata;
            assign go = s_axis_tvalid;
            assign s_axis_tready = ce;
        end
    endgenerate
endmodule

`default_nettype wire
