/* build: the whole way from a network to Verilog. Reads like the list of chapters. */
#include <math.h>
#include <string.h>

#include "api/answer.h"
#include "api/engine.h"
#include "api/same_program.h"
#include "api/seen_rows.h"
#include "api/targets.h"
#include "base/file.h"
#include "base/json.h"
#include "ir/is_op.h"
#include "ir/lftext.h"
#include "ops/circuit_node.h"
#include "ops/ops.h"
#include "pass/circuits.h"
#include "pass/connect.h"
#include "pass/fifo_memories.h"
#include "pass/flow_model.h"
#include "pass/fold.h"
#include "pass/folding.h"
#include "pass/passes.h"
#include "report/build_report.h"
#include "report/text_table.h"
#include "target/driver.h"
#include "target/target.h"
#include "target/vivado.h"
#include "verify/beats.h"
#include "verify/testbench.h"
#include "vlog/vlog.h"

enum { TIMING_FRAMES = 6, MOST_TIMING_FRAMES = 96, CHECK_ROWS = 32 };

typedef struct builder {
    lf_ctx *ctx;
    const lf_build_options *o;
    lf_arena *arena;
    lf_graph *g; /* the network, then the integer graph, then the hardware graph */
    const lf_part *part;
    double clock_mhz;
    lf_fold_options fold;
    int64_t checked_rows; /* on which program and network were held against each other */
    lf_circuits_report logic;
    lf_seen *seen;      /* with --dont-cares */
    json_t *dont_cares; /* what they changed */
} builder;

static bool wants_flow(const builder *b) {
    return b->o->interface && !strcmp(b->o->interface, "flow");
}

/* What would be left undone is refused. */
static lf_status check_circuit_options(const builder *b) {
    const lf_build_options *o = b->o;
    bool wanting = o->labels || o->check || o->check_labels || o->rarity > 0;
    if (!o->dont_cares && wanting)
        return lf_fail(b->ctx, LF_BAD_INPUT, NULL,
                       "--labels, --rarity, --check and --check-labels belong to --dont-cares");
    if (o->check_labels && !o->check)
        return lf_fail(b->ctx, LF_BAD_INPUT, NULL, "--check-labels are of the rows of --check");
    if (o->check && o->labels)
        return lf_fail(b->ctx, LF_BAD_INPUT, NULL,
                       "accuracy is measured on the rows of --check: give --check-labels instead of --labels");
    if (o->check && !strcmp(o->check, o->dont_cares))
        return lf_fail(b->ctx, LF_BAD_INPUT, NULL,
                       "--check must be other rows than --dont-cares: on those nothing changes");
    if (o->abc && !lf_abc_tool())
        return lf_fail(b->ctx, LF_NO_TOOL, NULL, "--abc: neither berkeley-abc nor yosys-abc is installed");
    return LF_OK;
}

/* The folding that an earlier build left may go into the next one, which leaves its own in its place. */
static lf_status check_out(const builder *b) {
    enum { ROWS = 3 }; /* the first ones, which may be given as NAME=FILE */
    const lf_build_options *o = b->o;
    bool own = o->folding && lf_same_file(o->folding, lf_path_join(b->arena, o->out, "folding.json"));
    const char *all[] = {o->verify, o->dont_cares, o->check, o->labels, o->check_labels, own ? NULL : o->folding},
               *rows[ROWS + 1] = {NULL}, *more[4] = {NULL};
    for (size_t i = 0, r = 0, m = 0; i < LF_COUNT(all); i++)
        if (all[i])
            *(i < ROWS ? &rows[r++] : &more[m++]) = all[i];
    const char *model = lf_is_dir(o->model.model) ? NULL : o->model.model; /* refused for another reason */
    return lf_check_target_dir(b->ctx, "-o", o->out, &(lf_sources){.model = model, .rows = rows, .more = more});
}

/* "stream", "all" or names with a comma between each. */
static bool names_layers(const char *weights) {
    size_t n = strlen(weights);
    return n && weights[0] != ',' && weights[n - 1] != ',' && !strstr(weights, ",,");
}

static lf_status check_folding_options(const builder *b) {
    const lf_build_options *o = b->o;
    if (o->allow_deadlock && !o->folding)
        lf_warn(b->ctx, NULL,
                "--allow-deadlock has no effect: the FIFO depths that build chooses never stop a circuit");
    if (!o->weights || names_layers(o->weights))
        return LF_OK;
    return lf_fail(b->ctx, LF_BAD_INPUT, NULL,
                   "--weights \"%s\" names no layer%s: give stream, all, or names of layers with commas", o->weights,
                   strlen(o->weights) > 1 ? " between two commas or at an end" : "");
}

static lf_status check_options(builder *b) {
    static const char *const styles[] = {"auto", "folded", "spatial", "table", NULL}, *const interfaces[] = {
                                                                                          "stream", "flow", NULL};
    const lf_build_options *o = b->o;
    LF_TRY(lf_check_word(b->ctx, "--style", o->style, styles, NULL));
    LF_TRY(lf_check_word(b->ctx, "--interface", o->interface, interfaces, NULL));
    if (!o->out && !o->sweep)
        return lf_fail(b->ctx, LF_BAD_INPUT, NULL, "build wants a directory for the design: -o DIR");
    if (o->out)
        LF_TRY(check_out(b));
    if (o->fps < 0 || !isfinite(o->fps) || o->clock_mhz < 0 || !isfinite(o->clock_mhz))
        return lf_fail(b->ctx, LF_BAD_INPUT, NULL, "--fps and --clock-mhz must be positive");
    if (o->fps > 0 && o->ii > 0)
        return lf_fail(b->ctx, LF_BAD_INPUT, NULL, "--fps and --ii both set the target: give one of them");
    if (o->fastest && (o->fps > 0 || o->ii > 0))
        return lf_fail(b->ctx, LF_BAD_INPUT, NULL, "--fastest is instead of a target: leave out --fps and --ii");
    if (wants_flow(b) && (o->folding || o->weights))
        return lf_fail(b->ctx, LF_BAD_INPUT, NULL,
                       "--%s is for folded units, and a design of --interface flow has none",
                       o->folding ? "folding" : "weights");
    if (o->verify && !strchr(o->verify, '=') && !lf_path_exists(o->verify)) /* before the work */
        return lf_fail(b->ctx, LF_BAD_INPUT, &(lf_where){.file = o->verify}, "--verify: there is no such file");
    LF_TRY(check_circuit_options(b));
    LF_TRY(check_folding_options(b));
    b->clock_mhz = o->clock_mhz > 0 ? o->clock_mhz : 200;
    b->part = lf_part_find(b->ctx, o->part ? o->part : "xc7z020");
    if (!b->part)
        return LF_BAD_INPUT;
    double cycles = o->fps > 0 ? floor(b->clock_mhz * 1e6 / o->fps) : 0;
    if (o->fps > 0 && cycles < 1)
        return lf_fail(b->ctx, LF_BAD_INPUT, NULL, "--fps %.0f is more than one frame a cycle at %.0f MHz", o->fps,
                       b->clock_mhz);
    b->fold = (lf_fold_options){.ii = o->ii > 0 ? o->ii : (int64_t)cycles,
                                .part = b->part->name,
                                .file = o->folding,
                                .weights = o->weights,
                                .must_fit = o->part != NULL,
                                .fastest = o->fastest};
    return LF_OK;
}

static bool was_wired(const lf_node *n) {
    static const char *const wires[] = {"fifo", "skid", "width_converter", "fork", "split_fork", NULL};
    bool flow = n->op == &lf_op_circuit && ((const lf_circuit_attr *)n->attr)->interface == LF_CIRCUIT_FLOW;
    return flow || lf_is_one_of(n, wires);
}

/* A design is not built again: its widths and FIFOs are those of its folding, and the network is no longer in it. */
static lf_status refuse_design(builder *b) {
    bool design = lf_is_dir(b->o->model.model);
    for (size_t i = 0; i < b->g->order.count; i++)
        design |= was_wired(lf_node_at(b->g, b->g->order.at[i]));
    if (!design)
        return LF_OK;
    lf_status status = lf_fail(b->ctx, LF_BAD_INPUT, &(lf_where){.file = b->o->model.model},
                               "it is a design that was built already, and cannot be built again");
    const char *source = *b->g->source_sha256 ? b->g->source : NULL; /* else the design is all that is known */
    lf_hint(b->ctx,
            "build the network that it was made of%s%s; --folding DIR/folding.json keeps the folding of this one",
            source ? ", " : "", source ? source : "");
    return status;
}

static lf_status run_pass(builder *b, const char *name, const void *options) {
    lf_progress(b->ctx, name, 0, 0);
    return lf_pass_run(b->g, lf_pass_find(name), options);
}

/* The integer program, held against the network on random and extreme rows: the build fails where they differ. */
static lf_status make_program(builder *b) {
    lf_graph *network = lf_graph_clone(b->g);
    if (!network)
        return LF_BAD_INPUT;
    lf_status status = run_pass(b, "channels-last", NULL);
    if (status == LF_OK)
        status = run_pass(b, "sink-pools", NULL);
    if (status == LF_OK)
        status = run_pass(b, "integerize", NULL);
    if (status == LF_OK) {
        b->checked_rows = lf_same_program_rows(network, b->g, CHECK_ROWS);
        lf_progress(b->ctx, "comparing with the network", 0, 0);
        status = lf_same_program(network, b->g, b->checked_rows);
    }
    lf_graph_free(network);
    return status;
}

/* Outputs that are an index stay so when the argmax has become part of a circuit. */
static void mark_indices(lf_graph *g) {
    static const lf_input_grid index = {.type = {LF_KIND_INT, 64, 0, 0, 0}, .scale = 1};
    for (size_t i = 0; i < g->outputs.count; i++)
        if (!g->outputs.at[i].grid && lf_is_index(g, g->outputs.at[i].tensor))
            g->outputs.at[i].grid = lf_copy(g->arena, &index, sizeof index);
}

static bool luts_of_four(const lf_part *part) {
    return !strcmp(part->family, "ice40") || !strcmp(part->family, "ecp5");
}

static lf_status make_circuits(builder *b) {
    lf_circuits_options o = {.lut_inputs = luts_of_four(b->part) ? 4 : 6,
                             .style = (int)lf_circuits_style_of(b->o->style),
                             .flow = wants_flow(b),
                             .lut_depth = b->o->lut_depth,
                             .abc = b->o->abc,
                             .report = &b->logic,
                             .rows = b->seen ? lf_seen_rows(b->seen) : NULL};
    LF_TRY(run_pass(b, "circuits", &o));
    if (!b->logic.circuits && b->o->lut_depth)
        lf_warn(b->ctx, NULL, "--lut-depth has no effect: this design has no circuits");
    if (!b->logic.circuits && (b->o->abc || b->seen))
        return lf_fail(b->ctx, LF_BAD_INPUT, NULL, "--%s is for circuits, and this design has none",
                       b->o->abc ? "abc" : "dont-cares");
    return LF_OK;
}

/* The circuits, held against the integer program on the rows on which that was held against the network. */
static lf_status make_same_circuits(builder *b) {
    lf_graph *program = lf_graph_clone(b->g);
    if (!program)
        return LF_BAD_INPUT;
    lf_status status = make_circuits(b);
    if (status == LF_OK && b->logic.circuits)
        status = lf_same_program(program, b->g, b->checked_rows);
    lf_graph_free(program);
    return status;
}

static bool is_constant(const lf_tensor *t) {
    for (int64_t k = 0; t->channel_range && k < t->shape.dim[t->range_axis]; k++)
        if (t->channel_range[k].lo != t->channel_range[k].hi)
            return false;
    return lf_on_grid(t) && (t->channel_range || t->range.lo == t->range.hi);
}

/* A grid that is not the input's often leaves nothing to compute; so do don't-cares where few rows count. */
static void warn_of_constants(const builder *b) {
    bool by_rows = b->seen && b->logic.luts_without > 0;
    for (size_t i = 0; i < b->g->outputs.count; i++)
        if (is_constant(lf_tensor_at(b->g, b->g->outputs.at[i].tensor))) {
            lf_warn(b->ctx, NULL, "output %s is the same whatever the input is", b->g->outputs.at[i].name);
            lf_hint(b->ctx, by_rows
                                ? "too few rows of --dont-cares show other codes: give more rows or a lower --rarity"
                                : "look at --input: do these codes, times their scale, cover what the network was "
                                  "trained on?");
        }
}

/* With data don't-cares the circuit is not the network: what that changes is measured before anything is written. */
static lf_status make_seen_circuits(builder *b) {
    if (!b->o->dont_cares)
        return make_same_circuits(b);
    LF_TRY(lf_seen_open(b->ctx, b->g, b->o, &b->seen));
    LF_TRY(make_circuits(b));
    lf_progress(b->ctx, "measuring the don't-cares", 0, 0);
    return lf_seen_measure(b->seen, b->g, &b->logic, &b->dont_cares);
}

/* There is nothing to fold: a part that was named must be large enough. */
static lf_status check_room(const builder *b) {
    lf_cost sum = {0};
    const char *what = NULL;
    for (size_t i = 0; i < b->g->order.count; i++) {
        const lf_node *n = lf_node_at(b->g, b->g->order.at[i]);
        lf_cost c = {0};
        if (!lf_is_unit(n))
            continue;
        LF_TRY(n->op->cost(b->g, n, &c));
        sum.lut += c.lut;
        sum.ff += c.ff;
    }
    if (lf_folding_fits(b->part, &sum, b->arena, &what))
        return LF_OK;
    if (b->o->part)
        return lf_fail(b->ctx, LF_BAD_INPUT, NULL, "the circuit does not fit %s: it needs %s", b->part->name, what);
    lf_warn(b->ctx, NULL, "the circuit needs %s (%s)", what, b->part->name);
    lf_hint(b->ctx, "name a larger part with --part");
    return LF_OK;
}

/* Flow has no widths, FIFOs or foldings: what is not one circuit is refused. */
static lf_status make_hardware(builder *b) {
    LF_TRY(make_program(b));
    mark_indices(b->g);
    LF_TRY(make_seen_circuits(b));
    warn_of_constants(b);
    if (wants_flow(b))
        LF_TRY(lf_flow_check(b->g));
    LF_TRY(run_pass(b, "map", NULL));
    if (wants_flow(b))
        return check_room(b);
    LF_TRY(run_pass(b, "fold", &b->fold));
    LF_TRY(
        run_pass(b, "connect", &(lf_connect_options){.file = b->o->folding, .allow_deadlock = b->o->allow_deadlock}));
    return lf_fifo_memories_fit(b->g, b->part);
}

static lf_status slowest_unit(const lf_graph *g, int64_t *cycles) {
    *cycles = 0;
    for (size_t i = 0; i < g->order.count; i++) {
        const lf_node *n = lf_node_at(g, g->order.at[i]);
        lf_cost cost = {0};
        if (!lf_is_unit(n) || !n->op->cost)
            continue;
        LF_TRY(n->op->cost(g, n, &cost));
        *cycles = cost.ii_cycles > *cycles ? cost.ii_cycles : *cycles;
    }
    return LF_OK;
}

/* As many frames as it takes until they come at an even pace, no faster than the slowest unit allows for long. */
static lf_status measure(builder *b, lf_stream_facts *flow) {
    int64_t slowest;
    LF_TRY(slowest_unit(b->g, &slowest));
    for (int frames = TIMING_FRAMES; frames <= MOST_TIMING_FRAMES; frames *= 2) {
        LF_TRY(lf_stream_model_measure(b->g, frames, b->arena, flow));
        if (flow->stops || (flow->timing.steady && flow->timing.ii_cycles >= slowest))
            break;
    }
    return LF_OK;
}

/* Nothing waits and nothing fills. */
static lf_status measure_flow(builder *b, lf_stream_facts *flow) {
    *flow = (lf_stream_facts){.frames = 1,
                              .waits = LF_NEW_ARRAY(b->arena, lf_chain_waits, b->g->nodes.count + 1),
                              .peak = LF_NEW_ARRAY(b->arena, int64_t, b->g->nodes.count + 1)};
    return lf_flow_timing(b->g, &flow->timing);
}

static lf_status gather_facts(builder *b, lf_build_facts *f) {
    *f = (lf_build_facts){.hardware = b->g,
                          .part = b->part,
                          .clock_mhz = b->clock_mhz,
                          .checked_rows = b->checked_rows,
                          .logic = &b->logic,
                          .dont_cares = b->dont_cares};
    f->top = lf_vlog_name(b->arena, lf_stem(b->arena, b->o->model.model));
    f->speaks_flow = lf_speaks_flow(b->g);
    LF_TRY(lf_circuit_ports(b->g, b->arena, &f->inputs, &f->outputs));
    if (f->speaks_flow)
        return measure_flow(b, &f->flow);
    LF_TRY(lf_stalls_prove(b->g, b->arena, &f->stalls));
    return measure(b, &f->flow);
}

static lf_status write_text(builder *b, const char *dir, const char *name, const lf_text *text) {
    return lf_file_write(b->ctx, lf_path_join(b->arena, dir, name), text->at, text->len);
}

static lf_status write_folding(builder *b, const char *dir) {
    lf_text text = {0};
    lf_status status = lf_folding_write(b->g, &text);
    if (status == LF_OK)
        status = write_text(b, dir, "folding.json", &text);
    lf_text_free(&text);
    return status;
}

static lf_status write_report(builder *b, const char *dir, const json_t *report) {
    lf_text text = {0};
    lf_json_print(&text, report);
    lf_text_add(&text, "\n");
    lf_status status = write_text(b, dir, "report.json", &text);
    lf_text_free(&text);
    return status;
}

/* For the families that Vivado knows. A part named in full is kept in full. */
static lf_status write_packaging(builder *b, const lf_build_facts *f, const char *dir) {
    const char *given = b->o->part, *name = b->part->name;
    const char *part = given && !strncmp(given, name, strlen(name)) ? given : name;
    if (!lf_vivado_knows(b->part))
        return LF_OK;
    return lf_vivado_write(b->ctx, f->top, part, b->clock_mhz, &f->inputs, &f->outputs, dir);
}

static lf_status write_weights(builder *b, const lf_build_facts *f, const char *dir) {
    for (size_t i = lf_data_port_count(&f->inputs); i < f->inputs.count; i++)
        LF_TRY(lf_weights_write(b->g, &f->inputs.at[i], dir));
    return LF_OK;
}

static lf_status write_all(builder *b, const lf_build_facts *f, const json_t *report, const char *dir) {
    LF_TRY(lf_target_verilog.emit(b->g, f->top, dir));
    LF_TRY(lf_testbench_write(b->ctx, dir, f->top, &f->inputs, &f->outputs, f->speaks_flow));
    if (!f->speaks_flow) {
        LF_TRY(lf_driver_write(b->g, f->top, &f->inputs, &f->outputs, dir));
        LF_TRY(write_packaging(b, f, dir));
    }
    LF_TRY(write_weights(b, f, dir));
    LF_TRY(lf_graph_save(b->g, lf_path_join(b->arena, dir, "model.lf"), false));
    LF_TRY(write_folding(b, dir));
    if (b->seen)
        LF_TRY(lf_graph_save(lf_seen_program(b->seen), lf_path_join(b->arena, dir, "network.lf"), false));
    return write_report(b, dir, report);
}

static lf_status write_design(builder *b, const lf_build_facts *f, const json_t *report) {
    lf_outdir *out;
    LF_TRY(lf_outdir_begin(b->ctx, b->o->out, "report.json", &out));
    lf_status status = write_all(b, f, report, lf_outdir_path(out));
    if (status == LF_OK)
        return lf_outdir_commit(b->ctx, out);
    lf_outdir_abandon(out);
    return status;
}

static lf_status verify_built(builder *b, json_t *report, lf_text *said) {
    lf_verify_options v = {.dir = b->o->out, .in = (const char *[]){b->o->verify, NULL}};
    lf_answer answer = {0};
    lf_status status = lf_verify(b->ctx, &v, &answer);
    if (answer.json)
        json_object_set_new(report, "verify", json_loads(answer.json, 0, NULL));
    if (answer.text)
        lf_text_addf(said, "\n%s", answer.text);
    lf_answer_free(&answer);
    if (status == LF_NO_TOOL)
        json_object_set_new(report, "verify", json_string("not done: no simulator"));
    lf_status written = write_report(b, b->o->out, report);
    return status == LF_OK ? written : status;
}

/* What DIR holds for the tools behind. Flow ends at logic, not at a DMA: there is nothing to drive it with and nothing to package. */
static void name_outside(const builder *b, json_t *report) {
    if (wants_flow(b)) {
        json_object_set_new(report, "driver", json_string("none: --interface flow has no streams for a driver"));
        json_object_set_new(
            report, "vivado",
            json_string("none: pack.tcl packages streams; with --interface flow add rtl/filelist.f to your project"));
        return;
    }
    json_object_set_new(report, "driver", json_string("driver"));
    if (lf_vivado_knows(b->part))
        json_object_set_new(report, "vivado",
                            json_pack("{s:s, s:s, s:s}", "script", "pack.tcl", "constraints", "constraints.xdc",
                                      "evidence", "not run: no Vivado was at hand"));
}

static lf_status build(builder *b, lf_answer *answer) {
    lf_build_facts facts;
    LF_TRY(make_hardware(b));
    LF_TRY(gather_facts(b, &facts));
    json_t *report = lf_build_report(&facts);
    if (!report)
        return LF_BAD_INPUT;
    name_outside(b, report);
    lf_status status = write_design(b, &facts, report);
    lf_text text = {0}, verified = {0};
    if (status == LF_OK && b->o->verify)
        status = verify_built(b, report, &verified);
    lf_build_report_text(report, &text);
    lf_text_addn(&text, verified.at, verified.len);
    lf_text_free(&verified);
    if (status == LF_OK || status == LF_FAILED || status == LF_NO_TOOL)
        lf_answer_set(answer, report, &text);
    else
        json_decref(report);
    lf_text_free(&text);
    return status;
}

/* -- the curve of frames/s against LUTs --------------------------------------------------------------------------------------- */

static void add_point(builder *b, json_t *points, lf_table *t, const lf_folding_total *total) {
    double fps = b->clock_mhz * 1e6 / (double)total->cost.ii_cycles;
    const char *what = NULL;
    bool fits = lf_folding_fits(b->part, &total->cost, b->arena, &what);
    json_t *p = json_object();
    json_object_set_new(p, "ii_cycles", json_integer(total->cost.ii_cycles));
    json_object_set_new(p, "fps", json_real(fps));
    json_object_set_new(p, "lut", json_integer((json_int_t)ceil(total->cost.lut)));
    json_object_set_new(p, "ff", json_integer((json_int_t)ceil(total->cost.ff)));
    json_object_set_new(p, "bram", json_real(total->cost.bram));
    json_object_set_new(p, "dsp", json_integer((json_int_t)total->cost.dsp));
    json_object_set_new(p, "fits", json_boolean(fits));
    json_object_set_new(p, "slowest", json_string(total->slowest ? total->slowest->name : ""));
    json_array_append_new(points, p);
    const char *row[] = {lf_thousands(b->arena, total->cost.ii_cycles),
                         lf_fixed_decimals(b->arena, fps, 0),
                         lf_thousands(b->arena, (int64_t)ceil(total->cost.lut)),
                         lf_fixed_decimals(b->arena, total->cost.bram, 1),
                         lf_thousands(b->arena, (int64_t)total->cost.dsp),
                         fits ? "yes" : what,
                         total->slowest ? total->slowest->name : ""};
    lf_table_row(t, row);
}

/* From the fastest folding in steps of two until nothing gets cheaper. */
static lf_status add_points(builder *b, lf_folding *f, json_t *points, lf_table *t) {
    int64_t ii = lf_folding_fastest(f), last = 0;
    for (int i = 0; i < 40; i++, ii *= 2) {
        lf_folding_total total;
        lf_progress(b->ctx, "sweep", (uint64_t)i, 0);
        LF_TRY(lf_folding_reach(f, b->part, ii, &total));
        if (total.cost.ii_cycles == last)
            break;
        add_point(b, points, t, &total);
        last = total.cost.ii_cycles;
    }
    return LF_OK;
}

static lf_status sweep(builder *b, lf_answer *answer) {
    static const char *const header[] = {"II", "frames/s", "LUT", "BRAM36", "DSP", "<fits", "<slowest layer"};
    LF_TRY(make_program(b));
    LF_TRY(make_circuits(b));
    LF_TRY(run_pass(b, "map", NULL));
    json_t *root = json_object(), *points = json_array();
    lf_table t = lf_table_make(b->arena, LF_COUNT(header), header);
    lf_folding *f;
    lf_status status = lf_folding_open(b->g, lf_folding_pins(b->g, b->part, b->arena), b->arena, &f);
    if (status == LF_OK)
        status = add_points(b, f, points, &t);
    lf_folding_close(f);
    json_object_set_new(root, "part", json_string(b->part->name));
    json_object_set_new(root, "points", points);
    lf_text text = {0};
    lf_table_print(&t, &text);
    lf_answer_set(answer, root, &text);
    return status;
}

lf_status lf_build(lf_ctx *ctx, const lf_build_options *o, lf_answer *answer) {
    builder b = {.ctx = ctx, .o = o, .arena = lf_arena_new()};
    lf_status status = check_options(&b);
    if (status == LF_OK) {
        b.g = lf_model_open(ctx, &o->model);
        status = b.g ? refuse_design(&b) : LF_BAD_INPUT;
    }
    if (status == LF_OK)
        status = o->sweep ? sweep(&b, answer) : build(&b, answer);
    json_decref(b.dont_cares);
    lf_seen_free(b.seen);
    lf_graph_free(b.g);
    lf_arena_free(b.arena);
    return status;
}
