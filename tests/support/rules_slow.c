#include "support/rules_slow.h"

#include <stdio.h>
#include <stdlib.h>

#include "support/loop.h"
#include "support/random.h"

/* ------------------------------------------------------------------ by chance */

static slow_what what_random(int from, int to, int64_t span) {
    slow_what w = {0, 0, 0};
    if (random_below(8) == 0) {
        w.kinds = UINT64_MAX;
    } else {
        for (int64_t n = random_below(3) / 2; n >= 0; n--) {
            w.kinds |= UINT64_C(1) << random_between(from, to);
        }
    }
    if (random_below(20) == 0) w.kinds |= UINT64_C(1) << 63;
    if (random_below(3) == 0) w.cond = (int)random_between(1, 4);
    w.bound = w.cond == 2 ? random_below(span) : random_below(4);
    return w;
}

static int64_t chance(int64_t one_in, int64_t span) {
    return random_below(one_in) == 0 ? 1 + random_below(span) : 0;
}

slow_rule slow_rule_random(int from, int to, int64_t span) {
    slow_rule r = {.n_steps = (int)random_between(1, SLOW_STEPS + 1)};
    int stages = 0;
    for (int k = 0; k < r.n_steps; k++) {
        r.step[k] = what_random(from, to, span);
        r.count[k] = random_below(3) == 0 ? (int)random_between(2, 4) : 1;
        while (stages + r.count[k] > 4 && r.count[k] > 1) r.count[k]--;
        stages += r.count[k];
        if (k > 0 || r.count[k] > 1) r.gap[k] = chance(3, span);
    }
    r.wait = chance(3, span);
    if (r.wait) r.absent = what_random(from, to, span);
    if (random_below(3) == 0) r.unless = what_random(from, to, span);
    if (random_below(2) == 0) r.same = (int)random_below(8);
    if (random_below(3) == 0) {
        const int id = (int)random_below(3);
        if (!(r.same >> id & 1)) r.different = id + 1;
    }
    r.in_a_row = random_below(4) == 0;
    r.within = chance(3, 2 * span);
    r.cooldown = chance(3, 2 * span);
    r.strength = (int)random_below(4) * 3;
    r.intent = (int)random_below(3);
    return r;
}

/* -------------------------------------------------------------------- as text */

typedef struct pen {
    char *text;
    size_t n, room;
} pen;

#define WRITE(p, ...) \
    ((p)->n += (size_t)snprintf((p)->text + (p)->n, (p)->room - (p)->n, __VA_ARGS__))

static void write_what(pen *p, const slow_what *w) {
    bool first = true;
    if (w->kinds == UINT64_MAX) {
        WRITE(p, " event");
    } else {
        for (int kind = 1; kind < 64; kind++) {
            if (!(w->kinds >> kind & 1)) continue;
            if (kind < PMKT_KIND_COUNT_) {
                WRITE(p, "%s %s", first ? "" : " or", pmkt_kind_name(kind));
            } else {
                WRITE(p, "%s %d", first ? "" : " or", 1000 + kind);
            }
            first = false;
        }
    }
    if (w->cond == 1) WRITE(p, " where (amount > %lld)", (long long)w->bound);
    if (w->cond == 2) WRITE(p, " where (dwell <= %lld ms)", (long long)w->bound);
    if (w->cond == 3) WRITE(p, " where ((amount < cart.amount))");
}

size_t slow_rule_print(const slow_rule *r, char *text, size_t room) {
    static const char *const IDS[] = {"item", "category", "channel"};
    pen p = {text, 0, room};
    WRITE(&p, "intent i%d { when", r->intent);
    for (int k = 0; k < r->n_steps; k++) {
        if (k > 0) WRITE(&p, " then");
        if (r->count[k] > 1) WRITE(&p, " %d", r->count[k]);
        write_what(&p, &r->step[k]);
        if (r->gap[k]) WRITE(&p, " within %lld ms", (long long)r->gap[k]);
    }
    if (r->wait) {
        WRITE(&p, " then no");
        write_what(&p, &r->absent);
        WRITE(&p, " for %lld ms", (long long)r->wait);
    }
    WRITE(&p, " strength 0.%d", r->strength);
    for (int i = 0; i < 3; i++) {
        if (r->same >> i & 1) WRITE(&p, " same %s", IDS[i]);
    }
    if (r->different) WRITE(&p, " different %s", IDS[r->different - 1]);
    if (r->in_a_row) WRITE(&p, " in a row");
    if (r->unless.kinds) {
        WRITE(&p, " unless");
        write_what(&p, &r->unless);
    }
    if (r->within) WRITE(&p, " within %lld ms", (long long)r->within);
    if (r->cooldown) WRITE(&p, " cooldown %lld ms", (long long)r->cooldown);
    WRITE(&p, " }\n");
    return p.n;
}

/* --------------------------------------------------------------------- meaning */

static bool is(const slow_what *w, const slow_event *e) {
    if (!(w->kinds >> e->kind & 1)) return false;
    if (w->cond == 1) return e->amount != INT64_MIN && e->amount > w->bound;
    if (w->cond == 2) return e->dwell != INT64_MIN && e->dwell <= w->bound;
    if (w->cond == 3) {
        return e->amount != INT64_MIN && e->cart_amount != INT64_MIN && e->amount < e->cart_amount;
    }
    return true;
}

static bool lacks_key(const slow_rule *r, const slow_event *e) {
    for (int i = 0; i < 3; i++) {
        if ((r->same >> i & 1) && e->id[i] == 0) return true;
    }
    return false;
}

static bool same_key(const slow_rule *r, const slow_event *a, const slow_event *b) {
    for (int i = 0; i < 3; i++) {
        if ((r->same >> i & 1) && a->id[i] != b->id[i]) return false;
    }
    return true;
}

static bool is_of_kinds(const slow_rule *r, const slow_event *e) {
    for (int k = 0; k < r->n_steps; k++) {
        if (r->step[k].kinds >> e->kind & 1) return true;
    }
    return false;
}

/* Whether a step may take an event at all. */
static bool fits(const slow_rule *r, const slow_event *e, int k) {
    if (lacks_key(r, e) || (r->different && e->id[r->different - 1] == 0)) return false;
    return !is(&r->unless, e) && is(&r->step[k], e);
}

static bool fits_any(const slow_rule *r, const slow_event *e) {
    for (int k = 0; k < r->n_steps; k++) {
        if (fits(r, e, k)) return true;
    }
    return false;
}

/* Whether event k, between events of a match of the key of `e`, ends it. */
static bool ends(const slow_rule *r, const slow_event *k, const slow_event *e) {
    const bool concerned = lacks_key(r, k) || same_key(r, k, e);
    if (r->in_a_row && is_of_kinds(r, k)) return true;
    if (concerned && is(&r->unless, k)) return true;
    return concerned && r->wait && is(&r->absent, k) && !fits_any(r, k);
}

/* A choice of events under way. */
typedef struct choice {
    const slow_rule *r;
    const slow_event *e;
    int last;       /* the event with which the match must end */
    int used;       /* events up to this one are used up */
    int64_t anchor; /* time of the event before the present step, or of the first */
} choice;

/* Whether events after `at`, which was the n-th of step k, can complete the match that began at `first`. */
static bool completes(choice c, int first, int at, int k, int n) {
    const slow_rule *r = c.r;
    if (n == r->count[k]) {
        if (++k == r->n_steps) return at == c.last;
        n = 0;
        c.anchor = c.e[at].time;
    }
    for (int next = at + 1; next <= c.last; next++) {
        const slow_event *x = &c.e[next];
        const bool gap = r->gap[k] && x->time - c.anchor > r->gap[k];
        const bool alike = r->different && x->id[r->different - 1] == c.e[at].id[r->different - 1];
        const bool window = r->within && x->time - c.e[first].time > r->within;
        if (fits(r, x, k) && same_key(r, x, &c.e[first]) && !gap && !alike && !window) {
            if (completes(c, first, next, k, n + 1)) return true;
        }
        if (ends(r, x, &c.e[first])) return false;
    }
    return false;
}

static void add_start(slow_result *out, int64_t time) {
    if (out->n_starts == out->room_starts) {
        out->room_starts = 2 * out->room_starts + 64;
        out->start = realloc(out->start, (size_t)out->room_starts * sizeof *out->start);
    }
    out->start[out->n_starts++] = time;
}

/* Whether a match ends at event `last`; all times at which one may begin are appended. */
static bool matches(const slow_rule *r, const slow_event *e, int last, int used, slow_result *out) {
    const int64_t before = out->n_starts;
    for (int first = used + 1; first <= last; first++) {
        if (!fits(r, &e[first], 0) || !same_key(r, &e[first], &e[last])) continue;
        const choice c = {r, e, last, used, e[first].time};
        if (completes(c, first, first, 0, 1)) add_start(out, e[first].time);
    }
    return out->n_starts > before;
}

/* Whether nothing ends the wait that begins at event i. */
static bool is_quiet(const slow_rule *r, const slow_event *e, int n, int i) {
    for (int k = i + 1; k < n && e[k].time <= e[i].time + r->wait; k++) {
        const bool concerned = lacks_key(r, &e[k]) || same_key(r, &e[k], &e[i]);
        if (ends(r, &e[k], &e[i]) || (concerned && is(&r->absent, &e[k]))) return false;
    }
    return true;
}

/* Something that matches, before intents are looked at. */
typedef struct raw {
    int64_t time;
    int waited, at, rule; /* at: the event, of waits 0 */
    int64_t first_start, n_starts;
} raw;

/* All matches of a rule, one after the other; `used` of each event's key is kept by the event that did it. */
static int matches_of(const slow_rule *r, int rule, const slow_event *e, int n, int64_t until,
                      raw *out, slow_result *result) {
    int found = 0;
    int *used = malloc((size_t)n * sizeof *used + sizeof *used); /* of the key of each event */
    for (int i = 0; i < n; i++) used[i] = -1;
    for (int i = 0; i < n; i++) {
        const int64_t start = result->n_starts;
        if (lacks_key(r, &e[i]) || i <= used[i] || !matches(r, e, i, used[i], result)) continue;
        int last = i;
        if (r->wait) {
            if (e[i].time + r->wait >= until || !is_quiet(r, e, n, i)) continue;
            while (last + 1 < n && e[last + 1].time <= e[i].time + r->wait) last++;
        }
        for (int k = 0; k < n; k++) {
            if (same_key(r, &e[k], &e[i])) used[k] = last;
        }
        out[found++] = (raw){e[i].time + r->wait,     r->wait > 0, r->wait ? 0 : i, rule, start,
                             result->n_starts - start};
    }
    free(used);
    return found;
}

static int by_instant(const void *x, const void *y) {
    const raw *a = x, *b = y;
    if (a->time != b->time) return a->time < b->time ? -1 : 1;
    if (a->waited != b->waited) return a->waited - b->waited;
    if (a->at != b->at) return a->at - b->at;
    if (a->rule != b->rule) return a->rule - b->rule;
    return (a->first_start > b->first_start) - (a->first_start < b->first_start);
}

static void add(slow_result *out, slow_shot shot) {
    if (out->n == out->room) {
        out->room = 2 * out->room + 64;
        out->shot = realloc(out->shot, (size_t)out->room * sizeof *out->shot);
    }
    out->shot[out->n++] = shot;
}

void slow_match(const slow_rule *rules, int n_rules, const slow_event *e, int n, uint64_t user,
                int64_t until, slow_result *out) {
    raw *all = malloc(((size_t)n * (size_t)n_rules + 1) * sizeof *all);
    int64_t cool[8];
    int found = 0;
    for (int i = 0; i < 8; i++) cool[i] = INT64_MIN;
    for (int k = 0; k < n_rules; k++) {
        found += matches_of(&rules[k], k, e, n, until, all + found, out);
    }
    qsort(all, (size_t)found, sizeof *all, by_instant);
    for (int i = 0, next; i < found; i = next) {
        for (next = i; next < found && all[next].time == all[i].time &&
                       all[next].waited == all[i].waited && all[next].at == all[i].at;) {
            next++;
        }
        for (int intent = 0; intent < 8; intent++) {
            int best = -1, times = 0, at = 0;
            for (int k = i; k < next; k++) {
                const slow_rule *r = &rules[all[k].rule];
                if (r->intent != intent) continue;
                times++;
                if (best < 0 || r->strength > rules[best].strength) best = all[k].rule, at = k;
            }
            if (best < 0) continue;
            if (all[i].time < cool[intent]) {
                out->suppressed += times;
                continue;
            }
            out->outranked += times - 1;
            if (rules[best].cooldown) cool[intent] = all[i].time + rules[best].cooldown;
            const int64_t row = all[i].waited ? -1 : e[all[i].at].row;
            add(out,
                (slow_shot){all[i].time, row, user, best, all[at].first_start, all[at].n_starts});
        }
    }
    free(all);
}
