/* A signal that ends the command: what it would leave behind is removed first. The signals are blocked in all threads and waited for in
 * one, so that no handler interrupts anything. */
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <unistd.h>

#include "cli.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static lf_ctx *watched; /* under the lock */
static atomic_bool ending;

/* Those that are not ignored (nohup). */
static sigset_t ends(void) {
    static const int all[] = {SIGINT, SIGTERM, SIGHUP};
    sigset_t set;
    sigemptyset(&set);
    for (int i = 0; i < 3; i++) {
        struct sigaction now;
        if (sigaction(all[i], NULL, &now) == 0 && now.sa_handler != SIG_IGN)
            sigaddset(&set, all[i]);
    }
    return set;
}

static void *wait_for_end(void *arg) {
    const sigset_t *set = arg;
    int number;
    if (sigwait(set, &number) != 0)
        return NULL;
    atomic_store(&ending, true);
    pthread_mutex_lock(&lock);
    if (watched)
        lf_ctx_clean_up(watched);
    pthread_mutex_unlock(&lock);
    signal(number, SIG_DFL);
    pthread_sigmask(SIG_UNBLOCK, set, NULL);
    raise(number);
    return NULL;
}

void cli_block_signals(void) {
    sigset_t set = ends();
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    signal(SIGXFSZ, SIG_IGN); /* a file larger than a limit is an error of the write, like a full disk */
}

void cli_watch_signals(lf_ctx *ctx) {
    static sigset_t set;
    set = ends();
    watched = ctx;
    pthread_t thread;
    if (pthread_create(&thread, NULL, wait_for_end, &set) == 0)
        pthread_detach(thread);
    else
        pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}

void cli_unwatch_signals(void) {
    while (atomic_load(&ending)) /* the other thread ends the process */
        pause();
    pthread_mutex_lock(&lock);
    watched = NULL;
    pthread_mutex_unlock(&lock);
}
