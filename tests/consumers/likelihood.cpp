/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Which tree made these sequences? Four species, 30,000 sites that evolve independently (Jukes and Cantor's model), and
 * the three trees that four species can have. The likelihood of a tree is the product over sites of the site's
 * likelihood, which Felsenstein's pruning gives: about 10^-52,500 in all, so a plain product ranks nothing, and pruning
 * usually comes with rescaling. Here the product is taken as it is.
 * J. Felsenstein, "Evolutionary trees from DNA sequences", J. Mol. Evol. 17, 1981.
 */
#include <array>
#include <axprod.h>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <random>
#include <vector>

namespace {

constexpr std::size_t species = 4, states = 4, trees = 3;
constexpr std::int64_t sites = 30000;
constexpr double outer = 0.2, inner = 0.05; /* lengths of branches, in substitutions per site */

using site_states = std::array<unsigned, species>;
template <typename real> using partial = std::array<real, states>;

/* Tree t: species pairs[t][0] and pairs[t][1] on one side of the inner branch, the others on the other. */
constexpr unsigned pairs[trees][species] = {{0, 1, 2, 3}, {0, 2, 1, 3}, {0, 3, 1, 2}};

/* The likelihood of what lies beyond a branch, given the state at this end. */
template <typename real> partial<real> along(double length, const partial<real> &end) {
    const real stay = (1 + 3 * std::exp(-4 * real(length) / 3)) / 4, change = (1 - stay) / 3;
    partial<real> start;
    for (std::size_t i = 0; i < states; i++) {
        start[i] = 0;
        for (std::size_t j = 0; j < states; j++)
            start[i] += (i == j ? stay : change) * end[j];
    }
    return start;
}

/* An inner node with two species. */
template <typename real> partial<real> cherry(unsigned left, unsigned right) {
    partial<real> l{}, r{};
    l[left] = r[right] = 1;
    l = along(outer, l);
    r = along(outer, r);
    for (std::size_t i = 0; i < states; i++)
        l[i] *= r[i];
    return l;
}

template <typename real> real site_likelihood(const unsigned (&order)[species], const site_states &site) {
    const partial<real> near = cherry<real>(site[order[0]], site[order[1]]);
    const partial<real> far = along(inner, cherry<real>(site[order[2]], site[order[3]]));
    real sum = 0;
    for (std::size_t i = 0; i < states; i++)
        sum += near[i] * far[i] / states;
    return sum;
}

/* Sequences that evolved along the first tree. */
std::vector<site_states> evolve() {
    std::mt19937 random(20);
    const auto mutate = [&](unsigned state, double length) {
        const double change = 0.75 * (1 - std::exp(-4 * length / 3));
        return random() * 0x1p-32 < change ? (state + 1 + random() % 3) % 4 : state;
    };
    std::vector<site_states> sequences(sites);
    for (site_states &site : sequences) {
        const unsigned near = random() % 4, far = mutate(near, inner);
        for (unsigned i = 0; i < species; i++)
            site[i] = mutate(i < 2 ? near : far, outer);
    }
    return sequences;
}

} // namespace

int main() {
    const std::vector<site_states> sequences = evolve();

    /* likelihoods[tree][site]; the references come from the same sites in more precision, as sums of logarithms. */
    std::vector<double> likelihoods;
    std::array<double, trees> plain;
    std::array<long double, trees> reference{};
    for (std::size_t tree = 0; tree < trees; tree++) {
        plain[tree] = 1;
        for (const site_states &site : sequences) {
            likelihoods.push_back(site_likelihood<double>(pairs[tree], site));
            plain[tree] *= likelihoods.back();
            reference[tree] += std::log(site_likelihood<long double>(pairs[tree], site));
        }
    }

    std::array<double, trees> sign, logarithm;
    const std::int64_t shape[] = {trees, sites}, out_shape[] = {trees};
    const int axis = 1;
    const axprod_tensor x = {likelihoods.data(), AXPROD_F64, 2, shape, nullptr};
    const axprod_tensor s = {sign.data(), AXPROD_F64, 1, out_shape, nullptr};
    const axprod_tensor log = {logarithm.data(), AXPROD_F64, 1, out_shape, nullptr};
    if (axprod_log_prod(&x, &axis, 1, nullptr, &s, &log) != AXPROD_OK) {
        std::fprintf(stderr, "likelihood: %s\n", axprod_last_error());
        return 1;
    }

    bool good = logarithm[0] > logarithm[1] && logarithm[0] > logarithm[2];
    std::printf("tree          plain product  ln of it, axprod    ln of it, higher precision\n");
    for (std::size_t tree = 0; tree < trees; tree++) {
        const unsigned(&p)[species] = pairs[tree];
        std::printf("(%c,%c),(%c,%c)   %-13g  %.13g      %.13Lg\n", 'A' + p[0], 'A' + p[1], 'A' + p[2], 'A' + p[3],
                    plain[tree], logarithm[tree], reference[tree]);
        good = good && plain[tree] == 0 && std::fabs(logarithm[tree] - reference[tree]) < 1e-9L;
    }
    return good ? 0 : 1;
}
