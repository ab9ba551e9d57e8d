#include "target/vivado.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "base/embed.h"
#include "base/file.h"
#include "base/text.h"

typedef struct blank {
    const char *name, *value; /* "@TOP@" */
} blank;

bool lf_vivado_knows(const lf_part *part) {
    return !strncmp(part->family, "xc", 2);
}

/* A file of share/vivado with its blanks filled in. */
static lf_status fill(lf_ctx *ctx, const char *name, const blank *blanks, const char *dir) {
    lf_arena *a = lf_arena_new();
    lf_text t = {0};
    const lf_embed *f = lf_embed_find(lf_format(a, "share/vivado/%s", name));
    lf_status status =
        f ? LF_OK : lf_fail(ctx, LF_BAD_INPUT, NULL, "share/vivado/%s is missing from this build of lutfisk", name);
    for (const char *at = f ? (const char *)f->data : ""; *at;) {
        const blank *b = blanks;
        while (b->name && strncmp(at, b->name, strlen(b->name)) != 0)
            b++;
        lf_text_addn(&t, b->name ? b->value : at, b->name ? strlen(b->value) : 1);
        at += b->name ? strlen(b->name) : 1;
    }
    if (status == LF_OK)
        status = lf_file_write(ctx, lf_path_join(a, dir, name), t.at, t.len);
    lf_text_free(&t);
    lf_arena_free(a);
    return status;
}

static void add_streams(lf_text *t, const lf_stream_ports *ports, const char *side) {
    for (size_t i = 0; i < ports->count; i++) {
        const char *x = ports->at[i].suffix;
        size_t n = strlen(x); /* ends in _ */
        lf_text_addf(t, "%s%s_axis%s%.*s", t->len ? " " : "", side, n ? "_" : "", n ? (int)n - 1 : 0, x);
    }
}

/* A decimal without the locale, as Tcl reads it. */
static const char *decimal(lf_arena *a, double v) {
    lf_text t = {0};
    lf_text_double(&t, v);
    const char *s = lf_strdup(a, t.at);
    lf_text_free(&t);
    return s;
}

lf_status lf_vivado_write(lf_ctx *ctx, const char *top, const char *part, double clock_mhz,
                          const lf_stream_ports *inputs, const lf_stream_ports *outputs, const char *dir) {
    lf_arena *a = lf_arena_new();
    lf_text streams = {0};
    add_streams(&streams, inputs, "s");
    add_streams(&streams, outputs, "m");
    const blank blanks[] = {{"@TOP@", top},
                            {"@PART@", part},
                            {"@STREAMS@", streams.at},
                            {"@FREQ_HZ@", lf_format(a, "%" PRId64, (int64_t)nearbyint(clock_mhz * 1e6))},
                            {"@MHZ@", decimal(a, clock_mhz)},
                            /* in whole picoseconds, never longer than asked for */
                            {"@PERIOD@", decimal(a, floor(1e6 / clock_mhz) / 1e3)},
                            {NULL, NULL}};
    lf_status status = fill(ctx, "pack.tcl", blanks, dir);
    if (status == LF_OK)
        status = fill(ctx, "constraints.xdc", blanks, dir);
    lf_text_free(&streams);
    lf_arena_free(a);
    return status;
}
