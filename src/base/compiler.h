/* The only place where compiler extensions are named. */
#ifndef LF_BASE_COMPILER_H
#define LF_BASE_COMPILER_H

#define LF_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#define LF_MALLOC __attribute__((malloc, returns_nonnull, warn_unused_result))
#define LF_MUST_USE __attribute__((warn_unused_result))
#define LF_UNUSED __attribute__((unused))

#define LF_COUNT(array) (sizeof(array) / sizeof((array)[0]))

#endif
