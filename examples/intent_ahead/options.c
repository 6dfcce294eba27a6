#include "options.h"

#include <getopt.h>
#include <stdio.h>

#include "../shop/program.h"

const char program_name[] = "intent_ahead";

static const char help[] =
    "Usage: intent_ahead [options] FILE\n"
    "\n"
    "Reads a CSV file of what customers did with products, learns from it what they are about to\n"
    "do, and shows how visits go, what follows what, how good the guesses are, one visit event by\n"
    "event, and whom one would offer help.\n"
    "\n"
    "  intent_ahead examples/data/shop_events.csv\n"
    "  intent_ahead --user visitorid --item itemid --time at --kind event --category \"\" FILE\n"
    "\n" SHOP_HELP
    "\n"
    "What to learn and to show\n"
    "  --for CUSTOMER      whose latest long visit to show (whoever had the last one)\n"
    "  --gap MINUTES       idle for longer ends a visit, 1 to 34,000 (30)\n"
    "  --order NUMBER      of actions that a chain looks back, 1 to 5 (3)\n"
    "  --low PERCENT       help is offered from this P(order) on, 0 to 100\n"
    "  --high PERCENT      and up to this one, 0 to 100 (without both: from a half to\n"
    "                      four fifths of the share of visits that order)\n"
    "\n"
    "  --model FILE        keep the model there (a file that is removed again)\n"
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
        case 'm':
            asked->model = text;
            return true;
        case 'g':
            return whole_number("--gap", text, 1, 34000, &asked->gap);
        case 'o':
            return whole_number("--order", text, 1, 5, &asked->order);
        case 'l':
            return whole_number("--low", text, 0, 100, &asked->low);
        case 'b':
            return whole_number("--high", text, 0, 100, &asked->high);
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
        {"gap", required_argument, NULL, 'g'},
        {"order", required_argument, NULL, 'o'},
        {"low", required_argument, NULL, 'l'},
        {"high", required_argument, NULL, 'b'},
        {"model", required_argument, NULL, 'm'},
        {"threads", required_argument, NULL, 'j'},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    static char name[] = "intent_ahead";
    *asked = (command){.gap = 30, .order = 3, .low = -1, .high = -1};
    shop_source_init(&asked->from);
    if (argc > 0) argv[0] = name; /* what getopt complains under */
    for (int option; (option = getopt_long(argc, argv, "h", names, NULL)) != -1;) {
        if (!take(asked, option, optarg)) return EXIT_USAGE;
    }
    if (asked->help) return EXIT_DONE;
    if (asked->low >= 0 || asked->high >= 0) { /* one bound alone leaves the other side open */
        if (asked->low < 0) asked->low = 0;
        if (asked->high < 0) asked->high = 100;
    }
    if (asked->low > asked->high) {
        complain("--low is above --high: nobody would be offered help");
        return EXIT_USAGE;
    }
    if (argc - optind != 1) {
        complain("one FILE is needed; --help says more");
        return EXIT_USAGE;
    }
    asked->from.file = argv[optind];
    return EXIT_DONE;
}
