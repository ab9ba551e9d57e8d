/* What a build gives to the outside. The driver (driver_bench.h): random networks, pictures, several ports, and what it leaves to the caller.
 * pack.tcl: names files and ports that are there. */
#include "../context.h"

#include "driver_bench.h"
#include "ops/const_grid.h"
#include "zoo/zoo.h"

enum { RANDOM_NETWORKS = 12 };

/* -- networks --------------------------------------------------------------------------------------------------------------------- */

static void random_networks(void **state) {
    (void)state;
    need_compiler();
    uint64_t hits[NET_CORNERS] = {0};
    int on_values = 0, from_bytes = 0;
    for (uint64_t seed = 0; seed < RANDOM_NETWORKS; seed++) {
        lf_ctx *ctx = lf_ctx_new(1);
        lf_graph *g = random_net_make(ctx, 4000 + seed, hits);
        assert_non_null(g);
        design d = open_design(ctx, g, seed % 3 == 0 ? 24 : seed % 3 == 1 ? 100 : 1000000);
        on_values += strstr(d.header, "int net_pack_x(const float") && strstr(d.header, "void net_unpack_y(");
        from_bytes += strstr(d.header, "_bytes(") != NULL;
        close_design(&d);
        lf_graph_free(g);
        lf_ctx_free(ctx);
    }
    assert_true(on_values >= RANDOM_NETWORKS * 3 / 4 && from_bytes > 0);
}

/* A network that is put together by hand: nodes are named after their outputs. */
typedef struct maker {
    lf_graph *g;
    lf_id one, zero;
} maker;

static maker start(lf_ctx *ctx) {
    maker m = {.g = lf_graph_new(ctx, "test")};
    double v[2] = {1, 0};
    m.one = lf_const_reals(m.g, "one", (lf_shape){0}, &v[0])->id;
    m.zero = lf_const_reals(m.g, "zero", (lf_shape){0}, &v[1])->id;
    return m;
}

static lf_id real(maker *m, int rank, const int64_t *dim, const double *v) {
    lf_tensor *t = lf_const_reals(m->g, "c", lf_shape_make(rank, dim), v);
    lf_const_grid_detect(m->g, t);
    return t->id;
}

static lf_id input(maker *m, const char *name, int rank, const int64_t *dim) {
    lf_tensor *t = lf_tensor_new(m->g, name, lf_shape_make(rank, dim), LF_FLOAT32);
    LF_PUSH(m->g->arena, &m->g->inputs, (lf_port){.name = name, .tensor = t->id});
    return t->id;
}

static lf_node *node(maker *m, const char *op, const char *name, const lf_id *in, int count) {
    lf_id out = lf_tensor_new(m->g, name, (lf_shape){0}, LF_FLOAT32)->id;
    return lf_node_new(m->g, lf_op_find(op), name, in, count, &out, 1, NULL);
}

static lf_node *quant(maker *m, const char *name, lf_id x, double scale, double zero, double bits) {
    lf_id in[4] = {x, real(m, 0, NULL, &scale), real(m, 0, NULL, &zero), real(m, 0, NULL, &bits)};
    return node(m, "quant", name, in, 4);
}

static lf_id matmul(maker *m, const char *name, lf_id x, int64_t rows, int64_t columns) {
    double w[64];
    int64_t dim[2] = {rows, columns};
    for (int64_t i = 0; i < rows * columns; i++)
        w[i] = (double)(i * 5 % 7 - 3);
    lf_id in[2] = {x, real(m, 2, dim, w)};
    return node(m, "matmul", name, in, 2)->out[0];
}

static void output(maker *m, const char *name, lf_id tensor) {
    LF_PUSH(m->g->arena, &m->g->outputs, (lf_port){.name = name, .tensor = tensor});
}

static void expect_header(maker *m, const char *grid, const char *const *want, int64_t ii) {
    lf_ctx *ctx = m->g->ctx;
    if (lf_infer(m->g) != LF_OK || (grid && (lf_declare_input(m->g, grid) != LF_OK || lf_infer(m->g) != LF_OK)))
        fail_msg("%s", lf_diag_at(ctx, 0)->text);
    design d = open_design(ctx, m->g, ii);
    for (; want && *want; want++)
        if (!strstr(d.header, *want))
            fail_msg("the header does not say: %s\n%s", *want, d.header);
    close_design(&d);
    lf_graph_free(m->g);
    lf_ctx_free(ctx);
}

/* NCHW rows, channels fastest on the stream, elements of six bits, numbers of their own per channel on both sides. */
static void pictures(void **state) {
    (void)state;
    static const double norm[4][3] = {{0.5, -1.5, 2}, {0.1, 0, -0.3}, {0.01, 0.2, -0.1}, {1, 0.3, 2}},
                        add[3] = {0.7, 0.2, 1.1};
    static const char *const want[] = {"int net_pack_x(const float", "net_in_x_BITS 6u", "void net_unpack_y(", NULL};
    static const int64_t ii[] = {10, 1000};
    const int64_t three = 3, column[3] = {3, 1, 1};
    need_compiler();
    for (size_t i = 0; i < LF_COUNT(ii); i++) {
        maker m = start(lf_ctx_new(1));
        lf_id x = input(&m, "x", 4, (const int64_t[]){1, 3, 2, 5});
        lf_node *f = node(&m, "transpose", "f", &x, 1);
        lf_attr_set_ints(m.g, f, "perm", (const int64_t[]){0, 2, 3, 1}, 4);
        lf_id in[5] = {f->out[0]}, sum[2] = {0, real(&m, 1, &three, add)};
        for (int k = 0; k < 4; k++)
            in[k + 1] = real(&m, 1, &three, norm[k]);
        lf_node *n = node(&m, "batch_norm", "n", in, 5);
        lf_attr_set_int(n, "axis", -1);
        sum[0] = n->out[0];
        lf_node *q = quant(&m, "q", node(&m, "add", "p", sum, 2)->out[0], 0.3, 2, 5);
        lf_attr_set_enum(q, "rounding_mode", "HALF_UP");
        in[0] = q->out[0];
        lf_node *h = node(&m, "batch_norm", "h", in, 5);
        lf_attr_set_int(h, "axis", -1);
        lf_node *r = quant(&m, "r", h->out[0], 0.21, 0, 3);
        lf_attr_set_bool(r, "signed", false);
        lf_node *e = node(&m, "transpose", "e", &r->out[0], 1);
        lf_attr_set_ints(m.g, e, "perm", (const int64_t[]){0, 3, 1, 2}, 4);
        lf_id product[2] = {e->out[0], real(&m, 3, column, add)};
        output(&m, "y", node(&m, "mul", "o", product, 2)->out[0]);
        expect_header(&m, NULL, want, ii[i]);
    }
}

/* The softmax of the second output, and which of its values is the largest, is the caller's. */
static void several_ports(void **state) {
    (void)state;
    static const char *const want[] = {
        "to s_axis_a.", "to s_axis_b.", "from m_axis_ya.",
        "net_unpack_yb gives the tensor before the host nodes s (softmax), best (argmax)", NULL};
    need_compiler();
    maker m = start(lf_ctx_new(1));
    lf_id a = input(&m, "a", 2, (const int64_t[]){1, 6}), b = input(&m, "b", 2, (const int64_t[]){1, 6});
    lf_node *floor = quant(&m, "qb", b, 0.25, 0, 4);
    lf_attr_set_enum(floor, "rounding_mode", "FLOOR");
    output(&m, "ya", matmul(&m, "ya_sums", quant(&m, "qa", a, 0.25, 0, 4)->out[0], 6, 5));
    lf_id scores = matmul(&m, "yb_sums", floor->out[0], 6, 5);
    lf_node *soft = node(&m, "softmax", "s", &scores, 1);
    lf_node *best = node(&m, "argmax", "best", &soft->out[0], 1);
    lf_attr_set_int(best, "axis", -1);
    output(&m, "yb", best->out[0]);
    expect_header(&m, NULL, want, 6);
}

/* No function on values for what C statements do not say; codes always. */
static void what_is_left_to_the_caller(void **state) {
    (void)state;
    static const char *const want[] = {"There is no net_pack_x on values of the model", "squash (tanh), q (quant)",
                                       "int net_pack_x_codes(", NULL};
    need_compiler();
    maker m = start(lf_ctx_new(1));
    lf_id x = input(&m, "x", 2, (const int64_t[]){1, 4});
    lf_id q = quant(&m, "q", node(&m, "tanh", "squash", &x, 1)->out[0], 0.25, 0, 4)->out[0];
    output(&m, "y", matmul(&m, "sums", q, 4, 3));
    expect_header(&m, NULL, want, 6);
}

/* Values are cast into the declared grid: fixed point, cut and wrapped; integers; one bit. */
static void casts(void **state) {
    (void)state;
    static const char *const grids[] = {"FIXED<6,3>!", "UINT4!,0.5", "INT5!,0.25,1", "FIXED<5,2,RND_CONV,WRAP>!",
                                        "BIPOLAR!"};
    static const char *const want[] = {"int net_pack_x(const float", NULL};
    need_compiler();
    for (size_t i = 0; i < LF_COUNT(grids); i++) {
        maker m = start(lf_ctx_new(1));
        lf_id x = input(&m, "x", 2, (const int64_t[]){1, 7});
        lf_id q = quant(&m, "q", x, 0.5, 0, 3)->out[0];
        output(&m, "y", matmul(&m, "sums", q, 7, 3));
        expect_header(&m, grids[i], want, 7);
    }
}

/* Convolutions: rows of the model are NCHW, the stream has the channels of a pixel beside each other. */
static void convolutions(void **state) {
    need_compiler();
    lf_ctx *ctx = *state;
    lf_zoo_options small = {.size = 32, .width = 0.05, .blocks = 1, .classes = 5};
    lf_graph *g = lf_zoo_make(ctx, lf_zoo_find("mobilenet-v1"), &small);
    assert_non_null(g);
    design d = open_design(ctx, g, 0);
    assert_non_null(strstr(d.header, "int net_pack_x(const float"));
    assert_non_null(strstr(d.header, "void net_unpack_logits("));
    close_design(&d);
    lf_graph_free(g);
}

/* Networks that others published. */
static void published_networks(void **state) {
    (void)state;
    static const struct {
        const char *file, *grid;
    } nets[] = {{"qonnx_mnist_tfc/TFC_1W2A.onnx", NULL},
                {"finn_tfc/model.onnx", NULL},
                {"jsc_mlp/qkeras_jettagging.onnx", "FIXED<16,6>!"},
                {"jsc_mlp/qkeras_jettagging.onnx", "FIXED<16,6>"},
                {"onnx_examples/bnn_model_fc_1layer.onnx", NULL}};
    const char *data = getenv("LUTFISK_DATA");
    int found = 0;
    need_compiler();
    for (size_t i = 0; i < LF_COUNT(nets); i++) {
        lf_ctx *ctx = lf_ctx_new(1);
        lf_arena *a = lf_arena_new();
        const char *file = lf_format(a, "%s/models/%s", data ? lf_format(a, "%s/..", data) : "../shared", nets[i].file);
        const char *grid[] = {nets[i].grid, NULL};
        lf_model_options o = {.model = file, .input = grid};
        if (lf_path_exists(file)) {
            lf_graph *g = lf_model_open(ctx, &o);
            assert_non_null(g);
            design d = open_design(ctx, g, 0);
            assert_non_null(strstr(d.header, "(const float *x, uint8_t *beats)"));
            close_design(&d);
            lf_graph_free(g);
            found++;
        }
        lf_arena_free(a);
        lf_ctx_free(ctx);
    }
    if (!found) {
        print_message("skipped: no networks in ../shared/models\n");
        skip();
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_networks),
        cmocka_unit_test(pictures),
        cmocka_unit_test(several_ports),
        cmocka_unit_test(what_is_left_to_the_caller),
        cmocka_unit_test(casts),
        WITH_CONTEXT(convolutions),
        cmocka_unit_test(published_networks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
