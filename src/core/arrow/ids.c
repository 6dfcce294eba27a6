/*
 * ids.c - pmkt_arrow_ids: the ids of one column.
 */
#include "core/arrow/stream.h"
#include "core/arrow/table.h"
#include "core/error.h"

static pmkt_status bind(pmkti_arrow_table *t, const char *name, pmkt_ids *ids, pmkt_error *err) {
    if (t->is_struct && !name && t->schema.n_children == 1) name = t->schema.children[0]->name;
    if (t->is_struct && !name) {
        return pmkti_fail(err, PMKT_E_INVALID,
                          "the stream has %lld columns; name the one that holds the ids",
                          (long long)t->schema.n_children);
    }
    if (!t->is_struct && name && (!t->schema.name || strcmp(t->schema.name, name) != 0)) {
        return pmkti_fail(err, PMKT_E_INVALID,
                          "the stream has no column with the name \"%.60s\"; it is one column with "
                          "the name \"%.60s\"",
                          name, t->schema.name ? t->schema.name : "");
    }
    const pmkti_arrow_wish wish = {"id", name, NULL, PMKTI_TO_ID, PMKT_BAD_ID, false, ids};
    return pmkti_arrow_bind(t, &wish, NULL, err);
}

static pmkt_status read_all(pmkti_arrow_table *t, const pmkt_run *run, uint64_t *id, int64_t room,
                            int64_t *n, pmkt_error *err) {
    int64_t done = 0;
    for (;;) {
        const pmkt_status status = pmkti_arrow_table_next(t, false, run, err);
        if (status) return status;
        if (t->rows == 0) break;
        if (t->rows > room - done) {
            return pmkti_fail(err, PMKT_E_LIMIT, "the stream has more than %lld rows, the room",
                              (long long)room);
        }
        memcpy(id + done, t->slots[0].data, (size_t)t->rows * sizeof *id);
        done += t->rows;
    }
    *n = done;
    return PMKT_OK;
}

pmkt_status pmkt_arrow_ids(struct ArrowArrayStream *stream, const char *name, pmkt_ids *ids,
                           const pmkt_run *run, uint64_t *id, int64_t room, int64_t *n,
                           pmkt_error *err) {
    pmkti_arrow_table table = {.on_bad = PMKT_ON_BAD_FAIL};
    pmkt_status status = pmkti_arrow_table_open(&table, stream, NULL, 1, err);
    if (!status && !n) status = pmkti_null(err, "n");
    if (!status && room < 0) {
        status = pmkti_fail(err, PMKT_E_INVALID, "room is %lld, below zero", (long long)room);
    }
    if (!status && room > 0 && !id) status = pmkti_null(err, "id");
    if (!status) status = bind(&table, name, ids, err);
    if (!status) status = read_all(&table, run, id, room, n, err);
    pmkti_arrow_table_clear(&table);
    return status;
}
