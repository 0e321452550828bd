/**
 * @file port.c
 * nRF5340, application core, all in the secure world as after reset: 128 MHz, cache on, UARTE0 on P0.20 at 115200 baud
 * 8N1, as the nRF5340 DK has it. Chapters, by their names, are those of the nRF5340 Product Specification.
 */
#include "port.h"

#include "dwt.h"
#include "registers.h"

/* CLOCK: the crystal, and the divider of the core's clock, which is 2 after reset */
#define CLOCK_HFCLKSTART REGISTER(0x50005000U)
#define CLOCK_HFCLKSTARTED REGISTER(0x50005100U)
#define CLOCK_HFCLKCTRL REGISTER(0x50005558U)
#define CLOCK_HFCLKCTRL_MASK UINT32_C(1)
#define CLOCK_HFCLKCTRL_DIV1 UINT32_C(0)

/* CACHE; CTRL-AP: without it the debug port is locked at the next reset */
#define CACHE_ENABLE REGISTER(0x50001500U)
#define CTRLAP_APPROTECT_DISABLE REGISTER(0x50006544U)
#define CTRLAP_SECUREAPPROTECT_DISABLE REGISTER(0x5000654CU)
#define CTRLAP_UNPROTECTED UINT32_C(0x50FA50FA)

/* GPIO, port 0 */
#define P0_OUTSET REGISTER(0x50842508U)
#define P0_DIRSET REGISTER(0x50842518U)
#define TX_PIN UINT32_C(20)

/* UARTE: it reads what it sends from RAM */
#define UARTE_STARTTX REGISTER(0x50008008U)
#define UARTE_ENDTX REGISTER(0x50008120U)
#define UARTE_ENABLE REGISTER(0x50008500U)
#define UARTE_ENABLED UINT32_C(8)
#define UARTE_PSEL_TXD REGISTER(0x5000850CU)
#define UARTE_BAUDRATE REGISTER(0x50008524U)
#define UARTE_BAUDRATE_115200 UINT32_C(0x01D60000)
#define UARTE_RXD_PTR REGISTER(0x50008534U)
#define UARTE_TXD_PTR REGISTER(0x50008544U)
#define UARTE_TXD_MAXCNT REGISTER(0x50008548U)

#define RESET_HZ UINT32_C(64000000)
#define FULL_HZ UINT32_C(128000000)

/** Polls of the crystal, at least 4 cycles each: more than 12 ms at 64 MHz. */
#define READY_POLLS UINT32_C(200000)

/** Polls for one character, at least 4 cycles each: more than its 87 us at 128 MHz. */
#define TRANSMIT_POLLS UINT32_C(20000)

static uint32_t clock_hz = RESET_HZ;
static volatile uint8_t sent; /* in RAM, where the UARTE can read it */

static uint32_t start_clock(void) {
    CLOCK_HFCLKSTART = 1;
    const uint32_t status = becomes(&CLOCK_HFCLKSTARTED, 1, 1, READY_POLLS) ? 0 : PORT_NO_CRYSTAL;
    CLOCK_HFCLKCTRL = CLOCK_HFCLKCTRL_DIV1;
    if (!becomes(&CLOCK_HFCLKCTRL, CLOCK_HFCLKCTRL_MASK, CLOCK_HFCLKCTRL_DIV1, READY_POLLS)) {
        return status | PORT_NO_CLOCK_SWITCH;
    }
    clock_hz = FULL_HZ;
    return status;
}

static void start_uart(void) {
    P0_OUTSET = BIT(TX_PIN);
    P0_DIRSET = BIT(TX_PIN);
    UARTE_PSEL_TXD = TX_PIN;
    UARTE_BAUDRATE = UARTE_BAUDRATE_115200;
    UARTE_ENABLE = UARTE_ENABLED;
}

uint32_t port_init(void) {
    CTRLAP_APPROTECT_DISABLE = CTRLAP_UNPROTECTED;
    CTRLAP_SECUREAPPROTECT_DISABLE = CTRLAP_UNPROTECTED;
    const uint32_t status = start_clock();
    CACHE_ENABLE = 1;
    start_uart();
    dwt_start();
    return status;
}

uint32_t port_clock_hz(void) { return clock_hz; }

/** Emulators, which have no DMA, take the character from RXD.PTR: nothing is ever received, so it matters to no one
 * else. */
void port_putc(char character) {
    sent = (uint8_t)character;
    UARTE_RXD_PTR = sent;
    UARTE_ENDTX = 0;
    UARTE_TXD_PTR = (uint32_t)(uintptr_t)&sent;
    UARTE_TXD_MAXCNT = 1;
    UARTE_STARTTX = 1;
    (void)becomes(&UARTE_ENDTX, 1, 1, TRANSMIT_POLLS);
}

uint32_t port_cycles(void) { return dwt_cycles(); }
