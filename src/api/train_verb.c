/* train: a recipe and a data set become a network. */
#include <string.h>
#include <unistd.h>

#include "api/answer.h"
#include "api/targets.h"
#include "base/embed.h"
#include "base/file.h"
#include "base/lock.h"
#include "base/text.h"
#include "data/scaling.h"
#include "data/table_rows.h"
#include "export/export.h"
#include "ir/lftext.h"
#include "report/text_table.h"
#include "train/train.h"

/* A file of that name, else a recipe that comes with lutfisk. */
static lf_recipe *find_recipe(lf_ctx *ctx, const char *name) {
    if (lf_path_exists(name))
        return lf_recipe_load(ctx, name);
    LF_VEC(const char *) known = {0};
    lf_arena *a = lf_arena_new();
    lf_recipe *found = NULL;
    for (size_t i = 0; i < lf_embed_count() && !found; i++) {
        const lf_embed *f = lf_embed_at(i);
        if (strncmp(f->path, "recipes/", 8) != 0)
            continue;
        const char *stem = lf_stem(a, f->path);
        LF_PUSH(a, &known, stem);
        if (!strcmp(stem, name))
            found = lf_recipe_parse(ctx, f->path, (const char *)f->data, f->size);
    }
    if (!found && lf_diag_errors(ctx) == 0) {
        const char *near = lf_nearest(name, known.at, known.count);
        lf_fail(ctx, LF_BAD_INPUT, NULL, "there is no file and no recipe called \"%s\"", name);
        lf_hint(ctx, "%s%s%s`lutfisk list recipes` shows those that come with lutfisk", near ? "did you mean " : "",
                near ? near : "", near ? "? " : "");
    }
    lf_arena_free(a);
    return found;
}

static lf_train_data rows_of(const lf_dataset *d) {
    return (lf_train_data){.bytes = d->raw, .reals = d->real, .labels = d->label, .count = d->rows};
}

typedef struct trainer {
    lf_ctx *ctx;
    const lf_train_verb_options *o;
    lf_arena *arena;
    lf_recipe *recipe;
    lf_dataset *train, *test;
    lf_train_report report;
    lf_lock *lock; /* of the network and its checkpoint */
} trainer;

/* Generated pictures of the same size; NULL where nothing can stand in. */
static const char *stand_in(const lf_recipe *r) {
    const lf_ints *s = &r->input.shape;
    if (!strcmp(r->data, "mnist"))
        return "digits";
    return s->count == 3 ? s->at[0] == 3 ? "shapes" : "digits" : NULL;
}

/* By the names of the training part. */
static lf_status code_one_hot(trainer *t) {
    if (!t->train->columns)
        return lf_fail(t->ctx, LF_BAD_INPUT, NULL, "%s is no table: it has no categories to code", t->train->title);
    size_t count;
    lf_table_column *c = lf_one_hot_columns(t->train->arena, t->train->columns, t->train->features, &count);
    LF_TRY(lf_table_recode(t->ctx, c, count, t->train));
    LF_TRY(lf_table_recode(t->ctx, c, count, t->test));
    t->train->columns = c;
    return LF_OK;
}

/* Steps are those of the training part. */
static lf_status code_data(trainer *t) {
    const lf_recipe_table *table = &t->recipe->table;
    if (table->scaling == LF_SCALING_NONE && table->coding == LF_CODING_ORDINAL)
        return LF_OK;
    if (!lf_ends_with(t->o->out, ".lf"))
        return lf_fail(t->ctx, LF_BAD_INPUT, NULL,
                       "-o %s: the coding and scaling of a table are saved in .lf files only", t->o->out);
    if (table->coding == LF_CODING_ONE_HOT)
        LF_TRY(code_one_hot(t));
    if (table->scaling == LF_SCALING_NONE)
        return LF_OK;
    LF_TRY(lf_scaling_fit(t->ctx, t->train, (int)table->bits));
    LF_TRY(lf_scaling_apply(t->ctx, t->train->columns, t->train));
    return lf_scaling_apply(t->ctx, t->train->columns, t->test);
}

/* Without MNIST or CIFAR-10 generated pictures stand in, and everybody is told. */
static lf_status open_data(trainer *t) {
    const char *set = t->o->data ? t->o->data : t->recipe->data;
    if (!t->o->data && stand_in(t->recipe) && !lf_data_is_there(set, t->o->where.dirs)) {
        lf_warn(t->ctx, NULL, "the data set %s was not found: generated %s stand in for it", set, stand_in(t->recipe));
        lf_hint(t->ctx, "`lutfisk data` says where it can be had");
        set = stand_in(t->recipe);
    }
    LF_TRY(lf_check_target(t->ctx, "-o", t->o->out, &(lf_sources){.set = set}));
    t->train = lf_data_open(t->ctx, lf_format(t->arena, "%s:train", set), t->o->where.dirs);
    t->test = t->train ? lf_data_open(t->ctx, lf_format(t->arena, "%s:test", set), t->o->where.dirs) : NULL;
    return t->test ? code_data(t) : LF_BAD_INPUT;
}

static lf_status check_out(trainer *t) {
    if (!t->o->out)
        return lf_fail(t->ctx, LF_BAD_INPUT, NULL, "train wants a file for the network: -o MODEL.onnx");
    if (!lf_ends_with(t->o->out, ".onnx") && !lf_ends_with(t->o->out, ".lf"))
        return lf_fail(t->ctx, LF_BAD_INPUT, NULL, "-o %s: a trained network is written as .onnx or .lf", t->o->out);
    LF_TRY(lf_check_target(t->ctx, "-o", t->o->out, &(lf_sources){.more = (const char *[]){t->o->recipe, NULL}}));
    return lf_lock_take(t->ctx, t->o->out, "is training into this file", &t->lock);
}

static lf_status run_training(trainer *t) {
    lf_train_options o = lf_train_defaults();
    lf_graph *frozen = NULL;
    o.features = t->train->features;
    o.classes = t->train->classes;
    o.train = rows_of(t->train);
    o.test = rows_of(t->test);
    if (t->o->seed)
        o.seed = (int64_t)t->o->seed;
    o.epochs = t->o->epochs;
    o.checkpoint = lf_format(t->arena, "%s.ckpt", t->o->out);
    o.resume = t->o->resume;
    if (o.resume && !lf_path_exists(o.checkpoint))
        lf_note(t->ctx, &(lf_where){.file = o.checkpoint},
                "there is no checkpoint to go on from: training starts afresh");
    LF_TRY(lf_train(t->ctx, t->recipe, &o, &t->report, &frozen));
    if (t->train->columns && !lf_ends_with(t->o->out, ".lf"))
        lf_note(t->ctx, NULL, "how the table's columns became numbers is saved in .lf files only");
    if (t->train->columns) {
        lf_graph_set_columns(frozen, t->train->columns, t->train->features);
        lf_graph_set_classes(frozen, t->train->class_names, (size_t)t->train->classes);
    }
    lf_status status =
        lf_ends_with(t->o->out, ".lf") ? lf_graph_save(frozen, t->o->out, false) : lf_export_onnx(frozen, t->o->out);
    lf_graph_free(frozen);
    if (status == LF_OK)
        unlink(o.checkpoint); /* the network is safe now */
    return status;
}

static void answer_with(const trainer *t, lf_answer *answer) {
    const lf_train_report *r = &t->report;
    json_t *root = json_object();
    lf_text text = {0};
    json_object_set_new(root, "recipe", json_string(t->recipe->name));
    json_object_set_new(root, "data", json_string(t->train->title));
    json_object_set_new(root, "generated_data", json_boolean(t->train->generated));
    json_object_set_new(root, "epochs", json_integer(r->epochs));
    json_object_set_new(root, "best_epoch", json_integer(r->best_epoch));
    json_object_set_new(root, "seconds", json_real(r->seconds));
    json_object_set_new(root, "valid_accuracy", json_real(r->valid_accuracy));
    json_object_set_new(root, "test_accuracy", json_real(r->test_accuracy));
    json_object_set_new(root, "kernel", json_string(r->kernel));
    json_object_set_new(root, "model", json_string(lf_path_base(t->o->out)));
    lf_text_addf(&text, "%s trained on %s\n%lld epochs in %s s (kernel %s); best after epoch %lld\n", t->recipe->name,
                 t->train->title, (long long)r->epochs, lf_fixed_decimals(t->arena, r->seconds, 1), r->kernel,
                 (long long)r->best_epoch);
    lf_text_addf(&text, "accuracy: %s %% held out, %s %% test (%s)\n",
                 lf_fixed_decimals(t->arena, 100 * r->valid_accuracy, 2),
                 lf_fixed_decimals(t->arena, 100 * r->test_accuracy, 2), t->test->title);
    lf_answer_set(answer, root, &text);
}

lf_status lf_train_recipe(lf_ctx *ctx, const lf_train_verb_options *o, lf_answer *answer) {
    trainer t = {.ctx = ctx, .o = o, .arena = lf_arena_new()};
    lf_status status = check_out(&t);
    if (status == LF_OK) {
        t.recipe = find_recipe(ctx, o->recipe);
        status = t.recipe ? open_data(&t) : LF_BAD_INPUT;
    }
    if (status == LF_OK)
        status = run_training(&t);
    if (status == LF_OK)
        answer_with(&t, answer);
    lf_dataset_free(t.train);
    lf_dataset_free(t.test);
    lf_recipe_free(t.recipe);
    lf_lock_free(t.lock);
    lf_arena_free(t.arena);
    return status;
}
