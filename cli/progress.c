/* Progress on stderr. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "cli.h"

static struct {
    char what[64];
    double began, shown;
    bool open; /* an unfinished line stands on the terminal */
} line;

static double seconds_now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static bool on_terminal(void) {
    const char *term = getenv("TERM");
    return isatty(STDERR_FILENO) && term && strcmp(term, "dumb") != 0;
}

static void format_time(char *out, size_t size, double s) {
    if (s < 60)
        snprintf(out, size, "%.0f s", s);
    else if (s < 3600)
        snprintf(out, size, "%d:%02d min", (int)s / 60, (int)s % 60);
    else
        snprintf(out, size, "%d:%02d h", (int)s / 3600, (int)s / 60 % 60);
}

static void print_line(const char *what, uint64_t done, uint64_t total, double elapsed, bool terminal) {
    char text[160], left[32] = "";
    if (total) {
        double part = (double)done / (double)total;
        if (done && part < 1) {
            char time[24];
            format_time(time, sizeof time, elapsed / part * (1 - part));
            snprintf(left, sizeof left, ", %s left", time);
        }
        snprintf(text, sizeof text, "%s: %.0f %%%s", what, part * 100, left);
    } else
        snprintf(text, sizeof text, "%s: %llu", what, (unsigned long long)done);
    fprintf(stderr, terminal ? "\r%s\033[K" : "%s\n", text);
    fflush(stderr);
}

void cli_progress(const char *what, uint64_t done, uint64_t total) {
    double now = seconds_now();
    bool terminal = on_terminal();
    if (strncmp(line.what, what, sizeof line.what - 1) != 0) {
        cli_progress_end();
        snprintf(line.what, sizeof line.what, "%s", what);
        line.began = line.shown = now;
        return;
    }
    bool last = total && done == total && line.open;
    if (!last && now - line.shown < (terminal ? 0.1 : 1.0))
        return;
    line.shown = now;
    print_line(what, done, total, now - line.began, terminal);
    line.open = terminal;
}

void cli_progress_end(void) {
    if (line.open)
        fputs("\r\033[K", stderr);
    line.open = false;
    line.what[0] = 0;
}
