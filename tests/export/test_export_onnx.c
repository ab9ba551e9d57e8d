/* QONNX files: accepted by ONNX's own checker, equal when read again, the same bytes every time, refused when they
 * could not say exactly what the graph says. */
#include <unistd.h>

#include "../import/onnx_make.h"
#include "base/file.h"
#include "base/run.h"
#include "exec/exec.h"
#include "export/export.h"
#include "ir/attr_access.h"
#include "ops/const_grid.h"
#include "ir/lftext.h"
#include "ops/ops.h"
#include "pass/passes.h"

typedef struct bench {
    lf_ctx *ctx;
    lf_arena *a;
    char *dir;
    const char *path;
} bench;

static bench start(void) {
    bench b = {.ctx = lf_ctx_new(1), .a = lf_arena_new()};
    assert_int_equal(lf_temp_dir(b.ctx, b.a, "/tmp", &b.dir), LF_OK);
    b.path = lf_path_join(b.a, b.dir, "m.onnx");
    return b;
}

static void finish(bench *b) {
    lf_remove_tree(b->dir);
    lf_ctx_free(b->ctx);
    lf_arena_free(b->a);
}

static void remove_all(char *text, const char *what) {
    for (char *at = text; (at = strstr(at, what));)
        memmove(at, at + strlen(what), strlen(at + strlen(what)) + 1);
}

/* The text form without the line that names the file it came from, and without how the elements of constants are
 * stored: in an ONNX file they are all floats. */
static const char *text_of(lf_arena *a, const lf_graph *g) {
    lf_text text = {0}, weights = {0};
    assert_int_equal(lf_graph_print(g, true, &text, &weights), LF_OK);
    char *copy = lf_strndup(a, text.at, text.len), *source = strstr(copy, "source ");
    if (source) {
        char *end = strchr(source, '\n') + 1;
        memmove(source, end, strlen(end) + 1);
    }
    static const char *const stored[] = {" as f32", " as f64", " as i8", " as u8", " as i64", " as i32"};
    for (size_t i = 0; i < LF_COUNT(stored); i++)
        remove_all(copy, stored[i]);
    lf_text_free(&text);
    lf_text_free(&weights);
    return copy;
}

static int by_text(const void *a, const void *b) {
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The lines of a text, sorted: constants are read in the order of their use. */
static size_t lines_of(lf_arena *a, const char *text, char ***lines) {
    size_t n = 0;
    *lines = LF_NEW_ARRAY(a, char *, strlen(text) + 1);
    for (char *at = strtok(lf_strdup(a, text), "\n"); at; at = strtok(NULL, "\n"))
        (*lines)[n++] = at;
    qsort(*lines, n, sizeof **lines, by_text);
    return n;
}

static void expect_round_trip(bench *b, const lf_graph *g) {
    char **have, **want;
    if (lf_export_onnx(g, b->path) != LF_OK)
        fail_msg("%s", make_complaints(b->a, b->ctx));
    lf_graph *again = lf_import_onnx(b->ctx, b->path);
    if (!again)
        fail_msg("%s", make_complaints(b->a, b->ctx));
    /* The reader names the graph after the file. */
    size_t n = lines_of(b->a, strstr(text_of(b->a, again), "\ninput"), &have);
    assert_int_equal(n, lines_of(b->a, strstr(text_of(b->a, g), "\ninput"), &want));
    for (size_t i = 0; i < n; i++)
        if (strcmp(have[i], want[i]))
            fail_msg("written: %.300s\nread: %.300s", want[i], have[i]);
    lf_graph_free(again);
}

/* -- a network as the trainer makes it ----------------------------------------------------------------------------- */

static lf_id constant(lf_graph *g, const char *name, lf_shape s, const double *v) {
    lf_tensor *t = lf_const_reals(g, name, s, v);
    lf_const_grid_detect(g, t);
    return t->id;
}

static lf_id scalar(lf_graph *g, const char *name, double v) {
    return constant(g, name, (lf_shape){0}, &v);
}

static lf_node *node(lf_graph *g, const char *op, const char *name, lf_id a, lf_id b, lf_id c, lf_id d) {
    lf_id in[4] = {a, b, c, d};
    lf_id out = lf_tensor_new(g, lf_format(g->arena, "%s_out", name), (lf_shape){0}, (lf_dtype){0})->id;
    return lf_node_new(g, lf_op_find(op), name, in, d ? 4 : c ? 3 : b ? 2 : 1, &out, 1, NULL);
}

static lf_id grow(lf_graph *g, const char *op, const char *name, lf_id a, lf_id b, lf_id c, lf_id d) {
    lf_node *n = node(g, op, name, a, b, c, d);
    assert_int_equal(lf_infer_node(g, n), LF_OK);
    return n->out[0];
}

static lf_id weights(lf_graph *g, const char *name, int64_t rows, int64_t columns, bool binary) {
    double v[256];
    for (int64_t i = 0; i < rows * columns; i++)
        v[i] = binary ? (i * 7 % 5 < 2 ? -1.0 : 1.0) : (double)(float)((double)(i * 37 % 23) / 23 - 0.4);
    return constant(g, name, lf_shape_make(2, (int64_t[]){rows, columns}), v);
}

static lf_id batch_norm(lf_graph *g, const char *name, lf_id x, int64_t n) {
    lf_id p[4];
    for (int k = 0; k < 4; k++) {
        double v[16];
        for (int64_t i = 0; i < n; i++)
            v[i] = (double)(float)(0.3 + 0.37 * (double)(i + k));
        p[k] = constant(g, lf_format(g->arena, "%s_%c", name, "gbmv"[k]), lf_shape_make(1, &n), v);
    }
    lf_id in[5] = {x, p[0], p[1], p[2], p[3]};
    lf_id out = lf_tensor_new(g, lf_format(g->arena, "%s_out", name), (lf_shape){0}, (lf_dtype){0})->id;
    lf_node *b = lf_node_new(g, lf_op_find("batch_norm"), name, in, 5, &out, 1, NULL);
    lf_attr_set_real(b, "epsilon", (double)1e-5f);
    assert_int_equal(lf_infer_node(g, b), LF_OK);
    return out;
}

static lf_graph *new_graph(bench *b, lf_id *x) {
    lf_graph *g = lf_graph_new(b->ctx, "net");
    lf_tensor *t = lf_tensor_new(g, "x", lf_shape_make(4, (int64_t[]){1, 1, 3, 4}), LF_FLOAT32);
    LF_PUSH(g->arena, &g->inputs, (lf_port){.name = "x", .tensor = t->id});
    *x = t->id;
    return g;
}

static void set_output(lf_graph *g, const char *name, lf_id tensor) {
    LF_PUSH(g->arena, &g->outputs, (lf_port){.name = name, .tensor = tensor});
    lf_graph_prune(g);
    assert_int_equal(lf_verify_graph(g), LF_OK);
}

static lf_id flat(lf_graph *g, lf_id x) {
    lf_node *n = node(g, "reshape", "flat", x, 0, 0, 0);
    lf_attr_set_ints(g, n, "shape", (int64_t[]){1, 12}, 2);
    assert_int_equal(lf_infer_node(g, n), LF_OK);
    return n->out[0];
}

static lf_graph *quantized_network(bench *b) {
    lf_id x;
    lf_graph *g = new_graph(b, &x);
    lf_id s = scalar(g, "s", (double)0.1f), one = scalar(g, "one", 1), two = scalar(g, "two", 2),
          zero = scalar(g, "zero", 0), bits = scalar(g, "bits", 2);
    lf_id h = grow(g, "sub", "centre", grow(g, "mul", "double", flat(g, x), two, 0, 0), one, 0, 0);
    h = grow(g, "quant", "q0", h, one, zero, bits);
    lf_id w = grow(g, "quant", "qw0", weights(g, "w0", 12, 5, false), s, zero, bits);
    h = batch_norm(g, "bn0", grow(g, "matmul", "mm0", h, w, 0, 0), 5);
    h = grow(g, "quant", "q1", grow(g, "relu", "r", h, 0, 0, 0), s, zero, bits);
    w = grow(g, "quant", "qw1", weights(g, "w1", 5, 3, false), s, zero, bits);
    h = grow(g, "add", "bias", grow(g, "matmul", "mm1", h, w, 0, 0),
             constant(g, "b", lf_shape_make(1, (int64_t[]){3}), (double[]){(double)0.1f, -3, (double)0.3f}), 0, 0);
    lf_node *soft = node(g, "softmax", "soft", h, 0, 0, 0);
    lf_attr_set_int(soft, "axis", 1);
    assert_int_equal(lf_infer_node(g, soft), LF_OK);
    set_output(g, "soft_out", soft->out[0]);
    return g;
}

static lf_graph *binary_network(bench *b) {
    lf_id x;
    lf_graph *g = new_graph(b, &x);
    lf_id one = scalar(g, "one", 1);
    lf_id h = grow(g, "bipolar_quant", "q0", flat(g, x), one, 0, 0);
    h = batch_norm(g, "bn0", grow(g, "matmul", "mm0", h, weights(g, "w0", 12, 5, true), 0, 0), 5);
    h = grow(g, "bipolar_quant", "q1", h, one, 0, 0);
    h = grow(g, "matmul", "mm1", h, weights(g, "w1", 5, 3, true), 0, 0);
    set_output(g, "score",
               grow(g, "mul", "scale", h, scalar(g, "s", 0.125), 0, 0)); /* under another name than the tensor's */
    return g;
}

/* Every attribute of the spatial ops with values of its own; a grouped convolution; the join of two branches. */
static lf_graph *picture_network(bench *b) {
    lf_graph *g = lf_graph_new(b->ctx, "net");
    lf_tensor *t = lf_tensor_new(g, "x", lf_shape_make(4, (int64_t[]){1, 2, 9, 8}), LF_FLOAT32);
    LF_PUSH(g->arena, &g->inputs, (lf_port){.name = "x", .tensor = t->id});
    double w[36];
    for (int i = 0; i < 36; i++)
        w[i] = i * 5 % 7 - 3;
    lf_node *c = node(g, "conv", "c0", t->id, constant(g, "w0", lf_shape_make(4, (int64_t[]){6, 1, 3, 2}), w), 0, 0);
    lf_attr_set_ints(g, c, "kernel", (int64_t[]){3, 2}, 2);
    lf_attr_set_ints(g, c, "strides", (int64_t[]){2, 1}, 2);
    lf_attr_set_ints(g, c, "dilations", (int64_t[]){1, 2}, 2);
    lf_attr_set_ints(g, c, "pads", (int64_t[]){1, 0, 2, 1}, 4);
    lf_attr_set_int(c, "group", 2);
    assert_int_equal(lf_infer_node(g, c), LF_OK);
    lf_node *m = node(g, "max_pool", "m0", c->out[0], 0, 0, 0), *a = node(g, "average_pool", "a0", c->out[0], 0, 0, 0);
    for (int i = 0; i < 2; i++) {
        lf_node *n = i ? a : m;
        lf_attr_set_ints(g, n, "kernel", (int64_t[]){2, 3}, 2);
        lf_attr_set_ints(g, n, "strides", (int64_t[]){1, 2}, 2);
        lf_attr_set_ints(g, n, "dilations", (int64_t[]){1, 1}, 2);
        lf_attr_set_ints(g, n, "pads", (int64_t[]){0, 1, 1, 0}, 4);
        lf_attr_set_bool(n, "ceil_mode", true);
    }
    lf_attr_set_bool(a, "count_include_pad", true);
    assert_int_equal(lf_infer_node(g, m), LF_OK);
    assert_int_equal(lf_infer_node(g, a), LF_OK);
    set_output(g, "sum_out", grow(g, "add", "sum", m->out[0], a->out[0], 0, 0));
    return g;
}

static void trained_networks_come_back(void **state) {
    (void)state;
    bench b = start();
    lf_graph *(*const make_graph[])(bench *) = {quantized_network, binary_network, picture_network};
    for (size_t i = 0; i < LF_COUNT(make_graph); i++) {
        lf_graph *g = make_graph[i](&b);
        expect_round_trip(&b, g);
        lf_graph_free(g);
    }
    finish(&b);
}

static void same_bytes_every_time(void **state) {
    (void)state;
    bench b = start();
    lf_file file[2];
    for (int i = 0; i < 2; i++) {
        lf_graph *g = quantized_network(&b);
        const char *path = lf_path_join(b.a, b.dir, i ? "other.onnx" : "m.onnx");
        assert_int_equal(lf_export_onnx(g, path), LF_OK);
        assert_int_equal(lf_file_open(b.ctx, path, 0, &file[i]), LF_OK);
        lf_graph_free(g);
    }
    assert_int_equal(file[0].size, file[1].size);
    assert_memory_equal(file[0].data, file[1].data, file[0].size);
    lf_file_close(&file[0]);
    lf_file_close(&file[1]);
    finish(&b);
}

/* -- ONNX's own opinion -------------------------------------------------------------------------------------------- */

/* All models that were put into the directory, in one run. NULL: there is no Python package. */
static const char *checked(bench *b, const char *const *models, size_t count) {
    const char *argv[16] = {"/usr/bin/python3", "tests/export/check_onnx.py"};
    lf_run_result r;
    for (size_t i = 0; i < count; i++)
        argv[2 + i] = models[i];
    if (lf_tool_run(b->ctx, b->a, argv, NULL, &r) != LF_OK || r.exit_code == 77)
        return NULL;
    if (r.exit_code != 0)
        fail_msg("the checker says:\n%s", r.out);
    return r.out;
}

static void expect_facts(bench *b, lf_graph *g, const char *const *want, size_t count, const char *unwanted) {
    assert_int_equal(lf_export_onnx(g, b->path), LF_OK);
    lf_graph_free(g);
    const char *facts = checked(b, &b->path, 1);
    for (size_t i = 0; facts && i < count; i++)
        make_expect_text(facts, want[i]);
    if (facts)
        assert_null(strstr(facts, unwanted));
    finish(b);
    if (!facts) {
        print_message("skipped: Debian's python3-onnx is not installed\n");
        skip();
    }
}

static void the_checker_accepts_a_quantized_network(void **state) {
    (void)state;
    bench b = start();
    static const char *const want[] = {"opset onnx:13 qonnx.custom_op.general:1",
                                       "input x N,1,3,4",
                                       "output soft_out N,3",
                                       "value mm0_out N,5",
                                       "value qw0_out 12,5",
                                       "node flat Reshape x flat_shape -> flat_out",
                                       "node q0 Quant centre_out one zero bits -> q0_out",
                                       "const flat_shape int64 [2] [0, 12]",
                                       "const w0 float32 [12, 5]",
                                       "annotation bits UINT2",
                                       "annotation one UINT1"};
    expect_facts(&b, quantized_network(&b), want, LF_COUNT(want), "annotation w0");
}

static void the_checker_accepts_a_binary_network(void **state) {
    (void)state;
    bench b = start();
    static const char *const want[] = {"annotation w0 BIPOLAR", "output score N,3",
                                       "node score_name Identity scale_out -> score"};
    expect_facts(&b, binary_network(&b), want, LF_COUNT(want), "annotation bn0");
}

static void the_checker_accepts_pictures(void **state) {
    (void)state;
    bench b = start();
    static const char *const want[] = {"value c0_out N,6,5,7", "output sum_out N,6,5,4", "node c0 Conv x w0 -> c0_out",
                                       "node a0 AveragePool c0_out -> a0_out"};
    expect_facts(&b, picture_network(&b), want, LF_COUNT(want), "annotation x");
}

/* -- what other tools made ----------------------------------------------------------------------------------------- */

static void real_networks_come_back(void **state) {
    (void)state;
    static const char *const files[] = {"qonnx_mnist_tfc/TFC_1W1A.onnx",  "qonnx_mnist_tfc/TFC_1W2A.onnx",
                                        "qonnx_mnist_tfc/TFC_2W2A.onnx",  "finn_tfc/model.onnx",
                                        "jsc_mlp/qkeras_jettagging.onnx", "onnx_examples/bnn_model_fc_1layer.onnx",
                                        "cnv_bnn/cnv_w1a1.onnx"};
    const char *data = getenv("LUTFISK_DATA");
    bench b = start();
    const char *written[LF_COUNT(files)];
    size_t found = 0;
    for (size_t i = 0; i < LF_COUNT(files); i++) {
        const char *path = lf_format(b.a, "%s/models/%s", data ? lf_format(b.a, "%s/..", data) : "../shared", files[i]);
        if (access(path, R_OK) != 0)
            continue;
        lf_graph *g = lf_import(b.ctx, path);
        assert_non_null(g);
        b.path = written[found] = lf_format(b.a, "%s/%zu.onnx", b.dir, found);
        found++;
        expect_round_trip(&b, g);
        lf_graph_free(g);
    }
    if (found)
        (void)checked(&b, written, found);
    finish(&b);
    if (!found) {
        print_message("skipped: no networks in ../shared/models\n");
        skip();
    }
}

/* -- refusals ------------------------------------------------------------------------------------------------------ */

static void expect_refused(bench *b, const lf_graph *g, const char *why) {
    lf_diag_clear(b->ctx);
    assert_int_equal(lf_export_onnx(g, b->path), LF_BAD_INPUT);
    make_expect_text(make_complaints(b->a, b->ctx), why);
    assert_int_not_equal(access(b->path, F_OK), 0);
}

static void what_onnx_cannot_say(void **state) {
    (void)state;
    bench b = start();
    lf_graph *g = quantized_network(&b);
    lf_attr_set_real(lf_find_node(g, "bn0"), "epsilon", 1e-5);
    expect_refused(&b, g, "bn0: attribute epsilon is no float32 number");
    lf_attr_set_real(lf_find_node(g, "bn0"), "epsilon", 0.5);
    static const double third = 1.0 / 3;
    lf_tensor *t = lf_find_tensor(g, "bits");
    t->grid.scale = &third;
    expect_refused(&b, g, "constant bits has a scale, which ONNX cannot say");
    lf_graph_free(g);

    g = binary_network(&b);
    double pi = 3.141592653589793;
    lf_id c = lf_const_reals(g, "pi", (lf_shape){0}, &pi)->id;
    set_output(g, "more", grow(g, "mul", "times", g->outputs.at[0].tensor, c, 0, 0));
    expect_refused(&b, g, "constant pi has elements that are no float32 numbers");
    lf_graph_free(g);

    g = binary_network(&b);
    lf_id in = g->outputs.at[0].tensor, out = lf_tensor_new(g, "h", lf_tensor_at(g, in)->shape, LF_FLOAT32)->id;
    lf_node_new(g, lf_op_find("fifo"), "fifo0", &in, 1, &out, 1, NULL);
    expect_refused(&b, g, "fifo0: the op fifo has no counterpart in QONNX");
    lf_graph_free(g);

    g = picture_network(&b);
    lf_attr_set_ints(g, lf_find_node(g, "a0"), "dilations", (int64_t[]){1, 2}, 2);
    expect_refused(&b, g, "a0: average_pool has dilations");
    lf_attr_set_enum(lf_find_node(g, "c0"), "layout", "channels_last");
    expect_refused(&b, g, "c0: conv works on channels that stand last");
    lf_graph_free(g);
    finish(&b);
}

/* k as an attribute of ours becomes the operand that ONNX wants. */
static void topk_says_its_k(void **state) {
    (void)state;
    bench b = start();
    lf_id x;
    lf_graph *g = new_graph(&b, &x);
    lf_id in[1] = {flat(g, x)}, out[2];
    out[0] = lf_tensor_new(g, "values", (lf_shape){0}, (lf_dtype){0})->id;
    out[1] = lf_tensor_new(g, "where", (lf_shape){0}, (lf_dtype){0})->id;
    lf_node *n = lf_node_new(g, lf_op_find("topk"), "top", in, 1, out, 2, NULL);
    lf_attr_set_int(n, "k", 3);
    lf_attr_set_int(n, "axis", 1);
    assert_int_equal(lf_infer_node(g, n), LF_OK);
    set_output(g, "values", out[0]);
    assert_int_equal(lf_export_onnx(g, b.path), LF_OK);
    lf_graph *again = lf_import_onnx(b.ctx, b.path);
    assert_non_null(again);
    assert_non_null(strstr(text_of(b.a, again), "%values : FLOAT32[1,3]"));
    lf_graph_free(again);
    lf_graph_free(g);
    finish(&b);
}

/* What has no batch in front does not get one. */
static void without_a_batch(void **state) {
    (void)state;
    bench b = start();
    lf_graph *g = lf_graph_new(b.ctx, "net");
    lf_tensor *x = lf_tensor_new(g, "x", lf_shape_make(2, (int64_t[]){4, 3}), LF_FLOAT32);
    LF_PUSH(g->arena, &g->inputs, (lf_port){.name = "x", .tensor = x->id});
    set_output(g, "y_out", grow(g, "transpose", "y", x->id, 0, 0, 0));
    assert_int_equal(lf_export_onnx(g, b.path), LF_OK);
    lf_graph *again = lf_import_onnx(b.ctx, b.path);
    assert_non_null(again);
    assert_non_null(strstr(text_of(b.a, again), "%y_out : FLOAT32[3,4] = transpose(%x)"));
    lf_graph_free(again);
    lf_graph_free(g);
    finish(&b);
}

/* Importers make names of their own, which may be those of outputs. */
static void another_tensor_has_the_name_of_the_output(void **state) {
    (void)state;
    bench b = start();
    lf_graph *g = binary_network(&b);
    g->outputs.at[0].name = "mm1_out";
    assert_int_equal(lf_export_onnx(g, b.path), LF_OK);
    lf_graph *again = lf_import_onnx(b.ctx, b.path);
    if (!again)
        fail_msg("%s", make_complaints(b.a, b.ctx));
    assert_string_equal(again->outputs.at[0].name, "mm1_out");
    assert_non_null(strstr(text_of(b.a, again), "%mm1_out : INT4[1,3] scale 0.125"));
    lf_graph_free(again);
    lf_graph_free(g);
    finish(&b);
}

/* Weights that are codes with a scale per channel, channels that stand last. */
static const char folded[] =
    "lutfisk 1\ngraph \"g\"\ninput \"x\" = %x : FLOAT32[1,3,4,2]\n"
    "const %v : FLOAT32[3,2,2,1] = [0.1, -0.2, 0.3, 0, 9, -9, 0.9, 0.7, 0.11, -0.5, 0.25, 0.4]\n"
    "const %vs : FLOAT32[3,1,1,1] = [0.1, 0.3, 0.05]\nconst %s : FLOAT32[] = [0.1]\nconst %z : FLOAT32[] = [0]\n"
    "const %n : FLOAT32[] = [4]\n"
    "%w : FLOAT32[3,2,2,1] = quant(%v, %vs, %z, %n) \"qw\"\n%a : FLOAT32[1,3,4,2] = quant(%x, %s, %z, %n) \"qa\"\n"
    "%y : FLOAT32[1,2,4,3] = conv(%a, %w) \"c\" {kernel=[2, 1], layout=channels_last}\noutput \"y\" = %y\n";

static void run(const lf_graph *g, const double *x, double *y) {
    lf_row_in in = {g->inputs.at[0].tensor, LF_ROW_F64, x};
    lf_row_out out = {.tensor = g->outputs.at[0].tensor, .real = y};
    lf_exec *e = lf_exec_new(g->ctx, g);
    assert_int_equal(lf_exec_rows(e, &(lf_row_io){&in, 1, &out, 1}, 1), LF_OK);
    lf_exec_free(e);
}

static void codes_and_layouts_are_said_otherwise(void **state) {
    (void)state;
    bench b = start();
    lf_graph *g = lf_graph_parse(b.ctx, "test", folded, strlen(folded), NULL, 0, lf_op_find);
    if (!g)
        fail_msg("%s", make_complaints(b.a, b.ctx));
    assert_int_equal(lf_infer(g), LF_OK);
    assert_int_equal(lf_pass_run(g, &lf_pass_fold_constants, NULL), LF_OK);
    double x[24], want[24], have[24];
    for (int i = 0; i < 24; i++)
        x[i] = 0.07 * (i * 7 % 24 - 12);
    run(g, x, want);
    expect_refused(&b, g, "c: conv works on channels that stand last");
    assert_int_equal(lf_make_ready_for_onnx(g), LF_OK);
    assert_int_equal(lf_export_onnx(g, b.path), LF_OK);
    lf_graph *again = lf_import_onnx(b.ctx, b.path);
    assert_non_null(again);
    assert_int_equal(lf_pass_run(again, &lf_pass_fold_constants, NULL), LF_OK);
    run(again, x, have);
    for (int i = 0; i < 24; i++)
        assert_true(have[i] == want[i]);
    assert_true(want[0] != 0 && want[23] != 0);
    assert_true(lf_on_grid(lf_tensor_at(again, again->outputs.at[0].tensor)));
    lf_graph_free(again);
    lf_graph_free(g);
    finish(&b);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(topk_says_its_k),
        cmocka_unit_test(without_a_batch),
        cmocka_unit_test(another_tensor_has_the_name_of_the_output),
        cmocka_unit_test(codes_and_layouts_are_said_otherwise),

        cmocka_unit_test(trained_networks_come_back),
        cmocka_unit_test(same_bytes_every_time),
        cmocka_unit_test(the_checker_accepts_a_quantized_network),
        cmocka_unit_test(the_checker_accepts_a_binary_network),
        cmocka_unit_test(the_checker_accepts_pictures),
        cmocka_unit_test(real_networks_come_back),
        cmocka_unit_test(what_onnx_cannot_say),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
