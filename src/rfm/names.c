/*
 * names.c - codes and their names.
 */
#include <stdio.h>

#include "rfm/scores.h"

static const char *const class_names[PMKTI_CLASSES] = {
    "active-high-high", "active-high-low",   "active-low-high",
    "active-low-low",   "dormant-high-high", "dormant-high-low",
    "dormant-low-high", "dormant-low-low",   "no-order"};

static const char *const class_names_zh[PMKTI_CLASSES] = {"重要价值", "一般价值", "重要发展",
                                                          "一般发展", "重要保持", "一般保持",
                                                          "重要挽留", "一般挽留", "未购买"};

static const char *const lifecycle_names[] = {"new", "growth", "mature", "churned"};
static const char *const stage_names[] = {"not-observed", "unaware", "aware",
                                          "interested",   "buyer",   "loyal"};
static const char *const activity_names[] = {"no-order", "dormant", "cooling", "active"};
static const char *const band_names[] = {"none", "low", "medium", "high"};

#define COUNT(array) ((int32_t)(sizeof(array) / sizeof(array)[0]))

const char *pmkt_rfm_class_name_zh(int32_t segment) {
    return segment >= 0 && segment < PMKTI_CLASSES ? class_names_zh[segment] : NULL;
}

/* Bands or scores an axis can have, "none" included. */
static int32_t cell_base(const pmkt_rfm_scores *s) {
    return s->options.scheme == PMKT_RFM_THRESHOLD ? PMKT_RFM_BAND_HIGH + 1 : s->options.bins + 1;
}

static void name_cells(pmkt_rfm_scores *s) {
    const int32_t base = cell_base(s);
    if (base > PMKTI_CELL_BINS + 1) return;
    for (int32_t code = 0; code < base * base * base; code++) {
        const int32_t r = code / base / base, f = code / base % base, m = code % base;
        char *text = s->cell_names[code].text;
        if (code == 0) {
            (void)snprintf(text, PMKTI_NAME_ROOM, "no-order");
        } else if (s->options.scheme == PMKT_RFM_THRESHOLD) {
            (void)snprintf(text, PMKTI_NAME_ROOM, "%s-%s-%s", r ? activity_names[r] : "none",
                           band_names[f], band_names[m]);
        } else {
            (void)snprintf(text, PMKTI_NAME_ROOM, "%d-%d-%d", (int)r, (int)f, (int)m);
        }
    }
}

void pmkti_score_names(pmkt_rfm_scores *s) {
    if (s->options.scheme == PMKT_RFM_QUANTILE) {
        memcpy(s->segment_names[s->n_segments].text, "other", sizeof "other");
        memcpy(s->segment_names[s->n_segments + 1].text, "no-order", sizeof "no-order");
    }
    name_cells(s);
}

int32_t pmkt_rfm_scores_codes(const pmkt_rfm_scores *s, int32_t by) {
    if (!s) return -1;
    const int32_t base = cell_base(s);
    switch (by) {
        case PMKT_RFM_BY_SEGMENT:
            return s->options.scheme == PMKT_RFM_THRESHOLD ? PMKTI_CLASSES : s->n_segments + 2;
        case PMKT_RFM_BY_LIFECYCLE:
            return COUNT(lifecycle_names);
        case PMKT_RFM_BY_TIER:
            return s->n_tiers + 1; /* "unknown" is the last */
        case PMKT_RFM_BY_BRAND_STAGE:
            return COUNT(stage_names);
        case PMKT_RFM_BY_ACTIVITY:
            return COUNT(activity_names);
        case PMKT_RFM_BY_CELL:
            return base <= PMKTI_CELL_BINS + 1 ? base * base * base : -1;
        default:
            return -1;
    }
}

const char *pmkt_rfm_scores_name(const pmkt_rfm_scores *s, int32_t by, int32_t code) {
    if (code < 0 || code >= pmkt_rfm_scores_codes(s, by)) return NULL;
    switch (by) {
        case PMKT_RFM_BY_SEGMENT:
            return s->options.scheme == PMKT_RFM_THRESHOLD ? class_names[code]
                                                           : s->segment_names[code].text;
        case PMKT_RFM_BY_LIFECYCLE:
            return lifecycle_names[code];
        case PMKT_RFM_BY_TIER:
            return code < s->n_tiers ? s->tier_names[code].text : "unknown";
        case PMKT_RFM_BY_BRAND_STAGE:
            return stage_names[code];
        case PMKT_RFM_BY_ACTIVITY:
            return activity_names[code];
        default:
            return s->cell_names[code].text;
    }
}

int32_t pmkti_score_code(const pmkt_rfm_scores *s, int32_t by, size_t row) {
    const pmkti_columns *c = &s->col;
    const int32_t base = cell_base(s);
    switch (by) {
        case PMKT_RFM_BY_SEGMENT:
            return c->segment[row];
        case PMKT_RFM_BY_LIFECYCLE:
            return c->lifecycle[row];
        case PMKT_RFM_BY_TIER:
            return c->tier[row] == PMKT_RFM_TIER_UNKNOWN ? s->n_tiers : c->tier[row];
        case PMKT_RFM_BY_BRAND_STAGE:
            return c->brand_stage[row];
        case PMKT_RFM_BY_ACTIVITY:
            return c->activity[row];
        default:
            return (c->r[row] * base + c->f[row]) * base + c->m[row];
    }
}
