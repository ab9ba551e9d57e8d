/* Whole windows of columns (rtl/lf_columns.v), alone and as they stand in a circuit, behind a window of columns and before the products: in
 * Verilator and in Icarus. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "ir/attr.h"
#include "bench_checks.h"

typedef struct unit_case {
    const char *name;
    int64_t h, w, c; /* h 0: one axis */
    lf_range x;
    const char *attrs;
} unit_case;

static const unit_case cases[] = {
    {"turn_same", 4, 6, 3, {0, 15, 1}, "kernel=3"},
    {"turn_stride", 3, 9, 2, {-4, 3, 1}, "kernel=3 stride=2"},
    {"turn_far", 2, 11, 1, {-1, 1, 2}, "kernel=2 stride=4 dilation=2"},
    {"turn_dilated", 3, 11, 2, {0, 255, 1}, "kernel=3 dilation=3"},
    {"turn_whole", 4, 3, 5, {0, 7, 1}, "kernel=3"},
    {"turn_skip", 3, 7, 2, {0, 7, 1}, "kernel=1 stride=3"},
    {"turn_copy", 2, 3, 1, {0, 1, 1}, "kernel=1"},
    {"turn_line", 0, 9, 40, {-8, 7, 1}, "kernel=5 stride=2"},
};

static void add_case(const unit_case *u) {
    lf_shape s =
        u->h ? lf_shape_make(4, (int64_t[]){1, u->h, u->w, u->c}) : lf_shape_make(3, (int64_t[]){1, u->w, u->c});
    bench_node(&b, bench_case_new(&b, u->name, s, u->x), "columns", u->attrs, NULL, 0);
}

/* A convolution of 3 x 3 with strides of 2. */
static void add_convolution(lf_rng *r) {
    int64_t code[54];
    for (int i = 0; i < 54; i++)
        code[i] = lf_rng_between(r, -4, 3);
    bench_case *c = bench_case_new(&b, "parallel", lf_shape_make(4, (int64_t[]){1, 6, 7, 2}), (lf_range){0, 7, 1});
    const lf_tensor *w = lf_const_codes(c->graph, "W", lf_shape_make(2, (int64_t[]){3, 18}), code);
    bench_node(&b, c, "window", "kernel=[3,1] strides=[2,1] pads=[1,1,1,1] SIMD=6 order=columns", NULL, 0);
    bench_node(&b, c, "columns", "kernel=3 stride=2", NULL, 0);
    bench_node(&b, c, "mvu", "PE=3 SIMD=18", &w, 1);
}

static void add_all(lf_rng *r) {
    for (size_t i = 0; i < LF_COUNT(cases); i++)
        add_case(&cases[i]);
    add_convolution(r);
}

static const bench_stalls settings[] = {{0, 0}, {.5, 0}, {.5, .5}, {.1, .9}};

static const bench_fault faults[] = {
    {"windows reach over the end of a row", "lf_columns.v", "last_window ? FIRST : NEXT", "NEXT"},
    {"a window is lost", "lf_columns.v", "(take & last_column) | (full & ~m_axis_tready)", "take & last_column"},
    {"columns come before the window is taken", "lf_columns.v", "~full | m_axis_tready",
     "~full | m_axis_tready | 1'b1"},
};

static void add_small(lf_rng *r) {
    (void)r;
    static const unit_case small = {"small_turn", 3, 5, 2, {0, 7, 1}, "kernel=3"};
    add_case(&small);
}

static const bench_program whole_program = {add_all,   43, settings, LF_COUNT(settings),
                                            add_small, 44, faults,   LF_COUNT(faults)};

int main(int argc, char **argv) {
    return bench_main(argc, argv, &whole_program, NULL, 0);
}
