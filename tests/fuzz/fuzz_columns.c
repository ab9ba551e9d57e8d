/* Any bytes as `column` statements of the text form, and after the first zero byte a CSV file that is read by them: diagnostics, or
 * statements that print and parse the same, and rows of finite numbers, each inside what its column can give. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "data/table_rows.h"
#include "ir/lftext.h"
#include "ir/table_column.h"
#include "ops/ops.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool ok) {
    if (!ok)
        abort();
}

static lf_graph *parse(lf_ctx *ctx, const lf_text *text) {
    return lf_graph_parse(ctx, "fuzz.lf", text->at, text->len, NULL, 0, lf_op_find);
}

/* A graph of nothing but these statements. */
static lf_graph *parse_columns(lf_ctx *ctx, const uint8_t *data, size_t size) {
    lf_text text = {0};
    lf_text_add(&text, "lutfisk 1\ngraph \"rows\"\n");
    lf_text_addn(&text, (const char *)data, size);
    lf_graph *g = parse(ctx, &text);
    lf_text_free(&text);
    return g;
}

static void print_again(lf_ctx *ctx, const lf_graph *g) {
    lf_text once = {0}, twice = {0}, weights = {0};
    must(lf_graph_print(g, true, &once, &weights) == LF_OK);
    lf_graph *again = parse(ctx, &once);
    must(again && again->column_count == g->column_count);
    must(lf_graph_print(again, true, &twice, &weights) == LF_OK);
    must(once.len == twice.len && memcmp(once.at, twice.at, once.len) == 0);
    lf_graph_free(again);
    lf_text_free(&once);
    lf_text_free(&twice);
    lf_text_free(&weights);
}

/* Places and counts of steps are whole and have an end. */
static void check_value(const lf_table_column *c, float v) {
    must(isfinite(v));
    if (c->step_count || c->names)
        must(v >= 0 && v <= (float)(c->step_count ? c->step_count : c->count) && !(v > floorf(v)));
}

static void read_rows(lf_ctx *ctx, const lf_graph *g, const char *path) {
    lf_arena *a = lf_arena_new();
    lf_array x, y;
    size_t errors = lf_diag_errors(ctx);
    lf_status status = lf_table_rows_read(ctx, a, path, g->columns, g->column_count, &x);
    must((status == LF_OK) == (lf_diag_errors(ctx) == errors));
    for (size_t i = 0; status == LF_OK && i < x.count; i++)
        check_value(&g->columns[i % g->column_count], ((const float *)x.data)[i]);
    if (g->column_count && lf_table_classes_read(ctx, a, path, g->columns[0].name, &y) == LF_OK)
        for (size_t i = 0; i < y.count; i++)
            must(((const int64_t *)y.data)[i] >= 0 && ((const int64_t *)y.data)[i] <= 255);
    lf_arena_free(a);
}

/* The file's name on this machine: a file in memory. */
static void read_table(lf_ctx *ctx, const lf_graph *g, const uint8_t *data, size_t size) {
    char path[64];
    int fd = memfd_create("rows", 0);
    must(fd >= 0 && write(fd, data, size) == (ssize_t)size);
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    read_rows(ctx, g, path);
    close(fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    lf_ctx *ctx = lf_ctx_new(1);
    const uint8_t *zero = size ? memchr(data, 0, size) : NULL;
    lf_graph *g = parse_columns(ctx, data, zero ? (size_t)(zero - data) : size);
    must(g != NULL || lf_diag_errors(ctx) > 0);
    if (g)
        print_again(ctx, g);
    if (g && zero)
        read_table(ctx, g, zero + 1, size - (size_t)(zero - data) - 1);
    lf_graph_free(g);
    lf_ctx_free(ctx);
    return 0;
}
