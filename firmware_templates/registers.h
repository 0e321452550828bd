/**
 * @file registers.h
 * What every port does with memory-mapped registers.
 */
#ifndef REGISTERS_H
#define REGISTERS_H

#include <stdint.h>

#define REGISTER(address) (*(volatile uint32_t *)(address))
#define BIT(position) (UINT32_C(1) << (position))

/** @return whether the masked bits became `wanted` within `polls` reads, each of which takes at least 4 cycles */
static inline int becomes(volatile const uint32_t *reg, uint32_t mask, uint32_t wanted, uint32_t polls) {
    while (polls-- > 0) {
        if ((*reg & mask) == wanted) {
            return 1;
        }
    }
    return 0;
}

#endif
