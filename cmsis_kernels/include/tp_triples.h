/**
 * @file
 * Three values in two words, for cores whose multiplier gives 32 bits: a + c * 2^21 and b + c * 2^10. Sums of products
 * of these words with weights are A + C * 2^21 and B + C * 2^10 modulo 2^32. With |A|, |B|, |C| < 2^20 all three can be
 * had from them: A is the low 21 bits of the first sum; what is left of it has the low 11 bits of C in its upper ones;
 * without these the second sum is B + floor(C / 2^11 + 1/2) * 2^21, and is taken apart in the same way.
 *
 * Two multiplications do three multiply-accumulates. A sum stays below 2^20 as long as sum(|weights|) <= 8191: the
 * generator cuts longer ones into runs.
 */
#ifndef TP_TRIPLES_H
#define TP_TRIPLES_H

#include <stdint.h>

/** Values that are packed and multiplied at a time, and the words that they take. */
#define TP_TRIPLE_VALUES 6
#define TP_TRIPLE_WORDS 4

/** Packs `count` values of each of three rows, at every fourth word. Returns the end. */
static inline uint32_t *tp_pack_triples(const int8_t *const rows[3], int32_t count, uint32_t *target) {
    const int8_t *a = rows[0], *b = rows[1], *c = rows[2];
    for (int32_t i = 0; i < count; i++, target += TP_TRIPLE_WORDS) {
        const uint32_t third = (uint32_t)c[i];
        target[0] = (uint32_t)a[i] + (third << 21);
        target[1] = (uint32_t)b[i] + (third << 10);
    }
    return target;
}

/** The low 21 bits, sign extended. */
static inline int32_t tp_low21(uint32_t word) { return (int32_t)(word << 11) >> 11; }

/** The bits above them, once they are taken away. */
static inline int32_t tp_high11(uint32_t word) { return (int32_t)(word - (uint32_t)tp_low21(word)) >> 21; }

/** Adds the three sums that two words hold. */
static inline void tp_add_triple(const uint32_t words[2], int32_t sums[3]) {
    const uint32_t low = (uint32_t)tp_high11(words[0]), second = words[1] - (low << 10);
    sums[0] += tp_low21(words[0]);
    sums[1] += tp_low21(second);
    sums[2] += (int32_t)(((uint32_t)tp_high11(second) << 11) + low);
}

/** What is multiplied with tiles of words, one after the other; assembly knows where each member lies. */
typedef struct {
    const uint32_t *words; /**< of the first tile */
    int32_t tile_bytes;
    const uint32_t *weights, *weights_end; /**< at least one word */
    int32_t *sums, *sums_end;              /**< six for each tile; at least one tile */
    int32_t adds;                          /**< whether they are added to what is there */
} tp_sweep;

/**
 * For each tile the sums of words[i][0..3] * weights[i], taken apart.
 * @param sweep weights: four in a word, the first lowest; an even number of words
 */
void tp_sweep_triples(const tp_sweep *sweep);

/**
 * For each tile the sums of words[offset..offset + 3] * weight over a list of entries, taken apart.
 * @param sweep weights: entries offset in bytes << 16 | weight, a byte
 */
void tp_sweep_some_triples(const tp_sweep *sweep);

/** What tp_slide_triples works on; assembly knows where each member lies. */
typedef struct {
    const uint32_t *words, *end; /**< four for each place of the list; at least one place */
    const uint32_t *entries, *entries_end;
    int32_t *sums;
    int32_t row_bytes; /**< from one row of sums to the next one */
} tp_slide;

/**
 * The same sums of one list at all places, in three rows: the first three of a place below each other, the other three
 * beside them.
 */
void tp_slide_triples(const tp_slide *slide);

#endif
