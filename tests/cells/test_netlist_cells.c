/* Every cell that lutfisk simulates itself against its Verilog model, Yosys's or our own, in Icarus: random contents, random pins,
 * every output in every clock cycle. */
#include "../context.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/rng.h"
#include "base/run.h"
#include "base/text.h"
#include "verify/netlist.h"

enum { INPUTS = 120, CYCLES = 400, MOST_OUTPUTS = 4096 };

typedef struct maker {
    lf_text text;
    lf_rng rng;
    int outputs, cells;
} maker;

static void add_hex(maker *m, int bits) {
    lf_text_addf(&m->text, "%d'h", bits);
    for (int i = (bits + 3) / 4; i-- > 0;) {
        int width = bits - 4 * i < 4 ? bits - 4 * i : 4;
        lf_text_addf(&m->text, "%x", (unsigned)lf_rng_below(&m->rng, 1u << width));
    }
}

static void add_bits(maker *m, int width) {
    lf_text_add(&m->text, width > 1 ? "{ " : "");
    for (int i = 0; i < width; i++)
        lf_text_addf(&m->text, "%sx[%u]", i ? ", " : "", (unsigned)lf_rng_below(&m->rng, INPUTS));
    lf_text_add(&m->text, width > 1 ? " }" : "");
}

/* "name:width" are inputs on random bits, "=name:width" outputs, "!name" the clock, "?name" an enable that is mostly on, all
 * separated by spaces. Parameters likewise: "INIT:64" random bits, "MODE=text". */
static void add_cell(maker *m, const char *type, const char *parameters, const char *pins) {
    char word[64];
    const char *separator = "";
    lf_text_addf(&m->text, "  %s #(\n", type);
    for (int n; sscanf(parameters, "%63s%n", word, &n) == 1; parameters += n) {
        char *at = strpbrk(word, ":=");
        bool text = *at == '=';
        *at++ = 0;
        lf_text_addf(&m->text, "%s    .%s(", separator, word);
        if (!text)
            add_hex(m, atoi(at));
        else if (at[0] >= '0' && at[0] <= '9')
            lf_text_addf(&m->text, "32'd%s", at);
        else
            lf_text_addf(&m->text, "\"%s\"", at);
        lf_text_add(&m->text, ")");
        separator = ",\n";
    }
    lf_text_addf(&m->text, "\n  ) c%d (\n", m->cells++);
    separator = "";
    for (int n; sscanf(pins, "%63s%n", word, &n) == 1; pins += n) {
        char *colon = strchr(word, ':'), *name = word + (strchr("=!", *word) != NULL);
        int width = colon ? atoi(colon + 1) : 1;
        if (colon)
            *colon = 0;
        lf_text_addf(&m->text, "%s    .%s(", separator, name);
        if (*word == '=') {
            lf_text_addf(&m->text, "y[%d:%d]", m->outputs + width - 1, m->outputs);
            m->outputs += width;
        } else if (*word == '!')
            lf_text_add(&m->text, "aclk");
        else
            add_bits(m, width);
        lf_text_add(&m->text, ")");
        separator = ",\n";
    }
    lf_text_add(&m->text, "\n  );\n");
}

static const char *contents(lf_arena *a, int rows, int parity_rows) {
    lf_text t = {0};
    for (int i = 0; i < rows; i++)
        lf_text_addf(&t, " INIT_%02X:256", (unsigned)i);
    for (int i = 0; i < parity_rows; i++)
        lf_text_addf(&t, " INITP_%02X:256", (unsigned)i);
    const char *kept = lf_strdup(a, t.at);
    lf_text_free(&t);
    return kept;
}

static void add_block_rams(maker *m, lf_arena *a, int generation) {
    static const int width18[] = {1, 2, 4, 9, 18, 36}, width36[] = {1, 2, 4, 9, 18, 36, 72};
    static const char *const modes[] = {"WRITE_FIRST", "READ_FIRST", "NO_CHANGE"};
    for (int large = 0; large < 2; large++)
        for (int i = 0; i < 12; i++) {
            const int *width = large ? width36 : width18;
            int count = large ? 7 : 6, half = large ? 32 : 16, full = large ? 72 : 36, address = large ? 15 : 14;
            int r = width[i % count], w = width[(i * 5 + 1) % count];
            /* port a reads, port b writes; otherwise one port does both, or both only read: what a port reads where the other
             * writes is not defined */
            bool simple = r == full || w == full;
            const char *ports = simple
                                    ? lf_format(a, "READ_WIDTH_A=%d WRITE_WIDTH_B=%d", r, w)
                                    : lf_format(a, "READ_WIDTH_A=%d WRITE_WIDTH_A=%d READ_WIDTH_B=%d WRITE_WIDTH_B=%d",
                                                r, i % 2 ? 0 : w, i % 2 ? width[(i + 2) % (count - 1)] : 0, 0);
            const char *parameters = lf_format(a, "%s WRITE_MODE_A=%s WRITE_MODE_B=%s SRVAL_A:%d SRVAL_B:%d%s", ports,
                                               modes[i % 3], modes[(i + 1) % 3], half + half / 8, half + half / 8,
                                               contents(a, large ? 128 : 64, large ? 16 : 8));
            const char *pins = lf_format(
                a,
                generation == 1 ? "!CLKARDCLK !CLKBWRCLK ENARDEN ENBWREN RSTRAMARSTRAM RSTRAMB ADDRARDADDR:%d "
                                  "ADDRBWRADDR:%d WEA:%d WEBWE:%d DIADI:%d DIPADIP:%d "
                                  "DIBDI:%d DIPBDIP:%d =DOADO:%d =DOPADOP:%d =DOBDO:%d =DOPBDOP:%d"
                                : "!CLKARDCLK !CLKBWRCLK ENARDEN ENBWREN RSTRAMARSTRAM RSTRAMB ADDRARDADDR:%d "
                                  "ADDRBWRADDR:%d WEA:%d WEBWE:%d DINADIN:%d DINPADINP:%d "
                                  "DINBDIN:%d DINPBDINP:%d =DOUTADOUT:%d =DOUTPADOUTP:%d =DOUTBDOUT:%d =DOUTPBDOUTP:%d",
                address, address, half / 8, half / 4, half, half / 8, half, half / 8, half, half / 8, half, half / 8);
            add_cell(m, lf_format(a, "RAMB%sE%d", large ? "36" : "18", generation), parameters, pins);
        }
}

static void add_logic(maker *m, lf_arena *a) {
    for (int k = 1; k <= 6; k++)
        for (int i = 0; i < 4; i++) {
            lf_text pins = {0};
            for (int p = 0; p < k; p++)
                lf_text_addf(&pins, "I%d ", p);
            lf_text_add(&pins, "=O");
            add_cell(m, lf_format(a, "LUT%d", k), lf_format(a, "INIT:%d", 1 << k), pins.at);
            lf_text_free(&pins);
        }
    add_cell(m, "MUXF7", "", "I0 I1 S =O");
    add_cell(m, "MUXF8", "", "I0 I1 S =O");
    add_cell(m, "MUXF9", "", "I0 I1 S =O");
    add_cell(m, "INV", "", "I =O");
    for (int i = 0; i < 3; i++) {
        add_cell(m, "CARRY4", "", "CI CYINIT DI:4 S:4 =O:4 =CO:4");
        add_cell(m, "CARRY8", "", "CI DI:8 S:8 =O:8 =CO:8");
        add_cell(m, "FDRE", "INIT:1", "!C CE D R =Q");
        add_cell(m, "FDSE", "INIT:1", "!C CE D S =Q");
        add_cell(m, "SRL16E", "INIT:16", "A0 A1 A2 A3 CE !CLK D =Q");
        add_cell(m, "SRLC32E", "INIT:32", "A:5 CE !CLK D =Q =Q31");
    }
}

static void add_lut_rams(maker *m) {
    add_cell(m, "RAM32M", "INIT_A:64 INIT_B:64 INIT_C:64 INIT_D:64",
             "ADDRA:5 ADDRB:5 ADDRC:5 ADDRD:5 DIA:2 DIB:2 DIC:2 DID:2 =DOA:2 =DOB:2 =DOC:2 =DOD:2 !WCLK WE");
    add_cell(m, "RAM64M", "INIT_A:64 INIT_B:64 INIT_C:64 INIT_D:64",
             "ADDRA:6 ADDRB:6 ADDRC:6 ADDRD:6 DIA DIB DIC DID =DOA =DOB =DOC =DOD !WCLK WE");
    add_cell(m, "RAM32M16", "INIT_A:64 INIT_B:64 INIT_C:64 INIT_D:64 INIT_E:64 INIT_F:64 INIT_G:64 INIT_H:64",
             "ADDRA:5 ADDRB:5 ADDRC:5 ADDRD:5 ADDRE:5 ADDRF:5 ADDRG:5 ADDRH:5 DIA:2 DIB:2 DIC:2 DID:2 DIE:2 DIF:2 "
             "DIG:2 DIH:2 =DOA:2 =DOB:2 =DOC:2 =DOD:2 =DOE:2 =DOF:2 =DOG:2 =DOH:2 !WCLK WE");
    add_cell(m, "RAM64M8", "INIT_A:64 INIT_B:64 INIT_C:64 INIT_D:64 INIT_E:64 INIT_F:64 INIT_G:64 INIT_H:64",
             "ADDRA:6 ADDRB:6 ADDRC:6 ADDRD:6 ADDRE:6 ADDRF:6 ADDRG:6 ADDRH:6 DIA DIB DIC DID DIE DIF DIG DIH =DOA "
             "=DOB =DOC =DOD =DOE =DOF =DOG =DOH !WCLK WE");
    add_cell(m, "RAM32X1D", "INIT:32", "A0 A1 A2 A3 A4 D DPRA0 DPRA1 DPRA2 DPRA3 DPRA4 !WCLK WE =SPO =DPO");
    add_cell(m, "RAM64X1D", "INIT:64", "A0 A1 A2 A3 A4 A5 D DPRA0 DPRA1 DPRA2 DPRA3 DPRA4 DPRA5 !WCLK WE =SPO =DPO");
    add_cell(m, "RAM128X1D", "INIT:128", "A:7 D DPRA:7 !WCLK WE =SPO =DPO");
    add_cell(m, "RAM32X1S", "INIT:32", "A0 A1 A2 A3 A4 D !WCLK WE =O");
    add_cell(m, "RAM64X1S", "INIT:64", "A0 A1 A2 A3 A4 A5 D !WCLK WE =O");
    add_cell(m, "RAM128X1S", "INIT:128", "A0 A1 A2 A3 A4 A5 A6 D !WCLK WE =O");
    add_cell(m, "RAM256X1S", "INIT:256", "A:8 D !WCLK WE =O");
}

/* -- the two simulations ------------------------------------------------------------------------------------------------------ */

static void set_text(lf_ctx *ctx, lf_arena *a, const char *dir, const char *name, const lf_text *t) {
    assert_int_equal(lf_file_write(ctx, lf_path_join(a, dir, name), t->at, t->len), LF_OK);
}

static void write_bench(lf_ctx *ctx, lf_arena *a, const char *dir, const maker *m) {
    lf_text t = {0};
    lf_text_addf(&t,
                 "`timescale 1ns/1ps\nmodule tb;\n reg aclk = 0;\n reg [%d:0] x, xs [0:%d];\n wire [%d:0] y;\n integer "
                 "i, f;\n cells dut (.aclk(aclk), .x(x), .y(y));\n"
                 " initial begin\n  $readmemb(\"x.txt\", xs);\n  f = $fopen(\"y.txt\");\n  for (i = 0; i < %d; i = i + "
                 "1) begin\n   x = xs[i]; #2 $fdisplay(f, \"%%b\", y); #3 aclk = 1; #5 aclk = 0;\n  end\n"
                 "  $fclose(f);\n  $finish;\n end\nendmodule\n",
                 INPUTS - 1, CYCLES - 1, m->outputs - 1, CYCLES);
    set_text(ctx, a, dir, "tb.v", &t);
    lf_text_free(&t);
}

/* One line of x per cycle, the highest bit first, and what lutfisk says of y. */
static char **run_here(lf_ctx *ctx, lf_arena *a, const char *dir, maker *m) {
    lf_netlist *n;
    const char *why;
    lf_text lines = {0};
    assert_int_equal(lf_netlist_read(ctx, a, lf_path_join(a, dir, "cells.v"), &n, &why), LF_OK);
    if (!n)
        fail_msg("%s", why);
    int width;
    const uint32_t *x = lf_netlist_port(n, "x", &width), *y;
    assert_int_equal(width, INPUTS);
    y = lf_netlist_port(n, "y", &width);
    assert_int_equal(width, m->outputs);
    lf_netlist_state *s = lf_netlist_start(n, a, 1);
    char **all = LF_NEW_ARRAY(a, char *, CYCLES);
    for (int c = 0; c < CYCLES; c++) {
        for (int i = INPUTS; i-- > 0;) {
            s->value[x[i]] = (uint8_t)lf_rng_below(&m->rng, 2);
            lf_text_add(&lines, s->value[x[i]] ? "1" : "0");
        }
        lf_text_add(&lines, "\n");
        lf_netlist_settle(s);
        all[c] = lf_alloc(a, (size_t)width + 1);
        for (int i = 0; i < width; i++)
            all[c][width - 1 - i] = (char)('0' + s->value[y[i]]);
        lf_netlist_clock(s);
    }
    set_text(ctx, a, dir, "x.txt", &lines);
    lf_text_free(&lines);
    return all;
}

static bool run_icarus(lf_ctx *ctx, lf_arena *a, const char *dir) {
    const char *build[] = {"sh", "-c", "iverilog -g2012 -o tb.vvp -s tb tb.v cells.v library.v && vvp -N tb.vvp", NULL};
    lf_run_result r;
    assert_int_equal(lf_tool_run(ctx, a, build, dir, &r), LF_OK);
    if (r.exit_code)
        fail_msg("%s", r.out);
    return true;
}

/* Yosys's models without its empty block RAMs, and our own. */
static bool write_library(lf_ctx *ctx, lf_arena *a, const char *dir) {
    const char *make[] = {"sh", "-c",
                          "awk '/^module RAMB(18|36)E[12] /{skip=1} !skip{print} /^endmodule/{skip=0}' $(yosys-config "
                          "--datdir 2>/dev/null || echo /usr/share/yosys)/xilinx/cells_sim.v >\"$0/library.v\" && "
                          "cat share/cells/xilinx_memory.v >>\"$0/library.v\"",
                          dir, NULL};
    lf_run_result r;
    return lf_tool_run(ctx, a, make, NULL, &r) == LF_OK && r.exit_code == 0;
}

static void compare(lf_arena *a, const char *dir, lf_ctx *ctx, char **mine, int outputs) {
    lf_file f;
    assert_int_equal(lf_file_open(ctx, lf_path_join(a, dir, "y.txt"), 0, &f), LF_OK);
    char *text = lf_strndup(a, (const char *)f.data, f.size), *save = NULL, *line = strtok_r(text, "\n", &save);
    lf_file_close(&f);
    long ones = 0;
    for (int c = 0; c < CYCLES; c++, line = strtok_r(NULL, "\n", &save)) {
        assert_non_null(line);
        assert_int_equal(strlen(line), outputs);
        for (int i = 0; i < outputs; i++) {
            ones += line[i] == '1';
            if (line[i] != mine[c][i])
                fail_msg("cycle %d, y[%d]: Icarus says %c, lutfisk %c", c, outputs - 1 - i, line[i], mine[c][i]);
        }
    }
    assert_true(ones > (long)CYCLES * outputs / 8);
}

static void check_cells(int seed, void (*fill)(maker *m, lf_arena *a)) {
    lf_ctx *ctx = lf_ctx_new(1);
    lf_arena *a = lf_arena_new();
    char *dir = NULL;
    assert_int_equal(lf_temp_dir(ctx, a, NULL, &dir), LF_OK);
    if (!lf_tool_found("iverilog") || !write_library(ctx, a, dir)) {
        print_message("skipped: iverilog or Yosys's cell library was not found\n");
        lf_remove_tree(dir);
        skip();
    }
    maker m = {.rng = lf_rng_make((uint64_t)seed, 3)}, whole = {0};
    fill(&m, a);
    lf_text_addf(&whole.text,
                 "module cells(aclk, x, y);\n  input aclk;\n  input [%d:0] x;\n  output [%d:0] y;\n%sendmodule\n",
                 INPUTS - 1, m.outputs - 1, m.text.at);
    set_text(ctx, a, dir, "cells.v", &whole.text);
    write_bench(ctx, a, dir, &m);
    char **mine = run_here(ctx, a, dir, &m);
    (void)run_icarus(ctx, a, dir);
    compare(a, dir, ctx, mine, m.outputs);
    lf_text_free(&m.text);
    lf_text_free(&whole.text);
    lf_remove_tree(dir);
    lf_arena_free(a);
    lf_ctx_free(ctx);
}

static void fill_logic(maker *m, lf_arena *a) {
    add_logic(m, a);
    add_lut_rams(m);
}

static void fill_ram1(maker *m, lf_arena *a) {
    add_block_rams(m, a, 1);
}

static void fill_ram2(maker *m, lf_arena *a) {
    add_block_rams(m, a, 2);
}

static void logic_registers_and_lut_ram(void **state) {
    (void)state;
    check_cells(1, fill_logic);
    check_cells(2, fill_logic);
}

static void block_ram_of_7_series(void **state) {
    (void)state;
    check_cells(3, fill_ram1);
}

static void block_ram_of_ultrascale(void **state) {
    (void)state;
    check_cells(4, fill_ram2);
}

/* What is not simulated here is said, and what is no netlist refused. */
static void refusals(void **state) {
    static const struct {
        const char *text, *why;
    } cases[] = {
        {"module cells(a, y); input a; output y; DSP48E1 d ( .A(a), .P(y) ); endmodule", "the cell DSP48E1"},
        {"module cells(a, b, y); input a; input b; output [1:0] y; FDRE p ( .C(a), .Q(y[0]) ); FDRE q ( .C(b), "
         ".Q(y[1]) ); endmodule",
         "several clocks"},
        {"module cells(a, y); input a; output y; wire w; LUT2 #( .INIT(4'h6) ) l ( .I0(a), .I1(w), .O(w) ); assign y = "
         "w; endmodule",
         "a loop"},
        {"module cells(a, y); input a; output y; reg y; endmodule", "statements"},
        {"module cells(a, y); input a; output y; FDRE #( .IS_C_INVERTED(1'h1) ) p ( .C(a), .Q(y) ); endmodule",
         "inverted"},
    };
    static const char *const broken[] = {"",
                                         "module",
                                         "module m(a); input a; assign b = a; endmodule",
                                         "module m(a); input [7:0] a; wire b; assign b = a[9]; endmodule",
                                         "module m(a); input a; LUT1 #( .INIT(2'h1 ) l ( .I0(a) ); endmodule",
                                         "module m(a); input a; wire [1:0] b; assign b = a; endmodule",
                                         "module m(a); input a; assign a = 1",
                                         "module m(a); input a; assign a = 1'"};
    lf_ctx *ctx = *state;
    lf_arena *a = lf_arena_new();
    char *dir = NULL;
    lf_netlist *n;
    const char *why;
    assert_int_equal(lf_temp_dir(ctx, a, NULL, &dir), LF_OK);
    const char *path = lf_path_join(a, dir, "n.v");
    for (size_t i = 0; i < LF_COUNT(cases); i++) {
        assert_int_equal(lf_file_write(ctx, path, cases[i].text, strlen(cases[i].text)), LF_OK);
        assert_int_equal(lf_netlist_read(ctx, a, path, &n, &why), LF_OK);
        assert_null(n);
        assert_non_null(strstr(why, cases[i].why));
    }
    for (size_t i = 0; i < LF_COUNT(broken); i++) {
        assert_int_equal(lf_file_write(ctx, path, broken[i], strlen(broken[i])), LF_OK);
        assert_int_equal(lf_netlist_read(ctx, a, path, &n, &why), LF_BAD_INPUT);
    }
    lf_remove_tree(dir);
    lf_arena_free(a);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(logic_registers_and_lut_ram),
                                       cmocka_unit_test(block_ram_of_7_series),
                                       cmocka_unit_test(block_ram_of_ultrascale), WITH_CONTEXT(refusals)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
