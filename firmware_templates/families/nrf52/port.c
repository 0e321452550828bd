/**
 * @file port.c
 * nRF52840: 64 MHz core, instruction cache on, UART0 on P0.06 at 115200 baud 8N1, as the nRF52840 DK has it.
 * Chapters, by their names, are those of the nRF52840 Product Specification.
 */
#include "port.h"

#include "dwt.h"
#include "registers.h"

/* CLOCK: the core always runs at 64 MHz; the crystal makes it precise enough for the UART */
#define CLOCK_HFCLKSTART REGISTER(0x40000000U)
#define CLOCK_HFCLKSTARTED REGISTER(0x40000100U)

/* NVMC, and APPROTECT: without it, chips from revision 3 on lock their debug port at the next reset */
#define NVMC_ICACHECNF REGISTER(0x4001E540U)
#define NVMC_ICACHECNF_CACHEEN BIT(0)
#define APPROTECT_DISABLE REGISTER(0x40000558U)
#define APPROTECT_DISABLE_SW UINT32_C(0x5A)

/* GPIO, port 0 */
#define P0_OUTSET REGISTER(0x50000508U)
#define P0_DIRSET REGISTER(0x50000518U)
#define TX_PIN UINT32_C(6)

/* UART, without EasyDMA */
#define UART_STARTTX REGISTER(0x40002008U)
#define UART_TXDRDY REGISTER(0x4000211CU)
#define UART_ENABLE REGISTER(0x40002500U)
#define UART_ENABLED UINT32_C(4)
#define UART_PSELTXD REGISTER(0x4000250CU)
#define UART_TXD REGISTER(0x4000251CU)
#define UART_BAUDRATE REGISTER(0x40002524U)
#define UART_BAUDRATE_115200 UINT32_C(0x01D7E000)

#define CORE_HZ UINT32_C(64000000)

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

uint32_t port_init(void) {
    const uint32_t status = start_clock();
    APPROTECT_DISABLE = APPROTECT_DISABLE_SW;
    NVMC_ICACHECNF = NVMC_ICACHECNF_CACHEEN;
    start_uart();
    dwt_start();
    return status;
}

uint32_t port_clock_hz(void) { return CORE_HZ; }

void port_putc(char character) {
    UART_TXDRDY = 0;
    UART_TXD = (uint8_t)character;
    (void)becomes(&UART_TXDRDY, 1, 1, TRANSMIT_POLLS);
}

uint32_t port_cycles(void) { return dwt_cycles(); }
