#include "support/shop.h"

#include "support/batch.h"
#include "support/random.h"

#define LONGEST 12

static uint16_t next_kind(int carts, bool keen) {
    if (carts > 0 && random_below(keen ? 3 : 9) == 0) return PMKT_KIND_ORDER;
    static const uint16_t kinds[] = {PMKT_KIND_VIEW,     PMKT_KIND_VIEW, PMKT_KIND_CLICK,
                                     PMKT_KIND_FAVORITE, PMKT_KIND_CART, PMKT_KIND_UNCART};
    return kinds[random_below(keen ? 6 : 4)];
}

/* One visit of a user from `time` on; when it ends. */
static int64_t visit(visits *v, uint64_t user, int64_t number, int64_t time) {
    const bool keen = random_below(3) == 0;
    int carts = 0;
    for (int64_t k = random_below(LONGEST); k >= 0; k--) {
        const int64_t i = v->n++;
        time += 1 + random_below(4 * MINUTE);
        v->user[i] = user, v->time[i] = time, v->kind[i] = next_kind(carts, keen);
        v->item[i] = 1 + (uint64_t)random_below(12), v->category[i] = 1 + v->item[i] % 5;
        v->session[i] = (uint64_t)number + 1, v->channel[i] = 1;
        carts += v->kind[i] == PMKT_KIND_CART;
    }
    return time;
}

visits shop_make(int64_t count, int64_t users) {
    visits v = visits_random(count * LONGEST, 1, 1, 1);
    v.n = 0;
    for (int64_t u = 0; u < users; u++) {
        int64_t time = date(2024, 3, 1) + random_below(20 * DAY);
        for (int64_t k = u * count / users; k < (u + 1) * count / users; k++) {
            time = visit(&v, (uint64_t)u + 1, k, time + HOUR + random_below(3 * DAY));
        }
    }
    return v;
}

visits shop_shuffled(const visits *v, int64_t *at) {
    visits to = visits_random(v->n, 1, 1, 1);
    for (int64_t i = 0; i < v->n; i++) at[i] = i;
    random_shuffle(at, v->n);
    for (int64_t i = 0; i < v->n; i++) {
        const int64_t j = at[i];
        to.user[i] = v->user[j], to.time[i] = v->time[j], to.kind[i] = v->kind[j];
        to.item[i] = v->item[j], to.category[i] = v->category[j];
        to.session[i] = v->session[j], to.channel[i] = v->channel[j];
    }
    return to;
}
