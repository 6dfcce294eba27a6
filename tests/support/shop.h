/*
 * shop.h - events of a shop where one can tell who will buy: for tests that need a model of purchases.
 */
#ifndef PMKT_TEST_SHOP_H
#define PMKT_TEST_SHOP_H

#include "support/visits.h"

/* So many visits of so many users, user by user, each user's times ascending and all different. Who puts
   things into the cart orders more often; some look around and never do. The session column numbers
   the visits. */
visits shop_make(int64_t visits, int64_t users);

/* The same rows in a random order, row i of it being row at[i]; `at` has room for n. */
visits shop_shuffled(const visits *v, int64_t *at);

#endif
