#include "data/metrics.h"

#include <math.h>
#include <stdlib.h>

const double lf_likely_scales[] = {255, 1.0 / 255, 256, 1.0 / 256, 2, 0.5, 128, 1.0 / 128, 0};

int lf_top1(const double *score, int n) {
    int best = 0;
    for (int i = 1; i < n; i++)
        if (score[i] > score[best])
            best = i;
    return best;
}

void lf_metrics_of_classes(lf_arena *a, const int *predicted, const uint8_t *label, size_t rows, int classes,
                           lf_metrics *out) {
    size_t n = (size_t)classes;
    *out = (lf_metrics){.rows = rows, .classes = classes, .confusion = LF_NEW_ARRAY(a, uint64_t, n * n)};
    for (size_t i = 0; i < rows; i++) {
        out->confusion[label[i] * n + (size_t)predicted[i]]++;
        out->correct += label[i] == predicted[i];
    }
    out->accuracy = rows ? (double)out->correct / (double)rows : 0;
}

void lf_metrics_of_scores(lf_arena *a, const double *score, const uint8_t *label, size_t rows, int classes,
                          lf_metrics *out) {
    size_t n = (size_t)classes;
    int *predicted = LF_NEW_ARRAY(a, int, rows);
    for (size_t i = 0; i < rows; i++)
        predicted[i] = lf_top1(score + i * n, classes);
    lf_metrics_of_classes(a, predicted, label, rows, classes, out);
    lf_arena *scratch = lf_arena_new();
    out->auc = LF_NEW_ARRAY(a, double, n);
    for (size_t c = 0; c < n; c++) {
        out->auc[c] = lf_roc_auc(scratch, score + c, n, label, (int)c, rows);
        lf_arena_reset(scratch);
    }
    lf_arena_free(scratch);
}

typedef struct ranked {
    double score;
    bool positive;
} ranked;

static int by_score(const void *a, const void *b) {
    double x = ((const ranked *)a)->score, y = ((const ranked *)b)->score;
    return (x > y) - (x < y);
}

/* Twice the number of (positive, negative) pairs in the right order, ties counted once: whole numbers, so the order of equal
 * scores after sorting cannot matter. */
static uint64_t twice_won_pairs(const ranked *r, size_t rows) {
    uint64_t won = 0, negatives_below = 0;
    for (size_t i = 0, end = 0; i < rows; i = end) {
        uint64_t positive = 0, negative = 0;
        for (end = i; end < rows && r[end].score == r[i].score; end++)
            *(r[end].positive ? &positive : &negative) += 1;
        won += positive * (2 * negatives_below + negative);
        negatives_below += negative;
    }
    return won;
}

double lf_roc_auc(lf_arena *scratch, const double *score, size_t stride, const uint8_t *label, int which, size_t rows) {
    ranked *r = LF_NEW_ARRAY(scratch, ranked, rows);
    uint64_t positive = 0;
    for (size_t i = 0; i < rows; i++) {
        r[i] = (ranked){score[i * stride], label[i] == which};
        positive += label[i] == which;
    }
    uint64_t negative = rows - positive;
    if (positive == 0 || negative == 0)
        return NAN;
    qsort(r, rows, sizeof *r, by_score);
    return (double)twice_won_pairs(r, rows) / (2.0 * (double)positive * (double)negative);
}

/* State of the Hungarian method in its shortest-path form: potentials u, v; owner[j] is the row that has column j. Rows and
 * columns count from 1; 0 is outside. */
typedef struct assignment {
    int n;
    int64_t *u, *v, *slack;
    int *owner, *from;
    bool *done;
    const uint64_t *gain; /* [label][class] */
} assignment;

static int64_t cost_of(const assignment *s, int row, int column) {
    size_t i = (size_t)(row - 1), j = (size_t)(column - 1), n = (size_t)s->n;
    return -(int64_t)(n + 1) * (int64_t)s->gain[j * n + i] -
           (i == j); /* among equals the identity; it never outweighs a row */
}

/* Extends the assignment by `row` along a shortest augmenting path. */
static void assign_row(assignment *s, int row) {
    int column = 0;
    s->owner[0] = row;
    for (int j = 0; j <= s->n; j++) {
        s->slack[j] = INT64_MAX;
        s->done[j] = false;
    }
    do {
        int here = s->owner[column], next = 0;
        int64_t step = INT64_MAX;
        s->done[column] = true;
        for (int j = 1; j <= s->n; j++) {
            if (s->done[j])
                continue;
            int64_t reduced = cost_of(s, here, j) - s->u[here] - s->v[j];
            if (reduced < s->slack[j]) {
                s->slack[j] = reduced;
                s->from[j] = column;
            }
            if (s->slack[j] < step) {
                step = s->slack[j];
                next = j;
            }
        }
        for (int j = 0; j <= s->n; j++)
            if (s->done[j]) {
                s->u[s->owner[j]] += step;
                s->v[j] -= step;
            } else {
                s->slack[j] -= step;
            }
        column = next;
    } while (s->owner[column] != 0);
    for (; column != 0; column = s->from[column])
        s->owner[column] = s->owner[s->from[column]];
}

uint64_t lf_best_class_map(lf_arena *scratch, const uint64_t *confusion, int classes, int *map) {
    size_t n = (size_t)classes + 1;
    assignment s = {
        .n = classes,
        .u = LF_NEW_ARRAY(scratch, int64_t, n),
        .v = LF_NEW_ARRAY(scratch, int64_t, n),
        .slack = LF_NEW_ARRAY(scratch, int64_t, n),
        .owner = LF_NEW_ARRAY(scratch, int, n),
        .from = LF_NEW_ARRAY(scratch, int, n),
        .done = LF_NEW_ARRAY(scratch, bool, n),
        .gain = confusion,
    };
    for (int i = 1; i <= classes; i++)
        assign_row(&s, i);
    uint64_t right = 0;
    for (int j = 1; j <= classes; j++) {
        map[s.owner[j] - 1] = j - 1;
        right += confusion[(size_t)(j - 1) * (size_t)classes + (size_t)(s.owner[j] - 1)];
    }
    return right;
}

bool lf_near_chance(const lf_metrics *m) {
    double p = 1.0 / m->classes;
    return m->rows > 0 && m->accuracy <= p + 3 * sqrt(p * (1 - p) / (double)m->rows);
}
