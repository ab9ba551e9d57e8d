/* The Verilog text model: names, the top module, units that come along, faults of our own, memory files, tables as logic. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/rng.h"
#include "base/run.h"
#include "num/bitpack.h"
#include "vlog/vlog.h"

static lf_ctx *ctx;
static lf_arena *arena;

static int set_up(void **state) {
    (void)state;
    ctx = lf_ctx_new(1);
    arena = lf_arena_new();
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    lf_arena_free(arena);
    lf_ctx_free(ctx);
    return 0;
}

static void test_names(void **state) {
    (void)state;
    static const char *const pairs[][2] = {{"fc0", "fc0"},
                                           {"model/dense.1", "model_dense_1"},
                                           {"0", "n0"},
                                           {"", "n"},
                                           {"wire", "wire_"},
                                           {"aclk", "aclk_"},
                                           {"_x", "n_x"},
                                           {"s_axis_a", "ns_axis_a"},
                                           {"Wire", "Wire"},
                                           {"logic", "logic_"},
                                           {"lf_fifo", "nlf_fifo"}};
    for (size_t i = 0; i < LF_COUNT(pairs); i++)
        assert_string_equal(lf_vlog_name(arena, pairs[i][0]), pairs[i][1]);
}

/* A FIFO of `width` bits between two ports of `bits`. */
static lf_vlog *fifo_design(int width, int bits, int64_t beats) {
    lf_vlog *v = lf_vlog_new(ctx, arena, "top");
    lf_vlog_stream(v, "a", bits);
    lf_vlog_stream(v, "b", bits);
    lf_vlog_input(v, "", "a", bits);
    lf_vlog_output(v, "", "b", bits, beats);
    lf_vlog_instance(v, "lf_fifo", "queue");
    lf_vlog_param(v, "WIDTH", "%d", width);
    lf_vlog_param(v, "STYLE", "\"srl\"");
    lf_vlog_port_stream(v, "s_axis", "a");
    lf_vlog_port_stream(v, "m_axis", "b");
    return v;
}

static const lf_vlog_file *find_file(const lf_vlog_file *files, size_t n, const char *name) {
    for (size_t i = 0; i < n; i++)
        if (!strcmp(files[i].name, name))
            return &files[i];
    return NULL;
}

static void test_top(void **state) {
    (void)state;
    lf_vlog *v = fifo_design(5, 5, 12);
    const lf_vlog_file *f;
    size_t n = lf_vlog_finish(v, &f);
    assert_int_equal(n, 5); /* lf_fifo, its three forms, the top */
    assert_string_equal(f[n - 1].name, "top.v");
    assert_non_null(find_file(f, n, "lf_fifo_srl.v"));
    const char *t = f[n - 1].text;
    static const char *const parts[] = {"/* lutfisk */\n`default_nettype none\n",
                                        "input  wire [7:0] s_axis_tdata",
                                        "assign a_tdata = s_axis_tdata[4:0];",
                                        "assign m_axis_tdata = {3'd0, b_tdata};",
                                        "m_axis_tlast = m_axis_beat == 4'd11",
                                        ".STYLE(\"srl\")",
                                        ".s_axis_tdata(a_tdata)",
                                        "`default_nettype wire\n"};
    for (size_t i = 0; i < LF_COUNT(parts); i++)
        assert_non_null(strstr(t, parts[i]));
    lf_vlog_free(v);
}

/* Flow: data and valid, two of them in, one out, as wide as they are. */
static void test_flow(void **state) {
    (void)state;
    static const char *const in[] = {"a", "b"}, *const out[] = {"y"};
    static const char module[] = "module mine (input wire aclk, input wire aresetn, input wire [7:0] in_data,\n"
                                 "    input wire [1:0] in_valid, output wire [3:0] out_data, output wire out_valid);\n"
                                 "    assign out_data = in_data[7:4];\n    assign out_valid = &in_valid;\nendmodule\n";
    static const char *const parts[] = {
        "input  wire [4:0] in_left_data", "input  wire in_left_valid",       "input  wire [2:0] in_right_data",
        "output wire [3:0] out_data",     "output wire out_valid",           ".aresetn(aresetn)",
        ".in_data({b_tdata, a_tdata})",   ".in_valid({b_tvalid, a_tvalid})", ".out_data(y_tdata)",
        "assign out_valid = y_tvalid;"};
    lf_vlog *v = lf_vlog_new(ctx, arena, "top");
    const lf_vlog_file *f;
    lf_vlog_flow(v);
    lf_vlog_stream(v, "a", 5);
    lf_vlog_stream(v, "b", 3);
    lf_vlog_stream(v, "y", 4);
    lf_vlog_input(v, "left_", "a", 5);
    lf_vlog_input(v, "right_", "b", 3);
    lf_vlog_output(v, "", "y", 4, 1);
    lf_text_add(lf_vlog_module(v, "mine"), module);
    lf_vlog_instance(v, "mine", "one");
    lf_vlog_port_flows(v, "in", in, 2);
    lf_vlog_port_flows(v, "out", out, 1);
    size_t n = lf_vlog_finish(v, &f);
    assert_int_equal(n, 2);
    for (size_t i = 0; i < LF_COUNT(parts); i++)
        assert_non_null(strstr(f[n - 1].text, parts[i]));
    assert_null(strstr(f[n - 1].text, "ready"));
    lf_vlog_free(v);
}

static void expect_fault(lf_vlog *v, const char *words) {
    const lf_vlog_file *f;
    assert_int_equal(lf_vlog_finish(v, &f), 0);
    bool said = false;
    for (size_t i = 0; i < lf_diag_count(ctx); i++)
        said |= strstr(lf_diag_at(ctx, i)->text, words) != NULL;
    if (!said)
        print_message("nothing says: %s\n", words);
    assert_true(said);
    lf_diag_clear(ctx);
    lf_vlog_free(v);
}

static void test_faults(void **state) {
    (void)state;
    expect_fault(fifo_design(6, 5, 1), "queue.s_axis_tdata has 6 bits, a_tdata has 5");
    lf_vlog *v = fifo_design(5, 5, 1);
    lf_vlog_stream(v, "c", 3);
    expect_fault(v, "stream c has 0 drivers and 0 readers");
    v = fifo_design(5, 5, 1);
    lf_vlog_port_stream(v, "s_axis", "nowhere");
    expect_fault(v, "unknown stream nowhere");
    v = fifo_design(5, 5, 1);
    lf_vlog_port_flows(v, "in", (const char *const[]){"c"}, 1);
    expect_fault(v, "unknown stream c");
    v = fifo_design(5, 5, 1);
    lf_vlog_instance(v, "lf_nothing", "x");
    expect_fault(v, "no module lf_nothing");
    v = fifo_design(5, 5, 1);
    lf_vlog_require(v, "lf_missing");
    expect_fault(v, "no unit rtl/lf_missing.v");
    v = fifo_design(5, 5, 1);
    lf_vlog_output(v, "y_", "b", 8, 1);
    expect_fault(v, "8 bits is joined to stream b of 5");
    v = fifo_design(5, 5, 1);
    assert_non_null(lf_vlog_module(v, "mine"));
    assert_null(lf_vlog_module(v, "mine"));
    expect_fault(v, "two modules are called mine");
    v = fifo_design(5, 5, 1);
    assert_null(lf_vlog_module(v, "lf_skid"));
    expect_fault(v, "two modules are called lf_skid");
}

/* Widths that follow from several parameters, and those of a generated module. */
static void test_widths(void **state) {
    (void)state;
    lf_vlog *v = lf_vlog_new(ctx, arena, "top");
    lf_vlog_stream(v, "a", 6);
    lf_vlog_stream(v, "b", 24);
    lf_vlog_stream(v, "c", 7);
    lf_vlog_input(v, "", "a", 6);
    lf_vlog_output(v, "", "c", 7, 1);
    lf_vlog_instance(v, "lf_widen", "widen");
    lf_vlog_param(v, "IN_WIDTH", "2 * 3");
    lf_vlog_param(v, "N", "4");
    lf_vlog_port_stream(v, "s_axis", "a");
    lf_vlog_port_stream(v, "m_axis", "b");
    lf_text *t = lf_vlog_module(v, "mine");
    lf_text_add(
        t, "module mine #(parameter N = 3, parameter M = N > 2 ? 8 * N : 1) (\n input wire aclk, input wire aresetn,\n"
           " input wire [M-1:0] s_axis_tdata, input wire s_axis_tvalid, output wire s_axis_tready,\n"
           " output wire [$clog2(64):0] m_axis_tdata, output wire m_axis_tvalid, input wire "
           "m_axis_tready\n);\nendmodule\n");
    lf_vlog_instance(v, "mine", "own");
    lf_vlog_port_stream(v, "s_axis", "b");
    lf_vlog_port_stream(v, "m_axis", "c");
    const lf_vlog_file *f;
    assert_int_equal(lf_vlog_finish(v, &f), 3);
    assert_string_equal(f[0].name, "lf_widen.v");
    assert_string_equal(f[1].name, "mine.v");
    lf_vlog_param(v, "N", "4");
    expect_fault(v, "own.s_axis_tdata has 32 bits, b_tdata has 24");
}

static void test_memory(void **state) {
    (void)state;
    lf_vlog *v = fifo_design(5, 5, 1);
    uint8_t words[8] = {0};
    static const uint64_t value[] = {0x1ff, 0x0, 0x155, 0x80, 0x1};
    for (size_t i = 0; i < LF_COUNT(value); i++)
        lf_bits_set(words, i * 9, 9, value[i]);
    assert_int_equal(lf_vlog_memory(v, "w.mem", 9, 5, words), LF_OK);
    const lf_vlog_file *f;
    size_t n = lf_vlog_finish(v, &f);
    const lf_vlog_file *m = find_file(f, n, "w.mem");
    assert_non_null(m);
    assert_true(m->memory);
    assert_string_equal(m->text, "1ff\n000\n155\n080\n001\n");
    lf_vlog_free(v);
    v = fifo_design(5, 5, 1);
    assert_int_equal(lf_vlog_memory(v, "w.mem", 9, 5, words), LF_OK);
    assert_int_equal(lf_vlog_memory(v, "w.mem", 9, 5, words), LF_FAILED);
    expect_fault(v, "two memory files are called w.mem");
}

static void write_file(const char *dir, const char *name, const char *text) {
    assert_int_equal(lf_file_write(ctx, lf_path_join(arena, dir, name), text, strlen(text)), LF_OK);
}

/* Tables of many depths and widths against the words they were made of, in Icarus. */
static void test_roms(void **state) {
    (void)state;
    if (!lf_tool_found("iverilog")) {
        print_message("iverilog is not installed\n");
        skip();
    }
    static const struct {
        int bits;
        int64_t depth;
    } sizes[] = {{1, 1}, {3, 2}, {5, 3}, {8, 8}, {7, 9}, {13, 16}, {70, 31}, {4, 37}, {33, 64}, {2, 100}};
    char *dir;
    assert_int_equal(lf_temp_dir(ctx, arena, NULL, &dir), LF_OK);
    lf_vlog *v = lf_vlog_new(ctx, arena, "unused_top");
    lf_text test = {0};
    lf_text_add(&test, "module test;\n    integer i, errors;\n");
    lf_text body = {0};
    lf_rng r = lf_rng_make(9, 9);
    for (size_t k = 0; k < LF_COUNT(sizes); k++) {
        int bits = sizes[k].bits;
        int64_t depth = sizes[k].depth;
        uint8_t *words = lf_alloc(arena, (size_t)(bits * depth + 7) / 8);
        for (int64_t i = 0; i < depth; i++)
            for (int b = 0; b < bits; b++)
                lf_bits_set(words, (size_t)(i * bits + b), 1, b % 5 ? lf_rng_below(&r, 2) : (uint64_t)(i >> 2) & 1);
        assert_int_equal(lf_vlog_rom(v, lf_format(arena, "rom%zu", k), bits, depth, words), LF_OK);
        assert_int_equal(lf_vlog_memory(v, lf_format(arena, "rom%zu.mem", k), bits, depth, words), LF_OK);
        int address = lf_vlog_rom_address_bits(depth);
        lf_text_addf(&test,
                     "    reg [%d:0] a%zu;\n    wire [%d:0] q%zu;\n    reg [%d:0] m%zu [0:%d];\n    rom%zu u%zu "
                     "(.a(a%zu), .q(q%zu));\n",
                     address - 1, k, bits - 1, k, bits - 1, k, (int)depth - 1, k, k, k, k);
        lf_text_addf(&body,
                     "        $readmemh(\"rom%zu.mem\", m%zu);\n        for (i = 0; i < %d; i = i + 1) begin\n         "
                     "   a%zu = i;\n            #1 if (q%zu !== m%zu[i]) errors = errors + 1;\n        end\n",
                     k, k, (int)depth, k, k, k);
    }
    lf_text_addf(
        &test,
        "    initial begin\n        errors = 0;\n%s        $display(\"errors %%0d\", errors);\n    end\nendmodule\n",
        body.at);
    const lf_vlog_file *f;
    size_t n = lf_vlog_finish(v, &f);
    assert_true(n > 0);
    const char *argv[32] = {"iverilog", "-g2005", "-Wall", "-s", "test", "-o", "test.vvp", "test.v"};
    size_t argc = 8;
    for (size_t i = 0; i < n; i++) {
        write_file(dir, f[i].name, f[i].text);
        if (!f[i].memory && strcmp(f[i].name, "unused_top.v") != 0)
            argv[argc++] = f[i].name;
    }
    write_file(dir, "test.v", test.at);
    lf_run_result run;
    assert_int_equal(lf_tool_run(ctx, arena, argv, dir, &run), LF_OK);
    assert_string_equal(run.out, "");
    assert_int_equal(lf_tool_run(ctx, arena, (const char *[]){"vvp", "-n", "test.vvp", NULL}, dir, &run), LF_OK);
    assert_string_equal(run.out, "errors 0\n");
    lf_remove_tree(dir);
    lf_text_free(&test);
    lf_text_free(&body);
    lf_vlog_free(v);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_names, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_top, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_flow, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_faults, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_widths, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_memory, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_roms, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
