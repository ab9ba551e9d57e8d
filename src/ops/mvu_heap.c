/* Bit heaps: the plan by trying every choice of counters per level, and the text. */
#include "ops/mvu_heap.h"

#include <stdio.h>
#include <string.h>

/* What a level does with the bits that fill no 6:3 counter. */
enum { REST_PASSES, REST_FIVES, REST_THREES, REST_COUNTED, REST_CHOICES };

typedef struct search {
    lf_heap now, best;
    bool found;
} search;

static void choose_counters(lf_heap_level *l, int c, int choice) {
    int h = l->height[c], rest = h % 6;
    l->six[c] = h / 6;
    l->five[c] = rest == 5 && (choice == REST_FIVES || choice == REST_COUNTED);
    l->three[c] = rest >= 3 && !l->five[c] && (choice == REST_THREES || choice == REST_COUNTED);
}

/* Whether a level of this choice is the same as one of an earlier choice. */
static bool is_repeated(const int *height, int columns, int choice) {
    bool fives = false, threes = false;
    for (int c = 0; c < columns; c++) {
        fives |= height[c] % 6 == 5;
        threes |= height[c] % 6 == 3 || height[c] % 6 == 4;
    }
    return choice == REST_FIVES    ? !fives
           : choice == REST_THREES ? !fives && !threes
                                   : choice == REST_COUNTED && (!fives || !threes);
}

/* Heights behind a level. */
static void next_heights(const lf_heap_level *l, int columns, int *next) {
    memset(next, 0, LF_HEAP_COLUMNS * sizeof *next);
    for (int c = 0; c < columns; c++) {
        int wide = l->six[c] + l->five[c], counters = wide + l->three[c];
        next[c] += l->height[c] - 6 * l->six[c] - 5 * l->five[c] - 3 * l->three[c] + counters;
        if (c + 1 < columns)
            next[c + 1] += counters;
        if (c + 2 < columns)
            next[c + 2] += wide;
    }
}

static double level_cost(const lf_heap_level *l, int columns) {
    double lut = 0;
    for (int c = 0; c < columns; c++)
        lut += 3.0 * (l->six[c] + l->five[c]) + 2.0 * l->three[c];
    return lut;
}

/* The lowest column that needs the carry chain, or `columns`. */
static int first_pair(const int *height, int columns) {
    int c = 0;
    while (c < columns && height[c] < 2)
        c++;
    return c;
}

/* Two numbers are left; the lowest column of the chain may have a third bit, which goes in as its carry. */
static bool is_done(const int *height, int columns) {
    int low = first_pair(height, columns);
    for (int c = low; c < columns; c++)
        if (height[c] > 2 + (c == low))
            return false;
    return true;
}

static double chain_cost(const int *height, int columns) {
    int low = first_pair(height, columns);
    return low == columns ? 0 : columns - low + (height[low] == 3);
}

static void try_levels(search *s, const int *height, double lut) {
    lf_heap *h = &s->now;
    if (is_done(height, h->columns)) {
        h->lut = lut + chain_cost(height, h->columns);
        if (!s->found || h->lut < s->best.lut || (h->lut <= s->best.lut && h->levels < s->best.levels)) {
            memcpy(h->last, height, sizeof h->last);
            s->best = *h;
            s->found = true;
        }
        return;
    }
    if (h->levels == LF_HEAP_DEPTH || (s->found && lut >= s->best.lut))
        return;
    for (int choice = 0; choice < REST_CHOICES; choice++) {
        lf_heap_level *l = &h->level[h->levels];
        int next[LF_HEAP_COLUMNS];
        if (is_repeated(height, h->columns, choice))
            continue;
        memset(l, 0, sizeof *l);
        memcpy(l->height, height, sizeof l->height);
        for (int c = 0; c < h->columns; c++)
            choose_counters(l, c, choice);
        double cost = level_cost(l, h->columns);
        if (cost <= 0)
            continue;
        next_heights(l, h->columns, next);
        h->levels++;
        try_levels(s, next, lut + cost);
        h->levels--;
    }
}

/* Level 0 of products: as many 3:2 counters as there are threes; what is left over is a LUT each. */
static void first_level(lf_heap *h, const int *height, int *next) {
    lf_heap_level *l = &h->level[h->levels++];
    memset(l, 0, sizeof *l);
    memcpy(l->height, height, sizeof l->height);
    for (int c = 0; c < h->columns; c++)
        l->three[c] = height[c] / 3;
    next_heights(l, h->columns, next);
}

static void place_registers(lf_heap *h, bool first, int every) {
    int since = 0;
    h->ranks = 0;
    for (int i = 0; i < h->levels; i++) {
        since++;
        h->level[i].registered = (first && i == 0) || since == every || (!h->add && i == h->levels - 1);
        if (h->level[i].registered) {
            since = 0;
            h->ranks++;
        }
    }
    h->ranks += h->add;
}

void lf_heap_plan(lf_heap *h, const int *height, int columns, bool first, int every) {
    search s;
    memset(&s, 0, sizeof s);
    int start[LF_HEAP_COLUMNS] = {0};
    memcpy(start, height, (size_t)columns * sizeof *start);
    s.now.columns = columns;
    if (first)
        first_level(&s.now, height, start);
    try_levels(&s, start, 0);
    *h = s.best;
    h->add = first_pair(h->last, columns) < columns;
    place_registers(h, first, every);
}

/* -- text ------------------------------------------------------------------------------------------------------------ */

/* What a counter's names end with: its level and column. */
typedef struct place {
    char id[24];
    int level, column, n; /* n: how many counters, side by side in one vector */
    bool carry, second;   /* whether the columns above are wanted */
} place;

static place make_place(const lf_heap *h, int level, int column, int n) {
    place w = {
        .level = level, .column = column, .n = n, .carry = column + 1 < h->columns, .second = column + 2 < h->columns};
    snprintf(w.id, sizeof w.id, "%d_%d", level, column);
    return w;
}

/* Vectors of the counters' inputs: KINDa, KINDb, ... */
static void print_inputs(lf_text *t, const place *w, char kind, int inputs, int at) {
    lf_text_addf(t, "    wire [%d:0] ", w->n - 1);
    for (int i = 0; i < inputs; i++)
        lf_text_addf(t, "%s%c%c%s = h%s[%d:%d]", i ? ", " : "", kind, 'a' + i, w->id, w->id, at + (i + 1) * w->n - 1,
                     at + i * w->n);
    lf_text_add(t, ";\n");
}

/* OUT = the majority of three names. */
static void print_majority(lf_text *t, const place *w, char kind, const char *names) {
    lf_text_addf(t, "    wire [%d:0] %c%c%s = (%c%c%s & %c%c%s) | (%c%c%s & (%c%c%s ^ %c%c%s));\n", w->n - 1, kind,
                 names[0], w->id, kind, names[1], w->id, kind, names[2], w->id, kind, names[3], w->id, kind, names[1],
                 w->id, kind, names[2], w->id);
}

/* OUT = OP over the names that follow. */
static void print_gate(lf_text *t, const place *w, char kind, char op, const char *names) {
    lf_text_addf(t, "    wire [%d:0] %c%c%s = ", w->n - 1, kind, names[0], w->id);
    for (const char *p = names + 1; *p; p++) {
        if (p > names + 1)
            lf_text_addf(t, " %c ", op);
        lf_text_addf(t, "%c%c%s", kind, *p, w->id);
    }
    lf_text_add(t, ";\n");
}

/* One full adder per bit: x and y are the outputs of weight 1 and 2. */
static void print_threes(lf_text *t, const place *w, int at) {
    print_inputs(t, w, 't', 3, at);
    print_gate(t, w, 't', '^', "xabc");
    if (w->carry)
        print_majority(t, w, 't', "yabc");
}

/* 6:3 or 5:3, outputs x y z: two full adders (p, q) and (r, t), then the sum of the two. LUT mapping finds three LUT6. */
static void print_wide(lf_text *t, const place *w, char kind, int inputs, int at) {
    print_inputs(t, w, kind, inputs, at);
    print_gate(t, w, kind, '^', "pabc");
    print_gate(t, w, kind, '^', inputs == 6 ? "rdef" : "rde");
    print_gate(t, w, kind, '^', "xpr");
    if (!w->carry)
        return;
    print_majority(t, w, kind, "qabc");
    if (inputs == 6)
        print_majority(t, w, kind, "tdef");
    else
        print_gate(t, w, kind, '&', "tde");
    print_gate(t, w, kind, '&', "upr");
    print_gate(t, w, kind, '^', "yqtu");
    if (w->second)
        print_majority(t, w, kind, "zqtu");
}

static void print_level_logic(lf_text *t, const lf_heap *h, int i) {
    const lf_heap_level *l = &h->level[i];
    for (int c = 0; c < h->columns; c++) {
        int at = 0;
        place six = make_place(h, i, c, l->six[c]), five = make_place(h, i, c, l->five[c]),
              three = make_place(h, i, c, l->three[c]);
        if (six.n)
            print_wide(t, &six, 's', 6, at);
        at += 6 * six.n;
        if (five.n)
            print_wide(t, &five, 'v', 5, at);
        at += 5 * five.n;
        if (three.n)
            print_threes(t, &three, at);
    }
}

static void add_part(lf_text *t, bool *any, const char *kind, int level, int c) {
    lf_text_addf(t, "%s%s%d_%d", *any ? ", " : "", kind, level, c);
    *any = true;
}

/* Column c behind level i: sums of its own counters, carries from below, and the bits that passed. */
static void print_column(lf_text *t, const lf_heap *h, int i, int c) {
    const lf_heap_level *l = &h->level[i];
    bool any = false;
    lf_text_add(t, "{");
    if (c >= 2 && l->six[c - 2])
        add_part(t, &any, "sz", i, c - 2);
    if (c >= 2 && l->five[c - 2])
        add_part(t, &any, "vz", i, c - 2);
    if (c >= 1 && l->six[c - 1])
        add_part(t, &any, "sy", i, c - 1);
    if (c >= 1 && l->five[c - 1])
        add_part(t, &any, "vy", i, c - 1);
    if (c >= 1 && l->three[c - 1])
        add_part(t, &any, "ty", i, c - 1);
    if (l->six[c])
        add_part(t, &any, "sx", i, c);
    if (l->five[c])
        add_part(t, &any, "vx", i, c);
    if (l->three[c])
        add_part(t, &any, "tx", i, c);
    int used = 6 * l->six[c] + 5 * l->five[c] + 3 * l->three[c];
    if (used < l->height[c])
        lf_text_addf(t, "%sh%d_%d[%d:%d]", any ? ", " : "", i, c, l->height[c] - 1, used);
    lf_text_add(t, "}");
}

static const int *heights_behind(const lf_heap *h, int i) {
    return i + 1 < h->levels ? h->level[i + 1].height : h->last;
}

static void print_level(lf_text *t, const lf_heap *h, int i) {
    const int *next = heights_behind(h, i);
    bool registered = h->level[i].registered;
    print_level_logic(t, h, i);
    for (int c = 0; c < h->columns; c++) {
        if (!next[c])
            continue;
        lf_text_addf(t, "    %s [%d:0] h%d_%d", registered ? "reg" : "wire", next[c] - 1, i + 1, c);
        if (!registered) {
            lf_text_add(t, " = ");
            print_column(t, h, i, c);
        }
        lf_text_add(t, ";\n");
    }
    if (!registered)
        return;
    lf_text_add(t, "    always @(posedge aclk)\n        if (ce) begin\n");
    for (int c = 0; c < h->columns; c++)
        if (next[c]) {
            lf_text_addf(t, "            h%d_%d <= ", i + 1, c);
            print_column(t, h, i, c);
            lf_text_add(t, ";\n");
        }
    lf_text_add(t, "        end\n");
}

/* The k-th bits of columns from..columns-1 as one number; a column without one gives 0. */
static void print_number(lf_text *t, const lf_heap *h, int from, int to, int k) {
    lf_text_add(t, "{");
    for (int c = to - 1; c >= from; c--) {
        if (h->last[c] > k)
            lf_text_addf(t, "h%d_%d[%d]", h->levels, c, k);
        else
            lf_text_add(t, "1'b0");
        lf_text_add(t, c > from ? ", " : "}");
    }
}

/* high = the two numbers from column `low` on; a third bit there is the carry into the chain: {a, 1} + {b, bit}. */
static void print_chain(lf_text *t, const lf_heap *h, int low) {
    int w = h->columns - low;
    bool carry = h->last[low] == 3;
    lf_text_addf(t, "    wire [%d:0] left = ", w - 1);
    print_number(t, h, low, h->columns, 0);
    lf_text_add(t, ", right = ");
    print_number(t, h, low, h->columns, 1);
    lf_text_add(t, ";\n");
    if (!carry) {
        lf_text_addf(t, "    wire [%d:0] high = left + right;\n", w - 1);
        return;
    }
    lf_text_addf(t, "    wire [%d:0] chain = {left, 1'b1} + {right, h%d_%d[2]};\n", w, h->levels, low);
    lf_text_addf(t, "    wire [%d:0] high = chain[%d:1];\n    wire unused_chain = chain[0];\n", w - 1, w);
}

void lf_heap_print(lf_text *t, const lf_heap *h) {
    for (int i = 0; i < h->levels; i++)
        print_level(t, h, i);
    int low = first_pair(h->last, h->columns);
    if (!h->add) {
        lf_text_add(t, "    assign sum = ");
        print_number(t, h, 0, h->columns, 0);
        lf_text_add(t, ";\n");
        return;
    }
    print_chain(t, h, low);
    lf_text_addf(
        t, "    reg [%d:0] total;\n    always @(posedge aclk)\n        if (ce)\n            total <= ", h->columns - 1);
    if (low > 0) {
        lf_text_add(t, "{high, ");
        print_number(t, h, 0, low, 0);
        lf_text_add(t, "};\n");
    } else {
        lf_text_add(t, "high;\n");
    }
    lf_text_add(t, "    assign sum = total;\n");
}
