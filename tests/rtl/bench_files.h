/* The files of a test bench (unit_bench.h): the Verilog of all cases, the recorded cycles, and the harnesses that replay them in Verilator
 * (C++) and in Icarus (Verilog). */
#ifndef LF_TESTS_BENCH_FILES_H
#define LF_TESTS_BENCH_FILES_H

#include "bench_wave.h"
#include "base/file.h"
#include "vlog/vlog.h"

static inline void bench_write(bench *b, const char *name, const char *text, size_t len) {
    bench_must(b, lf_file_write(b->ctx, lf_path_join(b->arena, b->dir, name), text, len), name);
}

static inline void bench_print_case(bench *b, const bench_case *c, lf_text *list) {
    lf_vlog *v = lf_vlog_new(b->ctx, b->arena, c->name);
    for (int i = 0; i < c->in_count; i++) {
        const char *stream = lf_stream_name(b->arena, c->in[i].tensor);
        lf_vlog_stream(v, stream, c->in[i].bits);
        lf_vlog_input(v, c->in[i].suffix, stream, c->in[i].bits);
    }
    for (int k = 0; k < c->count; k++)
        for (int i = 0; i < c->node[k]->out_count; i++)
            lf_vlog_stream(v, lf_stream_name(b->arena, lf_out(c->graph, c->node[k], i)),
                           lf_stream_bits(c->graph, c->node[k]->out[i]));
    for (int i = 0; i < c->out_count; i++)
        lf_vlog_output(v, c->out[i].suffix, lf_stream_name(b->arena, c->out[i].tensor), c->out[i].bits,
                       c->out[i].beats);
    for (int k = 0; k < c->count; k++)
        bench_must(b, c->node[k]->op->rtl(c->graph, c->node[k], v), c->name);
    const lf_vlog_file *files;
    size_t n = lf_vlog_finish(v, &files);
    if (!n)
        bench_must(b, LF_FAILED, c->name);
    for (size_t i = 0; i < n; i++) {
        bench_write(b, files[i].name, files[i].text, files[i].len);
        const char *line = lf_format(b->arena, "%s\n", files[i].name);
        if (!files[i].memory && !(list->at && strstr(list->at, line)))
            lf_text_add(list, line);
    }
    lf_vlog_free(v);
}

static inline void bench_print_port(lf_text *t, const bench_port *p, const char *side, const char *with,
                                    const char *against) {
    lf_text_addf(t, ",\n        .%s%stdata(%s[%d:%d])", side, p->suffix, with, p->data + p->padded - 1, p->data);
    lf_text_addf(t, ", .%s%stvalid(%s[%d])", side, p->suffix, with, p->valid);
    lf_text_addf(t, ", .%s%stlast(%s[%d])", side, p->suffix, with, p->last);
    lf_text_addf(t, ", .%s%stready(%s[%d])", side, p->suffix, against, p->ready);
}

/* bench.v: all cases side by side between one wide input and one wide output. */
static inline void bench_print_top(bench *b) {
    lf_text t = {0};
    lf_text_addf(
        &t, "module bench (\n    input  wire aclk,\n    input  wire [%d:0] drive,\n    output wire [%d:0] see\n);\n",
        bench_words(b->drive_bits) * 32 - 1, bench_words(b->see_bits) * 32 - 1);
    lf_text_add(&t, "    wire unused = &{1'b0, drive};\n");
    if (bench_words(b->see_bits) * 32 > b->see_bits)
        lf_text_addf(&t, "    assign see[%d:%d] = 0;\n", bench_words(b->see_bits) * 32 - 1, b->see_bits);
    for (size_t i = 0; i < b->cases.count; i++) {
        const bench_case *c = b->cases.at[i];
        lf_text_addf(&t, "    %s u%zu (.aclk(aclk), .aresetn(drive[0])", c->name, i);
        for (int k = 0; k < c->in_count; k++)
            bench_print_port(&t, &c->in[k], "s_axis_", "drive", "see");
        for (int k = 0; k < c->out_count; k++)
            bench_print_port(&t, &c->out[k], "m_axis_", "see", "drive");
        lf_text_add(&t, ");\n");
    }
    lf_text_add(&t, "endmodule\n");
    bench_write(b, "bench.v", t.at, t.len);
    lf_text_free(&t);
}

static inline const char *bench_print(bench *b) {
    lf_text list = {0};
    for (size_t i = 0; i < b->cases.count; i++)
        bench_print_case(b, b->cases.at[i], &list);
    bench_print_top(b);
    lf_text_add(&list, "bench.v\n");
    bench_write(b, "filelist.f", list.at, list.len);
    const char *files = lf_strdup(b->arena, list.at);
    lf_text_free(&list);
    return files;
}

/* Which inputs are toggled within a cycle, and which outputs must not follow. */
static inline void bench_masks(const bench *b, uint32_t *flip_valid, uint32_t *keep_valid, uint32_t *flip_ready,
                               uint32_t *keep_ready) {
    for (size_t i = 0; i < b->cases.count; i++) {
        const bench_case *c = b->cases.at[i];
        for (int k = 0; k < c->in_count; k++) {
            const bench_port *p = &c->in[k];
            bench_set(flip_valid, p->valid, 1, 1);
            for (int at = 0; at < p->padded; at += 8)
                bench_set(flip_valid, p->data + at, 8, 0xff);
            bench_set(keep_ready, p->ready, 1, c->registered);
        }
        for (int k = 0; k < c->out_count; k++) {
            const bench_port *p = &c->out[k];
            bench_set(flip_ready, p->ready, 1, 1);
            for (int at = 0; at < p->padded; at += 8) {
                bench_set(keep_valid, p->data + at, 8, 0xff);
                bench_set(keep_ready, p->data + at, 8, 0xff);
            }
            bench_set(keep_valid, p->valid, 2, 3);
            bench_set(keep_ready, p->valid, 2, 3);
        }
    }
}

/* vectors.bin for the C++ harness: widths, cycles, the four masks, then drive, expect and mask of every cycle. */
static inline void bench_write_binary(bench *b) {
    int wi = bench_words(b->drive_bits), wo = bench_words(b->see_bits);
    FILE *f = fopen(lf_path_join(b->arena, b->dir, "vectors.bin"), "wb");
    if (!f)
        abort();
    uint32_t head[3] = {(uint32_t)wi, (uint32_t)wo, (uint32_t)b->drive.count};
    uint32_t *m[4] = {LF_NEW_ARRAY(b->arena, uint32_t, wi), LF_NEW_ARRAY(b->arena, uint32_t, wo),
                      LF_NEW_ARRAY(b->arena, uint32_t, wi), LF_NEW_ARRAY(b->arena, uint32_t, wo)};
    bench_masks(b, m[0], m[1], m[2], m[3]);
    fwrite(head, sizeof head, 1, f);
    for (int i = 0; i < 4; i++)
        fwrite(m[i], 4, (size_t)(i % 2 ? wo : wi), f);
    for (size_t i = 0; i < b->drive.count; i++) {
        fwrite(b->drive.at[i], 4, (size_t)wi, f);
        fwrite(b->expect.at[i], 4, (size_t)wo, f);
        fwrite(b->mask.at[i], 4, (size_t)wo, f);
    }
    if (fclose(f))
        abort();
}

static inline void bench_add_hex(lf_text *t, const uint32_t *words, int count) {
    for (int i = count; i-- > 0;)
        lf_text_addf(t, "%08x", words[i]);
    lf_text_add(t, "\n");
}

/* The same for the Verilog harness: one line {drive, expect, mask} per cycle. */
static inline void bench_write_hex(bench *b) {
    int wi = bench_words(b->drive_bits), wo = bench_words(b->see_bits);
    lf_text t = {0};
    for (size_t i = 0; i < b->drive.count; i++) {
        uint32_t *line = LF_NEW_ARRAY(b->arena, uint32_t, wi + 2 * wo);
        memcpy(line, b->mask.at[i], 4 * (size_t)wo);
        memcpy(line + wo, b->expect.at[i], 4 * (size_t)wo);
        memcpy(line + 2 * wo, b->drive.at[i], 4 * (size_t)wi);
        bench_add_hex(&t, line, wi + 2 * wo);
    }
    bench_write(b, "vectors.hex", t.at, t.len);
    lf_text_free(&t);
    lf_text_addf(&t, "module replay;\n    reg aclk = 1'b0;\n    reg [%d:0] vectors [0:%zu];\n    reg [%d:0] now;\n",
                 (wi + 2 * wo) * 32 - 1, b->drive.count - 1, (wi + 2 * wo) * 32 - 1);
    lf_text_addf(
        &t, "    wire [%d:0] see;\n    wire [%d:0] bad = (see ^ now[%d:%d]) & now[%d:0];\n    integer i, k, errors;\n",
        wo * 32 - 1, wo * 32 - 1, 2 * wo * 32 - 1, wo * 32, wo * 32 - 1);
    lf_text_addf(&t, "    bench dut (.aclk(aclk), .drive(now[%d:%d]), .see(see));\n", (wi + 2 * wo) * 32 - 1,
                 2 * wo * 32);
    lf_text_addf(&t,
                 "    initial begin\n        $readmemh(\"vectors.hex\", vectors);\n        errors = 0;\n        for (i "
                 "= 0; i < %zu; i = i + 1) begin\n",
                 b->drive.count);
    lf_text_add(&t, "            now = vectors[i];\n            #4;\n            if (bad !== 0) begin\n                "
                    "errors = errors + 1;\n");
    lf_text_addf(
        &t, "                for (k = 0; k < %d && errors < 9; k = k + 1)\n                    if (bad[k] !== 1'b0)\n",
        wo * 32);
    lf_text_add(&t, "                        $display(\"cycle %0d bit %0d expected %b got %b\", i, k, see[k] ^ bad[k], "
                    "see[k]);\n            end\n");
    lf_text_addf(
        &t,
        "            aclk = 1'b1;\n            #5 aclk = 1'b0;\n            #1;\n        end\n        "
        "$display(\"replayed %%0d cycles, %%0d errors\", %zu, errors);\n        $finish;\n    end\nendmodule\n",
        b->drive.count);
    bench_write(b, "replay.v", t.at, t.len);
    lf_text_free(&t);
}

static const char bench_harness[] =
    "#include <cstdint>\n#include <cstdio>\n#include <vector>\n#include \"Vbench.h\"\n#include \"verilated.h\"\n"
    "typedef std::vector<uint32_t> words;\n"
    "static words get(FILE *f, size_t n) { words w(n); if (fread(w.data(), 4, n, f) != n) { puts(\"short file\"); } "
    "return w; }\n"
    "static int errors = 0;\n"
    "static void compare(const char *what, unsigned cycle, const uint32_t *see, const words &expect, const words "
    "&mask) {\n"
    "    for (size_t i = 0; i < mask.size(); i++)\n"
    "        for (uint32_t bad = (see[i] ^ expect[i]) & mask[i]; bad; bad &= bad - 1) {\n"
    "            if (errors++ < 8) { unsigned k = __builtin_ctz(bad);\n"
    "                printf(\"cycle %u bit %u expected %u got %u (%s)\\n\", cycle, unsigned(32 * i + k), (expect[i] >> "
    "k) & 1, (see[i] >> k) & 1, what); }\n"
    "        }\n}\n"
    "int main(int argc, char **argv) {\n"
    "    VerilatedContext context; context.commandArgs(argc, argv); context.randReset(2); context.randSeed(7);\n"
    "    Vbench top(&context);\n"
    "    FILE *f = fopen(\"vectors.bin\", \"rb\");\n"
    "    words head = get(f, 3), flip_valid = get(f, head[0]), keep_valid = get(f, head[1]), flip_ready = get(f, "
    "head[0]), keep_ready = get(f, head[1]);\n"
    "    for (unsigned cycle = 0; cycle < head[2]; cycle++) {\n"
    "        words drive = get(f, head[0]), expect = get(f, head[1]), mask = get(f, head[1]), seen(head[1]);\n"
    "        top.aclk = 0;\n"
    "        for (size_t i = 0; i < drive.size(); i++) top.drive[i] = drive[i];\n"
    "        top.eval();\n"
    "        compare(\"value\", cycle, &top.see[0], expect, mask);\n"
    "        for (size_t i = 0; i < seen.size(); i++) seen[i] = top.see[i];\n"
    "        if ((drive[0] & 1) && cycle % 3 == 0) {\n"
    "            for (size_t i = 0; i < drive.size(); i++) top.drive[i] = drive[i] ^ flip_valid[i];\n"
    "            top.eval();\n"
    "            compare(\"an output follows s_tvalid or s_tdata\", cycle, &top.see[0], seen, keep_valid);\n"
    "            for (size_t i = 0; i < drive.size(); i++) top.drive[i] = drive[i] ^ flip_ready[i];\n"
    "            top.eval();\n"
    "            compare(\"an output follows m_tready\", cycle, &top.see[0], seen, keep_ready);\n"
    "            for (size_t i = 0; i < drive.size(); i++) top.drive[i] = drive[i];\n"
    "            top.eval();\n"
    "        }\n"
    "        top.aclk = 1;\n"
    "        top.eval();\n"
    "    }\n"
    "    printf(\"replayed %u cycles, %d errors\\n\", head[2], errors);\n"
    "    top.final();\n"
    "    return errors ? 1 : 0;\n}\n";

#endif
