/*
 * world_purchase.h - a shop of eight who look and put into the cart, half of whom order; a logistic
 * model of six rows. Included once, by the generated rows, after world_intent.h.
 */
#include <stdio.h>

#include "calls/world.h"
#include "support/batch.h"

static uint64_t digest_logistic(const pmkt_logistic *model) {
    static const double x[] = {-1, 0, 0.5, 2};
    double p[4];
    pmkt_logistic_facts facts = PMKT_LOGISTIC_FACTS_INIT;
    if (pmkt_logistic_info(model, &facts, NULL) || facts.columns != 1) return 0;
    if (pmkt_logistic_predict(model, x, 4, NULL, p, NULL)) return 0;
    return digest_add(digest_bytes(&facts, sizeof facts), digest_bytes(p, sizeof p));
}

/* Equal models are equal bytes. */
static uint64_t digest_purchases(const pmkt_purchase *model) {
    pmkt_buffer *buffer = NULL;
    if (pmkt_purchase_save_memory(model, NULL, NULL, &buffer, NULL)) return 0;
    const uint64_t digest = digest_bytes(pmkt_buffer_data(buffer), pmkt_buffer_size(buffer));
    pmkt_buffer_free(buffer);
    return digest;
}

static void fill_shop(world_in *in) {
    static const uint16_t kinds[] = {PMKT_KIND_VIEW, PMKT_KIND_CART, PMKT_KIND_ORDER};
    for (int i = 0; i < WORLD_SHOP; i++) {
        const int user = i / 3, step = i % 3;
        in->shop_user[i] = (uint64_t)user + 1;
        in->shop_time[i] = date(2024, 5, 1) + user * DAY + step * MINUTE;
        in->shop_kind[i] = step == 2 && user % 2 ? PMKT_KIND_VIEW : kinds[step];
        in->shop_item[i] = (uint64_t)(i % 5) + 4;
    }
    pmkt_events_init(&in->shop);
    in->shop.rows = WORLD_SHOP;
    in->shop.user = in->shop_user;
    in->shop.time = in->shop_time;
    in->shop.kind = in->shop_kind;
    in->shop.item = in->shop.category = in->shop_item;
}

/* Tables lie among the outputs, as they do with a caller. */
static void fill_purchase(world *w) {
    world_in *in = &w->in;
    fill_shop(in);
    for (int i = 0; i < WORLD_ROWS; i++) in->shares[i] = 0.125 * (i + 1);
    pmkt_logistic_data_init(&in->logistic_data);
    in->logistic_data.columns = 1;
    in->logistic_data.rows = WORLD_ROWS;
    in->logistic_data.x = in->numbers;
    in->logistic_data.y = in->ends;
    in->logistic_data.weight = in->quantities;
    in->logistic_data.cluster = in->ids;
    pmkt_logistic_options_init(&in->logistic_options);
    in->logistic_options.allocator = &in->allocator;
    pmkt_logistic_table_init(&in->logistic_table);
    in->logistic_table.coefficient = w->out.f64;
    in->logistic_table.standard_error = w->out.f64 + 2;
    in->logistic_table.deviation = w->out.f64 + 4;
    pmkt_binary_options_init(&in->binary_options);
    in->binary_options.cluster = in->ids;
    in->binary_options.rival = in->shares;
    in->binary_options.resamples = 5;
    in->binary_options.allocator = &in->allocator;
    pmkt_binary_diagram_init(&in->binary_diagram);
    in->binary_diagram.bins = 3;
    in->binary_diagram.predicted = w->out.f64;
    in->binary_diagram.low = w->out.f64 + 200;
    in->binary_diagram.n = w->out.i64;
    pmkt_purchase_options_init(&in->purchase_options);
    in->purchase_options.zone = &in->zone;
    pmkt_purchase_scores_init(&in->purchase_scores);
    in->purchase_scores.p_goal = w->out.f64;
    in->purchase_scores.time_ms = w->out.f64 + WORLD_SHOP;
    in->purchase_scores.next = w->out.u32;
    in->purchase_scores.next_p = w->out.f64 + 2 * WORLD_SHOP;
}

static void make_purchase(world *w) {
    pmkt_error *err = &w->err;
    fill_purchase(w);
    name_file(w->in.logistic_path, "logistic.pmkt");
    name_file(w->in.purchase_path, "purchase.pmkt");
    if (pmkt_logistic_fit(&w->in.logistic_data, &w->in.logistic_options, NULL, &w->logistic, err) ||
        pmkt_logistic_save(w->logistic, w->in.logistic_path, &w->in.save_options, NULL, err) ||
        pmkt_logistic_save_memory(w->logistic, NULL, NULL, &w->logistic_buffer, err)) {
        world_failed("a logistic model", err);
    }
    if (pmkt_purchase_fit(&w->in.shop, &w->in.intent_options, &w->in.purchase_options, NULL, NULL,
                          &w->purchase, err) ||
        pmkt_purchase_save(w->purchase, w->in.purchase_path, &w->in.save_options, NULL, err) ||
        pmkt_purchase_save_memory(w->purchase, NULL, NULL, &w->purchase_buffer, err)) {
        world_failed("a model of purchases", err);
    }
}

static void drop_purchase(world *w) {
    pmkt_logistic_release(w->logistic);
    pmkt_purchase_release(w->purchase);
    pmkt_buffer_free(w->logistic_buffer);
    pmkt_buffer_free(w->purchase_buffer);
    (void)remove(w->in.logistic_path);
    (void)remove(w->in.purchase_path);
}

static uint64_t digest_purchase(const world *w) {
    return digest_add(digest_logistic(w->logistic), digest_purchases(w->purchase));
}

static const world_part world_purchase = {make_purchase, drop_purchase, digest_purchase};
