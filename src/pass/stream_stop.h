/* A circuit that stops for ever, as built with FIFOs too small: where the model says it stops. */
#ifndef LF_PASS_STREAM_STOP_H
#define LF_PASS_STREAM_STOP_H

#include "pass/stream_model.h"

typedef struct lf_stream_stop {
    const char *who;       /* who waits for whom, in arena memory; NULL: all frames come out */
    int64_t cycles;        /* from the first one to the last one in which a beat moved */
    const int64_t *passed; /* beats through each input, then each output; -1: a port that the model has no count for */
} lf_stream_stop;

/* Runs the twins of a connected circuit on `frames` frames from sources and into sinks that never pause: what passes before it stops. Stalls
 * never change the words of a beat, but may change how many have passed, and a circuit that passes all of them here may stop under stalls:
 * pipelines whose registers move together hold fewer words when gaps have entered (doc/dev/deadlock.md). */
LF_MUST_USE lf_status lf_stream_model_stop(const lf_graph *g, int frames, const lf_stream_ports *inputs,
                                           const lf_stream_ports *outputs, lf_arena *a, lf_stream_stop *out);

#endif
