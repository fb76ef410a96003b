/* SPDX-License-Identifier: BSD-3-Clause */
/* Sentences about what went wrong: see message.h. */
#include "message.h"

#include "program.h"

#include <stdarg.h>
#include <string.h>
#include <unistd.h>

/* Bytes from 0x80 on are left alone: they are letters of names in UTF-8. */
static bool is_control(char c) {
    return (unsigned char)c < 0x20 || c == 0x7f;
}

void message_set(message *error, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(error->text, sizeof error->text, format, arguments);
    va_end(arguments);
}

bool message_about(message *error, const char *subject) {
    size_t room = sizeof error->text - strlen(": ") - 1;
    size_t subject_length = strnlen(subject, room);
    size_t length = strnlen(error->text, room - subject_length);
    memmove(error->text + subject_length + strlen(": "), error->text, length);
    memcpy(error->text, subject, subject_length);
    memcpy(error->text + subject_length, ": ", strlen(": "));
    error->text[subject_length + strlen(": ") + length] = '\0';
    return false;
}

size_t message_line(const message *error, char line[MESSAGE_LINE_SIZE]) {
    int length = snprintf(line, MESSAGE_LINE_SIZE, "%s: %s", this_program.name, error->text);
    for (int i = 0; i < length; i++)
        if (is_control(line[i]))
            line[i] = '?';
    line[length] = '\n';
    return (size_t)length + 1;
}

void message_print(const message *error) {
    char line[MESSAGE_LINE_SIZE];
    /* Where standard error itself fails, nobody is left to be told. */
    ssize_t ignored = write(STDERR_FILENO, line, message_line(error, line));
    (void)ignored;
}

void message_print_name(FILE *stream, const char *name) {
    for (; *name != '\0'; name++)
        putc(is_control(*name) ? '?' : *name, stream);
}
