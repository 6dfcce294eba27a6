/*
 * load.c - a state from a file. The head, the zone and the index make an empty state that knows how
 * large it will be; loading then reads the partitions into memory and checks them all, mapping
 * points into the file and checks each when it is first read.
 */
#include "core/alloc.h"
#include "core/error.h"
#include "core/parallel.h"
#include "core/zone.h"
#include "rfm/add.h"
#include "rfm/files.h"
#include "rfm/fold.h"

/* What both ways have in the making. */
typedef struct loader {
    pmkt_allocator allocator; /* of the state; a copy, for it outlives the container */
    pmkti_origin *origin;
    pmkt_rfm *rfm;
    pmkti_rfm_index index[PMKTI_PARTITIONS];
} loader;

/* ------------------------------------------------------------ head and zone */

static bool is_currency(const pmkti_rfm_head *h) {
    static const char none[sizeof h->currency];
    if (memcmp(h->currency, none, sizeof none) == 0) return h->currency_exponent == 0;
    for (size_t i = 0; i < sizeof h->currency; i++) {
        const bool letter = h->currency[i] >= 'A' && h->currency[i] <= 'Z';
        if (i < 3 ? !letter : h->currency[i] != '\0') return false;
    }
    return h->currency_exponent >= 0 && h->currency_exponent <= 6;
}

static bool is_span_of_time(const pmkti_rfm_head *h) {
    if (h->first_ms == INT64_MAX) return h->last_ms == INT64_MIN;
    return pmkti_time_is_valid(h->first_ms) && pmkti_time_is_valid(h->last_ms) &&
           h->first_ms <= h->last_ms;
}

static bool is_head(const pmkti_rfm_head *h) {
    return (h->mode == PMKT_RFM_HISTORY || h->mode == PMKT_RFM_SUMMARY) &&
           (h->unpriced == 0 || (h->unpriced == 1 && h->amounts == 0)) && is_currency(h) &&
           is_span_of_time(h) && h->rows_accepted >= 0 && h->rows_rejected >= 0 &&
           h->rows_ignored >= 0 && h->amounts <= INT64_MAX;
}

static pmkt_status read_head(pmkti_container *c, pmkti_rfm_head *head, pmkt_error *err) {
    pmkti_span span = {.at = NULL};
    const pmkt_status status =
        pmkti_container_section(c, PMKTI_RFM_HEAD, PMKTI_RFM_VERSION, sizeof *head, &span, err);
    if (status) return status;
    if (span.size != sizeof *head) return pmkti_corrupt(&span, 0, "the head is not one", err);
    memcpy(head, span.at, sizeof *head);
    return is_head(head) ? PMKT_OK : pmkti_corrupt(&span, 0, "the head makes no sense", err);
}

static pmkt_status read_zone(pmkti_container *c, const pmkti_rfm_head *head, pmkt_zone *zone,
                             pmkt_error *err) {
    pmkti_span span = {.at = NULL};
    const pmkt_status status = pmkti_container_section(c, PMKTI_RFM_ZONE, PMKTI_RFM_VERSION,
                                                       sizeof(pmkt_transition), &span, err);
    if (status) return status;
    const pmkt_zone given = {sizeof given, head->zone_offset_minutes,
                             (const pmkt_transition *)(const void *)span.at,
                             (int64_t)(span.size / sizeof(pmkt_transition))};
    if (pmkti_zone_check(&given, zone, NULL)) {
        return pmkti_corrupt(&span, 0, "the zone makes no sense", err);
    }
    return PMKT_OK;
}

static pmkt_status make_state(loader *l, pmkt_error *err) {
    pmkti_container *c = l->origin->container;
    pmkti_rfm_head head = {.mode = PMKT_RFM_HISTORY};
    pmkt_zone zone = PMKT_ZONE_INIT;
    pmkt_status status = read_head(c, &head, err);
    if (!status) status = read_zone(c, &head, &zone, err);
    if (status) return status;
    pmkt_rfm_options options = PMKT_RFM_OPTIONS_INIT;
    options.mode = head.mode;
    options.unpriced = head.unpriced;
    options.zone = &zone;
    options.allocator = &l->allocator;
    options.max_bytes = pmkti_container_max_bytes(c);
    status = pmkt_rfm_new(&options, &l->rfm, err);
    if (status) return status;
    memcpy(l->rfm->currency, head.currency, sizeof l->rfm->currency);
    l->rfm->currency_exponent = head.currency_exponent;
    l->rfm->rows_accepted = head.rows_accepted;
    l->rfm->rows_rejected = head.rows_rejected;
    l->rfm->rows_ignored = head.rows_ignored;
    l->rfm->first_ms = head.first_ms;
    l->rfm->last_ms = head.last_ms;
    l->rfm->amounts = head.amounts;
    return PMKT_OK;
}

/* -------------------------------------------------------------------- index */

static size_t bytes_of(int32_t mode, const pmkti_rfm_index *i) {
    if (mode == PMKT_RFM_SUMMARY) return i->customers * sizeof(pmkti_entry);
    return i->customers * sizeof(pmkti_customer) + i->orders * sizeof(pmkti_order);
}

/* Whether an entry of the index can be, after partitions below `next` and so much in amounts. */
static bool is_index(const loader *l, const pmkti_rfm_index *i, uint32_t next, uint64_t amounts) {
    const bool something = i->customers > 0 || i->tombs > 0;
    const bool orders = i->orders == 0 || (i->customers > 0 && l->rfm->mode == PMKT_RFM_HISTORY);
    return i->partition >= next && i->partition < PMKTI_PARTITIONS && something && orders &&
           i->amounts <= l->rfm->amounts - amounts;
}

/* Where every partition is. That the amounts of all fit makes every sum over customers fit. */
static pmkt_status read_index(loader *l, pmkt_error *err) {
    pmkti_origin *o = l->origin;
    pmkti_span span = {.at = NULL};
    const pmkt_status status = pmkti_container_section(
        o->container, PMKTI_RFM_INDEX, PMKTI_RFM_VERSION, sizeof *l->index, &span, err);
    if (status) return status;
    uint64_t amounts = 0;
    uint32_t next = 0; /* more entries than partitions cannot all ascend */
    for (size_t at = 0; at < span.size; at += sizeof *l->index) {
        pmkti_rfm_index i;
        memcpy(&i, span.at + at, sizeof i);
        if (!is_index(l, &i, next, amounts)) {
            return pmkti_corrupt(&span, at, "the index makes no sense", err);
        }
        amounts += i.amounts;
        next = i.partition + 1;
        l->index[i.partition] = i;
    }
    for (size_t p = 0; p < PMKTI_PARTITIONS; p++) {
        const pmkti_rfm_index *i = &l->index[p];
        o->amounts[p] = i->amounts;
        o->data_at[p + 1] = o->data_at[p] + bytes_of(l->rfm->mode, i); /* 512 times below 2^39 */
        o->tombs_at[p + 1] = o->tombs_at[p] + i->tombs * sizeof(pmkti_tomb);
    }
    return PMKT_OK;
}

/* ------------------------------------------------------------------ loading */

#define READ_ARRAY(array, count) \
    do { \
        (array).at = pmkti_alloc(&l->allocator, count, sizeof *(array).at); \
        if ((count) > 0 && !(array).at) return pmkti_no_memory(err, (count) * sizeof *(array).at); \
        (array).n = (array).room = (count); \
        const pmkt_status read_status = \
            pmkti_stream_read(stream, (array).at, (count) * sizeof *(array).at, err); \
        if (read_status) return read_status; \
    } while (0)

static pmkt_status read_part(const loader *l, pmkti_stream *stream, int p, pmkt_error *err) {
    const pmkti_rfm_index *i = &l->index[p];
    pmkti_part *part = &l->rfm->parts[p];
    const size_t customers = i->customers, orders = i->orders;
    if (l->rfm->mode == PMKT_RFM_SUMMARY) {
        READ_ARRAY(part->entries, customers);
    } else {
        READ_ARRAY(part->customers, customers);
        READ_ARRAY(part->orders, orders);
    }
    return PMKT_OK;
}

static pmkt_status read_tombs(const loader *l, pmkti_stream *stream, int p, pmkt_error *err) {
    pmkti_part *part = &l->rfm->parts[p];
    const size_t tombs = l->index[p].tombs;
    READ_ARRAY(part->tombs, tombs);
    return PMKT_OK;
}

typedef pmkt_status (*read_function)(const loader *l, pmkti_stream *stream, int p, pmkt_error *err);

/* One of the two sections, partition by partition. */
static pmkt_status read_parts(const loader *l, uint32_t section, size_t size, read_function read,
                              const pmkti_run *run, pmkti_stage stage, pmkt_error *err) {
    pmkti_stream *stream = NULL;
    uint64_t there = 0;
    pmkt_status status = pmkti_stream_open(l->origin->container, section, PMKTI_RFM_VERSION, 1,
                                           &stream, &there, err);
    if (status) return status;
    if (there != size) {
        const pmkti_span span = pmkti_container_place(l->origin->container, section);
        status = pmkti_corrupt(&span, 0, "the index says another length", err);
    }
    for (int p = 0; p < PMKTI_PARTITIONS && !status; p++) {
        const double done = stage.from + (stage.to - stage.from) * p / PMKTI_PARTITIONS;
        status = pmkti_canceled(run, done, stage.name) ? pmkti_stopped(err, PMKT_E_CANCELED)
                                                       : read(l, stream, p, err);
    }
    if (!status) status = pmkti_stream_end(stream, err);
    pmkti_stream_close(stream);
    return status;
}

static pmkt_status check_loaded(void *ctx, int64_t p, int worker) {
    const loader *l = ctx;
    (void)worker;
    return pmkti_origin_ready(l->rfm, p, PMKTI_ALL_CHECKED);
}

static pmkt_status load_data(loader *l, const pmkti_run *run, pmkt_error *err) {
    pmkti_origin *o = l->origin;
    const size_t data = o->data_at[PMKTI_PARTITIONS], tombs = o->tombs_at[PMKTI_PARTITIONS];
    pmkt_status status =
        pmkti_check_bytes(l->rfm, pmkti_rfm_fixed_bytes(l->rfm) + data + tombs, err);
    if (!status) {
        status = read_parts(l, PMKTI_RFM_TOMBS, tombs, read_tombs, run,
                            (pmkti_stage){"loading", 0, 0.05}, err);
    }
    if (!status) {
        status = read_parts(l, PMKTI_RFM_DATA, data, read_part, run,
                            (pmkti_stage){"loading", 0.05, 0.7}, err);
    }
    if (status) return status;
    l->rfm->origin = o; /* for as long as it is checked */
    status =
        pmkti_parallel(run, (pmkti_stage){"checking", 0.7, 1}, check_loaded, l, PMKTI_PARTITIONS);
    status = pmkti_rfm_stopped(err, l->rfm, status);
    l->rfm->origin = NULL;
    return status;
}

/* ------------------------------------------------------------------ mapping */

/* An array that lies in the file: it has no room, so that nobody frees it or writes into it. */
#define BORROW(array, base, count) \
    do { \
        const void *borrow_from = (base); \
        (array).n = (count); \
        (array).room = 0; \
        memcpy(&(array).at, &borrow_from, sizeof borrow_from); \
    } while (0)

static void borrow_part(const loader *l, int p) {
    const pmkti_origin *o = l->origin;
    const pmkti_rfm_index *i = &l->index[p];
    pmkti_part *part = &l->rfm->parts[p];
    if (i->tombs > 0) BORROW(part->tombs, o->tombs.at + o->tombs_at[p], i->tombs);
    if (i->customers == 0) return;
    const unsigned char *data = o->data.at + o->data_at[p];
    if (l->rfm->mode == PMKT_RFM_SUMMARY) {
        BORROW(part->entries, data, i->customers);
        return;
    }
    BORROW(part->customers, data, i->customers);
    if (i->orders > 0) {
        BORROW(part->orders, data + i->customers * sizeof(pmkti_customer), i->orders);
    }
}

static pmkt_status check_lengths(const pmkti_origin *o, pmkt_error *err) {
    if (o->data.size != o->data_at[PMKTI_PARTITIONS]) {
        return pmkti_corrupt(&o->data, 0, "the index says another length", err);
    }
    if (o->tombs.size != o->tombs_at[PMKTI_PARTITIONS]) {
        return pmkti_corrupt(&o->tombs, 0, "the index says another length", err);
    }
    return PMKT_OK;
}

static pmkt_status map_data(loader *l, pmkt_error *err) {
    pmkti_origin *o = l->origin;
    pmkt_status status =
        pmkti_container_section(o->container, PMKTI_RFM_DATA, PMKTI_RFM_VERSION, 1, &o->data, err);
    if (!status) {
        status = pmkti_container_section(o->container, PMKTI_RFM_TOMBS, PMKTI_RFM_VERSION, 1,
                                         &o->tombs, err);
    }
    if (!status) status = check_lengths(o, err);
    if (status) return status;
    for (int p = 0; p < PMKTI_PARTITIONS; p++) borrow_part(l, p);
    pmkti_container_read_ahead(o->container); /* partitions are read whole */
    l->rfm->origin = o;
    return pmkti_check_bytes(l->rfm, pmkti_rfm_fixed_bytes(l->rfm), err);
}

/* ------------------------------------------------------------------- driver */

static pmkt_status open_origin(loader *l, const pmkti_source *source,
                               const pmkt_load_options *options, pmkt_error *err) {
    static const uint32_t known[] = {PMKTI_RFM_HEAD, PMKTI_RFM_ZONE, PMKTI_RFM_DATA,
                                     PMKTI_RFM_TOMBS, PMKTI_RFM_INDEX};
    static const pmkti_schema schema = {PMKT_FILE_RFM, known, sizeof known / sizeof *known};
    pmkti_container *c = NULL;
    const pmkt_status status = pmkti_container_open(source, &schema, options, &c, err);
    if (status) return status;
    l->allocator = *pmkti_container_allocator(c);
    l->origin = pmkti_alloc_zero(&l->allocator, 1, sizeof *l->origin);
    if (!l->origin) {
        pmkti_container_close(c);
        return pmkti_no_memory(err, sizeof *l->origin);
    }
    l->origin->container = c;
    l->origin->data = pmkti_container_place(c, PMKTI_RFM_DATA);
    l->origin->tombs = pmkti_container_place(c, PMKTI_RFM_TOMBS);
    return PMKT_OK;
}

static pmkt_status load(const pmkti_source *source, const pmkt_load_options *options,
                        const pmkt_run *run, pmkt_rfm **rfm, pmkt_error *err) {
    loader l = {.origin = NULL};
    pmkti_run how;
    pmkt_status status = pmkti_run_check(run, 0, &how, err); /* before a file is looked at */
    if (!status) status = open_origin(&l, source, options, err);
    if (!status) status = make_state(&l, err);
    if (!status) status = read_index(&l, err);
    if (!status && source->map) {
        status = map_data(&l, err);
    } else if (!status) {
        const size_t records = l.origin->data_at[PMKTI_PARTITIONS] / sizeof(pmkti_customer);
        status = pmkti_run_check(run, (int64_t)records, &how, err);
        if (!status) status = load_data(&l, &how, err);
    }
    if (l.origin && !(l.rfm && l.rfm->origin)) pmkti_origin_free(&l.allocator, l.origin);
    if (!status)
        *rfm = l.rfm;
    else
        pmkt_rfm_free(l.rfm);
    return status;
}

pmkt_status pmkt_rfm_load(const char *path, const pmkt_load_options *options, const pmkt_run *run,
                          pmkt_rfm **rfm, pmkt_error *err) {
    if (!path) return pmkti_null(err, "path");
    if (!rfm) return pmkti_null(err, "rfm");
    return load(&(pmkti_source){.path = path}, options, run, rfm, err);
}

pmkt_status pmkt_rfm_load_memory(const void *bytes, size_t size, const pmkt_load_options *options,
                                 const pmkt_run *run, pmkt_rfm **rfm, pmkt_error *err) {
    if (!bytes) return pmkti_null(err, "bytes");
    if (!rfm) return pmkti_null(err, "rfm");
    return load(&(pmkti_source){.bytes = bytes, .size = size}, options, run, rfm, err);
}

pmkt_status pmkt_rfm_map(const char *path, const pmkt_load_options *options, pmkt_rfm **rfm,
                         pmkt_error *err) {
    if (!path) return pmkti_null(err, "path");
    if (!rfm) return pmkti_null(err, "rfm");
    return load(&(pmkti_source){.path = path, .map = true}, options, NULL, rfm, err);
}

pmkt_status pmkt_rfm_verify(const pmkt_rfm *rfm, const pmkt_run *run, pmkt_error *err) {
    if (!rfm) return pmkti_null(err, "rfm");
    pmkti_run how;
    const pmkt_status status = pmkti_run_check(run, 0, &how, err);
    if (status || !rfm->origin) return status;
    return pmkti_container_verify(rfm->origin->container, &how, err);
}
