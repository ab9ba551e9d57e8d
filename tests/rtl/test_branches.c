/* Units with several inputs or outputs, at the corners of their parameters and in graphs, every port in every clock cycle. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "bench_checks.h"

static const lf_range bit = {0, 1, 1}, sign = {-1, 1, 2}, nibble = {-8, 7, 1}, byte_up = {0, 200, 1},
                      wide = {-100000, 100000, 1};

static lf_shape image(int64_t h, int64_t w, int64_t c) {
    return lf_shape_make(4, (int64_t[]){1, h, w, c});
}

static const lf_tensor *out(const bench_case *c, const lf_node *n, int i) {
    return lf_out(c->graph, n, i);
}

/* -- forks ------------------------------------------------------------------------------------------------------------- */

static void add_fork(const char *name, int outs, int64_t lanes, lf_range r) {
    bench_case *c = bench_case_empty(&b, name);
    const lf_tensor *x = bench_input(&b, c, "x", image(1, 1, lanes * 17), r);
    lf_node *n = bench_join(&b, c, "fork", "", &x, 1, outs);
    /* a converter that is never printed says how many lanes there are */
    x = out(c, n, outs - 1);
    bench_join(&b, c, "width_converter", lf_format(b.arena, "in_lanes=%" PRId64 " out_lanes=%" PRId64, lanes, lanes),
               &x, 1, 1);
    c->count--;
}

static void add_forks(void) {
    add_fork("fork_two", 2, 1, nibble);
    add_fork("fork_bit", 3, 1, bit);
    add_fork("fork_wide", 2, 9, wide);
    add_fork("fork_eight", 8, 2, sign);
}

/* -- joins of two -------------------------------------------------------------------------------------------------------- */

static void add_join(const char *op, const char *name, lf_range ra, lf_range rb, int64_t channels, const char *attrs) {
    bench_case *c = bench_case_empty(&b, name);
    const lf_tensor *in[2] = {bench_input(&b, c, "a", image(2, 3, channels), ra),
                              bench_input(&b, c, "b", image(2, 3, channels), rb)};
    bench_join(&b, c, op, attrs, in, 2, 1);
}

static void add_sums(void) {
    add_join("sum_join", "sum_nibbles", nibble, nibble, 4, "PE=1");
    add_join("sum_join", "sum_lanes", nibble, byte_up, 6, "PE=3");
    add_join("sum_join", "sum_signs", sign, sign, 4, "PE=4");
    add_join("sum_join", "sum_mixed", sign, byte_up, 4, "PE=2 a_factor=-4 b_factor=2");
    add_join("sum_join", "sum_factors", nibble, bit, 4, "PE=2 a_factor=-7 b_factor=1000");
    add_join("sum_join", "sum_difference", byte_up, byte_up, 4, "PE=2 b_factor=-1");
    add_join("sum_join", "sum_nothing", sign, nibble, 2, "PE=1 b_factor=0");
    add_join("sum_join", "sum_to_sign", (lf_range){-1, -1, 1}, (lf_range){0, 2, 2}, 2, "PE=1");
    add_join("sum_join", "sum_long", (lf_range){-(1LL << 60), 1LL << 60, 1}, (lf_range){-(1LL << 60), 1LL << 60, 1}, 1,
             "PE=1 a_factor=3");
}

static void add_products(void) {
    add_join("product_join", "product_nibbles", nibble, nibble, 4, "PE=1");
    add_join("product_join", "product_lanes", nibble, byte_up, 6, "PE=3");
    add_join("product_join", "product_signs", sign, sign, 4, "PE=4");
    add_join("product_join", "product_mixed", sign, byte_up, 4, "PE=2");
    add_join("product_join", "product_bits", bit, bit, 4, "PE=2");
    add_join("product_join", "product_long", (lf_range){-(1LL << 30), 1LL << 30, 1}, (lf_range){0, 1LL << 31, 1}, 1,
             "PE=1");
}

/* -- turns ------------------------------------------------------------------------------------------------------------------- */

static void add_concat(const char *name, int count, const int64_t *channels, const lf_range *r, int64_t pe) {
    static const char *const port[] = {"a", "b", "c", "d", "e", "f", "g", "h"};
    bench_case *c = bench_case_empty(&b, name);
    const lf_tensor *in[LF_UNIT_PORTS];
    for (int i = 0; i < count; i++)
        in[i] = bench_input(&b, c, port[i], image(2, 3, channels[i]), r[i]);
    bench_join(&b, c, "concat_join", lf_format(b.arena, "PE=%" PRId64, pe), in, count, 1);
}

static void add_concats(void) {
    add_concat("concat_single", 2, (int64_t[]){1, 1}, (lf_range[]){nibble, bit}, 1);
    add_concat("concat_pair", 2, (int64_t[]){4, 6}, (lf_range[]){sign, byte_up}, 2);
    add_concat("concat_signs", 2, (int64_t[]){3, 1}, (lf_range[]){sign, sign}, 1);
    add_concat("concat_three", 3, (int64_t[]){3, 9, 6}, (lf_range[]){nibble, wide, sign}, 3);
    add_concat("concat_eight", 8, (int64_t[]){1, 2, 3, 1, 5, 1, 1, 2},
               (lf_range[]){bit, sign, nibble, bit, wide, byte_up, sign, bit}, 1);
}

static void add_split(const char *name, int64_t channels, int outs, const char *attrs, lf_range r) {
    bench_case *c = bench_case_empty(&b, name);
    const lf_tensor *x = bench_input(&b, c, "x", image(2, 3, channels), r);
    bench_join(&b, c, "split_fork", attrs, &x, 1, outs);
}

static void add_splits(void) {
    add_split("split_single", 2, 2, "sizes=[1,1] PE=1", nibble);
    add_split("split_pair", 10, 2, "sizes=[4,6] PE=2", sign);
    add_split("split_three", 18, 3, "sizes=[3,9,6] PE=3", wide);
    add_split("split_eight", 16, 8, "sizes=[1,2,3,1,5,1,1,2] PE=1", byte_up);
}

/* What every channel can be differs: outputs of other types than the input. */
static void add_split_types(void) {
    bench_case *c = bench_case_empty(&b, "split_types");
    const lf_tensor *in[3] = {bench_input(&b, c, "a", image(2, 3, 2), sign),
                              bench_input(&b, c, "b", image(2, 3, 4), byte_up),
                              bench_input(&b, c, "c", image(2, 3, 2), nibble)};
    lf_node *n = bench_join(&b, c, "concat_join", "PE=2", in, 3, 1);
    in[0] = out(c, n, 0);
    n = bench_join(&b, c, "split_fork", "sizes=[2,4,2] PE=2", in, 1, 3);
    assert_int_equal(out(c, n, 0)->dtype.kind, LF_KIND_BIPOLAR);
    assert_int_equal(lf_dtype_bits(out(c, n, 1)->dtype), 8);
    assert_int_equal(lf_dtype_bits(out(c, n, 2)->dtype), 4);
}

/* -- frames --------------------------------------------------------------------------------------------------------------------- */

static void add_frame(const char *name, lf_shape shape, lf_range r, const char *attrs) {
    bench_case *c = bench_case_new(&b, name, shape, r);
    bench_node(&b, c, "frame", attrs, NULL, 0);
}

static void add_frames(void) {
    lf_shape line = lf_shape_make(3, (int64_t[]){1, 7, 4});
    add_frame("frame_same", image(3, 4, 2), nibble, "SIMD=1");
    add_frame("frame_pad", image(3, 4, 2), nibble, "pads=[1,2,3,1] SIMD=1");
    add_frame("frame_pad_code", image(3, 4, 4), byte_up, "pads=[2,0,0,3] pad_code=-9 SIMD=2");
    add_frame("frame_pad_sign", image(2, 2, 3), sign, "pads=[1,1,1,1] pad_code=-1 SIMD=3");
    add_frame("frame_pad_zero", image(2, 2, 3), sign, "pads=[1,1,1,1] SIMD=1");
    add_frame("frame_crop", image(5, 6, 2), nibble, "pads=[-1,-2,-1,-1] SIMD=2");
    add_frame("frame_crop_pad", image(5, 3, 2), nibble, "pads=[-1,1,2,-2] SIMD=1");
    add_frame("frame_step", image(5, 6, 2), nibble, "steps=[2,3] SIMD=1");
    add_frame("frame_step_pad", image(5, 4, 1), nibble, "pads=[1,3,2,1] steps=[3,2] pad_code=5 SIMD=1");
    add_frame("frame_last", image(4, 4, 1), nibble, "pads=[-3,-3,0,0] SIMD=1");
    add_frame("frame_gone", image(2, 2, 1), nibble, "pads=[-2,0,2,0] pad_code=3 SIMD=1");
    add_frame("frame_line", line, nibble, "pads=[2,-1] steps=[2] SIMD=4");
}

/* -- graphs ------------------------------------------------------------------------------------------------------------------------ */

/* A residual block without weights: what goes around meets what went through, twice. */
static void add_residual(const char *name, const char *through, const char *around, bool starved) {
    bench_case *c = bench_case_empty(&b, name);
    c->starved = starved;
    const lf_tensor *x = bench_input(&b, c, "x", image(3, 3, 4), nibble), *pair[2];
    for (int round = 0; round < 2; round++) {
        lf_node *n = bench_join(&b, c, "fork", "", &x, 1, 2);
        pair[0] = out(c, n, 0);
        pair[1] = out(c, n, 1);
        pair[0] = out(c, bench_join(&b, c, "frame", "steps=[1,1] SIMD=2", &pair[0], 1, 1), 0);
        pair[0] = out(c, bench_join(&b, c, "fifo", through, &pair[0], 1, 1), 0);
        pair[1] = out(c, bench_join(&b, c, "fifo", around, &pair[1], 1, 1), 0);
        x = out(c, bench_join(&b, c, "sum_join", "PE=2 b_factor=3", pair, 2, 1), 0);
    }
}

/* Two inputs, three outputs, paths of different depth; the difference of an input with itself is not 0 for the unit. */
static void add_crossing(void) {
    bench_case *c = bench_case_empty(&b, "graph_crossing");
    const lf_tensor *p = bench_input(&b, c, "p", image(2, 2, 4), nibble),
                    *q = bench_input(&b, c, "q", image(2, 2, 4), sign);
    lf_node *fp = bench_join(&b, c, "fork", "", &p, 1, 3), *fq = bench_join(&b, c, "fork", "", &q, 1, 2);
    lf_node *sum = bench_join(&b, c, "sum_join", "PE=1", (const lf_tensor *[]){out(c, fp, 0), out(c, fq, 0)}, 2, 1);
    const lf_tensor *late = out(c, fp, 1);
    lf_node *fifo = bench_join(&b, c, "fifo", "depth=3 style=srl", &late, 1, 1);
    lf_node *product =
        bench_join(&b, c, "product_join", "PE=1", (const lf_tensor *[]){out(c, sum, 0), out(c, fifo, 0)}, 2, 1);
    late = out(c, fq, 1);
    bench_join(&b, c, "skid", "", &late, 1, 1);
    late = out(c, product, 0);
    bench_join(&b, c, "split_fork", "sizes=[3,1] PE=1", &late, 1, 2);
}

/* -- the tests ------------------------------------------------------------------------------------------------------------------- */

static void add_all(lf_rng *r) {
    (void)r;
    add_forks();
    add_sums();
    add_products();
    add_concats();
    add_splits();
    add_split_types();
    add_frames();
    add_residual("graph_residual", "depth=3", "depth=5", false);
    add_residual("graph_residual_short", "depth=3 style=distributed", "depth=2 style=register", true);
    add_crossing();
}

static const bench_stalls settings[] = {{0, 0}, {0, .5}, {.5, 0}, {.5, .5}, {.9, .1}, {.1, .9}};

/* -- faults that must be seen ------------------------------------------------------------------------------------------------- */

static const bench_fault faults[] = {
    {"an output that has taken the beat gets it again", "lf_fork.v", "wire [N-1:0] rest = valid & ~m_axis_tready",
     "wire [N-1:0] rest = {N{|(valid & ~m_axis_tready)}}"},
    {"taken before the last output took", "lf_fork.v", "&(~valid | m_axis_tready)", "|(~valid | m_axis_tready)"},
    {"a is taken without b", "lf_sum_join.v", "ready & s_axis_tvalid[1]", "ready"},
    {"a beat without b", "lf_product_join.v", ".s_axis_tvalid(&s_axis_tvalid)", ".s_axis_tvalid(|s_axis_tvalid)"},
    {"a turn too short", "lf_turns.v", "- 32'd1", "- 32'd2"},
    {"ready out of turn", "lf_concat_join.v", "turn & {N{ce}}", "{N{ce}}"},
    {"everyone's beat", "lf_split_fork.v", "turn & {N{s_axis_tvalid}}", "{N{s_axis_tvalid}}"},
    {"padding before the frame is there", "lf_frame.v", "begun & ~in", "~in"},
    {"a bubble when a beat leaves", "lf_frame.v", "~out | ~valid | m_axis_tready", "~out | ~valid"},
    {"a sign lost", "lf_cast.v", "IN_KIND == 1 ? a[IN_BITS-1] : 1'b0", "1'b0"},
};

static void add_small(lf_rng *r) {
    (void)r;
    add_fork("small_fork", 2, 1, nibble);
    add_join("sum_join", "small_sum", nibble, bit, 4, "PE=1");
    add_join("product_join", "small_product", nibble, bit, 4, "PE=1");
    add_concat("small_concat", 2, (int64_t[]){1, 2}, (lf_range[]){nibble, byte_up}, 1);
    add_split("small_split", 5, 2, "sizes=[2,3] PE=1", bit);
    add_frame("small_frame", image(2, 3, 1), bit, "pads=[1,-1,1,1] SIMD=1");
}

static const bench_program whole_program = {add_all,   31, settings, LF_COUNT(settings),
                                            add_small, 32, faults,   LF_COUNT(faults)};

int main(int argc, char **argv) {
    return bench_main(argc, argv, &whole_program, NULL, 0);
}
