/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Sentences about what went wrong. Functions of the programs that can fail return bool and leave a sentence in a
 * message; the one place that prints it adds the program's name and the newline. Whatever a file name or a hostile
 * header put into a sentence, it comes out as one line without control characters.
 */
#ifndef AXPROD_PROGRAMS_MESSAGE_H
#define AXPROD_PROGRAMS_MESSAGE_H

#include <stdbool.h>
#include <stdio.h>

/* Room for two paths of the greatest length that Linux allows, and a sentence about them. */
#define MESSAGE_SIZE (2 * 4096 + 512)

typedef struct message {
    char text[MESSAGE_SIZE];
} message;

void message_set(message *error, const char *format, ...) __attribute__((format(printf, 2, 3)));

/*
 * Fails in one line: return message_fail(error, "..."). A macro, so that compilers know that it is false and what a
 * function that failed leaves unset.
 */
#define message_fail(...) (message_set(__VA_ARGS__), false)

/* Puts "subject: " before the sentence. Always false. */
bool message_about(message *error, const char *subject);

#define MESSAGE_LINE_SIZE (MESSAGE_SIZE + 32)

/* Makes "<program>: <sentence>\n" without a terminating zero, and returns its length. */
size_t message_line(const message *error, char line[MESSAGE_LINE_SIZE]);

/* Writes that line to standard error, in one write. */
void message_print(const message *error);

/* Prints a name that comes from outside, with '?' for each control character. */
void message_print_name(FILE *stream, const char *name);

#endif
