/* Unites the documents of many terms, as bits. */
#include "kernel.h"

/* Terms [first, stop). */
typedef struct {
    uint64_t first, stop;
} range;

/* Mark the documents of some ranges of a segment's terms, up to about so many postings.
 *
 * Give how many ranges were finished; the next one then begins where to go on. `postings` are added up. UNCHECKED where
 * the blocks of that range must be compared with their checksums first, DAMAGED where postings cannot be. */
EXPORT int64_t mark_terms(const field *own, uint64_t base, range *ranges, uint64_t count, uint64_t budget,
                          uint64_t *marks, uint64_t *postings) {
    const uint64_t terms = own->starts.count ? own->starts.count - 1 : 0, stop_at = *postings + budget;
    uint32_t documents[BLOCK];
    for (uint64_t i = 0; i < count; i++) {
        range *one = &ranges[i];
        if (one->stop > terms || one->first > one->stop) return DAMAGED;
        uint64_t start = number_at(&own->starts, one->first);
        if (!is_checked(&own->documents, start, number_at(&own->starts, one->stop))) return UNCHECKED;
        while (one->first < one->stop) {
            if (*postings > stop_at) return (int64_t)i;
            const uint64_t stop = number_at(&own->starts, one->first + 1);
            if (start > stop) return DAMAGED;
            const piece of = {own, 0, base, one->first, one->first + 1, start, stop};
            cursor from = {&of, start, 0};
            int64_t read;
            while ((read = next_documents(&from, documents)) > 0)
                for (int64_t k = 0; k < read; k++) marks[documents[k] / 64] |= (uint64_t)1 << documents[k] % 64;
            if (read < 0) return DAMAGED;
            *postings += stop - start;
            start = stop;
            one->first++;
        }
    }
    return (int64_t)count;
}

/* Give the marked documents, in order; `documents` has room for them. */
EXPORT int64_t marked(const uint64_t *marks, uint64_t words, int64_t *documents) {
    int64_t count = 0;
    for (uint64_t word = 0; word < words; word++)
        for (uint64_t left = marks[word]; left; left &= left - 1)
            documents[count++] = (int64_t)(word * 64 + (uint64_t)__builtin_ctzll(left));
    return count;
}
