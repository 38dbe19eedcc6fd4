/* Finds terms in the sorted terms of fields. */
#include "kernel.h"

#define SAMPLED_EVERY 16
#define KEY_BYTES 8
#define TOGETHER 16
#define FETCHED_LINES 4
#define LINE_BYTES 64

/* Compare a term with another one; give -1, 0 or 1. */
INLINE int compared(const uint8_t *one, uint64_t one_length, const uint8_t *other, uint64_t other_length) {
    const uint64_t shorter = one_length < other_length ? one_length : other_length;
    const int order = __builtin_memcmp(one, other, shorter);
    return order ? (order < 0 ? -1 : 1) : (one_length > other_length) - (one_length < other_length);
}

/* Give the first 8 bytes of a term, the very first the most significant: terms sort as these do. */
INLINE uint64_t key_of(const uint8_t *term, uint64_t length) {
    uint64_t key = 0;
    for (uint64_t i = 0; i < KEY_BYTES; i++) key = key << 8 | (i < length ? term[i] : 0);
    return key;
}

/* Give the last sampled term that is not greater, or the first one; DAMAGED where a term is not within the bytes. */
static int64_t sample_before(const dictionary *in, const uint8_t *term, uint64_t length) {
    const uint64_t key = key_of(term, length);
    uint64_t low = 0, high = in->starts.count;
    while (high - low > 1) {
        const uint64_t middle = low + (high - low) / 2, number = middle * SAMPLED_EVERY;
        int greater = in->keys[middle] > key;
        if (in->keys[middle] == key) {
            if (number >= in->lengths.count) return DAMAGED;
            const uint64_t start = number_at(&in->starts, middle), own = number_at(&in->lengths, number);
            if (start > in->byte_count || own > in->byte_count - start) return DAMAGED;
            greater = compared(in->bytes + start, own, term, length) > 0;
        }
        if (greater) high = middle;
        else low = middle;
    }
    return (int64_t)low;
}

/* Give the number of the first term that is not less, from a sampled one on, and whether it is the same; DAMAGED where a
 * term is not within the bytes. */
static int64_t bound_behind(const dictionary *in, uint64_t sample, const uint8_t *term, uint64_t length, int *same) {
    *same = 0;
    if (sample >= in->starts.count) return 0;
    uint64_t start = number_at(&in->starts, sample), number = sample * SAMPLED_EVERY;
    if (number > in->lengths.count) return DAMAGED;
    const uint64_t left = in->lengths.count - number;
    for (const uint64_t stop = number + (left < SAMPLED_EVERY ? left : SAMPLED_EVERY); number < stop; number++) {
        const uint64_t own = number_at(&in->lengths, number);
        if (start > in->byte_count || own > in->byte_count - start) return DAMAGED;
        const int order = compared(in->bytes + start, own, term, length);
        if (order >= 0) {
            *same = !order;
            break;
        }
        start += own;
    }
    return (int64_t)number;
}

/* Give the number of the first term that is not less; DAMAGED where a term is not within the bytes. */
EXPORT int64_t term_bound(const dictionary *in, const uint8_t *term, uint64_t length) {
    int same;
    const int64_t sample = sample_before(in, term, length);
    return sample < 0 ? DAMAGED : bound_behind(in, (uint64_t)sample, term, length, &same);
}

/* Give a term's number; as many as there are terms where it is none of them. */
EXPORT int64_t term_number(const dictionary *in, const uint8_t *term, uint64_t length) {
    int same;
    const int64_t sample = sample_before(in, term, length);
    if (sample < 0) return DAMAGED;
    const int64_t number = bound_behind(in, (uint64_t)sample, term, length, &same);
    return number < 0 || same ? number : (int64_t)in->lengths.count;
}

/* Give these numbers in some segments, and whether the terms are the same. Most of the time is waiting for memory, so
 * what the next step reads is asked for in all of them before. Give 0 where a term is not within the bytes. */
static int find_bounds(const source *from, uint64_t count, const uint8_t *term, uint64_t length, int64_t *numbers,
                       int *same) {
    for (uint64_t i = 0; i < count; i++) {
        const dictionary *in = from[i].field->terms;
        numbers[i] = sample_before(in, term, length);
        if (numbers[i] < 0) return 0;
        __builtin_prefetch(in->lengths.data + (uint64_t)numbers[i] * SAMPLED_EVERY * in->lengths.size);
        __builtin_prefetch(in->starts.data + (uint64_t)numbers[i] * in->starts.size);
    }
    for (uint64_t i = 0; i < count; i++) {
        const dictionary *in = from[i].field->terms;
        if (in->starts.count) __builtin_prefetch(in->bytes + number_at(&in->starts, (uint64_t)numbers[i]));
    }
    for (uint64_t i = 0; i < count; i++) {
        const field *own = from[i].field;
        numbers[i] = bound_behind(own->terms, (uint64_t)numbers[i], term, length, &same[i]);
        if (numbers[i] < 0) return 0;
        __builtin_prefetch(own->starts.data + (uint64_t)numbers[i] * own->starts.size);
    }
    return 1;
}

typedef struct {
    uint64_t postings;
    uint64_t unchecked; /* whether some of them were not compared with their checksums yet */
    piece pieces[];
} found;

/* Ask for the memory of the first postings, which are read soon: a list has a part in each segment. */
static void fetch(const packed *from, uint64_t start) {
    if (!from->words || start / BLOCK >= from->blocks) return;
    const uint8_t *bytes = (const uint8_t *)(from->words + from->places[start / BLOCK]);
    __builtin_prefetch(from->widths + start / BLOCK);
    for (uint64_t line = 0; line < FETCHED_LINES; line++) __builtin_prefetch(bytes + line * LINE_BYTES);
}

/* Add the postings of the terms [first, last) of one segment; give 0 where they cannot be. */
static int add_piece(found *to, int64_t *count, const source *from, uint64_t at, uint64_t first, uint64_t last) {
    const field *own = from[at].field;
    if (last >= own->starts.count) return 0;
    const uint64_t start = number_at(&own->starts, first), stop = number_at(&own->starts, last);
    if (start > stop || stop > own->documents.blocks * BLOCK) return 0;
    if (!is_checked(&own->documents, start, stop) || !is_checked(&own->frequencies, start, stop)) to->unchecked = 1;
    fetch(&own->documents, start);
    fetch(&own->frequencies, start);
    to->postings += stop - start;
    to->pieces[(*count)++] = (piece){own, at, from[at].base, first, last, start, stop};
    return 1;
}

/* Find a term in some segments; `out` has room for a piece of each. Give the number of pieces, or DAMAGED. */
EXPORT int64_t find_term(const source *from, uint64_t sources, const uint8_t *term, uint64_t length, found *out) {
    int64_t count = 0, numbers[TOGETHER];
    int same[TOGETHER];
    out->postings = out->unchecked = 0;
    for (uint64_t begin = 0; begin < sources; begin += TOGETHER) {
        const uint64_t some = sources - begin < TOGETHER ? sources - begin : TOGETHER;
        if (!find_bounds(from + begin, some, term, length, numbers, same)) return DAMAGED;
        for (uint64_t i = 0; i < some; i++)
            if (same[i] && !add_piece(out, &count, from, begin + i, (uint64_t)numbers[i], (uint64_t)numbers[i] + 1))
                return DAMAGED;
    }
    return count;
}

/* Find the terms from one on and before another, or to the end where there is no other; `out` has room for a range of
 * each source. Give how many ranges there are, or DAMAGED. */
EXPORT int64_t terms_between(const source *from, uint64_t sources, const uint8_t *first, uint64_t first_length,
                             const uint8_t *stop, uint64_t stop_length, range *out) {
    int64_t count = 0, firsts[TOGETHER], stops[TOGETHER];
    int same[TOGETHER];
    for (uint64_t begin = 0; begin < sources; begin += TOGETHER) {
        const uint64_t some = sources - begin < TOGETHER ? sources - begin : TOGETHER;
        if (!find_bounds(from + begin, some, first, first_length, firsts, same)) return DAMAGED;
        for (uint64_t i = 0; i < some; i++) stops[i] = (int64_t)from[begin + i].field->terms->lengths.count;
        if (stop && !find_bounds(from + begin, some, stop, stop_length, stops, same)) return DAMAGED;
        for (uint64_t i = 0; i < some; i++)
            if (firsts[i] < stops[i]) out[count++] = (range){begin + i, (uint64_t)firsts[i], (uint64_t)stops[i]};
    }
    return count;
}
