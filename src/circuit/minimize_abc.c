/* Berkeley ABC as one more optimizer of a netlist: our BLIF in, its BLIF out, its own proof by SAT beside our check. */
#include <string.h>

#include "base/file.h"
#include "base/run.h"
#include "circuit/blif.h"
#include "circuit/lut_check.h"
#include "circuit/minimize_inside.h"

/* Resubstitution with don't-cares on the LUTs as they are: what a new start from gates gives is larger for tables. */
static const char script[] = "read_blif in.blif; mfs2 -a -e; lutpack; sweep; write_blif out.blif; cec in.blif out.blif";

static lf_lutnet *read_back(lf_ctx *ctx, const char *path) {
    lf_file file;
    if (lf_file_open(ctx, path, 0, &file) != LF_OK)
        return NULL;
    lf_blif *b = lf_blif_read(ctx, (const char *)file.data, file.size, path);
    lf_file_close(&file);
    return b ? b->net : NULL;
}

static lf_lutnet *run_in(lf_ctx *ctx, lf_arena *a, const char *tool, const char *dir, const lf_lutnet *n) {
    lf_text t = {0};
    lf_run_result r;
    const char *argv[] = {tool, "-q", script, NULL};
    lf_blif_write(n, "islands", NULL, NULL, &t);
    lf_status status = lf_file_write(ctx, lf_path_join(a, dir, "in.blif"), t.at, t.len);
    lf_text_free(&t);
    if (status != LF_OK || lf_tool_run(ctx, a, argv, dir, &r) != LF_OK)
        return NULL;
    if (r.exit_code || !strstr(r.out, "Networks are equivalent")) {
        lf_warn(ctx, NULL, "%s did not prove its result equal; it is not used", tool);
        return NULL;
    }
    return read_back(ctx, lf_path_join(a, dir, "out.blif"));
}

const char *lf_abc_tool(void) {
    return lf_tool_found("berkeley-abc") ? "berkeley-abc" : lf_tool_found("yosys-abc") ? "yosys-abc" : NULL;
}

lf_lutnet *lf_islands_abc(lf_ctx *ctx, const lf_lutnet *n) {
    const char *tool = lf_abc_tool();
    lf_arena *a = lf_arena_new();
    char *dir = NULL;
    lf_lutnet *out = NULL;
    if (!tool)
        lf_note(ctx, NULL, "neither berkeley-abc nor yosys-abc is installed: the netlist stays as it is");
    else if (a && lf_temp_dir(ctx, a, NULL, &dir) == LF_OK)
        out = run_in(ctx, a, tool, dir, n);
    if (dir)
        lf_temp_dir_remove(ctx, dir);
    lf_arena_free(a);
    return out;
}
