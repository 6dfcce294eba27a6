#include <stdio.h>
#include <string.h>

#include "ahead.h"

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
