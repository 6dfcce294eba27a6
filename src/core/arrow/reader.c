#include "core/arrow/reader.h"

#include "core/alloc.h"
#include "core/arrow/stream.h"
#include "core/error.h"

pmkt_status pmkti_arrow_extra_check(const char *const *names, int64_t n, pmkt_error *err) {
    if (n < 0 || n > PMKTI_MOST_EXTRA) {
        return pmkti_fail(err, PMKT_E_INVALID, "columns.n_extra is %lld, but must be 0 to %d",
                          (long long)n, PMKTI_MOST_EXTRA);
    }
    if (n > 0 && !names) return pmkti_null(err, "columns.extra");
    for (int64_t i = 0; i < n; i++) {
        if (!names[i] || !names[i][0]) {
            return pmkti_fail(err, PMKT_E_INVALID, "columns.extra[%lld] is no name", (long long)i);
        }
        for (int64_t j = 0; j < i; j++) {
            if (strcmp(names[i], names[j]) != 0) continue;
            return pmkti_fail(err, PMKT_E_INVALID, "columns.extra names \"%.60s\" twice", names[i]);
        }
    }
    return PMKT_OK;
}

pmkt_status pmkti_arrow_extra_bind(pmkti_arrow_table *t, const char *const *names, int64_t n,
                                   pmkt_ids *ids, pmkti_arrow_extra *extra, pmkt_error *err) {
    if (n == 0) return PMKT_OK;
    extra->columns = pmkti_alloc_zero(&t->allocator, (size_t)n, sizeof *extra->columns);
    if (!extra->columns) return pmkti_no_memory(err, (size_t)n * sizeof *extra->columns);
    extra->n = n;
    extra->first_slot = t->n_slots;
    for (int64_t i = 0; i < n; i++) {
        const pmkti_arrow_wish wish = {
            .what = "extra column", .column = names[i], .reason = PMKT_BAD_VALUE, .names = ids};
        const pmkt_status status = pmkti_arrow_bind(t, &wish, NULL, err);
        if (status) return status;
        const pmkti_arrow_slot *slot = &t->slots[extra->first_slot + i];
        extra->columns[i].name = slot->name;
        extra->columns[i].type = pmkti_arrow_slot_type(slot);
    }
    return PMKT_OK;
}

void pmkti_arrow_extra_fill(const pmkti_arrow_table *t, pmkti_arrow_extra *extra) {
    for (int64_t i = 0; i < extra->n; i++) {
        extra->columns[i].data = t->rows > 0 ? t->slots[extra->first_slot + i].data : NULL;
    }
}

void pmkti_arrow_extra_clear(const pmkti_arrow_table *t, pmkti_arrow_extra *extra) {
    pmkti_free(&t->allocator, extra->columns, (size_t)extra->n, sizeof *extra->columns);
}

pmkt_status pmkti_arrow_on_bad(int32_t on_bad, pmkt_error *err) {
    if (on_bad == PMKT_ON_BAD_FAIL || on_bad == PMKT_ON_BAD_SKIP) return PMKT_OK;
    return pmkti_fail(err, PMKT_E_INVALID,
                      "columns.on_bad is %d, but must be PMKT_ON_BAD_FAIL or _SKIP", (int)on_bad);
}

void *pmkti_arrow_reader_new(struct ArrowArrayStream *stream, const pmkt_allocator *allocator,
                             size_t size, int64_t slots, pmkt_status *status, pmkt_error *err) {
    pmkt_allocator mine = {NULL, NULL};
    *status = pmkti_allocator_check(allocator, &mine, err);
    pmkti_arrow_table *table = *status ? NULL : pmkti_alloc_zero(&mine, 1, size);
    if (!table) {
        if (stream) pmkti_stream_release(stream);
        if (!*status) *status = pmkti_no_memory(err, size);
        return NULL;
    }
    *status = pmkti_arrow_table_open(table, stream, allocator, slots, err);
    if (!*status) return table;
    pmkti_arrow_table_clear(table);
    pmkti_free(&mine, table, 1, size);
    return NULL;
}

void pmkti_arrow_reader_free(void *reader, size_t size) {
    pmkti_arrow_table *table = reader;
    const pmkt_allocator allocator = table->allocator;
    pmkti_arrow_table_clear(table);
    pmkti_free(&allocator, reader, 1, size);
}
