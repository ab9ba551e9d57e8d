/* list, data, doctor: what there is, from the descriptors. */
#include <string.h>

#include "api/answer.h"
#include "api/targets.h"
#include "base/cpu.h"
#include "base/embed.h"
#include "base/file.h"
#include "base/run.h"
#include "data/digits.h"
#include "data/idx.h"
#include "data/npy.h"
#include "data/set.h"
#include "fpga/part.h"
#include "kern/kern.h"
#include "ops/ops.h"
#include "pass/passes.h"
#include "report/text_table.h"
#include "target/target.h"
#include "zoo/zoo.h"

typedef struct lister {
    lf_ctx *ctx;
    lf_arena *arena;
    json_t *rows;
    lf_table table;
} lister;

static void add(lister *l, const char *name, const char *kind, const char *help) {
    json_t *row = json_object();
    json_object_set_new(row, "name", json_string(name));
    json_object_set_new(row, "kind", json_string(kind));
    json_object_set_new(row, "help", json_string(help));
    json_array_append_new(l->rows, row);
    const char *cells[] = {name, kind, help};
    lf_table_row(&l->table, cells);
}

static void list_ops(lister *l) {
    for (int i = 0; lf_ops[i]; i++)
        add(l, lf_ops[i]->name, lf_ops[i]->level == LF_HW ? "hardware" : "network", lf_ops[i]->help);
}

static void list_passes(lister *l) {
    static const char *const promise[] = {"same bits", "same value", "changes"};
    for (int i = 0; lf_passes[i]; i++)
        add(l, lf_passes[i]->name, promise[lf_passes[i]->promise], lf_passes[i]->help);
}

static void list_kernels(lister *l) {
    for (const lf_kernel_info *k = lf_kernel_list; k->name; k++)
        add(l, lf_format(l->arena, "%s_%s", k->name, lf_isa_name(k->isa)), lf_cpu_has(k->isa) ? "available" : "absent",
            k->help);
}

static void list_targets(lister *l) {
    for (int i = 0; lf_targets[i]; i++)
        add(l, lf_targets[i]->name, "target", lf_targets[i]->help);
}

static void list_boards(lister *l) {
    size_t count;
    const lf_part *all = lf_part_all(l->ctx, &count);
    for (size_t i = 0; i < count; i++)
        add(l, all[i].name, all[i].family,
            lf_format(l->arena, "%lld LUT, %lld BRAM36, %lld DSP: %s", (long long)all[i].lut, (long long)all[i].bram,
                      (long long)all[i].dsp, all[i].help));
}

static void list_data(lister *l, const lf_data_options *where) {
    for (int i = 0; lf_data_sources[i]; i++) {
        const lf_data_source *s = lf_data_sources[i];
        const char *found = lf_data_locate(l->arena, s, where ? where->dirs : NULL);
        add(l, s->name,
            !found   ? "not found"
            : *found ? "found"
                     : "generated",
            found ? s->help : lf_format(l->arena, "%s; %s", s->help, s->origin));
    }
}

/* The first sentence of the comment at the head of a recipe says what it is. It may run over lines. */
static const char *first_sentence(lf_arena *a, const lf_embed *f) {
    const char *line = (const char *)f->data, *said = "";
    while (*line == '#') {
        line += 1 + (line[1] == ' ');
        size_t n = strcspn(line, "\n");
        said = lf_format(a, "%s%s%s", said, *said ? " " : "", lf_strndup(a, line, n));
        const char *stop = strstr(said, ". ");
        if (stop)
            return lf_strndup(a, said, (size_t)(stop - said) + 1);
        line += n + (line[n] == '\n');
    }
    return said;
}

static void list_recipes(lister *l) {
    for (size_t i = 0; i < lf_embed_count(); i++) {
        const lf_embed *f = lf_embed_at(i);
        if (!strncmp(f->path, "recipes/", 8))
            add(l, lf_stem(l->arena, f->path), "recipe", first_sentence(l->arena, f));
    }
}

static void list_networks(lister *l) {
    for (int i = 0; lf_zoo_all[i]; i++)
        add(l, lf_zoo_all[i]->name, "random weights", lf_zoo_all[i]->help);
}

static bool fill(lister *l, const char *what, const lf_data_options *where) {
    const struct {
        const char *what;
        void (*list)(lister *l);
    } lists[] = {{"ops", list_ops},          {"passes", list_passes}, {"kernels", list_kernels},
                 {"targets", list_targets},  {"boards", list_boards}, {"recipes", list_recipes},
                 {"networks", list_networks}};
    for (size_t i = 0; i < LF_COUNT(lists); i++)
        if (!strcmp(lists[i].what, what)) {
            lists[i].list(l);
            return true;
        }
    if (strcmp(what, "data") != 0)
        return false;
    list_data(l, where);
    return true;
}

lf_status lf_list(lf_ctx *ctx, const char *what, const lf_data_options *where, lf_answer *answer) {
    static const char *const known[] = {"ops",  "passes",  "kernels",  "targets", "boards",
                                        "data", "recipes", "networks", NULL};
    static const char *const header[] = {"<name", "<kind", "<what"};
    LF_TRY(lf_check_word(ctx, "list", what, known, NULL));
    lister l = {.ctx = ctx, .arena = lf_arena_new(), .rows = json_array()};
    l.table = lf_table_make(l.arena, LF_COUNT(header), header);
    fill(&l, what, where);
    json_t *root = json_object();
    json_object_set_new(root, what, l.rows);
    lf_text text = {0};
    lf_table_print(&l.table, &text);
    lf_answer_set(answer, root, &text);
    lf_arena_free(l.arena);
    return LF_OK;
}

/* -- data ------------------------------------------------------------------------------------------------------------------------------ */

/* As the test part of a data set, so that the folder can be used with --data. */
static lf_status write_digits(lf_ctx *ctx, const char *dir, uint64_t seed, int64_t count) {
    int64_t dim[3] = {count, LF_DIGIT_SIDE, LF_DIGIT_SIDE};
    lf_arena *a = lf_arena_new();
    lf_array images, labels;
    lf_status status = LF_OK;
    if (!lf_array_new(a, LF_ARRAY_U8, lf_shape_make(3, dim), &images) ||
        !lf_array_new(a, LF_ARRAY_U8, lf_shape_make(1, dim), &labels))
        status = lf_fail(ctx, LF_BAD_INPUT, NULL, "no memory for %lld images", (long long)count);
    if (status == LF_OK)
        status = lf_make_dir(ctx, dir);
    if (status == LF_OK) {
        lf_digits(lf_ctx_pool(ctx), seed, 0, (size_t)count, images.data, labels.data);
        status = lf_idx_write(ctx, lf_path_join(a, dir, "t10k-images-idx3-ubyte"), &images);
    }
    if (status == LF_OK)
        status = lf_idx_write(ctx, lf_path_join(a, dir, "t10k-labels-idx1-ubyte"), &labels);
    lf_arena_free(a);
    return status;
}

static lf_status generate(lf_ctx *ctx, const lf_data_verb_options *o, lf_answer *answer) {
    static const char *const known[] = {"digits", NULL};
    LF_TRY(lf_check_word(ctx, "--generate", o->generate, known, NULL));
    if (!o->out)
        return lf_fail(ctx, LF_BAD_INPUT, NULL, "data --generate wants a directory: -o DIR");
    if (o->count > 10000000)
        return lf_fail(ctx, LF_BAD_INPUT, NULL, "--count %lld is more than 10,000,000", (long long)o->count);
    int64_t count = o->count ? o->count : 1000;
    LF_TRY(write_digits(ctx, o->out, o->seed ? o->seed : 1, count));
    json_t *root = json_object();
    json_object_set_new(root, "generated", json_string(o->generate));
    json_object_set_new(root, "samples", json_integer(count));
    lf_text text = {0};
    lf_text_addf(&text, "%lld generated digits in MNIST's format in %s\n", (long long)count, o->out);
    lf_answer_set(answer, root, &text);
    return LF_OK;
}

/* Features of the first rows as float32, in the shape of the set. */
static lf_status write_rows(lf_ctx *ctx, const lf_dataset *d, size_t rows, const char *path) {
    lf_arena *a = lf_arena_new();
    lf_shape shape = d->shape;
    lf_array x;
    lf_status status = LF_OK;
    shape.dim[0] = (int64_t)rows;
    if (!lf_array_new(a, LF_ARRAY_F32, shape, &x))
        status = lf_fail(ctx, LF_BAD_INPUT, NULL, "no memory for %zu rows", rows);
    else {
        lf_dataset_fill(d, 0, rows, x.data);
        status = lf_npy_write(ctx, path, &x);
    }
    lf_arena_free(a);
    return status;
}

static void answer_rows(const lf_dataset *d, size_t rows, const char *path, lf_answer *answer) {
    json_t *root = json_object();
    lf_text text = {0};
    json_object_set_new(root, "rows", json_string(d->title));
    json_object_set_new(root, "samples", json_integer((json_int_t)rows));
    json_object_set_new(root, "generated_data", json_boolean(d->generated));
    lf_text_addf(&text, "%zu rows of %s in %s\n", rows, d->title, path);
    lf_answer_set(answer, root, &text);
}

static lf_status extract(lf_ctx *ctx, const lf_data_verb_options *o, lf_answer *answer) {
    if (o->generate)
        return lf_fail(ctx, LF_BAD_INPUT, NULL, "data takes --generate or --rows, not both");
    if (!o->out)
        return lf_fail(ctx, LF_BAD_INPUT, NULL, "data --rows wants a file: -o X.npy");
    LF_TRY(lf_check_target(ctx, "-o", o->out, &(lf_sources){.set = o->rows}));
    lf_dataset *d = lf_data_open(ctx, o->rows, o->where.dirs);
    if (!d)
        return LF_BAD_INPUT;
    size_t rows = o->count > 0 && (size_t)o->count < d->rows ? (size_t)o->count : d->rows;
    lf_status status = write_rows(ctx, d, rows, o->out);
    if (status == LF_OK)
        answer_rows(d, rows, o->out, answer);
    lf_dataset_free(d);
    return status;
}

lf_status lf_data(lf_ctx *ctx, const lf_data_verb_options *o, lf_answer *answer) {
    if (!o->rows && !o->generate && (o->out || o->count))
        return lf_fail(ctx, LF_BAD_INPUT, NULL,
                       "data %s belongs to --rows SET or --generate digits: without them nothing is written",
                       o->out ? "-o" : "-n");
    if (o->rows)
        return extract(ctx, o, answer);
    return o->generate ? generate(ctx, o, answer) : lf_list(ctx, "data", &o->where, answer);
}

/* -- doctor ---------------------------------------------------------------------------------------------------------------------------- */

typedef struct tool {
    const char *name, *version_flag, *use;
} tool;

static const tool tools[] = {
    {"verilator", "--version", "verify"},
    {"g++", "--version", "verify with verilator"},
    {"make", "--version", "verify with verilator"},
    {"iverilog", "-V", "verify --sim iverilog"},
    {"vvp", "-V", "verify --sim iverilog"},
    {"yosys", "-V", "synth"},
    {"nextpnr-ice40", "--version", "routed frequencies"},
    {"berkeley-abc", "-qversion", "build --abc"},
    {"yosys-abc", "-qversion", "build --abc"},
};

static const char *first_line(lf_arena *a, const char *s) {
    return lf_strndup(a, s, strcspn(s, "\n"));
}

static const char *version_of(lf_ctx *ctx, lf_arena *a, const tool *t) {
    const char *argv[] = {t->name, t->version_flag, NULL};
    lf_run_result r;
    return lf_tool_run(ctx, a, argv, NULL, &r) == LF_OK ? first_line(a, r.out) : "does not start";
}

lf_status lf_doctor(lf_ctx *ctx, lf_answer *answer) {
    static const char *const header[] = {"<tool", "<found", "<for"};
    lf_arena *a = lf_arena_new();
    lf_table table = lf_table_make(a, LF_COUNT(header), header);
    json_t *root = json_object(), *found = json_object(), *isas = json_array();
    for (size_t i = 0; i < LF_COUNT(tools); i++) {
        const char *version = lf_tool_found(tools[i].name) ? version_of(ctx, a, &tools[i]) : NULL;
        const char *cells[] = {tools[i].name, version ? version : "not found", tools[i].use};
        json_object_set_new(found, tools[i].name, version ? json_string(version) : json_null());
        lf_table_row(&table, cells);
    }
    lf_text text = {0};
    lf_text_addf(&text, "processor: %s\nkernels:  ", lf_cpu_name());
    for (int i = 0; i < LF_ISA_COUNT; i++)
        if (lf_cpu_has((lf_isa)i)) {
            lf_text_addf(&text, " %s", lf_isa_name((lf_isa)i));
            json_array_append_new(isas, json_string(lf_isa_name((lf_isa)i)));
        }
    lf_text_addf(&text, "\nthreads:   %d\n\n", lf_ctx_threads(ctx));
    lf_table_print(&table, &text);
    json_object_set_new(root, "cpu", json_string(lf_cpu_name()));
    json_object_set_new(root, "kernels", isas);
    json_object_set_new(root, "threads", json_integer(lf_ctx_threads(ctx)));
    json_object_set_new(root, "tools", found);
    lf_answer_set(answer, root, &text);
    lf_arena_free(a);
    return LF_OK;
}
