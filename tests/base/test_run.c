#include "../context.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/run.h"

static lf_run_result shell(lf_ctx *ctx, const char *script) {
    const char *argv[] = {"sh", "-c", script, NULL};
    lf_run_result r;
    assert_int_equal(lf_tool_run(ctx, lf_ctx_arena(ctx), argv, NULL, &r), LF_OK);
    return r;
}

static void test_output_and_status(void **state) {
    lf_run_result r = shell(*state, "echo out; echo err >&2; exit 3");
    assert_int_equal(r.exit_code, 3);
    assert_string_equal(r.out, "out\nerr\n");
    assert_true(r.seconds >= 0 && r.seconds < 10);
    r = shell(*state, "");
    assert_int_equal(r.exit_code, 0);
    assert_string_equal(r.out, "");
    assert_int_equal(lf_diag_count(*state), 0);
}

static void test_signal(void **state) {
    assert_int_equal(shell(*state, "kill -9 $$").exit_code, 128 + SIGKILL);
}

static void test_input_is_empty(void **state) {
    assert_string_equal(shell(*state, "wc -c").out, "0\n");
}

static void test_arguments_are_not_interpreted(void **state) {
    const char *argv[] = {"printf", "%s|", "a b", "$HOME", "*", "", NULL};
    lf_run_result r;
    assert_int_equal(lf_tool_run(*state, lf_ctx_arena(*state), argv, NULL, &r), LF_OK);
    assert_string_equal(r.out, "a b|$HOME|*||");
}

static void test_directory(void **state) {
    const char *argv[] = {"pwd", NULL};
    lf_run_result r;
    assert_int_equal(lf_tool_run(*state, lf_ctx_arena(*state), argv, "/usr", &r), LF_OK);
    assert_string_equal(r.out, "/usr\n");
    assert_int_equal(lf_tool_run(*state, lf_ctx_arena(*state), argv, "/nowhere", &r), LF_BAD_INPUT);
    assert_non_null(strstr(lf_diag_text(lf_ctx_arena(*state), lf_diag_at(*state, 0)), "/nowhere: cannot run pwd"));
}

/* What a tool leaves in $TMPDIR goes with it; the rest of the environment is ours. */
static void test_temporary_files(void **state) {
    const char *argv[] = {"sh", "-c", "echo litter > \"$TMPDIR/litter\" && echo \"$TMPDIR\" $KEPT; kill -9 $$", NULL};
    lf_arena *a = lf_ctx_arena(*state);
    char *dir, *end;
    assert_int_equal(lf_temp_dir(*state, a, NULL, &dir), LF_OK);
    char *here = getcwd(NULL, 0);
    assert_int_equal(chdir(dir), 0);
    lf_ctx_temporary(*state, "."); /* a tool somewhere else finds it all the same */
    setenv("KEPT", "kept", 1);
    lf_run_result r;
    assert_int_equal(lf_tool_run(*state, a, argv, "/usr", &r), LF_OK);
    assert_int_equal(r.exit_code, 128 + SIGKILL);
    end = strstr(r.out, " kept\n");
    assert_true(r.out[0] == '/' && end != NULL);
    *end = '\0';
    assert_non_null(strstr(r.out, lf_path_base(dir)));
    assert_false(lf_path_exists(r.out));
    assert_int_equal(chdir(here), 0);
    free(here);
    lf_remove_tree(dir);
}

/* Of long output the end is kept. */
static void test_long_output(void **state) {
    lf_run_result r =
        shell(*state, "i=0; while [ $i -lt 300 ]; do printf '%010000d' 0; i=$((i+1)); done; echo; echo the end");
    assert_int_equal(strlen(r.out), 1 << 20);
    assert_string_equal(r.out + strlen(r.out) - 8, "the end\n");
}

/* A process left in the background neither holds us up nor stays. */
static void test_left_behind(void **state) {
    lf_run_result r = shell(*state, "sleep 300 & echo $!");
    assert_true(r.seconds < 5);
    pid_t left = (pid_t)atoi(r.out);
    assert_true(left > 0);
    for (int i = 0; i < 500 && kill(left, 0) == 0; i++) {
        char stat[64] = {0}, name[64];
        snprintf(name, sizeof name, "/proc/%d/stat", (int)left);
        FILE *f = fopen(name, "r");
        int read = f ? fscanf(f, "%*d %*s %63s", stat) : 0;
        if (f)
            fclose(f);
        if (read == 1 && stat[0] == 'Z')
            return; /* dead; whoever adopted it has not waited for it yet */
        usleep(10000);
    }
    assert_int_equal(kill(left, 0), -1);
}

static void test_missing_tool(void **state) {
    const char *argv[] = {"no-such-tool-anywhere", NULL};
    lf_run_result r;
    assert_int_equal(lf_tool_run(*state, lf_ctx_arena(*state), argv, NULL, &r), LF_NO_TOOL);
    assert_non_null(strstr(lf_diag_at(*state, 0)->text, "no-such-tool-anywhere"));
    assert_true(lf_tool_found("sh") && lf_tool_found("/bin/sh"));
    assert_false(lf_tool_found("no-such-tool-anywhere"));
    assert_false(lf_tool_found("/usr"));
    assert_false(lf_tool_found(""));
    argv[0] = "/etc/hostname";
    assert_int_equal(lf_tool_run(*state, lf_ctx_arena(*state), argv, NULL, &r), LF_NO_TOOL);
}

/* When we are killed, the tool is too: a child of ours runs one and dies. */
static void test_dies_with_us(void **state) {
    char *dir;
    assert_int_equal(lf_temp_dir(*state, lf_ctx_arena(*state), getenv("TMPDIR"), &dir), LF_OK);
    const char *alive = lf_path_join(lf_ctx_arena(*state), dir, "alive"),
               *late = lf_format(lf_ctx_arena(*state), "%s/late", dir);
    pid_t victim = fork();
    if (victim == 0) {
        shell(*state, lf_format(lf_ctx_arena(*state), "echo > %s; sleep 0.6; echo > %s", alive, late));
        _exit(0);
    }
    for (int i = 0; i < 1000 && !lf_path_exists(alive); i++)
        usleep(5000);
    assert_true(lf_path_exists(alive));
    kill(victim, SIGKILL);
    waitpid(victim, NULL, 0);
    usleep(1000000);
    assert_false(lf_path_exists(late));
    lf_remove_tree(dir);
}

#define T(name) WITH_CONTEXT(name)
int main(void) {
    const struct CMUnitTest tests[] = {
        T(test_output_and_status), T(test_signal),
        T(test_input_is_empty),    T(test_arguments_are_not_interpreted),
        T(test_directory),         T(test_temporary_files),
        T(test_long_output),       T(test_left_behind),
        T(test_missing_tool),      T(test_dies_with_us),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
