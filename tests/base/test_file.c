#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/lock.h"

typedef struct world {
    lf_ctx *ctx;
    lf_arena *a;
    char *dir;
} world;

static int make(void **state) {
    static world w;
    w.ctx = lf_ctx_new(1);
    w.a = lf_ctx_arena(w.ctx);
    *state = &w;
    return lf_temp_dir(w.ctx, w.a, getenv("TMPDIR"), &w.dir) == LF_OK ? 0 : -1;
}

static int drop(void **state) {
    world *w = *state;
    lf_remove_tree(w->dir);
    int left = lf_path_exists(w->dir);
    lf_ctx_free(w->ctx);
    return left;
}

static const char *in(world *w, const char *name) {
    return lf_path_join(w->a, w->dir, name);
}

static const char *last_text(world *w) {
    return lf_diag_text(w->a, lf_diag_at(w->ctx, lf_diag_count(w->ctx) - 1));
}

static void put(world *w, const char *name, const char *text) {
    assert_int_equal(lf_file_write(w->ctx, in(w, name), text, strlen(text)), LF_OK);
}

static void expect_content(world *w, const char *name, const char *text) {
    lf_file f;
    assert_int_equal(lf_file_open(w->ctx, in(w, name), 0, &f), LF_OK);
    assert_int_equal(f.size, strlen(text));
    assert_non_null(f.data); /* of an empty file, too */
    assert_memory_equal(f.data, text, f.size);
    lf_file_close(&f);
}

static int entries(const char *dir) {
    char command[4200];
    snprintf(command, sizeof command, "ls -A '%s' | wc -l", dir);
    FILE *p = popen(command, "r");
    int n = -1;
    assert_int_equal(fscanf(p, "%d", &n), 1);
    pclose(p);
    return n;
}

static void test_round_trip(void **state) {
    world *w = *state;
    put(w, "a", "hello");
    expect_content(w, "a", "hello");
    put(w, "a", "");
    expect_content(w, "a", "");
    put(w, "a", "shorter");
    expect_content(w, "a", "shorter");
    assert_int_equal(entries(w->dir), 1);
}

/* Sizes on both sides of where mapping begins. */
static void test_sizes(void **state) {
    world *w = *state;
    for (size_t size = (1 << 20) - 1; size <= (1 << 20) + 1; size++) {
        uint8_t *data = malloc(size);
        for (size_t i = 0; i < size; i++)
            data[i] = (uint8_t)(i * 7 + size);
        assert_int_equal(lf_file_write(w->ctx, in(w, "big"), data, size), LF_OK);
        lf_file f;
        assert_int_equal(lf_file_open(w->ctx, in(w, "big"), size, &f), LF_OK);
        assert_int_equal(f.size, size);
        assert_memory_equal(f.data, data, size);
        lf_file_close(&f);
        assert_int_equal(lf_file_open(w->ctx, in(w, "big"), size - 1, &f), LF_BAD_INPUT);
        assert_non_null(strstr(last_text(w), "larger than the limit"));
        free(data);
    }
}

static void test_open_failures(void **state) {
    world *w = *state;
    lf_file f;
    assert_int_equal(lf_file_open(w->ctx, in(w, "missing"), 0, &f), LF_BAD_INPUT);
    assert_non_null(strstr(last_text(w), "missing: cannot open: No such file"));
    assert_int_equal(lf_file_open(w->ctx, w->dir, 0, &f), LF_BAD_INPUT);
    assert_non_null(strstr(last_text(w), "Is a directory"));
    assert_null(f.data);
    lf_file_close(&f);
}

static void test_pipe(void **state) {
    world *w = *state;
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(write(ends[1], "through a pipe", 14), 14);
    close(ends[1]);
    char name[40];
    snprintf(name, sizeof name, "/dev/fd/%d", ends[0]);
    lf_file f;
    assert_int_equal(lf_file_open(w->ctx, name, 0, &f), LF_OK);
    assert_int_equal(f.size, 14);
    assert_memory_equal(f.data, "through a pipe", 14);
    lf_file_close(&f);
    close(ends[0]);
    assert_int_equal(lf_file_open(w->ctx, "/dev/zero", 1000, &f), LF_BAD_INPUT);
}

static void test_full_disk(void **state) {
    world *w = *state;
    if (access("/dev/full", W_OK) != 0) {
        print_message("there is no /dev/full here\n");
        skip();
    }
    assert_int_equal(lf_file_write(w->ctx, "/dev/full", "x", 1), LF_BAD_INPUT);
    assert_string_equal(last_text(w), "/dev/full: cannot write: No space left on device");
    assert_int_equal(lf_file_write(w->ctx, "/dev/null", "x", 1), LF_OK);
    struct stat st;
    assert_int_equal(stat("/dev/null", &st), 0);
    assert_true(S_ISCHR(st.st_mode));
}

static void test_write_failures(void **state) {
    world *w = *state;
    assert_int_equal(lf_file_write(w->ctx, in(w, "no/such/dir"), "x", 1), LF_BAD_INPUT);
    assert_int_equal(lf_file_write(w->ctx, w->dir, "x", 1), LF_BAD_INPUT);
    assert_non_null(strstr(last_text(w), "Is a directory"));
}

static void test_write_through_link(void **state) {
    world *w = *state;
    put(w, "real", "old");
    assert_int_equal(symlink("real", in(w, "link")), 0);
    put(w, "link", "new");
    expect_content(w, "real", "new");
    struct stat st;
    assert_int_equal(lstat(in(w, "link"), &st), 0);
    assert_true(S_ISLNK(st.st_mode));
}

/* Two that belong together: where the second cannot be written, the first stays as it was. */
static void test_files_together(void **state) {
    world *w = *state;
    put(w, "a", "old");
    put(w, "b", "old");
    const lf_new_file both[] = {{in(w, "a"), "new", 3}, {in(w, "b"), "newer", 5}},
                      wrong[] = {{in(w, "a"), "third", 5}, {w->dir, "third", 5}};
    assert_int_equal(lf_files_write(w->ctx, both, 2), LF_OK);
    expect_content(w, "a", "new");
    expect_content(w, "b", "newer");
    assert_int_equal(lf_files_write(w->ctx, wrong, 2), LF_BAD_INPUT);
    assert_non_null(strstr(last_text(w), w->dir));
    expect_content(w, "a", "new");
    assert_int_equal(entries(w->dir), 2);
}

static void test_paths(void **state) {
    world *w = *state;
    assert_string_equal(lf_path_join(w->a, "a", "b"), "a/b");
    assert_string_equal(lf_path_join(w->a, "a/", "b"), "a/b");
    assert_string_equal(lf_path_join(w->a, "a", "/b"), "/b");
    assert_string_equal(lf_path_join(w->a, "", "b"), "b");
    assert_string_equal(lf_path_base("a/b/c.v"), "c.v");
    assert_string_equal(lf_path_base("c.v"), "c.v");
}

static void test_make_dir(void **state) {
    world *w = *state;
    assert_int_equal(lf_make_dir(w->ctx, in(w, "x/y/z")), LF_OK);
    assert_int_equal(lf_make_dir(w->ctx, in(w, "x/y/z")), LF_OK);
    assert_int_equal(lf_make_dir(w->ctx, in(w, "x//w/")), LF_OK);
    put(w, "file", "");
    assert_int_equal(lf_make_dir(w->ctx, in(w, "file")), LF_BAD_INPUT);
    assert_int_equal(lf_make_dir(w->ctx, in(w, "file/below")), LF_BAD_INPUT);
    assert_int_equal(lf_make_dir(w->ctx, ""), LF_BAD_INPUT);
    assert_true(lf_path_exists(in(w, "x/y/z")) && lf_path_exists(in(w, "x/w")));
}

static void test_remove_tree_keeps_what_links_point_to(void **state) {
    world *w = *state;
    assert_int_equal(lf_make_dir(w->ctx, in(w, "keep")), LF_OK);
    put(w, "keep/precious", "p");
    assert_int_equal(lf_make_dir(w->ctx, in(w, "gone/deep/er")), LF_OK);
    assert_int_equal(symlink("../keep", in(w, "gone/link")), 0);
    lf_remove_tree(in(w, "gone"));
    assert_false(lf_path_exists(in(w, "gone")));
    expect_content(w, "keep/precious", "p");
    lf_remove_tree(in(w, "never was"));
}

static lf_outdir *begin(world *w, const char *name) {
    lf_outdir *d;
    assert_int_equal(lf_outdir_begin(w->ctx, in(w, name), "report.json", &d), LF_OK);
    return d;
}

static void put_below(world *w, const lf_outdir *d, const char *name, const char *text) {
    assert_int_equal(lf_file_write(w->ctx, lf_path_join(w->a, lf_outdir_path(d), name), text, strlen(text)), LF_OK);
}

static void test_outdir_appears_whole(void **state) {
    world *w = *state;
    lf_outdir *d = begin(w, "new/place/");
    put_below(w, d, "report.json", "1");
    assert_false(lf_path_exists(in(w, "new/place")));
    assert_int_equal(lf_outdir_commit(w->ctx, d), LF_OK);
    expect_content(w, "new/place/report.json", "1");
    d = begin(w, "new/place");
    put_below(w, d, "report.json", "2");
    put_below(w, d, "more", "m");
    expect_content(w, "new/place/report.json", "1");
    assert_int_equal(lf_outdir_commit(w->ctx, d), LF_OK);
    expect_content(w, "new/place/report.json", "2");
    expect_content(w, "new/place/more", "m");
    assert_int_equal(entries(in(w, "new")), 1);
}

static void test_outdir_abandoned(void **state) {
    world *w = *state;
    lf_outdir_abandon(NULL);
    lf_outdir *d = begin(w, "out");
    put_below(w, d, "half", "h");
    lf_outdir_abandon(d);
    assert_int_equal(entries(w->dir), 0);
}

static void test_outdir_spares_foreign_directories(void **state) {
    world *w = *state;
    lf_outdir *d;
    assert_int_equal(lf_make_dir(w->ctx, in(w, "home")), LF_OK);
    lf_outdir_commit(w->ctx, begin(w, "home")) == LF_OK ? (void)0 : fail(); /* an empty one may be used */
    put(w, "home/thesis.tex", "t");
    assert_int_equal(lf_outdir_begin(w->ctx, in(w, "home"), "report.json", &d), LF_BAD_INPUT);
    assert_null(d);
    assert_non_null(strstr(last_text(w), "no report.json in it"));
    expect_content(w, "home/thesis.tex", "t");
    put(w, "file", "f");
    assert_int_equal(lf_outdir_begin(w->ctx, in(w, "file"), "report.json", &d), LF_BAD_INPUT);
    assert_int_equal(lf_outdir_begin(w->ctx, "", "report.json", &d), LF_BAD_INPUT);
    assert_int_equal(entries(w->dir), 2);
}

/* What comes to stand there while we work is spared too. */
static void test_outdir_checks_again(void **state) {
    world *w = *state;
    lf_outdir *d = begin(w, "out");
    put_below(w, d, "report.json", "1");
    assert_int_equal(lf_make_dir(w->ctx, in(w, "out")), LF_OK);
    put(w, "out/other", "o");
    assert_int_equal(lf_outdir_commit(w->ctx, d), LF_BAD_INPUT);
    expect_content(w, "out/other", "o");
    assert_int_equal(entries(w->dir), 1);
}

static void test_outdir_through_link(void **state) {
    world *w = *state;
    assert_int_equal(lf_make_dir(w->ctx, in(w, "real")), LF_OK);
    assert_int_equal(symlink("real", in(w, "link")), 0);
    lf_outdir *d = begin(w, "link");
    put_below(w, d, "report.json", "1");
    assert_int_equal(lf_outdir_commit(w->ctx, d), LF_OK);
    expect_content(w, "real/report.json", "1");
}

static void test_temp_dir_fails(void **state) {
    world *w = *state;
    char *out;
    assert_int_equal(lf_temp_dir(w->ctx, w->a, "/nowhere", &out), LF_BAD_INPUT);
    assert_non_null(strstr(last_text(w), "/nowhere: cannot make a temporary directory"));
}

static void test_sha256(void **state) {
    (void)state;
    char hex[65];
    lf_sha256_hex("abc", 3, hex);
    assert_string_equal(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    lf_sha256_hex(NULL, 0, hex);
    assert_string_equal(hex, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

typedef struct slow_write {
    lf_ctx *ctx;
    const char *path;
    char *data;
    size_t size;
} slow_write;

static void *write_slowly(void *with) {
    const slow_write *w = with;
    (void)!lf_file_write(w->ctx, w->path, w->data, w->size);
    return NULL;
}

/* A process that ends on a signal while it writes: what was there stays, and half a file goes. */
static void test_half_a_file_goes(void **state) {
    world *w = *state;
    const char *path = in(w, "large");
    assert_int_equal(lf_file_write(w->ctx, path, "old", 3), LF_OK);
    pid_t child = fork();
    if (child == 0) {
        slow_write s = {lf_ctx_new(1), path, NULL, (size_t)400 << 20};
        const char *fresh = lf_format(w->a, "%s.new-%ld", path, (long)getpid());
        pthread_t writer;
        s.data = mmap(NULL, s.size, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (s.data == MAP_FAILED || pthread_create(&writer, NULL, write_slowly, &s) != 0)
            _exit(1);
        for (int i = 0; !lf_path_exists(fresh); i++)
            if (i > 200000 || usleep(50) != 0)
                _exit(2); /* it was too fast, or never began */
        lf_ctx_clean_up(s.ctx);
        _exit(lf_path_exists(fresh) ? 3 : 0);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_size, 3);
    assert_false(lf_path_exists(lf_format(w->a, "%s.new-%ld", path, (long)child)));
}

/* A run that was cleaned up makes nothing more, and nothing that was there before goes: it may still run for a moment. */
static void test_nothing_is_made_after_cleaning_up(void **state) {
    world *w = *state;
    lf_ctx *ctx = lf_ctx_new(1);
    const char *design = in(w, "design"), *path = in(w, "rows");
    lf_outdir *d;
    lf_lock *lock;
    char *dir;
    assert_int_equal(lf_file_write(ctx, path, "old", 3), LF_OK);
    assert_int_equal(lf_outdir_begin(ctx, design, "report.json", &d), LF_OK);
    const char *rtl = lf_path_join(w->a, lf_outdir_path(d), "rtl");
    lf_ctx_clean_up(ctx);
    assert_int_equal(lf_make_dir(ctx, rtl), LF_BAD_INPUT);
    assert_false(lf_path_exists(lf_outdir_path(d)));
    assert_int_equal(lf_outdir_commit(ctx, d), LF_BAD_INPUT);
    assert_false(lf_path_exists(design));
    assert_int_equal(lf_outdir_begin(ctx, design, "report.json", &d), LF_BAD_INPUT);
    assert_int_equal(lf_temp_dir(ctx, w->a, w->dir, &dir), LF_BAD_INPUT);
    assert_int_equal(lf_file_write(ctx, path, "new one", 7), LF_BAD_INPUT);
    assert_int_equal(lf_lock_take(ctx, path, "writes it", &lock), LF_BAD_INPUT);
    expect_content(w, "rows", "old");
    assert_int_equal(entries(w->dir), 1);
    lf_ctx_free(ctx);
}

#define T(name) cmocka_unit_test_setup_teardown(name, make, drop)
int main(void) {
    const struct CMUnitTest tests[] = {
        T(test_round_trip),
        T(test_sizes),
        T(test_open_failures),
        T(test_pipe),
        T(test_full_disk),
        T(test_write_failures),
        T(test_write_through_link),
        T(test_half_a_file_goes),
        T(test_nothing_is_made_after_cleaning_up),
        T(test_files_together),
        T(test_paths),
        T(test_make_dir),
        T(test_remove_tree_keeps_what_links_point_to),
        T(test_outdir_appears_whole),
        T(test_outdir_abandoned),
        T(test_outdir_spares_foreign_directories),
        T(test_outdir_checks_again),
        T(test_outdir_through_link),
        T(test_temp_dir_fails),
        cmocka_unit_test(test_sha256),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
