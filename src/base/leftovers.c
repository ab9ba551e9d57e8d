#include "base/leftovers.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/file.h"

enum { MOST_TOOLS = 64, TRIES = 20, PAUSE_NS = 20000000 };

typedef struct made {
    struct made *next;
    char path[];
} made;

struct lf_leftovers {
    pthread_mutex_t lock;
    made *made;
    pid_t tool[MOST_TOOLS]; /* 0: free */
    bool ending;            /* tools that start now are killed at once; nothing else is made */
};

lf_leftovers *lf_leftovers_new(void) {
    lf_leftovers *l = calloc(1, sizeof *l);
    if (l)
        pthread_mutex_init(&l->lock, NULL);
    return l;
}

static void forget(made **at) {
    made *m = *at;
    *at = m->next;
    free(m);
}

void lf_leftovers_free(lf_leftovers *l) {
    if (!l)
        return;
    while (l->made)
        forget(&l->made);
    pthread_mutex_destroy(&l->lock);
    free(l);
}

int lf_making(lf_ctx *ctx) {
    lf_leftovers *l = lf_ctx_leftovers(ctx);
    pthread_mutex_lock(&l->lock);
    if (!l->ending)
        return 0;
    pthread_mutex_unlock(&l->lock);
    return ECANCELED;
}

/* Without memory it is not known, no more. */
void lf_made(lf_ctx *ctx, const char *path) {
    lf_leftovers *l = lf_ctx_leftovers(ctx);
    made *m = path ? malloc(sizeof *m + strlen(path) + 1) : NULL;
    if (m) {
        strcpy(m->path, path);
        m->next = l->made;
        l->made = m;
    }
    pthread_mutex_unlock(&l->lock);
}

void lf_unmade(lf_ctx *ctx, const char *path) {
    lf_leftovers *l = lf_ctx_leftovers(ctx);
    pthread_mutex_lock(&l->lock);
    made **at = &l->made;
    while (*at && strcmp((*at)->path, path) != 0)
        at = &(*at)->next;
    if (*at)
        forget(at);
    pthread_mutex_unlock(&l->lock);
}

static void change(lf_ctx *ctx, pid_t from, pid_t to) {
    lf_leftovers *l = lf_ctx_leftovers(ctx);
    pthread_mutex_lock(&l->lock);
    for (int i = 0; i < MOST_TOOLS; i++)
        if (l->tool[i] == from) {
            l->tool[i] = to;
            break;
        }
    if (to && l->ending)
        kill(-to, SIGKILL);
    pthread_mutex_unlock(&l->lock);
}

void lf_leftover_tool(lf_ctx *ctx, pid_t pid) {
    change(ctx, 0, pid);
}

void lf_leftover_tool_ended(lf_ctx *ctx, pid_t pid) {
    change(ctx, pid, 0);
}

/* Whoever still writes into the directory may have made a file behind the walk. */
static void remove_all_of(const char *path) {
    for (int i = 0; i < TRIES && lf_path_exists(path); i++) {
        if (i)
            nanosleep(&(struct timespec){.tv_nsec = PAUSE_NS}, NULL);
        lf_remove_tree(path);
    }
}

void lf_ctx_clean_up(lf_ctx *ctx) {
    lf_leftovers *l = lf_ctx_leftovers(ctx);
    pthread_mutex_lock(&l->lock);
    l->ending = true;
    for (int i = 0; i < MOST_TOOLS; i++)
        if (l->tool[i])
            kill(-l->tool[i], SIGKILL);
    for (; l->made; forget(&l->made))
        remove_all_of(l->made->path);
    pthread_mutex_unlock(&l->lock);
}
