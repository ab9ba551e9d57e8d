/* verify: the Verilog of a build, or a netlist of it, against its integer program, bit by bit. */
#include <inttypes.h>
#include <string.h>

#include "api/engine.h"
#include "api/output_rows.h"
#include "api/seen_rows.h"
#include "api/targets.h"
#include "base/file.h"
#include "base/json.h"
#include "base/run.h"
#include "data/npy.h"
#include "exec/exec.h"
#include "pass/flow_model.h"
#include "pass/passes.h"
#include "pass/stream_stop.h"
#include "report/text_table.h"
#include "verify/netlist.h"

typedef struct verifier {
    lf_ctx *ctx;
    const lf_verify_options *o;
    lf_arena *arena;
    lf_graph *g; /* the hardware graph of the build */
    lf_exec *exec;
    json_t *report;
    const char *top;
    lf_stream_ports inputs, outputs;
    lf_rows rows;
    size_t frames;
    int64_t **in, **want, **got; /* codes, per port */
    int64_t predicted_ii, predicted_latency, ii, latency, mismatches;
    const char *simulator;
    bool deadlock;   /* its report says so */
    bool flow;       /* its ports speak flow */
    bool dont_cares; /* data don't-cares: the circuit is not the network */
    size_t changed;  /* with them: rows on which it is not */
    lf_stream_stop stop;
    int64_t *passed; /* as in stop, by the simulation */
} verifier;

static lf_status open_build(verifier *v) {
    const char *report = lf_path_join(v->arena, v->o->dir, "report.json"),
               *model = lf_path_join(v->arena, v->o->dir, "model.lf");
    if (!lf_path_exists(report) || !lf_path_exists(model)) {
        lf_status status = lf_fail(v->ctx, LF_BAD_INPUT, &(lf_where){.file = v->o->dir},
                                   "not the directory of a build (report.json or model.lf is missing)");
        lf_hint(v->ctx, "make one with `lutfisk build MODEL -o DIR`");
        return status;
    }
    LF_TRY(lf_json_load(v->ctx, report, 64u << 20, &v->report));
    const json_t *network = json_object_get(v->report, "network");
    v->top = json_string_value(json_object_get(v->report, "top"));
    v->predicted_ii = json_integer_value(json_object_get(network, "ii_cycles"));
    v->predicted_latency = json_integer_value(json_object_get(network, "latency_cycles"));
    v->deadlock = json_is_string(json_object_get(network, "deadlock"));
    v->dont_cares = json_object_get(v->report, "dont_cares") != NULL;
    if (!v->top || (v->predicted_ii <= 0 && !v->deadlock))
        return lf_fail(v->ctx, LF_BAD_INPUT, &(lf_where){.file = report}, "this is not the report of a build");
    lf_model_options o = {.model = model};
    v->g = lf_model_open(v->ctx, &o);
    if (!v->g)
        return LF_BAD_INPUT;
    v->flow = lf_speaks_flow(v->g);
    LF_TRY(lf_circuit_ports(v->g, v->arena, &v->inputs, &v->outputs));
    v->exec = lf_exec_new(v->ctx, v->g);
    return v->exec ? LF_OK : LF_BAD_INPUT;
}

static lf_status load_rows(verifier *v) {
    LF_TRY(lf_rows_load(v->ctx, v->arena, v->g, v->o->in, &v->rows));
    v->frames = v->rows.rows;
    if (v->o->samples > 0 && (size_t)v->o->samples < v->frames)
        v->frames = (size_t)v->o->samples;
    if (v->frames == 0)
        return lf_fail(v->ctx, LF_BAD_INPUT, &(lf_where){.file = v->o->in[0]}, "there are no rows");
    return LF_OK;
}

/* Of the first `count` ports. */
static int64_t **code_rows(verifier *v, const lf_stream_ports *ports, size_t count) {
    int64_t **all = LF_NEW_ARRAY(v->arena, int64_t *, ports->count + 1);
    for (size_t i = 0; i < count; i++)
        all[i] = LF_NEW_ARRAY(v->arena, int64_t, v->frames * (size_t)ports->at[i].elements);
    return all;
}

/* Codes at both sides of the circuit, by the integer program. */
static lf_status run_program(verifier *v) {
    size_t inputs = lf_data_port_count(&v->inputs), count = inputs + v->outputs.count;
    lf_row_out *out = LF_NEW_ARRAY(v->arena, lf_row_out, count + 1);
    v->in = code_rows(v, &v->inputs, inputs);
    v->want = code_rows(v, &v->outputs, v->outputs.count);
    v->got = code_rows(v, &v->outputs, v->outputs.count);
    for (size_t i = 0; i < inputs; i++)
        out[i] = (lf_row_out){.tensor = v->inputs.at[i].tensor, .code = v->in[i]};
    for (size_t i = 0; i < v->outputs.count; i++)
        out[inputs + i] = (lf_row_out){.tensor = v->outputs.at[i].tensor, .code = v->want[i]};
    lf_row_io io = {v->rows.in, v->rows.in_count, out, count};
    return lf_exec_rows(v->exec, &io, v->frames);
}

static void compare(verifier *v, const char *run) {
    for (size_t i = 0; i < v->outputs.count; i++) {
        const lf_stream_port *p = &v->outputs.at[i];
        for (size_t f = 0; f < v->frames; f++) {
            const int64_t *want = v->want[i] + f * (size_t)p->elements, *got = v->got[i] + f * (size_t)p->elements;
            if (!memcmp(want, got, (size_t)p->elements * sizeof *want))
                continue;
            int64_t e = 0;
            while (want[e] == got[e])
                e++;
            if (v->mismatches++ < 5)
                lf_fail(v->ctx, LF_FAILED, NULL,
                        "%s, row %zu, output %s, element %" PRId64 ": the circuit says %" PRId64
                        ", the program %" PRId64,
                        run, f, p->name, e, got[e], want[e]);
        }
    }
}

static lf_status run_once(verifier *v, lf_cosim *c, double stall, const char *what) {
    lf_cosim_run run = {.frames = (int64_t)v->frames,
                        .in = (const int64_t *const *)v->in,
                        .out = v->got,
                        .stall = stall,
                        .seed = v->o->seed + 1};
    run.limit = 1000 + 20 * (v->predicted_ii + v->predicted_latency);
    lf_progress(v->ctx, what, 0, 0);
    LF_TRY(lf_cosim_frames(c, &run));
    compare(v, what);
    if (stall == 0) {
        v->ii = run.ii_cycles;
        v->latency = run.latency_cycles;
    }
    return LF_OK;
}

/* Netlists are simulated here, when all their cells are known; the answer to a question nobody asked is not kept. */
static bool is_simulated_here(const verifier *v) {
    lf_netlist *n = NULL;
    const char *why = NULL;
    lf_arena *a = lf_arena_new();
    bool here = v->o->netlist && lf_path_exists(v->o->netlist) &&
                lf_netlist_read(v->ctx, a, v->o->netlist, &n, &why) == LF_OK && n;
    if (why)
        lf_note(v->ctx, NULL, "a Verilog simulator is asked: %s", why);
    lf_arena_free(a);
    return here;
}

static lf_simulator choose_simulator(const verifier *v) {
    if (v->o->sim)
        return !strcmp(v->o->sim, "iverilog")  ? LF_SIM_IVERILOG
               : !strcmp(v->o->sim, "lutfisk") ? LF_SIM_LUTFISK
                                               : LF_SIM_VERILATOR;
    return is_simulated_here(v) ? LF_SIM_LUTFISK : LF_SIM_VERILATOR;
}

/* -- a build that stops for ever, with --allow-deadlock ------------------------------------------------------------------------------ */

static const lf_stream_port *port_at(const verifier *v, size_t i) {
    return i < v->inputs.count ? &v->inputs.at[i] : &v->outputs.at[i - v->inputs.count];
}

/* Units are determinate: with stalls and without, as much has passed every port as the model says. */
static lf_status compare_stop(verifier *v, const lf_cosim_run *run, const char *what) {
    lf_status status = LF_OK;
    if (!run->stopped)
        return lf_fail(v->ctx, LF_FAILED, NULL,
                       "%s: all frames came out, and the model says that the circuit stops for ever: %s", what,
                       v->stop.who);
    for (size_t i = 0; i < v->inputs.count + v->outputs.count; i++)
        if (v->stop.passed[i] >= 0 && v->stop.passed[i] != v->passed[i])
            status = lf_fail(v->ctx, LF_FAILED, NULL,
                             "%s: %" PRId64 " beats passed %s before the circuit stopped, predicted were %" PRId64,
                             what, v->passed[i], port_at(v, i)->name, v->stop.passed[i]);
    return status;
}

static lf_status stop_once(verifier *v, lf_cosim *c, double stall, const char *what) {
    lf_cosim_run run = {.frames = (int64_t)v->frames,
                        .in = (const int64_t *const *)v->in,
                        .out = v->got,
                        .stall = stall,
                        .seed = v->o->seed + 1,
                        .passed = v->passed};
    run.limit = 1000 + (int64_t)(4 * (double)v->stop.cycles / (1 - stall));
    lf_progress(v->ctx, what, 0, 0);
    LF_TRY(lf_cosim_frames(c, &run));
    return compare_stop(v, &run, what);
}

static lf_status predict_stop(verifier *v) {
    v->passed = LF_NEW_ARRAY(v->arena, int64_t, v->inputs.count + v->outputs.count);
    LF_TRY(lf_stream_model_stop(v->g, (int)v->frames, &v->inputs, &v->outputs, v->arena, &v->stop));
    if (v->stop.who)
        return LF_OK;
    lf_status status = lf_fail(v->ctx, LF_BAD_INPUT, &(lf_where){.file = v->o->dir},
                               "the circuit stops for ever, but not yet with %zu rows", v->frames);
    lf_hint(v->ctx, "give more rows");
    return status;
}

static void answer_stop(verifier *v, lf_answer *answer) {
    json_t *root = json_object(), *ports = json_array();
    lf_text text = {0};
    const char *design = v->o->netlist ? "netlist" : "rtl";
    json_object_set_new(root, "samples", json_integer((json_int_t)v->frames));
    json_object_set_new(root, "deadlock", json_string(v->stop.who));
    json_object_set_new(root, "simulator", json_string(v->simulator));
    json_object_set_new(root, "design", json_string(design));
    lf_text_addf(&text, "the circuit stops for ever, in the simulation (%s, %s) as in the model\n", v->simulator,
                 v->o->netlist ? "mapped netlist" : "Verilog");
    for (size_t i = 0; i < v->inputs.count + v->outputs.count; i++) {
        const lf_stream_port *p = port_at(v, i);
        int64_t all = lf_port_beats(p) * (int64_t)v->frames;
        json_t *port = json_object();
        json_object_set_new(port, "name", json_string(p->name));
        json_object_set_new(port, "beats", json_integer(v->passed[i]));
        json_object_set_new(port, "of", json_integer(all));
        json_array_append_new(ports, port);
        lf_text_addf(&text, "%s: %s of %s beats passed\n", p->name, lf_thousands(v->arena, v->passed[i]),
                     lf_thousands(v->arena, all));
    }
    json_object_set_new(root, "ports", ports);
    lf_answer_set(answer, root, &text);
}

/* -- the runs ------------------------------------------------------------------------------------------------------------------------ */

typedef lf_status run_fn(verifier *v, lf_cosim *c, double stall, const char *what);

static lf_status simulate(verifier *v, run_fn *run) {
    static const char *const names[] = {"verilator", "iverilog", "lutfisk"};
    lf_simulator sim = choose_simulator(v);
    lf_cosim_design d = {.dir = v->o->dir,
                         .top = v->top,
                         .netlist = v->o->netlist,
                         .simulator = sim,
                         .inputs = &v->inputs,
                         .outputs = &v->outputs,
                         .flow = v->flow};
    lf_cosim *c;
    v->simulator = names[sim];
    lf_progress(v->ctx, "compiling the simulation", 0, 0);
    LF_TRY(lf_cosim_new(v->ctx, &d, &c));
    lf_status status = run(v, c, 0, "simulating without stalls");
    double stall = v->o->stall == 0 ? 0.3 : v->o->stall;
    if (status == LF_OK && stall > 0)
        status = run(v, c, stall, "simulating with stalls");
    lf_cosim_free(c);
    return status;
}

/* The report tells the pace that a long run settles to. The first frames may come faster or slower, while FIFOs fill: for a short run
 * the model is asked what exactly these frames take. */
static lf_status predict_timing(verifier *v) {
    enum { SETTLED = 64 };
    lf_chain_result r;
    if (v->flow || v->frames < 2 || v->frames >= SETTLED)
        return LF_OK;
    LF_TRY(lf_stream_model_run(v->g, (int)v->frames, &r));
    v->predicted_ii = r.ii_cycles;
    v->predicted_latency = r.latency_cycles;
    return LF_OK;
}

static lf_status check_timing(verifier *v) {
    if (v->latency != v->predicted_latency)
        return lf_fail(v->ctx, LF_FAILED, NULL, "latency is %" PRId64 " cycles, predicted were %" PRId64, v->latency,
                       v->predicted_latency);
    if (v->ii >= 0 && v->ii != v->predicted_ii)
        return lf_fail(v->ctx, LF_FAILED, NULL,
                       "the initiation interval is %" PRId64 " cycles, predicted were %" PRId64, v->ii,
                       v->predicted_ii);
    return LF_OK;
}

/* What the circuit computed, through the same host nodes that predict runs. */
static lf_status write_output(verifier *v) {
    lf_row_in *in = LF_NEW_ARRAY(v->arena, lf_row_in, v->outputs.count);
    lf_output_rows y = lf_output_rows_new(v->arena, v->g->outputs.count + 1);
    for (size_t i = 0; i < v->outputs.count; i++)
        in[i] = (lf_row_in){v->outputs.at[i].tensor, LF_ROW_CODE, v->got[i]};
    for (size_t i = 0; i < v->g->outputs.count; i++) {
        const lf_port *port = &v->g->outputs.at[i];
        LF_TRY(lf_output_rows_add(&y, v->g, port->name, port->tensor, lf_is_index(v->g, port->tensor), port->grid,
                                  v->frames));
    }
    lf_row_io io = {in, v->outputs.count, y.out, y.count};
    LF_TRY(lf_exec_rows(v->exec, &io, v->frames));
    return lf_output_rows_save(v->ctx, &y, v->o->out);
}

static void answer_with(verifier *v, lf_answer *answer) {
    json_t *root = json_object();
    lf_text text = {0};
    json_object_set_new(root, "samples", json_integer((json_int_t)v->frames));
    json_object_set_new(root, "mismatches", json_integer(v->mismatches));
    json_object_set_new(root, "ii_cycles", v->ii < 0 ? json_null() : json_integer(v->ii));
    json_object_set_new(root, "latency_cycles", json_integer(v->latency));
    json_object_set_new(root, "predicted_ii_cycles", json_integer(v->predicted_ii));
    json_object_set_new(root, "predicted_latency_cycles", json_integer(v->predicted_latency));
    json_object_set_new(root, "simulator", json_string(v->simulator));
    json_object_set_new(root, "design", json_string(v->o->netlist ? "netlist" : "rtl"));
    lf_text_addf(&text, "%s samples, %s mismatches (%s, %s)\n", lf_thousands(v->arena, (int64_t)v->frames),
                 lf_thousands(v->arena, v->mismatches), v->simulator, v->o->netlist ? "mapped netlist" : "Verilog");
    lf_text_addf(&text, "II %s (predicted %s), latency %s (predicted %s)\n",
                 v->ii < 0 ? "-" : lf_count_of(v->arena, v->ii, "cycle", "cycles"),
                 lf_thousands(v->arena, v->predicted_ii), lf_count_of(v->arena, v->latency, "cycle", "cycles"),
                 lf_thousands(v->arena, v->predicted_latency));
    if (v->dont_cares) {
        json_object_set_new(root, "differ_from_network", json_integer((json_int_t)v->changed));
        lf_text_addf(&text, "data don't-cares: %s of these rows differ from the network without them\n",
                     lf_thousands(v->arena, (int64_t)v->changed));
    }
    lf_answer_set(answer, root, &text);
}

/* The Verilog is held against the circuit; how far that is from the network is told beside it. */
static lf_status compare_network(verifier *v) {
    if (!v->dont_cares)
        return LF_OK;
    lf_model_options o = {.model = lf_path_join(v->arena, v->o->dir, "network.lf")};
    lf_graph *network = lf_model_open(v->ctx, &o);
    if (!network)
        return LF_BAD_INPUT;
    lf_status status = lf_rows_that_differ(v->ctx, v->g, network, v->o->in, v->frames, &v->changed);
    lf_graph_free(network);
    return status;
}

static lf_status verify(verifier *v) {
    LF_TRY(open_build(v));
    LF_TRY(load_rows(v));
    LF_TRY(run_program(v));
    LF_TRY(compare_network(v));
    LF_TRY(v->deadlock ? predict_stop(v) : predict_timing(v));
    return simulate(v, v->deadlock ? stop_once : run_once);
}

/* A circuit that stops is never a good one, even where the model said so. */
static lf_status finish(verifier *v, lf_answer *answer) {
    if (v->deadlock) {
        answer_stop(v, answer);
        return lf_fail(v->ctx, LF_FAILED, NULL, "the circuit stops for ever, as predicted: %s", v->stop.who);
    }
    lf_status status = check_timing(v);
    if (v->o->out && v->o->out[0] && write_output(v) != LF_OK)
        status = LF_BAD_INPUT;
    answer_with(v, answer);
    return v->mismatches ? LF_FAILED : status;
}

static lf_status check_out(lf_ctx *ctx, const lf_verify_options *o) {
    for (size_t i = 0; o->out && o->out[i]; i++)
        LF_TRY(lf_npy_name(ctx, o->out[i]));
    lf_sources in = {.model = o->dir, .rows = o->in, .more = (const char *[]){o->netlist, NULL}};
    return lf_check_targets(ctx, "-o", o->out, &in);
}

lf_status lf_verify(lf_ctx *ctx, const lf_verify_options *o, lf_answer *answer) {
    static const char *const simulators[] = {"verilator", "iverilog", "lutfisk", NULL};
    if (!o->dir)
        return lf_fail(ctx, LF_BAD_INPUT, NULL, "verify wants the directory of a build");
    if (!(o->stall < 0.99))
        return lf_fail(ctx, LF_BAD_INPUT, NULL, "--stall wants a probability below 0.99");
    LF_TRY(lf_check_word(ctx, "--sim", o->sim, simulators, NULL));
    LF_TRY(check_out(ctx, o));
    verifier v = {.ctx = ctx, .o = o, .arena = lf_arena_new()};
    lf_status status = verify(&v);
    if (status == LF_OK)
        status = finish(&v, answer);
    json_decref(v.report);
    lf_exec_free(v.exec);
    lf_graph_free(v.g);
    lf_arena_free(v.arena);
    return status;
}
