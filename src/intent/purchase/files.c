/*
 * files.c - a model as a file: the sections of its chains, and
 *
 *   16 HEAD         one head
 *   17 TRANSITIONS  the zone's table; only if it has one
 *   18 LOGISTIC     the model of PMKT_PURCHASE_SESSION, if there is one; a column each feature
 *   19              the same of PMKT_PURCHASE_CART
 */
#include <string.h>

#include "core/alloc.h"
#include "core/error.h"
#include "intent/logistic/files.h"
#include "intent/model_files.h"
#include "intent/purchase/model.h"

enum {
    HEAD = 16,
    TRANSITIONS = 17,
    LOGISTIC = 18 /* + PMKT_PURCHASE_... */
};

#define VERSION 1 /* of each that is of this module */

typedef struct head {
    int64_t rows, cart_rows, cart_ms, most_rows;
    double l2;
    int32_t by_session, features, offset_minutes, calibration;
    char class_column[PMKTI_COLUMN_NAME];
} head;

_Static_assert(sizeof(head) == 56 + PMKTI_COLUMN_NAME, "a head has no holes");

/* -------------------------------------------------------------------- saving */

static pmkt_status put(pmkti_writer *w, uint32_t id, const void *at, size_t n, pmkt_error *err) {
    const pmkt_status status = pmkti_writer_section(w, id, VERSION, true, err);
    return status ? status : pmkti_writer_put(w, at, n, err);
}

static pmkt_status put_all(const pmkt_purchase *m, pmkti_writer *w, pmkt_error *err) {
    const pmkt_zone *zone = &m->features.zone;
    head h;
    memset(&h, 0, sizeof h);
    h.rows = m->facts.rows, h.cart_rows = m->facts.cart_rows, h.cart_ms = m->facts.cart_ms;
    h.most_rows = m->options.rows, h.l2 = m->options.l2, h.calibration = m->options.calibration;
    h.by_session = m->by_session, h.features = m->features.n;
    h.offset_minutes = zone->offset_minutes;
    memcpy(h.class_column, m->class_column, sizeof h.class_column);
    pmkt_status status = pmkti_intent_put(m->chains, w, err);
    if (!status) status = put(w, HEAD, &h, sizeof h, err);
    if (!status && zone->n_transitions > 0) {
        status = put(w, TRANSITIONS, zone->transitions,
                     (size_t)zone->n_transitions * sizeof *zone->transitions, err);
    }
    for (uint32_t which = 0; which < 2 && !status; which++) {
        const pmkt_logistic *part = m->logistic[which];
        if (part) status = pmkti_logistic_put(part, w, LOGISTIC + which, err);
    }
    return status;
}

static pmkt_status save(const pmkt_purchase *m, const char *path, const pmkt_save_options *options,
                        const pmkt_run *run, pmkt_buffer **buffer, pmkt_error *err) {
    pmkti_run how;
    pmkti_writer *writer = NULL;
    pmkt_status status = pmkti_run_check(run, 0, &how, err);
    if (!status) {
        status = pmkti_writer_new(&m->allocator, path, PMKT_FILE_PURCHASE, options, &writer, err);
    }
    if (status) return status;
    status = put_all(m, writer, err);
    if (!status && pmkti_canceled(&how, 1, "saving")) status = pmkti_stopped(err, PMKT_E_CANCELED);
    if (!status) return pmkti_writer_commit(writer, buffer, err);
    pmkti_writer_abort(writer);
    return status;
}

pmkt_status pmkt_purchase_save(const pmkt_purchase *model, const char *path,
                               const pmkt_save_options *options, const pmkt_run *run,
                               pmkt_error *err) {
    if (!model) return pmkti_null(err, "model");
    if (!path) return pmkti_null(err, "path");
    return save(model, path, options, run, NULL, err);
}

pmkt_status pmkt_purchase_save_memory(const pmkt_purchase *model, const pmkt_save_options *options,
                                      const pmkt_run *run, pmkt_buffer **buffer, pmkt_error *err) {
    if (!model) return pmkti_null(err, "model");
    if (!buffer) return pmkti_null(err, "buffer");
    return save(model, NULL, options, run, buffer, err);
}

/* ------------------------------------------------------------------- loading */

typedef struct loader {
    pmkti_container *file;
    pmkt_purchase *m;
    int32_t features; /* that the head says */
} loader;

static pmkt_status read_head(loader *l, pmkt_zone *zone, pmkt_error *err) {
    head h;
    pmkti_span span = {.at = NULL};
    const pmkt_status status =
        pmkti_container_section(l->file, HEAD, VERSION, sizeof h, &span, err);
    if (status) return status;
    if (span.size != sizeof h) return pmkti_corrupt(&span, 0, "the head is not one", err);
    memcpy(&h, span.at, sizeof h);
    if (h.rows < 0 || h.cart_rows < 0 || h.cart_ms < 1 || h.cart_ms > PMKTI_CART_MS_MOST ||
        h.by_session < 0 || h.by_session > 1 || h.most_rows < 1 || !(h.l2 > 0) ||
        !(h.l2 <= PMKTI_LOGISTIC_MOST_L2) || h.calibration < PMKT_CALIBRATION_PLATT ||
        h.calibration > PMKT_CALIBRATION_NONE ||
        !memchr(h.class_column, 0, sizeof h.class_column)) {
        return pmkti_corrupt(&span, 0, "the head makes no sense", err);
    }
    pmkt_purchase *m = l->m;
    m->facts.rows = h.rows, m->facts.cart_rows = h.cart_rows, m->facts.cart_ms = h.cart_ms;
    m->options = (pmkt_purchase_options)PMKT_PURCHASE_OPTIONS_INIT;
    m->options.calibration = h.calibration, m->options.l2 = h.l2;
    m->options.rows = h.most_rows, m->options.cart_ms = h.cart_ms;
    m->by_session = h.by_session;
    memcpy(m->class_column, h.class_column, sizeof h.class_column);
    zone->offset_minutes = h.offset_minutes;
    l->features = h.features;
    return PMKT_OK;
}

/* The zone points into the file. */
static pmkt_status read_zone(loader *l, pmkt_zone *zone, pmkt_error *err) {
    pmkti_span span = pmkti_container_place(l->file, HEAD);
    if (pmkti_container_has(l->file, TRANSITIONS)) {
        const pmkt_status status = pmkti_container_section(l->file, TRANSITIONS, VERSION,
                                                           sizeof(pmkt_transition), &span, err);
        if (status) return status;
        zone->transitions = (const void *)span.at;
        zone->n_transitions = (int64_t)(span.size / sizeof(pmkt_transition));
    }
    pmkt_zone checked;
    const pmkt_status status = pmkti_zone_check(zone, &checked, NULL);
    return status ? pmkti_corrupt(&span, 0, "this cannot be a zone", err) : PMKT_OK;
}

static pmkt_status read_rest(loader *l, pmkt_error *err) {
    pmkt_zone zone = PMKT_ZONE_INIT;
    pmkt_status status = read_head(l, &zone, err);
    if (!status) status = read_zone(l, &zone, err);
    if (status) return status;
    status = pmkti_purchase_finish(l->m, &zone);
    if (status) return pmkti_stopped(err, status);
    const pmkti_span span = pmkti_container_place(l->file, HEAD);
    if (l->features != l->m->features.n) {
        return pmkti_corrupt(&span, 0, "the features are not those of this release", err);
    }
    for (uint32_t which = 0; which < 2 && !status; which++) {
        const bool there = pmkti_container_has(l->file, LOGISTIC + which);
        const pmkt_purchase_facts *f = &l->m->facts;
        if (there != ((which == PMKT_PURCHASE_CART ? f->cart_rows : f->rows) > 0)) {
            return pmkti_corrupt(&span, 0, "the head is wrong about what was learned", err);
        }
        if (!there) continue;
        status = pmkti_logistic_take(l->file, LOGISTIC + which, l->features, &l->m->logistic[which],
                                     err);
    }
    const int64_t most = pmkti_container_max_bytes(l->file);
    const int64_t bytes = pmkti_purchase_bytes(l->m);
    if (status || most == 0 || bytes <= most) return status;
    return pmkti_fail(err, PMKT_E_LIMIT, "the model needs %lld bytes; max_bytes is %lld",
                      (long long)bytes, (long long)most);
}

static pmkt_status read_all(loader *l, const pmkti_run *run, pmkt_error *err) {
    pmkt_intent *chains = NULL;
    const pmkt_status status =
        pmkti_intent_take(l->file, run, (pmkti_stage){"loading", 0.5, 1}, &chains, err);
    if (status) return status;
    l->m = pmkti_purchase_new(pmkti_container_allocator(l->file), chains);
    if (l->m) return read_rest(l, err);
    pmkt_intent_release(chains);
    return pmkti_no_memory(err, sizeof *l->m);
}

static pmkt_status load(const pmkti_source *source, const pmkt_load_options *options,
                        const pmkt_run *run, pmkt_purchase **model, pmkt_error *err) {
    static const uint32_t known[] = {
        1, 2, 3, 4, PMKTI_INTENT_SECTIONS, HEAD, TRANSITIONS, LOGISTIC, LOGISTIC + 1};
    const pmkti_schema schema = {PMKT_FILE_PURCHASE, known, sizeof known / sizeof *known};
    loader l = {.m = NULL};
    pmkti_run how;
    pmkt_status status = pmkti_run_check(run, 0, &how, err);
    if (!status) status = pmkti_container_open(source, &schema, options, &l.file, err);
    if (status) return status;
    status = read_all(&l, &how, err);
    pmkti_container_close(l.file);
    if (status)
        pmkt_purchase_release(l.m);
    else
        *model = l.m;
    return status;
}

pmkt_status pmkt_purchase_load(const char *path, const pmkt_load_options *options,
                               const pmkt_run *run, pmkt_purchase **model, pmkt_error *err) {
    if (!path) return pmkti_null(err, "path");
    if (!model) return pmkti_null(err, "model");
    return load(&(pmkti_source){.path = path}, options, run, model, err);
}

pmkt_status pmkt_purchase_load_memory(const void *bytes, size_t size,
                                      const pmkt_load_options *options, const pmkt_run *run,
                                      pmkt_purchase **model, pmkt_error *err) {
    if (!bytes) return pmkti_null(err, "bytes");
    if (!model) return pmkti_null(err, "model");
    return load(&(pmkti_source){.bytes = bytes, .size = size}, options, run, model, err);
}
