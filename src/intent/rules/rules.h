/*
 * rules.h (private) - compiled rules, as the parser makes them and the automaton reads them.
 */
#ifndef PMKTI_RULES_H
#define PMKTI_RULES_H

#include <stdatomic.h>
#include <stdbool.h>

#include "core/expr/build.h"
#include "pmkt/rules.h"

/* What a text may have; all are in the header. */
#define PMKTI_RULES_TEXT 1048576
#define PMKTI_RULES_MOST 250
#define PMKTI_RULES_WORDS 4 /* of bits of rules */
#define PMKTI_RULES_STEPS 16
#define PMKTI_RULES_COUNT 100
#define PMKTI_RULES_SUGGESTIONS 16
#define PMKTI_RULES_COLUMNS 32
#define PMKTI_RULES_CUSTOM 45
#define PMKTI_RULES_NAME 64
#define PMKTI_RULES_LONGEST (INT64_C(36500) * 86400000)

/* Kinds of events as a rule set sees them, so that a set of kinds is 64 bits: the library's own by their
   number, then the caller's that the text names, then all others. */
#define PMKTI_RULES_SLOTS 64
#define PMKTI_RULES_OTHERS (PMKTI_RULES_SLOTS - 1)

/* Fields of conditions, before the extra columns. */
enum {
    PMKTI_RULES_KIND,
    PMKTI_RULES_TIME,
    PMKTI_RULES_ITEM,
    PMKTI_RULES_CATEGORY,
    PMKTI_RULES_CHANNEL,
    PMKTI_RULES_AMOUNT,
    PMKTI_RULES_QUANTITY,
    PMKTI_RULES_DWELL,
    PMKTI_RULES_CART_AMOUNT,
    PMKTI_RULES_FIELDS
};

/* Ids that `same` and `different` may name: bit i is field PMKTI_RULES_ITEM + i. */
#define PMKTI_RULES_IDS 3

/* Some events: of one of the kinds, for which the condition, if any, holds. */
typedef struct pmkti_rules_what {
    uint64_t kinds; /* by slot; 0: none at all */
    pmkti_expr *where;
    /* What many conditions are: whether a field, as 64 bits, is from `least` to `least` + `span`. */
    bool is_range;
    int32_t field;
    uint64_t least, span;
} pmkti_rules_what;

typedef struct pmkti_rules_step {
    pmkti_rules_what what;
    int64_t within_ms; /* 0: any time */
    int32_t count;
} pmkti_rules_step;

typedef struct pmkti_rule {
    /* What the automaton reads. A stage is a number of events matched, 1 to n_stages; an event that takes a
       partial match from stage k to k + 1 must be of step[step_of[k]]. */
    pmkti_rules_what unless, absent;
    uint64_t kinds;    /* of all steps */
    int64_t within_ms; /* 0: any time */
    int64_t absent_ms; /* 0: it does not wait */
    int64_t cooldown_ms;
    double strength;
    int32_t first_step; /* in pmkt_rules.steps; the same of first_stage in step_of */
    int32_t first_stage;
    int32_t n_steps;
    int32_t n_stages;
    int32_t intent;
    uint8_t same;      /* bits of ids */
    uint8_t different; /* 0, or 1 + the number of an id */
    bool in_a_row;
    bool has_gaps;  /* a step must come within a time of the one before */
    bool restarts;  /* what ends its wait may also be an event of a step */
    bool is_single; /* one partial match of a key, the furthest, is as good as all */

    /* What it is called, as places in `chars` and `suggestions`. */
    int32_t name, cause; /* -1: none */
    int32_t first_suggestion, n_suggestions;
    int32_t at, end, line; /* in the text */
} pmkti_rule;

/* What an event of one kind can be to one rule. */
typedef struct pmkti_rules_turn {
    uint16_t
        steps; /* bits of those that name its kind; none: the kind is none of the rule's steps */
    uint16_t asked; /* of these, those that have a condition */
    bool unless, absent;
} pmkti_rules_turn;

/* What every event asks of every partial match. */
typedef struct pmkti_rules_brief {
    int64_t life_ms; /* `within`; INT64_MAX: any time */
    uint16_t n_stages;
    uint8_t same;
    bool has_gaps;
} pmkti_rules_brief;

/* What an event of one kind can be to all rules, as bits. */
typedef struct pmkti_rules_slots {
    uint64_t begins[PMKTI_RULES_WORDS];
    uint64_t concerns[PMKTI_RULES_WORDS]; /* any step, `unless` or `no` names the kind */
    uint64_t in_a_row[PMKTI_RULES_WORDS]; /* of these, those whose other keys it ends, too */
} pmkti_rules_slots;

typedef struct pmkti_rules_column {
    int32_t name; /* in `chars` */
    int32_t type; /* PMKT_TYPE_... */
} pmkti_rules_column;

struct pmkt_rules {
    pmkt_allocator allocator;
    _Atomic int64_t owners;
    char *text; /* NUL-terminated */
    int32_t length;
    pmkti_vector rules;       /* pmkti_rule */
    pmkti_vector steps;       /* pmkti_rules_step */
    pmkti_vector step_of;     /* uint8_t */
    pmkti_vector columns;     /* pmkti_rules_column */
    pmkti_vector chars;       /* char: names and suggestions, each with its NUL */
    pmkti_vector suggestions; /* int32_t, in `chars` */
    pmkti_vector pointers;    /* const char *, the same once all are there */
    uint16_t custom[PMKTI_RULES_CUSTOM];
    int32_t n_custom, n_intents;
    uint64_t conditions; /* slots whose events need their fields */
    uint64_t fields;     /* those that anything looks at, as bits */
    int32_t partials;    /* as of pmkt_rules_facts */

    uint64_t kinds; /* slots that concern any rule */
    pmkti_rules_slots of_slot[PMKTI_RULES_SLOTS];
    pmkti_rules_brief brief[PMKTI_RULES_MOST];
    int32_t n_words; /* of bits of rules */
    int32_t n_sames; /* the different `same` of the rules */
    uint8_t sames[1 << PMKTI_RULES_IDS];
    pmkti_vector turns; /* pmkti_rules_turn [PMKTI_RULES_SLOTS][rules] */
};

static inline const pmkti_rule *pmkti_rules_at(const pmkt_rules *r, int64_t i) {
    return (const pmkti_rule *)r->rules.at + i;
}

static inline const pmkti_rules_column *pmkti_rules_column_at(const pmkt_rules *r, int64_t i) {
    return (const pmkti_rules_column *)r->columns.at + i;
}

static inline const char *pmkti_rules_chars(const pmkt_rules *r, int32_t at) {
    return (const char *)r->chars.at + at;
}

static inline const pmkti_rules_turn *pmkti_rules_turn_at(const pmkt_rules *r, int32_t slot,
                                                          int32_t rule) {
    return (const pmkti_rules_turn *)r->turns.at + (ptrdiff_t)slot * r->rules.n + rule;
}

/* The slot of a kind that exists. */
static inline int32_t pmkti_rules_slot(const pmkt_rules *r, int32_t kind) {
    if (kind < PMKT_KIND_COUNT_) return kind;
    for (int32_t i = 0; i < r->n_custom; i++) {
        if (r->custom[i] == kind) return PMKT_KIND_COUNT_ + i;
    }
    return PMKTI_RULES_OTHERS;
}

/* Frees what a handle holds, and it; all zero but the allocator is fine. */
void pmkti_rules_destroy(pmkt_rules *r);

#endif
