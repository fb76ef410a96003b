/* SPDX-License-Identifier: BSD-3-Clause */
/* Frame of the example of axprod.h. */
#include <axprod.h>
#include <stdio.h>

int main(void) {
#include FRAGMENT
    return 0;
}
