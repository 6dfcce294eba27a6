#include "visit.h"

static void come_back(visit *v, plan next, int32_t product, int64_t low, int64_t high) {
    v->who->next = next;
    v->who->next_product = product;
    v->who->next_at = v->now + between(&v->who->d, low, high) * DAY_S;
}

/* Who leaves a cart has had enough of the shop for a day or so; some think better of it later. */
static void leave(visit *v, cause why, int32_t product) {
    dice *d = &v->who->d;
    note(v, ABANDONING, why, product, true);
    if (!chance(d, 50)) v->who->away_until = v->now + DAY_S + between(d, 0, 12 * HOUR_S);
    if (chance(d, 300)) come_back(v, PLAN_BUY, product, 1, 3);
}

/* One that is cheaper, of the same kind; the product itself if there is none. */
static int32_t cheaper(visit *v, int32_t product, int32_t but) {
    const int32_t first = v->all->product[product].category * IN_CATEGORY;
    const int32_t price = world_price(v->all, product);
    const int32_t from = (int32_t)between(&v->who->d, 0, IN_CATEGORY - 1);
    for (int32_t i = 0; i < IN_CATEGORY; i++) {
        const int32_t other = first + (from + i) % IN_CATEGORY;
        if (other != but && world_price(v->all, other) < price) return other;
    }
    return product;
}

/* --------------------------------------------------------------- to the end */

static void order(visit *v, int32_t product) {
    v->to->orders++;
    act(v, ORDER, product, PAGE_PAYMENT);
    wait_for(v, 1, 20);
    act(v, PAY, product, PAGE_PAYMENT);
    if (chance(&v->who->d, 200)) come_back(v, PLAN_REVIEW, product, 3, 8);
}

static void check_out(visit *v, int32_t product) {
    act(v, CHECKOUT, product, PAGE_ADDRESS);
    wait_for(v, 15, 120);
    act(v, CHECKOUT, product, PAGE_PAYMENT);
    wait_for(v, 10, 90);
}

/* Buys the neighbor instead. Whoever sees only the first cart takes it for a loss. */
static void swap(visit *v, int32_t product) {
    const int32_t other = cheaper(v, product, product);
    if (other == product || v->all->product[other].stock == 0) return;
    note(v, ABANDONING, CAUSE_NONE, product, false);
    act(v, UNCART, product, PAGE_CART);
    wait_for(v, 20, 60);
    act(v, VIEW, other, PAGE_PRODUCT);
    wait_for(v, 10, 60);
    act(v, CART, other, PAGE_CART);
    wait_for(v, 10, 60);
    check_out(v, other);
    order(v, other);
}

void buy(visit *v, int32_t product) {
    dice *d = &v->who->d;
    act(v, CART, product, PAGE_CART);
    wait_for(v, 10, 90);
    const int64_t kind = between(d, 0, 999);
    if (kind < 2) { /* a slip */
        swap(v, product);
        return;
    }
    if (kind < 4) { /* a slip: orders by telephone */
        note(v, ABANDONING, CAUSE_NONE, product, false);
        return;
    }
    if (kind < 100) { /* looks at the price again, wavers, and takes it */
        act(v, VIEW, product, PAGE_PRODUCT);
        note(v, ABANDONING, CAUSE_PRICE, product, false);
        wait_for(v, 2 * MINUTE_S, 24 * MINUTE_S);
    } else if (kind < 170) { /* a coupon is found, and used */
        act(v, CLICK, product, PAGE_COUPON);
        note(v, ABANDONING, CAUSE_PRICE, product, false);
        wait_for(v, 1 * MINUTE_S, 20 * MINUTE_S);
    } else if (kind < 250) { /* lunch, but within the hour */
        note(v, ABANDONING, CAUSE_NONE, product, false);
        wait_for(v, 35 * MINUTE_S, 53 * MINUTE_S);
    }
    check_out(v, product);
    if (kind >= 920) { /* where is the card? */
        note(v, ABANDONING, CAUSE_PROCESS, product, false);
        wait_for(v, 5 * MINUTE_S, 25 * MINUTE_S);
    }
    order(v, product);
}

/* ------------------------------------------------------------- not to the end */

static void leave_for_price(visit *v, int32_t product) {
    dice *d = &v->who->d;
    int32_t other = product;
    act(v, CART, product, PAGE_CART);
    if (chance(d, 15)) { /* a slip: it is another shop that they look at */
        leave(v, CAUSE_PRICE, product);
        return;
    }
    wait_for(v, 20, 120);
    const int64_t kind = between(d, 0, 2);
    if (kind == 0) {
        act(v, CLICK, product, PAGE_COUPON);
    } else if (kind == 1) {
        other = cheaper(v, product, product);
        act(v, VIEW, other, PAGE_PRODUCT);
        if (chance(d, 500) && other != product) { /* and a third: now it is a comparison */
            const int32_t third = cheaper(v, product, other);
            wait_for(v, 20, 90);
            act(v, VIEW, third, PAGE_PRODUCT);
            const bool known = v->now - v->compared_at < 10 * MINUTE_S;
            if (!known) note(v, COMPARING, CAUSE_NONE, third, true);
        }
    } else {
        wait_for(v, 20, 8 * MINUTE_S);
        act(v, VIEW, product, PAGE_PRODUCT);
    }
    leave(v, CAUSE_PRICE, product);
}

static void leave_for_process(visit *v, int32_t product) {
    act(v, CART, product, PAGE_CART);
    if (chance(&v->who->d, 15)) { /* a slip: one can see the form from here */
        leave(v, CAUSE_PROCESS, product);
        return;
    }
    wait_for(v, 10, 90);
    act(v, CHECKOUT, product, PAGE_ADDRESS);
    if (chance(&v->who->d, 500)) {
        wait_for(v, 20, 180);
        act(v, CHECKOUT, product, PAGE_PAYMENT);
    }
    leave(v, CAUSE_PROCESS, product);
}

/* Only some are left; while the customer measures the shelf at home, the shop sells them over the counter. */
static void leave_for_stock(visit *v, int32_t product) {
    act(v, CART, product, PAGE_CART);
    wait_for(v, 5 * MINUTE_S, 20 * MINUTE_S);
    const int32_t left = v->all->product[product].stock;
    if (chance(&v->who->d, 150)) { /* one is still there, and is taken */
        act(v, VIEW, product, PAGE_PRODUCT);
        note(v, ABANDONING, CAUSE_STOCK, product, false);
        wait_for(v, 10, 60);
        check_out(v, product);
        order(v, product);
        return;
    }
    world_sell(v->all, product, left);
    act(v, VIEW, product, PAGE_PRODUCT);
    leave(v, CAUSE_STOCK, product);
}

/* The doorbell, the bus, the boss: no reason that shows. */
static void leave_for_nothing(visit *v, int32_t product) {
    dice *d = &v->who->d;
    act(v, CART, product, PAGE_CART);
    for (int64_t n = between(d, 0, 2), category = v->all->product[product].category; n > 0; n--) {
        wait_for(v, 20, 200);
        category = (category + between(d, 1, CATEGORIES / 2 - 1)) % CATEGORIES;
        act(v, VIEW, world_choose(v->all, d, (int32_t)category), PAGE_PRODUCT);
    }
    leave(v, CAUSE_NONE, product);
}

void buy_or_not(visit *v, int32_t product) {
    const customer *who = v->who;
    dice *d = &v->who->d;
    const int32_t price = world_price(v->all, product), stock = v->all->product[product].stock;
    if (stock == 0) { /* sold out: not even a cart */
        note(v, ABANDONING, CAUSE_STOCK, product, false);
        return;
    }
    /* From seven tenths of the budget on, a price makes one think; at twice the budget, most. */
    const int64_t share = (int64_t)price * 1000 / who->budget;
    const int64_t dear = share < 700 ? 20 : share > 2000 ? 600 : 20 + (share - 700) * 580 / 1300;
    const int64_t scarce = stock <= 3 ? 200 : 0;
    if (chance(d, scarce)) {
        leave_for_stock(v, product);
    } else if (chance(d, dear)) {
        leave_for_price(v, product);
    } else if (chance(d, who->impatience)) {
        leave_for_process(v, product);
    } else if (chance(d, who->distraction)) {
        leave_for_nothing(v, product);
    } else {
        buy(v, product);
    }
}

void want(visit *v, int32_t product, bool by_search) {
    if (by_search) {
        act(v, SEARCH, product, PAGE_SEARCH);
        wait_for(v, 3, 20);
    }
    act(v, VIEW, product, PAGE_PRODUCT);
    wait_for(v, 20, 150);
    buy_or_not(v, product);
}
