/**
 * @file runtime.c
 * memcpy, memmove, memset and memcmp, and the names that the ARM run-time ABI (IHI0043, section 4.3.4) has for them.
 */
#include <stdint.h>

#include "string.h"

/** Four bytes of any object. */
typedef uint32_t __attribute__((may_alias)) word;

/** An empty statement that compilers cannot see through: keeps them from turning a loop into a call of its function. */
#define KEEP_LOOP() __asm__ volatile("" ::: "memory")

static int is_aligned(const void *pointer) { return ((uintptr_t)pointer & (sizeof(word) - 1U)) == 0; }

void *memcpy(void *restrict target, const void *restrict source, size_t bytes) {
    unsigned char *to = target;
    const unsigned char *from = source;

    if (is_aligned(to) && is_aligned(from)) {
        for (; bytes >= 4 * sizeof(word); bytes -= 4 * sizeof(word)) {
            const word *in = (const void *)from;
            word *out = (void *)to;
            const word first = in[0], second = in[1], third = in[2], fourth = in[3];
            out[0] = first;
            out[1] = second;
            out[2] = third;
            out[3] = fourth;
            from += 4 * sizeof(word);
            to += 4 * sizeof(word);
            KEEP_LOOP();
        }
        for (; bytes >= sizeof(word); bytes -= sizeof(word)) {
            *(word *)(void *)to = *(const word *)(const void *)from;
            from += sizeof(word);
            to += sizeof(word);
            KEEP_LOOP();
        }
    }
    while (bytes-- > 0) {
        *to++ = *from++;
        KEEP_LOOP();
    }
    return target;
}

void *memmove(void *target, const void *source, size_t bytes) {
    unsigned char *to = target;
    const unsigned char *from = source;

    if ((uintptr_t)to - (uintptr_t)from >= bytes) { /* unsigned: also true where the target is below the source */
        while (bytes-- > 0) {
            *to++ = *from++;
            KEEP_LOOP();
        }
    } else {
        while (bytes-- > 0) {
            to[bytes] = from[bytes];
            KEEP_LOOP();
        }
    }
    return target;
}

void *memset(void *target, int value, size_t bytes) {
    unsigned char *to = target;

    if (is_aligned(to)) {
        const word pattern = (word)(unsigned char)value * UINT32_C(0x01010101);
        for (; bytes >= sizeof(word); bytes -= sizeof(word)) {
            *(word *)(void *)to = pattern;
            to += sizeof(word);
            KEEP_LOOP();
        }
    }
    while (bytes-- > 0) {
        *to++ = (unsigned char)value;
        KEEP_LOOP();
    }
    return target;
}

int memcmp(const void *left, const void *right, size_t bytes) {
    const unsigned char *a = left;
    const unsigned char *b = right;

    for (; bytes > 0; bytes--, a++, b++) {
        if (*a != *b) {
            return *a - *b;
        }
        KEEP_LOOP();
    }
    return 0;
}

/** A second name for a function of this file: the caller's promise of alignment changes nothing here. */
#define ALSO(function) __attribute__((alias(#function)))

void __aeabi_memcpy(void *target, const void *source, size_t bytes);
void __aeabi_memcpy4(void *target, const void *source, size_t bytes) ALSO(__aeabi_memcpy);
void __aeabi_memcpy8(void *target, const void *source, size_t bytes) ALSO(__aeabi_memcpy);
void __aeabi_memmove(void *target, const void *source, size_t bytes);
void __aeabi_memmove4(void *target, const void *source, size_t bytes) ALSO(__aeabi_memmove);
void __aeabi_memmove8(void *target, const void *source, size_t bytes) ALSO(__aeabi_memmove);
void __aeabi_memset(void *target, size_t bytes, int value);
void __aeabi_memset4(void *target, size_t bytes, int value) ALSO(__aeabi_memset);
void __aeabi_memset8(void *target, size_t bytes, int value) ALSO(__aeabi_memset);
void __aeabi_memclr(void *target, size_t bytes);
void __aeabi_memclr4(void *target, size_t bytes) ALSO(__aeabi_memclr);
void __aeabi_memclr8(void *target, size_t bytes) ALSO(__aeabi_memclr);

void __aeabi_memcpy(void *target, const void *source, size_t bytes) { (void)memcpy(target, source, bytes); }

void __aeabi_memmove(void *target, const void *source, size_t bytes) { (void)memmove(target, source, bytes); }

void __aeabi_memset(void *target, size_t bytes, int value) { (void)memset(target, value, bytes); }

void __aeabi_memclr(void *target, size_t bytes) { (void)memset(target, 0, bytes); }
