/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The header of .npy files. The parser takes the part of Python's grammar that such headers can have, and reads each
 * byte at most once: no nesting, no backtracking, so a hostile header costs no more than its length.
 */
#include "npy.h"

#include <inttypes.h>
#include <string.h>

static const char magic[6] = {'\x93', 'N', 'U', 'M', 'P', 'Y'};

typedef struct scanner {
    const char *start, *at, *end;
    message *error;
} scanner;

/* A piece of the header: not terminated. */
typedef struct piece {
    const char *text;
    size_t length;
} piece;

static bool expected(const scanner *s, const char *what) {
    if (s->at == s->end)
        return message_fail(s->error, "the header ends where %s is expected", what);
    return message_fail(s->error, "byte %td of the header is not %s, as expected", s->at - s->start, what);
}

static bool next_is(const scanner *s, char c) {
    return s->at < s->end && *s->at == c;
}

static void skip_space(scanner *s) {
    while (s->at < s->end && memchr(" \t\n\r\f", *s->at, 5))
        s->at++;
}

/* Takes c, and the space behind it, if c comes next. */
static bool take(scanner *s, char c) {
    if (!next_is(s, c))
        return false;
    s->at++;
    skip_space(s);
    return true;
}

static bool take_word(scanner *s, const char *word) {
    size_t length = strlen(word);
    if ((size_t)(s->end - s->at) < length || memcmp(s->at, word, length) != 0)
        return false;
    s->at += length;
    skip_space(s);
    return true;
}

static bool parse_string(scanner *s, const char *what, piece *string) {
    if (!next_is(s, '\'') && !next_is(s, '"'))
        return expected(s, what);
    char quote = *s->at++;
    string->text = s->at;
    while (s->at < s->end && *s->at != quote) {
        /* Nothing that axprod can read needs an escape or a letter beyond ASCII. */
        if (*s->at < 0x20 || *s->at > 0x7e || *s->at == '\\')
            return message_fail(s->error, "byte %td of the header cannot be in a string there", s->at - s->start);
        s->at++;
    }
    string->length = (size_t)(s->at - string->text);
    if (!take(s, quote))
        return expected(s, "the end of a string");
    return true;
}

static bool piece_is(piece p, const char *text) {
    return p.length == strlen(text) && memcmp(p.text, text, p.length) == 0;
}

/* ------------------------------------------------------------------------------------------------- 'descr' ------- */

static const struct {
    char descr[4];
    axprod_dtype dtype;
} descriptions[] = {
    {"i1", AXPROD_I8},  {"i2", AXPROD_I16}, {"i4", AXPROD_I32},   {"i8", AXPROD_I64},  {"u1", AXPROD_U8},
    {"u2", AXPROD_U16}, {"u4", AXPROD_U32}, {"u8", AXPROD_U64},   {"f2", AXPROD_F16},  {"f4", AXPROD_F32},
    {"f8", AXPROD_F64}, {"c8", AXPROD_C64}, {"c16", AXPROD_C128}, {"b1", AXPROD_BOOL}, {"V2", AXPROD_BF16},
};

/* What a type of NumPy that axprod does not read holds; NULL for what NumPy has no type for. */
static const char *foreign_contents(piece type) {
    if (piece_is(type, "f12") || piece_is(type, "f16") || piece_is(type, "c24") || piece_is(type, "c32"))
        return "long doubles, whose format differs from machine to machine";
    switch (type.length > 0 ? type.text[0] : '\0') {
    case 'O':
        return "Python objects";
    case 'S':
    case 'a':
        return "byte strings";
    case 'U':
    case 'T':
        return "strings";
    case 'M':
        return "dates (datetime64)";
    case 'm':
        return "time differences (timedelta64)";
    case 'V':
        return "raw bytes without a type";
    default:
        return NULL;
    }
}

static bool refuse_type(piece descr, piece type, message *error) {
    const char *contents = foreign_contents(type);
    int length = descr.length > 40 ? 40 : (int)descr.length;
    if (contents)
        return message_fail(error, "holds %s ('%.*s'), which cannot be multiplied", contents, length, descr.text);
    return message_fail(error, "'%.*s' is no element type of NumPy", length, descr.text);
}

static bool check_input_dtype(axprod_dtype input_dtype, axprod_dtype *dtype, piece descr, message *error) {
    if (input_dtype == AXPROD_BF16) {
        if (*dtype != AXPROD_BF16 && *dtype != AXPROD_U16)
            return message_fail(error, "holds %s, so --input-dtype=bf16 cannot be right", axprod_dtype_name(*dtype));
        *dtype = AXPROD_BF16;
    } else if (*dtype == AXPROD_BF16) {
        return message_fail(error,
                            "holds 2-byte elements without a type ('%.*s'); if they are bfloat16, say "
                            "--input-dtype=bf16",
                            (int)descr.length, descr.text);
    }
    return true;
}

static bool dtype_of(piece descr, axprod_dtype input_dtype, axprod_dtype *dtype, message *error) {
    piece type = descr;
    char order = '|';
    if (type.length > 0 && memchr("<>=|", type.text[0], 4)) {
        order = type.text[0];
        type.text++;
        type.length--;
    }
    *dtype = AXPROD_DTYPE_NONE;
    for (size_t i = 0; i < sizeof descriptions / sizeof *descriptions; i++)
        if (piece_is(type, descriptions[i].descr))
            *dtype = descriptions[i].dtype;
    if (*dtype == AXPROD_DTYPE_NONE)
        return refuse_type(descr, type, error);
    if (order == '>' && axprod_dtype_size(*dtype) > 1)
        return message_fail(error,
                            "holds big-endian elements ('%.*s'); only little-endian files can be read: in Python, "
                            "save a.astype(a.dtype.newbyteorder('<'))",
                            (int)descr.length, descr.text);
    return check_input_dtype(input_dtype, dtype, descr, error);
}

static bool parse_descr(scanner *s, axprod_dtype input_dtype, axprod_dtype *dtype) {
    if (next_is(s, '[') || next_is(s, '('))
        return message_fail(s->error, "holds structured elements (records with fields), which cannot be multiplied");
    piece descr;
    return parse_string(s, "the string after 'descr'", &descr) && dtype_of(descr, input_dtype, dtype, s->error);
}

/* ---------------------------------------------------------------------------------- 'fortran_order', 'shape' ------ */

static bool parse_order(scanner *s, bool *fortran_order) {
    *fortran_order = next_is(s, 'T');
    if (!take_word(s, "True") && !take_word(s, "False"))
        return expected(s, "True or False for 'fortran_order'");
    return true;
}

static bool parse_extent(scanner *s, int64_t *extent) {
    if (next_is(s, '-'))
        return message_fail(s->error, "an extent of the shape is negative");
    const char *digits = s->at;
    *extent = 0;
    for (; s->at < s->end && *s->at >= '0' && *s->at <= '9'; s->at++)
        if (__builtin_mul_overflow(*extent, 10, extent) || __builtin_add_overflow(*extent, *s->at - '0', extent))
            return message_fail(s->error, "an extent of the shape is too large for 64 bits");
    if (s->at == digits)
        return expected(s, "an extent of the shape");
    /* Python 2 wrote long integers as 3L. */
    if (!take(s, 'L'))
        skip_space(s);
    return true;
}

static bool parse_shape(scanner *s, npy_header *header) {
    header->ndim = 0;
    if (!take(s, '('))
        return expected(s, "the '(' of the shape");
    bool comma = true;
    while (!next_is(s, ')')) {
        if (!comma)
            return expected(s, "a ',' or ')' in the shape");
        if (header->ndim == AXPROD_MAX_NDIM)
            return message_fail(s->error, "the array has more than %d dimensions", AXPROD_MAX_NDIM);
        if (!parse_extent(s, &header->shape[header->ndim++]))
            return false;
        comma = take(s, ',');
    }
    /* (3) is no tuple in Python. */
    if (header->ndim == 1 && !comma)
        return expected(s, "a ',' after the only extent of the shape");
    return take(s, ')');
}

/* ------------------------------------------------------------------------------------------------- the dict ------ */

enum {
    KEY_DESCR = 1,
    KEY_ORDER = 2,
    KEY_SHAPE = 4,
    ALL_KEYS = KEY_DESCR | KEY_ORDER | KEY_SHAPE
};

static const char *name_of_key(int key) {
    return key & KEY_DESCR ? "descr" : key & KEY_ORDER ? "fortran_order" : "shape";
}

static int key_of_name(piece name) {
    for (int key = KEY_DESCR; key <= KEY_SHAPE; key *= 2)
        if (piece_is(name, name_of_key(key)))
            return key;
    return 0;
}

static bool parse_entry(scanner *s, axprod_dtype input_dtype, npy_header *header, int *seen) {
    piece name;
    if (!parse_string(s, "a key in quotes", &name))
        return false;
    int key = key_of_name(name);
    if (key == 0)
        return message_fail(s->error, "the header has the unknown key '%.*s'", name.length > 40 ? 40 : (int)name.length,
                            name.text);
    if (*seen & key)
        return message_fail(s->error, "the header has the key '%s' twice", name_of_key(key));
    *seen |= key;
    if (!take(s, ':'))
        return expected(s, "a ':' after a key");
    if (key == KEY_DESCR)
        return parse_descr(s, input_dtype, &header->dtype);
    return key == KEY_ORDER ? parse_order(s, &header->fortran_order) : parse_shape(s, header);
}

static bool parse_dict(scanner *s, axprod_dtype input_dtype, npy_header *header) {
    int seen = 0;
    bool comma = true;
    skip_space(s);
    if (!take(s, '{'))
        return expected(s, "the '{' of a dict");
    while (!next_is(s, '}')) {
        if (!comma)
            return expected(s, "a ',' or '}'");
        if (!parse_entry(s, input_dtype, header, &seen))
            return false;
        comma = take(s, ',');
    }
    take(s, '}');
    if (s->at != s->end)
        return expected(s, "the end of the header");
    if (seen != ALL_KEYS)
        return message_fail(s->error, "the header lacks the key '%s'", name_of_key(ALL_KEYS & ~seen));
    return true;
}

/* ------------------------------------------------------------------------------------------------- the file ------ */

static int64_t little_endian(const unsigned char *bytes, int count) {
    int64_t value = 0;
    for (int i = count - 1; i >= 0; i--)
        value = value << 8 | bytes[i];
    return value;
}

/* Finds where the header begins and where it ends. */
static bool find_header(const unsigned char *bytes, int64_t file_bytes, int64_t *begin, int64_t *end, message *error) {
    if (file_bytes == 0)
        return message_fail(error, "is empty, not a .npy file");
    size_t known = file_bytes < (int64_t)sizeof magic ? (size_t)file_bytes : sizeof magic;
    if (memcmp(bytes, magic, known) != 0)
        return message_fail(error, "is not a .npy file: it does not begin with \\x93NUMPY");
    if (file_bytes < (int64_t)sizeof magic + 2)
        return message_fail(error, "is cut off after %" PRId64 " bytes, within its first 8", file_bytes);
    int major = bytes[6], minor = bytes[7];
    if (major < 1 || major > 3 || minor != 0)
        return message_fail(error, "is of version %d.%d of .npy; known are 1.0, 2.0 and 3.0", major, minor);
    int length_bytes = major == 1 ? 2 : 4;
    *begin = (int64_t)sizeof magic + 2 + length_bytes;
    if (file_bytes < *begin)
        return message_fail(error, "is cut off after %" PRId64 " bytes, within the length of its header", file_bytes);
    int64_t length = little_endian(bytes + sizeof magic + 2, length_bytes);
    *end = *begin + length;
    if (*end > file_bytes)
        return message_fail(error,
                            "is cut off within its header, which needs %" PRId64 " bytes where %" PRId64 " are left",
                            length, file_bytes - *begin);
    return true;
}

/* Strides and the number of bytes; false where the latter does not fit into 63 bits. */
static bool measure(npy_header *header) {
    bool empty = false;
    for (int i = 0; i < header->ndim; i++)
        empty |= header->shape[i] == 0;
    int64_t bytes = (int64_t)axprod_dtype_size(header->dtype);
    for (int i = 0; i < header->ndim; i++) {
        int axis = header->fortran_order ? i : header->ndim - 1 - i;
        header->strides[axis] = empty ? 0 : bytes;
        /* No element, no address: extents beside a zero may be as large as they like. */
        if (!empty && __builtin_mul_overflow(bytes, header->shape[axis], &bytes))
            return false;
    }
    header->data_bytes = empty ? 0 : bytes;
    return true;
}

bool npy_parse_header(const void *bytes, int64_t file_bytes, axprod_dtype input_dtype, npy_header *header,
                      message *error) {
    int64_t begin;
    if (!find_header(bytes, file_bytes, &begin, &header->data_offset, error))
        return false;
    const char *text = bytes;
    scanner s = {text + begin, text + begin, text + header->data_offset, error};
    if (!parse_dict(&s, input_dtype, header))
        return false;
    if (!measure(header))
        return message_fail(error, "the shape in its header has more elements than memory has addresses");
    int64_t present = file_bytes - header->data_offset;
    if (present < header->data_bytes)
        return message_fail(error, "is cut off: its shape needs %" PRId64 " bytes of data, and there are only %" PRId64,
                            header->data_bytes, present);
    return true;
}

/* ------------------------------------------------------------------------------------------------- writing ------- */

/* NumPy leaves room for the first extent to grow to so many digits. */
#define GROWTH_DIGITS 21
#define ALIGNMENT 64

static const char *descr_of(axprod_dtype dtype) {
    for (size_t i = 0; i < sizeof descriptions / sizeof *descriptions; i++)
        if (descriptions[i].dtype == dtype)
            return descriptions[i].descr;
    return "V1";
}

size_t npy_format_header(char text[NPY_MAX_HEADER_BYTES], axprod_dtype dtype, int ndim, const int64_t *shape) {
    const size_t preamble = sizeof magic + 4, size = NPY_MAX_HEADER_BYTES;
    /* ml_dtypes writes bf16 as '<V2', where NumPy itself would write '|V2'. */
    char order = axprod_dtype_size(dtype) == 1 ? '|' : '<';
    memset(text, ' ', size);
    size_t at =
        preamble + (size_t)snprintf(text + preamble, size - preamble,
                                    "{'descr': '%c%s', 'fortran_order': False, 'shape': (", order, descr_of(dtype));
    for (int i = 0; i < ndim; i++)
        at += (size_t)snprintf(text + at, size - at, "%s%" PRId64, i > 0 ? ", " : "", shape[i]);
    at += (size_t)snprintf(text + at, size - at, ndim == 1 ? ",), }" : "), }");
    text[at] = ' '; /* in place of the terminating zero */
    if (ndim > 0)
        at += (size_t)(GROWTH_DIGITS - snprintf(NULL, 0, "%" PRId64, shape[0]));
    size_t total = (at + 1) / ALIGNMENT * ALIGNMENT + ALIGNMENT;
    text[total - 1] = '\n';
    memcpy(text, magic, sizeof magic);
    memcpy(text + sizeof magic, "\x01\x00", 2);
    text[preamble - 2] = (char)((total - preamble) & 0xff);
    text[preamble - 1] = (char)((total - preamble) >> 8);
    return total;
}
