/**
 * @file port.c
 * RP2040: 12 MHz crystal, 125 MHz core, code executed in place, UART0 on GPIO 0 at 115200 baud 8N1.
 * Chapters, by their names, are those of the RP2040 Datasheet.
 */
#include "port.h"

#include "registers.h"

/* Subsystem resets */
#define RESETS_RESET REGISTER(0x4000C000U)
#define RESETS_DONE REGISTER(0x4000C008U)
#define RESETS_IO_BANK0 BIT(5)
#define RESETS_PADS_BANK0 BIT(8)
#define RESETS_PLL_SYS BIT(12)
#define RESETS_TIMER BIT(21)
#define RESETS_UART0 BIT(22)

/* Crystal oscillator */
#define XOSC_CTRL REGISTER(0x40024000U)
#define XOSC_CTRL_1_15_MHZ UINT32_C(0xAA0)
#define XOSC_CTRL_ENABLE (UINT32_C(0xFAB) << 12)
#define XOSC_STATUS REGISTER(0x40024004U)
#define XOSC_STATUS_STABLE BIT(31)
#define XOSC_STARTUP REGISTER(0x4002400CU)
#define XOSC_STARTUP_1_MS UINT32_C(47) /* in 256 cycles of 12 MHz */

/* PLL */
#define PLL_CS REGISTER(0x40028000U)
#define PLL_CS_LOCK BIT(31)
#define PLL_CS_REFDIV_1 UINT32_C(1)
#define PLL_PWR REGISTER(0x40028004U)
#define PLL_PWR_DSM_OFF BIT(2)
#define PLL_PWR_POSTDIV_OFF BIT(3)
#define PLL_FBDIV REGISTER(0x40028008U)
#define PLL_PRIM REGISTER(0x4002800CU)

/* Clocks */
#define CLK_REF_CTRL REGISTER(0x40008030U)
#define CLK_REF_CTRL_XOSC UINT32_C(2)
#define CLK_REF_SELECTED REGISTER(0x40008038U) /* one bit a source */
#define CLK_REF_SELECTED_XOSC BIT(2)
#define CLK_SYS_CTRL REGISTER(0x4000803CU)
#define CLK_SYS_CTRL_AUX UINT32_C(1) /* and of the auxiliary sources number 0, the PLL */
#define CLK_SYS_SELECTED REGISTER(0x40008044U)
#define CLK_SYS_SELECTED_AUX BIT(1)
#define CLK_PERI_CTRL REGISTER(0x40008048U)
#define CLK_PERI_CTRL_ENABLE BIT(11) /* from the system's clock */

/* Watchdog: its tick makes the timer's microseconds out of the reference clock. Timer; SysTick (DDI0419) */
#define WATCHDOG_TICK REGISTER(0x4005802CU)
#define WATCHDOG_TICK_ENABLE BIT(9)
#define TIMER_RAW_LOW REGISTER(0x40054028U)
#define SYST_CSR REGISTER(0xE000E010U)
#define SYST_CSR_ENABLE_CORE_CLOCK UINT32_C(5)
#define SYST_RVR REGISTER(0xE000E014U)
#define SYST_CVR REGISTER(0xE000E018U)
#define SYST_MASK UINT32_C(0xFFFFFF)

/* GPIO, bank 0 */
#define GPIO0_CTRL REGISTER(0x40014004U)
#define GPIO_FUNCTION_UART UINT32_C(2)

/* UART */
#define UART_DR REGISTER(0x40034000U)
#define UART_FR REGISTER(0x40034018U)
#define UART_FR_TXFF BIT(5)
#define UART_IBRD REGISTER(0x40034024U)
#define UART_FBRD REGISTER(0x40034028U)
#define UART_LCR_H REGISTER(0x4003402CU)
#define UART_LCR_H_8_BITS_FIFO UINT32_C(0x70)
#define UART_CR REGISTER(0x40034030U)
#define UART_CR_ENABLE_TRANSMIT (BIT(0) | BIT(8))

#define ROSC_HZ UINT32_C(6500000) /* nominal: ring oscillator, between 1.8 and 12 MHz */
#define XOSC_MHZ UINT32_C(12)
#define PLL_MHZ UINT32_C(125)
#define BAUD UINT32_C(115200)

/** Polls of a ready flag, at least 4 cycles each: more than 50 ms at 12 MHz. */
#define READY_POLLS UINT32_C(200000)

/** Polls for one character, at least 4 cycles each: more than its 87 us at 125 MHz. */
#define TRANSMIT_POLLS UINT32_C(20000)

static uint32_t clock_hz = ROSC_HZ;

/**
 * The second stage of booting: the boot ROM loads these 256 bytes of the flash into SRAM, checks their CRC and runs
 * them. They set the flash interface up (SSI; read command 03h, which every flash has) and start what the vector table
 * at 0x10000100 says. Written as numbers, as the CRC covers the machine code.
 */
__attribute__((section(".boot2"), used)) const uint16_t boot2[128] = {
    0x4B09,                 /* ldr r3, =SSI */
    0x2100,                 /* movs r1, #0 */
    0x6099,                 /* str r1, [r3, #8]: SSIENR off */
    0x6059,                 /* str r1, [r3, #4]: CTRLR1, one word a read */
    0x2104,                 /* movs r1, #4 */
    0x6159,                 /* str r1, [r3, #20]: BAUDR, a quarter of the clock */
    0x4907,                 /* ldr r1 */
    0x6019,                 /* str r1, [r3, #0]: CTRLR0 */
    0x4907,                 /* ldr r1 */
    0x22F4,                 /* movs r2, #244 */
    0x5099,                 /* str r1, [r3, r2]: SPI_CTRLR0 */
    0x2101,                 /* movs r1, #1 */
    0x6099,                 /* str r1, [r3, #8]: SSIENR on */
    0x4806,                 /* ldr r0 */
    0x4906,                 /* ldr r1 */
    0x6008,                 /* str r0, [r1]: VTOR */
    0xC803,                 /* ldm r0, {r0, r1} */
    0xF380,         0x8808, /* msr msp, r0 */
    0x4708,                 /* bx r1 */
    0x0000,         0x1800, /* the SSI's registers */
    0x0300,         0x001F, /* CTRLR0: serial, frames of 32 bits, read after a command */
    0x0218,         0x0300, /* SPI_CTRLR0: command 03h of 8 bits, 24 bits of address */
    0x0100,         0x1000, /* the vector table */
    0xED08,         0xE000, /* VTOR: DDI0419 */
    [126] = 0x999E, 0x9046, /* CRC-32 of the first 252 bytes: polynomial 0x04C11DB7, most significant bit first */
};

static uint32_t leave_reset(uint32_t units) {
    RESETS_RESET &= ~units;
    return becomes(&RESETS_DONE, units, units, READY_POLLS) ? 0 : PORT_NO_PLL;
}

static uint32_t start_crystal(void) {
    XOSC_STARTUP = XOSC_STARTUP_1_MS;
    XOSC_CTRL = XOSC_CTRL_1_15_MHZ | XOSC_CTRL_ENABLE;
    if (!becomes(&XOSC_STATUS, XOSC_STATUS_STABLE, XOSC_STATUS_STABLE, READY_POLLS)) {
        return PORT_NO_CRYSTAL;
    }
    CLK_REF_CTRL = CLK_REF_CTRL_XOSC;
    const int switched = becomes(&CLK_REF_SELECTED, CLK_REF_SELECTED_XOSC, CLK_REF_SELECTED_XOSC, READY_POLLS);
    return switched ? 0 : PORT_NO_CLOCK_SWITCH;
}

/** 12 MHz * 125 / 6 / 2 = 125 MHz. */
static uint32_t start_pll(void) {
    if (leave_reset(RESETS_PLL_SYS) != 0) {
        return PORT_NO_PLL;
    }
    PLL_CS = PLL_CS_REFDIV_1;
    PLL_FBDIV = 125;
    PLL_PWR = PLL_PWR_DSM_OFF | PLL_PWR_POSTDIV_OFF;
    if (!becomes(&PLL_CS, PLL_CS_LOCK, PLL_CS_LOCK, READY_POLLS)) {
        return PORT_NO_PLL;
    }
    PLL_PRIM = (UINT32_C(6) << 16) | (UINT32_C(2) << 12);
    PLL_PWR = PLL_PWR_DSM_OFF;
    return 0;
}

static uint32_t switch_to_pll(void) {
    CLK_SYS_CTRL = CLK_SYS_CTRL_AUX;
    if (!becomes(&CLK_SYS_SELECTED, CLK_SYS_SELECTED_AUX, CLK_SYS_SELECTED_AUX, READY_POLLS)) {
        CLK_SYS_CTRL = 0;
        return PORT_NO_CLOCK_SWITCH;
    }
    clock_hz = PLL_MHZ * UINT32_C(1000000);
    return 0;
}

static uint32_t start_clock(void) {
    uint32_t status = start_crystal();
    if (status == 0) {
        clock_hz = XOSC_MHZ * UINT32_C(1000000);
        status = start_pll();
    }
    return status == 0 ? switch_to_pll() : status;
}

/** The divider has 6 bits of fraction: 64 f / (16 baud), rounded. */
static void start_uart(void) {
    const uint32_t divider = (clock_hz * 4U + BAUD / 2U) / BAUD;

    (void)leave_reset(RESETS_IO_BANK0 | RESETS_PADS_BANK0 | RESETS_TIMER);
    CLK_PERI_CTRL = CLK_PERI_CTRL_ENABLE;
    (void)leave_reset(RESETS_UART0);
    UART_IBRD = divider >> 6;
    UART_FBRD = divider & 63U;
    UART_LCR_H = UART_LCR_H_8_BITS_FIFO;
    UART_CR = UART_CR_ENABLE_TRANSMIT;
    GPIO0_CTRL = GPIO_FUNCTION_UART;
}

static void start_timers(void) {
    WATCHDOG_TICK = XOSC_MHZ | WATCHDOG_TICK_ENABLE;
    SYST_RVR = SYST_MASK;
    SYST_CVR = 0;
    SYST_CSR = SYST_CSR_ENABLE_CORE_CLOCK;
}

uint32_t port_init(void) {
    const uint32_t status = start_clock();
    start_uart();
    start_timers();
    return status;
}

uint32_t port_clock_hz(void) { return clock_hz; }

void port_putc(char character) {
    (void)becomes(&UART_FR, UART_FR_TXFF, 0, TRANSMIT_POLLS);
    UART_DR = (uint8_t)character;
}

/**
 * SysTick gives the low 24 bits of the cycles, exactly; the timer, in microseconds, gives the others. The constant
 * difference of their starts is far below half of 2^24 cycles.
 */
uint32_t port_cycles(void) {
    const uint32_t about = TIMER_RAW_LOW * PLL_MHZ;
    const uint32_t ahead = (SYST_MASK - SYST_CVR - about) & SYST_MASK;
    return ahead < (SYST_MASK + 1U) / 2U ? about + ahead : about + ahead - (SYST_MASK + 1U);
}
