/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Views of .npy files. The whole file is mapped, header and all, because mappings begin at pages and elements need not.
 */
#include "npy.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

_Static_assert(sizeof(size_t) == 8, "files larger than 4 GiB are mapped as a whole");
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "elements are used as they lie in the file");

static bool check_kind(mode_t mode, message *error) {
    if (S_ISREG(mode))
        return true;
    if (S_ISDIR(mode))
        return message_fail(error, "is a directory");
    return message_fail(error, "is no regular file; only those can be mapped into memory, so save the data first");
}

static bool map_file(npy_view *view, int descriptor, message *error) {
    struct stat status;
    if (fstat(descriptor, &status) != 0)
        return message_fail(error, "%s", strerror(errno));
    if (!check_kind(status.st_mode, error))
        return false;
    if (status.st_size == 0)
        return message_fail(error, "is empty, not a .npy file");
    view->mapping_bytes = (size_t)status.st_size;
    view->mapping = mmap(NULL, view->mapping_bytes, PROT_READ, MAP_SHARED, descriptor, 0);
    if (view->mapping == MAP_FAILED)
        return message_fail(error, "cannot be mapped into memory: %s", strerror(errno));
    /* Advice only: where it is not taken, reading is slower. */
    (void)madvise(view->mapping, view->mapping_bytes, MADV_SEQUENTIAL);
    return true;
}

bool npy_open(npy_view *view, const char *path, message *error) {
    /* A FIFO without a writer must be refused, not waited for. */
    int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (descriptor < 0)
        return message_fail(error, "%s", strerror(errno));
    bool mapped = map_file(view, descriptor, error);
    close(descriptor);
    return mapped;
}

bool npy_describe(npy_view *view, axprod_dtype input_dtype, message *error) {
    npy_header *header = &view->header;
    if (!npy_parse_header(view->mapping, (int64_t)view->mapping_bytes, input_dtype, header, error))
        return false;
    view->tensor = (axprod_tensor){.data = (char *)view->mapping + header->data_offset,
                                   .dtype = header->dtype,
                                   .ndim = header->ndim,
                                   .shape = header->shape,
                                   .strides = header->strides};
    return true;
}

void npy_close(npy_view *view) {
    munmap(view->mapping, view->mapping_bytes);
}
