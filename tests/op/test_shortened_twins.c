/* The lemma of doc/dev/deadlock.md, for every unit: whatever the shortened twin takes or gives at some counts of words, the whole one is
 * bound to take or give at these counts, in whatever state gaps and pauses have left it. All states that small units can reach within
 * two frames are gone through. */
#include "op_bench.h"

#undef skip /* cmocka's; units have one too */

#include "ir/attr_access.h"
#include "ops/branch.h"
#include "ops/mvu_plan.h"
#include "ops/stream.h"

enum { PORTS = 4, SETTLED = 100, MOST_STATE = 640 };

static op_bench b;

static int begin(void **state) {
    (void)state;
    op_begin(&b);
    return 0;
}

static int end(void **state) {
    (void)state;
    op_end(&b);
    return 0;
}

/* -- counts of words, and what is known about them ------------------------------------------------------------------------ */

/* Words taken and given, and who offers one: what a neighbour can know. */
typedef struct counts {
    uint16_t in[PORTS], out[PORTS], offered; /* offered: a bit per input */
} counts;

typedef struct node {
    counts at;
    uint8_t state[MOST_STATE];
} node;

/* At some counts: `takes`: a word that is offered is taken, whatever the state; `gives`: a bit per output. */
typedef struct promise {
    counts at;
    bool takes;
    uint8_t gives;
} promise;

/* A set of records of one size, by their first `key` bytes. */
typedef struct set {
    size_t size, key, count, room;
    uint8_t *at;
    uint32_t *slot; /* index + 1 */
} set;

static uint64_t hash_of(const uint8_t *p, size_t n) {
    uint64_t h = 14695981039346656037u;
    for (size_t i = 0; i < n; i++)
        h = (h ^ p[i]) * 1099511628211u;
    return h ^ h >> 29;
}

static void grow(set *s) {
    s->room = s->room ? 2 * s->room : 1024;
    s->at = realloc(s->at, s->room * s->size);
    free(s->slot);
    s->slot = calloc(2 * s->room, sizeof *s->slot);
    assert_true(s->at && s->slot);
    for (size_t i = 0; i < s->count; i++) {
        size_t k = hash_of(s->at + i * s->size, s->key) % (2 * s->room);
        while (s->slot[k])
            k = (k + 1) % (2 * s->room);
        s->slot[k] = (uint32_t)i + 1;
    }
}

/* The record with this key; *fresh: it was put there. */
static void *put(set *s, const void *record, bool *fresh) {
    if (s->count == s->room)
        grow(s);
    size_t k = hash_of(record, s->key) % (2 * s->room);
    for (; s->slot[k]; k = (k + 1) % (2 * s->room)) {
        uint8_t *found = s->at + (s->slot[k] - 1) * s->size;
        if (!memcmp(found, record, s->key)) {
            *fresh = false;
            return found;
        }
    }
    *fresh = true;
    s->slot[k] = (uint32_t)s->count + 1;
    memcpy(s->at + s->count * s->size, record, s->size);
    return s->at + s->count++ * s->size;
}

static void drop(set *s) {
    free(s->at);
    free(s->slot);
}

/* -- one clock cycle -------------------------------------------------------------------------------------------------------- */

typedef struct explorer {
    lf_unit u;
    int frames;
    size_t bytes;        /* of a node that are used */
    set nodes, promises; /* or, of the shortened twin, events */
} explorer;

typedef struct cycle {
    bool s_valid[LF_UNIT_PORTS], m_ready[LF_UNIT_PORTS];
    uint8_t valid, taken, given;
} cycle;

/* The clock edge with these flags; `at` gets the counts behind it. */
static cycle step(explorer *x, counts *at, unsigned ready) {
    cycle c = {0};
    for (int p = 0; p < x->u.in_count; p++)
        c.s_valid[p] = at->offered >> p & 1;
    for (int p = 0; p < x->u.out_count; p++) {
        c.m_ready[p] = ready >> p & 1;
        c.valid |= (uint8_t)(x->u.kind->valid(x->u.state, p) << p);
    }
    for (int p = 0; p < x->u.in_count; p++)
        if (c.s_valid[p] && x->u.kind->ready(x->u.state, p, c.s_valid, c.m_ready))
            c.taken |= (uint8_t)(1 << p);
    c.given = (uint8_t)(c.valid & ready);
    x->u.kind->clock(x->u.state, c.s_valid, c.m_ready);
    for (int p = 0; p < x->u.in_count; p++)
        at->in[p] = (uint16_t)(at->in[p] + (c.taken >> p & 1));
    for (int p = 0; p < x->u.out_count; p++)
        at->out[p] = (uint16_t)(at->out[p] + (c.given >> p & 1));
    at->offered &= (uint16_t)~c.taken;
    return c;
}

/* -- what the whole twin is bound to do ---------------------------------------------------------------------------------------- */

/* Left alone with the words that are offered: does it take one; which outputs have a word in the end? A neighbour that takes nothing may show
 * ready all the same while there is nothing to take. */
static promise settle(explorer *x, const node *n, bool eager) {
    promise p = {.at = n->at};
    counts at = n->at;
    memcpy(x->u.state, n->state, x->u.state_bytes);
    for (int i = 0; i < SETTLED && !p.takes; i++) {
        unsigned ready = 0;
        for (int k = 0; k < x->u.out_count; k++)
            ready |= (unsigned)(eager && !x->u.kind->valid(x->u.state, k)) << k;
        cycle c = step(x, &at, ready);
        p.takes = c.taken;
        p.gives = c.valid;
    }
    if (p.takes)
        p.gives = 0xff;
    return p;
}

static void promise_at(explorer *x, const node *n) {
    for (int eager = 0; eager < 2; eager++) {
        promise p = settle(x, n, eager);
        bool fresh;
        promise *known = put(&x->promises, &p, &fresh);
        known->takes &= p.takes;
        known->gives &= p.gives;
    }
}

/* Something that the shortened twin does: at these counts these words are taken, or this one given. */
typedef struct event {
    counts at;
    uint8_t taken, given;
} event;

static void note_events(explorer *x, const counts *before, const cycle *c) {
    bool fresh;
    event e = {.at = *before};
    for (int p = 0; p < x->u.out_count; p++)
        if (c->valid >> p & 1) {
            e.given = (uint8_t)(1 << p);
            put(&x->promises, &e, &fresh);
        }
    e.given = 0;
    e.taken = c->taken;
    for (int p = 0; p < x->u.out_count; p++)
        e.at.out[p] = (uint16_t)(e.at.out[p] + (c->given >> p & 1));
    if (e.taken)
        put(&x->promises, &e, &fresh);
}

/* -- all states --------------------------------------------------------------------------------------------------------------- */

static void offer(explorer *x, node *n) {
    unsigned may = 0;
    bool fresh;
    for (int p = 0; p < x->u.in_count; p++)
        may |= (unsigned)(n->at.in[p] < x->frames * x->u.in_beats[p]) << p;
    for (unsigned v = 0; v < 1u << x->u.in_count; v++) {
        node next = *n;
        if (v & ~may || n->at.offered & ~v)
            continue;
        next.at.offered = (uint16_t)v;
        put(&x->nodes, &next, &fresh);
    }
}

static void explore(explorer *x, bool whole) {
    assert_true(x->u.state_bytes <= MOST_STATE && x->u.in_count <= PORTS && x->u.out_count <= PORTS);
    x->nodes = (set){.size = sizeof(node), .key = sizeof(counts) + x->u.state_bytes};
    x->promises = whole ? (set){.size = sizeof(promise), .key = sizeof(counts)}
                        : (set){.size = sizeof(event), .key = sizeof(event)};
    node n = {0};
    memcpy(n.state, x->u.state, x->u.state_bytes);
    offer(x, &n);
    for (size_t i = 0; i < x->nodes.count; i++) {
        node from;
        memcpy(&from, x->nodes.at + i * sizeof from, sizeof from);
        if (whole)
            promise_at(x, &from);
        for (unsigned ready = 0; ready < 1u << x->u.out_count; ready++) {
            node to = {.at = from.at};
            memcpy(x->u.state, from.state, x->u.state_bytes);
            cycle c = step(x, &to.at, ready);
            memcpy(to.state, x->u.state, x->u.state_bytes);
            if (!whole)
                note_events(x, &from.at, &c);
            offer(x, &to);
        }
    }
}

/* Whether a state with counts `s` may be where the network stops in which the event comes first that has not happened there: some of
 * the words that it takes may have been taken, not all. */
static bool comes_after(const lf_unit *u, const event *e, const counts *s) {
    unsigned left = 0;
    for (int p = 0; p < u->in_count; p++) {
        bool same = s->in[p] == e->at.in[p];
        if (s->in[p] < e->at.in[p] || (same && e->at.offered & ~s->offered & 1 << p))
            return false;
        left |= (unsigned)same << p & e->taken;
    }
    if (e->taken && !left)
        return false;
    for (int p = 0; p < u->out_count; p++)
        if (s->out[p] < e->at.out[p] || (e->given >> p & 1 && s->out[p] != e->at.out[p]))
            return false;
    return true;
}

static int64_t broken(const explorer *whole, const explorer *shortened) {
    int64_t count = 0;
    for (size_t i = 0; i < shortened->promises.count; i++) {
        const event *e = (const event *)(const void *)(shortened->promises.at + i * sizeof *e);
        for (size_t k = 0; k < whole->promises.count; k++) {
            const promise *p = (const promise *)(const void *)(whole->promises.at + k * sizeof *p);
            if (comes_after(&whole->u, e, &p->at))
                count += e->taken ? !p->takes : (p->gives & e->given) != e->given;
        }
    }
    return count;
}

/* Two twins of one unit; `frames` is how far they are followed. True when the promise holds. */
static bool holds(lf_unit whole, lf_unit shortened, int frames) {
    explorer x = {.u = whole, .frames = frames}, y = {.u = shortened, .frames = frames};
    if (shortened.kind->shorten)
        shortened.kind->shorten(shortened.state);
    explore(&x, true);
    explore(&y, false);
    int64_t wrong = broken(&x, &y);
    print_message("%-14s %7zu states, %6zu shortened: %lld broken\n", whole.name, x.nodes.count, y.nodes.count,
                  (long long)wrong);
    drop(&x.nodes), drop(&x.promises), drop(&y.nodes), drop(&y.promises);
    return wrong == 0;
}

static void check(lf_unit whole, lf_unit shortened, int frames) {
    if (!holds(whole, shortened, frames))
        fail_msg("%s does less than its shortened twin", whole.name);
}

static void check_node(int frames) {
    lf_unit u[2];
    b.n->place = LF_PLACE_FPGA;
    assert_int_equal(lf_infer_node(b.g, b.n), LF_OK);
    for (int i = 0; i < 2; i++) {
        u[i] = (lf_unit){0};
        assert_int_equal(b.n->op->unit(b.g, b.n, b.a, &u[i]), LF_OK);
        u[i].name = b.n->op->name;
    }
    check(u[0], u[1], frames);
}

/* -- units without a node ------------------------------------------------------------------------------------------------------ */

static void test_registers(void **state) {
    (void)state;
    for (int stages = 1; stages < 6; stages++) {
        check(lf_twin_pipe(b.a, "pipe", 10, stages), lf_twin_pipe(b.a, "pipe", 10, stages), 1);
        check(lf_twin_join(b.a, "join", 10, stages), lf_twin_join(b.a, "join", 10, stages), 1);
    }
}

static void test_queues(void **state) {
    (void)state;
    for (int64_t n = 1; n < 6; n++) {
        check(lf_twin_queue(b.a, "queue", 12, n, false), lf_twin_queue(b.a, "queue", 12, n, false), 1);
        check(lf_twin_queue(b.a, "memory", 12, n + 2, true), lf_twin_queue(b.a, "memory", 12, n + 2, true), 1);
    }
}

static lf_unit matrix(int64_t sf, int64_t nf, int ranks, bool accumulates, bool streamed) {
    lf_unit u;
    lf_mvu_plan p = {.sf = sf, .nf = nf, .ranks = ranks, .accumulates = accumulates};
    p.source = streamed ? LF_MVU_STREAM : p.source;
    p.spec.name = "mvu";
    lf_mvu_twin(&p, p.spec.name, 12 / sf, b.a, &u);
    return u;
}

static void test_matrices(void **state) {
    (void)state;
    static const int fold[][2] = {{1, 1}, {2, 1}, {3, 1}, {1, 2}, {1, 3}, {2, 2}, {3, 3}, {2, 3}};
    for (size_t i = 0; i < LF_COUNT(fold); i++)
        for (int ranks = 1; ranks < 6; ranks += 2)
            for (int accumulates = 0; accumulates < 2; accumulates++)
                check(matrix(fold[i][0], fold[i][1], ranks, accumulates, false),
                      matrix(fold[i][0], fold[i][1], ranks, accumulates, false), 1);
}

/* Weights from outside: taken together with the words of the vector. */
static void test_streamed_weights(void **state) {
    (void)state;
    for (int nf = 1; nf < 3; nf++)
        check(matrix(2, nf, 2, true, true), matrix(2, nf, 2, true, true), 1);
    check(matrix(1, 2, 3, false, true), matrix(1, 2, 3, false, true), 1);
}

/* -- nodes ------------------------------------------------------------------------------------------------------------------ */

static lf_tensor *codes(const char *shape) {
    return op_codes(&b, shape, (lf_range){-8, 7, 1}, 1);
}

static void test_converters(void **state) {
    (void)state;
    static const char *const lanes[][2] = {{"6", "1"}, {"6", "2"}, {"1", "6"}, {"2", "6"}, {"2", "3"}, {"3", "2"}};
    for (size_t i = 0; i < LF_COUNT(lanes); i++) {
        op_node(&b, "width_converter", 1, &(lf_tensor *){codes("1,3,6")}, "in_lanes", lanes[i][0], "out_lanes",
                lanes[i][1], NULL);
        check_node(2);
    }
}

static void test_branches(void **state) {
    (void)state;
    lf_tensor *x[] = {codes("1,3,2"), codes("1,3,4"), codes("1,3,2")};
    op_node(&b, "concat_join", 3, x, "PE", "2", NULL);
    check_node(2);
    b.outs = 3;
    op_node(&b, "split_fork", 1, &(lf_tensor *){codes("1,2,8")}, "sizes", "[2,4,2]", "PE", "2", NULL);
    check_node(2);
    op_node(&b, "width_converter", 1, &(lf_tensor *){codes("1,2,2")}, "in_lanes", "1", "out_lanes", "2", NULL);
    b.n->place = LF_PLACE_FPGA;
    b.n->out_count = 1;
    assert_int_equal(lf_infer_node(b.g, b.n), LF_OK);
    op_node(&b, "fork", 1, &(lf_tensor *){lf_out(b.g, b.n, 0)}, NULL);
    check_node(2);
}

static void test_reductions(void **state) {
    (void)state;
    static const char *const taps[] = {"1", "2", "3"}, *const lanes[] = {"1", "2", "4", "8"};
    for (size_t i = 0; i < LF_COUNT(taps); i++) {
        op_node(&b, "pool", 1, &(lf_tensor *){codes(lf_format(b.a, "1,2,%d", 4 * atoi(taps[i])))}, "K", taps[i], "PE",
                "2", NULL);
        check_node(2);
    }
    op_node(&b, "global_pool", 1, &(lf_tensor *){codes("1,2,3,4")}, "PE", "2", NULL);
    check_node(2);
    for (size_t i = 0; i < LF_COUNT(lanes); i++) {
        op_node(&b, "argmax", 1, &(lf_tensor *){codes("3,8")}, "axis", "1", "PE", lanes[i], NULL);
        check_node(2);
    }
}

static void test_frames(void **state) {
    (void)state;
    static const char *const pads[] = {"[1,1,0,2]", "[0,0,1,1]", "[-1,0,0,-1]", "[2,-1,1,2]"};
    for (size_t i = 0; i < LF_COUNT(pads); i++) {
        op_node(&b, "frame", 1, &(lf_tensor *){codes("1,3,4,2")}, "SIMD", i % 2 ? "1" : "2", "pads", pads[i], "steps",
                i % 2 ? "[1,1]" : "[1,2]", NULL);
        check_node(i % 2 ? 1 : 2);
    }
}

static void window(const char *shape, const char *kernel, const char *strides, const char *pads, const char *order,
                   const char *simd, int frames) {
    op_node(&b, "window", 1, &(lf_tensor *){codes(shape)}, "kernel", kernel, "strides", strides, "pads", pads, "order",
            order, "SIMD", simd, NULL);
    check_node(frames);
}

static void test_walks(void **state) {
    (void)state;
    window("1,4,4,1", "[3,3]", "[1,1]", "[1,1,1,1]", "rows", "1", 2);
    window("1,5,4,1", "[2,2]", "[2,2]", "[0,0,0,0]", "rows", "1", 2);
    window("1,4,3,2", "[3,1]", "[1,2]", "[1,0,0,0]", "rows", "1", 1);
    window("1,5,3,1", "[3,2]", "[1,1]", "[1,1,1,0]", "columns", "3", 2);
    window("1,3,3,2", "[1,1]", "[1,1]", "[2,0,0,1]", "rows", "2", 2);
    op_node(&b, "upsample", 1, &(lf_tensor *){codes("1,2,3,1")}, "factors", "[2,2]", NULL);
    check_node(2);
    op_node(&b, "depth_to_space", 1, &(lf_tensor *){codes("1,2,2,4")}, "block", "2", NULL);
    check_node(2);
}

static void test_columns(void **state) {
    (void)state;
    static const char *const sizes[][4] = {
        {"1,2,4,1", "2", "1", "1"}, {"1,2,5,1", "3", "2", "1"}, {"1,2,6,1", "2", "3", "2"}, {"1,2,3,1", "1", "1", "1"}};
    for (size_t i = 0; i < LF_COUNT(sizes); i++) {
        op_node(&b, "columns", 1, &(lf_tensor *){codes(sizes[i][0])}, "kernel", sizes[i][1], "stride", sizes[i][2],
                "dilation", sizes[i][3], NULL);
        check_node(2);
    }
}

/* A pipeline that keeps its length does more than gaps leave it: the test must see that. */
static void test_long_pipes_are_seen(void **state) {
    (void)state;
    lf_unit pipe = lf_twin_pipe(b.a, "whole pipe", 10, 3), mvu = matrix(2, 2, 4, false, false);
    lf_unit_kind long_pipe = *pipe.kind, long_mvu = *mvu.kind;
    long_pipe.shorten = long_mvu.shorten = NULL;
    pipe.kind = &long_pipe;
    mvu.kind = &long_mvu;
    assert_false(holds(lf_twin_pipe(b.a, "not shortened", 10, 3), pipe, 1));
    assert_false(holds(matrix(2, 2, 4, false, false), mvu, 1));
    assert_false(holds(lf_twin_queue(b.a, "queue of 2", 10, 2, false), lf_twin_queue(b.a, "queue", 10, 3, false), 1));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_registers, begin, end),
        cmocka_unit_test_setup_teardown(test_queues, begin, end),
        cmocka_unit_test_setup_teardown(test_matrices, begin, end),
        cmocka_unit_test_setup_teardown(test_streamed_weights, begin, end),
        cmocka_unit_test_setup_teardown(test_converters, begin, end),
        cmocka_unit_test_setup_teardown(test_branches, begin, end),
        cmocka_unit_test_setup_teardown(test_reductions, begin, end),
        cmocka_unit_test_setup_teardown(test_frames, begin, end),
        cmocka_unit_test_setup_teardown(test_walks, begin, end),
        cmocka_unit_test_setup_teardown(test_columns, begin, end),
        cmocka_unit_test_setup_teardown(test_long_pipes_are_seen, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
