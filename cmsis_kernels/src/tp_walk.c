#include "tp_walk.h"

#include "tp_staircase.h"
#include "tp_thumb.h"

#if TP_HAS_THUMB
/* r5 the next weights, r1 the column; r8, r9, r10 rows; r6 the sum of the output that ends next, r7 that of the one
 * behind it; r12 outputs, lr start. */
#ifdef __thumb2__
#define LOAD(row) "ldrsb r0, [" row ", r1]\n\t"
#else
#define LOAD(row)                                                                                                      \
    "mov r0, " row "\n\t"                                                                                              \
    "ldrsb r0, [r0, r1]\n\t"
#endif

/* One column of stride 1, a row of it at a time; r11 the third sum. 13 cycles. */
#define THREE_PRODUCTS(row, add)                                                                                       \
    LOAD(row)                                                                                                          \
    "ldm r5!, {r2, r3, r4}\n\t"                                                                                        \
    "muls r2, r0, r2\n\t"                                                                                              \
    "muls r3, r0, r3\n\t"                                                                                              \
    "muls r4, r0, r4\n\t"                                                                                              \
    "adds r6, r6, r2\n\t"                                                                                              \
    "adds r7, r7, r3\n\t" add " r11, r4\n\t"
#define COLUMN THREE_PRODUCTS("r8", "mov") THREE_PRODUCTS("r9", "add") THREE_PRODUCTS("r10", "add")

/* Two columns of stride 2: the one in the middle of a window, and the one that two windows share. 7 and 10 cycles. */
#define ONE_PRODUCT(row)                                                                                               \
    LOAD(row)                                                                                                          \
    "ldm r5!, {r2}\n\t"                                                                                                \
    "muls r2, r0, r2\n\t"                                                                                              \
    "adds r6, r6, r2\n\t"
#define MIDDLE_COLUMN ONE_PRODUCT("r8") ONE_PRODUCT("r9") ONE_PRODUCT("r10")
#define TWO_PRODUCTS(row, add)                                                                                         \
    LOAD(row)                                                                                                          \
    "ldm r5!, {r2, r3}\n\t"                                                                                            \
    "muls r2, r0, r2\n\t"                                                                                              \
    "muls r3, r0, r3\n\t"                                                                                              \
    "adds r6, r6, r2\n\t" add " r7, r3\n\t"
#define SHARED_COLUMN TWO_PRODUCTS("r8", "mov") TWO_PRODUCTS("r9", "add") TWO_PRODUCTS("r10", "add")

/* The output of r6 in r3; leaves step in r2, end in r4, the weights in r5. 22 cycles. */
#define STEP_SUM                                                                                                       \
    "ldm r5!, {r2, r3, r4}\n\t"                                                                                        \
    "add r6, lr\n\t"                                                                                                   \
    "cmp r6, r2\n\t"                                                                                                   \
    "bls 9f\n\t"                                                                                                       \
    "asrs r6, r6, #31\n\t" /* 0 below the range, its end above it */                                                   \
    "mvns r6, r6\n\t"                                                                                                  \
    "ands r6, r2\n"                                                                                                    \
    "9:\n\t"                                                                                                           \
    "muls r3, r6, r3\n\t"                                                                                              \
    "lsrs r3, r3, #13\n\t"                                                                                             \
    "muls r4, r6, r4\n\t"                                                                                              \
    "adds r3, r3, r4\n\t"                                                                                              \
    "ldm r5!, {r0, r2, r4}\n\t"                                                                                        \
    "adds r3, r3, r0\n\t"                                                                                              \
    "lsrs r3, r3, #24\n\t"                                                                                             \
    "subs r5, r5, #60\n\t"

/* Ahead of the first row; r5 the structure. */
#define ENTER                                                                                                          \
    TP_SAVE_ALL                                                                                                        \
    "movs r5, r0\n\t"                                                                                                  \
    "ldr r0, [r5, #60]\n\t"                                                                                            \
    "mov lr, r0\n\t"                                                                                                   \
    "ldr r0, [r5, #84]\n\t"                                                                                            \
    "mov r8, r0\n\t"                                                                                                   \
    "ldr r0, [r5, #88]\n\t"                                                                                            \
    "mov r9, r0\n\t"                                                                                                   \
    "ldr r0, [r5, #92]\n\t"                                                                                            \
    "mov r10, r0\n"

/* The next row's outputs, also in r0, and its first column. */
#define BEGIN_ROW                                                                                                      \
    "ldr r0, [r5, #100]\n\t"                                                                                           \
    "mov r12, r0\n\t"                                                                                                  \
    "ldr r2, [r5, #104]\n\t"                                                                                           \
    "adds r2, r2, r0\n\t"                                                                                              \
    "str r2, [r5, #100]\n\t"                                                                                           \
    "ldr r1, [r5, #72]\n\t"

/* Back to 1 if there is another row. */
#define END_ROW                                                                                                        \
    "ldr r0, [r5, #108]\n\t"                                                                                           \
    "subs r0, r0, #1\n\t"                                                                                              \
    "beq 8f\n\t"                                                                                                       \
    "str r0, [r5, #108]\n\t"                                                                                           \
    "ldr r0, [r5, #96]\n\t"                                                                                            \
    "add r8, r0\n\t"                                                                                                   \
    "add r9, r0\n\t"                                                                                                   \
    "add r10, r0\n\t"                                                                                                  \
    "b 1b\n"                                                                                                           \
    "8:\n\t" TP_RESTORE_ALL

/* cppcheck-suppress constParameterPointer ; assembly writes to it */
TP_NAKED void tp_walk_columns(TP_IN_REGISTER tp_walk *walk) {
    /* 67 cycles an output */
    /* clang-format off */
    __asm__(ENTER
            "1:\n\t"
            BEGIN_ROW
            "ldr r2, [r5, #76]\n\t"
            "subs r0, r0, r2\n\t"
            "mov r12, r0\n\t"
            "ldr r7, [r5, #64]\n"
            "2:\n\t" /* columns with which no output ends */
            COLUMN
            "movs r6, r7\n\t"
            "mov r7, r11\n\t"
            "subs r5, r5, #36\n\t"
            "ldr r2, [r5, #52]\n\t"
            "adds r1, r1, r2\n\t"
            "ldr r2, [r5, #76]\n\t"
            "cmp r1, r2\n\t"
            "bne 2b\n\t"
            "ldr r4, [r5, #56]\n\t"
            "b 5f\n"
            "3:\n\t"
            COLUMN
            "4:\n\t"
            STEP_SUM
            "mov r0, r12\n\t"
            "strb r3, [r0, r1]\n\t"
            "movs r6, r7\n\t"
            "mov r7, r11\n\t"
            "adds r1, r1, r2\n"
            "5:\n\t"
            "cmp r1, r4\n\t"
            "bcc 3b\n\t"
            "ldr r2, [r5, #80]\n\t"
            "cmp r1, r2\n\t"
            "beq 6f\n\t"
            "ldr r2, [r5, #68]\n\t"
            "adds r6, r6, r2\n\t"
            "adds r5, r5, #36\n\t"
            "b 4b\n"
            "6:\n\t"
            END_ROW);
    /* clang-format on */
}

/* cppcheck-suppress constParameterPointer ; assembly writes to it */
TP_NAKED void tp_walk_column_pairs(TP_IN_REGISTER tp_walk *walk) {
    /* 83 cycles an output */
    /* clang-format off */
    __asm__(ENTER
            "1:\n\t"
            BEGIN_ROW
            "ldr r6, [r5, #64]\n\t"
            "ldr r2, [r5, #76]\n\t"
            "cmp r1, r2\n\t"
            "beq 2f\n\t"
            "adds r5, r5, #12\n\t"
            SHARED_COLUMN
            "movs r6, r7\n\t"
            "subs r5, r5, #36\n\t"
            "ldr r1, [r5, #76]\n"
            "2:\n\t"
            "ldr r4, [r5, #56]\n\t"
            "b 5f\n"
            "3:\n\t"
            MIDDLE_COLUMN
            "ldr r2, [r5, #40]\n\t" /* step */
            "adds r1, r1, r2\n\t"
            SHARED_COLUMN
            "4:\n\t"
            STEP_SUM
            "mov r0, r12\n\t"
            "strb r3, [r0]\n\t"
            "add r12, r2\n\t"
            "movs r6, r7\n\t"
            "adds r1, r1, r2\n"
            "5:\n\t"
            "cmp r1, r4\n\t"
            "bcc 3b\n\t"
            "ldr r2, [r5, #80]\n\t"
            "cmp r1, r2\n\t"
            "beq 6f\n\t"
            MIDDLE_COLUMN
            "ldr r2, [r5, #40]\n\t"
            "adds r1, r1, r2\n\t"
            "ldr r2, [r5, #56]\n\t" /* right */
            "adds r6, r6, r2\n\t"
            "adds r5, r5, #24\n\t"
            "b 4b\n"
            "6:\n\t"
            END_ROW);
    /* clang-format on */
}
#else
/** What one column of a window adds: its three rows times weights[0], weights[distance], weights[2 * distance]. */
static int32_t column(const tp_walk *walk, int32_t place, const int32_t *weights, int32_t distance) {
    int32_t sum = 0;
    for (int32_t i = 0; i < 3; i++) {
        sum += walk->rows[i][place] * weights[i * distance];
    }
    return sum;
}

static int8_t step_sum(const tp_walk *walk, int32_t sum) {
    const uint32_t stair[TP_STAIR_WORDS] = {(uint32_t)walk->start, walk->range,       walk->low, walk->high,
                                            walk->offset,          TP_STAIR_TWO_PARTS};
    return tp_stair(stair, sum);
}

static void next_row(tp_walk *walk) {
    walk->output += walk->row_bytes;
    walk->count--;
    for (int32_t i = 0; walk->count > 0 && i < 3; i++) {
        walk->rows[i] += walk->rows_distance;
    }
}

void tp_walk_columns(tp_walk *walk) {
    for (; walk->count > 0; next_row(walk)) {
        int32_t ending = 0, next = walk->left;
        for (int32_t place = walk->begin; place != walk->last; place += walk->step) {
            int32_t third = 0;
            if (place == walk->end) {
                ending += walk->right;
            } else {
                ending += column(walk, place, walk->weights, 3);
                next += column(walk, place, walk->weights + 1, 3);
                third = column(walk, place, walk->weights + 2, 3);
            }
            if (place >= walk->first) {
                walk->output[place - walk->first] = step_sum(walk, ending);
            }
            ending = next;
            next = third;
        }
    }
}

void tp_walk_column_pairs(tp_walk *walk) {
    const int32_t *shared = walk->weights + 3;
    for (; walk->count > 0; next_row(walk)) {
        const int has_left = walk->first == walk->begin;
        int32_t sum = has_left ? walk->left : column(walk, walk->begin, shared + 1, 2), place = walk->first;
        for (int8_t *output = walk->output; place != walk->last; place += 2 * walk->step, output += walk->step) {
            int32_t next = 0;
            sum += column(walk, place, walk->weights, 1);
            if (place == walk->end) {
                sum += walk->right;
            } else {
                sum += column(walk, place + walk->step, shared, 2);
                next = column(walk, place + walk->step, shared + 1, 2);
            }
            *output = step_sum(walk, sum);
            sum = next;
        }
    }
}
#endif
