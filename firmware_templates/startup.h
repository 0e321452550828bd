/**
 * @file startup.h
 * The stack that startup.c painted, and the end of the program.
 */
#ifndef STARTUP_H
#define STARTUP_H

#include <stdint.h>

/** @return bytes of stack that were in use at some time since reset, by the pattern they no longer hold */
uint32_t stack_used_bytes(void);

/** @return bytes of stack that the linker script reserves */
uint32_t stack_reserved_bytes(void);

/**
 * Reports the exit code to an emulator or debugger (semihosting) and sleeps for ever. On a bare board, where nobody
 * answers, it only sleeps.
 */
void finish(uint32_t exit_code) __attribute__((noreturn));

#endif
