/* Geometry of sliding windows: what a window holds of each axis, against a walk over its taps. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/rng.h"
#include "ops/slide.h"

enum { GEOMETRIES = 500, MOST_TAPS = 64 };

static int64_t below(lf_rng *r, uint32_t n) {
    return (int64_t)lf_rng_below(r, n);
}

static lf_slide random_slide(lf_rng *r) {
    lf_slide s = {.axes = (int)below(r, 3) + 1, .taps = 1, .positions = 1};
    for (int i = 0; i < s.axes; i++) {
        s.in[i] = below(r, 6) + 1;
        s.out[i] = below(r, 6) + 1;
        s.kernel[i] = below(r, 4) + 1;
        s.stride[i] = below(r, 4) + 1;
        s.dilation[i] = below(r, 3) + 1;
        s.begin[i] = below(r, 4);
        s.taps *= s.kernel[i];
        s.positions *= s.out[i];
    }
    return s;
}

static void windows_hold_the_product_of_their_axes(void **state) {
    (void)state;
    lf_rng r = lf_rng_make(7, 1);
    for (int k = 0; k < GEOMETRIES; k++) {
        lf_slide s = random_slide(&r);
        for (int64_t p = 0; p < s.positions; p++) {
            int64_t pixel[MOST_TAPS], seen = 0, product = 1, rest = p;
            lf_slide_window(&s, p, pixel);
            for (int64_t t = 0; t < s.taps; t++)
                seen += pixel[t] >= 0;
            for (int i = s.axes - 1; i >= 0; rest /= s.out[i--])
                product *= lf_slide_inside(&s, i, rest % s.out[i], 0, s.in[i]);
            assert_int_equal(product, seen);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(windows_hold_the_product_of_their_axes)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
