/*
 * log.h - what happened, and what was meant: two CSV files, each by time, written as far as it is settled.
 */
#ifndef SIMULATE_SHOP_LOG_H
#define SIMULATE_SHOP_LOG_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "world.h"

typedef enum deed {
    VIEW,
    SEARCH,
    CLICK,
    FAVORITE,
    CART,
    UNCART,
    CHECKOUT,
    ORDER,
    PAY,
    REVIEW
} deed;

typedef enum page {
    PAGE_PRODUCT,
    PAGE_SEARCH,
    PAGE_COUPON,
    PAGE_CART,
    PAGE_ADDRESS,
    PAGE_PAYMENT
} page;

typedef enum intent {
    HESITATING,
    PREPARING,
    ABANDONING,
    COMPARING,
    BROWSING
} intent;
typedef enum cause {
    CAUSE_NONE,
    CAUSE_PRICE,
    CAUSE_STOCK,
    CAUSE_PROCESS
} cause;

enum {
    NO_PRODUCT = -1
};

/* A row of either file. */
typedef struct entry {
    int64_t second; /* since the first day, 00:00 */
    int64_t number; /* in the order of making, for rows of one second */
    int32_t customer, product;
    int32_t amount, quantity, stock, order; /* of events */
    uint8_t what;                           /* a deed, or an intent */
    uint8_t where;                          /* a page, or a cause */
    uint8_t channel;
    uint8_t real; /* of intents: 0 = only looks like it */
} entry;

typedef struct book {
    entry *row;
    int64_t rows, room, made;
    bool out_of_memory;
} book;

typedef struct logs {
    const world *all;
    book events, truth;
    FILE *events_file, *truth_file; /* truth_file NULL: not wanted */
    int32_t orders;                 /* numbers of orders given out */
} logs;

void book_add(book *b, entry row);

/* Writes the two headers. */
void logs_begin(logs *to);

/* Writes what is before a second, which nothing that is yet to be added may be. */
void logs_write(logs *to, int64_t before);

void logs_free(logs *to);

#endif
