/*
 * snapshots.h - for tests of the files of trackers: a shop whose events come in the order of time, a model and rules for
 * it, and all that a tracker says while it hears some of them.
 */
#ifndef PMKT_TEST_SNAPSHOTS_H
#define PMKT_TEST_SNAPSHOTS_H

#include "support/files.h"
#include "support/shop.h"

/* Rules that wait, cool down, tell items apart, and have conditions; and the same, edited. */
#define SHOP_RULES \
    "intent again { when 3 view same item within 2 days cooldown 3 h }\n" \
    "intent leaving { when cart then view where (amount > 3) then no order for 3 h within 1 " \
    "day }\n" \
    "intent leaving cause slow { when cart then no order for 1 day cooldown 2 days strength 0.3 " \
    "}\n" \
    "intent comparing { when view then view then view different item within 1 h unless cart }\n" \
    "intent keen { when favorite then cart within 3 h }\n"
#define SHOP_RULES_EDITED \
    "intent keen { when favorite then cart within 3 h }\n" \
    "intent again { when 4 view same item within 2 days cooldown 3 h }\n" \
    "intent leaving cause slow { when cart then no order for 1 day cooldown 2 days strength 0.3 " \
    "}\n" \
    "intent new { when 2 click }\n"

/* How sessions are cut. */
enum {
    SHOP_COLUMN,  /* by silence */
    SHOP_SESSIONS /* by events.session */
};

typedef struct shop_floor {
    visits v;
    int64_t *amount;
    pmkt_events ev; /* all of them */
    pmkt_purchase *model;
    pmkt_rules *rules; /* SHOP_RULES */
} shop_floor;

shop_floor shop_open(int how, int64_t visits, int64_t users);
void shop_close(shop_floor *f);

/* Rows from `from` up to `to`, or the end. */
pmkt_events shop_rows(const shop_floor *f, int64_t from, int64_t to);

/* One that has learned elsewhere, and of which some actions are others. */
pmkt_purchase *shop_other_model(void);

pmkt_rules *rules_parsed(const char *text);

pmkt_tracker *tracker_begun(const pmkt_purchase *model, const pmkt_rules *rules,
                            const pmkt_tracker_options *options);

/* A user looks at something, at the time of the first row. */
void tracker_meet(pmkt_tracker *t, uint64_t user, const shop_floor *f);

/* All that a tracker says, but for the generation of rules: the same bytes if it is the same. */
typedef struct heard {
    unsigned char *at;
    size_t n, room;
} heard;

/* The rows from `from` up to `to`, a few at a time, each few with the clock behind it. */
void tracker_hear(pmkt_tracker *t, const shop_floor *f, int64_t from, int64_t to, heard *said);
void heard_free(heard *said);

file_bytes tracker_saved(pmkt_tracker *t, const pmkt_save_options *options);
void tracker_restored(pmkt_tracker *t, const file_bytes *saved);

#endif
