/* A driver while it is printed: inside driver*.c only. */
#ifndef LF_TARGET_DRIVER_PRINT_H
#define LF_TARGET_DRIVER_PRINT_H

#include "target/driver.h"
#include "target/driver_node.h"

typedef struct lf_driver {
    const lf_graph *g;
    lf_arena *arena;
    const char *top;
    const lf_stream_ports *inputs, *outputs;
    lf_text header, functions, tables, readme;
    lf_driver_uses uses;
    LF_VEC(const char *) taken; /* names of functions */
} lf_driver;

/* C types that hold a port's codes and a tensor's values. */
const char *lf_driver_code_type(const lf_stream_port *p);
const char *lf_driver_real_type(const lf_driver *d, lf_id tensor);
/* TOP_VERB_PORT. */
const char *lf_driver_stem(const lf_driver *d, const char *verb, const lf_stream_port *p);
/* A function's name, with a number when it is taken. */
const char *lf_driver_claim(lf_driver *d, const char *name);
/* A statement that puts `code` into element e of the stream; an expression for the code of `element`. */
const char *lf_driver_put_code(const lf_driver *d, const lf_stream_port *p, const char *code);
const char *lf_driver_get_code(const lf_driver *d, const lf_stream_port *p, const char *element);
/* A function up to its loop; the loop over the elements of a frame. */
void lf_driver_begin(lf_driver *d, const char *signature, const char *comment);
void lf_driver_begin_loop(lf_driver *d, const lf_stream_port *p);

/* driver_port.c: constants and functions on codes of a port. */
void lf_driver_print_port(lf_driver *d, const lf_stream_port *p, bool output);
void lf_driver_print_pack_codes(lf_driver *d, const lf_stream_port *p, const char *type, const char *suffix);
void lf_driver_print_unpack_codes(lf_driver *d, const lf_stream_port *p);
/* driver_values.c: functions on values, or, where C cannot say it, a comment about what is left to the caller. */
void lf_driver_print_pack(lf_driver *d, const lf_stream_port *p);
void lf_driver_print_unpack(lf_driver *d, const lf_port *model);

#endif
