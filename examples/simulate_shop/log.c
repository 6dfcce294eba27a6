#include "log.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static const char *const deeds[] = {"view",   "search",   "click", "favorite", "cart",
                                    "uncart", "checkout", "order", "pay",      "review"};
static const char *const pages[] = {"product", "search", "coupon", "cart", "address", "payment"};
static const char *const channels[] = {"direct", "search", "mail", "social"};
static const char *const intents[] = {"hesitating", "preparing", "abandoning", "comparing",
                                      "browsing"};
static const char *const causes[] = {"", "price", "stock", "process"};

void book_add(book *b, entry row) {
    if (b->rows == b->room) {
        const int64_t room = b->room == 0 ? 1024 : b->room * 2;
        entry *grown = realloc(b->row, sizeof *grown * (size_t)room);
        if (grown == NULL) {
            b->out_of_memory = true;
            return;
        }
        b->row = grown;
        b->room = room;
    }
    row.number = b->made++;
    b->row[b->rows++] = row;
}

static int by_time(const void *a, const void *b) {
    const entry *x = a, *y = b;
    if (x->second != y->second) return x->second < y->second ? -1 : 1;
    return x->number < y->number ? -1 : x->number > y->number;
}

static int32_t days_of(int32_t year, int32_t month) {
    static const int8_t usual[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    const bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    return usual[month - 1] + (leap && month == 2);
}

/* "2026-03-02 18:30:05". The first day is Monday, 2 March 2026. */
static void print_time(FILE *file, int64_t second) {
    int32_t year = 2026, month = 3, day = 2 + (int32_t)(second / DAY_S);
    for (int32_t days; day > (days = days_of(year, month)); day -= days) {
        if (++month == 13) month = 1, year++;
    }
    const int32_t rest = (int32_t)(second % DAY_S);
    fprintf(file, "%04d-%02d-%02d %02d:%02d:%02d", (int)year, (int)month, (int)day, rest / 3600,
            rest / 60 % 60, rest % 60);
}

static void print_event(const logs *to, const entry *e) {
    FILE *file = to->events_file;
    const article *p = &to->all->product[e->product];
    print_time(file, e->second);
    fprintf(file, ",sim-%04d,%s,%s,%s,%d.%02d,%d,%d,%s,%s,", (int)e->customer + 1, deeds[e->what],
            p->name, world_category_name(p->category), (int)e->amount / 100, (int)e->amount % 100,
            (int)e->quantity, (int)e->stock, pages[e->where], channels[e->channel]);
    if (e->order > 0) fprintf(file, "%d", (int)e->order);
    fputc('\n', file);
}

static void print_truth(const logs *to, const entry *e) {
    print_time(to->truth_file, e->second);
    fprintf(to->truth_file, ",sim-%04d,%s,%s,%s,%d\n", (int)e->customer + 1, intents[e->what],
            causes[e->where], e->product == NO_PRODUCT ? "" : to->all->product[e->product].name,
            e->real);
}

void logs_begin(logs *to) {
    fputs("time,customer,event,product,category,amount,quantity,stock,page,channel,order\n",
          to->events_file);
    if (to->truth_file != NULL) fputs("time,customer,intent,cause,product,real\n", to->truth_file);
}

static void write_book(logs *to, book *b, int64_t before, bool is_truth) {
    int64_t n = 0;
    if (b->rows > 0) qsort(b->row, (size_t)b->rows, sizeof *b->row, by_time);
    for (; n < b->rows && b->row[n].second < before; n++) {
        if (!is_truth) print_event(to, &b->row[n]);
        if (is_truth && to->truth_file != NULL) print_truth(to, &b->row[n]);
    }
    b->rows -= n;
    if (n > 0) memmove(b->row, b->row + n, sizeof *b->row * (size_t)b->rows);
}

void logs_write(logs *to, int64_t before) {
    write_book(to, &to->events, before, false);
    write_book(to, &to->truth, before, true);
}

void logs_free(logs *to) {
    free(to->events.row);
    free(to->truth.row);
}
