#include "support/diary.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "support/loop.h"

diary diary_random(int64_t n, int64_t users, int64_t span, int kinds) {
    const size_t bytes = (size_t)n * 8 + 8;
    diary l = {n,
               malloc(bytes),
               malloc(bytes),
               malloc(bytes),
               malloc(bytes),
               malloc(bytes),
               malloc(bytes),
               malloc(bytes),
               malloc(bytes)};
    for (int64_t i = 0; i < n; i++) {
        l.user[i] = 1 + (uint64_t)random_below(users);
        l.item[i] = (uint64_t)random_below(4);
        l.category[i] = (uint64_t)random_below(3);
        l.channel[i] = (uint64_t)random_below(8) > 0;
        l.session[i] = (uint64_t)(random_below(20) == 0);
        l.time[i] = random_below(span);
        l.amount[i] = random_below(5) == 0 ? PMKT_AMOUNT_NULL : random_below(4);
        l.kind[i] = (uint16_t)random_between(8 - kinds, 8);
        if (random_below(20) == 0) l.kind[i] = (uint16_t)(random_below(2) ? 1063 : 5000);
    }
    return l;
}

void diary_free(diary *l) {
    free(l->user), free(l->item), free(l->category), free(l->channel), free(l->session);
    free(l->time), free(l->amount), free(l->kind);
}

/* A row that is to be sorted. */
typedef struct place {
    int64_t time, row;
} place;

static int by_place(const void *x, const void *y) {
    const place *a = x, *b = y;
    if (a->time != b->time) return a->time < b->time ? -1 : 1;
    return (a->row > b->row) - (a->row < b->row);
}

static void arrange(void *column, size_t size, const place *p, int64_t n) {
    char *was = malloc((size_t)n * size + 1), *at = column;
    memcpy(was, column, (size_t)n * size);
    for (int64_t i = 0; i < n; i++) {
        memcpy(at + (size_t)i * size, was + (size_t)p[i].row * size, size);
    }
    free(was);
}

void diary_sort(diary *l) {
    void *const columns[] = {l->user,    l->item, l->category, l->channel,
                             l->session, l->time, l->amount};
    place *p = malloc((size_t)l->n * sizeof *p + 1);
    for (int64_t i = 0; i < l->n; i++) p[i] = (place){l->time[i], i};
    qsort(p, (size_t)l->n, sizeof *p, by_place);
    for (size_t k = 0; k < sizeof columns / sizeof *columns; k++) arrange(columns[k], 8, p, l->n);
    arrange(l->kind, sizeof *l->kind, p, l->n);
    free(p);
}

pmkt_events diary_events(const diary *l) {
    pmkt_events ev = PMKT_EVENTS_INIT;
    ev.rows = l->n, ev.user = l->user, ev.item = l->item, ev.category = l->category;
    ev.channel = l->channel, ev.time = l->time, ev.amount = l->amount, ev.kind = l->kind;
    ev.session = l->session;
    return ev;
}

static int by_time(const void *x, const void *y) {
    const slow_event *a = x, *b = y;
    if (a->time != b->time) return a->time < b->time ? -1 : 1;
    return a->row < b->row ? -1 : 1;
}

slow_event *diary_of(const diary *l, uint64_t user, int *n) {
    slow_event *e = malloc((size_t)l->n * sizeof *e + sizeof *e);
    *n = 0;
    for (int64_t i = 0; i < l->n; i++) {
        if (l->user[i] != user) continue;
        e[(*n)++] = (slow_event){.time = l->time[i],
                                 .row = i,
                                 .amount = l->amount[i],
                                 .id = {l->item[i], l->category[i], l->channel[i]},
                                 .kind = l->kind[i]};
    }
    qsort(e, (size_t)*n, sizeof *e, by_time);
    int64_t cart = INT64_MIN;
    for (int i = 0; i < *n; i++) {
        if (e[i].kind == PMKT_KIND_CART) cart = e[i].amount;
        e[i].cart_amount = cart;
        e[i].dwell = i > 0 ? e[i].time - e[i - 1].time : INT64_MIN;
        if (e[i].kind >= PMKT_KIND_CUSTOM) e[i].kind = e[i].kind == 5000 ? 62 : 63;
    }
    return e;
}

static int by_time_user(const void *x, const void *y) {
    const slow_shot *a = x, *b = y;
    if (a->time != b->time) return a->time < b->time ? -1 : 1;
    if (a->user != b->user) return a->user < b->user ? -1 : 1;
    if (a->rule != b->rule) return a->rule - b->rule;
    return (a->row > b->row) - (a->row < b->row);
}

slow_result diary_match(const diary *l, const slow_rule *rules, int n_rules, uint64_t users,
                        int64_t until) {
    slow_result slow = {0};
    for (uint64_t user = 1; user <= users; user++) {
        int count = 0;
        slow_event *e = diary_of(l, user, &count);
        slow_match(rules, n_rules, e, count, user, until, &slow);
        free(e);
    }
    if (slow.n > 0) qsort(slow.shot, (size_t)slow.n, sizeof *slow.shot, by_time_user);
    return slow;
}

bool diary_may_begin(const slow_result *slow, const slow_shot *shot, int64_t since) {
    for (int64_t i = 0; i < shot->n_starts; i++) {
        if (slow->start[shot->first_start + i] == since) return true;
    }
    return false;
}

pmkt_rules *slow_rules_parse(const slow_rule *rules, int n, char *text, size_t room) {
    size_t length = 0;
    pmkt_rules *made = NULL;
    pmkt_error err;
    for (int k = 0; k < n; k++) length += slow_rule_print(&rules[k], text + length, room - length);
    if (pmkt_rules_parse(text, length, NULL, &made, &err)) {
        ck_abort_msg("%s\n%s", err.message, text);
    }
    return made;
}
