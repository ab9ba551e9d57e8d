#include "exec/fast.h"

#include <string.h>

#include "base/pool.h"
#include "exec/fast_plan.h"
#include "kern/lut_code.h"

enum {
    BLOCK_BYTES = 192 << 10, /* of a block's slots: fits the second-level cache beside the weights */
    BLOCK_LARGE = 768 << 10, /* of few large rows, which have many vectors each: what may be had of that cache */
    BLOCK_UNIT = 12,         /* the tiles of the kernels are 4 and 6 rows high */
    BLOCK_MOST = 240,
    MANY_ROWS = 48, /* for fewer, one by one is faster than bit by bit */
    RUN_BLOCKS = 64 /* per worker between two progress reports */
};

static size_t rows_of_block(const lf_plan *p) {
    if (p->block > 0)
        return p->block;
    if (p->lanes > 0)
        return p->lanes;
    size_t rows = BLOCK_BYTES / (p->row_bytes + 1) / BLOCK_UNIT * BLOCK_UNIT;
    size_t few = BLOCK_LARGE / (p->row_bytes + 1);
    few = few < 1 ? 1 : few > BLOCK_UNIT ? BLOCK_UNIT : few;
    return rows < BLOCK_UNIT ? few : rows > BLOCK_MOST ? BLOCK_MOST : rows;
}

void lf_plan_set_block(lf_plan *p, size_t rows) {
    p->block = rows;
    if (p->many)
        p->many->block = rows;
}

/* The reference engine and the memo are only made where there is no plan `few`. */
static lf_plan *new_plan(lf_ctx *ctx, const lf_graph *g, lf_isa isa, lf_plan *few) {
    lf_exec *reference = few ? few->reference : lf_exec_new(ctx, g);
    lf_arena *arena = reference ? lf_arena_new() : NULL;
    lf_memo *memo = !arena ? NULL : few ? few->memo : lf_memo_new(g);
    if (memo == NULL) {
        if (!few)
            lf_exec_free(reference);
        lf_arena_free(arena);
        return NULL;
    }
    lf_plan *p = LF_NEW(arena, lf_plan);
    *p = (lf_plan){.ctx = ctx, .graph = g, .isa = isa, .reference = reference, .memo = memo, .arena = arena};
    p->few = few;
    p->for_many = few != NULL;
    lf_plan_build(p);
    return p;
}

lf_plan *lf_plan_new_for(lf_ctx *ctx, const lf_graph *g, lf_isa isa) {
    return new_plan(ctx, g, isa, NULL);
}

lf_plan *lf_plan_new(lf_ctx *ctx, const lf_graph *g) {
    return lf_plan_new_for(ctx, g, lf_cpu_best());
}

static void end(lf_block *b) {
    lf_ctx_free(b->ctx);
    lf_arena_free(b->run.scratch);
    lf_arena_free(b->own);
}

void lf_plan_free(lf_plan *p) {
    if (p == NULL)
        return;
    lf_plan_free(p->many);
    for (int i = 0; i < p->worker_count; i++)
        end(&p->workers[i]);
    for (size_t i = 0; i < p->codes.count; i++)
        lf_lut_code_free(p->codes.at[i]);
    if (!p->few) {
        lf_exec_free(p->reference);
        lf_memo_free(p->memo);
    }
    lf_arena_free(p->arena);
}

const char *lf_plan_text(const lf_plan *p, lf_arena *a) {
    p = p->many ? p->many : p;
    const char *text = p->possible ? "" : "everything by the reference engine\n";
    for (const lf_step *s = p->possible ? p->steps : NULL; s != NULL; s = s->next)
        text = lf_format(a, "%s%s%s%s\n", text, s->node ? s->node->name : "", s->node ? ": " : "", s->text);
    return text;
}

/* -- which requests take the fast way ------------------------------------------------------------------------------------------ */

static bool is_port(const lf_ports *ports, lf_id tensor) {
    for (size_t i = 0; i < ports->count; i++)
        if (ports->at[i].tensor == tensor)
            return true;
    return false;
}

static bool given(const lf_row_io *io, lf_id tensor) {
    for (size_t i = 0; i < io->in_count; i++)
        if (io->in[i].tensor == tensor)
            return true;
    return false;
}

static bool takes(const lf_plan *p, const lf_row_io *io) {
    bool fits = p->possible;
    for (size_t i = 0; fits && i < io->in_count; i++)
        fits = is_port(&p->graph->inputs, io->in[i].tensor);
    for (size_t i = 0; fits && i < p->graph->inputs.count; i++)
        fits = given(io, p->graph->inputs.at[i].tensor);
    for (size_t i = 0; fits && i < io->out_count; i++)
        fits = lf_plan_gives(p, io->out[i].tensor) &&
               (!io->out[i].code || lf_on_grid(lf_plan_tensor(p, io->out[i].tensor)));
    return fits;
}

/* -- running --------------------------------------------------------------------------------------------------------------------- */

typedef struct job {
    const lf_plan *plan;
    const lf_row_io *io;
    size_t first, rows, block;
    lf_block *worker;
    bool *again; /* [block of this run] something went wrong: the reference engine shall say what, or do it its way */
} job;

static void run_block(void *arg, size_t index, int worker) {
    job *j = arg;
    lf_block *b = &j->worker[worker];
    size_t left = j->rows - index * j->block;
    b->first = j->first + index * j->block;
    b->rows = left < j->block ? left : j->block;
    lf_status status = LF_OK;
    for (const lf_step *s = j->plan->steps; s != NULL && status == LF_OK; s = s->next)
        status = s->run(s, b);
    j->again[index] = status != LF_OK;
    if (status == LF_OK)
        lf_block_write(b);
}

/* Made at the first rows and kept: a single row must not pay for memory. */
static bool prepare(lf_block *b, const lf_plan *p) {
    size_t block = rows_of_block(p);
    b->plan = p;
    if (b->ctx == NULL) {
        b->ctx = lf_ctx_new(1);
        b->own = lf_arena_new();
        b->run = (lf_run){.ctx = b->ctx, .graph = p->graph, .scratch = lf_arena_new(), .memo = p->memo};
    }
    if (b->memory == NULL || b->room < block) {
        b->memory = b->own ? lf_alloc_try(b->own, block, p->row_bytes + 64) : NULL;
        b->room = block;
    }
    if (b->scratch == NULL)
        b->scratch = b->own ? lf_alloc_try(b->own, 1, p->scratch_bytes + 64) : NULL;
    return b->ctx && b->run.scratch && b->memory && b->scratch;
}

/* Enough blocks for all workers, when there are few rows. */
static size_t block_for(const lf_plan *p, size_t rows, int workers) {
    size_t block = rows_of_block(p), share = (rows + (size_t)workers - 1) / (size_t)workers;
    return share < block ? share : block;
}

static bool prepare_all(lf_plan *p, const lf_row_io *io) {
    if (p->workers == NULL) {
        p->worker_count = lf_pool_size(lf_ctx_pool(p->ctx));
        p->workers = LF_NEW_ARRAY(p->arena, lf_block, p->worker_count);
        p->again = LF_NEW_ARRAY(p->arena, bool, p->worker_count *RUN_BLOCKS);
    }
    bool ready = true;
    for (int i = 0; i < p->worker_count; i++) {
        ready = prepare(&p->workers[i], p) && ready;
        p->workers[i].io = io;
    }
    return ready;
}

static lf_status run_range(lf_plan *p, const lf_row_io *io, size_t first, size_t rows);

/* Rows that the plan did not take: by the plan for few rows, whose own are left to the reference engine. */
static lf_status run_again(lf_plan *p, const job *j, size_t blocks) {
    for (size_t i = 0; i < blocks; i++) {
        size_t from = i * j->block, left = j->rows - from, rows = left < j->block ? left : j->block;
        if (j->again[i])
            LF_TRY(p->few ? run_range(p->few, j->io, j->first + from, rows)
                          : lf_exec_range(p->reference, j->io, j->first + from, rows));
    }
    return LF_OK;
}

static lf_status run_range(lf_plan *p, const lf_row_io *io, size_t first, size_t rows) {
    if (!prepare_all(p, io))
        return lf_fail(p->ctx, LF_BAD_INPUT, NULL, "no memory for the fast engine");
    size_t most = (size_t)p->worker_count * RUN_BLOCKS, end = first + rows;
    job j = {
        .plan = p, .io = io, .block = block_for(p, rows, p->worker_count), .worker = p->workers, .again = p->again};
    lf_status status = LF_OK;
    for (j.first = first; j.first < end && status == LF_OK; j.first += j.rows) {
        j.rows = end - j.first < most * j.block ? end - j.first : most * j.block;
        size_t blocks = (j.rows + j.block - 1) / j.block;
        if (blocks == 1)
            run_block(&j, 0, 0);
        else
            lf_pool_run(lf_ctx_pool(p->ctx), blocks, run_block, &j);
        status = run_again(p, &j, blocks);
        lf_progress(p->ctx, "fast", j.first + j.rows, end);
    }
    return status;
}

/* The plan for so many rows: compiled when it is needed, because that takes milliseconds. */
static lf_plan *plan_for(lf_plan *p, size_t rows) {
    if (rows < MANY_ROWS)
        return p;
    if (!p->many_asked) {
        p->many_asked = true;
        lf_plan *many = new_plan(p->ctx, p->graph, p->isa, p);
        bool better = many && many->possible && many->codes.count > 0;
        if (!better)
            lf_plan_free(many);
        p->many = better ? many : NULL;
        lf_plan_set_block(p, p->block);
    }
    return p->many ? p->many : p;
}

lf_status lf_plan_rows(lf_plan *p, const lf_row_io *io, size_t rows) {
    if (!takes(p, io) || rows == 0)
        return lf_exec_rows(p->reference, io, rows);
    lf_plan *best = plan_for(p, rows);
    return run_range(takes(best, io) ? best : p, io, 0, rows);
}
