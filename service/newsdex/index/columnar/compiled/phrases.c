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

/* How far a word was read. */
typedef struct {
    uint64_t piece; /* the next one */
    cursor from;
    uint64_t bit; /* where the positions of the current posting begin */
    uint64_t count, at;
    uint32_t documents[BLOCK], frequencies[BLOCK];
} reading;

/* As kernel.py has it. */
typedef char size_of_reading[sizeof(reading) == 312 ? 1 : -1];

typedef struct {
    uint64_t done;                         /* documents that were looked at */
    uint64_t source, first_word, end_word; /* which words of positions must be checked */
    uint64_t found;
    reading words[];
} progress;

/* Keep those of some sorted documents that a term has. Give how many, or DAMAGED. */
EXPORT int64_t keep_common(const piece *pieces, uint64_t piece_count, int64_t *documents, uint64_t count) {
    uint64_t at = 0, kept = 0;
    for (uint64_t i = 0; i < piece_count; i++) {
        cursor from = {&pieces[i], pieces[i].start, 0};
        uint32_t own[BLOCK];
        int64_t read;
        while (at < count && (read = next_documents(&from, own)) != 0) {
            if (read < 0) return DAMAGED;
            for (int64_t k = 0; at < count && documents[at] <= own[read - 1]; at++) {
                while (own[k] < documents[at]) k++;
                if (own[k] == documents[at]) documents[kept++] = documents[at];
            }
        }
    }
    return (int64_t)kept;
}

/* Go to a document that the word has; give 0 where it has not. */
static int go_to(reading *word, const list *one, const positions *const *by_source, uint64_t document) {
    for (;;) {
        const positions *own = word->piece ? by_source[one->pieces[word->piece - 1].source] : 0;
        const uint64_t base = word->piece ? one->pieces[word->piece - 1].base : 0;
        for (; word->at < word->count; word->at++) {
            const uint64_t there = word->documents[word->at];
            if (there >= document) return there == document;
            word->bit += (uint64_t)word->frequencies[word->at] * own->widths[there - base];
        }
        const uint64_t place = word->from.at;
        int64_t read = word->piece ? next_documents(&word->from, word->documents) : 0;
        if (read < 0) return 0;
        if (read && !read_frequencies(word->from.piece, place, (uint64_t)read, word->frequencies)) return 0;
        if (!read) {
            if (word->piece == one->piece_count) return 0;
            const piece *next = &one->pieces[word->piece++];
            const positions *there = by_source[next->source];
            if (next->first >= there->starts.count) return 0;
            word->from = (cursor){next, next->start, 0};
            word->bit = number_at(&there->starts, next->first);
            if (next->base + next->field->document_count <= document) word->from.at = next->stop;
        }
        word->count = (uint64_t)read;
        word->at = 0;
    }
}

/* Read the positions of the current posting. Give how many, UNCHECKED or DAMAGED. */
static int64_t read_positions(const reading *word, const positions *from, uint64_t room, progress *state,
                              uint32_t *out) {
    const piece *one = word->from.piece;
    const uint64_t count = word->frequencies[word->at];
    const uint64_t width = from->widths[word->documents[word->at] - one->base];
    const uint64_t end = word->bit + count * width;
    if (word->bit / 32 >= from->word_count || count > room || width > 32 || (end + 31) / 32 + SPARE_WORDS > from->word_count) return DAMAGED;
    const uint64_t size = sizeof *from->words, first = word->bit / 32 * size;
    for (uint64_t block = first / CHECKED_BYTES; block <= (end / 32 * size + size - 1) / CHECKED_BYTES; block++)
        if (!from->checked[block]) {
            state->source = one->source;
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

/* Find which of some documents, that all have all words, have them one after the other; go on where `state` says.
 *
 * `state` is zeros at first, as many bytes as a `progress` with a `reading` for each word. `room` is the greatest number
 * of positions that a word has in a document; `buffers` has twice that. Stops after about `budget` words were read.
 * Outputs, with the sums of the words' scores and how often the phrase ends in each, have room for all documents; they
 * are filled up to `state->found`. Give 0, UNCHECKED where the positions that `state` names are to be compared
 * with their checksums, or DAMAGED. */
EXPORT int64_t find_phrase(const list *lists, uint64_t count, const positions *const *by_source, uint64_t slop,
                           const int64_t *documents, uint64_t document_count, progress *state, uint64_t budget,
                           uint32_t *buffers, uint64_t room, int64_t *out, double *scores, uint32_t *times) {
    uint64_t read = 0;
    for (; state->done < document_count && read < budget; state->done++) {
        uint32_t *before = buffers, *after = buffers + room;
        uint64_t ends = 0;
        double score = 0;
        for (uint64_t i = 0; i < count; i++, read++) {
            reading *word = &state->words[i];
            const list *one = &lists[i];
            if (!go_to(word, one, by_source, (uint64_t)documents[state->done])) return DAMAGED;
            const int64_t found = read_positions(word, by_source[word->from.piece->source], room, state, after);
            if (found < 0) return found;
            ends = i ? keep_following(before, ends, after, (uint64_t)found, slop) : (uint64_t)found;
            if (!ends) break;
            score += scored(one, word->documents[word->at], word->frequencies[word->at]);
            uint32_t *other = before;
            before = after;
            after = other;
        }
        if (ends) {
            out[state->found] = documents[state->done];
            scores[state->found] = score;
            times[state->found++] = (uint32_t)ends;
        }
    }
    return 0;
}
