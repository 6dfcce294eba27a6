/*
 * shop.h - what customers did with products: a CSV file as columns, and the way back to names.
 */
#ifndef SHOP_SHOP_H
#define SHOP_SHOP_H

#include <pmkt.h>
#include <stdbool.h>

#include "reader.h"

typedef struct shop {
    pmkt_ids *names; /* of customers, products and categories */
    uint64_t *user, *item, *category;
    int64_t *time;
    uint16_t *kind;
    int64_t rows, room;
    shop_left left; /* rows that are not among them */
} shop;

/* Reads a file. Complains and returns false if it cannot; free the shop anyway. */
bool shop_read(shop *all, const shop_source *from);

void shop_free(shop *all);

/* The rows as a batch of events, which borrows them. */
pmkt_events shop_events(const shop *all);

/* The rows whose part[i] is `wanted`, as a shop that has no names; false if there is no memory. */
bool shop_part(const shop *all, const uint8_t *part, uint8_t wanted, shop *some);

/* The name of an id, cleaned and cut for a terminal. */
typedef struct shop_name {
    char text[44];
} shop_name;

shop_name shop_name_of(const pmkt_ids *names, uint64_t id);

#endif
