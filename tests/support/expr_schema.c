#include "core/expr/ops.h"
#include "support/expr.h"

static pmkti_value twice(const pmkti_expr_call *call, const pmkti_value *args) {
    (void)call;
    return (pmkti_value){.d = pmkti_mul_d(args[0].d, 2.0)};
}

static pmkti_value half(const pmkti_expr_call *call, const pmkti_value *args) {
    (void)call;
    return (pmkti_value){.d = pmkti_mul_d(args[0].d, 0.5)};
}

static void half_of_all(const pmkti_expr_call *call, const void *const *args, int64_t n,
                        void *out) {
    (void)call;
    for (int64_t i = 0; i < n; i++) {
        ((double *)out)[i] = pmkti_mul_d(((const double *)args[0])[i], 0.5);
    }
}

static pmkti_value both(const pmkti_expr_call *call, const pmkti_value *args) {
    (void)call;
    return (pmkti_value){.i = args[0].i < args[1].i ? args[0].i : args[1].i};
}

static void both_of_all(const pmkti_expr_call *call, const void *const *args, int64_t n,
                        void *out) {
    (void)call;
    const uint8_t *a = args[0], *b = args[1];
    for (int64_t i = 0; i < n; i++) ((uint8_t *)out)[i] = a[i] < b[i] ? a[i] : b[i];
}

static pmkti_value row(const pmkti_expr_call *call, const pmkti_value *args) {
    (void)args;
    return (pmkti_value){.i = call->row};
}

static pmkti_value same(const pmkti_expr_call *call, const pmkti_value *args) {
    (void)call;
    return (pmkti_value){.i = args[0].id == args[1].id ? PMKTI_TRUE : PMKTI_FALSE};
}

static pmkti_value since(const pmkti_expr_call *call, const pmkti_value *args) {
    const int64_t *now = call->input;
    return (pmkti_value){.i = pmkti_sub_i(now ? *now : 0, args[0].i)};
}

static pmkti_value one(const pmkti_expr_call *call, const pmkti_value *args) {
    (void)args;
    return (pmkti_value){.i = *(const int64_t *)call->ctx};
}

static int64_t one_ctx = 1;

static const pmkti_expr_name fields[EXPR_FIELDS] = {
    {"vip", PMKTI_EXPR_BOOL},        {"b", PMKTI_EXPR_BOOL},          {"i", PMKTI_EXPR_INT},
    {"order.count", PMKTI_EXPR_INT}, {"spend", PMKTI_EXPR_DOUBLE},    {"x", PMKTI_EXPR_DOUBLE},
    {"last_order", PMKTI_EXPR_TIME}, {"gap", PMKTI_EXPR_DURATION},    {"city", PMKTI_EXPR_TEXT},
    {"item", PMKTI_EXPR_ID},         {"标签.高价值", PMKTI_EXPR_BOOL}};

static const pmkti_expr_name params[EXPR_PARAMS] = {{"now", PMKTI_EXPR_TIME},
                                                    {"least", PMKTI_EXPR_INT},
                                                    {"place", PMKTI_EXPR_TEXT},
                                                    {"flag", PMKTI_EXPR_BOOL},
                                                    {"rate", PMKTI_EXPR_DOUBLE}};

static const pmkti_expr_function functions[] = {
    {"twice", PMKTI_EXPR_DOUBLE, 1, {PMKTI_EXPR_DOUBLE}, twice, NULL, NULL},
    {"half", PMKTI_EXPR_DOUBLE, 1, {PMKTI_EXPR_DOUBLE}, half, half_of_all, NULL},
    {"both", PMKTI_EXPR_BOOL, 2, {PMKTI_EXPR_BOOL, PMKTI_EXPR_BOOL}, both, both_of_all, NULL},
    {"row", PMKTI_EXPR_INT, 0, {0}, row, NULL, NULL},
    {"same", PMKTI_EXPR_BOOL, 2, {PMKTI_EXPR_ID, PMKTI_EXPR_ID}, same, NULL, NULL},
    {"since", PMKTI_EXPR_DURATION, 1, {PMKTI_EXPR_TIME}, since, NULL, NULL},
    {"one", PMKTI_EXPR_INT, 0, {0}, one, NULL, &one_ctx},
};

const pmkti_expr_schema expr_schema = {fields,    EXPR_FIELDS,
                                       params,    EXPR_PARAMS,
                                       functions, (int32_t)(sizeof functions / sizeof *functions),
                                       NULL};

void expr_params(pmkti_value values[EXPR_PARAMS]) {
    values[EXPR_NOW].i = INT64_C(1767571200000); /* 2026-01-05 */
    values[EXPR_LEAST].i = 3;
    values[EXPR_PLACE].id = pmkt_id_of_bytes("Suzhou", 6);
    values[EXPR_FLAG].i = PMKTI_TRUE;
    values[EXPR_RATE].d = 0.25;
}
