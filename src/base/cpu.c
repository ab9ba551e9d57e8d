#include "base/cpu.h"

#include <pthread.h>
#include <string.h>

#include "base/compiler.h"

#if defined(__x86_64__)
#include <cpuid.h>
#endif

/* The features that cmake/Flags.cmake compiles the kernels for. */
static bool has_avx2(void) {
    return LF_X86_HAS("avx2") && LF_X86_HAS("fma") && LF_X86_HAS("popcnt");
}

static bool has_avx512(void) {
    return LF_X86_HAS("avx512f") && LF_X86_HAS("avx512bw") && LF_X86_HAS("avx512vl") && LF_X86_HAS("avx512dq") &&
           LF_X86_HAS("avx512vbmi") && LF_X86_HAS("gfni") && LF_X86_HAS("avx512vpopcntdq") && LF_X86_HAS("avx512vnni");
}

bool lf_cpu_has(lf_isa isa) {
    switch (isa) {
    case LF_ISA_SCALAR: return true;
    case LF_ISA_AVX2: return has_avx2();
    case LF_ISA_AVX512: return has_avx2() && has_avx512();
    case LF_ISA_COUNT: break;
    }
    return false;
}

lf_isa lf_cpu_best(void) {
    return lf_cpu_has(LF_ISA_AVX512) ? LF_ISA_AVX512 : lf_cpu_has(LF_ISA_AVX2) ? LF_ISA_AVX2 : LF_ISA_SCALAR;
}

const char *lf_isa_name(lf_isa isa) {
    static const char *const names[LF_ISA_COUNT] = {"scalar", "avx2", "avx512"};
    return (unsigned)isa < LF_ISA_COUNT ? names[isa] : "unknown";
}

/* The name is read once; afterwards it never changes. */
static pthread_once_t name_once = PTHREAD_ONCE_INIT;
static char name[64];

static void read_name(void) {
#if defined(__x86_64__)
    unsigned words[12] = {0};
    for (unsigned i = 0; i < 3; i++)
        if (!__get_cpuid(0x80000002u + i, &words[4 * i], &words[4 * i + 1], &words[4 * i + 2], &words[4 * i + 3]))
            return;
    char raw[sizeof words + 1] = {0};
    memcpy(raw, words, sizeof words);
    const char *s = raw + strspn(raw, " ");
    size_t len = strlen(s);
    while (len && s[len - 1] == ' ')
        len--;
    memcpy(name, s, len);
    name[len] = 0;
#endif
}

const char *lf_cpu_name(void) {
    pthread_once(&name_once, read_name);
    return name[0] ? name : "unknown";
}
