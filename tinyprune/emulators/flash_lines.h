/*
 * Follows the caches of a board's flash: which reads have to wait for a line. flash_lines.py is the definition.
 */
#ifndef FLASH_LINES_H
#define FLASH_LINES_H

#include <stdint.h>

/* A cache of rows of `row_lines` lines (32 at most), in sets of `ways` rows. The caller provides the arrays, zeroed. */
typedef struct {
    uint32_t rows, ways, line_bytes, row_lines;
    uint32_t *held;   /* for each of `rows` places: the number + 1 of the row of the flash that it holds, or 0 */
    uint32_t *filled; /* for each of them: a bit for each line of the row that was read */
    uint64_t *used;   /* for each of them: when it was last used */
    uint16_t *place;  /* for each row of the flash: the number + 1 of the place that holds it, or 0 */
    uint64_t now;
} line_cache;

typedef struct {
    uint32_t origin, bytes; /* of the flash */
    uint32_t current;       /* the number + 1 of the line that is being executed, or 0 */
    uint32_t unused;
    line_cache instructions, data;
} flash_lines;

typedef struct {
    uint64_t sequential, jumped, data;
} flash_misses;

/* Adds the misses of a block of `size` bytes at `address`. */
void flash_fetch(flash_lines *flash, uint32_t address, uint32_t size, flash_misses *misses);

/* Adds the misses of a load of `size` bytes at `address`. */
void flash_read(flash_lines *flash, uint32_t address, uint32_t size, flash_misses *misses);

#endif
