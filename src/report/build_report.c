#include "report/build_report.h"

#include <math.h>
#include <string.h>

#include "ir/attr_access.h"
#include "ops/stream.h"
#include "report/circuit_report.h"
#include "report/host_report.h"
#include "report/text_table.h"

static json_t *rounded(double v) {
    return json_real(nearbyint(v * 2) / 2);
}

static json_t *whole(double v) {
    return json_integer((json_int_t)nearbyint(v));
}

static int64_t attr_or(const lf_node *n, const char *name, int64_t fallback) {
    return lf_has_attr(n, name) ? lf_attr_int(n, name) : fallback;
}

/* A depthwise unit multiplies every element of its input once; a matrix-vector unit every vector by the rows of its group. */
static int64_t macs_of(const lf_graph *g, const lf_node *n) {
    if (!strcmp(n->op->name, "vvu"))
        return lf_shape_count(lf_in(g, n, 0)->shape);
    if (strcmp(n->op->name, "mvu"))
        return 0;
    const lf_tensor *w = lf_in(g, n, 1), *x = lf_in(g, n, 0);
    return lf_shape_count(w->shape) / attr_or(n, "groups", 1) * (lf_shape_count(x->shape) / w->shape.dim[1]);
}

/* A FIFO's part of the report: what it could hold and what it held. */
static json_t *fifo_json(const lf_build_facts *f, const lf_node *n) {
    json_t *o = json_object();
    int64_t depth = lf_attr_int(n, "depth"), width = lf_stream_bits(f->hardware, n->in[0]);
    json_object_set_new(o, "name", json_string(n->name));
    json_object_set_new(o, "depth", json_integer(depth));
    json_object_set_new(o, "width_bits", json_integer(width));
    json_object_set_new(o, "bits", json_integer(depth * width));
    json_object_set_new(o, "style", json_string(lf_attr_enum_name(n, "style")));
    json_object_set_new(o, "peak", json_integer(f->flow.peak[n->id]));
    return o;
}

/* How long a unit waits in a frame: slack is what its own work leaves of the interval. */
static void add_waits(const lf_build_facts *f, const lf_node *n, const lf_cost *c, json_t *l) {
    const lf_chain_waits *w = &f->flow.waits[n->id];
    json_object_set_new(l, "slack",
                        f->flow.stops ? json_null() : json_integer(f->flow.timing.ii_cycles - c->ii_cycles));
    json_object_set_new(l, "starved_cycles", json_integer(w->starved_cycles / f->flow.frames));
    json_object_set_new(l, "blocked_cycles", json_integer(w->blocked_cycles / f->flow.frames));
}

static json_t *layer_json(const lf_build_facts *f, const lf_node *n, const lf_cost *c) {
    const lf_graph *g = f->hardware;
    json_t *l = json_object();
    json_object_set_new(l, "name", json_string(n->name));
    json_object_set_new(l, "op", json_string(n->op->name));
    json_object_set_new(l, "style",
                        json_string(lf_has_attr(n, "interface") ? lf_attr_enum_name(n, "style") : "folded"));
    json_object_set_new(l, "pe", json_integer(attr_or(n, "PE", 1)));
    json_object_set_new(l, "simd", json_integer(attr_or(n, "SIMD", 1)));
    json_object_set_new(l, "cycles", json_integer(c->ii_cycles));
    json_object_set_new(l, "lut", whole(c->lut));
    json_object_set_new(l, "ff", whole(c->ff));
    json_object_set_new(l, "bram", rounded(c->bram));
    json_object_set_new(l, "dsp", whole(c->dsp));
    json_object_set_new(l, "weight_bits", json_integer(c->weight_bits));
    json_object_set_new(l, "macs", json_integer(macs_of(g, n)));
    if (lf_has_attr(n, "depth"))
        json_object_set_new(l, "depth", json_integer(lf_attr_int(n, "depth")));
    add_waits(f, n, c, l);
    return l;
}

typedef struct tables {
    json_t *layers, *fifos;
    lf_cost sum;
    const lf_node *slowest;
    int64_t slowest_cycles;
} tables;

static lf_status fill_tables(const lf_build_facts *f, tables *t) {
    const lf_graph *g = f->hardware;
    for (size_t i = 0; i < g->order.count; i++) {
        const lf_node *n = lf_node_at(g, g->order.at[i]);
        lf_cost c = {0};
        if (!lf_is_unit(n))
            continue;
        LF_TRY(n->op->cost(g, n, &c));
        lf_cost_add(&t->sum, &c);
        json_array_append_new(t->layers, layer_json(f, n, &c));
        if (!strcmp(n->op->name, "fifo"))
            json_array_append_new(t->fifos, fifo_json(f, n));
        if (c.ii_cycles > t->slowest_cycles) {
            t->slowest = n;
            t->slowest_cycles = c.ii_cycles;
        }
    }
    return LF_OK;
}

/* The unit whose own work takes longest. A circuit slower than it waits somewhere: for FIFOs that the user made small. */
static json_t *bottleneck_json(const lf_build_facts *f, const tables *t) {
    json_t *b = json_object();
    bool waits = f->flow.stops || f->flow.timing.ii_cycles > t->slowest_cycles;
    json_object_set_new(b, "name", json_string(t->slowest ? t->slowest->name : ""));
    json_object_set_new(b, "op", json_string(t->slowest ? t->slowest->op->name : ""));
    json_object_set_new(b, "cycles", json_integer(t->slowest_cycles));
    json_object_set_new(b, "limited_by", json_string(waits ? "waits between units" : "its own work"));
    return b;
}

/* What doc/dev/deadlock.md defines: a frame through pipelines of one register each. `stops`: who would wait for whom; null: nobody. */
static json_t *proof_json(const lf_stall_proof *p) {
    json_t *o = json_object();
    json_object_set_new(o, "units", json_integer(p->units));
    json_object_set_new(o, "streams", json_integer(p->streams));
    json_object_set_new(o, "beats", json_integer(p->beats));
    json_object_set_new(o, "stops", p->stops ? json_string(p->stops) : json_null());
    return o;
}

static json_t *network_json(const lf_build_facts *f, const lf_cost *sum) {
    json_t *n = json_object();
    const lf_chain_result *timing = &f->flow.timing;
    bool stops = f->flow.stops != NULL;
    json_object_set_new(n, "ii_cycles", stops ? json_null() : json_integer(timing->ii_cycles));
    json_object_set_new(n, "latency_cycles", stops ? json_null() : json_integer(timing->latency_cycles));
    json_object_set_new(n, "fps", json_real(stops ? 0 : f->clock_mhz * 1e6 / (double)timing->ii_cycles));
    json_object_set_new(n, "latency_ns",
                        stops ? json_null() : json_real((double)timing->latency_cycles * 1e3 / f->clock_mhz));
    json_object_set_new(n, "deadlock_free", json_boolean(!f->stalls.stops));
    if (!f->speaks_flow)
        json_object_set_new(n, "deadlock_proof", proof_json(&f->stalls));
    if (stops)
        json_object_set_new(n, "deadlock", json_string(f->flow.stops));
    json_object_set_new(n, "lut", whole(sum->lut));
    json_object_set_new(n, "ff", whole(sum->ff));
    json_object_set_new(n, "bram", rounded(sum->bram));
    json_object_set_new(n, "uram", whole(sum->uram));
    json_object_set_new(n, "dsp", whole(sum->dsp));
    json_object_set_new(n, "weight_bits", json_integer(sum->weight_bits));
    return n;
}

/* Operations are multiplications and additions; the peak is every matrix-vector unit busy in every cycle. */
static json_t *roofline_json(const lf_build_facts *f) {
    const lf_graph *g = f->hardware;
    double ops = 0, peak = 0, clock = f->clock_mhz * 1e6;
    int64_t bytes = 0, longest = 0, slowest_cycles = 0;
    const char *bound = "", *slowest = "";
    for (size_t i = 0; i < g->order.count; i++) {
        const lf_node *n = lf_node_at(g, g->order.at[i]);
        lf_cost c = {0};
        ops += lf_is_unit(n) ? 2 * (double)macs_of(g, n) : 0;
        peak += lf_is_unit(n) && macs_of(g, n) ? 2 * (double)(attr_or(n, "PE", 1) * attr_or(n, "SIMD", 1)) * clock : 0;
        if (lf_is_unit(n) && n->op->cost(g, n, &c) == LF_OK && c.ii_cycles > slowest_cycles) {
            slowest_cycles = c.ii_cycles;
            slowest = n->name;
        }
    }
    const lf_stream_ports *sides[2] = {&f->inputs, &f->outputs};
    for (int s = 0; s < 2; s++)
        for (size_t i = 0; i < sides[s]->count; i++) {
            const lf_stream_port *p = &sides[s]->at[i];
            bytes += lf_port_beats(p) * lf_port_bytes(p);
            if (lf_port_beats(p) > longest && !p->image) { /* a unit takes weights at its own pace */
                longest = lf_port_beats(p);
                bound = s ? "output stream" : "input stream";
            }
        }
    json_t *r = json_object();
    json_object_set_new(r, "ops_per_frame", json_real(ops));
    json_object_set_new(r, "peak_ops", json_real(peak));
    json_object_set_new(r, "attained_ops",
                        json_real(f->flow.stops ? 0 : ops * clock / (double)f->flow.timing.ii_cycles));
    json_object_set_new(r, "bytes_per_frame", json_integer(bytes));
    json_object_set_new(r, "bound", json_string(longest >= f->flow.timing.ii_cycles ? bound : slowest));
    return r;
}

json_t *lf_build_report(const lf_build_facts *f) {
    json_t *r = json_object(), *clock = json_object();
    tables t = {.layers = json_array(), .fifos = json_array()};
    const lf_graph *g = f->hardware;
    json_object_set_new(r, "model", json_string(g->source ? g->source : g->name));
    json_object_set_new(r, "model_sha256", json_string(lf_graph_sha256(g)));
    if (*g->text_sha256)
        json_object_set_new(r, "text_sha256", json_string(g->text_sha256));
    json_object_set_new(r, "top", json_string(f->top));
    json_object_set_new(r, "part", json_string(f->part->name));
    json_object_set_new(r, "family", json_string(f->part->family));
    json_object_set_new(r, "lut_inputs", json_integer(f->part->lut_inputs));
    json_object_set_new(r, "interface", json_string(f->speaks_flow ? "flow" : "stream"));
    json_object_set_new(r, "checked_rows", json_integer(f->checked_rows));
    json_object_set_new(clock, "mhz", json_real(f->clock_mhz));
    json_object_set_new(clock, "evidence", json_string("assumed"));
    json_object_set_new(r, "clock", clock);
    json_object_set_new(r, "host", lf_host_report(g, &f->inputs, &f->outputs));
    lf_status status = fill_tables(f, &t);
    json_object_set_new(r, "layers", t.layers);
    json_object_set_new(r, "fifos", t.fifos);
    if (status == LF_OK)
        status = lf_circuit_report(g, f->logic, r);
    if (f->dont_cares)
        json_object_set(r, "dont_cares", f->dont_cares);
    if (status != LF_OK) {
        json_decref(r);
        return NULL;
    }
    json_object_set_new(r, "network", network_json(f, &t.sum));
    json_object_set_new(r, "bottleneck", bottleneck_json(f, &t));
    json_object_set_new(r, "roofline", roofline_json(f));
    return r;
}

/* -- readable ------------------------------------------------------------------------------------------------------------------------ */

static int64_t int_of(const json_t *o, const char *key) {
    return json_integer_value(json_object_get(o, key));
}

static double real_of(const json_t *o, const char *key) {
    return json_number_value(json_object_get(o, key));
}

static const char *string_of(const json_t *o, const char *key) {
    const char *s = json_string_value(json_object_get(o, key));
    return s ? s : "";
}

static void layer_rows(lf_table *t, const json_t *layers) {
    lf_arena *a = t->arena;
    size_t i;
    json_t *l;
    json_array_foreach((json_t *)layers, i, l) {
        const char *row[] = {string_of(l, "name"),
                             string_of(l, "op"),
                             lf_thousands(a, int_of(l, "pe")),
                             lf_thousands(a, int_of(l, "simd")),
                             lf_thousands(a, int_of(l, "cycles")),
                             json_is_null(json_object_get(l, "slack")) ? "-" : lf_thousands(a, int_of(l, "slack")),
                             lf_thousands(a, int_of(l, "lut")),
                             lf_thousands(a, int_of(l, "ff")),
                             lf_fixed_decimals(a, real_of(l, "bram"), 1),
                             lf_thousands(a, int_of(l, "dsp")),
                             lf_thousands(a, int_of(l, "weight_bits"))};
        lf_table_row(t, row);
    }
}

static void stalls_text(lf_arena *a, const json_t *network, lf_text *out) {
    const json_t *proof = json_object_get(network, "deadlock_proof");
    if (json_is_true(json_object_get(network, "deadlock_free")))
        lf_text_addf(out, "no stall pattern can deadlock it: a frame passes %s with every pipeline one register long\n",
                     lf_count_of(a, int_of(proof, "streams"), "stream", "streams"));
    else if (!json_object_get(network, "deadlock"))
        lf_text_addf(out, "stalls may deadlock it: with every pipeline one register long, %s\n",
                     string_of(proof, "stops"));
}

static void flow_text(lf_arena *a, const json_t *r, lf_text *out) {
    const json_t *fifos = json_object_get(r, "fifos"), *slow = json_object_get(r, "bottleneck"), *f;
    int64_t bits = 0;
    size_t i;
    json_array_foreach((json_t *)fifos, i, f) bits += int_of(f, "bits");
    lf_text_addf(out, "slowest unit %s (%s, %s); the rate is limited by %s\n", string_of(slow, "name"),
                 string_of(slow, "op"), lf_count_of(a, int_of(slow, "cycles"), "cycle", "cycles"),
                 string_of(slow, "limited_by"));
    if (json_array_size(fifos))
        lf_text_addf(out, "%s up to %s bits\n",
                     lf_count_of(a, (int64_t)json_array_size(fifos), "FIFO holds", "FIFOs hold"),
                     lf_thousands(a, bits));
    stalls_text(a, json_object_get(r, "network"), out);
}

static void weights_text(lf_arena *a, const json_t *r, lf_text *out) {
    const json_t *weights = json_object_get(json_object_get(r, "host"), "weights"), *w;
    int64_t bytes = 0;
    size_t i;
    json_array_foreach((json_t *)weights, i, w) bytes += int_of(w, "beats_per_frame") * int_of(w, "beat_bytes");
    if (bytes)
        lf_text_addf(
            out, "%s from outside: %s bytes a frame\n",
            lf_count_of(a, (int64_t)json_array_size(weights), "layer takes its weights", "layers take their weights"),
            lf_thousands(a, bytes));
}

/* Costs of units are formulas for LUTs of 6 inputs. */
static void small_luts_text(const json_t *r, lf_text *out) {
    int64_t inputs = int_of(r, "lut_inputs");
    if (inputs && inputs < 6)
        lf_text_addf(
            out, "LUTs are estimated as 6-input ones; %s has %lld-input ones and takes more: `lutfisk synth` counts\n",
            string_of(r, "part"), (long long)inputs);
}

static void layers_text(lf_arena *a, const json_t *r, lf_text *out) {
    static const char *const header[] = {"<layer", "<op", "PE",     "SIMD", "cycles",     "slack",
                                         "LUT",    "FF",  "BRAM36", "DSP",  "weight bits"};
    const json_t *n = json_object_get(r, "network");
    lf_table t = lf_table_make(a, LF_COUNT(header), header);
    layer_rows(&t, json_object_get(r, "layers"));
    const char *total[] = {"whole (estimated)",
                           "",
                           "",
                           "",
                           lf_thousands(a, int_of(n, "ii_cycles")),
                           "",
                           lf_thousands(a, int_of(n, "lut")),
                           lf_thousands(a, int_of(n, "ff")),
                           lf_fixed_decimals(a, real_of(n, "bram"), 1),
                           lf_thousands(a, int_of(n, "dsp")),
                           lf_thousands(a, int_of(n, "weight_bits"))};
    lf_table_row(&t, total);
    lf_table_print(&t, out);
}

static void rate_text(lf_arena *a, const json_t *r, lf_text *out) {
    const json_t *n = json_object_get(r, "network"), *clock = json_object_get(r, "clock");
    const char *deadlock = json_string_value(json_object_get(n, "deadlock"));
    if (deadlock)
        lf_text_addf(out, "\nDEADLOCK: the circuit stops for ever: %s\n", deadlock);
    else
        lf_text_addf(out, "\nII %s, latency %s; at %s MHz (%s): %s frames/s, %s ns\n",
                     lf_count_of(a, int_of(n, "ii_cycles"), "cycle", "cycles"),
                     lf_count_of(a, int_of(n, "latency_cycles"), "cycle", "cycles"),
                     lf_fixed_decimals(a, real_of(clock, "mhz"), 0), string_of(clock, "evidence"),
                     lf_fixed_decimals(a, real_of(n, "fps"), 0), lf_fixed_decimals(a, real_of(n, "latency_ns"), 0));
}

void lf_build_report_text(const json_t *r, lf_text *out) {
    lf_arena *a = lf_arena_new();
    const json_t *roof = json_object_get(r, "roofline");
    layers_text(a, r, out);
    rate_text(a, r, out);
    if (real_of(roof, "ops_per_frame") > 0)
        lf_text_addf(out, "%s G operations/s of a peak of %s; bound by %s\n",
                     lf_fixed_decimals(a, real_of(roof, "attained_ops") / 1e9, 1),
                     lf_fixed_decimals(a, real_of(roof, "peak_ops") / 1e9, 1), string_of(roof, "bound"));
    small_luts_text(r, out);
    lf_circuit_report_text(r, out);
    if (strcmp(string_of(r, "interface"), "flow") != 0)
        flow_text(a, r, out);
    weights_text(a, r, out);
    lf_text_addf(out, "the integer program%s equals the network on %s rows, random and extreme\n",
                 json_object_get(r, "dont_cares") ? " before the don't-cares" : "",
                 lf_thousands(a, int_of(r, "checked_rows")));
    lf_dont_cares_text(r, out);
    lf_arena_free(a);
}
