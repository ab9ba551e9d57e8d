#include "verify/route.h"

#include <string.h>

#include "base/file.h"
#include "base/json.h"
#include "base/run.h"
#include "base/text.h"

/* The target is more than any of these parts reach, so that the placer works for speed; a fixed seed, so that the figure can be had again. */
#define TARGET_MHZ "200"
#define SEED "1"

static const struct {
    const char *part, *tool, *device, *package, *name;
} routers[] = {{"ice40hx8k", "nextpnr-ice40", "--hx8k", "ct256", "nextpnr-ice40 hx8k"},
               {"ice40up5k", "nextpnr-ice40", "--up5k", "sg48", "nextpnr-ice40 up5k"}};

/* Connects the bits of one direction to a shift register, lowest first; the number of bits. */
static size_t print_ports(lf_text *t, const json_t *ports, const char *direction, const char *reg) {
    const char *name;
    json_t *port;
    size_t at = 0;
    json_object_foreach((json_t *)(uintptr_t)ports, name, port) {
        const char *d = json_string_value(json_object_get(port, "direction"));
        size_t bits = json_array_size(json_object_get(port, "bits"));
        if (!d || strcmp(d, direction) != 0 || !strcmp(name, "aclk"))
            continue;
        lf_text_addf(t, ",\n        .%s(%s[%zu:%zu])", name, reg, at + bits - 1, at);
        at += bits;
    }
    return at;
}

static void print_wrapper(lf_text *t, const char *top, const json_t *ports) {
    lf_text pins = {0};
    size_t in = print_ports(&pins, ports, "input", "a"), out = print_ports(&pins, ports, "output", "y");
    lf_text_addf(t,
                 "module lf_route (input clk, input si, output so);\n    reg [%zu:0] a;\n    reg [%zu:0] q;\n    wire "
                 "[%zu:0] y;\n",
                 in - 1, out - 1, out - 1);
    lf_text_addf(t,
                 "    always @(posedge clk) begin\n        a <= {a, si};\n        q <= (q << 1) ^ y;\n    end\n    "
                 "assign so = q[%zu];\n",
                 out - 1);
    lf_text_addf(t, "    %s core (.aclk(clk)%s);\nendmodule\n", top, pins.at);
    lf_text_free(&pins);
}

static lf_status write_wrapper(lf_ctx *ctx, lf_arena *a, const char *work, const char *top) {
    json_t *net = NULL;
    lf_text t = {0};
    LF_TRY(lf_json_load(ctx, lf_path_join(a, work, "net.json"), 0, &net));
    print_wrapper(&t, top, json_object_get(json_object_get(json_object_get(net, "modules"), top), "ports"));
    json_decref(net);
    lf_status status = lf_file_write(ctx, lf_path_join(a, work, "route.v"), t.at, t.len);
    lf_text_free(&t);
    return status;
}

/* The line that says why: the first with "ERROR". */
static const char *reason(lf_arena *a, const char *out) {
    const char *at = strstr(out, "ERROR");
    return at ? lf_strndup(a, at, strcspn(at, "\n")) : "it gave no reason";
}

static lf_status read_mhz(lf_ctx *ctx, const char *path, double *mhz) {
    json_t *report = NULL, *clock;
    const char *name;
    LF_TRY(lf_json_load(ctx, path, 64u << 20, &report));
    json_object_foreach(json_object_get(report, "fmax"), name, clock) {
        double f = json_number_value(json_object_get(clock, "achieved"));
        *mhz = *mhz == 0 || f < *mhz ? f : *mhz;
    }
    json_decref(report);
    return LF_OK;
}

lf_status lf_route(lf_ctx *ctx, lf_arena *a, const char *work, const char *top, const lf_part *part,
                   lf_synth_count *out) {
    size_t k = 0;
    while (k < LF_COUNT(routers) && strcmp(routers[k].part, part->name) != 0)
        k++;
    if (k == LF_COUNT(routers) || !lf_tool_found(routers[k].tool))
        return LF_OK;
    LF_TRY(write_wrapper(ctx, a, work, top));
    lf_progress(ctx, lf_format(a, "routing with %s", routers[k].tool), 0, 0);
    const char *join[] = {"yosys", "-q", "-p",
                          "read_verilog netlist.v route.v; synth_ice40 -top lf_route -json route.json", NULL};
    const char *route[] = {routers[k].tool,
                           routers[k].device,
                           "--package",
                           routers[k].package,
                           "--pcf-allow-unconstrained",
                           "--json",
                           "route.json",
                           "--freq",
                           TARGET_MHZ,
                           "--timing-allow-fail",
                           "--seed",
                           SEED,
                           "-q",
                           "--report",
                           "timing.json",
                           NULL};
    lf_run_result r;
    LF_TRY(lf_tool_run(ctx, a, join, work, &r));
    if (r.exit_code == 0)
        LF_TRY(lf_tool_run(ctx, a, route, work, &r));
    if (r.exit_code != 0) {
        lf_warn(ctx, NULL, "not routed: %s ended with status %d: %s", routers[k].tool, r.exit_code, reason(a, r.out));
        return LF_OK;
    }
    out->router = routers[k].name;
    return read_mhz(ctx, lf_path_join(a, work, "timing.json"), &out->routed_mhz);
}
