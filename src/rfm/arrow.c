/*
 * arrow.c - scores as an Arrow stream.
 */
#include <stdatomic.h>
#include <stdio.h>

#include "core/arrow/out.h"
#include "core/error.h"
#include "core/structs.h"
#include "core/utf8.h"
#include "rfm/scores.h"

/* How a column goes out unless `raw` is asked for. */
enum {
    AS_IT_IS,
    USER,  /* as text, if there is a dictionary */
    DAYS,  /* -1 is null */
    MONEY, /* decimal128 */
    NAME,  /* a dictionary of the names of a grouping */
    FLAGS  /* a boolean for each bit */
};

#define AT(column) offsetof(pmkti_columns, column)

static const struct {
    const char *name;
    const char *format; /* as it lies in memory */
    size_t at;          /* of the pointer at it */
    int32_t way;
    int32_t by; /* NAME: PMKT_RFM_BY_... */
} columns[] = {
    {"user", "L", AT(user), USER, 0},
    {"recency_days", "i", AT(recency_days), DAYS, 0},
    {"orders", "l", AT(orders), AS_IT_IS, 0},
    {"orders_per_month", "g", AT(orders_per_month), AS_IT_IS, 0},
    {"average_order", "l", AT(average_order), MONEY, 0},
    {"revenue", "l", AT(revenue), MONEY, 0},
    {"tenure_days", "i", AT(tenure_days), AS_IT_IS, 0},
    {"r", "C", AT(r), AS_IT_IS, 0},
    {"f", "C", AT(f), AS_IT_IS, 0},
    {"m", "C", AT(m), AS_IT_IS, 0},
    {"segment", "C", AT(segment), NAME, PMKT_RFM_BY_SEGMENT},
    {"activity", "C", AT(activity), NAME, PMKT_RFM_BY_ACTIVITY},
    {"lifecycle", "C", AT(lifecycle), NAME, PMKT_RFM_BY_LIFECYCLE},
    {"brand_stage", "C", AT(brand_stage), NAME, PMKT_RFM_BY_BRAND_STAGE},
    {"tier", "C", AT(tier), NAME, PMKT_RFM_BY_TIER},
    {"flags", "C", AT(flags), FLAGS, 0},
    {"tier_spend", "l", AT(tier_spend), MONEY, 0},
    {"to_next_tier", "l", AT(to_next_tier), MONEY, 0},
};

static const struct {
    const char *name;
    uint8_t bit;
} flags[] = {{"prospect", PMKT_RFM_FLAG_PROSPECT},
             {"at_risk", PMKT_RFM_FLAG_AT_RISK},
             {"registered", PMKT_RFM_FLAG_REGISTERED}};

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

typedef struct writing {
    const pmkt_rfm_scores *scores;
    pmkti_frame *frame;
    char *money_format;
} writing;

static const void *data_of(const pmkt_rfm_scores *s, size_t column) {
    const void *data;
    memcpy(&data, (const unsigned char *)&s->col + columns[column].at, sizeof data);
    return data;
}

static void put_bit(uint8_t *bits, size_t i) {
    bits[i / 8] |= (uint8_t)(1u << (i % 8));
}

static pmkt_status room(const writing *w, size_t n, size_t size, void **out, pmkt_error *err) {
    *out = pmkti_frame_alloc(w->frame, n, size);
    if (!*out) return pmkti_no_memory(err, n * size);
    memset(*out, 0, n * size);
    return PMKT_OK;
}

static pmkti_frame_column *add(const writing *w, const char *name, const char *format,
                               const void *data) {
    pmkti_frame_column *c = pmkti_frame_add(w->frame);
    c->name = name;
    c->format = format;
    c->n_buffers = 2;
    c->buffers[1] = data;
    return c;
}

/* ------------------------------------------------------------------------- columns */

static pmkt_status write_days(const writing *w, pmkti_frame_column *c, pmkt_error *err) {
    const int32_t *days = c->buffers[1];
    int64_t missing = 0;
    c->nullable = 1;
    for (size_t i = 0; i < w->scores->rows; i++) missing += days[i] < 0;
    if (missing == 0) return PMKT_OK;
    void *valid = NULL;
    const pmkt_status status = room(w, w->scores->rows / 8 + 1, 1, &valid, err);
    if (status) return status;
    for (size_t i = 0; i < w->scores->rows; i++) {
        if (days[i] >= 0) put_bit(valid, i);
    }
    c->buffers[0] = valid;
    c->null_count = missing;
    return PMKT_OK;
}

static pmkt_status write_money(const writing *w, pmkti_frame_column *c, pmkt_error *err) {
    const int64_t *minor = c->buffers[1];
    void *out = NULL;
    const pmkt_status status = room(w, w->scores->rows, 16, &out, err);
    if (status) return status;
    int64_t *half = out; /* low and high, for the numbers of all our platforms */
    for (size_t i = 0; i < w->scores->rows; i++) {
        half[2 * i] = minor[i];
        half[2 * i + 1] = minor[i] < 0 ? -1 : 0;
    }
    c->format = w->money_format;
    c->buffers[1] = out;
    return PMKT_OK;
}

static pmkt_status write_names(const writing *w, pmkti_frame_column *c, int32_t by,
                               pmkt_error *err) {
    const pmkt_rfm_scores *s = w->scores;
    const int32_t n = pmkt_rfm_scores_codes(s, by);
    size_t bytes = 0;
    for (int32_t i = 0; i < n; i++) bytes += strlen(pmkt_rfm_scores_name(s, by, i));
    void *offsets = NULL, *text = NULL;
    pmkt_status status = room(w, (size_t)n + 1, sizeof(int32_t), &offsets, err);
    if (!status) status = room(w, bytes, 1, &text, err);
    if (status) return status;
    int32_t end = 0;
    for (int32_t i = 0; i < n; i++) {
        const char *name = pmkt_rfm_scores_name(s, by, i);
        const size_t length = strlen(name);
        memcpy((char *)text + end, name, length);
        end += (int32_t)length;
        ((int32_t *)offsets)[i + 1] = end;
    }
    c->n_names = n;
    c->name_buffers[1] = offsets;
    c->name_buffers[2] = text;
    if (by != PMKT_RFM_BY_TIER) return PMKT_OK;
    void *codes = NULL; /* the unknown tier has a number of its own, and the last of the names */
    status = room(w, s->rows, 1, &codes, err);
    for (size_t i = 0; i < s->rows && !status; i++) {
        ((uint8_t *)codes)[i] = (uint8_t)pmkti_score_code(s, by, i);
    }
    if (!status) c->buffers[1] = codes;
    return status;
}

static pmkt_status write_flags(const writing *w, pmkt_error *err) {
    const pmkt_rfm_scores *s = w->scores;
    for (size_t f = 0; f < COUNT(flags); f++) {
        void *bits = NULL;
        const pmkt_status status = room(w, s->rows / 8 + 1, 1, &bits, err);
        if (status) return status;
        for (size_t i = 0; i < s->rows; i++) {
            if (s->col.flags[i] & flags[f].bit) put_bit(bits, i);
        }
        (void)add(w, flags[f].name, "b", bits);
    }
    return PMKT_OK;
}

/*
 * The texts of the users; null where the dictionary does not know one. Readers trust that utf8 is
 * UTF-8, and a dictionary holds any bytes: if one of the texts is not, the column is of binary.
 */
static pmkt_status write_users(const writing *w, pmkti_frame_column *c, const pmkt_ids *ids,
                               pmkt_error *err) {
    const pmkt_rfm_scores *s = w->scores;
    const int64_t n = (int64_t)s->rows;
    void *offsets = NULL, *known = NULL, *text = NULL;
    pmkt_status status = room(w, s->rows + 1, sizeof(int64_t), &offsets, err);
    if (!status) status = room(w, s->rows, 1, &known, err);
    if (status) return status;
    status = pmkt_ids_decode(ids, s->col.user, n, NULL, 0, offsets, known, err);
    if (status && status != PMKT_E_LIMIT) return status; /* LIMIT: it tells the size, as asked */
    const int64_t bytes = ((const int64_t *)offsets)[n];
    status = room(w, (size_t)bytes, 1, &text, err);
    if (!status) {
        status = pmkt_ids_decode(ids, s->col.user, n, text, bytes, offsets, known, err);
    }
    if (status) return status;
    uint8_t *bits = known; /* in place: bit i lies at or before byte i */
    for (size_t i = 0; i < s->rows; i++) {
        const uint8_t is_known = bits[i];
        if (i % 8 == 0) bits[i / 8] = 0;
        if (is_known) {
            put_bit(bits, i);
        } else {
            c->null_count++;
        }
    }
    c->format = pmkti_are_utf8(text, offsets, n) ? "U" : "Z";
    c->nullable = 1;
    c->n_buffers = 3;
    c->buffers[0] = c->null_count ? known : NULL;
    c->buffers[1] = offsets;
    c->buffers[2] = text;
    return PMKT_OK;
}

static pmkt_status write_column(const writing *w, size_t i, const pmkt_arrow_options *o,
                                pmkt_error *err) {
    const int32_t way = columns[i].way;
    if (way == FLAGS && !o->raw) return write_flags(w, err);
    pmkti_frame_column *c = add(w, columns[i].name, columns[i].format, data_of(w->scores, i));
    if (way == USER) return o->ids ? write_users(w, c, o->ids, err) : PMKT_OK;
    if (o->raw) return PMKT_OK;
    if (way == DAYS) return write_days(w, c, err);
    if (way == MONEY) return write_money(w, c, err);
    return way == NAME ? write_names(w, c, columns[i].by, err) : PMKT_OK;
}

/* ------------------------------------------------------------------------- the call */

static void let_go(void *scores) {
    pmkt_rfm_scores_free(scores);
}

static pmkt_status write_all(writing *w, const pmkt_arrow_options *o, pmkt_error *err) {
    enum {
        FORMAT_ROOM = 16
    };
    w->money_format = pmkti_frame_alloc(w->frame, FORMAT_ROOM, 1);
    if (!w->money_format) return pmkti_no_memory(err, FORMAT_ROOM);
    /* Without a currency nobody says how many decimals there are; two is what options assume. */
    const int32_t decimals = w->scores->currency[0] ? w->scores->currency_exponent : 2;
    (void)snprintf(w->money_format, FORMAT_ROOM, "d:19,%d", (int)decimals); /* 19 hold an int64 */
    pmkt_status status = PMKT_OK;
    for (size_t i = 0; i < COUNT(columns) && !status; i++) status = write_column(w, i, o, err);
    return status;
}

pmkt_status pmkt_rfm_scores_arrow(const pmkt_rfm_scores *scores, const pmkt_arrow_options *options,
                                  struct ArrowArrayStream *stream, pmkt_error *err) {
    if (!scores) return pmkti_null(err, "scores");
    if (!stream) return pmkti_null(err, "stream");
    pmkt_arrow_options o = PMKT_ARROW_OPTIONS_INIT;
    pmkt_status status = pmkti_struct_in(&o, sizeof o, options, sizeof(uint64_t), "options", err);
    if (!status && o.raw != 0 && o.raw != 1) {
        status =
            pmkti_fail(err, PMKT_E_INVALID, "options.raw is %d, but must be 0 or 1", (int)o.raw);
    }
    if (status) return status;
    const int64_t most = (int64_t)(COUNT(columns) + COUNT(flags));
    writing w = {.scores = scores};
    w.frame = pmkti_frame_new(&scores->allocator, (int64_t)scores->rows, most);
    if (!w.frame) return pmkti_no_memory(err, sizeof w);
    /* Scores do not change; only the count of those who hold them does. */
    void *owner = NULL;
    memcpy(&owner, &scores, sizeof owner);
    pmkt_rfm_scores *held = owner;
    atomic_fetch_add_explicit(&held->references, 1, memory_order_relaxed);
    pmkti_frame_own(w.frame, held, let_go);
    status = write_all(&w, &o, err);
    if (!status) status = pmkti_frame_export(w.frame, stream, err);
    if (status) pmkti_frame_release(w.frame);
    return status;
}
