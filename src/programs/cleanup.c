/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Signals: see cleanup.h. Handlers only read what was complete before it was announced, and call only what POSIX lists
 * as async-signal-safe: write, unlink, sigaction, raise, _exit.
 */
#include "cleanup.h"

#include "message.h"
#include "progress.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static _Atomic(char *) temporaries[CLEANUP_MAX_FILES];

static struct {
    atomic_uintptr_t begin, end;
    char complaint[MESSAGE_LINE_SIZE];
    size_t complaint_length;
} watched;

static const int deadly_signals[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGXCPU};
#define NUM_DEADLY_SIGNALS (sizeof deadly_signals / sizeof *deadly_signals)

static void remove_temporaries(void) {
    for (int i = 0; i < CLEANUP_MAX_FILES; i++) {
        char *path = atomic_load(&temporaries[i]);
        if (path)
            unlink(path);
    }
}

/* The signal ends the program in its own way as soon as the handler returns, so that the parent sees its number. */
static void on_deadly_signal(int number) {
    progress_erase();
    remove_temporaries();
    signal(number, SIG_DFL);
    raise(number);
}

static void on_bus_error(int number, siginfo_t *info, void *context) {
    (void)context;
    uintptr_t address = (uintptr_t)info->si_addr;
    if (address < atomic_load(&watched.begin) || address >= atomic_load(&watched.end)) {
        on_deadly_signal(number);
        return;
    }
    progress_erase();
    remove_temporaries();
    ssize_t ignored = write(STDERR_FILENO, watched.complaint, watched.complaint_length);
    (void)ignored;
    _exit(EXIT_FAILURE);
}

/* A file opened later must not become standard output. Each of these ends gives an error when it is used. */
static void open_standard_files(void) {
    for (int descriptor = STDIN_FILENO; descriptor <= STDERR_FILENO; descriptor++)
        if (fcntl(descriptor, F_GETFD) == -1 && errno == EBADF &&
            open("/dev/null", descriptor == STDIN_FILENO ? O_WRONLY : O_RDONLY) != descriptor)
            _exit(EXIT_FAILURE);
}

void cleanup_install(void) {
    open_standard_files();
    signal(SIGPIPE, SIG_IGN);
    struct sigaction action = {.sa_handler = on_deadly_signal};
    sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < NUM_DEADLY_SIGNALS; i++) {
        struct sigaction present;
        /* nohup and background jobs of a shell ignore some signals on purpose. */
        if (sigaction(deadly_signals[i], NULL, &present) == 0 && present.sa_handler != SIG_IGN)
            sigaction(deadly_signals[i], &action, NULL);
    }
    action.sa_sigaction = on_bus_error;
    action.sa_flags = SA_SIGINFO;
    sigaction(SIGBUS, &action, NULL);
}

void cleanup_watch_mapping(const char *name, const void *mapping, size_t bytes) {
    message complaint;
    message_set(&complaint, "could not be read to its end: it became shorter meanwhile, or its device failed");
    message_about(&complaint, name);
    watched.complaint_length = message_line(&complaint, watched.complaint);
    atomic_store(&watched.begin, (uintptr_t)mapping);
    atomic_store(&watched.end, (uintptr_t)mapping + bytes);
}

static void replace_note(const char *present, char *path) {
    for (int i = 0; i < CLEANUP_MAX_FILES; i++)
        if (atomic_load(&temporaries[i]) == present) {
            atomic_store(&temporaries[i], path);
            return;
        }
}

int cleanup_create_temporary(char *path) {
    /* No handler may run between the creation of a file and the note about it. */
    sigset_t held, previous;
    sigemptyset(&held);
    for (size_t i = 0; i < NUM_DEADLY_SIGNALS; i++)
        sigaddset(&held, deadly_signals[i]);
    pthread_sigmask(SIG_BLOCK, &held, &previous);
    int descriptor = mkostemp(path, O_CLOEXEC);
    int error = errno;
    if (descriptor >= 0)
        replace_note(NULL, path);
    pthread_sigmask(SIG_SETMASK, &previous, NULL);
    errno = error;
    return descriptor;
}

bool cleanup_finish_temporary(const char *path, const char *target) {
    /* A handler that runs before the note is gone finds no file of that name any more, which does no harm. */
    bool done = target ? rename(path, target) == 0 : unlink(path) == 0;
    if (done)
        replace_note(path, NULL);
    return done;
}
