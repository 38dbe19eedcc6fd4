/* Tells which terms are within some edits of a text. */
#include "kernel.h"

/* Decode at most `room` characters of a term; give how many, or more than `room` where it has more. */
static uint64_t decoded(const uint8_t *bytes, uint64_t count, uint32_t *out, uint64_t room) {
    uint64_t found = 0;
    for (uint64_t i = 0; i < count; found++) {
        if (found == room) return room + 1;
        const uint8_t lead = bytes[i++];
        uint32_t character = lead < 0xC0 ? lead : lead < 0xE0 ? lead & 0x1F : lead < 0xF0 ? lead & 0x0F : lead & 0x07;
        while (i < count && (bytes[i] & 0xC0) == 0x80) character = character << 6 | (bytes[i++] & 0x3F);
        out[found] = character;
    }
    return found;
}

/* Give Levenshtein's distance, or more than `most` where it is more. `row` has room for other_count + 1. */
static uint64_t edits(const uint32_t *one, uint64_t one_count, const uint32_t *other, uint64_t other_count,
                      uint64_t most, uint32_t *row) {
    while (one_count && other_count && *one == *other) one++, other++, one_count--, other_count--;
    while (one_count && other_count && one[one_count - 1] == other[other_count - 1]) one_count--, other_count--;
    if (!one_count || !other_count) return one_count + other_count;
    /* both ends differ: one edit mends that only where they are one and the same place */
    if (most == 1 && (one_count > 1 || other_count > 1)) return 2;
    for (uint64_t k = 0; k <= other_count; k++) row[k] = (uint32_t)k;
    for (uint64_t i = 0; i < one_count; i++) {
        uint32_t diagonal = row[0], least = row[0] = (uint32_t)i + 1;
        for (uint64_t k = 0; k < other_count; k++) {
            const uint32_t above = row[k + 1], changed = diagonal + (one[i] != other[k]);
            const uint32_t shorter = (above < row[k] ? above : row[k]) + 1;
            diagonal = above;
            row[k + 1] = changed < shorter ? changed : shorter;
            if (row[k + 1] < least) least = row[k + 1];
        }
        if (least > most) return most + 1;
    }
    return row[other_count];
}

/* Give those terms of [first, stop), and of some others, that are at most so many edits away from a text and share its
 * first characters. `ends` says where each term ends, `sizes` how many characters it has, up to 255. `scratch` has room for 2 * (text_count + distance + 1) numbers.
 * Give how many, or DAMAGED. */
EXPORT int64_t near_terms(const dictionary *in, const numbers *ends, const uint8_t *sizes, uint64_t first, uint64_t stop,
                          const uint32_t *others, uint64_t other_count, const uint32_t *text, uint64_t text_count,
                          uint64_t distance, uint64_t prefix, uint32_t *scratch, int64_t *out) {
    const uint64_t longest = text_count + distance;
    uint32_t *characters = scratch, *row = scratch + longest + 1;
    int64_t found = 0;
    const uint64_t shared = prefix < text_count ? prefix : text_count;
    if (first > stop) return DAMAGED;
    for (uint64_t i = 0; i < stop - first + other_count; i++) {
        const uint64_t number = i < stop - first ? first + i : others[i - (stop - first)];
        if (i >= stop - first && number >= first && number < stop) continue;
        if (number >= in->lengths.count || number >= ends->count) return DAMAGED;
        /* one look at a byte decides of most */
        const uint64_t size = sizes[number];
        if (size < UINT8_MAX && (size > longest || size + distance < text_count)) continue;
        const uint64_t end = number_at(ends, number), length = number_at(&in->lengths, number);
        if (end > in->byte_count || length > end) return DAMAGED;
        const uint64_t count = decoded(in->bytes + end - length, length, characters, longest);
        if (count > longest || count + distance < text_count || count < shared) continue;
        if (prefix > text_count && count != text_count) continue;
        if (__builtin_memcmp(characters, text, shared * sizeof *text)) continue;
        if (edits(characters, count, text, text_count, distance, row) <= distance) out[found++] = (int64_t)number;
    }
    return found;
}
