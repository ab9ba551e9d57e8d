/* Table networks written as lutfisk-tables and read back: the same network; what is no such chain, and what is no such file, is refused. */
#include "../place.h"
#include "onnx_make.h"

#include <stdio.h>

#include "api/same_program.h"
#include "export/export.h"
#include "ir/lftext.h"
#include "ops/ops.h"
#include "pass/passes.h"
#include "table_nets.h"

static const char neurons[] =
    "lutfisk 1\ngraph \"n\"\ninput \"x\" = %x : INT2[1,3]\n"
    "const %i : UINT2[2,2] = [0, 2, 1, 2]\n"
    "const %t : INT3[2,16] = [-4, 3, 2, 1, 0, 1, 2, 3, 3, 2, 1, 0, -1, -2, -3, -4,"
    " 0, 1, 0, 1, 0, 1, 0, 1, 2, 3, 2, 3, 2, 3, 2, 3]\n"
    "%y : INT3[1,2] = table_neurons(%x, %i, %t) \"n\" {bits=2, lo=-2}\noutput \"scores\" = %y\n";

static lf_graph *read(place *f, const char *text) {
    const char *path = place_file(f, "net.json", text);
    lf_graph *g = lf_import(f->ctx, path);
    for (size_t i = 0; !g && i < lf_diag_count(f->ctx); i++)
        print_message("%s\n", lf_diag_at(f->ctx, i)->text);
    assert_non_null(g);
    return g;
}

static lf_graph *round_trip(place *f, const lf_graph *g, const char *name) {
    const char *path = lf_path_join(f->a, f->dir, name);
    assert_int_equal(lf_export_tables(g, path), LF_OK);
    lf_graph *back = lf_import(f->ctx, path);
    assert_non_null(back);
    assert_string_equal(back->outputs.at[0].name, g->outputs.at[0].name);
    assert_int_equal(back->order.count, g->order.count);
    assert_int_equal(lf_same_program(g, back, 64), LF_OK);
    return back;
}

static void comes_back(void **state) {
    place *f = *state;
    const char *const nets[] = {dwn, kanele, hgq, neurons};
    for (size_t i = 0; i < LF_COUNT(nets); i++) {
        lf_graph *g = read(f, nets[i]);
        lf_graph *once = round_trip(f, g, "once.json"), *twice = round_trip(f, once, "twice.json");
        lf_file x, y;
        assert_int_equal(lf_file_open(f->ctx, lf_path_join(f->a, f->dir, "once.json"), 0, &x), LF_OK);
        assert_int_equal(lf_file_open(f->ctx, lf_path_join(f->a, f->dir, "twice.json"), 0, &y), LF_OK);
        assert_int_equal(x.size, y.size);
        assert_memory_equal(x.data, y.data, x.size);
        lf_file_close(&x);
        lf_file_close(&y);
        lf_graph_free(g);
        lf_graph_free(once);
        lf_graph_free(twice);
    }
}

/* The comparison above sees one wrong entry. */
static void fault_is_seen(void **state) {
    place *f = *state;
    lf_graph *g = read(f, dwn), *other = read(f, dwn);
    const char *path = lf_path_join(f->a, f->dir, "fault.json");
    lf_file file;
    assert_int_equal(lf_export_tables(g, path), LF_OK);
    assert_int_equal(lf_file_open(f->ctx, path, 0, &file), LF_OK);
    char *text = lf_strndup(f->a, (const char *)file.data, file.size), *at = strstr(text, "[0, 0, 0, 1]");
    lf_file_close(&file);
    assert_non_null(at);
    at[10] = '0';
    lf_graph_free(other);
    other = read(f, text);
    assert_int_equal(lf_same_program(g, other, 64), LF_FAILED);
    lf_graph_free(g);
    lf_graph_free(other);
}

#define NET(input, layers) \
    "{\"format\": \"lutfisk-tables\", \"version\": 1, \"input\": " input ", \"output\": \"y\", \"layers\": " layers "}"
#define X "{\"name\": \"x\", \"shape\": [1, 2], \"type\": \"UINT1\"}"

static void refused(void **state) {
    place *f = *state;
    static const struct {
        const char *text, *why;
    } wrong[] = {
        {"{\"format\": \"other\", \"layers\": []}", "the format \"other\" is not lutfisk-tables"},
        {"{\"format\": \"lutfisk-tables\", \"version\": 2, \"layers\": []}", "version: is 2"},
        {NET("{\"name\": \"x\", \"shape\": [1, 2], \"type\": \"FIXED<8,4>\"}", "[{}]"),
         "neither FLOAT32 nor one of integers"},
        {NET("{\"name\": \"x\", \"shape\": [65536, 65536, 65536, 65536], \"type\": \"UINT1\"}", "[{}]"),
         "too many elements"},
        {NET(X, "[]"), "layers: has 0 elements"},
        {NET(X, "[{\"op\": \"conv\", \"name\": \"a\"}]"), "the op \"conv\" is none of the format"},
        {NET(X, "[{\"op\": \"argmax\", \"name\": \"a\", \"axes\": 1}]"), "argmax has no \"axes\""},
        {NET(X, "[{\"op\": \"argmax\", \"name\": \"a\", \"axis\": [1]}]"), "axis"},
        {NET(X, "[{\"op\": \"add\", \"name\": \"a\", \"axis\": 1, \"values\": [1]}]"), "add has no \"axis\""},
        {NET(X, "[{\"op\": \"table_neurons\", \"name\": \"a\", \"inputs\": [[0, 1]]}]"),
         "the key \"tables\" is missing"},
        {NET(X, "[{\"op\": \"table_neurons\", \"name\": \"a\", \"inputs\": [[0, 1], [0]], \"tables\": [[1]]}]"),
         "layers[0].inputs[1]: has 1 elements, not 2"},
        {NET(X, "[{\"op\": \"table_neurons\", \"name\": \"a\", \"inputs\": [[0, 2.5]], \"tables\": [[1]]}]"),
         "layers[0].inputs[0][1]: is a number with a point"},
        {NET(X, "[{\"op\": \"table_neurons\", \"name\": \"a\", \"inputs\": [[0, 2]], \"tables\": [[1, 1, 1, 1]]}]"),
         "connection 1 reads element 2; x has 2"},
    };
    for (size_t i = 0; i < LF_COUNT(wrong); i++) {
        lf_ctx *ctx = lf_ctx_new(1);
        bool seen = false;
        assert_null(lf_import_json_bytes(ctx, "net.json", (const uint8_t *)wrong[i].text, strlen(wrong[i].text)));
        for (size_t k = 0; k < lf_diag_count(ctx); k++)
            seen |= strstr(lf_diag_at(ctx, k)->text, wrong[i].why) != NULL;
        if (!seen)
            print_message("%s\n  not: %s\n", lf_diag_at(ctx, 0)->text, wrong[i].why);
        assert_true(seen);
        lf_ctx_free(ctx);
    }
    lf_graph *g = read(f, hgq);
    assert_int_equal(lf_declare_input(g, "FIXED<7,3>"), LF_OK);
    assert_int_equal(lf_infer(g), LF_OK);
    const char *path = lf_path_join(f->a, f->dir, "no.json");
    assert_int_equal(lf_export_tables(g, path), LF_BAD_INPUT);
    assert_false(lf_path_exists(path));
    lf_graph_free(g);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(comes_back, place_make, place_drop),
        cmocka_unit_test_setup_teardown(fault_is_seen, place_make, place_drop),
        cmocka_unit_test_setup_teardown(refused, place_make, place_drop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
