#include "target/target.h"

const lf_target *const lf_targets[] = {
#define LF_TARGET(id) &lf_target_##id,
#include "target/target.def"
#undef LF_TARGET
    NULL};
