/*
 * print.h - names and actions in the columns of a terminal.
 */
#ifndef SHOP_PRINT_H
#define SHOP_PRINT_H

#include <stdint.h>

/* A text, padded or cut to so many columns. */
void print_cell(const char *text, int width);

/* What an action of a chain, or an end, is called: "view", "leave", "order". */
void print_action(uint32_t action, int width);

/* The likeliest next actions and how likely they are: "view 41 %, cart 20 %". */
void print_next(const uint32_t *next, const double *p, int32_t n);

#endif
