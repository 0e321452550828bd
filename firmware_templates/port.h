/**
 * @file port.h
 * What the firmware asks of a chip family. Each families/<family>/port.c implements it.
 */
#ifndef PORT_H
#define PORT_H

#include <stdint.h>

/** @name Status bits of port_init(): what did not come up. 0 is the full clock. @{ */
#define PORT_NO_CRYSTAL UINT32_C(1)      /**< the external oscillator did not start */
#define PORT_NO_WAIT_STATES UINT32_C(2)  /**< the flash did not accept its wait states */
#define PORT_NO_PLL UINT32_C(4)          /**< the PLL did not lock */
#define PORT_NO_CLOCK_SWITCH UINT32_C(8) /**< the core stayed on the reset clock although the PLL runs */
/** @} */

/**
 * Starts the full clock, the UART and the cycle counter. Never hangs: where the clock does not come up, the chip stays
 * on its reset clock, and the UART is set for that one.
 *
 * @return status bits, PORT_NO_*
 */
uint32_t port_init(void);

/** @return the core clock that is running, in Hz */
uint32_t port_clock_hz(void);

/** Sends one character; waits for the UART, but not for ever. */
void port_putc(char character);

/** @return core cycles since port_init(), modulo 2^32; stands still where the core has no cycle counter */
uint32_t port_cycles(void);

#endif
