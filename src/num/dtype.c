/* Datatypes: what a code may be, how many bits it takes on a wire, and its names. */
#include "num/dtype.h"

#include <assert.h>
#include <string.h>

lf_dtype lf_int(int bits) {
    assert(bits >= 1 && bits <= 64);
    return (lf_dtype){LF_KIND_INT, (uint8_t)bits, 0, 0, 0};
}

lf_dtype lf_uint(int bits) {
    assert(bits >= 1 && bits <= 64);
    return (lf_dtype){LF_KIND_UINT, (uint8_t)bits, 0, 0, 0};
}

static bool is_fixed(lf_dtype t) {
    return t.kind == LF_KIND_FIXED || t.kind == LF_KIND_UFIXED;
}

bool lf_dtype_equal(lf_dtype a, lf_dtype b) {
    if (a.kind != b.kind || a.bits != b.bits)
        return false;
    return !is_fixed(a) || (a.int_bits == b.int_bits && a.round == b.round && a.overflow == b.overflow);
}

bool lf_dtype_is_code(lf_dtype t) {
    return t.kind != LF_KIND_NONE && t.kind != LF_KIND_FLOAT;
}

int lf_dtype_bits(lf_dtype t) {
    return t.bits;
}

bool lf_dtype_signed(lf_dtype t) {
    return t.kind == LF_KIND_INT || t.kind == LF_KIND_TERNARY || t.kind == LF_KIND_FIXED;
}

static lf_range signed_range(int bits) {
    int64_t hi = INT64_MAX >> (64 - bits);
    return (lf_range){-hi - 1, hi, 1};
}

static lf_range unsigned_range(int bits) {
    int64_t hi = bits >= 63 ? INT64_MAX : ((int64_t)1 << bits) - 1;
    return (lf_range){0, hi, 1};
}

lf_range lf_dtype_range(lf_dtype t) {
    switch ((lf_kind)t.kind) {
    case LF_KIND_INT:
    case LF_KIND_FIXED: return signed_range(t.bits);
    case LF_KIND_UINT:
    case LF_KIND_UFIXED: return unsigned_range(t.bits);
    case LF_KIND_BIPOLAR: return (lf_range){-1, 1, 2};
    case LF_KIND_TERNARY: return (lf_range){-1, 1, 1};
    case LF_KIND_NONE:
    case LF_KIND_FLOAT: break;
    }
    return (lf_range){0, 0, 1};
}

double lf_dtype_step(lf_dtype t) {
    if (!is_fixed(t))
        return 1.0;
    double step = 1.0;
    for (int e = t.int_bits - t.bits; e < 0; e++)
        step *= 0.5;
    for (int e = t.int_bits - t.bits; e > 0; e--)
        step *= 2.0;
    return step;
}

int lf_bits_unsigned(uint64_t max) {
    int bits = 1;
    while (bits < 64 && max >> bits)
        bits++;
    return bits;
}

int lf_bits_signed(int64_t lo, int64_t hi) {
    uint64_t below = lo < 0 ? ~(uint64_t)lo : 0; /* -lo - 1 */
    uint64_t above = hi > 0 ? (uint64_t)hi : 0;
    uint64_t most = below > above ? below : above;
    return most ? lf_bits_unsigned(most) + 1 : 1;
}

lf_dtype lf_dtype_for(lf_range r, bool ternary) {
    if (r.lo == -1 && r.hi == 1)
        return r.step == 2 ? LF_BIPOLAR : ternary ? LF_TERNARY : lf_int(2);
    if (r.lo >= 0)
        return lf_uint(lf_bits_unsigned((uint64_t)r.hi));
    return lf_int(lf_bits_signed(r.lo, r.hi));
}

uint64_t lf_code_to_bits(lf_dtype t, int64_t code) {
    if (t.kind == LF_KIND_BIPOLAR)
        return code > 0;
    return (uint64_t)code & (UINT64_MAX >> (64 - t.bits));
}

int64_t lf_code_from_bits(lf_dtype t, uint64_t bits) {
    if (t.kind == LF_KIND_BIPOLAR)
        return bits & 1 ? 1 : -1;
    bits &= UINT64_MAX >> (64 - t.bits);
    if (lf_dtype_signed(t) && bits >> (t.bits - 1))
        bits |= ~(UINT64_MAX >> (64 - t.bits));
    return (int64_t)bits;
}

/* -- names ----------------------------------------------------------------------------------------------------- */

/* How ap_fixed calls its modes; UP and CEIL have no name there and keep QONNX's. */
static const struct {
    const char *name;
    lf_round mode;
} fixed_modes[] = {
    {"TRN", LF_ROUND_FLOOR},          {"TRN_ZERO", LF_ROUND_DOWN},   {"RND", LF_ROUND_HALF_PLUS},
    {"RND_ZERO", LF_ROUND_HALF_DOWN}, {"RND_INF", LF_ROUND_HALF_UP}, {"RND_MIN_INF", LF_ROUND_HALF_MINUS},
    {"RND_CONV", LF_ROUND_HALF_EVEN}, {"UP", LF_ROUND_UP},           {"CEIL", LF_ROUND_CEIL},
};

static const char *const overflow_names[] = {
    [LF_OVERFLOW_WRAP] = "WRAP", [LF_OVERFLOW_SAT] = "SAT", [LF_OVERFLOW_SAT_SYM] = "SAT_SYM"};

/* A cursor over the text of a type. */
typedef struct scan {
    const char *at;
} scan;

static void skip_blanks(scan *s) {
    while (*s->at == ' ')
        s->at++;
}

static bool take(scan *s, const char *word) {
    size_t n = strlen(word);
    if (strncmp(s->at, word, n) != 0)
        return false;
    s->at += n;
    return true;
}

static bool take_char(scan *s, char c) {
    skip_blanks(s);
    if (*s->at != c)
        return false;
    s->at++;
    skip_blanks(s);
    return true;
}

/* A decimal number of at most three digits. */
static bool take_number(scan *s, int *out) {
    skip_blanks(s);
    bool minus = take(s, "-");
    int v = 0, digits = 0;
    for (; *s->at >= '0' && *s->at <= '9' && digits < 4; s->at++, digits++)
        v = v * 10 + (*s->at - '0');
    *out = minus ? -v : v;
    return digits >= 1 && digits <= 3;
}

/* Reads a mode name of capitals and underscores into word. */
static bool take_mode(scan *s, char word[16]) {
    skip_blanks(s);
    take(s, "AP_");
    size_t n = 0;
    for (; (*s->at >= 'A' && *s->at <= 'Z') || *s->at == '_'; s->at++) {
        if (n == 15)
            return false;
        word[n++] = *s->at;
    }
    word[n] = '\0';
    return n > 0;
}

static bool take_round(scan *s, lf_dtype *t) {
    char word[16];
    if (!take_mode(s, word))
        return false;
    for (size_t i = 0; i < LF_COUNT(fixed_modes); i++)
        if (strcmp(word, fixed_modes[i].name) == 0) {
            t->round = (uint8_t)fixed_modes[i].mode;
            return true;
        }
    return false;
}

static bool take_overflow(scan *s, lf_dtype *t) {
    char word[16];
    if (!take_mode(s, word))
        return false;
    for (size_t i = 0; i < LF_COUNT(overflow_names); i++)
        if (strcmp(word, overflow_names[i]) == 0) {
            t->overflow = (uint8_t)i;
            return true;
        }
    return false;
}

/* ", RND, SAT, 0" or any beginning of it; the fifth parameter (saturated bits kept on a wrap) must be 0. */
static bool take_modes(scan *s, lf_dtype *t) {
    int kept = 0;
    if (!take_char(s, ','))
        return true;
    if (!take_round(s, t))
        return false;
    if (!take_char(s, ','))
        return true;
    if (!take_overflow(s, t))
        return false;
    return !take_char(s, ',') || (take_number(s, &kept) && kept == 0);
}

static bool parse_fixed(scan s, lf_kind kind, lf_dtype *out) {
    int bits = 0, int_bits = 0;
    lf_dtype t = {(uint8_t)kind, 0, 0, LF_ROUND_FLOOR, LF_OVERFLOW_WRAP};
    if (!take_char(&s, '<') || !take_number(&s, &bits) || !take_char(&s, ',') || !take_number(&s, &int_bits))
        return false;
    if (!take_modes(&s, &t) || !take_char(&s, '>') || *s.at)
        return false;
    int most = kind == LF_KIND_UFIXED ? 63 : 64;
    if (bits < 1 || bits > most || int_bits < INT8_MIN || int_bits > INT8_MAX)
        return false;
    t.bits = (uint8_t)bits;
    t.int_bits = (int8_t)int_bits;
    *out = t;
    return true;
}

static bool parse_int(scan s, lf_kind kind, bool angle, lf_dtype *out) {
    int bits = 0;
    if (angle && !take_char(&s, '<'))
        return false;
    if (*s.at == '-' || !take_number(&s, &bits) || bits < 1 || bits > 64)
        return false;
    if ((angle && !take_char(&s, '>')) || *s.at)
        return false;
    *out = (lf_dtype){(uint8_t)kind, (uint8_t)bits, 0, 0, 0};
    return true;
}

static const struct {
    const char *name;
    lf_dtype type;
} plain_types[] = {
    {"BIPOLAR", {LF_KIND_BIPOLAR, 1, 0, 0, 0}}, {"TERNARY", {LF_KIND_TERNARY, 2, 0, 0, 0}},
    {"BINARY", {LF_KIND_UINT, 1, 0, 0, 0}},     {"FLOAT16", {LF_KIND_FLOAT, 16, 0, 0, 0}},
    {"FLOAT32", {LF_KIND_FLOAT, 32, 0, 0, 0}},  {"FLOAT64", {LF_KIND_FLOAT, 64, 0, 0, 0}},
};

static const struct {
    const char *prefix;
    lf_kind kind;
    bool angle; /* widths in < > */
} families[] = {
    {"FIXED", LF_KIND_FIXED, true},      {"UFIXED", LF_KIND_UFIXED, true}, {"ap_fixed", LF_KIND_FIXED, true},
    {"ap_ufixed", LF_KIND_UFIXED, true}, {"fixed", LF_KIND_FIXED, true},   {"ufixed", LF_KIND_UFIXED, true},
    {"ap_int", LF_KIND_INT, true},       {"ap_uint", LF_KIND_UINT, true},  {"int", LF_KIND_INT, true},
    {"uint", LF_KIND_UINT, true},        {"INT", LF_KIND_INT, false},      {"UINT", LF_KIND_UINT, false},
};

bool lf_dtype_parse(const char *s, lf_dtype *out) {
    for (size_t i = 0; i < LF_COUNT(plain_types); i++)
        if (strcmp(s, plain_types[i].name) == 0) {
            *out = plain_types[i].type;
            return true;
        }
    for (size_t i = 0; i < LF_COUNT(families); i++) {
        scan at = {s};
        if (!take(&at, families[i].prefix))
            continue;
        bool fixed = families[i].kind == LF_KIND_FIXED || families[i].kind == LF_KIND_UFIXED;
        return fixed ? parse_fixed(at, families[i].kind, out) : parse_int(at, families[i].kind, families[i].angle, out);
    }
    return false;
}

static const char *fixed_mode_name(lf_dtype t) {
    for (size_t i = 0; i < LF_COUNT(fixed_modes); i++)
        if (fixed_modes[i].mode == t.round)
            return fixed_modes[i].name;
    return "TRN";
}

static const char *fixed_name(lf_arena *a, lf_dtype t) {
    const char *family = t.kind == LF_KIND_FIXED ? "FIXED" : "UFIXED";
    if (t.round == LF_ROUND_FLOOR && t.overflow == LF_OVERFLOW_WRAP)
        return lf_format(a, "%s<%d,%d>", family, t.bits, t.int_bits);
    return lf_format(a, "%s<%d,%d,%s,%s>", family, t.bits, t.int_bits, fixed_mode_name(t), overflow_names[t.overflow]);
}

const char *lf_dtype_name(lf_arena *a, lf_dtype t) {
    switch ((lf_kind)t.kind) {
    case LF_KIND_FLOAT: return lf_format(a, "FLOAT%d", t.bits);
    case LF_KIND_INT: return lf_format(a, "INT%d", t.bits);
    case LF_KIND_UINT: return lf_format(a, "UINT%d", t.bits);
    case LF_KIND_BIPOLAR: return "BIPOLAR";
    case LF_KIND_TERNARY: return "TERNARY";
    case LF_KIND_FIXED:
    case LF_KIND_UFIXED: return fixed_name(a, t);
    case LF_KIND_NONE: break;
    }
    return "?";
}
