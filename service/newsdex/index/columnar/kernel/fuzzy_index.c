/* Tells which terms are within some edits of a text. */
#include "kernel.h"

#define ENDING_BYTES 8
#define DEARER 4
#define AT_ONCE 64
#define SIZES 256

/* What is known of the terms of a field besides their order; fuzzy.py makes it. */
typedef struct {
    const dictionary *terms;
    numbers ends;             /* where each term ends */
    const uint8_t *sizes;     /* of each term in characters, up to 255 */
    const uint64_t *endings;  /* the last bytes of each term, the very last the most significant; sorted */
    const uint32_t *by_ending; /* the terms in that order */
    const uint8_t *ending_sizes; /* and their sizes */
    const uint32_t *letters;  /* a bit for each letter of a term, in the order of `by_size` */
    const uint32_t *by_size;  /* the terms in the order of their sizes */
    const uint64_t *begins;   /* where each size begins there, and the end */
} neighbours;

LAYOUT(neighbours, AT(neighbours, terms), AT(neighbours, ends), AT(neighbours, sizes), AT(neighbours, endings),
       AT(neighbours, by_ending), AT(neighbours, ending_sizes), AT(neighbours, letters), AT(neighbours, by_size),
       AT(neighbours, begins));

/* What is looked for, and room to compare it with terms. */
typedef struct {
    const uint8_t *bytes;
    uint64_t byte_count;
    uint32_t *characters;
    uint64_t count;
    uint64_t distance;
    uint64_t shared;           /* first characters that a term must have, too */
    int whole;                 /* whether a term must have as many characters */
    uint32_t *decoded, *row;
} wanted;

/* What was found in one source. */
typedef struct {
    range *out;
    uint64_t source, ranges;
    uint64_t left; /* so many more terms may be found */
} near;

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

/* Tell whether one text becomes another, at most as long, by one edit where they first differ; each has a byte for a
 * character, and they share the first `same`. */
static int one_edit_apart(const uint8_t *one, uint64_t one_count, const uint8_t *other, uint64_t other_count,
                          uint64_t same) {
    if (same == one_count) return 1;
    const uint64_t skipped = one_count == other_count;
    return !__builtin_memcmp(one + same + 1, other + same + skipped, one_count - same - 1);
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

/* Tell whether a term is near, and shares with the text as many first characters as `same` says, or where `or_more` is
 * 1, more; DAMAGED where it is not within the bytes. */
static int is_near(const neighbours *in, uint64_t number, const wanted *text, uint64_t same, int or_more) {
    /* one look at a byte decides of most */
    const uint64_t size = in->sizes[number], longest = text->count + text->distance;
    if (size < SIZES - 1 && (size > longest || size + text->distance < text->count)) return 0;
    const uint64_t end = number_at(&in->ends, number), length = number_at(&in->terms->lengths, number);
    if (end > in->terms->byte_count || length > end) return DAMAGED;
    const uint8_t *bytes = in->terms->bytes + end - length;
    const int plain = text->distance == 1 && size == length && text->count == text->byte_count;
    const uint64_t count = plain ? size : decoded(bytes, length, text->decoded, longest);
    if (count > longest || count + text->distance < text->count || count < text->shared) return 0;
    if (text->whole && count != text->count) return 0;
    const uint64_t shorter = count < text->count ? count : text->count;
    uint64_t common = 0;
    if (plain) while (common < shorter && bytes[common] == text->bytes[common]) common++;
    else while (common < shorter && text->decoded[common] == text->characters[common]) common++;
    if (common < text->shared || common < same || (common > same && !or_more)) return 0;
    if (plain) return count > text->count ? one_edit_apart(bytes, count, text->bytes, text->count, common)
                                          : one_edit_apart(text->bytes, text->count, bytes, count, common);
    return edits(text->decoded + common, count - common, text->characters + common, text->count - common,
                 text->distance, text->row) <= text->distance;
}

/* Take a term if it is near; give 0 where no more may be found, or DAMAGED. */
static int taken(near *to, const neighbours *in, uint64_t number, const wanted *text, uint64_t same, int or_more) {
    const int found = is_near(in, number, text, same, or_more);
    if (found <= 0) return found ? DAMAGED : 1;
    if (!to->left--) return 0;
    range *last = to->ranges ? &to->out[to->ranges - 1] : 0;
    if (last && last->source == to->source && last->stop == number) last->stop++;
    else to->out[to->ranges++] = (range){to->source, number, number + 1};
    return 1;
}

/* Give the place of the first ending of [low, high) that is not less. */
static uint64_t ending_bound(const neighbours *in, uint64_t low, uint64_t high, uint64_t ending) {
    while (low < high) {
        const uint64_t middle = low + (high - low) / 2;
        if (in->endings[middle] < ending) low = middle + 1;
        else high = middle;
    }
    return low;
}

/* Numbers of terms, or places of endings. */
typedef struct {
    uint64_t first, stop;
} span;

/* Narrow a span of endings to those of the text's bytes from one on, or of the last of them. */
static span ending_with(const neighbours *in, const wanted *text, uint64_t from, span within) {
    const uint64_t rest = text->byte_count - from, used = rest < ENDING_BYTES ? rest : ENDING_BYTES;
    const uint64_t unit = (uint64_t)1 << 8 * (ENDING_BYTES - used);
    uint64_t ending = 0;
    for (uint64_t k = 1; k <= used; k++) ending = ending << 8 | text->bytes[text->byte_count - k];
    within.first = ending_bound(in, within.first, within.stop, ending * unit);
    /* no byte of UTF-8 is 255 */
    within.stop = ending_bound(in, within.first, within.stop, (ending + 1) * unit);
    return within;
}

/* Give the terms that begin with the text's first bytes, so many; give 0 where the terms cannot be. */
static int beginning_with(const neighbours *in, const wanted *text, uint64_t bytes, span *out) {
    uint8_t *following = (uint8_t *)text->row;
    *out = (span){0, in->terms->lengths.count};
    if (!bytes) return 1;
    __builtin_memcpy(following, text->bytes, bytes);
    following[bytes - 1]++;
    const int64_t first = term_bound(in->terms, text->bytes, bytes), stop = term_bound(in->terms, following, bytes);
    if (first < 0 || stop < first) return 0;
    *out = (span){(uint64_t)first, (uint64_t)stop};
    return 1;
}

INLINE uint64_t span_size(span one) { return one.stop - one.first; }

INLINE int is_character(const wanted *text, uint64_t byte) { return (text->bytes[byte] & 0xC0) != 0x80; }

/* Choose how many characters of the text an edit is looked for in by the ending behind it; behind them, it is looked
 * for among the terms that begin with them. What leaves the least to do is chosen. DAMAGED where the terms cannot be. */
static int64_t chosen_part(const neighbours *in, const wanted *text) {
    uint64_t least = UINT64_MAX, behind = 0, characters = 1;
    int64_t best = 1;
    for (uint64_t byte = 1; byte < text->byte_count; byte++) {
        span beginning;
        if (!is_character(text, byte)) continue;
        if (!beginning_with(in, text, byte, &beginning)) return DAMAGED;
        behind += span_size(ending_with(in, text, byte, (span){0, in->terms->lengths.count}));
        const uint64_t work = behind + DEARER * span_size(beginning);
        if (work < least) {
            least = work;
            best = (int64_t)characters;
        }
        characters++;
    }
    return best;
}

/* Tell whether a size is one edit away from the text's. */
INLINE int is_like_sized(const wanted *text, uint8_t size) {
    return ((uint8_t)(size - text->count + 1) <= 2) | (size == SIZES - 1);
}

/* Take those of some terms that are near; as `taken`. */
static int all_taken(near *to, const neighbours *in, const uint32_t *numbers, uint64_t count, const wanted *text,
                     uint64_t same, int or_more) {
    int more = 1;
    for (uint64_t i = 0; i < count && more > 0; i++) more = taken(to, in, numbers[i], text, same, or_more);
    return more;
}

/* Look for an edit behind some characters: among the terms that begin with their bytes; as `taken`. */
static int look_behind(near *to, const neighbours *in, const wanted *text, uint64_t bytes, uint64_t characters) {
    span beginning;
    int more = 1;
    if (!beginning_with(in, text, bytes, &beginning)) return DAMAGED;
    for (uint64_t number = beginning.first; number < beginning.stop && more > 0;) {
        uint32_t numbers[AT_ONCE];
        uint64_t chosen = 0, stop = beginning.stop - number < AT_ONCE ? beginning.stop : number + AT_ONCE;
        /* without a branch: no processor would guess it */
        for (; number < stop; number++) {
            numbers[chosen] = (uint32_t)number;
            chosen += (uint64_t)is_like_sized(text, in->sizes[number]);
        }
        more = all_taken(to, in, numbers, chosen, text, characters, 1);
    }
    return more;
}

/* Look for an edit at one character, behind some bytes and before an ending: among the terms that end so; as `taken`. */
static int look_at(near *to, const neighbours *in, const wanted *text, uint64_t bytes, uint64_t character,
                   span ending) {
    span beginning;
    int more = 1;
    if (!beginning_with(in, text, bytes, &beginning)) return DAMAGED;
    for (uint64_t place = ending.first; place < ending.stop && more > 0;) {
        uint32_t numbers[AT_ONCE];
        uint64_t chosen = 0, stop = ending.stop - place < AT_ONCE ? ending.stop : place + AT_ONCE;
        for (; place < stop; place++) {
            const uint64_t number = in->by_ending[place];
            numbers[chosen] = (uint32_t)number;
            chosen += is_like_sized(text, in->ending_sizes[place]) & (number - beginning.first < span_size(beginning));
        }
        more = all_taken(to, in, numbers, chosen, text, character, 0);
    }
    return more;
}

/* Look for one edit: where a term first differs from the text, the rest of both is the same; as `taken`. */
static int look_by_parts(near *to, const neighbours *in, const wanted *text, uint64_t parts) {
    uint64_t byte = 0;
    for (uint64_t characters = 0; characters < parts; characters++)
        do byte++; while (!is_character(text, byte));
    int more = look_behind(to, in, text, byte, parts);
    /* what ends with more of the text is among what ends with less of it */
    span ending = {0, in->terms->lengths.count};
    for (uint64_t character = parts; character-- && more > 0;) {
        ending = ending_with(in, text, byte, ending);
        do byte--; while (!is_character(text, byte));
        more = look_at(to, in, text, byte, character, ending);
    }
    return more;
}

/* Give a bit for each ASCII letter: an edit changes at most two of them. */
static uint32_t letters_of(const wanted *text) {
    uint32_t letters = 0;
    for (uint64_t i = 0; i < text->byte_count; i++)
        if (text->bytes[i] < 0x80) letters |= (uint32_t)1 << (text->bytes[i] & 31);
    return letters;
}

/* Look among the terms of about the right size with almost the same letters; as `taken`. */
static int look_by_letters(near *to, const neighbours *in, const wanted *text) {
    const uint64_t shortest = text->count > text->distance ? text->count - text->distance : 0;
    const uint64_t longest = text->count + text->distance, last = SIZES - 1;
    const uint32_t own = letters_of(text);
    const uint64_t stop = in->begins[(longest < last ? longest : last) + 1];
    for (uint64_t place = in->begins[shortest < last ? shortest : last]; place < stop; place++) {
        uint32_t other = in->letters[place] ^ own;
        for (uint64_t k = 0; k < 2 * text->distance; k++) other &= other - 1;
        if (other) continue;
        const int more = taken(to, in, in->by_size[place], text, 0, 1);
        if (more <= 0) return more;
    }
    return 1;
}

/* Find the terms of some sources that are at most `distance` edits away from a text and share its first `prefix`
 * characters, at most `limit` in each source; `out` has room for so many ranges of each. Where `by_parts` is 1, the
 * distance is 1 and the text has two characters or more. `scratch` has 3 * (byte_count + distance + 1) numbers. `cut`
 * becomes 1 where there are more. Give how many ranges there are, or DAMAGED. */
EXPORT int64_t near_terms(const neighbours *const *sources, uint64_t count, const uint8_t *text, uint64_t byte_count,
                          uint64_t distance, uint64_t prefix, uint64_t by_parts, uint64_t limit, uint32_t *scratch,
                          range *out, uint64_t *cut) {
    const uint64_t room = byte_count + distance + 1;
    const uint64_t size = decoded(text, byte_count, scratch, byte_count), shared = prefix < size ? prefix : size;
    const wanted own = {text, byte_count, scratch, size, distance, shared, prefix > size, scratch + room, scratch + 2 * room};
    near to = {out, 0, 0, 0};
    uint64_t largest = 0;
    int64_t parts = 0;
    for (uint64_t i = 1; i < count; i++)
        if (sources[i]->terms->lengths.count > sources[largest]->terms->lengths.count) largest = i;
    if (by_parts && count && (parts = chosen_part(sources[largest], &own)) < 0) return DAMAGED;
    for (to.source = 0; to.source < count; to.source++) {
        to.left = limit;
        const neighbours *in = sources[to.source];
        const int whole = by_parts ? look_by_parts(&to, in, &own, (uint64_t)parts) : look_by_letters(&to, in, &own);
        if (whole < 0) return DAMAGED;
        if (!whole) *cut = 1;
    }
    return (int64_t)to.ranges;
}
