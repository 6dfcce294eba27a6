/*
 * convert_kind.c - numbers and texts to kinds of events.
 */
#include "core/arrow/convert.h"

static void put(const pmkti_conversion *c, int64_t row, int32_t kind) {
    ((uint16_t *)c->out)[row] = (uint16_t)kind;
    if (kind == PMKT_KIND_NONE) pmkti_convert_bad(c, row, PMKT_BAD_KIND);
}

static void kinds_of_integers(const pmkti_conversion *c, int64_t from, int64_t to) {
    const pmkti_arrow_kinds *kinds = &c->rules->kinds;
    const int32_t type = c->in.view.type.kind;
    int64_t number[PMKTI_ARROW_STRIDE];
    for (int64_t i = from; i < to; i += PMKTI_ARROW_STRIDE) {
        const int64_t stride = pmkti_stride(i, to);
        pmkti_load_integers(&c->in.view, type, i, stride, number);
        for (int64_t j = 0; j < stride; j++) {
            if (!pmkti_known(c->in.valid, i + j)) {
                ((uint16_t *)c->out)[i + j] = PMKT_KIND_NONE;
                continue;
            }
            const bool too_large = type == PMKTI_ARROW_UINT64 && number[j] < 0;
            put(c, i + j,
                too_large ? PMKT_KIND_NONE : pmkti_arrow_kind_of_number(kinds, number[j]));
        }
    }
}

void pmkti_convert_kinds(const pmkti_conversion *c, int64_t from, int64_t to) {
    if (pmkti_arrow_is_integer(c->in.view.type.kind)) {
        kinds_of_integers(c, from, to);
        return;
    }
    for (int64_t i = from; i < to; i++) {
        if (!pmkti_known(c->in.valid, i)) {
            ((uint16_t *)c->out)[i] = PMKT_KIND_NONE;
            continue;
        }
        size_t length = 0;
        const char *text = pmkti_arrow_text(&c->in.view, i, &length);
        put(c, i, pmkti_arrow_kind_of_text(&c->rules->kinds, text, length));
    }
}
