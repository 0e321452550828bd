/**
 * @file
 * Depthwise 3x3 without packing, for cores whose multiplier gives 32 bits. An input is loaded once for each of the
 * three output rows that see it, and added to all outputs of such a row that it meets: the walk goes along the row, and
 * has their sums in registers.
 */
#ifndef TP_WALK_H
#define TP_WALK_H

#include <stdint.h>

/**
 * One channel of output rows; assembly knows where each member lies. Places are in bytes from the beginning of an input
 * row. A column ahead of the input, and one behind it, are padding: they are known as `left` and `right`.
 */
typedef struct {
    int32_t weights[9];    /**< in the order in which they are read */
    uint32_t range;        /**< this and the next three as in tp_staircase.h, of a multiplier in two parts */
    uint32_t low;          /**< its lower part */
    uint32_t high;         /**< its upper part */
    uint32_t offset;       /**< zero point and rounding */
    int32_t step;          /**< from one column to the next one */
    int32_t end;           /**< where the loop ends: a column behind its last one */
    int32_t start;         /**< is added to each sum: TP_STAIR_START */
    int32_t left, right;   /**< what the first output gets from padding ahead of it, and the last one behind it */
    int32_t begin;         /**< the channel's first column */
    int32_t first;         /**< the column from which on there are outputs */
    int32_t last;          /**< `end`, where the last output has no padding; beyond it, where it has */
    const int8_t *rows[3]; /**< that the next output row sees */
    int32_t rows_distance; /**< to what the one behind it sees */
    int8_t *output;        /**< where its first output goes; `step` to the next one */
    int32_t row_bytes;     /**< from one output row to the next one */
    int32_t count;         /**< of output rows, at least one */
} tp_walk;

/** Some output rows, stride 1; `output` moves on behind them. Weights: of each row of the window columns 2, 1, 0. */
void tp_walk_columns(tp_walk *walk);

/** The same of stride 2. Weights: column 1 of each row of the window, then of each row columns 2 and 0. */
void tp_walk_column_pairs(tp_walk *walk);

#endif
