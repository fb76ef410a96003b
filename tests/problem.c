/* SPDX-License-Identifier: BSD-3-Clause */
/* The problem language; see problem.h. */
#include "problem.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BLANKS " \t\r\n"

/* A text while it is read. */
struct parser {
    const char *text, *at;
    struct problem *problem;
    struct problem_error *error;
    int fill;     /* the axis whose extent is *, or -1 */
    int64_t size; /* 0: not said */
};

/* "key=value"; the value of a word without '=' is empty. */
struct word {
    const char *at; /* in the parser's text */
    bool has_value;
    char key[PROBLEM_TEXT], value[PROBLEM_TEXT];
};

static bool refuse(const struct parser *parser, const char *at, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static bool refuse(const struct parser *parser, const char *at, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(parser->error->sentence, sizeof parser->error->sentence, format, arguments);
    va_end(arguments);
    parser->error->column = (int)(at - parser->text) + 1;
    return false;
}

/* False at the end of the text. */
static bool next_word(struct parser *parser, struct word *word) {
    parser->at += strspn(parser->at, BLANKS);
    int length = (int)strcspn(parser->at, BLANKS), key = (int)strcspn(parser->at, "=" BLANKS);
    word->at = parser->at;
    word->has_value = key < length;
    snprintf(word->key, sizeof word->key, "%.*s", key, word->at);
    snprintf(word->value, sizeof word->value, "%.*s", word->has_value ? length - key - 1 : 0, word->at + key + 1);
    parser->at += length;
    return length > 0;
}

/* ----------------------------------------------------------------------------------------------------- numbers --- */

/* Reads digits, perhaps after a minus, and moves *text behind them. */
static bool take_integer(const char **text, int64_t *value) {
    const char *digits = **text == '-' ? *text + 1 : *text;
    char *end;
    if (*digits < '0' || *digits > '9')
        return false;
    errno = 0;
    *value = strtoll(*text, &end, 10);
    *text = end;
    return errno == 0;
}

static bool read_number(const char *text, int64_t most, int64_t *number) {
    return take_integer(&text, number) && *text == '\0' && *number >= 0 && *number <= most;
}

/* Integers with commas between them; returns their number, or -1 where it is none or larger than most. */
static int read_list(const char *text, int64_t *values, int most) {
    for (int count = 0; count < most; text++) {
        if (!take_integer(&text, &values[count++]) || (*text != ',' && *text != '\0'))
            return -1;
        if (*text == '\0')
            return count;
    }
    return -1;
}

bool problem_parse_size(const char *text, int64_t *bytes) {
    static const char *const units[] = {"", "B", "KiB", "MiB", "GiB"};
    static const int shifts[] = {0, 0, 10, 20, 30};
    if (!take_integer(&text, bytes) || *bytes <= 0)
        return false;
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        if (strcmp(text, units[i]) == 0)
            return !__builtin_mul_overflow(*bytes, INT64_C(1) << shifts[i], bytes);
    }
    return false;
}

/* ------------------------------------------------------------------------------------------------------- words --- */

/* What a word speaks of: ndim is that of the tensor whose layout it is. */
struct subject {
    struct parser *parser;
    struct problem *problem;
    struct layout *layout;
    int ndim;
};

static bool read_mask(const char *value, int ndim, uint64_t *mask) {
    int64_t values[AXPROD_MAX_NDIM];
    int count = read_list(value, values, AXPROD_MAX_NDIM);
    for (int i = 0; i < count; i++) {
        if (values[i] < 0 || values[i] >= ndim)
            return false;
        *mask |= UINT64_C(1) << values[i];
    }
    return count > 0;
}

static bool read_order(const char *value, const struct subject *s) {
    int64_t values[AXPROD_MAX_NDIM];
    uint64_t seen = 0;
    s->layout->has_order = true;
    if (read_list(value, values, AXPROD_MAX_NDIM) != s->ndim || !read_mask(value, s->ndim, &seen))
        return false;
    for (int d = 0; d < s->ndim; d++)
        s->layout->order[d] = (int)values[d];
    return __builtin_popcountll(seen) == s->ndim;
}

static bool read_strides(const char *value, const struct subject *s) {
    s->layout->has_strides = true;
    return read_list(value, s->layout->strides, AXPROD_MAX_NDIM) == s->ndim;
}

static bool read_flip(const char *value, const struct subject *s) {
    return read_mask(value, s->ndim, &s->layout->flip);
}

static bool read_broadcast(const char *value, const struct subject *s) {
    return read_mask(value, s->ndim, &s->layout->broadcast);
}

static bool read_pad(const char *value, const struct subject *s) {
    return read_number(value, INT64_MAX, &s->layout->pad);
}

static bool read_offset(const char *value, const struct subject *s) {
    int64_t offset;
    bool good = read_number(value, 15, &offset);
    s->layout->offset = good ? (int)offset : 0;
    return good;
}

static bool read_front(const char *value, const struct subject *s) {
    return (s->layout->at_start = !*value);
}

static bool read_axes(const char *value, const struct subject *s) {
    struct problem *problem = s->problem;
    int64_t values[AXPROD_MAX_NDIM];
    uint64_t seen = 0;
    if (strcmp(value, "all") == 0)
        return true;
    problem->naxes = strcmp(value, "none") == 0 ? 0 : read_list(value, values, AXPROD_MAX_NDIM);
    for (int i = 0; i < problem->naxes; i++) {
        int64_t axis = values[i] < 0 ? values[i] + problem->ndim : values[i];
        if (axis < 0 || axis >= problem->ndim || seen >> axis & 1)
            return false;
        seen |= UINT64_C(1) << axis;
        problem->axes[i] = (int)values[i];
    }
    return problem->naxes >= 0;
}

static bool read_size(const char *value, const struct subject *s) {
    return problem_parse_size(value, &s->parser->size);
}

static bool read_keepdims(const char *value, const struct subject *s) {
    return (s->problem->keepdims = !*value);
}

static bool read_form(const char *value, const struct subject *s) {
    for (int form = FORM_VALUE; form <= FORM_LOG; form++) {
        if (strcmp(value, problem_form_names[form]) == 0) {
            s->problem->form = (enum form)form;
            return true;
        }
    }
    return false;
}

static bool read_out(const char *value, const struct subject *s) {
    return (s->problem->out = axprod_dtype_from_name(value)) != AXPROD_DTYPE_NONE;
}

static bool read_threads(const char *value, const struct subject *s) {
    int64_t threads;
    bool good = read_number(value, 4096, &threads);
    s->problem->threads = good ? (int)threads : 0;
    return good;
}

static bool read_data(const char *value, const struct subject *s) {
    return data_from_name(value, &s->problem->data);
}

static bool read_seed(const char *value, const struct subject *s) {
    int64_t seed;
    bool good = read_number(value, INT64_MAX, &seed);
    s->problem->seed = good ? (uint64_t)seed : 0;
    return good;
}

/* The words, those of a layout first: an output's begin with "out-". */
#define LAYOUT_WORDS 7
static const struct {
    const char *key;
    bool (*read)(const char *value, const struct subject *subject);
    const char *needs;
} words[] = {
    {"order", read_order, "every axis once, such as 1,0"},
    {"strides", read_strides, "as many strides in bytes as there are axes"},
    {"flip", read_flip, "axes from 0 on"},
    {"broadcast", read_broadcast, "axes from 0 on"},
    {"pad", read_pad, "a number of elements"},
    {"offset", read_offset, "a number of bytes, 0 to 15"},
    {"front", read_front, "no value"},
    {"axes", read_axes, "all, none or axes of the shape, each once, such as 0,-1"},
    {"size", read_size, "a number of bytes, such as 16KiB or 1GiB"},
    {"keepdims", read_keepdims, "no value"},
    {"form", read_form, "value, scaled or log"},
    {"out", read_out, "a dtype, such as f64"},
    {"threads", read_threads, "a number, 0 to 4096"},
    {"data", read_data, "a kind of data, such as neutral, shrinking, smallint or wild"},
    {"seed", read_seed, "a number"},
};
enum {
    WORDS = sizeof words / sizeof words[0]
};

/* Reads the words of the input and the call, or those of the output's layout; *seen: the words so far. */
static bool read_word(const struct subject *subject, const struct word *word, bool output, uint32_t *seen) {
    const char *key = word->key + (output ? strlen("out-") : 0);
    for (int i = 0; i < (output ? LAYOUT_WORDS : WORDS); i++) {
        if (strcmp(key, words[i].key) != 0)
            continue;
        if (*seen >> i & 1)
            return refuse(subject->parser, word->at, "%s is said twice", word->key);
        *seen |= UINT32_C(1) << i;
        /* "pad" without a value is as wrong as "keepdims=": the one is no number, the other has nothing to say. */
        bool flag = words[i].read == read_front || words[i].read == read_keepdims;
        if (word->has_value == flag || !words[i].read(word->value, subject))
            return refuse(subject->parser, word->at, "%s needs %s", word->key, words[i].needs);
        return true;
    }
    return refuse(subject->parser, word->at, "there is no word \"%s\"", word->key);
}

/* ----------------------------------------------------------------------------------------------------- problems --- */

/* "3x5x7", with at most one "*" among the extents, or "scalar". */
static bool read_shape(struct parser *parser, const char *text) {
    struct problem *problem = parser->problem;
    if (strcmp(text, "scalar") == 0)
        return true;
    for (;; text++) {
        if (problem->ndim == AXPROD_MAX_NDIM)
            return false;
        int64_t *extent = &problem->shape[problem->ndim++];
        if (*text == '*' && parser->fill < 0) {
            parser->fill = problem->ndim - 1;
            *extent = 1;
            text++;
        } else if (!take_integer(&text, extent) || *extent < 0) {
            return false;
        }
        if (*text == '\0')
            return true;
        if (*text != 'x')
            return false;
    }
}

static bool read_head(struct parser *parser) {
    struct word word;
    if (!next_word(parser, &word) || word.has_value ||
        (parser->problem->dtype = axprod_dtype_from_name(word.key)) == AXPROD_DTYPE_NONE)
        return refuse(parser, word.at, "a problem begins with a dtype, such as f64 or i32");
    if (!next_word(parser, &word) || word.has_value || !read_shape(parser, word.key))
        return refuse(parser, word.at,
                      "after the dtype comes a shape, such as 3x5 or scalar: extents from 0 on, at most one of them *");
    return true;
}

static bool read_words(struct parser *parser, bool output, struct layout *layout, int ndim) {
    struct subject subject = {parser, parser->problem, layout, ndim};
    struct word word;
    uint32_t seen = 0;
    while (next_word(parser, &word)) {
        bool is_output = strncmp(word.key, "out-", strlen("out-")) == 0;
        if (is_output == output && !read_word(&subject, &word, output, &seen))
            return false;
    }
    return true;
}

/* Gives the extent * its value. */
static bool fill_size(struct parser *parser) {
    struct problem *problem = parser->problem;
    if ((parser->fill >= 0) != (parser->size > 0))
        return refuse(parser, parser->text, "an extent * and size= go together");
    if (parser->fill < 0)
        return true;
    int64_t bytes = (int64_t)axprod_dtype_size(problem->dtype);
    for (int d = 0; d < problem->ndim; d++) {
        if (problem->shape[d] == 0 || __builtin_mul_overflow(bytes, problem->shape[d], &bytes))
            return refuse(parser, parser->text, "beside an extent * the others must be at least 1 and fit in memory");
    }
    int64_t extent = parser->size / bytes;
    problem->shape[parser->fill] = extent > 0 ? extent : 1;
    return true;
}

bool problem_parse(const char *text, struct problem *problem, struct problem_error *error) {
    struct parser parser = {.text = text, .at = text, .problem = problem, .error = error, .fill = -1};
    int out_ndim;
    int64_t out_shape[AXPROD_MAX_NDIM];
    memset(problem, 0, sizeof *problem);
    problem->naxes = -1;
    if (strlen(text) >= PROBLEM_TEXT)
        return refuse(&parser, text + PROBLEM_TEXT - 1, "a problem has fewer than %d characters", PROBLEM_TEXT);
    if (!read_head(&parser))
        return false;
    /* The number of the output's dimensions is known only when all other words are read. */
    const char *words_begin = parser.at;
    if (!read_words(&parser, false, &problem->layout, problem->ndim) || !fill_size(&parser))
        return false;
    if (problem->out == AXPROD_DTYPE_NONE)
        problem->out = axprod_result_dtype(problem->dtype);
    problem_out_shape(problem, &out_ndim, out_shape);
    parser.at = words_begin;
    return read_words(&parser, true, &problem->out_layout, out_ndim);
}
