#include "visit.h"

void wait_for(visit *v, int64_t low, int64_t high) {
    v->now += between(&v->who->d, low, high);
}

void act(visit *v, deed what, int32_t product, page where) {
    const int32_t price = world_price(v->all, product);
    entry e = {.second = v->now,
               .customer = v->number,
               .product = product,
               .amount = price,
               .quantity = 1,
               .stock = v->all->product[product].stock,
               .what = (uint8_t)what,
               .where = (uint8_t)where,
               .channel = (uint8_t)v->channel};
    if (what == ORDER) {
        v->pieces = price < v->who->budget / 4 && e.stock > 1 && chance(&v->who->d, 150) ? 2 : 1;
        world_sell(v->all, product, v->pieces);
    }
    if (what == ORDER || what == PAY) {
        e.order = v->to->orders;
        e.quantity = v->pieces;
        e.amount = price * v->pieces;
    }
    book_add(&v->to->events, e);
    v->now++; /* whatever comes next comes later */
}

void note(visit *v, intent what, cause why, int32_t product, bool real) {
    const entry e = {.second = v->now - 1, /* of the last thing done */
                     .customer = v->number,
                     .product = product,
                     .what = (uint8_t)what,
                     .where = (uint8_t)why,
                     .real = real};
    book_add(&v->to->truth, e);
}

static void review(visit *v) {
    act(v, VIEW, v->who->next_product, PAGE_PRODUCT);
    wait_for(v, 40, 240);
    act(v, REVIEW, v->who->next_product, PAGE_PRODUCT);
}

/* Something left open is gone on with; else the mood decides. */
static void play(visit *v) {
    customer *who = v->who;
    const plan next = who->next_at <= v->now ? who->next : PLAN_NONE;
    if (next != PLAN_NONE) who->next = PLAN_NONE;
    switch (next) {
        case PLAN_SEARCH_AGAIN:
            hesitate_on(v);
            return;
        case PLAN_BUY:
            want(v, who->next_product, false); /* from the favorites, or the cart */
            return;
        case PLAN_REVIEW:
            review(v);
            return;
        case PLAN_NONE:
            break;
    }
    static const int32_t moods[] = {200, 180, 150, 150, 320};
    switch (pick(&who->d, moods, 5)) {
        case 0:
            browse(v);
            return;
        case 1:
            compare(v);
            return;
        case 2:
            hesitate(v);
            return;
        case 3:
            prepare(v);
            return;
        default:
            break;
    }
    const int32_t product = world_choose(v->all, &who->d, world_taste(who));
    want(v, product, chance(&who->d, 600));
}

void visit_make(world *all, logs *to, int32_t number, int64_t start) {
    customer *who = &all->customer[number];
    visit v = {.all = all,
               .to = to,
               .who = who,
               .number = number,
               .channel = chance(&who->d, 700) ? who->channel : (int32_t)between(&who->d, 0, 3),
               .now = start,
               .compared_at = start - DAY_S};
    play(&v);
    const int64_t rested = v.now + 2 * HOUR_S;
    if (who->away_until < rested) who->away_until = rested;
}
