/**
 * @file port.c
 * nRF51822: 16 MHz crystal and core, UART on P0.24 at 115200 baud 8N1, as the BBC micro:bit has it.
 * Chapters, by their names, are those of the nRF51 Series Reference Manual.
 */
#include "port.h"

#include "registers.h"

/* CLOCK: the core always runs at 16 MHz; the crystal makes it precise enough for the UART */
#define CLOCK_HFCLKSTART REGISTER(0x40000000U)
#define CLOCK_HFCLKSTARTED REGISTER(0x40000100U)

/* TIMER 0 counts 32 bits at the core's clock. The core has no cycle counter. */
#define TIMER_START REGISTER(0x40008000U)
#define TIMER_CAPTURE REGISTER(0x40008040U)
#define TIMER_BITMODE REGISTER(0x40008508U)
#define TIMER_BITMODE_32 UINT32_C(3)
#define TIMER_PRESCALER REGISTER(0x40008510U) /* divides 16 MHz by two to the power of it */
#define TIMER_CC REGISTER(0x40008540U)

/* GPIO, port 0 */
#define P0_OUTSET REGISTER(0x50000508U)
#define P0_DIRSET REGISTER(0x50000518U)
#define TX_PIN UINT32_C(24)

/* UART, without EasyDMA */
#define UART_STARTTX REGISTER(0x40002008U)
#define UART_TXDRDY REGISTER(0x4000211CU)
#define UART_ENABLE REGISTER(0x40002500U)
#define UART_ENABLED UINT32_C(4)
#define UART_PSELTXD REGISTER(0x4000250CU)
#define UART_TXD REGISTER(0x4000251CU)
#define UART_BAUDRATE REGISTER(0x40002524U)
#define UART_BAUDRATE_115200 UINT32_C(0x01D7E000)

#define CORE_HZ UINT32_C(16000000)

/** Polls of the crystal, at least 4 cycles each: more than 12 ms. */
#define READY_POLLS UINT32_C(200000)

/** Polls for one character, at least 4 cycles each: more than its 87 us. */
#define TRANSMIT_POLLS UINT32_C(20000)

static uint32_t start_clock(void) {
    CLOCK_HFCLKSTART = 1;
    return becomes(&CLOCK_HFCLKSTARTED, 1, 1, READY_POLLS) ? 0 : PORT_NO_CRYSTAL;
}

static void start_uart(void) {
    P0_OUTSET = BIT(TX_PIN);
    P0_DIRSET = BIT(TX_PIN);
    UART_PSELTXD = TX_PIN;
    UART_BAUDRATE = UART_BAUDRATE_115200;
    UART_ENABLE = UART_ENABLED;
    UART_STARTTX = 1;
}

static void start_timer(void) {
    TIMER_BITMODE = TIMER_BITMODE_32;
    TIMER_PRESCALER = 0;
    TIMER_START = 1;
}

uint32_t port_init(void) {
    const uint32_t status = start_clock();
    start_uart();
    start_timer();
    return status;
}

uint32_t port_clock_hz(void) { return CORE_HZ; }

void port_putc(char character) {
    UART_TXDRDY = 0;
    UART_TXD = (uint8_t)character;
    (void)becomes(&UART_TXDRDY, 1, 1, TRANSMIT_POLLS);
}

uint32_t port_cycles(void) {
    TIMER_CAPTURE = 1;
    return TIMER_CC;
}
