/* SPDX-License-Identifier: BSD-3-Clause */
/* Names of statuses, the sentence of the last error of each thread, and the version. */
#include "internal.h"

#include <stdarg.h>
#include <stdio.h>

static _Thread_local char last_error[256];

axprod_status axp_fail(axprod_status status, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(last_error, sizeof last_error, format, arguments);
    va_end(arguments);
    return status;
}

const char *axprod_last_error(void) {
    return last_error;
}

void axprod_set_last_error(const char *sentence) {
    if (sentence && sentence != last_error)
        snprintf(last_error, sizeof last_error, "%s", sentence);
}

const char *axprod_status_name(axprod_status status) {
    switch (status) {
#define AXPROD_X(NAME, value, text)                                                                                    \
    case AXPROD_##NAME:                                                                                                \
        return "AXPROD_" #NAME;
        AXPROD_STATUS_LIST(AXPROD_X)
#undef AXPROD_X
    }
    return "unknown status";
}

#define QUOTE_VALUE(value) #value
#define QUOTE(value) QUOTE_VALUE(value)

const char *axprod_version(void) {
    return QUOTE(AXPROD_VERSION_MAJOR) "." QUOTE(AXPROD_VERSION_MINOR) "." QUOTE(AXPROD_VERSION_PATCH);
}
