/*
 * text.h - what the readers of numbers and times have in common.
 */
#ifndef PMKTI_TEXT_H
#define PMKTI_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pmkt/base.h"

/* A place in a text that is being read; reading never goes to `end` or beyond. */
typedef struct pmkti_reader {
    const char *text;
    size_t at;
    size_t end;
    size_t length; /* of the whole text, spaces at its end included */
} pmkti_reader;

/* Checks the arguments that say what to read; (size_t)-1 is a length that somebody did not know. */
pmkt_status pmkti_text_check(const char *text, size_t length, pmkt_error *err);

/* Begins to read a text (which may be NULL if `length` is 0), without the spaces and tabs around
   it. */
pmkti_reader pmkti_reader_begin(const char *text, size_t length);

static inline bool pmkti_reader_done(const pmkti_reader *in) {
    return in->at == in->end;
}

/* Takes a character, if it is the next one. */
static inline bool pmkti_reader_take(pmkti_reader *in, char c) {
    if (in->at == in->end || in->text[in->at] != c) return false;
    in->at++;
    return true;
}

/* Takes a digit; -1 if the next character is none. ASCII, whatever the locale. */
static inline int32_t pmkti_reader_digit(pmkti_reader *in) {
    if (in->at == in->end) return -1;
    const char c = in->text[in->at];
    if (c < '0' || c > '9') return -1;
    in->at++;
    return c - '0';
}

/*
 * Reports with PMKT_E_PARSE that `text` is no `what` at byte `where`: "expected ...". The message
 * quotes the text's beginning, with `?` for what is not printable ASCII.
 */
pmkt_status pmkti_reader_fail(const pmkti_reader *in, size_t where, const char *what,
                              const char *expected, pmkt_error *err);

#endif
