#include "tp_depthwise_tiles.h"

#include "tp_dsp.h"
#include "tp_requantize.h"
#include "tp_thumb.h"

#if TP_HAS_DSP
/*
 * r0 words, r1 output, r2 and r4 sums of outputs side by side, r3 and r5 of the ones below them, r8 or r9 to lr
 * weights. Words of a column, and the bias, go where there is no sum yet. On the stack: where the words of a column of
 * tiles end, columns left, r12 and lr as they were made, the channel, all that a function must save.
 */
#define CHANNEL(place) "[sp, #16 + " #place "]"
#define BIAS CHANNEL(0)
#define MULTIPLIER CHANNEL(4)
#define ADDEND CHANNEL(8)
#define EXPONENT CHANNEL(12)
#define ASIDE CHANNEL(16)
#define BELOW CHANNEL(20)
#define WORDS CHANNEL(24)
#define ODD CHANNEL(28)
#define WORDS_GAP CHANNEL(32)
#define GAP CHANNEL(36)

#define ENTER                                                                                                          \
    "push {r4, r5, r6, r7, r8, r9, r10, r11, lr}\n\t"                                                                  \
    "ldm r3, {r3, r4, r5, r6, r7, r8, r9, r10, r11, r12, lr}\n\t"                                                      \
    "push {r3, r4, r5, r6, r7, r8, r9, r10, r11, r12}\n\t"                                                             \
    "mov r3, lr\n\t"                                                                                                   \
    "ldm r2, {r4, r5, r6}\n\t"                                                                                         \
    "mov r7, #0xFF00FF00\n\t"
#define LEAVE                                                                                                          \
    "add sp, #56\n\t"                                                                                                  \
    "pop {r4, r5, r6, r7, r8, r9, r10, r11, pc}"

/* Stride 1. Weights: (w0, w1) of each column in r8, r10, r12, (w1, w2) in r9, r11, lr. */
#define ONES_WEIGHTS                                                                                                   \
    "and r8, r7, r4\n\t"                                                                                               \
    "and r9, r7, r4, lsl #8\n\t"                                                                                       \
    "and r10, r7, r5\n\t"                                                                                              \
    "and r11, r7, r5, lsl #8\n\t"                                                                                      \
    "and r12, r7, r6\n\t"                                                                                              \
    "and lr, r7, r6, lsl #8\n\t"                                                                                       \
    "push {r2, r3, r12, lr}\n\t"
#define ONES_FIRST(a, b)                                                                                               \
    "ldr " a ", [r0], #16\n\t"                                                                                         \
    "ldr " b ", [r0]\n\t"
#define ONES_LOAD(place, a, b)                                                                                         \
    "ldr " a ", [r0, #16 * " place " - 16]\n\t"                                                                        \
    "ldr " b ", [r0, #16 * " place "]\n\t"
/* The first column of an output in r2 and the one below it, from r2, r4; and of one in r4 and below, from r7, r5. */
#define ONES_LEFT                                                                                                      \
    "smlatb r3, r2, r8, r6\n\t"                                                                                        \
    "smlad r2, r2, r8, r6\n\t"                                                                                         \
    "smlad r3, r4, r9, r3\n\t"                                                                                         \
    "smlabt r2, r4, r9, r2\n\t"
#define ONES_RIGHT                                                                                                     \
    "smlabt r4, r5, r9, r6\n\t"                                                                                        \
    "smlad r5, r5, r9, r6\n\t"                                                                                         \
    "smlad r4, r7, r8, r4\n\t"                                                                                         \
    "smlatb r5, r7, r8, r5\n\t"
#define ONES_ADD(s, t, a, b, u, l)                                                                                     \
    "smlad " s ", " a ", " u ", " s "\n\t"                                                                             \
    "smlatb " t ", " a ", " u ", " t "\n\t"                                                                            \
    "smlabt " s ", " b ", " l ", " s "\n\t"                                                                            \
    "smlad " t ", " b ", " l ", " t "\n\t"
#define ONES_SECOND(s, t, a, b) ONES_ADD(s, t, a, b, "r10", "r11")
#define ONES_THIRD(s, t, a, b) ONES_ADD(s, t, a, b, "r12", "lr")
#define ONES_STEP "#16"

/* clang-format off */
#define ONES_TILE(pitch)                                                                                               \
    ONES_FIRST("r2", "r4") ONES_LOAD(#pitch, "r7", "r5") ONES_LEFT                                                     \
    ONES_SECOND("r2", "r3", "r7", "r5") ONES_RIGHT                                                                     \
    ONES_LOAD("2 * " #pitch, "r6", "r7") ONES_THIRD("r2", "r3", "r6", "r7") ONES_SECOND("r4", "r5", "r6", "r7")        \
    ONES_LOAD("3 * " #pitch, "r6", "r7") ONES_THIRD("r4", "r5", "r6", "r7")
#define ONES_HALF(pitch)                                                                                               \
    ONES_FIRST("r2", "r4") ONES_LEFT                                                                                   \
    ONES_LOAD(#pitch, "r4", "r5") ONES_SECOND("r2", "r3", "r4", "r5")                                                  \
    ONES_LOAD("2 * " #pitch, "r4", "r5") ONES_THIRD("r2", "r3", "r4", "r5")
/* clang-format on */

/* Stride 2. Weights: (w0, w1) of each column in r9, r10, r11, w2 of the first two in r12, of the last high in lr. */
#define TWOS_WEIGHTS                                                                                                   \
    "and r9, r7, r4\n\t"                                                                                               \
    "and r10, r7, r5\n\t"                                                                                              \
    "and r11, r7, r6\n\t"                                                                                              \
    "and r4, r7, r4, lsl #8\n\t"                                                                                       \
    "and r5, r7, r5, lsl #8\n\t"                                                                                       \
    "pkhtb r12, r5, r4, asr #16\n\t"                                                                                   \
    "and lr, r7, r6, lsl #8\n\t"                                                                                       \
    "push {r2, r3, r12, lr}\n\t"
#define TWOS_FIRST(a, b, c)                                                                                            \
    "ldr " a ", [r0], #32\n\t"                                                                                         \
    "ldr " b ", [r0, #-16]\n\t"                                                                                        \
    "ldr " c ", [r0]\n\t"
#define TWOS_LOAD(place, a, b, c)                                                                                      \
    "ldr " a ", [r0, #16 * " place " - 32]\n\t"                                                                        \
    "ldr " b ", [r0, #16 * " place " - 16]\n\t"                                                                        \
    "ldr " c ", [r0, #16 * " place "]\n\t"
/* The first column of outputs in s and t, where its first two words are. */
#define TWOS_BEGIN(s, t, c)                                                                                            \
    "smlad " s ", " s ", r9, r6\n\t"                                                                                   \
    "smlabb " s ", " t ", r12, " s "\n\t"                                                                              \
    "smlad " t ", " t ", r9, r6\n\t"                                                                                   \
    "smlabb " t ", " c ", r12, " t "\n\t"
#define TWOS_ADD(s, t, a, b, c, u, l)                                                                                  \
    "smlad " s ", " a ", " u ", " s "\n\t"                                                                             \
    "smlad " t ", " b ", " u ", " t "\n\t"                                                                             \
    "smlabt " s ", " b ", " l ", " s "\n\t"                                                                            \
    "smlabt " t ", " c ", " l ", " t "\n\t"
#define TWOS_SECOND(s, t, a, b, c) TWOS_ADD(s, t, a, b, c, "r10", "r12")
#define TWOS_THIRD(s, t, a, b, c) TWOS_ADD(s, t, a, b, c, "r11", "lr")
#define TWOS_STEP "#32"

/* clang-format off */
#define TWOS_TILE(pitch)                                                                                               \
    TWOS_FIRST("r2", "r3", "r8") TWOS_LOAD(#pitch, "r4", "r5", "r7") TWOS_BEGIN("r2", "r3", "r8")                      \
    TWOS_SECOND("r2", "r3", "r4", "r5", "r7")                                                                          \
    TWOS_LOAD("2 * " #pitch, "r4", "r5", "r7") TWOS_THIRD("r2", "r3", "r4", "r5", "r7") TWOS_BEGIN("r4", "r5", "r7")   \
    TWOS_LOAD("3 * " #pitch, "r6", "r7", "r8") TWOS_SECOND("r4", "r5", "r6", "r7", "r8")                               \
    TWOS_LOAD("4 * " #pitch, "r6", "r7", "r8") TWOS_THIRD("r4", "r5", "r6", "r7", "r8")
#define TWOS_HALF(pitch)                                                                                               \
    TWOS_FIRST("r2", "r3", "r8") TWOS_BEGIN("r2", "r3", "r8")                                                          \
    TWOS_LOAD(#pitch, "r4", "r5", "r8") TWOS_SECOND("r2", "r3", "r4", "r5", "r8")                                      \
    TWOS_LOAD("2 * " #pitch, "r4", "r5", "r8") TWOS_THIRD("r2", "r3", "r4", "r5", "r8")

/* LOAD_, each sum, SATURATE_ it, RELOAD_: tp_requantize_level with TP_LEVEL_FRACTION, */
#define LOAD_LEVEL(m, c)                                                                                               \
    "ldr " m ", " MULTIPLIER "\n\t"                                                                                    \
    "ldr " c ", " ADDEND "\n\t"
#define LEVEL(sum, m, c) "smmla " sum ", " sum ", " m ", " c "\n\t"
#define SATURATE_LEVEL(sum) "ssat " sum ", #8, " sum ", asr #12\n\t"
#define RELOAD_LEVEL

/* or tp_requantize_right of 2^-7 times the sum, for which r12 and lr make place. */
#define LOAD_RIGHT(m, c) LOAD_LEVEL(m, c) "ldr lr, " EXPONENT "\n\t"
#define RIGHT(sum, m, c)                                                                                               \
    "asr " sum ", " sum ", #7\n\t"                                                                                     \
    "add r12, " c ", " sum ", asr #31\n\t"                                                                             \
    "smmlar " sum ", " sum ", " m ", r12\n\t"                                                                          \
    "asr " sum ", " sum ", lr\n\t"
#define SATURATE_RIGHT(sum) "ssat " sum ", #8, " sum "\n\t"
#define RELOAD_RIGHT                                                                                                   \
    "ldr r12, [sp, #8]\n\t"                                                                                            \
    "ldr lr, [sp, #12]\n\t"

/* One row below the tiles: once more to `tile`, with nothing below it; its words end at r7. */
#define ODD_ROW(step, tile)                                                                                            \
    "ldr r2, " ODD "\n\t"                                                                                              \
    "ldr r3, " BELOW "\n\t"                                                                                            \
    "cbz r2, 9f\n\t"                                                                                                   \
    "subs r3, r2, r3\n\t"                                                                                              \
    "str r3, " BELOW "\n\t"                                                                                            \
    "add r7, r0, " step "\n\t"                                                                                         \
    "beq " tile "\n\t"                                                                                                 \
    "9:\n\t"

/* Tiles one below the other, stored by the instruction `store`; then half of one, where the last column has none beside
 * it. */
#define TILES(name, pitch, mode, store)                                                                                \
    ENTER name##_WEIGHTS                                                                                               \
    "1:\n\t"                                                                                                           \
    "ldr r7, " WORDS "\n\t"                                                                                            \
    "subs r3, #2\n\t"                                                                                                  \
    "add r7, r7, r0\n\t"                                                                                               \
    "str r3, [sp, #4]\n\t"                                                                                             \
    "blt 4f\n\t"                                                                                                       \
    "2:\n\t"                                                                                                           \
    "str r7, [sp]\n\t"                                                                                                 \
    ".balign 4\n"                                                                                                      \
    "3:\n\t"                                                                                                           \
    "ldr r6, " BIAS "\n\t"                                                                                             \
    name##_TILE(pitch) LOAD_##mode("r6", "r7")                                                                         \
    mode("r5", "r6", "r7") mode("r3", "r6", "r7") mode("r4", "r6", "r7") mode("r2", "r6", "r7")                        \
    SATURATE_##mode("r5") SATURATE_##mode("r3") SATURATE_##mode("r4") RELOAD_##mode                                    \
    "ldr r6, " ASIDE "\n\t"                                                                                            \
    "ldr r7, " BELOW "\n\t"                                                                                            \
    "add r7, r1, r7\n\t"                                                                                               \
    SATURATE_##mode("r2")                                                                                              \
    store " r5, [r7, r6]\n\t"                                                                                          \
    store " r3, [r7]\n\t"                                                                                              \
    store " r4, [r1, r6]\n\t"                                                                                          \
    store " r2, [r1]\n\t"                                                                                              \
    "ldr r6, [sp]\n\t"                                                                                                 \
    "rsb r1, r1, r7, lsl #1\n\t"                                                                                       \
    "cmp r0, r6\n\t"                                                                                                   \
    "bne 3b\n\t"                                                                                                       \
    ODD_ROW(name##_STEP, "2b")                                                                                         \
    "ldr r2, " WORDS_GAP "\n\t"                                                                                        \
    "ldr r4, " GAP "\n\t"                                                                                              \
    "ldr r3, [sp, #4]\n\t"                                                                                             \
    "add r0, r0, r2\n\t"                                                                                               \
    "add r1, r1, r4\n\t"                                                                                               \
    "b 1b\n\t"                                                                                                         \
    "4:\n\t"                                                                                                           \
    "adds r3, #1\n\t"                                                                                                  \
    "bmi 6f\n\t"                                                                                                       \
    "ldr r6, " BIAS "\n\t"                                                                                             \
    ".balign 4\n"                                                                                                      \
    "5:\n\t"                                                                                                           \
    name##_HALF(pitch) LOAD_##mode("r4", "r5") mode("r3", "r4", "r5") mode("r2", "r4", "r5")                           \
    SATURATE_##mode("r3") RELOAD_##mode                                                                                \
    "ldr r4, " BELOW "\n\t"                                                                                            \
    "add r5, r1, r4\n\t"                                                                                               \
    SATURATE_##mode("r2")                                                                                              \
    store " r3, [r5]\n\t"                                                                                              \
    store " r2, [r1]\n\t"                                                                                              \
    "add r1, r5, r4\n\t"                                                                                               \
    "cmp r0, r7\n\t"                                                                                                   \
    "bne 5b\n\t"                                                                                                       \
    ODD_ROW(name##_STEP, "5b")                                                                                         \
    "6:\n\t"                                                                                                           \
    LEAVE

#define FUNCTION(kind, name, pitch, mode, store)                                                                       \
    TP_NAKED void tp_depthwise_##kind##_##pitch(                                                                       \
        TP_IN_REGISTER const uint32_t *words, TP_IN_REGISTER int8_t *output, TP_IN_REGISTER const uint32_t *weights,   \
        TP_IN_REGISTER const tp_depthwise_channel *channel) {                                                          \
        __asm__(TILES(name, pitch, mode, store));                                                                      \
    }
/* clang-format on */
#define FUNCTIONS(pitch)                                                                                               \
    FUNCTION(level_ones, ONES, pitch, LEVEL, "strb")                                                                   \
    FUNCTION(level_twos, TWOS, pitch, LEVEL, "strb")                                                                   \
    FUNCTION(right_ones, ONES, pitch, RIGHT, "strb")                                                                   \
    FUNCTION(right_twos, TWOS, pitch, RIGHT, "strb")                                                                   \
    FUNCTION(wide_level_ones, ONES, pitch, LEVEL, "strh")                                                              \
    FUNCTION(wide_level_twos, TWOS, pitch, LEVEL, "strh")                                                              \
    FUNCTION(wide_right_ones, ONES, pitch, RIGHT, "strh")                                                              \
    FUNCTION(wide_right_twos, TWOS, pitch, RIGHT, "strh")
#else
/* One column of outputs: where the stride is 1, a row of words has two outputs. */
static void one_column(const uint32_t *words, int8_t *output, const uint32_t *weights,
                       const tp_depthwise_channel *channel, int32_t pitch, int32_t stride, int32_t level,
                       int32_t wide) {
    const tp_level_requant to_level = {channel->multiplier, channel->addend};
    const tp_right_requant to_right = {channel->multiplier, channel->addend, channel->exponent};
    const int32_t tiled = channel->words / (4 * TP_PIXEL_CHANNELS) * (stride == 1 ? 2 : 1);
    const int32_t rows = channel->below == 0 ? 1 : channel->odd == 0 ? tiled : tiled + 1;
    for (int32_t row = 0; row < rows; row++) {
        const uint32_t *upper = words + (stride == 1 ? row / 2 : row) * TP_PIXEL_CHANNELS;
        int32_t sum = channel->bias;
        for (int32_t i = 0; i < 3; i++) {
            const uint32_t *pair = upper + i * pitch * TP_PIXEL_CHANNELS;
            const uint32_t x = pair[0], y = pair[TP_PIXEL_CHANNELS];
            const uint32_t w01 = weights[i] & TP_ODD_BYTES, w12 = weights[i] << 8 & TP_ODD_BYTES;
            sum = stride == 1 && row % 2 != 0 ? tp_smlatb(x, w01, tp_smlad(y, w12, sum))
                                              : tp_smlabt(y, w12, tp_smlad(x, w01, sum));
        }
        const int32_t value =
            level ? tp_requantize_level(to_level, sum, TP_LEVEL_FRACTION) : tp_requantize_right(to_right, sum >> 7);
        int8_t *const target = output + row * channel->below;
        if (wide) {
            *(int16_t *)(void *)target = (int16_t)value;
        } else {
            *target = (int8_t)value;
        }
    }
}

#define FUNCTION(kind, pitch, stride, level, wide)                                                                     \
    void tp_depthwise_##kind##_##pitch(const uint32_t *words, int8_t *output, const uint32_t *weights,                 \
                                       const tp_depthwise_channel *channel) {                                          \
        for (int32_t i = 0; i < channel->columns; i++) {                                                               \
            one_column(words + i * stride * pitch * TP_PIXEL_CHANNELS, output + i * channel->right, weights, channel,  \
                       pitch, stride, level, wide);                                                                    \
        }                                                                                                              \
    }
#define FUNCTIONS(pitch)                                                                                               \
    FUNCTION(level_ones, pitch, 1, 1, 0)                                                                               \
    FUNCTION(level_twos, pitch, 2, 1, 0)                                                                               \
    FUNCTION(right_ones, pitch, 1, 0, 0)                                                                               \
    FUNCTION(right_twos, pitch, 2, 0, 0)                                                                               \
    FUNCTION(wide_level_ones, pitch, 1, 1, 1)                                                                          \
    FUNCTION(wide_level_twos, pitch, 2, 1, 1)                                                                          \
    FUNCTION(wide_right_ones, pitch, 1, 0, 1)                                                                          \
    FUNCTION(wide_right_twos, pitch, 2, 0, 1)
#endif

// cppcheck-suppress constParameterCallback ; assembly writes to the output
TP_DEPTHWISE_PITCHES(FUNCTIONS)
