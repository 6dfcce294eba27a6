#include "visit.h"

static int32_t of_taste(visit *v) {
    return world_choose(v->all, &v->who->d, world_taste(v->who));
}

/* Another one of the same category. */
static int32_t another(visit *v, int32_t product) {
    const int32_t category = v->all->product[product].category;
    for (;;) {
        const int32_t other = world_choose(v->all, &v->who->d, category);
        if (other != product) return other;
    }
}

/* ---------------------------------------------------------------- browsing */

/*
 * A window shopper: glances of a few seconds, from one thing to the next, and nothing holds them. No category
 * sees them more than twice, but for the odd one.
 */
static void glance(visit *v, int32_t seen[CATEGORIES], int64_t low, int64_t high) {
    const int32_t most = chance(&v->who->d, 3) ? 3 : 2;
    int32_t category = (int32_t)between(&v->who->d, 0, CATEGORIES - 1);
    while (seen[category] >= most) category = (category + 1) % CATEGORIES;
    seen[category]++;
    wait_for(v, low - 1, high - 1); /* act() has taken a second already */
    act(v, VIEW, world_choose(v->all, &v->who->d, category), PAGE_PRODUCT);
}

void browse(visit *v) {
    int32_t seen[CATEGORIES] = {0};
    dice *d = &v->who->d;
    glance(v, seen, 1, 1);
    const int64_t kind = between(d, 0, 99);
    if (kind < 12) { /* soon tired of it */
        for (int64_t n = between(d, 3, 5); n > 0; n--) glance(v, seen, 2, 9);
        note(v, BROWSING, CAUSE_NONE, NO_PRODUCT, false);
        return;
    }
    if (kind < 24) { /* something holds them, halfway */
        for (int64_t n = between(d, 3, 5); n > 0; n--) glance(v, seen, 2, 9);
        glance(v, seen, 10, 90);
        for (int64_t n = between(d, 2, 5); n > 0; n--) glance(v, seen, 2, 9);
        note(v, BROWSING, CAUSE_NONE, NO_PRODUCT, false);
        return;
    }
    if (kind < 32) { /* never in a hurry */
        for (int64_t n = between(d, 5, 9); n > 0; n--) glance(v, seen, 10, 14);
        note(v, BROWSING, CAUSE_NONE, NO_PRODUCT, false);
        return;
    }
    const int64_t n = between(d, 6, 13);
    const int64_t slip = chance(d, 20) ? between(d, 1, 5) : -1; /* the telephone rings */
    for (int64_t i = 0; i < n; i++) {
        glance(v, seen, i == slip ? 30 : 2, i == slip ? 120 : 9);
        if (i == 5) note(v, BROWSING, CAUSE_NONE, NO_PRODUCT, true);
    }
}

/* --------------------------------------------------------------- comparing */

/* Two of a kind, one of them twice; or things that cannot be compared; or with half an hour over each. */
static void nearly_compare(visit *v, int32_t first) {
    dice *d = &v->who->d;
    switch (between(d, 0, 2)) {
        case 0:
            act(v, VIEW, first, PAGE_PRODUCT);
            wait_for(v, 20, 90);
            act(v, VIEW, first, PAGE_PRODUCT);
            wait_for(v, 20, 90);
            act(v, VIEW, another(v, first), PAGE_PRODUCT);
            break;
        case 1:
            for (int32_t i = 0, category = v->all->product[first].category; i < 4; i++) {
                act(v, VIEW, world_choose(v->all, d, (category + i * 3) % CATEGORIES),
                    PAGE_PRODUCT);
                wait_for(v, 20, 90);
            }
            break;
        default:
            for (int32_t i = 0; i < 3; i++, first = another(v, first)) {
                act(v, VIEW, first, PAGE_PRODUCT);
                wait_for(v, i == 2 ? 0 : 16 * MINUTE_S, i == 2 ? 0 : 28 * MINUTE_S);
            }
    }
    note(v, COMPARING, CAUSE_NONE, NO_PRODUCT, false);
}

/* Looks at a second one, buys it, and then at a third: that is no comparison any more. */
static void regret(visit *v, int32_t first) {
    act(v, VIEW, first, PAGE_PRODUCT);
    wait_for(v, 20, 90);
    const int32_t second = another(v, first);
    if (v->all->product[second].stock == 0) return;
    act(v, VIEW, second, PAGE_PRODUCT);
    wait_for(v, 20, 90);
    buy(v, second);
    wait_for(v, 20, 90);
    act(v, VIEW, another(v, second), PAGE_PRODUCT);
    note(v, COMPARING, CAUSE_NONE, NO_PRODUCT, false);
}

void compare(visit *v) {
    dice *d = &v->who->d;
    int32_t at = of_taste(v);
    if (chance(d, 250)) {
        nearly_compare(v, at);
        return;
    }
    if (chance(d, 60)) {
        regret(v, at);
        return;
    }
    const int64_t n = between(d, 3, 6);
    const bool called_away = chance(d, 20); /* a slip: back after half an hour or more */
    for (int64_t i = 0; i < n; i++) {
        if (i > 0) at = another(v, at);
        act(v, VIEW, at, PAGE_PRODUCT);
        if (i == 2) {
            note(v, COMPARING, CAUSE_NONE, at, true);
            v->compared_at = v->now;
            if (called_away) return;
        }
        if (called_away && i == 1) wait_for(v, 31 * MINUTE_S, 70 * MINUTE_S);
        wait_for(v, 20, 90);
    }
    if (chance(d, 350)) buy_or_not(v, at);
}

/* -------------------------------------------------------------- hesitating */

static void look_up(visit *v, int32_t product) {
    act(v, SEARCH, product, PAGE_SEARCH);
    wait_for(v, 3, 20);
    if (chance(&v->who->d, 700)) {
        act(v, VIEW, product, PAGE_PRODUCT);
        wait_for(v, 30, 300);
    }
}

/* The search by which one can tell, and what comes of it. */
static void still_hesitate(visit *v, int32_t product) {
    dice *d = &v->who->d;
    const bool mistyped = chance(d, 12); /* a slip: the log has another product */
    act(v, SEARCH, mistyped ? another(v, product) : product, PAGE_SEARCH);
    note(v, HESITATING, CAUSE_NONE, product, true);
    wait_for(v, 20, 200);
    if (chance(d, 250)) look_up(v, product); /* once more */
    const int64_t end = between(d, 0, 99);
    if (end < 30) {
        if (v->all->product[product].stock > 0) buy(v, product);
    } else if (end < 45) { /* kept for later, after a search: that is a plan */
        act(v, FAVORITE, product, PAGE_PRODUCT);
        note(v, PREPARING, CAUSE_NONE, product, true);
    }
}

void hesitate_on(visit *v) {
    still_hesitate(v, v->who->next_product);
}

/* Twice is not thrice; and something else in between, or an order, begins anew. */
static void nearly_hesitate(visit *v, int32_t product) {
    dice *d = &v->who->d;
    const int64_t kind = between(d, 0, 2);
    look_up(v, product);
    if (kind == 1) { /* of another kind, or it would be a comparison */
        const int32_t category = v->all->product[product].category;
        look_up(v, world_choose(v->all, d, (category + 1) % CATEGORIES));
    }
    look_up(v, product);
    if (kind == 2 && v->all->product[product].stock > 0) {
        buy(v, product);
        wait_for(v, 60, 600);
        look_up(v, product); /* where does it say how it is used? */
    }
    note(v, HESITATING, CAUSE_NONE, product, false);
}

void hesitate(visit *v) {
    dice *d = &v->who->d;
    const int32_t product = of_taste(v);
    if (chance(d, 300)) {
        nearly_hesitate(v, product);
        return;
    }
    look_up(v, product);
    look_up(v, product);
    if (chance(d, 250)) { /* sleeps on it */
        v->who->next = PLAN_SEARCH_AGAIN;
        v->who->next_product = product;
        v->who->next_at = v->now;
        return;
    }
    still_hesitate(v, product);
}

/* --------------------------------------------------------------- preparing */

/* A favorite without a search, of something else, of what is bought already, or a day too late. */
static void nearly_prepare(visit *v, int32_t product) {
    dice *d = &v->who->d;
    const int64_t kind = between(d, 0, 3);
    int32_t favorite = product;
    if (kind == 0) {
        act(v, VIEW, product, PAGE_PRODUCT);
    } else {
        look_up(v, product);
    }
    wait_for(v, 20, 120);
    if (kind == 1) {
        favorite = another(v, product);
        act(v, VIEW, favorite, PAGE_PRODUCT);
        wait_for(v, 20, 120);
    } else if (kind == 2 && v->all->product[product].stock > 0) {
        buy(v, product);
        wait_for(v, 20, 120);
    } else if (kind >= 2) {
        wait_for(v, DAY_S + HOUR_S, DAY_S + 5 * HOUR_S);
        act(v, VIEW, product, PAGE_PRODUCT);
        wait_for(v, 10, 60);
    }
    act(v, FAVORITE, favorite, PAGE_PRODUCT);
    note(v, PREPARING, CAUSE_NONE, product, false);
}

void prepare(visit *v) {
    dice *d = &v->who->d;
    const int32_t product = of_taste(v);
    if (chance(d, 300)) {
        nearly_prepare(v, product);
        return;
    }
    look_up(v, product);
    if (chance(d, 200)) { /* asks at home first */
        wait_for(v, 2 * HOUR_S, 6 * HOUR_S);
        act(v, VIEW, product, PAGE_PRODUCT);
    }
    wait_for(v, 10, 60);
    /* A slip: kept on paper, which no log shows. */
    if (!chance(d, 20)) act(v, FAVORITE, product, PAGE_PRODUCT);
    note(v, PREPARING, CAUSE_NONE, product, true);
    if (chance(d, 450)) {
        v->who->next = PLAN_BUY;
        v->who->next_product = product;
        v->who->next_at = v->now + between(d, 1, 4) * DAY_S;
    }
}
