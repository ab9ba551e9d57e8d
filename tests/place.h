/* Where a test writes files: a context, an arena and a directory of its own. For cmocka_unit_test_setup_teardown. */
#ifndef LF_TESTS_PLACE_H
#define LF_TESTS_PLACE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/text.h"

typedef struct place {
    lf_ctx *ctx;
    lf_arena *a;
    char *dir;
} place;

static inline int place_make(void **state) {
    place *p = *state = calloc(1, sizeof *p);
    p->ctx = lf_ctx_new(1);
    p->a = lf_arena_new();
    return lf_temp_dir(p->ctx, p->a, NULL, &p->dir) == LF_OK ? 0 : -1;
}

static inline int place_drop(void **state) {
    place *p = *state;
    lf_remove_tree(p->dir);
    lf_arena_free(p->a);
    lf_ctx_free(p->ctx);
    free(p);
    return 0;
}

/* All diagnostics. */
static inline const char *place_said(const place *p) {
    lf_text all = {0};
    for (size_t i = 0; i < lf_diag_count(p->ctx); i++)
        lf_text_addf(&all, "%s\n", lf_diag_text(p->a, lf_diag_at(p->ctx, i)));
    const char *text = lf_strdup(p->a, all.at ? all.at : "");
    lf_text_free(&all);
    return text;
}

/* The path of a new file with this text. */
static inline const char *place_file(const place *p, const char *name, const char *text) {
    const char *path = lf_path_join(p->a, p->dir, name);
    assert_int_equal(lf_file_write(p->ctx, path, text, strlen(text)), LF_OK);
    return path;
}

/* The same of a matrix product of reals. */
static inline const char *place_reals_net(const place *p, int batch) {
    return place_file(p, "net.lf",
                      lf_format(p->a,
                                "lutfisk 1\n"
                                "graph \"reals\"\n"
                                "input \"x\" = %%x : FLOAT32[%d,2]\n"
                                "const %%w : FLOAT32[2,2] = [0.3, -0.7, 0.11, 0.9]\n"
                                "%%y : FLOAT32[%d,2] = matmul(%%x, %%w) \"fc\"\n"
                                "output \"y\" = %%y\n",
                                batch, batch));
}

#endif
