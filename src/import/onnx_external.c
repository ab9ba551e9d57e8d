#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "import/onnx_tensor.h"

typedef struct external {
    const char *location;
    int64_t offset, length; /* length -1: not given */
} external;

static lf_status read_number(lf_ctx *ctx, const lf_where *where, const LfOnnx__StringStringEntryProto *e,
                             int64_t *out) {
    if (!e->value || !lf_parse_i64(e->value, out) || *out < 0)
        return lf_fail(ctx, LF_BAD_INPUT, where, "external data: %s is \"%s\", not a number of bytes", e->key,
                       e->value ? e->value : "");
    return LF_OK;
}

static lf_status read_entries(lf_ctx *ctx, const lf_where *where, const lf_pb_tensor *t, external *x) {
    *x = (external){.location = "", .length = -1};
    for (size_t i = 0; i < t->n_external_data; i++) {
        const LfOnnx__StringStringEntryProto *e = t->external_data[i];
        const char *key = e->key ? e->key : "";
        if (!strcmp(key, "location"))
            x->location = e->value ? e->value : "";
        else if (!strcmp(key, "offset"))
            LF_TRY(read_number(ctx, where, e, &x->offset));
        else if (!strcmp(key, "length"))
            LF_TRY(read_number(ctx, where, e, &x->length));
    }
    if (!*x->location)
        return lf_fail(ctx, LF_BAD_INPUT, where, "tensor %s: external data without a location",
                       t->name ? t->name : "(unnamed)");
    return LF_OK;
}

/* Relative, and no part of it is empty or "..". */
static bool stays_below(const char *path) {
    if (*path == '/')
        return false;
    for (const char *part = path;;) {
        size_t n = strcspn(part, "/");
        if (n == 0 || (n == 2 && part[0] == '.' && part[1] == '.'))
            return false;
        if (part[n] == '\0')
            return true;
        part += n + 1;
    }
}

/* Opens path below the directory `at` part by part, so that no symbolic link on the way can lead outside. */
static int open_below(int at, lf_arena *arena, const char *path) {
    int fd = dup(at);
    for (const char *part = path; fd >= 0;) {
        size_t n = strcspn(part, "/");
        bool last = part[n] == '\0';
        int next = openat(fd, lf_strndup(arena, part, n),
                          O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | (last ? 0 : O_DIRECTORY));
        int saved = errno;
        close(fd);
        errno = saved;
        if (last)
            return next;
        fd = next;
        part += n + 1;
    }
    return fd;
}

static int open_location(lf_arena *arena, const char *dir, const char *location) {
    int at = open(*dir ? dir : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (at < 0)
        return at;
    int fd = open_below(at, arena, location);
    int saved = errno;
    close(at);
    errno = saved;
    return fd;
}

static bool read_all(int fd, uint8_t *to, size_t need, int64_t offset) {
    while (need > 0) {
        ssize_t got = pread(fd, to, need < (1u << 30) ? need : 1u << 30, offset);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return false;
        to += got;
        need -= (size_t)got;
        offset += got;
    }
    return true;
}

static lf_status read_file(lf_ctx *ctx, const lf_where *where, lf_arena *arena, int fd, const external *x, size_t need,
                           const uint8_t **out) {
    struct stat st;
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
        return lf_fail(ctx, LF_BAD_INPUT, where, "external data %s is not a regular file", x->location);
    if (x->length >= 0 && (uint64_t)x->length != need)
        return lf_fail(ctx, LF_BAD_INPUT, where,
                       "external data %s: length is %lld, but type and dimensions need %zu bytes", x->location,
                       (long long)x->length, need);
    if (x->offset > st.st_size || need > (uint64_t)(st.st_size - x->offset))
        return lf_fail(ctx, LF_BAD_INPUT, where, "external data %s has %lld bytes, but %zu from byte %lld are needed",
                       x->location, (long long)st.st_size, need, (long long)x->offset);
    uint8_t *to = lf_alloc_try(arena, need ? need : 1, 1);
    if (!to || !read_all(fd, to, need, x->offset))
        return lf_fail(ctx, LF_BAD_INPUT, where, "external data %s: %s", x->location,
                       to ? "it cannot be read" : "no memory for it");
    *out = to;
    return LF_OK;
}

lf_status lf_onnx_external_read(lf_ctx *ctx, const lf_where *where, lf_arena *arena, const char *dir,
                                const lf_pb_tensor *t, size_t need, const uint8_t **out) {
    external x;
    LF_TRY(read_entries(ctx, where, t, &x));
    if (!dir)
        return lf_fail(ctx, LF_BAD_INPUT, where,
                       "external data %s: this model is not read from a file, so there is no directory to look in",
                       x.location);
    if (!stays_below(x.location)) {
        lf_fail(ctx, LF_BAD_INPUT, where, "external data %s: the path leaves the model's directory", x.location);
        lf_hint(ctx, "put the file beside the model and name it without / or ..");
        return LF_BAD_INPUT;
    }
    int fd = open_location(arena, dir, x.location);
    if (fd < 0) {
        bool link = errno == ELOOP || errno == EMLINK || errno == ENOTDIR;
        lf_fail(ctx, LF_BAD_INPUT, where, "external data %s: %s", x.location,
                link ? "a part of its path is a symbolic link or no directory" : strerror(errno));
        lf_hint(ctx, "it must be a file below %s", *dir ? dir : ".");
        return LF_BAD_INPUT;
    }
    lf_status status = read_file(ctx, where, arena, fd, &x, need, out);
    close(fd);
    return status;
}
