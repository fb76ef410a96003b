/* SPDX-License-Identifier: BSD-3-Clause */
/* The bits of a result over ranks as one number. */
#ifndef AXPROD_MPI_PROGRAMS_BITS_H
#define AXPROD_MPI_PROGRAMS_BITS_H

#include "share.h"

/*
 * Collective. The digest (digest.h) of the whole result of the last execution, the same however it is divided among
 * ranks. False, on all ranks, where ranks that have the same outputs have them with different bits.
 */
bool share_bits(const struct share *share, uint64_t *bits);

#endif
