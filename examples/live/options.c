#include "options.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "../shop/program.h"

const char program_name[] = "live";

static const char help[] =
    "Usage: live [options] FILE\n"
    "\n"
    "Reads what customers do, event by event, and prints at once what they are about to do: the\n"
    "intents of rules as they fire, P(order) by a model, and the microseconds that it took. The\n"
    "clock is that of the events: a cart and silence fires when a later event of anybody comes.\n"
    "\n"
    "  live --fit past.csv --remember --for C0567 --evidence today.csv\n"
    "  tail -n +1 -f today.csv | live --model kept.pmkt --rules my.rules --reload --evidence -\n"
    "\n" SHOP_HELP
    "  --amount COLUMN     the price, such as 19.90 (amount)\n"
    "  --decimals NUMBER   of a price, 0 to 6 (2)\n"
    "  --quantity COLUMN   how many (quantity)\n"
    "  --channel COLUMN    where the customer came from (channel)\n"
    "  --columns LIST      others that rules declare: int, double or id (stock=int,page=id)\n"
    "These five may be missing, if they are not named here. A product may be empty.\n"
    "\n"
    "What to know\n"
    "  --fit FILE          a log to learn P(order) from first, with the same columns\n"
    "  --remember          FILE goes on where that log ends: who is in there is known, with all "
    "that\n"
    "                      was done; else customers begin as strangers\n"
    "  --model FILE        or a model that was kept, as intent_ahead --model does (none)\n"
    "  --rules FILE        rules; see pmkt/rules.h (the built-in ones)\n"
    "  --reload            before every event, look whether the file of the rules is another than\n"
    "                      before (its time, size or number), and go on by it; no signal is "
    "needed.\n"
    "                      If there is a mistake in it, the rules stay as they are\n"
    "  --late SECONDS      an event may be older by so much than its customer's latest, 0 to\n"
    "                      1,000,000 (0)\n"
    "  --after MINUTES     after the last event the clock goes on for so long, 0 to 1,000,000 (0)\n"
    "\n"
    "What to print\n"
    "  --evidence          of each intent: the events that matched, what each adds to the "
    "log-odds,\n"
    "                      and the text of the rule\n"
    "  --for CUSTOMER      all actions of this customer, with P(order), and no intents of others\n"
    "  --stats             at the end: what was counted, and how long the calls took\n"
    "  -h, --help\n"
    "\n"
    "Exit status: 0 done, 1 the data or the disk is at fault, 2 the command line is.\n";

void options_help(void) {
    fputs(help, stdout);
}

/* ---------------------------------------------------------------- columns */

static int32_t type_called(const char *name, size_t length) {
    static const struct {
        const char *name;
        int32_t type;
    } types[] = {{"int", PMKT_TYPE_INT64}, {"double", PMKT_TYPE_DOUBLE}, {"id", PMKT_TYPE_UINT64}};
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        if (length == strlen(types[i].name) && memcmp(name, types[i].name, length) == 0) {
            return types[i].type;
        }
    }
    return 0;
}

/* One "stock=int". */
static bool take_column(command *asked, const char *piece, size_t length) {
    const char *equals = memchr(piece, '=', length);
    const size_t name = equals == NULL ? 0 : (size_t)(equals - piece);
    const int32_t type = name == 0 ? 0 : type_called(equals + 1, length - name - 1);
    if (type == 0 || name >= sizeof asked->column[0].name) {
        complain(
            "--columns is like \"stock=int,weight=double,page=id\", names of up to 63 bytes; "
            "\"%.*s\" is not",
            (int)length, piece);
        return false;
    }
    if (asked->columns == LIVE_COLUMNS) {
        complain("--columns takes at most %d", LIVE_COLUMNS);
        return false;
    }
    live_column *column = &asked->column[asked->columns++];
    memset(column, 0, sizeof *column);
    memcpy(column->name, piece, name);
    column->type = type;
    for (int32_t i = 0; i + 1 < asked->columns; i++) {
        if (strcmp(asked->column[i].name, column->name) != 0) continue;
        complain("--columns names \"%s\" twice", column->name);
        return false;
    }
    return true;
}

/* An empty list: none. */
static bool take_columns(command *asked, const char *text) {
    asked->columns = 0;
    while (*text != '\0') {
        const size_t length = strcspn(text, ",");
        if (!take_column(asked, text, length)) return false;
        text += length;
        if (*text == ',') text++;
    }
    return true;
}

/* --------------------------------------------------------------- all of it */

static void take_name(const char **column, bool *named, const char *text) {
    *named = *text != '\0';
    *column = *named ? text : NULL;
}

static bool take(command *asked, int option, const char *text) {
    const shop_took took = shop_source_take(&asked->from, option, text);
    if (took != SHOP_NOT_MINE) return took == SHOP_TOOK;
    switch (option) {
        case 'A':
            take_name(&asked->amount, &asked->amount_named, text);
            return true;
        case 'Q':
            take_name(&asked->quantity, &asked->quantity_named, text);
            return true;
        case 'C':
            take_name(&asked->channel, &asked->channel_named, text);
            return true;
        case 'X':
            asked->columns_named = true;
            return take_columns(asked, text);
        case 'd':
            return whole_number("--decimals", text, 0, 6, &asked->decimals);
        case 'f':
            asked->fit = text;
            return true;
        case 'm':
            asked->model = text;
            return true;
        case 'r':
            asked->rules = text;
            return true;
        case 'w':
            asked->who = text;
            return true;
        case 'l':
            return whole_number("--late", text, 0, 1000000, &asked->late);
        case 'a':
            return whole_number("--after", text, 0, 1000000, &asked->after);
        case 'M':
            asked->remember = true;
            return true;
        case 'R':
            asked->reload = true;
            return true;
        case 'E':
            asked->evidence = true;
            return true;
        case 'S':
            asked->stats = true;
            return true;
        case 'h':
            asked->help = true;
            return true;
        default:
            return false; /* getopt has said what it does not understand */
    }
}

/* What excludes each other, and what is missing. */
static int check(command *asked, int argc, char **argv, int first) {
    if (asked->fit != NULL && asked->model != NULL) {
        complain("--fit and --model exclude each other");
        return EXIT_USAGE;
    }
    if (asked->fit != NULL && strcmp(asked->fit, "-") == 0) {
        complain("--fit takes a file, not standard input");
        return EXIT_USAGE;
    }
    if (asked->remember && asked->fit == NULL) {
        complain("--remember needs --fit");
        return EXIT_USAGE;
    }
    if (asked->reload && asked->rules == NULL) {
        complain("--reload needs --rules: the built-in ones do not change");
        return EXIT_USAGE;
    }
    if (argc - first != 1) {
        complain("one FILE is needed; --help says more");
        return EXIT_USAGE;
    }
    asked->from.file = argv[first];
    return EXIT_DONE;
}

int options_read(command *asked, int argc, char **argv) {
    static const struct option names[] = {
        SHOP_OPTIONS,
        {"amount", required_argument, NULL, 'A'},
        {"decimals", required_argument, NULL, 'd'},
        {"quantity", required_argument, NULL, 'Q'},
        {"channel", required_argument, NULL, 'C'},
        {"columns", required_argument, NULL, 'X'},
        {"fit", required_argument, NULL, 'f'},
        {"remember", no_argument, NULL, 'M'},
        {"model", required_argument, NULL, 'm'},
        {"rules", required_argument, NULL, 'r'},
        {"reload", no_argument, NULL, 'R'},
        {"late", required_argument, NULL, 'l'},
        {"after", required_argument, NULL, 'a'},
        {"evidence", no_argument, NULL, 'E'},
        {"for", required_argument, NULL, 'w'},
        {"stats", no_argument, NULL, 'S'},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    static char name[] = "live";
    *asked =
        (command){.amount = "amount", .quantity = "quantity", .channel = "channel", .decimals = 2};
    shop_source_init(&asked->from);
    take_columns(asked, "stock=int,page=id");
    if (argc > 0) argv[0] = name; /* what getopt complains under */
    for (int option; (option = getopt_long(argc, argv, "h", names, NULL)) != -1;) {
        if (!take(asked, option, optarg)) return EXIT_USAGE;
    }
    return asked->help ? EXIT_DONE : check(asked, argc, argv, optind);
}
