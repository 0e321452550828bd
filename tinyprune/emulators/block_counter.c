/*
 * Counts executed blocks, the edges between them and the flash lines they wait for, by layer: Unicorn calls
 * count_block() before each block and count_read() before each load from the flash.
 * Compiled on first use by native.py, which also reads the tallies; needs no header of Unicorn's.
 */
#include <stdint.h>
#include <stdlib.h>

#include "flash_lines.h"

typedef struct {
    uint32_t start, size, layer; /* size 0: an empty slot */
    uint32_t unused;
    uint64_t count, taken, entered;
    flash_misses misses;
} tally;

/* uc_reg_read() and uc_reg_write() of Unicorn. */
typedef int register_access(void *engine, int number, void *value);

typedef struct {
    uint32_t base, halfwords; /* the code that `switches` covers */
    const uint16_t *switches; /* for each halfword: 0, or the number + 1 of the layer that begins here */
    tally *slots;             /* open addressing */
    uint32_t capacity, used;  /* capacity is a power of two */
    uint32_t layer;
    uint32_t next; /* where the previous block ends */
    tally *previous;
    uint32_t failed;    /* out of memory */
    flash_lines *flash; /* 0: not followed */
    register_access *read, *write;
    int xpsr;         /* its number in Unicorn */
    uint32_t it_bits; /* of xPSR */
} counter;

static tally *find(const counter *c, uint32_t layer, uint32_t start, uint32_t size) {
    uint32_t i = ((start >> 1) * 2654435761U) ^ (layer * 40503U);
    for (;; i++) {
        tally *slot = &c->slots[i & (c->capacity - 1U)];
        if (slot->size == 0 || (slot->start == start && slot->size == size && slot->layer == layer)) {
            return slot;
        }
    }
}

static int grow(counter *c) {
    counter larger = *c;
    larger.capacity = c->capacity ? c->capacity * 2U : 4096U;
    larger.slots = calloc(larger.capacity, sizeof(tally));
    if (!larger.slots) {
        return 0;
    }
    for (uint32_t i = 0; i < c->capacity; i++) {
        const tally *old = &c->slots[i];
        if (old->size) {
            tally *moved = find(&larger, old->layer, old->start, old->size);
            *moved = *old;
            larger.previous = old == c->previous ? moved : larger.previous;
        }
    }
    free(c->slots);
    *c = larger;
    return 1;
}

void count_block(void *engine, uint64_t address, uint32_t size, void *data) {
    counter *c = data;
    const uint32_t start = (uint32_t)address;
    (void)engine;
    const uint32_t halfword = (start - c->base) >> 1;
    if (halfword < c->halfwords && c->switches[halfword]) {
        c->layer = c->switches[halfword] - 1U;
    }
    if (2U * (c->used + 1U) > c->capacity && !grow(c)) {
        c->failed = 1;
        return;
    }
    tally *current = find(c, c->layer, start, size);
    if (current->size == 0) {
        current->start = start;
        current->size = size;
        current->layer = c->layer;
        c->used++;
    }
    current->count++;
    if (start != c->next) {
        current->entered++;
        if (c->previous) {
            c->previous->taken++;
        }
    }
    c->previous = current;
    c->next = start + size;
    if (c->flash) {
        flash_fetch(c->flash, start, size, &current->misses);
    }
}

/* As `clear_it_state` of counting.py, which says why. */
static void clear_it_state(const counter *c, void *engine) {
    uint32_t xpsr = 0;
    c->read(engine, c->xpsr, &xpsr);
    if (xpsr & c->it_bits) {
        xpsr &= ~c->it_bits;
        c->write(engine, c->xpsr, &xpsr);
    }
}

void count_read(void *engine, int access, uint64_t address, int size, int64_t value, void *data) {
    counter *c = data;
    (void)access;
    (void)value;
    clear_it_state(c, engine);
    if (c->previous) {
        flash_read(c->flash, (uint32_t)address, (uint32_t)size, &c->previous->misses);
    }
}

void free_slots(counter *c) {
    free(c->slots);
    c->slots = 0;
    c->capacity = c->used = 0;
}
