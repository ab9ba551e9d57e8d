/* The table of ONNX ops. */
#include <string.h>

#include "import/onnx_ops.h"

#define AI LF_ONNX_AI
#define QUANT LF_ONNX_QUANT
#define LAST LF_ONNX_LAST
#define LF_ONNX(name, domains, first, last, fn, op) {#name, domains, first, last, lf_onnx_do_##fn, op},
const lf_onnx_row lf_onnx_rows[] = {
#include "import/onnx_map.def"
};
#undef LF_ONNX
const size_t lf_onnx_row_count = LF_COUNT(lf_onnx_rows);

static const struct {
    const char *name;
    unsigned bit;
} domains[] = {
    {"", LF_ONNX_AI},
    {"ai.onnx", LF_ONNX_AI},
    {"qonnx.custom_op.general", LF_ONNX_QUANT},
    {"finn.custom_op.general", LF_ONNX_QUANT},
    {"onnx.brevitas", LF_ONNX_QUANT},
    {"qonnx.custom_op.channels_last", LF_ONNX_LAST},
};

unsigned lf_onnx_domain(const char *domain) {
    for (size_t i = 0; i < LF_COUNT(domains); i++)
        if (!strcmp(domains[i].name, domain))
            return domains[i].bit;
    return 0;
}

bool lf_onnx_same_domain(const char *a, const char *b) {
    return !strcmp(a, b) || (lf_onnx_domain(a) == LF_ONNX_AI && lf_onnx_domain(b) == LF_ONNX_AI);
}

const lf_onnx_row *lf_onnx_row_for(unsigned domain, const char *op_type) {
    for (size_t i = 0; i < lf_onnx_row_count; i++)
        if (lf_onnx_rows[i].domains == domain && !strcmp(lf_onnx_rows[i].name, op_type))
            return &lf_onnx_rows[i];
    return NULL;
}
