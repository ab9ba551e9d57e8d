/* The Verilog that Yosys writes for a mapped netlist: wires, assignments, instances. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "verify/netlist_inside.h"

typedef struct reader {
    lf_ctx *ctx;
    lf_netlist *n;
    const char *path;
    const char *at, *end;
    int line;
    const char *word; /* the token in hand: an identifier, a number, a string; NULL: punctuation or the end */
    size_t length;
    char mark; /* punctuation; 0: a word; '"': a string; -1: the end */
    bool failed;
} reader;

/* -- tokens ------------------------------------------------------------------------------------------------------------------- */

static void skip_space(reader *r) {
    for (; r->at < r->end; r->at++) {
        if (*r->at == '\n')
            r->line++;
        if (isspace((unsigned char)*r->at))
            continue;
        if (r->end - r->at < 2 || r->at[0] != '/' || (r->at[1] != '*' && r->at[1] != '/'))
            return;
        bool block = r->at[1] == '*';
        for (r->at += 2; r->at < r->end && !(block ? r->at[-1] == '*' && *r->at == '/' : *r->at == '\n'); r->at++)
            r->line += *r->at == '\n';
        if (r->at < r->end && *r->at == '\n')
            r->at--;
    }
}

static bool is_word(char c) {
    return isalnum((unsigned char)c) || c == '_' || c == '$' || c == '\'';
}

static void next(reader *r) {
    skip_space(r);
    r->word = NULL;
    r->length = 0;
    if (r->at >= r->end) {
        r->mark = -1;
        return;
    }
    char c = *r->at;
    r->mark = 0;
    if (c == '\\') {
        r->word = ++r->at;
        while (r->at < r->end && !isspace((unsigned char)*r->at))
            r->at++;
        r->length = (size_t)(r->at - r->word);
    } else if (c == '"') {
        r->mark = '"';
        r->word = ++r->at;
        while (r->at < r->end && *r->at != '"')
            r->at++;
        r->length = (size_t)(r->at - r->word);
        r->at += r->at < r->end;
    } else if (is_word(c)) {
        r->word = r->at;
        while (r->at < r->end && is_word(*r->at))
            r->at++;
        r->length = (size_t)(r->at - r->word);
    } else {
        r->mark = c;
        r->at++;
    }
}

static void fail(reader *r, const char *what) {
    if (!r->failed)
        (void)lf_fail(r->ctx, LF_BAD_INPUT, &(lf_where){.file = r->path, .line = r->line},
                      "the netlist has %s where %s", r->mark == -1 ? "its end" : "something else", what);
    r->failed = true;
}

static bool is(const reader *r, const char *word) {
    return r->word && r->mark == 0 && strlen(word) == r->length && !memcmp(word, r->word, r->length);
}

static void expect(reader *r, char mark, const char *what) {
    if (r->mark != mark || r->word)
        fail(r, what);
    next(r);
}

static const char *take_word(reader *r, const char *what) {
    if (!r->word) {
        fail(r, what);
        return "";
    }
    const char *w = lf_strndup(r->n->arena, r->word, r->length);
    next(r);
    return w;
}

static long take_int(reader *r) {
    const char *w = take_word(r, "a number should be");
    char *end;
    long v = strtol(w, &end, 10);
    if (!*w || *end || v < 0 || v > 1 << 24)
        fail(r, "a number should be");
    return r->failed ? 0 : v;
}

/* -- wires -------------------------------------------------------------------------------------------------------------------- */

static uint64_t hash_of(const char *s) {
    uint64_t h = 1469598103934665603u;
    for (; *s; s++)
        h = (h ^ (uint8_t)*s) * 1099511628211u;
    return h;
}

static lf_net_wire *find_wire(const lf_netlist *n, const char *name) {
    uint64_t hash = hash_of(name);
    for (size_t i = hash; n->slots; i++) {
        uint32_t at = n->slot[i & (n->slots - 1)];
        if (!at)
            return NULL;
        lf_net_wire *w = &n->wires.at[at - 1];
        if (w->hash == hash && !strcmp(w->name, name))
            return w;
    }
    return NULL;
}

static void index_wires(lf_netlist *n, size_t slots) {
    n->slots = slots;
    n->slot = LF_NEW_ARRAY(n->arena, uint32_t, slots);
    for (size_t w = 0; w < n->wires.count; w++) {
        size_t i = n->wires.at[w].hash;
        while (n->slot[i & (slots - 1)])
            i++;
        n->slot[i & (slots - 1)] = (uint32_t)w + 1;
    }
}

static void declare(lf_netlist *n, const char *name, int high, int low, bool port) {
    lf_net_wire *old = find_wire(n, name);
    if (old) { /* Yosys declares ports once as ports and once as wires */
        old->port |= port;
        return;
    }
    lf_net_wire w = {.name = name, .hash = hash_of(name), .width = high - low + 1, .low = low, .port = port};
    w.base = lf_net_new_bits(n, w.width);
    LF_PUSH(n->arena, &n->wires, w);
    if (n->wires.count * 2 > n->slots)
        index_wires(n, n->slots ? n->slots * 2 : 1024);
    else {
        size_t i = w.hash;
        while (n->slot[i & (n->slots - 1)])
            i++;
        n->slot[i & (n->slots - 1)] = (uint32_t)n->wires.count;
    }
}

static void read_declaration(reader *r, bool port) {
    long high = 0, low = 0;
    next(r);
    if (r->mark == '[') {
        next(r);
        high = take_int(r);
        expect(r, ':', "the lower index of a vector should follow");
        low = take_int(r);
        expect(r, ']', "a vector's range should end");
    }
    const char *name = take_word(r, "a wire's name should be");
    expect(r, ';', "a declaration should end");
    if (high < low)
        fail(r, "a vector's range should fall");
    if (!r->failed)
        declare(r->n, name, (int)high, (int)low, port);
}

/* -- expressions --------------------------------------------------------------------------------------------------------------- */

typedef LF_VEC(uint32_t) bit_list; /* the highest first, while it is read */

static int digit_bits(char base) {
    return base == 'h' ? 4 : base == 'o' ? 3 : base == 'b' ? 1 : 0;
}

/* Decimal digits at w, up to `end` or the first other character; capped. The text does not end with a 0. */
static uint64_t decimal(const char *w, const char *end) {
    uint64_t v = 0;
    for (; w < end && *w >= '0' && *w <= '9' && v < UINT64_MAX / 16; w++)
        v = v * 10 + (uint64_t)(*w - '0');
    return v;
}

/* The bits of a sized constant, the lowest first: 0, 1 or 2 for x and z. */
static uint8_t *read_constant(reader *r, const char *w, size_t length, int *width) {
    const char *quote = memchr(w, '\'', length);
    uint64_t size = quote ? decimal(w, quote) : 32;
    if (size < 1 || size > 1 << 20 || (quote && quote + 2 > w + length))
        fail(r, "a constant of up to 2^20 bits should be");
    *width = r->failed ? 1 : (int)size;
    uint8_t *bits = LF_NEW_ARRAY(r->n->arena, uint8_t, *width);
    if (r->failed)
        return bits;
    const char *digits = quote ? quote + 1 + (quote[1] == 's') : w;
    int per = quote ? digit_bits(*digits) : 0, at = 0;
    if (per == 0) { /* decimal */
        uint64_t v = decimal(quote ? digits + 1 : w, w + length);
        for (int i = 0; i < *width && i < 64; i++)
            bits[i] = (uint8_t)(v >> i & 1);
        return bits;
    }
    for (const char *d = w + length; d-- > digits + 1;) {
        char c = (char)tolower((unsigned char)*d);
        if (c == '_')
            continue;
        int v = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
        for (int k = 0; k < per; k++, at++)
            if (at < *width)
                bits[at] = (uint8_t)(v < 0 ? 2 : v >> k & 1);
    }
    return bits;
}

static void push_constant(reader *r, bit_list *out) {
    int width;
    uint8_t *bits = read_constant(r, r->word, r->length, &width);
    for (int i = width; i-- > 0;)
        LF_PUSH(r->n->arena, out, bits[i] == 1);
    next(r);
}

static void push_wire(reader *r, bit_list *out) {
    const char *name = take_word(r, "a wire should be");
    const lf_net_wire *w = find_wire(r->n, name);
    if (!w) {
        fail(r, "a declared wire should be");
        return;
    }
    long high = w->low + w->width - 1, low = w->low;
    if (r->mark == '[') {
        next(r);
        high = low = take_int(r);
        if (r->mark == ':') {
            next(r);
            low = take_int(r);
        }
        expect(r, ']', "an index should end");
    }
    if (low < w->low || high >= w->low + w->width || low > high)
        fail(r, "an index within the wire should be");
    for (long i = high; !r->failed && i >= low; i--)
        LF_PUSH(r->n->arena, out, w->base + (uint32_t)(i - w->low));
}

static void push_expression(reader *r, bit_list *out) {
    if (r->mark != '{') {
        if (r->word && isdigit((unsigned char)*r->word) && r->word[-1] != '\\')
            push_constant(r, out);
        else
            push_wire(r, out);
        return;
    }
    next(r);
    while (!r->failed && r->mark != '}') {
        if (r->mark == '{')
            fail(r, "a wire or a constant should be");
        push_expression(r, out);
        if (r->mark == ',')
            next(r);
    }
    expect(r, '}', "a list of bits should end");
}

static lf_net_bits read_expression(reader *r) {
    bit_list all = {0};
    push_expression(r, &all);
    lf_net_bits b = {LF_NEW_ARRAY(r->n->arena, uint32_t, all.count + 1), (int)all.count};
    for (size_t i = 0; i < all.count; i++)
        b.at[i] = all.at[all.count - 1 - i];
    return b;
}

/* -- statements ------------------------------------------------------------------------------------------------------------------ */

static void read_assign(reader *r) {
    next(r);
    lf_net_bits to = read_expression(r);
    expect(r, '=', "an assignment should go on");
    lf_net_bits from = read_expression(r);
    expect(r, ';', "an assignment should end");
    if (to.count != from.count)
        fail(r, "both sides of an assignment should be equally wide");
    for (int i = 0; !r->failed && i < to.count; i++)
        if (to.at[i] > 1 && to.at[i] != from.at[i])
            r->n->alias.at[to.at[i]] = from.at[i] + 1;
}

static void read_parameters(reader *r, lf_net_cell *c) {
    next(r);
    expect(r, '(', "parameters should begin");
    while (!r->failed && r->mark == '.') {
        lf_net_parameter p = {0};
        next(r);
        p.name = take_word(r, "a parameter's name should be");
        expect(r, '(', "a parameter's value should begin");
        if (r->mark == '"')
            p.text = lf_strndup(r->n->arena, r->word, r->length);
        else if (r->word)
            p.bits = read_constant(r, r->word, r->length, &p.width);
        else
            fail(r, "a parameter's value should be");
        next(r);
        expect(r, ')', "a parameter's value should end");
        LF_PUSH(r->n->arena, &c->parameters, p);
        if (r->mark == ',')
            next(r);
    }
    expect(r, ')', "parameters should end");
}

static void read_pins(reader *r, lf_net_cell *c) {
    expect(r, '(', "pins should begin");
    while (!r->failed && r->mark == '.') {
        lf_net_pin p = {0};
        next(r);
        p.name = take_word(r, "a pin's name should be");
        expect(r, '(', "a pin's wire should be");
        if (r->mark != ')')
            p.bits = read_expression(r);
        expect(r, ')', "a pin should end");
        LF_PUSH(r->n->arena, &c->pins, p);
        if (r->mark == ',')
            next(r);
    }
    expect(r, ')', "pins should end");
    expect(r, ';', "an instance should end");
}

static void read_instance(reader *r) {
    lf_net_cell c = {.type = take_word(r, "a cell should be")};
    if (r->mark == '#')
        read_parameters(r, &c);
    c.name = take_word(r, "an instance's name should be");
    read_pins(r, &c);
    if (!r->failed && !r->n->why)
        lf_net_add_cell(r->n, &c);
}

static void read_module(reader *r) {
    next(r);
    if (!is(r, "module"))
        fail(r, "a module should begin");
    while (!r->failed && r->mark != ';' && r->mark != -1)
        next(r);
    expect(r, ';', "the module's head should end");
    while (!r->failed && !r->n->why && !is(r, "endmodule")) {
        if (is(r, "wire") || is(r, "input") || is(r, "output"))
            read_declaration(r, !is(r, "wire"));
        else if (is(r, "assign"))
            read_assign(r);
        else if (is(r, "reg") || is(r, "always") || is(r, "initial"))
            r->n->why = "it holds statements, not only cells";
        else
            read_instance(r);
    }
    if (r->failed || r->n->why)
        return;
    next(r);
    if (is(r, "module"))
        r->n->why = "it has several modules";
}

/* -- after reading ----------------------------------------------------------------------------------------------------------------- */

uint32_t lf_net_resolve(const lf_netlist *n, uint32_t bit) {
    for (size_t steps = 0; n->alias.at[bit] && steps <= n->bits; steps++)
        bit = n->alias.at[bit] - 1;
    return bit;
}

static void resolve_bits(const lf_netlist *n, uint32_t *at, int count) {
    for (int i = 0; i < count; i++)
        at[i] = lf_net_resolve(n, at[i]);
}

static void resolve_port(const lf_netlist *n, lf_net_port *p) {
    lf_net_bits *all[] = {&p->address, &p->enable_write, &p->in, &p->in_parity, &p->out, &p->out_parity};
    for (size_t i = 0; i < LF_COUNT(all); i++)
        resolve_bits(n, all[i]->at, all[i]->count);
    resolve_bits(n, &p->enable, 1);
    resolve_bits(n, &p->reset, 1);
}

/* Every input of every cell becomes the bit that is really driven. */
static void resolve_all(lf_netlist *n) {
    for (size_t i = 0; i < n->gates.count; i++)
        resolve_bits(n, n->gates.at[i].in, n->gates.at[i].inputs);
    for (size_t i = 0; i < n->registers.count; i++) {
        lf_net_register *f = &n->registers.at[i];
        uint32_t *in[] = {&f->d, &f->enable, &f->reset};
        for (int k = 0; k < 3; k++)
            resolve_bits(n, in[k], 1);
    }
    for (size_t i = 0; i < n->writes.count; i++) {
        resolve_bits(n, n->writes.at[i].address, n->writes.at[i].inputs);
        resolve_bits(n, n->writes.at[i].data, n->writes.at[i].width);
        resolve_bits(n, &n->writes.at[i].enable, 1);
    }
    for (size_t i = 0; i < n->shifts.count; i++) {
        resolve_bits(n, &n->shifts.at[i].d, 1);
        resolve_bits(n, &n->shifts.at[i].enable, 1);
    }
    for (size_t i = 0; i < n->brams.count; i++) {
        resolve_port(n, &n->brams.at[i].a);
        resolve_port(n, &n->brams.at[i].b);
    }
}

/* Gates in an order in which every one stands behind those that drive it. */
static void order_gates(lf_netlist *n) {
    lf_arena *a = n->arena;
    uint32_t *driver = LF_NEW_ARRAY(a, uint32_t, n->bits), *waits = LF_NEW_ARRAY(a, uint32_t, n->gates.count + 1);
    uint32_t *first = LF_NEW_ARRAY(a, uint32_t, n->gates.count + 2), *reader_of, done = 0, total = 0;
    for (size_t i = 0; i < n->gates.count; i++)
        driver[n->gates.at[i].out] = (uint32_t)i + 1;
    for (size_t i = 0; i < n->gates.count; i++)
        for (int k = 0; k < n->gates.at[i].inputs; k++)
            if (driver[n->gates.at[i].in[k]]) {
                first[driver[n->gates.at[i].in[k]]]++;
                waits[i]++;
                total++;
            }
    for (size_t i = 1; i <= n->gates.count; i++)
        first[i] += first[i - 1];
    reader_of = LF_NEW_ARRAY(a, uint32_t, total + 1);
    uint32_t *fill = lf_copy(a, first, (n->gates.count + 1) * sizeof *first);
    for (size_t i = 0; i < n->gates.count; i++)
        for (int k = 0; k < n->gates.at[i].inputs; k++)
            if (driver[n->gates.at[i].in[k]])
                reader_of[fill[driver[n->gates.at[i].in[k]] - 1]++] = (uint32_t)i;
    n->order = LF_NEW_ARRAY(a, uint32_t, n->gates.count + 1);
    for (size_t i = 0; i < n->gates.count; i++)
        if (!waits[i])
            n->order[done++] = (uint32_t)i;
    for (uint32_t at = 0; at < done; at++) {
        uint32_t g = n->order[at];
        for (uint32_t k = first[g]; k < first[g + 1]; k++)
            if (--waits[reader_of[k]] == 0)
                n->order[done++] = reader_of[k];
    }
    if (done < n->gates.count)
        n->why = "its logic has a loop without a register";
}

const uint32_t *lf_netlist_port(const lf_netlist *n, const char *name, int *width) {
    const lf_net_wire *w = find_wire(n, name);
    if (!w || !w->port)
        return NULL;
    uint32_t *bits = LF_NEW_ARRAY(n->arena, uint32_t, w->width);
    for (int i = 0; i < w->width; i++)
        bits[i] = lf_net_resolve(n, w->base + (uint32_t)i);
    *width = w->width;
    return bits;
}

lf_status lf_netlist_read(lf_ctx *ctx, lf_arena *a, const char *path, lf_netlist **out, const char **why) {
    lf_file f;
    *out = NULL;
    LF_TRY(lf_file_open(ctx, path, 0, &f));
    if (!f.size) {
        lf_file_close(&f);
        return lf_fail(ctx, LF_BAD_INPUT, &(lf_where){.file = path}, "the netlist is empty");
    }
    lf_netlist *n = LF_NEW(a, lf_netlist);
    n->arena = a;
    (void)lf_net_new_bits(n, 2);
    reader r = {
        .ctx = ctx, .n = n, .path = path, .at = (const char *)f.data, .end = (const char *)f.data + f.size, .line = 1};
    read_module(&r);
    lf_file_close(&f);
    if (r.failed)
        return LF_BAD_INPUT;
    if (!n->why) {
        resolve_all(n);
        order_gates(n);
    }
    if (!n->why && n->clock && !lf_net_resolve(n, n->clock))
        n->why = "its clock is a constant";
    *why = n->why;
    *out = n->why ? NULL : n;
    return LF_OK;
}
