/**
 * @file port.c
 * STM32H743: 8 MHz clock from the ST-LINK, 400 MHz core, caches on, USART3 on PD8 at 115200 baud 8N1.
 * 400 MHz is what every silicon revision reaches; 480 MHz needs revision V. Chapters are those of the reference manual
 * RM0433.
 */
#include "port.h"

#include "cortex_m7.h"
#include "dwt.h"
#include "registers.h"

/* Reset and clock control, RCC registers */
#define RCC_CR REGISTER(0x58024400U)
#define RCC_CR_HSEON BIT(16)
#define RCC_CR_HSERDY BIT(17)
#define RCC_CR_HSEBYP BIT(18)
#define RCC_CR_PLL1ON BIT(24)
#define RCC_CR_PLL1RDY BIT(25)
#define RCC_CFGR REGISTER(0x58024410U)
#define RCC_CFGR_SW_PLL1 UINT32_C(3)
#define RCC_CFGR_SWS_MASK (UINT32_C(7) << 3)
#define RCC_CFGR_SWS_PLL1 (UINT32_C(3) << 3)
#define RCC_D1CFGR REGISTER(0x58024418U)
#define RCC_D1CFGR_HPRE_DIV2 UINT32_C(8)
#define RCC_D1CFGR_D1PPRE_DIV2 (UINT32_C(4) << 4)
#define RCC_D2CFGR REGISTER(0x5802441CU)
#define RCC_D2CFGR_D2PPRE1_DIV2 (UINT32_C(4) << 4)
#define RCC_D2CFGR_D2PPRE2_DIV2 (UINT32_C(4) << 8)
#define RCC_D3CFGR REGISTER(0x58024420U)
#define RCC_D3CFGR_D3PPRE_DIV2 (UINT32_C(4) << 4)
#define RCC_PLLCKSELR REGISTER(0x58024428U)
#define RCC_PLLCKSELR_SRC_HSE UINT32_C(2)
#define RCC_PLLCKSELR_M1(divider) ((uint32_t)(divider) << 4)
#define RCC_PLLCFGR REGISTER(0x5802442CU)
#define RCC_PLLCFGR_RGE1_8_TO_16_MHZ (UINT32_C(3) << 2)
#define RCC_PLLCFGR_DIVP1EN BIT(16)
#define RCC_PLL1DIVR REGISTER(0x58024430U)
#define RCC_PLL1DIVR_N1(factor) ((factor) - UINT32_C(1))
#define RCC_PLL1DIVR_P1(divider) (((divider) - UINT32_C(1)) << 9)
#define RCC_AHB4ENR REGISTER(0x580244E0U)
#define RCC_AHB4ENR_GPIODEN BIT(3)
#define RCC_APB1LENR REGISTER(0x580244E8U)
#define RCC_APB1LENR_USART3EN BIT(18)

/* Power control, PWR registers */
#define PWR_CSR1 REGISTER(0x58024804U)
#define PWR_CSR1_ACTVOSRDY BIT(13)
#define PWR_CR3 REGISTER(0x5802480CU)
#define PWR_CR3_LDOEN BIT(1)
#define PWR_D3CR REGISTER(0x58024818U)
#define PWR_D3CR_VOSRDY BIT(13)
#define PWR_D3CR_VOS_SCALE1 (UINT32_C(3) << 14)

/* Embedded flash memory, FLASH_ACR */
#define FLASH_ACR REGISTER(0x52002000U)
#define FLASH_ACR_LATENCY_MASK UINT32_C(15)
#define FLASH_ACR_LATENCY_2 UINT32_C(2)
#define FLASH_ACR_WRHIGHFREQ_2 (UINT32_C(2) << 4)

/* General-purpose I/Os, port D */
#define GPIOD_MODER REGISTER(0x58020C00U)
#define GPIOD_AFRH REGISTER(0x58020C24U)

/* Universal synchronous receiver transmitter, USART3 */
#define USART_CR1 REGISTER(0x40004800U)
#define USART_CR1_UE BIT(0)
#define USART_CR1_TE BIT(3)
#define USART_BRR REGISTER(0x4000480CU)
#define USART_ISR REGISTER(0x4000481CU)
#define USART_ISR_TXE BIT(7)
#define USART_TDR REGISTER(0x40004828U)

#define HSI_HZ UINT32_C(64000000)
#define PLL_HZ UINT32_C(400000000)
#define BAUD UINT32_C(115200)

/** Polls of a ready flag, at least 4 cycles each: more than 12 ms at 64 MHz. */
#define READY_POLLS UINT32_C(200000)

/** Polls for one character, at least 4 cycles each: more than its 87 us at 400 MHz. */
#define TRANSMIT_POLLS UINT32_C(40000)

static uint32_t clock_hz = HSI_HZ;

/** The supply must be settled, by one write to CR3, before the voltage can be scaled: "system supply startup". */
static uint32_t raise_voltage(void) {
    PWR_CR3 = PWR_CR3_LDOEN;
    if (!becomes(&PWR_CSR1, PWR_CSR1_ACTVOSRDY, PWR_CSR1_ACTVOSRDY, READY_POLLS)) {
        return PORT_NO_PLL;
    }
    PWR_D3CR |= PWR_D3CR_VOS_SCALE1;
    return becomes(&PWR_D3CR, PWR_D3CR_VOSRDY, PWR_D3CR_VOSRDY, READY_POLLS) ? 0 : PORT_NO_PLL;
}

/** 8 MHz / M 1 * N 100 / P 2 = 400 MHz, in the wide range of the VCO (800 MHz). */
static uint32_t start_pll(void) {
    RCC_CR |= RCC_CR_HSEBYP;
    RCC_CR |= RCC_CR_HSEON;
    if (!becomes(&RCC_CR, RCC_CR_HSERDY, RCC_CR_HSERDY, READY_POLLS)) {
        return PORT_NO_CRYSTAL;
    }
    RCC_PLLCKSELR = RCC_PLLCKSELR_SRC_HSE | RCC_PLLCKSELR_M1(1U);
    RCC_PLLCFGR = RCC_PLLCFGR_RGE1_8_TO_16_MHZ | RCC_PLLCFGR_DIVP1EN;
    RCC_PLL1DIVR = RCC_PLL1DIVR_N1(100U) | RCC_PLL1DIVR_P1(2U);
    RCC_CR |= RCC_CR_PLL1ON;
    return becomes(&RCC_CR, RCC_CR_PLL1RDY, RCC_CR_PLL1RDY, READY_POLLS) ? 0 : PORT_NO_PLL;
}

/** The wait states must be in place before the clock rises: two for 185 to 210 MHz of AXI clock in VOS1. */
static uint32_t slow_flash_down(void) {
    FLASH_ACR = FLASH_ACR_LATENCY_2 | FLASH_ACR_WRHIGHFREQ_2;
    return becomes(&FLASH_ACR, FLASH_ACR_LATENCY_MASK, FLASH_ACR_LATENCY_2, READY_POLLS) ? 0 : PORT_NO_WAIT_STATES;
}

/** AXI and AHB at half the core's rate, 200 MHz; APBs at half of that. */
static uint32_t switch_to_pll(void) {
    RCC_D1CFGR = RCC_D1CFGR_HPRE_DIV2 | RCC_D1CFGR_D1PPRE_DIV2;
    RCC_D2CFGR = RCC_D2CFGR_D2PPRE1_DIV2 | RCC_D2CFGR_D2PPRE2_DIV2;
    RCC_D3CFGR = RCC_D3CFGR_D3PPRE_DIV2;
    RCC_CFGR = RCC_CFGR_SW_PLL1;
    if (!becomes(&RCC_CFGR, RCC_CFGR_SWS_MASK, RCC_CFGR_SWS_PLL1, READY_POLLS)) {
        RCC_CFGR = 0;
        return PORT_NO_CLOCK_SWITCH;
    }
    clock_hz = PLL_HZ;
    return 0;
}

static uint32_t start_clock(void) {
    uint32_t status = raise_voltage();
    if (status == 0) {
        status = start_pll();
    }
    if (status == 0) {
        status = slow_flash_down();
    }
    return status == 0 ? switch_to_pll() : status;
}

/** @return the rate of APB1, by what its dividers and those of AHB hold */
static uint32_t apb1_hz(void) {
    const uint32_t ahb_hz = (RCC_D1CFGR & RCC_D1CFGR_HPRE_DIV2) != 0 ? clock_hz / 2U : clock_hz;
    return (RCC_D2CFGR & RCC_D2CFGR_D2PPRE1_DIV2) != 0 ? ahb_hz / 2U : ahb_hz;
}

/** PD8 is alternate function 7 (DS12110, alternate functions). BRR = f / baud, rounded. */
static void start_uart(void) {
    RCC_AHB4ENR |= RCC_AHB4ENR_GPIODEN;
    RCC_APB1LENR |= RCC_APB1LENR_USART3EN;
    GPIOD_AFRH = (GPIOD_AFRH & ~UINT32_C(15)) | UINT32_C(7);
    GPIOD_MODER = (GPIOD_MODER & ~(UINT32_C(3) << 16)) | (UINT32_C(2) << 16);
    USART_BRR = (apb1_hz() + BAUD / 2U) / BAUD;
    USART_CR1 = USART_CR1_UE | USART_CR1_TE;
}

uint32_t port_init(void) {
    const uint32_t status = start_clock();
    start_caches();
    start_uart();
    dwt_unlock();
    dwt_start();
    return status;
}

uint32_t port_clock_hz(void) { return clock_hz; }

void port_putc(char character) {
    (void)becomes(&USART_ISR, USART_ISR_TXE, USART_ISR_TXE, TRANSMIT_POLLS);
    USART_TDR = (uint8_t)character;
}

uint32_t port_cycles(void) { return dwt_cycles(); }
