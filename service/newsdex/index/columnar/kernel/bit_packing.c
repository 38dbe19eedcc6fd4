/* Unpacks postings: documents and frequencies in blocks of 32. */
#include "kernel.h"

INLINE void unpack_width(const uint32_t *words, unsigned width, uint32_t *out) {
    const uint8_t *bytes = (const uint8_t *)words;
    const uint64_t mask = ((uint64_t)1 << width) - 1;
    for (unsigned i = 0; i < BLOCK; i++) {
        uint64_t loaded;
        __builtin_memcpy(&loaded, bytes + (i * width >> 3), sizeof loaded);
        out[i] = (uint32_t)(loaded >> (i * width & 7) & mask);
    }
}

/* The compiler makes straight code of each width. */
#define WIDTH(w) case w: unpack_width(words, w, out); return 1;
#define WIDTHS(w) WIDTH(w) WIDTH(w + 1) WIDTH(w + 2) WIDTH(w + 3)

int unpack_block(const packed *from, uint64_t block, uint32_t *out) {
    if (block >= from->blocks) return 0;
    const unsigned width = from->widths[block];
    const uint64_t place = from->places[block];
    if (place + width + SPARE_WORDS > from->word_count) return 0;
    const uint32_t *words = from->words + place;
    switch (width) {
        WIDTHS(0) WIDTHS(4) WIDTHS(8) WIDTHS(12) WIDTHS(16) WIDTHS(20) WIDTHS(24) WIDTHS(28) WIDTH(32)
    default: return 0;
    }
}

int is_checked(const packed *from, uint64_t start, uint64_t stop) {
    const uint64_t first = start / BLOCK, last = (stop - 1) / BLOCK;
    if (start >= stop || !from->words || last >= from->blocks) return 1;
    const uint64_t size = sizeof *from->words;
    const uint64_t begin = from->places[first], end = from->places[last + 1];
    if (end > from->word_count || begin >= end) return 1;
    for (uint64_t block = begin * size / CHECKED_BYTES; block <= (end * size - 1) / CHECKED_BYTES; block++)
        if (!from->checked[block]) return 0;
    return 1;
}

int64_t next_documents(cursor *from, uint32_t *documents) {
    const piece *one = from->piece;
    const field *own = one->field;
    if (from->at >= one->stop) return 0;
    uint32_t steps[BLOCK];
    if (!unpack_block(&own->documents, from->at / BLOCK, steps)) return DAMAGED;
    const uint64_t first = from->at % BLOCK, left = one->stop - from->at;
    const uint64_t count = left < BLOCK - first ? left : BLOCK - first;
    uint64_t next = from->next;
    for (uint64_t i = 0; i < count; i++) {
        next += steps[first + i];
        documents[i] = (uint32_t)(one->base + next++);
    }
    /* documents rise: if the last one is in the segment, all are */
    if (next > own->document_count) return DAMAGED;
    from->next = next;
    from->at += count;
    return (int64_t)count;
}

int read_frequencies(const piece *one, uint64_t at, uint64_t count, uint32_t *out) {
    const packed *from = &one->field->frequencies;
    uint32_t block[BLOCK];
    if (!from->words) {
        for (uint64_t i = 0; i < count; i++) out[i] = 1;
        return 1;
    }
    if (!unpack_block(from, at / BLOCK, block)) return 0;
    const uint64_t first = at % BLOCK;
    for (uint64_t i = 0; i < count && first + i < BLOCK; i++) out[i] = block[first + i] + 1;
    return 1;
}

EXPORT int64_t read_documents_of(const piece *pieces, uint64_t count, int64_t *out) {
    const int64_t *begin = out;
    uint32_t documents[BLOCK];
    for (uint64_t i = 0; i < count; i++) {
        cursor from = {&pieces[i], pieces[i].start, 0};
        int64_t read;
        while ((read = next_documents(&from, documents)) > 0)
            for (int64_t k = 0; k < read; k++) *out++ = documents[k];
        if (read < 0) return DAMAGED;
    }
    return out - begin;
}

/* Read how often a term occurs in each of its documents. */
EXPORT int64_t read_frequencies_of(const piece *pieces, uint64_t count, float *out) {
    const float *begin = out;
    uint32_t frequencies[BLOCK];
    for (uint64_t i = 0; i < count; i++) {
        for (uint64_t at = pieces[i].start; at < pieces[i].stop;) {
            const uint64_t left = pieces[i].stop - at, room = BLOCK - at % BLOCK, own = left < room ? left : room;
            if (!read_frequencies(&pieces[i], at, own, frequencies)) return DAMAGED;
            for (uint64_t k = 0; k < own; k++) *out++ = (float)frequencies[k];
            at += own;
        }
    }
    return out - begin;
}
