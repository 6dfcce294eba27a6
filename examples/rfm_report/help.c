#include <pmkt.h>
#include <stdio.h>

#include "options.h"

/* In two, for compilers need not take longer strings than 4,095 bytes. */
static const char usage_of_input[] =
    "Usage: rfm_report [options] FILE\n"
    "\n"
    "Reads a CSV file of orders (or of all kinds of events), one row an order line, and says who "
    "is\n"
    "worth what: eight classes by recency, frequency and value, lifecycle, membership tiers, how\n"
    "customers moved in the last 90 days, and what each group is offered. FILE - is stdin.\n"
    "\n"
    "  rfm_report --user customer --time date --amount dollars --currency USD cdnow_orders.csv\n"
    "  rfm_report --user CustomerID --time InvoiceDate --order InvoiceNo --quantity Quantity \\\n"
    "             --price UnitPrice --refund-prefix C --tz Europe/London --currency GBP FILE\n"
    "\n"
    "Columns, by their names in the header\n"
    "  --user COLUMN          the customer (required)\n"
    "  --time COLUMN          when (required)\n"
    "  --order COLUMN         the order: rows of a customer with one order id are one order; "
    "without\n"
    "                         it, or where it is empty, each row is an order of its own\n"
    "  --amount COLUMN        the money of the row, such as 1234.50; or\n"
    "  --quantity COLUMN --price COLUMN   multiplied exactly, rounded half away from zero\n"
    "  --no-amounts           there is no money in the file: orders count, value is not known\n"
    "  --kind COLUMN          what happened; without it every row is an order\n"
    "  --kinds \"buy=order,pv=view,x=skip\"   what the values of --kind mean; skip leaves rows "
    "out\n"
    "\n"
    "How to read them\n"
    "  --refund-prefix TEXT   rows whose order id begins so are refunds, on their own date; they "
    "lower\n"
    "                         what the customer spent, whatever sign their amount has\n"
    "  --negative skip|refund what an order line with a negative amount is: left out and counted\n"
    "                         (default), or a refund\n"
    "  --on-bad skip|fail     leave bad rows out and count them by reason (default), or stop at "
    "the\n"
    "                         first\n"
    "  --null LIST            texts that mean \"nothing here\", besides the empty one\n"
    "                         (default: NULL,null,NaN,nan,\\N)\n"
    "  --delimiter C          one character, or tab (default: the one of , ; tab | that the first\n"
    "                         line has most of)\n"
    "  --decimal-comma        amounts are written 1234,50\n"
    "  --time-unit UNIT       iso (2011-12-09 08:26:00, 2011-12-09T08:26Z, 20111209), s or ms "
    "since\n"
    "                         1970; auto (default) decides by the first time in the file\n"
    "  --tz NAME              zone of times without an offset, and of calendar days, such as\n"
    "                         Asia/Shanghai (default: UTC)\n"
    "  --tz-offset MINUTES    a fixed offset instead, such as 480\n"
    "  --currency CODE        ISO 4217, such as CNY; shown, and it gives the number of decimals\n"
    "  --exponent N           decimals of the money (default: the currency's, else 2)\n"
    "\n";

static const char usage_of_output[] =
    "What to ask\n"
    "  --as-of DATE           the day or time of the question, itself not included\n"
    "                         (default: the midnight after the last event)\n"
    "  --days N               compare with N days before (default: 90; 0 = do not)\n"
    "  --scheme threshold|quantile   fixed bounds and eight classes (default), or equal shares of\n"
    "                         the customers and named segments\n"
    "  --bins N               scores of the quantile scheme run from 1 to N (default: 5)\n"
    "  --collapse strict|middle-high|mean|median   how the middle falls into the eight classes\n"
    "  --active-days N  --dormant-days N   active up to 30 days since the last order, dormant from "
    "90\n"
    "  --f-high X  --f-low X  frequency: high from 3 orders a month, low up to 1\n"
    "  --f-window DAYS        count the orders of the last so many days (default: the pace "
    "between\n"
    "                         first and last order)\n"
    "  --m-high X  --m-low X  value: average order high from 200, low up to 50 (20,000 and 5,000 "
    "of\n"
    "                         the currency's smallest unit); in the units of the file\n"
    "  --growth-days N  --mature-days N  --churn-days N   lifecycle: 7, 90; churned after 180 "
    "without\n"
    "                         an order\n"
    "  --tiers \"silver=0,gold=5000\"   tiers by the spend of a year, ascending from 0 (default: "
    "these)\n"
    "  --tier-days N          another span than 365 days\n"
    "\n"
    "What to give\n"
    "  --out FILE             one CSV row a customer, ids as they stand in the input\n"
    "  --offers FILE          who is offered what: a CSV with the columns grouping, name, offer\n"
    "  --quiet                no report and no progress\n"
    "  --threads N            default: as many as this process may use\n"
    "  --help, -h             this text\n"
    "  --version\n"
    "\n"
    "Exit status: 0 done; 1 the data or the disk is at fault; 2 the command line is.\n"
    "\n"
    "Kinds of events:";

void options_print_help(void) {
    fputs(usage_of_input, stdout);
    fputs(usage_of_output, stdout);
    for (int32_t kind = PMKT_KIND_NONE + 1; kind < PMKT_KIND_COUNT_; kind++) {
        const char *name = pmkt_kind_name(kind);
        if (name != NULL) printf("%s %s", kind % 9 == 1 ? "\n " : "", name);
    }
    printf("\n");
}
