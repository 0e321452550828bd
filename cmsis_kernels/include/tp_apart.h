/**
 * @file
 * Functions that compilers see by themselves.
 */
#ifndef TP_APART_H
#define TP_APART_H

/**
 * A static function of the model's own file that is compiled for what its arguments may be, not for what its callers
 * are seen to pass: it takes the same time and the same code in every model, however many layers share it.
 */
#if defined(__clang__)
#define TP_APART __attribute__((noinline, used))
#elif defined(__GNUC__)
#define TP_APART __attribute__((noipa, unused))
#else
#define TP_APART
#endif

#endif
