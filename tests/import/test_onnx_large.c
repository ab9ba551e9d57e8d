/* A model of 100 MB: within 300 MB of memory, under a sanitizer, too. The time is printed, not judged: it depends on the machine. */
#include "../context.h"

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "onnx_make.h"

enum { SIDE = 5000 };

/* Weights of +1 and -1 as FINN stores them: the slowest, because the grid is found only after the last of them. */
static void write_model(const char *path) {
    make m = make_start(13);
    make_input(&m, "x", lf_format(m.a, "N %d", SIDE));
    make_output(&m, "y");
    make_floats(&m, "one", "", "1");
    make_floats(&m, "zero", "", "0");
    make_floats(&m, "bits", "", "4");
    LfOnnx__TensorProto *w = make_const(&m, "w", lf_format(m.a, "%d %d", SIDE, SIDE), 1);
    float *v = lf_alloc(m.a, sizeof *v * SIDE * SIDE);
    uint32_t state = 1;
    for (size_t i = 0; i < (size_t)SIDE * SIDE; i++)
        v[i] = (state = state * 1664525u + 1013904223u) >> 31 ? 1.0f : -1.0f;
    w->has_raw_data = 1;
    w->raw_data.len = sizeof *v * SIDE * SIDE;
    w->raw_data.data = (uint8_t *)v;
    make_quant(&m, "qx", "x one zero bits", "xq", 1);
    make_node(&m, "MatMul", "mm", "xq w", "y");
    make_write(&m, path);
    make_end(&m);
}

/* Imports in a child, so that the peak of this process does not count. Its exit status is its peak in units of 4 MB. */
static long peak_megabytes(const char *path, double *seconds) {
    pid_t child = fork();
    assert_true(child >= 0);
    struct rusage use;
    if (child == 0) {
        lf_ctx *ctx = lf_ctx_new(2);
        lf_graph *g = lf_import_onnx(ctx, path);
        getrusage(RUSAGE_SELF, &use);
        long megabytes = use.ru_maxrss / 1024;
        _exit(!g ? 255 : megabytes < 1000 ? (int)(megabytes / 4) : 254);
    }
    int status = 0;
    assert_int_equal(wait4(child, &status, 0, &use), child);
    *seconds = (double)(use.ru_utime.tv_sec + use.ru_stime.tv_sec) +
               1e-6 * (double)(use.ru_utime.tv_usec + use.ru_stime.tv_usec);
    assert_true(WIFEXITED(status));
    assert_int_not_equal(WEXITSTATUS(status), 255);
    return 4L * WEXITSTATUS(status);
}

static void hundred_megabytes(void **state) {
    lf_arena *a = lf_arena_new();
    char *dir = NULL;
    lf_ctx *ctx = *state;
    assert_int_equal(lf_temp_dir(ctx, a, "/tmp", &dir), LF_OK);
    const char *path = lf_path_join(a, dir, "big.onnx");
    double seconds;
    pid_t writer = fork(); /* so that this process stays small: a child begins with its parent's pages */
    if (writer == 0) {
        write_model(path);
        _exit(0);
    }
    assert_int_equal(waitpid(writer, NULL, 0), writer);
    long megabytes = peak_megabytes(path, &seconds);
    print_message("100 MB: %ld MB, %.2f s of CPU time\n", megabytes, seconds);
    assert_in_range(megabytes, 50, 299);
    lf_remove_tree(dir);
    lf_arena_free(a);
}

int main(void) {
    const struct CMUnitTest tests[] = {WITH_CONTEXT(hundred_megabytes)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
