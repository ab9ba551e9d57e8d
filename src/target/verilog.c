/* The Verilog target: the sources in rtl, memory files and filelist.f. */
#include <string.h>

#include "base/file.h"
#include "ir/names.h"
#include "ops/stream.h"
#include "pass/flow_model.h"
#include "pass/stream_model.h"
#include "target/target.h"
#include "vlog/vlog.h"

typedef struct emitter {
    const lf_graph *g;
    lf_arena *arena;
    lf_vlog *v;
    lf_stream_ports in, out; /* found before names change: the ports keep those of the graph */
} emitter;

static const char *weights_name(const emitter *e, lf_id node) {
    return lf_const_stream_name(e->arena, lf_node_at(e->g, node));
}

static const char *stream_name(const emitter *e, lf_id tensor) {
    return lf_vlog_name(e->arena, lf_tensor_at(e->g, lf_stream_source(e->g, tensor))->name);
}

/* The names of a graph, kept while its nodes and streams carry those of the design. */
typedef struct kept_names {
    const char **tensor, **node; /* [id] */
} kept_names;

/* Files are named after nodes, with endings; file systems take 255 bytes. */
enum { LONGEST_NAME = 120 };

/* Modules of a node begin with its name and "_", and must not be the top module. */
static bool may_be_top(const char *name, const char *top) {
    size_t n = strlen(name);
    return !strncmp(top, name, n) && top[n] == '_';
}

/* An identifier that no other name is mapped to: what differs only in signs gets a number, in the order of the graph. */
static const char *unique_name(const emitter *e, lf_names *used, const char *name, const char *top) {
    const char *base = lf_vlog_name(e->arena, lf_strndup(e->arena, name, strnlen(name, LONGEST_NAME))), *unique = base;
    for (int k = 2; lf_names_find(used, unique) || may_be_top(unique, top); k++)
        unique = lf_format(e->arena, "%s_%d", base, k);
    lf_names_set(used, e->arena, unique, 1);
    return unique;
}

static kept_names keep_names(const emitter *e) {
    kept_names k = {LF_NEW_ARRAY(e->arena, const char *, e->g->tensors.count + 1),
                    LF_NEW_ARRAY(e->arena, const char *, e->g->nodes.count + 1)};
    for (size_t i = 0; i < e->g->tensors.count; i++)
        if (e->g->tensors.at[i])
            k.tensor[i + 1] = e->g->tensors.at[i]->name;
    for (size_t i = 0; i < e->g->nodes.count; i++)
        if (e->g->nodes.at[i])
            k.node[i + 1] = e->g->nodes.at[i]->name;
    return k;
}

static void restore_names(const emitter *e, const kept_names *k) {
    for (size_t i = 0; i < e->g->tensors.count; i++)
        if (e->g->tensors.at[i])
            e->g->tensors.at[i]->name = k->tensor[i + 1];
    for (size_t i = 0; i < e->g->nodes.count; i++)
        if (e->g->nodes.at[i])
            e->g->nodes.at[i]->name = k->node[i + 1];
}

/* Units get names of their own; streams of weights are named after them. */
static void name_instances(const emitter *e, lf_names *streams, const char *top) {
    lf_names instances = {0};
    lf_const_stream c;
    for (size_t i = 0; i < e->g->order.count; i++) {
        lf_node *n = lf_node_at(e->g, e->g->order.at[i]);
        if (!lf_is_unit(n))
            continue;
        n->name = unique_name(e, &instances, n->name, top);
        if (lf_has_const_stream(e->g, n, &c)) {
            lf_names_set(streams, e->arena, weights_name(e, n->id), 1);
            lf_names_set(streams, e->arena, lf_format(e->arena, "%s_word", weights_name(e, n->id)), 1);
        }
    }
}

/* Streams get names of their own; reshapes are wires: behind one, units see the tensor by the name of its stream. */
static void name_units(const emitter *e, const char *top) {
    lf_names streams = {0};
    name_instances(e, &streams, top);
    for (size_t i = 0; i < e->g->tensors.count; i++) {
        lf_tensor *t = e->g->tensors.at[i];
        if (t && lf_stream_source(e->g, t->id) == t->id)
            t->name = unique_name(e, &streams, t->name, "");
    }
    for (size_t i = 0; i < e->g->order.count; i++) {
        lf_node *n = lf_node_at(e->g, e->g->order.at[i]);
        if (n && n->place == LF_PLACE_FPGA && !n->op->unit)
            lf_out(e->g, n, 0)->name = lf_tensor_at(e->g, lf_stream_source(e->g, n->out[0]))->name;
    }
}

static lf_status declare_streams(emitter *e) {
    for (size_t i = 0; i < e->in.count; i++) {
        const lf_stream_port *p = &e->in.at[i];
        const char *name = p->image ? weights_name(e, p->node) : stream_name(e, p->tensor);
        lf_vlog_stream(e->v, name, lf_port_bits(p));
        lf_vlog_input(e->v, p->suffix, name, lf_port_bits(p));
    }
    for (size_t i = 0; i < e->g->order.count; i++) {
        const lf_node *n = lf_node_at(e->g, e->g->order.at[i]);
        int64_t li[LF_MAX_RANK] = {0}, lo[LF_MAX_RANK] = {0};
        if (!lf_is_unit(n))
            continue;
        n->op->lanes(e->g, n, li, lo);
        for (int k = 0; k < n->out_count; k++)
            lf_vlog_stream(e->v, stream_name(e, n->out[k]), (int)lo[k] * lf_dtype_bits(lf_out(e->g, n, k)->dtype));
    }
    for (size_t i = 0; i < e->out.count; i++)
        lf_vlog_output(e->v, e->out.at[i].suffix, stream_name(e, e->out.at[i].tensor), lf_port_bits(&e->out.at[i]),
                       lf_port_beats(&e->out.at[i]));
    return LF_OK;
}

static lf_status print_units(emitter *e) {
    for (size_t i = 0; i < e->g->order.count; i++) {
        const lf_node *n = lf_node_at(e->g, e->g->order.at[i]);
        if (lf_is_unit(n))
            LF_TRY(n->op->rtl(e->g, n, e->v));
    }
    return LF_OK;
}

static lf_status write_files(emitter *e, const char *dir) {
    const lf_vlog_file *files;
    size_t count = lf_vlog_finish(e->v, &files);
    if (!count)
        return LF_BAD_INPUT;
    const char *rtl = lf_path_join(e->arena, dir, "rtl");
    LF_TRY(lf_make_dir(e->g->ctx, rtl));
    lf_text list = {0};
    lf_status status = LF_OK;
    for (size_t i = 0; status == LF_OK && i < count; i++) {
        status = lf_file_write(e->g->ctx, lf_path_join(e->arena, rtl, files[i].name), files[i].text, files[i].len);
        if (!files[i].memory)
            lf_text_addf(&list, "%s\n", files[i].name);
    }
    if (status == LF_OK)
        status = lf_file_write(e->g->ctx, lf_path_join(e->arena, rtl, "filelist.f"), list.at, list.len);
    lf_text_free(&list);
    return status;
}

static lf_status emit(const lf_graph *g, const char *top, const char *dir) {
    emitter e = {.g = g, .arena = lf_arena_new()};
    kept_names kept = keep_names(&e);
    e.v = lf_vlog_new(g->ctx, e.arena, top);
    if (lf_speaks_flow(g))
        lf_vlog_flow(e.v);
    lf_status status = lf_circuit_ports(g, e.arena, &e.in, &e.out);
    name_units(&e, top);
    if (status == LF_OK)
        status = declare_streams(&e);
    if (status == LF_OK)
        status = print_units(&e);
    restore_names(&e, &kept);
    if (status == LF_OK)
        status = write_files(&e, dir);
    lf_vlog_free(e.v);
    lf_arena_free(e.arena);
    return status;
}

const lf_target lf_target_verilog = {
    .name = "verilog",
    .help = "plain Verilog-2005 with AXI-Stream ports",
    .emit = emit,
};
