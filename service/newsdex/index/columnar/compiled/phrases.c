/* Finds the documents where words stand one after the other. */
#include "kernel.h"

/* The positions of a field of a segment: FORMAT.md. */
typedef struct {
    const uint32_t *words;
    uint64_t word_count;   /* the spare ones included */
    numbers starts;        /* the bit at which each term's positions begin */
    const uint8_t *widths; /* of a position, for each document of the segment */
    const uint8_t *checked;
} positions;

/* Where the positions of a word in a document lie. */
typedef struct {
    uint64_t source;
    uint64_t bit;
    uint32_t count;
    uint32_t width;
} place;

/* How far a phrase was looked for. */
typedef struct {
    uint64_t read;  /* lists */
    uint64_t done;  /* documents that were looked at */
    uint64_t found; /* documents */
    uint64_t source, first_word, end_word; /* which words of positions must be checked */
} progress;

/* Keep those of some sorted documents that a term has. `marks` has room for a bit for each document of the commit, in
 * words of 64. Give how many, or DAMAGED. */
static int64_t keep_common(const list *term, int64_t *documents, uint64_t count, uint64_t *marks, uint64_t words) {
    uint64_t at = 0, kept = 0;
    __builtin_memset(marks, 0, words * sizeof *marks);
    for (uint64_t i = 0; i < count && (uint64_t)documents[i] / 64 < words; i++)
        marks[documents[i] / 64] |= (uint64_t)1 << documents[i] % 64;
    for (uint64_t i = 0; i < term->piece_count && at < count; i++) {
        const piece *one = &term->pieces[i];
        if (documents[at] >= (int64_t)(one->base + one->field->document_count)) continue;
        cursor from = {one, one->start, 0};
        uint32_t own[BLOCK], common[BLOCK + 1];
        int64_t read;
        while (at < count && (read = next_documents(&from, own)) != 0) {
            if (read < 0) return DAMAGED;
            if (documents[at] > own[read - 1]) continue;
            /* without a branch: no processor would guess it */
            uint64_t chosen = 0;
            for (int64_t k = 0; k < read; k++) {
                common[chosen] = own[k];
                chosen += marks[own[k] / 64] >> own[k] % 64 & 1;
            }
            while (at < count && documents[at] <= own[read - 1]) at++;
            /* what is kept takes the place of documents that were passed */
            for (uint64_t k = 0; k < chosen; k++) documents[kept++] = common[k];
        }
    }
    return (int64_t)kept;
}

/* Find the documents that all lists have; go on where `state` says, which is zeros at first, but for `found` where there
 * are documents to choose from. `documents` has room for a bit for each document of the commit, in `words` of 64, and
 * then for the documents of the first list, or has those to choose from. Stops after about `budget`
 * postings; when `state->read` is the number of lists, `state->found` documents are there. Give 0, or DAMAGED. */
EXPORT int64_t common_documents(const list *lists, uint64_t count, progress *state, uint64_t budget,
                                int64_t *documents, uint64_t words) {
    uint64_t *marks = (uint64_t *)documents, read = 0;
    documents += words;
    for (; state->read < count && read < budget; state->read++) {
        const list *one = &lists[state->read];
        const int64_t found = state->read || state->found
            ? keep_common(one, documents, state->found, marks, words)
            : read_documents_of(one->pieces, one->piece_count, documents);
        if (found < 0) return DAMAGED;
        state->found = (uint64_t)found;
        read += one->count;
    }
    return 0;
}

/* Find where the positions of a word lie in some sorted documents that all have it. Give how many, or DAMAGED. */
static int64_t place_word(const list *word, const positions *const *by_source, const int64_t *documents,
                          uint64_t count, place *out) {
    uint64_t at = 0;
    for (uint64_t i = 0; i < word->piece_count && at < count; i++) {
        const piece *one = &word->pieces[i];
        const positions *there = by_source[one->source];
        if (documents[at] >= (int64_t)(one->base + one->field->document_count)) continue;
        if (one->first >= there->starts.count) return DAMAGED;
        uint64_t bit = number_at(&there->starts, one->first);
        const uint8_t *widths = there->widths - one->base;
        cursor from = {one, one->start, 0};
        uint32_t own[BLOCK], frequencies[BLOCK];
        for (uint64_t begin = from.at; at < count; begin = from.at) {
            const int64_t read = next_documents(&from, own);
            if (!read) break;
            if (read < 0 || !read_frequencies(one, begin, (uint64_t)read, frequencies)) return DAMAGED;
            uint64_t before[BLOCK + 1];
            before[0] = bit;
            for (int64_t k = 0; k < read; k++) before[k + 1] = before[k] + (uint64_t)frequencies[k] * widths[own[k]];
            bit = before[read];
            for (int64_t k = 0; at < count && documents[at] <= own[read - 1]; at++) {
                while (own[k] < documents[at]) k++;
                if (own[k] != documents[at]) return DAMAGED;
                out[at] = (place){one->source, before[k], frequencies[k], widths[own[k]]};
            }
        }
    }
    return at == count ? (int64_t)count : DAMAGED;
}

/* Read the positions of a word in a document. Give how many, UNCHECKED or DAMAGED. */
static int64_t read_positions(const place *word, const positions *const *by_source, uint64_t room, progress *state,
                              uint32_t *out) {
    const positions *from = by_source[word->source];
    const uint64_t count = word->count, width = word->width, end = word->bit + count * width;
    if (word->bit / 32 >= from->word_count || count > room || width > 32 ||
        (end + 31) / 32 + SPARE_WORDS > from->word_count)
        return DAMAGED;
    const uint64_t size = sizeof *from->words, first = word->bit / 32 * size;
    for (uint64_t block = first / CHECKED_BYTES; block <= (end / 32 * size + size - 1) / CHECKED_BYTES; block++)
        if (!from->checked[block]) {
            state->source = word->source;
            state->first_word = word->bit / 32;
            state->end_word = end / 32 + 1;
            return UNCHECKED;
        }
    const uint8_t *bytes = (const uint8_t *)from->words;
    const uint64_t mask = ((uint64_t)1 << width) - 1;
    for (uint64_t i = 0, bit = word->bit; i < count; i++, bit += width) {
        uint64_t loaded;
        __builtin_memcpy(&loaded, bytes + (bit >> 3), sizeof loaded);
        out[i] = (uint32_t)(loaded >> (bit & 7) & mask);
    }
    return (int64_t)count;
}

/* Keep those positions that stand at most `slop` behind one of others; both rise. */
static uint64_t keep_following(const uint32_t *before, uint64_t before_count, uint32_t *after, uint64_t count,
                               uint64_t slop) {
    uint64_t at = 0, kept = 0;
    for (uint64_t i = 0; i < count; i++) {
        while (at < before_count && before[at] < after[i]) at++;
        if (at && (uint64_t)after[i] - before[at - 1] <= slop) after[kept++] = after[i];
    }
    return kept;
}

/* Find which of some documents, that all have all words, have them one after the other; go on where `state` says, which
 * is zeros at first.
 *
 * `room` is the greatest number of positions that a word has in a document. `out` has three rows with a number of 64
 * bits for each document: those that have the phrase, the sums of the words' scores as doubles, and how often the phrase
 * ends in each; they are filled up to `state->found`. Behind them it has three such numbers for each document and word,
 * and one for each of `room`. Stops after about `budget` postings and positions; everything was looked at when
 * `state->done` is the number of documents. Give 0, UNCHECKED where the positions that `state` names are to be compared
 * with their checksums, or DAMAGED. */
EXPORT int64_t find_phrase(const list *lists, uint64_t count, const positions *const *by_source, uint64_t slop,
                           const int64_t *documents, uint64_t document_count, progress *state, uint64_t budget,
                           uint64_t room, int64_t *out) {
    place *placed = (place *)(out + 3 * document_count);
    uint32_t *buffers = (uint32_t *)(placed + count * document_count);
    uint64_t read = 0;
    for (; state->read < count && read < budget; state->read++) {
        const list *word = &lists[state->read];
        if (place_word(word, by_source, documents, document_count, placed + state->read * document_count) < 0)
            return DAMAGED;
        read += word->count;
    }
    for (; state->done < document_count && read < budget; state->done++) {
        uint32_t *before = buffers, *after = buffers + room;
        uint64_t ends = 0;
        double score = 0;
        for (uint64_t i = 0; i < count; i++) {
            const place *word = &placed[i * document_count + state->done];
            const int64_t found = read_positions(word, by_source, room, state, after);
            if (found < 0) return found;
            ends = i ? keep_following(before, ends, after, (uint64_t)found, slop) : (uint64_t)found;
            read += (uint64_t)found;
            if (!ends) break;
            score += scored(&lists[i], (uint64_t)documents[state->done], word->count);
            uint32_t *other = before;
            before = after;
            after = other;
        }
        if (ends) {
            int64_t *row = out + state->found++;
            row[0] = documents[state->done];
            __builtin_memcpy(row + document_count, &score, sizeof score);
            row[2 * document_count] = (int64_t)ends;
        }
    }
    return 0;
}
