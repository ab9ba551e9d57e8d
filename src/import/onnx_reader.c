/* ONNX files: the table of contents of the import. What single ops become stands in onnx_op_*.c, which op that is in
 * onnx_map.def. */
#include <string.h>

#include "base/file.h"
#include "base/pool.h"
#include "import/import.h"
#include "import/onnx_ops.h"

/* Elements of one sample of an input; more is a mistake in the file. */
enum { MAX_INPUT_ELEMENTS = 1 << 28 };

static const char *text_or(const char *s, const char *fallback) {
    return s && *s ? s : fallback;
}

/* -- names --------------------------------------------------------------------------------------------------------- */

static size_t count_names(const lf_pb_graph *g) {
    size_t n = g->n_input + g->n_initializer;
    for (size_t i = 0; i < g->n_node; i++)
        n += g->node[i]->n_output;
    return n;
}

static lf_status define_initializers(lf_onnx *m) {
    const lf_pb_graph *g = m->model->graph;
    lf_where where = lf_onnx_where(m);
    lf_status status = LF_OK;
    for (size_t i = 0; i < g->n_initializer; i++) {
        const char *name = g->initializer[i]->name;
        lf_onnx_value *v = name && *name ? lf_onnx_define(m, name) : NULL;
        if (v) {
            v->kind = LF_ONNX_PAYLOAD;
            v->payload = g->initializer[i];
        } else
            status = LF_BAD_INPUT;
        if (!name || !*name)
            lf_fail(m->ctx, LF_BAD_INPUT, &where, "initializer %zu has no name", i);
    }
    if (g->n_sparse_initializer)
        return lf_fail(m->ctx, LF_BAD_INPUT, &where, "sparse initializers are not in this version");
    return status;
}

static lf_status define_outputs(lf_onnx *m) {
    const lf_pb_graph *g = m->model->graph;
    lf_status status = LF_OK;
    for (size_t i = 0; i < g->n_node; i++)
        for (size_t k = 0; k < g->node[i]->n_output; k++) {
            if (!*g->node[i]->output[k])
                continue;
            lf_onnx_value *v = lf_onnx_define(m, g->node[i]->output[k]);
            if (v)
                v->producer = i + 1;
            else
                status = LF_BAD_INPUT;
        }
    return status;
}

/* -- inputs -------------------------------------------------------------------------------------------------------- */

static lf_status input_refused(lf_onnx *m, const char *name, const char *why, const char *remedy) {
    lf_where where = lf_onnx_where(m);
    lf_fail(m->ctx, LF_BAD_INPUT, &where, "input %s: %s", name, why);
    lf_hint(m->ctx, "%s", remedy);
    return LF_BAD_INPUT;
}

static bool is_open(const LfOnnx__TensorShapeProto__Dimension *d) {
    return !d->has_dim_value || d->dim_value <= 0;
}

/* A model whose first dimensions are symbolic has a batch, which becomes 1. Where all are fixed, one sample is what the file says,
 * whole, and nothing is known of a batch. */
static bool has_symbolic_batch(lf_onnx *m) {
    const lf_pb_graph *g = m->model->graph;
    for (size_t i = 0; i < g->n_input; i++) {
        if (lf_onnx_find(m, text_or(g->input[i]->name, "")))
            continue; /* an initializer */
        const LfOnnx__TypeProto *type = g->input[i]->type;
        const LfOnnx__TensorShapeProto *s = type && type->tensor_type ? type->tensor_type->shape : NULL;
        if (s && s->n_dim > 0 && is_open(s->dim[0]))
            return true;
    }
    return false;
}

static lf_status input_dim(lf_onnx *m, const char *name, int i, const LfOnnx__TensorShapeProto__Dimension *d,
                           int64_t *out) {
    bool open = is_open(d);
    if (i == 0 && m->symbolic_batch && !open && d->dim_value != 1)
        return input_refused(m, name,
                             lf_format(m->scratch, "its first dimension is %lld, that of another input is symbolic",
                                       (long long)d->dim_value),
                             "the first dimension is the batch of all inputs or of none: fix it everywhere, or make "
                             "this input a constant");
    if (i > 0 && open)
        return input_refused(m, name, lf_format(m->scratch, "dimension %d is %s", i, text_or(d->dim_param, "unknown")),
                             "only the first dimension, the batch, may be symbolic");
    *out = open ? 1 : d->dim_value;
    return LF_OK;
}

static lf_status input_shape(lf_onnx *m, const char *name, const LfOnnx__TypeProto__Tensor *type, lf_shape *out) {
    const LfOnnx__TensorShapeProto *s = type->shape;
    int64_t count = 1;
    if (!s || s->n_dim > LF_MAX_RANK || (m->symbolic_batch && s->n_dim == 0))
        return input_refused(m, name, "it has no dimensions, or more than 8",
                             "export the model with a shape whose first dimension is the batch");
    out->rank = (int)s->n_dim;
    for (int i = 0; i < out->rank; i++) {
        LF_TRY(input_dim(m, name, i, s->dim[i], &out->dim[i]));
        if (out->dim[i] > MAX_INPUT_ELEMENTS || (count *= out->dim[i]) > MAX_INPUT_ELEMENTS)
            return input_refused(m, name, "one sample has more than 2^28 elements", "is the shape right?");
    }
    return LF_OK;
}

/* Element types of inputs: floats stand for reals, integers for codes. Of the 64-bit integers those that a double holds too. */
static lf_status input_type(lf_onnx *m, lf_tensor *t, int32_t elem_type) {
    static const struct {
        int32_t type;
        lf_dtype dtype;
    } known[] = {
        {1, {LF_KIND_FLOAT, 32, 0, 0, 0}}, {10, {LF_KIND_FLOAT, 16, 0, 0, 0}}, {11, {LF_KIND_FLOAT, 64, 0, 0, 0}},
        {2, {LF_KIND_UINT, 8, 0, 0, 0}},   {3, {LF_KIND_INT, 8, 0, 0, 0}},     {4, {LF_KIND_UINT, 16, 0, 0, 0}},
        {5, {LF_KIND_INT, 16, 0, 0, 0}},   {6, {LF_KIND_INT, 32, 0, 0, 0}},    {9, {LF_KIND_UINT, 1, 0, 0, 0}},
        {12, {LF_KIND_UINT, 32, 0, 0, 0}}, {21, {LF_KIND_UINT, 4, 0, 0, 0}},   {22, {LF_KIND_INT, 4, 0, 0, 0}},
        {7, {LF_KIND_INT, 53, 0, 0, 0}},   {13, {LF_KIND_UINT, 52, 0, 0, 0}}};
    for (size_t i = 0; i < LF_COUNT(known); i++)
        if (known[i].type == elem_type) {
            if (known[i].dtype.kind == LF_KIND_FLOAT)
                t->dtype = known[i].dtype;
            else
                lf_set_codes(m->g, t, lf_dtype_range(known[i].dtype));
            return LF_OK;
        }
    return input_refused(
        m, t->name,
        lf_format(m->scratch, "elements of %s are not in this version", lf_onnx_type_name(m->scratch, elem_type)),
        "float32 always works");
}

static void input_annotation(lf_onnx *m, lf_tensor *t) {
    lf_dtype type;
    if (!lf_onnx_annotated(m, t->name, &type))
        return;
    lf_set_codes(m->g, t, lf_dtype_range(type));
    if (lf_dtype_step(type) == 1.0) {
        t->dtype = type;
        return;
    }
    double *scale = LF_NEW(m->g->arena, double);
    *scale = lf_dtype_step(type);
    t->grid.scale = scale;
}

static lf_status import_input(lf_onnx *m, const lf_pb_value_info *info) {
    const char *name = info->name ? info->name : "";
    lf_onnx_value *v = lf_onnx_find(m, name);
    if (v && v->kind == LF_ONNX_PAYLOAD)
        return LF_OK; /* files before IR version 4 list the initializers among the inputs */
    v = *name ? lf_onnx_define(m, name) : NULL;
    if (!v)
        return *name ? LF_BAD_INPUT : input_refused(m, "(unnamed)", "it has no name", "name it");
    v->kind = LF_ONNX_MISSING;
    if (!info->type || !info->type->tensor_type)
        return input_refused(m, name, "it is not a tensor", "only tensors can be inputs");
    lf_shape shape = {0};
    LF_TRY(input_shape(m, name, info->type->tensor_type, &shape));
    lf_tensor *t = lf_tensor_new(m->g, name, shape, LF_FLOAT32);
    LF_TRY(input_type(m, t, info->type->tensor_type->elem_type));
    input_annotation(m, t);
    v->kind = LF_ONNX_TENSOR;
    v->type = info->type->tensor_type->elem_type;
    v->tensor = t->id;
    while (m->computed.count <= t->id)
        LF_PUSH(m->scratch, &m->computed, false);
    m->computed.at[t->id] = true;
    LF_PUSH(m->g->arena, &m->g->inputs, (lf_port){.name = name, .tensor = t->id});
    return LF_OK;
}

static lf_status import_inputs(lf_onnx *m) {
    lf_status status = LF_OK;
    m->symbolic_batch = has_symbolic_batch(m);
    for (size_t i = 0; i < m->model->graph->n_input; i++)
        if (import_input(m, m->model->graph->input[i]) != LF_OK)
            status = LF_BAD_INPUT;
    return status;
}

/* -- nodes --------------------------------------------------------------------------------------------------------- */

/* Nodes that an output depends on: what is dead need not be importable. */
static bool *live_nodes(lf_onnx *m) {
    const lf_pb_graph *g = m->model->graph;
    bool *live = LF_NEW_ARRAY(m->scratch, bool, g->n_node + 1);
    LF_VEC(const char *) todo = {0};
    for (size_t i = 0; i < g->n_output; i++)
        LF_PUSH(m->scratch, &todo, text_or(g->output[i]->name, ""));
    while (todo.count > 0) {
        const lf_onnx_value *v = lf_onnx_find(m, todo.at[--todo.count]);
        if (!v || !v->producer || live[v->producer])
            continue;
        live[v->producer] = true;
        const lf_pb_node *n = g->node[v->producer - 1];
        for (size_t i = 0; i < n->n_input; i++)
            LF_PUSH(m->scratch, &todo, (const char *)n->input[i]);
    }
    return live;
}

static int64_t version_of(const lf_onnx *m, const char *domain) {
    for (size_t i = 0; i < m->model->n_opset_import; i++) {
        const LfOnnx__OperatorSetIdProto *o = m->model->opset_import[i];
        if (lf_onnx_same_domain(o->domain ? o->domain : "", domain))
            return o->version;
    }
    return 1; /* Brevitas left its domain out; for ONNX's own 1 is refused below */
}

static lf_status unknown_op(lf_onnx *m, const char *domain, bool domain_known) {
    if (domain_known)
        lf_onnx_refuse(m, "an op that is not known in the domain \"%s\"", domain);
    else
        lf_onnx_refuse(m, "the domain %s is not in this version", domain);
    lf_hint(m->ctx, "replace it before the export by ops that are known: ONNX's own, or Quant, BipolarQuant and "
                    "MultiThreshold of qonnx.custom_op.general");
    return LF_BAD_INPUT;
}

/* Finds the row; refuses what is unknown, naming what is known. */
static lf_status find_row(lf_onnx *m) {
    const char *domain = m->node->domain ? m->node->domain : "";
    unsigned bit = lf_onnx_domain(domain);
    m->version = version_of(m, domain);
    m->row = bit ? lf_onnx_row_for(bit, m->node->op_type) : NULL;
    if (!m->row)
        return unknown_op(m, domain, bit != 0);
    if (m->version >= m->row->version_min && m->version <= m->row->version_max)
        return LF_OK;
    lf_onnx_refuse(m, "version %lld of the operator set; supported: %lld to %lld", (long long)m->version,
                   (long long)m->row->version_min, (long long)m->row->version_max);
    lf_hint(m->ctx, "export the model with opset_version=13");
    return LF_BAD_INPUT;
}

/* Every operand must be known by now. *missing: one comes from a node that has been complained about. */
static lf_status check_operands(lf_onnx *m, bool *missing) {
    *missing = false;
    for (size_t i = 0; i < m->node->n_input; i++) {
        const char *name = m->node->input[i];
        const lf_onnx_value *v = *name ? lf_onnx_find(m, name) : NULL;
        if (*name && !v)
            return lf_onnx_refuse(m, "it reads %s, which nothing defines", name);
        if (v && v->kind == LF_ONNX_PENDING)
            return lf_onnx_refuse(m, "it reads %s, which no earlier node computes: the nodes are not in order", name);
        *missing |= v && v->kind == LF_ONNX_MISSING;
    }
    return LF_OK;
}

static lf_status import_node(lf_onnx *m) {
    bool missing;
    lf_where where = lf_onnx_where(m);
    if (!m->node->op_type)
        return lf_fail(m->ctx, LF_BAD_INPUT, &where, "the node has no op");
    LF_TRY(find_row(m));
    LF_TRY(check_operands(m, &missing));
    if (missing)
        return m->row->fn == lf_onnx_do_later ? lf_onnx_do_later(m) : LF_BAD_INPUT;
    m->attr_used = LF_NEW_ARRAY(m->scratch, bool, m->node->n_attribute + 1);
    LF_TRY(m->row->fn(m));
    LF_TRY(lf_onnx_check_unused(m));
    return lf_onnx_type_outputs(m);
}

static void mark_missing(lf_onnx *m) {
    for (size_t i = 0; i < m->node->n_output; i++) {
        lf_onnx_value *v = *m->node->output[i] ? lf_onnx_find(m, m->node->output[i]) : NULL;
        if (v)
            v->kind = LF_ONNX_MISSING;
    }
}

/* The node's own name, or its op and how many nameless nodes of that op came before. */
static const char *node_name(lf_onnx *m, const lf_pb_node *n, uint32_t *nameless) {
    const char *op = text_or(n->op_type, "node");
    const lf_onnx_row *row = lf_onnx_row_for(lf_onnx_domain(n->domain ? n->domain : ""), op);
    if (n->name && *n->name)
        return n->name;
    return lf_format(m->g->arena, "%s_%u", op, nameless[row ? (size_t)(row - lf_onnx_rows) : lf_onnx_row_count]++);
}

static lf_status import_nodes(lf_onnx *m) {
    const lf_pb_graph *g = m->model->graph;
    const bool *live = live_nodes(m);
    uint32_t *nameless = LF_NEW_ARRAY(m->scratch, uint32_t, lf_onnx_row_count + 1);
    lf_status status = LF_OK;
    for (size_t i = 0; i < g->n_node; i++) {
        m->node = g->node[i];
        m->name = node_name(m, m->node, nameless);
        if (!live[i + 1])
            continue;
        if (import_node(m) == LF_OK)
            continue;
        status = LF_BAD_INPUT;
        mark_missing(m);
    }
    m->node = NULL;
    m->name = NULL;
    return status;
}

/* -- outputs ------------------------------------------------------------------------------------------------------- */

/* Outputs made of integers are told from reals that happen to be whole. */
static const lf_input_grid *output_grid(lf_onnx *m, const lf_onnx_value *v) {
    if (!lf_onnx_is_integer(v->type))
        return NULL;
    lf_input_grid *grid = LF_NEW(m->g->arena, lf_input_grid);
    *grid = (lf_input_grid){.type = lf_onnx_integer_type(v->type), .scale = 1};
    return grid;
}

static lf_status import_output(lf_onnx *m, const char *name) {
    const lf_onnx_value *v = lf_onnx_find(m, name);
    lf_where where = lf_onnx_where(m);
    if (!v)
        return lf_fail(m->ctx, LF_BAD_INPUT, &where, "output %s: nothing computes it", name);
    if (v->kind == LF_ONNX_MISSING)
        return LF_BAD_INPUT;
    if (v->kind != LF_ONNX_TENSOR || v->tensor >= m->computed.count || !m->computed.at[v->tensor])
        return lf_fail(m->ctx, LF_BAD_INPUT, &where, "output %s does not depend on an input", name);
    LF_PUSH(m->g->arena, &m->g->outputs, (lf_port){.name = name, .tensor = v->tensor, .grid = output_grid(m, v)});
    return LF_OK;
}

static lf_status import_outputs(lf_onnx *m) {
    const lf_pb_graph *g = m->model->graph;
    lf_where where = lf_onnx_where(m);
    lf_status status = LF_OK;
    if (g->n_output == 0)
        return lf_fail(m->ctx, LF_BAD_INPUT, &where, "the model has no outputs");
    for (size_t i = 0; i < g->n_output; i++)
        if (import_output(m, text_or(g->output[i]->name, "")) != LF_OK)
            status = LF_BAD_INPUT;
    return status;
}

/* -- the whole ----------------------------------------------------------------------------------------------------- */

static lf_status import_model(lf_onnx *m) {
    lf_where where = lf_onnx_where(m);
    if (!m->model->graph)
        return lf_fail(m->ctx, LF_BAD_INPUT, &where, "the ONNX file has no graph");
    lf_onnx_values_init(m, count_names(m->model->graph));
    lf_onnx_annotations_init(m);
    lf_status names = define_initializers(m);
    lf_status inputs = import_inputs(m);
    if (define_outputs(m) != LF_OK || names != LF_OK)
        return LF_BAD_INPUT; /* with ambiguous names further complaints would mislead */
    lf_status nodes = import_nodes(m);
    lf_status outputs = import_outputs(m);
    if (inputs != LF_OK || nodes != LF_OK || outputs != LF_OK)
        return LF_BAD_INPUT;
    lf_graph_prune(m->g);
    return lf_verify_graph(m->g);
}

typedef struct job {
    lf_graph *g;
    lf_arena *scratch;
    const char *dir;
    const uint8_t *data;
    size_t size;
    lf_status status;
} job;

static lf_status read_into(const job *j) {
    lf_graph *g = j->g;
    lf_where where = {.file = g->source};
    lf_onnx m = {.ctx = g->ctx, .g = g, .scratch = j->scratch, .dir = j->dir};
    m.model = lf_onnx_unpack(g->ctx, &where, g->arena, j->data, j->size);
    return m.model ? import_model(&m) : LF_BAD_INPUT;
}

/* Two parts that do not touch one another: hashing a large file takes as long as importing it. */
static void run_part(void *arg, size_t part, int worker) {
    job *j = arg;
    (void)worker;
    if (part == 0)
        lf_sha256_hex(j->data, j->size, j->g->source_sha256);
    else
        j->status = read_into(j);
}

static void run_job(job *j) {
    if (j->size > (1 << 20))
        lf_pool_run(lf_ctx_pool(j->g->ctx), 2, run_part, j);
    else
        for (size_t part = 0; part < 2; part++)
            run_part(j, part, 0);
}

lf_graph *lf_import_onnx_bytes(lf_ctx *ctx, const char *name, const char *dir, const uint8_t *data, size_t size) {
    lf_arena *scratch = lf_arena_new();
    lf_graph *g = scratch ? lf_graph_new(ctx, lf_path_stem(scratch, name)) : NULL;
    if (g) {
        g->source = lf_strdup(g->arena, name);
        job j = {.g = g, .scratch = scratch, .dir = dir, .data = data, .size = size};
        run_job(&j);
        if (j.status != LF_OK) {
            lf_graph_free(g);
            g = NULL;
        }
    }
    lf_arena_free(scratch);
    return g;
}

static char *dir_of(lf_arena *a, const char *path) {
    const char *base = lf_path_base(path);
    return base == path ? lf_strdup(a, ".") : lf_strndup(a, path, (size_t)(base - path));
}

lf_graph *lf_import_onnx(lf_ctx *ctx, const char *path) {
    lf_file file;
    if (lf_file_open(ctx, path, 0, &file) != LF_OK)
        return NULL;
    lf_arena *scratch = lf_arena_new();
    lf_graph *g = lf_import_onnx_bytes(ctx, path, dir_of(scratch, path), file.data, file.size);
    lf_arena_free(scratch);
    lf_file_close(&file);
    return g;
}
