/*
 * simulate_shop.c - writes what customers did in a shop that does not exist, and what they had in mind.
 *
 *     simulate_shop --seed 1 --customers 300 --days 14 --out shop_log.csv --truth shop_truth.csv
 *
 * EVERYTHING IN BOTH FILES IS SIMULATED. They are there to try things on, and to count how often rules find
 * what was planted (tests/examples/simulate.sh). Nobody should learn from them how people buy.
 *
 * Customers have tastes, a budget, patience, and hours at which they come; products have a price, every week
 * some for less, and a stock that sells out and is filled up again. A visit has a purpose: to look around, to compare,
 * to make up one's mind, to plan a purchase, to buy. What comes of it depends on the customer, the price
 * against the budget, the stock, and luck; what is left open is gone on with at a later visit. See
 * simulate_shop/visit.h for the scripts, their near misses and their slips.
 *
 * The same options give the same bytes on every machine: all of it is integers. A customer throws dice of
 * their own, so that more customers change those that are there only by emptying the shelves.
 *
 * The log: time (UTC), customer, event, product, category, amount (the price of the product now; of an order,
 * times quantity), quantity, stock (on the page, when it was opened), page, channel, order (its number).
 * The truth: time (when one could know), customer, intent, cause, product, real (1 = so it was; 0 = it only
 * looks like it).
 */
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "shop/program.h"
#include "simulate_shop/log.h"
#include "simulate_shop/visit.h"
#include "simulate_shop/world.h"

const char program_name[] = "simulate_shop";

static const char help[] =
    "Usage: simulate_shop [options]\n"
    "\n"
    "Writes a CSV file of what customers did in a shop that does not exist, and, if asked, "
    "another\n"
    "of what they had in mind. ALL OF IT IS SIMULATED. The same options give the same bytes.\n"
    "\n"
    "  --seed NUMBER       another shop, 0 to 2,147,483,647 (1)\n"
    "  --customers NUMBER  1 to 1,000,000 (300)\n"
    "  --days NUMBER       in which visits begin, from 2026-03-02, 1 to 3,650 (14)\n"
    "  --out FILE          what they did; - is standard output (-)\n"
    "  --truth FILE        what they had in mind: time, customer, intent, cause, product, and\n"
    "                      real: 1, or 0 for what only looks like it (not written)\n"
    "  -h, --help\n"
    "\n"
    "Exit status: 0 done, 1 the disk or the memory is at fault, 2 the command line is.\n";

typedef struct command {
    int32_t seed, customers, days;
    const char *out, *truth; /* truth NULL: not wanted */
    bool help;
} command;

static bool take(command *asked, int option, const char *text) {
    switch (option) {
        case 's':
            return whole_number("--seed", text, 0, INT32_MAX, &asked->seed);
        case 'c':
            return whole_number("--customers", text, 1, 1000000, &asked->customers);
        case 'd':
            return whole_number("--days", text, 1, 3650, &asked->days);
        case 'o':
            asked->out = text;
            return true;
        case 't':
            asked->truth = text;
            return true;
        case 'h':
            asked->help = true;
            return true;
        default:
            return false; /* getopt has said what it does not understand */
    }
}

static int read_options(command *asked, int argc, char **argv) {
    static const struct option names[] = {
        {"seed", required_argument, NULL, 's'},
        {"customers", required_argument, NULL, 'c'},
        {"days", required_argument, NULL, 'd'},
        {"out", required_argument, NULL, 'o'},
        {"truth", required_argument, NULL, 't'},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    static char name[] = "simulate_shop";
    *asked = (command){.seed = 1, .customers = 300, .days = 14, .out = "-"};
    if (argc > 0) argv[0] = name; /* what getopt complains under */
    for (int option; (option = getopt_long(argc, argv, "h", names, NULL)) != -1;) {
        if (!take(asked, option, optarg)) return EXIT_USAGE;
    }
    if (argc > optind) {
        complain("\"%s\" is no option; --help says more", argv[optind]);
        return EXIT_USAGE;
    }
    if (asked->truth != NULL && strcmp(asked->truth, asked->out) == 0) {
        complain("--truth is the file of --out");
        return EXIT_USAGE;
    }
    return EXIT_DONE;
}

/* ------------------------------------------------------------------- days */

/* A visit that is to begin. */
typedef struct arrival {
    int64_t second;
    int32_t customer;
} arrival;

static int by_second(const void *a, const void *b) {
    const arrival *x = a, *y = b;
    if (x->second != y->second) return x->second < y->second ? -1 : 1;
    return x->customer < y->customer ? -1 : x->customer > y->customer;
}

/* Early risers, office hours and evenings, night owls. */
static int64_t hour_of(customer *who) {
    static const int32_t hours[3][24] = {
        {0, 0, 0, 0, 1, 4, 8, 9, 7, 5, 4, 4, 5, 4, 3, 3, 3, 4, 4, 3, 2, 1, 0, 0},
        {0, 0, 0, 0, 0, 0, 1, 3, 3, 2, 2, 3, 7, 6, 2, 2, 2, 3, 5, 8, 9, 7, 3, 1},
        {6, 4, 2, 1, 0, 0, 0, 0, 0, 1, 1, 2, 2, 2, 2, 2, 2, 2, 3, 4, 6, 8, 9, 8},
    };
    return pick(&who->d, hours[who->rhythm], 24);
}

/* Who comes today, in the order of time. At most two visits each, hours apart. */
static int64_t arrivals_of(world *all, arrival *list) {
    int64_t n = 0;
    const bool weekend = all->day % 7 >= 5;
    for (int32_t i = 0; i < all->customers; i++) {
        customer *who = &all->customer[i];
        const int64_t visits = weekend ? who->visits * 13 / 10 : who->visits;
        if (!chance(&who->d, visits < 950 ? visits : 950)) continue;
        /* One throw a statement: C does not say which part of an expression comes first. */
        const int64_t hour = hour_of(who);
        const int64_t at = all->day * DAY_S + hour * HOUR_S + between(&who->d, 0, 3599);
        list[n++] = (arrival){at, i};
        if (!chance(&who->d, 100)) continue;
        list[n++] = (arrival){at + between(&who->d, 3 * HOUR_S, 8 * HOUR_S), i};
    }
    qsort(list, (size_t)n, sizeof *list, by_second);
    return n;
}

static bool live(world *all, logs *to, int32_t days) {
    arrival *list = malloc(sizeof *list * 2 * (size_t)all->customers);
    if (list == NULL) return false;
    bool good = true;
    logs_begin(to);
    for (int32_t day = 0; day < days && good; day++) {
        world_begin_day(all, day);
        const int64_t n = arrivals_of(all, list);
        for (int64_t i = 0; i < n; i++) {
            if (list[i].second < all->customer[list[i].customer].away_until) continue;
            visit_make(all, to, list[i].customer, list[i].second);
        }
        logs_write(to, (day + 1) * DAY_S);
        good = !to->events.out_of_memory && !to->truth.out_of_memory && !ferror(to->events_file);
    }
    if (good) logs_write(to, INT64_MAX);
    free(list);
    return good || ferror(to->events_file); /* which is complained about where it is closed */
}

/* ------------------------------------------------------------------ files */

static FILE *open_file(const char *path) {
    FILE *file = strcmp(path, "-") == 0 ? stdout : fopen(path, "we");
    if (file == NULL) complain("cannot write %s: %s", path, strerror(errno));
    return file;
}

static bool close_file(FILE *file, const char *path) {
    bool good = fflush(file) == 0 && !ferror(file);
    if (file != stdout) good = fclose(file) == 0 && good;
    if (!good) complain("cannot write %s", strcmp(path, "-") == 0 ? "standard output" : path);
    return good;
}

/* Lives through the days, with the files open. */
static bool write_files(const command *asked, world *all, logs *to) {
    to->events_file = open_file(asked->out);
    if (to->events_file == NULL) return false;
    if (asked->truth != NULL) to->truth_file = open_file(asked->truth);
    bool good = asked->truth == NULL || to->truth_file != NULL;
    if (good && !live(all, to, asked->days)) {
        complain("out of memory");
        good = false;
    }
    good = close_file(to->events_file, asked->out) && good;
    if (asked->truth != NULL && to->truth_file != NULL) {
        good = close_file(to->truth_file, asked->truth) && good;
    }
    return good;
}

static int simulate(const command *asked) {
    world all;
    logs to = {.all = &all};
    if (!world_make(&all, (uint64_t)asked->seed, asked->customers)) {
        complain("out of memory");
        return EXIT_DATA;
    }
    const bool good = write_files(asked, &all, &to);
    logs_free(&to);
    world_free(&all);
    return good ? EXIT_DONE : EXIT_DATA;
}

int main(int argc, char **argv) {
    command asked;
    const int code = read_options(&asked, argc, argv);
    if (code != EXIT_DONE) return code;
    if (asked.help) {
        fputs(help, stdout);
        return EXIT_DONE;
    }
    return simulate(&asked);
}
