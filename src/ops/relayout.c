#include "ops/relayout.h"

int64_t lf_axis_to_last(int64_t axis, int rank) {
    axis = axis < 0 ? axis + rank : axis;
    return axis == 0 ? 0 : axis == 1 ? rank - 1 : axis - 1;
}

lf_ints lf_axes_to_last(lf_graph *g, lf_ints axes, int rank) {
    int64_t *to = LF_NEW_ARRAY(g->arena, int64_t, axes.count + 1);
    for (int64_t i = 0; i < axes.count; i++)
        to[i] = lf_axis_to_last(axes.at[i], rank);
    return (lf_ints){to, axes.count};
}

lf_ints lf_entries_to_last(lf_graph *g, lf_ints entries, int rank, int groups) {
    int64_t *to = LF_NEW_ARRAY(g->arena, int64_t, entries.count + 1);
    for (int group = 0; group < groups; group++)
        for (int i = 0; i < rank; i++)
            to[group * rank + lf_axis_to_last(i, rank)] = entries.at[group * rank + i];
    return (lf_ints){to, entries.count};
}
