/* Simulation of a built circuit on rows of codes. */
#ifndef LF_VERIFY_COSIM_H
#define LF_VERIFY_COSIM_H

#include "pass/stream_model.h"

/* LUTFISK: this process itself, for netlists (netlist.h); no other program is needed. */
typedef enum lf_simulator { LF_SIM_VERILATOR, LF_SIM_IVERILOG, LF_SIM_LUTFISK } lf_simulator;

typedef struct lf_cosim_design {
    const char *dir; /* of the build */
    const char *top;
    const char *netlist; /* a mapped netlist instead of DIR/rtl, or NULL */
    lf_simulator simulator;
    const lf_stream_ports *inputs, *outputs;
    bool flow; /* its ports speak flow: stalls only leave clocks without an input frame */
} lf_cosim_design;

typedef struct lf_cosim lf_cosim;

/* Compiles the simulation in a temporary directory. LF_NO_TOOL when the simulator is absent, LF_BAD_INPUT when lutfisk itself does not
 * simulate a cell of the netlist. Free with lf_cosim_free, also after
 * errors (then *out is NULL). */
LF_MUST_USE lf_status lf_cosim_new(lf_ctx *ctx, const lf_cosim_design *design, lf_cosim **out);
void lf_cosim_free(lf_cosim *c);

typedef struct lf_cosim_run {
    int64_t frames;
    const int64_t *const *in; /* [input][frames * elements] codes; those of weights come from the build */
    int64_t **out;            /* [output][frames * elements] codes, filled */
    double stall;             /* probability that valid or ready is dropped, on every stream */
    uint64_t seed;
    int64_t limit;   /* cycles without a beat after which the run is given up */
    int64_t *passed; /* [inputs, then outputs] or NULL; if given, that nothing moves any more is an answer: `stopped` */
    /* results: stopped, and the beats that had passed each port; or latency of the first frame (first beat in to last beat out), and the mean interval between the last beats of frames, as
     * lf_chain_result has it (-1 with one frame) */
    int64_t latency_cycles, ii_cycles;
    bool stopped;
} lf_cosim_run;

/* LF_FAILED, with the simulator's own sentence, when a rule of the streams is broken, an output is unknown (X) or nothing moves and `passed` is NULL. */
LF_MUST_USE lf_status lf_cosim_frames(lf_cosim *c, lf_cosim_run *run);

#endif
