/* Who waits for whom, from the flags of the last cycle: a link that is valid and not ready waits for its consumer, one that is ready and
 * not valid for its producer. Units that block each other for ever wait in a circle, and the circle is the answer. */
#include "fpga/chain_inside.h"

#include <inttypes.h>

#include "base/text.h"

enum { OUTSIDE = LF_CHAIN_OUTSIDE, UNSEEN = 0, OPEN, CLOSED };

typedef struct search {
    const lf_chain *c;
    const lf_chain_link **on; /* by unit: the link over which the unit of the path waits */
    int *mark;
    bool loose; /* a unit that gets no beat waits for its producer even if it would not take one yet */
} search;

/* The unit that `unit` waits for over link l; OUTSIDE: it does not wait there, or for something outside. */
static int waits_for(const search *s, const lf_chain_link *l, int unit) {
    if (l->from == unit)
        return l->valid && !l->ready ? l->to : OUTSIDE;
    return !l->valid && (l->ready || s->loose) ? l->from : OUTSIDE;
}

static int link_count(const lf_chain_unit *n) {
    return n->u.in_count + n->u.out_count;
}

static const lf_chain_link *link_at(const lf_chain_unit *n, int i) {
    return i < n->u.out_count ? n->out[i] : n->in[i - n->u.out_count];
}

/* A unit on a circle that can be reached from `start`, or OUTSIDE. Each step of the path keeps where it stands. */
static int find_circle(search *s, int start, int *path, int *step) {
    int depth = 0;
    path[0] = start;
    step[0] = 0;
    s->mark[start] = OPEN;
    while (depth >= 0) {
        int unit = path[depth];
        const lf_chain_unit *n = s->c->units.at[unit];
        if (step[depth] == link_count(n)) {
            s->mark[unit] = CLOSED;
            depth--;
            continue;
        }
        const lf_chain_link *l = link_at(n, step[depth]++);
        int next = waits_for(s, l, unit);
        if (next == OUTSIDE || s->mark[next] == CLOSED)
            continue;
        s->on[unit] = l;
        if (s->mark[next] == OPEN)
            return next;
        s->mark[next] = OPEN;
        path[++depth] = next;
        step[depth] = 0;
    }
    return OUTSIDE;
}

static int search_all(search *s, lf_arena *a) {
    size_t n = s->c->units.count;
    int *path = LF_NEW_ARRAY(a, int, n + 1), *step = LF_NEW_ARRAY(a, int, n + 1);
    s->mark = LF_NEW_ARRAY(a, int, n + 1);
    for (size_t i = 0; i < n; i++) {
        if (s->c->units.at[i]->bypassed || s->mark[i] != UNSEEN)
            continue;
        int at = find_circle(s, (int)i, path, step);
        if (at != OUTSIDE)
            return at;
    }
    return OUTSIDE;
}

static int64_t held(const lf_chain_unit *n) {
    return n->in[0]->moved - n->out[0]->moved;
}

/* A link's story: "join waits for collect at its input 0 (3 beats came)". */
static void tell(const lf_chain *c, const lf_chain_link *l, int unit, lf_text *t) {
    const lf_chain_unit *n = c->units.at[unit];
    int other = l->from == unit ? l->to : l->from;
    const char *outside = l->from == OUTSIDE ? "the input" : "the output";
    lf_text_addf(t, "%s%s waits for %s", t->len ? "; " : "", n->u.name,
                 other == OUTSIDE ? outside : c->units.at[other]->u.name);
    if (l->to == unit)
        lf_text_addf(t, " at its input %d (%" PRId64 " beats came)", l->to_port, l->moved);
    else
        lf_text_addf(t, " at its output %d (%" PRId64 " beats passed)", l->from_port, l->moved);
    if (n->keeps && l->from == unit)
        lf_text_addf(t, " and holds %" PRId64, held(n));
}

static void tell_circle(const search *s, int start, lf_text *t, int *full) {
    int unit = start;
    do {
        const lf_chain_link *l = s->on[unit];
        const lf_chain_unit *n = s->c->units.at[unit];
        tell(s->c, l, unit, t);
        if (l->from == unit && n->keeps && !n->in[0]->ready && (*full < 0 || held(n) > held(s->c->units.at[*full])))
            *full = unit;
        unit = l->from == unit ? l->to : l->from;
    } while (unit != start);
}

/* Without a circle (the model was stopped, or a unit does not drain): everything that waits. */
static void tell_all(const lf_chain *c, lf_text *t) {
    enum { ENOUGH = 1000 };
    for (size_t i = 0; i < c->link_count && t->len < ENOUGH; i++) {
        const lf_chain_link *l = &c->links[i];
        int unit = l->valid ? l->from : l->to;
        if (l->valid != l->ready && unit != OUTSIDE)
            tell(c, l, unit, t);
    }
}

const char *lf_chain_blocked_text(const lf_chain *c, lf_arena *a, int *full) {
    lf_text t = {0};
    search s = {.c = c, .on = LF_NEW_ARRAY(a, const lf_chain_link *, c->units.count + 1)};
    *full = OUTSIDE;
    int at = search_all(&s, a);
    if (at == OUTSIDE) {
        s.loose = true;
        at = search_all(&s, a);
    }
    if (at != OUTSIDE)
        tell_circle(&s, at, &t, full);
    else
        tell_all(c, &t);
    const char *text = lf_strdup(a, t.len ? t.at : "every unit is busy");
    lf_text_free(&t);
    return text;
}
