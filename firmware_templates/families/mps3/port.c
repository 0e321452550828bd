/**
 * @file port.c
 * Corstone-300 on the MPS3 FPGA board (AN547), in the secure world: Cortex-M55 at 32 MHz, UART0 at 115200 baud 8N1.
 * Sources: application note DAI0547; CMSDK UART: DDI0479, chapter on the APB UART.
 */
#include "port.h"

#include "dwt.h"
#include "registers.h"

#define UART_DATA REGISTER(0x59303000U)
#define UART_STATE REGISTER(0x59303004U)
#define UART_STATE_TX_FULL BIT(0)
#define UART_CTRL REGISTER(0x59303008U)
#define UART_CTRL_TX_ENABLE BIT(0)
#define UART_BAUDDIV REGISTER(0x59303010U)

#define CORE_HZ UINT32_C(32000000) /* fixed */
#define UART_HZ UINT32_C(25000000) /* the peripherals' clock */
#define BAUD UINT32_C(115200)

/** Polls for one character, at least 4 cycles each: more than its 87 us at 32 MHz. */
#define TRANSMIT_POLLS UINT32_C(20000)

uint32_t port_init(void) {
    UART_BAUDDIV = (UART_HZ + BAUD / 2U) / BAUD;
    UART_CTRL = UART_CTRL_TX_ENABLE;
    dwt_start();
    return 0;
}

uint32_t port_clock_hz(void) { return CORE_HZ; }

void port_putc(char character) {
    (void)becomes(&UART_STATE, UART_STATE_TX_FULL, 0, TRANSMIT_POLLS);
    UART_DATA = (uint8_t)character;
}

uint32_t port_cycles(void) { return dwt_cycles(); }
