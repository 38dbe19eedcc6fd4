/* Scores lists of postings, and puts several of them together. */
#include "kernel.h"

#define WINDOW 4096

/* What a score becomes when all lists were added up: factor * sum / (sum + half), where half is not 0. */
typedef struct {
    float half;
    float factor;
} saturation;

LAYOUT(saturation, AT(saturation, half), AT(saturation, factor));

INLINE double saturated(double sum, const saturation *by) {
    if (by->half == 0) return sum;
    const float own = (float)sum;
    return own / (own + by->half) * by->factor;
}

/* Score some postings of a block. In two steps, so that the second one is made of operations on several at once. */
INLINE void score_block(const list *one, const uint32_t *documents, const uint32_t *frequencies, uint64_t count,
                        double *scores) {
    float lengths[BLOCK];
    if (one->by_document)
        for (uint64_t k = 0; k < count; k++) lengths[k] = one->by_document[documents[k]];
    switch (one->how) {
    case BY_BM25:
        for (uint64_t k = 0; k < count; k++) scores[k] = by_bm25(one, lengths[k], (float)(int32_t)frequencies[k]);
        break;
    case BY_LENGTH:
        for (uint64_t k = 0; k < count; k++) scores[k] = by_length(one, lengths[k], (float)(int32_t)frequencies[k]);
        break;
    default:
        for (uint64_t k = 0; k < count; k++) scores[k] = by_frequency(one, (float)(int32_t)frequencies[k]);
    }
}

/* Read a list with its scores; give 0 where it cannot be read. */
static int read_list(const list *one, uint32_t *documents, double *scores) {
    if (!one->pieces) {
        for (uint64_t i = 0; i < one->count; i++) {
            documents[i] = (uint32_t)one->documents[i];
            scores[i] = one->scores[i];
        }
        return 1;
    }
    uint64_t at = 0;
    for (uint64_t i = 0; i < one->piece_count; i++) {
        const piece *own = &one->pieces[i];
        cursor from = {own, own->start, 0};
        uint32_t frequencies[BLOCK];
        for (;;) {
            const uint64_t place = from.at;
            const int64_t read = next_documents(&from, documents + at);
            if (read <= 0) {
                if (read < 0) return 0;
                break;
            }
            if (!read_frequencies(own, place, (uint64_t)read, frequencies)) return 0;
            score_block(one, documents + at, frequencies, (uint64_t)read, scores + at);
            at += (uint64_t)read;
        }
    }
    return 1;
}

/* Give the documents of any list, in order, with the sums of their scores, added up in the order of the lists.
 *
 * Documents are added up in windows that fit into the processor's nearest memory. `scratch` has 12 bytes for each
 * posting, 16 for each list, and 33,280 more. Give the number of documents, or DAMAGED. */
EXPORT int64_t score_union(const list *lists, uint64_t count, const saturation *by, uint8_t *scratch, int64_t *documents,
                      double *scores) {
    uint64_t total = 0;
    for (uint64_t i = 0; i < count; i++) total += lists[i].count;
    double *sums = (double *)scratch;
    uint64_t *marks = (uint64_t *)(sums + WINDOW);
    uint64_t *at = marks + WINDOW / 64, *ends = at + count;
    double *read_scores = (double *)(ends + count);
    uint32_t *read = (uint32_t *)(read_scores + total);
    uint64_t begin = 0, found = 0;
    for (uint64_t i = 0; i < count; i++) {
        if (!read_list(&lists[i], read + begin, read_scores + begin)) return DAMAGED;
        at[i] = begin;
        ends[i] = begin += lists[i].count;
    }
    if (count == 1) {
        for (uint64_t i = 0; i < total; i++) {
            documents[i] = read[i];
            scores[i] = saturated(read_scores[i], by);
        }
        return (int64_t)total;
    }
    __builtin_memset(sums, 0, WINDOW * sizeof *sums);
    __builtin_memset(marks, 0, WINDOW / 8);
    for (;;) {
        uint64_t least = UINT64_MAX;
        for (uint64_t i = 0; i < count; i++)
            if (at[i] < ends[i] && read[at[i]] < least) least = read[at[i]];
        if (least == UINT64_MAX) return (int64_t)found;
        const uint64_t window = least / WINDOW * WINDOW;
        for (uint64_t i = 0; i < count; i++) {
            uint64_t k = at[i];
            for (const uint64_t end = ends[i]; k < end && read[k] - window < WINDOW; k++) {
                const uint64_t own = read[k] - window;
                sums[own] += read_scores[k];
                marks[own / 64] |= (uint64_t)1 << own % 64;
            }
            at[i] = k;
        }
        for (uint64_t word = 0; word < WINDOW / 64; word++) {
            for (uint64_t left = marks[word]; left; left &= left - 1) {
                const uint64_t own = word * 64 + (uint64_t)__builtin_ctzll(left);
                documents[found] = (int64_t)(window + own);
                scores[found++] = saturated(sums[own], by);
                sums[own] = 0;
            }
            marks[word] = 0;
        }
    }
}

/* Give the first place from `at` on whose document is not less, by steps that double and then halve. */
INLINE uint64_t skipped_to(const int64_t *documents, uint64_t at, uint64_t count, int64_t document) {
    uint64_t step = 1;
    while (at + step < count && documents[at + step] < document) {
        at += step;
        step *= 2;
    }
    uint64_t stop = at + step < count ? at + step : count;
    while (at < stop) {
        const uint64_t middle = at + (stop - at) / 2;
        if (documents[middle] < document) at = middle + 1;
        else stop = middle;
    }
    return at;
}

static void add_found_among(const list *one, const int64_t *wanted, uint64_t count, double *sums, uint8_t *marks) {
    uint64_t at = 0, place = 0;
    while (at < count && place < one->count) {
        if (wanted[at] < one->documents[place]) at = skipped_to(wanted, at, count, one->documents[place]);
        else if (wanted[at] > one->documents[place])
            place = skipped_to(one->documents, place, one->count, wanted[at]);
        else {
            sums[at] += one->scores[place++];
            marks[at++] = 1;
        }
    }
}

/* Add one list's scores to those of the wanted documents that it has. */
static int add_among(const list *one, const int64_t *wanted, uint64_t count, double *sums, uint8_t *marks) {
    if (!one->pieces) {
        add_found_among(one, wanted, count, sums, marks);
        return 1;
    }
    uint64_t at = 0;
    for (uint64_t i = 0; i < one->piece_count; i++) {
        const piece *own = &one->pieces[i];
        cursor from = {own, own->start, 0};
        uint32_t documents[BLOCK], frequencies[BLOCK];
        while (at < count) {
            const uint64_t place = from.at;
            const int64_t read = next_documents(&from, documents);
            if (read <= 0) {
                if (read < 0) return 0;
                break;
            }
            int have_frequencies = 0;
            for (int64_t k = 0; at < count && wanted[at] <= documents[read - 1];) {
                while (documents[k] < wanted[at]) k++;
                if (documents[k] == wanted[at]) {
                    if (!have_frequencies && !read_frequencies(own, place, (uint64_t)read, frequencies)) return 0;
                    have_frequencies = 1;
                    sums[at] += scored(one, documents[k], frequencies[k]);
                    marks[at] = 1;
                }
                at++;
            }
        }
    }
    return 1;
}

/* Give the places of those of some sorted documents that any list has, with the sums of their scores.
 * `scratch` has 9 bytes for each of them. Give their number, or DAMAGED. */
EXPORT int64_t score_among(const list *lists, uint64_t count, const saturation *by, const int64_t *wanted,
                         uint64_t wanted_count, uint8_t *scratch, int64_t *places, double *scores) {
    double *sums = (double *)scratch;
    uint8_t *marks = (uint8_t *)(sums + wanted_count);
    uint64_t found = 0;
    __builtin_memset(scratch, 0, wanted_count * 9);
    for (uint64_t i = 0; i < count; i++)
        if (!add_among(&lists[i], wanted, wanted_count, sums, marks)) return DAMAGED;
    for (uint64_t i = 0; i < wanted_count; i++)
        if (marks[i]) {
            places[found] = (int64_t)i;
            scores[found++] = saturated(sums[i], by);
        }
    return (int64_t)found;
}

/* Find the documents that two sorted lists share: their places in both. Give how many there are. */
EXPORT int64_t intersect(const int64_t *one, uint64_t one_count, const int64_t *other, uint64_t other_count,
                      int64_t *one_places, int64_t *other_places) {
    uint64_t at = 0, place = 0, found = 0;
    while (at < one_count && place < other_count) {
        if (one[at] < other[place]) at = skipped_to(one, at, one_count, other[place]);
        else if (one[at] > other[place]) place = skipped_to(other, place, other_count, one[at]);
        else {
            one_places[found] = (int64_t)at++;
            other_places[found++] = (int64_t)place++;
        }
    }
    return (int64_t)found;
}
