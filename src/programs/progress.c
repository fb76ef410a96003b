/* SPDX-License-Identifier: BSD-3-Clause */
/* The progress bar: see progress.h. Only the thread that called the library draws. */
#include "progress.h"

#include "clock.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static const double seconds_before_first_drawing = 0.5;
static const double seconds_between_drawings = 0.1;

#define MAX_WIDTH 100
#define BAR_CELLS 24

static struct {
    int64_t bytes;
    double begin, last_drawing;
    volatile sig_atomic_t drawn_width;
} state;

/* Standard error that fails is no reason to stop the work. */
static void put(const char *text, size_t length) {
    ssize_t ignored = write(STDERR_FILENO, text, length);
    (void)ignored;
}

static int usable_width(void) {
    struct winsize window;
    int columns = ioctl(STDERR_FILENO, TIOCGWINSZ, &window) == 0 && window.ws_col > 0 ? window.ws_col : 80;
    /* A letter in the last column makes some terminals begin a new line. */
    return columns - 1 < MAX_WIDTH ? columns - 1 : MAX_WIDTH;
}

static void format_remaining(double seconds, char *text, size_t size) {
    if (seconds > 99 * 3600.0)
        snprintf(text, size, "days left");
    else if (seconds >= 3600)
        snprintf(text, size, "%.0f:%02d h left", seconds / 3600 - 0.5, (int)(seconds / 60) % 60);
    else
        snprintf(text, size, "%d:%02d left", (int)seconds / 60, (int)seconds % 60);
}

static void draw(double fraction, double elapsed) {
    char cells[BAR_CELLS + 1], remaining[32], line[256];
    int filled = (int)(fraction * BAR_CELLS);
    memset(cells, '.', BAR_CELLS);
    memset(cells, '#', (size_t)filled);
    cells[BAR_CELLS] = '\0';
    double gigabytes = (double)state.bytes / 1e9;
    format_remaining(fraction > 0 ? elapsed * (1 - fraction) / fraction : 1e9, remaining, sizeof remaining);
    int length = snprintf(line, sizeof line, "\r%3d%% [%s] %.2f of %.2f GB, %.2f GB/s, %s", (int)(fraction * 100),
                          cells, fraction * gigabytes, gigabytes, fraction * gigabytes / elapsed, remaining);
    int width = usable_width();
    if (length - 1 > width)
        length = width + 1;
    /* A line that has become shorter must cover the longer one before it. */
    int covered = state.drawn_width < width ? state.drawn_width : width;
    while (length - 1 < covered)
        line[length++] = ' ';
    state.drawn_width = length - 1;
    put(line, (size_t)length);
}

static void on_progress(double fraction, void *context) {
    (void)context;
    double now = clock_seconds();
    if (now - state.begin < seconds_before_first_drawing || now - state.last_drawing < seconds_between_drawings)
        return;
    state.last_drawing = now;
    draw(fraction < 0 ? 0 : fraction > 1 ? 1 : fraction, now - state.begin);
}

progress_callback *progress_begin(progress_when when, int64_t bytes) {
    state.bytes = bytes;
    state.begin = clock_seconds();
    state.last_drawing = 0;
    return when == PROGRESS_ALWAYS || (when == PROGRESS_AUTO && isatty(STDERR_FILENO)) ? on_progress : NULL;
}

void progress_erase(void) {
    static const char blank[MAX_WIDTH + 1] = "                                                  "
                                             "                                                  ";
    int width = state.drawn_width;
    if (width == 0)
        return;
    state.drawn_width = 0;
    put("\r", 1);
    put(blank, (size_t)width);
    put("\r", 1);
}
