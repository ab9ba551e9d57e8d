/* quantize and opt --check hold what they made against what they had: with a fault planted into a writer, and one into a pass, they must
 * fail, and say where. */
#include "../place.h"

#include <unistd.h>

#include "export/export.h"
#include "ir/lftext.h"
#include "ir/pass.h"
#include "lutfisk/lutfisk.h"

static bool planted;

/* -- faults ----------------------------------------------------------------------------------------------------------------- */

static lf_tensor *first_matrix(const lf_graph *g) {
    for (size_t i = 0; i < g->tensors.count; i++)
        if (g->tensors.at[i] && g->tensors.at[i]->value && g->tensors.at[i]->shape.rank == 2)
            return g->tensors.at[i];
    fail_msg("the graph has no matrix");
    return NULL;
}

/* The last element of the first matrix changes its sign. */
static lf_status turn_a_weight(lf_graph *g) {
    const lf_tensor *w = first_matrix(g);
    size_t count = (size_t)lf_shape_count(w->shape);
    double *real = LF_NEW_ARRAY(g->arena, double, count);
    for (size_t i = 0; i < count; i++)
        real[i] = i + 1 == count ? -lf_const_real(w->value, i) : lf_const_real(w->value, i);
    lf_id turned = lf_const_reals(g, "turned", w->shape, real)->id;
    for (size_t i = 0; i < g->order.count; i++) {
        lf_node *n = lf_node_at(g, g->order.at[i]);
        for (int k = 0; k < n->in_count; k++)
            n->in[k] = n->in[k] == w->id ? turned : n->in[k];
    }
    lf_graph_prune(g);
    return lf_infer(g);
}

/* In place of the library's: text, which models are read from, too. */
lf_status lf_export_onnx(const lf_graph *g, const char *path) {
    lf_graph *copy = lf_graph_clone(g);
    lf_status status = copy ? LF_OK : LF_BAD_INPUT;
    if (status == LF_OK && planted)
        status = turn_a_weight(copy);
    if (status == LF_OK)
        status = lf_graph_save(copy, path, true);
    lf_graph_free(copy);
    return status;
}

static lf_status run(lf_graph *g, const void *options, lf_arena *scratch) {
    (void)options;
    (void)scratch;
    return planted ? turn_a_weight(g) : LF_OK;
}

/* In place of the library's; there are no pools here. */
extern const lf_pass lf_pass_sink_pools;
const lf_pass lf_pass_sink_pools = {.name = "sink-pools", .help = "with a fault", .promise = LF_SAME_BITS, .run = run};

/* -- the test ----------------------------------------------------------------------------------------------------------------- */

/* Only that the check fails, not that something does. */
static void expect(const place *p, lf_status status) {
    if (planted && status == LF_OK)
        fail_msg("the fault was not seen");
    if (!planted && status != LF_OK)
        fail_msg("without a fault: %s", place_said(p));
    assert_int_equal(status, planted ? LF_FAILED : LF_OK);
    if (planted && !strstr(place_said(p), "output y, element 1"))
        fail_msg("says '%s'", place_said(p));
}

static void quantize(const place *p, bool fault) {
    planted = fault;
    lf_answer answer = {0};
    const char *out = lf_path_join(p->a, p->dir, "out.onnx");
    lf_quantize_options o = {
        .model = {.model = place_reals_net(p, 1)}, .out = out, .random = "-1,1", .samples = 64, .bits = 4};
    expect(p, lf_quantize(p->ctx, &o, &answer));
    assert_int_equal(access(out, F_OK) == 0, !fault);
    lf_answer_free(&answer);
}

static void test_quantize_refuses(void **state) {
    quantize(*state, true);
}

static void test_quantize(void **state) {
    quantize(*state, false);
}

static void opt(const place *p, bool fault) {
    planted = fault;
    lf_answer answer = {0};
    const char *out = lf_path_join(p->a, p->dir, "out.lf");
    lf_opt_options o = {.model = {.model = place_reals_net(p, 1)}, .passes = "sink-pools", .out = out, .check = true};
    expect(p, lf_opt(p->ctx, &o, &answer));
    assert_int_equal(access(out, F_OK) == 0, !fault);
    lf_answer_free(&answer);
}

static void test_opt_refuses(void **state) {
    opt(*state, true);
}

static void test_opt(void **state) {
    opt(*state, false);
}

/* Without --check nothing is compared. */
static void test_opt_unchecked(void **state) {
    const place *p = *state;
    lf_answer answer = {0};
    planted = true;
    lf_opt_options o = {.model = {.model = place_reals_net(p, 1)}, .passes = "sink-pools"};
    assert_int_equal(lf_opt(p->ctx, &o, &answer), LF_OK);
    lf_answer_free(&answer);
}

#define T(name) cmocka_unit_test_setup_teardown(name, place_make, place_drop)
int main(void) {
    const struct CMUnitTest tests[] = {T(test_quantize), T(test_quantize_refuses), T(test_opt), T(test_opt_refuses),
                                       T(test_opt_unchecked)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
