/**
 * @file cortex_m7.h
 * What a Cortex-M7 has to be told at start: its caches, and the lock of its cycle counter.
 * Sections are those of the ARMv7-M architecture manual, DDI0403.
 */
#ifndef CORTEX_M7_H
#define CORTEX_M7_H

#include "dwt.h"

#define SCB_CCR REGISTER(0xE000ED14U) /* configuration and control: B3.2.8 */
#define SCB_CCR_DC BIT(16)
#define SCB_CCR_IC BIT(17)
#define SCB_CCSIDR REGISTER(0xE000ED80U)  /* size of the cache that CSSELR selects: B4.8.4 */
#define SCB_CSSELR REGISTER(0xE000ED84U)  /* 0: the first data cache: B4.8.3 */
#define SCB_ICIALLU REGISTER(0xE000EF50U) /* invalidates all instructions: B2.2.7 */
#define SCB_DCISW REGISTER(0xE000EF60U)   /* invalidates a line of data by set and way: B2.2.7 */
#define DWT_LAR REGISTER(0xE0001FB0U)     /* lock access of the DWT, as CoreSight components have it */
#define DWT_UNLOCK UINT32_C(0xC5ACCE55)

/** Lines are 32 bytes; ways count from the top bit, here for the 4 that a Cortex-M7's data cache has (DDI0489). */
static inline void invalidate_data_cache(void) {
    SCB_CSSELR = 0;
    __asm__ volatile("dsb" ::: "memory");
    for (uint32_t set = (SCB_CCSIDR >> 13) & 0x7FFFU;; set--) {
        for (uint32_t way = 0; way < 4; way++) {
            SCB_DCISW = (way << 30) | (set << 5);
        }
        if (set == 0) {
            break;
        }
    }
}

static inline void start_caches(void) {
    SCB_ICIALLU = 0;
    invalidate_data_cache();
    __asm__ volatile("dsb\n isb" ::: "memory");
    SCB_CCR |= SCB_CCR_IC | SCB_CCR_DC;
    __asm__ volatile("dsb\n isb" ::: "memory");
}

static inline void dwt_unlock(void) { DWT_LAR = DWT_UNLOCK; }

#endif
