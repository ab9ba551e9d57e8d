/* A checkpoint: header, the blocks of floats, SHA-256 of all before. Floats and integers little-endian as in memory. */
#include "train/train_state.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/text.h"

static const char magic[16] = "lutfisk-train-3";

typedef struct header {
    char magic[16], recipe[72], data[72];
    int64_t seed;
    uint64_t values, kepts, step, best_right;
    int64_t epoch, epochs, best_epoch;
    double power1, power2, seconds;
} header;

void lf_train_state_keep(lf_train_state *s, size_t right) {
    s->best_epoch = s->epoch;
    s->best_right = right;
    memcpy(s->best_value, s->net.values.value, s->net.values.values * sizeof(float));
    memcpy(s->best_kept, s->net.values.kept, s->net.values.kepts * sizeof(float));
}

void lf_train_state_restore_best(lf_train_state *s) {
    memcpy(s->net.values.value, s->best_value, s->net.values.values * sizeof(float));
    memcpy(s->net.values.kept, s->best_kept, s->net.values.kepts * sizeof(float));
    s->net.settle(s->net.self);
}

static bool all_finite(const float *v, size_t count) {
    for (size_t i = 0; i < count; i++)
        if (!isfinite(v[i]))
            return false;
    return true;
}

static bool network_sound(const lf_trainee *t, const float *value, const float *kept) {
    return all_finite(value, t->values.values) && all_finite(kept, t->values.kepts) &&
           (!t->sound || t->sound(t->self, value, kept));
}

bool lf_train_state_sound(const lf_train_state *s) {
    const lf_train_values *n = &s->net.values;
    return network_sound(&s->net, n->value, n->kept) && all_finite(n->m, n->values) && all_finite(n->v, n->values) &&
           (s->best_epoch == 0 || network_sound(&s->net, s->best_value, s->best_kept));
}

static header make_header(const lf_train_state *s) {
    const lf_train_values *n = &s->net.values;
    header h;
    memset(&h, 0, sizeof h);
    memcpy(h.magic, magic, sizeof magic);
    memcpy(h.recipe, s->identity.recipe, sizeof s->identity.recipe);
    memcpy(h.data, s->identity.data, sizeof s->identity.data);
    h.seed = s->identity.seed;
    h.values = n->values, h.kepts = n->kepts, h.step = *n->step, h.best_right = s->best_right;
    h.epoch = s->epoch, h.epochs = s->epochs, h.best_epoch = s->best_epoch;
    h.power1 = *n->power1, h.power2 = *n->power2, h.seconds = s->seconds;
    return h;
}

typedef struct block {
    float *at;
    size_t count;
} block;

enum { BLOCKS = 6 };

static void blocks_of(const lf_train_state *s, block out[BLOCKS]) {
    const lf_train_values *n = &s->net.values;
    const block all[BLOCKS] = {{n->value, n->values}, {n->m, n->values},          {n->v, n->values},
                               {n->kept, n->kepts},   {s->best_value, n->values}, {s->best_kept, n->kepts}};
    memcpy(out, all, sizeof all);
}

static size_t file_size(const lf_train_values *n) {
    return sizeof(header) + (4 * n->values + 2 * n->kepts) * sizeof(float) + 64;
}

lf_status lf_checkpoint_write(lf_ctx *ctx, const char *path, const lf_train_state *s) {
    size_t size = file_size(&s->net.values);
    char *bytes = malloc(size), *at = bytes, hex[65];
    if (!bytes)
        return lf_fail(ctx, LF_BAD_INPUT, NULL, "%s: no memory for a checkpoint of %zu bytes", path, size);
    header h = make_header(s);
    memcpy(at, &h, sizeof h);
    at += sizeof h;
    block b[BLOCKS];
    blocks_of(s, b);
    for (int i = 0; i < BLOCKS; i++, at += b[i - 1].count * sizeof(float))
        memcpy(at, b[i].at, b[i].count * sizeof(float));
    lf_sha256_hex(bytes, size - 64, hex);
    memcpy(at, hex, 64);
    lf_status status = lf_file_write(ctx, path, bytes, size);
    free(bytes);
    return status;
}

/* A file of the right hash but impossible contents. */
static bool plausible(const lf_train_state *s) {
    const lf_train_values *n = &s->net.values;
    return s->epoch >= 1 && s->epoch <= s->epochs && s->best_epoch >= 1 && s->best_epoch <= s->epoch &&
           *n->power1 >= 0 && *n->power1 < 1 && *n->power2 >= 0 && *n->power2 < 1 && s->seconds >= 0 &&
           lf_train_state_sound(s);
}

static void add_word(lf_text *t, const char *word) {
    lf_text_addf(t, "%s%s", t->len ? ", " : "", word);
}

static void hint_anew(lf_ctx *ctx) {
    lf_hint(ctx, "without --resume the training starts anew and replaces it; with another -o both are kept");
}

/* Says what differs. */
static lf_status check_identity(lf_ctx *ctx, const lf_where *where, const lf_train_state *s, const header *h) {
    lf_text t = {0};
    if (memcmp(h->recipe, s->identity.recipe, 64) != 0)
        add_word(&t, "another recipe");
    if (h->seed != s->identity.seed)
        lf_text_addf(&t, "%sseed %lld instead of %lld", t.len ? ", " : "", (long long)h->seed,
                     (long long)s->identity.seed);
    if (h->epochs != s->epochs)
        lf_text_addf(&t, "%s%lld epochs instead of %lld", t.len ? ", " : "", (long long)h->epochs,
                     (long long)s->epochs);
    if (memcmp(h->data, s->identity.data, 64) != 0)
        add_word(&t, "other data");
    lf_status status =
        t.len ? lf_fail(ctx, LF_BAD_INPUT, where, "the checkpoint is of another training: %s", t.at) : LF_OK;
    if (t.len)
        hint_anew(ctx);
    lf_text_free(&t);
    return status;
}

static lf_status no_checkpoint(lf_ctx *ctx, const lf_where *where, const lf_file *f) {
    static const char other[] = "lutfisk-train-";
    if (f->size < sizeof magic || memcmp(f->data, other, strlen(other)) != 0 ||
        memcmp(f->data, magic, sizeof magic) == 0)
        return lf_fail(ctx, LF_BAD_INPUT, where, "not a checkpoint of lutfisk");
    lf_status status = lf_fail(ctx, LF_BAD_INPUT, where, "the checkpoint is of another version of lutfisk");
    hint_anew(ctx);
    return status;
}

static lf_status check_file(lf_ctx *ctx, const char *path, const lf_train_state *s, const lf_file *f) {
    lf_where where = {.file = path};
    header h;
    char hex[65];
    if (f->size < sizeof h + 64 || memcmp(f->data, magic, sizeof magic) != 0)
        return no_checkpoint(ctx, &where, f);
    memcpy(&h, f->data, sizeof h);
    lf_sha256_hex(f->data, f->size - 64, hex);
    if (memcmp(hex, f->data + f->size - 64, 64) != 0)
        return lf_fail(ctx, LF_BAD_INPUT, &where, "the checkpoint is damaged: its checksum does not match");
    LF_TRY(check_identity(ctx, &where, s, &h));
    if (f->size != file_size(&s->net.values))
        return lf_fail(ctx, LF_BAD_INPUT, &where, "the checkpoint is damaged: its size is not that of this network");
    return LF_OK;
}

static void load(lf_train_state *s, const uint8_t *at) {
    header h;
    memcpy(&h, at, sizeof h);
    at += sizeof h;
    s->epoch = h.epoch, s->best_epoch = h.best_epoch, s->best_right = h.best_right, s->seconds = h.seconds;
    *s->net.values.step = h.step, *s->net.values.power1 = h.power1, *s->net.values.power2 = h.power2;
    block b[BLOCKS];
    blocks_of(s, b);
    for (int i = 0; i < BLOCKS; i++, at += b[i - 1].count * sizeof(float))
        memcpy(b[i].at, at, b[i].count * sizeof(float));
}

lf_status lf_checkpoint_read(lf_ctx *ctx, const char *path, lf_train_state *s) {
    lf_file f;
    LF_TRY(lf_file_open(ctx, path, 0, &f));
    lf_status status = check_file(ctx, path, s, &f);
    if (status == LF_OK)
        load(s, f.data);
    lf_file_close(&f);
    if (status == LF_OK && !plausible(s))
        status = lf_fail(ctx, LF_BAD_INPUT, &(lf_where){.file = path},
                         "the checkpoint holds numbers that no training leaves behind");
    if (status == LF_OK)
        s->net.settle(s->net.self);
    return status;
}
