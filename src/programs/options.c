/* SPDX-License-Identifier: BSD-3-Clause */
/* The command line of the programs: see options.h. */
#include "options.h"

#include "program.h"

#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

static const char help_beginning[] =
    "Multiplies the elements of an array along axes. The result is the exact product, rounded once.\n"
    "\n"
    "What is multiplied:\n"
    "      --axis=LIST             axes as 0,2 or -1, negative ones from the end; --axis= for none, so that elements "
    "are\n"
    "                              only converted; without this option all axes\n"
    "      --keepdims              keep the axes multiplied along, with extent 1\n"
    "      --input-dtype=bf16      the file's 2-byte elements (V2 or u2) are bfloat16\n"
    "\n"
    "Form of the result:\n"
    "      --dtype=NAME            i8 i16 i32 i64 u8 u16 u32 u64 f16 bf16 f32 f64 c64 c128; without this option the\n"
    "                              file's own, and i64 for bool\n"
    "      --scaled                m * 2^e with 0.5 <= |m| < 1 (f64) and an integer e (i64): never out of range\n"
    "      --log                   the sign and the natural logarithm of the magnitude (both f64)\n"
    "\n"
    "Where it goes:\n"
    "      --output=R.npy          write the product (--scaled: the m, --log: the logarithms) instead of printing it\n"
    "      --exponent-output=E.npy with --scaled: write the e\n"
    "      --sign-output=S.npy     with --log: write the signs\n"
    "\n"
    "How:\n"
    "      --threads=N             threads; without this option, or for 0, as many as are useful\n"
    "      --verbose               print the plan, the time and the rate to standard error\n"
    "      --progress=WHEN         auto (on a terminal), always or never: progress of long work on standard error\n"
    "\n";

static const char help_of_grid[] =
    "      --grid=LIST             cut the array into blocks, as 2x3 into 2 along the first axis and 3 along the "
    "second:\n"
    "                              one for each rank; without this option along one axis, so that each rank reads one\n"
    "                              part of the file if possible\n";

static const char help_end[] =
    "\n"
    "      --demo                  show what plain multiplication loses; needs no file\n"
    "  -h, --help                  print this text\n"
    "  -V, --version               print the version\n"
    "\n"
    "Reads .npy files of versions 1 to 3, C or Fortran order, little-endian, larger than memory if need be.\n"
    "Exit status: 0 success, 1 a file or a computation failed, 2 the command line is wrong.\n";

enum {
    OPTION_AXIS = UCHAR_MAX + 1, /* beyond the letters of short options */
    OPTION_KEEPDIMS,
    OPTION_DTYPE,
    OPTION_INPUT_DTYPE,
    OPTION_SCALED,
    OPTION_LOG,
    OPTION_THREADS,
    OPTION_OUTPUT,
    OPTION_EXPONENT_OUTPUT,
    OPTION_SIGN_OUTPUT,
    OPTION_VERBOSE,
    OPTION_PROGRESS,
    OPTION_DEMO,
    OPTION_GRID
};

static const struct option long_options[] = {
    {"axis", required_argument, NULL, OPTION_AXIS},
    {"keepdims", no_argument, NULL, OPTION_KEEPDIMS},
    {"dtype", required_argument, NULL, OPTION_DTYPE},
    {"input-dtype", required_argument, NULL, OPTION_INPUT_DTYPE},
    {"scaled", no_argument, NULL, OPTION_SCALED},
    {"log", no_argument, NULL, OPTION_LOG},
    {"threads", required_argument, NULL, OPTION_THREADS},
    {"output", required_argument, NULL, OPTION_OUTPUT},
    {"exponent-output", required_argument, NULL, OPTION_EXPONENT_OUTPUT},
    {"sign-output", required_argument, NULL, OPTION_SIGN_OUTPUT},
    {"verbose", no_argument, NULL, OPTION_VERBOSE},
    {"progress", required_argument, NULL, OPTION_PROGRESS},
    {"demo", no_argument, NULL, OPTION_DEMO},
    {"grid", required_argument, NULL, OPTION_GRID},
    {"help", no_argument, NULL, 'h'},
    {"version", no_argument, NULL, 'V'},
    {NULL, 0, NULL, 0},
};

void options_print_help(FILE *stream) {
    fprintf(stream, "Usage: %s\n", this_program.synopsis);
    fputs(help_beginning, stream);
    if (this_program.over_ranks)
        fputs(help_of_grid, stream);
    fputs(help_end, stream);
}

/* What was said, before it is known whether it fits together. */
typedef struct raw_options {
    const char *axis, *grid, *output, *exponent_output, *sign_output;
    bool scaled, log;
} raw_options;

static const char *name_of_option(int value) {
    const struct option *option = long_options;
    while (option->name && option->val != value)
        option++;
    return option->name;
}

/* Reads a decimal integer from *text and moves *text behind it. No space before it, nothing but digits and a sign. */
static bool take_integer(const char **text, int *value) {
    const char *digits = **text == '-' ? *text + 1 : *text;
    if (*digits < '0' || *digits > '9')
        return false;
    char *end;
    errno = 0;
    long wide = strtol(*text, &end, 10);
    if (errno != 0 || wide < INT_MIN || wide > INT_MAX)
        return false;
    *value = (int)wide;
    *text = end;
    return true;
}

static bool parse_axes(const char *list, options *o, message *error) {
    const char *at = list;
    o->all_axes = list == NULL;
    if (o->all_axes || *list == '\0')
        return true;
    for (;;) {
        if (o->naxes == AXPROD_MAX_NDIM)
            return message_fail(error, "--axis names more than %d axes", AXPROD_MAX_NDIM);
        if (!take_integer(&at, &o->axes[o->naxes++]) || (*at != ',' && *at != '\0'))
            return message_fail(error, "--axis needs integers with commas between them, as in 0,-1, not '%s'", list);
        if (*at++ == '\0')
            return true;
    }
}

static bool parse_grid(const char *list, options *o, message *error) {
    o->grid = list;
    if (!list)
        return true;
    for (const char *at = list;; at++) {
        if (o->grid_ndim == AXPROD_MAX_NDIM)
            return message_fail(error, "--grid names more than %d axes", AXPROD_MAX_NDIM);
        int *blocks = &o->blocks[o->grid_ndim++];
        if (!take_integer(&at, blocks) || *blocks < 1 || (*at != 'x' && *at != '\0'))
            return message_fail(error, "--grid needs numbers from 1 on with x between them, as in 2x3, not '%s'", list);
        if (*at == '\0')
            return true;
    }
}

static bool parse_dtype(const char *name, axprod_dtype *dtype, message *error) {
    *dtype = axprod_dtype_from_name(name);
    if (*dtype == AXPROD_DTYPE_NONE)
        return message_fail(error, "--dtype knows no '%s', only names as f64, i32 or c128 (see %s --help)", name,
                            this_program.name);
    return true;
}

static bool parse_input_dtype(const char *name, axprod_dtype *dtype, message *error) {
    if (strcmp(name, "bf16") != 0)
        return message_fail(error, "--input-dtype can only be bf16, not '%s': files know all other types", name);
    *dtype = AXPROD_BF16;
    return true;
}

static bool parse_threads(const char *text, int *threads, message *error) {
    const char *at = text;
    if (!take_integer(&at, threads) || *at != '\0' || *threads < 0)
        return message_fail(error, "--threads needs a number from 0 on, not '%s'", text);
    return true;
}

static bool parse_progress(const char *word, progress_when *when, message *error) {
    static const char *const words[] = {
        [PROGRESS_AUTO] = "auto", [PROGRESS_ALWAYS] = "always", [PROGRESS_NEVER] = "never"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcmp(word, words[i]) == 0) {
            *when = (progress_when)i;
            return true;
        }
    return message_fail(error, "--progress can be auto, always or never, not '%s'", word);
}

/* A list of axes or a file that a second one silently replaces would be a wrong result. */
static bool set_once(const char **slot, int option, message *error) {
    if (*slot)
        return message_fail(error, "--%s is given twice", name_of_option(option));
    *slot = optarg;
    return true;
}

static bool set_file_once(const char **slot, int option, message *error) {
    if (*optarg == '\0')
        return message_fail(error, "--%s needs the name of a file", name_of_option(option));
    return set_once(slot, option, error);
}

static bool take_option(int value, options *o, raw_options *raw, message *error) {
    switch (value) {
    case OPTION_AXIS:
        return set_once(&raw->axis, value, error);
    case OPTION_KEEPDIMS:
        return o->keepdims = true;
    case OPTION_DTYPE:
        return parse_dtype(optarg, &o->dtype, error);
    case OPTION_INPUT_DTYPE:
        return parse_input_dtype(optarg, &o->input_dtype, error);
    case OPTION_SCALED:
        return raw->scaled = true;
    case OPTION_LOG:
        return raw->log = true;
    case OPTION_THREADS:
        return parse_threads(optarg, &o->threads, error);
    case OPTION_OUTPUT:
        return set_file_once(&raw->output, value, error);
    case OPTION_EXPONENT_OUTPUT:
        return set_file_once(&raw->exponent_output, value, error);
    case OPTION_SIGN_OUTPUT:
        return set_file_once(&raw->sign_output, value, error);
    case OPTION_VERBOSE:
        return o->verbose = true;
    case OPTION_PROGRESS:
        return parse_progress(optarg, &o->progress, error);
    case OPTION_GRID:
        if (!this_program.over_ranks)
            return message_fail(error, "--grid is for ranks of MPI, so it needs axprod-mpi");
        return set_once(&raw->grid, value, error);
    default:
        o->action = value == 'h' ? ACTION_HELP : value == 'V' ? ACTION_VERSION : ACTION_DEMO;
        return true;
    }
}

/* getopt's own messages would begin with the path of the program. */
static bool refuse_option(int reason, char **argv, message *error) {
    if (reason == ':')
        return message_fail(error, "%s needs a value", argv[optind - 1]);
    const char *name = name_of_option(optopt);
    if (optopt > UCHAR_MAX || (name && strncmp(argv[optind - 1], "--", 2) == 0))
        return message_fail(error, "--%s takes no value", name);
    if (optopt != 0)
        return message_fail(error, "there is no option -%c (see %s --help)", optopt, this_program.name);
    return message_fail(error, "there is no option %s, or it is short for several (see %s --help)", argv[optind - 1],
                        this_program.name);
}

static bool combine_forms(options *o, const raw_options *raw, message *error) {
    const char *form = raw->scaled ? "--scaled" : "--log";
    if (raw->scaled && raw->log)
        return message_fail(error, "--scaled and --log exclude each other");
    if (o->dtype != AXPROD_DTYPE_NONE && (raw->scaled || raw->log))
        return message_fail(error, "--dtype and %s exclude each other: the dtypes of that form are fixed", form);
    if (raw->exponent_output && !raw->scaled)
        return message_fail(error, "--exponent-output needs --scaled: other results have no exponents");
    if (raw->sign_output && !raw->log)
        return message_fail(error, "--sign-output needs --log: other results have no signs of their own");
    const char *other = raw->scaled ? raw->exponent_output : raw->sign_output;
    if (raw->output && other && strcmp(raw->output, other) == 0)
        return message_fail(error, "two outputs cannot both be '%s'", other);
    o->form = raw->scaled ? RESULT_SCALED : raw->log ? RESULT_LOG : RESULT_VALUE;
    o->outputs[0] = raw->log ? raw->sign_output : raw->output;
    o->outputs[1] = raw->log ? raw->output : raw->exponent_output;
    return true;
}

static bool take_files(int argc, char **argv, options *o, message *error) {
    if (o->action == ACTION_DEMO && optind < argc)
        return message_fail(error, "--demo takes no file, so '%s' is one too many", argv[optind]);
    if (o->action == ACTION_DEMO)
        return true;
    if (optind == argc)
        return message_fail(error, "the name of a .npy file is missing (see %s --help)", this_program.name);
    if (optind + 1 < argc)
        return message_fail(error, "one file at a time, so '%s' is one too many", argv[optind + 1]);
    o->file = argv[optind];
    return true;
}

bool options_parse(int argc, char **argv, options *o, message *error) {
    raw_options raw = {0};
    *o = (options){0};
    opterr = 0;
    for (int value; (value = getopt_long(argc, argv, ":hV", long_options, NULL)) != -1;) {
        if (value == '?' || value == ':')
            return refuse_option(value, argv, error);
        if (!take_option(value, o, &raw, error))
            return false;
        if (o->action == ACTION_HELP || o->action == ACTION_VERSION)
            return true;
    }
    return parse_axes(raw.axis, o, error) && parse_grid(raw.grid, o, error) && combine_forms(o, &raw, error) &&
           take_files(argc, argv, o, error);
}

const int *options_axes(const options *o) {
    return o->all_axes ? NULL : o->axes;
}
