/* Behavioural models of the Xilinx block RAMs that Yosys maps to and its cell library has no body for: RAMB18E1 and RAMB36E1
 * (7 series, UG473), RAMB18E2 and RAMB36E2 (UltraScale+, UG573). Modelled: every port width with parity, byte write enables, both
 * simple and true dual port, the three write modes, output reset. Not modelled, and refused at the start of a simulation: output
 * registers, cascades, error correction. */

/* One RAM of DATA bits and an eighth as many parity bits. A port of width W has D = 1 2 4 8 16 32 64 data bits and, from 9 up,
 * one parity bit a byte; its address counts single bits. Port A reads RA and writes WA wide, port B likewise. In simple dual
 * port mode with the full width (36 or 72) the upper half of a word is on the pins of the other port. */
module lf_cell_bram #(
    parameter DATA = 16384,
    parameter AW = 14,
    parameter HALF = 16,
    parameter RA = 0, parameter WA = 0, parameter RB = 0, parameter WB = 0,
    parameter MODE_A = "WRITE_FIRST", parameter MODE_B = "WRITE_FIRST",
    parameter [DATA-1:0] INIT = {DATA{1'b0}},
    parameter [DATA/8-1:0] INITP = {DATA/8{1'b0}},
    parameter [HALF+HALF/8-1:0] SRVAL_A = 0,
    parameter [HALF+HALF/8-1:0] SRVAL_B = 0
) (
    input wire clk_a, input wire en_a, input wire rst_a, input wire [AW-1:0] addr_a, input wire [HALF/8-1:0] we_a,
    input wire [HALF-1:0] di_a, input wire [HALF/8-1:0] dip_a, output wire [HALF-1:0] do_a, output wire [HALF/8-1:0] dop_a,
    input wire clk_b, input wire en_b, input wire rst_b, input wire [AW-1:0] addr_b, input wire [HALF/4-1:0] we_b,
    input wire [HALF-1:0] di_b, input wire [HALF/8-1:0] dip_b, output wire [HALF-1:0] do_b, output wire [HALF/8-1:0] dop_b
);
    localparam FULL = 2 * HALF;
    localparam WIDE = FULL + FULL / 8; /* the width that needs the pins of both ports */
    reg data [0:DATA-1];
    reg parity [0:DATA/8-1];
    integer block, k0;
    reg [255:0] row; /* one INIT parameter at a time: selecting bits of the whole vector is slow in interpreters */
    reg [FULL-1:0] qa, qb;
    reg [FULL/8-1:0] pa, pb;
    initial begin
        for (block = 0; block < DATA / 256; block = block + 1) begin
            row = INIT[block*256 +: 256];
            for (k0 = 0; k0 < 256; k0 = k0 + 1) data[block*256 + k0] = row[k0];
        end
        for (block = 0; block < DATA / 2048; block = block + 1) begin
            row = INITP[block*256 +: 256];
            for (k0 = 0; k0 < 256; k0 = k0 + 1) parity[block*256 + k0] = row[k0];
        end
        qa = 0;
        qb = 0;
        pa = 0;
        pb = 0;
    end

    function automatic integer data_bits(input integer width);
        data_bits = width >= 9 ? width / 9 * 8 : width;
    endfunction
    function automatic integer first(input integer width, input [AW-1:0] addr); /* lowest bit of the word at a port's address */
        first = width == 0 ? 0 : addr / data_bits(width) * data_bits(width);
    endfunction

    wire [FULL-1:0] din_a = {di_b, di_a};
    wire [FULL/8-1:0] dinp_a = {dip_b, dip_a};
    wire [FULL-1:0] din_b = WB == WIDE ? {di_b, di_a} : {{HALF{1'b0}}, di_b};
    wire [FULL/8-1:0] dinp_b = WB == WIDE ? {dip_b, dip_a} : {{HALF/8{1'b0}}, dip_b};

    task automatic read(input integer width, input [AW-1:0] addr, output [FULL-1:0] q, output [FULL/8-1:0] p);
        integer k, from;
        begin
            q = 0;
            p = 0;
            from = first(width, addr);
            for (k = 0; k < data_bits(width); k = k + 1) q[k] = data[from + k];
            if (width >= 9)
                for (k = 0; k < width / 9; k = k + 1) p[k] = parity[from / 8 + k];
        end
    endtask

    task automatic write(input integer width, input [AW-1:0] addr, input [FULL/8-1:0] we, input [FULL-1:0] d, input [FULL/8-1:0] dp);
        integer k, from;
        begin
            from = first(width, addr);
            for (k = 0; k < data_bits(width); k = k + 1)
                if (we[k / 8]) data[from + k] = d[k];
            if (width >= 9)
                for (k = 0; k < width / 9; k = k + 1)
                    if (we[k]) parity[from / 8 + k] = dp[k];
        end
    endtask

    wire writes_a = WA != 0 && en_a && we_a != 0;
    wire writes_b = WB != 0 && en_b && we_b != 0;
    reg [FULL-1:0] next;
    reg [FULL/8-1:0] nextp;
    always @(posedge clk_a)
        if (en_a) begin
            if (writes_a && MODE_A == "WRITE_FIRST") write(WA, addr_a, {{HALF/8{1'b0}}, we_a}, din_a, dinp_a);
            read(RA, addr_a, next, nextp);
            if (rst_a) begin
                qa <= {SRVAL_B[HALF-1:0], SRVAL_A[HALF-1:0]};
                pa <= {SRVAL_B[HALF+HALF/8-1:HALF], SRVAL_A[HALF+HALF/8-1:HALF]};
            end else if (!(writes_a && MODE_A == "NO_CHANGE")) begin
                qa <= next;
                pa <= nextp;
            end
            if (writes_a && MODE_A != "WRITE_FIRST") write(WA, addr_a, {{HALF/8{1'b0}}, we_a}, din_a, dinp_a);
        end
    reg [FULL-1:0] nextb;
    reg [FULL/8-1:0] nextpb;
    /* Writes of port B come behind the reads of port A in one cycle: what port A reads at the same address is the old word. */
    always @(posedge clk_b)
        if (en_b) begin
            if (writes_b && MODE_B == "WRITE_FIRST" && RB != 0) write(WB, addr_b, we_b, din_b, dinp_b);
            read(RB, addr_b, nextb, nextpb);
            if (rst_b) begin
                qb <= {{HALF{1'b0}}, SRVAL_B[HALF-1:0]};
                pb <= {{HALF/8{1'b0}}, SRVAL_B[HALF+HALF/8-1:HALF]};
            end else if (!(writes_b && MODE_B == "NO_CHANGE")) begin
                qb <= nextb;
                pb <= nextpb;
            end
        end
    reg [AW-1:0] late_addr;
    reg [FULL/8-1:0] late_we, late_dp;
    reg [FULL-1:0] late_d;
    reg late;
    initial late = 0;
    always @(posedge clk_b) begin
        late <= writes_b && !(MODE_B == "WRITE_FIRST" && RB != 0);
        late_addr <= addr_b;
        late_we <= we_b;
        late_d <= din_b;
        late_dp <= dinp_b;
    end
    always @(negedge clk_b)
        if (late) write(WB, late_addr, late_we, late_d, late_dp);

    assign do_a = qa[HALF-1:0];
    assign dop_a = pa[HALF/8-1:0];
    assign do_b = RA == WIDE ? qa[FULL-1:HALF] : qb[HALF-1:0];
    assign dop_b = RA == WIDE ? pa[FULL/8-1:HALF/8] : pb[HALF/8-1:0];
endmodule

module RAMB18E1 #(
    parameter integer DOA_REG = 0, parameter integer DOB_REG = 0,
    parameter integer READ_WIDTH_A = 0, parameter integer READ_WIDTH_B = 0, parameter integer WRITE_WIDTH_A = 0, parameter integer WRITE_WIDTH_B = 0,
    parameter WRITE_MODE_A = "WRITE_FIRST", parameter WRITE_MODE_B = "WRITE_FIRST",
    parameter [17:0] SRVAL_A = 0, parameter [17:0] SRVAL_B = 0, parameter [17:0] INIT_A = 0, parameter [17:0] INIT_B = 0,
    parameter RAM_MODE = "TDP",
    parameter [255:0] INIT_00 = 256'h0, parameter [255:0] INIT_01 = 256'h0, parameter [255:0] INIT_02 = 256'h0, parameter [255:0] INIT_03 = 256'h0,
    parameter [255:0] INIT_04 = 256'h0, parameter [255:0] INIT_05 = 256'h0, parameter [255:0] INIT_06 = 256'h0, parameter [255:0] INIT_07 = 256'h0,
    parameter [255:0] INIT_08 = 256'h0, parameter [255:0] INIT_09 = 256'h0, parameter [255:0] INIT_0A = 256'h0, parameter [255:0] INIT_0B = 256'h0,
    parameter [255:0] INIT_0C = 256'h0, parameter [255:0] INIT_0D = 256'h0, parameter [255:0] INIT_0E = 256'h0, parameter [255:0] INIT_0F = 256'h0,
    parameter [255:0] INIT_10 = 256'h0, parameter [255:0] INIT_11 = 256'h0, parameter [255:0] INIT_12 = 256'h0, parameter [255:0] INIT_13 = 256'h0,
    parameter [255:0] INIT_14 = 256'h0, parameter [255:0] INIT_15 = 256'h0, parameter [255:0] INIT_16 = 256'h0, parameter [255:0] INIT_17 = 256'h0,
    parameter [255:0] INIT_18 = 256'h0, parameter [255:0] INIT_19 = 256'h0, parameter [255:0] INIT_1A = 256'h0, parameter [255:0] INIT_1B = 256'h0,
    parameter [255:0] INIT_1C = 256'h0, parameter [255:0] INIT_1D = 256'h0, parameter [255:0] INIT_1E = 256'h0, parameter [255:0] INIT_1F = 256'h0,
    parameter [255:0] INIT_20 = 256'h0, parameter [255:0] INIT_21 = 256'h0, parameter [255:0] INIT_22 = 256'h0, parameter [255:0] INIT_23 = 256'h0,
    parameter [255:0] INIT_24 = 256'h0, parameter [255:0] INIT_25 = 256'h0, parameter [255:0] INIT_26 = 256'h0, parameter [255:0] INIT_27 = 256'h0,
    parameter [255:0] INIT_28 = 256'h0, parameter [255:0] INIT_29 = 256'h0, parameter [255:0] INIT_2A = 256'h0, parameter [255:0] INIT_2B = 256'h0,
    parameter [255:0] INIT_2C = 256'h0, parameter [255:0] INIT_2D = 256'h0, parameter [255:0] INIT_2E = 256'h0, parameter [255:0] INIT_2F = 256'h0,
    parameter [255:0] INIT_30 = 256'h0, parameter [255:0] INIT_31 = 256'h0, parameter [255:0] INIT_32 = 256'h0, parameter [255:0] INIT_33 = 256'h0,
    parameter [255:0] INIT_34 = 256'h0, parameter [255:0] INIT_35 = 256'h0, parameter [255:0] INIT_36 = 256'h0, parameter [255:0] INIT_37 = 256'h0,
    parameter [255:0] INIT_38 = 256'h0, parameter [255:0] INIT_39 = 256'h0, parameter [255:0] INIT_3A = 256'h0, parameter [255:0] INIT_3B = 256'h0,
    parameter [255:0] INIT_3C = 256'h0, parameter [255:0] INIT_3D = 256'h0, parameter [255:0] INIT_3E = 256'h0, parameter [255:0] INIT_3F = 256'h0,
    parameter [255:0] INITP_00 = 256'h0, parameter [255:0] INITP_01 = 256'h0, parameter [255:0] INITP_02 = 256'h0, parameter [255:0] INITP_03 = 256'h0,
    parameter [255:0] INITP_04 = 256'h0, parameter [255:0] INITP_05 = 256'h0, parameter [255:0] INITP_06 = 256'h0, parameter [255:0] INITP_07 = 256'h0
) (
    output wire [15:0] DOADO, output wire [1:0] DOPADOP, input wire [15:0] DIADI, input wire [1:0] DIPADIP,
    output wire [15:0] DOBDO, output wire [1:0] DOPBDOP, input wire [15:0] DIBDI, input wire [1:0] DIPBDIP,
    input wire CLKARDCLK, input wire CLKBWRCLK, input wire ENARDEN, input wire ENBWREN, input wire REGCEAREGCE, input wire REGCEB,
    input wire RSTRAMARSTRAM, input wire RSTRAMB, input wire RSTREGARSTREG, input wire RSTREGB, input wire [1:0] WEA, input wire [3:0] WEBWE,
    input wire [13:0] ADDRARDADDR, input wire [13:0] ADDRBWRADDR
);
    initial if (DOA_REG != 0 || DOB_REG != 0) begin
        $display("RAMB18E1: an output register or a cascade is not modelled");
        $finish;
    end
    lf_cell_bram #(.DATA(16384), .AW(14), .HALF(16), .RA(READ_WIDTH_A), .WA(WRITE_WIDTH_A), .RB(READ_WIDTH_B), .WB(WRITE_WIDTH_B),
        .MODE_A(WRITE_MODE_A), .MODE_B(WRITE_MODE_B), .SRVAL_A(SRVAL_A), .SRVAL_B(SRVAL_B),
        .INIT({
            INIT_3F, INIT_3E, INIT_3D, INIT_3C, INIT_3B, INIT_3A, INIT_39, INIT_38,
            INIT_37, INIT_36, INIT_35, INIT_34, INIT_33, INIT_32, INIT_31, INIT_30,
            INIT_2F, INIT_2E, INIT_2D, INIT_2C, INIT_2B, INIT_2A, INIT_29, INIT_28,
            INIT_27, INIT_26, INIT_25, INIT_24, INIT_23, INIT_22, INIT_21, INIT_20,
            INIT_1F, INIT_1E, INIT_1D, INIT_1C, INIT_1B, INIT_1A, INIT_19, INIT_18,
            INIT_17, INIT_16, INIT_15, INIT_14, INIT_13, INIT_12, INIT_11, INIT_10,
            INIT_0F, INIT_0E, INIT_0D, INIT_0C, INIT_0B, INIT_0A, INIT_09, INIT_08,
            INIT_07, INIT_06, INIT_05, INIT_04, INIT_03, INIT_02, INIT_01, INIT_00}),
        .INITP({
            INITP_07, INITP_06, INITP_05, INITP_04, INITP_03, INITP_02, INITP_01, INITP_00})) ram (
        .clk_a(CLKARDCLK), .en_a(ENARDEN), .rst_a(RSTRAMARSTRAM), .addr_a(ADDRARDADDR[13:0]), .we_a(WEA), .di_a(DIADI), .dip_a(DIPADIP), .do_a(DOADO), .dop_a(DOPADOP),
        .clk_b(CLKBWRCLK), .en_b(ENBWREN), .rst_b(RSTRAMB), .addr_b(ADDRBWRADDR[13:0]), .we_b(WEBWE), .di_b(DIBDI), .dip_b(DIPBDIP), .do_b(DOBDO), .dop_b(DOPBDOP));
endmodule

module RAMB36E1 #(
    parameter integer DOA_REG = 0, parameter integer DOB_REG = 0,
    parameter integer READ_WIDTH_A = 0, parameter integer READ_WIDTH_B = 0, parameter integer WRITE_WIDTH_A = 0, parameter integer WRITE_WIDTH_B = 0,
    parameter WRITE_MODE_A = "WRITE_FIRST", parameter WRITE_MODE_B = "WRITE_FIRST",
    parameter [35:0] SRVAL_A = 0, parameter [35:0] SRVAL_B = 0, parameter [35:0] INIT_A = 0, parameter [35:0] INIT_B = 0,
    parameter RAM_MODE = "TDP", parameter RAM_EXTENSION_A = "NONE", parameter RAM_EXTENSION_B = "NONE",
    parameter [255:0] INIT_00 = 256'h0, parameter [255:0] INIT_01 = 256'h0, parameter [255:0] INIT_02 = 256'h0, parameter [255:0] INIT_03 = 256'h0,
    parameter [255:0] INIT_04 = 256'h0, parameter [255:0] INIT_05 = 256'h0, parameter [255:0] INIT_06 = 256'h0, parameter [255:0] INIT_07 = 256'h0,
    parameter [255:0] INIT_08 = 256'h0, parameter [255:0] INIT_09 = 256'h0, parameter [255:0] INIT_0A = 256'h0, parameter [255:0] INIT_0B = 256'h0,
    parameter [255:0] INIT_0C = 256'h0, parameter [255:0] INIT_0D = 256'h0, parameter [255:0] INIT_0E = 256'h0, parameter [255:0] INIT_0F = 256'h0,
    parameter [255:0] INIT_10 = 256'h0, parameter [255:0] INIT_11 = 256'h0, parameter [255:0] INIT_12 = 256'h0, parameter [255:0] INIT_13 = 256'h0,
    parameter [255:0] INIT_14 = 256'h0, parameter [255:0] INIT_15 = 256'h0, parameter [255:0] INIT_16 = 256'h0, parameter [255:0] INIT_17 = 256'h0,
    parameter [255:0] INIT_18 = 256'h0, parameter [255:0] INIT_19 = 256'h0, parameter [255:0] INIT_1A = 256'h0, parameter [255:0] INIT_1B = 256'h0,
    parameter [255:0] INIT_1C = 256'h0, parameter [255:0] INIT_1D = 256'h0, parameter [255:0] INIT_1E = 256'h0, parameter [255:0] INIT_1F = 256'h0,
    parameter [255:0] INIT_20 = 256'h0, parameter [255:0] INIT_21 = 256'h0, parameter [255:0] INIT_22 = 256'h0, parameter [255:0] INIT_23 = 256'h0,
    parameter [255:0] INIT_24 = 256'h0, parameter [255:0] INIT_25 = 256'h0, parameter [255:0] INIT_26 = 256'h0, parameter [255:0] INIT_27 = 256'h0,
    parameter [255:0] INIT_28 = 256'h0, parameter [255:0] INIT_29 = 256'h0, parameter [255:0] INIT_2A = 256'h0, parameter [255:0] INIT_2B = 256'h0,
    parameter [255:0] INIT_2C = 256'h0, parameter [255:0] INIT_2D = 256'h0, parameter [255:0] INIT_2E = 256'h0, parameter [255:0] INIT_2F = 256'h0,
    parameter [255:0] INIT_30 = 256'h0, parameter [255:0] INIT_31 = 256'h0, parameter [255:0] INIT_32 = 256'h0, parameter [255:0] INIT_33 = 256'h0,
    parameter [255:0] INIT_34 = 256'h0, parameter [255:0] INIT_35 = 256'h0, parameter [255:0] INIT_36 = 256'h0, parameter [255:0] INIT_37 = 256'h0,
    parameter [255:0] INIT_38 = 256'h0, parameter [255:0] INIT_39 = 256'h0, parameter [255:0] INIT_3A = 256'h0, parameter [255:0] INIT_3B = 256'h0,
    parameter [255:0] INIT_3C = 256'h0, parameter [255:0] INIT_3D = 256'h0, parameter [255:0] INIT_3E = 256'h0, parameter [255:0] INIT_3F = 256'h0,
    parameter [255:0] INIT_40 = 256'h0, parameter [255:0] INIT_41 = 256'h0, parameter [255:0] INIT_42 = 256'h0, parameter [255:0] INIT_43 = 256'h0,
    parameter [255:0] INIT_44 = 256'h0, parameter [255:0] INIT_45 = 256'h0, parameter [255:0] INIT_46 = 256'h0, parameter [255:0] INIT_47 = 256'h0,
    parameter [255:0] INIT_48 = 256'h0, parameter [255:0] INIT_49 = 256'h0, parameter [255:0] INIT_4A = 256'h0, parameter [255:0] INIT_4B = 256'h0,
    parameter [255:0] INIT_4C = 256'h0, parameter [255:0] INIT_4D = 256'h0, parameter [255:0] INIT_4E = 256'h0, parameter [255:0] INIT_4F = 256'h0,
    parameter [255:0] INIT_50 = 256'h0, parameter [255:0] INIT_51 = 256'h0, parameter [255:0] INIT_52 = 256'h0, parameter [255:0] INIT_53 = 256'h0,
    parameter [255:0] INIT_54 = 256'h0, parameter [255:0] INIT_55 = 256'h0, parameter [255:0] INIT_56 = 256'h0, parameter [255:0] INIT_57 = 256'h0,
    parameter [255:0] INIT_58 = 256'h0, parameter [255:0] INIT_59 = 256'h0, parameter [255:0] INIT_5A = 256'h0, parameter [255:0] INIT_5B = 256'h0,
    parameter [255:0] INIT_5C = 256'h0, parameter [255:0] INIT_5D = 256'h0, parameter [255:0] INIT_5E = 256'h0, parameter [255:0] INIT_5F = 256'h0,
    parameter [255:0] INIT_60 = 256'h0, parameter [255:0] INIT_61 = 256'h0, parameter [255:0] INIT_62 = 256'h0, parameter [255:0] INIT_63 = 256'h0,
    parameter [255:0] INIT_64 = 256'h0, parameter [255:0] INIT_65 = 256'h0, parameter [255:0] INIT_66 = 256'h0, parameter [255:0] INIT_67 = 256'h0,
    parameter [255:0] INIT_68 = 256'h0, parameter [255:0] INIT_69 = 256'h0, parameter [255:0] INIT_6A = 256'h0, parameter [255:0] INIT_6B = 256'h0,
    parameter [255:0] INIT_6C = 256'h0, parameter [255:0] INIT_6D = 256'h0, parameter [255:0] INIT_6E = 256'h0, parameter [255:0] INIT_6F = 256'h0,
    parameter [255:0] INIT_70 = 256'h0, parameter [255:0] INIT_71 = 256'h0, parameter [255:0] INIT_72 = 256'h0, parameter [255:0] INIT_73 = 256'h0,
    parameter [255:0] INIT_74 = 256'h0, parameter [255:0] INIT_75 = 256'h0, parameter [255:0] INIT_76 = 256'h0, parameter [255:0] INIT_77 = 256'h0,
    parameter [255:0] INIT_78 = 256'h0, parameter [255:0] INIT_79 = 256'h0, parameter [255:0] INIT_7A = 256'h0, parameter [255:0] INIT_7B = 256'h0,
    parameter [255:0] INIT_7C = 256'h0, parameter [255:0] INIT_7D = 256'h0, parameter [255:0] INIT_7E = 256'h0, parameter [255:0] INIT_7F = 256'h0,
    parameter [255:0] INITP_00 = 256'h0, parameter [255:0] INITP_01 = 256'h0, parameter [255:0] INITP_02 = 256'h0, parameter [255:0] INITP_03 = 256'h0,
    parameter [255:0] INITP_04 = 256'h0, parameter [255:0] INITP_05 = 256'h0, parameter [255:0] INITP_06 = 256'h0, parameter [255:0] INITP_07 = 256'h0,
    parameter [255:0] INITP_08 = 256'h0, parameter [255:0] INITP_09 = 256'h0, parameter [255:0] INITP_0A = 256'h0, parameter [255:0] INITP_0B = 256'h0,
    parameter [255:0] INITP_0C = 256'h0, parameter [255:0] INITP_0D = 256'h0, parameter [255:0] INITP_0E = 256'h0, parameter [255:0] INITP_0F = 256'h0
) (
    output wire [31:0] DOADO, output wire [3:0] DOPADOP, input wire [31:0] DIADI, input wire [3:0] DIPADIP,
    output wire [31:0] DOBDO, output wire [3:0] DOPBDOP, input wire [31:0] DIBDI, input wire [3:0] DIPBDIP,
    input wire CLKARDCLK, input wire CLKBWRCLK, input wire ENARDEN, input wire ENBWREN, input wire REGCEAREGCE, input wire REGCEB,
    input wire RSTRAMARSTRAM, input wire RSTRAMB, input wire RSTREGARSTREG, input wire RSTREGB, input wire [3:0] WEA, input wire [7:0] WEBWE,
    input wire CASCADEINA, input wire CASCADEINB, output wire CASCADEOUTA, output wire CASCADEOUTB,
    input wire [15:0] ADDRARDADDR, input wire [15:0] ADDRBWRADDR
);
    initial if (DOA_REG != 0 || DOB_REG != 0 || RAM_EXTENSION_A != "NONE" || RAM_EXTENSION_B != "NONE") begin
        $display("RAMB36E1: an output register or a cascade is not modelled");
        $finish;
    end
    assign CASCADEOUTA = 1'b0;
    assign CASCADEOUTB = 1'b0;
    lf_cell_bram #(.DATA(32768), .AW(15), .HALF(32), .RA(READ_WIDTH_A), .WA(WRITE_WIDTH_A), .RB(READ_WIDTH_B), .WB(WRITE_WIDTH_B),
        .MODE_A(WRITE_MODE_A), .MODE_B(WRITE_MODE_B), .SRVAL_A(SRVAL_A), .SRVAL_B(SRVAL_B),
        .INIT({
            INIT_7F, INIT_7E, INIT_7D, INIT_7C, INIT_7B, INIT_7A, INIT_79, INIT_78,
            INIT_77, INIT_76, INIT_75, INIT_74, INIT_73, INIT_72, INIT_71, INIT_70,
            INIT_6F, INIT_6E, INIT_6D, INIT_6C, INIT_6B, INIT_6A, INIT_69, INIT_68,
            INIT_67, INIT_66, INIT_65, INIT_64, INIT_63, INIT_62, INIT_61, INIT_60,
            INIT_5F, INIT_5E, INIT_5D, INIT_5C, INIT_5B, INIT_5A, INIT_59, INIT_58,
            INIT_57, INIT_56, INIT_55, INIT_54, INIT_53, INIT_52, INIT_51, INIT_50,
            INIT_4F, INIT_4E, INIT_4D, INIT_4C, INIT_4B, INIT_4A, INIT_49, INIT_48,
            INIT_47, INIT_46, INIT_45, INIT_44, INIT_43, INIT_42, INIT_41, INIT_40,
            INIT_3F, INIT_3E, INIT_3D, INIT_3C, INIT_3B, INIT_3A, INIT_39, INIT_38,
            INIT_37, INIT_36, INIT_35, INIT_34, INIT_33, INIT_32, INIT_31, INIT_30,
            INIT_2F, INIT_2E, INIT_2D, INIT_2C, INIT_2B, INIT_2A, INIT_29, INIT_28,
            INIT_27, INIT_26, INIT_25, INIT_24, INIT_23, INIT_22, INIT_21, INIT_20,
            INIT_1F, INIT_1E, INIT_1D, INIT_1C, INIT_1B, INIT_1A, INIT_19, INIT_18,
            INIT_17, INIT_16, INIT_15, INIT_14, INIT_13, INIT_12, INIT_11, INIT_10,
            INIT_0F, INIT_0E, INIT_0D, INIT_0C, INIT_0B, INIT_0A, INIT_09, INIT_08,
            INIT_07, INIT_06, INIT_05, INIT_04, INIT_03, INIT_02, INIT_01, INIT_00}),
        .INITP({
            INITP_0F, INITP_0E, INITP_0D, INITP_0C, INITP_0B, INITP_0A, INITP_09, INITP_08,
            INITP_07, INITP_06, INITP_05, INITP_04, INITP_03, INITP_02, INITP_01, INITP_00})) ram (
        .clk_a(CLKARDCLK), .en_a(ENARDEN), .rst_a(RSTRAMARSTRAM), .addr_a(ADDRARDADDR[14:0]), .we_a(WEA), .di_a(DIADI), .dip_a(DIPADIP), .do_a(DOADO), .dop_a(DOPADOP),
        .clk_b(CLKBWRCLK), .en_b(ENBWREN), .rst_b(RSTRAMB), .addr_b(ADDRBWRADDR[14:0]), .we_b(WEBWE), .di_b(DIBDI), .dip_b(DIPBDIP), .do_b(DOBDO), .dop_b(DOPBDOP));
endmodule

module RAMB18E2 #(
    parameter integer DOA_REG = 0, parameter integer DOB_REG = 0,
    parameter integer READ_WIDTH_A = 0, parameter integer READ_WIDTH_B = 0, parameter integer WRITE_WIDTH_A = 0, parameter integer WRITE_WIDTH_B = 0,
    parameter WRITE_MODE_A = "WRITE_FIRST", parameter WRITE_MODE_B = "WRITE_FIRST",
    parameter [17:0] SRVAL_A = 0, parameter [17:0] SRVAL_B = 0, parameter [17:0] INIT_A = 0, parameter [17:0] INIT_B = 0,
    parameter CASCADE_ORDER_A = "NONE", parameter CASCADE_ORDER_B = "NONE",
    parameter [255:0] INIT_00 = 256'h0, parameter [255:0] INIT_01 = 256'h0, parameter [255:0] INIT_02 = 256'h0, parameter [255:0] INIT_03 = 256'h0,
    parameter [255:0] INIT_04 = 256'h0, parameter [255:0] INIT_05 = 256'h0, parameter [255:0] INIT_06 = 256'h0, parameter [255:0] INIT_07 = 256'h0,
    parameter [255:0] INIT_08 = 256'h0, parameter [255:0] INIT_09 = 256'h0, parameter [255:0] INIT_0A = 256'h0, parameter [255:0] INIT_0B = 256'h0,
    parameter [255:0] INIT_0C = 256'h0, parameter [255:0] INIT_0D = 256'h0, parameter [255:0] INIT_0E = 256'h0, parameter [255:0] INIT_0F = 256'h0,
    parameter [255:0] INIT_10 = 256'h0, parameter [255:0] INIT_11 = 256'h0, parameter [255:0] INIT_12 = 256'h0, parameter [255:0] INIT_13 = 256'h0,
    parameter [255:0] INIT_14 = 256'h0, parameter [255:0] INIT_15 = 256'h0, parameter [255:0] INIT_16 = 256'h0, parameter [255:0] INIT_17 = 256'h0,
    parameter [255:0] INIT_18 = 256'h0, parameter [255:0] INIT_19 = 256'h0, parameter [255:0] INIT_1A = 256'h0, parameter [255:0] INIT_1B = 256'h0,
    parameter [255:0] INIT_1C = 256'h0, parameter [255:0] INIT_1D = 256'h0, parameter [255:0] INIT_1E = 256'h0, parameter [255:0] INIT_1F = 256'h0,
    parameter [255:0] INIT_20 = 256'h0, parameter [255:0] INIT_21 = 256'h0, parameter [255:0] INIT_22 = 256'h0, parameter [255:0] INIT_23 = 256'h0,
    parameter [255:0] INIT_24 = 256'h0, parameter [255:0] INIT_25 = 256'h0, parameter [255:0] INIT_26 = 256'h0, parameter [255:0] INIT_27 = 256'h0,
    parameter [255:0] INIT_28 = 256'h0, parameter [255:0] INIT_29 = 256'h0, parameter [255:0] INIT_2A = 256'h0, parameter [255:0] INIT_2B = 256'h0,
    parameter [255:0] INIT_2C = 256'h0, parameter [255:0] INIT_2D = 256'h0, parameter [255:0] INIT_2E = 256'h0, parameter [255:0] INIT_2F = 256'h0,
    parameter [255:0] INIT_30 = 256'h0, parameter [255:0] INIT_31 = 256'h0, parameter [255:0] INIT_32 = 256'h0, parameter [255:0] INIT_33 = 256'h0,
    parameter [255:0] INIT_34 = 256'h0, parameter [255:0] INIT_35 = 256'h0, parameter [255:0] INIT_36 = 256'h0, parameter [255:0] INIT_37 = 256'h0,
    parameter [255:0] INIT_38 = 256'h0, parameter [255:0] INIT_39 = 256'h0, parameter [255:0] INIT_3A = 256'h0, parameter [255:0] INIT_3B = 256'h0,
    parameter [255:0] INIT_3C = 256'h0, parameter [255:0] INIT_3D = 256'h0, parameter [255:0] INIT_3E = 256'h0, parameter [255:0] INIT_3F = 256'h0,
    parameter [255:0] INITP_00 = 256'h0, parameter [255:0] INITP_01 = 256'h0, parameter [255:0] INITP_02 = 256'h0, parameter [255:0] INITP_03 = 256'h0,
    parameter [255:0] INITP_04 = 256'h0, parameter [255:0] INITP_05 = 256'h0, parameter [255:0] INITP_06 = 256'h0, parameter [255:0] INITP_07 = 256'h0
) (
    output wire [15:0] DOUTADOUT, output wire [1:0] DOUTPADOUTP, input wire [15:0] DINADIN, input wire [1:0] DINPADINP,
    output wire [15:0] DOUTBDOUT, output wire [1:0] DOUTPBDOUTP, input wire [15:0] DINBDIN, input wire [1:0] DINPBDINP,
    input wire CLKARDCLK, input wire CLKBWRCLK, input wire ENARDEN, input wire ENBWREN, input wire REGCEAREGCE, input wire REGCEB,
    input wire RSTRAMARSTRAM, input wire RSTRAMB, input wire RSTREGARSTREG, input wire RSTREGB, input wire [1:0] WEA, input wire [3:0] WEBWE,
    input wire ADDRENA, input wire ADDRENB, input wire SLEEP,
    input wire [13:0] ADDRARDADDR, input wire [13:0] ADDRBWRADDR
);
    initial if (DOA_REG != 0 || DOB_REG != 0 || CASCADE_ORDER_A != "NONE" || CASCADE_ORDER_B != "NONE") begin
        $display("RAMB18E2: an output register or a cascade is not modelled");
        $finish;
    end
    lf_cell_bram #(.DATA(16384), .AW(14), .HALF(16), .RA(READ_WIDTH_A), .WA(WRITE_WIDTH_A), .RB(READ_WIDTH_B), .WB(WRITE_WIDTH_B),
        .MODE_A(WRITE_MODE_A), .MODE_B(WRITE_MODE_B), .SRVAL_A(SRVAL_A), .SRVAL_B(SRVAL_B),
        .INIT({
            INIT_3F, INIT_3E, INIT_3D, INIT_3C, INIT_3B, INIT_3A, INIT_39, INIT_38,
            INIT_37, INIT_36, INIT_35, INIT_34, INIT_33, INIT_32, INIT_31, INIT_30,
            INIT_2F, INIT_2E, INIT_2D, INIT_2C, INIT_2B, INIT_2A, INIT_29, INIT_28,
            INIT_27, INIT_26, INIT_25, INIT_24, INIT_23, INIT_22, INIT_21, INIT_20,
            INIT_1F, INIT_1E, INIT_1D, INIT_1C, INIT_1B, INIT_1A, INIT_19, INIT_18,
            INIT_17, INIT_16, INIT_15, INIT_14, INIT_13, INIT_12, INIT_11, INIT_10,
            INIT_0F, INIT_0E, INIT_0D, INIT_0C, INIT_0B, INIT_0A, INIT_09, INIT_08,
            INIT_07, INIT_06, INIT_05, INIT_04, INIT_03, INIT_02, INIT_01, INIT_00}),
        .INITP({
            INITP_07, INITP_06, INITP_05, INITP_04, INITP_03, INITP_02, INITP_01, INITP_00})) ram (
        .clk_a(CLKARDCLK), .en_a(ENARDEN), .rst_a(RSTRAMARSTRAM), .addr_a(ADDRARDADDR[13:0]), .we_a(WEA), .di_a(DINADIN), .dip_a(DINPADINP), .do_a(DOUTADOUT), .dop_a(DOUTPADOUTP),
        .clk_b(CLKBWRCLK), .en_b(ENBWREN), .rst_b(RSTRAMB), .addr_b(ADDRBWRADDR[13:0]), .we_b(WEBWE), .di_b(DINBDIN), .dip_b(DINPBDINP), .do_b(DOUTBDOUT), .dop_b(DOUTPBDOUTP));
endmodule

module RAMB36E2 #(
    parameter integer DOA_REG = 0, parameter integer DOB_REG = 0,
    parameter integer READ_WIDTH_A = 0, parameter integer READ_WIDTH_B = 0, parameter integer WRITE_WIDTH_A = 0, parameter integer WRITE_WIDTH_B = 0,
    parameter WRITE_MODE_A = "WRITE_FIRST", parameter WRITE_MODE_B = "WRITE_FIRST",
    parameter [35:0] SRVAL_A = 0, parameter [35:0] SRVAL_B = 0, parameter [35:0] INIT_A = 0, parameter [35:0] INIT_B = 0,
    parameter CASCADE_ORDER_A = "NONE", parameter CASCADE_ORDER_B = "NONE",
    parameter [255:0] INIT_00 = 256'h0, parameter [255:0] INIT_01 = 256'h0, parameter [255:0] INIT_02 = 256'h0, parameter [255:0] INIT_03 = 256'h0,
    parameter [255:0] INIT_04 = 256'h0, parameter [255:0] INIT_05 = 256'h0, parameter [255:0] INIT_06 = 256'h0, parameter [255:0] INIT_07 = 256'h0,
    parameter [255:0] INIT_08 = 256'h0, parameter [255:0] INIT_09 = 256'h0, parameter [255:0] INIT_0A = 256'h0, parameter [255:0] INIT_0B = 256'h0,
    parameter [255:0] INIT_0C = 256'h0, parameter [255:0] INIT_0D = 256'h0, parameter [255:0] INIT_0E = 256'h0, parameter [255:0] INIT_0F = 256'h0,
    parameter [255:0] INIT_10 = 256'h0, parameter [255:0] INIT_11 = 256'h0, parameter [255:0] INIT_12 = 256'h0, parameter [255:0] INIT_13 = 256'h0,
    parameter [255:0] INIT_14 = 256'h0, parameter [255:0] INIT_15 = 256'h0, parameter [255:0] INIT_16 = 256'h0, parameter [255:0] INIT_17 = 256'h0,
    parameter [255:0] INIT_18 = 256'h0, parameter [255:0] INIT_19 = 256'h0, parameter [255:0] INIT_1A = 256'h0, parameter [255:0] INIT_1B = 256'h0,
    parameter [255:0] INIT_1C = 256'h0, parameter [255:0] INIT_1D = 256'h0, parameter [255:0] INIT_1E = 256'h0, parameter [255:0] INIT_1F = 256'h0,
    parameter [255:0] INIT_20 = 256'h0, parameter [255:0] INIT_21 = 256'h0, parameter [255:0] INIT_22 = 256'h0, parameter [255:0] INIT_23 = 256'h0,
    parameter [255:0] INIT_24 = 256'h0, parameter [255:0] INIT_25 = 256'h0, parameter [255:0] INIT_26 = 256'h0, parameter [255:0] INIT_27 = 256'h0,
    parameter [255:0] INIT_28 = 256'h0, parameter [255:0] INIT_29 = 256'h0, parameter [255:0] INIT_2A = 256'h0, parameter [255:0] INIT_2B = 256'h0,
    parameter [255:0] INIT_2C = 256'h0, parameter [255:0] INIT_2D = 256'h0, parameter [255:0] INIT_2E = 256'h0, parameter [255:0] INIT_2F = 256'h0,
    parameter [255:0] INIT_30 = 256'h0, parameter [255:0] INIT_31 = 256'h0, parameter [255:0] INIT_32 = 256'h0, parameter [255:0] INIT_33 = 256'h0,
    parameter [255:0] INIT_34 = 256'h0, parameter [255:0] INIT_35 = 256'h0, parameter [255:0] INIT_36 = 256'h0, parameter [255:0] INIT_37 = 256'h0,
    parameter [255:0] INIT_38 = 256'h0, parameter [255:0] INIT_39 = 256'h0, parameter [255:0] INIT_3A = 256'h0, parameter [255:0] INIT_3B = 256'h0,
    parameter [255:0] INIT_3C = 256'h0, parameter [255:0] INIT_3D = 256'h0, parameter [255:0] INIT_3E = 256'h0, parameter [255:0] INIT_3F = 256'h0,
    parameter [255:0] INIT_40 = 256'h0, parameter [255:0] INIT_41 = 256'h0, parameter [255:0] INIT_42 = 256'h0, parameter [255:0] INIT_43 = 256'h0,
    parameter [255:0] INIT_44 = 256'h0, parameter [255:0] INIT_45 = 256'h0, parameter [255:0] INIT_46 = 256'h0, parameter [255:0] INIT_47 = 256'h0,
    parameter [255:0] INIT_48 = 256'h0, parameter [255:0] INIT_49 = 256'h0, parameter [255:0] INIT_4A = 256'h0, parameter [255:0] INIT_4B = 256'h0,
    parameter [255:0] INIT_4C = 256'h0, parameter [255:0] INIT_4D = 256'h0, parameter [255:0] INIT_4E = 256'h0, parameter [255:0] INIT_4F = 256'h0,
    parameter [255:0] INIT_50 = 256'h0, parameter [255:0] INIT_51 = 256'h0, parameter [255:0] INIT_52 = 256'h0, parameter [255:0] INIT_53 = 256'h0,
    parameter [255:0] INIT_54 = 256'h0, parameter [255:0] INIT_55 = 256'h0, parameter [255:0] INIT_56 = 256'h0, parameter [255:0] INIT_57 = 256'h0,
    parameter [255:0] INIT_58 = 256'h0, parameter [255:0] INIT_59 = 256'h0, parameter [255:0] INIT_5A = 256'h0, parameter [255:0] INIT_5B = 256'h0,
    parameter [255:0] INIT_5C = 256'h0, parameter [255:0] INIT_5D = 256'h0, parameter [255:0] INIT_5E = 256'h0, parameter [255:0] INIT_5F = 256'h0,
    parameter [255:0] INIT_60 = 256'h0, parameter [255:0] INIT_61 = 256'h0, parameter [255:0] INIT_62 = 256'h0, parameter [255:0] INIT_63 = 256'h0,
    parameter [255:0] INIT_64 = 256'h0, parameter [255:0] INIT_65 = 256'h0, parameter [255:0] INIT_66 = 256'h0, parameter [255:0] INIT_67 = 256'h0,
    parameter [255:0] INIT_68 = 256'h0, parameter [255:0] INIT_69 = 256'h0, parameter [255:0] INIT_6A = 256'h0, parameter [255:0] INIT_6B = 256'h0,
    parameter [255:0] INIT_6C = 256'h0, parameter [255:0] INIT_6D = 256'h0, parameter [255:0] INIT_6E = 256'h0, parameter [255:0] INIT_6F = 256'h0,
    parameter [255:0] INIT_70 = 256'h0, parameter [255:0] INIT_71 = 256'h0, parameter [255:0] INIT_72 = 256'h0, parameter [255:0] INIT_73 = 256'h0,
    parameter [255:0] INIT_74 = 256'h0, parameter [255:0] INIT_75 = 256'h0, parameter [255:0] INIT_76 = 256'h0, parameter [255:0] INIT_77 = 256'h0,
    parameter [255:0] INIT_78 = 256'h0, parameter [255:0] INIT_79 = 256'h0, parameter [255:0] INIT_7A = 256'h0, parameter [255:0] INIT_7B = 256'h0,
    parameter [255:0] INIT_7C = 256'h0, parameter [255:0] INIT_7D = 256'h0, parameter [255:0] INIT_7E = 256'h0, parameter [255:0] INIT_7F = 256'h0,
    parameter [255:0] INITP_00 = 256'h0, parameter [255:0] INITP_01 = 256'h0, parameter [255:0] INITP_02 = 256'h0, parameter [255:0] INITP_03 = 256'h0,
    parameter [255:0] INITP_04 = 256'h0, parameter [255:0] INITP_05 = 256'h0, parameter [255:0] INITP_06 = 256'h0, parameter [255:0] INITP_07 = 256'h0,
    parameter [255:0] INITP_08 = 256'h0, parameter [255:0] INITP_09 = 256'h0, parameter [255:0] INITP_0A = 256'h0, parameter [255:0] INITP_0B = 256'h0,
    parameter [255:0] INITP_0C = 256'h0, parameter [255:0] INITP_0D = 256'h0, parameter [255:0] INITP_0E = 256'h0, parameter [255:0] INITP_0F = 256'h0
) (
    output wire [31:0] DOUTADOUT, output wire [3:0] DOUTPADOUTP, input wire [31:0] DINADIN, input wire [3:0] DINPADINP,
    output wire [31:0] DOUTBDOUT, output wire [3:0] DOUTPBDOUTP, input wire [31:0] DINBDIN, input wire [3:0] DINPBDINP,
    input wire CLKARDCLK, input wire CLKBWRCLK, input wire ENARDEN, input wire ENBWREN, input wire REGCEAREGCE, input wire REGCEB,
    input wire RSTRAMARSTRAM, input wire RSTRAMB, input wire RSTREGARSTREG, input wire RSTREGB, input wire [3:0] WEA, input wire [7:0] WEBWE,
    input wire ADDRENA, input wire ADDRENB, input wire SLEEP,
    input wire [14:0] ADDRARDADDR, input wire [14:0] ADDRBWRADDR
);
    initial if (DOA_REG != 0 || DOB_REG != 0 || CASCADE_ORDER_A != "NONE" || CASCADE_ORDER_B != "NONE") begin
        $display("RAMB36E2: an output register or a cascade is not modelled");
        $finish;
    end
    lf_cell_bram #(.DATA(32768), .AW(15), .HALF(32), .RA(READ_WIDTH_A), .WA(WRITE_WIDTH_A), .RB(READ_WIDTH_B), .WB(WRITE_WIDTH_B),
        .MODE_A(WRITE_MODE_A), .MODE_B(WRITE_MODE_B), .SRVAL_A(SRVAL_A), .SRVAL_B(SRVAL_B),
        .INIT({
            INIT_7F, INIT_7E, INIT_7D, INIT_7C, INIT_7B, INIT_7A, INIT_79, INIT_78,
            INIT_77, INIT_76, INIT_75, INIT_74, INIT_73, INIT_72, INIT_71, INIT_70,
            INIT_6F, INIT_6E, INIT_6D, INIT_6C, INIT_6B, INIT_6A, INIT_69, INIT_68,
            INIT_67, INIT_66, INIT_65, INIT_64, INIT_63, INIT_62, INIT_61, INIT_60,
            INIT_5F, INIT_5E, INIT_5D, INIT_5C, INIT_5B, INIT_5A, INIT_59, INIT_58,
            INIT_57, INIT_56, INIT_55, INIT_54, INIT_53, INIT_52, INIT_51, INIT_50,
            INIT_4F, INIT_4E, INIT_4D, INIT_4C, INIT_4B, INIT_4A, INIT_49, INIT_48,
            INIT_47, INIT_46, INIT_45, INIT_44, INIT_43, INIT_42, INIT_41, INIT_40,
            INIT_3F, INIT_3E, INIT_3D, INIT_3C, INIT_3B, INIT_3A, INIT_39, INIT_38,
            INIT_37, INIT_36, INIT_35, INIT_34, INIT_33, INIT_32, INIT_31, INIT_30,
            INIT_2F, INIT_2E, INIT_2D, INIT_2C, INIT_2B, INIT_2A, INIT_29, INIT_28,
            INIT_27, INIT_26, INIT_25, INIT_24, INIT_23, INIT_22, INIT_21, INIT_20,
            INIT_1F, INIT_1E, INIT_1D, INIT_1C, INIT_1B, INIT_1A, INIT_19, INIT_18,
            INIT_17, INIT_16, INIT_15, INIT_14, INIT_13, INIT_12, INIT_11, INIT_10,
            INIT_0F, INIT_0E, INIT_0D, INIT_0C, INIT_0B, INIT_0A, INIT_09, INIT_08,
            INIT_07, INIT_06, INIT_05, INIT_04, INIT_03, INIT_02, INIT_01, INIT_00}),
        .INITP({
            INITP_0F, INITP_0E, INITP_0D, INITP_0C, INITP_0B, INITP_0A, INITP_09, INITP_08,
            INITP_07, INITP_06, INITP_05, INITP_04, INITP_03, INITP_02, INITP_01, INITP_00})) ram (
        .clk_a(CLKARDCLK), .en_a(ENARDEN), .rst_a(RSTRAMARSTRAM), .addr_a(ADDRARDADDR[14:0]), .we_a(WEA), .di_a(DINADIN), .dip_a(DINPADINP), .do_a(DOUTADOUT), .dop_a(DOUTPADOUTP),
        .clk_b(CLKBWRCLK), .en_b(ENBWREN), .rst_b(RSTRAMB), .addr_b(ADDRBWRADDR[14:0]), .we_b(WEBWE), .di_b(DINBDIN), .dip_b(DINPBDINP), .do_b(DOUTBDOUT), .dop_b(DOUTPBDOUTP));
endmodule
