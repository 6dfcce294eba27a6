#include <stdio.h>
#include <string.h>

#include "../rfm_report/utf8.h"
#include "ahead.h"

/* Cuts a text, between two characters, so that it takes `width` columns at most. */
static void cut_to(char *text, int width) {
    size_t length = strlen(text);
    while (length > 0 && utf8_width(text) > width) {
        do length--;
        while (length > 0 && ((unsigned char)text[length] & 0xC0) == 0x80);
        text[length] = '\0';
    }
}

void print_cell(const char *text, int width) {
    char cell[64];
    snprintf(cell, sizeof cell, "%s", text);
    cut_to(cell, width);
    printf("%s%*s", cell, width - utf8_width(cell), "");
}

static const char *action_name(uint32_t action) {
    if (action == PMKT_INTENT_LEAVE) return "leave";
    if (action == PMKT_INTENT_GOAL) return "order";
    const char *name = pmkt_kind_name((int32_t)action);
    return name == NULL ? "?" : name;
}

void print_action(uint32_t action, int width) {
    print_cell(action_name(action), width);
}

void print_next(const uint32_t *next, const double *p, int32_t n) {
    for (int32_t i = 0; i < n && next[i] != 0; i++) {
        printf("%s%s %.0f %%", i == 0 ? "" : ", ", action_name(next[i]), 100.0 * p[i]);
    }
}

static void print_time(const ahead *it, int64_t ms, int from, int length) {
    char text[32] = "";
    pmkt_time_format(ms, &it->asked.from.zone, text,
                     NULL); /* the library has taken this time before */
    printf("%.*s", length, text + from);
}

void print_day(const ahead *it, int64_t ms) {
    print_time(it, ms, 0, 10);
}

void print_minute(const ahead *it, int64_t ms) {
    print_time(it, ms, 11, 5);
}

void print_feature(const char *feature) {
    static const struct {
        const char *feature, *words;
    } list[] = {
        {"evidence", "the whole path so far"},
        {"context", "the last actions"},
        {"first", "the first event, or not"},
        {"dwell_mean", "the pauses so far"},
        {"dwell", "the last pause"},
        {"elapsed", "how long the visit lasts"},
        {"hour_", "the time of day"},
        {"weekday_", "the day of the week"},
        {"sessions", "how many visits before"},
        {"new", "a first visit, or not"},
        {"since_session", "time since the last visit"},
        {"since_order", "time since the last order"},
        {"orders", "how many orders before"},
        {"buys", "visits with an order"},
        {"buying_rate", "how often visits order"},
        {"never", "never ordered, or did"},
        {"item_before", "a product of past visits"},
        {"item_cart", "a product in the cart"},
        {"item_favorite", "a favorite product"},
        {"item_repeats", "products that come again"},
        {"items", "how many products"},
        {"item", "this product so far"},
        {"category_before", "such products before"},
        {"category_cart", "such a product in the cart"},
        {"category_repeats", "kinds that come again"},
        {"categories", "how many kinds of products"},
        {"category", "such products so far"},
    };
    const char *words = feature;
    for (size_t i = 0; i < sizeof list / sizeof list[0] && words == feature; i++) {
        /* longer names stand before those that they begin with */
        if (strncmp(feature, list[i].feature, strlen(list[i].feature)) == 0) words = list[i].words;
    }
    if (strncmp(feature, "count:", 6) == 0) {
        printf("how many %s events", feature + 6);
    } else {
        printf("%s", words);
    }
}
