#include "rows.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "numbers.h"
#include "terminal.h"

const char *rows_fate_text(row_fate fate) {
    switch (fate) {
        case ROW_TAKEN:
            return "taken";
        case ROW_SKIPPED_KIND:
            return "kind left out as asked";
        case ROW_FIELDS:
            return "not as many fields as the header";
        case ROW_QUOTES:
            return "text behind a closing quote";
        case ROW_NO_USER:
            return "no customer";
        case ROW_NO_TIME:
            return "no time";
        case ROW_BAD_TIME:
            return "time that cannot be read";
        case ROW_NO_KIND:
            return "no kind of event";
        case ROW_UNKNOWN_KIND:
            return "kind that --kinds does not name";
        case ROW_NO_AMOUNT:
            return "no amount";
        case ROW_BAD_AMOUNT:
            return "amount that cannot be read";
        case ROW_NEGATIVE:
            return "negative amount, not a refund";
        case ROW_NO_ORDER:
            return "cancellation of no order";
        case ROW_REJECTED:
            return "rejected by the library";
        case ROW_FATES:
            break;
    }
    return "?";
}

const char *tally_opening(const tally *book) {
    return book->example[0] == '\0' ? "" : ": \"";
}

const char *tally_closing(const tally *book) {
    return book->example[0] == '\0' ? "" : "\"";
}

int64_t rows_bad(const rows *in) {
    int64_t bad = 0;
    for (int fate = ROW_BAD; fate < ROW_FATES; fate++) bad += in->fate[fate].count;
    return bad;
}

static void note(tally *book, int64_t line, const csv_field *example) {
    if (book->count++ > 0) return;
    book->first_line = line;
    if (example == NULL) return;
    bool whole = example->length < sizeof book->example;
    int length = whole ? (int)example->length : (int)sizeof book->example - 4;
    snprintf(book->example, sizeof book->example, "%.*s%s", length, example->text,
             whole ? "" : "...");
}

void rows_free(rows *in) {
    csv_free(&in->reader);
}

/* ------------------------------------------------------------------- header */

static bool field_is(const csv_field *field, const char *text) {
    if (field->length == 0) return text[0] == '\0';
    if (field->text[0] != text[0]) return false; /* so it is, most of the time */
    return field->length == strlen(text) && memcmp(field->text, text, field->length) == 0;
}

/* The columns of the file as a list for a message. */
static const char *list_columns(const rows *in, char text[2048]) {
    size_t used = 0;
    text[0] = '\0';
    for (size_t i = 0; i < in->reader.fields && used + 64 < 2048; i++) {
        const csv_field *field = &in->reader.field[i];
        int length = field->length > 40 ? 40 : (int)field->length;
        used += (size_t)snprintf(text + used, 2048 - used, "%s%.*s", i == 0 ? "" : ", ", length,
                                 field->text);
    }
    if (used + 64 >= 2048) memcpy(text + used, ", ...", sizeof ", ...");
    return text;
}

static bool find_column(rows *in, const char *title, row_column column) {
    char list[2048];
    in->column[column] = -1;
    if (title == NULL) return true;
    for (size_t i = 0; i < in->reader.fields; i++) {
        if (!field_is(&in->reader.field[i], title)) continue;
        if (in->column[column] >= 0) {
            complain("%s has two columns \"%s\"", in->asked->file, title);
            return false;
        }
        in->column[column] = (int)i;
    }
    if (in->column[column] >= 0) return true;
    complain("%s has no column \"%s\"; it has: %s", in->asked->file, title, list_columns(in, list));
    return false;
}

/* Says which option is missing, and what there is to choose from. */
static bool options_complete(const rows *in) {
    const options *asked = in->asked;
    const char *missing = NULL;
    if (asked->amount == NULL && asked->price == NULL && !asked->no_amounts) {
        missing = "--amount COLUMN (or --quantity and --price, or --no-amounts)";
    }
    if (asked->time == NULL) missing = "--time COLUMN";
    if (asked->user == NULL) missing = "--user COLUMN";
    if (missing == NULL) return true;
    char list[2048];
    complain("%s is needed; the columns of %s are: %s", missing, asked->file,
             list_columns(in, list));
    return false;
}

static bool looks_like_text(const rows *in) {
    for (size_t i = 0; i < in->fields; i++) {
        const csv_field *field = &in->reader.field[i];
        for (size_t k = 0; k < field->length; k++) {
            unsigned char c = (unsigned char)field->text[k];
            if (c < 0x20 && c != '\t' && c != '\n' && c != '\r') return false;
        }
    }
    return true;
}

rows_result rows_start(rows *in, int fd, const options *asked, const pmkt_zone *zone,
                       pmkt_ids *users) {
    memset(in, 0, sizeof *in);
    in->asked = asked;
    in->zone = zone;
    in->users = users;
    in->time_unit = asked->time_unit;
    csv_start(&in->reader, fd, asked->delimiter);
    in->reader.stop = &terminal_interrupted;
    csv_result result = csv_next(&in->reader);
    if (result == CSV_STOPPED) return ROWS_STOPPED;
    if (result != CSV_RECORD) {
        complain("%s: %s", asked->file,
                 result == CSV_END         ? "it is empty"
                 : result == CSV_MALFORMED ? "its header has text behind a closing quote"
                                           : in->reader.error);
        return ROWS_FAILED;
    }
    in->fields = in->reader.fields;
    if (!looks_like_text(in)) {
        complain("%s does not look like a CSV file: there are control characters in its first line",
                 asked->file);
        return ROWS_FAILED;
    }
    if (!options_complete(in)) return ROWS_WRONG_USAGE;
    const char *wanted[ROW_COLUMNS] = {asked->user,     asked->time,  asked->order, asked->amount,
                                       asked->quantity, asked->price, asked->kind};
    for (int column = 0; column < ROW_COLUMNS; column++) {
        if (!find_column(in, wanted[column], (row_column)column)) return ROWS_FAILED;
    }
    return ROWS_MORE;
}

/* ------------------------------------------------------------------- fields */

/* The field of a column in this record, NULL if there is none or it says that there is nothing. */
static const csv_field *field_of(const rows *in, row_column column) {
    if (in->column[column] < 0) return NULL;
    const csv_field *field = &in->reader.field[in->column[column]];
    size_t spaces = 0;
    while (spaces < field->length && field->text[spaces] == ' ') spaces++;
    if (spaces == field->length) return NULL;
    for (int i = 0; i < in->asked->n_nulls; i++) {
        if (field_is(field, in->asked->nulls[i])) return NULL;
    }
    return field;
}

/*
 * Seconds have 9 to 11 digits from 1973 on, milliseconds 12 to 14; eight digits are a date, and
 * whatever is no number is a date too.
 */
static int32_t guess_time_unit(const csv_field *field) {
    size_t digits = 0, at = 0;
    while (at < field->length && (field->text[at] == ' ' || field->text[at] == '-')) at++;
    while (at < field->length && field->text[at] >= '0' && field->text[at] <= '9') at++, digits++;
    bool number = at == field->length || field->text[at] == '.' || field->text[at] == ' ';
    if (!number || digits < 9 || digits > 14) return TIME_ISO;
    return digits < 12 ? TIME_SECONDS : TIME_MILLISECONDS;
}

static row_fate read_time(rows *in, const csv_field *field, int64_t *ms) {
    if (field == NULL) return ROW_NO_TIME;
    if (in->time_unit == TIME_AUTO) in->time_unit = guess_time_unit(field);
    pmkt_status status;
    if (in->time_unit == TIME_ISO) {
        status = pmkt_time_parse(field->text, field->length, in->zone, ms, NULL);
    } else { /* a second is a unit with three decimals, so that .25 is read exactly */
        int32_t decimals = in->time_unit == TIME_SECONDS ? 3 : 0;
        status = pmkt_money_parse(field->text, field->length, decimals, ms, NULL);
    }
    bool good = status == PMKT_OK && *ms >= PMKT_TIME_MIN && *ms < PMKT_TIME_MAX;
    return good ? ROW_TAKEN : ROW_BAD_TIME;
}

static row_fate read_kind(const rows *in, const csv_field *field, int32_t *kind) {
    *kind = PMKT_KIND_ORDER;
    if (in->column[COLUMN_KIND] < 0) return ROW_TAKEN;
    if (field == NULL) return ROW_NO_KIND;
    if (in->asked->n_kinds == 0) { /* the file speaks the library's language */
        char text[32] = "";
        if (field->length < sizeof text) memcpy(text, field->text, field->length);
        *kind = pmkt_kind_from_name(text);
        return *kind == PMKT_KIND_NONE ? ROW_UNKNOWN_KIND : ROW_TAKEN;
    }
    for (int i = 0; i < in->asked->n_kinds; i++) {
        if (!field_is(field, in->asked->kinds[i].text)) continue;
        *kind = in->asked->kinds[i].kind;
        return *kind == KIND_SKIP ? ROW_SKIPPED_KIND : ROW_TAKEN;
    }
    return ROW_UNKNOWN_KIND;
}

/* A decimal text with a point, whatever the file writes; `copy` holds it if it must be changed. */
static csv_field with_point(const rows *in, const csv_field *field, char copy[64]) {
    csv_field text = *field;
    if (!in->asked->decimal_comma || field->length >= 64) return text;
    memcpy(copy, field->text, field->length);
    char *comma = memchr(copy, ',', field->length);
    if (comma != NULL) *comma = '.';
    text.text = copy;
    return text;
}

/* *shown is the field that a message should show. */
static row_fate read_money(const rows *in, int64_t *amount, const csv_field **shown) {
    bool product = in->column[COLUMN_PRICE] >= 0;
    const csv_field *value = field_of(in, product ? COLUMN_PRICE : COLUMN_AMOUNT);
    const csv_field *quantity = field_of(in, COLUMN_QUANTITY);
    if (value == NULL || (product && quantity == NULL)) return ROW_NO_AMOUNT;
    *shown = value;
    char copy[2][64];
    csv_field first = with_point(in, value, copy[0]);
    bool good;
    if (product) {
        csv_field second = with_point(in, quantity, copy[1]);
        good = number_multiply(first.text, first.length, second.text, second.length,
                               in->asked->exponent, amount);
        int64_t price;
        bool price_good =
            pmkt_money_parse(first.text, first.length, 0, &price, NULL) == PMKT_OK && price >= 0;
        if (price_good) *shown = quantity; /* if a factor is at fault, it is this one */
    } else {
        good = pmkt_money_parse(first.text, first.length, in->asked->exponent, amount, NULL) ==
               PMKT_OK;
    }
    return good ? ROW_TAKEN : ROW_BAD_AMOUNT;
}

/* The amount of a row, and whether its sign makes it a refund. */
static row_fate read_amount(const rows *in, bool has_order, int32_t *kind, int64_t *amount,
                            const csv_field **shown) {
    *amount = PMKT_AMOUNT_NULL;
    bool takes_back = *kind == PMKT_KIND_REFUND || *kind == PMKT_KIND_CANCEL;
    if (*kind != PMKT_KIND_ORDER && !takes_back) return ROW_TAKEN;
    if (in->asked->no_amounts) return takes_back && !has_order ? ROW_NO_ORDER : ROW_TAKEN;
    row_fate fate = read_money(in, amount, shown);
    if (fate == ROW_NO_AMOUNT && *kind == PMKT_KIND_CANCEL) {
        return has_order ? ROW_TAKEN : ROW_NO_ORDER; /* the whole order is canceled */
    }
    if (fate != ROW_TAKEN || *amount >= 0 || takes_back) return fate;
    if (in->asked->negative == NEGATIVE_SKIP) return ROW_NEGATIVE;
    *kind = PMKT_KIND_REFUND;
    return ROW_TAKEN;
}

/* --------------------------------------------------------------------- rows */

static bool begins_with(const csv_field *field, const char *prefix) {
    size_t length = prefix == NULL ? 0 : strlen(prefix);
    return field != NULL && length > 0 && field->length >= length &&
           memcmp(field->text, prefix, length) == 0;
}

static void book_taken(rows *in, int32_t kind, bool by_prefix, bool by_sign) {
    int64_t line = in->line[in->n];
    note(&in->by_kind[kind], line, NULL);
    if (by_prefix) note(&in->refund_by_prefix, line, NULL);
    if (by_sign) note(&in->refund_by_sign, line, NULL);
    if (kind == PMKT_KIND_ORDER && in->amount[in->n] == 0) note(&in->worth_nothing, line, NULL);
}

/* Puts the record into the batch. *shown is the field that a message should show, or NULL. */
static row_fate take_record(rows *in, const csv_field **shown) {
    if (in->reader.fields != in->fields) return ROW_FIELDS;
    int64_t i = in->n;
    const csv_field *user = field_of(in, COLUMN_USER);
    if (user == NULL) return ROW_NO_USER;
    in->user[i] = pmkt_id_of_bytes(user->text, user->length);
    in->line[i] = in->reader.line;

    *shown = field_of(in, COLUMN_TIME);
    row_fate fate = read_time(in, *shown, &in->time[i]);
    if (fate != ROW_TAKEN) return fate;

    int32_t kind;
    *shown = field_of(in, COLUMN_KIND);
    fate = read_kind(in, *shown, &kind);
    if (fate != ROW_TAKEN) return fate;

    const csv_field *order = field_of(in, COLUMN_ORDER);
    in->order[i] = order == NULL ? PMKT_ID_NONE : pmkt_id_of_bytes(order->text, order->length);
    bool by_prefix = kind == PMKT_KIND_ORDER && begins_with(order, in->asked->refund_prefix);
    if (by_prefix) kind = PMKT_KIND_REFUND;

    int32_t signed_kind = kind;
    *shown = NULL;
    fate = read_amount(in, order != NULL, &signed_kind, &in->amount[i], shown);
    if (fate != ROW_TAKEN) return fate;
    in->kind[i] = (uint16_t)signed_kind;
    book_taken(in, signed_kind, by_prefix, signed_kind != kind);
    return ROW_TAKEN;
}

/* Remembers the customer's text; false with a complaint if that cannot be done. */
static bool remember_user(const rows *in) {
    const csv_field *user = &in->reader.field[in->column[COLUMN_USER]];
    const int64_t offsets[] = {0, (int64_t)user->length};
    pmkt_error err;
    if (pmkt_ids_encode(in->users, user->text, offsets, 1, NULL, NULL, &err) == PMKT_OK)
        return true;
    complain("%s, line %" PRId64 ": %s", in->asked->file, in->reader.line, err.message);
    return false;
}

static bool stop_at_bad(const rows *in, row_fate fate) {
    if (fate < ROW_BAD || in->asked->on_bad == ON_BAD_SKIP) return false;
    const tally *book = &in->fate[fate];
    complain("%s, line %" PRId64 ": %s%s%s%s (--on-bad skip leaves such rows out)", in->asked->file,
             book->first_line, rows_fate_text(fate), tally_opening(book), book->example,
             tally_closing(book));
    return true;
}

rows_result rows_next(rows *in) {
    in->n = 0;
    while (in->n < ROWS_BATCH) {
        csv_result result = terminal_interrupted ? CSV_STOPPED : csv_next(&in->reader);
        if (result == CSV_STOPPED) return ROWS_STOPPED;
        if (result == CSV_END) return ROWS_END;
        if (result == CSV_FAILED) {
            complain("%s: %s", in->asked->file, in->reader.error);
            return ROWS_FAILED;
        }
        const csv_field *shown = NULL;
        row_fate fate = result == CSV_MALFORMED ? ROW_QUOTES : take_record(in, &shown);
        in->read++;
        note(&in->fate[fate], in->reader.line, shown);
        if (fate == ROW_TAKEN) {
            if (!remember_user(in)) return ROWS_FAILED;
            in->n++;
        } else if (stop_at_bad(in, fate)) {
            return ROWS_FAILED;
        }
    }
    return ROWS_MORE;
}

void rows_events(const rows *in, pmkt_events *events) {
    pmkt_events_init(events);
    events->on_bad = PMKT_ON_BAD_SKIP;
    events->rows = in->n;
    events->user = in->user;
    events->time = in->time;
    events->kind = in->kind;
    events->order = in->order;
    events->amount = in->amount;
    if (in->asked->currency == NULL) return;
    memcpy(events->currency, in->asked->currency, 3);
    events->currency_exponent = in->asked->exponent;
}

void rows_book_rejected(rows *in, const pmkt_report *report) {
    if (report->rejected == 0) return;
    tally *book = &in->fate[ROW_REJECTED];
    if (book->count == 0) book->first_line = in->line[report->first_bad];
    book->count += report->rejected;
    in->fate[ROW_TAKEN].count -= report->rejected;
}
