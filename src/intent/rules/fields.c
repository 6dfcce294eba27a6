#include "intent/rules/fields.h"

#include <string.h>

#include "core/error.h"

static void fill_missing(pmkti_rules_fields *f) {
    static const int32_t TYPES[] = {0, PMKTI_EXPR_INT, PMKTI_EXPR_ID, PMKTI_EXPR_DOUBLE};
    for (int32_t k = 0; k < f->rules->columns.n; k++) {
        const int32_t type = TYPES[pmkti_rules_column_at(f->rules, k)->type];
        f->value[PMKTI_RULES_FIELDS + k] = pmkti_expr_missing(type);
    }
}

static pmkt_status find(pmkti_rules_fields *f, int32_t k, pmkt_error *err) {
    static const char *const TYPES[] = {"", "int64", "uint64", "double"};
    const pmkti_rules_column *c = pmkti_rules_column_at(f->rules, k);
    const char *name = pmkti_rules_chars(f->rules, c->name);
    f->column[k] = NULL;
    for (int64_t i = 0; i < f->events->n_extra; i++) {
        const pmkt_column *x = &f->events->extra[i];
        if (strcmp(x->name, name) != 0) continue;
        if (x->type != c->type) {
            return pmkti_fail(err, PMKT_E_INVALID,
                              "events.extra \"%s\" is %s, but the rules declare it as %s", name,
                              TYPES[x->type], TYPES[c->type]);
        }
        f->column[k] = x->data;
    }
    return PMKT_OK;
}

pmkt_status pmkti_rules_fields_find(const pmkt_rules *r, const pmkt_events *ev,
                                    pmkti_rules_fields *f, pmkt_error *err) {
    pmkt_status status = PMKT_OK;
    f->rules = r;
    f->events = ev;
    for (int32_t k = 0; k < r->columns.n && !status; k++) status = find(f, k, err);
    if (!status) fill_missing(f);
    return status;
}

void pmkti_rules_fields_fill(pmkti_rules_fields *f, const pmkti_rules_row *e) {
    const pmkt_events *ev = f->events;
    pmkti_value *v = f->value;
    v[PMKTI_RULES_KIND].i = e->kind;
    v[PMKTI_RULES_TIME].i = e->time;
    for (int32_t i = 0; i < PMKTI_RULES_IDS; i++) v[PMKTI_RULES_ITEM + i].id = e->id[i];
    v[PMKTI_RULES_AMOUNT].i = ev->amount ? ev->amount[e->row] : PMKTI_INT_MISSING;
    v[PMKTI_RULES_QUANTITY].i = ev->quantity ? ev->quantity[e->row] : PMKTI_INT_MISSING;
    const bool is_first = e->before == PMKTI_INT_MISSING;
    v[PMKTI_RULES_DWELL].i = is_first ? PMKTI_INT_MISSING : e->time - e->before;
    v[PMKTI_RULES_CART_AMOUNT].i = e->cart_amount;
    for (int32_t k = 0; k < f->rules->columns.n; k++) { /* what is missing was filled in once */
        const char *data = f->column[k];
        if (data) memcpy(&v[PMKTI_RULES_FIELDS + k], data + e->row * 8, 8);
    }
}
