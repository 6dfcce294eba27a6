/*
 * observe.c - pmkt_tracker_observe: a batch, row after row. While one row is taken, the memory of those that come
 * after it is on its way: first where the index says where a record is, then the record.
 */
#include "core/error.h"
#include "core/events.h"
#include "core/structs.h"
#include "intent/tracker/take.h"

#define FAR 16 /* rows ahead: the index */
#define NEAR 8 /* the record */
#define NEXT 4 /* what lies apart from it */

static pmkti_shard *shard_of(const pmkti_taking *k, int64_t i) {
    return pmkti_tracker_shard(k->t, pmkti_tracker_hash(k->ev.user[i]));
}

static void fetch_index(const pmkti_taking *k, int64_t i) {
    const pmkti_index *index = &shard_of(k, i)->index;
    pmkti_index_prefetch(index, pmkti_index_hash(index, k->ev.user[i]));
}

static void fetch_lines(const unsigned char *at, size_t bytes) {
    for (size_t line = 0; line < bytes; line += 64) __builtin_prefetch(at + line, 1);
}

/* What the index says here may be wrong by the time that it is read; then the wrong memory is fetched. */
static void fetch_record(const pmkti_taking *k, int64_t i) {
    const pmkti_shard *s = shard_of(k, i);
    const uint32_t number = pmkti_index_hint(&s->index, pmkti_index_hash(&s->index, k->ev.user[i]));
    if (number == PMKTI_POOL_NONE) return;
    const size_t trail = k->t->trail_at ? sizeof(pmkti_trail) : 0;
    fetch_lines(pmkti_pool_at(&s->users, number), k->t->live_at + sizeof(pmkti_live) + trail);
}

/* What the record knows: where its entries are, and where its trail goes on. */
static void fetch_rest(const pmkti_taking *k, int64_t i) {
    pmkti_shard *s = shard_of(k, i);
    pmkti_lock_take(&s->lock);
    const uint32_t number = pmkti_users_find(s, k->ev.user[i]);
    if (number != PMKTI_POOL_NONE) {
        pmkti_record *u = pmkti_record_at(s, number);
        const pmkti_live *live = pmkti_record_live(k->t, u);
        const pmkti_trail *trail = pmkti_record_trail(k->t, u);
        if (live->size > 0) {
            fetch_lines(pmkti_pool_at(&s->spill[live->size - 1], live->spill),
                        live->words * sizeof(uint32_t));
        }
        if (trail)
            fetch_lines((const unsigned char *)&trail->event[trail->next], sizeof *trail->event);
    }
    pmkti_lock_give(&s->lock);
}

static void fetch(const pmkti_taking *k, int64_t i) {
    if (i + NEXT < k->ev.rows) fetch_rest(k, i + NEXT);
    if (i + FAR < k->ev.rows) fetch_index(k, i + FAR);
    if (i + NEAR < k->ev.rows) fetch_record(k, i + NEAR);
}

static void warm(const pmkti_taking *k, int64_t from) {
    for (int64_t i = from; i < from + FAR && i < k->ev.rows; i++) fetch_index(k, i);
    for (int64_t i = from; i < from + NEAR && i < k->ev.rows; i++) fetch_record(k, i);
}

static void note_bad(pmkt_report *report, int64_t i, int32_t fault) {
    pmkti_report_reject(report, i, fault);
    if (report->rejected_bits) report->rejected_bits[i / 8] |= (uint8_t)(1U << (i % 8));
}

static void reject(pmkti_taking *k, int64_t i, int32_t fault, pmkt_report *report) {
    pmkti_shard *s = k->t->shard;
    pmkti_lock_take(&s->lock);
    s->sums.bad++;
    pmkti_lock_give(&s->lock);
    report->rows++;
    note_bad(report, i, fault);
    pmkti_take_nothing(k, i);
}

static pmkt_status take_all(pmkti_taking *k, pmkt_report *report, pmkt_error *err) {
    pmkt_status status = PMKT_OK;
    int64_t i = k->out.from;
    warm(k, i);
    for (; i < k->ev.rows; i++) {
        const int32_t fault = pmkti_event_fault(&k->ev, i);
        fetch(k, i);
        if (fault >= 0) {
            reject(k, i, fault, report);
            continue;
        }
        const pmkti_taken taken = pmkti_take(k, i, &status, err);
        if (taken == PMKTI_TAKEN_FULL || taken == PMKTI_TAKEN_NOT) break;
        report->rows++;
        report->accepted += taken == PMKTI_TAKEN;
        report->ignored += taken == PMKTI_TAKEN_LATE;
    }
    k->out.done = i;
    if (status || i == k->ev.rows || k->fired.n > 0) return status;
    return pmkti_tracker_room_check(k->intents, "out.room", k->out.room,
                                    err); /* they were swapped */
}

/* -------------------------------------------------------------------- checks */

static pmkt_status check_answers(pmkti_taking *k, const pmkti_shard *s, pmkt_error *err) {
    const pmkt_tracker_answers *out = &k->out;
    if (out->reserved != 0) return pmkti_fail(err, PMKT_E_INVALID, "out.reserved is not 0");
    if (out->from < 0 || out->from > k->ev.rows) {
        return pmkti_fail(err, PMKT_E_INVALID, "out.from is %lld; the batch has %lld rows",
                          (long long)out->from, (long long)k->ev.rows);
    }
    if (!s->model && (out->p_goal || out->p_cart || out->time_ms || out->next || out->next_p)) {
        return pmkti_fail(err, PMKT_E_UNSUPPORTED, "the tracker has no model");
    }
    k->fired = (pmkti_tracker_out){out->fired, 0, out->room};
    if (!out->fired) return PMKT_OK;
    return pmkti_tracker_room_check(pmkti_tracker_intents(s->rules), "out.room", out->room, err);
}

/* A batch that says so is refused as a whole for one bad row. */
static pmkt_status check_rows(const pmkti_taking *k, pmkt_report *report, pmkt_error *err) {
    const pmkt_events *ev = &k->ev;
    if (ev->on_bad != PMKT_ON_BAD_FAIL) return PMKT_OK;
    for (int64_t from = k->out.from; from < ev->rows; from += PMKTI_EVENTS_BLOCK) {
        const int64_t left = ev->rows - from;
        const int64_t n = left < PMKTI_EVENTS_BLOCK ? left : PMKTI_EVENTS_BLOCK;
        if (pmkti_events_plain(ev, from, n)) continue;
        for (int64_t i = from; i < from + n; i++) {
            const int32_t fault = pmkti_event_fault(ev, i);
            if (fault >= 0) note_bad(report, i, fault);
        }
    }
    if (report->rejected == 0) return PMKT_OK;
    report->rows = ev->rows - k->out.from;
    return pmkti_report_fail(report, pmkti_event_fault(ev, report->first_bad), err);
}

static pmkt_status begin(pmkti_taking *k, const pmkt_events *events, pmkt_report *report,
                         pmkt_report *mine, const pmkt_tracker_answers *out, pmkt_error *err) {
    pmkt_status status = pmkti_events_in(events, &k->ev, err);
    if (!status) status = pmkti_struct_in(&k->out, sizeof k->out, out, sizeof k->out, "out", err);
    if (!status) status = pmkti_report_begin(report, k->ev.rows, mine, err);
    if (status) return status;
    mine->rows = 0;
    pmkti_shard *s = k->t->shard;
    pmkti_lock_take(&s->lock);
    status = check_answers(k, s, err);
    if (!status) status = pmkti_take_bind(k, s, err);
    pmkti_lock_give(&s->lock);
    return status ? status : check_rows(k, mine, err);
}

pmkt_status pmkt_tracker_observe(pmkt_tracker *tracker, const pmkt_events *events,
                                 pmkt_report *report, pmkt_tracker_answers *out, pmkt_error *err) {
    pmkti_taking k;
    pmkt_report mine;
    pmkt_status status = pmkti_tracker_check(tracker, err);
    if (status) return status;
    k.t = tracker;
    k.out = (pmkt_tracker_answers)PMKT_TRACKER_ANSWERS_INIT;
    k.swaps = PMKTI_TAKING_UNBOUND;
    k.state = (pmkti_rules_state){.entry = k.entry, .room = tracker->options.partials};
    status = begin(&k, events, report, &mine, out, err);
    if (status == PMKT_E_BAD_ROW) pmkti_report_end(report, &mine);
    if (status) return status;
    status = take_all(&k, &mine, err);
    pmkti_report_end(report, &mine);
    if (out) {
        out->done = k.out.done;
        out->n_fired = k.fired.n;
    }
    return status;
}
