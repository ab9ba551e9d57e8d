/* The only place where compiler extensions are named. */
#ifndef LF_BASE_COMPILER_H
#define LF_BASE_COMPILER_H

#define LF_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#define LF_MALLOC __attribute__((malloc, returns_nonnull, warn_unused_result))
#define LF_MUST_USE __attribute__((warn_unused_result))
#define LF_UNUSED __attribute__((unused))
#define LF_NORETURN __attribute__((noreturn))

/* Compiled again for every instruction set of a caller; and the instruction set that one function may use. */
#define LF_ALWAYS_INLINE static inline __attribute__((always_inline))
#define LF_FOR_ISA(set) __attribute__((target(set)))

#define LF_ASM __asm__ /* in src/kern only, where a compiler spoils an inner loop */

#define LF_COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Zeros below the lowest and above the highest set bit of a uint64_t other than 0. */
#define LF_ZEROS_BELOW(x) __builtin_ctzll(x)
#define LF_ZEROS_ABOVE(x) __builtin_clzll(x)
#define LF_ONES(x) __builtin_popcountll(x) /* how many bits of a uint64_t are set */

/* LF_X86_HAS("avx2"): the running processor and kernel support it; 0 on other machines. LF_RELAX: one turn of a spin loop. */
#if defined(__x86_64__)
#define LF_X86_HAS(feature) (__builtin_cpu_supports(feature) != 0)
#define LF_RELAX() __builtin_ia32_pause()
#else
#define LF_X86_HAS(feature) 0
#define LF_RELAX() ((void)0)
#endif

#endif
