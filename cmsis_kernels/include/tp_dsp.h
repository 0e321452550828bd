/**
 * @file
 * The instructions of the DSP extension that kernels are built on. Each has a plain C twin that gives the same bits, so
 * that every kernel runs, and is tested, on any machine.
 */
#ifndef TP_DSP_H
#define TP_DSP_H

#include <stdint.h>

#if defined(__ARM_FEATURE_DSP) && defined(__thumb2__)
#define TP_HAS_DSP 1
#else
#define TP_HAS_DSP 0
#endif

/**
 * `count`, which the compiler cannot know: a loop that it bounds is not unrolled. Large bodies gain nothing from that,
 * and leave the instruction cache of a slow flash, 1 KB on many chips.
 */
static inline int32_t tp_not_unrolled(int32_t count) {
    __asm__("" : "+r"(count));
    return count;
}

/** The word at an address that need not be aligned. */
static inline uint32_t tp_load_word(const void *address) {
    uint32_t word;
    __builtin_memcpy(&word, address, 4);
    return word;
}

/** The low or high halfword of a word, as a signed number. */
static inline int32_t tp_low(uint32_t pair) { return (int16_t)(pair & 0xFFFFU); }

static inline int32_t tp_high(uint32_t pair) { return (int16_t)(pair >> 16); }

/** The halfwords `low` and `high` in one word. */
static inline uint32_t tp_pair(int32_t low, int32_t high) { return ((uint32_t)low & 0xFFFFU) | (uint32_t)high << 16; }

/** PKHBT: the low halfwords of both. */
static inline uint32_t tp_pkhbt(uint32_t low, uint32_t high) {
#if TP_HAS_DSP
    uint32_t pair;
    __asm__("pkhbt %0, %1, %2, lsl #16" : "=r"(pair) : "r"(low), "r"(high));
    return pair;
#else
    return (low & 0xFFFFU) | high << 16;
#endif
}

/** PKHTB: the high halfwords of both. */
static inline uint32_t tp_pkhtb(uint32_t high, uint32_t low) {
#if TP_HAS_DSP
    uint32_t pair;
    __asm__("pkhtb %0, %1, %2, asr #16" : "=r"(pair) : "r"(high), "r"(low));
    return pair;
#else
    return (high & 0xFFFF0000U) | low >> 16;
#endif
}

/** SMLABT: acc + a.low * b.high, modulo 2^32. */
static inline int32_t tp_smlabt(uint32_t a, uint32_t b, int32_t acc) {
#if TP_HAS_DSP
    int32_t sum;
    __asm__("smlabt %0, %1, %2, %3" : "=r"(sum) : "r"(a), "r"(b), "r"(acc));
    return sum;
#else
    return (int32_t)((uint32_t)acc + (uint32_t)(tp_low(a) * tp_high(b)));
#endif
}

/** SMLATB: acc + a.high * b.low, modulo 2^32. */
static inline int32_t tp_smlatb(uint32_t a, uint32_t b, int32_t acc) { return tp_smlabt(b, a, acc); }

/** SMLAD: acc + a.low * b.low + a.high * b.high, modulo 2^32. */
static inline int32_t tp_smlad(uint32_t a, uint32_t b, int32_t acc) {
#if TP_HAS_DSP
    int32_t sum;
    __asm__("smlad %0, %1, %2, %3" : "=r"(sum) : "r"(a), "r"(b), "r"(acc));
    return sum;
#else
    const int64_t products = (int64_t)tp_low(a) * tp_low(b) + (int64_t)tp_high(a) * tp_high(b);
    return (int32_t)((uint32_t)acc + (uint32_t)products);
#endif
}

/** SXTB16: bytes 0 and 2, sign extended, as a pair of halfwords. */
static inline uint32_t tp_sxtb16(uint32_t bytes) {
#if TP_HAS_DSP
    uint32_t pair;
    __asm__("sxtb16 %0, %1" : "=r"(pair) : "r"(bytes));
    return pair;
#else
    const uint32_t low = (uint32_t)(int8_t)(bytes & 0xFFU), high = (uint32_t)(int8_t)(bytes >> 16 & 0xFFU);
    return (low & 0xFFFFU) | high << 16;
#endif
}

/** SXTB16 after a rotation: bytes 1 and 3. */
static inline uint32_t tp_sxtb16_ror8(uint32_t bytes) {
#if TP_HAS_DSP
    uint32_t pair;
    __asm__("sxtb16 %0, %1, ror #8" : "=r"(pair) : "r"(bytes));
    return pair;
#else
    return tp_sxtb16(bytes >> 8);
#endif
}

/** SADD16, SSUB16: halfword by halfword, modulo 2^16. */
static inline uint32_t tp_sadd16(uint32_t a, uint32_t b) {
#if TP_HAS_DSP
    uint32_t pair;
    __asm__("sadd16 %0, %1, %2" : "=r"(pair) : "r"(a), "r"(b));
    return pair;
#else
    return ((a + b) & 0xFFFFU) | ((a & 0xFFFF0000U) + (b & 0xFFFF0000U));
#endif
}

static inline uint32_t tp_ssub16(uint32_t a, uint32_t b) {
#if TP_HAS_DSP
    uint32_t pair;
    __asm__("ssub16 %0, %1, %2" : "=r"(pair) : "r"(a), "r"(b));
    return pair;
#else
    return ((a - b) & 0xFFFFU) | ((a & 0xFFFF0000U) - (b & 0xFFFF0000U));
#endif
}

static inline uint32_t tp_twice16(uint32_t a) { return tp_sadd16(a, a); }

/** UXTB16: bytes 0 and 2, zero extended, as a pair of halfwords. */
static inline uint32_t tp_uxtb16(uint32_t bytes) {
#if TP_HAS_DSP
    uint32_t pair;
    __asm__("uxtb16 %0, %1" : "=r"(pair) : "r"(bytes));
    return pair;
#else
    return bytes & 0x00FF00FFU;
#endif
}

/** UXTB16 after a rotation: bytes 1 and 3. */
static inline uint32_t tp_uxtb16_ror8(uint32_t bytes) {
#if TP_HAS_DSP
    uint32_t pair;
    __asm__("uxtb16 %0, %1, ror #8" : "=r"(pair) : "r"(bytes));
    return pair;
#else
    return tp_uxtb16(bytes >> 8);
#endif
}

#if TP_HAS_DSP
/** SXTAB16: bytes 0 and 2, or after a rotation 1 and 3, sign extended, each added to a halfword. */
static inline uint32_t tp_sxtab16(uint32_t pair, uint32_t bytes) {
    uint32_t sums;
    __asm__("sxtab16 %0, %1, %2" : "=r"(sums) : "r"(pair), "r"(bytes));
    return sums;
}

static inline uint32_t tp_sxtab16_ror8(uint32_t pair, uint32_t bytes) {
    uint32_t sums;
    __asm__("sxtab16 %0, %1, %2, ror #8" : "=r"(sums) : "r"(pair), "r"(bytes));
    return sums;
}

/** SSUB8, SEL: byte by byte the larger one, and the smaller one. */
static inline uint32_t tp_larger8(uint32_t a, uint32_t b) {
    uint32_t larger, differences;
    __asm__("ssub8 %1, %2, %3\n\tsel %0, %2, %3" : "=r"(larger), "=&r"(differences) : "r"(a), "r"(b) : "cc");
    return larger;
}

static inline uint32_t tp_smaller8(uint32_t a, uint32_t b) {
    uint32_t smaller, differences;
    __asm__("ssub8 %1, %2, %3\n\tsel %0, %3, %2" : "=r"(smaller), "=&r"(differences) : "r"(a), "r"(b) : "cc");
    return smaller;
}
#endif

/** SMMLAR: acc + round(a * b / 2^32), ties towards +infinity. */
static inline int32_t tp_smmlar(int32_t a, int32_t b, int32_t acc) {
#if TP_HAS_DSP
    int32_t sum;
    __asm__("smmlar %0, %1, %2, %3" : "=r"(sum) : "r"(a), "r"(b), "r"(acc));
    return sum;
#else
    return (int32_t)((uint32_t)acc + (uint32_t)(((int64_t)a * b + (INT64_C(1) << 31)) >> 32));
#endif
}

/** SMMLA: acc + floor(a * b / 2^32), modulo 2^32. */
static inline int32_t tp_smmla(int32_t a, int32_t b, int32_t acc) {
#if TP_HAS_DSP
    int32_t sum;
    __asm__("smmla %0, %1, %2, %3" : "=r"(sum) : "r"(a), "r"(b), "r"(acc));
    return sum;
#else
    return (int32_t)((uint32_t)acc + (uint32_t)(((int64_t)a * b) >> 32));
#endif
}

/** SSAT #8: the nearest int8. */
static inline int32_t tp_saturate(int32_t value) {
#if TP_HAS_DSP
    int32_t nearest;
    __asm__("ssat %0, #8, %1" : "=r"(nearest) : "r"(value) : "cc");
    return nearest;
#else
    return value < -128 ? -128 : value > 127 ? 127 : value;
#endif
}

/** SSAT #8, ASR: the int8 nearest to value / 2^right, rounded down; `right`, 1 to 31, is a compile-time constant. */
static inline __attribute__((always_inline)) int32_t tp_saturate_right(int32_t value, const int32_t right) {
#if TP_HAS_DSP
    int32_t nearest;
    __asm__("ssat %0, #8, %1, asr %2" : "=r"(nearest) : "r"(value), "i"(right) : "cc");
    return nearest;
#else
    return tp_saturate(value >> right);
#endif
}

#endif
