/* Our elementary functions against the C library's in long double (64 bits of significand, so its own errors are below a
 * thousandth of an ulp of double). */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/rng.h"
#include "num/realfn.h"

/* The error of got in units of the last place of the double nearest to `want`. */
static double ulps(double got, long double want) {
    if (isinf(got) || isinf((double)want))
        return got == (double)want || (isinf(got) && fabsl(want) > 0x1.fffffffffffff8p1023L) ? 0.0 : 1e9;
    int e = 0;
    (void)frexpl(want, &e);
    e = e < -1021 ? -1021 : e;
    return fabs((double)((got - want) / ldexpl(1.0L, e - 53)));
}

typedef struct sampler {
    double (*fn)(double);
    long double (*reference)(long double);
    double lo, hi;
    bool exponents; /* spread over the exponents of [lo, hi], both signs when lo is 0 */
} sampler;

static double draw(lf_rng *r, const sampler *s) {
    if (!s->exponents)
        return s->lo + (s->hi - s->lo) * lf_rng_double(r);
    double e = s->lo + (s->hi - s->lo) * lf_rng_double(r);
    return ldexp(1.0 + lf_rng_double(r), (int)e);
}

static double worst(const sampler *s, int count, double *at) {
    lf_rng r = lf_rng_make(7, 1);
    double most = 0;
    for (int i = 0; i < count; i++) {
        double x = draw(&r, s);
        double e = ulps(s->fn(x), s->reference(x));
        if (!(e <= most)) {
            most = e;
            *at = x;
        }
    }
    return most;
}

static long double sigmoidl(long double x) {
    return x < 0 ? expl(x) / (1 + expl(x)) : 1 / (1 + expl(-x));
}

static void test_errors(void **state) {
    (void)state;
    static const struct {
        const char *name;
        sampler s;
        double limit;
    } cases[] = {
        {"exp", {lf_exp, expl, -1, 1, false}, 0.51},
        {"exp", {lf_exp, expl, -744, 709, false}, 0.51},
        {"exp, subnormal results", {lf_exp, expl, -745.13, -708, false}, 0.51},
        {"exp, small", {lf_exp, expl, -60, 0, true}, 0.51},
        {"log", {lf_log, logl, 0.5, 2, false}, 0.51},
        {"log, near one", {lf_log, logl, 0.99, 1.01, false}, 0.51},
        {"log, everywhere", {lf_log, logl, -1074, 1023, true}, 0.51},
        {"tanh", {lf_tanh, tanhl, -3, 3, false}, 0.51},
        {"tanh", {lf_tanh, tanhl, -25, 25, false}, 0.51},
        {"tanh, small", {lf_tanh, tanhl, -1074, 0, true}, 0.51},
        {"sigmoid", {lf_sigmoid, sigmoidl, -5, 5, false}, 0.51},
        {"sigmoid", {lf_sigmoid, sigmoidl, -745, 50, false}, 0.51},
        {"erf", {lf_erf, erfl, -1, 1, false}, 0.51},
        {"erf", {lf_erf, erfl, -6.5, 6.5, false}, 0.51},
        {"erf, small", {lf_erf, erfl, -1074, 0, true}, 0.51},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        double at = 0, e = worst(&cases[i].s, 100000, &at);
        if (!(e <= cases[i].limit))
            print_message("%s: %.4f ulp at %a\n", cases[i].name, e, at);
        assert_true(e <= cases[i].limit);
    }
}

static double worst_power(double lo, double hi, double most_y, bool whole, double *at_x, double *at_y) {
    lf_rng r = lf_rng_make(3, 2);
    double most = 0;
    for (int i = 0; i < 100000; i++) {
        double x = lo + (hi - lo) * lf_rng_double(&r), y = most_y * (2 * lf_rng_double(&r) - 1);
        y = whole ? nearbyint(y) : y;
        double e = ulps(lf_pow(x, y), powl(x, y));
        if (!(e <= most)) {
            most = e;
            *at_x = x;
            *at_y = y;
        }
    }
    return most;
}

static void test_pow_errors(void **state) {
    (void)state;
    static const struct {
        double lo, hi, y;
        bool whole;
    } cases[] = {{0, 2, 50, false}, {0.9, 1.1, 7000, false}, {0, 1e9, 35, false}, {0, 1e-300, 1.07, false},
                 {-3, 3, 64, true}, {-1e5, 1e5, 64, true},   {-2, 2, 1100, true}, {0.999, 1.001, 700000, true}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        double x = 0, y = 0, e = worst_power(cases[i].lo, cases[i].hi, cases[i].y, cases[i].whole, &x, &y);
        if (!(e <= 0.53))
            print_message("pow, case %zu: %.4f ulp at %a, %a\n", i, e, x, y);
        assert_true(e <= 0.53);
    }
}

static void same(double got, double want) {
    if (isnan(want)) {
        assert_true(isnan(got));
        return;
    }
    if (got != want || signbit(got) != signbit(want))
        print_message("got %a, want %a\n", got, want);
    assert_true(got == want && signbit(got) == signbit(want));
}

static void test_special_values(void **state) {
    (void)state;
    double (*const ours[])(double) = {lf_exp, lf_log, lf_tanh, lf_erf};
    double (*const libm[])(double) = {exp, log, tanh, erf};
    const double x[] = {0.0,     -0.0,  1.0,    INFINITY,  -INFINITY, NAN,   5e-324,
                        -5e-324, 1e308, -1e308, 0x1p-1022, -745.2,    709.79};
    for (size_t f = 0; f < 4; f++)
        for (size_t i = 0; i < sizeof x / sizeof x[0]; i++)
            if (!(f == 0 && x[i] == 1.0))
                same(ours[f](x[i]), libm[f](x[i]));
    same(lf_exp(1), 2.718281828459045);
    same(lf_exp(-745.13), 5e-324);
    same(lf_exp(709.782712893384), 0x1.fffffffffff2ap1023);
    same(lf_sigmoid(0), 0.5);
    same(lf_sigmoid(INFINITY), 1);
    same(lf_sigmoid(-INFINITY), 0);
    same(lf_sigmoid(NAN), NAN);
    same(lf_sigmoid(-745.13), 5e-324);
}

/* C17 annex F.10.4.4, by the C library, which follows it. */
static void test_pow_special_values(void **state) {
    (void)state;
    const double v[] = {0.0,  -0.0, 1.0,   -1.0,   INFINITY, -INFINITY, NAN,     2.0,        -2.0, 3.0,
                        -3.0, 0.25, -0.25, 5e-324, 1e308,    0x1p53,    -0x1p53, 0x1p53 - 1, 1e18, -1e18};
    for (size_t i = 0; i < sizeof v / sizeof v[0]; i++)
        for (size_t k = 0; k < sizeof v / sizeof v[0]; k++)
            if (ulps(pow(v[i], v[k]), powl(v[i], v[k])) <= 0.5 || isnan(pow(v[i], v[k])))
                same(lf_pow(v[i], v[k]), pow(v[i], v[k]));
    for (double x = 0.01; x < 50; x += 0.37) {
        same(lf_pow(x, 2), x * x);
        same(lf_pow(x, 1), x);
        same(lf_pow(-x, -1), -1 / x);
        same(lf_pow(x, 0.5), sqrt(x));
        same(lf_pow(x, -0.5), 1 / sqrt(x));
    }
    same(lf_pow(3, 33), 5559060566555523.0);
    same(lf_pow(-10, 15), -1e15);
}

static void rises(double (*fn)(double), double lo, double hi) {
    enum { POINTS = 400000 };
    double before = fn(lo);
    for (int i = 1; i <= POINTS; i++) {
        double now = fn(lo + (hi - lo) * i / POINTS);
        assert_true(now >= before);
        before = now;
    }
}

/* From one double to the next, where neighbours give equal or neighbouring results. */
static void rises_by_steps(double (*fn)(double), double from) {
    double x = from, before = fn(x);
    for (int i = 0; i < 20000; i++) {
        x = nextafter(x, INFINITY);
        double now = fn(x);
        assert_true(now >= before);
        before = now;
    }
}

static void test_monotone(void **state) {
    (void)state;
    double (*const fn[])(double) = {lf_exp, lf_tanh, lf_sigmoid, lf_erf};
    for (size_t f = 0; f < 4; f++) {
        rises(fn[f], -8, 8);
        rises(fn[f], -0.01, 0.01);
        for (double x = -7.9; x < 8; x += 0.83)
            rises_by_steps(fn[f], x);
        rises_by_steps(fn[f], 0x1p-10 - 10000 * 0x1p-63); /* where tanh changes its formula */
        rises_by_steps(fn[f], 0.0625 - 10000 * 0x1p-57);  /* where erf does */
        rises_by_steps(fn[f], 0.1875 - 10000 * 0x1p-55);
        rises_by_steps(fn[f], 0.021660849392498291 - 10000 * 0x1p-58); /* a table step of exp: ln2/32 */
    }
    rises(lf_exp, -746, 710);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_errors),         cmocka_unit_test(test_pow_errors),
        cmocka_unit_test(test_special_values), cmocka_unit_test(test_pow_special_values),
        cmocka_unit_test(test_monotone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
