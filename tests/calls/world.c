#include "calls/world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/batch.h"
#include "support/rfm_dump.h"

#define AS_OF date(2024, 7, 1)

/* ------------------------------------------------------------------ digests */

uint64_t digest_add(uint64_t digest, uint64_t number) {
    const uint64_t mixed = (digest ^ number) * UINT64_C(0x9E3779B97F4A7C15);
    return mixed ^ mixed >> 29;
}

uint64_t digest_bytes(const void *bytes, size_t n) {
    return digest_add(pmkt_id_of_bytes(bytes, n), n);
}

static uint64_t digest_dump(dump d) {
    const uint64_t digest = digest_bytes(d.at, d.n);
    dump_free(&d);
    return digest;
}

uint64_t digest_rfm(const pmkt_rfm *rfm) {
    pmkt_rfm_counters counters = PMKT_RFM_COUNTERS_INIT;
    if (pmkt_rfm_stats(rfm, &counters, NULL)) return 0;
    return digest_add(digest_dump(rfm_dump(rfm)), digest_bytes(&counters, sizeof counters));
}

uint64_t digest_scores(const pmkt_rfm_scores *scores) {
    return digest_dump(scores_dump(scores));
}

uint64_t world_digest(const world *w) {
    uint64_t digest = digest_bytes(&w->in, sizeof w->in);
    for (const world_part *const *part = world_parts; *part; part++) {
        digest = digest_add(digest, (*part)->digest(w));
    }
    return digest;
}

uint64_t world_outputs(const world *w) {
    return digest_bytes(&w->out, sizeof w->out);
}

uint64_t world_answers(const world *w) {
    uint64_t digest = digest_bytes(&w->out, offsetof(world_out, pointers_from_here_on));
    for (const world_part *const *part = world_parts; *part; part++) {
        digest = digest_add(digest, (*part)->digest(w));
    }
    return digest;
}

/* ------------------------------------------------------------------- inputs */

static void make_columns(world_in *in) {
    static const double QUANTITIES[WORLD_ROWS] = {1, 2, 1, 1, 3, 1};
    for (int i = 0; i < WORLD_ROWS; i++) {
        in->ids[i] = (uint64_t)(i % 4) + 1;
        in->times[i] = AS_OF - (20 + 25 * i) * DAY;
        in->amounts[i] = 1000 * (i + 1);
        in->orders[i] = (uint64_t)i + 100;
        in->kinds[i] = i == 4 ? PMKT_KIND_VIEW : PMKT_KIND_ORDER;
        in->numbers[i] = i + 1;
        in->offsets[i + 1] = 3 * (i + 1);
        in->bought[i] = (uint64_t)(i % 3) + 1;
        in->at[i + 1] = i + 1;
    }
    memcpy(in->quantities, QUANTITIES, sizeof QUANTITIES);
    memcpy(in->strings, "annbobcyndaneveflo", 18);
}

/* The C heap, as an allocator of the caller's. */
static void *heap(void *ctx, void *p, size_t old, size_t size, size_t align) {
    (void)ctx;
    void *more = size ? aligned_alloc(align, (size + align - 1) / align * align) : NULL;
    if (more && p) memcpy(more, p, old < size ? old : size);
    if (more || size == 0) free(p);
    return more;
}

static void make_structs(world_in *in) {
    in->allocator = (pmkt_allocator){heap, NULL};
    in->transitions[0] = (pmkt_transition){date(2024, 3, 31), 120, 0};
    in->transitions[1] = (pmkt_transition){date(2024, 10, 27), 60, 0};
    in->zone = (pmkt_zone){sizeof in->zone, 60, in->transitions, 2};
    pmkt_run_init(&in->run);
    in->run.threads = 1;
    pmkt_events_init(&in->events);
    in->events.rows = WORLD_ROWS;
    in->events.user = in->ids;
    in->events.time = in->times;
    in->events.order = in->orders;
    in->events.item = in->bought;
    in->events.category = in->bought;
    in->events.amount = in->amounts;
    in->events.kind = in->kinds;
    memcpy(in->events.currency, "CNY", 3);
    in->events.currency_exponent = 2;
    pmkt_rfm_options_init(&in->rfm_options);
    in->rfm_options.zone = &in->zone;
    pmkt_rfm_score_options_init(&in->score_options);
    in->tiers[0] = (pmkt_rfm_tier){"silver", 0};
    in->tiers[1] = (pmkt_rfm_tier){"gold", 5000};
    in->segments[0] = (pmkt_rfm_segment){"best", 4, 5, 4, 5, 4, 5, {0, 0}};
    in->score_options.tiers = in->tiers;
    in->score_options.n_tiers = 2;
    pmkt_save_options_init(&in->save_options);
    in->save_options.unsynced = 1;
    pmkt_load_options_init(&in->load_options);
    pmkt_ids_options_init(&in->ids_options);
    pmkt_items_init(&in->items);
    in->items.rows = 4;
    in->items.item = in->ids;
    in->items.price = in->amounts;
    pmkt_arrow_options_init(&in->arrow_options);
    pmkt_arrow_columns_init(&in->arrow_columns);
    in->arrow_columns.user = "user";
    in->arrow_columns.time = "time";
    in->arrow_columns.every_kind = PMKT_KIND_VIEW;
    pmkt_arrow_item_columns_init(&in->arrow_item_columns);
    in->arrow_item_columns.item = "item";
}

/* What a tracker answers goes to arrays that lie among the outputs. */
static void make_tracker_outputs(world_out *out) {
    pmkt_tracker_counts_init(&out->tracker_counts);
    pmkt_tracker_answers_init(&out->tracker_answers);
    out->tracker_answers.p_goal = out->f64;
    out->tracker_answers.next = out->u32;
    out->tracker_answers.rule = out->i32;
    out->tracker_answers.fired = out->tracker_fired;
    out->tracker_answers.room = WORLD_FIRED;
    pmkt_tracker_evidence_init(&out->tracker_evidence);
    out->tracker_evidence.event = out->tracker_events;
    out->tracker_evidence.room = sizeof out->tracker_events / sizeof *out->tracker_events;
}

static void make_outputs(world_out *out) {
    memset(out, 0x77, sizeof *out);
    pmkt_report_init(&out->report);
    pmkt_rfm_counters_init(&out->rfm_counters);
    pmkt_rfm_options_init(&out->made_with);
    pmkt_intent_options_init(&out->chains_with);
    pmkt_purchase_options_init(&out->purchase_with);
    pmkt_rfm_rates_init(&out->rates);
    pmkt_rfm_columns_init(&out->columns);
    pmkt_ids_counters_init(&out->ids_counters);
    pmkt_file_info_init(&out->file_info);
    pmkt_cf_data_counts_init(&out->cf_counts);
    pmkt_cf_facts_init(&out->cf_facts);
    pmkt_intent_facts_init(&out->intent_facts);
    pmkt_logistic_facts_init(&out->logistic_facts);
    pmkt_binary_result_init(&out->binary_result);
    pmkt_purchase_facts_init(&out->purchase_facts);
    pmkt_cf_matrix_init(&out->by_user);
    pmkt_cf_matrix_init(&out->by_item);
    pmkt_cf_factors_init(&out->cf_factors);
    pmkt_cf_figures_init(&out->figures);
    pmkt_attribution_table_init(&out->attribution);
    pmkt_attribution_orders_init(&out->path_orders);
    pmkt_attribution_paths_init(&out->paths);
    pmkt_funnel_columns_init(&out->funnel_columns);
    pmkt_paths_columns_init(&out->paths_columns);
    pmkt_rules_facts_init(&out->rules_facts);
    pmkt_rule_init(&out->rule);
    pmkt_rules_matches_columns_init(&out->matches_columns);
    make_tracker_outputs(out);
}

/* ------------------------------------------------------------------ handles */

void world_failed(const char *what, const pmkt_error *err) {
    (void)fprintf(stderr, "the world cannot be made: %s: %s\n", what, err->message);
    exit(1);
}

static void make_core(world *w) {
    pmkt_error *err = &w->err;
    if (pmkt_rfm_new(NULL, &w->rfm, err) || pmkt_rfm_new(NULL, &w->other_rfm, err) ||
        pmkt_rfm_add(w->rfm, &w->in.events, NULL, NULL, err) ||
        pmkt_rfm_forget(w->rfm, w->in.ids, 1, date(2023, 1, 1), NULL, err) ||
        pmkt_rfm_add(w->other_rfm, &w->in.events, NULL, NULL, err)) {
        world_failed("states", err);
    }
    if (pmkt_rfm_score(w->rfm, AS_OF - 60 * DAY, NULL, NULL, &w->before, err) ||
        pmkt_rfm_score(w->rfm, AS_OF, NULL, NULL, &w->after, err) ||
        pmkt_rfm_migrate(w->before, w->after, PMKT_RFM_BY_ACTIVITY, NULL, &w->migration, err)) {
        world_failed("scores", err);
    }
}

static void drop_core(world *w) {
    pmkt_rfm_migration_free(w->migration);
    pmkt_rfm_scores_free(w->before);
    pmkt_rfm_scores_free(w->after);
    pmkt_rfm_free(w->rfm);
    pmkt_rfm_free(w->other_rfm);
}

static uint64_t digest_core(const world *w) {
    uint64_t digest = digest_rfm(w->rfm);
    digest = digest_add(digest, digest_rfm(w->other_rfm));
    digest = digest_add(digest, digest_scores(w->before));
    return digest_add(digest, digest_scores(w->after));
}

const world_part world_core = {make_core, drop_core, digest_core};

void world_make(world *w) {
    memset(w, 0, sizeof *w);
    make_columns(&w->in);
    make_structs(&w->in);
    for (const world_part *const *part = world_parts; *part; part++) (*part)->make(w);
    make_outputs(&w->out);
}

void world_drop(world *w) {
    size_t n = 0;
    while (world_parts[n]) n++;
    while (n-- > 0) world_parts[n]->drop(w);
}
