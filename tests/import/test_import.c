/* The dispatcher: formats by content, refusals that say what to do. */
#include "../context.h"

#include <sys/stat.h>

#include "base/file.h"
#include "onnx_make.h"
#include "ops/ops.h"

static char *temp_dir(lf_arena *a) {
    lf_ctx *ctx = lf_ctx_new(1);
    char *dir = NULL;
    assert_int_equal(lf_temp_dir(ctx, a, "/tmp", &dir), LF_OK);
    lf_ctx_free(ctx);
    return dir;
}

static void expect_refused(lf_arena *a, const char *path, const char *why) {
    lf_ctx *ctx = lf_ctx_new(1);
    assert_null(lf_import(ctx, path));
    make_expect_text(make_complaints(a, ctx), why);
    lf_ctx_free(ctx);
}

static void other_formats(void **state) {
    (void)state;
    lf_arena *a = lf_arena_new();
    char *dir = temp_dir(a);
    static const struct {
        const char *bytes;
        size_t size;
        const char *why;
    } files[] = {
        {"\x89HDF\r\n\x1a\n\0\0\0", 11, "HDF5 (Keras): not in this version"},
        {"PK\x03\x04\0\0\0\0", 8, "Keras archive: not in this version"},
        {"{\n  \"class_name\": 1}", 20, "JSON (Keras): not in this version"},
        {"# a netlist\n.model top\n.end\n", 28, "the model has no .inputs"},
        {"plainly nothing", 15, "of no format that is known"},
        {"", 0, "the file is empty"},
        {"lutfisk 1\nnonsense\n", 19, "nonsense"},
        {"\x08\x07\x3a\x00", 4, "no outputs"},
    };
    const char *path = lf_path_join(a, dir, "named.onnx"); /* the name says nothing */
    for (size_t i = 0; i < LF_COUNT(files); i++) {
        FILE *f = fopen(path, "wb");
        assert_int_equal(fwrite(files[i].bytes, 1, files[i].size, f), files[i].size);
        fclose(f);
        expect_refused(a, path, files[i].why);
    }
    expect_refused(a, lf_path_join(a, dir, "absent"), "absent");
    expect_refused(a, dir, "it has no model.lf");
    lf_remove_tree(dir);
    lf_arena_free(a);
}

static void onnx_text_and_directory_agree(void **state) {
    make m = make_start(13);
    make_input(&m, "x", "N 3");
    make_output(&m, "y");
    LfOnnx__TensorProto *w = make_const(&m, "w", "3 40", 1);
    float v[120];
    for (int i = 0; i < 120; i++)
        v[i] = (float)(i % 7 - 3);
    FILE *f;
    char *dir = temp_dir(m.a);
    const char *bin = lf_path_join(m.a, dir, "w.bin"), *onnx = lf_path_join(m.a, dir, "m.onnx"),
               *text = lf_path_join(m.a, dir, "model.lf");
    assert_non_null(f = fopen(bin, "wb"));
    assert_int_equal(fwrite(v, sizeof *v, 120, f), 120);
    fclose(f);
    LfOnnx__StringStringEntryProto *e =
        MAKE(&m, LfOnnx__StringStringEntryProto, lf_onnx__string_string_entry_proto__init);
    e->key = make_text(&m, "location");
    e->value = make_text(&m, "w.bin");
    w->n_external_data = 1;
    w->external_data = &e;
    w->has_data_location = w->data_location = 1;
    make_node(&m, "MatMul", "mm", "x w", "y");
    make_write(&m, onnx);

    lf_ctx *ctx = *state;
    lf_graph *a = lf_import(ctx, onnx);
    assert_non_null(a);
    assert_int_equal(lf_graph_save(a, text, false), LF_OK);
    lf_graph *b = lf_import(ctx, text), *c = lf_import(ctx, dir);
    assert_non_null(b);
    assert_non_null(c);
    lf_graph *all[3] = {a, b, c};
    for (int i = 0; i < 3; i++) {
        const lf_tensor *t = lf_find_tensor(all[i], "w");
        assert_string_equal(lf_dtype_name(m.a, t->dtype), "INT3");
        for (size_t k = 0; k < 120; k++)
            assert_int_equal(lf_tensor_code(t, k), (int)(k % 7) - 3);
        lf_graph_free(all[i]);
    }
    lf_remove_tree(dir);
    make_end(&m);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(other_formats), WITH_CONTEXT(onnx_text_and_directory_agree)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
