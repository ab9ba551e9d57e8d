/* exp, tanh, sigmoid, erf, pow and log with the same bits on every machine: built from +, -, *, / and sqrt of
 * IEEE double only (no fused multiply-add, no libm). Error below 1 ulp where stated by the implementation. */
#ifndef LF_NUM_REALFN_H
#define LF_NUM_REALFN_H

double lf_exp(double x);
double lf_log(double x);           /* natural; -inf at 0, NaN below */
double lf_pow(double x, double y); /* integer y by repeated multiplication; y = 0.5 is sqrt, -0.5 is 1/sqrt */
double lf_tanh(double x);
double lf_sigmoid(double x);
double lf_erf(double x);

#endif
