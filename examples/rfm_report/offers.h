/*
 * offers.h - who is offered what: a table that a marketer edits.
 *
 * A CSV file with the columns grouping, name and offer; grouping is class, lifecycle or tier, and
 * name is one that the report prints for it.
 */
#ifndef RFM_REPORT_OFFERS_H
#define RFM_REPORT_OFFERS_H

#include <pmkt.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct offer {
    int32_t by; /* PMKT_RFM_BY_SEGMENT, _LIFECYCLE or _TIER */
    char *name;
    char *text;
    int64_t line;
} offer;

typedef struct offers {
    offer *list;
    size_t count;
} offers;

/* Reads a table. False with a complaint that names the line. */
bool offers_read(offers *out, const char *path);

/* The offer of a group, or NULL if it has none of its own. */
const char *offers_find(const offers *table, int32_t by, const char *name);

/*
 * What a customer is offered: the offer of their class, else of their lifecycle stage; NULL if
 * neither has one. The names are those of the customer's class and stage.
 */
const char *offers_for(const offers *table, const char *segment, const char *lifecycle);

/* The word of the file for a grouping. */
const char *offers_grouping_name(int32_t by);

void offers_free(offers *table);

#endif
