/* Tests whose state is a context of one thread. */
#ifndef LF_TESTS_CONTEXT_H
#define LF_TESTS_CONTEXT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <lutfisk/context.h>

static inline int context_make(void **state) {
    *state = lf_ctx_new(1);
    return *state ? 0 : -1;
}

static inline int context_drop(void **state) {
    lf_ctx_free(*state);
    return 0;
}

#define WITH_CONTEXT(test) cmocka_unit_test_setup_teardown(test, context_make, context_drop)

#endif
