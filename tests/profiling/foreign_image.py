"""A firmware that tinyprune did not make: its own start-up, linker script and names."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tinyprune.toolchain import Toolchain

SOURCE = """
#include <stdint.h>
#define KEPT __attribute__((noinline, used))
extern uint32_t stack_end;
void reset(void);
int main(void);
uint32_t triangle(uint32_t n);
uint32_t seven(void);
uint32_t first(const volatile uint32_t *values);
void never(void);
void forever(void);
volatile uint32_t sink, table[4] = {1, 2, 3, 4};

KEPT uint32_t triangle(uint32_t n) {
    uint32_t sum = 0;
    for (volatile uint32_t i = 0; i <= n; i++) {
        sum += i;
    }
    return sum;
}
KEPT uint32_t seven(void) { return table[2] + table[3]; }
KEPT uint32_t first(const volatile uint32_t *values) { return *values; }
KEPT void never(void) { sink = 9; }
KEPT void forever(void) { for (;;) { sink = 1; } }

KEPT int main(void) {
    for (uint32_t n = 3; n < 6; n++) {
        sink = triangle(n);
    }
    return 0;
}
__attribute__((noreturn)) void reset(void) {
    extern uint32_t data_load, data_begin, data_end;
    volatile uint32_t *to = &data_begin;
    for (const uint32_t *from = &data_load; to < &data_end;) {
        *to++ = *from++;
    }
    main();
    __asm volatile("movs r0, #0x18\\n ldr r1, =0x20026\\n bkpt 0xab");
    for (;;) {}
}
__attribute__((section(".isr"), used)) const void *const isr[2] = {&stack_end, (const void *)reset};
"""
SCRIPT = """
ENTRY(reset)
SECTIONS {
    .isr 0x08000000 : { KEEP(*(.isr)) }
    .text : { *(.text*) *(.rodata*) }
    .data 0x20000000 : AT(ADDR(.text) + SIZEOF(.text)) { data_begin = .; *(.data*) data_end = .; }
    data_load = LOADADDR(.data);
    .bss : { *(.bss*) *(COMMON) }
    stack_end = 0x20001000;
    /DISCARD/ : { *(.ARM.exidx*) }
}
"""


def linked(folder: Path, toolchain: Toolchain, source: str = SOURCE, *options: str) -> Path:
    """The image of `source`, made by `toolchain` in `folder`."""
    image = folder / "theirs.elf"
    (folder / "theirs.c").write_text(source)
    (folder / "theirs.ld").write_text(SCRIPT)
    flags = [flag for flag in toolchain.flags("cortex-m4f") if flag not in ("-Wl,--entry=Reset_Handler", "-Wpedantic")]
    flags += ["-Wl,--entry=reset", "-Wl,--no-gc-sections"]
    command = [*toolchain.command, *flags, *options, "theirs.c", "-T", "theirs.ld", "-o", image.name]
    subprocess.run(command, cwd=folder, check=True)
    return image
