/* SPDX-License-Identifier: BSD-3-Clause */
/* axprod --demo: what plain multiplication loses, computed while one looks. */
#ifndef AXPROD_PROGRAMS_DEMO_H
#define AXPROD_PROGRAMS_DEMO_H

#include "message.h"

bool demo_print(FILE *stream, message *error);

#endif
