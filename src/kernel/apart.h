/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Rows of float64, multiplied into real states whatever their exponents, which are taken out of the elements first:
 * what real.inc does for the dtypes whose elements leave room in the range of a double.
 */

/*
 * Steps of significands in [1, 2) before lo is folded into hi and the exponent is taken out: 2^64; and where they may
 * be as small as 2^-52, as subnormal ones are, before the exponent is taken out: 2^-832.
 */
enum {
    APART_STEPS = 64,
    APART_SEGMENT = 16
};

/* 1 as a field of exponent bits, in the upper half of a double. */
#define ONE_FIELD (UINT32_C(1) << 20)

/* What exponents of a block are offset by, so that none is negative. */
#define EXPONENT_OFFSET (UINT32_C(1) << 20)

struct apart_states {
    vdouble hi[PASS_VECTORS], lo[PASS_VECTORS];
    vuint32 exponents[PASS_VECTORS / 2]; /* of two vectors each, biased, since the block began; with the offset */
};

/* Vector v of what is kept for two at a time. */
INLINE vint unpack(const int v, vuint32 low, vuint32 high) {
    return v % 2 ? second_lanes(low, high) : first_lanes(low, high);
}

INLINE void multiply_vector(const bool narrow, struct apart_states *s, int v, vdouble x) {
    struct real_state state = {s->hi[v], s->lo[v], {0}};
    multiply_real(narrow, &state, x);
    s->hi[v] = state.hi;
    s->lo[v] = state.lo;
}

/* The significand of a normal number, 1.f; and without its sign, which of a subnormal one or zero is 1 too much. */
INLINE vdouble normal_significand(vint bits) {
    return as_double((bits & broadcast_bits(SIGNIFICAND_AND_SIGN)) | broadcast_bits(ONE_BITS));
}
INLINE vdouble one_point_f(vint bits) {
    return as_double((bits & broadcast_bits(~(SIGN_BIT | EXPONENT_BITS))) | broadcast_bits(ONE_BITS));
}

/*
 * The significand of a number: 1.f, or of a subnormal one, f 2^-1074, as f 2^-52; zeros give themselves. Arithmetic on
 * subnormal numbers themselves would be slow.
 */
INLINE vdouble significand_of(vint bits) {
    vint tiny = (vint)((bits & broadcast_bits(EXPONENT_BITS)) == broadcast_bits(0));
    vdouble magnitude = one_point_f(bits) - as_double(tiny & broadcast_bits(ONE_BITS));
    return as_double(as_bits(magnitude) | (bits & broadcast_bits(SIGN_BIT)));
}

/* Exponent fields as biased exponents: subnormal numbers have that of the smallest normal ones. */
INLINE vuint32 biased_exponents(vuint32 fields) {
    return greatest_uint32(fields, (vuint32){0} + ONE_FIELD) >> 20;
}

/* The significand of whatever there is, with its exponent added to one. */
INLINE vdouble take_apart(vdouble x, vint *exponent) {
    vint bits = as_bits(x), field = bits & broadcast_bits(EXPONENT_BITS);
    vint tiny = (vint)(field == broadcast_bits(0)), special = (vint)(field == broadcast_bits(EXPONENT_BITS));
    *exponent += shift_right(field, 52) - tiny - BIAS;
    return select_double(special, x, significand_of(bits));
}

/* The same of LANES vectors, by masks alone where all numbers are normal. */
INLINE void take_all_apart(vdouble x[LANES], vint *exponent) {
    vuint32 sum = {0}, least, greatest;
    UNROLLED(j, LANES / 2) {
        vuint32 fields = upper_halves(as_bits(x[2 * j]), as_bits(x[2 * j + 1])) & (uint32_t)(EXPONENT_BITS >> 32);
        least = j ? least_uint32(least, fields) : fields;
        greatest = j ? greatest_uint32(greatest, fields) : fields;
        sum += fields >> 20;
    }
    if (any_negative((least - ONE_FIELD) | (greatest + ONE_FIELD))) {
        UNROLLED(j, LANES)
        x[j] = take_apart(x[j], exponent);
        return;
    }
    *exponent += first_lanes(sum, (vuint32){0}) + second_lanes(sum, (vuint32){0}) - LANES * BIAS;
    UNROLLED(j, LANES)
    x[j] = normal_significand(as_bits(x[j]));
}

/* take_exponent for states in the midst of a block. */
INLINE void take_exponents(struct apart_states *s) {
    UNROLLED(v, PASS_VECTORS / 2) {
        vuint32 fields = upper_halves(as_bits(s->hi[2 * v]), as_bits(s->hi[2 * v + 1]));
        s->exponents[v] += ((fields & (uint32_t)(EXPONENT_BITS >> 32)) >> 20) - BIAS;
    }
    UNROLLED(v, PASS_VECTORS) {
        vdouble scale = exponent_scale(s->hi[v]);
        s->hi[v] *= scale;
        s->lo[v] *= scale;
    }
}

INLINE vuint32 load_halves(const char *row, int v) {
    return upper_halves(load_vint(row + 2 * v * VECTOR_BYTES), load_vint(row + (2 * v + 1) * VECTOR_BYTES));
}

/*
 * A row, whatever there is in it; infinities and NaN go through as they are. A call, on a copy of the states: the loops
 * that need it rarely are to have all registers for themselves.
 */
__attribute__((noinline, cold)) static void multiply_rare(bool narrow, const char *row, struct apart_states *s) {
    for (int v = 0; v < PASS_VECTORS; v++) {
        vint bits = load_vint(row + v * VECTOR_BYTES);
        vint special = (vint)((bits & broadcast_bits(EXPONENT_BITS)) == broadcast_bits(EXPONENT_BITS));
        multiply_vector(narrow, s, v, select_double(special, as_double(bits), significand_of(bits)));
    }
    for (int v = 0; v < PASS_VECTORS / 2; v++)
        s->exponents[v] += biased_exponents(load_halves(row, v) & (uint32_t)(EXPONENT_BITS >> 32));
    take_exponents(s);
}

/* Rows of normal numbers, by masks alone. */
INLINE void multiply_normal(const bool narrow, const char *row, struct apart_states *s) {
    UNROLLED(v, PASS_VECTORS)
    multiply_vector(narrow, s, v, normal_significand(load_vint(row + v * VECTOR_BYTES)));
}
/* Subnormal numbers and zeros among them: significand_of for two vectors at a time, as their upper halves say. */
INLINE void multiply_finite(const bool narrow, const char *row, const vuint32 fields[PASS_VECTORS / 2],
                            struct apart_states *s) {
    vuint32 tiny_ones[PASS_VECTORS / 2];
    UNROLLED(v, PASS_VECTORS / 2)
    tiny_ones[v] = (vuint32)(fields[v] == 0) & (uint32_t)(ONE_BITS >> 32);
    UNROLLED(v, PASS_VECTORS) {
        vint tiny_one = unpack(v, (vuint32){0}, tiny_ones[v / 2]);
        multiply_vector(narrow, s, v, one_point_f(load_vint(row + v * VECTOR_BYTES)) - as_double(tiny_one));
    }
}

/* Rows of nothing but subnormal numbers and zeros: their exponents are all the same. */
INLINE void multiply_tiny(const bool narrow, const char *row, struct apart_states *s) {
    UNROLLED(v, PASS_VECTORS)
    multiply_vector(narrow, s, v, one_point_f(load_vint(row + v * VECTOR_BYTES)) - broadcast(1));
}

/* What the elements of rows are expected to be. */
enum apart_kind {
    APART_NORMAL,
    APART_TINY, /* subnormal, or zero */
    APART_FINITE
};

/*
 * A row; returns whether it was what is expected. signs: of two vectors each, of the elements whose signs are not in
 * hi.
 */
INLINE bool multiply_apart(const bool narrow, const enum apart_kind kind, const char *row, struct apart_states *s,
                           vuint32 signs[PASS_VECTORS / 2]) {
    vuint32 halves[PASS_VECTORS / 2], fields[PASS_VECTORS / 2], least, greatest;
    UNROLLED(v, PASS_VECTORS / 2) {
        halves[v] = load_halves(row, v);
        fields[v] = halves[v] & (uint32_t)(EXPONENT_BITS >> 32);
        least = v ? least_uint32(least, fields[v]) : fields[v];
        greatest = v ? greatest_uint32(greatest, fields[v]) : fields[v];
    }
    const vuint32 others = kind == APART_NORMAL ? (least - ONE_FIELD) | (greatest + ONE_FIELD)
                           : kind == APART_TINY ? -greatest
                                                : greatest + ONE_FIELD;
    if (__builtin_expect(any_negative(others), false)) {
        struct apart_states copy = *s;
        multiply_rare(narrow, row, &copy);
        *s = copy;
        return false;
    }
    UNROLLED(v, PASS_VECTORS / 2) {
        s->exponents[v] += kind == APART_NORMAL ? fields[v] >> 20
                           : kind == APART_TINY ? (vuint32){0} + 1
                                                : biased_exponents(fields[v]);
        if (kind != APART_NORMAL)
            signs[v] ^= halves[v];
    }
    /* the compiler is to load the row once more: its registers are needed for the states */
    __asm__("" : "+r"(row));
    if (kind == APART_NORMAL)
        multiply_normal(narrow, row, s);
    else if (kind == APART_TINY)
        multiply_tiny(narrow, row, s);
    else
        multiply_finite(narrow, row, fields, s);
    return true;
}

/*
 * At most APART_STEPS rows, or APART_SEGMENT where they are not expected to be normal. The states are in the midst of a chain before, and afterwards unless it ends here.
 * Returns whether most rows were what is expected.
 */
INLINE bool careful_block_f64(const bool narrow, const enum apart_kind kind, bool ends, const char *base,
                              const int64_t *offsets, int64_t rows, int64_t prefetch, axp_states states, int64_t at) {
    struct apart_states s;
    vuint32 signs[PASS_VECTORS / 2];
    int64_t others = 0;
    UNROLLED(v, PASS_VECTORS) {
        s.hi[v] = load_vdouble(axp_plane(states, AXP_PLANE_HI) + at + v * LANES);
        s.lo[v] = load_vdouble(axp_plane(states, AXP_PLANE_LO) + at + v * LANES);
        s.exponents[v / 2] = (vuint32){0} + EXPONENT_OFFSET;
        signs[v / 2] = (vuint32){0};
    }
    for (int64_t r = 0; r < rows; r++) {
        if (prefetch)
            prefetch_row(base + offsets[r] + prefetch, PASS_VECTORS * VECTOR_BYTES);
        others += !multiply_apart(narrow, kind, base + offsets[r], &s, signs);
    }
    UNROLLED(v, PASS_VECTORS) {
        const vuint32 none = {0};
        vint exponent = load_vint(axp_exponents(states) + at + v * LANES) + unpack(v, s.exponents[v / 2], none);
        vint sign = unpack(v, none, signs[v / 2]) & broadcast_bits(SIGN_BIT);
        struct real_state state = {as_double(as_bits(s.hi[v]) ^ sign), as_double(as_bits(s.lo[v]) ^ sign),
                                   exponent - broadcast_bits((uint64_t)rows * BIAS + EXPONENT_OFFSET)};
        if (ends)
            normalise_real(narrow, &state);
        else if (kind != APART_NORMAL)
            take_exponent(&state);
        store_real(states, at + v * LANES, state);
    }
    return 4 * others < rows;
}

/* At most APART_STEPS rows, as what has gone well lets expect. */
INLINE void careful_columns_f64(const bool narrow, bool ends, const char *base, const int64_t *offsets, int64_t rows,
                                int64_t prefetch, axp_states states, int64_t at, axp_fold_hint *hint) {
    for (int64_t r = 0, some; r < rows; r += some) {
        const bool normal = is_worth_trying(&hint->normal);
        some = normal || rows - r < APART_SEGMENT ? rows - r : APART_SEGMENT;
        const bool end = ends && r + some == rows;
        if (normal)
            note_trial(&hint->normal,
                       careful_block_f64(narrow, APART_NORMAL, end, base, offsets + r, some, prefetch, states, at));
        else if (is_worth_trying(&hint->tiny))
            note_trial(&hint->tiny,
                       careful_block_f64(narrow, APART_TINY, end, base, offsets + r, some, prefetch, states, at));
        else
            careful_block_f64(narrow, APART_FINITE, end, base, offsets + r, some, prefetch, states, at);
    }
}

INLINE void careful_f64(const bool narrow, const char *base, const int64_t *offsets, int64_t rows, int64_t n,
                        int64_t prefetch, axp_states states, int64_t at, axp_fold_hint *hint) {
    _Static_assert(AXP_STATE_PAD % (PASS_VECTORS * LANES) == 0 && (BLOCK_VECTORS == PASS_VECTORS || LANES == 8),
                   "callers have whole blocks");
    _Static_assert(APART_STEPS % CAREFUL_ROWS == 0 && APART_SEGMENT % CAREFUL_ROWS == 0, "chains end where passes do");
    const int64_t most = n < LEAST_WIDE ? APART_STEPS : CAREFUL_ROWS;
    for (int64_t r = 0; r < rows; r += most) {
        const int64_t some = rows - r < most ? rows - r : most, ahead = n < LEAST_WIDE ? prefetch : 0;
        const bool ends = (r + some) % APART_STEPS == 0 || r + some == rows;
        for (int64_t i = 0; i < n; i += PASS_VECTORS * LANES)
            careful_columns_f64(narrow, ends, base + i * 8, offsets + r, some, ahead, states, at + i, hint);
    }
}
