/*
 * convert_ids.c - numbers as they are, texts by the hash of ids.h.
 */
#include "core/alloc.h"
#include "core/arrow/convert.h"
#include "core/error.h"
#include "core/ids_encode.h"
#include "core/kernels/kernels.h"

/* -------------------------------------------------------------------- numbers */

static void ids_of_integers(const pmkti_conversion *c, int64_t from, int64_t to) {
    const int32_t kind = c->in.view.type.kind;
    uint64_t *out = c->out;
    pmkti_load_integers(&c->in.view, kind, from, to - from, (int64_t *)(void *)(out + from));
    if (c->in.valid) pmkti_fill_null64(out, c->in.valid, from, to, PMKT_ID_NONE);
    if (kind == PMKTI_ARROW_UINT64) return;
    const int64_t *ids = (const int64_t *)(const void *)(out + from);
    if (pmkti_kernels_get()->all_within(ids, to - from, 0, INT64_MAX, 0)) return;
    for (int64_t i = from; i < to; i++) {
        if ((int64_t)out[i] >= 0) continue;
        out[i] = PMKT_ID_NONE;
        pmkti_convert_bad(c, i, PMKT_BAD_ID);
    }
}

static void ids_of_floats(const pmkti_conversion *c, int64_t from, int64_t to) {
    uint64_t *out = c->out;
    double value[PMKTI_ARROW_STRIDE];
    for (int64_t i = from; i < to; i += PMKTI_ARROW_STRIDE) {
        const int64_t stride = pmkti_stride(i, to);
        int64_t n_bad = 0;
        pmkti_load_doubles(&c->in.view, i, stride, value);
        (void)pmkt_ids_of_doubles(value, stride, PMKT_ON_BAD_SKIP, out + i, &n_bad, NULL);
        for (int64_t j = 0; j < stride && (n_bad > 0 || c->in.valid); j++) {
            if (!pmkti_known(c->in.valid, i + j)) {
                out[i + j] = PMKT_ID_NONE;
            } else if (out[i + j] == PMKT_ID_NONE && value[j] == value[j]) {
                pmkti_convert_bad(c, i + j, PMKT_BAD_ID);
            }
        }
    }
}

/* ----------------------------------------------------------------------- texts */

static uint64_t id_of_text(const pmkti_arrow_view *v, int64_t i) {
    size_t length = 0;
    const char *text = pmkti_arrow_text(v, i, &length);
    return pmkt_id_of_bytes(text, length);
}

void pmkti_convert_ids(const pmkti_conversion *c, int64_t from, int64_t to) {
    const pmkti_arrow_view *v = &c->in.view;
    if (pmkti_arrow_is_integer(v->type.kind)) {
        ids_of_integers(c, from, to);
        return;
    }
    if (pmkti_arrow_is_float(v->type.kind)) {
        ids_of_floats(c, from, to);
        return;
    }
    uint64_t *out = c->out;
    for (int64_t i = from; i < to; i++) {
        out[i] = pmkti_known(c->in.valid, i) ? id_of_text(v, i) : PMKT_ID_NONE;
    }
}

/*
 * Encodes texts of a view, those that `pick` lists or the first n, into id[n]; `dates` (or NULL) are
 * those of all texts. They lie one after another already if nothing is picked and none is a view;
 * else they are copied together.
 */
static pmkt_status encode(pmkti_conversion *c, const pmkt_allocator *allocator, pmkt_ids *names,
                          const pmkti_arrow_view *v, const int64_t *dates, const int64_t *pick,
                          int64_t n, uint64_t *id, const pmkt_run *run, pmkt_error *err) {
    const bool in_place = !pick && v->type.kind != PMKTI_ARROW_TEXT_VIEW;
    if (!pmkti_arrow_room_for(&c->offsets, allocator, n + 1, sizeof(int64_t))) {
        return pmkti_no_memory(err, (size_t)(n + 1) * sizeof(int64_t));
    }
    int64_t *offsets = c->offsets.at;
    const char *bytes = v->bytes;
    if (in_place) {
        for (int64_t i = 0; i <= n; i++) offsets[i] = pmkti_arrow_offset(v, i);
        return pmkti_ids_encode_dated(names, bytes ? bytes : "", offsets, n, dates, run, id, err);
    }
    offsets[0] = 0;
    for (int64_t i = 0; i < n; i++) {
        size_t length = 0;
        (void)pmkti_arrow_text(v, pick ? pick[i] : i, &length);
        offsets[i + 1] = offsets[i] + (int64_t)length;
    }
    if (!pmkti_arrow_room_for(&c->bytes, allocator, offsets[n], 1)) {
        return pmkti_no_memory(err, (size_t)offsets[n]);
    }
    char *copy = c->bytes.at;
    for (int64_t i = 0; i < n; i++) {
        size_t length = 0;
        const char *text = pmkti_arrow_text(v, pick ? pick[i] : i, &length);
        memcpy(copy + offsets[i], text, length);
    }
    if (dates && pick) {
        if (!pmkti_arrow_room_for(&c->when, allocator, n, sizeof(int64_t))) {
            return pmkti_no_memory(err, (size_t)n * sizeof(int64_t));
        }
        int64_t *when = c->when.at;
        for (int64_t i = 0; i < n; i++) when[i] = dates[pick[i]];
        dates = when;
    }
    return pmkti_ids_encode_dated(names, copy, offsets, n, dates, run, id, err);
}

/* Room for a list of `most` rows or entries. */
static int64_t *pick_room(pmkti_conversion *c, const pmkt_allocator *allocator, int64_t most,
                          pmkt_error *err) {
    if (pmkti_arrow_room_for(&c->pick, allocator, most, sizeof(int64_t))) return c->pick.at;
    (void)pmkti_no_memory(err, (size_t)most * sizeof(int64_t));
    return NULL;
}

pmkt_status pmkti_convert_texts(pmkti_conversion *c, const pmkt_allocator *allocator,
                                pmkt_ids *names, const pmkt_run *run, pmkt_error *err) {
    const pmkti_arrow_view *v = &c->in.view;
    uint64_t *out = c->out;
    pmkt_status status = PMKT_OK;
    c->is_done = true;
    if (!c->in.valid) {
        return encode(c, allocator, names, v, c->dates, NULL, v->rows, out, run, err);
    }
    /* A null has no text to remember, whatever lies at its place. */
    int64_t *pick = pick_room(c, allocator, v->rows, err);
    if (!pick) return PMKT_E_NOMEM;
    int64_t n = 0;
    for (int64_t i = 0; i < v->rows; i++) {
        pick[n] = i;
        n += pmkti_arrow_bit(c->in.valid, i);
    }
    status = encode(c, allocator, names, v, c->dates, pick, n, out, run, err);
    if (status && err && err->where_kind == PMKT_WHERE_ROW) err->where = pick[err->where];
    /* The ids lie at the front: spread them from behind, so that none is overwritten. */
    for (int64_t i = v->rows; i-- > 0 && !status;) {
        out[i] = pmkti_arrow_bit(c->in.valid, i) ? out[--n] : PMKT_ID_NONE;
    }
    return status;
}

/* --------------------------------------------------------- texts of a dictionary */

/* Marks the entries that rows name with 1. */
static pmkt_status mark_used(const pmkti_conversion *c, uint64_t *used, pmkt_error *err) {
    const pmkti_arrow_view *v = &c->in.view;
    const uint64_t n = (uint64_t)c->entries.rows;
    int64_t index[PMKTI_ARROW_STRIDE];
    for (int64_t i = 0; i < v->rows; i += PMKTI_ARROW_STRIDE) {
        const int64_t stride = pmkti_stride(i, v->rows);
        pmkti_load_integers(v, v->type.index, i, stride, index);
        for (int64_t j = 0; j < stride; j++) {
            if (!pmkti_known(c->in.valid, i + j)) continue;
            if ((uint64_t)index[j] < n) {
                used[index[j]] = 1;
                continue;
            }
            return pmkti_fail(err, PMKT_E_INVALID,
                              "the Arrow array of \"%.60s\" is malformed: row %lld of the chunk "
                              "names entry %lld of a dictionary of %lld",
                              c->name, (long long)(i + j), (long long)index[j], (long long)n);
        }
    }
    return PMKT_OK;
}

/* The date of an entry is the latest of the rows that name it; mark_used has seen that they can. */
static void date_entries(const pmkti_conversion *c, int64_t *latest) {
    const pmkti_arrow_view *v = &c->in.view;
    int64_t index[PMKTI_ARROW_STRIDE];
    for (int64_t i = 0; i < c->entries.rows; i++) latest[i] = PMKT_TIME_NULL;
    for (int64_t i = 0; i < v->rows; i += PMKTI_ARROW_STRIDE) {
        const int64_t stride = pmkti_stride(i, v->rows);
        pmkti_load_integers(v, v->type.index, i, stride, index);
        for (int64_t j = 0; j < stride; j++) {
            if (!pmkti_known(c->in.valid, i + j)) continue;
            if (c->dates[i + j] > latest[index[j]]) latest[index[j]] = c->dates[i + j];
        }
    }
}

/* The first row that names an entry, which some row does. */
static int64_t first_row_of(const pmkti_conversion *c, int64_t entry) {
    int64_t index = 0;
    for (int64_t i = 0; i < c->in.view.rows; i++) {
        pmkti_load_integers(&c->in.view, c->in.view.type.index, i, 1, &index);
        if (index == entry && pmkti_known(c->in.valid, i)) return i;
    }
    return 0;
}

pmkt_status pmkti_convert_dictionary_texts(pmkti_conversion *c, const pmkt_allocator *allocator,
                                           pmkt_ids *names, const pmkt_run *run, pmkt_error *err) {
    const int64_t n = c->entries.rows;
    c->has_bad_entry = false; /* every text is an id */
    if (!pmkti_arrow_room_for(&c->entry_out, allocator, n, sizeof(uint64_t))) {
        return pmkti_no_memory(err, (size_t)n * sizeof(uint64_t));
    }
    uint64_t *id = c->entry_out.at;
    /* Where there are more rows than entries, most occur, and all are read sooner than marked. */
    const bool all_wanted = !names && n <= c->in.view.rows;
    pmkt_status status = PMKT_OK;
    if (!all_wanted) {
        memset(id, 0, (size_t)n * sizeof *id);
        status = mark_used(c, id, err);
    }
    if (status) return status;
    if (!names) {
        for (int64_t i = 0; i < n; i++) {
            const bool wanted = (all_wanted || id[i]) && pmkti_known(c->entry_valid, i);
            id[i] = wanted ? id_of_text(&c->entries, i) : PMKT_ID_NONE;
        }
        return PMKT_OK;
    }
    int64_t *pick = pick_room(c, allocator, n, err);
    if (!pick) return PMKT_E_NOMEM;
    int64_t picked = 0;
    for (int64_t i = 0; i < n; i++) {
        const bool wanted = id[i] && pmkti_known(c->entry_valid, i);
        id[i] = PMKT_ID_NONE;
        if (wanted) pick[picked++] = i;
    }
    if (!pmkti_arrow_room_for(&c->ids, allocator, picked, sizeof(uint64_t))) {
        return pmkti_no_memory(err, (size_t)picked * sizeof(uint64_t));
    }
    int64_t *latest = NULL;
    if (c->dates) {
        if (!pmkti_arrow_room_for(&c->latest, allocator, n, sizeof *latest)) {
            return pmkti_no_memory(err, (size_t)n * sizeof *latest);
        }
        latest = c->latest.at;
        date_entries(c, latest);
    }
    uint64_t *fresh = c->ids.at;
    const pmkt_status encoded =
        encode(c, allocator, names, &c->entries, latest, pick, picked, fresh, run, err);
    if (encoded && err && err->where_kind == PMKT_WHERE_ROW) {
        err->where = first_row_of(c, pick[err->where]);
    }
    for (int64_t i = 0; i < picked && !encoded; i++) id[pick[i]] = fresh[i];
    return encoded;
}
