/* Finds the documents where words stand one after the other. */
#include "kernel.h"

#define CHUNK 256
#define AHEAD 4

/* The positions of a field of a segment: FORMAT.md. */
typedef struct {
    const uint32_t *words;
    uint64_t word_count;   /* the spare ones included */
    numbers starts;        /* the bit at which each term's positions begin */
    const uint8_t *widths; /* of a position, for each document of the segment */
    const uint8_t *checked;
} positions;

LAYOUT(positions, AT(positions, words), AT(positions, word_count), AT(positions, starts), AT(positions, widths),
       AT(positions, checked));

/* Where the positions of a word in a document lie. */
typedef struct {
    uint64_t source;
    uint64_t bit;
    uint32_t count;
    uint32_t width;
} place;

/* How far a word was read: from the beginning of a block. */
typedef struct {
    uint64_t piece;
    uint64_t begun; /* whether the piece was */
    cursor from;
    uint64_t bit; /* where the positions of the next posting begin */
} reading;

/* As bindings.py has them. */
typedef char size_of_word[sizeof(reading) + CHUNK * sizeof(place) == 8 * (6 + CHUNK * 3) ? 1 : -1];

/* How far a phrase was looked for; zeros at first, but for `common` where there are documents to choose from. */
typedef struct {
    uint64_t listed; /* words whose documents were intersected */
    uint64_t last;   /* the last one of them, counted from 1 */
    uint64_t common; /* documents that all of these have */
    uint64_t marked; /* whether these are only marked yet */
    uint64_t kept;   /* the word, counted from 1, whose positions were placed in all of them; 0 is none */
    uint64_t placed; /* of the common documents, for how many it is known where positions lie */
    uint64_t words;  /* in the documents behind these, words for which it is known */
    uint64_t done;   /* documents that were looked at */
    uint64_t found;
    uint64_t finished;
    uint64_t source, first_word, end_word; /* which words of positions must be checked */
} progress;

LAYOUT(progress, AT(progress, listed), AT(progress, last), AT(progress, common), AT(progress, marked),
       AT(progress, kept), AT(progress, placed), AT(progress, words), AT(progress, done), AT(progress, found),
       AT(progress, finished), AT(progress, source), AT(progress, first_word), AT(progress, end_word));

/* Mark some sorted documents that are within so many words of marks. */
static void mark(const int64_t *documents, uint64_t count, uint64_t *marks, uint64_t words) {
    __builtin_memset(marks, 0, words * sizeof *marks);
    for (uint64_t i = 0; i < count && (uint64_t)documents[i] / 64 < words; i++)
        marks[documents[i] / 64] |= (uint64_t)1 << documents[i] % 64;
}

/* Mark all documents of a term. Give how many, or DAMAGED. */
static int64_t mark_term(const list *term, uint64_t *marks, uint64_t words) {
    int64_t count = 0, read = 0;
    uint32_t documents[BLOCK];
    __builtin_memset(marks, 0, words * sizeof *marks);
    for (uint64_t i = 0; i < term->piece_count && read >= 0; i++) {
        cursor from = {&term->pieces[i], term->pieces[i].start, 0};
        while ((read = next_documents(&from, documents)) > 0) {
            for (int64_t k = 0; k < read; k++) marks[documents[k] / 64] |= (uint64_t)1 << documents[k] % 64;
            count += read;
        }
    }
    return read < 0 ? DAMAGED : count;
}

/* Where the positions of a block's postings lie. */
typedef struct {
    uint64_t bits[BLOCK + 1];
    uint32_t frequencies[BLOCK];
    uint8_t widths[BLOCK];
} block_places;

/* Find where the positions of a block's postings lie, from a bit on, which becomes that of the next block. Give 0 where
 * the frequencies cannot be read. */
INLINE int place_block(const piece *one, const positions *there, uint64_t at, const uint32_t *documents, int64_t count,
                       uint64_t *bit, block_places *out) {
    if (!read_frequencies(one, at, (uint64_t)count, out->frequencies)) return 0;
    out->bits[0] = *bit;
    for (int64_t k = 0; k < count; k++) {
        out->widths[k] = there->widths[documents[k] - one->base];
        out->bits[k + 1] = out->bits[k] + (uint64_t)out->frequencies[k] * out->widths[k];
    }
    *bit = out->bits[count];
    return 1;
}

INLINE place place_at(const piece *one, const block_places *in, int64_t k) {
    return (place){one->source, in->bits[k], in->frequencies[k], in->widths[k]};
}

/* Give those documents of a term that are marked, of a part of the commit. Where `placed` is given, it becomes where the term's positions in them lie. Give how many documents, or DAMAGED. */
static int64_t keep_marked(const list *term, const positions *const *by_source, const uint64_t *marks, uint64_t first,
                           uint64_t last, int64_t *out, place *placed) {
    int64_t kept = 0;
    for (uint64_t i = 0; i < term->piece_count; i++) {
        const piece *one = &term->pieces[i];
        if (one->base + one->field->document_count <= first || one->base > last) continue;
        const positions *there = by_source[one->source];
        if (one->first >= there->starts.count) return DAMAGED;
        cursor from = {one, one->start, 0};
        uint64_t bit = number_at(&there->starts, one->first);
        uint32_t own[BLOCK];
        for (;;) {
            const uint64_t begin = from.at;
            const int64_t read = next_documents(&from, own);
            if (read < 0) return DAMAGED;
            if (!read || own[0] > last) break;
            uint8_t chosen[BLOCK + 1];
            int64_t count = 0;
            /* without a branch: no processor would guess it */
            for (int64_t k = 0; k < read; k++) {
                chosen[count] = (uint8_t)k;
                count += marks[own[k] / 64] >> own[k] % 64 & 1;
            }
            for (int64_t k = 0; k < count; k++) out[kept + k] = own[chosen[k]];
            if (placed) {
                block_places places;
                if (!place_block(one, there, begin, own, read, &bit, &places)) return DAMAGED;
                for (int64_t k = 0; k < count; k++) placed[kept + k] = place_at(one, &places, chosen[k]);
            }
            kept += count;
        }
    }
    return kept;
}

/* Give the list with the fewest documents of those behind the last one in that order. */
static const list *next_list(const list *lists, uint64_t count, progress *state) {
    const uint64_t last = state->last, least = last ? lists[last - 1].count : 0;
    uint64_t best = 0;
    for (uint64_t i = 1; i <= count; i++) {
        const uint64_t own = lists[i - 1].count;
        if (last && (own < least || (own == least && i <= last))) continue;
        if (!best || own < lists[best - 1].count) best = i;
    }
    state->last = best;
    return &lists[best - 1];
}

/* Find where the positions of a word lie in the next of some sorted documents that all have it. Give how many postings
 * were read, or DAMAGED. */
static int64_t place_word(const list *word, const positions *const *by_source, reading *state,
                          const int64_t *documents, uint64_t count, place *out) {
    uint64_t at = 0;
    int64_t postings = 0;
    for (; state->piece < word->piece_count && at < count; state->piece++, state->begun = 0) {
        const piece *one = &word->pieces[state->piece];
        const positions *there = by_source[one->source];
        if (documents[at] >= (int64_t)(one->base + one->field->document_count)) continue;
        if (!state->begun) {
            if (one->first >= there->starts.count) return DAMAGED;
            state->bit = number_at(&there->starts, one->first);
            state->from = (cursor){one, one->start, 0};
            state->begun = 1;
        }
        for (;;) {
            uint32_t own[BLOCK];
            block_places places;
            const cursor begin = state->from;
            const uint64_t bit = state->bit;
            const int64_t read = next_documents(&state->from, own);
            if (!read) break;
            if (read < 0 || !place_block(one, there, begin.at, own, read, &state->bit, &places)) return DAMAGED;
            postings += read;
            for (int64_t k = 0; at < count && documents[at] <= own[read - 1]; at++) {
                while (own[k] < documents[at]) k++;
                if (own[k] != documents[at]) return DAMAGED;
                out[at] = place_at(one, &places, k);
            }
            if (at == count) { /* more documents may follow in this block */
                state->from = begin;
                state->bit = bit;
                return postings;
            }
        }
    }
    return at == count ? postings : DAMAGED;
}

/* Ask for the memory of the positions of a word in a document. */
INLINE void fetch(const place *word, const positions *const *by_source) {
    __builtin_prefetch((const uint8_t *)by_source[word->source]->words + word->bit / 8);
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

/* Give where a word's positions in a document lie: as it was kept, or among those of some documents. */
INLINE const place *place_of(const progress *state, uint64_t word, const place *placed, const place *whole,
                             uint64_t document) {
    return word + 1 == state->kept ? &whole[document] : &placed[word * CHUNK + document % CHUNK];
}

/* Look at the positions of all words in the next document. Give how many were read, UNCHECKED or DAMAGED. */
static int64_t look_at(const list *lists, uint64_t count, const place *placed, const place *whole,
                       const positions *const *by_source, uint64_t slop, uint64_t room, progress *state,
                       uint32_t *buffers, int64_t *rows, uint64_t capacity) {
    uint32_t *before = buffers, *after = buffers + room;
    const int64_t document = rows[state->done];
    uint64_t ends = 0;
    int64_t read = 0;
    double score = 0;
    for (uint64_t i = 0; i < count; i++) {
        const place *word = place_of(state, i, placed, whole, state->done);
        const int64_t found = read_positions(word, by_source, room, state, after);
        if (found < 0) return found;
        read += found;
        ends = i ? keep_following(before, ends, after, (uint64_t)found, slop) : (uint64_t)found;
        if (!ends) return read;
        score += scored(&lists[i], (uint64_t)document, word->count);
        uint32_t *other = before;
        before = after;
        after = other;
    }
    /* what is found takes the place of a document that was looked at */
    int64_t *row = rows + state->found++;
    row[0] = document;
    __builtin_memcpy(row + capacity, &score, sizeof score);
    row[2 * capacity] = (int64_t)ends;
    return read;
}

/* Find the documents that have some words of one field one after the other; go on where `state` says, and stop after
 * about `budget` postings and positions.
 *
 * `capacity` is the number of documents to choose from, or of those that the rarest word has, and `room` the greatest
 * number of positions that a word has in a document. `memory` holds a bit for each document of the commit, in `marks`
 * numbers of 64; three rows of `capacity` numbers: the documents, at first those to choose from, the sums of the words'
 * scores as doubles, and how often the phrase ends in each; a place for each document; a reading and CHUNK places for each
 * word; `room` numbers. Give 0, UNCHECKED where the positions that `state` names are to be compared with their
 * checksums, or DAMAGED. */
EXPORT int64_t find_phrase(const list *lists, uint64_t count, const positions *const *by_source, uint64_t slop,
                           uint64_t room, uint64_t marks, uint64_t capacity, progress *state, uint64_t budget,
                           uint64_t *memory) {
    int64_t *rows = (int64_t *)(memory + marks), read = 0;
    place *whole = (place *)(rows + 3 * capacity);
    reading *readings = (reading *)(whole + capacity);
    place *placed = (place *)(readings + count);
    uint32_t *buffers = (uint32_t *)(placed + count * CHUNK);
    const int64_t most = (int64_t)budget;
    if (!state->listed) __builtin_memset(readings, 0, count * sizeof *readings);
    for (; state->listed < count && read < most; state->listed++) {
        const list *one = next_list(lists, count, state);
        const int given = state->listed || state->common;
        /* what the last one reads need not be read again */
        place *places = given && state->listed + 1 == count ? whole : 0;
        int64_t common;
        if (!given) {
            common = count > 1 ? mark_term(one, memory, marks) : read_documents_of(one->pieces, one->piece_count, rows);
        } else if (state->marked) {
            common = keep_marked(one, by_source, memory, 0, UINT64_MAX, rows, places);
        } else if (state->common) {
            mark(rows, state->common, memory, marks);
            const uint64_t first = (uint64_t)rows[0], last = (uint64_t)rows[state->common - 1];
            common = keep_marked(one, by_source, memory, first, last, rows, places);
        } else {
            common = 0;
        }
        if (common < 0) return DAMAGED;
        state->common = (uint64_t)common;
        state->marked = !given && count > 1;
        state->kept = places ? state->last : 0;
        read += (int64_t)one->count;
    }
    while (read < most) {
        const uint64_t left = state->common - state->placed, some = left < CHUNK ? left : CHUNK;
        if (state->done < state->placed) {
            if (state->done + AHEAD < state->placed)
                for (uint64_t i = 0; i < count; i++)
                    fetch(place_of(state, i, placed, whole, state->done + AHEAD), by_source);
            const int64_t own = look_at(lists, count, placed, whole, by_source, slop, room, state, buffers, rows,
                                        capacity);
            if (own < 0) return own;
            read += own + 1;
            state->done++;
        } else if (!left) {
            state->finished = 1;
            return 0;
        } else if (state->words < count) {
            const uint64_t word = state->words++;
            if (word + 1 == state->kept) continue;
            const int64_t own = place_word(&lists[word], by_source, &readings[word], rows + state->placed, some,
                                           placed + word * CHUNK);
            if (own < 0) return DAMAGED;
            read += own;
        } else {
            state->words = 0;
            state->placed += some;
        }
    }
    return 0;
}
