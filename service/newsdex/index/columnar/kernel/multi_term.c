/* Unites the documents of many terms, as bits. */
#include "kernel.h"

/* Mark the documents of a range's terms from the first on, all of them unless `stop_at` postings were marked before the
 * last; the range then begins where to go on. Terms that follow each other share blocks, so each block is read once.
 * Give 1 when the range is finished, 0 when not, or DAMAGED. */
static int mark_range(const source *from, range *one, uint64_t stop_at, uint64_t *marks, uint64_t *postings) {
    const field *own = from->field;
    uint64_t at = number_at(&own->starts, one->first), term_end = at, next = 0;
    const uint64_t end = number_at(&own->starts, one->stop);
    uint32_t steps[BLOCK];
    if (at > end) return DAMAGED;
    for (one->first--; at < end;) {
        if (!unpack_block(&own->documents, at / BLOCK, steps)) return DAMAGED;
        const uint64_t block_end = at / BLOCK * BLOCK + BLOCK;
        for (const uint64_t stop = block_end < end ? block_end : end; at < stop;) {
            while (at == term_end) {
                one->first++;
                if (*postings > stop_at) return 0;
                term_end = number_at(&own->starts, one->first + 1);
                if (term_end < at || term_end > end) return DAMAGED;
                *postings += term_end - at;
                next = 0;
            }
            uint64_t documents[BLOCK], count = 0;
            for (const uint64_t run = term_end < stop ? term_end : stop; at < run; at++) {
                next += steps[at % BLOCK];
                documents[count++] = next++;
            }
            /* documents rise: if the last one is in the segment, all are */
            if (next > own->document_count) return DAMAGED;
            for (uint64_t k = 0; k < count; k++) {
                const uint64_t document = from->base + documents[k];
                marks[document / 64] |= (uint64_t)1 << document % 64;
            }
        }
    }
    one->first = one->stop;
    return 1;
}

/* Mark the documents of some ranges of terms, up to about so many postings.
 *
 * Give how many ranges were finished; the next one then begins where to go on. `postings` are added up. UNCHECKED where
 * the blocks of the first range must be compared with their checksums, DAMAGED where postings cannot be. */
EXPORT int64_t terms_to_bits(const source *from, range *ranges, uint64_t count, uint64_t budget, uint64_t *marks,
                          uint64_t *postings) {
    const uint64_t stop_at = *postings + budget;
    for (uint64_t i = 0; i < count; i++) {
        range *one = &ranges[i];
        const field *own = from[one->source].field;
        if (one->stop >= own->starts.count || one->first > one->stop) return DAMAGED;
        if (one->first == one->stop) continue;
        const uint64_t start = number_at(&own->starts, one->first), stop = number_at(&own->starts, one->stop);
        if (!is_checked(&own->documents, start, stop)) return i ? (int64_t)i : UNCHECKED;
        const int finished = mark_range(&from[one->source], one, stop_at, marks, postings);
        if (finished <= 0) return finished ? DAMAGED : (int64_t)i;
    }
    return (int64_t)count;
}

/* Give the marked documents, in order; `documents` has room for them. */
EXPORT int64_t bits_to_docs(const uint64_t *marks, uint64_t words, int64_t *documents) {
    int64_t count = 0;
    for (uint64_t word = 0; word < words; word++)
        for (uint64_t left = marks[word]; left; left &= left - 1)
            documents[count++] = (int64_t)(word * 64 + (uint64_t)__builtin_ctzll(left));
    return count;
}

/* Give the documents that any of some marks has, in order, with the sums of their scores, added up in the order of the
 * marks. Both outputs have room for them. */
EXPORT int64_t score_bits(const uint64_t *const *marks, const float *scores, uint64_t count, uint64_t words,
                          int64_t *documents, double *sums) {
    int64_t found = 0;
    for (uint64_t word = 0; word < words; word++) {
        uint64_t any = 0;
        for (uint64_t i = 0; i < count; i++) any |= marks[i][word];
        for (; any; any &= any - 1) {
            const uint64_t bit = (uint64_t)__builtin_ctzll(any);
            double sum = 0;
            for (uint64_t i = 0; i < count; i++) sum += (double)(marks[i][word] >> bit & 1) * scores[i];
            documents[found] = (int64_t)(word * 64 + bit);
            sums[found++] = sum;
        }
    }
    return found;
}
