/**
 * @file
 * Lines of assembly several times.
 */
#ifndef TP_REPEAT_H
#define TP_REPEAT_H

#define TP_48_LINES "\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n"

/** At most 27 lines. gcc takes each line for an instruction when it places constants and branches: empty ones stand for
 * those, at most 7 * 27, that .rept adds. */
#define TP_REPEAT_8(lines) ".rept 8\n\t" lines ".endr\n\t" TP_48_LINES TP_48_LINES TP_48_LINES TP_48_LINES

/** The same four times, at most 48 lines. */
#define TP_REPEAT_4(lines) ".rept 4\n\t" lines ".endr\n\t" TP_48_LINES TP_48_LINES TP_48_LINES

#endif
