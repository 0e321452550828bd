/**
 * @file port.c
 * STM32L4R5 (L4+): internal 16 MHz oscillator, 120 MHz core, LPUART1 on PG7 at 115200 baud 8N1.
 * Sections are those of the reference manual RM0432, and of the ARMv7-M architecture manual (DDI0403) where it says so.
 */
#include "port.h"

#define REGISTER(address) (*(volatile uint32_t *)(address))
#define BIT(position) (UINT32_C(1) << (position))

/* Reset and clock control: section 6.4 */
#define RCC_CR REGISTER(0x40021000U)
#define RCC_CR_HSION BIT(8)
#define RCC_CR_HSIRDY BIT(10)
#define RCC_CR_PLLON BIT(24)
#define RCC_CR_PLLRDY BIT(25)
#define RCC_CFGR REGISTER(0x40021008U)
#define RCC_CFGR_SW_PLL UINT32_C(3)
#define RCC_CFGR_SWS_MASK (UINT32_C(3) << 2)
#define RCC_CFGR_SWS_PLL (UINT32_C(3) << 2)
#define RCC_CFGR_HPRE_DIV2 (UINT32_C(8) << 4)
#define RCC_PLLCFGR REGISTER(0x4002100CU)
#define RCC_PLLCFGR_SRC_HSI UINT32_C(2)
#define RCC_PLLCFGR_M(divider) (((divider) - UINT32_C(1)) << 4)
#define RCC_PLLCFGR_N(factor) ((uint32_t)(factor) << 8)
#define RCC_PLLCFGR_REN BIT(24) /* the output R, which is the system clock; R = 0 divides by 2 */
#define RCC_AHB2ENR REGISTER(0x4002104CU)
#define RCC_AHB2ENR_GPIOGEN BIT(6)
#define RCC_APB1ENR1 REGISTER(0x40021058U)
#define RCC_APB1ENR1_PWREN BIT(28)
#define RCC_APB1ENR2 REGISTER(0x4002105CU)
#define RCC_APB1ENR2_LPUART1EN BIT(0)

/* Power control: section 5.4 */
#define PWR_CR2 REGISTER(0x40007004U)
#define PWR_CR2_IOSV BIT(9) /* the supply of port G is there */
#define PWR_CR5 REGISTER(0x40007080U)
#define PWR_CR5_R1MODE BIT(8) /* 0: range 1 in boost mode */

/* Flash interface: section 3.7; wait states: section 3.3.3; the ART accelerator: section 3.3.4 */
#define FLASH_ACR REGISTER(0x40022000U)
#define FLASH_ACR_LATENCY_MASK UINT32_C(15)
#define FLASH_ACR_LATENCY_5 UINT32_C(5)
#define FLASH_ACR_PRFTEN BIT(8)
#define FLASH_ACR_ICEN BIT(9)
#define FLASH_ACR_DCEN BIT(10)

/* General-purpose I/O, port G: section 8.4 */
#define GPIOG_MODER REGISTER(0x48001800U)
#define GPIOG_AFRL REGISTER(0x48001820U)

/* LPUART1: chapter "Low-power universal asynchronous receiver transmitter", registers */
#define LPUART_CR1 REGISTER(0x40008000U)
#define LPUART_CR1_UE BIT(0)
#define LPUART_CR1_TE BIT(3)
#define LPUART_BRR REGISTER(0x4000800CU)
#define LPUART_ISR REGISTER(0x4000801CU)
#define LPUART_ISR_TXE BIT(7)
#define LPUART_TDR REGISTER(0x40008028U)

/* Debug and the cycle counter: DDI0403 sections C1.6.5 and C1.8 */
#define DEMCR REGISTER(0xE000EDFCU)
#define DEMCR_TRCENA BIT(24)
#define DWT_CTRL REGISTER(0xE0001000U)
#define DWT_CTRL_CYCCNTENA BIT(0)
#define DWT_CYCCNT REGISTER(0xE0001004U)

#define MSI_HZ UINT32_C(4000000) /* what the chip starts with */
#define PLL_HZ UINT32_C(120000000)
#define BAUD UINT32_C(115200)

/** Polls of a ready flag, at least 4 cycles each: more than 20 ms at 4 MHz. */
#define READY_POLLS UINT32_C(20000)

/** Polls for one character, at least 4 cycles each: more than its 87 us at 120 MHz. */
#define TRANSMIT_POLLS UINT32_C(20000)

/** Polls of 4 cycles and more that outlast 1 us at 60 MHz. */
#define MICROSECOND_POLLS UINT32_C(30)

static uint32_t clock_hz = MSI_HZ;

/** @return whether the masked bits became `wanted` within `polls` reads */
static int becomes(volatile const uint32_t *reg, uint32_t mask, uint32_t wanted, uint32_t polls) {
    while (polls-- > 0) {
        if ((*reg & mask) == wanted) {
            return 1;
        }
    }
    return 0;
}

/** 16 MHz / M 4 * N 60 / R 2 = 120 MHz. The board has no crystal for it; this oscillator is within 1 %. */
static uint32_t start_pll(void) {
    RCC_CR |= RCC_CR_HSION;
    if (!becomes(&RCC_CR, RCC_CR_HSIRDY, RCC_CR_HSIRDY, READY_POLLS)) {
        return PORT_NO_PLL;
    }
    RCC_PLLCFGR = RCC_PLLCFGR_SRC_HSI | RCC_PLLCFGR_M(4U) | RCC_PLLCFGR_N(60U) | RCC_PLLCFGR_REN;
    RCC_CR |= RCC_CR_PLLON;
    return becomes(&RCC_CR, RCC_CR_PLLRDY, RCC_CR_PLLRDY, READY_POLLS) ? 0 : PORT_NO_PLL;
}

/** The wait states must be in place before the clock rises: section 3.3.3. */
static uint32_t slow_flash_down(void) {
    FLASH_ACR = FLASH_ACR_LATENCY_5 | FLASH_ACR_PRFTEN | FLASH_ACR_ICEN | FLASH_ACR_DCEN;
    return becomes(&FLASH_ACR, FLASH_ACR_LATENCY_MASK, FLASH_ACR_LATENCY_5, READY_POLLS) ? 0 : PORT_NO_WAIT_STATES;
}

/** Above 80 MHz: boost mode, and for a microsecond at half the clock (section 5.1, dynamic voltage scaling). */
static uint32_t switch_to_pll(void) {
    RCC_APB1ENR1 |= RCC_APB1ENR1_PWREN;
    PWR_CR5 &= ~PWR_CR5_R1MODE;
    RCC_CFGR = RCC_CFGR_HPRE_DIV2;
    RCC_CFGR = RCC_CFGR_HPRE_DIV2 | RCC_CFGR_SW_PLL;
    if (!becomes(&RCC_CFGR, RCC_CFGR_SWS_MASK, RCC_CFGR_SWS_PLL, READY_POLLS)) {
        RCC_CFGR = 0;
        return PORT_NO_CLOCK_SWITCH;
    }
    (void)becomes(&RCC_CFGR, 0, 1, MICROSECOND_POLLS); /* never: only time passes */
    RCC_CFGR = RCC_CFGR_SW_PLL;
    clock_hz = PLL_HZ;
    return 0;
}

static uint32_t start_clock(void) {
    uint32_t status = start_pll();
    if (status == 0) {
        status = slow_flash_down();
    }
    return status == 0 ? switch_to_pll() : status;
}

/**
 * PG7 is alternate function 8 (DS12023, alternate functions). BRR = 256 f / baud, rounded (LPUART baud rate
 * generation); here over 8, so that it stays in 32 bits.
 */
static void start_uart(void) {
    RCC_APB1ENR1 |= RCC_APB1ENR1_PWREN;
    PWR_CR2 |= PWR_CR2_IOSV;
    RCC_AHB2ENR |= RCC_AHB2ENR_GPIOGEN;
    RCC_APB1ENR2 |= RCC_APB1ENR2_LPUART1EN;
    GPIOG_AFRL = (GPIOG_AFRL & ~(UINT32_C(15) << 28)) | (UINT32_C(8) << 28);
    GPIOG_MODER = (GPIOG_MODER & ~(UINT32_C(3) << 14)) | (UINT32_C(2) << 14);
    LPUART_BRR = (clock_hz * 32U + BAUD / 16U) / (BAUD / 8U);
    LPUART_CR1 = LPUART_CR1_UE | LPUART_CR1_TE;
}

static void start_cycle_counter(void) {
    DEMCR |= DEMCR_TRCENA;
    DWT_CYCCNT = 0;
    DWT_CTRL |= DWT_CTRL_CYCCNTENA;
}

uint32_t port_init(void) {
    const uint32_t status = start_clock();
    start_uart();
    start_cycle_counter();
    return status;
}

uint32_t port_clock_hz(void) { return clock_hz; }

void port_putc(char character) {
    (void)becomes(&LPUART_ISR, LPUART_ISR_TXE, LPUART_ISR_TXE, TRANSMIT_POLLS);
    LPUART_TDR = (uint8_t)character;
}

uint32_t port_cycles(void) { return DWT_CYCCNT; }
