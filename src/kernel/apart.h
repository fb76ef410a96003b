/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Rows of float64, multiplied into real states whatever their exponents, which are taken out of the elements first:
 * what real.inc does for the dtypes whose elements leave room in the range of a double.
 */

enum {
    APART_STEPS = 64, /* of significands in [1, 2) before lo is folded into hi and the exponent is taken out: 2^64 */
    APART_TINY_STEPS = 32, /* of such as may be as small as 2^-52, as subnormal ones are, from TINY_SCALE on: 2^-832 */
    APART_UNSCALED = 16,   /* the same without that scale */
    /* Bytes ahead to ask the memory for, at least: among steps that take long the processor does not see far. In rows
       of many columns; and in others. */
    APART_WIDE_AHEAD = 2048,
    APART_AHEAD = 16384
};
#define TINY_SCALE 0x1p832
#define TINY_SCALE_EXPONENT 832

/* 1 as a field of exponent bits, in the upper half of a double; and the fields. */
#define ONE_FIELD (UINT32_C(1) << 20)
#define EXPONENT_FIELD ((uint32_t)(EXPONENT_BITS >> 32))

/* Vector v of what is kept for two at a time. */
INLINE vint unpack(const int v, vuint32 low, vuint32 high) {
    return v % 2 ? second_lanes(low, high) : first_lanes(low, high);
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

/* The same of whatever there is: infinities and NaN give themselves, too. */
INLINE vdouble significand_of_any(vint bits) {
    vint special = (vint)((bits & broadcast_bits(EXPONENT_BITS)) == broadcast_bits(EXPONENT_BITS));
    return select_double(special, as_double(bits), significand_of(bits));
}

/* That, with its exponent added to one. */
INLINE vdouble take_apart(vdouble x, vint *exponent) {
    vint field = as_bits(x) & broadcast_bits(EXPONENT_BITS);
    *exponent += shift_right(field, 52) - (vint)(field == broadcast_bits(0)) - BIAS;
    return significand_of_any(as_bits(x));
}

/* The same of LANES vectors, by masks alone where all numbers are normal. */
INLINE void take_all_apart(vdouble x[LANES], vint *exponent) {
    vuint32 sum = {0}, least, greatest;
    UNROLLED(j, LANES / 2) {
        vuint32 fields = upper_halves(as_bits(x[2 * j]), as_bits(x[2 * j + 1])) & EXPONENT_FIELD;
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

INLINE vuint32 load_halves(const char *row, int v) {
    return upper_halves(load_vint(row + 2 * v * VECTOR_BYTES), load_vint(row + (2 * v + 1) * VECTOR_BYTES));
}

/* What exponents of a block are offset by, so that none is negative. */
#define EXPONENT_OFFSET (UINT32_C(1) << 20)

struct apart_states {
    vdouble hi[PASS_VECTORS], lo[PASS_VECTORS];
    vuint32 exponents[PASS_VECTORS / 2]; /* of two vectors each, biased, since the block began; with the offset */
};

INLINE void multiply_vector(const bool narrow, struct apart_states *s, int v, vdouble x) {
    struct real_state state = {s->hi[v], s->lo[v], {0}};
    multiply_real(narrow, &state, x);
    s->hi[v] = state.hi;
    s->lo[v] = state.lo;
}

/* take_exponent in the midst of a block: hi and lo are still to be multiplied by the scale. */
INLINE void take_exponents(struct apart_states *s, vdouble scale[PASS_VECTORS]) {
    UNROLLED(v, PASS_VECTORS / 2) {
        vuint32 halves = upper_halves(as_bits(s->hi[2 * v]), as_bits(s->hi[2 * v + 1]));
        s->exponents[v] += ((halves & EXPONENT_FIELD) >> 20) - BIAS;
    }
    UNROLLED(v, PASS_VECTORS)
    scale[v] = exponent_scale(s->hi[v]);
}

/* What the elements of rows are expected to be. */
enum apart_kind {
    APART_NORMAL,
    APART_TINY, /* subnormal, or zero */
    APART_FINITE,
    APART_ANY /* infinities and NaN go through as they are */
};

/* Constants of two vectors each or of one. */
struct apart_masks {
    vuint32 exponent, one_field, one_high;
    vint significand_and_sign, significand, one;
};

INLINE struct apart_masks apart_masks(void) {
    struct apart_masks m = {
        (vuint32){0} + EXPONENT_FIELD,
        (vuint32){0} + ONE_FIELD,
        (vuint32){0} + (uint32_t)(ONE_BITS >> 32),
        broadcast_bits(SIGNIFICAND_AND_SIGN),
        broadcast_bits(~(SIGN_BIT | EXPONENT_BITS)),
        broadcast_bits(ONE_BITS),
    };
    KEEP(m.exponent);
    KEEP(m.one_field);
    KEEP(m.one_high);
    KEEP(m.significand_and_sign);
    KEEP(m.significand);
    KEEP(m.one);
    return m;
}

/* Exponent fields as biased exponents: subnormal numbers have that of the smallest normal ones. */
INLINE vuint32 biased_exponents(const enum apart_kind kind, vuint32 fields, const struct apart_masks *m) {
    return (kind == APART_NORMAL ? fields
            : kind == APART_TINY ? m->one_field
                                 : greatest_uint32(fields, m->one_field)) >>
           20;
}

/*
 * A row, whatever there is in it; takes: and the exponents out of the states. A call, on a copy of the states: the
 * loops that need it rarely are to have all registers for themselves.
 */
__attribute__((noinline, cold)) static void multiply_rare(bool narrow, bool takes, const char *row,
                                                          const struct apart_masks *m, struct apart_states *s) {
    for (int v = 0; v < PASS_VECTORS; v++)
        multiply_vector(narrow, s, v, significand_of_any(load_vint(row + v * VECTOR_BYTES)));
    for (int v = 0; v < PASS_VECTORS / 2; v++)
        s->exponents[v] += biased_exponents(APART_ANY, load_halves(row, v) & m->exponent, m);
    if (!takes)
        return;
    vdouble scale[PASS_VECTORS];
    take_exponents(s, scale);
    for (int v = 0; v < PASS_VECTORS; v++) {
        s->hi[v] *= scale[v];
        s->lo[v] *= scale[v];
    }
}

/*
 * Vector v of a row as significands: without signs, but for normal numbers. tiny_ones: of the two vectors, 1 where what
 * is read as 1.f is f.
 */
INLINE vdouble apart_significand(const enum apart_kind kind, int v, vint bits, vuint32 tiny_ones,
                                 const struct apart_masks *m) {
    vdouble one_point_f =
        as_double((bits & (kind == APART_NORMAL ? m->significand_and_sign : m->significand)) | m->one);
    if (kind == APART_NORMAL)
        return one_point_f;
    if (kind == APART_TINY)
        return one_point_f - as_double(m->one);
    vdouble significand = one_point_f - as_double(unpack(v, (vuint32){0}, tiny_ones));
    if (kind == APART_FINITE)
        return significand;
    vint field = bits & broadcast_bits(EXPONENT_BITS);
    return select_double((vint)(field == broadcast_bits(EXPONENT_BITS)), as_double(bits & broadcast_bits(~SIGN_BIT)),
                         significand);
}

/* The states after a block, with the signs that are not in hi; offset: of the sums of exponents. ends: their chain,
 * too. */
INLINE void store_apart(const bool narrow, const enum apart_kind kind, bool ends, struct apart_states *s,
                        const vuint32 signs[PASS_VECTORS / 2], int64_t offset, axp_states states, int64_t at) {
    const bool takes = !ends && kind != APART_NORMAL;
    vdouble scale[PASS_VECTORS];
    if (takes)
        take_exponents(s, scale);
    UNROLLED(v, PASS_VECTORS) {
        const vuint32 none = {0};
        vint sign = unpack(v, none, signs[v / 2] & (uint32_t)(SIGN_BIT >> 32));
        struct real_state state = {s->hi[v], s->lo[v], load_vint(axp_exponents(states) + at + v * LANES)};
        state.exponent += unpack(v, s->exponents[v / 2], none) - broadcast_bits((uint64_t)offset);
        if (takes) {
            vdouble factor = as_double(as_bits(scale[v]) | sign);
            state.hi *= factor;
            state.lo *= factor;
        } else if (kind != APART_NORMAL) {
            state.hi = as_double(as_bits(state.hi) ^ sign);
            state.lo = as_double(as_bits(state.lo) ^ sign);
        }
        if (ends)
            normalise_real(narrow, &state);
        store_real(states, at + v * LANES, state);
    }
}

/*
 * At most APART_STEPS rows, or APART_TINY_STEPS where they are not expected to be normal; returns how many were
 * multiplied. APART_NORMAL and APART_TINY multiply some others, too, and stop where these are many; APART_FINITE does
 * nothing where there are any. The states are in the midst of a chain before, and afterwards unless it ends here.
 */
INLINE int64_t careful_block_f64(const bool narrow, const enum apart_kind kind, bool ends, const char *base,
                                 const int64_t *offsets, const int64_t rows, int64_t prefetch,
                                 const struct apart_masks *m, axp_states states, int64_t at) {
    const bool scales = kind != APART_NORMAL && rows > APART_UNSCALED;
    struct apart_states s;
    vuint32 signs[PASS_VECTORS / 2], greatest = {0};
    int64_t r = 0, others = 0;
    UNROLLED(v, PASS_VECTORS) {
        s.hi[v] = load_vdouble(axp_plane(states, AXP_PLANE_HI) + at + v * LANES);
        s.lo[v] = load_vdouble(axp_plane(states, AXP_PLANE_LO) + at + v * LANES);
        s.exponents[v / 2] = (vuint32){0} + EXPONENT_OFFSET;
        signs[v / 2] = (vuint32){0};
    }
    if (scales)
        UNROLLED(v, PASS_VECTORS) {
            s.hi[v] *= TINY_SCALE;
            s.lo[v] *= TINY_SCALE;
        }
    for (; r < rows && others <= 1 + rows / APART_UNSCALED; r++) {
        const char *row = base + offsets[r];
        if (prefetch)
            prefetch_later(row + prefetch, PASS_VECTORS * VECTOR_BYTES);
        vuint32 halves[PASS_VECTORS / 2], fields[PASS_VECTORS / 2], tiny_ones[PASS_VECTORS / 2], least = {0};
        UNROLLED(v, PASS_VECTORS / 2) {
            halves[v] = load_halves(row, v);
            fields[v] = halves[v] & m->exponent;
            tiny_ones[v] = (vuint32)(fields[v] == 0) & m->one_high;
            least = v ? least_uint32(least, fields[v]) : fields[v];
            greatest = kind != APART_FINITE && v == 0 ? fields[v] : greatest_uint32(greatest, fields[v]);
        }
        if ((kind == APART_NORMAL || kind == APART_TINY) &&
            __builtin_expect(
                any_negative(kind == APART_NORMAL ? (least - m->one_field) | (greatest + m->one_field) : -greatest),
                false)) {
            struct apart_states copy = s;
            multiply_rare(narrow, kind == APART_NORMAL, row, m, &copy);
            s = copy;
            others++;
            continue;
        }
        UNROLLED(v, PASS_VECTORS / 2) {
            s.exponents[v] += biased_exponents(kind, fields[v], m);
            if (kind != APART_NORMAL)
                signs[v] ^= halves[v];
        }
        /* the compiler is to load the row once more: its registers are needed for the states */
        __asm__("" : "+r"(row));
        UNROLLED(v, PASS_VECTORS) {
            vint bits = load_vint(row + v * VECTOR_BYTES);
            multiply_vector(narrow, &s, v, apart_significand(kind, v, bits, tiny_ones[v / 2], m));
        }
    }
    if (kind == APART_FINITE && any_negative(greatest + m->one_field))
        return 0;
    const int64_t offset = r * BIAS + EXPONENT_OFFSET + (scales ? TINY_SCALE_EXPONENT : 0);
    store_apart(narrow, kind, ends && r == rows, &s, signs, offset, states, at);
    return r;
}

/* At most APART_STEPS rows, as what has gone well lets expect. */
INLINE void careful_columns_f64(const bool narrow, const bool ends, const char *base, const int64_t *offsets,
                                int64_t rows, int64_t prefetch, const struct apart_masks *m, axp_states states,
                                int64_t at, axp_fold_hint *hint) {
    for (int64_t r = 0, done; r < rows; r += done) {
        const bool normal = is_worth_trying(&hint->normal);
        const int64_t some = normal || rows - r < APART_TINY_STEPS ? rows - r : APART_TINY_STEPS;
        const bool end = ends && r + some == rows;
        done = 0;
        if (normal) {
            done = careful_block_f64(narrow, APART_NORMAL, end, base, offsets + r, some, prefetch, m, states, at);
            note_trial(&hint->normal, done == some);
        } else if (is_worth_trying(&hint->tiny)) {
            done = careful_block_f64(narrow, APART_TINY, end, base, offsets + r, some, prefetch, m, states, at);
            note_trial(&hint->tiny, done == some);
        } else if (is_worth_trying(&hint->finite)) {
            done = careful_block_f64(narrow, APART_FINITE, end, base, offsets + r, some, prefetch, m, states, at);
            note_trial(&hint->finite, done == some);
        }
        if (done == 0)
            done = careful_block_f64(narrow, APART_ANY, end, base, offsets + r, some, prefetch, m, states, at);
    }
}

INLINE void careful_f64(const bool narrow, const char *base, const int64_t *offsets, int64_t rows, int64_t n,
                        int64_t prefetch, axp_states states, int64_t at, axp_fold_hint *hint) {
    _Static_assert(AXP_STATE_PAD % (PASS_VECTORS * LANES) == 0 && (BLOCK_VECTORS == PASS_VECTORS || LANES == 8),
                   "callers have whole blocks");
    _Static_assert(APART_STEPS % CAREFUL_ROWS == 0, "chains end where passes do");
    _Static_assert((int)APART_STEPS <= 64 && (int)RAW_STEPS <= 64 && (int)AXP_COLUMN_STEPS <= 64, "see real.h");
    const struct apart_masks masks = apart_masks();
    const int64_t most = n < LEAST_WIDE ? APART_STEPS : CAREFUL_ROWS;
    const int64_t least_ahead = n < LEAST_WIDE ? APART_AHEAD : APART_WIDE_AHEAD;
    const int64_t ahead = prefetch == 0 || prefetch > least_ahead ? prefetch : least_ahead;
    for (int64_t r = 0; r < rows; r += most) {
        const int64_t some = rows - r < most ? rows - r : most;
        const bool ends = (r + some) % APART_STEPS == 0 || r + some == rows;
        for (int64_t i = 0; i < n; i += PASS_VECTORS * LANES)
            careful_columns_f64(narrow, ends, base + i * 8, offsets + r, some, ahead, &masks, states, at + i, hint);
    }
}
