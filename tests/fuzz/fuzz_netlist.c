/* Netlists from any bytes: a netlist that runs a few cycles, a reason why not, or a complaint. */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "verify/netlist.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    lf_ctx *ctx = lf_ctx_new(1);
    lf_arena *a = lf_arena_new();
    lf_netlist *n;
    const char *why = NULL;
    char path[64];
    int file = memfd_create("netlist.v", 0);
    assert(file >= 0);
    ssize_t written = write(file, data, size);
    assert(written == (ssize_t)size);
    (void)snprintf(path, sizeof path, "/proc/self/fd/%d", file);
    lf_status status = lf_netlist_read(ctx, a, path, &n, &why);
    assert(status == LF_OK ? n || why : lf_diag_errors(ctx) > 0);
    for (int cycle = 0; status == LF_OK && n && cycle < 3; cycle++) {
        lf_netlist_state *s = lf_netlist_start(n, a, 1);
        lf_netlist_settle(s);
        lf_netlist_clock(s);
    }
    (void)close(file);
    lf_arena_free(a);
    lf_ctx_free(ctx);
    return 0;
}
