/**
 * @file port.c
 * STM32F103: 8 MHz crystal, 72 MHz core, USART1 on PA9 at 115200 baud 8N1.
 * Chapters are those of the reference manual RM0008; the flash interface is in the programming manual PM0075.
 */
#include "port.h"

#include "dwt.h"
#include "registers.h"

/* RM0008, reset and clock control, register descriptions */
#define RCC_CR REGISTER(0x40021000U)
#define RCC_CR_HSEON BIT(16)
#define RCC_CR_HSERDY BIT(17)
#define RCC_CR_PLLON BIT(24)
#define RCC_CR_PLLRDY BIT(25)
#define RCC_CFGR REGISTER(0x40021004U)
#define RCC_CFGR_SW_PLL UINT32_C(2)
#define RCC_CFGR_SWS_MASK (UINT32_C(3) << 2)
#define RCC_CFGR_SWS_PLL (UINT32_C(2) << 2)
#define RCC_CFGR_PPRE1_DIV2 (UINT32_C(4) << 8)
#define RCC_CFGR_PLLSRC_HSE BIT(16)
#define RCC_CFGR_PLLMUL_9 (UINT32_C(7) << 18)
#define RCC_APB2ENR REGISTER(0x40021018U)
#define RCC_APB2ENR_IOPAEN BIT(2)
#define RCC_APB2ENR_USART1EN BIT(14)

/* PM0075, flash access control register */
#define FLASH_ACR REGISTER(0x40022000U)
#define FLASH_ACR_LATENCY_MASK UINT32_C(7)
#define FLASH_ACR_LATENCY_2 UINT32_C(2)
#define FLASH_ACR_PRFTBE BIT(4)

/* RM0008, general-purpose I/O, port A: pins 8 to 15 */
#define GPIOA_CRH REGISTER(0x40010804U)
#define PA9_MASK (UINT32_C(15) << 4)
#define PA9_ALTERNATE_2_MHZ (UINT32_C(10) << 4)

/* RM0008, universal synchronous asynchronous receiver transmitter, USART1 */
#define USART_SR REGISTER(0x40013800U)
#define USART_SR_TXE BIT(7)
#define USART_DR REGISTER(0x40013804U)
#define USART_BRR REGISTER(0x40013808U)
#define USART_CR1 REGISTER(0x4001380CU)
#define USART_CR1_TE BIT(3)
#define USART_CR1_UE BIT(13)

#define HSI_HZ UINT32_C(8000000)
#define PLL_HZ UINT32_C(72000000)
#define BAUD UINT32_C(115200)

/** Polls of a ready flag, at least 4 cycles each: more than 50 ms at 8 MHz, and a crystal starts in a few. */
#define READY_POLLS UINT32_C(200000)

/** Polls for one character, at least 4 cycles each: more than its 87 us at 72 MHz. */
#define TRANSMIT_POLLS UINT32_C(20000)

static uint32_t clock_hz = HSI_HZ;

static uint32_t start_pll(void) {
    RCC_CR |= RCC_CR_HSEON;
    if (!becomes(&RCC_CR, RCC_CR_HSERDY, RCC_CR_HSERDY, READY_POLLS)) {
        return PORT_NO_CRYSTAL;
    }
    /* 8 MHz * 9. APB1 may run at 36 MHz at most. */
    RCC_CFGR = RCC_CFGR_PLLSRC_HSE | RCC_CFGR_PLLMUL_9 | RCC_CFGR_PPRE1_DIV2;
    RCC_CR |= RCC_CR_PLLON;
    return becomes(&RCC_CR, RCC_CR_PLLRDY, RCC_CR_PLLRDY, READY_POLLS) ? 0 : PORT_NO_PLL;
}

/** The wait states must be in place before the clock rises: two from 48 to 72 MHz. */
static uint32_t slow_flash_down(void) {
    FLASH_ACR = FLASH_ACR_LATENCY_2 | FLASH_ACR_PRFTBE;
    return becomes(&FLASH_ACR, FLASH_ACR_LATENCY_MASK, FLASH_ACR_LATENCY_2, READY_POLLS) ? 0 : PORT_NO_WAIT_STATES;
}

static uint32_t switch_to_pll(void) {
    RCC_CFGR |= RCC_CFGR_SW_PLL;
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

/** APB2 runs at the core's clock. 16 times oversampling: BRR = f / baud, rounded. */
static void start_uart(void) {
    RCC_APB2ENR |= RCC_APB2ENR_IOPAEN | RCC_APB2ENR_USART1EN;
    GPIOA_CRH = (GPIOA_CRH & ~PA9_MASK) | PA9_ALTERNATE_2_MHZ;
    USART_BRR = (clock_hz + BAUD / 2U) / BAUD;
    USART_CR1 = USART_CR1_UE | USART_CR1_TE;
}

uint32_t port_init(void) {
    const uint32_t status = start_clock();
    start_uart();
    dwt_start();
    return status;
}

uint32_t port_clock_hz(void) { return clock_hz; }

void port_putc(char character) {
    (void)becomes(&USART_SR, USART_SR_TXE, USART_SR_TXE, TRANSMIT_POLLS);
    USART_DR = (uint8_t)character;
}

uint32_t port_cycles(void) { return dwt_cycles(); }
