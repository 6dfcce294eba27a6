/*
 * rules.h - rules as data: a text that says what people do before they hesitate, compare or leave, and what to
 * answer. Marketers edit it; a program reads it at run time, and asks how often it would have fired.
 *
 *     # three searches of one product in a row without an order
 *     intent hesitating {
 *         when 3 search
 *         same item
 *         in a row
 *         unless order
 *         strength 0.7
 *         cooldown 30 min
 *         suggest "live expert", "buyers' reviews"
 *     }
 *     intent abandoning cause price {
 *         when cart then view where (amount < cart.amount) then no order or checkout for 30 min
 *         same category  different item  within 1 day
 *         suggest "20 off for 3 hours"
 *     }
 *
 *     pmkt_rules_parse(text, strlen(text), NULL, &rules, &err);
 *     pmkt_rules_match(rules, &events, NULL, NULL, NULL, &matches, &err);
 *     pmkt_rules_matches_columns_of(matches, &c, &err);   // c.user[i] fired c.rule[i] at c.time[i]
 *
 * Grammar (EBNF; words are case-insensitive, names are not; UTF-8; "#" begins a comment)
 *
 *     rules    = { columns } { intent } ;
 *     columns  = "columns" name type { "," name type } ;      type = "int" | "double" | "id" ;
 *     intent   = "intent" name [ "cause" name ] "{" "when" step { "then" step }
 *                [ "then" "no" what "for" duration ] { clause } "}" ;
 *     step     = [ integer ] what [ "within" duration ] ;
 *     what     = kind { "or" kind } [ "where" "(" expression ")" ] ;
 *     kind     = "event" | name | integer ;
 *     clause   = "same" id | "different" id | "in" "a" "row" | "unless" what | "within" duration
 *              | "strength" number | "cooldown" duration | "suggest" text { "," text } ;
 *     id       = "item" | "category" | "channel" ;
 *     duration = number unit ;        "90 s", "30 min", "3 h", "1 day", "2 weeks", as in expressions
 *     name     = word { "." word } ;  text = "'" ... "'" | '"' ... '"' ;
 *
 * A kind is a name as of pmkt_kind_name(), the number of a kind of one's own (256 to 65,535), or `event`: any.
 *
 * What fires. Each user's events stand in the order of time, those of one instant in that of the rows. A rule
 * matches at an event if that is the last of some events of the user, in this order, such that
 *
 *  - they are what the steps say, one after the other; `3 search` is three of them. Events between them do
 *    not matter, but for what follows;
 *  - `same item`: all have the same, and none is without. Several fields may be named, in several clauses;
 *  - `different item`: each has one, other than that of the event before it in the match;
 *  - `within` behind a step: all events of the step are at most so long after the event before the step; those
 *    of the first step, after its first. In `a then b then c within 1 h` that is of c, after b;
 *  - `within` as a clause, that is after another clause or after "then no": the last is at most so long
 *    after the first;
 *  - `unless`: no such event stands between them, the ends excluded. With `same`, only an event of the same
 *    counts, or one without. An event that is both, of `unless` and of a step, is no step;
 *  - `in a row`: no event of a kind that is among the kinds of the steps stands between them, whatever its
 *    item. (Where the text says `3 search`, three searches that follow one another, whatever else is done in
 *    between.)
 *
 * `then no order for 30 min` waits, after the last of these events, for so long. An order (with `same`, one of
 * the same, or one without) ends the wait, even at its last instant, and so do events of `unless` and of
 * `in a row`. If none comes, the rule matches at the last event + 30 min, as soon as the clock is past that;
 * of several waits at a time the first to be over ends the others. What no step takes, and `no` names, ends
 * what has not come so far, too: after cart, order, view nothing waits.
 *
 * Events are used once: when a rule has matched, its events so far (with `same`: those of the same) take no
 * further part in matches of that rule. Of the rules of one intent that match at one event (or, waiting, at
 * one time), the strongest fires alone, of equally strong ones the first in the text. When a rule with a
 * `cooldown` has fired, its intent does not fire again for that user for so long; exactly then it may. What
 * matches meanwhile is counted and gone.
 *
 * Conditions are expressions over the event: kind (an integer), time, item, category, channel (ids; a text
 * in quotes is the id of that string), amount (integer, minor units), quantity (integer), dwell (a duration:
 * the time since the user's event before; missing at the first), cart.amount (the amount of the user's latest
 * cart event up to this one; missing before any), and extra columns of the batch that `columns` declares, which
 * are missing in a batch without. They know =, !=, <, <=, >, >=, between, in, is missing, is known, and, or,
 * not, + - * / %. A comparison with what is missing is unknown, and an unknown condition does not hold.
 *
 * Memory of a user is bounded: of each rule, each key (of `same`) and each number of events matched the
 * best partial match is kept, and of all these together `partials`. If there is no room, that which has not
 * gone on for longest goes, and is counted as dropped: then something may not fire that would have, so give
 * rules a `within`, by which partial matches end. Keys are compared by 32 bits of their hash.
 *
 * Limits: 1 MiB of text, 250 rules, 16 steps, a count of 100, 16 suggestions, 32 extra columns, 45 different
 * kinds of one's own, names of 64 bytes, durations of 36,500 days.
 */
#ifndef PMKT_RULES_H
#define PMKT_RULES_H

#include <stddef.h>

#include "events.h"

#ifdef __cplusplus
extern "C" {
#endif

/* -------------------------------------------------------------------- rules */

/* Compiled rules: immutable, counted. */
typedef struct pmkt_rules pmkt_rules;

/* How to read them. */
typedef struct pmkt_rules_options {
    uint32_t struct_size;            /* sizeof(pmkt_rules_options) */
    int32_t reserved;                /* 0 */
    const pmkt_zone *zone;           /* of dates in conditions; NULL = UTC */
    const pmkt_allocator *allocator; /* NULL = the C heap; copied */
} pmkt_rules_options;

#define PMKT_RULES_OPTIONS_INIT \
    { sizeof(pmkt_rules_options), 0, NULL, NULL }

static inline void pmkt_rules_options_init(pmkt_rules_options *options) {
    const pmkt_rules_options defaults = PMKT_RULES_OPTIONS_INIT;
    *options = defaults;
}

/*
 * Compiles a text of `length` bytes; without any rule it is fine, too.
 *
 * Errors: PMKT_E_PARSE: the text is not of the grammar; where = the byte, and the message begins "line 3,
 * column 14: ", counted from 1, columns in characters. PMKT_E_LIMIT names the limit, with the place as well.
 * PMKT_E_INVALID, PMKT_E_NOMEM. Any thread. O(length). Since 0.3.
 */
PMKT_API pmkt_status pmkt_rules_parse(const char *text, size_t length,
                                      const pmkt_rules_options *options, pmkt_rules **rules,
                                      pmkt_error *err);

/*
 * The text of the built-in rules, a static string: hesitating, preparing, abandoning (by price, stock, process
 * or neither), comparing, browsing. It declares the columns `stock` (how many there are of the item) and
 * `page` (such as 'coupon'), whose rules do not fire without them. Since 0.3.
 */
PMKT_API const char *pmkt_rules_builtin(void);

/* One more owner; the same rules. NULL is fine. Any number of threads. Since 0.3. */
PMKT_API pmkt_rules *pmkt_rules_retain(const pmkt_rules *rules);

/* One owner less; the last one frees the rules. NULL is fine. Any number of threads. Since 0.3. */
PMKT_API void pmkt_rules_release(const pmkt_rules *rules);

/* What there is. */
typedef struct pmkt_rules_facts {
    uint32_t struct_size; /* in: sizeof(pmkt_rules_facts) */
    int32_t rules;
    int32_t intents;  /* different ones */
    int32_t columns;  /* extra columns declared */
    int32_t partials; /* what all rules need for one user who is concerned with one key of each */
    int32_t reserved; /* 0 */
    int64_t bytes;    /* memory */
    uint64_t hash;    /* XXH3-64 of the text */
} pmkt_rules_facts;

#define PMKT_RULES_FACTS_INIT \
    { sizeof(pmkt_rules_facts), 0, 0, 0, 0, 0, 0, 0 }

static inline void pmkt_rules_facts_init(pmkt_rules_facts *facts) {
    const pmkt_rules_facts empty = PMKT_RULES_FACTS_INIT;
    *facts = empty;
}

/* Errors: PMKT_E_INVALID. Any number of threads. O(1). Since 0.3. */
PMKT_API pmkt_status pmkt_rules_info(const pmkt_rules *rules, pmkt_rules_facts *out,
                                     pmkt_error *err);

/* A rule; what it points to belongs to the rules. */
typedef struct pmkt_rule {
    uint32_t struct_size; /* in: sizeof(pmkt_rule) */
    int32_t line;         /* of the text, from 1 */
    const char *intent;
    const char *cause; /* NULL: none */
    double strength;   /* 0 to 1; 0.5 where the text has none */
    int64_t cooldown_ms;
    const char *const *suggestions; /* [n_suggestions] */
    int64_t n_suggestions;
    const char *text; /* [length] the rule as it was written, not NUL-terminated */
    int64_t length;
    int64_t at; /* the byte of the text at which it begins */
} pmkt_rule;

#define PMKT_RULE_INIT \
    { sizeof(pmkt_rule), 0, NULL, NULL, 0, 0, NULL, 0, NULL, 0, 0 }

static inline void pmkt_rule_init(pmkt_rule *rule) {
    const pmkt_rule empty = PMKT_RULE_INIT;
    *rule = empty;
}

/*
 * Rule i, in the order of the text, from 0. Errors: PMKT_E_INVALID. Any number of threads. O(1). Since 0.3.
 */
PMKT_API pmkt_status pmkt_rules_rule(const pmkt_rules *rules, int64_t i, pmkt_rule *out,
                                     pmkt_error *err);

/* ------------------------------------------------------------------ matches */

/* How to match. */
typedef struct pmkt_rules_match_options {
    uint32_t struct_size; /* sizeof(pmkt_rules_match_options) */
    int32_t partials;     /* 32: partial matches and cooldowns kept of a user; to 1,024 */
    int64_t until_ms;     /* the clock at the end, not before the last event; 0: the time of that */
    const pmkt_allocator *allocator; /* NULL = the C heap; copied */
} pmkt_rules_match_options;

#define PMKT_RULES_MATCH_OPTIONS_INIT \
    { sizeof(pmkt_rules_match_options), 0, 0, NULL }

static inline void pmkt_rules_match_options_init(pmkt_rules_match_options *options) {
    const pmkt_rules_match_options defaults = PMKT_RULES_MATCH_OPTIONS_INIT;
    *options = defaults;
}

/* What fired (immutable). */
typedef struct pmkt_rules_matches pmkt_rules_matches;

/*
 * Matches a batch, each user from the beginning. What waits fires if the clock at the end is past it.
 *
 * Errors: PMKT_E_INVALID, also for an extra column of another type than declared, and an until_ms before the
 * last event; PMKT_E_BAD_ROW; PMKT_E_CANCELED; PMKT_E_NOMEM. Any thread; rules may be shared. O(rows * (rules
 * that name the kind) * partials) at the worst; up to about 70 bytes a row, and 90 a match, meanwhile. Since 0.3.
 */
PMKT_API pmkt_status pmkt_rules_match(const pmkt_rules *rules, const pmkt_events *events,
                                      const pmkt_rules_match_options *options, const pmkt_run *run,
                                      pmkt_report *report, pmkt_rules_matches **matches,
                                      pmkt_error *err);

/* Frees matches; their columns go with them. Since 0.3. */
PMKT_API void pmkt_rules_matches_free(pmkt_rules_matches *matches);

/* What fired, by time, then user, rule and row; borrowed until _free. */
typedef struct pmkt_rules_matches_columns {
    uint32_t struct_size; /* in: sizeof(pmkt_rules_matches_columns) */
    int32_t reserved;
    int64_t n;
    const int64_t *row;     /* [n] of the batch, at which the rule fired; -1: a wait ended */
    const uint64_t *user;   /* [n] */
    const int64_t *time;    /* [n] of the event; of a wait, its last instant */
    const int32_t *rule;    /* [n] as of pmkt_rules_rule */
    const double *strength; /* [n] of the rule */
    int64_t users;          /* in the batch */
    int64_t suppressed;     /* matches besides, in a cooldown */
    int64_t outranked;      /* matches besides, of an intent that fired by a stronger rule */
    int64_t dropped;        /* partial matches and cooldowns that had to make room */
    const int64_t *since;   /* [n] time of the first event of the match, or of one of several */
} pmkt_rules_matches_columns;

#define PMKT_RULES_MATCHES_COLUMNS_INIT \
    { sizeof(pmkt_rules_matches_columns), 0, 0, NULL, NULL, NULL, NULL, NULL, 0, 0, 0, 0, NULL }

static inline void pmkt_rules_matches_columns_init(pmkt_rules_matches_columns *columns) {
    const pmkt_rules_matches_columns empty = PMKT_RULES_MATCHES_COLUMNS_INIT;
    *columns = empty;
}

/* Errors: PMKT_E_INVALID. Any number of threads. O(1). Since 0.3. */
PMKT_API pmkt_status pmkt_rules_matches_columns_of(const pmkt_rules_matches *matches,
                                                   pmkt_rules_matches_columns *out,
                                                   pmkt_error *err);

#ifdef __cplusplus
}
#endif

#endif
