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

/* Whether `line` was not held; from now on it is. */
static int missed(line_cache *cache, uint32_t line) {
    cache->now++;
    if (cache->place[line]) {
        cache->used[cache->place[line] - 1U] = cache->now;
        return 0;
    }
    const uint32_t sets = cache->lines / cache->ways;
    const uint32_t i = oldest(cache, (line % sets) * cache->ways);
    if (cache->held[i]) {
        cache->place[cache->held[i] - 1U] = 0;
    }
    cache->held[i] = line + 1U;
    cache->used[i] = cache->now;
    cache->place[line] = (uint16_t)(i + 1U);
    return 1;
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
