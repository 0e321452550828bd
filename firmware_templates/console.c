/**
 * @file console.c
 * Text over the port's UART.
 */
#include "console.h"

#include "port.h"

void console_text(const char *text) {
    while (*text != '\0') {
        port_putc(*text++);
    }
}

void console_unsigned(uint32_t value) {
    char digits[10]; /* of 2^32 - 1 */
    uint32_t count = 0;

    do {
        digits[count++] = (char)('0' + value % 10U);
        value /= 10U;
    } while (value != 0);
    while (count > 0) {
        port_putc(digits[--count]);
    }
}

void console_signed(int32_t value) {
    if (value < 0) {
        port_putc('-');
    }
    console_unsigned(value < 0 ? 0U - (uint32_t)value : (uint32_t)value);
}

void console_hex(uint32_t value) {
    for (uint32_t shift = 32; shift > 0; shift -= 4) {
        port_putc("0123456789abcdef"[(value >> (shift - 4U)) & 15U]);
    }
}
