/**
 * @file port.c
 * STM32G0B1: internal 16 MHz oscillator, 64 MHz core, USART2 on PA2 at 115200 baud 8N1.
 * Chapters are those of the reference manual RM0444.
 */
#include "port.h"

#include "registers.h"

/* Reset and clock control, RCC registers */
#define RCC_CR REGISTER(0x40021000U)
#define RCC_CR_PLLON BIT(24)
#define RCC_CR_PLLRDY BIT(25)
#define RCC_CFGR REGISTER(0x40021008U)
#define RCC_CFGR_SW_PLL UINT32_C(2)
#define RCC_CFGR_SWS_MASK (UINT32_C(7) << 3)
#define RCC_CFGR_SWS_PLL (UINT32_C(2) << 3)
#define RCC_PLLCFGR REGISTER(0x4002100CU)
#define RCC_PLLCFGR_SRC_HSI UINT32_C(2)
#define RCC_PLLCFGR_N(factor) ((uint32_t)(factor) << 8)
#define RCC_PLLCFGR_REN BIT(28) /* the output R, which is the system clock */
#define RCC_PLLCFGR_R(divider) (((divider) - UINT32_C(1)) << 29)
#define RCC_IOPENR REGISTER(0x40021034U)
#define RCC_IOPENR_GPIOAEN BIT(0)
#define RCC_APBENR1 REGISTER(0x4002103CU)
#define RCC_APBENR1_TIM2EN BIT(0)
#define RCC_APBENR1_USART2EN BIT(17)

/* Embedded flash memory, FLASH access control register */
#define FLASH_ACR REGISTER(0x40022000U)
#define FLASH_ACR_LATENCY_MASK UINT32_C(7)
#define FLASH_ACR_LATENCY_2 UINT32_C(2)
#define FLASH_ACR_PRFTEN BIT(8)
#define FLASH_ACR_ICEN BIT(9)

/* General-purpose I/Os, port A */
#define GPIOA_MODER REGISTER(0x50000000U)
#define GPIOA_AFRL REGISTER(0x50000020U)

/* Universal synchronous receiver transmitter, USART2 */
#define USART_CR1 REGISTER(0x40004400U)
#define USART_CR1_UE BIT(0)
#define USART_CR1_TE BIT(3)
#define USART_BRR REGISTER(0x4000440CU)
#define USART_ISR REGISTER(0x4000441CU)
#define USART_ISR_TXE BIT(7)
#define USART_TDR REGISTER(0x40004428U)

/* General-purpose timers: TIM2 counts 32 bits. The core has no cycle counter, and APB runs at the core's clock. */
#define TIM2_CR1 REGISTER(0x40000000U)
#define TIM2_CR1_CEN BIT(0)
#define TIM2_CNT REGISTER(0x40000024U)

#define HSI_HZ UINT32_C(16000000)
#define PLL_HZ UINT32_C(64000000)
#define BAUD UINT32_C(115200)

/** Polls of a ready flag, at least 4 cycles each: more than 50 ms at 16 MHz. */
#define READY_POLLS UINT32_C(200000)

/** Polls for one character, at least 4 cycles each: more than its 87 us at 64 MHz. */
#define TRANSMIT_POLLS UINT32_C(20000)

static uint32_t clock_hz = HSI_HZ;

/** 16 MHz / M 1 * N 8 / R 2 = 64 MHz; voltage range 1, which that needs, is the one after reset. */
static uint32_t start_pll(void) {
    RCC_PLLCFGR = RCC_PLLCFGR_SRC_HSI | RCC_PLLCFGR_N(8U) | RCC_PLLCFGR_REN | RCC_PLLCFGR_R(2U);
    RCC_CR |= RCC_CR_PLLON;
    return becomes(&RCC_CR, RCC_CR_PLLRDY, RCC_CR_PLLRDY, READY_POLLS) ? 0 : PORT_NO_PLL;
}

/** The wait states must be in place before the clock rises: two from 48 to 64 MHz. Other bits keep their reset values.
 */
static uint32_t slow_flash_down(void) {
    FLASH_ACR = (FLASH_ACR & ~FLASH_ACR_LATENCY_MASK) | FLASH_ACR_LATENCY_2 | FLASH_ACR_PRFTEN | FLASH_ACR_ICEN;
    return becomes(&FLASH_ACR, FLASH_ACR_LATENCY_MASK, FLASH_ACR_LATENCY_2, READY_POLLS) ? 0 : PORT_NO_WAIT_STATES;
}

static uint32_t switch_to_pll(void) {
    RCC_CFGR = RCC_CFGR_SW_PLL;
    if (!becomes(&RCC_CFGR, RCC_CFGR_SWS_MASK, RCC_CFGR_SWS_PLL, READY_POLLS)) {
        RCC_CFGR = 0;
        return PORT_NO_CLOCK_SWITCH;
    }
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

/** PA2 is alternate function 1 (DS13560, alternate functions of port A). BRR = f / baud, rounded. */
static void start_uart(void) {
    RCC_IOPENR |= RCC_IOPENR_GPIOAEN;
    RCC_APBENR1 |= RCC_APBENR1_USART2EN;
    GPIOA_AFRL = (GPIOA_AFRL & ~(UINT32_C(15) << 8)) | (UINT32_C(1) << 8);
    GPIOA_MODER = (GPIOA_MODER & ~(UINT32_C(3) << 4)) | (UINT32_C(2) << 4);
    USART_BRR = (clock_hz + BAUD / 2U) / BAUD;
    USART_CR1 = USART_CR1_UE | USART_CR1_TE;
}

static void start_timer(void) {
    RCC_APBENR1 |= RCC_APBENR1_TIM2EN;
    TIM2_CR1 |= TIM2_CR1_CEN;
}

uint32_t port_init(void) {
    const uint32_t status = start_clock();
    start_uart();
    start_timer();
    return status;
}

uint32_t port_clock_hz(void) { return clock_hz; }

void port_putc(char character) {
    (void)becomes(&USART_ISR, USART_ISR_TXE, USART_ISR_TXE, TRANSMIT_POLLS);
    USART_TDR = (uint8_t)character;
}

uint32_t port_cycles(void) { return TIM2_CNT; }
