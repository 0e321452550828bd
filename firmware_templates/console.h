/**
 * @file console.h
 * Text over the port's UART.
 */
#ifndef CONSOLE_H
#define CONSOLE_H

#include <stdint.h>

void console_text(const char *text);

/** Prints a decimal number. */
void console_unsigned(uint32_t value);

/** Prints a decimal number, with a minus sign where it is negative. */
void console_signed(int32_t value);

/** Prints 8 hexadecimal digits. */
void console_hex(uint32_t value);

#endif
