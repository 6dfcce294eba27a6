/*
 * parse.h - what the stages of reading rules share. As in expressions, the first failure is kept, and after it
 * every function returns false at once.
 */
#ifndef PMKTI_RULES_PARSE_H
#define PMKTI_RULES_PARSE_H

#include "intent/rules/rules.h"

/* What stands next, beyond the tokens of expressions: those have no braces. */
typedef struct pmkti_rules_parser {
    pmkti_builder b; /* whose token is the next one, unless there is a brace */
    char brace;      /* '{', '}', or 0 */
    pmkt_rules *made;
    const pmkt_zone *zone;
    pmkti_rule rule;         /* the present one */
    int32_t line, line_from; /* the line on which byte `line_from` is */
} pmkti_rules_parser;

/* ------------------------------------------------------------------- lex.c */

/* Reads the token at byte `at`, or the one after the present. */
bool pmkti_rules_lex(pmkti_rules_parser *p, int32_t at);
bool pmkti_rules_next(pmkti_rules_parser *p);

/* Fails with "expected ..., but found ...". Always false. */
bool pmkti_rules_expected(pmkti_rules_parser *p, const char *what);

/* Whether the next token is this word; the same, taking it if so; the same, failing if not. */
bool pmkti_rules_is(const pmkti_rules_parser *p, const char *word);
bool pmkti_rules_accept(pmkti_rules_parser *p, const char *word);
bool pmkti_rules_expect(pmkti_rules_parser *p, const char *word, const char *what);
bool pmkti_rules_brace(pmkti_rules_parser *p, char brace, const char *what);

/* Takes a name, a text, a duration, or a number from 0 to 1; `least` of a duration is 0 or 1. */
bool pmkti_rules_name(pmkti_rules_parser *p, const char *what, int32_t *name);
bool pmkti_rules_quoted(pmkti_rules_parser *p, int32_t *text);
bool pmkti_rules_duration(pmkti_rules_parser *p, int64_t least, int64_t *ms);
bool pmkti_rules_share(pmkti_rules_parser *p, double *share);

/* ------------------------------------------------------------------- what.c */

/* Takes kinds and a condition. */
bool pmkti_rules_what_read(pmkti_rules_parser *p, pmkti_rules_what *what);

/* Whether the next token can be a kind. */
bool pmkti_rules_is_kind(const pmkti_rules_parser *p);

/* The columns at the top of the text. */
bool pmkti_rules_columns_read(pmkti_rules_parser *p);

/* ------------------------------------------------------------------ parse.c */

/* The whole text into p->made. */
bool pmkti_rules_parse_all(pmkti_rules_parser *p);

/* ----------------------------------------------------------------- finish.c */

/* What follows from the rule that was read. */
void pmkti_rules_finish_rule(pmkt_rules *r, pmkti_rule *rule);

/* The tables of a set that was read. */
bool pmkti_rules_finish(pmkti_rules_parser *p);

#endif
