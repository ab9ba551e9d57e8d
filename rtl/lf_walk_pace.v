/* lutfisk */
/* When a walk may take a beat and when it may go on (lf_walk.v): distances between what is written, what the position needs and what
 * is still needed, kept as their own registers so that a sign bit is the answer.
 *
 * `ahead` = words written - last word that the position needs - 1 (not negative: it is there), `fill` = words written - base - words
 * of the ring (negative: there is room), where `base` lies at or below every word that is still needed. `fresh`, where position 0 is in
 * the padding: words written of the frame - 1; a frame does not begin before its first beat.
 *
 * next_*: of the position that is loaded; it is registered one position ahead. Steps are negative: they are added to the distances. */
`default_nettype none

module lf_walk_pace #(
    parameter P = 6, // bits of a distance
    parameter [P-1:0] AHEAD = 0, // of position 0, nothing written
    parameter [P-1:0] FILL  = 0,
    parameter [P-1:0] WORDS = 0, // minus the words of a frame
    parameter FIRST_PADDED  = 0
) (
    input  wire         aclk,
    input  wire         aresetn,
    input  wire         s_axis_tvalid,
    output wire         s_axis_tready,
    output wire         push,
    input  wire         ce,        // the memory can be read
    output wire         go,        // the position can be read
    output wire         step,      // it is, and the walk goes on
    output wire         load,      // the position's registers take the next one
    input  wire         next_pad,  // it reads nothing
    input  wire         next_last, // of its frame
    input  wire [P-1:0] next_step, // minus the words from it to the one behind it
    input  wire [P-1:0] next_free, // minus the words that are free then
    output reg          pad,
    output reg  [P-1:0] step_on
);
    reg          ready; // the registers of the position hold one
    reg  [P-1:0] free_on;
    reg  [P-1:0] ahead, fill;

    assign push = s_axis_tvalid & s_axis_tready;
    assign step = ce & go;
    assign load = step | ~ready;
    assign s_axis_tready = fill[P-1];

    always @(posedge aclk)
        if (!aresetn) begin
            ready   <= 1'b0;
            pad     <= 1'b0;
            step_on <= {P{1'b0}};
            free_on <= {P{1'b0}};
        end else if (load) begin
            ready   <= 1'b1;
            pad     <= next_pad;
            step_on <= next_step;
            free_on <= next_free;
        end

    // The beat that arrives is the carry of both sums.
    wire [P:0] ahead_sum = {ahead, 1'b1} + {step ? step_on : {P{1'b0}}, push};
    wire [P:0] fill_sum  = {fill, 1'b1} + {step ? free_on : {P{1'b0}}, push};
    wire unused = &{1'b0, ahead_sum[0], fill_sum[0]};
    always @(posedge aclk)
        if (!aresetn) begin
            ahead <= AHEAD;
            fill  <= FILL;
        end else begin
            ahead <= ahead_sum[P:1];
            fill  <= fill_sum[P:1];
        end

    generate
        if (FIRST_PADDED != 0) begin : held
            reg          first;
            reg  [P-1:0] fresh;
            wire [P:0]   fresh_sum = {fresh, 1'b1} + {step & first ? WORDS : {P{1'b0}}, push};
            wire         unused_fresh = fresh_sum[0];
            reg          begins; // the next position is position 0
            always @(posedge aclk)
                if (!aresetn) begin
                    first  <= 1'b0;
                    begins <= 1'b1;
                    fresh  <= {P{1'b1}};
                end else begin
                    fresh <= fresh_sum[P:1];
                    if (load) begin
                        first  <= begins;
                        begins <= next_last;
                    end
                end
            assign go = ready & (first ? ~fresh[P-1] : pad | ~ahead[P-1]);
        end else begin : free
            wire unused_words = &{1'b0, WORDS, next_last};
            assign go = ready & (pad | ~ahead[P-1]);
        end
    endgenerate
endmodule

`default_nettype wire
