/* Legal Verilog-2005 identifiers. */
#include <string.h>

#include "vlog/vlog.h"

/* IEEE 1364-2005, annex B; and the names the top module and its testbench use themselves. */
static const char *const reserved[] = {
    "always", "and", "assign", "automatic", "begin", "buf", "bufif0", "bufif1", "case", "casex", "casez", "cell",
    "cmos", "config", "deassign", "default", "defparam", "design", "disable", "edge", "else", "end", "endcase",
    "endconfig", "endfunction", "endgenerate", "endmodule", "endprimitive", "endspecify", "endtable", "endtask",
    "event", "for", "force", "forever", "fork", "function", "generate", "genvar", "highz0", "highz1", "if", "ifnone",
    "incdir", "include", "initial", "inout", "input", "instance", "integer", "join", "large", "liblist", "library",
    "localparam", "macromodule", "medium", "module", "nand", "negedge", "nmos", "nor", "noshowcancelled", "not",
    "notif0", "notif1", "or", "output", "parameter", "pmos", "posedge", "primitive", "pull0", "pull1", "pulldown",
    "pullup", "pulsestyle_onevent", "pulsestyle_ondetect", "rcmos", "real", "realtime", "reg", "release", "repeat",
    "rnmos", "rpmos", "rtran", "rtranif0", "rtranif1", "scalared", "showcancelled", "signed", "small", "specify",
    "specparam", "strong0", "strong1", "supply0", "supply1", "table", "task", "time", "tran", "tranif0", "tranif1",
    "tri", "tri0", "tri1", "triand", "trior", "trireg", "unsigned", "use", "uwire", "vectored", "wait", "wand", "weak0",
    "weak1", "while", "wire", "wor", "xnor", "xor",
    /* SystemVerilog words that tools take for keywords even in plain Verilog files */
    "bit", "byte", "do", "final", "int", "interface", "logic", "package", "priority", "program", "property", "return",
    "shortint", "static", "string", "struct", "type", "typedef", "union", "unique", "var", "void", "aclk", "aresetn",
    "reset", "live", "tb"};

static bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

static bool is_reserved(const char *s) {
    for (size_t i = 0; i < LF_COUNT(reserved); i++)
        if (!strcmp(s, reserved[i]))
            return true;
    return false;
}

/* Names that the top module gives to its own ports and counters, and those of the hand-written units. */
static bool is_ours(const char *s) {
    return !strncmp(s, "s_axis", 6) || !strncmp(s, "m_axis", 6) || !strncmp(s, "lf_", 3);
}

const char *lf_vlog_name(lf_arena *a, const char *name) {
    size_t n = strlen(name), at = 0;
    char *out = lf_alloc(a, n + 3);
    if (n == 0 || !is_letter(name[0]) || is_ours(name))
        out[at++] = 'n';
    for (size_t i = 0; i < n; i++)
        out[at++] = is_letter(name[i]) || is_digit(name[i]) ? name[i] : '_';
    out[at] = 0;
    if (is_reserved(out))
        out[at++] = '_';
    out[at] = 0;
    return out;
}
