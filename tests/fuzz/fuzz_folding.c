/* Folding files from any bytes on a small graph: foldings or a complaint, nothing worse. */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "ir/lftext.h"
#include "ops/ops.h"
#include "pass/folding.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char text[] = "lutfisk 1\n"
                           "graph \"g\"\n"
                           "input \"x\" = %x : INT4[1,4,4,2]\n"
                           "const %w : INT2[4,18] range {-1,1,1} = [1, 0, -1, 1, 0, -1, 1, 0, -1, 1, 0, -1, 1, 0, -1, "
                           "1, 0, -1, 1, 1, 1, 0, 0, 0, 1, 0, -1, 1, 0, -1, 1, 0, -1, 1, 0, -1, "
                           "1, 0, -1, 1, 0, -1, 1, 0, -1, 1, 0, -1, 1, 0, -1, 1, 0, -1, 1, 1, 1, 0, 0, 0, 1, 0, -1, 1, "
                           "0, -1, 1, 0, -1, 1, 0, -1]\n"
                           "%a : INT4[1,2,2,18] = window(%x) \"win\" {kernel=[3, 3]} place=fpga\n"
                           "%y : INT8[1,2,2,4] = mvu(%a, %w) \"fc\" place=fpga\n"
                           "output \"y\" = %y\n";

static void read_file(lf_graph *g, const char *path) {
    lf_arena *a = lf_arena_new();
    lf_fifo_pins pins = {0};
    lf_fold_pins *pinned = LF_NEW_ARRAY(a, lf_fold_pins, g->nodes.count + 1);
    lf_status status = lf_folding_read(g, path, pinned);
    if (status == LF_OK)
        status = lf_folding_read_fifos(g, path, a, &pins);
    assert(status == LF_OK || lf_diag_errors(g->ctx) > 0);
    lf_arena_free(a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    lf_ctx *ctx = lf_ctx_new(1);
    lf_graph *g = lf_graph_parse(ctx, "fuzz.lf", text, sizeof text - 1, NULL, 0, lf_op_find);
    char path[64];
    int file = memfd_create("folding.json", 0);
    assert(g && file >= 0);
    ssize_t written = write(file, data, size);
    assert(written == (ssize_t)size);
    (void)snprintf(path, sizeof path, "/proc/self/fd/%d", file);
    read_file(g, path);
    (void)close(file);
    lf_graph_free(g);
    lf_ctx_free(ctx);
    return 0;
}
