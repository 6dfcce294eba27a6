/*
 * saved.h - what a snapshot of a tracker looks like:
 *
 *   1 HEAD     one head
 *   2 ACTIONS  uint32, ascending: those of the model, in whose order counts are; empty without a model
 *   3 RULES    the text of the rules, in whose order rules and intents are numbered; only if there are any
 *   4 USERS    of each user a pmkti_saved_user, and behind it
 *                uint8 [actions]                how often each, as of the visitor
 *                pmkti_rules_packed [entries]
 *                pmkti_trail_event [events]     the oldest first
 *                pmkti_saved_fire [fires]       likewise
 *
 * Users ascend by pmkti_tracker_hash(): that is shard after shard, whatever their number, so that one shard after
 * the other can be written. A number of a node would say nothing without the model that has it, so a visitor's
 * place is its context, as the key of a pmkti_node.
 */
#ifndef PMKTI_TRACKER_SAVED_H
#define PMKTI_TRACKER_SAVED_H

#include "core/container.h"
#include "intent/rules/pack.h"
#include "intent/tracker/tracker.h"

enum {
    PMKTI_SAVED_HEAD = 1,
    PMKTI_SAVED_ACTIONS,
    PMKTI_SAVED_RULES,
    PMKTI_SAVED_USERS
};

#define PMKTI_SAVED_VERSION 1 /* of each */

typedef struct pmkti_saved_head {
    int64_t users;
    int64_t clock_ms; /* INT64_MIN: there was none */
    int32_t has_model;
    int32_t by_session; /* as of the model */
} pmkti_saved_head;

/* Names are those of pmkti_visitor and pmkti_live; without a model only the latter have a value, and `last`. */
typedef struct pmkti_saved_user {
    uint64_t user;
    int64_t last;
    double evidence, dwell_sum;
    uint64_t met[PMKTI_THINGS];
    uint64_t since, since_order;
    uint64_t context;
    int64_t cart_amount;
    uint32_t key[PMKTI_THINGS][PMKTI_MEMORY];
    uint32_t elapsed, session;
    uint16_t sessions, buys, orders, events;
    uint16_t n_entries, n_events;
    uint8_t events_with[PMKTI_THINGS][2];
    uint8_t cart, favorite, past, n_fires;
    uint32_t reserved;
} pmkti_saved_user;

typedef struct pmkti_saved_fire {
    int64_t time, since;
    uint32_t key;
    int32_t rule; /* -1: none */
} pmkti_saved_fire;

_Static_assert(sizeof(pmkti_saved_head) == 24, "a head has no holes");
_Static_assert(sizeof(pmkti_saved_user) == 144, "nor has a user");
_Static_assert(sizeof(pmkti_trail_event) == 48, "nor has an event");
_Static_assert(sizeof(pmkti_saved_fire) == 24, "nor has a firing");

#endif
