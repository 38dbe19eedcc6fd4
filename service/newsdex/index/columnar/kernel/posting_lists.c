/* Scores lists of postings, and puts several of them together. */
#include "kernel.h"

#define WINDOW 4096

/* What a sum of occurrences becomes, where half is not 0: BM25+ (Lv and Zhai 2011).
 *
 * A document with a form of the word scores factor * sum / (sum + half) + floor, one that merely has words that begin
 * alike scores weak * sum / (sum + half). */
typedef struct {
    float half;
    float factor;
    float floor;
    float weak;
} saturation;

LAYOUT(saturation, AT(saturation, half), AT(saturation, factor), AT(saturation, floor), AT(saturation, weak));

INLINE double saturated(double sum, int is_form, const saturation *by) {
    if (by->half == 0) return sum;
    const float own = (float)sum, part = own / (own + by->half);
    return is_form ? part * by->factor + by->floor : part * by->weak;
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

/* Give the documents of any list, in order, with the sums of their scores, added up in the order of the lists, and
 * whether each has a form of the word.
 *
 * Documents are added up in windows that fit into the processor's nearest memory. `scratch` has 12 bytes for each
 * posting, 16 for each list, and UNION_SCRATCH more. Give the number of documents, or DAMAGED. */
EXPORT int64_t score_union(const list *lists, uint64_t count, const saturation *by, uint8_t *scratch, int64_t *documents,
                      double *scores, uint8_t *are_forms) {
    uint64_t total = 0;
    uint32_t counts = 0;
    for (uint64_t i = 0; i < count; i++) {
        total += lists[i].count;
        counts |= lists[i].counts;
    }
    double *sums = (double *)scratch, *marked_sums = sums + WINDOW;
    uint64_t *marks = (uint64_t *)(marked_sums + WINDOW), *forms = marks + WINDOW / 64;
    uint64_t *at = forms + WINDOW / 64, *ends = at + count;
    double *read_scores = (double *)(ends + count);
    uint32_t *read = (uint32_t *)(read_scores + total);
    uint64_t begin = 0, found = 0;
    for (uint64_t i = 0; i < count; i++) {
        if (!read_list(&lists[i], read + begin, read_scores + begin)) return DAMAGED;
        at[i] = begin;
        ends[i] = begin += lists[i].count;
    }
    if (count == 1) {
        const int is_form = (counts & COUNTS_AS_FORM) != 0;
        for (uint64_t i = 0; i < total; i++) {
            documents[i] = read[i];
            are_forms[i] = (uint8_t)is_form;
            scores[i] = saturated(read_scores[i], is_form, by);
        }
        return (int64_t)total;
    }
    __builtin_memset(scratch, 0, (uint64_t)((uint8_t *)at - scratch));
    for (;;) {
        uint64_t least = UINT64_MAX;
        for (uint64_t i = 0; i < count; i++)
            if (at[i] < ends[i] && read[at[i]] < least) least = read[at[i]];
        if (least == UINT64_MAX) return (int64_t)found;
        const uint64_t window = least / WINDOW * WINDOW;
        for (uint64_t i = 0; i < count; i++) {
            const uint32_t own_counts = lists[i].counts;
            const uint64_t end = ends[i];
            uint64_t k = at[i];
            for (; k < end && read[k] - window < WINDOW; k++) {
                const uint64_t own = read[k] - window, bit = (uint64_t)1 << own % 64;
                if (own_counts & COUNTS_PLAIN) sums[own] += read_scores[k];
                if (own_counts & COUNTS_MARKED) marked_sums[own] += read_scores[k];
                if (own_counts & COUNTS_AS_FORM) forms[own / 64] |= bit;
                marks[own / 64] |= bit;
            }
            at[i] = k;
        }
        for (uint64_t word = 0; word < WINDOW / 64; word++) {
            for (uint64_t left = marks[word]; left; left &= left - 1) {
                const uint64_t bit = (uint64_t)__builtin_ctzll(left), own = word * 64 + bit;
                double sum = sums[own];
                if (counts & COUNTS_MARKED) {
                    if (marked_sums[own] > sum) sum = marked_sums[own];
                    marked_sums[own] = 0;
                }
                const int is_form = (int)(forms[word] >> bit & 1);
                documents[found] = (int64_t)(window + own);
                are_forms[found] = (uint8_t)is_form;
                scores[found++] = saturated(sum, is_form, by);
                sums[own] = 0;
            }
            marks[word] = forms[word] = 0;
        }
    }
}

/* Mark the documents of some lists, which have pieces, in bits of all documents of the commit. Give 0, or DAMAGED. */
EXPORT int64_t lists_to_bits(const list *lists, uint64_t count, uint64_t *marks) {
    uint32_t documents[BLOCK];
    for (uint64_t i = 0; i < count; i++)
        for (uint64_t n = 0; n < lists[i].piece_count; n++) {
            const piece *own = &lists[i].pieces[n];
            cursor from = {own, own->start, 0};
            int64_t read;
            while ((read = next_documents(&from, documents)) > 0)
                for (int64_t k = 0; k < read; k++) marks[documents[k] / 64] |= (uint64_t)1 << documents[k] % 64;
            if (read < 0) return DAMAGED;
        }
    return 0;
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

/* What is added up for each of some documents: two sums, and for what the lists count that have it, 0 for none. */
typedef struct {
    double *plain, *marked;
    uint8_t *counts;
} totals;

INLINE void add(const list *one, const totals *to, uint64_t at, double score) {
    if (one->counts & COUNTS_PLAIN) to->plain[at] += score;
    if (one->counts & COUNTS_MARKED) to->marked[at] += score;
    to->counts[at] |= (uint8_t)one->counts;
}

static void add_found_among(const list *one, const int64_t *wanted, uint64_t count, const totals *to) {
    uint64_t at = 0, place = 0;
    while (at < count && place < one->count) {
        if (wanted[at] < one->documents[place]) at = skipped_to(wanted, at, count, one->documents[place]);
        else if (wanted[at] > one->documents[place])
            place = skipped_to(one->documents, place, one->count, wanted[at]);
        else {
            add(one, to, at++, one->scores[place++]);
        }
    }
}

/* Add one list's scores to those of the wanted documents that it has. */
static int add_among(const list *one, const int64_t *wanted, uint64_t count, const totals *to) {
    if (!one->pieces) {
        add_found_among(one, wanted, count, to);
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
                    add(one, to, at, scored(one, documents[k], frequencies[k]));
                }
                at++;
            }
        }
    }
    return 1;
}

/* Give the places of those of some sorted documents that any list has, with the sums of their scores.
 * `scratch` has AMONG_SCRATCH bytes for each of them. Give their number, or DAMAGED. */
EXPORT int64_t score_among(const list *lists, uint64_t count, const saturation *by, const int64_t *wanted,
                         uint64_t wanted_count, uint8_t *scratch, int64_t *places, double *scores) {
    double *plain = (double *)scratch, *marked = plain + wanted_count;
    const totals to = {plain, marked, (uint8_t *)(marked + wanted_count)};
    uint64_t found = 0;
    __builtin_memset(scratch, 0, wanted_count * 17);
    for (uint64_t i = 0; i < count; i++)
        if (!add_among(&lists[i], wanted, wanted_count, &to)) return DAMAGED;
    for (uint64_t i = 0; i < wanted_count; i++)
        if (to.counts[i]) {
            const double sum = plain[i] > marked[i] || !(to.counts[i] & COUNTS_MARKED) ? plain[i] : marked[i];
            places[found] = (int64_t)i;
            scores[found++] = saturated(sum, (to.counts[i] & COUNTS_AS_FORM) != 0, by);
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
