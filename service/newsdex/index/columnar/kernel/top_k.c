/* Chooses the best of many values without sorting them. */
#include "kernel.h"

#define TIED_STEPS 64

/* Give a number that sorts as a score does. */
INLINE int64_t rank_of(double score) {
    const float own = (float)score + 0.0f; /* one zero only */
    int32_t bits;
    __builtin_memcpy(&bits, &own, sizeof bits);
    return bits < 0 ? (int64_t)INT32_MIN - bits : bits;
}

INLINE int is_worse(int64_t one, int64_t one_place, int64_t other, int64_t other_place) {
    return one < other || (one == other && one_place > other_place);
}

/* Let a value sink in a heap with the worst on top. */
static void sink(int64_t *values, int64_t *places, uint64_t count, uint64_t at, int64_t value, int64_t place) {
    for (uint64_t child; (child = 2 * at + 1) < count; at = child) {
        if (child + 1 < count && is_worse(values[child + 1], places[child + 1], values[child], places[child])) child++;
        if (!is_worse(values[child], places[child], value, place)) break;
        values[at] = values[child];
        places[at] = places[child];
    }
    values[at] = value;
    places[at] = place;
}

static void make_heap(int64_t *values, int64_t *places, uint64_t count) {
    for (uint64_t i = count / 2; i-- > 0;) sink(values, places, count, i, values[i], places[i]);
}

/* Sort a heap, the greatest first. */
static void sort_heap(int64_t *values, int64_t *places, uint64_t count) {
    for (uint64_t left = count; left > 1; left--) {
        const int64_t value = values[left - 1], place = places[left - 1];
        values[left - 1] = values[0];
        places[left - 1] = places[0];
        sink(values, places, left - 1, 0, value, place);
    }
}

/* Give the places of the greatest scores as float32, greatest first; of equals the first places. `places` and `keys`
 * have room for `limit`. Give how many there are. */
EXPORT int64_t top_k(const double *scores, uint64_t count, uint64_t limit, int64_t *places, int64_t *keys) {
    const uint64_t kept = limit < count ? limit : count;
    if (!kept) return 0;
    for (uint64_t i = 0; i < kept; i++) {
        keys[i] = rank_of(scores[i]);
        places[i] = (int64_t)i;
    }
    make_heap(keys, places, kept);
    for (uint64_t i = kept; i < count; i++)
        if (rank_of(scores[i]) > keys[0]) sink(keys, places, kept, 0, rank_of(scores[i]), (int64_t)i);
    sort_heap(keys, places, kept);
    return (int64_t)kept;
}

/* The same of whole numbers; `equal` becomes how many of all are equal to the least that was chosen. */
EXPORT int64_t top_k_integers(const int64_t *values, uint64_t count, uint64_t limit, int64_t *places, int64_t *chosen,
                      uint64_t *equal) {
    const uint64_t kept = limit < count ? limit : count;
    *equal = 0;
    if (!kept) return 0;
    for (uint64_t i = 0; i < kept; i++) {
        chosen[i] = values[i];
        places[i] = (int64_t)i;
    }
    make_heap(chosen, places, kept);
    for (uint64_t i = kept; i < count; i++)
        if (values[i] > chosen[0]) sink(chosen, places, kept, 0, values[i], (int64_t)i);
    const int64_t least = chosen[0];
    for (uint64_t i = 0; i < count; i++) *equal += values[i] == least;
    sort_heap(chosen, places, kept);
    return (int64_t)kept;
}

/* Find the scores that hang together with one, each at most a share `tie` of itself apart from the next, as far as some
 * steps: their places, and the least and the greatest of them in `bounds`, which has the one score first. All scores are
 * rounded to float32. Give how many there are. */
EXPORT int64_t score_ties(const double *scores, uint64_t count, double tie, double *bounds, int64_t *places) {
    double least = bounds[0], most = bounds[0];
    for (int steps = 0, grown = 1; grown && steps < TIED_STEPS; steps++) {
        const double low = least - (least < 0 ? -least : least) * tie, high = most + (most < 0 ? -most : most) * tie;
        grown = 0;
        for (uint64_t i = 0; i < count; i++) {
            const double score = (float)scores[i];
            if (score < low || score > high || (score >= least && score <= most)) continue;
            if (score < least) least = score;
            else most = score;
            grown = 1;
        }
    }
    uint64_t found = 0;
    for (uint64_t i = 0; i < count; i++) {
        places[found] = (int64_t)i;
        found += (float)scores[i] >= least && (float)scores[i] <= most;
    }
    bounds[0] = least;
    bounds[1] = most;
    return (int64_t)found;
}
