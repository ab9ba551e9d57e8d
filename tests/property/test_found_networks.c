/* The smallest networks on which random ones once found something wrong. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "net_checks.h"

enum { ROWS = 20 };

typedef struct found {
    random_net n;
    lf_ctx *ctx;
    lf_arena *arena;
    char *dir;
    uint64_t hits[NET_CORNERS];
} found;

/* A picture of `channels` rows of 4 pixels, with the grid of an input. */
static void begin(found *f, int64_t channels, const char *grid) {
    f->ctx = lf_ctx_new(1);
    f->arena = lf_arena_new();
    f->n = (random_net){.g = lf_graph_new(f->ctx, "net"), .hits = f->hits, .width = channels, .axes = 1};
    lf_tensor *x = lf_tensor_new(f->n.g, "x", lf_shape_make(3, (int64_t[]){1, channels, 4}), LF_FLOAT32);
    LF_PUSH(f->n.g->arena, &f->n.g->inputs, (lf_port){.name = "x", .tensor = x->id});
    assert_int_equal(lf_declare_input(f->n.g, grid), LF_OK);
    f->n.at = lf_node_at(f->n.g, (lf_id)f->n.g->nodes.count)->out[0];
    assert_int_equal(lf_infer(f->n.g), LF_OK);
    assert_int_equal(lf_temp_dir(f->ctx, f->arena, NULL, &f->dir), LF_OK);
}

/* Every second weight is -1. */
static void conv(found *f, int64_t outs, int64_t kernel) {
    int64_t dim[3] = {outs, f->n.width, kernel}, count = outs * f->n.width * kernel;
    double *w = LF_NEW_ARRAY(f->arena, double, count);
    for (int64_t i = 0; i < count; i++)
        w[i] = i % 2 ? -1 : 1 + (double)(i % 3);
    apply(&f->n, "conv", (lf_id[]){f->n.at, constant(&f->n, 3, dim, w)}, 2, 1);
    f->n.width = outs;
}

static void quant(found *f, double scale, int bits) {
    apply(&f->n, "quant", (lf_id[]){f->n.at, scalar(&f->n, scale), scalar(&f->n, 0), scalar(&f->n, bits)}, 4, 1);
}

static void max_pool(found *f, int64_t kernel) {
    lf_attr_set_ints(f->n.g, apply(&f->n, "max_pool", &f->n.at, 1, 1), "kernel", &kernel, 1);
}

/* The same in all engines and in Verilog. */
static void end(found *f) {
    uint64_t extremes[4];
    LF_PUSH(f->n.g->arena, &f->n.g->outputs, (lf_port){.name = "y", .tensor = f->n.at});
    if (lf_infer(f->n.g) != LF_OK)
        fail_with(f->ctx, "infer", 0);
    check_engines(f->ctx, f->n.g, 0, ROWS, f->dir);
    if (lf_tool_found("iverilog"))
        check_verilog(f->ctx, f->n.g, 0, 3, f->dir, extremes);
    lf_remove_tree(f->dir);
    lf_graph_free(f->n.g);
    lf_arena_free(f->arena);
    lf_ctx_free(f->ctx);
}

/* sink-pools left a tensor behind whose producer did not give it. */
static void a_pool_of_reals_moves_behind_the_quantizer(void **state) {
    static const double gamma[] = {-1, 1}, zero[] = {0.25, 0.5}, one[] = {1, 2};
    found f = {0};
    (void)state;
    begin(&f, 1, "INT3");
    conv(&f, 2, 1);
    apply(&f.n, "batch_norm",
          (lf_id[]){f.n.at, vector(&f.n, 2, gamma), vector(&f.n, 2, zero), vector(&f.n, 2, zero), vector(&f.n, 2, one)},
          5, 1);
    max_pool(&f, 2);
    quant(&f, 0.5, 3);
    end(&f);
}

/* It was refused: under scales of both signs the largest value is not always the largest code. */
static void a_pool_under_scales_of_both_signs(void **state) {
    static const double scale[] = {0.5, -0.5};
    found f = {0};
    (void)state;
    begin(&f, 1, "INT3");
    conv(&f, 2, 1);
    apply(&f.n, "mul", (lf_id[]){f.n.at, per_channel(&f.n, scale)}, 2, 1);
    max_pool(&f, 2);
    quant(&f, 0.5, 3);
    end(&f);
}

/* The transpose that brings an input's channels to the end stood between the input and its thresholds. */
static void an_input_grid_under_a_quantizer(void **state) {
    found f = {0};
    (void)state;
    begin(&f, 2, "UINT3,0.25,-0.875");
    quant(&f, 0.5, 3);
    conv(&f, 2, 2);
    end(&f);
}

/* The circuit was built with a transpose of activations as wires. */
static void a_flattened_picture_meets_its_matrix(void **state) {
    static const double w[] = {1, 2, 3, 4, -4, -3, -2, -1, 2, 0, 1, -2};
    found f = {0};
    (void)state;
    begin(&f, 2, "INT3");
    conv(&f, 2, 2);
    lf_node *flat = apply(&f.n, "reshape", &f.n.at, 1, 1);
    lf_attr_set_ints(f.n.g, flat, "shape", (int64_t[]){1, 6}, 2);
    apply(&f.n, "matmul", (lf_id[]){f.n.at, constant(&f.n, 2, (int64_t[]){6, 2}, w)}, 2, 1);
    end(&f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_pool_of_reals_moves_behind_the_quantizer),
        cmocka_unit_test(a_pool_under_scales_of_both_signs),
        cmocka_unit_test(an_input_grid_under_a_quantizer),
        cmocka_unit_test(a_flattened_picture_meets_its_matrix),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
