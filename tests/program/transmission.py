# SPDX-License-Identifier: BSD-3-Clause
"""The example tests/data/transmission.npy: light that crosses a cloud.

64 rays side by side run through 100 cells of an absorbing cloud, and element (ray, cell) is the fraction of the light
that the cell lets through; the product along axis 1 is the transmission of the ray. The optical depth of a cell is

    tau = 40 / (1 + ((ray - 24) / 3)^2) / (1 + ((cell - 60) / 12)^2)

and its transmission (1 + tau / 1024)^-1024, which is close to exp(-tau) but needs no more than the basic operations, so
that every machine computes the same bits. Of the outermost ray about a thousandth arrives; what is left of the inner
ones is less than the least double, and only --scaled or --log can say how much it is.

Run as a program, it writes the file.
"""

import os

import numpy as np

PATH = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "data", "transmission.npy")


def transmission():
    """The array, computed from the formula."""
    ray = (np.arange(64.0)[:, np.newaxis] - 24) / 3
    cell = (np.arange(100.0)[np.newaxis, :] - 60) / 12
    tau = 40 / (1 + ray * ray) / (1 + cell * cell)
    power = 1 + tau / 1024
    for _ in range(10):
        power = power * power
    return 1 / power


if __name__ == "__main__":
    np.save(PATH, transmission())
