/**
 * @file dwt.h
 * The cycle counter of ARMv7-M and ARMv8-M Mainline cores: DDI0403 sections C1.6.5 and C1.8.
 */
#ifndef DWT_H
#define DWT_H

#include "registers.h"

#define DEMCR REGISTER(0xE000EDFCU)
#define DEMCR_TRCENA BIT(24)
#define DWT_CTRL REGISTER(0xE0001000U)
#define DWT_CTRL_CYCCNTENA BIT(0)
#define DWT_CYCCNT REGISTER(0xE0001004U)

static inline void dwt_start(void) {
    DEMCR |= DEMCR_TRCENA;
    DWT_CYCCNT = 0;
    DWT_CTRL |= DWT_CTRL_CYCCNTENA;
}

static inline uint32_t dwt_cycles(void) { return DWT_CYCCNT; }

#endif
