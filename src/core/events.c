#include "core/events.h"

#include <string.h>

#include "core/error.h"
#include "core/kernels/kernels.h"
#include "core/structs.h"

#define MAX_EXTRA 1024

static const char *const kind_names[PMKT_KIND_COUNT_] = {
    NULL,     "impression", "click",  "view",     "search", "favorite",
    "follow", "cart",       "uncart", "checkout", "order",  "pay",
    "cancel", "refund",     "review", "share",    "leave",  "register",
};

const char *pmkt_kind_name(int32_t kind) {
    if (!pmkti_kind_exists(kind) || kind > UINT16_MAX) return NULL;
    return kind >= PMKT_KIND_CUSTOM ? "custom" : kind_names[kind];
}

int32_t pmkt_kind_from_name(const char *name) {
    if (!name) return PMKT_KIND_NONE;
    for (int32_t kind = 1; kind < PMKT_KIND_COUNT_; kind++) {
        if (strcmp(name, kind_names[kind]) == 0) return kind;
    }
    return PMKT_KIND_NONE;
}

const char *pmkt_bad_reason(int32_t reason) {
    switch (reason) {
        case PMKT_BAD_USER:
            return "no user";
        case PMKT_BAD_TIME:
            return "no time, or outside the years 1700 to 2999";
        case PMKT_BAD_KIND:
            return "unknown kind";
        case PMKT_BAD_AMOUNT_RANGE:
            return "amount out of range";
        case PMKT_BAD_AMOUNT_NEGATIVE:
            return "negative amount, not a refund";
        case PMKT_BAD_AMOUNT_MISSING:
            return "no amount";
        case PMKT_BAD_ORDER_MISSING:
            return "cancellation without order and amount";
        case PMKT_BAD_ID:
            return "not an id";
        case PMKT_BAD_VALUE:
            return "a value that its column cannot hold";
        case PMKT_BAD_ITEM:
            return "no item";
        case PMKT_BAD_DUPLICATE:
            return "an item that was there before";
        case PMKT_BAD_PRICE:
            return "price out of range";
        case PMKT_BAD_STOCK:
            return "negative stock";
        case PMKT_BAD_VECTOR:
            return "vector with a number that is not finite";
        default:
            return NULL;
    }
}

pmkt_status pmkti_currency_check(const char currency[8], int32_t exponent, const char *what,
                                 pmkt_error *err) {
    static const char none[8];
    if (memcmp(currency, none, sizeof none) == 0) {
        if (exponent == 0) return PMKT_OK;
        return pmkti_fail(err, PMKT_E_INVALID,
                          "%s.currency_exponent is %d, but no currency is named", what,
                          (int)exponent);
    }
    for (size_t i = 0; i < sizeof none; i++) {
        const bool letter = currency[i] >= 'A' && currency[i] <= 'Z';
        if (i < 3 ? !letter : currency[i] != '\0') {
            return pmkti_fail(err, PMKT_E_INVALID,
                              "%s.currency must be three capital letters, NUL-padded", what);
        }
    }
    if (exponent < 0 || exponent > 6) {
        return pmkti_fail(err, PMKT_E_INVALID, "%s.currency_exponent is %d, but must be 0 to 6",
                          what, (int)exponent);
    }
    return PMKT_OK;
}

pmkt_status pmkti_extra_check(const pmkt_column *extra, int64_t n, int64_t rows, const char *what,
                              pmkt_error *err) {
    if (n < 0 || n > MAX_EXTRA) {
        return pmkti_fail(err, PMKT_E_INVALID, "%s.n_extra is %lld, but must be 0 to %d", what,
                          (long long)n, MAX_EXTRA);
    }
    if (n > 0 && !extra) return pmkti_fail(err, PMKT_E_INVALID, "%s.extra is NULL", what);
    for (int64_t i = 0; i < n; i++) {
        const pmkt_column *c = &extra[i];
        if (!c->name || !c->name[0] || (rows > 0 && !c->data) || c->reserved != 0 ||
            c->type < PMKT_TYPE_INT64 || c->type > PMKT_TYPE_DOUBLE) {
            return pmkti_fail(err, PMKT_E_INVALID,
                              "%s.extra[%lld] needs a name, data and a PMKT_TYPE_", what,
                              (long long)i);
        }
        for (int64_t j = 0; j < i; j++) {
            if (strcmp(c->name, extra[j].name) == 0) {
                return pmkti_fail(err, PMKT_E_INVALID,
                                  "%s.extra has two columns with the name \"%.60s\"", what,
                                  c->name);
            }
        }
    }
    return PMKT_OK;
}

static pmkt_status check_columns(const pmkt_events *ev, pmkt_error *err) {
    const pmkt_status status = pmkti_count_check(ev->rows, "events.rows", err);
    if (status) return status;
    if (ev->rows > 0 && !ev->user) return pmkti_null(err, "events.user");
    if (ev->rows > 0 && !ev->time) return pmkti_null(err, "events.time");
    if (ev->kind && ev->every_kind) {
        return pmkti_fail(err, PMKT_E_INVALID,
                          "events has both a kind column and every_kind; give one of them");
    }
    if (!ev->kind && (!pmkti_kind_exists(ev->every_kind) || ev->every_kind > UINT16_MAX) &&
        ev->rows > 0) {
        return pmkti_fail(err, PMKT_E_INVALID,
                          "events has no kind column, and every_kind is %d, which is no kind",
                          (int)ev->every_kind);
    }
    return PMKT_OK;
}

pmkt_status pmkti_events_in(const pmkt_events *given, pmkt_events *mine, pmkt_error *err) {
    if (!given) return pmkti_null(err, "events");
    const pmkt_events empty = PMKT_EVENTS_INIT;
    *mine = empty;
    pmkt_status status =
        pmkti_struct_in(mine, sizeof *mine, given, offsetof(pmkt_events, currency), "events", err);
    if (!status && mine->on_bad != PMKT_ON_BAD_FAIL && mine->on_bad != PMKT_ON_BAD_SKIP) {
        status = pmkti_fail(err, PMKT_E_INVALID,
                            "events.on_bad is %d, but must be PMKT_ON_BAD_FAIL or _SKIP",
                            (int)mine->on_bad);
    }
    if (!status) status = check_columns(mine, err);
    if (!status) status = pmkti_extra_check(mine->extra, mine->n_extra, mine->rows, "events", err);
    if (!status) {
        status = pmkti_currency_check(mine->currency, mine->currency_exponent, "events", err);
    }
    return status;
}

pmkt_status pmkti_report_begin(const pmkt_report *given, int64_t rows, pmkt_report *mine,
                               pmkt_error *err) {
    const pmkt_report empty = PMKT_REPORT_INIT;
    *mine = empty;
    if (given) {
        uint32_t size = 0; /* of the caller's struct only the bitmap is read */
        const pmkt_status status = pmkti_struct_size(given, sizeof *given, "report", &size, err);
        if (status) return status;
        mine->rejected_bits = given->rejected_bits;
    }
    mine->rows = rows;
    if (mine->rejected_bits) memset(mine->rejected_bits, 0, ((size_t)rows + 7) / 8);
    return PMKT_OK;
}

void pmkti_report_add(pmkt_report *report, const pmkt_report *part) {
    report->accepted += part->accepted;
    report->rejected += part->rejected;
    report->ignored += part->ignored;
    for (int i = 0; i < PMKT_BAD_REASONS; i++) report->by_reason[i] += part->by_reason[i];
    if (part->first_bad >= 0 && (report->first_bad < 0 || part->first_bad < report->first_bad)) {
        report->first_bad = part->first_bad;
    }
}

void pmkti_report_end(pmkt_report *given, const pmkt_report *mine) {
    if (given) (void)pmkti_struct_out(given, mine, sizeof *mine, sizeof *mine, "report", NULL);
}

pmkt_status pmkti_report_fail(const pmkt_report *report, int32_t reason, pmkt_error *err) {
    return pmkti_fail_at(err, PMKT_E_BAD_ROW, PMKT_WHERE_ROW, report->first_bad,
                         "row %lld is bad: %s (%lld of %lld rows are bad; PMKT_ON_BAD_SKIP would "
                         "leave them out)",
                         (long long)report->first_bad, pmkt_bad_reason(reason),
                         (long long)report->rejected, (long long)report->rows);
}

bool pmkti_events_plain(const pmkt_events *ev, int64_t from, int64_t n) {
    const pmkti_kernels *k = pmkti_kernels_get();
    if (ev->reject && !k->all_zero(ev->reject + from, n)) return false;
    if (!k->none_zero(ev->user + from, n)) return false;
    if (!k->all_within(ev->time + from, n, PMKT_TIME_MIN, PMKT_TIME_MAX - 1, PMKT_TIME_MIN)) {
        return false;
    }
    if (ev->kind && !k->all_kinds(ev->kind + from, n, PMKT_KIND_COUNT_, PMKT_KIND_CUSTOM)) {
        return false;
    }
    return !ev->amount || k->all_within(ev->amount + from, n, 0, PMKT_AMOUNT_MAX, PMKT_AMOUNT_NULL);
}

static void check_rows(const pmkt_events *ev, int64_t from, int64_t to, pmkt_report *report) {
    for (int64_t i = from; i < to; i++) {
        const int32_t reason = pmkti_event_fault(ev, i);
        if (reason < 0) continue;
        pmkti_report_reject(report, i, reason);
        if (report->rejected_bits) report->rejected_bits[i / 8] |= (uint8_t)(1u << (i % 8));
    }
}

pmkt_status pmkt_events_check(const pmkt_events *events, pmkt_report *report, pmkt_error *err) {
    pmkt_events ev;
    pmkt_report mine;
    pmkt_status status = pmkti_events_in(events, &ev, err);
    if (!status) status = pmkti_report_begin(report, ev.rows, &mine, err);
    if (status) return status;
    for (int64_t from = 0; from < ev.rows; from += PMKTI_EVENTS_BLOCK) {
        const int64_t left = ev.rows - from;
        const int64_t n = left < PMKTI_EVENTS_BLOCK ? left : PMKTI_EVENTS_BLOCK;
        if (!pmkti_events_plain(&ev, from, n)) check_rows(&ev, from, from + n, &mine);
    }
    const bool fails = mine.rejected > 0 && ev.on_bad == PMKT_ON_BAD_FAIL;
    mine.accepted = fails ? 0 : ev.rows - mine.rejected;
    pmkti_report_end(report, &mine);
    if (!fails) return PMKT_OK;
    return pmkti_report_fail(&mine, pmkti_event_fault(&ev, mine.first_bad), err);
}
