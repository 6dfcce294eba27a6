/*
 * world.h - the shop and its customers: products with prices and stock, customers with tastes and budgets.
 */
#ifndef SIMULATE_SHOP_WORLD_H
#define SIMULATE_SHOP_WORLD_H

#include <stdbool.h>
#include <stdint.h>

#include "random.h"

enum {
    CATEGORIES = 10,
    IN_CATEGORY = 12,
    PRODUCTS = CATEGORIES * IN_CATEGORY
};

#define DAY_S INT64_C(86400)
#define HOUR_S INT64_C(3600)
#define MINUTE_S INT64_C(60)

typedef struct article {
    const char *name;
    int32_t category;
    int32_t appeal;      /* how often it is chosen among those of its category */
    int32_t usual_price; /* cents */
    int32_t stock;
    int32_t full;        /* what it is restocked to */
    int32_t restock_day; /* when that will be; -1: not ordered yet */
} article;

/* What a customer means to go on with at the next visit. */
typedef enum plan {
    PLAN_NONE,
    PLAN_SEARCH_AGAIN,
    PLAN_BUY,
    PLAN_REVIEW
} plan;

typedef struct customer {
    dice d;
    int32_t taste[CATEGORIES]; /* weights */
    int32_t budget;            /* cents that a product may cost without a second thought */
    int32_t impatience;        /* per mille: gives up at the address or the payment */
    int32_t distraction;       /* per mille: leaves without a reason that shows */
    int32_t visits;            /* per mille of days with a visit */
    int32_t rhythm;            /* of the hours of the day */
    int32_t channel;           /* the usual one */
    int64_t away_until;        /* second */
    plan next;
    int32_t next_product;
    int64_t next_at; /* not before this second */
} customer;

typedef struct world {
    uint64_t seed;
    article product[PRODUCTS];
    customer *customer;
    int32_t customers;
    dice d; /* of the shop itself */
    int32_t day;
} world;

/* False if there is no memory. */
bool world_make(world *all, uint64_t seed, int32_t customers);
void world_free(world *all);

/* Begins a day: what was sold out, and has been ordered, comes. */
void world_begin_day(world *all, int32_t day);

/* Cents, of today. Every week other products are 20 % off. */
int32_t world_price(const world *all, int32_t product);

/* Takes up to `quantity` from the shelf. */
void world_sell(world *all, int32_t product, int32_t quantity);

/* A product of a category by appeal; of a category by taste. */
int32_t world_choose(const world *all, dice *d, int32_t category);
int32_t world_taste(customer *who);

const char *world_category_name(int32_t category);

#endif
