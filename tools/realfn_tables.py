#!/usr/bin/env python3
"""Prints src/num/realfn_tables.c: the constants of src/num/realfn.c, each as the sum of two doubles, from 80-digit decimals."""
from decimal import Decimal, getcontext

getcontext().prec = 80
LN2 = Decimal(2).ln()


def pi():
    """Machin: pi = 16 atan(1/5) - 4 atan(1/239)."""
    def atan_inverse(n):
        total, term, k = Decimal(0), Decimal(1) / n, 1
        while abs(term) > Decimal(10) ** -85:
            total += term / k
            term, k = -term / (n * n), k + 2
        return total
    return 16 * atan_inverse(5) - 4 * atan_inverse(239)


TWO_OVER_SQRT_PI = 2 / pi().sqrt()


def erf(x):
    """2/sqrt(pi) exp(-x^2) sum 2^n x^(2n+1) / (2n+1)!!: all terms positive."""
    total = term = x
    n = 0
    while term > Decimal(10) ** -85:
        n += 1
        term = term * 2 * x * x / (2 * n + 1)
        total += term
    return TWO_OVER_SQRT_PI * (-x * x).exp() * total


def pair(v):
    high = float(v)
    low = float(v - Decimal(high))
    return "{%s, %s}" % (high.hex(), low.hex())


def cut(v, bits):
    """v with its last bits cleared, so that products with small integers are exact."""
    m, e = v.hex().split("p")
    digits = int(m[4:], 16) >> bits << bits
    return float.fromhex("0x1.%013xp%s" % (digits, e))


def main():
    ln2_high = cut(float(LN2), 21)
    print('/* Printed by tools/realfn_tables.py. */\n#include "num/realfn_tables.h"\n')
    print("const double lf_ln2_high = %s;" % ln2_high.hex())
    print("const double lf_ln2_low = %s;" % float(LN2 - Decimal(ln2_high)).hex())
    print("const lf_dd lf_two_over_sqrt_pi = %s;\n" % pair(TWO_OVER_SQRT_PI))
    print("const lf_dd lf_exp2_table[32] = {")
    for j in range(32):
        print("    %s," % pair((LN2 * j / 32).exp()))
    print("};\n\nconst lf_log_entry lf_log_table[47] = {")
    for i in range(45, 92):
        inverse = Decimal(round(64 * 512 / i)) / 512
        print("    {%s, %s}," % (float(inverse).hex(), pair(-inverse.ln())))
    print("};\n\nconst lf_erf_entry lf_erf_table[49] = {")
    for j in range(49):
        c = Decimal(j) / 8
        value = erf(c) if j else Decimal(0)
        print("    {%s, %s}," % (pair(value), pair(TWO_OVER_SQRT_PI * (-c * c).exp())))
    print("};")


main()
