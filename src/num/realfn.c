/* Elementary functions from + - * / and sqrt alone, in double-double arithmetic (Dekker 1971; Shewchuk 1997, sections 2.2 to
 * 2.5) with one rounding at the end. No fused multiply-add: the build sets -ffp-contract=off.
 *
 * Errors, as tests/num/test_realfn.c measures them against long double: below 0.51 ulp for exp, log, tanh, sigmoid and erf,
 * below 0.53 ulp for pow (which for the exponents -0.5 and |y| <= 64 integer is defined in realfn.h). */
#include "num/realfn.h"

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "num/realfn_tables.h"

/* -- bits of a double ------------------------------------------------------------------------------------------------ */

static uint64_t bits_of(double v) {
    uint64_t b = 0;
    memcpy(&b, &v, sizeof b);
    return b;
}

static double from_bits(uint64_t b) {
    double v = 0;
    memcpy(&v, &b, sizeof v);
    return v;
}

/* 2^k for a normal result. */
static double power_of_two(int k) {
    return from_bits((uint64_t)(k + 1023) << 52);
}

/* The integer nearest to v; |v| < 2^31. */
static int nearest(double v) {
    return (int)(v < 0 ? v - 0.5 : v + 0.5);
}

/* x = m * 2^k with m in [1, 2); x positive and finite. */
static double take_exponent(double x, int *k) {
    int shift = 0;
    if (x < 0x1p-1022) {
        x *= 0x1p54;
        shift = 54;
    }
    *k = (int)(bits_of(x) >> 52) - 1023 - shift;
    return from_bits((bits_of(x) & 0xfffffffffffffu) | 0x3ff0000000000000u);
}

/* -- double-double --------------------------------------------------------------------------------------------------- */

/* a + b exactly, when |a| >= |b|. */
static lf_dd quick_sum(double a, double b) {
    double s = a + b;
    return (lf_dd){s, b - (s - a)};
}

static lf_dd two_sum(double a, double b) {
    double s = a + b, t = s - a;
    return (lf_dd){s, (a - (s - t)) + (b - t)};
}

/* a * b exactly; no overflow up to 2^995 and no underflow of the low part. */
static lf_dd two_product(double a, double b) {
    double p = a * b;
    double ca = 134217729.0 * a, cb = 134217729.0 * b;
    double ah = ca - (ca - a), bh = cb - (cb - b);
    double al = a - ah, bl = b - bh;
    return (lf_dd){p, ((ah * bh - p) + ah * bl + al * bh) + al * bl};
}

static lf_dd add(lf_dd a, lf_dd b) {
    lf_dd s = two_sum(a.high, b.high), t = two_sum(a.low, b.low);
    s = quick_sum(s.high, s.low + t.high);
    return quick_sum(s.high, s.low + t.low);
}

static lf_dd add_double(lf_dd a, double b) {
    lf_dd s = two_sum(a.high, b);
    return quick_sum(s.high, s.low + a.low);
}

static lf_dd multiply(lf_dd a, lf_dd b) {
    lf_dd p = two_product(a.high, b.high);
    return quick_sum(p.high, p.low + (a.high * b.low + a.low * b.high));
}

static lf_dd multiply_double(lf_dd a, double b) {
    lf_dd p = two_product(a.high, b);
    return quick_sum(p.high, p.low + a.low * b);
}

static lf_dd divide(lf_dd a, lf_dd b) {
    double q = a.high / b.high;
    lf_dd back = multiply_double(b, q);
    lf_dd rest = add(a, (lf_dd){-back.high, -back.low});
    return quick_sum(q, (rest.high + rest.low) / b.high);
}

static lf_dd negate(lf_dd a) {
    return (lf_dd){-a.high, -a.low};
}

/* v * 2^k, rounded once; v.high in [1/4, 4). Below the normal range the sum with 2^(-1022-k) has the spacing of the subnormal
 * result, so rounding it is rounding the result. */
static double scaled(lf_dd v, int k) {
    if (k > 1026)
        return INFINITY;
    if (k < -1100)
        return 0.0;
    if (k > 1000)
        return (v.high + v.low) * power_of_two(k - 60) * 0x1p60;
    if (k > -1000)
        return (v.high + v.low) * power_of_two(k);
    double offset = power_of_two(-1022 - k), rounded = v.high + v.low;
    if (rounded < offset) {
        lf_dd sum = two_sum(offset, v.high);
        rounded = sum.high + (sum.low + v.low) - offset;
    }
    return rounded * power_of_two(k + 110) * 0x1p-110;
}

static double with_sign(double magnitude, bool negative) {
    return negative ? -magnitude : magnitude;
}

/* -- exp --------------------------------------------------------------------------------------------------------------- */

/* e^x = result * 2^k with the result in [1 - 2^-5, 2]; |x.high| < 2000. x = (32 k + j) ln2/32 + t with |t| <= ln2/64, and
 * e^t - 1 = t + t^2/2 + t^3 (1/6 + ...) with only the first two terms in double-double. */
static lf_dd exp_parts(lf_dd x, int *k) {
    int n = nearest(x.high * 0x1.71547652b82fep+5); /* 32/ln2 */
    double high = x.high - n * (lf_ln2_high * 0x1p-5);
    lf_dd t = two_product(n, lf_ln2_low * 0x1p-5);
    t = add(two_sum(high, x.low), negate(t));
    double s = t.high;
    double tail = s * s * s *
                  (0x1.5555555555555p-3 +
                   s * (0x1.5555555555555p-5 +
                        s * (0x1.1111111111111p-7 +
                             s * (0x1.6c16c16c16c17p-10 + s * (0x1.a01a01a01a01ap-13 + s * 0x1.a01a01a01a01ap-16)))));
    lf_dd half_square = multiply(t, (lf_dd){t.high * 0.5, t.low * 0.5});
    lf_dd p = add(t, add_double(half_square, tail));
    int j = n & 31;
    lf_dd power = lf_exp2_table[j];
    *k = (n - j) / 32;
    return add(power, multiply(power, p));
}

static double exp_of(lf_dd x) {
    int k = 0;
    lf_dd e = exp_parts(x, &k);
    return scaled(e, k);
}

double lf_exp(double x) {
    if (x != x)
        return x;
    if (x > 709.8)
        return INFINITY;
    if (x < -746.0)
        return 0.0;
    return exp_of((lf_dd){x, 0.0});
}

/* -- log --------------------------------------------------------------------------------------------------------------- */

/* ln(1 + u), |u| < 1/64. */
static lf_dd log_near_one(lf_dd u) {
    double s = u.high;
    double tail = 0.0;
    for (int n = 12; n >= 3; n--)
        tail = (n & 1 ? 1.0 : -1.0) / n + s * tail;
    lf_dd half_square = multiply(u, (lf_dd){u.high * -0.5, u.low * -0.5});
    return add(u, add_double(half_square, s * s * s * tail));
}

/* ln x for x positive and finite: x = 2^k m with m near 1, and m = (1 + u) / r with r from a table. */
static lf_dd log_of(double x) {
    int k = 0;
    double m = take_exponent(x, &k);
    if (m > 0x1.6a09e667f3bcdp0) {
        m *= 0.5;
        k++;
    }
    const lf_log_entry *e = &lf_log_table[nearest(m * 64.0) - 45];
    lf_dd u = two_product(m, e->inverse);
    lf_dd near = log_near_one(add_double(u, -1.0));
    lf_dd whole = add((lf_dd){k * lf_ln2_high, 0.0}, two_product(k, lf_ln2_low));
    return add(add(whole, e->log), near);
}

double lf_log(double x) {
    if (x != x || x == INFINITY)
        return x;
    if (x == 0)
        return -INFINITY;
    if (x < 0)
        return NAN;
    lf_dd y = log_of(x);
    return y.high + y.low;
}

/* -- pow --------------------------------------------------------------------------------------------------------------- */

typedef enum parity { NOT_INTEGER, EVEN, ODD } parity;

static parity parity_of(double y) {
    double a = y < 0 ? -y : y;
    if (a >= 0x1p53)
        return EVEN;
    int64_t whole = (int64_t)a;
    if ((double)whole != a)
        return NOT_INTEGER;
    return whole & 1 ? ODD : EVEN;
}

/* a^n for a > 0 and 1 <= |n| <= 64: the significand is multiplied by itself, so nothing overflows on the way. */
static double integer_power(double a, int n) {
    int k = 0, count = n < 0 ? -n : n;
    lf_dd base = {take_exponent(a, &k), 0.0}, result = {1.0, 0.0};
    for (int left = count; left; left >>= 1) {
        if (left & 1)
            result = multiply(result, base);
        base = multiply(base, base);
    }
    if (n < 0)
        result = divide((lf_dd){1.0, 0.0}, result);
    int e = 0;
    (void)take_exponent(result.high, &e);
    double unit = power_of_two(-e);
    return scaled((lf_dd){result.high * unit, result.low * unit}, k * n + e);
}

/* a^y for a > 0 finite, not 1. */
static double real_power(double a, double y) {
    lf_dd log_a = log_of(a);
    double size = log_a.high * y;
    if (size > 750.0)
        return INFINITY;
    if (size < -750.0)
        return 0.0;
    if (size < 0x1p-60 && size > -0x1p-60)
        return 1.0 + size;
    return exp_of(multiply_double(log_a, y));
}

static double power_of_infinity_or_zero(double x, double y, parity p) {
    bool large = (x == 0) == (y < 0);
    bool negative = p == ODD && bits_of(x) >> 63;
    return with_sign(large ? INFINITY : 0.0, negative);
}

static double power_to_infinity(double a, double y) {
    if (a == 1)
        return 1.0;
    return (a > 1) == (y > 0) ? INFINITY : 0.0;
}

double lf_pow(double x, double y) {
    if (y == 0 || x == 1)
        return 1.0;
    if (x != x || y != y)
        return x + y;
    double a = x < 0 ? -x : x;
    if (y == INFINITY || y == -INFINITY)
        return power_to_infinity(a, y);
    parity p = parity_of(y);
    if (a == 0 || a == INFINITY)
        return power_of_infinity_or_zero(x, y, p);
    if (x < 0 && p == NOT_INTEGER)
        return NAN;
    if (y == 0.5)
        return sqrt(x);
    if (y == -0.5)
        return 1.0 / sqrt(x);
    bool small_integer = p != NOT_INTEGER && y >= -64 && y <= 64;
    double result = a == 1 ? 1.0 : small_integer ? integer_power(a, (int)y) : real_power(a, y);
    return with_sign(result, x < 0 && p == ODD);
}

/* -- tanh and sigmoid --------------------------------------------------------------------------------------------------- */

/* e^x as a double-double, for |x| < 100. */
static lf_dd exp_whole(double x) {
    int k = 0;
    lf_dd e = exp_parts((lf_dd){x, 0.0}, &k);
    double unit = power_of_two(k);
    return (lf_dd){e.high * unit, e.low * unit};
}

double lf_tanh(double x) {
    double a = x < 0 ? -x : x;
    if (x != x || a == 0)
        return x;
    if (a > 22.0)
        return x < 0 ? -1.0 : 1.0;
    if (a < 0x1p-10) {
        double s = x * x;
        return x + x * s * (-0x1.5555555555555p-2 + s * (0x1.1111111111111p-3 + s * -0x1.ba1ba1ba1ba1cp-5));
    }
    lf_dd e = exp_whole(2.0 * a);
    lf_dd t = divide(add_double(e, -1.0), add_double(e, 1.0));
    return with_sign(t.high + t.low, x < 0);
}

double lf_sigmoid(double x) {
    if (x != x)
        return x;
    if (x > 40.0)
        return 1.0;
    if (x < -80.0) /* 1 + e^x is 1 to 2^-115 */
        return lf_exp(x);
    lf_dd e = exp_whole(x < 0 ? x : -x);
    lf_dd below = add_double(e, 1.0);
    lf_dd y = divide(x < 0 ? e : (lf_dd){1.0, 0.0}, below);
    return y.high + y.low;
}

/* -- erf ----------------------------------------------------------------------------------------------------------------- */

/* erf(c + h) - erf(c) - erf'(c) h, divided by erf'(c) h. With erf'(c + h) = erf'(c) sum g_n h^n, the equation y'' = -2 x y' gives
 * (n+1) g_(n+1) = -2 c g_n - 2 g_(n-1), and the sum wanted is that of g_n h^n / (n+1) from n = 1. */
static double erf_rest(double c, double h) {
    enum { TERMS = 16 }; /* |h| <= 1/16 */
    double g[TERMS + 1] = {1.0, -2.0 * c};
    for (int n = 1; n < TERMS; n++)
        g[n + 1] = (-2.0 * c * g[n] - 2.0 * g[n - 1]) / (n + 1);
    double sum = 0.0;
    for (int n = TERMS; n >= 1; n--)
        sum = (sum + g[n] / (n + 1)) * h;
    return sum;
}

/* |x| <= 1/16: a product with 2/sqrt(pi), formed away from the subnormals, where its low part would be lost. */
static double erf_small(double a) {
    int k = 0;
    double m = take_exponent(a, &k);
    lf_dd y = multiply_double(lf_two_over_sqrt_pi, m);
    double rest = k < -40 ? 0.0 : erf_rest(0.0, a);
    return scaled(quick_sum(y.high, y.low + y.high * rest), k);
}

double lf_erf(double x) {
    double a = x < 0 ? -x : x;
    if (x != x || a == 0)
        return x;
    if (a >= 6.0)
        return x < 0 ? -1.0 : 1.0;
    if (a <= 0.0625)
        return with_sign(erf_small(a), x < 0);
    int j = nearest(a * 8.0);
    double c = j * 0.125, h = a - c;
    lf_dd step = multiply_double(lf_erf_table[j].slope, h);
    lf_dd y = add(lf_erf_table[j].value, add_double(step, step.high * erf_rest(c, h)));
    return with_sign(y.high + y.low, x < 0);
}
