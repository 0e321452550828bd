/**
 * @file
 * Requantization without a long multiplication. An output is a staircase of its accumulator, and so is what these
 * functions compute; the generator proves for each channel that they are equal for every accumulator that can occur.
 */
#ifndef TP_STAIRCASE_H
#define TP_STAIRCASE_H

#include <stdint.h>

/** Words of one channel. A multiplier in two parts takes the first six, one in three parts all of them. */
enum {
    TP_STAIR_START,  /**< is added to a sum of products: then 0 is where outputs begin to change */
    TP_STAIR_RANGE,  /**< where they change no more: below 2^19 with two parts, 2^22 with three */
    TP_STAIR_LOW,    /**< bits 0 to 12 of the multiplier; 0 to 9 of one in three parts */
    TP_STAIR_HIGH,   /**< its uppermost bits */
    TP_STAIR_OFFSET, /**< zero point and rounding, with 24 bits of fraction; 23 */
    TP_STAIR_MIDDLE, /**< bits 10 to 19, or TP_STAIR_TWO_PARTS */
    TP_STAIR_ZERO,   /**< where the accumulator is 0 */
    TP_STAIR_BELOW,  /**< is added where the accumulator is negative: its ties are rounded down */
    TP_STAIR_WORDS
};

/** No middle part: all bits. */
#define TP_STAIR_TWO_PARTS 0xFFFFFFFFU

/**
 * The output of one sum of products.
 *
 * floor(v * M / 2^20) of a multiplier M in three parts, floor(v * M / 2^13) of one in two: flooring after each part is
 * flooring once. What is lost below 2^-23 of an output is part of the proof. Only the low byte of what comes out
 * counts, so the last additions may wrap around.
 */
static inline int8_t tp_stair(const uint32_t *stair, int32_t sum) {
    const int32_t moved = (int32_t)((uint32_t)sum + stair[TP_STAIR_START]), range = (int32_t)stair[TP_STAIR_RANGE];
    const uint32_t v = (uint32_t)(moved < 0 ? 0 : moved > range ? range : moved);
    const uint32_t low = v * stair[TP_STAIR_LOW], high = v * stair[TP_STAIR_HIGH] + stair[TP_STAIR_OFFSET];
    if (stair[TP_STAIR_MIDDLE] == TP_STAIR_TWO_PARTS) {
        return (int8_t)(uint8_t)(((low >> 13) + high) >> 24);
    }
    const uint32_t is_below = (uint32_t)(v - stair[TP_STAIR_ZERO]) >> 31,
                   below = stair[TP_STAIR_BELOW] & (0U - is_below);
    const uint32_t middle = (low >> 10) + v * stair[TP_STAIR_MIDDLE];
    return (int8_t)(uint8_t)(((middle >> 10) + high + below) >> 23);
}

/** What tp_step_sums turns into outputs; assembly knows where each member lies. */
typedef struct {
    const int32_t *sums, *end; /**< of the first row, at least one */
    int8_t *output;
    int32_t distance;     /**< from one output to the next one */
    int32_t rows;         /**< at least one */
    int32_t row_bytes;    /**< from one row of sums to the next one */
    int32_t gap_bytes;    /**< from the last sum of a row to the first of the next one */
    int32_t row_distance; /**< from where a row's outputs end to where the next row's begin */
} tp_sums;

/** The outputs of one channel. */
void tp_step_sums(const tp_sums *sums, const uint32_t *stair);

#endif
