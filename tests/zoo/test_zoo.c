/* Known networks with random weights: what they consist of, the same for the same seed, read back from ONNX as they are,
 * turned to integers without a difference, activations that are neither dead nor saturated. */
#include "../context.h"

#include <string.h>

#include "api/same_program.h"
#include "base/file.h"
#include "base/rng.h"
#include "exec/exec.h"
#include "export/export.h"
#include "import/import.h"
#include "ir/lftext.h"
#include "pass/passes.h"
#include "zoo/zoo.h"

static const lf_zoo_options tiny = {.size = 32, .width = 0.125, .blocks = 3, .classes = 10};

static void expect_text(lf_ctx *ctx, const char *want) {
    for (size_t i = 0; i < lf_diag_count(ctx); i++)
        if (strstr(lf_diag_at(ctx, i)->text, want))
            return;
    fail_msg("nothing was said about: %s", want);
}

static lf_graph *make(lf_ctx *ctx, const char *name, lf_zoo_options o) {
    lf_graph *g = lf_zoo_make(ctx, lf_zoo_find(name), &o);
    if (!g)
        fail_msg("%s: %s", name, lf_diag_count(ctx) ? lf_diag_at(ctx, 0)->text : "?");
    return g;
}

static int count_ops(const lf_graph *g, const char *op) {
    int count = 0;
    for (size_t i = 0; i < g->order.count; i++)
        count += !strcmp(lf_node_at(g, g->order.at[i])->op->name, op);
    return count;
}

/* Products of convolutions and of the classifier, from the shapes alone. */
static int64_t products(const lf_graph *g) {
    int64_t sum = 0;
    for (size_t i = 0; i < g->order.count; i++) {
        const lf_node *n = lf_node_at(g, g->order.at[i]);
        lf_shape y = lf_out(g, n, 0)->shape, w = n->in_count > 1 ? lf_in(g, n, 1)->shape : y;
        if (!strcmp(n->op->name, "conv"))
            sum += lf_shape_count(w) * y.dim[2] * y.dim[3];
        if (!strcmp(n->op->name, "matmul"))
            sum += lf_shape_count(w);
    }
    return sum;
}

static void expect_size(const char *name, int convolutions, int joins, int64_t wanted_products) {
    lf_ctx *ctx = lf_ctx_new(1);
    lf_graph *g = make(ctx, name, (lf_zoo_options){0});
    assert_int_equal(count_ops(g, "conv"), convolutions);
    assert_int_equal(count_ops(g, "batch_norm"), convolutions);
    assert_int_equal(count_ops(g, "add"), joins + 1);
    assert_int_equal(products(g), wanted_products);
    lf_graph_free(g);
    lf_ctx_free(ctx);
}

/* Products as the papers count them, those with padding included. */
static void sizes_of_the_papers(void **state) {
    (void)state;
    expect_size("mobilenet-v1", 27, 0, 568740352);
    expect_size("resnet50", 53, 16, 4089184256);
}

static const char *text_of(lf_arena *a, const lf_graph *g) {
    lf_text text = {0}, weights = {0};
    assert_int_equal(lf_graph_print(g, false, &text, &weights), LF_OK);
    const char *copy = lf_strndup(a, text.at, text.len);
    lf_text_free(&text);
    lf_text_free(&weights);
    return copy;
}

static void same_seed_same_network(void **state) {
    lf_ctx *ctx = *state;
    lf_arena *a = lf_arena_new();
    for (int z = 0; lf_zoo_all[z]; z++) {
        const char *text[3];
        for (int i = 0; i < 3; i++) {
            lf_zoo_options o = tiny;
            o.seed = i == 2 ? 9 : 5;
            lf_graph *g = make(ctx, lf_zoo_all[z]->name, o);
            text[i] = text_of(a, g);
            lf_graph_free(g);
        }
        assert_string_equal(text[0], text[1]);
        assert_string_not_equal(text[0], text[2]);
    }
    lf_arena_free(a);
}

static lf_graph *through_onnx(lf_ctx *ctx, const lf_graph *g) {
    lf_arena *a = lf_arena_new();
    char *dir;
    assert_int_equal(lf_temp_dir(ctx, a, "/tmp", &dir), LF_OK);
    const char *path = lf_path_join(a, dir, "net.onnx");
    assert_int_equal(lf_export_onnx(g, path), LF_OK);
    lf_graph *back = lf_import_onnx(ctx, path);
    lf_remove_tree(dir);
    lf_arena_free(a);
    assert_non_null(back);
    return back;
}

static void the_integer_program_is_the_network(void **state) {
    (void)state;
    lf_ctx *ctx = lf_ctx_new(2);
    for (int z = 0; lf_zoo_all[z]; z++) {
        lf_zoo_options o = tiny;
        o.size = z ? 32 : 64;
        lf_graph *g = make(ctx, lf_zoo_all[z]->name, o), *integers = through_onnx(ctx, g);
        assert_int_equal(lf_pipeline_run(integers, "fold-constants, channels-last, integerize", NULL), LF_OK);
        assert_int_equal(count_ops(integers, "conv"), 0);
        assert_int_equal(count_ops(integers, "sum_join"), count_ops(g, "add") - 1);
        assert_int_equal(lf_same_program(g, integers, 4), LF_OK);
        lf_graph_free(integers);
        lf_graph_free(g);
    }
    lf_ctx_free(ctx);
}

/* -- activations --------------------------------------------------------------------------------------------------------- */

static bool is_activation(const lf_graph *g, const lf_node *n) {
    return !strcmp(n->op->name, "quant") && lf_out(g, n, 0)->shape.rank == 4 && lf_out(g, n, 0)->shape.dim[2] > 1 &&
           !strncmp(lf_tensor_at(g, n->in[0])->name + strlen(lf_tensor_at(g, n->in[0])->name) - 8, "relu_out", 8);
}

static void expect_spread(const lf_graph *g, const lf_row_out *out) {
    const lf_tensor *y = lf_tensor_at(g, out->tensor);
    int64_t count = lf_shape_count(y->shape), low = 0, high = 0;
    for (int64_t i = 0; i < count; i++) {
        low += out->code[i] == y->range.lo;
        high += out->code[i] == y->range.hi;
    }
    if (low * 10 > count * 9 || high * 10 > count * 4)
        fail_msg("%s: of %lld codes %lld are the lowest, %lld the highest", y->name, (long long)count, (long long)low,
                 (long long)high);
}

static void activations_are_alive(void **state) {
    (void)state;
    lf_ctx *ctx = lf_ctx_new(2);
    for (int z = 0; lf_zoo_all[z]; z++) {
        size_t seen = 0;
        lf_row_out out[64];
        lf_graph *g = make(ctx, lf_zoo_all[z]->name, (lf_zoo_options){.size = 64, .width = 0.25});
        lf_exec *e = lf_exec_new(ctx, g);
        int64_t count = lf_shape_count(lf_tensor_at(g, g->inputs.at[0].tensor)->shape);
        double *x = LF_NEW_ARRAY(g->arena, double, count);
        lf_rng r = lf_rng_make(3, 0);
        for (int64_t i = 0; i < count; i++)
            x[i] = 0.5 * lf_rng_normal(&r);
        lf_row_in in = {g->inputs.at[0].tensor, LF_ROW_F64, x};
        for (size_t i = 0; i < g->order.count && seen < LF_COUNT(out); i++) {
            const lf_node *n = lf_node_at(g, g->order.at[i]);
            if (is_activation(g, n))
                out[seen++] =
                    (lf_row_out){.tensor = n->out[0],
                                 .code = LF_NEW_ARRAY(g->arena, int64_t, lf_shape_count(lf_out(g, n, 0)->shape))};
        }
        assert_int_equal(lf_exec_rows(e, &(lf_row_io){&in, 1, out, seen}, 1), LF_OK);
        for (size_t i = 0; i < seen; i++)
            expect_spread(g, &out[i]);
        assert_true(seen >= 20);
        lf_exec_free(e);
        lf_graph_free(g);
    }
    lf_ctx_free(ctx);
}

static void options_out_of_range(void **state) {
    (void)state;
    static const struct {
        lf_zoo_options o;
        const char *why;
    } bad[] = {
        {{.size = 40}, "the side of the picture must be a multiple of 32, not 40"},
        {{.size = 2048}, "the side of the picture must lie in 32..1024"},
        {{.width = 1e-9}, "the width must lie in"},
        {{.classes = 1}, "the number of classes must lie in 2..100000, not 1"},
        {{.weight_bits = 9}, "the bits of weights must lie in 1..8, not 9"},
        {{.act_bits = -1}, "the bits of activations must lie in 1..6, not -1"},
    };
    for (size_t i = 0; i < LF_COUNT(bad); i++) {
        lf_ctx *ctx = lf_ctx_new(1);
        assert_null(lf_zoo_make(ctx, lf_zoo_all[0], &bad[i].o));
        expect_text(ctx, bad[i].why);
        lf_ctx_free(ctx);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sizes_of_the_papers),
        WITH_CONTEXT(same_seed_same_network),
        cmocka_unit_test(the_integer_program_is_the_network),
        cmocka_unit_test(activations_are_alive),
        cmocka_unit_test(options_out_of_range),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
