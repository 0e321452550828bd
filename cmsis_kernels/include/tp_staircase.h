/**
 * @file
 * Requantization without a long multiplication. An output is a staircase of its accumulator, and so is what these
 * functions compute; the generator proves for each channel that they are equal for every accumulator that can occur.
 */
#ifndef TP_STAIRCASE_H
#define TP_STAIRCASE_H

#include <stdint.h>

/** Words of one channel. */
enum {
    TP_STAIR_START,  /**< is added to a sum of products: then 0 is where outputs begin to change */
    TP_STAIR_RANGE,  /**< where they change no more: below 2^22 */
    TP_STAIR_ZERO,   /**< where the accumulator is 0 */
    TP_STAIR_BELOW,  /**< is added where the accumulator is negative: its ties are rounded down */
    TP_STAIR_LOW,    /**< bits 0 to 9 of the multiplier */
    TP_STAIR_MIDDLE, /**< bits 10 to 19 */
    TP_STAIR_HIGH,   /**< bits 20 and above */
    TP_STAIR_OFFSET, /**< zero point and rounding, with 23 bits of fraction */
    TP_STAIR_WORDS
};

/**
 * The output of one sum of products.
 *
 * floor(v * M / 2^20) of a multiplier M in three parts: flooring after each part is flooring once. What is lost below
 * 2^-23 of an output is part of the proof.
 */
static inline int8_t tp_stair(const uint32_t *stair, int32_t sum) {
    const int32_t moved = (int32_t)((uint32_t)sum + stair[TP_STAIR_START]), range = (int32_t)stair[TP_STAIR_RANGE];
    const uint32_t v = (uint32_t)(moved < 0 ? 0 : moved > range ? range : moved);
    const uint32_t middle = (v * stair[TP_STAIR_LOW] >> 10) + v * stair[TP_STAIR_MIDDLE];
    const uint32_t below = (int32_t)(v - stair[TP_STAIR_ZERO]) < 0 ? stair[TP_STAIR_BELOW] : 0;
    const uint32_t output = (middle >> 10) + v * stair[TP_STAIR_HIGH] + below + stair[TP_STAIR_OFFSET];
    return (int8_t)(uint8_t)(output >> 23);
}

/** What tp_step_sums turns into outputs; assembly knows where each member lies. */
typedef struct {
    const int32_t *sums, *end; /**< one for each output, at least one */
    int8_t *output;
    int32_t distance; /**< from one output to the next one */
} tp_sums;

/** The outputs of one channel. */
void tp_step_sums(const tp_sums *sums, const uint32_t *stair);

#endif
