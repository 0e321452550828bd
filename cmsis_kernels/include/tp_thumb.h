/**
 * @file
 * Assembly that every Cortex-M runs: the instructions of ARMv6-M. It stands in naked functions, which own all registers
 * and have a plain C twin for other machines.
 */
#ifndef TP_THUMB_H
#define TP_THUMB_H

#if defined(__arm__) && defined(__thumb__)
#define TP_HAS_THUMB 1
#else
#define TP_HAS_THUMB 0
#endif

/** A function of assembly alone. */
#define TP_NAKED __attribute__((naked, noinline))

/** What is left unnamed by assembly: it finds arguments in r0 to r3. */
#define TP_IN_REGISTER __attribute__((unused))

/* Ahead of assembly and after it: all registers that a function must leave as they were. 9 words of stack. */
#define TP_SAVE_ALL                                                                                                    \
    ".syntax unified\n\t"                                                                                              \
    "push {r4, r5, r6, r7, lr}\n\t"                                                                                    \
    "mov r4, r8\n\t"                                                                                                   \
    "mov r5, r9\n\t"                                                                                                   \
    "mov r6, r10\n\t"                                                                                                  \
    "mov r7, r11\n\t"                                                                                                  \
    "push {r4, r5, r6, r7}\n\t"
#define TP_RESTORE_ALL                                                                                                 \
    "pop {r4, r5, r6, r7}\n\t"                                                                                         \
    "mov r8, r4\n\t"                                                                                                   \
    "mov r9, r5\n\t"                                                                                                   \
    "mov r10, r6\n\t"                                                                                                  \
    "mov r11, r7\n\t"                                                                                                  \
    "pop {r4, r5, r6, r7, pc}\n\t"

#endif
