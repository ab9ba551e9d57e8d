/* The fast engine against the reference engine on convolutional networks: random pictures, windows, products, depthwise products, pools,
 * joins, frames and thresholds of odd sizes, on every instruction set that runs here, with any block of rows. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "base/text.h"
#include "exec/exec.h"
#include "exec/fast.h"
#include "ir/attr_access.h"
#include "ir/lftext.h"
#include "ops/ops.h"
#include "ops/elementwise.h"
#include "ops/picture.h"

/* What plans must have been made of somewhere; the test fails when one of these was never met. */
static const char *const wanted[] = {
    "bits, windows",         "sums, windows",    "bytes, windows",   "words, windows",
    "levels, windows",       "max of",           "min of",           "sum of",
    "channels, bits",        "channels, bytes",  "channels, words",  "channels, sums",
    "products of",           "channels, levels", "sum of two",       "bytes, windows, groups",
    "sums, windows, groups", "pixels copied",    "in another order", "window by its definition"};
static int met[sizeof wanted / sizeof *wanted];

typedef struct net {
    lf_ctx *ctx;
    lf_graph *g;
    lf_rng *r;
    lf_id at;
    int count;
    bool binary; /* one bit everywhere */
} net;

static int64_t between(net *n, int64_t lo, int64_t hi) {
    return lf_rng_between(n->r, lo, hi);
}

static bool chance(net *n, uint32_t of) {
    return lf_rng_below(n->r, of) == 0;
}

static lf_tensor *now(net *n) {
    return lf_tensor_at(n->g, n->at);
}

static lf_picture picture(net *n) {
    return lf_picture_of(now(n)->shape);
}

static lf_node *add_node(net *n, const char *op, const lf_id *in, int count) {
    const char *name = lf_format(n->g->arena, "%s%d", op, n->count++);
    in = lf_copy(n->g->arena, in, (size_t)count * sizeof *in); /* it may be &n->at */
    n->at = lf_tensor_new(n->g, lf_format(n->g->arena, "%s_out", name), (lf_shape){0}, LF_FLOAT32)->id;
    return lf_node_new(n->g, lf_op_find(op), name, in, count, &n->at, 1, NULL);
}

static void infer(net *n, lf_node *node) {
    if (lf_infer_node(n->g, node) != LF_OK)
        fail_msg("%s: %s", node->name, lf_diag_at(n->ctx, lf_diag_count(n->ctx) - 1)->text);
}

static void set_ints(net *n, lf_node *node, const char *name, int64_t a, int64_t b) {
    int axes = picture(n).axes;
    lf_attr_set_ints(n->g, node, name, (int64_t[]){axes == 2 ? a : b, b}, axes);
}

/* -- beginnings --------------------------------------------------------------------------------------------------------------- */

static void input(net *n, lf_range codes) {
    lf_shape s = chance(n, 4) ? lf_shape_make(3, (int64_t[]){1, between(n, 3, 20), between(n, 1, 20)})
                              : lf_shape_make(4, (int64_t[]){1, between(n, 3, 9), between(n, 3, 9), between(n, 1, 20)});
    if (chance(n, 3))
        s.dim[s.rank - 1] = chance(n, 2) ? 64 : chance(n, 2) ? 80 : 128;
    lf_tensor *t = lf_tensor_new(n->g, "x", s, lf_int(8));
    lf_set_codes(n->g, t, codes);
    LF_PUSH(n->g->arena, &n->g->inputs, (lf_port){.name = "x", .tensor = t->id});
    n->at = t->id;
}

/* -- nodes ------------------------------------------------------------------------------------------------------------------------ */

static void threshold(net *n) {
    static const int64_t few[] = {1, 1, 3, 15, 60, 255};
    lf_range r = now(n)->range;
    int64_t C = picture(n).channels, L = n->binary ? 1 : few[between(n, 0, 5)],
            *T = LF_NEW_ARRAY(n->g->arena, int64_t, C * L);
    for (int64_t c = 0; c < C; c++) { /* ascending, sometimes in even steps */
        int64_t even = (r.hi - r.lo) / (L + 1), at = r.lo + between(n, 0, 3), most = (r.hi - r.lo) * 2 / (L + 1) + 1;
        bool steps = even > 8 && chance(n, 2);
        for (int64_t t = 0; t < L; t++)
            T[c * L + t] = at += steps ? even : between(n, 0, most);
    }
    lf_id table = lf_const_codes(n->g, "T", lf_shape_make(2, (int64_t[]){C, L}), T)->id;
    lf_node *node = add_node(n, "threshold", (lf_id[]){n->at, table}, 2);
    lf_attr_set_int(node, "out_base", L == 1 ? -1 : between(n, -9, 0));
    lf_attr_set_int(node, "out_step", L == 1 ? 2 : 1);
    infer(n, node);
}

static int64_t most_taps(int64_t size, int64_t dilation) {
    return (size - 1) / dilation + 1;
}

static lf_node *window(net *n, int64_t interleave, int64_t pad_code) {
    lf_picture p = picture(n);
    int64_t dilation = chance(n, 4) ? 2 : 1, pads[4];
    int64_t kh = between(n, 1, 3), kw = between(n, 1, 3);
    kh = p.axes == 1 ? 1 : kh > most_taps(p.height, dilation) ? 1 : kh;
    kw = kw > most_taps(p.width, dilation) ? 1 : kw;
    lf_node *node = add_node(n, "window", &n->at, 1);
    n->at = node->in[0];
    for (int i = 0; i < 4; i++)
        pads[i] = chance(n, 2) ? 0 : between(n, 0, 2);
    set_ints(n, node, "kernel", kh, kw);
    set_ints(n, node, "strides", between(n, 1, 2), between(n, 1, 2));
    set_ints(n, node, "dilations", dilation, dilation);
    lf_attr_set_ints(n->g, node, "pads", pads, 2 * p.axes);
    lf_attr_set_int(node, "interleave", interleave);
    lf_attr_set_int(node, "pad_code", pad_code);
    lf_attr_set_enum(node, "order", chance(n, 2) ? "columns" : "rows");
    infer(n, node);
    n->at = node->out[0];
    return node;
}

static lf_id weights(net *n, int64_t rows, int64_t columns) {
    static const int64_t most[] = {1, 1, 1, 7, 127, 2000};
    int64_t *w = LF_NEW_ARRAY(n->g->arena, int64_t, rows * columns), m = most[between(n, 0, 5)];
    bool signs = n->binary || chance(n, 2);
    for (int64_t i = 0; i < rows * columns; i++)
        w[i] = signs ? between(n, 0, 1) * 2 - 1 : between(n, -m, m);
    return lf_const_codes(n->g, "W", lf_shape_make(2, (int64_t[]){rows, columns}), w)->id;
}

static lf_id bias(net *n, int64_t rows) {
    int64_t *b = LF_NEW_ARRAY(n->g->arena, int64_t, rows);
    for (int64_t i = 0; i < rows; i++)
        b[i] = between(n, -50, 50);
    return lf_const_codes(n->g, "b", lf_shape_make(1, (int64_t[]){rows}), b)->id;
}

static int64_t pad_code(net *n) {
    lf_range r = now(n)->range;
    bool high = chance(n, 2);
    if (n->binary || chance(n, 2))
        return high ? r.hi : r.lo;
    return chance(n, 4) ? r.lo - 300 : 0;
}

static void conv(net *n) {
    int64_t C = picture(n).channels, rows = chance(n, 3) ? 64 : between(n, 1, 40);
    bool windows = !chance(n, 5);
    lf_node *w = windows ? window(n, chance(n, 8) && C % 2 == 0 ? C / 2 : 0, pad_code(n)) : NULL;
    if (w && chance(n, 8)) /* a second reader: the windows themselves are wanted */
        LF_PUSH(n->g->arena, &n->g->outputs, (lf_port){.name = "windows", .tensor = n->at});
    lf_id in[3] = {n->at, weights(n, rows, picture(n).channels), 0};
    in[2] = bias(n, rows);
    infer(n, add_node(n, "mvu", in, chance(n, 2) ? 3 : 2));
}

/* Channels in groups: the groups' windows one after the other are vectors of their own. */
static void grouped(net *n) {
    int64_t C = picture(n).channels,
            groups = C % 64 == 0 && chance(n, 2) ? C / 64
                     : C % 4 == 0                ? 4
                     : C % 2                     ? C
                                                 : 2,
            rows = between(n, 1, 20);
    rows = chance(n, 2) ? 16 : rows;
    window(n, C / groups, pad_code(n));
    lf_shape s = now(n)->shape, wide = s;
    s.dim[s.rank - 1] = groups;
    s.dim[s.rank++] = lf_picture_of(wide).channels / groups;
    lf_node *node = add_node(n, "reshape", &n->at, 1);
    lf_attr_set_ints(n->g, node, "shape", s.dim, s.rank);
    infer(n, node);
    lf_id in[3] = {n->at, weights(n, groups * rows, s.dim[s.rank - 1]), 0};
    in[2] = bias(n, groups * rows);
    node = add_node(n, "mvu", in, chance(n, 2) ? 3 : 2);
    lf_attr_set_int(node, "groups", groups);
    infer(n, node);
    wide.dim[wide.rank - 1] = groups * rows;
    node = add_node(n, "reshape", &n->at, 1);
    lf_attr_set_ints(n->g, node, "shape", wide.dim, wide.rank);
    infer(n, node);
}

static void depthwise(net *n) {
    int64_t C = picture(n).channels, pe = C % 2 || chance(n, 2) ? 1 : 2;
    window(n, pe, pad_code(n));
    lf_id in[3] = {n->at, weights(n, C, picture(n).channels / C), 0};
    in[2] = bias(n, C);
    lf_node *node = add_node(n, "vvu", in, chance(n, 2) ? 3 : 2);
    lf_attr_set_int(node, "PE", pe);
    infer(n, node);
}

static void pool(net *n) {
    static const char *const functions[] = {"max", "min", "sum"};
    int64_t C = picture(n).channels;
    const char *function = functions[between(n, 0, 2)];
    window(n, 1, pad_code(n));
    lf_node *node = add_node(n, "pool", (lf_id[]){n->at}, 1);
    lf_attr_set_enum(node, "function", function);
    lf_attr_set_int(node, "K", lf_picture_of(lf_in(n->g, node, 0)->shape).channels / C);
    infer(n, node);
}

static void frame(net *n) {
    int64_t pads[4];
    int axes = picture(n).axes;
    bool small = picture(n).width < 3 || (axes == 2 && picture(n).height < 3);
    lf_node *node = add_node(n, "frame", &n->at, 1);
    n->at = node->in[0];
    for (int i = 0; i < 4; i++)
        pads[i] = between(n, small ? 0 : -1, 2);
    lf_attr_set_ints(n->g, node, "pads", pads, 2 * axes);
    lf_attr_set_int(node, "pad_code", pad_code(n));
    set_ints(n, node, "steps", between(n, 1, 2), between(n, 1, 2));
    infer(n, node);
    n->at = node->out[0];
}

/* Both branches from one tensor. */
static void join(net *n) {
    lf_id from = n->at;
    int64_t C = picture(n).channels;
    infer(n, add_node(n, "mvu", (lf_id[]){from, weights(n, C, C)}, 2));
    if (chance(n, 2))
        threshold(n);
    lf_node *node = add_node(n, "sum_join", chance(n, 2) ? (lf_id[]){from, n->at} : (lf_id[]){n->at, from}, 2);
    lf_attr_set_int(node, "a_factor", between(n, -3, 3));
    lf_attr_set_int(node, "b_factor", chance(n, 2) ? 1 : between(n, -300, 300));
    infer(n, node);
}

static void transpose(net *n) {
    lf_node *node = add_node(n, "transpose", &n->at, 1);
    n->at = node->in[0];
    bool flat = picture(n).axes == 1;
    lf_attr_set_ints(n->g, node, "perm", flat ? (int64_t[]){0, 2, 1} : (int64_t[]){0, 3, 1, 2}, flat ? 3 : 4);
    infer(n, node);
    n->at = node->out[0];
}

/* Narrow again, so that sums do not leave 31 bits. */
static void one_node(net *n) {
    if (now(n)->range.hi - now(n)->range.lo > (n->binary ? 2 : 70000) || chance(n, 3)) {
        threshold(n);
        return;
    }
    switch (lf_rng_below(n->r, 9)) {
    case 0: depthwise(n); break;
    case 1: pool(n); break;
    case 2: frame(n); break;
    case 3: join(n); break;
    case 4: transpose(n); break;
    case 5: grouped(n); break;
    default: conv(n); break;
    }
}

static void end(net *n) {
    if (chance(n, 3)) {
        lf_node *node = add_node(n, "global_pool", &n->at, 1);
        lf_attr_set_enum(node, "function", chance(n, 3) ? "max" : chance(n, 2) ? "min" : "sum");
        infer(n, node);
    }
    if (chance(n, 2)) {
        int64_t count = lf_shape_count(now(n)->shape);
        lf_node *node = add_node(n, "reshape", &n->at, 1);
        lf_attr_set_ints(n->g, node, "shape", (int64_t[]){1, count}, 2);
        infer(n, node);
        infer(n, add_node(n, "mvu", (lf_id[]){n->at, weights(n, 10, count)}, 2));
    }
    LF_PUSH(n->g->arena, &n->g->outputs, (lf_port){.name = "y", .tensor = n->at});
    assert_int_equal(lf_infer(n->g), LF_OK);
}

static net random_net(lf_rng *r) {
    static const lf_range codes[] = {{-1, 1, 2}, {0, 1, 1},     {-1, 1, 1},     {0, 255, 1}, {-128, 127, 1},
                                     {-8, 7, 1}, {300, 420, 1}, {-3000, 40, 1}, {0, 15, 1},  {-70000, 70000, 1}};
    net n = {.ctx = lf_ctx_new(1), .r = r, .binary = lf_rng_below(r, 3) == 0};
    n.g = lf_graph_new(n.ctx, "net");
    input(&n, codes[n.binary ? 0 : lf_rng_below(r, LF_COUNT(codes))]);
    for (int64_t left = between(&n, 1, 6); left > 0; left--)
        one_node(&n);
    end(&n);
    return n;
}

/* -- both engines ------------------------------------------------------------------------------------------------------------------ */

typedef struct run {
    size_t rows, outs;
    int64_t *x, *want[8], *got[8];
    lf_row_in in;
    lf_row_out expected[8], found[8];
} run;

static run make_run(net *n, lf_arena *a) {
    const lf_tensor *x = lf_tensor_at(n->g, n->g->inputs.at[0].tensor);
    size_t size = (size_t)lf_shape_count(x->shape);
    run w = {.rows = 1 + lf_rng_below(n->r, 15), .outs = n->g->outputs.count};
    w.x = LF_NEW_ARRAY(a, int64_t, w.rows * size);
    for (size_t i = 0; i < w.rows * size; i++) {
        int64_t steps = (x->range.hi - x->range.lo) / x->range.step, k = between(n, 0, steps);
        w.x[i] = x->range.lo + x->range.step * (i / size % 5 == 3 ? k * 2 / (steps + 1) * steps : k);
    }
    w.in = (lf_row_in){x->id, LF_ROW_CODE, w.x};
    assert_true(w.outs <= 8);
    for (size_t o = 0; o < w.outs; o++) {
        lf_id id = n->g->outputs.at[o].tensor;
        size_t count = w.rows * (size_t)lf_shape_count(lf_tensor_at(n->g, id)->shape);
        w.want[o] = LF_NEW_ARRAY(a, int64_t, count);
        w.got[o] = LF_NEW_ARRAY(a, int64_t, count);
        w.expected[o] = (lf_row_out){.tensor = id, .code = w.want[o]};
        w.found[o] = (lf_row_out){.tensor = id, .code = w.got[o]};
    }
    return w;
}

static void assert_same(net *n, const run *w, const lf_plan *p, lf_isa isa) {
    for (size_t o = 0; o < w->outs; o++) {
        size_t size = (size_t)lf_shape_count(lf_tensor_at(n->g, n->g->outputs.at[o].tensor)->shape);
        for (size_t i = 0; i < w->rows * size; i++) {
            if (w->want[o][i] == w->got[o][i])
                continue;
            lf_text t = {0}, none = {0};
            assert_int_equal(lf_graph_print(n->g, false, &t, &none), LF_OK);
            fail_msg("%s, output %zu, row %zu, element %zu: %lld instead of %lld\n%s%s", lf_isa_name(isa), o, i / size,
                     i % size, (long long)w->got[o][i], (long long)w->want[o][i], lf_plan_text(p, n->g->arena), t.at);
        }
    }
}

static void note_plan(net *n, const lf_plan *p) {
    const char *text = lf_plan_text(p, n->g->arena);
    assert_null(strstr(text, "everything by the reference"));
    for (size_t i = 0; i < LF_COUNT(wanted); i++)
        met[i] += strstr(text, wanted[i]) != NULL;
}

static void hold(net *n) {
    lf_arena *a = lf_arena_new();
    run w = make_run(n, a);
    lf_exec *e = lf_exec_new(n->ctx, n->g);
    assert_int_equal(lf_exec_rows(e, &(lf_row_io){&w.in, 1, w.expected, w.outs}, w.rows), LF_OK);
    lf_exec_free(e);
    for (int isa = 0; isa < LF_ISA_COUNT; isa++) {
        if (!lf_cpu_has((lf_isa)isa))
            continue;
        lf_plan *p = lf_plan_new_for(n->ctx, n->g, (lf_isa)isa);
        assert_non_null(p);
        if (chance(n, 2))
            lf_plan_set_block(p, 1 + lf_rng_below(n->r, 7));
        assert_int_equal(lf_plan_rows(p, &(lf_row_io){&w.in, 1, w.found, w.outs}, w.rows), LF_OK);
        assert_same(n, &w, p, (lf_isa)isa);
        note_plan(n, p);
        lf_plan_free(p);
    }
    lf_arena_free(a);
}

static void random_networks(void **state) {
    (void)state;
    lf_rng r = lf_rng_make(21, 0);
    const char *rounds = getenv("LUTFISK_CONV_NETS");
    for (int i = 0; i < (rounds ? atoi(rounds) : 500); i++) {
        net n = random_net(&r);
        hold(&n);
        lf_graph_free(n.g);
        lf_ctx_free(n.ctx);
    }
    for (size_t i = 0; i < LF_COUNT(wanted); i++)
        if (met[i] == 0)
            fail_msg("no plan had: %s", wanted[i]);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(random_networks)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
