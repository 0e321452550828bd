/**
 * @file string.h
 * The part of the C library that compilers call on their own, and that kernels may use. runtime.c implements it, so the
 * firmware needs no C library.
 */
#ifndef TP_STRING_H
#define TP_STRING_H

#include <stddef.h>

void *memcpy(void *restrict target, const void *restrict source, size_t bytes);
void *memmove(void *target, const void *source, size_t bytes);
void *memset(void *target, int value, size_t bytes);
int memcmp(const void *left, const void *right, size_t bytes);

#endif
