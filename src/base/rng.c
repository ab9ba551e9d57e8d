/* Every number takes one Philox block of its own: its counter is the index, so numbers of all kinds can be mixed. */
#include "base/rng.h"

#include <math.h>
#include <string.h>

static void philox_round(uint32_t x[4], const uint32_t key[2]) {
    uint64_t a = (uint64_t)0xD2511F53u * x[0], b = (uint64_t)0xCD9E8D57u * x[2];
    uint32_t y0 = (uint32_t)(b >> 32) ^ x[1] ^ key[0], y2 = (uint32_t)(a >> 32) ^ x[3] ^ key[1];
    x[0] = y0;
    x[1] = (uint32_t)b;
    x[2] = y2;
    x[3] = (uint32_t)a;
}

void lf_philox(uint64_t seed, uint64_t stream, uint64_t index, uint32_t out[4]) {
    uint32_t key[2] = {(uint32_t)seed, (uint32_t)(seed >> 32)};
    uint32_t x[4] = {(uint32_t)index, (uint32_t)(index >> 32), (uint32_t)stream, (uint32_t)(stream >> 32)};
    for (int i = 0; i < 10; i++) {
        philox_round(x, key);
        key[0] += 0x9E3779B9u;
        key[1] += 0xBB67AE85u;
    }
    memcpy(out, x, sizeof x);
}

uint32_t lf_rng_u32(lf_rng *r) {
    uint32_t x[4];
    lf_philox(r->seed, r->stream, r->index++, x);
    return x[0];
}

uint64_t lf_rng_u64(lf_rng *r) {
    uint32_t x[4];
    lf_philox(r->seed, r->stream, r->index++, x);
    return x[0] | (uint64_t)x[1] << 32;
}

/* Products of n below 2^32 mod n are the ones that would make some results likelier (Lemire, TOMACS 29(1), 2019). */
uint32_t lf_rng_below(lf_rng *r, uint32_t n) {
    uint32_t unfair = (0u - n) % n;
    for (;;) {
        uint64_t m = (uint64_t)lf_rng_u32(r) * n;
        if ((uint32_t)m >= unfair)
            return (uint32_t)(m >> 32);
    }
}

int64_t lf_rng_between(lf_rng *r, int64_t lo, int64_t hi) {
    uint64_t n = (uint64_t)hi - (uint64_t)lo + 1, x;
    if (n == 0)
        return (int64_t)lf_rng_u64(r);
    uint64_t unfair = (0u - n) % n;
    do
        x = lf_rng_u64(r);
    while (x < unfair);
    return (int64_t)((uint64_t)lo + x % n);
}

double lf_rng_double(lf_rng *r) {
    return (double)(lf_rng_u64(r) >> 11) * 0x1p-53;
}

/* Natural logarithm for 0 < x < 1, normal: x = m 2^e, log m = 2 atanh((m - 1) / (m + 1)) by its series. */
static double log_below_one(double x) {
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    int e = (int)(bits >> 52) - 1023;
    bits = (bits & 0xfffffffffffffu) | (uint64_t)1023 << 52;
    double m;
    memcpy(&m, &bits, sizeof m);
    if (m > 1.4142135623730951) {
        m *= 0.5;
        e++;
    }
    double s = (m - 1) / (m + 1), s2 = s * s, sum = 0;
    for (int k = 21; k >= 1; k -= 2)
        sum = sum * s2 + 1.0 / k;
    return e * 0.6931471805599453 + 2 * s * sum;
}

static double ratio(const double num[8], const double den[8], double x) {
    double a = num[7], b = den[7];
    for (int i = 6; i >= 0; i--) {
        a = a * x + num[i];
        b = b * x + den[i];
    }
    return a / b;
}

/* The inverse of the normal distribution function, algorithm AS 241 (Wichura, Applied Statistics 37(3), 1988), routine
 * PPND16: relative error about 1e-16. 0 < p < 1. */
static double normal_quantile(double p) {
    // clang-format off
    static const double a[8] = {3.3871328727963666080e0, 1.3314166789178437745e+2, 1.9715909503065514427e+3,
                                1.3731693765509461125e+4, 4.5921953931549871457e+4, 6.7265770927008700853e+4,
                                3.3430575583588128105e+4, 2.5090809287301226727e+3};
    static const double b[8] = {1.0, 4.2313330701600911252e+1, 6.8718700749205790830e+2, 5.3941960214247511077e+3,
                                2.1213794301586595867e+4, 3.9307895800092710610e+4, 2.8729085735721942674e+4,
                                5.2264952788528545610e+3};
    static const double c[8] = {1.42343711074968357734e0, 4.63033784615654529590e0, 5.76949722146069140550e0,
                                3.64784832476320460504e0, 1.27045825245236838258e0, 2.41780725177450611770e-1,
                                2.27238449892691845833e-2, 7.74545014278341407640e-4};
    static const double d[8] = {1.0, 2.05319162663775882187e0, 1.67638483018380384940e0, 6.89767334985100004550e-1,
                                1.48103976427480074590e-1, 1.51986665636164571966e-2, 5.47593808499534494600e-4,
                                1.05075007164441684324e-9};
    static const double e[8] = {6.65790464350110377720e0, 5.46378491116411436990e0, 1.78482653991729133580e0,
                                2.96560571828504891230e-1, 2.65321895265761230930e-2, 1.24266094738807843860e-3,
                                2.71155556874348757815e-5, 2.01033439929228813265e-7};
    static const double f[8] = {1.0, 5.99832206555887937690e-1, 1.36929880922735805310e-1, 1.48753612908506148525e-2,
                                7.86869131145613259100e-4, 1.84631831751005468180e-5, 1.42151175831644588870e-7,
                                2.04426310338993978564e-15};
    // clang-format on
    double q = p - 0.5;
    if (q >= -0.425 && q <= 0.425)
        return q * ratio(a, b, 0.180625 - q * q);
    double tail = sqrt(-log_below_one(q < 0 ? p : 1 - p));
    double x = tail <= 5 ? ratio(c, d, tail - 1.6) : ratio(e, f, tail - 5);
    return q < 0 ? -x : x;
}

/* 52 bits and a half: never 0 or 1, and p and 1 - p are both exact, so the two tails are mirror images. */
double lf_rng_normal(lf_rng *r) {
    return normal_quantile(((double)(lf_rng_u64(r) >> 12) + 0.5) * 0x1p-52);
}
