/* Truth tables of up to six inputs. */
#include "circuit/lut_truth.h"

static const uint64_t variables[6] = {0xaaaaaaaaaaaaaaaau, 0xccccccccccccccccu, 0xf0f0f0f0f0f0f0f0u,
                                      0xff00ff00ff00ff00u, 0xffff0000ffff0000u, 0xffffffff00000000u};

uint64_t lf_truth_variable(int j) {
    return variables[j];
}

bool lf_truth_depends(uint64_t truth, int n, int j) {
    int shift = 1 << j;
    return ((truth ^ (truth >> shift)) & ~variables[j] & lf_truth_mask(n)) != 0;
}

uint64_t lf_truth_fix(uint64_t truth, int n, int j, int value) {
    uint64_t out = 0;
    for (unsigned a = 0; a < 1u << (n - 1); a++) {
        unsigned low = a & ((1u << j) - 1), from = (a >> j << (j + 1)) | (unsigned)value << j | low;
        out |= (truth >> from & 1) << a;
    }
    return out;
}

uint64_t lf_truth_flip(uint64_t truth, int n, int j) {
    int shift = 1 << j;
    return ((truth & variables[j]) >> shift | (truth & ~variables[j]) << shift) & lf_truth_mask(n);
}

uint64_t lf_truth_swap(uint64_t truth, int n, int i, int j) {
    uint64_t out = 0;
    for (unsigned a = 0; a < 1u << n; a++) {
        unsigned x = a >> i & 1, y = a >> j & 1;
        unsigned from = (a & ~(1u << i) & ~(1u << j)) | x << j | y << i;
        out |= (truth >> from & 1) << a;
    }
    return out;
}

uint64_t lf_truth_merge(uint64_t truth, int n, int i, int j) {
    uint64_t one = lf_truth_fix(truth, n, j, 1), zero = lf_truth_fix(truth, n, j, 0);
    return ((one & variables[i]) | (zero & ~variables[i])) & lf_truth_mask(n - 1);
}

uint64_t lf_truth_look_up(const uint64_t *v, const uint32_t *in, uint64_t truth, int n) {
    if (n == 0)
        return truth & 1 ? UINT64_MAX : 0;
    uint64_t t[32], x = v[in[0]];
    const uint64_t pair[4] = {0, ~x, x, UINT64_MAX}; /* by two neighbours of the truth table */
    int count = 1 << (n - 1);
    for (int i = 0; i < count; i++)
        t[i] = pair[truth >> (2 * i) & 3];
    for (int j = 1; j < n; j++) {
        x = v[in[j]];
        count /= 2;
        for (int i = 0; i < count; i++)
            t[i] = (t[2 * i + 1] & x) | (t[2 * i] & ~x);
    }
    return t[0];
}

static int leave(uint32_t *in, int n, int j) {
    for (int k = j; k + 1 < n; k++)
        in[k] = in[k + 1];
    return n - 1;
}

int lf_truth_reduce(uint32_t *in, int n, uint64_t *truth) {
    *truth &= lf_truth_mask(n);
    for (int i = 1; i < n; i++)
        for (int j = i; j > 0 && in[j - 1] > in[j]; j--) {
            uint32_t t = in[j];
            in[j] = in[j - 1];
            in[j - 1] = t;
            *truth = lf_truth_swap(*truth, n, j - 1, j);
        }
    for (int j = n - 1; j > 0; j--)
        if (in[j] == in[j - 1]) {
            *truth = lf_truth_merge(*truth, n, j - 1, j);
            n = leave(in, n, j);
        }
    for (int j = n - 1; j >= 0; j--)
        if (!lf_truth_depends(*truth, n, j)) {
            *truth = lf_truth_fix(*truth, n, j, 0);
            n = leave(in, n, j);
        }
    return n;
}
