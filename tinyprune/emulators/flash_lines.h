/*
 * Follows the caches of a board's flash: which reads have to wait for a line. flash_lines.py is the definition.
 */
#ifndef FLASH_LINES_H
#define FLASH_LINES_H

#include <stdint.h>

/* A cache of `lines` lines in sets of `ways`. The caller provides the arrays, zeroed. */
typedef struct {
    uint32_t lines, ways, line_bytes;
    uint32_t unused;
    uint32_t *held;  /* for each of `lines` places: the number + 1 of the line that it holds, or 0 */
    uint64_t *used;  /* for each of them: when it was last used */
    uint16_t *place; /* for each line of the flash: the number + 1 of the place that holds it, or 0 */
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
