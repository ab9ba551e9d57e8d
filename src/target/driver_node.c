#include "target/driver_node.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "ir/attr_access.h"
#include "ir/is_op.h"
#include "ops/align.h"
#include "ops/elementwise.h"

/* -- numbers and indices ------------------------------------------------------------------------------------------------ */

const char *lf_driver_number(lf_arena *a, double v) {
    lf_text t = {0};
    lf_text_double(&t, v);
    const char *s = lf_format(a, v < 0 ? "(%s%s)" : "%s%s", t.at, strpbrk(t.at, ".e") ? "" : ".0");
    lf_text_free(&t);
    return s;
}

static bool is_counted(const int64_t *index, size_t count, size_t inner, int64_t most) {
    for (size_t e = 0; e < count; e++)
        if (index[e] != (int64_t)(e / inner) % most)
            return false;
    return true;
}

/* e / inner % most, when it is that. */
static const char *counted(lf_driver_loop *l, const int64_t *index) {
    int64_t largest = 0;
    size_t inner = 1;
    for (size_t e = 0; e < l->count; e++)
        largest = index[e] > largest ? index[e] : largest;
    if (largest == 0)
        return "0";
    while (inner < l->count && index[inner] == index[0])
        inner++;
    if (!is_counted(index, l->count, inner, largest + 1))
        return NULL;
    const char *divided = inner == 1 ? "e" : lf_format(l->arena, "e / %zuu", inner);
    return (size_t)(largest + 1) * inner >= l->count ? divided
                                                     : lf_format(l->arena, "%s %% %" PRId64 "u", divided, largest + 1);
}

/* Rows and columns exchanged: e % rows * columns + e / rows. */
static const char *exchanged(lf_driver_loop *l, const int64_t *index) {
    if (l->count < 4 || index[1] < 2 || l->count % (size_t)index[1])
        return NULL;
    size_t columns = (size_t)index[1], rows = l->count / columns;
    for (size_t e = 0; e < l->count; e++)
        if (index[e] != (int64_t)(e % rows * columns + e / rows))
            return NULL;
    return lf_format(l->arena, "e %% %zuu * %zuu + e / %zuu", rows, columns, rows);
}

static const char *new_table(lf_driver_loop *l, const char *type, size_t count) {
    const char *name = lf_format(l->arena, "%s_%d", l->name, l->table_count++);
    lf_text_addf(&l->tables, "static const %s %s[%zu] = {", type, name, count);
    return name;
}

static void table_entry(lf_text *t, size_t i, const char *entry) {
    lf_text_addf(t, "%s%s", i == 0 ? "\n    " : i % 12 ? ", " : ",\n    ", entry);
}

const char *lf_driver_index(lf_driver_loop *l, const int64_t *index) {
    const char *simple = counted(l, index);
    simple = simple ? simple : exchanged(l, index);
    if (simple)
        return simple;
    const char *name = new_table(l, "uint32_t", l->count);
    for (size_t e = 0; e < l->count; e++)
        table_entry(&l->tables, e, lf_format(l->arena, "%" PRId64, index[e]));
    lf_text_add(&l->tables, "};\n");
    return lf_format(l->arena, "%s[e]", name);
}

/* values[index[e]] as an expression. NULL when one is not finite. */
static const char *pick_real(lf_driver_loop *l, const double *values, size_t count, const int64_t *index) {
    bool same = true;
    for (size_t i = 0; i < count; i++) {
        same = same && memcmp(&values[i], &values[0], sizeof *values) == 0;
        if (!isfinite(values[i]))
            return NULL;
    }
    if (same)
        return lf_driver_number(l->arena, values[0]);
    const char *name = new_table(l, "double", count);
    for (size_t i = 0; i < count; i++)
        table_entry(&l->tables, i, lf_driver_number(l->arena, values[i]));
    lf_text_add(&l->tables, "};\n");
    return lf_format(l->arena, "%s[%s]", name, lf_driver_index(l, index));
}

static const char *pick_code(lf_driver_loop *l, const int64_t *values, size_t count, const int64_t *index) {
    bool same = true;
    for (size_t i = 0; i < count; i++) {
        same = same && values[i] == values[0];
        if (values[i] < -INT64_MAX)
            return NULL;
    }
    if (same)
        return lf_format(l->arena, "INT64_C(%" PRId64 ")", values[0]);
    const char *name = new_table(l, "int64_t", count);
    for (size_t i = 0; i < count; i++)
        table_entry(&l->tables, i, lf_format(l->arena, "INT64_C(%" PRId64 ")", values[i]));
    lf_text_add(&l->tables, "};\n");
    return lf_format(l->arena, "%s[%s]", name, lf_driver_index(l, index));
}

/* Which element of operand `from` belongs to each e, when element[e] is the one of a tensor of shape `to`. */
static const int64_t *operand_index(lf_driver_loop *l, lf_shape from, lf_shape to, const int64_t *element) {
    lf_map m = lf_map_make(from, to);
    int64_t *index = LF_NEW_ARRAY(l->arena, int64_t, l->count);
    for (size_t e = 0; e < l->count; e++)
        index[e] = (int64_t)lf_map_at(&m, (size_t)element[e]);
    return index;
}

static const double *reals_of(lf_driver_loop *l, const lf_tensor *t) {
    double *v = LF_NEW_ARRAY(l->arena, double, t->value->count);
    for (size_t i = 0; i < t->value->count; i++)
        v[i] = lf_tensor_real(t, i);
    return v;
}

static const char *constant(lf_driver_loop *l, const lf_node *n, int operand, const int64_t *element) {
    const lf_tensor *t = lf_in(l->g, n, operand);
    if (!t || !t->value || t->value->count == 0)
        return NULL;
    return pick_real(l, reals_of(l, t), t->value->count,
                     operand_index(l, t->shape, lf_out(l->g, n, 0)->shape, element));
}

/* -- helpers of the printed code ------------------------------------------------------------------------------------------ */

static const struct rounding {
    const char *name, *up; /* whether what lies between two integers goes up */
} roundings[LF_DRIVER_ROUNDINGS] = {
    [LF_ROUND_HALF_EVEN] = {"round_half_even", "rest > half || (rest == half && whole % 2 != 0)"},
    [LF_ROUND_HALF_UP] = {"round_half_away", "rest > half || (rest == half && v > 0.0)"},
    [LF_ROUND_HALF_DOWN] = {"round_half_to_zero", "rest > half || (rest == half && v < 0.0)"},
    [LF_ROUND_UP] = {"round_away", "v > 0.0"},
    [LF_ROUND_DOWN] = {"round_to_zero", "v < 0.0"},
    [LF_ROUND_CEIL] = {"round_up", "1"},
    [LF_ROUND_FLOOR] = {"round_down", "0"},
    [LF_ROUND_HALF_PLUS] = {"round_half_up", "rest >= half"},
    [LF_ROUND_HALF_MINUS] = {"round_half_down", "rest > half"},
};

const char *lf_driver_round(lf_driver_loop *l, lf_round mode) {
    l->uses->round[mode] = true;
    return roundings[mode].name;
}

static void print_round(const struct rounding *r, lf_text *t) {
    lf_text_addf(t, "static int64_t %s(double v)\n{\n    int64_t whole = (int64_t)v;\n", r->name);
    lf_text_add(t, "    double rest = v - (double)whole;\n");
    if (strstr(r->up, "half"))
        lf_text_add(t, "    double half = v < 0.0 ? -0.5 : 0.5; /* rest is counted from zero */\n");
    lf_text_add(t, "    if (rest == 0.0)\n        return whole;\n    if (v < 0.0)\n        whole--;\n");
    lf_text_addf(t, "    return whole + ((%s) ? 1 : 0);\n}\n\n", r->up);
}

void lf_driver_print_helpers(const lf_driver_uses *uses, lf_text *out) {
    if (uses->times)
        lf_text_add(out, "/* A product that is rounded, whatever is added to it: no fused multiply-add. */\n"
                         "static double times(double a, double b)\n{\n    volatile double product = a * b;\n"
                         "    return product;\n}\n\n");
    for (int i = 0; i < LF_DRIVER_ROUNDINGS; i++)
        if (uses->round[i])
            print_round(&roundings[i], out);
}

/* -- values --------------------------------------------------------------------------------------------------------------- */

static const char *scale_of(lf_driver_loop *l) {
    const lf_tensor *t = l->at;
    int64_t *index = LF_NEW_ARRAY(l->arena, int64_t, l->count);
    for (size_t e = 0; t->grid.scale_count > 1 && e < l->count; e++)
        index[e] = (int64_t)lf_channel_of(t->shape, t->grid.axis, (size_t)l->element[e]);
    return pick_real(l, t->grid.scale, (size_t)t->grid.scale_count, index);
}

bool lf_driver_to_real(lf_driver_loop *l) {
    if (!l->is_code)
        return true;
    const char *scale = l->at->grid.divisor == 0 ? scale_of(l) : NULL;
    l->is_code = false;
    if (l->at->grid.divisor != 0)
        lf_text_addf(&l->body, "        v = (double)c / %s;\n", lf_driver_number(l->arena, l->at->grid.divisor));
    else if (scale && !strcmp(scale, "1.0"))
        lf_text_add(&l->body, "        v = (double)c;\n");
    else {
        l->uses->times = true;
        lf_text_addf(&l->body, "        v = times((double)c, %s);\n", scale ? scale : "0");
    }
    return l->at->grid.divisor != 0 || scale;
}

/* -- quantizers ----------------------------------------------------------------------------------------------------------- */

/* As lf_op_quant: clamped, then rounded. */
static bool print_quant(lf_driver_loop *l, const lf_node *n, const int64_t *element) {
    const char *scale = constant(l, n, 1, element), *zero = constant(l, n, 2, element);
    int bits = (int)lf_tensor_real(lf_in(l->g, n, 3), 0);
    bool is_signed = lf_attr_bool(n, "signed"), narrow = lf_attr_bool(n, "narrow");
    double half = ldexp(1, bits - 1), lo = is_signed ? -half + narrow : 0;
    double hi = is_signed ? half - 1 : 2 * half - 1 - narrow;
    if (!scale || !zero || !lf_on_grid(lf_out(l->g, n, 0)) || !lf_driver_to_real(l))
        return false;
    if (strcmp(scale, "1.0"))
        lf_text_addf(&l->body, "        v = v / %s;\n", scale);
    if (strcmp(zero, "0.0"))
        lf_text_addf(&l->body, "        v = v + %s;\n", zero);
    if (is_signed && bits == 1)
        lf_text_add(&l->body, "        c = v >= 0.0 ? 1 : -1;\n");
    else {
        const char *low = lf_driver_number(l->arena, lo), *high = lf_driver_number(l->arena, hi);
        lf_text_addf(&l->body, "        v = v < %s ? %s : v > %s ? %s : v;\n", low, low, high, high);
        lf_text_addf(&l->body, "        c = %s(v);\n", lf_driver_round(l, (lf_round)lf_attr_enum(n, "rounding_mode")));
    }
    if (strcmp(zero, "0.0"))
        lf_text_addf(&l->body, "        c -= (int64_t)%s;\n", zero);
    l->is_code = true;
    return true;
}

static bool print_sign(lf_driver_loop *l, const lf_node *n, const char *expression) {
    if (!lf_on_grid(lf_out(l->g, n, 0)) || !lf_driver_to_real(l))
        return false;
    lf_text_addf(&l->body, "        c = %s;\n", expression);
    l->is_code = true;
    return true;
}

/* -- affine ------------------------------------------------------------------------------------------------------------------ */

/* Codes of one scale plus constant codes of one scale, on the finer of both. */
static bool print_code_sum(lf_driver_loop *l, const lf_node *n, int data, const int64_t *element) {
    const lf_tensor *x = lf_in(l->g, n, data), *k = lf_in(l->g, n, 1 - data), *y = lf_out(l->g, n, 0);
    if (!l->is_code || !lf_on_grid(k) || x->grid.scale_count != 1 || k->grid.scale_count != 1 ||
        y->grid.scale_count != 1)
        return false;
    bool minus = lf_is_op(n, "sub");
    int64_t kx = lf_align_factor(x->grid.scale[0], y->grid.scale[0]) * (minus && data == 1 ? -1 : 1);
    int64_t kk = lf_align_factor(k->grid.scale[0], y->grid.scale[0]) * (minus && data == 0 ? -1 : 1);
    int64_t *add = LF_NEW_ARRAY(l->arena, int64_t, k->value->count);
    for (size_t i = 0; i < k->value->count; i++)
        add[i] = lf_tensor_code(k, i) * kk;
    const char *term = pick_code(l, add, k->value->count, operand_index(l, k->shape, y->shape, element));
    if (!term || kx == 0)
        return false;
    lf_text_addf(&l->body, "        c = c * INT64_C(%" PRId64 ") + %s;\n", kx, term);
    return true;
}

static bool print_binary(lf_driver_loop *l, const lf_node *n, const int64_t *element) {
    int data = lf_data_operand(l->g, n);
    bool product = lf_is_op(n, "mul"), quotient = lf_is_op(n, "div");
    if (data < 0 || n->in_count != 2)
        return false;
    if (lf_on_grid(lf_out(l->g, n, 0))) /* products with a constant keep the codes (ops/product.c) */
        return product || quotient ? l->is_code && lf_plain_grid(l->at) : print_code_sum(l, n, data, element);
    const char *k = constant(l, n, 1 - data, element), *a = data ? k : "v", *b = data ? "v" : k;
    if (!k || !lf_driver_to_real(l))
        return false;
    if (product) {
        l->uses->times = true;
        lf_text_addf(&l->body, "        v = times(%s, %s);\n", a, b);
    } else
        lf_text_addf(&l->body, "        v = %s %s %s;\n", a, quotient ? "/" : lf_is_op(n, "sub") ? "-" : "+", b);
    return true;
}

/* As lf_op_batch_norm, step by step. */
static bool print_norm(lf_driver_loop *l, const lf_node *n, const int64_t *element) {
    const lf_tensor *var = lf_in(l->g, n, 4);
    lf_shape s = lf_out(l->g, n, 0)->shape;
    int axis = s.rank < 2 ? 0 : lf_attr_int(n, "axis") < 0 ? s.rank - 1 : 1;
    int64_t *index = LF_NEW_ARRAY(l->arena, int64_t, l->count);
    const char *k[5] = {NULL};
    for (size_t e = 0; e < l->count; e++)
        index[e] = (int64_t)lf_channel_of(s, axis, (size_t)element[e]);
    double *root = LF_NEW_ARRAY(l->arena, double, var->value->count);
    for (size_t c = 0; c < var->value->count; c++)
        root[c] = sqrt(lf_tensor_real(var, c) + lf_attr_real(n, "epsilon"));
    for (int i = 1; i <= 4; i++) {
        const lf_tensor *t = lf_in(l->g, n, i);
        k[i] = pick_real(l, i == 4 ? root : reals_of(l, t), t->value->count, index);
        if (!k[i])
            return false;
    }
    if (!lf_driver_to_real(l))
        return false;
    l->uses->times = true;
    lf_text_addf(&l->body, "        v = v - %s;\n        v = v / %s;\n        v = times(v, %s);\n        v = v + %s;\n",
                 k[3], k[4], k[1], k[2]);
    return true;
}

static bool print_decode(lf_driver_loop *l, const lf_node *n) {
    double scale = lf_attr_real(n, "scale"), divisor = lf_attr_real(n, "divisor"), offset = lf_attr_real(n, "offset");
    if (!l->is_code || lf_on_grid(lf_out(l->g, n, 0)))
        return l->is_code;
    const char *by = lf_driver_number(l->arena, divisor != 0 ? divisor : scale);
    l->uses->times |= divisor == 0;
    lf_text_addf(&l->body, divisor != 0 ? "        v = (double)c / %s;\n" : "        v = times((double)c, %s);\n", by);
    lf_text_addf(&l->body, "        v = v + %s;\n", lf_driver_number(l->arena, offset));
    l->is_code = false;
    return true;
}

static bool print_relu(lf_driver_loop *l, const lf_node *n) {
    if (lf_on_grid(lf_out(l->g, n, 0)) || !lf_driver_to_real(l))
        return false;
    lf_text_add(&l->body, "        v = v > 0.0 ? v : 0.0;\n");
    return true;
}

/* -- all -------------------------------------------------------------------------------------------------------------------- */

static bool print_node(lf_driver_loop *l, const lf_node *n, const int64_t *element) {
    static const char *const binary[] = {"add", "sub", "mul", "div"};
    if (n->op->positions || lf_is_op(n, "quantize") || lf_is_op(n, "dequantize"))
        return true;
    for (size_t i = 0; i < LF_COUNT(binary); i++)
        if (lf_is_op(n, binary[i]))
            return print_binary(l, n, element);
    if (lf_is_op(n, "quant"))
        return print_quant(l, n, element);
    if (lf_is_op(n, "bipolar_quant"))
        return print_sign(l, n, "v >= 0.0 ? 1 : -1");
    if (lf_is_op(n, "sign"))
        return print_sign(l, n, "(v > 0.0 ? 1 : 0) - (v < 0.0 ? 1 : 0)");
    if (lf_is_op(n, "batch_norm"))
        return print_norm(l, n, element);
    if (lf_is_op(n, "decode"))
        return print_decode(l, n);
    return lf_is_op(n, "relu") && print_relu(l, n);
}

/* Operand 0 of everything but sums and products is what the op works on; no constant makes more elements of it. */
static bool is_one_to_one(const lf_driver_loop *l, const lf_node *n) {
    int data = lf_data_operand(l->g, n);
    bool free_order = lf_is_op(n, "add") || lf_is_op(n, "mul") || lf_is_op(n, "sub") || lf_is_op(n, "div");
    return data >= 0 && (data == 0 || free_order) && lf_in(l->g, n, data) == l->at &&
           lf_shape_count(l->at->shape) == lf_shape_count(lf_out(l->g, n, 0)->shape);
}

bool lf_driver_node(lf_driver_loop *l, const lf_node *n, const int64_t *element) {
    if (!is_one_to_one(l, n) || !print_node(l, n, element))
        return false;
    l->at = lf_out(l->g, n, 0);
    l->element = element;
    return true;
}
