#include "options.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "../shop/program.h"

const char program_name[] = "cf_recommend";

static const char help[] =
    "Usage: cf_recommend [options] FILE\n"
    "\n"
    "Reads a CSV file of what customers did with products, learns from it what they like, and "
    "shows\n"
    "how good the guesses are, what some customers would like next, which products are alike, and\n"
    "what to offer a stranger.\n"
    "\n"
    "  cf_recommend examples/data/shop_events.csv\n"
    "  cf_recommend --user CustomerID --item Description --time InvoiceDate --kind \"\" FILE\n"
    "\n"
    "Columns, by their names in the header\n"
    "  --user COLUMN       the customer (customer)\n"
    "  --item COLUMN       the product (product)\n"
    "  --time COLUMN       when, such as 2026-01-31 18:30:00, in UTC (time)\n"
    "  --kind COLUMN       view, favorite, cart, order, refund and so on (event); an empty name:\n"
    "                      every row is an order\n"
    "  --category COLUMN   the kind of product (category); an empty name: there is none\n"
    "\n"
    "What to show\n"
    "  --for CUSTOMER      what this customer would like (the three with most events)\n"
    "  --like PRODUCT      what is like this product (the one that is ordered most)\n"
    "  --history \"A;B\"     what a stranger would like who has these (the two ordered most)\n"
    "  -k NUMBER           so many answers, 1 to 100 (5)\n"
    "\n"
    "  --model FILE        keep the model there (a file that is removed again)\n"
    "  --factors NUMBER    of the model, 1 to 1024 (16)\n"
    "  --threads NUMBER    0 = all that are allowed (0)\n"
    "  -h, --help\n"
    "\n"
    "Exit status: 0 done, 1 the data or the disk is at fault, 2 the command line is.\n";

void options_help(void) {
    fputs(help, stdout);
}

static bool take(command *asked, int option, const char *text) {
    switch (option) {
        case 'u':
            asked->from.user = text;
            return true;
        case 'i':
            asked->from.item = text;
            return true;
        case 't':
            asked->from.time = text;
            return true;
        case 'e':
            asked->from.kind = *text == '\0' ? NULL : text;
            return true;
        case 'c':
            asked->from.category = *text == '\0' ? NULL : text;
            return true;
        case 'w':
            asked->who = text;
            return true;
        case 'l':
            asked->like = text;
            return true;
        case 's':
            asked->history = text;
            return true;
        case 'm':
            asked->model = text;
            return true;
        case 'k':
            return whole_number("-k", text, 1, 100, &asked->k);
        case 'f':
            return whole_number("--factors", text, 1, 1024, &asked->factors);
        case 'j':
            return whole_number("--threads", text, 0, 1024, &asked->threads);
        case 'h':
            asked->help = true;
            return true;
        default:
            return false; /* getopt has said what it does not understand */
    }
}

int options_read(command *asked, int argc, char **argv) {
    static const struct option names[] = {
        {"user", required_argument, NULL, 'u'},
        {"item", required_argument, NULL, 'i'},
        {"time", required_argument, NULL, 't'},
        {"kind", required_argument, NULL, 'e'},
        {"category", required_argument, NULL, 'c'},
        {"for", required_argument, NULL, 'w'},
        {"like", required_argument, NULL, 'l'},
        {"history", required_argument, NULL, 's'},
        {"model", required_argument, NULL, 'm'},
        {"factors", required_argument, NULL, 'f'},
        {"threads", required_argument, NULL, 'j'},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    static char name[] = "cf_recommend";
    *asked = (command){.from = {.user = "customer",
                                .item = "product",
                                .time = "time",
                                .kind = "event",
                                .category = "category"},
                       .k = 5,
                       .factors = 16};
    if (argc > 0) argv[0] = name; /* what getopt complains under */
    for (int option; (option = getopt_long(argc, argv, "hk:", names, NULL)) != -1;) {
        if (!take(asked, option, optarg)) return EXIT_USAGE;
    }
    if (asked->help) return EXIT_DONE;
    if (argc - optind != 1) {
        complain("one FILE is needed; --help says more");
        return EXIT_USAGE;
    }
    asked->from.file = argv[optind];
    return EXIT_DONE;
}
