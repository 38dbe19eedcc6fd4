/* What the kernel's files share: how Python describes a segment's arrays to them. FORMAT.md describes the arrays.
 *
 * Every function is reentrant: nothing is static but constants, and memory comes from the caller. Of the C library
 * nothing is used but memcpy, memset and memcmp, which every process has.
 *
 * What a file holds passed its checksums, so it is what was written; a fault of the writer may still stand in it. So no
 * number of a file is used as a place in memory before it was compared with the length of what it points into. The
 * addresses and lengths in these structures come from Python, which made the arrays, and are believed.
 */
#ifndef NEWSDEX_KERNEL_H
#define NEWSDEX_KERNEL_H

#include <stddef.h>
#include <stdint.h>

#define EXPORT __attribute__((visibility("default")))
#define INLINE static inline __attribute__((always_inline))
#define BLOCK 32
#define SPARE_WORDS 2
#define DAMAGED (-1)
#define UNCHECKED (-2)
#define CHECKED_BYTES 65536

/* A structure that Python fills has its layout told: its size, and where each member begins. Python compares them with its
 * own when it loads the kernel. */
#define LAYOUT(type, ...) EXPORT const uint64_t layout_of_##type[] = {sizeof(type), __VA_ARGS__}
#define AT(type, member) offsetof(type, member)

/* Numbers of 1, 2, 4 or 8 bytes. */
typedef struct {
    const uint8_t *data;
    uint64_t size; /* of a number, in bytes */
    uint64_t count;
} numbers;

/* The sorted terms of a field, and where every 16th begins. */
typedef struct {
    const uint8_t *bytes;
    uint64_t byte_count;
    numbers lengths;
    numbers starts;
    const uint64_t *keys; /* the first 8 bytes of every 16th, the very first the most significant */
} dictionary;

/* Numbers in blocks of 32. */
typedef struct {
    const uint32_t *words;
    uint64_t word_count;    /* the spare ones included */
    const uint8_t *widths;  /* of each block */
    const uint32_t *places; /* where each block begins, in words, and the end */
    uint64_t blocks;
    const uint8_t *checked; /* of each 64 KiB of words, whether its checksum was compared */
} packed;

/* A field of a segment. */
typedef struct {
    const dictionary *terms;
    numbers starts; /* of the postings of each term, and the end */
    packed documents;
    packed frequencies; /* no words where every term occurs once */
    uint64_t document_count;
} field;

/* A field of a segment, and the segment's first document in the commit. */
typedef struct {
    const field *field;
    uint64_t base;
} source;

/* The terms [first, stop) of a source. */
typedef struct {
    uint64_t source;
    uint64_t first, stop;
} range;

/* Where a segment holds the postings of a term, or of several terms that follow each other. */
typedef struct {
    const field *field;
    uint64_t source; /* the field's place among those that were searched */
    uint64_t base;   /* the segment's first document in the commit */
    uint64_t first, last; /* terms [first, last) */
    uint64_t start, stop; /* postings */
} piece;

INLINE uint64_t number_at(const numbers *array, uint64_t at) {
    switch (array->size) {
    case 1: return array->data[at];
    case 2: return ((const uint16_t *)array->data)[at];
    case 4: return ((const uint32_t *)array->data)[at];
    default: return ((const uint64_t *)array->data)[at];
    }
}

/* Give the number of the first term that is not less than a text, or DAMAGED. */
EXPORT int64_t term_bound(const dictionary *in, const uint8_t *term, uint64_t length);

/* Read a block of 32 numbers; give 0 where it would not be within the words. */
int unpack_block(const packed *from, uint64_t block, uint32_t *out);

/* Tell whether all blocks of some numbers were compared with their checksums. */
int is_checked(const packed *from, uint64_t start, uint64_t stop);

/* Reads some postings of one term, from the first on. */
typedef struct {
    const piece *piece;
    uint64_t at;
    uint64_t next; /* the least document of the segment that may follow */
} cursor;

/* Read the next documents, numbered through the commit, up to the end of their block.
 * Give how many, 0 at the end, DAMAGED where they cannot be. */
int64_t next_documents(cursor *from, uint32_t *documents);

/* Read how often the term occurs in documents that were just read: `count` postings from `at` on. */
int read_frequencies(const piece *one, uint64_t at, uint64_t count, uint32_t *out);

/* Read a term's documents, of all pieces; `out` has room for them. Give how many, or DAMAGED. */
EXPORT int64_t read_documents_of(const piece *pieces, uint64_t count, int64_t *out);

enum { BY_BM25, BY_LENGTH, BY_FREQUENCY };

/* The documents of a term, or of anything else, with a way to their scores. */
typedef struct {
    const piece *pieces;
    uint64_t piece_count;
    uint64_t count;           /* documents in all pieces */
    const float *by_document; /* how its length counts, for each document of the commit */
    const int64_t *documents; /* where there are no pieces: documents that were found before, in order */
    const double *scores;     /* and their scores */
    uint64_t how;
    float weight;
    uint32_t counts; /* for what its documents count: a sum of COUNTS_* */
} list;

/* A word is read in the default language, whose stems have no mark, and in the others; an article is in one language, so
 * the reading counts that gives more. What merely begins alike is no form of the word. */
enum { COUNTS_PLAIN = 1, COUNTS_MARKED = 2, COUNTS_AS_FORM = 4 };

INLINE double by_bm25(const list *one, float length, float times) { return times * one->weight / (length + times); }

INLINE double by_length(const list *one, float length, float times) { return length * times * one->weight; }

INLINE double by_frequency(const list *one, float times) { return times * one->weight; }

INLINE double scored(const list *one, uint64_t document, uint32_t times) {
    switch (one->how) {
    case BY_BM25: return by_bm25(one, one->by_document[document], (float)times);
    case BY_LENGTH: return by_length(one, one->by_document[document], (float)times);
    default: return by_frequency(one, (float)times);
    }
}

#endif
