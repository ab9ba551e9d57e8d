/* One child at a time, in a process group of its own, its output read through a pipe. */
#include "base/run.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/fatal.h"
#include "base/file.h"
#include "base/leftovers.h"

enum { TAIL = 1 << 20, GRACE_MS = 50 };

/* Finding the program. The search path is all that is read from the environment, as execvp would; a tool gets the whole. */

static bool executable(const char *path) {
    struct stat st;
    return stat(path, &st) == 0 && S_ISREG(st.st_mode) && access(path, X_OK) == 0;
}

static const char *find_tool(lf_arena *a, const char *tool) {
    if (strchr(tool, '/'))
        return executable(tool) ? tool : NULL;
    const char *at = getenv("PATH");
    while (at && tool[0]) {
        size_t n = strcspn(at, ":");
        const char *path = n ? lf_format(a, "%.*s/%s", (int)n, at, tool) : tool;
        if (executable(path))
            return path;
        at = at[n] ? at + n + 1 : NULL;
    }
    return NULL;
}

bool lf_tool_found(const char *tool) {
    lf_arena *a = lf_arena_new();
    bool found = a && find_tool(a, tool);
    lf_arena_free(a);
    return found;
}

/* The child's side: only calls that are safe between fork and exec in a process with threads. */

typedef struct child_plan {
    const char *path, *cwd;
    const char *const *argv;
    char *const *environment;
    int out, trouble; /* pipes' writing ends: the output; the error number if exec fails */
    pid_t parent;
} child_plan;

static void default_signals(void) {
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    const int caught[] = {SIGPIPE, SIGINT, SIGTERM, SIGQUIT, SIGCHLD, SIGXFSZ};
    for (size_t i = 0; i < LF_COUNT(caught); i++)
        signal(caught[i], SIG_DFL);
}

static int become(const child_plan *p) {
    setpgid(0, 0);
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0)
        return errno;
    if (getppid() != p->parent)
        return ECANCELED;
    default_signals();
    int in = open("/dev/null", O_RDONLY);
    if (in < 0 || dup2(in, 0) < 0 || dup2(p->out, 1) < 0 || dup2(p->out, 2) < 0)
        return errno;
    if (p->cwd && chdir(p->cwd) != 0)
        return errno;
    execve(p->path, (char *const *)(uintptr_t)p->argv, p->environment);
    return errno;
}

static void child(const child_plan *p) {
    int error = become(p);
    ssize_t n = write(p->trouble, &error, sizeof error);
    (void)n;
    _exit(127);
}

/* The parent's side. */

/* The last TAIL bytes of what was read: a ring. */
typedef struct tail {
    char *at;
    size_t total;
} tail;

static void tail_add(tail *t, const char *data, size_t n) {
    for (size_t done = 0; done < n;) {
        size_t pos = t->total % TAIL, step = TAIL - pos < n - done ? TAIL - pos : n - done;
        memcpy(t->at + pos, data + done, step);
        done += step;
        t->total += step;
    }
}

static char *tail_text(const tail *t, lf_arena *a) {
    size_t len = t->total < TAIL ? t->total : TAIL, pos = t->total < TAIL ? 0 : t->total % TAIL;
    char *s = lf_alloc(a, len + 1);
    if (len) {
        memcpy(s, t->at + pos, len - pos);
        memcpy(s + len - pos, t->at, pos);
    }
    return s;
}

/* False at the end of the output. */
static bool read_some(int fd, tail *t) {
    char buffer[16384];
    ssize_t n = read(fd, buffer, sizeof buffer);
    if (n > 0)
        tail_add(t, buffer, (size_t)n);
    return n > 0 || (n < 0 && (errno == EINTR || errno == EAGAIN));
}

/* Reads until the output ends, or until the child is gone and whoever inherited the pipe is silent. */
static int collect(pid_t pid, int fd, tail *t) {
    int state = 0;
    bool gone = false, open = true;
    while (open) {
        struct pollfd p = {.fd = fd, .events = POLLIN};
        int ready = poll(&p, 1, GRACE_MS);
        if (ready > 0)
            open = read_some(fd, t);
        else if (gone)
            break;
        else
            gone = waitpid(pid, &state, WNOHANG) == pid;
    }
    while (!gone)
        gone = waitpid(pid, &state, 0) == pid || errno != EINTR;
    kill(-pid, SIGKILL); /* what the child left behind */
    return WIFSIGNALED(state) ? 128 + WTERMSIG(state) : WEXITSTATUS(state);
}

static double seconds_now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static lf_status cannot_start(lf_ctx *ctx, const char *tool, int error) {
    return lf_fail(ctx, LF_NO_TOOL, NULL, "cannot start %s: %s", tool, strerror(error));
}

static void close_pair(const int pair[2]) {
    close(pair[0]);
    close(pair[1]);
}

static lf_status start(lf_ctx *ctx, const child_plan *plan, const int out[2], const int trouble[2], pid_t *pid) {
    *pid = fork();
    if (*pid == 0)
        child(plan);
    int error = *pid < 0 ? errno : 0;
    close(out[1]);
    close(trouble[1]);
    ssize_t n = 0;
    if (!error)
        do
            n = read(trouble[0], &error, sizeof error);
        while (n < 0 && errno == EINTR);
    close(trouble[0]);
    if (n == (ssize_t)sizeof error)
        waitpid(*pid, NULL, 0);
    if (!error)
        return LF_OK;
    close(out[0]);
    return cannot_start(ctx, plan->argv[0], error);
}

/* Ours, but with the tool's own temporary directory, named so that it is found from everywhere. Some tools hand that name to a shell as it is:
 * where it is not plain, wherever they run has to do. */
static char *const *environment_with(lf_arena *a, const char *temporary) {
    size_t count = 0, n = 0;
    while (environ && environ[count]) /* NULL after clearenv */
        count++;
    char **out = LF_NEW_ARRAY(a, char *, count + 2);
    for (size_t i = 0; i < count; i++)
        if (strncmp(environ[i], "TMPDIR=", 7) != 0)
            out[n++] = environ[i];
    out[n] = lf_format(a, "TMPDIR=%s", lf_path_is_plain(temporary) ? temporary : ".");
    return out;
}

static lf_status run_to_end(lf_ctx *ctx, lf_arena *a, child_plan *plan, lf_run_result *r) {
    int out[2], trouble[2];
    if (pipe2(out, O_CLOEXEC) != 0)
        return cannot_start(ctx, plan->argv[0], errno);
    if (pipe2(trouble, O_CLOEXEC) != 0) {
        int error = errno;
        close_pair(out);
        return cannot_start(ctx, plan->argv[0], error);
    }
    double begin = seconds_now();
    plan->out = out[1];
    plan->trouble = trouble[1];
    pid_t pid;
    LF_TRY(start(ctx, plan, out, trouble, &pid));
    tail t = {.at = malloc(TAIL)};
    if (!t.at)
        lf_out_of_memory(TAIL);
    lf_leftover_tool(ctx, pid);
    r->exit_code = collect(pid, out[0], &t);
    lf_leftover_tool_ended(ctx, pid);
    close(out[0]);
    r->seconds = seconds_now() - begin;
    r->out = tail_text(&t, a);
    free(t.at);
    return LF_OK;
}

lf_status lf_tool_run(lf_ctx *ctx, lf_arena *a, const char *const *argv, const char *cwd, lf_run_result *r) {
    *r = (lf_run_result){0};
    const char *path = find_tool(a, argv[0]);
    if (!path) {
        lf_fail(ctx, LF_NO_TOOL, NULL, "the tool %s was not found on the search path", argv[0]);
        lf_hint(ctx, "install it, or add its folder to PATH");
        return LF_NO_TOOL;
    }
    struct stat st;
    if (cwd && (stat(cwd, &st) != 0 || !S_ISDIR(st.st_mode)))
        return lf_fail(ctx, LF_BAD_INPUT, &(lf_where){.file = cwd}, "cannot run %s there: it is no directory", argv[0]);
    child_plan plan = {.path = path, .cwd = cwd, .argv = argv, .environment = environ, .parent = getpid()};
    if (!cwd)
        return run_to_end(ctx, a, &plan, r);
    char *temporary;
    LF_TRY(lf_temp_dir(ctx, a, NULL, &temporary));
    plan.environment = environment_with(a, temporary);
    lf_status status = run_to_end(ctx, a, &plan, r);
    lf_temp_dir_remove(ctx, temporary);
    return status;
}
