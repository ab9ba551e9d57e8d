/* A training killed at any moment and resumed ends in the bytes of an uninterrupted one. */
#include <math.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "train_case.h"

static const char recipe[] =
    CASE_BINARY "layers: [40, 30, 10]\n"
                "training: {epochs: 12, batch: 64, validation: 300, rate: 0.02, initial: 0.1}\n"
                "regularize: {dropout: 0.1, shift: 1}\n";

/* What their epochs change besides weights: widths that settle, masks that regrow. */
static const char edges[] = "data: digits\nfamily: edges\nlayers: [9, 10]\n"
                            "edges: {bits: 4, input_bits: 2, fraction: 1, lut_cost: 0.0003}\n"
                            "training: {epochs: 10, batch: 48, validation: 300, rate: 0.02}\n";
static const char neurons[] = "data: digits\nfamily: neurons\nlayers: [40, 20, 10]\n"
                              "neurons: {fan_in: 4, bits: 2, output_bits: 5, mask: regrow}\n"
                              "training: {epochs: 10, batch: 48, validation: 300, initial: 0.5}\n";
static const char search[] = "data: digits\nfamily: luts\nthermometer: {values: '0.5'}\nlayers: [40, 20]\n"
                             "luts: {method: search}\ntraining: {epochs: 40, batch: 64, validation: 300}\n";

typedef struct fixture {
    train_case c;
    lf_ctx *ctx;
    const char *dir, *path;
} fixture;

static int set_up(void **state) {
    static fixture f;
    char *dir;
    train_case_open(&f.c);
    f.ctx = lf_ctx_new(1);
    if (lf_temp_dir(f.ctx, lf_ctx_arena(f.ctx), "/tmp", &dir) != LF_OK)
        return -1;
    f.dir = dir;
    f.path = lf_path_join(lf_ctx_arena(f.ctx), dir, "net.ckpt");
    f.c.options.checkpoint_seconds = 0;
    *state = &f;
    return 0;
}

static int tear_down(void **state) {
    fixture *f = *state;
    lf_remove_tree(f->dir);
    lf_ctx_free(f->ctx);
    train_case_close(&f->c);
    return 0;
}

/* Trains in a child that is killed after `microseconds`. True when it was killed before it was done. */
static bool killed_after(const char *text_of, const lf_train_options *o, useconds_t microseconds) {
    pid_t child = fork();
    if (child == 0) {
        lf_train_report r;
        char *text = train_text(text_of, o, 2, &r);
        _exit(text ? 0 : 1);
    }
    usleep(microseconds);
    kill(child, SIGKILL);
    int status;
    waitpid(child, &status, 0);
    return WIFSIGNALED(status);
}

static void kill_and_resume(const fixture *f, const char *text) {
    lf_train_options o = f->c.options;
    lf_train_report r;
    char *want = train_text(text, &o, 2, &r);
    assert_non_null(want);
    useconds_t whole = (useconds_t)(r.seconds * 1e6);
    o.checkpoint = f->path;
    o.resume = true;
    int kills = 0, resumed = 0;
    for (int i = 0; i < 6 && killed_after(text, &o, whole / 5 + (useconds_t)(i * 997)); i++) {
        kills++;
        resumed += lf_path_exists(f->path);
    }
    char *have = train_text(text, &o, 1, &r);
    assert_string_equal(want, have);
    printf("killed %d times, %d times with a checkpoint\n", kills, resumed);
    assert_true(kills > 0);
    free(have);
    /* Resuming what is done gives the same network at once. */
    assert_true(lf_path_exists(f->path));
    have = train_text(text, &o, 1, &r);
    assert_string_equal(want, have);
    free(have);
    free(want);
    unlink(f->path);
}

static void test_kill_and_resume(void **state) {
    kill_and_resume(*state, recipe);
    kill_and_resume(*state, edges);
    kill_and_resume(*state, neurons);
    kill_and_resume(*state, search);
}

/* -- the best epoch, when it lies before the interruption ----------------------------------------------------------------------- */

/* With this seed neither the first nor one of the last epochs is the best. */
static const char unsteady[] =
    CASE_BINARY "layers: [12, 10]\n"
                "training: {epochs: 6, batch: 64, validation: 100, rate: 0.02, initial: 0.1, seed: 3}\n";

/* Where a child ends: at the first step after so many epochs. */
typedef struct interruption {
    uint64_t epochs, after;
} interruption;

static void end_here(void *user, const char *what, uint64_t done, uint64_t total) {
    const interruption *i = user;
    (void)what;
    if (done > total / i->epochs * i->after)
        _exit(7);
}

/* Trains in a child that ends after so many epochs. */
static void interrupted(const char *text_of, const lf_train_options *o, interruption at) {
    pid_t child = fork();
    if (child == 0) {
        lf_ctx *ctx = lf_ctx_new(1);
        lf_train_report r;
        lf_graph *g;
        lf_ctx_on_progress(ctx, end_here, &at);
        lf_recipe *recipe_of = lf_recipe_parse(ctx, "case.yaml", text_of, strlen(text_of));
        (void)!lf_train(ctx, recipe_of, o, &r, &g);
        _exit(1);
    }
    int status;
    waitpid(child, &status, 0);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 7);
}

static void same_best(const lf_train_report *a, const lf_train_report *b) {
    assert_int_equal(a->best_epoch, b->best_epoch);
    assert_int_equal(a->epochs, b->epochs);
    assert_memory_equal(&a->valid_accuracy, &b->valid_accuracy, sizeof a->valid_accuracy);
    assert_memory_equal(&a->test_accuracy, &b->test_accuracy, sizeof a->test_accuracy);
}

/* Interrupted after every epoch, among them the best one, those before and those behind it. */
static void test_best_epoch(void **state) {
    fixture *f = *state;
    lf_train_options o = f->c.options;
    lf_train_report once, again;
    char *want = train_text(unsteady, &o, 1, &once);
    assert_non_null(want);
    print_message("epoch %d of %d is the best\n", (int)once.best_epoch, (int)once.epochs);
    assert_true(once.best_epoch > 1 && once.best_epoch + 1 < once.epochs);
    o.checkpoint = f->path;
    o.resume = true;
    for (int64_t after = 1; after < once.epochs; after++) {
        interrupted(unsteady, &o, (interruption){(uint64_t)once.epochs, (uint64_t)after});
        assert_true(lf_path_exists(f->path));
        char *have = train_text(unsteady, &o, 1, &again);
        assert_string_equal(want, have);
        same_best(&once, &again);
        free(have);
        unlink(f->path);
    }
    free(want);
}

/* -- what is no checkpoint of this training --------------------------------------------------------------------------------------- */

static void refused_for(fixture *f, const char *text, const lf_train_options *o, const char *says) {
    lf_ctx *ctx = lf_ctx_new(1);
    lf_recipe *r = lf_recipe_parse(ctx, "case.yaml", text, strlen(text));
    lf_train_report report;
    lf_graph *g = NULL;
    assert_int_equal(lf_train(ctx, r, o, &report, &g), LF_BAD_INPUT);
    const lf_diag *d = lf_diag_at(ctx, 0);
    if (!strstr(d->text, says) || strcmp(d->where.file, f->path) != 0)
        fail_msg("says '%s' of %s, not '%s'", d->text, d->where.file, says);
    lf_recipe_free(r);
    lf_ctx_free(ctx);
}

static void refused(fixture *f, const lf_train_options *o, const char *says) {
    refused_for(f, recipe, o, says);
}

static void write_bytes(fixture *f, const void *data, size_t size) {
    assert_int_equal(lf_file_write(f->ctx, f->path, data, size), LF_OK);
}

static void test_wrong_checkpoints(void **state) {
    fixture *f = *state;
    lf_train_options o = f->c.options;
    lf_train_report r;
    o.epochs = 2;
    o.checkpoint = f->path;
    free(train_text(recipe, &o, 1, &r));
    o.resume = true;
    o.seed = 99;
    refused(f, &o, "another training: seed 1 instead of 99");
    o.epochs = 3;
    refused(f, &o, "seed 1 instead of 99, 2 epochs instead of 3");
    o.seed = -1;
    o.epochs = 2;
    o.train.count--;
    refused(f, &o, "another training: other data");
    o.train.count++;
    refused_for(f, CASE_BINARY "layers: [10]\ntraining: {epochs: 2, batch: 64, validation: 300}\n", &o,
                "another training: another recipe");
    lf_file file;
    assert_int_equal(lf_file_open(f->ctx, f->path, 0, &file), LF_OK);
    size_t size = file.size;
    char *copy = malloc(size);
    memcpy(copy, file.data, size);
    lf_file_close(&file);
    float nan_value = NAN; /* right hash, impossible contents */
    char hex[65];
    memcpy(copy + size / 2 / 4 * 4, &nan_value, sizeof nan_value);
    lf_sha256_hex(copy, size - 64, hex);
    memcpy(copy + size - 64, hex, 64);
    write_bytes(f, copy, size);
    refused(f, &o, "numbers that no training");
    copy[size / 2] ^= 1;
    write_bytes(f, copy, size);
    refused(f, &o, "damaged");
    write_bytes(f, copy, size / 2);
    refused(f, &o, "damaged");
    copy[strlen("lutfisk-train-")] = '2';
    write_bytes(f, copy, size);
    refused(f, &o, "of another version of lutfisk");
    copy[strlen("lutfisk-train-")] = '3';
    write_bytes(f, copy, 20);
    refused(f, &o, "not a checkpoint");
    write_bytes(f, "", 0);
    refused(f, &o, "not a checkpoint");
    free(copy);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_kill_and_resume), cmocka_unit_test(test_best_epoch),
                                       cmocka_unit_test(test_wrong_checkpoints)};
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
