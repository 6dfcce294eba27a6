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
    "\n" SHOP_HELP
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
    const shop_took took = shop_source_take(&asked->from, option, text);
    if (took != SHOP_NOT_MINE) return took == SHOP_TOOK;
    switch (option) {
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
        SHOP_OPTIONS,
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
    *asked = (command){.k = 5, .factors = 16};
    shop_source_init(&asked->from);
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
