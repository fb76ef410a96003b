/* SPDX-License-Identifier: BSD-3-Clause */
/* Output files that appear complete or not at all: see output.h. */
#include "output.h"

#include "cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool fail_with_errno(message *error, const output *out) {
    message_set(error, "cannot be written: %s", strerror(errno));
    return message_about(error, out->name);
}

/* directory/base, allocated. */
static char *join(const char *directory, const char *base) {
    char *path;
    return asprintf(&path, "%s/%s", strcmp(directory, "/") == 0 ? "" : directory, base) < 0 ? NULL : path;
}

/* The path without symbolic links of a file that need not exist; allocated. NULL with errno. */
static char *resolve(const char *path) {
    char *resolved = realpath(path, NULL);
    if (resolved || errno != ENOENT)
        return resolved;
    char *for_directory = strdup(path), *for_base = strdup(path);
    char *directory = for_directory ? realpath(dirname(for_directory), NULL) : NULL;
    if (directory && for_base)
        resolved = join(directory, basename(for_base));
    int reason = errno;
    free(for_directory);
    free(for_base);
    free(directory);
    errno = reason;
    return resolved;
}

/* For mkostemp, which replaces each X. NAME_MAX leaves no room for additions to the target's own name. */
static char *temporary_beside(const char *target) {
    char *for_directory = strdup(target);
    char *temporary = for_directory ? join(dirname(for_directory), ".axprod-XXXXXX") : NULL;
    free(for_directory);
    return temporary;
}

/* mkostemp gives only the owner access; a result is a file like any other. */
static bool give_usual_permissions(int descriptor) {
    mode_t mask = umask(0);
    umask(mask);
    return fchmod(descriptor, 0666 & ~mask) == 0;
}

static bool open_temporary(output *out, message *error) {
    out->target = resolve(out->name);
    out->temporary = out->target ? temporary_beside(out->target) : NULL;
    if (!out->temporary)
        return fail_with_errno(error, out);
    out->descriptor = cleanup_create_temporary(out->temporary);
    if (out->descriptor < 0) {
        fail_with_errno(error, out);
        free(out->temporary);
        out->temporary = NULL;
        return false;
    }
    return give_usual_permissions(out->descriptor) || fail_with_errno(error, out);
}

static bool open_directly(output *out, message *error) {
    /* A new description of standard output would have a position of its own, and a socket cannot be opened by name. */
    out->descriptor = out->is_standard_output ? fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 0)
                                              : open(out->name, O_WRONLY | O_CLOEXEC | O_NOCTTY);
    return out->descriptor >= 0 || fail_with_errno(error, out);
}

bool output_open(output *out, const char *path, message *error) {
    *out = (output){.name = path, .descriptor = -1};
    struct stat present, standard;
    if (stat(path, &present) != 0) {
        if (errno != ENOENT)
            return fail_with_errno(error, out);
        size_t length = strlen(path);
        errno = EISDIR;
        if (length > 0 && path[length - 1] == '/')
            return fail_with_errno(error, out);
        return open_temporary(out, error);
    }
    if (S_ISDIR(present.st_mode)) {
        errno = EISDIR;
        return fail_with_errno(error, out);
    }
    out->is_standard_output =
        fstat(STDOUT_FILENO, &standard) == 0 && standard.st_dev == present.st_dev && standard.st_ino == present.st_ino;
    if (out->is_standard_output || !S_ISREG(present.st_mode))
        return open_directly(out, error);
    /* Renaming could replace a file that its owner protected from writing. */
    if (faccessat(AT_FDCWD, path, W_OK, AT_EACCESS) != 0)
        return fail_with_errno(error, out);
    return open_temporary(out, error);
}

bool output_write(output *out, const void *bytes, size_t count, message *error) {
    const size_t most_at_once = (size_t)1 << 30;
    const char *next = bytes;
    while (count > 0) {
        ssize_t written = write(out->descriptor, next, count < most_at_once ? count : most_at_once);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return fail_with_errno(error, out);
        next += written;
        count -= (size_t)written;
    }
    return true;
}

static void forget(output *out) {
    free(out->target);
    free(out->temporary);
    *out = (output)OUTPUT_CLOSED;
}

bool output_commit(output *outputs, int count, message *error) {
    for (int i = 0; i < count; i++) {
        int descriptor = outputs[i].descriptor;
        if (descriptor < 0)
            continue;
        outputs[i].descriptor = -1;
        /* File systems over a network may report only now that there was no room. */
        if (close(descriptor) != 0 && errno != EINTR)
            return fail_with_errno(error, &outputs[i]);
    }
    for (int i = 0; i < count; i++) {
        if (outputs[i].temporary && !cleanup_finish_temporary(outputs[i].temporary, outputs[i].target))
            return fail_with_errno(error, &outputs[i]);
        forget(&outputs[i]);
    }
    return true;
}

void output_discard(output *outputs, int count) {
    for (int i = 0; i < count; i++) {
        if (outputs[i].descriptor >= 0)
            close(outputs[i].descriptor);
        if (outputs[i].temporary)
            cleanup_finish_temporary(outputs[i].temporary, NULL);
        forget(&outputs[i]);
    }
}
