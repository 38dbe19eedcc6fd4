/* Tells the layouts of the structures that several files share. */
#include "kernel.h"

LAYOUT(numbers, AT(numbers, data), AT(numbers, size), AT(numbers, count));
LAYOUT(dictionary, AT(dictionary, bytes), AT(dictionary, byte_count), AT(dictionary, lengths), AT(dictionary, starts),
       AT(dictionary, keys));
LAYOUT(packed, AT(packed, words), AT(packed, word_count), AT(packed, widths), AT(packed, places), AT(packed, blocks),
       AT(packed, checked));
LAYOUT(field, AT(field, terms), AT(field, starts), AT(field, documents), AT(field, frequencies),
       AT(field, document_count));
LAYOUT(source, AT(source, field), AT(source, base));
LAYOUT(range, AT(range, source), AT(range, first), AT(range, stop));
LAYOUT(piece, AT(piece, field), AT(piece, source), AT(piece, base), AT(piece, first), AT(piece, last),
       AT(piece, start), AT(piece, stop));
LAYOUT(list, AT(list, pieces), AT(list, piece_count), AT(list, count), AT(list, by_document), AT(list, documents),
       AT(list, scores), AT(list, how), AT(list, weight), AT(list, counts));
