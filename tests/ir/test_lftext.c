/* The text form: printing and parsing a graph with everything changes nothing; wrong texts are refused with the right words. */
#include "../context.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/file.h"
#include "ir/lftext.h"
#include "ir/table_column.h"
#include "small_ops.h"

static void say_all(lf_ctx *ctx) {
    for (size_t i = 0; i < lf_diag_count(ctx); i++)
        print_message("%s\n", lf_diag_text(lf_ctx_arena(ctx), lf_diag_at(ctx, i)));
}

static lf_tensor *bipolar_weights(lf_graph *g) {
    enum { N = 300 };
    int64_t code[N];
    for (int i = 0; i < N; i++)
        code[i] = (i * 7 % 5) % 2 ? 1 : -1;
    return lf_const_codes(g, "w/0", shape_of(2, 100, 3, 0), code);
}

/* Float elements on a grid with one scale per row. */
static lf_tensor *scaled_weights(lf_graph *g, int64_t rows) {
    lf_tensor *t = lf_tensor_new(g, "w:1", shape_of(2, rows, 2, 0), lf_int(4));
    double *scale = LF_NEW_ARRAY(g->arena, double, rows);
    float *v = LF_NEW_ARRAY(g->arena, float, rows * 2);
    lf_range *channel = LF_NEW_ARRAY(g->arena, lf_range, rows);
    for (int64_t i = 0; i < rows; i++) {
        scale[i] = (double)(0.1f * (float)(i + 1));
        v[2 * i] = (float)(3 * scale[i]);
        v[2 * i + 1] = (float)(-5 * scale[i]);
        channel[i] = (lf_range){-5, 3, 8};
    }
    t->grid = (lf_grid){scale, rows, 0, 0};
    t->range = (lf_range){-8, 7, 1};
    t->channel_range = channel;
    t->value = LF_NEW(g->arena, lf_const);
    *t->value = (lf_const){LF_ELEM_F32, (size_t)rows * 2, v};
    return t;
}

static lf_graph *graph_with_everything(lf_ctx *ctx) {
    lf_graph *g = lf_graph_new(ctx, "every \"thing\"\n");
    g->source = "models/net.onnx";
    memset(g->source_sha256, 'a', 64);
    lf_tensor *x = small_input(g, "x", shape_of(2, 1, 3, 0), LF_FLOAT32);
    lf_tensor *u = small_input(g, "u", shape_of(3, 1, 2, 2), lf_uint(8));
    lf_input_grid *declared = LF_NEW(g->arena, lf_input_grid);
    *declared = (lf_input_grid){lf_uint(8), true, 1.0 / 255, -0.5, 255};
    g->inputs.at[0].grid = declared;
    lf_tensor *w = bipolar_weights(g), *v = scaled_weights(g, 3), *long_scales = scaled_weights(g, 70);
    lf_tensor *r = lf_const_reals(g, "r", shape_of(1, 3, 0, 0), (double[]){0.1, -0.0, 1e300});
    lf_tensor *s = lf_const_reals(g, "", shape_of(0, 0, 0, 0), (double[]){(double)INFINITY});
    every_attr attr = {8, true, -1.5, "a\"b\\c\n\xc3\xa9\x01", 2, {0}, {(int64_t[]){1, -2, 3}, 3}};
    assert_true(lf_dtype_parse("FIXED<8,3,RND,SAT>", &attr.type));
    lf_tensor *y = lf_tensor_new(g, "y", x->shape, LF_FLOAT32);
    lf_id every_in[] = {x->id, 0, w->id, v->id};
    lf_node *n = lf_node_new(g, &op_every, "every one", every_in, 4, &y->id, 1, &attr);
    n->place = LF_PLACE_HOST;
    n->line = 12;
    lf_tensor *z = small_node(g, &op_add, "z", (lf_id[]){y->id, r->id, s->id}, 3);
    lf_tensor *a = lf_tensor_new(g, "a", u->shape, lf_uint(4)), *b = lf_tensor_new(g, "b", u->shape, lf_int(3));
    lf_set_codes(g, a, (lf_range){0, 12, 3});
    lf_set_codes(g, b, (lf_range){-4, 3, 1});
    a->grid = (lf_grid){LF_NEW(g->arena, double), 1, 0, 3.0};
    *(double *)(uintptr_t)a->grid.scale = 1.0 / 3.0;
    lf_node_new(g, &op_split, "parts", &u->id, 1, (lf_id[]){a->id, b->id}, 2, NULL)->place = LF_PLACE_FPGA;
    needy_attr needs = {-1};
    lf_tensor *q = lf_tensor_new(g, "q q", a->shape, (lf_dtype){0});
    lf_node_new(g, &op_needy, "needs", &a->id, 1, &q->id, 1, &needs);
    lf_graph_set_columns(g,
                         (const lf_table_column[]){
                             {.name = "a \"b\"", .missing = 0.1, .steps = (float[]){-1, 0.1f, 0.1f}, .step_count = 3},
                             {.name = "kind", .names = (const char *const[]){"x", "", "y\n"}, .count = 3},
                             {.name = "state", .is = "a \"b\""},
                             {.name = "state", .is = "", .steps = (float[]){1}, .step_count = 1}},
                         4);
    lf_graph_set_classes(g, (const char *const[]){"no\n", "0", "an \"attack\""}, 3);
    small_output(g, "z", z->id);
    small_output(g, "also z", z->id);
    small_output(g, "w", long_scales->id);
    small_output(g, "q", q->id);
    small_output(g, "b", b->id);
    return g;
}

static bool same_text(const lf_text *a, const lf_text *b) {
    return a->len == b->len && (a->len == 0 || memcmp(a->at, b->at, a->len) == 0);
}

static void round_trip(bool inline_all) {
    lf_ctx *ctx = lf_ctx_new(1);
    lf_graph *g = graph_with_everything(ctx);
    lf_text text = {0}, weights = {0}, text2 = {0}, weights2 = {0};
    if (lf_graph_print(g, inline_all, &text, &weights) != LF_OK)
        say_all(ctx);
    assert_int_equal(lf_diag_count(ctx), 0);
    assert_int_equal(weights.len == 0, inline_all);
    lf_graph *h = lf_graph_parse(ctx, "f.lf", text.at, text.len, (uint8_t *)weights.at, weights.len, find_small_op);
    if (!h) {
        print_message("%s", text.at);
        say_all(ctx);
    }
    assert_non_null(h);
    assert_int_equal(lf_graph_print(h, inline_all, &text2, &weights2), LF_OK);
    if (!same_text(&text, &text2))
        print_message("%s---\n%s", text.at, text2.at);
    assert_true(same_text(&text, &text2));
    assert_true(same_text(&weights, &weights2));
    lf_graph_free(h);
    lf_graph_free(g);
    lf_ctx_free(ctx);
    lf_text_free(&text);
    lf_text_free(&text2);
    lf_text_free(&weights);
    lf_text_free(&weights2);
}

static void test_round_trip(void **state) {
    (void)state;
    round_trip(false);
    round_trip(true);
}

/* -- hand-written texts ------------------------------------------------------------------------------------------------ */

static lf_graph *parse(lf_ctx *ctx, const char *text) {
    return lf_graph_parse(ctx, "f.lf", text, strlen(text), NULL, 0, find_small_op);
}

/* What a text reads as, printed. */
static void reads_as(const char *text, const char *printed) {
    lf_ctx *ctx = lf_ctx_new(1);
    lf_graph *g = parse(ctx, text);
    lf_text out = {0}, weights = {0};
    say_all(ctx);
    assert_non_null(g);
    assert_int_equal(lf_graph_print(g, true, &out, &weights), LF_OK);
    assert_string_equal(out.at, printed);
    lf_text_free(&out);
    lf_graph_free(g);
    lf_ctx_free(ctx);
}

static void test_liberties(void **state) {
    (void)state;
    reads_as(
        "\n  # a comment\nlutfisk 1 # and one more\r\n\r\ninput \"x\"=%x:INT4[1,2]\n%y : INT4[1 ,2]=pass ( %x "
        ")\noutput \"y\" = %y",
        "lutfisk 1\ngraph \"\"\ninput \"x\" = %x : INT4[1,2]\n%y : INT4[1,2] = pass(%x) \"pass\"\noutput \"y\" = %y\n");
    reads_as("lutfisk 1\ninput \"x\" = %x : INT4[1,2]\noutput \"x\" = %x grid INT64\n",
             "lutfisk 1\ngraph \"\"\ninput \"x\" = %x : INT4[1,2]\noutput \"x\" = %x grid INT64\n");
    reads_as("lutfisk 1\nconst %k : INT4[2,2] as i32 scale 1 range {-8,7,1} = [\n  1, 2, # two\n  3, 4\n]\noutput "
             "\"k\" = %\"k\"\n",
             "lutfisk 1\ngraph \"\"\nconst %k : INT4[2,2] as i32 = [1, 2, 3, 4]\noutput \"k\" = %k\n");
    reads_as(
        "lutfisk 1\nconst %k : FLOAT32[2] = [0.1, -nan]\nconst %d : FLOAT32[1] as f64 = [0.1]\noutput \"k\" = %k\n",
        "lutfisk 1\ngraph \"\"\nconst %k : FLOAT32[2] = [0.10000000149011612, nan]\nconst %d : FLOAT32[1] as f64 = "
        "[0.1]\n"
        "output \"k\" = %k\n");
    reads_as("lutfisk 1\ninput \"x\" = %x : FIXED<8,3>[1] grid FIXED<8,3,RND,SAT>\ninput \"u\" = %u : FIXED<8,3>[1] "
             "scale 1\n",
             "lutfisk 1\ngraph \"\"\ninput \"x\" = %x : FIXED<8,3>[1] grid FIXED<8,3,RND,SAT>\n"
             "input \"u\" = %u : FIXED<8,3>[1] scale 1\n");
    reads_as("lutfisk 1\ninput \"x\" = %x : INT4[1]\n%a:INT4[1]=pass(%x)\n%b:INT4[1]=pass(%a) line=3 place=host\n"
             "%c:INT4[1] = every(%a,_,_) {pe=3,pads=[1,\n2]}",
             "lutfisk 1\ngraph \"\"\ninput \"x\" = %x : INT4[1]\n%a : INT4[1] = pass(%x) \"pass\"\n"
             "%b : INT4[1] = pass(%a) \"pass_1\" place=host line=3\n%c : INT4[1] = every(%a, _, _) \"every\" {pe=3, "
             "pads=[1, 2]}\n");
}

#define HEAD "lutfisk 1\ninput \"x\" = %x : INT4[1,3]\n"
static const struct {
    const char *text, *said;
} malformed[] = {
    {"", "f.lf:1:1: expected `lutfisk 1` in the first line, found the end of the text"},
    {"\n\n", "expected `lutfisk 1`"},
    {"graph \"g\"\n", "f.lf:1:1: expected `lutfisk 1` in the first line, found `graph`"},
    {"lutfisk 2\n", "f.lf:1:9: the version of the text form: 2 is outside 1 to 1"},
    {"lutfisk one\n", "expected the version of the text form, found `one`"},
    {"lutfisk 1 2\n", "expected the end of the line, found `2`"},
    {"lutfisk 1\nsource \"a\"\n", "f.lf:2:11: expected sha256, found the end of the line"},
    {"lutfisk 1\nsource \"a\" sha256 123\n", "expected 64 hexadecimal digits, found `123`"},
    {"lutfisk 1\nsource a\n", "expected the name of the source in quotes, found `a`"},
    {"lutfisk 1\ngraph \"a\"\ngraph \"b\"\n", "f.lf:3:1: a second graph"},
    {"lutfisk 1\ngraph \"a\n", "f.lf:2:7: a string without its closing quote"},
    {"lutfisk 1\ngraph \"a\\q\"\n", "a wrong escape or a zero byte in a string"},
    {"lutfisk 1\ngraph \"a\\x00\"\n", "a wrong escape or a zero byte in a string"},
    {"lutfisk 1\ngraph \"a\" \"b\"\n", "expected the end of the line, found `\"b\"`"},
    {"lutfisk 1\ninptu \"x\" = %x : INT4[1]\n", "did you mean input?"},
    {HEAD "column x\n", "the name of the column in quotes"},
    {HEAD "column \"a\" numbre missing 1\n", "expected number, names or is"},
    {HEAD "column \"a\" number\n", "expected `missing` and a number"},
    {HEAD "column \"a\" number missing nan\n", "must be finite"},
    {HEAD "column \"a\" names []\n", "at least one name"},
    {HEAD "column \"a\" names [\"x\" \"y\"]\n", "expected `,`"},
    {HEAD "column \"a\" number missing 1 steps [2, 1]\n", "f.lf:3:39: steps are finite and ascend"},
    {HEAD "column \"a\" number missing 1\ncolumn \"a\" number missing 1\n", "stands there twice"},
    {HEAD "classes []\n", "1 to 256 classes"},
    {HEAD "classes [\"a\", \"b\", \"a\"]\n", "the class \"a\" stands there twice"},
    {HEAD "classes [\"a\", \"b\"]\nclasses [\"a\"]\n", "the classes stand there twice"},
    {HEAD "classes [\"0\", \"1\"]\nclasses [\"a\"]\n", "the classes stand there twice"},
    {HEAD "classes [\"a\" \"b\"]\n", "expected `,`"},
    {HEAD "classes [a]\n", "the name of a class in quotes"},
    {HEAD "classes\n", "expected `[`"},
    {HEAD "column \"a\" is red\n", "a category in quotes"},
    {HEAD "column \"a\" is \"x\"\ncolumn \"a\" is \"y\"\ncolumn \"a\" is \"x\"\n", "stands there twice"},
    {HEAD "column \"a\" is \"x\"\ncolumn \"a\" number missing 1\n", "stands there twice"},
    {HEAD "column \"a\" number missing 1 stesp [1]\n", "expected the end of the line"},
    {"lutfisk 1\n= 3\n", "expected source, graph, input, column, classes, const, output or a tensor, found `=`"},
    {"lutfisk 1\n@\n", "f.lf:2:1: a character that means nothing here"},
    {"lutfisk 1\n%\n", "a tensor without a name"},
    {"lutfisk 1\n%\"\" : INT4[1] = pass(%x)\n", "a tensor without a name"},
    {HEAD "input \"x\" = %y : INT4[1]\n", "f.lf:3:7: port \"x\" is defined twice"},
    {HEAD "input \"y\" = %x : INT4[1]\n", "f.lf:3:13: tensor \"x\" is defined twice"},
    {HEAD "input \"y\" %y : INT4[1]\n", "expected `=`, found `%y`"},
    {HEAD "input \"y\" = y : INT4[1]\n", "expected a tensor like %x, found `y`"},
    {HEAD "input \"y\" = %y INT4[1]\n", "expected `:`, found `INT4`"},
    {HEAD "input \"y\" = %y : INT44[1] = 3\n", "expected the end of the line, found `=`"},
    {HEAD "input \"y\" = %y : INTT4[1]\n", "expected a datatype, found `INTT4`"},
    {HEAD "input \"y\" = %y : BIPLAR[1]\n", "did you mean BIPOLAR?"},
    {HEAD "input \"y\" = %y : FIXED<8,3[1]\n", "expected a datatype, found `FIXED`"},
    {HEAD "input \"y\" = %y : [1]\n", "expected a datatype, found `[`"},
    {HEAD "input \"y\" = %y : INT4\n", "expected `[`, found the end of the line"},
    {HEAD "input \"y\" = %y : INT4[1,\n", "expected a dimension, found the end of the text"},
    {HEAD "input \"y\" = %y : INT4[1 2]\n", "f.lf:3:25: expected `,`, found `2`"},
    {HEAD "input \"y\" = %y : INT4[0]\n", "a dimension: 0 is outside 1 to"},
    {HEAD "input \"y\" = %y : INT4[-1]\n", "a dimension: -1 is outside"},
    {HEAD "input \"y\" = %y : INT4[a]\n", "expected a dimension, found `a`"},
    {HEAD "input \"y\" = %y : INT4[1,1,1,1,1,1,1,1,1]\n", "more than 8 dimensions"},
    {HEAD "input \"y\" = %y : INT4[4000000000,4000000000]\n", "the shape has too many elements"},
    {HEAD "input \"y\" = %y : FLOAT32[2] scale 2\n", "FLOAT32 has no scale"},
    {HEAD "input \"y\" = %y : INT4[2] scale 0\n", "scale 0 is not a finite number other than 0"},
    {HEAD "input \"y\" = %y : INT4[2] scale 1/0\n", "expected a scale like 0.5 or 1/255"},
    {HEAD "input \"y\" = %y : INT4[2] scale x\n", "expected a number, found `x`"},
    {HEAD "input \"y\" = %y : INT4[2] scale 1 scale 1\n", "\"scale\" stands twice"},
    {HEAD "input \"y\" = %y : INT4[2] scale axis 1 [1]\n", "an axis of the shape: 1 is outside 0 to 0"},
    {HEAD "input \"y\" = %y : INT4[2] scale axis 0 [1]\n", "1 items, but the shape asks for 2"},
    {HEAD "input \"y\" = %y : INT4[2] scale axis 0 [1, 2, 3]\n",
     "f.lf:3:46: more than the 2 items that the shape asks for"},
    {HEAD "input \"y\" = %y : INT4[2] scale axis 0 1\n", "expected a list [...] or lfw(offset, hash), found `1`"},
    {HEAD "input \"y\" = %y : INT4[2] scale axis 0 lfw(16, 0123456789abcdef)\n",
     "the weights file (.lfw), which is missing or empty"},
    {HEAD "input \"y\" = %y : INT4[999999999] scale axis 0 [1, 2]\n", "the list ends before the 999999999 items"},
    {HEAD "input \"y\" = %y : INT4[2] range {3,2,1}\n", "the highest code: 2 is outside 3 to"},
    {HEAD "input \"y\" = %y : INT4[2] range {0,3,0}\n", "the step: 0 is outside 1 to"},
    {HEAD "input \"y\" = %y : INT4[2] range {0,3,2}\n", "f.lf:3:1: tensor \"y\": {0,3,2} is not a range {lo,hi,step}"},
    {HEAD "input \"y\" = %y : INT4[2] range {0,30,2}\n", "range {0,30,2} does not fit INT4"},
    {HEAD "input \"y\" = %y : INT4[2] range 0,3\n", "expected `{`, found `0`"},
    {HEAD "input \"y\" = %y : INT4[2] ranges axis 0 [{0,1,1}, {0,9,1}]\n",
     "range {0,9,1} of channel 1 is not inside {-8,7,1}"},
    {HEAD "input \"y\" = %y : INT4[2] rnge {0,1,1}\n", "did you mean range?"},
    {HEAD "input \"y\" = %y : INT4[2] as i8\n", "only a constant has a container"},
    {HEAD "input \"y\" = %y : FLOAT32[2] grid FLOAT32\n", "expected the datatype of the grid, found `FLOAT32`"},
    {HEAD "input \"y\" = %y : FLOAT32[2] grid UINT8 scale inf\n", "the grid's scale must be finite"},
    {HEAD "const %k : INT4[2]\n", "expected `=`, found the end of the line"},
    {HEAD "const %k : INT4[2] = 1, 2\n", "expected a list [...] or lfw(offset, hash), found `1`"},
    {HEAD "const %k : INT4[2] = [1, 2\n", "expected `,`, found the end of the text"},
    {HEAD "const %k : INT4[2] = [1, 2.5]\n", "expected an integer, found `2.5`"},
    {HEAD "const %k : INT4[2] = [1, 9]\n", "code 9 of element 1 is not in the range {-8,7,1}"},
    {HEAD "const %k : INT4[2] = [1, 300]\n", "f.lf:3:26: 300 does not fit i8"},
    {HEAD "const %k : INT4[2] as i9 = [1, 2]\n", "expected a container (i8 u8 i16 u16 i32 i64 f32 f64), found `i9`"},
    {HEAD "const %k : INT4[2] as f32 scale 0.5 = [1, 1.2]\n", "is not on the grid of scale 0.5"},
    {HEAD "const %k : FLOAT32[2] as i8 = [1, 2]\n", "elements off the grid lie as f32 or f64"},
    {HEAD "const %k : FLOAT32[2] = codes lfw(16, 0)\n", "only float elements on a grid are stored as codes"},
    {HEAD "const %k : INT4[2] = codes lfw(16, 0)\n", "only float elements on a grid are stored as codes"},
    {HEAD "const %k : INT4[2] as f32 = codes [1, 2]\n", "expected a list [...] or lfw(offset, hash), found `[`"},
    {HEAD "const %k : FLOAT32[2] = [1, 1e39]\n", "1e39 is too large for f32"},
    {HEAD "const %k : ?[2] = [1, 2]\n", "a constant without a datatype"},
    {HEAD "const %k : TERNARY[1] range {-1,0,1} = [1]\n", "code 1 of element 0 is not in the range {-1,0,1}"},
    {HEAD "%y : INT4[1] = pas(%x)\n", "f.lf:3:16: there is no op \"pas\""},
    {HEAD "%y : INT4[1] = pas(%x)\n", "did you mean pass?"},
    {HEAD "%y : INT4[1] = evvery(%x)\n", "did you mean every?"},
    {HEAD "%y : INT4[1] = pass %x\n", "expected `(`, found `%x`"},
    {HEAD "%y : INT4[1] = pass(%z)\n", "f.lf:3:21: tensor \"z\" is used before it is defined"},
    {HEAD "%xx1 : INT4[1] = pass(%x)\n%z : INT4[1] = pass(%xx)\n", "did you mean %x"},
    {HEAD "%y : INT4[1] = pass(%y)\n", "tensor \"y\" is used before it is defined"},
    {HEAD "%y : INT4[1] = pass(%x, %x)\n", "f.lf:3:1: pass takes 1 to 1 operands, not 2"},
    {HEAD "%y : INT4[1], %z : INT4[1] = pass(%x)\n", "pass gives 1 to 1 results, not 2"},
    {HEAD "%y : INT4[1] = add(%x, _)\n", "add: operand 1 is missing"},
    {HEAD "%y : INT4[1] = pass(%x) \"n\"\n%z : INT4[1] = pass(%y) \"n\"\n", "f.lf:4:25: node \"n\" is defined twice"},
    {HEAD "%y : INT4[1] = pass(%x) \"\"\n", "a node without a name"},
    {HEAD "%y : INT4[1] = pass(%x) {pe=1}\n", "f.lf:3:26: pass has no attribute \"pe\""},
    {HEAD "%y : INT4[1] = every(%x) {pf=1}\n", "did you mean pe?"},
    {HEAD "%y : INT4[1] = every(%x) {pe=1, pe=2}\n", "attribute pe is given twice"},
    {HEAD "%y : INT4[1] = every(%x) {pe=0}\n", "every: pe=0 is outside 1 to 1024"},
    {HEAD "%y : INT4[1] = every(%x) {pe}\n", "expected `=`, found `}`"},
    {HEAD "%y : INT4[1] = every(%x) {pe=}\n", "expected a value, found `}`"},
    {HEAD "%y : INT4[1] = every(%x) {pads=[1, 2}\n", "expected `]`, found the end of the text"},
    {HEAD "%y : INT4[1] = every(%x) {pads=[1 2]}\n", "pads=[1 2] is not a list of integers"},
    {HEAD "%y : INT4[1] = every(%x) {pads=[1, \"2\"]}\n", "expected `]`, found `\"2\"`"},
    {HEAD "%y : INT4[1] = every(%x) {}\n", "expected an attribute, found `}`"},
    {HEAD "%y : INT4[1] = needy(%x)\n", "needy needs the attribute axis (which axis)"},
    {HEAD "%y : INT4[1] = pass(%x) place=cloud\n", "expected host or fpga, found `cloud`"},
    {HEAD "%y : INT4[1] = pass(%x) place=host place=host\n", "`place` stands twice"},
    {HEAD "%y : INT4[1] = pass(%x) line=0\n", "a line: 0 is outside 1 to"},
    {HEAD "%y : INT4[1] = pass(%x) plce=host\n", "did you mean place?"},
    {HEAD "output \"y\" = %y\n", "tensor \"y\" is used before it is defined"},
    {HEAD "output \"y\" = %x\noutput \"y\" = %x\n", "f.lf:4:8: port \"y\" is defined twice"},
    {HEAD "output \"y\" = %x grid FLOAT32\n", "expected the datatype of the grid"},
    {HEAD "output \"y\" = %x grid INT8 scale 0.5\n", "an output's grid is a type of integers"},
    {HEAD "output y = %x\n", "expected the name of the port in quotes, found `y`"},
};

static void test_malformed(void **state) {
    (void)state;
    int missed = 0;
    for (size_t i = 0; i < LF_COUNT(malformed); i++) {
        lf_ctx *ctx = lf_ctx_new(1);
        lf_graph *g = parse(ctx, malformed[i].text);
        bool said = !g && was_said(ctx, malformed[i].said);
        if (!said) {
            print_message("%s\n  wanted: %s\n", malformed[i].text, malformed[i].said);
            say_all(ctx);
        }
        missed += !said;
        lf_graph_free(g);
        lf_ctx_free(ctx);
    }
    assert_int_equal(missed, 0);
}

/* Any beginning of a good text, and the text with any byte changed, is refused or read; never more than that. */
static void test_damaged(void **state) {
    lf_ctx *ctx = *state;
    lf_graph *g = graph_with_everything(ctx);
    lf_text text = {0}, weights = {0};
    assert_int_equal(lf_graph_print(g, false, &text, &weights), LF_OK);
    for (size_t n = 0; n < text.len; n++) {
        char *copy = malloc(n + 1); /* exactly as long as it says, for the address sanitizer */
        memcpy(copy, text.at, n);
        lf_graph_free(lf_graph_parse(ctx, "f", copy, n, (uint8_t *)weights.at, weights.len, find_small_op));
        free(copy);
        text.at[n] ^= 1;
        lf_graph_free(lf_graph_parse(ctx, "f", text.at, text.len, (uint8_t *)weights.at, weights.len, find_small_op));
        text.at[n] ^= 1;
        lf_diag_clear(ctx);
    }
    lf_text_free(&text);
    lf_text_free(&weights);
    lf_graph_free(g);
}

/* -- the weights file --------------------------------------------------------------------------------------------------- */

static void refuses_weights(const lf_text *text, const void *weights, size_t len, const char *said) {
    lf_ctx *ctx = lf_ctx_new(1);
    assert_null(lf_graph_parse(ctx, "f", text->at, text->len, weights, len, find_small_op));
    if (!was_said(ctx, said))
        say_all(ctx);
    assert_true(was_said(ctx, said));
    lf_ctx_free(ctx);
}

static void test_wrong_weights(void **state) {
    lf_ctx *ctx = *state;
    lf_graph *g = graph_with_everything(ctx);
    lf_text text = {0}, weights = {0};
    assert_int_equal(lf_graph_print(g, false, &text, &weights), LF_OK);
    refuses_weights(&text, NULL, 0, "which is missing or empty");
    refuses_weights(&text, weights.at, 20, "38 bytes are needed, but the weights file has 20");
    refuses_weights(&text, weights.at, 40, "an offset into the weights file: 16 is outside 0 to 2");
    refuses_weights(&text, weights.at, weights.len - 1, "an offset into the weights file");
    weights.at[weights.len - 1] ^= 1;
    refuses_weights(&text, weights.at, weights.len, "the weights file does not belong to this text");
    lf_text_free(&text);
    lf_text_free(&weights);
    lf_graph_free(g);
}

/* Every datatype and container survives the weights file, bit for bit. */
static void test_every_container(void **state) {
    static const char *const types[] = {"BIPOLAR", "TERNARY", "INT1",   "INT3",        "INT8",       "INT9",
                                        "INT31",   "INT33",   "INT64",  "UINT1",       "UINT7",      "UINT8",
                                        "UINT16",  "UINT17",  "UINT63", "FIXED<12,3>", "UFIXED<5,9>"};
    lf_ctx *ctx = *state;
    for (size_t k = 0; k < LF_COUNT(types); k++) {
        enum { N = 1100 };
        lf_graph *g = lf_graph_new(ctx, "g");
        int64_t code[N];
        lf_dtype t = {0};
        assert_true(lf_dtype_parse(types[k], &t));
        lf_range r = lf_dtype_range(t);
        for (int i = 0; i < N; i++)
            code[i] = i % 3 == 0    ? r.lo
                      : i % 3 == 1  ? r.hi
                      : r.step == 2 ? -1
                                    : (int64_t)(((uint64_t)r.lo + (uint64_t)r.hi) / 2) & r.hi;
        lf_tensor *c = lf_const_codes(g, "k", shape_of(2, 11, 100, 0), code);
        c->dtype = t;
        c->range = r;
        small_output(g, "k", c->id);
        lf_text text = {0}, weights = {0};
        assert_int_equal(lf_graph_print(g, false, &text, &weights), LF_OK);
        lf_graph *h = lf_graph_parse(ctx, "f", text.at, text.len, (uint8_t *)weights.at, weights.len, find_small_op);
        say_all(ctx);
        assert_non_null(h);
        for (int i = 0; i < N; i++)
            assert_true(lf_tensor_code(lf_find_tensor(h, "k"), (size_t)i) == code[i]);
        assert_true(weights.len <= 16 + N * (size_t)t.bits / 8 + 8);
        lf_text_free(&text);
        lf_text_free(&weights);
        lf_graph_free(g);
        lf_graph_free(h);
    }
}

/* Float elements that are code * scale, rounded, are stored as codes; one that is not brings all back as floats. */
static void test_float_codes(void **state) {
    lf_ctx *ctx = *state;
    for (int broken = 0; broken < 2; broken++) {
        lf_graph *g = lf_graph_new(ctx, "g");
        lf_tensor *t = scaled_weights(g, 900);
        float *v = (float *)(uintptr_t)t->value->data;
        v[7] = broken ? nextafterf(v[7], 0) : v[7];
        small_output(g, "w", t->id);
        lf_text text = {0}, weights = {0};
        assert_int_equal(lf_graph_print(g, false, &text, &weights), LF_OK);
        assert_true((strstr(text.at, "codes lfw(") == NULL) == broken);
        assert_int_equal(weights.len, 16 + 900 * 8 + 900 * 24 + 900 * 2 * (broken ? 32 : 4) / 8);
        lf_graph *h = lf_graph_parse(ctx, "f", text.at, text.len, (uint8_t *)weights.at, weights.len, find_small_op);
        say_all(ctx);
        assert_non_null(h);
        assert_memory_equal(lf_find_tensor(h, "w:1")->value->data, v, 900 * 2 * sizeof *v);
        lf_text_free(&text);
        lf_text_free(&weights);
        lf_graph_free(g);
        lf_graph_free(h);
    }
}

static void test_files(void **state) {
    lf_ctx *ctx = *state;
    char *dir = NULL;
    assert_int_equal(lf_temp_dir(ctx, lf_ctx_arena(ctx), "/tmp", &dir), LF_OK);
    const char *path = lf_path_join(lf_ctx_arena(ctx), dir, "net.lf"),
               *again = lf_path_join(lf_ctx_arena(ctx), dir, "again");
    lf_graph *g = graph_with_everything(ctx);
    assert_int_equal(lf_graph_save(g, path, false), LF_OK);
    assert_true(lf_path_exists(lf_path_join(lf_ctx_arena(ctx), dir, "net.lfw")));
    lf_graph *h = lf_graph_load(ctx, path, find_small_op);
    assert_non_null(h);
    assert_string_equal(h->source, "net.onnx");
    assert_int_equal(lf_graph_save(h, again, false), LF_OK);
    assert_true(lf_path_exists(lf_path_join(lf_ctx_arena(ctx), dir, "again.lfw")));
    lf_graph *i = lf_graph_load(ctx, again, find_small_op);
    assert_non_null(i);
    assert_int_equal(lf_diag_count(ctx), 0);
    assert_null(lf_graph_load(ctx, lf_path_join(lf_ctx_arena(ctx), dir, "none.lf"), find_small_op));
    assert_true(was_said(ctx, "none.lf"));
    lf_graph_free(g);
    lf_graph_free(h);
    lf_graph_free(i);
    lf_remove_tree(dir);
}

/* A graph that breaks the rules is not printed. */
static void test_unsound_graph(void **state) {
    lf_ctx *ctx = *state;
    lf_graph *g = graph_with_everything(ctx);
    lf_text text = {0}, weights = {0};
    lf_find_tensor(g, "w/0")->range.step = 3;
    assert_int_equal(lf_graph_print(g, false, &text, &weights), LF_BAD_INPUT);
    assert_true(was_said(ctx, "{-1,1,3} is not a range"));
    assert_int_equal(text.len, 0);
    lf_graph_free(g);
}

/* A clone prints the same, is changed alone, and keeps the constants when the graph it came from is freed first. */
static void test_clone(void **state) {
    lf_ctx *ctx = *state;
    lf_graph *g = graph_with_everything(ctx);
    lf_text before = {0}, after = {0}, weights = {0}, weights2 = {0};
    assert_int_equal(lf_graph_print(g, false, &before, &weights), LF_OK);
    lf_graph *c = lf_graph_clone(g), *d = lf_graph_clone(c);
    lf_tensor_rename(c, lf_find_tensor(c, "w/0"), "other");
    assert_non_null(lf_find_tensor(g, "w/0"));
    lf_graph_free(g);
    lf_graph_free(c);
    assert_int_equal(lf_graph_print(d, false, &after, &weights2), LF_OK);
    assert_string_equal(before.at, after.at);
    assert_int_equal(weights.len, weights2.len);
    assert_memory_equal(weights.at, weights2.at, weights.len);
    lf_text_free(&before);
    lf_text_free(&after);
    lf_text_free(&weights);
    lf_text_free(&weights2);
    lf_graph_free(d);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip), cmocka_unit_test(test_liberties), cmocka_unit_test(test_malformed),
        WITH_CONTEXT(test_damaged),        WITH_CONTEXT(test_wrong_weights), WITH_CONTEXT(test_every_container),
        WITH_CONTEXT(test_files),          WITH_CONTEXT(test_unsound_graph), WITH_CONTEXT(test_float_codes),
        WITH_CONTEXT(test_clone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
