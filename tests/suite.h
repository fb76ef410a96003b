/* SPDX-License-Identifier: BSD-3-Clause */
/* cmocka with the headers that it wants first. */
#ifndef TESTS_SUITE_H
#define TESTS_SUITE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "axprod.h"

/* A call's status; the message names the status and the library's sentence, not just two numbers. */
#define assert_status(call, expected)                                                                                  \
    do {                                                                                                               \
        axprod_status status_ = (call);                                                                                \
        if (status_ != (expected))                                                                                     \
            fail_msg("%s: %s, expected %s (%s)", #call, axprod_status_name(status_), axprod_status_name(expected),     \
                     axprod_last_error());                                                                             \
    } while (0)

#define assert_ok(call) assert_status(call, AXPROD_OK)

/* Is it there as a word of its own? "x" is no word of "axis". */
static inline bool has_word(const char *sentence, const char *word) {
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";
    size_t length = strlen(word);
    for (const char *at = strstr(sentence, word); at; at = strstr(at + 1, word)) {
        bool begins = at == sentence || !strchr(letters, at[-1]);
        if (begins && (at[length] == '\0' || !strchr(letters, at[length])))
            return true;
    }
    return false;
}

/* A call must fail with this status and its sentence must name the argument. */
#define assert_refused(call, expected, word)                                                                           \
    do {                                                                                                               \
        assert_status(call, expected);                                                                                 \
        if (!has_word(axprod_last_error(), word))                                                                      \
            fail_msg("%s: the sentence \"%s\" does not name \"%s\"", #call, axprod_last_error(), word);                \
    } while (0)

#endif
