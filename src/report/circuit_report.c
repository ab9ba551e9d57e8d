#include "report/circuit_report.h"

#include <math.h>

#include "ops/circuit_node.h"
#include "ops/ops.h"
#include "report/text_table.h"

/* As users know them, in the order of the data. */
static const struct {
    const char *name;
    lf_circuit_part part;
} parts[] = {{"encoder", LF_PART_ENCODER}, {"core", LF_PART_CORE}, {"head", LF_PART_HEAD}};

typedef struct totals {
    double lut[LF_CIRCUIT_PARTS], ff[LF_CIRCUIT_PARTS];
    lf_cost wrapper;
    int circuits, levels, latency;
} totals;

static lf_status add_circuit(const lf_graph *g, const lf_node *n, totals *t) {
    lf_circuit *c;
    lf_circuit_stats s;
    LF_TRY(lf_circuit_load(g, n, &c));
    lf_circuit_count(c, &s);
    for (int p = 0; p < LF_CIRCUIT_PARTS; p++) {
        t->lut[p] += (double)s.luts[p];
        t->ff[p] += (double)s.registers[p];
    }
    lf_cost wrapper = lf_circuit_wrapper_cost(g, n, c->latency);
    t->wrapper.lut += wrapper.lut;
    t->wrapper.ff += wrapper.ff;
    t->levels = s.depth > t->levels ? s.depth : t->levels;
    t->latency = c->latency > t->latency ? c->latency : t->latency;
    t->circuits++;
    lf_circuit_free(c);
    return LF_OK;
}

static void set_part(json_t *report, const char *name, double lut, double ff) {
    json_t *o = json_object();
    json_object_set_new(o, "lut", json_integer((json_int_t)nearbyint(lut)));
    json_object_set_new(o, "ff", json_integer((json_int_t)nearbyint(ff)));
    json_object_set_new(report, name, o);
}

static json_t *minimized_json(const lf_circuits_report *made) {
    const lf_minimize_report *m = &made->sum;
    const struct {
        const char *key;
        size_t value;
    } all[] = {{"lut_before", m->luts_before},   {"lut_after", m->luts_after},     {"tables", m->tables},
               {"entries", m->entries},          {"unreachable", m->unreachable},  {"unseen", m->unseen},
               {"bits_proved", m->logic.proved}, {"bits_tested", m->logic.tested}, {"rows", m->rows},
               {"rows_free", m->rows_free}};
    json_t *o = json_object();
    for (size_t i = 0; i < LF_COUNT(all); i++)
        json_object_set_new(o, all[i].key, json_integer((json_int_t)all[i].value));
    json_object_set_new(o, "lut_by_abc", made->abc ? json_integer((json_int_t)m->luts_by_abc) : json_null());
    return o;
}

lf_status lf_circuit_report(const lf_graph *g, const lf_circuits_report *made, json_t *report) {
    totals t = {0};
    for (size_t i = 0; i < g->order.count; i++) {
        const lf_node *n = lf_node_at(g, g->order.at[i]);
        if (n->op == &lf_op_circuit)
            LF_TRY(add_circuit(g, n, &t));
    }
    if (!t.circuits)
        return LF_OK;
    for (size_t i = 0; i < LF_COUNT(parts); i++)
        set_part(report, parts[i].name, t.lut[parts[i].part], t.ff[parts[i].part]);
    set_part(report, "wrapper", t.wrapper.lut, t.wrapper.ff);
    json_t *logic = json_object();
    json_object_set_new(logic, "circuits", json_integer(t.circuits));
    json_object_set_new(logic, "levels", json_integer(t.levels));
    json_object_set_new(logic, "registers_in_a_row", json_integer(t.latency));
    json_object_set_new(logic, "minimized", minimized_json(made));
    json_object_set_new(report, "logic", logic);
    return LF_OK;
}

static int64_t int_of(const json_t *o, const char *key) {
    return json_integer_value(json_object_get(o, key));
}

static void minimized_text(lf_arena *a, const json_t *m, lf_text *out) {
    const json_t *by_abc = json_object_get(m, "lut_by_abc");
    lf_text_addf(out, "minimized from at least %s to %s", lf_thousands(a, int_of(m, "lut_before")),
                 lf_count_of(a, int_of(m, "lut_after"), "LUT", "LUTs"));
    if (int_of(m, "entries"))
        lf_text_addf(out, "; of %s entries of tables %s cannot occur", lf_thousands(a, int_of(m, "entries")),
                     lf_thousands(a, int_of(m, "unreachable")));
    if (int_of(m, "unseen"))
        lf_text_addf(out, ", %s were not seen", lf_thousands(a, int_of(m, "unseen")));
    if (json_is_integer(by_abc) && int_of(m, "lut_by_abc"))
        lf_text_addf(out, "; ABC made %s of logic", lf_count_of(a, int_of(m, "lut_by_abc"), "LUT", "LUTs"));
    else if (json_is_integer(by_abc))
        lf_text_add(out, "; ABC found nothing smaller");
    lf_text_addf(out, "; %s proved", lf_count_of(a, int_of(m, "bits_proved"), "bit", "bits"));
    if (int_of(m, "bits_tested"))
        lf_text_addf(out, ", %s only tested", lf_thousands(a, int_of(m, "bits_tested")));
    if (int_of(m, "rows_free"))
        lf_text_addf(out, "; %s of %s rows not compared", lf_thousands(a, int_of(m, "rows_free")),
                     lf_thousands(a, int_of(m, "rows")));
    lf_text_add(out, "\n");
}

void lf_circuit_report_text(const json_t *r, lf_text *out) {
    static const char *const names[] = {"encoder", "core", "head", "wrapper"};
    const json_t *logic = json_object_get(r, "logic");
    if (!logic)
        return;
    lf_arena *a = lf_arena_new();
    lf_text_add(out, "circuits (estimated): ");
    for (size_t i = 0; i < LF_COUNT(names); i++) {
        const json_t *o = json_object_get(r, names[i]);
        lf_text_addf(out, "%s%s %s LUT %s FF", i ? ", " : "", names[i], lf_thousands(a, int_of(o, "lut")),
                     lf_thousands(a, int_of(o, "ff")));
    }
    lf_text_addf(out, "\n%s in a row, up to %s between them\n",
                 lf_count_of(a, int_of(logic, "registers_in_a_row"), "register", "registers"),
                 lf_count_of(a, int_of(logic, "levels"), "LUT level", "LUT levels"));
    minimized_text(a, json_object_get(logic, "minimized"), out);
    lf_arena_free(a);
}

static const char *percent(lf_arena *a, const json_t *o, const char *key) {
    return lf_fixed_decimals(a, 100 * json_number_value(json_object_get(o, key)), 2);
}

void lf_dont_cares_text(const json_t *r, lf_text *out) {
    const json_t *d = json_object_get(r, "dont_cares"), *check = json_object_get(d, "check");
    if (!d)
        return;
    lf_arena *a = lf_arena_new();
    lf_text_addf(out, "data don't-cares from %s rows of %s (codes seen fewer than %s): %s, without them %s\n",
                 lf_thousands(a, int_of(d, "rows")), json_string_value(json_object_get(d, "file")),
                 lf_count_of(a, int_of(d, "rarity"), "time", "times"), lf_count_of(a, int_of(d, "lut"), "LUT", "LUTs"),
                 lf_thousands(a, int_of(d, "lut_without")));
    lf_text_addf(out, "the circuit differs from the network on %s of these rows and on %s of %s %s (%s %%)\n",
                 lf_thousands(a, int_of(d, "changed_rows")), lf_thousands(a, int_of(check, "changed_rows")),
                 lf_thousands(a, int_of(check, "rows")),
                 json_is_true(json_object_get(check, "held_out")) ? "rows held out" : "others",
                 percent(a, check, "changed_share"));
    if (json_is_real(json_object_get(check, "accuracy_before")))
        lf_text_addf(out, "accuracy there: %s %%, without them %s %%\n", percent(a, check, "accuracy_after"),
                     percent(a, check, "accuracy_before"));
    lf_arena_free(a);
}
