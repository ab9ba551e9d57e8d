/* The Verilog design while it is being made, and its files at the end. */
#include "vlog/vlog.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/embed.h"
#include "vlog/vlog_model.h"

static const char *const header = "/* lutfisk */\n";

lf_vlog *lf_vlog_new(lf_ctx *ctx, lf_arena *a, const char *top) {
    lf_vlog *v = LF_NEW(a, lf_vlog);
    v->ctx = ctx;
    v->arena = a;
    v->top = lf_strdup(a, top);
    return v;
}

void lf_vlog_free(lf_vlog *v) {
    if (!v)
        return;
    for (size_t i = 0; i < v->modules.count; i++)
        lf_text_free(&v->modules.at[i]->text);
    for (size_t i = 0; i < v->memories.count; i++)
        lf_text_free(&v->memories.at[i]->text);
    v->modules.count = v->memories.count = 0;
}

static const char *format_value(lf_arena *a, const char *fmt, va_list ap) {
    va_list again;
    va_copy(again, ap);
    int n = vsnprintf(NULL, 0, fmt, ap);
    char *s = lf_alloc(a, (size_t)n + 1);
    vsnprintf(s, (size_t)n + 1, fmt, again);
    va_end(again);
    return s;
}

void lf_vlog_fault(lf_vlog *v, const char *fmt, ...) {
    va_list ap;
    va_start(ap, fmt);
    const char *text = format_value(v->arena, fmt, ap);
    va_end(ap);
    (void)lf_fail(v->ctx, LF_FAILED, NULL, "internal error in the Verilog of %s: %s", v->top, text);
    v->failed = true;
}

/* -- units and modules ------------------------------------------------------------------------------------------- */

const char *lf_vlog_unit_text(const char *name) {
    char path[128];
    size_t n = strlen(name);
    if (n + 7 > sizeof path)
        return NULL;
    memcpy(path, "rtl/", 4);
    memcpy(path + 4, name, n);
    memcpy(path + 4 + n, ".v", 3);
    const lf_embed *e = lf_embed_find(path);
    return e ? (const char *)e->data : NULL;
}

static bool has_unit(const lf_vlog *v, const char *name) {
    for (size_t i = 0; i < v->units.count; i++)
        if (!strcmp(v->units.at[i], name))
            return true;
    return false;
}

static bool is_word(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '$' ||
           c == '`';
}

/* Skips a comment or a string that starts at p; p itself when none does. */
static const char *skip_quiet(const char *p) {
    if (p[0] == '/' && p[1] == '/')
        return p + strcspn(p, "\n");
    if (p[0] == '/' && p[1] == '*') {
        const char *end = strstr(p + 2, "*/");
        return end ? end + 2 : p + strlen(p);
    }
    if (*p == '"') {
        for (p++; *p && *p != '"'; p++)
            if (*p == '\\' && p[1])
                p++;
        return *p ? p + 1 : p;
    }
    return p;
}

/* Requires every unit whose name stands in `text` outside comments and strings. */
static void require_mentioned(lf_vlog *v, const char *text, const char *self) {
    for (const char *p = text; *p;) {
        const char *q = skip_quiet(p);
        if (q != p) {
            p = q;
            continue;
        }
        size_t n = 0;
        while (is_word(p[n]))
            n++;
        if (n > 3 && !strncmp(p, "lf_", 3)) {
            const char *word = lf_strndup(v->arena, p, n);
            if ((!self || strcmp(word, self) != 0) && lf_vlog_unit_text(word))
                lf_vlog_require(v, word);
        }
        p += n ? n : 1;
    }
}

static void require_from(lf_vlog *v, const char *unit, const char *text) {
    require_mentioned(v, text, unit);
    if (!has_unit(v, unit))
        LF_PUSH(v->arena, &v->units, lf_strdup(v->arena, unit));
}

void lf_vlog_require(lf_vlog *v, const char *unit) {
    if (has_unit(v, unit))
        return;
    const char *text = lf_vlog_unit_text(unit);
    if (!text) {
        lf_vlog_fault(v, "there is no unit rtl/%s.v", unit);
        return;
    }
    require_from(v, unit, text);
}

static bool module_taken(const lf_vlog *v, const char *name) {
    return lf_vlog_find(&v->module_names, name) || !strcmp(name, v->top) || lf_vlog_unit_text(name);
}

static lf_vlog_text *new_text(lf_vlog *v, const char *name) {
    lf_vlog_text *m = LF_NEW(v->arena, lf_vlog_text);
    m->name = lf_strdup(v->arena, name);
    return m;
}

lf_text *lf_vlog_module(lf_vlog *v, const char *name) {
    if (module_taken(v, name)) {
        lf_vlog_fault(v, "two modules are called %s", name);
        return NULL;
    }
    lf_vlog_text *m = new_text(v, name);
    LF_PUSH(v->arena, &v->modules, m);
    lf_names_set(&v->module_names, v->arena, m->name, (uint32_t)v->modules.count);
    return &m->text;
}

/* -- memories ---------------------------------------------------------------------------------------------------- */

/* Word i as hexadecimal digits, most significant first. */
static void add_hex_word(lf_text *t, const uint8_t *words, int64_t i, int bits) {
    size_t base = (size_t)i * (size_t)bits;
    for (int digit = (bits + 3) / 4 - 1; digit >= 0; digit--) {
        unsigned value = 0;
        for (int b = 3; b >= 0; b--) {
            int bit = digit * 4 + b;
            size_t at = base + (size_t)bit;
            value = value * 2 + (bit < bits ? (unsigned)(words[at / 8] >> (at % 8)) & 1u : 0u);
        }
        lf_text_addn(t, &"0123456789abcdef"[value], 1);
    }
    lf_text_addn(t, "\n", 1);
}

lf_status lf_vlog_memory(lf_vlog *v, const char *file, int bits, int64_t depth, const uint8_t *words) {
    if (lf_vlog_find(&v->memory_names, file)) {
        lf_vlog_fault(v, "two memory files are called %s", file);
        return LF_FAILED;
    }
    if (bits < 1 || depth < 1) {
        lf_vlog_fault(v, "memory %s of %" PRId64 " words of %d bits", file, depth, bits);
        return LF_FAILED;
    }
    lf_vlog_text *m = new_text(v, file);
    for (int64_t i = 0; i < depth; i++)
        add_hex_word(&m->text, words, i, bits);
    LF_PUSH(v->arena, &v->memories, m);
    lf_names_set(&v->memory_names, v->arena, m->name, (uint32_t)v->memories.count);
    return LF_OK;
}

/* -- the top module ---------------------------------------------------------------------------------------------- */

static lf_vlog_stream_def *find_stream(const lf_vlog *v, const char *name) {
    size_t found = lf_vlog_find(&v->stream_names, name);
    return found ? v->streams.at[found - 1] : NULL;
}

void lf_vlog_stream(lf_vlog *v, const char *name, int bits) {
    if (find_stream(v, name) || bits < 1) {
        lf_vlog_fault(v, "stream %s of %d bits: declared twice, or without bits", name, bits);
        return;
    }
    lf_vlog_stream_def *s = LF_NEW(v->arena, lf_vlog_stream_def);
    s->name = lf_strdup(v->arena, name);
    s->bits = bits;
    LF_PUSH(v->arena, &v->streams, s);
    lf_names_set(&v->stream_names, v->arena, s->name, (uint32_t)v->streams.count);
}

void lf_vlog_instance(lf_vlog *v, const char *module, const char *instance) {
    if (lf_vlog_find(&v->instance_names, instance))
        lf_vlog_fault(v, "two instances are called %s", instance);
    lf_vlog_inst *n = LF_NEW(v->arena, lf_vlog_inst);
    n->module = lf_strdup(v->arena, module);
    n->name = lf_strdup(v->arena, instance);
    LF_PUSH(v->arena, &v->instances, n);
    lf_names_set(&v->instance_names, v->arena, n->name, (uint32_t)v->instances.count);
}

static lf_vlog_inst *newest(lf_vlog *v, const char *what) {
    if (v->instances.count)
        return v->instances.at[v->instances.count - 1];
    lf_vlog_fault(v, "%s without an instance", what);
    return NULL;
}

void lf_vlog_param(lf_vlog *v, const char *name, const char *fmt, ...) {
    lf_vlog_inst *n = newest(v, name);
    if (!n)
        return;
    va_list ap;
    va_start(ap, fmt);
    const char *value = format_value(v->arena, fmt, ap);
    va_end(ap);
    LF_PUSH(v->arena, &n->params, (lf_vlog_pair){lf_strdup(v->arena, name), value, 0});
}

void lf_vlog_port(lf_vlog *v, const char *port, const char *fmt, ...) {
    lf_vlog_inst *n = newest(v, port);
    if (!n)
        return;
    va_list ap;
    va_start(ap, fmt);
    const char *value = format_value(v->arena, fmt, ap);
    va_end(ap);
    LF_PUSH(v->arena, &n->ports, (lf_vlog_pair){lf_strdup(v->arena, port), value, 0});
}

/* "{last_tdata, ..., first_tdata}"; one stream without braces. */
static const char *side_by_side(lf_arena *a, const char *const *streams, int count, const char *part) {
    const char *text = lf_format(a, "%s_%s", streams[0], part);
    for (int i = 1; i < count; i++)
        text = lf_format(a, "%s_%s, %s", streams[i], part, text);
    return count > 1 ? lf_format(a, "{%s}", text) : text;
}

/* The bits of all streams together; each gets one more driver or reader. 0 when one is unknown. */
static int64_t take_ends(lf_vlog *v, const lf_vlog_inst *n, const char *prefix, bool drives, const char *const *streams,
                         int count) {
    int64_t bits = 0;
    for (int i = 0; i < count; i++) {
        lf_vlog_stream_def *s = find_stream(v, streams[i]);
        if (!s) {
            lf_vlog_fault(v, "%s.%s is joined to the unknown stream %s", n->name, prefix, streams[i]);
            return 0;
        }
        bits += s->bits;
        s->drivers += drives;
        s->readers += !drives;
    }
    return bits;
}

/* Joins ports PREFIX_part to the wires STREAM_tpart; the first part is the data. */
static void join_parts(lf_vlog *v, const char *prefix, bool drives, const char *const *parts, size_t part_count,
                       const char *const *streams, int count) {
    lf_vlog_inst *n = newest(v, prefix);
    int64_t bits = n ? take_ends(v, n, prefix, drives, streams, count) : 0;
    for (size_t i = 0; bits && i < part_count; i++) {
        const char *wire = parts[i][0] == 't' ? parts[i] : lf_format(v->arena, "t%s", parts[i]);
        LF_PUSH(v->arena, &n->ports,
                (lf_vlog_pair){lf_format(v->arena, "%s_%s", prefix, parts[i]),
                               side_by_side(v->arena, streams, count, wire), i == 0 ? bits : 0});
    }
}

void lf_vlog_port_streams(lf_vlog *v, const char *prefix, const char *const *streams, int count) {
    static const char *const parts[] = {"tdata", "tvalid", "tready"};
    join_parts(v, prefix, prefix[0] == 'm', parts, LF_COUNT(parts), streams, count);
}

void lf_vlog_flow(lf_vlog *v) {
    v->flow = true;
}

void lf_vlog_port_flows(lf_vlog *v, const char *prefix, const char *const *streams, int count) {
    static const char *const parts[] = {"data", "valid"};
    join_parts(v, prefix, prefix[0] == 'o', parts, LF_COUNT(parts), streams, count);
}

void lf_vlog_port_stream(lf_vlog *v, const char *prefix, const char *stream) {
    lf_vlog_port_streams(v, prefix, &stream, 1);
}

static void add_top_port(lf_vlog *v, const char *suffix, const char *stream, int bits, bool output, int64_t beats) {
    lf_vlog_stream_def *s = find_stream(v, stream);
    if (!s || s->bits != bits) {
        lf_vlog_fault(v, "a top-level port of %d bits is joined to stream %s of %d bits", bits, stream,
                      s ? s->bits : 0);
        return;
    }
    if (output)
        s->readers++;
    else
        s->drivers++;
    LF_PUSH(v->arena, &v->ports, (lf_vlog_port_def){lf_strdup(v->arena, suffix), s, output, beats});
}

void lf_vlog_input(lf_vlog *v, const char *suffix, const char *stream, int bits) {
    add_top_port(v, suffix, stream, bits, false, 0);
}

void lf_vlog_output(lf_vlog *v, const char *suffix, const char *stream, int bits, int64_t beats) {
    add_top_port(v, suffix, stream, bits, true, beats);
}

/* -- finished files ---------------------------------------------------------------------------------------------- */

static void collect_units(lf_vlog *v) {
    for (size_t i = 0; i < v->instances.count; i++)
        if (lf_vlog_unit_text(v->instances.at[i]->module))
            lf_vlog_require(v, v->instances.at[i]->module);
    for (size_t i = 0; i < v->modules.count; i++)
        if (v->modules.at[i]->text.at)
            require_mentioned(v, v->modules.at[i]->text.at, NULL);
}

/* Header, no implicit nets, the text, implicit nets again. */
static void wrap(lf_arena *a, const lf_text *body, lf_vlog_file *f) {
    const char *at = body->at ? body->at : "";
    if (strstr(at, "`default_nettype"))
        f->text = lf_format(a, "%s%s", strncmp(at, header, strlen(header)) ? header : "", at);
    else
        f->text = lf_format(a, "%s`default_nettype none\n\n%s\n`default_nettype wire\n", header, at);
    f->len = strlen(f->text);
}

static lf_vlog_file unit_file(lf_arena *a, const char *name) {
    const char *text = lf_vlog_unit_text(name);
    return (lf_vlog_file){lf_format(a, "%s.v", name), text, strlen(text), false};
}

size_t lf_vlog_finish(lf_vlog *v, const lf_vlog_file **files) {
    *files = NULL;
    collect_units(v);
    lf_vlog_check(v);
    if (v->failed)
        return 0;
    size_t n = 0;
    lf_vlog_file *out = LF_NEW_ARRAY(v->arena, lf_vlog_file, v->units.count + v->modules.count + v->memories.count + 1);
    for (size_t i = 0; i < v->units.count; i++)
        out[n++] = unit_file(v->arena, v->units.at[i]);
    for (size_t i = 0; i < v->modules.count; i++) {
        out[n].name = lf_format(v->arena, "%s.v", v->modules.at[i]->name);
        wrap(v->arena, &v->modules.at[i]->text, &out[n++]);
    }
    for (size_t i = 0; i < v->memories.count; i++) {
        const lf_vlog_text *m = v->memories.at[i];
        out[n++] = (lf_vlog_file){m->name, lf_strdup(v->arena, m->text.at), m->text.len, true};
    }
    lf_text top = {0};
    lf_vlog_print_top(v, &top);
    out[n].name = lf_format(v->arena, "%s.v", v->top);
    wrap(v->arena, &top, &out[n++]);
    lf_text_free(&top);
    *files = out;
    return n;
}
