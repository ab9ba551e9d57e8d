/* What clean-up must not remove: what is finished, gone, or somebody else's by now. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/file.h"
#include "base/lock.h"

static bool no_locks;

/* In place of the C library's: a file system without locks. */
int flock(int fd, int operation) {
    if (no_locks) {
        errno = ENOLCK;
        return -1;
    }
    return (int)syscall(SYS_flock, fd, operation);
}

typedef struct world {
    lf_ctx *ctx;
    lf_arena *a;
    char *dir;
    const char *file;
} world;

static int make(void **state) {
    static world w;
    no_locks = false;
    w.ctx = lf_ctx_new(1);
    w.a = lf_ctx_arena(w.ctx);
    *state = &w;
    if (lf_temp_dir(w.ctx, w.a, getenv("TMPDIR"), &w.dir) != LF_OK)
        return -1;
    w.file = lf_path_join(w.a, w.dir, "file");
    return 0;
}

static int drop(void **state) {
    world *w = *state;
    lf_temp_dir_remove(w->ctx, w->dir);
    lf_ctx_free(w->ctx);
    return 0;
}

static const char *with(world *w, const char *ending) {
    return lf_format(w->a, "%s%s", w->file, ending);
}

static const char *fresh(world *w) {
    return lf_format(w->a, "%s.new-%ld", w->file, (long)getpid());
}

static void put(const char *path) {
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0666);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, "other\n", 6), 6);
    close(fd);
}

static lf_lock *take(lf_ctx *ctx, world *w) {
    lf_lock *l;
    assert_int_equal(lf_lock_take(ctx, w->file, "writes it", &l), LF_OK);
    assert_non_null(l);
    return l;
}

static void expect_refused(world *w) {
    lf_ctx *ctx = lf_ctx_new(1);
    lf_lock *l;
    assert_int_equal(lf_lock_take(ctx, w->file, "writes it", &l), LF_BAD_INPUT);
    assert_null(l);
    lf_ctx_free(ctx);
}

/* -- locks -------------------------------------------------------------------------------------------------------------- */

static void test_a_lock_given_back_is_not_removed(void **state) {
    world *w = *state;
    lf_ctx *first = lf_ctx_new(1), *second = lf_ctx_new(1);
    lf_lock_free(take(first, w));
    lf_lock *held = take(second, w);
    lf_ctx_clean_up(first);
    assert_true(lf_path_exists(with(w, ".lock")));
    expect_refused(w);
    lf_lock_free(held);
    assert_false(lf_path_exists(with(w, ".lock")));
    lf_ctx_free(first);
    lf_ctx_free(second);
}

/* Clean-up removed the file of the first; the second made its own. */
static void test_a_lock_cleaned_up_is_not_removed_again(void **state) {
    world *w = *state;
    lf_ctx *first = lf_ctx_new(1), *second = lf_ctx_new(1);
    lf_lock *cleaned = take(first, w);
    lf_ctx_clean_up(first);
    assert_false(lf_path_exists(with(w, ".lock")));
    lf_lock *held = take(second, w);
    lf_ctx_clean_up(first);
    assert_true(lf_path_exists(with(w, ".lock")));
    lf_lock_free(cleaned);
    assert_true(lf_path_exists(with(w, ".lock")));
    expect_refused(w);
    lf_lock_free(held);
    lf_ctx_free(first);
    lf_ctx_free(second);
}

static void test_no_locks_leave_no_file(void **state) {
    world *w = *state;
    lf_lock *l;
    no_locks = true;
    assert_int_equal(lf_lock_take(w->ctx, w->file, "writes it", &l), LF_OK);
    assert_null(l);
    assert_non_null(strstr(lf_diag_at(w->ctx, lf_diag_count(w->ctx) - 1)->text, "no locks"));
    assert_false(lf_path_exists(with(w, ".lock")));
    put(with(w, ".lock"));
    assert_int_equal(lf_lock_take(w->ctx, w->file, "writes it", &l), LF_OK);
    assert_null(l);
    assert_true(lf_path_exists(with(w, ".lock")));
}

static void test_foreign_file_stays(void **state) {
    world *w = *state;
    lf_ctx *ctx = lf_ctx_new(1);
    put(with(w, ".lock"));
    expect_refused(w);
    assert_true(lf_path_exists(with(w, ".lock")));
    assert_int_equal(symlink("nowhere", with(w, "2.lock")), 0);
    lf_lock *l;
    assert_int_equal(lf_lock_take(ctx, with(w, "2"), "writes it", &l), LF_BAD_INPUT);
    assert_null(l);
    lf_ctx_clean_up(ctx);
    lf_ctx_free(ctx);
    assert_true(lf_path_exists(with(w, ".lock")));
}

/* A lock that a dead process left behind is taken over. */
static void test_stale_lock(void **state) {
    world *w = *state;
    int fd = open(with(w, ".lock"), O_WRONLY | O_CREAT, 0666);
    assert_int_equal(write(fd, "123\n", 4), 4);
    close(fd);
    lf_lock *l = take(w->ctx, w);
    expect_refused(w);
    lf_lock_free(l);
    assert_false(lf_path_exists(with(w, ".lock")));
}

/* -- files and directories ------------------------------------------------------------------------------------------------ */

static void test_finished_files_are_forgotten(void **state) {
    world *w = *state;
    lf_ctx *ctx = lf_ctx_new(1);
    assert_int_equal(lf_file_write(ctx, w->file, "done", 4), LF_OK);
    put(fresh(w));
    lf_ctx_clean_up(ctx);
    assert_true(lf_path_exists(fresh(w)));
    assert_true(lf_path_exists(w->file));
    lf_ctx_free(ctx);
}

static void test_files_that_failed_are_forgotten(void **state) {
    world *w = *state;
    lf_ctx *ctx = lf_ctx_new(1);
    lf_new_file f[] = {{w->file, "done", 4}, {w->dir, "a directory", 11}};
    assert_int_equal(lf_files_write(ctx, f, 2), LF_BAD_INPUT);
    assert_false(lf_path_exists(fresh(w)));
    put(fresh(w));
    lf_ctx_clean_up(ctx);
    assert_true(lf_path_exists(fresh(w)));
    lf_ctx_free(ctx);
}

static void expect_outdir_forgotten(world *w, bool commit) {
    lf_ctx *ctx = lf_ctx_new(1);
    lf_outdir *d;
    assert_int_equal(lf_outdir_begin(ctx, w->file, "report.json", &d), LF_OK);
    if (commit)
        assert_int_equal(lf_outdir_commit(ctx, d), LF_OK);
    else
        lf_outdir_abandon(d);
    assert_int_equal(lf_path_exists(w->file), commit);
    put(fresh(w));
    lf_ctx_clean_up(ctx);
    assert_true(lf_path_exists(fresh(w)));
    assert_int_equal(lf_path_exists(w->file), commit);
    lf_ctx_free(ctx);
}

static void test_abandoned_directories_are_forgotten(void **state) {
    expect_outdir_forgotten(*state, false);
}

static void test_finished_directories_are_forgotten(void **state) {
    expect_outdir_forgotten(*state, true);
}

static void test_temporary_directories_are_forgotten(void **state) {
    world *w = *state;
    lf_ctx *ctx = lf_ctx_new(1);
    char *gone, *stays;
    assert_int_equal(lf_temp_dir(ctx, w->a, w->dir, &gone), LF_OK);
    assert_int_equal(lf_temp_dir(ctx, w->a, w->dir, &stays), LF_OK);
    put(lf_path_join(w->a, gone, "some file"));
    lf_temp_dir_remove(ctx, gone);
    assert_false(lf_path_exists(gone));
    put(gone);
    lf_ctx_clean_up(ctx);
    assert_true(lf_path_exists(gone));
    assert_false(lf_path_exists(stays));
    lf_ctx_free(ctx);
}

#define T(name) cmocka_unit_test_setup_teardown(name, make, drop)
int main(void) {
    const struct CMUnitTest tests[] = {
        T(test_a_lock_given_back_is_not_removed),
        T(test_a_lock_cleaned_up_is_not_removed_again),
        T(test_no_locks_leave_no_file),
        T(test_foreign_file_stays),
        T(test_stale_lock),
        T(test_finished_files_are_forgotten),
        T(test_files_that_failed_are_forgotten),
        T(test_abandoned_directories_are_forgotten),
        T(test_finished_directories_are_forgotten),
        T(test_temporary_directories_are_forgotten),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
