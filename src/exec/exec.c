#include "exec/exec.h"

#include <string.h>

#include "base/pool.h"
#include "ops/ops.h"
#include "ops/run_node.h"

struct lf_exec {
    lf_ctx *ctx;
    const lf_graph *graph;
    lf_arena *arena;
    lf_memo *memo;
    lf_value *constant; /* [tensor id]: of constants and of what depends on constants only; tensor NULL: not yet */
    bool *fixed;        /* [tensor id]: depends on constants only */
    uint8_t *runs;      /* [node id], for the rows in hand: NODE_* */
};

enum { NODE_IDLE, NODE_ONCE, NODE_EACH };

static const lf_tensor *tensor_of(const lf_exec *e, lf_id id) {
    return lf_tensor_at(e->graph, id);
}

static void mark_fixed(lf_exec *e) {
    const lf_graph *g = e->graph;
    for (size_t i = 0; i < g->tensors.count; i++)
        e->fixed[i + 1] = g->tensors.at[i] && g->tensors.at[i]->value;
    for (size_t i = 0; i < g->order.count; i++) {
        const lf_node *n = lf_node_at(g, g->order.at[i]);
        bool all = n && n->in_count > 0;
        for (int k = 0; all && k < n->in_count; k++)
            all = !n->in[k] || e->fixed[n->in[k]];
        for (int k = 0; all && k < n->out_count; k++)
            if (n->out[k])
                e->fixed[n->out[k]] = true;
    }
}

static bool all_defined(const lf_exec *e) {
    bool fine = true;
    for (size_t i = 0; i < e->graph->order.count; i++) {
        const lf_node *n = lf_node_at(e->graph, e->graph->order.at[i]);
        if (!n || n->op->exec)
            continue;
        lf_where where = lf_where_node(e->graph, n);
        (void)lf_fail(e->ctx, LF_BAD_INPUT, &where, "%s has no definition that the reference engine could run",
                      n->op->name);
        fine = false;
    }
    return fine;
}

lf_exec *lf_exec_new(lf_ctx *ctx, const lf_graph *g) {
    lf_arena *arena = lf_arena_new();
    lf_memo *memo = lf_memo_new(g);
    if (!arena || !memo) {
        lf_arena_free(arena);
        lf_memo_free(memo);
        (void)lf_fail(ctx, LF_BAD_INPUT, NULL, "out of memory for the reference engine");
        return NULL;
    }
    lf_exec *e = LF_NEW(arena, lf_exec);
    *e = (lf_exec){.ctx = ctx, .graph = g, .arena = arena, .memo = memo};
    e->constant = LF_NEW_ARRAY(arena, lf_value, g->tensors.count + 1);
    e->fixed = LF_NEW_ARRAY(arena, bool, g->tensors.count + 1);
    e->runs = LF_NEW_ARRAY(arena, uint8_t, g->nodes.count + 1);
    mark_fixed(e);
    if (all_defined(e))
        return e;
    lf_exec_free(e);
    return NULL;
}

void lf_exec_free(lf_exec *e) {
    if (!e)
        return;
    lf_memo_free(e->memo);
    lf_arena_free(e->arena);
}

/* -- what has to run ------------------------------------------------------------------------------------------------------ */

static const lf_row_in *given_rows(const lf_row_io *io, lf_id tensor) {
    for (size_t i = 0; i < io->in_count; i++)
        if (io->in[i].tensor == tensor)
            return &io->in[i];
    return NULL;
}

static const lf_port *port_of(const lf_graph *g, lf_id tensor) {
    for (size_t i = 0; i < g->inputs.count; i++)
        if (g->inputs.at[i].tensor == tensor)
            return &g->inputs.at[i];
    return NULL;
}

static lf_status check_outputs(const lf_exec *e, const lf_row_io *io) {
    for (size_t i = 0; i < io->out_count; i++) {
        const lf_tensor *t = tensor_of(e, io->out[i].tensor);
        if (io->out[i].code && !lf_on_grid(t))
            return lf_fail(e->ctx, LF_BAD_INPUT, NULL, "%s is not on an integer grid: it has no codes", t->name);
    }
    return LF_OK;
}

/* Backward from what is requested to what is given. */
static lf_status plan(lf_exec *e, const lf_row_io *io) {
    const lf_graph *g = e->graph;
    lf_arena *a = lf_arena_new();
    bool *needed = LF_NEW_ARRAY(a, bool, g->tensors.count + 1);
    memset(e->runs, NODE_IDLE, g->nodes.count + 1);
    for (size_t i = 0; i < io->out_count; i++)
        needed[io->out[i].tensor] = true;
    for (size_t i = 0; i < io->in_count; i++)
        needed[io->in[i].tensor] = false;
    for (size_t i = g->order.count; i-- > 0;) {
        const lf_node *n = lf_node_at(g, g->order.at[i]);
        bool run = false;
        for (int k = 0; n && k < n->out_count; k++)
            run = run || (n->out[k] && needed[n->out[k]] && !given_rows(io, n->out[k]));
        if (!run)
            continue;
        e->runs[n->id] = e->fixed[n->out[0]] ? NODE_ONCE : NODE_EACH;
        for (int k = 0; k < n->in_count; k++)
            if (n->in[k] && !given_rows(io, n->in[k]))
                needed[n->in[k]] = true;
    }
    lf_status status = LF_OK;
    for (size_t id = 1; id <= g->tensors.count && status == LF_OK; id++)
        if (needed[id] && !tensor_of(e, (lf_id)id)->value && !tensor_of(e, (lf_id)id)->producer)
            status =
                lf_fail(e->ctx, LF_BAD_INPUT, NULL, "no rows are given for input %s", tensor_of(e, (lf_id)id)->name);
    lf_arena_free(a);
    return status;
}

/* A constant operand of n. matmul and conv read their weights in place, so that large ones are not expanded. */
static lf_value constant_operand(lf_exec *e, const lf_node *n, const lf_tensor *t) {
    if ((n->op == &lf_op_matmul || n->op == &lf_op_conv) && t->value)
        return (lf_value){.tensor = t, .count = t->value->count};
    lf_value *v = &e->constant[t->id];
    if (!v->tensor)
        *v = lf_value_const(e->arena, t);
    return *v;
}

static lf_status run_constants(lf_exec *e, lf_arena *scratch) {
    const lf_graph *g = e->graph;
    lf_run run = {.ctx = e->ctx, .graph = g, .scratch = scratch};
    for (size_t i = 0; i < g->order.count; i++) {
        const lf_node *n = lf_node_at(g, g->order.at[i]);
        if (!n || e->runs[n->id] != NODE_ONCE || e->constant[n->out[0]].tensor)
            continue;
        lf_value *in = LF_NEW_ARRAY(e->arena, lf_value, n->in_count + 1),
                 *out = LF_NEW_ARRAY(e->arena, lf_value, n->out_count + 1);
        for (int k = 0; k < n->in_count; k++)
            if (n->in[k])
                in[k] = tensor_of(e, n->in[k])->value ? constant_operand(e, n, tensor_of(e, n->in[k]))
                                                      : e->constant[n->in[k]];
        for (int k = 0; k < n->out_count; k++)
            if (n->out[k] && !lf_value_try(e->arena, tensor_of(e, n->out[k]), &out[k]))
                return lf_fail(e->ctx, LF_BAD_INPUT, NULL, "out of memory for %s", tensor_of(e, n->out[k])->name);
        LF_TRY(lf_run_node(&run, n, in, out));
        for (int k = 0; k < n->out_count; k++)
            if (n->out[k])
                e->constant[n->out[k]] = out[k];
    }
    return LF_OK;
}

/* -- one worker --------------------------------------------------------------------------------------------------------------- */

typedef struct step {
    const lf_node *node;
    lf_value *in, *out;
} step;

typedef struct worker {
    lf_ctx *ctx; /* of its own: what fails here is said again, in order, by the caller's */
    lf_arena *arena, *scratch;
    lf_run run;
    lf_value *value; /* [tensor id] */
    step *steps;
    size_t step_count;
    bool no_memory;
    lf_status status;
    size_t failed_row;
} worker;

static lf_value new_value(worker *w, const lf_tensor *t) {
    lf_value v;
    if (!lf_value_try(w->arena, t, &v))
        w->no_memory = true;
    return v;
}

static void add_step(lf_exec *e, worker *w, const lf_node *n) {
    step s = {n, LF_NEW_ARRAY(w->arena, lf_value, n->in_count + 1), LF_NEW_ARRAY(w->arena, lf_value, n->out_count + 1)};
    for (int k = 0; k < n->out_count; k++) {
        if (!n->out[k])
            continue;
        lf_value *v = &w->value[n->out[k]];
        s.out[k] = new_value(w, tensor_of(e, n->out[k]));
        if (!v->tensor)
            *v = s.out[k]; /* rows given for this tensor keep their place */
    }
    for (int k = 0; k < n->in_count; k++) {
        const lf_tensor *t = tensor_of(e, n->in[k]);
        if (t)
            s.in[k] = w->value[t->id].tensor ? w->value[t->id]
                      : t->value             ? constant_operand(e, n, t)
                                             : e->constant[t->id];
    }
    w->steps[w->step_count++] = s;
}

static void prepare_worker(lf_exec *e, const lf_row_io *io, worker *w, lf_ctx *ctx) {
    const lf_graph *g = e->graph;
    w->ctx = ctx;
    w->arena = lf_arena_new();
    w->scratch = lf_arena_new();
    w->run = (lf_run){.ctx = ctx, .graph = g, .scratch = w->scratch, .memo = e->memo};
    w->value = LF_NEW_ARRAY(w->arena, lf_value, g->tensors.count + 1);
    w->steps = LF_NEW_ARRAY(w->arena, step, g->nodes.count + 1);
    for (size_t i = 0; i < io->in_count; i++)
        w->value[io->in[i].tensor] = new_value(w, tensor_of(e, io->in[i].tensor));
    for (size_t i = 0; i < g->order.count; i++) {
        const lf_node *n = lf_node_at(g, g->order.at[i]);
        if (n && e->runs[n->id] == NODE_EACH)
            add_step(e, w, n);
    }
}

static void end_worker(worker *w) {
    lf_arena_free(w->arena);
    lf_arena_free(w->scratch);
}

static lf_value requested(lf_exec *e, const worker *w, lf_id id) {
    if (w->value[id].tensor)
        return w->value[id];
    if (!e->constant[id].tensor)
        e->constant[id] = lf_value_const(e->arena, tensor_of(e, id));
    return e->constant[id];
}

static lf_status run_row(lf_exec *e, worker *w, const lf_row_io *io, size_t row) {
    for (size_t i = 0; i < io->in_count; i++)
        LF_TRY(lf_row_read(w->ctx, port_of(e->graph, io->in[i].tensor), &io->in[i], row, &w->value[io->in[i].tensor]));
    for (size_t i = 0; i < w->step_count; i++)
        LF_TRY(lf_run_node(&w->run, w->steps[i].node, w->steps[i].in, w->steps[i].out));
    lf_arena_reset(w->scratch);
    for (size_t i = 0; i < io->out_count; i++) {
        lf_value v = requested(e, w, io->out[i].tensor);
        lf_row_write(&w->run, &v, &io->out[i], row);
    }
    return LF_OK;
}

/* -- all rows -------------------------------------------------------------------------------------------------------------------- */

typedef struct job {
    lf_exec *exec;
    const lf_row_io *io;
    worker *workers;
    size_t first, rows, chunk; /* rows: one past the last */
} job;

static void run_chunk(void *arg, size_t index, int worker_index) {
    job *j = arg;
    worker *w = &j->workers[worker_index];
    size_t from = j->first + index * j->chunk, to = from + j->chunk < j->rows ? from + j->chunk : j->rows;
    for (size_t row = from; row < to; row++) {
        if (w->status != LF_OK && w->failed_row < row)
            return;
        lf_status status = run_row(j->exec, w, j->io, row);
        if (status == LF_OK)
            continue;
        w->status = status;
        w->failed_row = row;
        return;
    }
}

/* The first row that failed, run again where its diagnostic is kept. */
static lf_status say_again(job *j, int workers) {
    size_t row = SIZE_MAX;
    for (int i = 0; i < workers; i++)
        if (j->workers[i].status != LF_OK && j->workers[i].failed_row < row)
            row = j->workers[i].failed_row;
    if (row == SIZE_MAX)
        return LF_OK;
    worker w = {0};
    prepare_worker(j->exec, j->io, &w, j->exec->ctx);
    size_t before = lf_diag_count(j->exec->ctx);
    lf_status status = run_row(j->exec, &w, j->io, row);
    end_worker(&w);
    size_t after = lf_diag_count(j->exec->ctx);
    if (after > before && lf_diag_at(j->exec->ctx, after - 1)->where.node)
        lf_hint(j->exec->ctx, "row %zu of the input leads to it", row);
    return status;
}

/* Constants that are asked for are expanded before the threads begin. */
static void expand_requested(lf_exec *e, const lf_row_io *io) {
    for (size_t i = 0; i < io->out_count; i++) {
        const lf_tensor *t = tensor_of(e, io->out[i].tensor);
        if (t->value && !e->constant[t->id].tensor)
            e->constant[t->id] = lf_value_const(e->arena, t);
    }
}

static lf_status run_blocks(job *j, int workers) {
    lf_pool *pool = lf_ctx_pool(j->exec->ctx);
    size_t share = (j->rows - j->first) / ((size_t)workers * 16) + 1;
    j->chunk = share < 32 ? share : 32;
    size_t block = j->chunk * (size_t)workers * 8;
    for (; j->first < j->rows; j->first += block) {
        size_t left = j->rows - j->first < block ? j->rows - j->first : block;
        lf_pool_run(pool, (left + j->chunk - 1) / j->chunk, run_chunk, j);
        LF_TRY(say_again(j, workers));
        lf_progress(j->exec->ctx, "reference", j->first + left, j->rows);
    }
    return LF_OK;
}

static lf_status run_all(lf_exec *e, const lf_row_io *io, size_t first, size_t end) {
    int workers = lf_pool_size(lf_ctx_pool(e->ctx));
    lf_arena *a = lf_arena_new();
    job j = {.exec = e, .io = io, .first = first, .rows = end, .workers = LF_NEW_ARRAY(a, worker, workers)};
    bool no_memory = false;
    for (int i = 0; i < workers; i++) {
        prepare_worker(e, io, &j.workers[i], lf_ctx_new(1));
        no_memory = no_memory || j.workers[i].no_memory;
    }
    lf_status status = no_memory ? lf_fail(e->ctx, LF_BAD_INPUT, NULL, "out of memory for the tensors of one sample")
                                 : run_blocks(&j, workers);
    for (int i = 0; i < workers; i++) {
        lf_ctx_free(j.workers[i].ctx);
        end_worker(&j.workers[i]);
    }
    lf_arena_free(a);
    return status;
}

lf_status lf_exec_rows(lf_exec *e, const lf_row_io *io, size_t rows) {
    return lf_exec_range(e, io, 0, rows);
}

lf_status lf_exec_range(lf_exec *e, const lf_row_io *io, size_t first, size_t rows) {
    LF_TRY(check_outputs(e, io));
    LF_TRY(plan(e, io));
    expand_requested(e, io);
    lf_arena *scratch = lf_arena_new();
    lf_status status = run_constants(e, scratch);
    lf_arena_free(scratch);
    return status == LF_OK && rows ? run_all(e, io, first, first + rows) : status;
}
