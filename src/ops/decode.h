#ifndef LF_OPS_DECODE_H
#define LF_OPS_DECODE_H

/* Attributes of `decode`: value = code * scale + offset, or code / divisor when divisor is not 0. */
typedef struct lf_decode_attr {
    double scale, divisor, offset;
} lf_decode_attr;

#endif
