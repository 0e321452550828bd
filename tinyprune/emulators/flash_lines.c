#include "flash_lines.h"

static uint32_t oldest(const line_cache *cache, uint32_t first) {
    uint32_t found = first;
    for (uint32_t i = first + 1U; i < first + cache->ways; i++) {
        if (cache->used[i] < cache->used[found]) {
            found = i;
        }
    }
    return found;
}

/* Gives `row` the place of the least recently used one of its set. */
static void replace(line_cache *cache, uint32_t row) {
    const uint32_t sets = cache->rows / cache->ways;
    const uint32_t i = oldest(cache, (row % sets) * cache->ways);
    if (cache->held[i]) {
        cache->place[cache->held[i] - 1U] = 0;
    }
    cache->held[i] = row + 1U;
    cache->filled[i] = 0;
    cache->place[row] = (uint16_t)(i + 1U);
}

/* Whether `line` was not held; from now on it is. */
static int missed(line_cache *cache, uint32_t line) {
    const uint32_t row = line / cache->row_lines, bit = 1U << (line % cache->row_lines);
    if (!cache->place[row]) {
        replace(cache, row);
    }
    const uint32_t i = cache->place[row] - 1U;
    const int missing = !(cache->filled[i] & bit);
    cache->filled[i] |= bit;
    cache->used[i] = ++cache->now;
    return missing;
}

static int in_flash(const flash_lines *flash, uint32_t address, uint32_t size) {
    const uint32_t offset = address - flash->origin;
    return offset < flash->bytes && size <= flash->bytes - offset;
}

void flash_fetch(flash_lines *flash, uint32_t address, uint32_t size, flash_misses *misses) {
    if (!in_flash(flash, address, size)) {
        return;
    }
    const uint32_t offset = address - flash->origin;
    const uint32_t line_bytes = flash->instructions.line_bytes;
    for (uint32_t line = offset / line_bytes; line <= (offset + size - 1U) / line_bytes; line++) {
        if (line + 1U != flash->current && missed(&flash->instructions, line)) {
            if (flash->current && line == flash->current) {
                misses->sequential++;
            } else {
                misses->jumped++;
            }
        }
        flash->current = line + 1U;
    }
}

void flash_read(flash_lines *flash, uint32_t address, uint32_t size, flash_misses *misses) {
    if (!in_flash(flash, address, size)) {
        return;
    }
    const uint32_t offset = address - flash->origin;
    const uint32_t line_bytes = flash->data.line_bytes;
    for (uint32_t line = offset / line_bytes; line <= (offset + size - 1U) / line_bytes; line++) {
        misses->data += (uint64_t)missed(&flash->data, line);
    }
}
