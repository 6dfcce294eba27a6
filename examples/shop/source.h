/*
 * source.h - where a shop's events are, and what its columns, kinds and clock are called: the part of a
 * command line that the programs about a shop share.
 */
#ifndef SHOP_SOURCE_H
#define SHOP_SOURCE_H

#include <getopt.h>
#include <pmkt.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SHOP_KINDS 32
#define SHOP_SKIP (-1)

/* What a file calls a kind of event. */
typedef struct shop_kind {
    const char *name; /* [length] */
    size_t length;
    int32_t kind; /* PMKT_KIND_..., or SHOP_SKIP: not wanted */
} shop_kind;

/* Where to read: a file, and its columns by their names in the header. */
typedef struct shop_source {
    const char *file; /* "-" = standard input */
    const char *user, *item, *time;
    const char *kind;     /* NULL: every row is an order */
    const char *category; /* NULL: there is none */
    shop_kind kinds[SHOP_KINDS];
    int32_t n_kinds;
    pmkt_zone zone; /* of times without an offset, and of hours of the day */
} shop_source;

/* The rows of these options in a table for getopt_long(). */
#define SHOP_OPTIONS \
    {"user", required_argument, NULL, 'u'}, {"item", required_argument, NULL, 'i'}, \
        {"time", required_argument, NULL, 't'}, {"kind", required_argument, NULL, 'e'}, \
        {"category", required_argument, NULL, 'c'}, {"kinds", required_argument, NULL, 'K'}, { \
        "utc-offset", required_argument, NULL, 'z' \
    }

/* What --help says of them. */
#define SHOP_HELP \
    "FILE is a CSV file; - is standard input. Its columns, by their names in the header:\n" \
    "  --user COLUMN       the customer (customer)\n" \
    "  --item COLUMN       the product (product)\n" \
    "  --time COLUMN       when: 2026-01-31 18:30:00, or seconds or milliseconds since 1970;\n" \
    "                      which, the first row decides (time)\n" \
    "  --kind COLUMN       view, search, favorite, cart, order, refund and so on (event); an " \
    "empty\n" \
    "                      name: every row is an order\n" \
    "  --category COLUMN   the kind of product (category); an empty name: there is none\n" \
    "  --kinds LIST        what the file calls them, such as pv=view,fav=favorite,buy=order; " \
    "=skip\n" \
    "                      leaves out; a name that is not in the list is taken as it is\n" \
    "  --utc-offset MINUTES  east of UTC, of the shop's clock: of times that do not say theirs,\n" \
    "                      and of hours of the day, -1,440 to 1,440 (0)\n"

/* The usual names. */
void shop_source_init(shop_source *from);

typedef enum shop_took {
    SHOP_TOOK,
    SHOP_NOT_MINE,
    SHOP_WRONG
} shop_took;

/* Takes one of these options by its character; SHOP_WRONG has complained. */
shop_took shop_source_take(shop_source *from, int option, const char *text);

/* The file as messages call it. */
const char *shop_source_name(const shop_source *from);

#endif
